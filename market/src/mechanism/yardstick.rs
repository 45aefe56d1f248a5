//! What a clearing is measured against: the best that each side alone could get, and no trade at all.

use super::exact::exact_on;
use super::price_search::{PriceSearch, largest_welfare};
use crate::problem::{Objectives, PeriodProblem};

/// A range of an objective below this (currency) is nothing to decide: the objective is dropped.
const NOTHING: f64 = 1e-12;
/// A front narrower than this share of the gain over no trade is a point.
const NEARLY_NOTHING: f64 = 1e-9;
/// What the other objective weighs where only one is asked for: enough to choose among equals.
const SECOND: f64 = 1e-6;

/// How objectives of different size are weighed against each other, and the largest welfare within reach.
///
/// The unit of an objective is its range over the front: from its best to what is left of it where the other
/// objective is best. Its zero is what it is without trade between users. A scheme's value for weights w is
/// U = w_p u_profit + w_c u_cost, the more the better.
///
/// With that unit, schemes that only pass money from one side to the other have the same U for equal weights, wherever
/// the front lies; no side gets its way because the other could also do without trade.
#[derive(Debug, Clone, PartialEq)]
pub struct Yardstick {
    profit_without_trade: f64,
    cost_without_trade: f64,
    /// Ranges of profit and cost over the front, or `None` where there is nothing to decide.
    ranges: [Option<f64>; 2],
    welfare_exact: f64,
}

impl Yardstick {
    /// Solves for the best of either objective alone, and for the largest welfare, each to a certified bound.
    pub fn of(problem: &PeriodProblem) -> Self {
        let search = PriceSearch::new(problem);
        let for_sellers = problem.evaluate(&search.best([1.0, SECOND]).scheme);
        let for_buyers = problem.evaluate(&search.best([SECOND, 1.0]).scheme);
        let profit_without_trade = problem.profit_without_trade();
        let cost_without_trade = problem.cost_without_trade();
        // Where both sides want the same, the front is a point, and the gain over no trade is the unit.
        let range = |over_front: f64, over_nothing: f64| {
            let unit = if over_front > NEARLY_NOTHING * over_nothing { over_front } else { over_nothing };
            (unit > NOTHING).then_some(unit)
        };
        let profit = range(
            for_sellers.sellers_profit - for_buyers.sellers_profit,
            for_sellers.sellers_profit - profit_without_trade,
        );
        let cost = range(
            for_sellers.buyers_cost - for_buyers.buyers_cost,
            cost_without_trade - for_buyers.buyers_cost,
        );
        Self {
            profit_without_trade,
            cost_without_trade,
            ranges: [profit, cost],
            welfare_exact: largest_welfare(problem),
        }
    }

    /// The largest welfare that any scheme reaches (currency).
    pub fn welfare_exact(&self) -> f64 {
        self.welfare_exact
    }

    /// u_profit and u_cost: 0 without trade; 0 of one that is dropped.
    pub fn normalised(&self, objectives: &Objectives) -> [f64; 2] {
        self.normaliser()(objectives.sellers_profit, objectives.buyers_cost)
    }

    /// u_profit and u_cost of a profit and a cost.
    pub(crate) fn normaliser(&self) -> impl Fn(f64, f64) -> [f64; 2] + use<> {
        let [profit_scale, cost_scale] = self.scales();
        let (profit_zero, cost_zero) = (self.profit_without_trade, self.cost_without_trade);
        move |profit, cost| [(profit - profit_zero) * profit_scale, (cost_zero - cost) * cost_scale]
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
    /// The optimum is a bound that no scheme exceeds, so what rounding leaves below zero counts as zero.
    pub fn gap(&self, problem: &PeriodProblem, objectives: &Objectives, weights: [f64; 2]) -> Option<f64> {
        problem.is_tradeable().then(|| {
            let best = exact_on(problem, self, weights).bound;
            ((best - self.value(objectives, weights)) / best.max(NOTHING)).max(0.0)
        })
    }
}
