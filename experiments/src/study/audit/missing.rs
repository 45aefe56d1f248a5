//! Chunks that are not there, and the shards that would run them.

use std::collections::BTreeSet;
use std::fmt;

use goshawk_output::ReplicateRange;
use serde::Serialize;

use super::super::chunk::{ChunkId, replicates};
use super::super::file::StudyFile;
use super::super::folder::{Records, Shard};
use super::super::sequential::PointSequence;

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
    let sequence = PointSequence::over(file, &records.commits, point)?;
    sequence.target_met().is_none().then(|| sequence.chunks())
}

/// The shards, of `count`, that the chunks belong to.
pub(super) fn shards(missing: &[MissingChunk], count: u32) -> BTreeSet<u32> {
    missing.iter().map(|chunk| Shard::of(chunk.number, count).index).collect()
}
