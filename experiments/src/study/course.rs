//! How far a study is, for whoever watches it from another thread.

use std::sync::atomic::{AtomicBool, AtomicU32, AtomicU64, Ordering};
use std::sync::{Arc, Mutex, PoisonError};

use goshawk_agents::journal::Progress;
use goshawk_output::Kpi;

use super::chunk::figure;
use crate::statistics::Estimate;

/// Figures that are watched where the study does not say which.
pub const WATCHED: [&str; 3] = ["net_cost", "p2p", "mean_price_paid"];

/// How far a study is, and the way to stop it.
#[derive(Debug, Default)]
pub struct Course {
    /// Replicates that came to their end in this process, each counted once.
    pub replicates: AtomicU32,
    /// Replicates that failed in this process.
    pub failed: AtomicU32,
    /// Chunks that are in the folder, those of earlier processes among them.
    pub chunks: AtomicU64,
    /// Those of them that were there when this process began.
    pub chunks_before: AtomicU64,
    /// Whether chunks are being run: before, the folder is read.
    pub is_running: AtomicBool,
    /// Replicates that failed in the whole study, those of earlier processes among them.
    failures: AtomicU64,
    /// Replicates that were begun in this process, again and again where another of their chunk failed.
    pub begun: AtomicU64,
    /// What all runs share: set its `stop` to end them at their next period.
    pub progress: Arc<Progress>,
    watched: Mutex<Vec<(String, Vec<f64>)>>,
}

impl Course {
    /// A course that watches some figures of the first point.
    pub fn watching(figures: &[String]) -> Self {
        let watched = figures.iter().map(|name| (name.clone(), Vec::new())).collect();
        Self { watched: Mutex::new(watched), ..Self::default() }
    }

    /// Chunks are run from now on; so many are there, and so many replicates have failed.
    pub(super) fn start(&self, chunks: u64, failures: u64) {
        self.chunks.store(chunks, Ordering::Relaxed);
        self.chunks_before.store(chunks, Ordering::Relaxed);
        self.failures.store(failures, Ordering::Relaxed);
        self.is_running.store(true, Ordering::Relaxed);
    }

    /// A replicate failed; how many have by now in the whole study.
    pub(super) fn fail(&self) -> u64 {
        self.failed.fetch_add(1, Ordering::Relaxed);
        self.failures.fetch_add(1, Ordering::Relaxed) + 1
    }

    /// A replicate has failed in a chunk that may turn out not to be of the study.
    pub(super) fn fail_ahead(&self) {
        self.failed.fetch_add(1, Ordering::Relaxed);
    }

    /// Such a chunk is of the study, with so many failures.
    pub(super) fn count_failures(&self, failed: u64) {
        self.failures.fetch_add(failed, Ordering::Relaxed);
    }

    /// Replicates that failed in the whole study.
    pub(super) fn failures(&self) -> u64 {
        self.failures.load(Ordering::Relaxed)
    }

    /// How long the chunks that are left will take, in seconds, if they take as long as those that this process has run in so
    /// many seconds; `None` before the first.
    pub fn seconds_left(&self, chunks: u64, elapsed_seconds: f64) -> Option<f64> {
        let there = self.chunks.load(Ordering::Relaxed);
        let own = there.saturating_sub(self.chunks_before.load(Ordering::Relaxed));
        (own > 0).then(|| chunks.saturating_sub(there) as f64 * elapsed_seconds / own as f64)
    }

    /// A replicate came to its end.
    pub(super) fn replicate(&self, point: usize, kpis: &[Kpi]) {
        self.replicates.fetch_add(1, Ordering::Relaxed);
        if point > 0 {
            return;
        }
        let mut watched = self.watched.lock().unwrap_or_else(PoisonError::into_inner);
        for (name, values) in watched.iter_mut() {
            values.extend(figure(kpis, name));
        }
    }

    /// The watched figures of the first point over its replicates so far, in the order of their ends, with the half width of the 95 % interval.
    pub fn intervals(&self) -> Vec<(String, Estimate)> {
        let watched = self.watched.lock().unwrap_or_else(PoisonError::into_inner);
        let estimates = watched.iter().map(|(name, values)| Some((name.clone(), Estimate::of(values)?)));
        estimates.flatten().collect()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_time_left_is_by_what_this_process_did() {
        let course = Course::default();
        course.start(900, 0);
        assert_eq!(course.seconds_left(1000, 5.0), None, "nothing is known before the first chunk");
        course.chunks.fetch_add(20, Ordering::Relaxed);
        // 20 chunks in 10 seconds, not 920: the 80 that are left take 40.
        assert_eq!(course.seconds_left(1000, 10.0), Some(40.0));
    }
}
