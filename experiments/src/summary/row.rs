//! The statistics of one figure at one point.
//!
//! In a study of antithetic pairs, a pair is one observation of the mean: `count`, mean, standard deviation, interval and
//! difference are those of the pairs' means. Smallest, largest and quantiles are those of single replicates all the same, for a pair's
//! mean spreads less than the figure; they have no intervals then, as the values of a pair depend on each other.

use super::records::{Observation, Series, StudyRecords};
use crate::statistics::observation::{antithetic_pairs, paired_difference};
use crate::statistics::quantile::{QuantileEstimate, Sorted};
use crate::statistics::{Estimate, standard_deviation};

/// Probabilities of the quantiles that are told.
pub const PROBABILITIES: [f64; 5] = [0.05, 0.25, 0.5, 0.75, 0.95];

/// The statistics of one figure at one point.
#[derive(Debug, Clone, PartialEq)]
pub struct Row {
    /// The point, by its place in the design.
    pub point: usize,
    /// The figure, by its place in the summary.
    pub figure: usize,
    /// Its unit.
    pub unit: String,
    /// Observations with a value.
    pub count: usize,
    /// Replicates that failed.
    pub failed: usize,
    /// Replicates that came to their end, and in which the figure is undefined.
    pub undefined: usize,
    /// Mean and interval; `None` without an observation.
    pub estimate: Option<Estimate>,
    /// Standard deviation of the observations; `None` below two.
    pub deviation: Option<f64>,
    /// Smallest and largest value of a replicate.
    pub range: Option<[f64; 2]>,
    /// Quantiles of the replicates' values, of [`PROBABILITIES`].
    pub quantiles: [Option<QuantileEstimate>; PROBABILITIES.len()],
    /// How far it is from the baseline, over observations that both have.
    pub difference: Option<Estimate>,
}

impl Row {
    /// Of the values of a figure, and of those of the baseline.
    pub(super) fn of(
        (point, figure): (usize, usize),
        series: &Series,
        baseline: Option<&Series>,
        records: &StudyRecords,
    ) -> Self {
        let state = &records.points[point];
        let observation = records.observation();
        let observations: Vec<f64> = observed(&series.values, observation).into_iter().flatten().collect();
        let sorted = Sorted::new(series.values.iter().copied().flatten().collect());
        let quantiles = PROBABILITIES.map(|probability| {
            let estimate = sorted.estimate(probability)?;
            Some(match observation {
                Observation::Replicate => estimate,
                Observation::Pair => QuantileEstimate { low: None, high: None, ..estimate },
            })
        });
        let values = sorted.values();
        Self {
            point,
            figure,
            unit: series.unit.clone(),
            count: observations.len(),
            failed: state.failed.len(),
            undefined: state.finished.len() - values.len(),
            estimate: Estimate::of(&observations),
            deviation: standard_deviation(&observations),
            range: values.first().zip(values.last()).map(|(&low, &high)| [low, high]),
            quantiles,
            difference: baseline.and_then(|baseline| difference(series, baseline, observation)),
        }
    }

    /// Of a point of which every replicate failed.
    pub(super) fn nothing((point, figure): (usize, usize), unit: &str, failed: usize) -> Self {
        Self {
            point,
            figure,
            unit: unit.to_owned(),
            count: 0,
            failed,
            undefined: 0,
            estimate: None,
            deviation: None,
            range: None,
            quantiles: [None; PROBABILITIES.len()],
            difference: None,
        }
    }
}

fn observed(values: &[Option<f64>], observation: Observation) -> Vec<Option<f64>> {
    match observation {
        Observation::Replicate => values.to_vec(),
        Observation::Pair => antithetic_pairs(values),
    }
}

/// By observation; one of the two may have more of them, which have no partner.
fn difference(own: &Series, baseline: &Series, observation: Observation) -> Option<Estimate> {
    let common = own.values.len().min(baseline.values.len());
    let [own, baseline] = [own, baseline].map(|series| observed(&series.values[..common], observation));
    paired_difference(&own, &baseline).map(|found| found.estimate)
}
