//! The state grid: supplier, carrier of users' trades (25), and guardian of the feeder's limit.

pub mod feeder;
pub mod power_flow;

use std::sync::Arc;

use goshawk_engine::{Actor, Context, Fault};
use goshawk_ledger::Operation;
use goshawk_market::quantity::{Energy, Money, Power};
use goshawk_market::tariff::Tariff;

use crate::commons::{Commons, Signatory};
use crate::journal::Operator;
use crate::message::{CommunityModel, Message, Supplier, Verdict, phase};
use crate::unexpected;

/// Sells energy, carries trades for a fee, and checks that they fit the feeder.
#[derive(Debug)]
pub struct Grid {
    commons: Arc<Commons>,
    tariff: Tariff,
    limit: Power,
    signatory: Signatory,
    sold: Energy,
    revenue: Money,
}

impl Grid {
    /// A grid that sells at `tariff` and carries users' trades up to `limit`.
    pub fn new(commons: Arc<Commons>, tariff: Tariff, limit: Power, signatory: Signatory) -> Self {
        Self { commons, tariff, limit, signatory, sold: Energy::ZERO, revenue: Money::ZERO }
    }

    /// The security check: all trades of a period together must stay within the feeder's limit.
    fn check(&self, energy: Energy) -> Verdict {
        let allowed = self.limit.over_micros(self.commons.calendar.period().micros());
        if energy <= allowed {
            return Verdict::Approved;
        }
        let reason = format!("feeder limit of {} kW allows {allowed} of {energy} kWh", self.limit);
        Verdict::Curtailed { allowed, reason }
    }
}

impl Actor<CommunityModel> for Grid {
    fn handle(&mut self, message: Message, context: &mut Context<'_, CommunityModel>) -> Result<(), Fault> {
        let directory = &self.commons.directory;
        match message {
            Message::AskTariff(period) => {
                let price = self.tariff.price_at(&self.commons.calendar.moment(period).local);
                context.send(directory.market, Message::Tariff { supplier: Supplier::Grid, price });
            }
            Message::Schedule { energy } => {
                context.send(directory.market, Message::Verdict(self.check(energy)));
            }
            Message::Cleared { period, contracts } => {
                let check = Operation::Check { period: period.0, approved: contracts, rejected: Vec::new() };
                let transaction = self.signatory.sign(check);
                context.send_in(directory.platform, phase::CONTRACT, Message::Transaction(transaction));
            }
            Message::Purchase { energy, amount } => {
                self.sold += energy;
                self.revenue += amount;
            }
            Message::WheelingFees(amount) => self.revenue += amount,
            Message::CloseBooks(_) => {
                let energy = std::mem::take(&mut self.sold);
                let revenue = std::mem::take(&mut self.revenue);
                context.sink().operator(Operator::Grid, revenue, Money::ZERO, energy);
            }
            other => return Err(unexpected(&other)),
        }
        Ok(())
    }
}
