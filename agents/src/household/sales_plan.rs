//! Sales planned over the day with its demand known, as the paper solves it: the dearest discharging hour first, as far as
//! buyers are expected to take the surplus, then the next dearest. Habit only.
//!
//! ```text
//! d(k) = demand of all habits in period k / households with something to sell in k     known beforehand, from the habits
//! D    = sum of d over the later, dearer discharging periods of the day
//! X    = what would be at hand in the last of them beyond own need, were nothing sold before
//! offered now = min(surplus, max(0, X - D), d of now and a little)
//! ```
//!
//! Where a portrait keeps energy for hours in which users cannot serve everybody, its own need there is
//!
//! ```text
//! shortfall_share * max(0, 1 - supply / demand) * need      supply: what sellers' plans leave for the hour
//! ```
//!
//! Dear is what outside energy is dear in: the cheaper of grid and company, which is published.

use std::num::NonZeroU16;

use goshawk_market::quantity::{Energy, Price};

use super::portrait::{Need, Portrait};
use crate::calendar::{Calendar, PeriodIndex};

/// What is offered beyond the expected demand, as a share of it: foresight is rounded, demand is not.
pub(super) const FORESIGHT_SLACK: f64 = 0.01;

/// How sellers by habit choose the hours of their sales.
#[derive(Debug, Clone, Copy, Default, PartialEq)]
pub enum SalesRule {
    /// They offer all surplus at once; the reserve price says what keeping it is worth.
    #[default]
    KeepValue,
    /// They hold back what they expect to sell in a later, dearer hour of the day.
    DearestFirst {
        /// Surplus below this is offered at once.
        trifle: Energy,
    },
}

/// A habit whose demand everybody can foresee: one household in the middle of its kind.
#[derive(Debug)]
pub(crate) struct Habit<'a> {
    /// Its portrait.
    pub(crate) portrait: &'a Portrait,
    /// How many households have it.
    pub(crate) count: u32,
    /// What the sun adds to the battery in each period, in kWh.
    pub(crate) gain_kwh: Vec<f64>,
    /// What the battery holds above the floor as the run begins, in kWh.
    pub(crate) held_kwh: f64,
    /// What fits between floor and ceiling, in kWh.
    pub(crate) room_kwh: f64,
    /// Most that can be charged in a period, in kWh.
    pub(crate) charge_kwh: f64,
}

/// The plans of all habits, from the cheaper outside price of each period.
///
/// First everybody who discharges in a period counts as a seller there; then only those to whom their plan leaves something, as
/// far as it does. Then it is known where users cannot serve everybody; what is kept for that changes what is left to sell.
pub(crate) fn plans(
    calendar: &Calendar,
    habits: &[Habit<'_>],
    outside: &[Price],
    sun_confidence: f64,
) -> Vec<SalesPlan> {
    let mut plans: Vec<SalesPlan> = Vec::new();
    let periods = calendar.horizon() as usize;
    let mut unserved: Option<Vec<f64>> = None;
    let keeps_for_shortfall = habits.iter().any(|habit| habit.portrait.shortfall.share > 0.0);
    for pass in 0..if keeps_for_shortfall { 3 } else { 2 } {
        let mut demand = vec![0.0; periods];
        let mut sellers: Vec<Vec<(f64, f64)>> = vec![Vec::new(); periods];
        for (place, habit) in habits.iter().enumerate() {
            habit.live(calendar, sun_confidence, plans.get(place), |period, wanted_kwh, free_kwh| {
                let count = f64::from(habit.count);
                demand[period] += wanted_kwh * count;
                if free_kwh > 0.0 {
                    sellers[period].push((free_kwh, count));
                }
            });
        }
        if pass == 1 && keeps_for_shortfall {
            unserved = Some(
                demand
                    .iter()
                    .zip(&sellers)
                    .map(|(&demand, sellers)| unserved_share(demand, sellers))
                    .collect(),
            );
        }
        let expected: Vec<f64> =
            demand.iter().zip(&mut sellers).map(|(&demand, sellers)| share(demand, sellers)).collect();
        plans = habits
            .iter()
            .map(|habit| SalesPlan {
                unserved: unserved.clone(),
                ..SalesPlan::over(habit.portrait, calendar, outside, &expected)
            })
            .collect();
    }
    plans
}

/// The share of a demand that all sellers together cannot serve, 0 to 1.
fn unserved_share(demand_kwh: f64, sellers: &[(f64, f64)]) -> f64 {
    let supply: f64 = sellers.iter().map(|(free_kwh, count)| free_kwh * count).sum();
    if demand_kwh > 0.0 { (1.0 - supply / demand_kwh).max(0.0) } else { 0.0 }
}

/// What a household needs in a period and keeps own energy for, in kWh: all of its need in a reserve hour, what users are
/// expected to leave unserved in a shortfall hour.
pub(super) fn own_need(
    portrait: &Portrait,
    calendar: &Calendar,
    plan: Option<&SalesPlan>,
    period: PeriodIndex,
) -> f64 {
    let Need::ChargingHours { per_hour_kwh, reserve } = &portrait.need else { return 0.0 };
    let hour = calendar.moment(period).local.hour();
    let need_kwh = per_hour_kwh * calendar.period_hours();
    if reserve.contains(hour) {
        return need_kwh;
    }
    let unserved = plan.and_then(|plan| plan.unserved.as_ref());
    match unserved.filter(|_| portrait.shortfall.hours.contains(hour)) {
        Some(unserved) => portrait.shortfall.share * unserved[period.0 as usize] * need_kwh,
        None => 0.0,
    }
}

/// What each seller can expect to sell of a demand: alike, but for those who have less. `sellers` are what one has and how many
/// there are of it. Where all together have less than the demand, everybody can sell everything.
fn share(demand_kwh: f64, sellers: &mut [(f64, f64)]) -> f64 {
    sellers.sort_by(|a, b| a.0.total_cmp(&b.0));
    let mut left = demand_kwh;
    let mut count: f64 = sellers.iter().map(|(_, count)| count).sum();
    for &(free_kwh, own) in sellers.iter() {
        if free_kwh * count >= left {
            return left / count;
        }
        left -= free_kwh * own;
        count -= own;
    }
    sellers.last().map_or(0.0, |&(most, _)| most.min(demand_kwh))
}

impl Habit<'_> {
    /// Lives through the calendar without buying from users. Without a plan, it has sold by its last discharging hour of a
    /// day what it does not keep. Calls `note` with the period, what it wants from users in it, and what it has
    /// to sell there.
    fn live(
        &self,
        calendar: &Calendar,
        sun_confidence: f64,
        plan: Option<&SalesPlan>,
        mut note: impl FnMut(usize, f64, f64),
    ) {
        let Need::ChargingHours { per_hour_kwh, reserve } = &self.portrait.need else { return };
        let need_kwh = per_hour_kwh * calendar.period_hours();
        let counted_on = |period: PeriodIndex| sun_confidence * self.gain_kwh[period.0 as usize];
        let own_need = |period: PeriodIndex| own_need(self.portrait, calendar, plan, period);
        let mut held = self.held_kwh;
        let mut kept = Vec::new();
        for (index, moment) in calendar.moments().iter().enumerate() {
            let period = PeriodIndex(index as u32);
            if moment.period_of_day == 0 {
                kept = kept_for_need(calendar, period, own_need, counted_on);
            }
            let hour = moment.local.hour();
            let kept_now = kept[usize::from(moment.period_of_day)];
            let sun = self.gain_kwh[index];
            let mut lacking = 0.0;
            if self.portrait.charging.contains(hour) {
                let untouchable = if reserve.contains(hour) { 0.0 } else { kept_now.min(held) };
                lacking = (need_kwh + untouchable - held - sun).clamp(0.0, (self.charge_kwh - sun).max(0.0));
                held = (held + sun + lacking - need_kwh).max(0.0);
            } else {
                held += sun;
            }
            held = held.min(self.room_kwh);
            let sells = lacking == 0.0 && self.portrait.discharging.contains(hour);
            let wanted = if self.portrait.buying.contains(hour) { lacking } else { 0.0 };
            let beyond = (held - kept_now).max(0.0);
            let mut for_sale = if sells { f64::INFINITY } else { 0.0 };
            match plan {
                Some(plan) if sells => {
                    let free = plan.after(period).map_or(beyond, |(expected_kwh, last)| {
                        let gained: f64 = (period.0 + 1..=last.0)
                            .map(PeriodIndex)
                            .map(|later| counted_on(later) - own_need(later))
                            .sum();
                        let kept_last = kept[usize::from(calendar.moment(last).period_of_day)];
                        beyond.min((held + gained - kept_last - expected_kwh).max(0.0))
                    });
                    for_sale = free;
                    held -= free.min(plan.now(period));
                }
                None if sells && self.is_last_sale(calendar, index) => held -= beyond,
                _ => {}
            }
            note(index, wanted, for_sale);
        }
    }

    /// Whether no later period of the day is a discharging one.
    fn is_last_sale(&self, calendar: &Calendar, index: usize) -> bool {
        let moments = calendar.moments();
        let mut later = moments[index + 1..].iter().take_while(|later| later.day == moments[index].day);
        !later.any(|later| self.portrait.discharging.contains(later.local.hour()))
    }
}

/// R(k) over the day that begins with `first`: what must be held after each of its periods for the later hours of it that own
/// energy is kept for, net of the sun that is still to come.
///
/// ```text
/// R(k) = max(0, R(k+1) + need(k+1) - gain(k+1)),   R(last) = 0
/// ```
pub(super) fn kept_for_need(
    calendar: &Calendar,
    first: PeriodIndex,
    own_need: impl Fn(PeriodIndex) -> f64,
    gain_kwh: impl Fn(PeriodIndex) -> f64,
) -> Vec<f64> {
    let mut kept = vec![0.0; calendar.periods_per_day() as usize];
    let last = calendar.horizon().min(first.0 + calendar.periods_per_day());
    let mut held = 0.0f64;
    for period in (first.0..last).rev().map(PeriodIndex) {
        let moment = calendar.moment(period);
        kept[usize::from(moment.period_of_day)] = held;
        held = (held + own_need(period) - gain_kwh(period)).max(0.0);
    }
    kept
}

/// For each period, what a household of a portrait expects to sell in it, and in the later and dearer ones of the day.
#[derive(Debug, Clone)]
pub struct SalesPlan {
    /// d(k) in kWh.
    now: Vec<f64>,
    dearer: Vec<Option<Dearer>>,
    /// By period, the share of the demand that users cannot serve, where anybody keeps energy for that.
    unserved: Option<Vec<f64>>,
}

/// The later and dearer discharging periods of a day, together.
#[derive(Debug, Clone, Copy, PartialEq)]
struct Dearer {
    /// D: what a household expects to sell in them, in kWh.
    expected_kwh: f64,
    /// By how many periods the last of them comes after the period.
    last: NonZeroU16,
}

impl SalesPlan {
    /// The plan of a portrait, from the outside price and the expected sales of each period.
    pub(crate) fn over(
        portrait: &Portrait,
        calendar: &Calendar,
        outside: &[Price],
        expected: &[f64],
    ) -> Self {
        let moments = calendar.moments();
        let dearer = |index: usize| {
            let of_day = moments[index + 1..].iter().take_while(|later| later.day == moments[index].day);
            let mut found: Option<Dearer> = None;
            for (distance, later) in of_day.enumerate() {
                let place = index + 1 + distance;
                if outside[place] > outside[index] && portrait.discharging.contains(later.local.hour()) {
                    let before = found.map_or(0.0, |dearer| dearer.expected_kwh);
                    let last = NonZeroU16::new(distance as u16 + 1)?;
                    found = Some(Dearer { expected_kwh: before + expected[place], last });
                }
            }
            found
        };
        Self { now: expected.to_vec(), dearer: (0..moments.len()).map(dearer).collect(), unserved: None }
    }

    /// d in a period, in kWh: what is expected to be sold there by each who has something to sell.
    pub fn now(&self, period: PeriodIndex) -> f64 {
        self.now[period.0 as usize]
    }

    /// D in kWh after a period, and the last period that it is about; `None` where no later one of the day is dearer.
    pub fn after(&self, period: PeriodIndex) -> Option<(f64, PeriodIndex)> {
        let dearer = self.dearer[period.0 as usize]?;
        Some((dearer.expected_kwh, PeriodIndex(period.0 + u32::from(dearer.last.get()))))
    }
}

#[cfg(test)]
mod tests {
    use goshawk_market::order::GroupId;
    use jiff::civil::date;

    use super::*;
    use crate::household::faults::FaultRates;
    use crate::household::portrait::{Hours, Shortfall};

    fn portrait(name: &str, charging: &[u8], discharging: &[u8]) -> Portrait {
        Portrait {
            name: name.into(),
            group: GroupId(0),
            charging: Hours::new(charging),
            discharging: Hours::new(discharging),
            buying: Hours::new(charging),
            shortfall: Shortfall::default(),
            need: Need::ChargingHours { per_hour_kwh: 4.0, reserve: Hours::default() },
            faults: FaultRates::default(),
        }
    }

    fn habit(portrait: &Portrait, count: u32, held_kwh: f64) -> Habit<'_> {
        let (gain_kwh, room_kwh, charge_kwh) = (vec![0.0; 72], 50.0, 10.0);
        Habit { portrait, count, gain_kwh, held_kwh, room_kwh, charge_kwh }
    }

    /// Sellers hold 10 kWh each; buyers want 4 kWh each at 19, 20 and 21; dearest at 20, then 21.
    fn expected(sellers: u32, buyers: u32) -> (SalesPlan, Calendar) {
        let start = date(2023, 1, 10).at(1, 0, 0, 0).in_tz("UTC").unwrap();
        let calendar = Calendar::new(start, 60, 24).unwrap();
        let (seller, buyer) = (portrait("S", &[2], &[19, 20, 21]), portrait("B", &[19, 20, 21], &[]));
        let outside: Vec<Price> = (0..72)
            .map(|period| match period % 24 {
                19 => Price::from_micro(1_500_000),
                20 => Price::from_micro(1_200_000),
                _ => Price::from_micro(1_000_000),
            })
            .collect();
        let habits = [habit(&seller, sellers, 14.0), habit(&buyer, buyers, 0.0)];
        (plans(&calendar, &habits, &outside, 1.0).remove(0), calendar)
    }

    #[test]
    fn the_dearest_hour_comes_first_as_far_as_demand_goes() {
        // 10 sellers to 5 buyers: 2 kWh each in every hour, so that all three hours have sellers.
        let (plan, _) = expected(10, 5);
        let at = |hour: u32| PeriodIndex(hour - 1);
        assert!((plan.now(at(20)) - 2.0).abs() < 1e-12);
        let (later_kwh, last) = plan.after(at(19)).unwrap();
        assert_eq!(last, at(21));
        assert!((later_kwh - 4.0).abs() < 1e-12, "what 20 and 21 take");
        assert_eq!(plan.after(at(20)), None, "nothing is dearer than 20");
        assert_eq!(plan.after(at(21)), None, "tomorrow is another day");
    }

    #[test]
    fn where_dearer_hours_take_everything_nobody_is_left_to_sell_earlier() {
        // 10 sellers to 20 buyers: 8 kWh each at 20 and what is left of 10 at 21.
        let (plan, _) = expected(10, 20);
        assert!((plan.now(PeriodIndex(19)) - 8.0).abs() < 1e-12);
        assert_eq!(plan.now(PeriodIndex(18)), 0.0, "at 19 all of it is held back");
    }

    #[test]
    fn what_is_kept_follows_the_need_that_is_left() {
        let start = date(2023, 1, 10).at(1, 0, 0, 0).in_tz("UTC").unwrap();
        let calendar = Calendar::new(start, 60, 24).unwrap();
        let sun = |period: PeriodIndex| if period.0 == 11 { 3.0 } else { 0.0 };
        let need = |period: PeriodIndex| if matches!(period.0, 13 | 14) { 4.0 } else { 0.0 };
        let kept = kept_for_need(&calendar, PeriodIndex(0), need, sun);
        assert_eq!((kept[14], kept[13], kept[12], kept[11], kept[10]), (0.0, 4.0, 8.0, 8.0, 5.0));
    }
}
