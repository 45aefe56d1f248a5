//! PHOLD, the usual benchmark of event engines (R. Fujimoto 1990; after the model of that name in ROSS).
//!
//! 256 actors, 64 events each to begin with. The handler of actor *i* at time *t*
//!
//! 1. draws u; if u is at most 0.1, the next event is for an actor drawn from all 256 (itself among them), else for
//!    *i* itself;
//! 2. draws a delay: 0.1 s and an exponential one of mean 0.9 s, rounded to microseconds;
//! 3. sends one event there, at *t* + delay.
//!
//! So 16,384 events are pending at any time. Each initial event goes to its own actor after a delay drawn in the same
//! way. Everything before the end of the last second is executed: about 16,384 events a second of simulated time.
//!
//! Every actor draws from a stream of its own, the same in all arms, so that all execute the same events. Two that
//! meet at one actor in the same microsecond are interchangeable, as events carry nothing. Each execution adds a hash of
//! (time, actor) to a sum that belongs to the actor; the sum over all actors is compared.

mod bare;
mod handler;
mod nexosim;
mod process;

use goshawk_engine::{Stream, Streams};

use crate::rounds::{self, Arm, Sample};
use crate::simpy;

const ACTORS: u32 = 256;
const EVENTS_EACH: u32 = 64;
const REMOTE: f64 = 0.1;
const LOOKAHEAD_US: u64 = 100_000;
const MEAN_BEYOND_US: f64 = 900_000.0;

/// A logical process: what an actor of any engine is made of here.
#[derive(Debug)]
struct Process {
    me: u32,
    stream: Stream,
    tally: Tally,
}

/// What was executed.
#[derive(Debug, Clone, Copy, Default)]
struct Tally {
    events: u64,
    checksum: u64,
}

impl Process {
    fn new(me: u32) -> Self {
        let streams = Streams { seed: 7, crn_group: 0, replicate: 0, is_mirrored: false };
        Self { me, stream: streams.stream("phold", &format!("actor {me}")), tally: Tally::default() }
    }

    fn all() -> impl Iterator<Item = Self> {
        (0..ACTORS).map(Self::new)
    }

    /// Executes an event, and says for whom the next one is and in how many microseconds.
    #[inline]
    fn execute(&mut self, now_us: u64) -> (u32, u64) {
        self.tally.events += 1;
        let mixed = (now_us << 8 | u64::from(self.me)).wrapping_mul(0x9e37_79b9_7f4a_7c15);
        self.tally.checksum = self.tally.checksum.wrapping_add(mixed ^ mixed >> 29);
        let is_remote = self.stream.chance(REMOTE);
        let to = if is_remote { self.stream.below(u64::from(ACTORS)) as u32 } else { self.me };
        (to, self.delay_us())
    }

    #[inline]
    fn delay_us(&mut self) -> u64 {
        LOOKAHEAD_US + self.stream.exponential(MEAN_BEYOND_US) as u64
    }
}

impl Tally {
    fn of(tallies: impl Iterator<Item = Self>) -> Self {
        tallies.fold(Self::default(), |sum, one| Self {
            events: sum.events + one.events,
            checksum: sum.checksum.wrapping_add(one.checksum),
        })
    }

    fn sample(self, nanoseconds: f64) -> Sample {
        Sample { nanoseconds, operations: self.events, checksum: self.checksum }
    }
}

pub(crate) fn bench(is_quick: bool, filter: &str) {
    let (end_s, rounds) = if is_quick { (2, 2) } else { (30, 9) };
    let arms = vec![
        Arm::new("phold_bare_heap", move || bare::run(end_s)),
        Arm::new("phold_handler", move || handler::run(end_s)),
        Arm::new("phold_process", move || process::run(end_s)),
        Arm::new("phold_nexosim_scheduler", move || nexosim::run(end_s, nexosim::Way::Scheduler)),
        Arm::new("phold_nexosim_mixed", move || nexosim::run(end_s, nexosim::Way::Mixed)),
        Arm::new("phold_nexosim_ports", move || nexosim::run(end_s, nexosim::Way::Ports)),
    ];
    let group = rounds::measure("phold", arms, rounds, filter);
    group.assert_alike();
    group.print_ratio("phold_handler_vs_nexosim", "phold_nexosim", "phold_handler");
    group.print_ratio("phold_process_vs_nexosim", "phold_nexosim", "phold_process");
    group.print_ratio("phold_handler_vs_bare_heap", "phold_bare_heap", "phold_handler");
    let simulated_s = if is_quick { 1 } else { 6 };
    simpy::bench(&group, "phold.py", &[simulated_s], rounds.min(3), "phold", "phold");
}
