//! What a clearing is measured against: the best that each side alone could get, and no trade at all.

use super::exact::exact_on;
use super::price_search::{PriceSearch, largest_welfare};
use crate::problem::{Objectives, PeriodProblem};

/// A range of an objective below this (currency) is nothing to decide: the objective is dropped.
const NOTHING: f64 = 1e-12;

/// The ideal and the no-trade point of a problem, and the largest welfare within reach.
///
/// Objectives are normalised with the two points: u is 0 without trade and 1 at the best that the objective alone could
/// reach (for profit: as the price nears the open upper end of the band), and a scheme's value for weights w is U = w_p u_profit + w_c u_cost, the more the better.
///
/// The open end matters where the price only transfers money: on the last step of the grid short of it, sellers would
/// have a slightly smaller range than buyers, which alone would decide between prices that are as good as each other.
#[derive(Debug, Clone, PartialEq)]
pub struct Yardstick {
    profit_without_trade: f64,
    cost_without_trade: f64,
    /// P* - P0 and C0 - C*, or `None` where there is nothing to decide.
    ranges: [Option<f64>; 2],
    welfare_exact: f64,
}

impl Yardstick {
    /// Solves for the best of either objective alone, and for the largest welfare, each to a certified bound.
    pub fn of(problem: &PeriodProblem) -> Self {
        let search = PriceSearch::new(problem);
        let range = |best: f64| (best > NOTHING).then_some(best);
        Self {
            profit_without_trade: problem.profit_without_trade(),
            cost_without_trade: problem.cost_without_trade(),
            ranges: [range(search.largest_profit()), range(search.best([0.0, 1.0]).value)],
            welfare_exact: largest_welfare(problem),
        }
    }

    /// The largest welfare that any scheme reaches (currency).
    pub fn welfare_exact(&self) -> f64 {
        self.welfare_exact
    }

    /// u_profit and u_cost: 0 without trade, 1 at the best of the objective alone; 0 of one that is dropped.
    pub fn normalised(&self, objectives: &Objectives) -> [f64; 2] {
        self.normalise(objectives.sellers_profit, objectives.buyers_cost)
    }

    pub(crate) fn normalise(&self, profit: f64, cost: f64) -> [f64; 2] {
        let [profit_scale, cost_scale] = self.scales();
        [(profit - self.profit_without_trade) * profit_scale, (self.cost_without_trade - cost) * cost_scale]
    }

    /// U of a scheme for the given weights.
    pub fn value(&self, objectives: &Objectives, weights: [f64; 2]) -> f64 {
        let [profit, cost] = self.normalised(objectives);
        weights[0] * profit + weights[1] * cost
    }

    /// How much U grows per unit of profit and per unit of cost saved, for weights of 1.
    pub(crate) fn scales(&self) -> [f64; 2] {
        self.ranges.map(|range| range.map_or(0.0, |range| 1.0 / range))
    }

    /// How far U is below the exact optimum for the same weights, as a share of it; `None` where users cannot trade.
    pub fn gap(&self, problem: &PeriodProblem, objectives: &Objectives, weights: [f64; 2]) -> Option<f64> {
        problem.is_tradeable().then(|| {
            let best = exact_on(problem, self, weights).bound;
            (best - self.value(objectives, weights)) / best.max(NOTHING)
        })
    }
}
