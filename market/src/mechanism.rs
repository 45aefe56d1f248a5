//! Mechanisms: how a period's orders become a clearing.
//!
//! | name | what it does |
//! |---|---|
//! | `ngo` | improved Northern Goshawk Optimization, a front, entropy weights, the compromise: [`Optimized`] |
//! | `ngo_original`, `pso`, `improved_pso`, `l_shade` | the same with another [optimizer](crate::optimizer) |
//! | `exact` | the same problem to a certified bound: [`Exact`] |
//! | `double_auction` | one price, where asks cross limits: [`DoubleAuction`] |
//! | `pay_as_bid` | the same pairs, every trade at its buyer's limit: [`PayAsBid`] |
//! | `mid_market_rate` | the middle of the price band, everybody rationed alike: [`MidMarketRate`] |
//! | `grid_only` | no trade between users: [`GridOnly`] |
//!
//! All see the same problem, and every clearing is measured alike: its gap to the exact optimum for the same
//! weights, and the largest welfare that any clearing could have reached.
//!
//! # What each promises
//!
//! | | `ngo` | `exact` | `double_auction` | `pay_as_bid` | `mid_market_rate` | `grid_only` |
//! |---|---|---|---|---|---|---|
//! | every trade keeps (3) to (7), nobody gives or gets more than it asked | yes | yes | yes | yes | yes | no trades |
//! | budget balance: buyers pay what sellers and fee takers get, to the last unit | yes | yes | yes | yes | yes | no trades |
//! | sellers get at least their reserve price | yes | yes | yes | yes | yes | no trades |
//! | buyers pay less than outside | yes | yes | yes | yes | yes | no trades |
//! | buyers pay at most what they tolerate | no | no | yes | yes | no | no trades |
//! | one price for all | yes | yes | yes | no | yes | no trades |
//! | efficient | nearly, for U | for U | for its book | the energy of its book | no | no |
//! | strategy-proof | no | no | no | no | no | yes |
//!
//! U is what [`Yardstick`] measures. A mechanism is efficient for its book when no ask and no limit are left that cross.
//! Without sellers, buyers, energy or a price that fits, users do not trade, which is a result and not an error.

mod archive;
mod double_auction;
mod exact;
mod grid_only;
mod mid_market_rate;
mod optimized;
mod order_book;
mod pay_as_bid;
mod price_search;
mod yardstick;

use serde::{Deserialize, Serialize};

pub use double_auction::DoubleAuction;
pub use exact::{Exact, ExactSolution, exact};
pub use grid_only::GridOnly;
pub use mid_market_rate::MidMarketRate;
pub use optimized::{Compromise, EXPLORING_PART, Memory, Optimized, Weighting};
pub use pay_as_bid::PayAsBid;
pub use yardstick::Yardstick;

use crate::dealing::{Awards, deal};
use crate::optimizer::{
    InitialPopulation, LShade, Optimizer, OptimizerSettings, TracePoint, optimizer_by_name,
};
use crate::problem::{Objectives, PeriodProblem, Scheme};

/// Equal weights of sellers' profit and buyers' cost.
pub const EQUAL_WEIGHTS: [f64; 2] = [0.5, 0.5];

/// A way to clear a period.
pub trait Mechanism {
    /// Its name in scenario files and tables.
    fn name(&self) -> &'static str;

    /// Clears a period. The same problem and seed give the same clearing, whatever was cleared before, unless it
    /// is warm-started.
    fn clear(&mut self, problem: &PeriodProblem, seed: [u64; 2]) -> Clearing;

    /// What it remembers of the periods before, for a run that is saved; only a warm-started one remembers anything.
    fn memory(&self) -> Option<&Memory> {
        None
    }

    /// Goes on from what was remembered in a saved run.
    fn recall(&mut self, _: Memory) {}
}

/// What a mechanism decided, and how good that is.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Clearing {
    /// The decision; its price is `None` where users do not trade, and then energy may still be stored. Where trades have
    /// prices of their own, it is their mean weighted by energy.
    pub scheme: Scheme,
    /// What households are awarded: every trade with its own price, what is stored, what is moved.
    pub awards: Awards,
    /// What the decision is worth (currency).
    pub objectives: Objectives,
    /// The largest welfare that any scheme could reach (currency).
    pub welfare_exact: f64,
    /// How far the weighted value is below the exact optimum for the same weights, as a share of the optimum; `None`
    /// where users cannot trade.
    pub gap: Option<f64>,
    /// Weights of sellers' profit and buyers' cost, of a mechanism that weighs them.
    pub weights: Option<[f64; 2]>,
    /// Iterations of the optimizer, or prices at which the exact search bounded the value.
    pub iterations: u32,
    /// Schemes that were evaluated.
    pub evaluations: u64,
    /// Iterations before the weights were frozen; until then every individual of the optimizer has weights of its own.
    pub explored: u32,
    /// The weights with which all individuals explored; `None` where each had its own, or nothing was explored.
    pub explored_weights: Option<[f64; 2]>,
    /// The optimizer's way in terms of the weighted value, the more the better; its scale changes where exploration ends
    /// and the weights are frozen.
    pub trace: Vec<TracePoint>,
    /// Satisfaction of buyers with the price, equation (19), weighted by demand; `None` where users do not trade.
    pub satisfaction: Option<f64>,
}

impl Clearing {
    /// A clearing with `scheme`, [dealt out](deal) to households, by a mechanism that neither weighs nor iterates; its gap
    /// is for equal weights.
    pub fn of(problem: &PeriodProblem, yardstick: &Yardstick, scheme: Scheme) -> Self {
        let awards = deal(&scheme, problem.offers(), problem.bids());
        Self::with_awards(problem, yardstick, scheme, awards)
    }

    /// As [`Clearing::of`], by a mechanism that chose partners and prices itself; `scheme` sums `awards` up by group.
    pub fn with_awards(
        problem: &PeriodProblem,
        yardstick: &Yardstick,
        scheme: Scheme,
        awards: Awards,
    ) -> Self {
        let objectives = problem.evaluate(&scheme);
        Self {
            gap: yardstick.gap(problem, &objectives, EQUAL_WEIGHTS),
            satisfaction: scheme.price.and_then(|price| problem.satisfaction(price)),
            welfare_exact: yardstick.welfare_exact(),
            scheme,
            awards,
            objectives,
            weights: None,
            iterations: 0,
            evaluations: 1,
            explored: 0,
            explored_weights: None,
            trace: Vec::new(),
        }
    }
}

/// The names that [`mechanism_by_name`] knows.
pub const MECHANISM_NAMES: [&str; 10] = [
    "ngo",
    "ngo_original",
    "pso",
    "improved_pso",
    "l_shade",
    "exact",
    "double_auction",
    "pay_as_bid",
    "mid_market_rate",
    "grid_only",
];

/// The mechanism of a name, or `None` if it is not one of [`MECHANISM_NAMES`].
///
/// `l_shade` begins with the population of the settings, as the others do: 18 individuals a dimension would use up the
/// evaluations of a period before they have learnt anything.
///
/// # Panics
/// When `settings` ask for a population below 4.
pub fn mechanism_by_name(name: &str, settings: &MechanismSettings) -> Option<Box<dyn Mechanism>> {
    let MechanismSettings { optimizer, .. } = *settings;
    let found: Box<dyn Mechanism> = match name {
        "l_shade" => {
            let begin = InitialPopulation::OfSettings;
            optimized(LShade::with_initial_population(optimizer, begin), settings)
        }
        "exact" => Box::new(Exact),
        "double_auction" => Box::new(DoubleAuction),
        "pay_as_bid" => Box::new(PayAsBid),
        "mid_market_rate" => Box::new(MidMarketRate),
        "grid_only" => Box::new(GridOnly),
        other => optimized(optimizer_by_name(other, &optimizer)?, settings),
    };
    Some(found)
}

fn optimized(optimizer: impl Optimizer + 'static, settings: &MechanismSettings) -> Box<dyn Mechanism> {
    let mechanism =
        Optimized::new(optimizer).weighted_by(settings.weighting).compromising_by(settings.compromise);
    Box::new(if settings.is_warm_started { mechanism.warm_started() } else { mechanism })
}

/// What mechanisms that search are given; the others make no use of it.
#[derive(Debug, Clone, Copy, Default, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct MechanismSettings {
    /// How long and with how many to search.
    pub optimizer: OptimizerSettings,
    /// How the two objectives are weighed; by entropy by default.
    pub weighting: Weighting,
    /// How one scheme is taken from the front.
    pub compromise: Compromise,
    /// Whether a period's search also starts from the best of the last one; not by default.
    pub is_warm_started: bool,
}

#[cfg(test)]
mod tests;
