//! How an optimizer came near the exact optimum.
//!
//! Values are those of the weighted objective U, as a share of the largest that any scheme has for the same weights.
//! While a search explores, every individual has weights of its own; the best value is then the best of the front's two
//! ends, and its optimum is the larger of theirs; where all explore with the same weights, it is that for them. Afterwards the weights are frozen, and the optimum is that for them.

use goshawk_market::mechanism::{Clearing, EXPLORING_PART, exact};
use goshawk_market::optimizer::TracePoint;
use goshawk_market::problem::PeriodProblem;

use crate::scenario::Optimizer;
use crate::statistics::mean;

/// Iterations at which convergence is looked at, as far as the scenario's iterations go; the last one is added.
const ITERATIONS: [u32; 10] = [0, 1, 2, 5, 10, 20, 50, 100, 200, 500];
/// A search has converged once its best value stays this near to its final one, as a share of it.
const CONVERGED: f64 = 1e-6;
/// Where no scheme gains more than this over no trade, there is nothing to come near to.
const NOTHING: f64 = 1e-9;

/// Where convergence is looked at.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Checkpoints {
    /// Iterations.
    pub iterations: Vec<u32>,
    /// The evaluations of improved NGO at these iterations.
    pub evaluations: Vec<u64>,
}

impl Checkpoints {
    /// Those of a scenario's T iterations with N individuals: k iterations are N + 2 N k evaluations, and N more after the
    /// first fifth, for the population that is drawn again when the weights are known.
    pub fn of(settings: &Optimizer) -> Self {
        let last = settings.iterations;
        let mut iterations: Vec<u32> = ITERATIONS.into_iter().filter(|&iteration| iteration < last).collect();
        iterations.push(last);
        let individuals = u64::from(settings.population);
        let evaluations = iterations.iter().map(|&iteration| {
            let populations = if iteration <= last / EXPLORING_PART { 1 } else { 2 };
            individuals * (populations + 2 * u64::from(iteration))
        });
        Self { evaluations: evaluations.collect(), iterations }
    }
}

/// The way of one search, or the mean of several.
#[derive(Debug, Clone, PartialEq)]
pub struct Path {
    /// The first iteration from which the best value stays within 1e-6 of the final one, as a share of it. Only
    /// iterations after the weights are frozen can be the first.
    pub iterations_to_convergence: f64,
    /// The best value, relative to the optimum, at [`Checkpoints::iterations`].
    pub at_iterations: Vec<f64>,
    /// The same at [`Checkpoints::evaluations`].
    pub at_evaluations: Vec<f64>,
}

impl Path {
    /// The way of a clearing; `None` of one without a search, or with nothing to gain.
    pub(super) fn of(
        problem: &PeriodProblem,
        clearing: &Clearing,
        checkpoints: &Checkpoints,
    ) -> Option<Self> {
        let (last, weights) = (clearing.trace.last()?, clearing.weights?);
        let bound = |weights| exact(problem, weights).bound;
        let optimum = bound(weights);
        let while_exploring =
            clearing.explored_weights.map_or_else(|| bound([1.0, 0.0]).max(bound([0.0, 1.0])), bound);
        if optimum <= NOTHING || while_exploring <= NOTHING {
            return None;
        }
        let relative = |point: &TracePoint| {
            let explores = point.iteration <= clearing.explored;
            point.best / if explores { while_exploring } else { optimum }
        };
        // The last point that is not beyond a checkpoint; of one before the start, the start.
        let within = |is_within: &dyn Fn(&TracePoint) -> bool| {
            let place = clearing.trace.partition_point(|point| is_within(point)).max(1) - 1;
            relative(&clearing.trace[place])
        };
        let at_iterations = checkpoints.iterations.iter();
        let at_evaluations = checkpoints.evaluations.iter();
        let frozen = clearing.trace.iter().filter(|point| point.iteration > clearing.explored);
        Some(Self {
            iterations_to_convergence: f64::from(first_near(frozen, last)),
            at_iterations: at_iterations.map(|&most| within(&|point| point.iteration <= most)).collect(),
            at_evaluations: at_evaluations.map(|&most| within(&|point| point.evaluations <= most)).collect(),
        })
    }

    /// The mean way; `None` of none.
    pub(super) fn mean(paths: &[Self]) -> Option<Self> {
        let first = paths.first()?;
        let over = |part: &dyn Fn(&Self) -> f64| mean(&paths.iter().map(part).collect::<Vec<f64>>());
        let each = |count: usize, part: &dyn Fn(&Self, usize) -> f64| {
            (0..count).map(|place| over(&|path| part(path, place))).collect::<Option<Vec<f64>>>()
        };
        Some(Self {
            iterations_to_convergence: over(&|path| path.iterations_to_convergence)?,
            at_iterations: each(first.at_iterations.len(), &|path, place| path.at_iterations[place])?,
            at_evaluations: each(first.at_evaluations.len(), &|path, place| path.at_evaluations[place])?,
        })
    }
}

/// The iteration of the first point from which all are near the last one.
fn first_near<'a>(points: impl DoubleEndedIterator<Item = &'a TracePoint>, last: &TracePoint) -> u32 {
    let near = |point: &&TracePoint| (point.best - last.best).abs() <= CONVERGED * last.best.abs();
    points.rev().take_while(near).last().unwrap_or(last).iteration
}

#[cfg(test)]
mod tests {
    use super::*;

    fn trace(bests: &[f64]) -> Vec<TracePoint> {
        let point = |(iteration, &best)| TracePoint { iteration, evaluations: 0, best, mean: best };
        (0..).zip(bests).map(point).collect()
    }

    #[test]
    fn convergence_is_where_the_best_value_begins_to_stay() {
        for (bests, expected) in [
            ([0.0, 1.0, 1.0, 1.0].as_slice(), 1),
            (&[1.0, 0.5, 1.0, 1.0], 2),
            (&[0.1, 0.2, 0.3, 1.0], 3),
            (&[0.1, 1.0 - 2e-6, 1.0 - 5e-7, 1.0], 2),
            (&[2.0], 0),
        ] {
            let points = trace(bests);
            assert_eq!(first_near(points.iter(), points.last().unwrap()), expected, "{bests:?}");
        }
    }

    #[test]
    fn checkpoints_end_with_the_whole_search() {
        let settings = Optimizer { iterations: 60, population: 30, convergence_tolerance: None };
        let found = Checkpoints::of(&settings);
        assert_eq!(found.iterations, [0, 1, 2, 5, 10, 20, 50, 60]);
        assert_eq!(found.evaluations[..2], [30, 90]);
        assert_eq!(found.evaluations.last(), Some(&(30 + 2 * 30 * 60 + 30)));
        let once = Checkpoints::of(&Optimizer { iterations: 500, ..settings }).iterations;
        assert_eq!(once.iter().filter(|&&iteration| iteration == 500).count(), 1);
    }
}
