//! Process actors of this engine: household, market and platform, each a course of action.

use std::cell::Cell;
use std::rc::Rc;

use goshawk_engine::{Fault, Limits, Outcome, Phase, Process, SimDuration, SimTime, Simulation};

use super::handler::{MARKET, MarketDay, PLATFORM, Said, address};
use super::{
    Book, GATE_MINUTES, Household, Ledger, PERIOD_MINUTES, SETTLE_MINUTES, Size, WARM_UP_PERIODS, end_minutes,
};
use crate::rounds::Sample;

async fn household(process: Process<MarketDay>, mut household: Household) -> Result<(), Fault> {
    loop {
        match process.recv().await.message {
            Said::Period { tariff } => process.send(MARKET, Said::Bid(household.bid(tariff))),
            Said::Fill(fill) => process.send(PLATFORM, Said::Receipt(household.fill(fill))),
            other => return Err(format!("a household has no use for {other:?}").into()),
        }
    }
}

async fn market(process: Process<MarketDay>) -> Result<(), Fault> {
    let mut book = Book::default();
    loop {
        match process.recv().await.message {
            Said::Begin { tariff } => {
                book.tariff = tariff;
                process.schedule(SimDuration::from_minutes(GATE_MINUTES), Phase::FIRST, Said::GateClosure);
            }
            Said::Bid(bid) => book.take(bid),
            Said::GateClosure => {
                let cleared =
                    book.clear(|household, fill| process.send(address(household), Said::Fill(fill)));
                process.send(PLATFORM, Said::Cleared(cleared));
            }
            other => return Err(format!("a market has no use for {other:?}").into()),
        }
    }
}

async fn platform(
    process: Process<MarketDay>,
    households: u32,
    checksum: Rc<Cell<u64>>,
) -> Result<(), Fault> {
    let mut ledger = Ledger::default();
    loop {
        match process.recv().await.message {
            Said::Open => {
                let tariff = ledger.open();
                process.send(MARKET, Said::Begin { tariff });
                for household in 0..households {
                    process.send(address(household), Said::Period { tariff });
                }
                process.schedule(SimDuration::from_minutes(SETTLE_MINUTES), Phase::FIRST, Said::Settle);
                process.schedule(SimDuration::from_minutes(PERIOD_MINUTES), Phase::FIRST, Said::Open);
            }
            Said::Cleared(cleared) => ledger.cleared = cleared,
            Said::Receipt(receipt) => ledger.book(receipt),
            Said::Settle => {
                ledger.settle();
                checksum.set(ledger.checksum);
            }
            other => return Err(format!("a platform has no use for {other:?}").into()),
        }
    }
}

pub(super) fn run(size: Size) -> Sample {
    let Size { households, periods } = size;
    let mut simulation = Simulation::<MarketDay>::new(Limits::default());
    let checksum = Rc::new(Cell::new(0));
    let shared = Rc::clone(&checksum);
    simulation
        .add_process("platform", move |process| platform(process, households, shared))
        .expect("names differ");
    simulation.add_process("market", market).expect("names differ");
    for me in 0..households {
        let course = move |process| household(process, Household::new(me));
        simulation.add_process(format!("h{me:06}"), course).expect("names differ");
    }
    let first = SimTime::from_minutes(PERIOD_MINUTES);
    simulation.send_at(PLATFORM, first, Phase::FIRST, Said::Open).expect("the platform is there");

    let mut until = |periods| simulation.run_until(SimTime::from_minutes(end_minutes(periods)), &mut ());
    until(WARM_UP_PERIODS).expect("no actor fails");
    let (nanoseconds, outcome) = Sample::of(|| until(WARM_UP_PERIODS + periods));
    assert_eq!(outcome.expect("no actor fails"), Outcome::Reached);
    let delivered = simulation.counters().delivered;
    let expected = Size { households, periods: WARM_UP_PERIODS + periods }.messages();
    assert_eq!(delivered, expected, "4N + 5 messages a period");
    size.sample(nanoseconds, checksum.get())
}
