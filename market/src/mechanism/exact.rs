//! The period's problem to a certified bound.

use super::price_search::{Found, PriceSearch};
use super::{Clearing, EQUAL_WEIGHTS, Mechanism, Yardstick};
use crate::dealing::deal;
use crate::problem::{PeriodProblem, Scheme};

/// The best scheme for given weights, with its certificate.
#[derive(Debug, Clone, PartialEq)]
pub struct ExactSolution {
    /// The scheme.
    pub scheme: Scheme,
    /// Its value U; see [`Yardstick`].
    pub value: f64,
    /// No scheme's value is above this.
    pub bound: f64,
    /// Price intervals that were bounded.
    pub nodes: u32,
}

/// Solves the period's problem for the given weights of profit and cost: the allocation exactly for a price, the price
/// by branch and bound over the integer prices of the band.
///
/// Of schemes within 1e-9 of the best found, the one with the larger of min(u_profit, u_cost) is taken, then the lower
/// price. Where users cannot trade, the best use of storage is left.
pub fn exact(problem: &PeriodProblem, weights: [f64; 2]) -> ExactSolution {
    exact_on(problem, &Yardstick::of(problem), weights)
}

pub(super) fn exact_on(problem: &PeriodProblem, yardstick: &Yardstick, weights: [f64; 2]) -> ExactSolution {
    let scales = yardstick.scales();
    let search = PriceSearch::new(problem);
    let Found { scheme, value, bound, nodes } =
        search.fairest_best([weights[0] * scales[0], weights[1] * scales[1]], |scheme| {
            let [profit, cost] = yardstick.normalised(&problem.evaluate(scheme));
            profit.min(cost)
        });
    ExactSolution { scheme, value, bound, nodes }
}

/// The mechanism `exact`: the optimum for equal weights.
#[derive(Debug, Clone, Copy, Default)]
pub struct Exact;

impl Mechanism for Exact {
    fn name(&self) -> &'static str {
        "exact"
    }

    fn clear(&mut self, problem: &PeriodProblem, _seed: [u64; 2]) -> Clearing {
        let yardstick = Yardstick::of(problem);
        let solution = exact_on(problem, &yardstick, EQUAL_WEIGHTS);
        let objectives = problem.evaluate(&solution.scheme);
        let gap = (solution.bound - yardstick.value(&objectives, EQUAL_WEIGHTS)) / solution.value.max(1e-12);
        Clearing {
            gap: problem.is_tradeable().then_some(gap.max(0.0)),
            satisfaction: solution.scheme.price.and_then(|price| problem.satisfaction(price)),
            welfare_exact: yardstick.welfare_exact(),
            awards: deal(&solution.scheme, problem.offers(), problem.bids()),
            scheme: solution.scheme,
            objectives,
            weights: Some(EQUAL_WEIGHTS),
            iterations: solution.nodes,
            evaluations: u64::from(solution.nodes),
            explored: 0,
            explored_weights: None,
            trace: Vec::new(),
        }
    }
}
