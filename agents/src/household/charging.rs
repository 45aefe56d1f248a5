//! What a period may and must charge: the latest-charge-start rule, exact to the last unit.
//!
//! A vehicle may come and go within a period, so a period is a list of stretches at the pile. A stretch must charge
//! what the time after it, until the vehicle means to leave, cannot:
//!
//! ```text
//! must = max(0, need - later)        later = sum over what is left of the stay of power * time
//! ```
//!
//! As every period charges at least that, the need is met at departure whenever power and time allow it at all.
//! What a period charges goes to its first stretch up to that one's limit, then to the next.

use goshawk_market::quantity::Energy;
use serde::{Deserialize, Serialize};

use crate::household::battery::Battery;

/// More than any battery holds.
const UNLIMITED: Energy = Energy::from_micro(i64::MAX / 8);

/// What is to be reached by the time the vehicle leaves.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub enum Goal {
    /// Nothing in particular.
    Nothing,
    /// So much in the battery.
    Content(Energy),
    /// So much charged, at the meter.
    Metered(Energy),
}

impl Goal {
    /// What is still missing of it with so much in the battery, at the meter.
    pub fn need(&self, battery: &Battery, content: Energy) -> Energy {
        match *self {
            Self::Nothing => Energy::ZERO,
            Self::Content(wanted) if wanted > content => battery.metered_to_gain(wanted - content),
            Self::Content(_) => Energy::ZERO,
            Self::Metered(left) => left,
        }
    }
}

/// What the vehicle does to the battery once it has left.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub enum Drive {
    /// It takes so much, as far as it is there.
    Takes(Energy),
    /// It comes back with so much, if it has as much.
    Leaves(Energy),
}

/// A part of a period during which the vehicle is plugged in.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub struct Stretch {
    /// How long.
    pub micros: u64,
    /// Most that power, time and the cells' taper let in, at the meter, however much room there is.
    pub limit: Energy,
    /// What the stay is to reach.
    pub goal: Goal,
    /// Most that can be charged after this stretch until the planned departure, at the meter.
    pub later: Energy,
    /// The drive after it, if the vehicle leaves.
    pub drive: Option<Drive>,
}

/// Least and most that the stretches of a period charge, at the meter.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Bounds {
    /// What cannot wait.
    pub must: Energy,
    /// What power, time and room allow.
    pub most: Energy,
}

impl Stretch {
    /// Most that it charges into a battery that holds `content`; habit driving makes `extra` room meanwhile.
    fn most(&self, battery: &Battery, content: Energy, extra: Energy) -> Energy {
        let limit = battery.metered_within(self.limit, (battery.ceiling() - content + extra).or_zero());
        match self.goal {
            Goal::Metered(left) => limit.min(left),
            Goal::Nothing | Goal::Content(_) => limit,
        }
    }

    /// What of its goal is still missing, at the meter.
    fn need(&self, battery: &Battery, content: Energy) -> Energy {
        self.goal.need(battery, content)
    }

    /// What of it can neither wait nor be more than fits.
    fn must(&self, battery: &Battery, content: Energy, extra: Energy) -> Energy {
        let need = (self.need(battery, content) - self.later).or_zero();
        if need.is_zero() { need } else { need.min(self.most(battery, content, extra)) }
    }

    /// What may be taken out of the battery, at the meter, and still be charged again in time.
    fn spare(&self, battery: &Battery, content: Energy) -> Energy {
        let beyond = match self.goal {
            Goal::Nothing => return UNLIMITED,
            Goal::Content(wanted) if content > wanted => battery.metered_from(content - wanted),
            Goal::Content(_) | Goal::Metered(_) => Energy::ZERO,
        };
        let need = self.need(battery, content);
        if need > self.later {
            return Energy::ZERO;
        }
        // What is taken out loses on its way out and on its way back.
        beyond + battery.metered_from(battery.gain_from(self.later - need))
    }

    /// The content after the drive, and what the drive took and would have taken.
    fn drive(&self, content: Energy) -> (Energy, Energy) {
        let wanted = match self.drive {
            None => Energy::ZERO,
            Some(Drive::Takes(energy)) => energy,
            Some(Drive::Leaves(left)) => (content - left).or_zero(),
        };
        (wanted.min(content.or_zero()), wanted)
    }
}

impl Bounds {
    /// The bounds of a period that begins with what the battery holds now.
    pub fn of<'a>(
        battery: &Battery,
        stretches: impl IntoIterator<Item = &'a Stretch>,
        driven_meanwhile: Energy,
    ) -> Self {
        let mut bounds = Self { must: Energy::ZERO, most: Energy::ZERO };
        let (mut low, mut high) = (battery.content(), battery.content());
        for stretch in stretches {
            let most = stretch.most(battery, high, driven_meanwhile);
            let must = stretch.must(battery, low, driven_meanwhile);
            bounds.must += must;
            bounds.most += most;
            low += battery.gain_from(must);
            high += battery.gain_from(most);
            low -= stretch.drive(low).0;
            high -= stretch.drive(high).0;
        }
        Self { must: bounds.must.min(bounds.most), ..bounds }
    }

    /// What may be taken out, at the meter, before anything must be charged in such a period; nothing where something must.
    pub fn spare<'a>(
        battery: &Battery,
        stretches: impl IntoIterator<Item = &'a Stretch>,
        driven_meanwhile: Energy,
    ) -> Energy {
        let (mut spare, mut low) = (UNLIMITED, battery.content());
        for stretch in stretches {
            spare = spare.min(stretch.spare(battery, low));
            low += battery.gain_from(stretch.must(battery, low, driven_meanwhile));
            low -= stretch.drive(low).0;
        }
        spare
    }
}

/// What a stretch came to.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Outcome {
    /// Charged, at the meter.
    pub charged: Energy,
    /// What of the goal was missing as the vehicle left, at the meter; nothing while it stays.
    pub missing: Energy,
    /// What the battery held as the vehicle left, before the drive, and what it was to hold if that was its goal.
    pub held: [Energy; 2],
    /// Driven.
    pub driven: Energy,
    /// What the drive wanted and the battery did not hold.
    pub shortfall: Energy,
}

/// Splits what a period charged among its stretches, and tells what each came to. Returns what was driven.
///
/// `before` is the content without what was charged.
pub fn carry_out<'a>(
    battery: &Battery,
    before: Energy,
    charged: Energy,
    stretches: impl IntoIterator<Item = &'a Stretch, IntoIter: ExactSizeIterator>,
    mut tell: impl FnMut(usize, Outcome),
) -> Energy {
    let (mut done, mut gone) = (Energy::ZERO, Energy::ZERO);
    let stretches = stretches.into_iter();
    let last = stretches.len().saturating_sub(1);
    for (index, stretch) in stretches.enumerate() {
        // Rounding once, over the whole period, as the battery does.
        let gained = battery.gain_from(done).min(done);
        let content = before + gained - gone;
        let left = charged - done;
        // The last one takes what rounding left over.
        let share = if index == last { left } else { stretch.most(battery, content, Energy::ZERO).min(left) };
        done += share;
        let content = before + battery.gain_from(done).min(done) - gone;
        let (driven, wanted) = stretch.drive(content);
        gone += driven;
        let missing = match stretch.goal {
            _ if stretch.drive.is_none() => Energy::ZERO,
            Goal::Metered(wanted) => (wanted - share).or_zero(),
            _ => stretch.need(battery, content),
        };
        let goal = if let Goal::Content(goal) = stretch.goal { goal } else { Energy::ZERO };
        let held = [content, goal];
        tell(index, Outcome { charged: share, missing, held, driven, shortfall: wanted - driven });
    }
    gone
}

#[cfg(test)]
mod tests {
    use goshawk_market::quantity::Power;

    use super::*;
    use crate::household::battery::BatterySpec;
    use proptest::prelude::*;

    const HOUR: u64 = 3_600_000_000;

    fn battery(content: i64, efficiency: f64) -> Battery {
        let spec = BatterySpec {
            capacity: Energy::from_micro(60_000_000),
            charge_power: Power::from_micro(7_000_000),
            discharge_power: Power::from_micro(7_000_000),
            charge_efficiency: efficiency,
            discharge_efficiency: 0.93,
            soc_min: 0.0,
            soc_max: 0.9,
        };
        Battery::new(spec, Energy::from_micro(content))
    }

    fn stretch(goal: Goal, later: i64) -> Stretch {
        let limit = Energy::from_micro(7_000_000);
        Stretch { micros: HOUR, limit, goal, later: Energy::from_micro(later), drive: None }
    }

    #[test]
    fn charging_waits_as_long_as_later_time_suffices_and_not_longer() {
        let battery = battery(20_000_000, 1.0);
        let must = |later| {
            let goal = Goal::Content(Energy::from_micro(30_000_000));
            Bounds::of(&battery, &[stretch(goal, later)], Energy::ZERO).must.micro()
        };
        assert_eq!((must(10_000_000), must(9_999_999), must(4_000_000)), (0, 1, 6_000_000));
        assert_eq!(must(0), 7_000_000, "no more than the power gives");
        let spare = |wanted, later| {
            let goal = Goal::Content(Energy::from_micro(wanted));
            Bounds::spare(&battery, &[stretch(goal, later)], Energy::ZERO).micro()
        };
        assert_eq!(spare(30_000_000, 4_000_000), 0, "what must be charged is not sold");
        assert_eq!(spare(30_000_000, 12_000_000), 1_860_000, "what later hours can charge again");
        assert_eq!(spare(15_000_000, 3_000_000), 7_440_000, "and what is beyond the need, at the meter");
    }

    #[test]
    fn a_session_ends_and_the_next_begins_within_a_period() {
        let leaving = Stretch {
            micros: HOUR / 2,
            limit: Energy::from_micro(3_500_000),
            drive: Some(Drive::Leaves(Energy::from_micro(5_000_000))),
            ..stretch(Goal::Metered(Energy::from_micro(2_000_000)), 0)
        };
        let coming = Stretch {
            micros: HOUR / 4,
            limit: Energy::from_micro(1_750_000),
            ..stretch(Goal::Metered(Energy::from_micro(9_000_000)), 8_000_000)
        };
        let battery = battery(20_000_000, 0.9);
        let bounds = Bounds::of(&battery, &[leaving, coming], Energy::ZERO);
        let kwh = |micro| Energy::from_micro(micro);
        assert_eq!((bounds.must, bounds.most), (kwh(3_000_000), kwh(3_750_000)));
        assert_eq!(Bounds::spare(&battery, &[leaving, coming], Energy::ZERO), Energy::ZERO);
        let mut outcomes = Vec::new();
        let gone = carry_out(&battery, kwh(20_000_000), bounds.must, &[leaving, coming], |_, one| {
            outcomes.push(one)
        });
        assert_eq!((outcomes[0].charged, outcomes[1].charged), (kwh(2_000_000), kwh(1_000_000)));
        assert_eq!(outcomes[0].missing, Energy::ZERO);
        assert_eq!(
            gone,
            kwh(20_000_000 + 1_800_000 - 5_000_000),
            "the first vehicle drives what it came for"
        );
    }

    prop_compose! {
        fn any_stretch()(
            micros in 0..HOUR, power in 100_000i64..22_000_000, kind in 0..3usize, energy in 0i64..60_000_000,
            later in 0i64..30_000_000, drive in 0..3usize, taken in 0i64..40_000_000,
        ) -> Stretch {
            let energy = Energy::from_micro(energy);
            Stretch {
                micros,
                limit: Power::from_micro(power).over_micros(micros),
                goal: [Goal::Nothing, Goal::Content(energy), Goal::Metered(energy)][kind],
                later: Energy::from_micro(later),
                drive: [None, Some(Drive::Takes(Energy::from_micro(taken))), Some(Drive::Leaves(Energy::from_micro(taken)))]
                    [drive],
            }
        }
    }

    proptest! {
        #[test]
        fn content_stays_within_the_battery_at_every_event(
            content in 0i64..54_000_000, efficiency in 0.5f64..=1.0,
            stretches in prop::collection::vec(any_stretch(), 1..5), share in 0.0f64..=1.0,
        ) {
            let battery = battery(content, efficiency);
            let bounds = Bounds::of(&battery, &stretches, Energy::ZERO);
            prop_assert!(bounds.must <= bounds.most);
            let between = (bounds.most - bounds.must).to_f64() * share;
            let charged = bounds.must + Energy::from_f64(between).unwrap().min(bounds.most - bounds.must);
            let mut held = battery.content();
            let (mut shared, mut gone) = (Energy::ZERO, Energy::ZERO);
            let mut faults = Vec::new();
            let total = carry_out(&battery, held, charged, &stretches, |index, one| {
                shared += one.charged;
                held += battery.gain_from(one.charged);
                // Two roundings against one.
                if held > battery.ceiling() + Energy::from_micro(5) { faults.push((index, held)); }
                held -= one.driven;
                gone += one.driven;
                if held < Energy::from_micro(-5) || one.shortfall.is_negative() || one.missing.is_negative() {
                    faults.push((index, held));
                }
            });
            prop_assert!(faults.is_empty(), "{:?}", faults);
            prop_assert_eq!((shared, gone), (charged, total), "all of it goes somewhere");
        }
    }
}
