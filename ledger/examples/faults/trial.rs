//! One trial: validators on a simulated network with simulated disks, a storm of faults, then fair weather.
//!
//! ```text
//! seed -> plan -> storm: everything goes wrong, nothing false may happen
//!                   |
//!                   v
//!                 fair weather: networks, disks and clocks heal, faulty validators stay faulty; all must be final soon
//! ```

// Each program that has this module uses a part of it.
#![allow(dead_code, clippy::unwrap_used)]

pub(crate) mod checks;
pub(crate) mod contests;
pub(crate) mod counters;
pub(crate) mod disk;
pub(crate) mod energy;
pub(crate) mod faulty;
pub(crate) mod links;
pub(crate) mod plan;
pub(crate) mod random;
pub(crate) mod traffic;
pub(crate) mod world;

use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::Arc;

use goshawk_ledger::{Digest, Genesis, Limits, SignatureScheme, Weakness};

use crate::community::genesis_with;
use counters::Counters;
use plan::Plan;
use random::Random;
use world::World;

/// A circumstance in which the ledger promises nothing, so that the checks must fail.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Control {
    /// A third of the validators or more are faulty.
    TooManyFaulty,
    /// The log does not survive a crash.
    NoLog,
}

/// What is different from the ledger as it is.
#[derive(Debug, Clone, Copy, Default)]
pub(crate) struct Setting {
    pub(crate) weakness: Option<Weakness>,
    pub(crate) control: Option<Control>,
}

/// What came of a trial.
#[derive(Debug)]
pub(crate) struct Outcome {
    pub(crate) counters: Counters,
    /// What should not have happened, and when.
    pub(crate) violation: Option<String>,
    /// Over the chain that was agreed on: two runs of one seed have the same.
    pub(crate) last: Digest,
}

/// Runs the trial of a seed. A panic of the ledger is a violation too.
pub(crate) fn run(seed: u64, setting: &Setting) -> Outcome {
    let mut random = Random::new(seed);
    let plan = Plan::draw(&mut random, setting);
    let limits = Limits { epoch_blocks: plan.epoch_blocks, ..Limits::default() };
    let sound = genesis_with(limits, SignatureScheme::KeyedHash, 2 * plan.pairs, plan.validators());
    let used = match setting.weakness {
        Some(weakness) => Arc::new(Genesis::weakened(sound.config().clone(), weakness).unwrap()),
        None => Arc::clone(&sound),
    };
    let mut world = World::new(&sound, &used, plan, random, setting);
    let violation = match catch_unwind(AssertUnwindSafe(|| world.run())) {
        Ok(result) => result.err(),
        Err(panic) => {
            let text = panic.downcast_ref::<String>().cloned();
            let text = text.or_else(|| panic.downcast_ref::<&str>().map(|&text| text.to_owned()));
            Some(format!("panic: {}", text.unwrap_or_default()))
        }
    };
    let violation = violation.map(|it| format!("{it} (at {:.3} s)", world.now_micros as f64 / 1e6));
    Outcome { counters: world.counted(), violation, last: world.last() }
}
