//! What a stopping rule makes of a point's chunks, in their order.

use std::collections::BTreeMap;

use super::chunk::ChunkId;
use super::file::{StudyFile, stopping_rule, targets};
use super::folder::Commit;
use crate::statistics::stopping::{Decision, Sequence, StoppingRule, Target};

/// The chunks of a point as a rule sees them, one after the other.
#[derive(Debug, Clone)]
pub struct PointSequence {
    names: Vec<String>,
    sequence: Sequence,
    chunks: u32,
}

impl PointSequence {
    /// Before the first chunk.
    pub fn new(rule: StoppingRule, watched: &[(String, Target)]) -> Self {
        let names = watched.iter().map(|(name, _)| name.clone()).collect();
        let sequence = Sequence::new(rule, watched.iter().map(|(_, target)| *target));
        Self { names, sequence, chunks: 0 }
    }

    /// The next chunk.
    pub fn push(&mut self, commit: &Commit) {
        let mut finished = commit.finished.iter().peekable();
        let mut values = Vec::with_capacity(self.names.len());
        for replicate in commit.replicates.first..=commit.replicates.last {
            // Replicates of a commit are in their order; of a log that somebody changed, none is found twice.
            while finished.next_if(|one| one.replicate < replicate).is_some() {}
            let one = finished.next_if(|one| one.replicate == replicate);
            values.clear();
            values.extend(
                self.names.iter().map(|name| one.and_then(|one| one.figures.get(name).copied().flatten())),
            );
            self.sequence.push(&values);
        }
        self.chunks += 1;
    }

    /// What is to be done after the chunks so far.
    pub fn decision(&self) -> Decision {
        self.sequence.decision()
    }

    /// How many chunks it has seen.
    pub fn chunks(&self) -> u32 {
        self.chunks
    }

    /// Of a study file, over the chunks of a point up to the rule's end or to the first chunk that is not there; `None`
    /// without a rule.
    pub fn over(file: &StudyFile, commits: &BTreeMap<ChunkId, Commit>, point: usize) -> Option<Self> {
        let stopping = file.stopping.as_ref()?;
        let rule = stopping_rule(file, stopping).ok()?;
        let mut sequence = Self::new(rule, &targets(stopping));
        let chunks = commits.range(ChunkId { point, number: 0 }..=ChunkId { point, number: u32::MAX });
        for (number, (id, commit)) in (0..).zip(chunks) {
            if id.number != number || !matches!(sequence.decision(), Decision::GoOn { .. }) {
                break;
            }
            sequence.push(commit);
        }
        Some(sequence)
    }

    /// Whether the target of every figure is met; `None` where more chunks are to be run.
    pub fn target_met(&self) -> Option<bool> {
        match self.decision() {
            Decision::Enough { .. } => Some(true),
            Decision::Exhausted { .. } => Some(false),
            Decision::GoOn { .. } => None,
        }
    }
}
