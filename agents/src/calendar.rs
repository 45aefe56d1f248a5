//! Periods on a fixed UTC grid, and what the local clock shows at each of them.
//!
//! A scenario's day is 24 hours from its start, whatever daylight saving does; tariffs and habits look at the
//! local clock. A period is half-open and stamped by its start.

use goshawk_engine::{SimDuration, SimTime};
use goshawk_market::tariff::LocalMoment;
use jiff::civil::{Date, Time};
use jiff::{SignedDuration, Timestamp, ToSpan, Zoned};
use serde::{Deserialize, Serialize};

/// Days after the run that are part of the calendar: what households plan with must not depend on where a run ends.
pub const LOOKAHEAD_DAYS: u32 = 2;
/// Minutes in a scenario's day.
pub const MINUTES_PER_DAY: u32 = 24 * 60;

/// A period by its number from the scenario's start.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
pub struct PeriodIndex(pub u32);

/// A calendar that cannot be built.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum CalendarError {
    /// The length of a period does not divide the day.
    #[error("a period of {0} minutes does not divide the day of 24 hours")]
    UnevenPeriod(u32),
    /// A date or time outside the range of the calendar.
    #[error("the calendar cannot hold this time: {0}")]
    Time(#[from] jiff::Error),
}

/// What the clocks show at the start of a period.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub struct Moment {
    /// Microseconds since 1970-01-01T00:00:00Z.
    pub unix_micros: i64,
    /// Day since the scenario's start, from 0.
    pub day: u16,
    /// Period within the day, from 0.
    pub period_of_day: u16,
    /// The local clock.
    pub local: LocalMoment,
}

impl Moment {
    /// The moment as a point in time.
    pub fn instant(&self) -> Timestamp {
        Timestamp::from_microsecond(self.unix_micros).expect("invariant: moments come from the calendar")
    }
}

/// The periods of one run.
#[derive(Debug, Clone)]
pub struct Calendar {
    start: Zoned,
    period: SimDuration,
    periods: u32,
    periods_per_day: u32,
    moments: Vec<Moment>,
}

impl Calendar {
    /// The first `periods` periods of `period_minutes` minutes from `start`, whose zone is the local one, and two days
    /// more that households can look ahead to.
    ///
    /// # Errors
    /// When the period does not divide the day, or the times leave the calendar's range.
    pub fn new(start: Zoned, period_minutes: u32, periods: u32) -> Result<Self, CalendarError> {
        if period_minutes == 0 || !MINUTES_PER_DAY.is_multiple_of(period_minutes) {
            return Err(CalendarError::UnevenPeriod(period_minutes));
        }
        let period = SimDuration::from_minutes(u64::from(period_minutes));
        let periods_per_day = MINUTES_PER_DAY / period_minutes;
        let moments = (0..periods + LOOKAHEAD_DAYS * periods_per_day)
            .map(|index| {
                let offset = i64::from(index) * period.micros() as i64;
                let unix_micros = start.timestamp().as_microsecond() + offset;
                let local = Timestamp::from_microsecond(unix_micros)?.to_zoned(start.time_zone().clone());
                Ok(Moment {
                    unix_micros,
                    day: u16::try_from(index / periods_per_day).unwrap_or(u16::MAX),
                    period_of_day: (index % periods_per_day) as u16,
                    local: LocalMoment {
                        month: local.month() as u8,
                        day: local.day() as u8,
                        weekday: local.weekday().to_monday_zero_offset() as u8,
                        minute_of_day: (i32::from(local.hour()) * 60 + i32::from(local.minute())) as u16,
                    },
                })
            })
            .collect::<Result<_, jiff::Error>>()?;
        Ok(Self { start, period, periods, periods_per_day, moments })
    }

    /// How many periods the run has.
    pub fn periods(&self) -> u32 {
        self.periods
    }

    /// How many periods the run and the days after it have.
    pub fn horizon(&self) -> u32 {
        self.moments.len() as u32
    }

    /// How many periods a day has.
    pub fn periods_per_day(&self) -> u32 {
        self.periods_per_day
    }

    /// The length of a period.
    pub fn period(&self) -> SimDuration {
        self.period
    }

    /// The length of a period in hours.
    pub fn period_hours(&self) -> f64 {
        self.period.as_hours_f64()
    }

    /// What the clocks show at the start of `period`.
    ///
    /// # Panics
    /// When the run has no such period.
    pub fn moment(&self, period: PeriodIndex) -> &Moment {
        &self.moments[period.0 as usize]
    }

    /// All moments of the run and the days after it, in order.
    pub fn moments(&self) -> &[Moment] {
        &self.moments
    }

    /// When `period` starts, in simulated time.
    pub fn start_of(&self, period: PeriodIndex) -> SimTime {
        SimTime::from_micros(u64::from(period.0) * self.period.micros())
    }

    /// When the days after the run end, in simulated time.
    pub fn horizon_end(&self) -> SimTime {
        SimTime::from_micros(u64::from(self.horizon()) * self.period.micros())
    }

    /// The period that holds `time`, which may lie beyond the run.
    pub fn period_at(&self, time: SimTime) -> PeriodIndex {
        PeriodIndex(u32::try_from(time.micros() / self.period.micros()).unwrap_or(u32::MAX))
    }

    /// Microseconds since 1970 at a simulated time.
    pub fn unix_micros(&self, time: SimTime) -> i64 {
        self.start.timestamp().as_microsecond() + time.micros() as i64
    }

    /// The local date on which the run starts.
    pub fn first_date(&self) -> Date {
        self.start.date()
    }

    /// The simulated time at which the local clock of `date` shows so many hours, below 0 the day before; `None` before
    /// the start. A time that the clock leaves out comes as much later.
    ///
    /// # Errors
    /// When the time leaves the calendar's range.
    pub fn time_at(&self, date: Date, clock_hours: f64) -> Result<Option<SimTime>, CalendarError> {
        let days = (clock_hours / 24.0).floor();
        let nanos = ((clock_hours - 24.0 * days) * 3.6e12).round() as i64;
        let clock = Time::midnight().checked_add(SignedDuration::from_nanos(nanos)).unwrap_or(Time::MAX);
        let date = date.checked_add((days as i64).days())?;
        let local = date.to_datetime(clock).to_zoned(self.start.time_zone().clone())?;
        let micros = local.timestamp().as_microsecond() - self.start.timestamp().as_microsecond();
        Ok(u64::try_from(micros).ok().map(SimTime::from_micros))
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use jiff::civil::date;

    fn at(date: Date, hour: i8, zone: &str) -> Zoned {
        date.at(hour, 0, 0, 0).in_tz(zone).unwrap()
    }

    #[test]
    fn the_papers_day_runs_from_hour_1_to_hour_24() {
        let calendar = Calendar::new(at(date(2023, 1, 10), 1, "Asia/Shanghai"), 60, 24).unwrap();
        let hours: Vec<u8> = calendar.moments()[..24].iter().map(|moment| moment.local.hour()).collect();
        assert_eq!(hours, (1..=24).collect::<Vec<u8>>());
        assert!(calendar.moments()[..24].iter().all(|moment| moment.day == 0));
        assert_eq!((calendar.periods(), calendar.horizon()), (24, 72));
    }

    #[test]
    fn a_day_has_24_hours_though_the_local_clock_jumps() {
        let calendar = Calendar::new(at(date(2019, 3, 10), 0, "America/New_York"), 60, 48).unwrap();
        let local: Vec<u16> =
            calendar.moments()[..4].iter().map(|moment| moment.local.minute_of_day / 60).collect();
        assert_eq!(local, [0, 1, 3, 4], "the clock jumps from 2:00 to 3:00");
        assert_eq!(calendar.moment(PeriodIndex(24)).day, 1);
        let steps = calendar.moments().windows(2).map(|pair| pair[1].unix_micros - pair[0].unix_micros);
        assert!(steps.into_iter().all(|step| step == 3_600_000_000));
    }

    #[test]
    fn a_period_that_does_not_divide_the_day_is_refused() {
        let refused = Calendar::new(at(date(2019, 1, 7), 0, "UTC"), 50, 10);
        assert!(matches!(refused, Err(CalendarError::UnevenPeriod(50))));
    }

    #[test]
    fn clock_times_become_simulated_times() {
        let calendar = Calendar::new(at(date(2019, 1, 7), 1, "UTC"), 15, 96).unwrap();
        let clock = |hours| calendar.time_at(calendar.first_date(), hours).unwrap();
        assert_eq!(clock(0.5), None);
        assert_eq!(clock(2.5), Some(SimTime::from_minutes(90)));
        assert_eq!(clock(25.5), Some(SimTime::from_minutes(24 * 60 + 30)));
    }

    #[test]
    fn a_departure_keeps_its_clock_time_when_the_clock_jumps() {
        let calendar = Calendar::new(at(date(2019, 3, 9), 0, "America/New_York"), 60, 72).unwrap();
        let nine = |day| calendar.time_at(date(2019, 3, day), 9.0).unwrap().unwrap();
        assert_eq!(nine(9), SimTime::from_hours(9));
        assert_eq!(nine(10), SimTime::from_hours(24 + 8), "the day of the jump is an hour short");
    }
}
