//! What goes wrong in a trial. Everything is drawn from the trial's seed, also which kinds of faults there are at all: a
//! trial with one kind finds other mistakes than a trial with all of them (swarm testing).

use crate::trial::random::Random;
use crate::trial::{Control, Setting};

/// What is wrong with a validator.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Conduct {
    /// Nothing, but it may crash and come back.
    Honest,
    /// Two validators with one key, who see different transactions and speak to different peers.
    Equivocating,
    /// It says nothing.
    Silent,
    /// It sends its messages to some peers only.
    Withholding,
    /// It ignores transactions of some accounts, and blocks with them.
    Censoring,
    /// It sends old messages and transactions again.
    Replaying,
    /// It makes up votes, proposals and final blocks, and bends bytes.
    Forging,
    /// It votes for any block that holds, whatever it is locked on.
    Amnesiac,
}

const FAULTY: [Conduct; 7] = [
    Conduct::Equivocating,
    Conduct::Silent,
    Conduct::Withholding,
    Conduct::Censoring,
    Conduct::Replaying,
    Conduct::Forging,
    Conduct::Amnesiac,
];

/// How often something happens: so many of 10,000.
type Rate = u64;

/// What the network, the disks and the clocks do.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Weather {
    /// Shortest and longest latency, in microseconds.
    pub(crate) latency_micros: (u64, u64),
    /// Whether a link delivers in the order of sending.
    pub(crate) in_order: bool,
    pub(crate) loss: Rate,
    pub(crate) doubling: Rate,
    pub(crate) disk_faults: Rate,
    /// Mean time between partitions, in microseconds; 0 for none.
    pub(crate) partition_every_micros: u64,
    /// Mean time between crashes, in microseconds; 0 for none.
    pub(crate) crash_every_micros: u64,
    /// The longest time that a validator stays down, in microseconds.
    pub(crate) down_micros_max: u64,
}

impl Weather {
    /// When everything is well again.
    pub(crate) fn fair() -> Self {
        Self {
            latency_micros: (5_000, 60_000),
            in_order: true,
            loss: 0,
            doubling: 0,
            disk_faults: 0,
            partition_every_micros: 0,
            crash_every_micros: 0,
            down_micros_max: 0,
        }
    }
}

/// What goes wrong in a trial.
#[derive(Debug, Clone)]
pub(crate) struct Plan {
    pub(crate) conduct: Vec<Conduct>,
    pub(crate) weather: Weather,
    /// How far each validator's clock is ahead, in microseconds.
    pub(crate) clocks_ahead_micros: Vec<u64>,
    /// Pairs of households that trade in each period.
    pub(crate) pairs: usize,
    /// How many periods they trade.
    pub(crate) periods: usize,
    /// Whether the next period's transactions wait for the last one's.
    pub(crate) one_by_one: bool,
    /// Blocks of an epoch.
    pub(crate) epoch_blocks: u32,
    /// How long everything may go wrong, in microseconds.
    pub(crate) storm_micros: u64,
}

impl Plan {
    pub(crate) fn draw(random: &mut Random, setting: &Setting) -> Self {
        let validators = match random.below(20) {
            0..=9 => 4,
            10..=13 => random.between(5, 7),
            14..=17 => random.between(8, 13),
            _ => random.between(14, 31),
        } as usize;
        let conduct = draw_conduct(random, validators, setting);
        let longest = random.pick(&[30_000, 100_000, 100_000, 400_000, 1_500_000]);
        let weather = Weather {
            latency_micros: (random.between(1_000, 10_000), longest),
            in_order: random.happens(6_000),
            loss: some(random, 6_000, 1_500),
            doubling: some(random, 4_000, 1_000),
            disk_faults: some(random, 4_000, 30),
            partition_every_micros: some(random, 5_000, 20_000_000),
            crash_every_micros: some(random, 6_000, 15_000_000),
            down_micros_max: random.pick(&[200_000, 3_000_000, 15_000_000]),
        };
        let clocks_are_wrong = random.happens(3_000);
        let clocks_ahead_micros =
            (0..validators).map(|_| if clocks_are_wrong { random.below(400_000) } else { 0 }).collect();
        let periods = match validators {
            0..=4 => 110,
            5..=7 => 60,
            8..=13 => 24,
            _ => 9,
        };
        Self {
            conduct,
            weather,
            clocks_ahead_micros,
            pairs: random.between(1, 4) as usize,
            periods,
            one_by_one: random.happens(6_000),
            epoch_blocks: random.pick(&[1, 3, 10, 40]),
            storm_micros: random.between(20, 120) * 1_000_000,
        }
    }

    pub(crate) fn validators(&self) -> usize {
        self.conduct.len()
    }

    pub(crate) fn is_honest(&self, node: usize) -> bool {
        self.conduct[node] == Conduct::Honest
    }
}

/// None at all, or with `chance` of 10,000 up to `most`.
fn some(random: &mut Random, chance: u64, most: u64) -> u64 {
    if random.happens(chance) { random.between(1 + most / 10, most) } else { 0 }
}

fn draw_conduct(random: &mut Random, validators: usize, setting: &Setting) -> Vec<Conduct> {
    let bearable = (validators as u64 - 1) / 3;
    let mut conduct = vec![Conduct::Honest; validators];
    let faulty = match setting.control {
        Some(Control::TooManyFaulty) => bearable + 1,
        _ if random.happens(2_000) => 0,
        _ => random.between(1, bearable),
    };
    // One kind for all in half of the trials.
    let only = random.happens(5_000).then(|| random.pick(&FAULTY));
    let mut left = faulty;
    while left > 0 {
        let node = random.below(validators as u64) as usize;
        if conduct[node] != Conduct::Honest {
            continue;
        }
        conduct[node] = match setting.control {
            Some(Control::TooManyFaulty) => Conduct::Equivocating,
            _ => only.unwrap_or_else(|| random.pick(&FAULTY)),
        };
        left -= 1;
    }
    conduct
}
