//! How content buyers are with a price, and with moving their charging: equations (19) to (23).

use std::f64::consts::FRAC_PI_2;

use crate::quantity::Price;

/// Satisfaction Gra of a buyer with the recommended price, equation (19): 1 at or below what it expected, falling
/// as a quarter of a cosine to 0 at the tolerance C_max, and 0 beyond.
///
/// dC is the excess of the recommended over the expected price; paying less than expected satisfies fully. Without
/// tolerance any excess leaves nothing.
///
/// ```
/// use goshawk_market::{satisfaction, quantity::Price};
/// let price = Price::from_micro;
/// assert!((satisfaction(price(700_000), price(800_000), price(200_000)) - 0.5f64.sqrt()).abs() < 1e-12);
/// ```
pub fn satisfaction(expected: Price, recommended: Price, tolerance: Price) -> f64 {
    quarter_cosine(Tolerance::new(expected.to_f64(), tolerance.to_f64()).used(recommended.to_f64()))
}

/// Less than a step of the grid of prices: any step beyond what is expected uses it up, and rounding does not.
const NO_TOLERANCE: f64 = 1e-9;

/// What is expected and what is just tolerated, ready for equation (19) at many prices.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(crate) struct Tolerance {
    expected: f64,
    per_unit: f64,
}

impl Tolerance {
    /// What satisfies at any price.
    pub(crate) const ANYTHING: Self = Self { expected: f64::MAX, per_unit: 1.0 };

    /// From what is expected, and C_max; without tolerance any step of excess leaves nothing.
    pub(crate) fn new(expected: f64, tolerance: f64) -> Self {
        Self { expected, per_unit: 1.0 / tolerance.max(NO_TOLERANCE) }
    }

    /// c = dC / C_max, cut to [0, 1].
    pub(crate) fn used(&self, price: f64) -> f64 {
        ((price - self.expected) * self.per_unit).clamp(0.0, 1.0)
    }

    /// From which price on nothing satisfies.
    pub(crate) fn end(&self) -> f64 {
        self.expected + 1.0 / self.per_unit
    }
}

/// cos(c pi/2) for c from 0 to 1, within 1e-12: the Taylor series, without a branch, so that it is vectorised.
pub(crate) fn quarter_cosine(c: f64) -> f64 {
    /// (-1)^k / (2k)! for k from 8 down to 0.
    const SERIES: [f64; 9] = [
        1.0 / 20_922_789_888_000.0,
        -1.0 / 87_178_291_200.0,
        1.0 / 479_001_600.0,
        -1.0 / 3_628_800.0,
        1.0 / 40_320.0,
        -1.0 / 720.0,
        1.0 / 24.0,
        -0.5,
        1.0,
    ];
    let angle = c * FRAC_PI_2;
    let square = angle * angle;
    let sum = SERIES.iter().fold(0.0, |sum, &term| sum * square + term);
    if c >= 1.0 { 0.0 } else { sum }
}

/// The outside channel that a buyer would use otherwise: the Booleans a1 and a2 of equation (23).
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum OutsideChannel {
    /// a1 = 1: the grid.
    Grid,
    /// a2 = 1: the sales company.
    Company,
}

/// How d of equation (22), what moving saves, follows from d1 and d2.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum MovingSaving {
    /// d = (d1 + d2)/2: negative where moving saves nothing, as the paper's text asks.
    #[default]
    Mean,
    /// d = (d1 - d2)/2, as printed: negative where the grid is cheaper than the company.
    Printed,
}

/// A saving per kWh in one period, and its extremes over the periods to which charging could move.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Saving {
    /// d1 or d2: the outside price less the sellers' price (currency/kWh).
    pub now: Price,
    /// Its smallest value over the periods.
    pub least: Price,
    /// Its largest value over the periods.
    pub most: Price,
}

impl Saving {
    /// The saving in the period `at`, from the outside and the sellers' price in each period.
    ///
    /// # Panics
    /// When the two differ in length or `at` is not among the periods.
    pub fn over(outside: &[Price], sellers: &[Price], at: usize) -> Self {
        assert_eq!(outside.len(), sellers.len(), "invariant: both prices are known for the same periods");
        let saving = |period: usize| outside[period] - sellers[period];
        let now = saving(at);
        let (least, most) = (0..outside.len())
            .map(saving)
            .fold((now, now), |(least, most), each| (least.min(each), most.max(each)));
        Self { now, least, most }
    }

    /// One term of equation (20): 1 where the saving is largest, 0 where it is smallest, 1 where all are alike.
    fn satisfaction(self) -> f64 {
        let range = (self.most - self.least).to_f64();
        if range <= 0.0 {
            return 1.0;
        }
        quarter_cosine((self.most - self.now).to_f64() / range)
    }
}

/// Satisfaction Gra_price of a buyer with moving its charging, equations (20) to (23). Where d < 0, (21), moving saves nothing:
/// the charging time stays, whatever the satisfaction of 0 would ask for beside (19).
///
/// `grid` is d1 = Q_G - Q_s, `company` is d2 = Q_C - Q_s.
pub fn price_satisfaction(
    channel: OutsideChannel,
    saving: MovingSaving,
    grid: Saving,
    company: Saving,
) -> f64 {
    let twice_d = match saving {
        MovingSaving::Mean => grid.now + company.now,
        MovingSaving::Printed => grid.now - company.now,
    };
    if twice_d.is_negative() {
        return 0.0;
    }
    match channel {
        OutsideChannel::Grid => grid.satisfaction(),
        OutsideChannel::Company => company.satisfaction(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn price(yuan: f64) -> Price {
        Price::from_f64(yuan).unwrap()
    }

    #[test]
    fn satisfaction_falls_as_a_cosine_from_one_to_nothing() {
        let at = |recommended| satisfaction(price(0.6), price(recommended), price(0.3));
        assert_eq!(at(0.5), 1.0, "cheaper than expected");
        assert_eq!(at(0.6), 1.0);
        assert!((at(0.7) - 0.866_025_403_784_438_6).abs() < 1e-12, "cos 30 degrees at a third");
        assert!((at(0.8) - 0.5).abs() < 1e-12, "cos 60 degrees at two thirds");
        assert_eq!(at(0.9), 0.0);
        assert_eq!(at(2.0), 0.0);
    }

    #[test]
    fn the_series_is_the_cosine() {
        for step in 0..=10_000 {
            let c = f64::from(step) / 10_000.0;
            assert!((quarter_cosine(c) - libm::cos(c * FRAC_PI_2)).abs() < 1e-12, "at {c}");
        }
        assert_eq!((quarter_cosine(0.0), quarter_cosine(1.0)), (1.0, 0.0));
    }

    #[test]
    fn without_tolerance_any_excess_leaves_nothing() {
        assert_eq!(satisfaction(price(0.6), price(0.6), Price::ZERO), 1.0);
        assert_eq!(satisfaction(price(0.6), price(0.600_001), Price::ZERO), 0.0);
    }

    #[test]
    fn moving_satisfies_most_where_it_saves_most() {
        let outside = [price(1.2), price(0.9), price(0.6)];
        let sellers = [price(0.5); 3];
        let satisfied = |at| {
            let saving = Saving::over(&outside, &sellers, at);
            price_satisfaction(OutsideChannel::Grid, MovingSaving::Mean, saving, saving)
        };
        assert_eq!(satisfied(0), 1.0);
        assert!((satisfied(1) - 0.5f64.sqrt()).abs() < 1e-12, "half way, cos 45 degrees");
        assert!(satisfied(2).abs() < 1e-12);
    }

    #[test]
    fn the_printed_sign_and_the_mean_disagree_where_the_grid_is_the_cheaper() {
        let (grid, company) = (
            Saving { now: price(0.2), least: price(0.1), most: price(0.2) },
            Saving { now: price(0.4), least: price(0.0), most: price(0.8) },
        );
        let satisfied = |channel, saving| price_satisfaction(channel, saving, grid, company);
        assert_eq!(satisfied(OutsideChannel::Grid, MovingSaving::Mean), 1.0);
        assert!((satisfied(OutsideChannel::Company, MovingSaving::Mean) - 0.5f64.sqrt()).abs() < 1e-12);
        assert_eq!(satisfied(OutsideChannel::Grid, MovingSaving::Printed), 0.0, "d = (0.2 - 0.4)/2 < 0");
    }

    #[test]
    fn moving_that_saves_nothing_does_not_satisfy() {
        let loss = Saving { now: price(-0.1), least: price(-0.1), most: price(0.2) };
        assert_eq!(price_satisfaction(OutsideChannel::Grid, MovingSaving::Mean, loss, loss), 0.0);
    }
}
