//! The audit in words.

use std::fmt;

use super::line::COMPLETENESS;
use super::{Line, MissingChunk, StudyAudit};
use crate::verify::{CHAIN_HOLDS, NO_STORE, TABLES_AGREE};

/// Failed replicates and stretches of missing chunks that are shown.
const SHOWN: usize = 20;

impl fmt::Display for Line {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { check, examined, failed, .. } = self;
        match self.skipped {
            _ if *failed > 0 && *check == COMPLETENESS => {
                writeln!(f, "open  {check} ({failed} of {examined} are to be run)")?;
                return Ok(());
            }
            _ if *failed > 0 => writeln!(f, "FAIL  {check} ({failed} of {examined})")?,
            Some(why) => writeln!(f, "skip  {check}: {why} ({} points)", self.skipped_points)?,
            None if *examined == 0 => writeln!(f, "n/a   {check}: nothing to check")?,
            None => writeln!(f, "pass  {check} ({examined} checked)")?,
        }
        for finding in &self.findings {
            writeln!(f, "      {finding}")?;
        }
        let more = failed - self.findings.len() as u64;
        if more > 0 {
            writeln!(f, "      and {more} more")?;
        }
        Ok(())
    }
}

impl fmt::Display for StudyAudit {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { study, points, chunk, chunks, finished, .. } = self;
        writeln!(f, "study {study}: {points} points, {chunks} chunks of {chunk}, {finished} replicates")?;
        let unaudited = self.unaudited();
        for line in self.checks.iter().take(self.checks.len() - unaudited) {
            write!(f, "{line}")?;
        }
        if let Some(why) = self.checks.last().and_then(|line| line.skipped).filter(|_| unaudited > 0) {
            writeln!(f, "skip  {unaudited} checks of the tables: {why}")?;
        }
        writeln!(f, "n/a   {CHAIN_HOLDS}: {NO_STORE}")?;
        writeln!(f, "n/a   {TABLES_AGREE}: {NO_STORE}")?;
        if self.run_twice > 0 {
            writeln!(f, "note  {} chunks were run by two shards, with the same result", self.run_twice)?;
        }
        if self.left_over > 0 {
            writeln!(
                f,
                "note  {} files are of chunks that were on their way when a process ended; their next run replaces them",
                self.left_over
            )?;
        }
        if self.has_partial {
            writeln!(f, "note  a process writes to the folder, or was ended there: .partial is not empty")?;
        }
        self.failures(f)?;
        self.gaps(f)
    }
}

impl StudyAudit {
    /// The last checks, if they were done at no point, for one reason.
    fn unaudited(&self) -> usize {
        let last = self.checks.last().and_then(|line| line.skipped);
        self.checks
            .iter()
            .rev()
            .take_while(|line| line.examined == 0 && last.is_some() && line.skipped == last)
            .count()
    }

    fn failures(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        if self.failed.is_empty() {
            return Ok(());
        }
        writeln!(f, "\n{} replicates failed; {} may:", self.failed.len(), self.failures_max)?;
        for one in self.failed.iter().take(SHOWN) {
            let (replicate, seed, reason) = (one.failed.replicate, one.failed.seed, &one.failed.reason);
            writeln!(f, "      {}, replicate {replicate}, seed {seed}: {reason}", one.scenario)?;
        }
        if self.failed.len() > SHOWN {
            writeln!(f, "      and {} more", self.failed.len() - SHOWN)?;
        }
        Ok(())
    }

    fn gaps(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        if self.has_grown {
            writeln!(
                f,
                "\nIt has grown to {} replicates of each point since it was finished.",
                self.replicates
            )?;
        }
        if self.is_unpublished {
            writeln!(f, "\nunfinished: every chunk is there, and the manifests are to be written")?;
        }
        if self.missing.is_empty() {
            return Ok(());
        }
        let replicates: u64 =
            self.missing.iter().map(|one| u64::from(one.replicates.last - one.replicates.first) + 1).sum();
        let at_least = if self.is_sequential { "at least " } else { "" };
        let chunks = self.missing.len();
        writeln!(f, "\nunfinished: {at_least}{chunks} chunks with {replicates} replicates to run:")?;
        let stretches = stretches(&self.missing);
        for (first, last) in stretches.iter().take(SHOWN) {
            let range = format!("replicates {} to {}", first.replicates.first, last.replicates.last);
            let chunks = if first.chunk == last.chunk {
                format!("chunk {}", first.chunk)
            } else {
                format!("chunks {} to {}", first.chunk, last.chunk)
            };
            writeln!(f, "      {}: {chunks}, {range}", first.scenario)?;
        }
        if stretches.len() > SHOWN {
            writeln!(f, "      and {} more stretches", stretches.len() - SHOWN)?;
        }
        Ok(())
    }
}

/// Missing chunks that follow each other within a point: the first and the last of each stretch.
fn stretches(missing: &[MissingChunk]) -> Vec<(&MissingChunk, &MissingChunk)> {
    let mut found: Vec<(&MissingChunk, &MissingChunk)> = Vec::new();
    for one in missing {
        match found.last_mut() {
            Some((_, last)) if last.scenario == one.scenario && last.chunk + 1 == one.chunk => *last = one,
            _ => found.push((one, one)),
        }
    }
    found
}
