//! Morris's elementary effects.
//!
//! The effect of a step that changes one factor is d = (y_high - y_low) / delta: the change of the figure per range of the
//! factor. Over the walks of the design, for each factor:
//!
//! | quantity | formula | says |
//! |---|---|---|
//! | mu | mean of d | which way it goes |
//! | mu star | mean of abs(d) | how much it matters |
//! | sigma | standard deviation of d | how much that depends on the other factors, or on where it is |
//!
//! F. Campolongo, J. Cariboni and A. Saltelli (2007), "An effective screening design for sensitivity analysis of large
//! models", Environmental Modelling & Software 22(10), 1509-1518.

use super::{Index, usable};
use crate::statistics::bootstrap::Bootstrap;
use crate::statistics::{mean, standard_deviation};
use crate::study::design::morris::{Walks, Way};

/// What a factor does to a figure.
#[derive(Debug, Clone, PartialEq)]
pub struct Effects {
    /// Effects that could be computed, at most one for each walk.
    pub count: usize,
    /// Effects that could not, as one of their two points has no value.
    pub missing: usize,
    /// Mean effect, in the figure's unit per range of the factor; `None` without an effect.
    pub mu: Option<f64>,
    /// Mean magnitude of the effect, and its bootstrap interval.
    pub mu_star: Index,
    /// Standard deviation of the effect; `None` below two effects.
    pub sigma: Option<f64>,
}

/// The effects of each factor on a figure, of which `values` has one for each point of the design.
///
/// # Panics
/// Unless there is a value, perhaps `None`, for each point of the walks.
pub fn effects(walks: &Walks, values: &[Option<f64>], bootstrap: &Bootstrap) -> Vec<Effects> {
    let factors = walks.steps.first().map_or(0, Vec::len);
    let points: usize = walks.steps.iter().map(|steps| steps.len() + 1).sum();
    assert_eq!(values.len(), points, "invariant: a value for each point");
    let mut of_factor: Vec<Vec<f64>> = vec![Vec::with_capacity(walks.steps.len()); factors];
    let mut missing = vec![0; factors];
    let mut first = 0;
    for steps in &walks.steps {
        for (place, step) in steps.iter().enumerate() {
            let (before, after) = (usable(values[first + place]), usable(values[first + place + 1]));
            match before.zip(after) {
                Some((before, after)) => {
                    let rise = if step.way == Way::Up { after - before } else { before - after };
                    of_factor[step.factor].push(rise / walks.delta);
                }
                None => missing[step.factor] += 1,
            }
        }
        first += steps.len() + 1;
    }
    let summaries = of_factor.iter().zip(missing).enumerate();
    summaries.map(|(factor, (effects, missing))| Effects::of(factor, effects, missing, bootstrap)).collect()
}

impl Effects {
    fn of(factor: usize, effects: &[f64], missing: usize, bootstrap: &Bootstrap) -> Self {
        let magnitudes: Vec<f64> = effects.iter().map(|effect| effect.abs()).collect();
        let entity = format!("factor {factor}");
        let half_widths =
            bootstrap.half_widths(("bootstrap: morris", &entity), effects.len(), 1, |drawn, found| {
                found[0] = drawn.iter().map(|&index| magnitudes[index]).sum::<f64>() / drawn.len() as f64;
            });
        Self {
            count: effects.len(),
            missing,
            mu: mean(effects),
            mu_star: Index { value: mean(&magnitudes), half_width: half_widths[0] },
            sigma: standard_deviation(effects),
        }
    }
}
