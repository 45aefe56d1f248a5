//! Portraits: when a kind of household charges, discharges and drives, and what it can look ahead to.

use std::num::NonZeroU16;
use std::sync::Arc;

use goshawk_market::order::GroupId;
use goshawk_market::quantity::Price;

use crate::calendar::{Calendar, PeriodIndex};
use crate::household::driving::DrivingHabit;
use crate::household::faults::FaultRates;
use crate::household::mixture::Mixture;
use crate::household::session::Recording;

/// A set of the paper's hours 1 to 24.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Hours(u32);

impl Hours {
    /// The hours listed; others than 1 to 24 are a broken invariant of checked input.
    pub fn new(hours: &[u8]) -> Self {
        let bits = hours.iter().fold(0, |bits, &hour| {
            assert!((1..=24).contains(&hour), "invariant: hours are checked to be 1 to 24");
            bits | 1 << hour
        });
        Self(bits)
    }

    /// Whether `hour` is one of them.
    pub fn contains(self, hour: u8) -> bool {
        self.0 & (1 << hour) != 0
    }
}

/// Own energy for the part of a need that users are expected to leave unserved.
#[derive(Debug, Clone, Copy, PartialEq, Default)]
pub struct Shortfall {
    /// Charging hours that it is kept for.
    pub hours: Hours,
    /// How much of that part is kept, 0 to 1.
    pub share: f64,
}

/// Where a household's own need comes from.
#[derive(Debug, Clone, PartialEq)]
pub enum Need {
    /// The paper's habit: each charging hour takes so many kWh, which the household drives at once. It keeps its
    /// own energy for the charging hours in `reserve`, and buys for the others.
    ChargingHours {
        /// Energy that a charging hour takes, in kWh.
        per_hour_kwh: f64,
        /// Charging hours for which own energy is kept.
        reserve: Hours,
    },
    /// Trips: the battery must hold the next trip's energy when the household leaves.
    Trips {
        /// How it drives.
        habit: DrivingHabit,
        /// What it wants beyond the trip's energy at departure, as a share of it.
        departure_reserve: f64,
    },
    /// Recorded sessions of each household, in the order of their numbers.
    Sessions(Vec<Recording>),
    /// Sessions from a fitted mixture.
    Mixture {
        /// The mixture.
        mixture: Arc<Mixture>,
        /// Probability that somebody plugs in on a day.
        probability: f64,
    },
}

/// A kind of household.
#[derive(Debug, Clone, PartialEq)]
pub struct Portrait {
    /// Its name, which is the `class` of its households.
    pub name: String,
    /// Its group in the market.
    pub group: GroupId,
    /// Hours in which it charges.
    pub charging: Hours,
    /// Hours in which it is willing to discharge for others.
    pub discharging: Hours,
    /// Hours in which it is willing to buy from others; in the rest it buys outside.
    pub buying: Hours,
    /// What it keeps for hours in which users cannot serve everybody; plans of sellers by habit only.
    pub shortfall: Shortfall,
    /// Its own need.
    pub need: Need,
    /// How often its households go wrong.
    pub faults: FaultRates,
}

/// What a portrait can look ahead to from each period: published prices and its own habits.
///
/// A few bytes a period, since it grows with the run.
#[derive(Debug, Clone)]
pub struct Outlook {
    /// `charging_before[k]`: how many of the periods before `k` are charging periods.
    charging_before: Vec<u32>,
    /// `best_sale[k]`: by how many periods after `k` the dearest discharging period of the same day comes.
    best_sale: Vec<Option<NonZeroU16>>,
    outside: Arc<[Price]>,
    fees: Price,
}

impl Outlook {
    /// The outlook over a calendar, from the outside price of each period and the two fees together.
    ///
    /// For sales it looks to the end of the day: the next day brings its own sun, and what is sold today does not stand
    /// in its way.
    pub fn over(portrait: &Portrait, calendar: &Calendar, outside: &Arc<[Price]>, fees: Price) -> Self {
        let moments = calendar.moments();
        let mut charging_before = Vec::with_capacity(moments.len() + 1);
        charging_before.push(0);
        for (index, moment) in moments.iter().enumerate() {
            let is_charging = portrait.charging.contains(moment.local.hour());
            charging_before.push(charging_before[index] + u32::from(is_charging));
        }
        let mut best_sale = vec![None; moments.len()];
        // The dearest discharging period from `index` to the end of its day.
        let mut dearest: Option<usize> = None;
        for (index, moment) in moments.iter().enumerate().rev() {
            dearest = dearest.filter(|&later| moments[later].day == moment.day);
            best_sale[index] = dearest.and_then(|later| NonZeroU16::new((later - index) as u16));
            let is_dearest = dearest.is_none_or(|later| outside[index] > outside[later]);
            if is_dearest && portrait.discharging.contains(moment.local.hour()) {
                dearest = Some(index);
            }
        }
        Self { charging_before, best_sale, outside: Arc::clone(outside), fees }
    }

    /// How many of the periods `from..to` are charging periods; nothing beyond the calendar.
    pub fn charging_periods(&self, from: PeriodIndex, to: PeriodIndex) -> u32 {
        let last = self.charging_before.len() - 1;
        let before = |period: PeriodIndex| self.charging_before[(period.0 as usize).min(last)];
        before(to).saturating_sub(before(from))
    }

    /// The best price that a later discharging period of the same day could leave a seller.
    pub fn best_sale_after(&self, period: PeriodIndex) -> Option<Price> {
        let index = period.0 as usize;
        let later = index + usize::from(self.best_sale[index]?.get());
        Some(self.outside[later] - self.fees).filter(|price| price.is_positive())
    }

    /// Whether a period is in the portrait's charging hours.
    ///
    /// # Panics
    /// Beyond the calendar.
    pub fn is_charging(&self, period: PeriodIndex) -> bool {
        let before = period.0 as usize;
        self.charging_before[before] < self.charging_before[before + 1]
    }

    /// The charging periods among `from..to`; nothing beyond the calendar.
    pub fn charging_in(&self, from: PeriodIndex, to: PeriodIndex) -> impl Iterator<Item = PeriodIndex> {
        let last = self.outside.len() as u32;
        (from.0.min(last)..to.0.min(last)).map(PeriodIndex).filter(|&period| self.is_charging(period))
    }

    /// The outside price of a period: the cheaper of grid and company.
    ///
    /// # Panics
    /// Beyond the calendar.
    pub fn outside(&self, period: PeriodIndex) -> Price {
        self.outside[period.0 as usize]
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use jiff::civil::date;

    #[test]
    fn sales_are_planned_within_the_day_and_charging_a_day_ahead() {
        let start = date(2023, 1, 10).at(1, 0, 0, 0).in_tz("UTC").unwrap();
        let calendar = Calendar::new(start, 60, 48).unwrap();
        let portrait = Portrait {
            name: "A".into(),
            group: GroupId(0),
            charging: Hours::new(&[5, 6]),
            discharging: Hours::new(&[21]),
            buying: Hours::default(),
            shortfall: Shortfall::default(),
            need: Need::ChargingHours { per_hour_kwh: 5.0, reserve: Hours::default() },
            faults: FaultRates::default(),
        };
        let outside: Arc<[Price]> = (0..96).map(|k| Price::from_micro(1_000_000 + k)).collect();
        let outlook = Outlook::over(&portrait, &calendar, &outside, Price::from_micro(80_000));
        // Period 20 is hour 21; a day later it is period 44.
        assert_eq!(outlook.best_sale_after(PeriodIndex(0)), Some(Price::from_micro(920_020)));
        assert_eq!(outlook.best_sale_after(PeriodIndex(20)), None, "the next one is tomorrow's");
        assert_eq!(outlook.best_sale_after(PeriodIndex(24)), Some(Price::from_micro(920_044)));
        let cheapest = |from, to| {
            let charging = outlook.charging_in(PeriodIndex(from), PeriodIndex(to));
            charging.map(|period| outlook.outside(period)).min()
        };
        assert_eq!(cheapest(5, 48), Some(Price::from_micro(1_000_005)), "hour 6");
        assert_eq!(cheapest(6, 20), None, "it leaves before the next charging hour");
        assert_eq!(outlook.charging_periods(PeriodIndex(0), PeriodIndex(48)), 4);
    }
}
