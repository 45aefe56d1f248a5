//! What succeeded: the memory from which a step length F and a crossover rate CR are drawn.
//!
//! Success-history adaptation: Tanabe and Fukunaga, *Success-history based parameter adaptation for differential
//! evolution*, IEEE CEC 2013; with the closed crossover rates of L-SHADE, IEEE CEC 2014.

use std::f64::consts::PI;

use super::quantile::Quantiles;

/// Scale of the Cauchy distribution of F and standard deviation of CR.
const SPREAD: f64 = 0.1;
/// A share this much above that of F = 1 gives 1, whatever is rounded on the way.
const CERTAIN: f64 = 1e-9;

/// How the crossover rates that succeeded are averaged.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum CrossoverMean {
    /// Sum(w CR) / Sum(w), as in SHADE.
    Arithmetic,
    /// Sum(w CR^2) / Sum(w CR), as in L-SHADE; a slot whose successes all had CR = 0 stays at 0 for good.
    Lehmer,
}

/// The success history of F and CR, and what succeeded in the generation at hand.
#[derive(Debug, Clone)]
pub(super) struct History {
    mean: CrossoverMean,
    quantiles: &'static Quantiles,
    factors: Vec<f64>,
    /// `None` where a slot is closed: CR = 0.
    crossovers: Vec<Option<f64>>,
    /// The share of F's Cauchy distribution at or below 0, per slot.
    cut_off: Vec<f64>,
    /// The share from which on F is certainly 1, per slot.
    full: Vec<f64>,
    next: usize,
    successes: Successes,
}

/// Sums over a generation's successes, weighted by improvement.
#[derive(Debug, Clone, Copy, Default)]
struct Successes {
    weight: f64,
    factor: f64,
    factor_squared: f64,
    crossover: f64,
    crossover_squared: f64,
}

impl History {
    /// With every slot at F = CR = 0.5.
    pub(super) fn new(slots: usize, mean: CrossoverMean) -> Self {
        let (factors, crossovers) = (vec![0.5; slots], vec![Some(0.5); slots]);
        let cut_off = factors.iter().map(|&factor| share_below(factor, 0.0)).collect();
        let full = factors.iter().map(|&factor| share_below(factor, 1.0) + CERTAIN).collect();
        let (quantiles, successes) = (Quantiles::get(), Successes::default());
        Self { mean, quantiles, factors, crossovers, cut_off, full, next: 0, successes }
    }

    /// The number of slots, H.
    pub(super) fn slots(&self) -> usize {
        self.factors.len()
    }

    /// F: Cauchy around the memory, of what is positive, at most 1.
    pub(super) fn draw_factor(&self, slot: usize, uniform: f64) -> f64 {
        let share = self.cut_off[slot] + (1.0 - self.cut_off[slot]) * uniform;
        if share >= self.full[slot] {
            return 1.0;
        }
        let drawn = self.factors[slot] + SPREAD * self.quantiles.cauchy(share);
        // Just above the cut-off, the quantile's line may touch 0.
        drawn.clamp(f64::EPSILON, 1.0)
    }

    /// CR: normal around the memory, from 0 to 1.
    pub(super) fn draw_crossover(&self, slot: usize, uniform: f64) -> f64 {
        self.crossovers[slot]
            .map_or(0.0, |crossover| (crossover + SPREAD * self.quantiles.normal(uniform)).clamp(0.0, 1.0))
    }

    /// Notes a success of the generation at hand.
    pub(super) fn note(&mut self, factor: f64, crossover: f64, improvement: f64) {
        // Coming from an infinitely bad place says nothing about the size of the step.
        if improvement.is_finite() {
            let successes = &mut self.successes;
            successes.weight += improvement;
            successes.factor += improvement * factor;
            successes.factor_squared += improvement * factor * factor;
            successes.crossover += improvement * crossover;
            successes.crossover_squared += improvement * crossover * crossover;
        }
    }

    /// Remembers the generation's successes in the next slot.
    pub(super) fn learn(&mut self) {
        let successes = std::mem::take(&mut self.successes);
        if successes.weight > 0.0 && successes.factor > 0.0 && successes.factor_squared.is_finite() {
            let slot = self.next;
            self.factors[slot] = successes.factor_squared / successes.factor;
            self.cut_off[slot] = share_below(self.factors[slot], 0.0);
            self.full[slot] = share_below(self.factors[slot], 1.0) + CERTAIN;
            self.crossovers[slot] = match self.mean {
                CrossoverMean::Arithmetic => Some(successes.crossover / successes.weight),
                CrossoverMean::Lehmer if successes.crossover > 0.0 => {
                    self.crossovers[slot].map(|_| successes.crossover_squared / successes.crossover)
                }
                CrossoverMean::Lehmer => None,
            };
            self.next = (slot + 1) % self.slots();
        }
    }
}

/// The share of the Cauchy distribution around `factor` that is at or below `limit`.
fn share_below(factor: f64, limit: f64) -> f64 {
    0.5 + libm::atan((limit - factor) / SPREAD) / PI
}
