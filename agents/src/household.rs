//! A household: photovoltaics, a vehicle with its battery, and a place in the market.
//!
//! Between the instants at which periods open it only leaves and comes back. When a period opens it decides
//! whether it sells, buys or rests ([`decision`]); when the period has ended it reads its meter, learns what was
//! delivered, buys outside what it still lacks, and closes its books ([`books`]) so that
//!
//! ```text
//! photovoltaics + bought + withdrawn = change of content + driven + sold + stored + losses
//! ```
//!
//! holds to the last unit.

pub mod air;
pub mod battery;
pub mod books;
pub mod charging;
mod coming_and_going;
pub mod decision;
mod device_meter;
pub mod driving;
pub mod expectation;
pub mod faults;
pub mod flexibility;
pub mod mixture;
pub mod photovoltaics;
mod planning;
pub mod portrait;
pub mod presence;
pub mod sales_plan;
pub mod session;
pub mod vehicle;

use std::sync::Arc;

use goshawk_engine::{Actor, Context, Fault};
use goshawk_ledger::{DeviceId, Operation, SignedTransaction};
use goshawk_market::order::{HouseholdId, Order};
use goshawk_market::quantity::{Energy, Money, Price, mean_price};

use crate::aggregator::dispatch::Dispatch;
use crate::aggregator::terms::UpDown;
use crate::calendar::PeriodIndex;
use crate::commons::{Commons, Decisions, Signatory, share_down};
use crate::household::air::Air;
use crate::household::battery::Battery;
use crate::household::books::{BatteryFault, Books, Flows};
use crate::household::charging::{Bounds, Stretch};
use crate::household::decision::{Intent, SMALLEST_ORDER, decide};
use crate::household::device_meter::DeviceMeter;
use crate::household::expectation::Chances;
use crate::household::faults::{Contracting, Misconduct};
use crate::household::flexibility::{Course, NetCharging};
use crate::household::photovoltaics::Sun;
use crate::household::portrait::{Outlook, Portrait};
use crate::household::presence::{Presence, Want};
use crate::household::sales_plan::SalesPlan;
use crate::journal::{Cheating, Role};
use crate::message::{Award, CommunityModel, Delivery, Message, Opening, Supplier, phase};
use crate::saved::{saved, saved_actor};
use crate::unexpected;
use serde::{Deserialize, Serialize};

/// What households of one portrait share.
#[derive(Debug)]
pub struct Kind {
    /// The portrait.
    pub portrait: Portrait,
    /// What it can look ahead to.
    pub outlook: Outlook,
    /// When it sells, if it plans its sales over the day.
    pub sales_plan: Option<SalesPlan>,
    /// The sun of the run.
    pub sun: Arc<Sun>,
    /// The air of the run.
    pub air: Arc<Air>,
}

/// What one household is, apart from its kind.
#[derive(Debug)]
pub struct HouseholdSpec {
    /// Its number.
    pub id: HouseholdId,
    /// Area of its panels in m².
    pub area_m2: f64,
    /// Its vehicle's battery as the run begins.
    pub battery: Battery,
    /// When its vehicle is there.
    pub presence: Presence,
    /// Whether its battery belongs to the fleet of the aggregator.
    pub is_member: bool,
    /// What goes wrong with its contracts, if anything ever does.
    pub contracting: Option<Box<Contracting>>,
}

/// The period under way.
#[derive(Debug, Serialize, Deserialize)]
struct Current {
    #[serde(with = "crate::saved::encoded::shared")]
    opening: Arc<Opening>,
    intent: Intent,
    role: Role,
    /// How long the household meant to be plugged in.
    planned_micros: u64,
    granted: Energy,
    /// The expected price and the tolerance of its bid.
    expected: Option<[Price; 2]>,
    award: Award,
    /// What the aggregator calls it for.
    dispatch: Option<Box<Dispatch>>,
    misconduct: Misconduct,
    /// Ready energy that its reading denies or makes up.
    unpaid: Energy,
}

impl Current {
    /// All that it has contracted to sell.
    fn sold(&self) -> Energy {
        self.award.sold.iter().map(|terms| terms.energy).sum()
    }

    /// What it has sold beyond its surplus, where it has offered that twice.
    fn sold_twice(&self) -> Energy {
        match self.intent {
            Intent::Sell { surplus, .. } if self.misconduct.sells_twice => (self.sold() - surplus).or_zero(),
            _ => Energy::ZERO,
        }
    }

    /// Whether it has broken a contract, or lied about one, on purpose.
    fn has_cheated(&self) -> bool {
        let has_sold = !self.award.sold.is_empty();
        let has_contracts = has_sold || !self.award.bought.is_empty();
        (self.misconduct.withholds && has_sold)
            || (self.misconduct.falsified.is_some() && has_contracts)
            || self.sold_twice().is_positive()
    }

    /// What the aggregator calls for in all.
    fn called(&self) -> UpDown {
        self.dispatch.as_ref().map_or_else(UpDown::default, |call| call.total())
    }
}

/// The actor.
#[derive(Debug)]
pub struct Household {
    commons: Arc<Commons>,
    kind: Arc<Kind>,
    id: HouseholdId,
    area_m2: f64,
    battery: Battery,
    presence: Presence,
    is_member: bool,
    contracting: Option<Box<Contracting>>,
    signatory: Signatory,
    /// Tells the ledger what the battery holds, where the ledger keeps account of it.
    device_meter: Option<DeviceMeter>,
    /// Content of the shared store that belongs to this household.
    title: Energy,
    /// When it was plugged in during the period that ends, each time with what for.
    stretches: Vec<(Stretch, Want)>,
    /// What habit driving takes out of the battery in this period, while the vehicle charges.
    driven_meanwhile: Energy,
    /// `reserve[k]`: what the battery must hold for own need after period `k` of the day; habit only.
    reserve: Vec<Energy>,
    /// What it has learned of its own sales; rational households only.
    chances: Option<Chances>,
    current: Option<Current>,
}

impl Household {
    /// A household before the run.
    pub fn new(commons: Arc<Commons>, kind: Arc<Kind>, spec: HouseholdSpec, signatory: Signatory) -> Self {
        let chances = match commons.rules.decisions {
            Decisions::Habit => None,
            Decisions::Rational => Some(Chances::new(commons.calendar.periods_per_day())),
        };
        let mut battery = spec.battery;
        if spec.is_member {
            battery.be_cautious();
        }
        Self {
            commons,
            kind,
            id: spec.id,
            area_m2: spec.area_m2,
            battery,
            presence: spec.presence,
            is_member: spec.is_member,
            contracting: spec.contracting,
            signatory,
            device_meter: None,
            title: Energy::ZERO,
            stretches: Vec::new(),
            driven_meanwhile: Energy::ZERO,
            reserve: Vec::new(),
            chances,
            current: None,
        }
    }

    /// The same, of whose vehicle the ledger keeps account, with this content as the run begins.
    #[must_use]
    pub fn metered(self, content: Option<Energy>) -> Self {
        let meter = |content| DeviceMeter::new(DeviceId(self.id.0), content);
        Self { device_meter: content.map(meter), ..self }
    }

    fn sun_over(&self, period: PeriodIndex, micros: u64) -> Energy {
        let sun = self.kind.sun.in_period(period);
        if sun == 0.0 || micros == 0 {
            return Energy::ZERO;
        }
        kwh(self.area_m2 * sun * share_of(micros, self.commons.calendar.period().micros()))
    }

    fn open(
        &mut self,
        opening: Arc<Opening>,
        context: &mut Context<'_, CommunityModel>,
    ) -> Result<(), Fault> {
        self.driven_meanwhile = Energy::ZERO;
        let end = self.commons.calendar.start_of(PeriodIndex(opening.period.0 + 1));
        let planned_micros = self.presence.planned_micros(context.now(), end);
        let plugged = self.presence.is_here() || planned_micros > 0;
        let misconduct = self.contracting.as_mut().map(|draws| draws.next_period()).unwrap_or_default();
        self.battery.operate(planned_micros);
        if opening.moment.period_of_day == 0 || self.reserve.is_empty() {
            self.reserve_for_the_day(opening.period);
        }
        let intent = if planned_micros > 0 {
            let situation = self.situation(&opening, planned_micros);
            self.driven_meanwhile = situation.driven_now;
            decide(&self.battery, &situation)
        } else {
            Intent::Rest
        };
        self.current = Some(Current {
            opening,
            intent,
            role: if plugged { Role::None } else { Role::Away },
            planned_micros,
            granted: Energy::ZERO,
            expected: None,
            award: Award::default(),
            dispatch: None,
            misconduct,
            unpaid: Energy::ZERO,
        });
        let wish = self.withdrawal_wish();
        if wish >= SMALLEST_ORDER {
            let request = Message::WithdrawalRequest { household: self.id, energy: wish };
            context.send(self.commons.directory.storage, request);
        } else {
            self.place_order(context);
        }
        Ok(())
    }

    fn granted(&mut self, energy: Energy, context: &mut Context<'_, CommunityModel>) {
        let current = self.current.as_mut().expect("invariant: grants answer a wish of this period");
        current.granted = energy;
        current.intent = match current.intent {
            Intent::Buy { demand, flexible } if demand - energy >= SMALLEST_ORDER => {
                Intent::Buy { demand: demand - energy, flexible: flexible.min(demand - energy) }
            }
            Intent::Buy { .. } => Intent::Rest,
            Intent::Sell { surplus, overflow } => Intent::Sell { surplus: surplus + energy, overflow },
            Intent::Rest if energy >= SMALLEST_ORDER => {
                Intent::Sell { surplus: energy, overflow: Energy::ZERO }
            }
            Intent::Rest => Intent::Rest,
        };
        self.place_order(context);
    }

    fn place_order(&mut self, context: &mut Context<'_, CommunityModel>) {
        let current = self.current.as_ref().expect("invariant: orders belong to a period");
        let order = match current.intent {
            Intent::Sell { surplus, overflow } => {
                let mut offer = self.offer(&current.opening, surplus, overflow);
                if current.misconduct.sells_twice {
                    offer.energy += surplus;
                }
                Order::Offer(offer)
            }
            Intent::Buy { demand, flexible } => Order::Bid(self.bid(&current.opening, demand, flexible)),
            Intent::Rest => return,
        };
        if matches!(order, Order::Bid(_)) && !self.buys_at(current.opening.moment.local.hour()) {
            return;
        }
        let (role, expected) = match &order {
            Order::Offer(_) => (Role::Seller, None),
            Order::Bid(bid) => (Role::Buyer, Some([bid.expected_price, bid.tolerance])),
        };
        let current = self.current.as_mut().expect("invariant: looked at just above");
        (current.role, current.expected) = (role, expected);
        context.send_in(self.commons.directory.market, phase::ORDER, Message::Order(Box::new(order)));
    }

    /// Signs a transaction, which the platform is to submit in this instant.
    fn ask_ledger(
        &mut self,
        operation: Operation,
        context: &mut Context<'_, CommunityModel>,
    ) -> Arc<SignedTransaction> {
        let transaction = self.signatory.sign(operation, context.now());
        let message = Message::Transaction(Arc::clone(&transaction));
        context.send_in(self.commons.directory.platform, phase::CONTRACT, message);
        transaction
    }

    fn awarded(&mut self, award: Award, context: &mut Context<'_, CommunityModel>) {
        if !award.sold.is_empty() {
            let granted = self.current.as_ref().map_or(Energy::ZERO, |current| current.granted);
            let expected = self.device_meter.as_mut().and_then(|meter| meter.expect(granted));
            expected.map(|operation| self.ask_ledger(operation, context));
        }
        let mut first = None;
        for terms in &award.sold {
            let transaction = self.ask_ledger(Operation::Publish { terms: **terms }, context);
            first.get_or_insert(transaction);
        }
        for terms in &award.bought {
            let transaction = self.ask_ledger(Operation::Sign { contract: terms.id }, context);
            first.get_or_insert(transaction);
        }
        self.current.as_mut().expect("invariant: awards belong to a period").award = award;
        if let Some(first) = first {
            self.send_again(&first, context);
        }
    }

    /// The period has ended: a household with contracts reads its meter first, others close their books at once.
    fn close(&mut self, context: &mut Context<'_, CommunityModel>) -> Result<(), Fault> {
        let current = self.current.as_ref().expect("invariant: a period that ends was opened");
        let period = current.opening.period;
        let mut stretches = std::mem::take(&mut self.stretches);
        self.presence.stretches(period, context.now(), &self.commons.calendar, &self.battery, &mut stretches);
        self.stretches = stretches;
        self.battery.operate(self.plugged_micros());
        if current.award.sold.is_empty() && current.award.bought.is_empty() {
            return self.settle_books(Delivery::default(), context);
        }
        self.report_reading(period, context);
        Ok(())
    }

    /// How long the vehicle was plugged in during the period that ends.
    fn plugged_micros(&self) -> u64 {
        self.stretches.iter().map(|(stretch, _)| stretch.micros).sum()
    }

    /// The share of its plans that a household could keep: it leaves early without having known.
    fn kept_share(&self, current: &Current) -> f64 {
        if current.planned_micros == 0 {
            return 0.0;
        }
        share_of(self.plugged_micros(), current.planned_micros).min(1.0)
    }

    /// What the household could deliver, or take, of what it has contracted.
    fn ready(&self, current: &Current) -> Energy {
        let total = |contracts: &[Arc<goshawk_ledger::ContractTerms>]| -> Energy {
            contracts.iter().map(|terms| terms.energy).sum()
        };
        let share = self.kept_share(current);
        let sun = self.sun_over(current.opening.period, self.plugged_micros());
        if current.award.sold.is_empty() {
            return share_down(total(&current.award.bought), share).min(self.bounds().most);
        }
        let withdrawn = share_down(current.granted, share);
        share_down(total(&current.award.sold), share).min(self.battery.giveable() + sun + withdrawn)
    }

    /// Least and most that the vehicle charges in the period that ends.
    fn bounds(&self) -> Bounds {
        Bounds::of(&self.battery, self.ended_stretches(), self.driven_meanwhile)
    }

    fn ended_stretches(&self) -> impl Iterator<Item = &Stretch> {
        self.stretches.iter().map(|(stretch, _)| stretch)
    }

    /// How much it may charge net in the period that ends.
    fn net_charging(&self, current: &Current, course: &Course) -> NetCharging {
        let Bounds { must, most } = self.bounds();
        let takes_out = course.delivered > course.supplied || current.dispatch.is_some();
        // Nothing must be charged and nothing is taken out: what might be does not matter.
        let spare = if takes_out || must.is_positive() {
            Bounds::spare(&self.battery, self.ended_stretches(), self.driven_meanwhile)
        } else {
            Energy::ZERO
        };
        NetCharging { least: must - spare, most }
    }

    fn settle_books(
        &mut self,
        delivery: Delivery,
        context: &mut Context<'_, CommunityModel>,
    ) -> Result<(), Fault> {
        let current = self.current.take().expect("invariant: books belong to a period");
        let opening = &current.opening;
        let share = self.kept_share(&current);
        let sun_all = self.sun_over(opening.period, self.commons.calendar.period().micros());
        let sun = self.sun_over(opening.period, self.plugged_micros());
        let demand = match current.intent {
            Intent::Buy { demand, .. } => share_down(demand - current.award.moved, share),
            _ => Energy::ZERO,
        };
        let drive = self.driven_meanwhile;
        let withdrawn = share_down(current.granted, share);
        let stored = if current.award.stored.is_zero() {
            Energy::ZERO
        } else {
            let left = (self.battery.giveable() + sun + withdrawn - delivery.sold).or_zero();
            share_down(current.award.stored, share).min(sun).min(left)
        };
        let made_up = if delivery.sold.is_zero() { Energy::ZERO } else { current.unpaid.min(delivery.sold) };
        let course = Course {
            supplied: sun + delivery.bought + withdrawn,
            delivered: delivery.sold + stored,
            lacking: (demand - delivery.bought).or_zero(),
        };
        // What cannot wait is charged whatever became of the market.
        let limits = self.net_charging(&current, &course);
        let course = course.charging_at_least(limits.least);
        let course = Course { lacking: course.lacking + made_up, ..course };
        let aggregated = self.follow(&current, &course, &limits, share);
        self.note_withheld(&current, context);
        let flows = Flows {
            sun,
            sold: delivery.sold,
            bought: delivery.bought,
            stored,
            withdrawn,
            lacking: course.lacking,
            aggregated,
            drive,
        };
        let wear = self.battery_wear();
        let before = self.battery.content();
        let mut books = Books::close(&mut self.battery, &flows, &books::Limits { charge: limits.most })?;
        self.drive(&mut books, context);
        BatteryFault::check(&self.battery, before)?;
        books.losses += self.grow_older(opening, context);
        let unpaid = current.unpaid.min(books.outside);
        let (supplier, price) = opening.cheaper();
        let outside_cost = price * (books.outside - unpaid);
        if unpaid.is_positive() {
            context.sink().unpaid(unpaid);
        }
        let storage_fee = self.commons.lease.fee * (books.stored + books.withdrawn);
        self.pay(supplier, &books, outside_cost, storage_fee, context);
        let (fleet_income, fleet_spend) =
            current.dispatch.as_ref().map_or_else(Default::default, |call| call.settle(books.aggregated));
        let rules = &self.commons.rules;
        let bought = current.award.bought.iter().map(|terms| (terms.buyer_price, terms.energy));
        let paid = mean_price(bought).filter(|_| !delivery.bought.is_zero());
        let satisfaction = paid.zip(current.expected).map(|(paid, [expected, tolerance])| {
            goshawk_market::satisfaction::satisfaction(expected, paid, tolerance)
        });
        if let (Some(chances), Intent::Sell { surplus, .. }) = (&mut self.chances, current.intent) {
            let period_of_day = opening.moment.period_of_day;
            chances.learn(period_of_day, surplus, delivery.sold, rules.learning_rate);
        }
        let cheating =
            current.has_cheated().then(|| Cheating { earned: price * unpaid, ..Cheating::default() });
        context.sink().household(crate::journal::HouseholdBooks {
            household: self.id,
            cheating,
            role: current.role,
            content: self.battery.content(),
            soc: self.battery.soc(),
            spilled: sun_all - books.sun,
            wear_cost: rules.panel_wear * books.sun + wear * books.discharged,
            income: delivery.income + fleet_income,
            spend: delivery.spend + outside_cost + storage_fee + fleet_spend,
            fleet_income,
            fleet_spend,
            supplier,
            outside_price: price,
            p2p_spend: delivery.spend,
            outside_cost,
            satisfaction,
            books,
        });
        let report = self.device_meter.as_mut().and_then(|meter| meter.report(self.battery.giveable()));
        report.map(|operation| self.ask_ledger(operation, context));
        Ok(())
    }

    /// C_e of (9): what the next kWh out of the battery costs.
    fn battery_wear(&self) -> Price {
        self.battery.wear().unwrap_or(self.commons.rules.battery_wear)
    }

    /// The period, and with its last one the day, is over for the battery. Returns what an older battery lost.
    fn grow_older(&mut self, opening: &Opening, context: &mut Context<'_, CommunityModel>) -> Energy {
        let calendar = &self.commons.calendar;
        self.battery.pass(calendar.period().micros());
        if u32::from(opening.moment.period_of_day) + 1 < calendar.periods_per_day() {
            return Energy::ZERO;
        }
        let day = self.battery.end_day();
        context.sink().battery_day(self.id, day);
        day.clipped
    }

    fn pay(
        &mut self,
        supplier: Supplier,
        books: &Books,
        outside_cost: Money,
        storage_fee: Money,
        context: &mut Context<'_, CommunityModel>,
    ) {
        let directory = &self.commons.directory;
        if books.outside.is_positive() {
            let seller = match supplier {
                Supplier::Grid => directory.grid,
                Supplier::Company => directory.company,
            };
            let purchase = Message::Purchase { energy: books.outside, amount: outside_cost };
            context.send_in(seller, phase::BOOKS, purchase);
        }
        let UpDown { up, down } = books.aggregated;
        if let Some(aggregator) = directory.aggregator.filter(|_| up.is_positive() || down.is_positive()) {
            for receiver in [directory.grid, aggregator] {
                let meter = Message::FleetMeter { household: self.id, delivered: books.aggregated };
                context.send_in(receiver, phase::BOOKS, meter);
            }
        }
        if self.commons.feeder_places.is_some() {
            let into = books.outside + books.bought + books.withdrawn + down;
            let drawn = into - books.sold - books.stored - up;
            if !drawn.is_zero() || !books.sold.is_zero() {
                let usage = Message::GridUse { household: self.id, drawn, sold: books.sold };
                context.send_in(directory.grid, phase::BOOKS, usage);
            }
        }
        if books.stored.is_positive() || books.withdrawn.is_positive() {
            let lease = &self.commons.lease;
            self.title = self.title + lease.content_of_deposit(books.stored)
                - if books.withdrawn.is_zero() {
                    Energy::ZERO
                } else {
                    lease.content_for_withdrawal(books.withdrawn)
                };
            let usage = Message::StorageUse {
                household: self.id,
                deposit: books.stored,
                withdrawal: books.withdrawn,
                fee: storage_fee,
            };
            context.send_in(directory.storage, phase::BOOKS, usage);
        }
    }
}

saved!(Household { title, stretches, driven_meanwhile, reserve, current }
    parts { battery, presence, contracting, signatory, device_meter, chances }
    built again { commons, kind, id, area_m2, is_member });

impl Actor<CommunityModel> for Household {
    fn handle(&mut self, message: Message, context: &mut Context<'_, CommunityModel>) -> Result<(), Fault> {
        match message {
            Message::Start => self.start(context),
            Message::Leave => self.leave(context),
            Message::Return => {
                self.arrive(context);
                Ok(())
            }
            Message::Open(opening) => self.open(opening, context),
            Message::WithdrawalGrant { energy } => {
                self.granted(energy, context);
                Ok(())
            }
            Message::StandingLoss { energy } => {
                self.title -= energy;
                Ok(())
            }
            Message::Award(award) => {
                self.awarded(*award, context);
                Ok(())
            }
            Message::AskFlexibility => {
                self.state_flexibility(context);
                Ok(())
            }
            Message::Dispatch(dispatch) => {
                self.current.as_mut().expect("invariant: calls belong to a period").dispatch = Some(dispatch);
                Ok(())
            }
            Message::Close(_) => self.close(context),
            Message::Delivered(delivery) => self.settle_books(delivery, context),
            other => Err(unexpected(&other)),
        }
    }

    saved_actor!();
}

/// A time as a share of another.
fn share_of(micros: u64, whole_micros: u64) -> f64 {
    // Nearly always all of it: no division then.
    if micros == whole_micros { 1.0 } else { micros as f64 / whole_micros as f64 }
}

/// Energies from physics are far inside the range of the grid.
fn kwh(value: f64) -> Energy {
    Energy::from_f64(value).expect("invariant: energies of checked input are in range")
}
