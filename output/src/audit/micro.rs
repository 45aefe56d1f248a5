//! A number on the 1e-6 grid, wide enough that no sum of a table overflows, tampered with or not.

use std::fmt;
use std::iter::Sum;
use std::ops::{Add, AddAssign, Sub};

use goshawk_market::quantity::MICRO;

/// Steps of 1e-6.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, PartialOrd, Ord)]
pub(super) struct Micro(i128);

impl Micro {
    pub(super) const ZERO: Self = Self(0);

    /// From steps.
    pub(super) fn from_steps(steps: i64) -> Self {
        Self(i128::from(steps))
    }

    /// From a column's value; `None` if that is not what a number on the grid is written as.
    pub(super) fn from_column(value: f64) -> Option<Self> {
        let steps = (value * MICRO as f64).round();
        // A float as large as 2^63 saturates, and fails the comparison.
        let steps = steps as i64;
        (steps as f64 / MICRO as f64 == value).then_some(Self(i128::from(steps)))
    }

    pub(super) fn is_negative(self) -> bool {
        self.0 < 0
    }

    /// What an energy costs at this price, rounded halves away from zero.
    pub(super) fn times(self, energy: Self) -> Self {
        let product = self.0.saturating_mul(energy.0);
        let step = i128::from(MICRO);
        Self((product + product.signum() * (step / 2)) / step)
    }
}

impl Add for Micro {
    type Output = Self;
    fn add(self, other: Self) -> Self {
        Self(self.0 + other.0)
    }
}

impl Sub for Micro {
    type Output = Self;
    fn sub(self, other: Self) -> Self {
        Self(self.0 - other.0)
    }
}

impl AddAssign for Micro {
    fn add_assign(&mut self, other: Self) {
        *self = *self + other;
    }
}

impl Sum for Micro {
    fn sum<I: Iterator<Item = Self>>(values: I) -> Self {
        values.fold(Self::ZERO, Add::add)
    }
}

impl fmt::Display for Micro {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let sign = if self.0 < 0 { "-" } else { "" };
        let step = MICRO as u128;
        let size = self.0.unsigned_abs();
        write!(f, "{sign}{}.{:06}", size / step, size % step)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use goshawk_market::quantity::{Energy, Price};

    #[test]
    fn money_is_rounded_as_the_market_rounds_it() {
        for (price, energy) in [(1, 500_000), (-1, 500_000), (1, 499_999), (333_333, 3_000_001), (0, 5)] {
            let market = Price::from_micro(price) * Energy::from_micro(energy);
            let audit = Micro::from_steps(price).times(Micro::from_steps(energy));
            assert_eq!(audit, Micro::from_steps(market.micro()));
        }
    }

    #[test]
    fn only_what_is_written_from_the_grid_is_on_it() {
        assert_eq!(Micro::from_column(0.1), Some(Micro::from_steps(100_000)));
        assert_eq!(Micro::from_column(Energy::from_micro(-7).to_f64()), Some(Micro::from_steps(-7)));
        for off in [f64::NAN, f64::INFINITY, 1e300, 0.1 + f64::EPSILON, 1e-7] {
            assert_eq!(Micro::from_column(off), None, "{off}");
        }
    }
}
