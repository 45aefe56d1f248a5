//! One price for all, where the asks of sellers cross the limits of buyers.

use super::order_book::{OrderBook, clearing_of};
use super::{Clearing, Mechanism};
use crate::problem::PeriodProblem;
use crate::quantity::Price;

/// The uniform-price double auction with k = 1/2.
///
/// ```text
/// A_i = max(reserve price of seller i, lowest of the band)
/// L_j = min(expected price of buyer j + what it tolerates - fees, highest of the band)
/// p   = (lower + upper) / 2, rounded down to the grid
/// ```
///
/// Asks A_i ascend, limits L_j descend; ties go to the higher credit, then to the lower id. Energy is matched front
/// to front as long as A_i <= L_j. `lower` is the larger of the last matched ask and the first limit that still
/// wants energy, `upper` the smaller of the last matched limit and the first ask that still has energy: at every
/// price between them just the matched energy is sold and bought. Whoever asks more than the highest of the band
/// keeps its energy; whoever's limit is below the lowest ask buys outside. What sellers do not sell is stored where
/// that is worth more to them than keeping it. Nothing is moved.
///
/// A household on the margin sets the price: asking more or bidding less can pay there, so the auction is not
/// strategy-proof.
#[derive(Debug, Clone, Copy, Default)]
pub struct DoubleAuction;

impl Mechanism for DoubleAuction {
    fn name(&self) -> &'static str {
        "double_auction"
    }

    fn clear(&mut self, problem: &PeriodProblem, _seed: [u64; 2]) -> Clearing {
        let trades = OrderBook::of(problem).cross().map_or_else(Vec::new, |crossing| {
            let (lower, upper) = (crossing.marginal.lowest, crossing.marginal.highest);
            // The distance is rounded and not the sum: prices that are all shifted shift the price as much.
            let price = lower + Price::from_micro((upper - lower).micro() / 2);
            crossing.pairs.iter().map(|pair| pair.at(price)).collect()
        });
        clearing_of(problem, trades)
    }
}
