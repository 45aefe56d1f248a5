//! The state grid: supplier, carrier of users' trades (25), and guardian of what the lines can carry.

mod disputes;
pub mod feeder;
pub mod fleet_desk;
pub mod operation;
pub mod placement;
pub mod power_flow;
pub mod security;

use std::sync::Arc;

use goshawk_engine::{Actor, Context, Fault};
use goshawk_ledger::Operation;
use goshawk_market::quantity::{Energy, Money, Power};

use crate::calendar::PeriodIndex;
use crate::commons::{Commons, Signatory, share_down};
use crate::journal::Operator;
use crate::message::{CommunityModel, Message, Schedule, Supplier, Verdict, phase};
use crate::pricing::PriceSeries;
use crate::saved::{saved, saved_actor};
use crate::unexpected;
use disputes::ContestedReading;
use fleet_desk::FleetDesk;
use operation::FeederOperation;
use power_flow::PowerFlowError;
use security::Outcome;

/// Sells energy, carries trades for a fee, and checks that they fit the feeder.
#[derive(Debug)]
pub struct Grid {
    commons: Arc<Commons>,
    prices: PriceSeries,
    limit: Power,
    operation: Option<FeederOperation>,
    fleet: Option<FleetDesk>,
    signatory: Signatory,
    sold: Energy,
    revenue: Money,
}

/// A feeder that could not have carried what flowed over it.
#[derive(Debug, thiserror::Error)]
#[error(
    "day {day}, period {period}: the feeder cannot carry what flowed: {reason}; it takes stronger lines, a higher \
     source_voltage_pu, less base load, or fewer households"
)]
struct Blackout {
    day: u16,
    period: u16,
    reason: PowerFlowError,
}

impl Grid {
    /// A grid that sells at `prices` and carries users' trades up to `limit`, and as far as its feeder can, if it
    /// operates one. With a `fleet` desk it calls an aggregator.
    pub fn new(
        commons: Arc<Commons>,
        prices: PriceSeries,
        limit: Power,
        operation: Option<FeederOperation>,
        fleet: Option<FleetDesk>,
        signatory: Signatory,
    ) -> Self {
        Self { commons, prices, limit, operation, fleet, signatory, sold: Energy::ZERO, revenue: Money::ZERO }
    }

    /// The security check: all trades of a period together must stay within the limit, and the feeder must carry them.
    fn check(&mut self, schedule: &Schedule) -> Verdict {
        let energy = schedule.energy;
        let limit = self.limit.over_micros(self.commons.calendar.period().micros());
        let by_feeder = self.check_feeder(schedule);
        if energy <= limit || matches!(&by_feeder, Some((allowed, _)) if *allowed <= limit) {
            return match by_feeder {
                None => Verdict::Approved,
                Some((allowed, reason)) if allowed.is_positive() => Verdict::Curtailed { allowed, reason },
                Some((_, reason)) => Verdict::Refused { reason },
            };
        }
        let reason = format!("feeder limit of {} kW allows {limit} of {energy} kWh", self.limit);
        Verdict::Curtailed { allowed: limit, reason }
    }

    /// What the feeder allows of a schedule, and why; `None` where it carries it all.
    fn check_feeder(&mut self, schedule: &Schedule) -> Option<(Energy, String)> {
        let local = self.commons.calendar.moment(schedule.period).local;
        let energy = schedule.energy;
        match self.operation.as_mut()?.secure(schedule, &local) {
            Outcome::Approved => None,
            Outcome::Curtailed { share, binding } => {
                let allowed = share_down(energy, share);
                Some((allowed, format!("{binding} allows {allowed} of {energy} kWh")))
            }
            Outcome::Refused { binding } => {
                Some((Energy::ZERO, format!("{binding} allows none of {energy} kWh")))
            }
        }
    }

    fn desk(&mut self) -> &mut FleetDesk {
        self.fleet.as_mut().expect("invariant: only with an aggregator are there messages about the fleet")
    }

    /// Writes the books of a period, and pays for what was lost in it.
    fn close_books(
        &mut self,
        period: PeriodIndex,
        context: &mut Context<'_, CommunityModel>,
    ) -> Result<(), Fault> {
        let mut energy = std::mem::take(&mut self.sold);
        let mut revenue = std::mem::take(&mut self.revenue);
        let moment = self.commons.calendar.moment(period);
        let mut cost = Money::ZERO;
        if let Some(operation) = &mut self.operation {
            let (day, number) = (moment.day, moment.period_of_day);
            let books = operation
                .close(&moment.local)
                .map_err(|reason| Box::new(Blackout { day, period: number, reason }))?;
            cost += books.loss_cost();
            let payment = Message::UpstreamPayment { energy: books.losses, amount: books.loss_cost() };
            context.send_in(self.commons.directory.upstream, phase::CLOSE_BOOKS, payment);
            context.sink().feeder(&books);
        }
        if let Some((settlement, metered)) = self.fleet.as_mut().map(FleetDesk::close) {
            energy += metered.down;
            revenue += settlement.down_amount + settlement.penalty;
            cost += settlement.up_amount + settlement.availability;
        }
        context.sink().operator(Operator::Grid, revenue, cost, energy);
        Ok(())
    }
}

saved!(Grid { sold, revenue } parts { operation, fleet, signatory } built again { commons, prices, limit });

impl Actor<CommunityModel> for Grid {
    fn handle(&mut self, message: Message, context: &mut Context<'_, CommunityModel>) -> Result<(), Fault> {
        let directory = &self.commons.directory;
        match message {
            Message::AskTariff(period) => {
                let price = self.prices.at(period);
                context.send(directory.market, Message::Tariff { supplier: Supplier::Grid, price });
            }
            Message::Schedule(schedule) => {
                let market = directory.market;
                let verdict = self.check(&schedule);
                context.send(market, Message::Verdict(verdict));
            }
            Message::GridUse { household, drawn, sold } => {
                if let Some(operation) = &mut self.operation {
                    operation.meter(household, drawn, sold);
                }
            }
            Message::Cleared { period, contracts } => {
                let check = Operation::Check {
                    period: period.0,
                    approved: contracts,
                    rejected: Vec::new(),
                    loads: self.operation.as_ref().map_or_else(Vec::new, FeederOperation::loads),
                };
                let transaction = self.signatory.sign(check, context.now());
                context.send_in(directory.platform, phase::CONTRACT, Message::Transaction(transaction));
            }
            Message::Contest { household, period, contract, claimed, measured } => {
                let reading = ContestedReading { household, period, claimed, measured };
                self.contest(contract, &reading, context);
            }
            Message::Purchase { energy, amount } => {
                self.sold += energy;
                self.revenue += amount;
            }
            Message::WheelingFees(amount) => self.revenue += amount,
            Message::Nomination(energy) => self.desk().nominate(energy),
            Message::AskRequest(period) => {
                let calendar = Arc::clone(&self.commons.calendar);
                let request = self.desk().request(period, &calendar);
                let aggregator = self.commons.directory.aggregator;
                let aggregator = aggregator.expect("invariant: the aggregator asks");
                context.send(aggregator, Message::FleetRequest(request));
            }
            Message::Commitment { ready, accepted } => self.desk().commit(ready, accepted),
            Message::FleetMeter { delivered, .. } => self.desk().meter(delivered),
            Message::CloseBooks(period) => self.close_books(period, context)?,
            other => return Err(unexpected(&other)),
        }
        Ok(())
    }

    saved_actor!();
}
