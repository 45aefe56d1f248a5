//! Every buyer pays what it bid.

use super::order_book::{OrderBook, clearing_of};
use super::{Clearing, Mechanism};
use crate::problem::PeriodProblem;

/// The discriminatory auction: the pairs of the [double auction](super::DoubleAuction), every trade at its buyer's limit.
///
/// The best limit gets the best ask, then the next. The price of a trade is Q_s = L_j, so that the buyer pays Q_b =
/// L_j + fees, the most that it tolerates or the highest that the band leaves. The same energy is traded as in the
/// double auction, at prices that are nowhere lower: all of the gain goes to the sellers and to the fees. The
/// scheme's price is the mean of the trades' prices, weighted by energy.
///
/// A buyer pays less by bidding less, as long as it is matched, so the auction is not strategy-proof.
#[derive(Debug, Clone, Copy, Default)]
pub struct PayAsBid;

impl Mechanism for PayAsBid {
    fn name(&self) -> &'static str {
        "pay_as_bid"
    }

    fn clear(&mut self, problem: &PeriodProblem, _seed: [u64; 2]) -> Clearing {
        let trades = OrderBook::of(problem).cross().map_or_else(Vec::new, |crossing| {
            crossing.pairs.iter().map(|pair| pair.at(pair.limit())).collect()
        });
        clearing_of(problem, trades)
    }
}
