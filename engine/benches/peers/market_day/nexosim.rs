//! NeXosim 1.0 on one thread, wired in four ways; the best one counts.
//!
//! All models are wired through ports, as its documentation would have it: the period is broadcast by one output that is
//! connected to every household, bids and receipts have an output each. What differs:
//!
//! - Fills go out through one output for each household (`Ports`), or as one shared clearing that is broadcast by a single
//!   output and mapped to the household's own fill at each connection (`Broadcast`).
//! - The mailboxes of market and platform hold 16 messages, the default, so that senders wait, or as many as there are
//!   households and a few. Those of households hold 4, which takes less memory than the default and is never full.
//!
//! Handlers are plain functions where nothing is awaited, which is cheaper than `async`. Households live in their
//! models' environment, as random streams are not serializable.

use std::sync::Arc;
use std::time::Duration;

use nexosim::model::{BuildContext, Context, Model, ProtoModel, schedulable};
use nexosim::ports::{Output, QuerySource};
use nexosim::simulation::{Mailbox, SimInit};
use nexosim::time::MonotonicTime;
use serde::{Deserialize, Serialize};

use super::{
    Bid, Book, Cleared, Fill, GATE_MINUTES, Household, Ledger, PERIOD_MINUTES, Receipt, SETTLE_MINUTES, Size,
    WARM_UP_PERIODS, end_minutes,
};
use crate::rounds::Sample;

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Fills {
    Ports,
    Broadcast,
}

#[derive(Debug, Clone, Copy)]
pub(super) struct Wiring {
    pub(super) fills: Fills,
    /// Messages that the mailboxes of market and platform hold.
    pub(super) mailbox: usize,
}

const fn minutes(minutes: u64) -> Duration {
    Duration::from_secs(60 * minutes)
}

/// A model and what of it is not serializable.
struct Prototype<M: Model>(M, M::Env);

impl<M: Model> ProtoModel for Prototype<M> {
    type Model = M;

    fn build(self, _: &mut BuildContext<Self>) -> (M, M::Env) {
        (self.0, self.1)
    }
}

#[derive(Default, Serialize, Deserialize)]
struct HouseholdModel {
    bids: Output<Bid>,
    receipts: Output<Receipt>,
}

#[Model(type Env = Household)]
impl HouseholdModel {
    async fn period(&mut self, tariff: i64, _: &Context<Self>, household: &mut Household) {
        self.bids.send(household.bid(tariff)).await;
    }

    async fn fill(&mut self, fill: Fill, _: &Context<Self>, household: &mut Household) {
        self.receipts.send(household.fill(fill)).await;
    }
}

#[derive(Default, Serialize, Deserialize)]
struct MarketModel {
    /// By household, or empty.
    fill_ports: Vec<Output<Fill>>,
    fill_broadcast: Output<Arc<Vec<Fill>>>,
    cleared: Output<Cleared>,
}

#[Model(type Env = Book)]
impl MarketModel {
    fn begin(&mut self, tariff: i64, context: &Context<Self>, book: &mut Book) {
        book.tariff = tariff;
        let gate = schedulable!(Self::gate_closure);
        context.schedule_event(minutes(GATE_MINUTES), gate, ()).expect("the gate closes later");
    }

    fn bid(&mut self, bid: Bid, _: &Context<Self>, book: &mut Book) {
        book.take(bid);
    }

    #[nexosim(schedulable)]
    async fn gate_closure(&mut self, _: (), _: &Context<Self>, book: &mut Book) {
        let mut fills = vec![Fill::default(); book.bids.len()];
        let cleared = book.clear(|household, fill| fills[household as usize] = fill);
        if self.fill_ports.is_empty() {
            self.fill_broadcast.send(Arc::new(fills)).await;
        } else {
            for (port, fill) in self.fill_ports.iter_mut().zip(fills) {
                port.send(fill).await;
            }
        }
        self.cleared.send(cleared).await;
    }
}

#[derive(Default, Serialize, Deserialize)]
struct PlatformModel {
    begin: Output<i64>,
    period: Output<i64>,
}

#[Model(type Env = Ledger)]
impl PlatformModel {
    #[nexosim(init)]
    async fn init(&mut self, context: &Context<Self>, _: &mut Ledger) {
        let open = schedulable!(Self::open);
        context.schedule_event(minutes(PERIOD_MINUTES), open, ()).expect("the first period is later");
    }

    #[nexosim(schedulable)]
    async fn open(&mut self, _: (), context: &Context<Self>, ledger: &mut Ledger) {
        let tariff = ledger.open();
        let (settle, open) = (schedulable!(Self::settle), schedulable!(Self::open));
        context.schedule_event(minutes(SETTLE_MINUTES), settle, ()).expect("books close later");
        context.schedule_event(minutes(PERIOD_MINUTES), open, ()).expect("the next period is later");
        self.begin.send(tariff).await;
        self.period.send(tariff).await;
    }

    #[nexosim(schedulable)]
    fn settle(&mut self, _: (), _: &Context<Self>, ledger: &mut Ledger) {
        ledger.settle();
    }

    fn cleared(&mut self, cleared: Cleared, _: &Context<Self>, ledger: &mut Ledger) {
        ledger.cleared = cleared;
    }

    fn receipt(&mut self, receipt: Receipt, _: &Context<Self>, ledger: &mut Ledger) {
        ledger.book(receipt);
    }

    async fn checksum(&mut self, _: (), _: &Context<Self>, ledger: &mut Ledger) -> u64 {
        ledger.checksum
    }
}

pub(super) fn run(size: Size, wiring: Wiring) -> Sample {
    let Size { households, periods } = size;
    let mut assembly = SimInit::with_num_threads(1);
    let (mut market, mut platform) = (MarketModel::default(), PlatformModel::default());
    let market_mailbox = Mailbox::<MarketModel>::with_capacity(wiring.mailbox);
    let platform_mailbox = Mailbox::<PlatformModel>::with_capacity(wiring.mailbox);
    platform.begin.connect(MarketModel::begin, &market_mailbox);
    market.cleared.connect(PlatformModel::cleared, &platform_mailbox);
    for household in 0..households {
        let mailbox = Mailbox::with_capacity(4);
        let mut model = HouseholdModel::default();
        model.bids.connect(MarketModel::bid, &market_mailbox);
        model.receipts.connect(PlatformModel::receipt, &platform_mailbox);
        platform.period.connect(HouseholdModel::period, &mailbox);
        match wiring.fills {
            Fills::Ports => {
                let mut port = Output::default();
                port.connect(HouseholdModel::fill, &mailbox);
                market.fill_ports.push(port);
            }
            Fills::Broadcast => {
                let own = move |fills: &Arc<Vec<Fill>>| fills[household as usize];
                market.fill_broadcast.map_connect(own, HouseholdModel::fill, &mailbox);
            }
        }
        let prototype = Prototype(model, Household::new(household));
        assembly = assembly.add_model(prototype, mailbox, &format!("h{household:06}"));
    }
    let checksum =
        QuerySource::new().connect(PlatformModel::checksum, &platform_mailbox).register(&mut assembly);
    assembly = assembly.add_model(Prototype(market, Book::default()), market_mailbox, "market").add_model(
        Prototype(platform, Ledger::default()),
        platform_mailbox,
        "platform",
    );
    let mut simulation = assembly.init(MonotonicTime::EPOCH).expect("the models are sound");

    // Up to the deadline and with it, whereas the end is excluded elsewhere; the last books close before it.
    let mut until = |periods| {
        let deadline = MonotonicTime::EPOCH + minutes(end_minutes(periods)) - Duration::from_micros(1);
        simulation.step_until(deadline)
    };
    until(WARM_UP_PERIODS).expect("no model fails");
    let (nanoseconds, outcome) = Sample::of(|| until(WARM_UP_PERIODS + periods));
    outcome.expect("no model fails");
    let checksum = simulation.process_query(&checksum, ()).expect("the platform answers");
    size.sample(nanoseconds, checksum)
}
