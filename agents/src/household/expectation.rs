//! What a rational household expects of the day ahead: prices from the public board, and its own chances to sell.

use std::ops::Range;

use goshawk_engine::{Fault, Loading, Saving};
use goshawk_market::quantity::{Energy, Price};
use serde::{Deserialize, Serialize};

use super::portrait::Outlook;
use crate::calendar::{Calendar, PeriodIndex};
use crate::commons::{Rules, price_share};
use crate::price_board::PriceBoard;
use crate::saved::Saved;

/// What a household has learned of its own sales: at each time of day, the smoothed share of its offers that was sold.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub struct Chances {
    sold: Vec<Option<f32>>,
}

impl Chances {
    /// Nothing learned yet, for so many periods a day.
    pub fn new(periods_per_day: u32) -> Self {
        Self { sold: vec![None; periods_per_day as usize] }
    }

    /// Learns from an offer at a time of day: what comes newly counts `rate`.
    pub fn learn(&mut self, period_of_day: u16, offered: Energy, sold: Energy, rate: f64) {
        if !offered.is_positive() {
            return;
        }
        let share = (sold.to_f64() / offered.to_f64()).min(1.0) as f32;
        let chance = &mut self.sold[usize::from(period_of_day)];
        let before = chance.unwrap_or(share);
        *chance = Some(before + (share - before) * rate as f32);
    }

    /// The share to expect at a time of day, or `otherwise` where it has never offered.
    pub fn at(&self, period_of_day: u16, otherwise: f64) -> f64 {
        self.sold[usize::from(period_of_day)].map_or(otherwise, f64::from)
    }
}

/// The periods ahead in which a household is plugged in, and what they promise.
#[derive(Debug, Clone, Copy)]
pub(super) struct Ahead<'a> {
    pub(super) calendar: &'a Calendar,
    pub(super) rules: &'a Rules,
    pub(super) outlook: &'a Outlook,
    pub(super) board: &'a PriceBoard,
    pub(super) chances: &'a Chances,
    /// The first period that is not under way yet.
    pub(super) next: PeriodIndex,
    /// The period in which it leaves, or a day on.
    pub(super) end: PeriodIndex,
}

impl Ahead<'_> {
    fn periods(&self) -> Range<u32> {
        let last = self.calendar.horizon();
        self.next.0.min(last)..self.end.0.min(last)
    }

    /// What buying a kWh in a period is expected to cost: from users where they have traded at that time of day, if that is
    /// cheaper than outside.
    pub(super) fn purchase_price(&self, period: PeriodIndex) -> Price {
        let outside = self.outlook.outside(period);
        let users = self.board.expected(self.calendar.moment(period));
        users.map_or(outside, |sellers_price| outside.min(sellers_price + self.rules.fees()))
    }

    /// How many of the periods ahead are expected to be cheaper than `price`.
    pub(super) fn cheaper_than(&self, price: Price) -> u32 {
        let cheaper = self.periods().filter(|&period| self.purchase_price(PeriodIndex(period)) < price);
        u32::try_from(cheaper.count()).expect("invariant: periods of a day are few")
    }

    /// The cheapest purchase of the periods ahead.
    pub(super) fn cheapest_purchase(&self) -> Option<Price> {
        self.periods().map(|period| self.purchase_price(PeriodIndex(period))).min()
    }

    /// Of the charging periods ahead, the price of the one that the energy after `covered` of them would serve, the dearest
    /// first; `None` where it would serve none.
    pub(super) fn price_after_covering(&self, covered: u32) -> Option<Price> {
        let charging = self.outlook.charging_in(self.next, self.end);
        let mut prices: Vec<Price> = charging.map(|period| self.purchase_price(period)).collect();
        let place = covered as usize;
        if place >= prices.len() {
            return None;
        }
        let (_, price, _) = prices.select_nth_unstable_by(place, |a, b| b.cmp(a));
        Some(*price)
    }

    /// What selling a kWh in the best of the periods ahead is expected to bring beyond `cost`, by its own chance to sell.
    pub(super) fn sale_value(&self, cost: Price) -> Price {
        let worth = |period: u32| {
            let moment = self.calendar.moment(PeriodIndex(period));
            let price = self.board.expected(moment)?;
            let chance = self.chances.at(moment.period_of_day, self.rules.keep_confidence);
            Some(price_share((price - cost).max(Price::ZERO), chance))
        };
        self.periods().filter_map(worth).max().unwrap_or(Price::ZERO)
    }
}

/// Those of a rational household; one that decides by habit has none.
impl Saved for Option<Chances> {
    fn put(&self, saving: &mut Saving) -> Result<(), Fault> {
        saving.put(self)
    }

    /// A branch may decide otherwise than the run that was saved.
    fn take(&mut self, loading: &mut Loading<'_>) -> Result<(), Fault> {
        let learned: Self = loading.take()?;
        if self.is_some() && learned.is_some() {
            *self = learned;
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use std::sync::Arc;

    use goshawk_market::grouping::Grouping;
    use goshawk_market::order::GroupId;
    use goshawk_market::satisfaction::MovingSaving;
    use jiff::civil::date;

    use super::*;
    use crate::commons::Decisions;
    use crate::household::faults::FaultRates;
    use crate::household::portrait::{Hours, Need, Portrait, Shortfall};
    use crate::household::sales_plan::SalesRule;

    fn kwh(value: f64) -> Energy {
        Energy::from_f64(value).unwrap()
    }

    const fn price(micro: i64) -> Price {
        Price::from_micro(micro)
    }

    #[test]
    fn chances_are_learned_at_each_time_of_day() {
        let mut chances = Chances::new(24);
        assert_eq!(chances.at(20, 0.8), 0.8, "nothing is known yet");
        chances.learn(20, kwh(4.0), kwh(1.0), 0.5);
        assert_eq!(chances.at(20, 0.8), 0.25);
        chances.learn(20, kwh(4.0), kwh(4.0), 0.5);
        assert_eq!(chances.at(20, 0.8), 0.625, "half of the way");
        chances.learn(20, Energy::ZERO, Energy::ZERO, 0.5);
        assert_eq!(chances.at(20, 0.8), 0.625, "no offer teaches nothing");
        assert_eq!(chances.at(19, 0.8), 0.8);
    }

    const RULES: Rules = Rules {
        grid_fee: price(50_000),
        platform_fee: price(30_000),
        price_min: Price::ZERO,
        price_max: price(2_000_000),
        grouping: Grouping::Portraits,
        take_or_pay_share: 0.0,
        compensation_factor: 1.0,
        expected_price_share: 0.7,
        tolerance_share: 0.5,
        credit_setback: Price::ZERO,
        decisions: Decisions::Rational,
        moving_saving: MovingSaving::Mean,
        later_confidence: 0.5,
        learning_rate: 0.3,
        keep_confidence: 0.8,
        sales: SalesRule::KeepValue,
        sun_confidence: 1.0,
        panel_wear: Price::ZERO,
        battery_wear: Price::ZERO,
    };

    /// Outside prices of 1.00 but for 0.40 at 3 and 4, and 1.50 at 19 o'clock; users paid each other 0.60 at noon and 1.20 at 19.
    #[test]
    fn the_day_ahead_is_what_the_board_and_the_tariffs_promise() {
        let start = date(2023, 1, 10).at(0, 0, 0, 0).in_tz("UTC").unwrap();
        let calendar = Calendar::new(start, 60, 48).unwrap();
        let portrait = Portrait {
            name: "A".into(),
            group: GroupId(0),
            charging: Hours::new(&[12, 18, 19]),
            discharging: Hours::default(),
            buying: Hours::default(),
            shortfall: Shortfall::default(),
            need: Need::ChargingHours { per_hour_kwh: 5.0, reserve: Hours::default() },
            faults: FaultRates::default(),
        };
        let outside: Arc<[Price]> = (0..calendar.horizon())
            .map(|period| match period % 24 {
                3 | 4 => price(400_000),
                19 => price(1_500_000),
                _ => price(1_000_000),
            })
            .collect();
        let outlook = Outlook::over(&portrait, &calendar, &outside, RULES.fees());
        let mut board = PriceBoard::new(0.3, 24);
        board.note(calendar.moment(PeriodIndex(12)), price(600_000));
        board.note(calendar.moment(PeriodIndex(19)), price(1_200_000));
        let mut chances = Chances::new(24);
        chances.learn(19, kwh(4.0), kwh(1.0), 1.0);
        let ahead = |from: u32, to: u32| Ahead {
            calendar: &calendar,
            rules: &RULES,
            outlook: &outlook,
            board: &board,
            chances: &chances,
            next: PeriodIndex(from),
            end: PeriodIndex(to),
        };
        let day = ahead(0, 24);
        assert_eq!(day.purchase_price(PeriodIndex(12)), price(680_000), "from users, with the fees");
        assert_eq!(day.purchase_price(PeriodIndex(19)), price(1_280_000));
        assert_eq!(day.cheapest_purchase(), Some(price(400_000)));
        assert_eq!(ahead(5, 24).cheapest_purchase(), Some(price(680_000)));
        assert_eq!((day.cheaper_than(price(1_000_000)), day.cheaper_than(price(400_000))), (3, 0));
        assert_eq!(day.price_after_covering(0), Some(price(1_280_000)), "the dearest charging hour");
        assert_eq!(day.price_after_covering(2), Some(price(680_000)));
        assert_eq!(day.price_after_covering(3), None, "every need is covered");
        // At noon 0.8 x (0.60 - 0.10); at 19 a quarter of 1.10.
        assert_eq!(day.sale_value(price(100_000)), price(400_000));
        assert_eq!(ahead(13, 24).sale_value(price(100_000)), price(275_000), "by its own chance");
        assert_eq!(ahead(20, 24).sale_value(price(100_000)), Price::ZERO);
        assert_eq!(ahead(24, 24).cheapest_purchase(), None);
    }
}
