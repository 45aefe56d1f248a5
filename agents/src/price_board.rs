//! What users have paid each other at each time of day: the market's public memory, from which expectations are formed.

use goshawk_market::quantity::Price;
use serde::{Deserialize, Serialize};

use crate::calendar::Moment;
use crate::commons::price_share;

/// The smoothed sellers' price Q_s of each period of the day in which users have traded.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct PriceBoard {
    /// The weight of the newest price, above 0 to 1.
    rate: f64,
    prices: Vec<Option<Price>>,
}

impl PriceBoard {
    /// An empty board; a price moves what stands there by `rate` of the way.
    pub fn new(rate: f64, periods_per_day: u32) -> Self {
        Self { rate, prices: vec![None; periods_per_day as usize] }
    }

    /// What this board says, with another weight of the newest price.
    #[must_use]
    pub fn with_rate_of(self, other: &Self) -> Self {
        Self { rate: other.rate, ..self }
    }

    /// Notes the sellers' price of a period in which users traded.
    pub fn note(&mut self, moment: &Moment, price: Price) {
        let expected = &mut self.prices[usize::from(moment.period_of_day)];
        let before = expected.unwrap_or(price);
        *expected = Some(before + price_share(price - before, self.rate));
    }

    /// The sellers' price to expect at the time of day of `moment`; `None` where users have never traded.
    pub fn expected(&self, moment: &Moment) -> Option<Price> {
        self.prices[usize::from(moment.period_of_day)]
    }
}

#[cfg(test)]
mod tests {
    use jiff::civil::date;

    use super::*;
    use crate::calendar::{Calendar, PeriodIndex};

    #[test]
    fn prices_are_smoothed_from_day_to_day_at_each_time_of_day() {
        let start = date(2023, 1, 10).at(0, 0, 0, 0).in_tz("UTC").unwrap();
        let calendar = Calendar::new(start, 60, 72).unwrap();
        let at = |hour: u32| calendar.moment(PeriodIndex(hour));
        let price = Price::from_micro;
        let mut board = PriceBoard::new(0.25, 24);
        assert_eq!(board.expected(at(9)), None);
        board.note(at(9), price(400_000));
        assert_eq!(board.expected(at(24 + 9)), Some(price(400_000)), "the first price is all that is known");
        board.note(at(24 + 9), price(800_000));
        assert_eq!(board.expected(at(48 + 9)), Some(price(500_000)), "a quarter of the way");
        assert_eq!(board.expected(at(10)), None);
    }
}
