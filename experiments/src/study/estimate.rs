//! What a study will take: counts from its design, time, disk and memory from a replicate of three of its points.
//!
//! The first, the middle and the last point are run once each, into a folder that goes with them. The mean of the three
//! stands for every point; the smallest and the largest say how far that can be off.

use std::path::Path;
use std::sync::Arc;

use goshawk_output::OutputError;
use serde::Serialize;

use super::chunk::{ChunkError, ChunkId, Task};
use super::course::Course;
use super::file::Study;
use crate::scenario::Problems;

/// What a study consists of.
#[derive(Debug, Clone, Serialize)]
pub struct Counts {
    /// Name of the study.
    pub study: String,
    /// Points of its design.
    pub points: u64,
    /// Replicates of each, at most where a rule stops.
    pub replicates_per_point: u32,
    /// Replicates of all points.
    pub replicates: u64,
    /// Replicates of a chunk.
    pub chunk: u32,
    /// Chunks of all points.
    pub chunks: u64,
    /// Tables that are written.
    pub tables: u64,
    /// Files: a part a table and chunk, two a point, and the study's own.
    pub files: u64,
    /// Whether points end by a stopping rule, so that all of it is the most.
    pub is_sequential: bool,
}

impl Counts {
    /// Of a study that one process runs.
    pub fn of(study: &Study) -> Self {
        let (points, file) = (study.design.points.len() as u64, &study.file);
        let chunks = points * u64::from(file.replicates.div_ceil(file.chunk));
        let tables = (goshawk_output::table::Table::ALL.len() - study.tables.others().count()) as u64;
        Self {
            study: file.name.clone(),
            points,
            replicates_per_point: file.replicates,
            replicates: points * u64::from(file.replicates),
            chunk: file.chunk,
            chunks,
            tables,
            files: chunks * tables + 2 * points + OWN_FILES,
            is_sequential: study.stopping.is_some(),
        }
    }
}

/// `study.toml`, `design.parquet`, `study.json` and a log.
const OWN_FILES: u64 = 4;

/// What one replicate of a point took.
#[derive(Debug, Clone, Serialize)]
pub struct Trial {
    /// The point.
    pub scenario: String,
    /// CPU time in seconds; null where the system does not say.
    pub cpu_seconds: Option<f64>,
    /// Bytes of its parts.
    pub bytes: u64,
    /// Rows in them.
    pub rows: u64,
    /// Why it failed, if it did.
    pub failed: Option<String>,
}

/// What all of it will take.
#[derive(Debug, Clone, Serialize)]
pub struct Estimate {
    /// CPU time in seconds: mean of the trials times replicates.
    pub cpu_seconds: Option<f64>,
    /// The same by the cheapest and by the dearest trial.
    pub cpu_seconds_range: Option<(f64, f64)>,
    /// Time on the clock in seconds with so many jobs, each on a core of its own: whole chunks, one after the other.
    pub wall_seconds: Option<f64>,
    /// Bytes on the disk: mean of the trials times replicates. Parts of more replicates compress better.
    pub disk_bytes: u64,
    /// Bytes of memory with so many jobs; null where the system does not say.
    pub memory_bytes: Option<u64>,
}

/// Why nothing could be tried.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum TrialError {
    /// A scenario has problems that it did not have a moment ago.
    #[error("the scenario of point {point} has changed: {problems}")]
    Changed {
        /// The point, by its place.
        point: usize,
        /// Its problems.
        problems: Problems,
    },
    /// A file.
    #[error(transparent)]
    Output(#[from] OutputError),
    /// Asked to stop.
    #[error("stopped by request")]
    Interrupted,
}

/// The places of the points that are tried: the first, the middle and the last.
fn places(points: usize) -> Vec<usize> {
    let mut places = vec![0, points / 2, points - 1];
    places.dedup();
    places
}

/// Runs replicate 0 of the first, the middle and the last point, with files in `aside`.
///
/// # Errors
/// When it is stopped, or a file cannot be read or written.
pub fn try_points(mut study: Study, aside: &Path, course: &Arc<Course>) -> Result<Vec<Trial>, TrialError> {
    // A replicate is a chunk here.
    study.file.chunk = 1;
    let mut trials = Vec::new();
    for point in places(study.design.points.len()) {
        let loaded = study.point(point).map_err(|problems| TrialError::Changed { point, problems })?;
        let scenario = study.scenario_name(point);
        let (folder, own) = (aside.join(&scenario), aside.join(format!("{point}-0")));
        let id = ChunkId { point, number: 0 };
        let task = Task {
            study: &study,
            id,
            loaded: &loaded,
            folder: &folder,
            aside: &own,
            course,
            watched: &[],
            known_failures: &[],
            failures_max: u64::MAX,
        };
        let done = task.run().map_err(|error| match error {
            ChunkError::Output(error) => TrialError::Output(error),
            ChunkError::Interrupted { .. } | ChunkError::TooManyFailures { .. } => TrialError::Interrupted,
        })?;
        trials.push(Trial {
            scenario,
            cpu_seconds: done.cpu_seconds,
            bytes: done.sealed.parts().map(|part| part.digest.bytes).sum(),
            rows: done.sealed.parts().map(|part| part.rows).sum(),
            failed: done.failed.first().map(|failed| failed.reason.clone()),
        });
    }
    Ok(trials)
}

impl Estimate {
    /// From trials, for so many jobs; `memory` is what this process had before the trials and at most since, in bytes.
    pub fn new(counts: &Counts, trials: &[Trial], jobs: usize, memory: Option<(u64, u64)>) -> Self {
        let sound: Vec<&Trial> = trials.iter().filter(|trial| trial.failed.is_none()).collect();
        let times: Vec<f64> = sound.iter().filter_map(|trial| trial.cpu_seconds).collect();
        let is_timed = !times.is_empty() && times.len() == sound.len();
        let mean = is_timed.then(|| times.iter().sum::<f64>() / times.len() as f64);
        let replicates = counts.replicates as f64;
        let (low, high) =
            times.iter().fold((f64::INFINITY, 0.0_f64), |(low, high), &time| (low.min(time), high.max(time)));
        // Every worker has as many chunks as the one that has the most.
        let rounds = counts.chunks.div_ceil(jobs as u64);
        let chunk = counts.chunk.min(counts.replicates_per_point);
        let most = (rounds * u64::from(chunk)).min(counts.replicates);
        let bytes: u64 = sound.iter().map(|trial| trial.bytes).sum();
        let disk_bytes = match sound.len() as u64 {
            0 => 0,
            count => (bytes as f64 / count as f64 * replicates) as u64,
        };
        Self {
            cpu_seconds: mean.map(|mean| mean * replicates),
            cpu_seconds_range: mean.map(|_| (low * replicates, high * replicates)),
            wall_seconds: mean.map(|mean| mean * most as f64),
            disk_bytes,
            memory_bytes: memory.map(|(before, at_most)| {
                before + at_most.saturating_sub(before) * counts.chunks.min(jobs as u64)
            }),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn counts(chunks: u64, chunk: u32, replicates: u32) -> Counts {
        Counts {
            study: "sample".to_owned(),
            points: 2,
            replicates_per_point: replicates,
            replicates: 2 * u64::from(replicates),
            chunk,
            chunks,
            tables: 13,
            files: 0,
            is_sequential: false,
        }
    }

    fn trial(cpu_seconds: f64, bytes: u64) -> Trial {
        Trial { scenario: String::new(), cpu_seconds: Some(cpu_seconds), bytes, rows: 1, failed: None }
    }

    #[test]
    fn means_are_multiplied_and_whole_chunks_are_shared_among_workers() {
        let trials = [trial(1.0, 100), trial(2.0, 100), trial(6.0, 400)];
        // Two points of 25 replicates in chunks of 10: six chunks, and four workers have two at most.
        let estimate = Estimate::new(&counts(6, 10, 25), &trials, 4, Some((1000, 1500)));
        assert_eq!(estimate.cpu_seconds, Some(150.0));
        assert_eq!(estimate.cpu_seconds_range, Some((50.0, 300.0)));
        assert_eq!(estimate.wall_seconds, Some(60.0));
        assert_eq!(estimate.disk_bytes, 10_000);
        assert_eq!(estimate.memory_bytes, Some(3000));
    }

    #[test]
    fn failed_trials_tell_nothing_and_no_trial_estimates_nothing() {
        let failed = Trial { failed: Some("why".to_owned()), ..trial(9.0, 9) };
        let estimate = Estimate::new(&counts(2, 5, 5), &[trial(1.0, 10), failed.clone()], 1, None);
        assert_eq!((estimate.cpu_seconds, estimate.disk_bytes), (Some(10.0), 100));
        let estimate = Estimate::new(&counts(2, 5, 5), &[failed], 1, None);
        assert_eq!((estimate.cpu_seconds, estimate.wall_seconds, estimate.disk_bytes), (None, None, 0));
    }

    #[test]
    fn the_first_the_middle_and_the_last_point_are_tried_once_each() {
        assert_eq!(places(1), [0]);
        assert_eq!(places(2), [0, 1]);
        assert_eq!(places(3), [0, 1, 2]);
        assert_eq!(places(100), [0, 50, 99]);
    }
}
