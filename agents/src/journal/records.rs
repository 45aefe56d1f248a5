//! What actors write down, before it becomes rows, and what the journal objects to.

use std::sync::Arc;

use goshawk_ledger::{ContractState, ContractTerms, Settlement};
use goshawk_market::mechanism::Clearing;
use goshawk_market::order::HouseholdId;
use goshawk_market::problem::PeriodProblem;
use goshawk_market::quantity::{Energy, Money, Price};
use goshawk_output::table::Role;
use serde::{Deserialize, Serialize};

use crate::aggregator::terms::{FleetSettlement, UpDown};
use crate::calendar::PeriodIndex;
use crate::household::books::Books;
use crate::message::Supplier;

/// What a household's misconduct in a period came to.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Cheating {
    /// What it drew from its supplier without paying, at the supplier's price.
    pub earned: Money,
    /// Penalties that it paid; the journal knows them.
    pub cost: Money,
}

/// A household's closed books.
#[derive(Debug, Clone, Copy)]
pub struct HouseholdBooks {
    /// Who.
    pub household: HouseholdId,
    /// What it was to the market.
    pub role: Role,
    /// What its battery holds.
    pub content: Energy,
    /// State of charge, 0 to 1.
    pub soc: f64,
    /// Sun that found no use.
    pub spilled: Energy,
    /// The energy.
    pub books: Books,
    /// Money received.
    pub income: Money,
    /// Money paid.
    pub spend: Money,
    /// What wear is worth.
    pub wear_cost: Money,
    /// Where it would buy, or bought, from outside.
    pub supplier: Supplier,
    /// The price there.
    pub outside_price: Price,
    /// Paid for energy from users, fees and penalties included.
    pub p2p_spend: Money,
    /// Paid for energy from outside.
    pub outside_cost: Money,
    /// Received from the aggregator.
    pub fleet_income: Money,
    /// Paid to the aggregator.
    pub fleet_spend: Money,
    /// Satisfaction of a buyer, 0 to 1.
    pub satisfaction: Option<f64>,
    /// What it came to, if it broke contracts or lied on purpose.
    pub cheating: Option<Cheating>,
}

/// The store's closed books.
#[derive(Debug, Clone, Copy)]
pub struct StorageBooks {
    /// What it holds.
    pub content: Energy,
    /// Put in, at the meter.
    pub charge: Energy,
    /// Taken out, at the meter.
    pub discharge: Energy,
    /// Lost in both, and to time.
    pub losses: Energy,
    /// F+ of (27).
    pub income: Money,
    /// F- of (28).
    pub cost: Money,
}

/// The aggregator's closed books.
#[derive(Debug, Clone, Copy)]
pub struct FleetBooks {
    /// What the grid wanted.
    pub request: UpDown,
    /// What members offered.
    pub offered: UpDown,
    /// What was accepted of the request.
    pub accepted: UpDown,
    /// What members' meters say.
    pub delivered: UpDown,
    /// What counts as held ready.
    pub ready: Energy,
    /// Members that offered something.
    pub members: u32,
    /// What grid and aggregator owe each other.
    pub settlement: FleetSettlement,
    /// For energy given and for being ready.
    pub paid_to_members: Money,
    /// For energy taken.
    pub paid_by_members: Money,
}

impl FleetBooks {
    /// What the aggregator receives.
    pub fn revenue(&self) -> Money {
        self.settlement.up_amount + self.settlement.availability + self.paid_by_members
    }

    /// What it pays.
    pub fn cost(&self) -> Money {
        self.settlement.down_amount + self.settlement.penalty + self.paid_to_members
    }
}

/// A line, and how full it was.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct LineUse {
    /// Its bus on one side.
    pub from: u32,
    /// Its bus on the other side.
    pub to: u32,
    /// Apparent power as a share of its limit.
    pub share: f64,
}

/// What went over the feeder in a period.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct FeederBooks {
    /// Drawn by base loads.
    pub base_load: Energy,
    /// Drawn by households, less what they fed in.
    pub households: Energy,
    /// Lost in the lines.
    pub losses: Energy,
    /// What base loads alone would have lost.
    pub base_losses: Energy,
    /// Losses less those without the trades between users; `None` where the feeder could not have done without them.
    pub trade_losses: Option<Energy>,
    /// What a kWh that is lost costs the grid.
    pub loss_price: Price,
    /// The bus with the lowest voltage, and that voltage (per unit).
    pub lowest: (u32, f64),
    /// The bus with the highest voltage, and that voltage (per unit).
    pub highest: (u32, f64),
    /// The fullest line, where lines have limits.
    pub fullest: Option<LineUse>,
    /// Sweeps of the power flow.
    pub iterations: u32,
}

impl FeederBooks {
    /// What went into the feeder at the substation.
    pub fn supplied(&self) -> Energy {
        self.base_load + self.households + self.losses
    }

    /// What the grid pays for the losses.
    pub fn loss_cost(&self) -> Money {
        self.loss_price * self.losses
    }
}

/// A period's clearing.
#[derive(Debug)]
pub struct Clearance<'a> {
    /// The mechanism's name.
    pub mechanism: &'static str,
    /// All offers together.
    pub offered: Energy,
    /// All bids together.
    pub wanted: Energy,
    /// Contracted after the security check.
    pub traded: Energy,
    /// Q_s, where there is a trade.
    pub seller_price: Option<Price>,
    /// Q_b, where there is a trade.
    pub buyer_price: Option<Price>,
    /// Q_G.
    pub grid_price: Price,
    /// Q_C.
    pub company_price: Price,
    /// Taken away by the security check.
    pub curtailed: Energy,
    /// What the mechanism found.
    pub clearing: &'a Clearing,
    /// What the period would be worth if nobody traded: sellers' profit and buyers' cost.
    pub without_trade: WithoutTrade,
    /// Whether its convergence is written down.
    pub is_sampled: bool,
}

/// What a period is worth when sellers keep everything and buyers buy outside, now.
#[derive(Debug, Clone, Copy, Default, PartialEq)]
pub struct WithoutTrade {
    /// Sellers' profit: the value to them of what they keep (currency).
    pub sellers_profit: f64,
    /// Buyers' cost (currency).
    pub buyers_cost: f64,
}

impl WithoutTrade {
    /// That of a market's problem.
    pub fn of(problem: &PeriodProblem) -> Self {
        Self { sellers_profit: problem.profit_without_trade(), buyers_cost: problem.cost_without_trade() }
    }
}

/// A contract that the ledger has closed.
#[derive(Debug)]
pub struct Trade {
    /// When it was to be delivered.
    pub period: PeriodIndex,
    /// Its terms.
    pub terms: Arc<ContractTerms>,
    /// What was delivered and paid.
    pub settlement: Settlement,
    /// Settled or defaulted.
    pub state: ContractState,
    /// The block that closed it.
    pub height: u64,
}

impl Trade {
    /// What was missing, and through whom.
    pub fn describe_default(&self) -> String {
        let Settlement { seller_short, buyer_short, .. } = self.settlement;
        format!(
            "contract {}: seller short of {seller_short} kWh, buyer took {buyer_short} kWh less than contracted",
            self.terms.id.0
        )
    }
}

/// Books that do not balance: a broken invariant that ends the run.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum BooksError {
    /// Money appeared or vanished.
    #[error("day {day}, period {period}: all income less all spending leaves {residual}")]
    Money {
        /// Day of the run.
        day: u16,
        /// Period of the day.
        period: u16,
        /// What is left over.
        residual: Money,
    },
    /// What users sold is not what users bought, equation (7).
    #[error("day {day}, period {period}: users sold {sold} kWh and bought {bought} kWh")]
    Trade {
        /// Day of the run.
        day: u16,
        /// Period of the day.
        period: u16,
        /// Sold to users.
        sold: Energy,
        /// Bought from users.
        bought: Energy,
    },
    /// What users stored and withdrew is not what the store took in and gave out.
    #[error("day {day}, period {period}: the store's books differ from its users' by {residual} kWh")]
    Storage {
        /// Day of the run.
        day: u16,
        /// Period of the day.
        period: u16,
        /// The difference.
        residual: Energy,
    },
    /// What went over the feeder to households is not what households say.
    #[error("day {day}, period {period}: the feeder's books differ from its households' by {residual} kWh")]
    Feeder {
        /// Day of the run.
        day: u16,
        /// Period of the day.
        period: u16,
        /// The difference.
        residual: Energy,
    },
    /// What members gave and took is not what the aggregator accounts for.
    #[error(
        "day {day}, period {period}: the aggregator's books differ from its members' by {up} kWh up, {down} kWh down"
    )]
    Fleet {
        /// Day of the run.
        day: u16,
        /// Period of the day.
        period: u16,
        /// The difference of what was given.
        up: Energy,
        /// The difference of what was taken.
        down: Energy,
    },
    /// Somebody's books are missing.
    #[error("day {day}, period {period}: the books of {who} are missing")]
    Missing {
        /// Day of the run.
        day: u16,
        /// Period of the day.
        period: u16,
        /// Whose.
        who: String,
    },
    /// The rows cannot be written; the recorder says why when it is finished.
    #[error("the rows of the run cannot be written")]
    Unwritable,
    /// Asked to stop from outside.
    #[error("stopped by request after {periods} periods")]
    Interrupted {
        /// Periods whose books are closed.
        periods: u32,
    },
}
