//! Half way between what sellers may get at least and at most.

use super::{Clearing, Mechanism, Yardstick};
use crate::problem::{PeriodProblem, Scheme};
use crate::quantity::Price;

/// Trades at the middle of the price band; whoever takes part at that price sells, rationed alike. Nothing is stored or
/// moved.
#[derive(Debug, Clone, Copy, Default)]
pub struct MidMarketRate;

impl Mechanism for MidMarketRate {
    fn name(&self) -> &'static str {
        "mid_market_rate"
    }

    fn clear(&mut self, problem: &PeriodProblem, _seed: [u64; 2]) -> Clearing {
        Clearing::of(problem, &Yardstick::of(problem), scheme(problem))
    }
}

fn scheme(problem: &PeriodProblem) -> Scheme {
    let Some(band) = problem.band() else {
        return problem.no_trade();
    };
    let price = Price::from_micro((band.lowest.micro() + band.highest.micro()) / 2);
    let mut sold: Vec<f64> =
        (0..problem.seller_groups()).map(|group| problem.participating(group, price)).collect();
    let (offered, wanted) = (sold.iter().sum::<f64>(), problem.wanted());
    if offered <= 0.0 || wanted <= 0.0 {
        return problem.no_trade();
    }
    let ration = (wanted / offered).min(1.0);
    sold.iter_mut().for_each(|sold| *sold *= ration);
    Scheme { price: Some(price), sold, ..problem.no_trade() }
}
