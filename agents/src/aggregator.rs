//! The aggregator, the paper's outlook: the plugged-in fleet as one storage station that answers the grid.
//!
//! When the market has cleared a period, members say what they could still give and take in it ([`Flexibility`]).
//! The grid states a request; the aggregator accepts what the offers cover, calls members by a rule ([`dispatch`]),
//! and settles by the meters when the period has ended ([`terms`]).

pub mod dispatch;
pub mod request_series;
pub mod terms;

use std::sync::Arc;

use goshawk_engine::{Actor, Context, Fault};
use goshawk_market::order::HouseholdId;
use goshawk_market::quantity::{Energy, Money};

use crate::calendar::PeriodIndex;
use crate::commons::Commons;
use crate::household::decision::SMALLEST_ORDER;
use crate::journal::{FleetBooks, Operator};
use crate::message::{CommunityModel, Message, phase};
use crate::saved::{saved, saved_actor};
use crate::unexpected;
use dispatch::{Block, Direction, Dispatch, Flexibility};
use terms::{FleetTerms, UpDown};

/// The operator of the fleet.
#[derive(Debug)]
pub struct Aggregator {
    commons: Arc<Commons>,
    terms: FleetTerms,
    /// What members can do in the period under way, those that can do something, by number.
    offers: Vec<Flexibility>,
    /// What each of them is called for.
    dispatches: Vec<Dispatch>,
    request: UpDown,
    accepted: UpDown,
    ready: Energy,
    delivered: UpDown,
    paid_to_members: Money,
    paid_by_members: Money,
}

/// A member that says it delivered without having been called.
#[derive(Debug, thiserror::Error)]
#[error("household {} delivered to the aggregator without having been called", .0.0)]
struct NeverCalled(HouseholdId);

impl Aggregator {
    /// An aggregator with these terms.
    pub fn new(commons: Arc<Commons>, terms: FleetTerms) -> Self {
        Self {
            commons,
            terms,
            offers: Vec::new(),
            dispatches: Vec::new(),
            request: UpDown::default(),
            accepted: UpDown::default(),
            ready: Energy::ZERO,
            delivered: UpDown::default(),
            paid_to_members: Money::ZERO,
            paid_by_members: Money::ZERO,
        }
    }

    /// Everybody is asked what it means to buy outside; members also what they can do. The grid answers when all have.
    fn call(&self, period: PeriodIndex, context: &mut Context<'_, CommunityModel>) {
        let directory = &self.commons.directory;
        for &household in &directory.households {
            context.send(household, Message::AskFlexibility);
        }
        context.send_in(directory.grid, phase::SUBMIT, Message::AskRequest(period));
    }

    /// The grid has stated its request: accept what the offers cover, and call members.
    fn answer(&mut self, request: UpDown, context: &mut Context<'_, CommunityModel>) {
        let (terms, directory) = (&self.terms, &self.commons.directory);
        let offered = self.offered();
        self.request = request;
        self.accepted = UpDown { up: request.up.min(offered.up), down: request.down.min(offered.down) };
        self.ready = terms.ready(offered, self.commons.calendar.period().micros());
        let up = terms.rule.call(&self.offers, Direction::Up, self.accepted.up);
        let down = terms.rule.call(&self.offers, Direction::Down, self.accepted.down);
        let totals: Vec<UpDown> = self.offers.iter().map(Flexibility::total).collect();
        let weights: Vec<i64> = totals
            .iter()
            .map(|offer| match terms.product {
                terms::Product::Up => offer.up.micro(),
                terms::Product::Both => (offer.up + offer.down).micro(),
            })
            .collect();
        let availability = terms.deal_availability(terms.availability_price * self.ready, &weights);
        self.dispatches.clear();
        for (member, offer) in self.offers.iter().enumerate() {
            let block = |energy, price| Block { energy, price };
            let dispatch = Dispatch {
                up: [0, 1].map(|at| block(up[member][at], terms.member_up_price(offer.up[at].price))),
                down: [0, 1].map(|at| block(down[member][at], terms.member_down_price(offer.down[at].price))),
                availability: availability[member],
            };
            self.dispatches.push(dispatch);
            self.paid_to_members += dispatch.availability;
            if dispatch.total() != UpDown::default() || dispatch.availability.is_positive() {
                let household = directory.households[offer.household.0 as usize];
                context.send(household, Message::Dispatch(Box::new(dispatch)));
            }
        }
        let commitment = Message::Commitment { ready: self.ready, accepted: self.accepted };
        context.send(directory.grid, commitment);
    }

    fn offered(&self) -> UpDown {
        let mut offered = UpDown::default();
        for offer in &self.offers {
            let UpDown { up, down } = offer.total();
            offered.up += up;
            offered.down += down;
        }
        offered
    }

    /// A member's meter.
    fn meter(&mut self, household: HouseholdId, delivered: UpDown) -> Result<(), Fault> {
        let member = self.offers.binary_search_by_key(&household, |offer| offer.household);
        let dispatch = member.ok().and_then(|member| self.dispatches.get(member));
        let Some(dispatch) = dispatch else { return Err(Box::new(NeverCalled(household))) };
        let (income, spend) = dispatch.settle(delivered);
        // What is paid for being ready was counted when it was promised.
        self.paid_to_members += income - dispatch.availability;
        self.paid_by_members += spend;
        self.delivered.up += delivered.up;
        self.delivered.down += delivered.down;
        Ok(())
    }

    fn close_books(&mut self, context: &mut Context<'_, CommunityModel>) {
        let delivered = std::mem::take(&mut self.delivered);
        let settlement = self.terms.settle(self.ready, self.accepted, delivered);
        let books = FleetBooks {
            request: self.request,
            offered: self.offered(),
            accepted: self.accepted,
            delivered,
            ready: self.ready,
            members: self.offers.len() as u32,
            settlement,
            paid_to_members: std::mem::take(&mut self.paid_to_members),
            paid_by_members: std::mem::take(&mut self.paid_by_members),
        };
        if settlement.shortfall >= SMALLEST_ORDER {
            let all = self.accepted.up + self.accepted.down;
            let detail = format!("{} of {all} kWh were accepted and not delivered", settlement.shortfall);
            let (at, name) = (context.now(), context.name().to_owned());
            context.sink().event(at, &name, "fleet_shortfall", detail);
        }
        let energy = delivered.up + delivered.down;
        context.sink().operator(Operator::Aggregator, books.revenue(), books.cost(), energy);
        context.sink().fleet(&books);
        self.offers.clear();
        self.dispatches.clear();
    }
}

saved!(Aggregator { offers, dispatches, request, accepted, ready, delivered, paid_to_members, paid_by_members } parts {} built again { commons, terms });

impl Actor<CommunityModel> for Aggregator {
    fn handle(&mut self, message: Message, context: &mut Context<'_, CommunityModel>) -> Result<(), Fault> {
        match message {
            Message::CallFleet(period) => self.call(period, context),
            Message::Flexibility(offer) => {
                let offer = offer.worth_calling(&self.terms);
                if offer.total() != UpDown::default() {
                    self.offers.push(offer);
                }
            }
            Message::FleetRequest(request) => self.answer(request, context),
            Message::FleetMeter { household, delivered } => self.meter(household, delivered)?,
            Message::CloseBooks(_) => self.close_books(context),
            other => return Err(unexpected(&other)),
        }
        Ok(())
    }

    saved_actor!();
}
