//! A supplier's price as a rule over what somebody else asks.

use goshawk_market::quantity::{MICRO, Price};

/// The rule p = b (1 + s) + a, held between a floor and a cap.
///
/// Computed in whole steps of 1e-6 and rounded once, halves away from zero.
///
/// ```
/// use goshawk_agents::pricing::margin::Margin;
/// use goshawk_market::quantity::Price;
/// let margin = Margin { share_micro: -50_000, per_kwh: Price::from_micro(10_000), ..Margin::default() };
/// assert_eq!(margin.apply(Price::from_micro(300_000)), Price::from_micro(295_000));
/// ```
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Margin {
    /// The share s of the base that is added, in millionths; below 0 it is a discount.
    pub share_micro: i64,
    /// What is added to each kWh, a (currency/kWh).
    pub per_kwh: Price,
    /// The lowest price, above 0 (currency/kWh).
    pub floor: Price,
    /// The highest price, not below `floor` (currency/kWh).
    pub cap: Price,
}

impl Default for Margin {
    /// The base itself, as long as that is positive.
    fn default() -> Self {
        Self { share_micro: 0, per_kwh: Price::ZERO, floor: Price::from_micro(1), cap: Price::MAX }
    }
}

impl Margin {
    /// The price over a base b (currency/kWh), which may be negative.
    pub fn apply(&self, base: Price) -> Price {
        let micro = i128::from(MICRO);
        let product = i128::from(base.micro()) * (micro + i128::from(self.share_micro));
        let price = divided(product, micro) + i128::from(self.per_kwh.micro());
        let held = price.clamp(i128::from(self.floor.micro()), i128::from(self.cap.micro()));
        Price::from_micro(i64::try_from(held).expect("invariant: floor and cap are prices"))
    }
}

/// A quotient rounded to a whole number, halves away from zero; the divisor is positive.
pub(super) fn divided(numerator: i128, divisor: i128) -> i128 {
    let half = divisor / 2 * numerator.signum();
    (numerator + half) / divisor
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn price(micro: i64) -> Price {
        Price::from_micro(micro)
    }

    #[test]
    fn halves_go_away_from_zero() {
        assert_eq!([5, -5, 4, -4, 15, -15].map(|n| divided(n, 10)), [1, -1, 0, 0, 2, -2]);
        let half = Margin { share_micro: -500_000, floor: price(-10), ..Margin::default() };
        assert_eq!([1, 3, -1].map(|base| half.apply(price(base)).micro()), [1, 2, -1]);
    }

    #[test]
    fn floor_and_cap_hold() {
        let margin = Margin { per_kwh: price(10), floor: price(50), cap: price(100), ..Margin::default() };
        assert_eq!(
            [-7, 39, 40, 41, 90, 91, 500].map(|base| margin.apply(price(base)).micro()),
            [50, 50, 50, 51, 100, 100, 100]
        );
    }

    proptest! {
        /// Within half a step of the formula, in order of the base, and never outside floor and cap.
        #[test]
        fn the_rule_is_the_formula(
            base in -10_000_000_000_i64..10_000_000_000,
            share_micro in -1_000_000_i64..10_000_000,
            per_kwh in -1_000_000_i64..1_000_000,
            floor in 1_i64..1_000_000,
            room in 0_i64..1_000_000_000,
        ) {
            let margin = Margin { share_micro, per_kwh: price(per_kwh), floor: price(floor), cap: price(floor + room) };
            let found = margin.apply(price(base)).micro();
            let exact = base as f64 * (1.0 + share_micro as f64 / 1e6) + per_kwh as f64;
            let held = exact.clamp(floor as f64, (floor + room) as f64);
            prop_assert!((found as f64 - held).abs() <= 0.5 + 1e-3, "{found} for {held}");
            prop_assert!(margin.apply(price(base + 1)).micro() >= found);
        }
    }
}
