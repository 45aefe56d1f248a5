//! Energy, power, money and price as integers, so that books balance to the last unit.
//!
//! | type | unit | one step |
//! |---|---|---|
//! | [`Energy`] | kWh | 1e-6 kWh |
//! | [`Power`] | kW | 1e-6 kW |
//! | [`Money`] | the scenario's currency | 1e-6 |
//! | [`Price`] | currency per kWh | 1e-6 |
//!
//! Physics and optimizers compute in `f64`; what is awarded, delivered and paid is rounded once to these
//! types. `+`, `-` and sums panic on overflow in every build: 1e-6 steps in an `i64` reach 9.2e12 kWh, which no
//! valid input comes near, so an overflow is a broken invariant and not an input error.

use std::fmt;
use std::iter::Sum;
use std::ops::{Add, AddAssign, Mul, Neg, Sub, SubAssign};

use serde::{Deserialize, Serialize};

/// Steps of the integer grid in one whole unit.
pub const MICRO: i64 = 1_000_000;

/// A value that does not fit the integer grid.
#[derive(Debug, Clone, Copy, PartialEq, thiserror::Error)]
#[non_exhaustive]
pub enum QuantityError {
    /// Not a number, or infinite.
    #[error("{0} is not a finite number")]
    NotFinite(f64),
    /// Beyond the range that the grid can hold.
    #[error("{0} is outside the range of ±9.2e12")]
    OutOfRange(f64),
}

/// Below this, 2^51, a number plus [`WHOLE`] has no bits left for a fraction.
const EXACT: f64 = 2_251_799_813_685_248.0;
/// 1.5 * 2^52: a number added to it is rounded to a whole one, and that is the difference of their bits.
const WHOLE: f64 = 6_755_399_441_055_744.0;

/// Rounds to the 1e-6 grid, halves away from zero.
#[inline]
fn round_to_micro(value: f64) -> Result<i64, QuantityError> {
    let scaled = value * MICRO as f64;
    // What a call of `round` would give, in line, and without the check of range that a cast makes: a household rounds some
    // thirty times in a period. Addition rounds halves to even; those that went towards zero are put right.
    if scaled.abs() < EXACT {
        let sum = scaled + WHOLE;
        let rest = scaled - (sum - WHOLE);
        let (up, down) = (rest == 0.5 && scaled > 0.0, rest == -0.5 && scaled < 0.0);
        return Ok(sum.to_bits().wrapping_sub(WHOLE.to_bits()) as i64 + i64::from(up) - i64::from(down));
    }
    round_far_to_micro(value)
}

#[cold]
fn round_far_to_micro(value: f64) -> Result<i64, QuantityError> {
    if !value.is_finite() {
        return Err(QuantityError::NotFinite(value));
    }
    let scaled = value * MICRO as f64;
    let scaled = scaled.round();
    // `i64::MAX as f64` rounds up to 2^63, which is itself out of range.
    if scaled >= i64::MAX as f64 || scaled <= i64::MIN as f64 {
        return Err(QuantityError::OutOfRange(value));
    }
    Ok(scaled as i64)
}

macro_rules! quantity {
    ($(#[$doc:meta])* $name:ident, $unit:literal) => {
        $(#[$doc])*
        #[derive(
            Debug, Clone, Copy, Default, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize,
        )]
        #[serde(transparent)]
        pub struct $name(i64);

        impl $name {
            /// Nothing.
            pub const ZERO: Self = Self(0);
            /// The largest value.
            pub const MAX: Self = Self(i64::MAX);

            /// From steps of the 1e-6 grid.
            #[inline]
            pub const fn from_micro(micro: i64) -> Self {
                Self(micro)
            }

            /// In steps of the 1e-6 grid.
            #[inline]
            pub const fn micro(self) -> i64 {
                self.0
            }

            #[doc = concat!("From a number of ", $unit, ", rounded to the grid, halves away from zero.")]
            ///
            /// # Errors
            /// When `value` is not finite or beyond ±9.2e12.
            #[inline]
            pub fn from_f64(value: f64) -> Result<Self, QuantityError> {
                round_to_micro(value).map(Self)
            }

            #[doc = concat!("As a number of ", $unit, "; exact for magnitudes below 4e9.")]
            #[inline]
            pub fn to_f64(self) -> f64 {
                self.0 as f64 / MICRO as f64
            }

            /// The sum, or `None` on overflow.
            #[inline]
            pub fn checked_add(self, other: Self) -> Option<Self> {
                self.0.checked_add(other.0).map(Self)
            }

            /// The difference, or `None` on overflow.
            #[inline]
            pub fn checked_sub(self, other: Self) -> Option<Self> {
                self.0.checked_sub(other.0).map(Self)
            }

            /// Whether this is exactly nothing.
            #[inline]
            pub const fn is_zero(self) -> bool {
                self.0 == 0
            }

            /// Whether this is more than nothing.
            #[inline]
            pub const fn is_positive(self) -> bool {
                self.0 > 0
            }

            /// Whether this is less than nothing.
            #[inline]
            pub const fn is_negative(self) -> bool {
                self.0 < 0
            }

            /// This, or nothing if this is negative.
            #[inline]
            pub fn or_zero(self) -> Self {
                self.max(Self::ZERO)
            }

            /// Deals `self` out in proportion to `weights`, by largest remainder; see [`apportion`].
            pub fn apportion(self, weights: &[i64]) -> Vec<Self> {
                apportion(self.0, weights).into_iter().map(Self).collect()
            }
        }

        impl Add for $name {
            type Output = Self;
            #[inline]
            fn add(self, other: Self) -> Self {
                self.checked_add(other).expect(concat!("invariant: ", stringify!($name), " sums fit i64"))
            }
        }

        impl Sub for $name {
            type Output = Self;
            #[inline]
            fn sub(self, other: Self) -> Self {
                self.checked_sub(other).expect(concat!("invariant: ", stringify!($name), " sums fit i64"))
            }
        }

        impl Neg for $name {
            type Output = Self;
            #[inline]
            fn neg(self) -> Self {
                Self(self.0.checked_neg().expect(concat!("invariant: ", stringify!($name), " fits i64")))
            }
        }

        impl AddAssign for $name {
            #[inline]
            fn add_assign(&mut self, other: Self) {
                *self = *self + other;
            }
        }

        impl SubAssign for $name {
            #[inline]
            fn sub_assign(&mut self, other: Self) {
                *self = *self - other;
            }
        }

        impl Sum for $name {
            fn sum<I: Iterator<Item = Self>>(values: I) -> Self {
                values.fold(Self::ZERO, Add::add)
            }
        }

        impl fmt::Display for $name {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                let sign = if self.0 < 0 { "-" } else { "" };
                let magnitude = self.0.unsigned_abs();
                write!(f, "{sign}{}.{:06}", magnitude / MICRO as u64, magnitude % MICRO as u64)
            }
        }
    };
}

quantity!(
    /// An amount of energy, in steps of 1e-6 kWh.
    Energy, "kWh"
);
quantity!(
    /// A power, in steps of 1e-6 kW.
    Power, "kW"
);
quantity!(
    /// An amount of money, in steps of 1e-6 of the scenario's currency.
    Money, "currency"
);
quantity!(
    /// A price, in steps of 1e-6 currency per kWh.
    Price, "currency per kWh"
);

/// `a * b / denominator`, halves away from zero.
#[inline]
fn multiply_divide(a: i64, b: i64, denominator: i64) -> i64 {
    // Nearly always the product fits, and dividing it takes a tenth of the time.
    match a.checked_mul(b).filter(|product| product.unsigned_abs() < 1 << 62) {
        Some(product) => {
            let half = if product >= 0 { denominator / 2 } else { -(denominator / 2) };
            (product + half) / denominator
        }
        None => divide_rounded(i128::from(a) * i128::from(b), i128::from(denominator)),
    }
}

/// `numerator / denominator`, halves away from zero.
#[cold]
fn divide_rounded(numerator: i128, denominator: i128) -> i64 {
    let half = denominator / 2;
    let rounded =
        if numerator >= 0 { (numerator + half) / denominator } else { (numerator - half) / denominator };
    i64::try_from(rounded).expect("invariant: products of valid quantities fit i64")
}

impl Mul<Energy> for Price {
    type Output = Money;

    /// The money for an energy at this price, rounded once to the grid, halves away from zero.
    #[inline]
    fn mul(self, energy: Energy) -> Money {
        Money(multiply_divide(self.0, energy.0, MICRO))
    }
}

impl Power {
    /// The energy of this power over a span of time in microseconds, rounded to the grid.
    #[inline]
    pub fn over_micros(self, micros: u64) -> Energy {
        const MICROS_PER_HOUR: i64 = 3_600_000_000;
        Energy(match i64::try_from(micros) {
            Ok(micros) => multiply_divide(self.0, micros, MICROS_PER_HOUR),
            Err(_) => divide_rounded(i128::from(self.0) * i128::from(micros), i128::from(MICROS_PER_HOUR)),
        })
    }
}

/// The mean of prices weighted by the energy at each, rounded once to the grid, halves away from zero; `None` without
/// energy.
///
/// ```
/// use goshawk_market::quantity::{Energy, Price, mean_price};
/// let at = |price, energy| (Price::from_micro(price), Energy::from_micro(energy));
/// assert_eq!(mean_price([at(10, 3), at(20, 1)]), Some(Price::from_micro(13)));
/// assert_eq!(mean_price([]), None);
/// ```
pub fn mean_price(parts: impl IntoIterator<Item = (Price, Energy)>) -> Option<Price> {
    let (mut paid, mut total) = (0, 0);
    for (price, energy) in parts {
        paid += i128::from(price.0) * i128::from(energy.0);
        total += i128::from(energy.0);
    }
    (total > 0).then(|| Price(divide_rounded(paid, total)))
}

/// Deals `total` out in proportion to `weights` so that the parts sum to `total` exactly.
///
/// Each part is first rounded down; the units that are left go one each to the largest remainders, ties to the
/// lower index. All-zero weights give all-zero parts only if `total` is zero; otherwise the first part takes all.
///
/// # Panics
/// When a weight or `total` is negative, or `total` is positive and there is nobody to deal to.
///
/// ```
/// assert_eq!(goshawk_market::quantity::apportion(10, &[1, 1, 1]), [4, 3, 3]);
/// ```
pub fn apportion(total: i64, weights: &[i64]) -> Vec<i64> {
    assert!(total >= 0, "invariant: only a non-negative total is dealt out");
    assert!(weights.iter().all(|&weight| weight >= 0), "invariant: weights are non-negative");
    assert!(total == 0 || !weights.is_empty(), "invariant: somebody receives what is dealt out");
    let sum: i128 = weights.iter().map(|&weight| i128::from(weight)).sum();
    if sum == 0 {
        let mut parts = vec![0; weights.len()];
        if let Some(first) = parts.first_mut() {
            *first = total;
        }
        return parts;
    }
    let exact = |weight: i64| i128::from(total) * i128::from(weight);
    let mut parts: Vec<i64> = weights.iter().map(|&weight| (exact(weight) / sum) as i64).collect();
    let mut left = total - parts.iter().sum::<i64>();
    let mut order: Vec<usize> = (0..weights.len()).collect();
    order.sort_by_key(|&index| (std::cmp::Reverse(exact(weights[index]) % sum), index));
    for index in order {
        if left == 0 {
            break;
        }
        parts[index] += 1;
        left -= 1;
    }
    parts
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn a_price_times_an_energy_is_rounded_once_halves_away_from_zero() {
        let price = Price::from_micro(500_000);
        assert_eq!(price * Energy::from_micro(1), Money::from_micro(1), "0.5 rounds up");
        assert_eq!(price * Energy::from_micro(-1), Money::from_micro(-1), "-0.5 rounds down");
        assert_eq!(price * Energy::from_micro(2_000_000), Money::from_micro(1_000_000));
    }

    proptest! {
        #[test]
        fn rounding_in_line_is_rounding(value in prop_oneof![-1e10f64..1e10, -1e-5f64..1e-5, -3.0f64..3.0]) {
            for value in [value, value.round() + 0.5e-6, (value * 2e6).round() / 2e6] {
                prop_assert_eq!(Energy::from_f64(value).unwrap().micro(), (value * 1e6).round() as i64);
            }
        }

        #[test]
        fn products_are_rounded_alike_whether_they_fit_or_not(
            price in any::<i32>(), energy in prop_oneof![-1_000_000_000i64..1_000_000_000, any::<i32>().prop_map(|wide| i64::from(wide) << 31)],
            micros in 0u64..10_000_000_000,
        ) {
            let wide = |a: i64, b: i64, denominator: i128| divide_rounded(i128::from(a) * i128::from(b), denominator);
            if let Ok(expected) = std::panic::catch_unwind(|| wide(i64::from(price), energy, i128::from(MICRO))) {
                prop_assert_eq!(Price::from_micro(i64::from(price)) * Energy::from_micro(energy), Money(expected));
            }
            let power = Power::from_micro(i64::from(price));
            prop_assert_eq!(power.over_micros(micros), Energy(wide(power.0, micros as i64, 3_600_000_000)));
        }
    }

    #[test]
    fn numbers_that_do_not_fit_are_refused() {
        assert!(matches!(Energy::from_f64(f64::NAN), Err(QuantityError::NotFinite(_))));
        assert!(matches!(Money::from_f64(1e13), Err(QuantityError::OutOfRange(_))));
        assert_eq!(Energy::from_f64(-0.000_000_5), Ok(Energy::from_micro(-1)));
    }

    #[test]
    fn a_power_over_an_hour_is_its_energy() {
        assert_eq!(Power::from_micro(7_000_000).over_micros(3_600_000_000), Energy::from_micro(7_000_000));
        assert_eq!(Power::from_micro(7_000_000).over_micros(900_000_000), Energy::from_micro(1_750_000));
    }

    #[test]
    fn quantities_print_with_all_their_digits() {
        assert_eq!(Energy::from_micro(-1_000_001).to_string(), "-1.000001");
    }

    #[test]
    #[should_panic(expected = "sums fit i64")]
    fn an_overflowing_sum_panics_in_every_build() {
        let _ = Energy::MAX + Energy::from_micro(1);
    }

    proptest! {
        #[test]
        fn dealt_out_parts_sum_exactly_and_stay_within_one_unit_of_fair(
            total in 0i64..1_000_000_000_000,
            weights in prop::collection::vec(0i64..1_000_000_000, 1..40),
        ) {
            let parts = apportion(total, &weights);
            prop_assert_eq!(parts.iter().sum::<i64>(), total);
            let sum: i128 = weights.iter().map(|&w| i128::from(w)).sum();
            if sum > 0 {
                for (&part, &weight) in parts.iter().zip(&weights) {
                    let floor = i128::from(total) * i128::from(weight) / sum;
                    prop_assert!(i128::from(part) == floor || i128::from(part) == floor + 1);
                }
            }
        }

        #[test]
        fn the_grid_survives_a_trip_through_f64(micro in -4_000_000_000_000_000i64..4_000_000_000_000_000) {
            prop_assert_eq!(Energy::from_f64(Energy::from_micro(micro).to_f64()), Ok(Energy::from_micro(micro)));
        }
    }
}
