//! The shared storage operator: leases room in a large battery, (27) to (31).
//!
//! Users keep title to what they store: every stored kWh belongs to somebody, and the titles with the operator's
//! own minimum content sum to the content exactly.

use std::sync::Arc;

use goshawk_engine::{Actor, Context, Fault};
use goshawk_market::quantity::{Energy, Money, Power, Price};

use crate::commons::Commons;
use crate::journal::{Operator, StorageBooks};
use crate::message::{CommunityModel, Message, phase};
use crate::unexpected;

/// What the store can do and what it costs its operator.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct StorageSpec {
    /// E_max of (30).
    pub content_max: Energy,
    /// E_min of (30), which the operator owns.
    pub content_min: Energy,
    /// P_c_max of (31), at the meter.
    pub charge_power: Power,
    /// P_d_max of (31), at the meter.
    pub discharge_power: Power,
    /// lambda_c of (28): cost per kWh put in.
    pub charge_cost: Price,
    /// lambda_d of (28): cost per kWh taken out.
    pub discharge_cost: Price,
}

/// The operator of the shared store.
#[derive(Debug)]
pub struct Storage {
    commons: Arc<Commons>,
    spec: StorageSpec,
    content: Energy,
    titles: Vec<Energy>,
    /// Withdrawals promised for the period, at the meter.
    granted: Energy,
    charged: Energy,
    discharged: Energy,
    income: Money,
    losses: Energy,
}

/// A broken promise of the store.
#[derive(Debug, thiserror::Error)]
#[error("the store would hold {content} kWh, outside {min} to {max} kWh, equation (30)")]
struct ContentOutOfRange {
    content: Energy,
    min: Energy,
    max: Energy,
}

impl Storage {
    /// A store that holds its minimum content, with `households` lessees.
    pub fn new(commons: Arc<Commons>, spec: StorageSpec, households: usize) -> Self {
        Self {
            commons,
            spec,
            content: spec.content_min,
            titles: vec![Energy::ZERO; households],
            granted: Energy::ZERO,
            charged: Energy::ZERO,
            discharged: Energy::ZERO,
            income: Money::ZERO,
            losses: Energy::ZERO,
        }
    }

    fn over_period(&self, power: Power) -> Energy {
        power.over_micros(self.commons.calendar.period().micros())
    }

    /// Most that can be put in during a period: the power limit and the room.
    fn room(&self) -> Energy {
        let room = (self.spec.content_max - self.content).or_zero();
        if self.commons.lease.offered {
            self.over_period(self.spec.charge_power).min(room)
        } else {
            Energy::ZERO
        }
    }

    fn grant(&mut self, household: usize, wanted: Energy) -> Energy {
        let power_left = self.over_period(self.spec.discharge_power) - self.granted;
        let granted =
            wanted.min(self.commons.lease.withdrawable(self.titles[household])).min(power_left).or_zero();
        self.granted += granted;
        granted
    }

    fn use_by(&mut self, household: usize, deposit: Energy, withdrawal: Energy) -> Result<(), Fault> {
        let gained = self.commons.lease.content_of_deposit(deposit);
        let used = if withdrawal.is_zero() {
            Energy::ZERO
        } else {
            self.commons.lease.content_for_withdrawal(withdrawal)
        };
        self.titles[household] = self.titles[household] + gained - used;
        self.content = self.content + gained - used;
        self.charged += deposit;
        self.discharged += withdrawal;
        self.losses = self.losses + (deposit - gained) + (used - withdrawal);
        let (min, max) = (self.spec.content_min, self.spec.content_max);
        if self.titles[household].is_negative() || self.content < min || self.content > max {
            return Err(Box::new(ContentOutOfRange { content: self.content, min, max }));
        }
        Ok(())
    }

    fn close_books(&mut self) -> StorageBooks {
        self.granted = Energy::ZERO;
        let charge = std::mem::take(&mut self.charged);
        let discharge = std::mem::take(&mut self.discharged);
        StorageBooks {
            content: self.content,
            charge,
            discharge,
            losses: std::mem::take(&mut self.losses),
            income: std::mem::take(&mut self.income),
            cost: self.spec.charge_cost * charge + self.spec.discharge_cost * discharge,
        }
    }
}

impl Actor<CommunityModel> for Storage {
    fn handle(&mut self, message: Message, context: &mut Context<'_, CommunityModel>) -> Result<(), Fault> {
        match message {
            Message::WithdrawalRequest { household, energy } => {
                let energy = self.grant(household.0 as usize, energy);
                let asker = self.commons.directory.households[household.0 as usize];
                context.send_in(asker, phase::ORDER, Message::WithdrawalGrant { energy });
            }
            Message::AskRoom => {
                context.send(self.commons.directory.market, Message::Room(self.room()));
            }
            Message::StorageUse { household, deposit, withdrawal, fee } => {
                self.use_by(household.0 as usize, deposit, withdrawal)?;
                self.income += fee;
            }
            Message::CloseBooks(_) => {
                let books = self.close_books();
                let energy = books.charge + books.discharge;
                context.sink().operator(Operator::Storage, books.income, books.cost, energy);
                context.sink().storage(&books);
                let payment = Message::UpstreamPayment { energy: Energy::ZERO, amount: books.cost };
                context.send(self.commons.directory.upstream, payment);
            }
            other => return Err(unexpected(&other)),
        }
        Ok(())
    }
}
