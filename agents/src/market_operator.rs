//! The market operator: keeps the clock of the periods, collects orders, clears, and deals awards out.

use std::collections::BTreeMap;
use std::sync::Arc;

use goshawk_engine::{Actor, Context, Fault, Loading, Saving, Streams};
use goshawk_ledger::{AccountId, ContractId, ContractTerms, DeviceId, Lot};
use goshawk_market::dealing::{Awards, curtail};
use goshawk_market::mechanism::{Clearing, EQUAL_WEIGHTS, Mechanism, Yardstick};
use goshawk_market::order::{Bid, Credit, HouseholdId, Offer, Order, Terms};
use goshawk_market::problem::PeriodProblem;
use goshawk_market::quantity::{Energy, Price};

use crate::calendar::PeriodIndex;
use crate::commons::{Commons, price_share};
use crate::journal::{Clearance, WithoutTrade};
use crate::message::{Award, CommunityModel, Message, Opening, Schedule, Supplier, Verdict, phase};
use crate::price_board::PriceBoard;
use crate::saved::{Saved, saved_actor};
use crate::unexpected;

/// Contracts of one period; their numbers are the period's times this plus their place, counted from 1.
const CONTRACTS_PER_PERIOD: u64 = 1 << 24;

/// The market operator.
pub struct MarketOperator {
    commons: Arc<Commons>,
    mechanism: Box<dyn Mechanism>,
    streams: Streams,
    /// Every how many periods the convergence of a clearing is written down; 0 is never.
    convergence_every: u32,
    credits: Vec<Credit>,
    /// The first period in which each household may trade.
    may_trade_from: Vec<PeriodIndex>,
    /// What suspended households bid for in this period, which they draw from outside.
    left_out: Vec<(HouseholdId, Energy)>,
    grid_price: Option<Price>,
    company_price: Option<Price>,
    opening: Option<Arc<Opening>>,
    board: Arc<PriceBoard>,
    offers: Vec<Offer>,
    bids: Vec<Bid>,
    cleared: Option<(PeriodProblem, Clearing)>,
}

impl std::fmt::Debug for MarketOperator {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("MarketOperator").field("mechanism", &self.mechanism.name()).finish_non_exhaustive()
    }
}

impl MarketOperator {
    /// A market cleared by `mechanism`, with the credit that newcomers have.
    pub fn new(
        commons: Arc<Commons>,
        mechanism: Box<dyn Mechanism>,
        streams: Streams,
        convergence_every: u32,
        newcomer: Credit,
    ) -> Self {
        let households = commons.directory.households.len();
        let board = PriceBoard::new(commons.rules.learning_rate, commons.calendar.periods_per_day());
        Self {
            commons,
            mechanism,
            streams,
            convergence_every,
            credits: vec![newcomer; households],
            may_trade_from: vec![PeriodIndex(0); households],
            left_out: Vec::new(),
            grid_price: None,
            company_price: None,
            opening: None,
            board: Arc::new(board),
            offers: Vec::new(),
            bids: Vec::new(),
            cleared: None,
        }
    }

    /// One instant: the last period ends, the next one opens.
    fn tick(&mut self, period: PeriodIndex, context: &mut Context<'_, CommunityModel>) {
        let directory = &self.commons.directory;
        let (me, periods) = (context.me(), self.commons.calendar.periods());
        if let Some(ended) = period.0.checked_sub(1).map(PeriodIndex) {
            for &household in &directory.households {
                context.send_in(household, phase::METER, Message::Close(ended));
            }
            context.send_in(directory.platform, phase::ALLOCATE, Message::Settle(ended));
            for operator in [directory.grid, directory.company, directory.storage, directory.platform] {
                context.send_in(operator, phase::CLOSE_BOOKS, Message::CloseBooks(ended));
            }
            if let Some(aggregator) = directory.aggregator {
                context.send_in(aggregator, phase::CLOSE_BOOKS, Message::CloseBooks(ended));
            }
            context.send_in(directory.upstream, phase::PUBLISH, Message::CloseBooks(ended));
            context.send_in(me, phase::PUBLISH, Message::CheckBooks(ended));
        }
        if period.0 < periods {
            context.send_in(directory.grid, phase::PUBLISH, Message::AskTariff(period));
            context.send_in(directory.company, phase::PUBLISH, Message::AskTariff(period));
            context.send_in(me, phase::GATE, Message::GateClosure(period));
            if let Some(aggregator) = directory.aggregator {
                context.send_in(aggregator, phase::CONTRACT, Message::CallFleet(period));
            }
            let next = PeriodIndex(period.0 + 1);
            let start = self.commons.calendar.start_of(next);
            context.send_at(me, start, phase::METER, Message::Tick(next));
        }
        context.send_in(directory.platform, phase::SUBMIT, Message::Submit(period));
    }

    fn tariff(
        &mut self,
        period: PeriodIndex,
        supplier: Supplier,
        price: Price,
        context: &mut Context<'_, CommunityModel>,
    ) {
        match supplier {
            Supplier::Grid => self.grid_price = Some(price),
            Supplier::Company => self.company_price = Some(price),
        }
        let (Some(grid_price), Some(company_price)) = (self.grid_price, self.company_price) else { return };
        (self.grid_price, self.company_price) = (None, None);
        let moment = *self.commons.calendar.moment(period);
        let opening =
            Arc::new(Opening { period, moment, grid_price, company_price, board: Arc::clone(&self.board) });
        for &household in &self.commons.directory.households {
            context.send_in(household, phase::OPEN, Message::Open(Arc::clone(&opening)));
        }
        self.opening = Some(opening);
    }

    /// Takes an order, unless its household is suspended: it then fares as if it had won nothing.
    fn order(&mut self, order: Order, context: &mut Context<'_, CommunityModel>) {
        let household = match &order {
            Order::Offer(offer) => offer.household,
            Order::Bid(bid) => bid.household,
        };
        if self.opening().period < self.may_trade_from[household.0 as usize] {
            context.sink().order_left_out();
            if let Order::Bid(bid) = order {
                self.left_out.push((bid.household, bid.energy));
            }
            return;
        }
        let credit = |household: HouseholdId| self.credits[household.0 as usize];
        match order {
            Order::Offer(offer) => {
                let credit = credit(offer.household);
                let setback = price_share(self.commons.rules.credit_setback, 1.0 - credit.to_f64());
                self.offers.push(Offer { credit, setback, ..offer });
            }
            Order::Bid(bid) => self.bids.push(Bid { credit: credit(bid.household), ..bid }),
        }
    }

    fn clear(&mut self, storage_room: Energy, context: &mut Context<'_, CommunityModel>) {
        let opening = self.opening();
        let rules = &self.commons.rules;
        let terms = Terms {
            grid_price: opening.grid_price,
            company_price: opening.company_price,
            grid_fee: rules.grid_fee,
            platform_fee: rules.platform_fee,
            price_min: rules.price_min,
            price_max: rules.price_max,
            storage_room,
        };
        rules.grouping.regroup(&mut self.offers, &mut self.bids);
        let problem = PeriodProblem::new(&terms, &self.offers, &self.bids);
        let mut stream = self.streams.stream("clearing", &opening.period.0.to_string());
        let clearing = self.mechanism.clear(&problem, [stream.next_u64(), stream.next_u64()]);
        let energy = clearing.awards.traded();
        self.cleared = Some((problem, clearing));
        if energy.is_zero() {
            self.award(&Verdict::Approved, context);
        } else {
            let schedule = Message::Schedule(Box::new(self.schedule(energy, &opening)));
            context.send_in(self.commons.directory.grid, phase::SECURITY, schedule);
        }
    }

    /// What the grid is to check: all trades together and, where there is a feeder, who means to feed in and draw.
    fn schedule(&self, energy: Energy, opening: &Opening) -> Schedule {
        let mut schedule = Schedule { period: opening.period, energy, sold: Vec::new(), anyway: Vec::new() };
        if let Some((_, clearing)) = self.cleared.as_ref().filter(|_| self.commons.feeder_places.is_some()) {
            let Awards { trades, stored, moved } = &clearing.awards;
            let demands = self.bids.iter().map(|bid| (bid.household, bid.energy));
            let waits = moved.iter().chain(stored).map(|&(household, energy)| (household, -energy));
            // Who is suspended buys outside what it would have bought here.
            schedule.anyway = demands.chain(self.left_out.iter().copied()).chain(waits).collect();
            schedule.sold = trades.iter().map(|trade| (trade.seller, trade.energy)).collect();
        }
        schedule
    }

    fn opening(&self) -> Arc<Opening> {
        Arc::clone(self.opening.as_ref().expect("invariant: a period is opened before it is cleared"))
    }

    fn award(&mut self, verdict: &Verdict, context: &mut Context<'_, CommunityModel>) {
        let (problem, mut clearing) =
            self.cleared.take().expect("invariant: a verdict answers a clearing of this period");
        let opening = self.opening();
        let cut = match verdict {
            Verdict::Approved => None,
            Verdict::Curtailed { allowed, reason } => Some((*allowed, "curtailment", reason)),
            Verdict::Refused { reason } => Some((Energy::ZERO, "refusal", reason)),
        };
        let curtailed = match cut {
            None => Energy::ZERO,
            Some((allowed, kind, reason)) => {
                let (now, name) = (context.now(), context.name().to_owned());
                context.sink().event(now, &name, kind, reason.clone());
                let before = clearing.awards.traded();
                let removed = curtail(&mut clearing.awards.trades, allowed);
                let left = clearing.awards.traded().to_f64() / before.to_f64();
                clearing = scaled_down(&problem, clearing, left);
                removed
            }
        };
        let contracts = self.contracts(&clearing.awards, &opening);
        let traded = contracts.iter().map(|terms| terms.energy).sum();
        let without_trade = WithoutTrade::of(&problem);
        self.write_row((&clearing, without_trade), (traded, curtailed), &opening, context);
        if let Some(price) = clearing.scheme.price.filter(|_| !contracts.is_empty()) {
            Arc::make_mut(&mut self.board).note(&opening.moment, price);
        }
        self.send_awards(&contracts, &clearing.awards, &opening, context);
        self.offers.clear();
        self.bids.clear();
        self.left_out.clear();
    }

    fn contracts(&self, awards: &Awards, opening: &Opening) -> Arc<[Arc<ContractTerms>]> {
        let rules = &self.commons.rules;
        let first = u64::from(opening.period.0) * CONTRACTS_PER_PERIOD + 1;
        let outside = opening.cheaper().1;
        let mut lots: BTreeMap<HouseholdId, u32> = BTreeMap::new();
        let numbered = (first..).zip(&awards.trades);
        numbered
            .map(|(id, trade)| {
                let sold = lots.entry(trade.seller).or_default();
                let lot = Lot { device: DeviceId(trade.seller.0), sequence: *sold };
                *sold += 1;
                Arc::new(ContractTerms {
                    id: ContractId(id),
                    period: opening.period.0,
                    seller: AccountId(trade.seller.0),
                    buyer: AccountId(trade.buyer.0),
                    energy: trade.energy,
                    seller_price: trade.price,
                    buyer_price: trade.price + rules.fees(),
                    grid_fee: rules.grid_fee,
                    platform_fee: rules.platform_fee,
                    outside_price: rules.compensated_price(trade.price + rules.fees(), outside),
                    take_or_pay: price_share(trade.price, rules.take_or_pay_share),
                    lot,
                })
            })
            .collect()
    }

    fn send_awards(
        &self,
        contracts: &Arc<[Arc<ContractTerms>]>,
        awards: &Awards,
        opening: &Opening,
        context: &mut Context<'_, CommunityModel>,
    ) {
        let directory = &self.commons.directory;
        let mut by_household: BTreeMap<u32, Award> = BTreeMap::new();
        for terms in contracts.iter() {
            by_household.entry(terms.seller.0).or_default().sold.push(Arc::clone(terms));
            by_household.entry(terms.buyer.0).or_default().bought.push(Arc::clone(terms));
        }
        for &(household, energy) in &awards.stored {
            by_household.entry(household.0).or_default().stored = energy;
        }
        for &(household, energy) in &awards.moved {
            by_household.entry(household.0).or_default().moved = energy;
        }
        for (household, award) in by_household {
            let household = directory.households[household as usize];
            context.send_in(household, phase::AWARD, Message::Award(Box::new(award)));
        }
        if !contracts.is_empty() {
            let ids = contracts.iter().map(|terms| terms.id).collect();
            let cleared = Message::Cleared { period: opening.period, contracts: ids };
            context.send_in(directory.grid, phase::AWARD, cleared);
            context.send_in(directory.platform, phase::AWARD, Message::Contracts(Arc::clone(contracts)));
        }
    }

    fn write_row(
        &self,
        (clearing, without_trade): (&Clearing, WithoutTrade),
        (traded, curtailed): (Energy, Energy),
        opening: &Opening,
        context: &mut Context<'_, CommunityModel>,
    ) {
        let price = clearing.scheme.price.filter(|_| traded.is_positive());
        context.sink().clearance(&Clearance {
            mechanism: self.mechanism.name(),
            offered: self.offers.iter().map(|offer| offer.energy).sum(),
            wanted: self.bids.iter().map(|bid| bid.energy).sum(),
            traded,
            seller_price: price,
            buyer_price: price.map(|price| price + self.commons.rules.fees()),
            grid_price: opening.grid_price,
            company_price: opening.company_price,
            curtailed,
            clearing,
            without_trade,
            is_sampled: self.convergence_every > 0 && opening.period.0.is_multiple_of(self.convergence_every),
        });
    }
}

/// The clearing, of whose trades only a share is left, with what that is worth.
fn scaled_down(problem: &PeriodProblem, clearing: Clearing, share: f64) -> Clearing {
    let mut scheme = clearing.scheme;
    scheme.sold.iter_mut().for_each(|sold| *sold *= share);
    scheme.price = clearing.awards.mean_price().or(scheme.price);
    let objectives = problem.evaluate(&scheme);
    let weights = clearing.weights.unwrap_or(EQUAL_WEIGHTS);
    let gap = Yardstick::of(problem).gap(problem, &objectives, weights);
    Clearing { scheme, objectives, gap, ..clearing }
}

/// A clearing that waits for the grid's word is not saved.
#[derive(Debug, thiserror::Error)]
#[error("the market is in the middle of a clearing")]
struct InTheMiddle;

impl Saved for MarketOperator {
    fn put(&self, saving: &mut Saving) -> Result<(), Fault> {
        let Self {
            commons: _,
            mechanism,
            streams: _,
            convergence_every: _,
            credits,
            may_trade_from,
            left_out,
            grid_price,
            company_price,
            opening,
            board,
            offers,
            bids,
            cleared,
        } = self;
        if cleared.is_some() {
            return Err(Box::new(InTheMiddle));
        }
        saving.put(&(credits, grid_price, company_price, opening.as_deref(), &**board, offers, bids))?;
        saving.put(&(may_trade_from, left_out))?;
        saving.put(&mechanism.memory())
    }

    fn take(&mut self, loading: &mut Loading<'_>) -> Result<(), Fault> {
        let (opening, board): (Option<Opening>, PriceBoard);
        (self.credits, self.grid_price, self.company_price, opening, board, self.offers, self.bids) =
            loading.take()?;
        (self.may_trade_from, self.left_out) = loading.take()?;
        self.opening = opening.map(Arc::new);
        // Its weight is a parameter.
        self.board = Arc::new(board.with_rate_of(&self.board));
        if let Some(memory) = loading.take()? {
            self.mechanism.recall(memory);
        }
        Ok(())
    }
}

impl Actor<CommunityModel> for MarketOperator {
    fn handle(&mut self, message: Message, context: &mut Context<'_, CommunityModel>) -> Result<(), Fault> {
        match message {
            Message::Tick(period) => self.tick(period, context),
            Message::CheckBooks(_) => context.sink().close_period()?,
            Message::Tariff { supplier, price } => {
                let period = self.commons.calendar.period_at(context.now());
                self.tariff(period, supplier, price, context);
            }
            Message::Order(order) => self.order(*order, context),
            Message::GateClosure(_) => {
                context.send(self.commons.directory.storage, Message::AskRoom);
            }
            Message::Room(room) => self.clear(room, context),
            Message::Verdict(verdict) => self.award(&verdict, context),
            Message::Credits(credits) => {
                for (household, credit) in credits {
                    self.credits[household.0 as usize] = credit;
                }
            }
            Message::Suspended(households) => {
                for (household, until) in households {
                    self.may_trade_from[household.0 as usize] = until;
                }
            }
            other => return Err(unexpected(&other)),
        }
        Ok(())
    }

    saved_actor!();
}
