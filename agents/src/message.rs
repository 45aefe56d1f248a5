//! What the actors say to each other, and the phases of an instant in which they say it.
//!
//! One period, message by message, at the instant `t` at which period `k` opens and period `k - 1` has ended:
//!
//! | phase | who says what |
//! |---|---|
//! | [`PLUG`](phase::PLUG) | vehicles leave and come back, at their own times |
//! | [`METER`](phase::METER) | market: `Close(k - 1)`; households with contracts read their meters |
//! | [`READING`](phase::READING) | meter readings reach the platform; the grid contests those that its own meters show to be false |
//! | [`ALLOCATE`](phase::ALLOCATE) | the platform allocates deliveries to contracts and settles them |
//! | [`ACCOUNT`](phase::ACCOUNT) | households close their books and buy outside what they still lack |
//! | [`BOOKS`](phase::BOOKS) | purchases, fees and storage flows reach the operators |
//! | [`CLOSE_BOOKS`](phase::CLOSE_BOOKS) | operators write their rows |
//! | [`PUBLISH`](phase::PUBLISH) | books are checked; owners learn what time took from the store; grid and company publish tariffs for `k` |
//! | [`OPEN`](phase::OPEN) | market: `Open(k)`; households may ask for stored energy |
//! | [`ORDER`](phase::ORDER) | households: an offer, a bid or nothing |
//! | [`GATE`](phase::GATE) | the storage operator states its room; the market clears |
//! | [`SECURITY`](phase::SECURITY) | the grid approves, curtails or refuses the schedule |
//! | [`AWARD`](phase::AWARD) | awards to households, contracts to the platform |
//! | [`CONTRACT`](phase::CONTRACT) | signed transactions reach the platform; with an aggregator, households say what they mean to buy outside and what they can still do |
//! | [`SUBMIT`](phase::SUBMIT) | the platform submits to the validators; the grid states its request, the aggregator calls its members |
//! | [`NETWORK`](phase::NETWORK) | messages among validators, at their own times |

use std::sync::Arc;

use goshawk_engine::{Digest, Model};
use goshawk_ledger::{Committed, ConsensusMessage, ContractId, ContractTerms, SignedTransaction, TimerKey};
use goshawk_market::order::{HouseholdId, Order};
use goshawk_market::quantity::{Energy, Money, Price};
use serde::{Deserialize, Serialize};

use crate::aggregator::dispatch::{Dispatch, Flexibility};
use crate::aggregator::terms::UpDown;
use crate::calendar::{Moment, PeriodIndex};
use crate::journal::Journal;
use crate::price_board::PriceBoard;
use crate::saved::encoded;

/// The phases of an instant, in order.
pub mod phase {
    use goshawk_engine::Phase;

    /// Vehicles leave and come back.
    pub const PLUG: Phase = Phase::new(0);
    /// Households read their meters.
    pub const METER: Phase = Phase::new(1);
    /// Readings reach the platform.
    pub const READING: Phase = Phase::new(2);
    /// Deliveries are allocated to contracts.
    pub const ALLOCATE: Phase = Phase::new(3);
    /// Households close their books.
    pub const ACCOUNT: Phase = Phase::new(4);
    /// Payments reach the operators.
    pub const BOOKS: Phase = Phase::new(5);
    /// Operators write their rows.
    pub const CLOSE_BOOKS: Phase = Phase::new(6);
    /// Tariffs are published.
    pub const PUBLISH: Phase = Phase::new(7);
    /// The period opens.
    pub const OPEN: Phase = Phase::new(8);
    /// Orders reach the market.
    pub const ORDER: Phase = Phase::new(9);
    /// The market clears.
    pub const GATE: Phase = Phase::new(10);
    /// The grid checks the schedule.
    pub const SECURITY: Phase = Phase::new(11);
    /// Awards are dealt out.
    pub const AWARD: Phase = Phase::new(12);
    /// Signed transactions reach the platform; the fleet says what it can do.
    pub const CONTRACT: Phase = Phase::new(13);
    /// The platform submits to the validators; the fleet is called.
    pub const SUBMIT: Phase = Phase::new(14);
    /// The validators' network.
    pub const NETWORK: Phase = Phase::new(15);
}

/// The community as the engine sees it: its messages, and the journal that all actors write to.
#[derive(Debug)]
pub struct CommunityModel;

impl Model for CommunityModel {
    type Message = Message;
    type Sink = Journal;
}

/// The two who sell energy from outside the community.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
pub enum Supplier {
    /// The state grid.
    Grid,
    /// The electricity sales company.
    Company,
}

/// What everybody learns when a period opens.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Opening {
    /// The period.
    pub period: PeriodIndex,
    /// Its clocks.
    pub moment: Moment,
    /// Q_G, the grid's price.
    pub grid_price: Price,
    /// Q_C, the company's price.
    pub company_price: Price,
    /// What users have paid each other so far.
    #[serde(with = "encoded::shared")]
    pub board: Arc<PriceBoard>,
}

impl Opening {
    /// The cheaper supplier, the grid when equal, and its price.
    pub fn cheaper(&self) -> (Supplier, Price) {
        if self.grid_price <= self.company_price {
            (Supplier::Grid, self.grid_price)
        } else {
            (Supplier::Company, self.company_price)
        }
    }
}

/// A household's part of a clearing.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Award {
    /// Contracts in which it sells.
    #[serde(with = "encoded::list")]
    pub sold: Vec<Arc<ContractTerms>>,
    /// Contracts in which it buys.
    #[serde(with = "encoded::list")]
    pub bought: Vec<Arc<ContractTerms>>,
    /// What it may put into shared storage.
    pub stored: Energy,
    /// Demand that it moves to a later period.
    pub moved: Energy,
}

/// What became of a household's contracts in a period.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Delivery {
    /// Energy delivered to other users.
    pub sold: Energy,
    /// Energy received from other users.
    pub bought: Energy,
    /// Money received, penalties included.
    pub income: Money,
    /// Money paid, fees and penalties included.
    pub spend: Money,
}

/// What users mean to trade in a period, for the grid's security check.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Schedule {
    /// The period.
    pub period: PeriodIndex,
    /// All trades together.
    pub energy: Energy,
    /// What each seller means to deliver; empty where there is no feeder.
    pub sold: Vec<(HouseholdId, Energy)>,
    /// What households draw whatever becomes of the trades, as far as the market knows: buyers their demand, from
    /// users or from outside; less what is put into the shared storage. Empty where there is no feeder.
    pub anyway: Vec<(HouseholdId, Energy)>,
}

/// The grid's word on a schedule.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub enum Verdict {
    /// As it is.
    Approved,
    /// At most this energy in the period.
    Curtailed {
        /// What may flow.
        allowed: Energy,
        /// The binding element.
        reason: String,
    },
    /// Nothing at all.
    Refused {
        /// The binding element.
        reason: String,
    },
}

/// All that actors say to each other. What is large is boxed: a message is moved several times on its way, and most are
/// small.
#[derive(Debug, Serialize, Deserialize)]
pub enum Message {
    /// Before anything else: schedule what comes at its own time.
    Start,
    /// The market's own clock: the period that opens now.
    Tick(PeriodIndex),
    /// A vehicle leaves.
    Leave,
    /// A vehicle is back.
    Return,
    /// Market to households: the period has ended.
    Close(PeriodIndex),
    /// Household to platform: what it could deliver or take.
    MeterReading {
        /// Who.
        household: HouseholdId,
        /// At most the contracted energy.
        ready: Energy,
        /// The same, signed.
        #[serde(with = "encoded::shared_value")]
        transaction: Arc<SignedTransaction>,
    },
    /// The grid's meters to platform: a reading just sent is false, and this counts instead.
    GridReading {
        /// Whose reading.
        household: HouseholdId,
        /// What counts as ready.
        measured: Energy,
    },
    /// Platform to grid: a reading is to be contested on the ledger.
    Contest {
        /// Whose reading.
        household: HouseholdId,
        /// The period of the reading.
        period: PeriodIndex,
        /// A contract of the household that is in force.
        #[serde(with = "encoded::value")]
        contract: ContractId,
        /// What the reading says.
        claimed: Energy,
        /// What counts instead.
        measured: Energy,
    },
    /// Market to platform: all readings of the period are in.
    Settle(PeriodIndex),
    /// Platform to household: what was delivered and paid.
    Delivered(Delivery),
    /// Household to supplier: energy bought from outside.
    Purchase {
        /// How much.
        energy: Energy,
        /// At the published price.
        amount: Money,
    },
    /// Platform to grid: wheeling fees on delivered trades.
    WheelingFees(Money),
    /// Household to storage operator: energy stored and withdrawn in the period, and the fee for both.
    StorageUse {
        /// Who.
        household: HouseholdId,
        /// Put in, at the meter.
        deposit: Energy,
        /// Taken out, at the meter.
        withdrawal: Energy,
        /// The service fee.
        fee: Money,
    },
    /// Household to grid, where there is a feeder: what went over its connection in the period.
    GridUse {
        /// Who.
        household: HouseholdId,
        /// Drawn; if negative, fed in.
        drawn: Energy,
        /// Delivered to other users.
        sold: Energy,
    },
    /// Operator to upstream: what its energy or plant costs it.
    UpstreamPayment {
        /// Energy bought upstream, if any.
        energy: Energy,
        /// Money.
        amount: Money,
    },
    /// Market to operators: write the period's row.
    CloseBooks(PeriodIndex),
    /// Market to itself: all rows of the period are written; check and go on to the next.
    CheckBooks(PeriodIndex),
    /// Market to suppliers: state your price.
    AskTariff(PeriodIndex),
    /// Supplier to market: the price in force.
    Tariff {
        /// Who.
        supplier: Supplier,
        /// Per kWh.
        price: Price,
    },
    /// Market to households: the period opens.
    Open(#[serde(with = "encoded::shared")] Arc<Opening>),
    /// Household to storage operator: it would like this much of its stored energy.
    WithdrawalRequest {
        /// Who.
        household: HouseholdId,
        /// At the meter.
        energy: Energy,
    },
    /// Storage operator to household: so much.
    WithdrawalGrant {
        /// At the meter.
        energy: Energy,
    },
    /// Household to market.
    Order(Box<Order>),
    /// Market to itself: no more orders for the period.
    GateClosure(PeriodIndex),
    /// Market to storage operator: how much room is there?
    AskRoom,
    /// Storage operator to market: most that can be put in during the period, at the meter.
    Room(Energy),
    /// Market to grid: what users mean to trade in the period.
    Schedule(Box<Schedule>),
    /// Grid to market.
    Verdict(Verdict),
    /// Market to household.
    Award(Box<Award>),
    /// Market to grid: the contracts that came of the schedule.
    Cleared {
        /// The period of delivery.
        period: PeriodIndex,
        /// The contracts.
        #[serde(with = "encoded::value")]
        contracts: Vec<ContractId>,
    },
    /// Market to platform: the contracts of the period, in the order of their ids.
    Contracts(#[serde(with = "encoded::list")] Arc<[Arc<ContractTerms>]>),
    /// Household or grid to platform: to be put on the ledger.
    Transaction(#[serde(with = "encoded::shared_value")] Arc<SignedTransaction>),
    /// Household to platform: one that it has sent before, for the validators again.
    Replay(#[serde(with = "encoded::shared_value")] Arc<SignedTransaction>),
    /// Market to platform: all transactions of the instant are in.
    Submit(PeriodIndex),
    /// Platform to validators.
    Transactions(#[serde(with = "encoded::list")] Arc<[Arc<SignedTransaction>]>),
    /// Validator to validator.
    Consensus {
        /// Sender's place among the validators.
        from: usize,
        /// What.
        #[serde(with = "encoded::shared_value")]
        message: Arc<ConsensusMessage>,
    },
    /// Validator to itself.
    Timeout(#[serde(with = "encoded::value")] TimerKey),
    /// Validator to platform: a block is final.
    Committed {
        /// Sender's place among the validators.
        validator: usize,
        /// The block.
        #[serde(with = "encoded::shared_value")]
        committed: Arc<Committed>,
    },
    /// Platform to market: credit scores that changed.
    Credits(Vec<(HouseholdId, goshawk_market::order::Credit)>),
    /// Platform to market: households that may not trade before a period.
    Suspended(Vec<(HouseholdId, PeriodIndex)>),
    /// Storage operator to itself: all who want energy back have asked.
    GrantWithdrawals,
    /// Storage operator to household: what time has taken from its stored energy.
    StandingLoss {
        /// In the store.
        energy: Energy,
    },
    /// Market to aggregator: the period is cleared.
    CallFleet(PeriodIndex),
    /// Aggregator to households: what do you mean to buy outside, and what could you still do?
    AskFlexibility,
    /// Household to grid: what it means to buy outside in the period.
    Nomination(Energy),
    /// Member to aggregator: what it can do in the period.
    Flexibility(Box<Flexibility>),
    /// Aggregator to grid: what do you want of the fleet in the period?
    AskRequest(PeriodIndex),
    /// Grid to aggregator: so much.
    FleetRequest(UpDown),
    /// Aggregator to grid: so much.
    Commitment {
        /// What counts as held ready.
        ready: Energy,
        /// What will be delivered of the request.
        accepted: UpDown,
    },
    /// Aggregator to member: what it is called for.
    Dispatch(Box<Dispatch>),
    /// Member to grid and aggregator: what its meter says that it delivered in the period.
    FleetMeter {
        /// Who.
        household: HouseholdId,
        /// How much.
        delivered: UpDown,
    },
}

impl goshawk_engine::Message for Message {
    fn kind(&self) -> &'static str {
        match self {
            Self::Start => "start",
            Self::Tick(_) => "tick",
            Self::Leave => "leave",
            Self::Return => "return",
            Self::Close(_) => "close",
            Self::MeterReading { .. } => "meter_reading",
            Self::GridReading { .. } => "grid_reading",
            Self::Contest { .. } => "contest",
            Self::Settle(_) => "settle",
            Self::Delivered(_) => "delivered",
            Self::Purchase { .. } => "purchase",
            Self::WheelingFees(_) => "wheeling_fees",
            Self::StorageUse { .. } => "storage_use",
            Self::UpstreamPayment { .. } => "upstream_payment",
            Self::CloseBooks(_) => "close_books",
            Self::CheckBooks(_) => "check_books",
            Self::AskTariff(_) => "ask_tariff",
            Self::Tariff { .. } => "tariff",
            Self::Open(_) => "open",
            Self::WithdrawalRequest { .. } => "withdrawal_request",
            Self::WithdrawalGrant { .. } => "withdrawal_grant",
            Self::Order(_) => "order",
            Self::GateClosure(_) => "gate_closure",
            Self::AskRoom => "ask_room",
            Self::Room(_) => "room",
            Self::Schedule(_) => "schedule",
            Self::GridUse { .. } => "grid_use",
            Self::Verdict(_) => "verdict",
            Self::Award(_) => "award",
            Self::Cleared { .. } => "cleared",
            Self::Contracts(_) => "contracts",
            Self::Transaction(_) => "transaction",
            Self::Replay(_) => "replay",
            Self::Submit(_) => "submit",
            Self::Transactions(_) => "transactions",
            Self::Consensus { .. } => "consensus",
            Self::Timeout(_) => "timeout",
            Self::Committed { .. } => "committed",
            Self::Credits(_) => "credits",
            Self::Suspended(_) => "suspended",
            Self::GrantWithdrawals => "grant_withdrawals",
            Self::StandingLoss { .. } => "standing_loss",
            Self::CallFleet(_) => "call_fleet",
            Self::AskFlexibility => "ask_flexibility",
            Self::Nomination(_) => "nomination",
            Self::Flexibility(_) => "flexibility",
            Self::AskRequest(_) => "ask_request",
            Self::FleetRequest(_) => "fleet_request",
            Self::Commitment { .. } => "commitment",
            Self::Dispatch(_) => "dispatch",
            Self::FleetMeter { .. } => "fleet_meter",
        }
    }

    fn digest(&self, digest: &mut Digest) {
        match self {
            Self::MeterReading { household, ready, transaction } => {
                digest.write_u64(u64::from(household.0));
                digest.write_i64(ready.micro());
                digest.write_bytes(&transaction.id().0.0);
            }
            Self::GridReading { household, measured } => {
                digest.write_u64(u64::from(household.0));
                digest.write_i64(measured.micro());
            }
            Self::Contest { household, contract, claimed, measured, .. } => {
                digest.write_u64(u64::from(household.0));
                digest.write_u64(contract.0);
                digest.write_i64(claimed.micro());
                digest.write_i64(measured.micro());
            }
            Self::Delivered(delivery) => {
                digest.write_i64(delivery.sold.micro());
                digest.write_i64(delivery.bought.micro());
                digest.write_i64(delivery.income.micro());
                digest.write_i64(delivery.spend.micro());
            }
            Self::Purchase { energy, amount } | Self::UpstreamPayment { energy, amount } => {
                digest.write_i64(energy.micro());
                digest.write_i64(amount.micro());
            }
            Self::WheelingFees(amount) => digest.write_i64(amount.micro()),
            Self::StorageUse { deposit, withdrawal, fee, .. } => {
                digest.write_i64(deposit.micro());
                digest.write_i64(withdrawal.micro());
                digest.write_i64(fee.micro());
            }
            Self::Tariff { price, .. } => digest.write_i64(price.micro()),
            Self::WithdrawalRequest { energy, .. }
            | Self::WithdrawalGrant { energy }
            | Self::StandingLoss { energy }
            | Self::Nomination(energy)
            | Self::Room(energy) => digest.write_i64(energy.micro()),
            Self::Schedule(schedule) => {
                digest.write_u64(u64::from(schedule.period.0));
                digest.write_i64(schedule.energy.micro());
                for &(household, energy) in schedule.sold.iter().chain(&schedule.anyway) {
                    digest.write_u64(u64::from(household.0));
                    digest.write_i64(energy.micro());
                }
            }
            Self::GridUse { household, drawn, sold } => {
                digest.write_u64(u64::from(household.0));
                digest.write_i64(drawn.micro());
                digest.write_i64(sold.micro());
            }
            Self::Order(order) => match &**order {
                Order::Offer(offer) => {
                    digest.write_i64(offer.energy.micro());
                    digest.write_i64(offer.reserve_price().micro());
                }
                Order::Bid(bid) => {
                    digest.write_i64(bid.energy.micro());
                    digest.write_i64(bid.flexible.micro());
                }
            },
            Self::Verdict(Verdict::Curtailed { allowed, .. }) => digest.write_i64(allowed.micro()),
            Self::Award(award) => {
                for terms in award.sold.iter().chain(&award.bought) {
                    digest.write_u64(terms.id.0);
                    digest.write_i64(terms.energy.micro());
                    digest.write_i64(terms.seller_price.micro());
                }
                digest.write_i64(award.stored.micro());
                digest.write_i64(award.moved.micro());
            }
            Self::Flexibility(offer) => {
                for block in offer.up.iter().chain(&offer.down) {
                    digest.write_i64(block.energy.micro());
                    digest.write_i64(block.price.micro());
                }
            }
            Self::Dispatch(dispatch) => {
                for block in dispatch.up.iter().chain(&dispatch.down) {
                    digest.write_i64(block.energy.micro());
                    digest.write_i64(block.price.micro());
                }
                digest.write_i64(dispatch.availability.micro());
            }
            Self::FleetRequest(energy)
            | Self::Commitment { accepted: energy, .. }
            | Self::FleetMeter { delivered: energy, .. } => {
                digest.write_i64(energy.up.micro());
                digest.write_i64(energy.down.micro());
            }
            Self::Transaction(transaction) | Self::Replay(transaction) => {
                digest.write_bytes(&transaction.id().0.0);
            }
            Self::Committed { committed, .. } => digest.write_bytes(&committed.block.hash().0),
            Self::Tick(period)
            | Self::Close(period)
            | Self::Settle(period)
            | Self::CloseBooks(period)
            | Self::CheckBooks(period)
            | Self::AskTariff(period)
            | Self::GateClosure(period)
            | Self::CallFleet(period)
            | Self::AskRequest(period)
            | Self::Submit(period) => digest.write_u64(u64::from(period.0)),
            // Their kind, sender, receiver and time say all that is not in a message already counted.
            Self::Start
            | Self::Leave
            | Self::Return
            | Self::Open(_)
            | Self::AskRoom
            | Self::Verdict(Verdict::Approved | Verdict::Refused { .. })
            | Self::Cleared { .. }
            | Self::Contracts(_)
            | Self::Transactions(_)
            | Self::Consensus { .. }
            | Self::Timeout(_)
            | Self::Credits(_)
            | Self::Suspended(_)
            | Self::AskFlexibility
            | Self::GrantWithdrawals => {}
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_message_is_small() {
        assert!(size_of::<Message>() <= 40, "{} bytes", size_of::<Message>());
    }
}
