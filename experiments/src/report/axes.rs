//! How finely a report tells time: by period where there are few, by hour, and by several days where there are many.

use goshawk_output::Horizon;
use jiff::Timestamp;
use jiff::tz::TimeZone;
use serde::Serialize;

/// Cells (class, time and scenario) that a report may have. With ten numbers each, that is about a megabyte of text.
const CELLS_MAX: u64 = 12_500;
const MICROS_PER_HOUR: u64 = 3_600_000_000;
const MINUTE_MICROS: u64 = 60_000_000;
/// Days that are told as one: single days first, then weeks, then four of them.
const DAYS_AS_ONE: [u32; 4] = [1, 7, 28, 364];

/// The fineness of a report.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Fineness {
    /// Whether a slot is an hour, where periods are shorter.
    by_hour: bool,
    /// Days that are told as one; none: all of them.
    days_as_one: Option<u32>,
}

impl Fineness {
    /// The finest that keeps a report small; horizons with their numbers of classes.
    pub fn of(scenarios: &[(Horizon, usize)]) -> Self {
        let options = std::iter::once(Self { by_hour: false, days_as_one: Some(1) })
            .chain(DAYS_AS_ONE.map(|days| Self { by_hour: true, days_as_one: Some(days) }));
        let is_small = |option: &Self| {
            let cells = scenarios.iter().map(|(horizon, classes)| {
                let (bins, slots) = option.size(*horizon);
                u64::from(bins) * u64::from(slots) * (*classes).max(1) as u64
            });
            cells.sum::<u64>() <= CELLS_MAX
        };
        let all_days = Self { by_hour: true, days_as_one: None };
        options.into_iter().find(is_small).unwrap_or(all_days)
    }

    fn size(self, horizon: Horizon) -> (u32, u32) {
        let axes = Axes::new(self, horizon);
        (axes.bins, axes.slots)
    }
}

/// Where a period falls: a stretch of days, and a slot within the day.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Axes {
    /// Days told as one.
    pub days_as_one: u32,
    /// Stretches of days.
    pub bins: u32,
    /// Slots in a day.
    pub slots: u32,
    /// Periods in a slot.
    pub periods_per_slot: u32,
    /// The time covered.
    pub horizon: Horizon,
}

impl Axes {
    /// Those of a horizon.
    pub fn new(fineness: Fineness, horizon: Horizon) -> Self {
        let per_day = u32::try_from(horizon.periods_per_day()).unwrap_or(u32::MAX).max(1);
        let per_hour = u32::try_from(MICROS_PER_HOUR / horizon.period_micros.max(1)).unwrap_or(1).max(1);
        let periods_per_slot = if fineness.by_hour { per_hour } else { 1 };
        let days = horizon.periods.div_ceil(per_day).max(1);
        let days_as_one = fineness.days_as_one.unwrap_or(days).min(days);
        Self {
            days_as_one,
            bins: days.div_ceil(days_as_one),
            slots: per_day.div_ceil(periods_per_slot),
            periods_per_slot,
            horizon,
        }
    }

    /// Cells of one series.
    pub fn cells(&self) -> usize {
        self.bins as usize * self.slots as usize
    }

    /// The cell of a period; none where the horizon does not hold it.
    pub fn cell(&self, day: u16, period: u16) -> Option<usize> {
        let (bin, slot) = (u32::from(day) / self.days_as_one, u32::from(period) / self.periods_per_slot);
        (bin < self.bins && slot < self.slots).then(|| bin as usize * self.slots as usize + slot as usize)
    }

    /// The stretch that a day is in.
    pub fn bin(&self, day: u16) -> usize {
        (u32::from(day) / self.days_as_one).min(self.bins - 1) as usize
    }

    /// Whether a period is the last of its slot, or of the horizon.
    pub fn ends_slot(&self, day: u16, period: u16) -> bool {
        let per_day = u32::try_from(self.horizon.periods_per_day()).unwrap_or(u32::MAX);
        let next = u32::from(period) + 1;
        next.is_multiple_of(self.periods_per_slot) || u32::from(day) * per_day + next == self.horizon.periods
    }

    /// What a page is told of them.
    pub fn told(&self, zone: &str) -> AxesTold {
        let zone = TimeZone::get(zone).unwrap_or(TimeZone::UTC);
        let at = |micros: i64| Timestamp::from_microsecond(micros).ok().map(|at| at.to_zoned(zone.clone()));
        let minute =
            |micros: i64| at(micros).map_or(0, |at| i64::from(at.hour()) * 60 + i64::from(at.minute()));
        const DAY_MICROS: i64 = 86_400_000_000;
        let start = self.horizon.start_micros;
        let per_day = u32::try_from(self.horizon.periods_per_day()).unwrap_or(u32::MAX).max(1);
        let days = self.horizon.periods.div_ceil(per_day).max(1);
        let date = |day: u32| {
            at(start + i64::from(day) * DAY_MICROS).map_or_else(String::new, |at| at.date().to_string())
        };
        let mut bins = Vec::new();
        let mut days_of_slot: Vec<Vec<u32>> = Vec::new();
        for bin in 0..self.bins {
            let first = bin * self.days_as_one;
            let last = (first + self.days_as_one).min(days) - 1;
            bins.push(if first == last { date(first) } else { format!("{} to {}", date(first), date(last)) });
            let has =
                |day: u32, slot: u32| day * per_day + slot * self.periods_per_slot < self.horizon.periods;
            let count = |slot: u32| (first..=last).filter(|&day| has(day, slot)).count() as u32;
            days_of_slot.push((0..self.slots).map(count).collect());
        }
        AxesTold {
            start_minute: minute(start),
            period_minutes: self.horizon.period_micros / MINUTE_MICROS,
            days_as_one: self.days_as_one,
            slot_minutes: u64::from(self.periods_per_slot) * self.horizon.period_micros / MINUTE_MICROS,
            slots: self.slots,
            days,
            bins,
            days_of_slot: shorten(days_of_slot),
        }
    }
}

/// Most stretches have their days in every slot: told once.
fn shorten(bins: Vec<Vec<u32>>) -> Vec<DaysOfSlot> {
    bins.into_iter()
        .map(|slots| match slots.first() {
            Some(&first) if slots.iter().all(|&days| days == first) => DaysOfSlot::Same(first),
            _ => DaysOfSlot::Each(slots),
        })
        .collect()
}

/// Days that a slot has in a stretch of days.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[serde(untagged)]
pub enum DaysOfSlot {
    /// The same in every slot.
    Same(u32),
    /// By slot.
    Each(Vec<u32>),
}

/// Axes as a page is told them.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct AxesTold {
    /// Local time at which the days of the run begin, in minutes after midnight.
    pub start_minute: i64,
    /// Length of a period in minutes.
    pub period_minutes: u64,
    /// Days in a stretch.
    pub days_as_one: u32,
    /// Length of a slot in minutes.
    pub slot_minutes: u64,
    /// Slots in a day.
    pub slots: u32,
    /// Days of the run.
    pub days: u32,
    /// Dates of the stretches of days.
    pub bins: Vec<String>,
    /// Days of each stretch that have each slot.
    pub days_of_slot: Vec<DaysOfSlot>,
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn horizon(period_minutes: u64, periods: u32) -> Horizon {
        Horizon { start_micros: 0, period_micros: period_minutes * MINUTE_MICROS, periods }
    }

    #[test]
    fn a_month_of_a_community_keeps_its_quarters_of_an_hour_and_a_year_does_not() {
        let month = horizon(15, 30 * 96);
        let axes = Axes::new(Fineness::of(&[(month, 4)]), month);
        assert_eq!((axes.bins, axes.slots, axes.periods_per_slot), (30, 96, 1));
        let year = horizon(15, 365 * 96);
        let axes = Axes::new(Fineness::of(&[(year, 4)]), year);
        assert_eq!((axes.bins, axes.slots, axes.days_as_one), (53, 24, 7));
    }

    #[test]
    fn the_days_of_a_run_that_begins_at_one_are_told_so() {
        let axes = Axes::new(Fineness { by_hour: true, days_as_one: Some(1) }, horizon(60, 30));
        let told = axes.told("Asia/Shanghai");
        assert_eq!((told.start_minute, told.days), (8 * 60, 2));
        assert_eq!(told.bins, ["1970-01-01", "1970-01-02"]);
        assert_eq!(told.days_of_slot[0], DaysOfSlot::Same(1));
        let second: Vec<u32> = (0..24).map(|hour| u32::from(hour < 6)).collect();
        assert_eq!(told.days_of_slot[1], DaysOfSlot::Each(second));
    }

    proptest! {
        #[test]
        fn every_period_has_a_cell_and_every_slot_ends_once_a_day(
            minutes in prop::sample::select(vec![1u64, 5, 10, 15, 20, 30, 60, 120, 180, 360, 1440]),
            periods in 1u32..4_000,
            by_hour: bool,
            days in prop::option::of(1u32..40),
        ) {
            let horizon = horizon(minutes, periods);
            let axes = Axes::new(Fineness { by_hour, days_as_one: days }, horizon);
            let told = axes.told("UTC");
            let per_day = u32::try_from(horizon.periods_per_day()).unwrap();
            let mut ends = vec![0u32; axes.cells()];
            for period in 0..periods {
                let (day, period) = ((period / per_day) as u16, (period % per_day) as u16);
                let cell = axes.cell(day, period).unwrap();
                prop_assert_eq!(cell / axes.slots as usize, axes.bin(day));
                ends[cell] += u32::from(axes.ends_slot(day, period));
            }
            let of_slot = |bin: usize, slot: usize| match &told.days_of_slot[bin] {
                DaysOfSlot::Same(days) => *days,
                DaysOfSlot::Each(days) => days[slot],
            };
            for (cell, ends) in ends.into_iter().enumerate() {
                let (bin, slot) = (cell / axes.slots as usize, cell % axes.slots as usize);
                prop_assert_eq!(ends, of_slot(bin, slot), "bin {} slot {}", bin, slot);
            }
        }

        #[test]
        fn reports_stay_small_whatever_is_run(
            runs in prop::collection::vec((1u32..400_000, 1usize..30), 1..64),
        ) {
            let runs: Vec<(Horizon, usize)> =
                runs.into_iter().map(|(periods, classes)| (horizon(15, periods), classes)).collect();
            let fineness = Fineness::of(&runs);
            let cells: usize =
                runs.iter().map(|(horizon, classes)| Axes::new(fineness, *horizon).cells() * classes).sum();
            // One stretch of all days is the coarsest there is.
            prop_assert!(cells as u64 <= CELLS_MAX || fineness.days_as_one.is_none(), "{} cells", cells);
        }
    }
}
