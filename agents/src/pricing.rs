//! What a supplier asks for a kWh in each period: from a tariff, from dated prices, or by a rule over another price.

pub mod dated;
pub mod margin;

use std::sync::Arc;

use goshawk_market::quantity::Price;
use goshawk_market::tariff::Tariff;

use crate::calendar::{Calendar, PeriodIndex};
use crate::community::CommunitySpec;
use dated::DatedPrices;
use margin::Margin;

/// Where a supplier's prices come from.
#[derive(Debug, Clone, PartialEq)]
pub enum Pricing {
    /// The same price at all times (currency/kWh).
    Constant(Price),
    /// By the local clock and date.
    Tariff(Tariff),
    /// By the instant, such as those of a day-ahead market.
    Dated(Arc<DatedPrices>),
    /// By a rule over another price of the same period.
    Margin {
        /// What the rule starts from.
        base: Box<Pricing>,
        /// The rule.
        margin: Margin,
    },
}

impl Pricing {
    /// The price of every period of the calendar, and of the days after the run that it looks ahead to.
    ///
    /// A tariff's price is that at the period's start; dated prices are averaged over the period.
    pub fn over(&self, calendar: &Calendar) -> PriceSeries {
        let moments = calendar.moments().iter();
        let length = calendar.period().micros() as i64;
        PriceSeries(match self {
            Self::Constant(price) => moments.map(|_| *price).collect(),
            Self::Tariff(tariff) => moments.map(|moment| tariff.price_at(&moment.local)).collect(),
            Self::Dated(prices) => {
                moments.map(|moment| prices.mean_over(moment.unix_micros, length)).collect()
            }
            Self::Margin { base, margin } => {
                base.over(calendar).0.iter().map(|&price| margin.apply(price)).collect()
            }
        })
    }
}

/// A price (currency/kWh) for each period of a calendar.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct PriceSeries(Arc<[Price]>);

impl PriceSeries {
    /// The price of a period.
    ///
    /// # Panics
    /// When the calendar has no such period.
    pub fn at(&self, period: PeriodIndex) -> Price {
        self.0[period.0 as usize]
    }

    /// The lower of two suppliers' prices, period by period.
    pub fn lower(&self, other: &Self) -> Arc<[Price]> {
        self.0.iter().zip(other.0.iter()).map(|(&one, &two)| one.min(two)).collect()
    }
}

/// The prices of a run's suppliers, period by period.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct SupplierPrices {
    /// What the grid asks, Q_G.
    pub grid: PriceSeries,
    /// What the company asks, Q_C.
    pub company: PriceSeries,
    /// What the company pays upstream.
    pub wholesale: PriceSeries,
}

impl SupplierPrices {
    /// Those that a community's suppliers ask and pay.
    pub fn of(spec: &CommunitySpec) -> Self {
        Self {
            grid: spec.grid_tariff.over(&spec.calendar),
            company: spec.company_tariff.over(&spec.calendar),
            wholesale: spec.wholesale.over(&spec.calendar),
        }
    }
}

#[cfg(test)]
mod tests {
    use goshawk_market::tariff::Band;
    use jiff::civil::date;
    use jiff::tz::TimeZone;

    use super::*;

    fn calendar() -> Calendar {
        Calendar::new(date(2019, 1, 7).at(0, 0, 0, 0).in_tz("UTC").unwrap(), 30, 48).unwrap()
    }

    #[test]
    fn a_tariff_gives_each_period_the_price_at_its_start() {
        let price = Price::from_micro;
        let bands = [
            Band { from: 1, to: 12, price: price(100_000) },
            Band { from: 13, to: 24, price: price(200_000) },
        ];
        let tariff = Tariff::from_bands(&bands).unwrap();
        let calendar = calendar();
        let series = Pricing::Tariff(tariff.clone()).over(&calendar);
        for (index, moment) in calendar.moments().iter().enumerate() {
            assert_eq!(series.at(PeriodIndex(index as u32)), tariff.price_at(&moment.local));
        }
    }

    #[test]
    fn a_rule_follows_its_base_period_by_period() {
        let rows: String =
            (0..24).map(|hour| format!("2019-01-07T{hour:02}:00:00Z,0.{:02}\n", 10 + hour)).collect();
        let text = format!("time,price_per_kwh\n{rows}");
        let dated = dated::read(&text, &TimeZone::UTC).unwrap();
        let base = Pricing::Dated(Arc::new(dated));
        let margin = Margin { share_micro: -50_000, per_kwh: Price::from_micro(10_000), ..Margin::default() };
        let rule = Pricing::Margin { base: Box::new(base.clone()), margin };
        let (base, rule) = (base.over(&calendar()), rule.over(&calendar()));
        for period in (0..calendar().horizon()).map(PeriodIndex) {
            // 95 % of 0.1, 0.11, ... and 0.01 lie on the grid.
            assert_eq!(rule.at(period).micro(), base.at(period).micro() / 100 * 95 + 10_000);
        }
        assert_eq!(base.at(PeriodIndex(3)).micro(), 110_000, "the second hour");
        assert_eq!(base.at(PeriodIndex(51)), base.at(PeriodIndex(3)), "the next day repeats the last");
        assert_eq!(&*base.lower(&rule), &*rule.lower(&base));
    }
}
