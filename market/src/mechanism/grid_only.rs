//! No trade between users: what they do without a market.

use super::{Clearing, Mechanism, Yardstick};
use crate::problem::PeriodProblem;

/// Sellers keep everything, buyers buy from the cheaper of grid and company.
#[derive(Debug, Clone, Copy, Default)]
pub struct GridOnly;

impl Mechanism for GridOnly {
    fn name(&self) -> &'static str {
        "grid_only"
    }

    fn clear(&mut self, problem: &PeriodProblem, _seed: [u64; 2]) -> Clearing {
        Clearing::of(problem, &Yardstick::of(problem), problem.no_trade())
    }
}
