//! Lists of future events in the shape of this engine's: entries of a time, a phase and a slot; nothing is ever pushed for
//! the present; at one instant all of its entries are taken, in the order of their pushing.
//!
//! `cargo bench -p goshawk-engine --bench future -- [NAME]`. The hold model: P entries are pending, and each, when it is
//! taken, is pushed again after a delay (see `shape`). Delays are drawn beforehand. Processor time of the process for
//! each entry taken and pushed again, medians and least; candidates take turns, and are checked to take the same entries
//! in the same order.
//!
//! It does not measure actors, payloads or cancelling.

#![allow(clippy::print_stdout, reason = "a report")]

#[path = "../peers/clock.rs"]
mod clock;
mod heaps;
/// The engine's own.
#[path = "../../src/queue/ladder.rs"]
#[allow(dead_code, unused_imports, reason = "the engine has use for all of it, and tests it")]
mod ladder;
#[path = "../peers/rounds.rs"]
#[allow(dead_code, reason = "another bench has use for all of it")]
mod rounds;
mod shape;

use heaps::{Binary, FourAry, Ticks};
use ladder::{Ladder, Later};
use rounds::{Arm, Sample};
use shape::Shape;

/// What a list of future events has to do.
trait FutureList: Default + 'static {
    /// Adds an entry later than the last instant taken.
    fn push(&mut self, time: u64, phase: u8, slot: u32);
    /// The time of the first entry.
    fn next_time(&mut self) -> Option<u64>;
    /// Takes all entries of the first instant, which is `time`, in the order of pushing within each phase.
    fn take(&mut self, time: u64, each: impl FnMut(u8, u32));
}

impl FutureList for Ladder<u32> {
    #[inline]
    fn push(&mut self, time: u64, phase: u8, slot: u32) {
        Self::push(self, Later { time, phase, entry: slot });
    }

    #[inline]
    fn next_time(&mut self) -> Option<u64> {
        self.first_until(u64::MAX).map(|later| later.time)
    }

    #[inline]
    fn take(&mut self, time: u64, mut each: impl FnMut(u8, u32)) {
        while let Some(later) = self.take_at(time) {
            each(later.phase, later.entry);
        }
    }
}

fn hold<L: FutureList>(shape: Shape, pending: u32, operations: u64) -> Sample {
    let delays = shape.delays();
    let mut list = L::default();
    let mut next = 0;
    let mut delay = || {
        next = (next + 1) % delays.len();
        delays[next]
    };
    for slot in 0..pending {
        let scattered = u64::from(slot).wrapping_mul(0x9e37_79b9_7f4a_7c15) >> 48;
        list.push(delays[scattered as usize], 0, slot);
    }
    let mut present = Vec::new();
    let mut checksum = 0_u64;
    let mut run = |at_least: u64| {
        let mut done = 0;
        while done < at_least {
            let time = list.next_time().expect("entries stay pending");
            list.take(time, |_, slot| present.push(slot));
            done += present.len() as u64;
            for slot in present.drain(..) {
                checksum =
                    (checksum ^ time ^ u64::from(slot)).wrapping_mul(0x9e37_79b9_7f4a_7c15).rotate_left(29);
                list.push(time + delay(), 0, slot);
            }
        }
        done
    };
    run(u64::from(pending));
    let (nanoseconds, operations) = Sample::of(|| run(operations));
    Sample { nanoseconds, operations, checksum }
}

fn arm<L: FutureList>(name: &'static str, shape: Shape, pending: u32, operations: u64) -> Arm {
    Arm::new(name, move || hold::<L>(shape, pending, operations))
}

fn main() {
    let arguments: Vec<String> = std::env::args().skip(1).collect();
    let is_quick = !arguments.iter().any(|argument| argument == "--bench");
    let filter = arguments.iter().find(|argument| !argument.starts_with("--")).map_or("", String::as_str);
    let (operations, rounds) = if is_quick { (1_000, 1) } else { (1_000_000, 5) };
    for shape in Shape::ALL {
        for pending in [10, 100, 1_000, 16_384, 100_000, 1_000_000] {
            let title = format!("{} {pending}", shape.name());
            let arms = vec![
                arm::<Binary>("binary_heap", shape, pending, operations),
                arm::<FourAry>("four_ary_heap", shape, pending, operations),
                arm::<Ticks>("map_of_instants", shape, pending, operations),
                arm::<Ladder<u32>>("radix_ladder", shape, pending, operations),
            ];
            rounds::measure(&title, arms, rounds, filter).assert_alike();
        }
    }
}
