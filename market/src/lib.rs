//! The market of goshawk: households' orders in, a clearing out. Pure: no I/O, no clock, no ambient randomness.
//!
//! The way of an order:
//!
//! ```text
//! Tariff ─► Terms ─┐
//! Offer, Bid ──────┴► PeriodProblem ─► Mechanism ─► Clearing: Scheme (by group), Awards (trades, each with its price)
//!                                        │  ▲
//!                                  Optimizer  exact optimum, for the gap
//! ```
//!
//! # Map of the code
//!
//! | module | what it holds |
//! |---|---|
//! | [`quantity`] | [`Energy`](quantity::Energy), [`Price`](quantity::Price) and their kin, integers on a 1e-6 grid |
//! | [`tariff`] | the price in force at a local moment, from bands of hours or a schedule file |
//! | [`order`] | [`Offer`], [`Bid`], the [`Terms`] of a period and the price band that (3)-(6) leave |
//! | [`grouping`] | which households are counted as one |
//! | [`mod@satisfaction`] | equations (19)-(23) |
//! | [`problem`] | [`PeriodProblem`]: what is to be decided in a period, and what a decision is worth |
//! | [`mechanism`] | [`Mechanism`]: `ngo`, `exact`, `double_auction`, `pay_as_bid`, `mid_market_rate`, `grid_only` |
//! | [`optimizer`] | general minimisers over [0, 1]^m: improved Northern Goshawk Optimization |
//! | [`entropy_weight`] | weights of the two objectives from a front |
//! | [`compromise`] | one scheme of a front by TOPSIS or the knee point, for comparison |
//! | [`inequality`] | Gini's coefficient and Jain's index |
//! | [`dealing`] | from group totals to one trade per seller-buyer pair, exact to the last unit |
//!
//! To add a mechanism, implement [`Mechanism`] and name it in [`mechanism_by_name`]; to add an optimizer, implement
//! [`Optimizer`](optimizer::Optimizer) and give it to [`mechanism::Optimized`].

pub mod compromise;
pub mod dealing;
pub mod entropy_weight;
pub mod grouping;
pub mod inequality;
pub mod mechanism;
pub mod optimizer;
pub mod order;
pub mod problem;
pub mod quantity;
pub mod satisfaction;
pub mod tariff;

pub use dealing::{Awards, Match, curtail, deal};
pub use grouping::Grouping;
pub use mechanism::{Clearing, MECHANISM_NAMES, Mechanism, MechanismSettings, mechanism_by_name};
pub use optimizer::{OptimizerSettings, TracePoint};
pub use order::{
    Bid, Credit, CreditError, GroupId, HouseholdId, Offer, Order, PriceBand, SavingRange, Terms,
};
pub use problem::{Objectives, PeriodProblem, Scheme};
pub use satisfaction::{MovingSaving, OutsideChannel, Saving, price_satisfaction, satisfaction};
pub use tariff::{Band, LocalMoment, Tariff, TariffProblem, TariffProblems};
