//! Chunks that are not there, and the shards that would run them.

use std::collections::BTreeSet;
use std::fmt;

use goshawk_output::ReplicateRange;
use serde::Serialize;

use super::super::chunk::{ChunkId, replicates};
use super::super::file::{StudyFile, stopping_rule, targets};
use super::super::folder::{Records, Shard};
use crate::statistics::stopping::{Decision, Watched};

/// A chunk that is not in the folder.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct MissingChunk {
    /// Its point.
    pub scenario: String,
    /// Its number within the point, from 0.
    pub chunk: u32,
    /// Its number in the study, which shards count by.
    pub number: u64,
    /// Its replicates.
    pub replicates: ReplicateRange,
}

impl fmt::Display for MissingChunk {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let ReplicateRange { first, last } = self.replicates;
        write!(f, "{}, chunk {}, replicates {first} to {last}", self.scenario, self.chunk)
    }
}

fn chunks_per_point(file: &StudyFile) -> u32 {
    file.replicates.div_ceil(file.chunk)
}

/// The chunks that are not there; of a point that a rule stops, the first of them alone.
pub(super) fn missing(records: &Records, file: &StudyFile, scenarios: &[String]) -> Vec<MissingChunk> {
    let per_point = chunks_per_point(file);
    let mut missing = Vec::new();
    for (point, scenario) in scenarios.iter().enumerate() {
        let is_there = |number: u32| records.commits.contains_key(&ChunkId { point, number });
        let entry = |number: u32| {
            let chunk = MissingChunk {
                scenario: scenario.clone(),
                chunk: number,
                number: point as u64 * u64::from(per_point) + u64::from(number),
                replicates: replicates(file, number)?,
            };
            Some(chunk)
        };
        if file.stopping.is_some() {
            missing.extend(next_of_sequence(records, file, point).and_then(entry));
        } else {
            missing.extend((0..per_point).filter(|&number| !is_there(number)).filter_map(entry));
        }
    }
    missing
}

/// The chunk that a sequential point wants next; `None` where its rule has stopped.
fn next_of_sequence(records: &Records, file: &StudyFile, point: usize) -> Option<u32> {
    let stopping = file.stopping.as_ref()?;
    let (rule, targets) = (stopping_rule(file, stopping).ok()?, targets(stopping));
    let mut figures: Vec<Vec<Option<f64>>> = vec![Vec::new(); targets.len()];
    for number in 0..chunks_per_point(file) {
        let Some(commit) = records.commits.get(&ChunkId { point, number }) else { return Some(number) };
        for replicate in commit.replicates.first..=commit.replicates.last {
            let finished = commit.finished.iter().find(|one| one.replicate == replicate);
            for ((name, _), values) in targets.iter().zip(&mut figures) {
                values.push(finished.and_then(|one| one.figures.get(name).copied().flatten()));
            }
        }
        let watched: Vec<Watched<'_>> = targets
            .iter()
            .zip(&figures)
            .map(|((_, target), values)| Watched { values, target: *target })
            .collect();
        if !matches!(rule.decide(&watched), Decision::GoOn { .. }) {
            return None;
        }
    }
    None
}

/// The shards, of `count`, that the chunks belong to.
pub(super) fn shards(missing: &[MissingChunk], count: u32) -> BTreeSet<u32> {
    missing.iter().map(|chunk| Shard::of(chunk.number, count).index).collect()
}
