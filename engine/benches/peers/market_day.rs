//! A day of a market, period by period: what this engine was made for.
//!
//! N households, a market and a platform. Period p begins p quarters of an hour after the start, p = 1, 2, ... In each,
//! 4N + 5 messages are delivered:
//!
//! | number | message | from | to | when | what the receiver does |
//! |---|---|---|---|---|---|
//! | 1 | open | platform | itself | begin of the period | sends the next four kinds |
//! | 1 | begin: tariff | platform | market | at once | notes the tariff, sets a timer for the gate |
//! | N | period: tariff | platform | each household | at once | [`Household::bid`], sends a bid |
//! | N | bid: household, energy, price | household | market | at once | keeps it (24 bytes), adds to supply or demand |
//! | 1 | gate closure | market | itself | 5 min later | clears, sends the next two kinds |
//! | N | fill: energy, price | market | each household | at once | [`Household::fill`], sends a receipt |
//! | 1 | cleared: price, energy, fills | market | platform | at once | notes them |
//! | N | receipt: energy, money | household | platform | at once | books them |
//! | 1 | settle | platform | itself | 10 min after the begin | checks its books against the clearing |
//!
//! The order of "at once" is the engine's own; nothing depends on it but that *begin* comes before bids and that the
//! gate closes after them. The market's price is linear in the share of demand, and a fill is a bid times the share of
//! its side that is served. The platform adds a hash of (period, price, energy booked, money booked) to a running one at
//! *settle*, which is compared between arms: energies, prices and money are integers, so that no sum depends on order.
//!
//! A household draws twice from a stream of its own, and its arithmetic takes about 40 ns a period (printed as
//! `market_day household`); that is part of every arm. Two periods run before the clock is looked at, so that mailboxes and
//! queues have grown.

mod handler;
mod nexosim;
mod process;

use std::hint::black_box;

use goshawk_engine::{Stream, Streams};

use crate::rounds::{self, Arm, Measured, Sample};
use crate::simpy;

const PERIOD_MINUTES: u64 = 15;
const GATE_MINUTES: u64 = 5;
const SETTLE_MINUTES: u64 = 10;
const WARM_UP_PERIODS: u64 = 2;

/// How much of it.
#[derive(Debug, Clone, Copy)]
struct Size {
    households: u32,
    /// Beyond those to warm up.
    periods: u64,
}

impl Size {
    fn messages(self) -> u64 {
        self.periods * (4 * u64::from(self.households) + 5)
    }

    fn sample(self, nanoseconds: f64, checksum: u64) -> Sample {
        Sample { nanoseconds, operations: self.messages(), checksum }
    }
}

/// The end, excluded, of this many periods.
const fn end_minutes(periods: u64) -> u64 {
    (periods + 1) * PERIOD_MINUTES
}

/// What everybody pays outside, in 1e-6 of the currency per kWh.
fn tariff(period: u64) -> i64 {
    200_000 + (period % 96) as i64 * 1_000
}

/// An offer if the energy is positive, in 1e-6 kWh; else a wish.
#[derive(Debug, Clone, Copy)]
struct Bid {
    household: u32,
    energy: i64,
    price: i64,
}

#[derive(Debug, Clone, Copy, Default)]
struct Fill {
    energy: i64,
    price: i64,
}

#[derive(Debug, Clone, Copy)]
struct Receipt {
    energy: i64,
    money: i64,
}

#[derive(Debug, Clone, Copy, Default)]
struct Cleared {
    price: i64,
    energy: i64,
    fills: u64,
}

/// State and arithmetic of a household, without its addresses.
#[derive(Debug)]
struct Household {
    me: u32,
    stream: Stream,
    content_kwh: f64,
    capacity_kwh: f64,
    peak_kw: f64,
    cell_celsius: f64,
    money: i64,
}

impl Household {
    fn new(me: u32) -> Self {
        let streams = Streams { seed: 11, crn_group: 0, replicate: 0, is_mirrored: false };
        let mut stream = streams.stream("market day", &format!("household {me}"));
        let capacity_kwh = stream.uniform_in(30.0, 80.0);
        let peak_kw = stream.uniform_in(0.0, 8.0);
        Self {
            me,
            stream,
            content_kwh: 0.5 * capacity_kwh,
            capacity_kwh,
            peak_kw,
            cell_celsius: 25.0,
            money: 0,
        }
    }

    /// Generates, drives, and offers or asks for what is beyond or below half of the battery.
    #[inline]
    fn bid(&mut self, tariff: i64) -> Bid {
        let sun = self.stream.uniform();
        let need_kwh = self.stream.exponential(1.0);
        self.cell_celsius += 0.2 * (15.0 + 30.0 * sun - self.cell_celsius);
        let efficiency = 1.0 - 0.004 * (self.cell_celsius - 25.0);
        let generated_kwh = 0.25 * self.peak_kw * sun * efficiency;
        self.content_kwh = (self.content_kwh + generated_kwh - need_kwh).clamp(0.0, self.capacity_kwh);
        let beyond_kwh = self.content_kwh - 0.5 * self.capacity_kwh;
        let want = libm::exp(-self.content_kwh / self.capacity_kwh);
        Bid {
            household: self.me,
            energy: (beyond_kwh * 1e6) as i64,
            price: (tariff as f64 * (0.4 + 0.6 * want)) as i64,
        }
    }

    #[inline]
    fn fill(&mut self, fill: Fill) -> Receipt {
        let money = fill.energy * fill.price / 1_000_000;
        self.content_kwh -= fill.energy as f64 * 1e-6;
        self.money += money;
        Receipt { energy: fill.energy, money }
    }
}

/// The market's book of a period.
#[derive(Debug, Default)]
struct Book {
    tariff: i64,
    bids: Vec<Bid>,
    supply: i64,
    demand: i64,
}

impl Book {
    #[inline]
    fn take(&mut self, bid: Bid) {
        self.supply += bid.energy.max(0);
        self.demand -= bid.energy.min(0);
        self.bids.push(bid);
    }

    /// Hands a fill for each bid to `fill`, and begins a new book.
    #[inline]
    fn clear(&mut self, mut fill: impl FnMut(u32, Fill)) -> Cleared {
        let Self { tariff, supply, demand, .. } = *self;
        let served = supply.min(demand) as f64;
        let share = |side: i64| if side == 0 { 0.0 } else { served / side as f64 };
        let (sold, bought) = (share(supply), share(demand));
        let price = (tariff as f64 * (0.2 + 0.8 * share(supply.max(demand)) * bought)) as i64;
        let mut cleared = Cleared { price, energy: 0, fills: 0 };
        for bid in self.bids.drain(..) {
            let energy = (bid.energy as f64 * if bid.energy > 0 { sold } else { bought }) as i64;
            cleared.energy += energy;
            cleared.fills += 1;
            fill(bid.household, Fill { energy, price: (price + bid.price) / 2 });
        }
        (self.supply, self.demand) = (0, 0);
        cleared
    }
}

/// The platform's books of a period, and the hash of all periods.
#[derive(Debug, Default)]
struct Ledger {
    period: u64,
    cleared: Cleared,
    energy: i64,
    money: i64,
    receipts: u64,
    checksum: u64,
}

impl Ledger {
    fn open(&mut self) -> i64 {
        self.period += 1;
        tariff(self.period)
    }

    #[inline]
    fn book(&mut self, receipt: Receipt) {
        self.energy += receipt.energy;
        self.money += receipt.money;
        self.receipts += 1;
    }

    fn settle(&mut self) {
        let booked = (self.energy, self.receipts);
        assert_eq!(booked, (self.cleared.energy, self.cleared.fills), "the books are those of the clearing");
        for word in [self.period as i64, self.cleared.price, self.energy, self.money] {
            self.checksum = (self.checksum ^ word as u64).wrapping_mul(0x9e37_79b9_7f4a_7c15).rotate_left(29);
        }
        (self.energy, self.money, self.receipts) = (0, 0, 0);
    }
}

/// What the arithmetic of a household takes a period.
fn household_alone(rounds: usize) -> Measured {
    let mut household = Household::new(0);
    let run = |_| {
        let (nanoseconds, ()) = Sample::of(|| {
            for period in 0..100_000 {
                let bid = black_box(&mut household).bid(tariff(period));
                black_box(household.fill(Fill { energy: bid.energy / 2, price: bid.price }));
            }
        });
        nanoseconds / 1e5
    };
    Measured::new("market_day household", (0..rounds).map(run).collect())
}

pub(crate) fn bench(is_quick: bool, filter: &str) {
    let sizes = if is_quick {
        [("1k", 1_000, 3, 2), ("10k", 10_000, 2, 1)]
    } else {
        [("1k", 1_000, 100, 9), ("100k", 100_000, 3, 5)]
    };
    for (label, households, periods, rounds) in sizes {
        let size = Size { households, periods };
        let title = format!("market_day_{label}");
        use nexosim::{Fills, Wiring};
        let arms = vec![
            Arm::new("market_day_handler", move || handler::run(size)),
            Arm::new("market_day_process", move || process::run(size)),
            Arm::new("market_day_nexosim_ports_16", move || {
                nexosim::run(size, Wiring { fills: Fills::Ports, mailbox: 16 })
            }),
            Arm::new("market_day_nexosim_ports_all", move || {
                nexosim::run(size, Wiring { fills: Fills::Ports, mailbox: households as usize + 8 })
            }),
            Arm::new("market_day_nexosim_broadcast_16", move || {
                nexosim::run(size, Wiring { fills: Fills::Broadcast, mailbox: 16 })
            }),
            Arm::new("market_day_nexosim_broadcast_all", move || {
                nexosim::run(size, Wiring { fills: Fills::Broadcast, mailbox: households as usize + 8 })
            }),
        ];
        let group = rounds::measure(&title, arms, rounds, filter);
        if !group.measured.is_empty() {
            household_alone(rounds).print();
        }
        group.assert_alike();
        for kind in ["handler", "process"] {
            let ours = format!("market_day_{kind}");
            group.print_ratio(&format!("{title}_{kind}_vs_nexosim"), "market_day_nexosim", &ours);
        }
        if label == "1k" {
            let periods = if is_quick { 2 } else { 20 };
            let size = [u64::from(households), periods];
            simpy::bench(&group, "market_day.py", &size, rounds.min(3), &title, "market_day");
        }
    }
}
