//! A chunk: contiguous replicates of one point, run one after the other into one part a table. What is scheduled,
//! committed, resumed, sharded and looked at is always a chunk.

use std::collections::{BTreeMap, BTreeSet};
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::path::Path;
use std::sync::Arc;
use std::sync::atomic::Ordering;

use goshawk_agents::community::{Community, CommunityError};
use goshawk_agents::journal::{BooksError, Journal};
use goshawk_engine::Streams;
use goshawk_ledger::{Genesis, LedgerError, MemoryStore, Store};
use goshawk_output::table::TableSet;
use goshawk_output::{Kpi, Names, OutputError, OutputFolder, Recorder, ReplicateRange, Sealed};
use serde::{Deserialize, Serialize};

use super::course::Course;
use super::file::{Study, StudyFile};
use crate::assemble;
use crate::run::{BLOCKS_IN_MEMORY, header};
use crate::scenario::Loaded;

/// Which replicates of which point.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub struct ChunkId {
    /// The point, by its place in the design.
    pub point: usize,
    /// The chunk of the point, from 0.
    pub number: u32,
}

/// A replicate that came to its end.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Finished {
    /// Its number.
    pub replicate: u32,
    /// Digest of its delivered events.
    pub event_digest: String,
    /// The figures that the study watches, where they are defined.
    pub figures: BTreeMap<String, Option<f64>>,
}

/// A replicate that failed, and of which there are no rows.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Failed {
    /// Its number.
    pub replicate: u32,
    /// The seed that it ran under.
    pub seed: u64,
    /// Why it failed.
    pub reason: String,
}

/// A chunk that was run; its parts are whole and wait aside.
#[derive(Debug)]
pub struct Done {
    /// Its parts.
    pub sealed: Sealed,
    /// Its replicates in order, without those that failed.
    pub finished: Vec<Finished>,
    /// Its replicates that failed.
    pub failed: Vec<Failed>,
    /// CPU time that it took, in seconds, where the system tells.
    pub cpu_seconds: Option<f64>,
}

/// Why a chunk came to nothing.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum ChunkError {
    /// Asked to stop.
    #[error("stopped by request")]
    Interrupted {
        /// Replicates of the chunk that had failed.
        failed: Vec<Failed>,
    },
    /// More replicates of the study failed than may.
    #[error("more replicates failed than may")]
    TooManyFailures {
        /// Those of the chunk.
        failed: Vec<Failed>,
    },
    /// A file could not be written.
    #[error(transparent)]
    Output(#[from] OutputError),
}

/// The replicates of a chunk of a point; `None` of one beyond the last.
pub fn replicates(file: &StudyFile, number: u32) -> Option<ReplicateRange> {
    let first = number.checked_mul(file.chunk)?;
    (first < file.replicates)
        .then(|| ReplicateRange { first, last: (first + file.chunk).min(file.replicates) - 1 })
}

/// The random streams of a replicate of a point, whose scenario is `loaded`.
pub fn streams(study: &Study, point: usize, loaded: &Loaded, replicate: u32) -> Streams {
    let (number, is_mirrored) = if study.file.antithetic {
        (replicate / 2, !replicate.is_multiple_of(2))
    } else {
        (replicate, false)
    };
    Streams { seed: loaded.scenario.seed, crn_group: study.crn_group(point), replicate: number, is_mirrored }
}

/// The task of a worker: a chunk, and what it needs.
#[derive(Debug)]
pub struct Task<'a> {
    /// The study.
    pub study: &'a Study,
    /// The chunk.
    pub id: ChunkId,
    /// The scenario of its point.
    pub loaded: &'a Loaded,
    /// The point's folder.
    pub folder: &'a Path,
    /// Where its parts wait.
    pub aside: &'a Path,
    /// Where it tells how far it is.
    pub course: &'a Course,
    /// Names of the figures that the study watches.
    pub watched: &'a [String],
    /// Replicates of the chunk that are known to fail, from an earlier process that did not finish it.
    pub known_failures: &'a [Failed],
    /// Replicates that may fail in the whole study; the chunk ends with the first one more.
    pub failures_max: u64,
}

impl Task<'_> {
    /// Runs the chunk.
    ///
    /// A replicate that fails is left out, and the chunk run again without it: its rows may be half-written. The others of a
    /// chunk in which one has failed are tried first, without writing, so that it is run again once and not once for each
    /// failure. Everything is reproducible, so that they come out as before.
    ///
    /// # Errors
    /// When it is asked to stop, more replicates failed than may, or a file cannot be written.
    pub fn run(&self) -> Result<Done, ChunkError> {
        let before = crate::cpu_time::of_this_thread();
        let mut trial = Trial {
            failed: self.known_failures.iter().map(|one| (one.replicate, one.clone())).collect(),
            told: BTreeSet::new(),
        };
        loop {
            if let Some((sealed, finished)) = self.pass(&mut trial)? {
                let after = crate::cpu_time::of_this_thread();
                let cpu = before.zip(after).map(|(before, after)| after.saturating_sub(before));
                let cpu_seconds = cpu.map(|time| time.as_secs_f64());
                return Ok(Done { sealed, finished, failed: trial.failed(), cpu_seconds });
            }
        }
    }

    /// Runs all replicates that have not failed; `None` where one did that had not.
    fn pass(&self, trial: &mut Trial) -> Result<Option<(Sealed, Vec<Finished>)>, ChunkError> {
        let range = replicates(&self.study.file, self.id.number).expect("invariant: chunks are of the study");
        let header = header(self.loaded);
        let folder = OutputFolder::within_study(self.folder, self.aside)?;
        let mut recorder: Option<Recorder> = None;
        let mut finished = Vec::new();
        let mut tables = self.study.tables;
        for replicate in range.first..=range.last {
            if trial.failed.contains_key(&replicate) {
                continue;
            }
            let begin = |names: Names| Recorder::start_here(&folder, range, &header, names, tables);
            self.course.begun.fetch_add(1, Ordering::Relaxed);
            let run = AssertUnwindSafe(|| self.replicate(replicate, recorder.take(), &begin));
            let reason = match catch_unwind(run) {
                Ok(Ok((next, one, kpis))) => {
                    recorder = Some(next);
                    finished.push(one);
                    if trial.told.insert(replicate) {
                        self.course.replicate(self.id.point, &kpis);
                    }
                    continue;
                }
                Ok(Err(Stop::Interrupted)) => {
                    return Err(ChunkError::Interrupted { failed: trial.failed() });
                }
                Ok(Err(Stop::Output(error))) => return Err(error.into()),
                Ok(Err(Stop::Replicate(reason))) => reason,
                Err(panic) => panic_words(panic.as_ref()),
            };
            trial.failed.insert(replicate, Failed { replicate, seed: self.loaded.scenario.seed, reason });
            // Where a rule may stop before this chunk, its failures count once it is committed.
            if self.study.stopping.is_some() {
                self.course.fail_ahead();
            } else if self.course.fail() > self.failures_max {
                return Err(ChunkError::TooManyFailures { failed: trial.failed() });
            }
            // What was written is of no use any more.
            tables = TableSet::NONE;
        }
        if tables != self.study.tables {
            return Ok(None);
        }
        let recorder = recorder
            .unwrap_or_else(|| Recorder::start_here(&folder, range, &header, Names::default(), tables));
        Ok(Some((recorder.finish()?, finished)))
    }

    fn replicate(
        &self,
        replicate: u32,
        recorder: Option<Recorder>,
        begin: &dyn Fn(Names) -> Recorder,
    ) -> Result<(Recorder, Finished, Vec<Kpi>), Stop> {
        let streams = streams(self.study, self.id.point, self.loaded, replicate);
        let spec = assemble::community_spec(self.loaded, streams);
        let open_store = |_: usize, genesis: &Arc<Genesis>| -> Result<Box<dyn Store>, LedgerError> {
            Ok(Box::new(MemoryStore::new(Arc::clone(genesis), BLOCKS_IN_MEMORY)))
        };
        let mechanism = assemble::mechanism(&self.loaded.scenario);
        let mut community = Community::build(&spec, mechanism, open_store).map_err(Stop::of)?;
        let mut recorder = recorder.unwrap_or_else(|| begin(community.names()));
        recorder.set_replicate(replicate);
        let mut journal = Journal::new(
            recorder,
            Arc::clone(&spec.calendar),
            community.run_names(),
            Arc::clone(&self.course.progress),
            community.tally(),
        );
        let outcome = match community.run(&mut journal) {
            Ok(outcome) => outcome,
            Err(error) => return Err(Stop::explain(error, journal)),
        };
        let (recorder, rows) = journal.finish();
        let kpis: Vec<Kpi> = rows.iter().map(Kpi::from).collect();
        let figures = self.watched.iter().map(|name| (name.clone(), figure(&kpis, name))).collect();
        let finished = Finished { replicate, event_digest: outcome.digest.to_string(), figures };
        Ok((recorder, finished, kpis))
    }
}

/// A figure of the whole run, where it is defined.
pub fn figure(kpis: &[Kpi], variable: &str) -> Option<f64> {
    kpis.iter().find(|kpi| kpi.scope == "run" && kpi.variable == variable).and_then(|kpi| kpi.value)
}

/// What is known of a chunk's replicates while it is run.
struct Trial {
    failed: BTreeMap<u32, Failed>,
    /// Those whose end the course knows of.
    told: BTreeSet<u32>,
}

impl Trial {
    /// In the order of the replicates.
    fn failed(&self) -> Vec<Failed> {
        self.failed.values().cloned().collect()
    }
}

enum Stop {
    Interrupted,
    Output(OutputError),
    Replicate(String),
}

impl Stop {
    fn of(error: CommunityError) -> Self {
        Self::Replicate(words(&error))
    }

    fn explain(error: CommunityError, journal: Journal) -> Self {
        match error.books() {
            Some(BooksError::Unwritable) => match journal.abandon().finish() {
                Err(reason) => Self::Output(reason),
                Ok(_) => Self::of(error),
            },
            Some(BooksError::Interrupted { .. }) => Self::Interrupted,
            _ => Self::of(error),
        }
    }
}

/// An error and what caused it, in a line.
pub(super) fn words(error: &dyn std::error::Error) -> String {
    let mut words = error.to_string();
    let mut source = error.source();
    while let Some(cause) = source {
        if !words.contains(&cause.to_string()) {
            words.push_str(&format!(": {cause}"));
        }
        source = cause.source();
    }
    words
}

/// What a panic said, in a line.
pub(super) fn panic_words(panic: &(dyn std::any::Any + Send)) -> String {
    let text = panic.downcast_ref::<&str>().map(|&text| text.to_owned());
    let text = text.or_else(|| panic.downcast_ref::<String>().cloned());
    format!("a defect of the program: {}", text.unwrap_or_else(|| "a panic without words".to_owned()))
}

#[cfg(test)]
mod tests;
