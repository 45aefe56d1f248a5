//! How far a search is on its way, for what changes with time.

use super::{OptimizerSettings, Population};

/// The way from a start or restart to the end of the iterations or of the evaluations, whichever comes first.
#[derive(Debug, Clone, Copy, Default)]
pub(super) struct Plan {
    first_iteration: u32,
    iterations: u32,
    first_evaluation: u64,
    evaluations: Option<u64>,
}

impl Plan {
    /// From where `population` is to the end of what `settings` allow.
    pub(super) fn new(settings: &OptimizerSettings, population: &Population) -> Self {
        let (iteration, evaluation) = (population.iterations(), population.evaluations());
        Self {
            first_iteration: iteration,
            iterations: settings.iterations.saturating_sub(iteration),
            first_evaluation: evaluation,
            evaluations: settings.max_evaluations.map(|most| most.saturating_sub(evaluation)),
        }
    }

    /// The share of the way that is done, from 0 to 1: t / T.
    pub(super) fn done(&self, population: &Population) -> f64 {
        self.share(population.iterations(), population.evaluations())
    }

    /// The share that is done after one more iteration of so many evaluations.
    pub(super) fn done_after(&self, evaluations: u64, population: &Population) -> f64 {
        self.share(population.iterations() + 1, population.evaluations() + evaluations)
    }

    fn share(&self, iterations: u32, evaluations: u64) -> f64 {
        let of = |done: f64, all: f64| if done < all { done / all } else { 1.0 };
        let by_iterations = of(f64::from(iterations - self.first_iteration), f64::from(self.iterations));
        let by_evaluations =
            self.evaluations.map_or(0.0, |all| of((evaluations - self.first_evaluation) as f64, all as f64));
        by_iterations.max(by_evaluations)
    }
}
