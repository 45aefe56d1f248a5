//! How far a study is, for whoever watches it from another thread.

use std::sync::atomic::{AtomicU32, AtomicU64, Ordering};
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
    /// Replicates that came to their end in this process.
    pub replicates: AtomicU32,
    /// Replicates that failed in this process.
    pub failed: AtomicU32,
    /// Chunks that are in the folder, those of earlier processes among them.
    pub chunks: AtomicU64,
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
