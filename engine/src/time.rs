//! When something happens: instants, spans between them, and phases within an instant.
//!
//! Time is an integer count of microseconds, so that two ways of reaching the same instant (96 quarters
//! of an hour, or one day) reach the same number. A `u64` of them lasts 584,000 years.

use std::fmt;
use std::ops::{Add, Sub};

use serde::{Deserialize, Serialize};

const MICROS_PER_MILLI: u64 = 1_000;
const MICROS_PER_SECOND: u64 = 1_000_000;
const MICROS_PER_MINUTE: u64 = 60 * MICROS_PER_SECOND;
const MICROS_PER_HOUR: u64 = 60 * MICROS_PER_MINUTE;
const MICROS_PER_DAY: u64 = 24 * MICROS_PER_HOUR;

/// `count` units of `micros_per_unit` each.
const fn scaled(count: u64, micros_per_unit: u64) -> u64 {
    count.checked_mul(micros_per_unit).expect("invariant: a time fits 2^64 microseconds")
}

macro_rules! microseconds {
    ($(#[$doc:meta])* $name:ident, $what:literal) => {
        $(#[$doc])*
        #[derive(Debug, Clone, Copy, Default, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
        #[serde(transparent)]
        pub struct $name(u64);

        impl $name {
            #[doc = concat!("The smallest ", $what, ".")]
            pub const ZERO: Self = Self(0);
            #[doc = concat!("The largest ", $what, ".")]
            pub const MAX: Self = Self(u64::MAX);

            /// From microseconds.
            pub const fn from_micros(micros: u64) -> Self {
                Self(micros)
            }

            /// From milliseconds.
            ///
            /// # Panics
            /// Like every constructor here, beyond 2^64 microseconds.
            pub const fn from_millis(millis: u64) -> Self {
                Self(scaled(millis, MICROS_PER_MILLI))
            }

            /// From seconds.
            pub const fn from_secs(seconds: u64) -> Self {
                Self(scaled(seconds, MICROS_PER_SECOND))
            }

            /// From minutes.
            pub const fn from_minutes(minutes: u64) -> Self {
                Self(scaled(minutes, MICROS_PER_MINUTE))
            }

            /// From hours.
            pub const fn from_hours(hours: u64) -> Self {
                Self(scaled(hours, MICROS_PER_HOUR))
            }

            /// In microseconds.
            pub const fn micros(self) -> u64 {
                self.0
            }

            /// In hours, rounded to the nearest float.
            pub fn as_hours_f64(self) -> f64 {
                self.0 as f64 / MICROS_PER_HOUR as f64
            }
        }

        /// Days and time of day, as in `2d 06:30:00`; fractions of a second only when there are any.
        impl fmt::Display for $name {
            fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
                let seconds = self.0 / MICROS_PER_SECOND;
                write!(
                    formatter,
                    "{}d {:02}:{:02}:{:02}",
                    self.0 / MICROS_PER_DAY,
                    seconds / 3600 % 24,
                    seconds / 60 % 60,
                    seconds % 60
                )?;
                match self.0 % MICROS_PER_SECOND {
                    0 => Ok(()),
                    micros => write!(formatter, ".{micros:06}"),
                }
            }
        }
    };
}

microseconds! {
    /// An instant: microseconds since the start of the simulation.
    SimTime, "instant"
}

microseconds! {
    /// A span between two instants, in microseconds; never negative.
    SimDuration, "span"
}

impl SimTime {
    /// The instant `span` later, or `None` past [`SimTime::MAX`].
    pub const fn checked_add(self, span: SimDuration) -> Option<Self> {
        match self.0.checked_add(span.0) {
            Some(micros) => Some(Self(micros)),
            None => None,
        }
    }

    /// The instant `span` earlier, or `None` before the start.
    pub const fn checked_sub(self, span: SimDuration) -> Option<Self> {
        match self.0.checked_sub(span.0) {
            Some(micros) => Some(Self(micros)),
            None => None,
        }
    }

    /// The span since `earlier`, or `None` if `earlier` is later.
    pub const fn checked_since(self, earlier: Self) -> Option<SimDuration> {
        match self.0.checked_sub(earlier.0) {
            Some(micros) => Some(SimDuration(micros)),
            None => None,
        }
    }
}

impl SimDuration {
    /// The sum, or `None` on overflow.
    pub const fn checked_add(self, other: Self) -> Option<Self> {
        match self.0.checked_add(other.0) {
            Some(micros) => Some(Self(micros)),
            None => None,
        }
    }

    /// `count` spans in a row, or `None` on overflow.
    pub const fn checked_mul(self, count: u64) -> Option<Self> {
        match self.0.checked_mul(count) {
            Some(micros) => Some(Self(micros)),
            None => None,
        }
    }
}

/// For times known to be near; the engine itself only uses [`SimTime::checked_add`].
///
/// # Panics
/// Past [`SimTime::MAX`].
impl Add<SimDuration> for SimTime {
    type Output = Self;
    fn add(self, span: SimDuration) -> Self {
        self.checked_add(span).expect("invariant: an instant fits 2^64 microseconds")
    }
}

/// # Panics
/// If `earlier` is later.
impl Sub for SimTime {
    type Output = SimDuration;
    fn sub(self, earlier: Self) -> SimDuration {
        self.checked_since(earlier).expect("invariant: the subtracted instant is not later")
    }
}

/// A step within an instant: all messages of one phase are delivered before any of a later one.
///
/// Phases say what must be settled first when things happen at the same time: meters are read before the
/// market clears, the market clears before contracts are signed. A model names its phases as constants:
///
/// ```
/// use goshawk_engine::Phase;
/// const METER: Phase = Phase::new(0);
/// const CLEAR: Phase = Phase::new(1);
/// assert!(METER < CLEAR);
/// ```
///
/// A number that is too large does not compile:
///
/// ```compile_fail
/// # use goshawk_engine::Phase;
/// const BEYOND: Phase = Phase::new(16);
/// ```
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(try_from = "u8", into = "u8")]
pub struct Phase(u8);

impl Phase {
    /// How many phases an instant has.
    pub const COUNT: usize = 16;
    /// The phase an instant begins with.
    pub const FIRST: Self = Self(0);
    /// The phase an instant ends with.
    pub const LAST: Self = Self(Self::COUNT as u8 - 1);

    /// The phase of this number, from 0.
    ///
    /// # Panics
    /// From [`Phase::COUNT`] on; in a constant, that is a compile error.
    #[inline]
    pub const fn new(number: u8) -> Self {
        assert!((number as usize) < Self::COUNT, "invariant: a phase's number is below 16");
        Self(number)
    }

    /// Its number, from 0.
    pub const fn index(self) -> usize {
        self.0 as usize
    }
}

impl TryFrom<u8> for Phase {
    type Error = &'static str;

    fn try_from(number: u8) -> Result<Self, Self::Error> {
        if usize::from(number) < Self::COUNT { Ok(Self(number)) } else { Err("a phase's number is below 16") }
    }
}

impl From<Phase> for u8 {
    fn from(phase: Phase) -> Self {
        phase.0
    }
}

impl fmt::Display for Phase {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(formatter, "{}", self.0)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn units_agree() {
        assert_eq!(SimTime::from_hours(1), SimTime::from_minutes(60));
        assert_eq!(SimTime::from_minutes(1), SimTime::from_secs(60));
        assert_eq!(SimTime::from_secs(1), SimTime::from_millis(1_000));
        assert_eq!(SimTime::from_millis(1), SimTime::from_micros(1_000));
        assert_eq!(SimDuration::from_minutes(90).as_hours_f64(), 1.5);
    }

    #[test]
    fn arithmetic_says_when_it_overflows() {
        let step = SimDuration::from_micros(1);
        assert_eq!(SimTime::ZERO.checked_add(step), Some(SimTime::from_micros(1)));
        assert_eq!(SimTime::MAX.checked_add(step), None);
        assert_eq!(SimTime::ZERO.checked_sub(step), None);
        assert_eq!(SimTime::ZERO.checked_since(SimTime::MAX), None);
        assert_eq!(SimTime::from_secs(5) - SimTime::from_secs(2), SimDuration::from_secs(3));
        assert_eq!(SimDuration::MAX.checked_add(step), None);
        assert_eq!(SimDuration::from_minutes(15).checked_mul(96), Some(SimDuration::from_hours(24)));
        assert_eq!(SimDuration::MAX.checked_mul(2), None);
    }

    #[test]
    fn times_read_as_days_and_time_of_day() {
        assert_eq!(SimTime::ZERO.to_string(), "0d 00:00:00");
        assert_eq!(SimTime::from_minutes(2 * 24 * 60 + 390).to_string(), "2d 06:30:00");
        assert_eq!(SimDuration::from_micros(61_000_005).to_string(), "0d 00:01:01.000005");
    }
}
