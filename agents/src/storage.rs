//! The shared storage operator: leases room in a large battery, (27) to (31).
//!
//! Users keep title to what they store: every stored kWh belongs to somebody, and the titles with the operator's
//! own minimum content sum to the content exactly ([`titles`]). When owners ask for more than the power gives, a rule
//! shares it ([`withdrawals`]); what time takes is taken from all titles alike.

use std::sync::Arc;

use goshawk_engine::{Actor, Context, Fault};
use goshawk_market::order::HouseholdId;
use goshawk_market::quantity::{Energy, Money, Power, Price};

use crate::commons::Commons;
use crate::household::decision::SMALLEST_ORDER;
use crate::journal::{Operator, StorageBooks};
use crate::message::{CommunityModel, Message, phase};
use crate::saved::{saved, saved_actor};
use crate::unexpected;

pub mod titles;
pub mod withdrawals;

use titles::Titles;
pub use withdrawals::Scarcity;

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
    /// Share of what households own that is lost in a day, in [0, 1).
    pub self_discharge_per_day: f64,
    /// Who gets energy back when the power is too small for all.
    pub scarcity: Scarcity,
}

/// The operator of the shared store.
#[derive(Debug)]
pub struct Storage {
    commons: Arc<Commons>,
    spec: StorageSpec,
    titles: Titles,
    /// What a period takes of what households own.
    leak: f64,
    /// Who asks for energy in this period, and how much, at the meter.
    requests: Vec<(HouseholdId, Energy)>,
    is_full: bool,
    charged: Energy,
    discharged: Energy,
    income: Money,
    losses: Energy,
}

/// Another broken promise of the store.
#[derive(Debug, thiserror::Error)]
#[error("{residual} kWh in the store belong to nobody")]
struct WithoutTitle {
    residual: Energy,
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
        let days = commons.calendar.period_hours() / 24.0;
        Self {
            commons,
            spec,
            titles: Titles::new(spec.content_min, households),
            leak: 1.0 - libm::pow(1.0 - spec.self_discharge_per_day, days),
            requests: Vec::new(),
            is_full: false,
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
        let room = (self.spec.content_max - self.titles.content()).or_zero();
        if self.commons.lease.offered {
            self.over_period(self.spec.charge_power).min(room)
        } else {
            Energy::ZERO
        }
    }

    /// A household asks for energy. The first to ask has all requests of the period dealt with, once they are in.
    fn request(&mut self, household: HouseholdId, wanted: Energy, context: &mut Context<'_, CommunityModel>) {
        if self.requests.is_empty() {
            // Sent in the phase in which the period opens, behind every request that opening it brings about.
            context.send(context.me(), Message::GrantWithdrawals);
        }
        let owned = self.commons.lease.withdrawable(self.titles.of(household.0 as usize));
        self.requests.push((household, wanted.min(owned).or_zero()));
    }

    fn grant_all(&mut self, context: &mut Context<'_, CommunityModel>) {
        let power = self.over_period(self.spec.discharge_power);
        let wanted: Vec<Energy> = self.requests.iter().map(|&(_, wanted)| wanted).collect();
        let granted = self.spec.scarcity.grant(&wanted, power);
        for (&(household, _), &energy) in self.requests.iter().zip(&granted) {
            let asker = self.commons.directory.households[household.0 as usize];
            context.send_in(asker, phase::ORDER, Message::WithdrawalGrant { energy });
        }
        self.requests.clear();
        let wanted: Energy = wanted.into_iter().sum();
        if wanted > power {
            let detail = format!("{wanted} kWh wanted back, {power} kWh given, which is the power limit");
            let (at, name) = (context.now(), context.name().to_owned());
            context.sink().event(at, &name, "storage_constrained", detail);
        }
    }

    fn use_by(&mut self, household: usize, deposit: Energy, withdrawal: Energy) -> Result<(), Fault> {
        let lease = &self.commons.lease;
        self.losses += self.titles.deposit(household, deposit, lease);
        self.losses += self.titles.withdraw(household, withdrawal, lease)?;
        self.charged += deposit;
        self.discharged += withdrawal;
        let (content, min, max) = (self.titles.content(), self.spec.content_min, self.spec.content_max);
        if content < min || content > max {
            return Err(Box::new(ContentOutOfRange { content, min, max }));
        }
        Ok(())
    }

    /// What the period took of what households own; they are told.
    fn leak(&mut self, context: &mut Context<'_, CommunityModel>) {
        if self.leak == 0.0 {
            return;
        }
        for (household, energy) in self.titles.leak(self.leak) {
            self.losses += energy;
            let owner = self.commons.directory.households[household];
            context.send_in(owner, phase::PUBLISH, Message::StandingLoss { energy });
        }
    }

    /// Says so when the store has become full.
    fn watch_room(&mut self, context: &mut Context<'_, CommunityModel>) {
        let room = self.spec.content_max - self.titles.content();
        let is_full = self.commons.lease.offered && room < SMALLEST_ORDER;
        if is_full && !self.is_full {
            let detail = format!("full with {} kWh: nothing more can be put in", self.titles.content());
            let (at, name) = (context.now(), context.name().to_owned());
            context.sink().event(at, &name, "storage_full", detail);
        }
        self.is_full = is_full;
    }

    fn close_books(&mut self) -> Result<StorageBooks, WithoutTitle> {
        let residual = self.titles.residual();
        if !residual.is_zero() {
            return Err(WithoutTitle { residual });
        }
        let charge = std::mem::take(&mut self.charged);
        let discharge = std::mem::take(&mut self.discharged);
        Ok(StorageBooks {
            content: self.titles.content(),
            charge,
            discharge,
            losses: std::mem::take(&mut self.losses),
            income: std::mem::take(&mut self.income),
            cost: self.spec.charge_cost * charge + self.spec.discharge_cost * discharge,
        })
    }
}

saved!(Storage { titles, requests, is_full, charged, discharged, income, losses } parts {} built again { commons, spec, leak });

impl Actor<CommunityModel> for Storage {
    fn handle(&mut self, message: Message, context: &mut Context<'_, CommunityModel>) -> Result<(), Fault> {
        match message {
            Message::WithdrawalRequest { household, energy } => {
                self.request(household, energy, context);
            }
            Message::GrantWithdrawals => self.grant_all(context),
            Message::AskRoom => {
                context.send(self.commons.directory.market, Message::Room(self.room()));
            }
            Message::StorageUse { household, deposit, withdrawal, fee } => {
                self.use_by(household.0 as usize, deposit, withdrawal)?;
                self.income += fee;
            }
            Message::CloseBooks(_) => {
                self.leak(context);
                self.watch_room(context);
                let books = self.close_books()?;
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

    saved_actor!();
}
