//! Weather for Monte Carlo: the days of a run drawn anew from the days of a file.

mod day_types;

use std::ops::Range;
use std::sync::Arc;

use goshawk_engine::Streams;
use jiff::civil::Date;
use jiff::{Timestamp, ToSpan};

use super::series::{Series, WholeDay};
use super::{Reading, Sample, WeatherProblem};
use crate::solar::Site;
use day_types::DayTypes;

/// Days after a run that households look ahead to, and one for the hours between two standard times.
const DAYS_AFTER: i32 = 3;
const MONTHS: usize = 12;

/// How days are drawn.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Resample {
    /// Whole days of the same month, each as likely: a bootstrap.
    Bootstrap,
    /// A Markov chain of overcast, mixed and clear days of the month; within a day the clearness index is autoregressive.
    DayTypes,
}

impl Resample {
    /// Fewest whole days of a month that it can be fitted on.
    fn days_min(self) -> usize {
        match self {
            Self::Bootstrap => 1,
            Self::DayTypes => day_types::DAYS_MIN,
        }
    }
}

/// Weather whose days are drawn.
#[derive(Debug, Clone, PartialEq)]
pub(super) struct Drawn {
    pub(super) source: Arc<Series>,
    first: Date,
    days: Vec<Day>,
}

#[derive(Debug, Clone, PartialEq)]
enum Day {
    /// A day of the source, with the sun of the date on which it was measured.
    Source { start: usize, measured: Date },
    /// A day that never was.
    Made(Box<[Sample]>),
}

/// The whole days of a series by month.
#[derive(Debug)]
struct Pool {
    months: [Vec<WholeDay>; MONTHS],
}

impl Pool {
    fn of(series: &Series) -> Self {
        let mut months: [Vec<WholeDay>; MONTHS] = Default::default();
        for day in series.whole_days() {
            months[month_index(day.date)].push(day);
        }
        Self { months }
    }

    fn of_month(&self, date: Date) -> &[WholeDay] {
        &self.months[month_index(date)]
    }
}

fn month_index(date: Date) -> usize {
    usize::from(date.month().unsigned_abs()) - 1
}

/// The days of the source's standard time that a run touches.
fn dates(series: &Series, run: &Range<Timestamp>) -> Range<Date> {
    let first = series.day_and_slot(run.start).0;
    let last = series.day_and_slot(run.end).0;
    first..last.saturating_add(1.day())
}

fn each(dates: Range<Date>) -> impl Iterator<Item = Date> {
    dates.start.series(1.day()).take_while(move |&date| date < dates.end)
}

/// Whether there are days to draw from in every month of `run`.
pub(super) fn check(
    series: &Series,
    resample: Resample,
    run: Range<Timestamp>,
) -> Result<(), WeatherProblem> {
    let pool = Pool::of(series);
    let dates = series.day_and_slot(run.start).0
        ..series.day_and_slot(run.end - jiff::SignedDuration::from_secs(1)).0.saturating_add(1.day());
    for date in each(dates) {
        let count = pool.of_month(date).len();
        if count < resample.days_min() {
            let month = date.month();
            let found = format!("{count} whole days of month {month}");
            let allowed = format!("at least {} of every month of the run to draw from", resample.days_min());
            return Err(series.problem(found, allowed));
        }
    }
    Ok(())
}

impl Drawn {
    pub(super) fn new(
        source: &Arc<Series>,
        site: Option<&Site>,
        resample: Resample,
        streams: &Streams,
        run: Range<Timestamp>,
    ) -> Self {
        let pool = Pool::of(source);
        let dates = dates(source, &run);
        let first = dates.start;
        let to_draw = each(first..dates.end.saturating_add(DAYS_AFTER.days()))
            // Days after the run may lie in a month that nothing is known of.
            .take_while(|&date| pool.of_month(date).len() >= resample.days_min());
        let days = match (resample, site) {
            (Resample::DayTypes, Some(site)) => {
                let mut types = DayTypes::new(source, site, &pool);
                to_draw.map(|date| Day::Made(types.draw(date, streams))).collect()
            }
            _ => to_draw.map(|date| bootstrapped(source, &pool, date, streams)).collect(),
        };
        Self { source: Arc::clone(source), first, days }
    }

    pub(super) fn reading(&self, at: Timestamp) -> Option<Reading> {
        let (date, slot) = self.source.day_and_slot(at);
        let number = (date - self.first).get_days();
        let day = self.days.get(usize::try_from(number).ok()?)?;
        let interval = self.source.interval_of(at);
        Some(match day {
            Day::Source { start, measured } => Reading {
                sample: self.source.samples[start + slot],
                measured: self.source.slot(*measured, slot),
                interval,
            },
            Day::Made(samples) => Reading { sample: samples[slot], measured: interval.clone(), interval },
        })
    }
}

fn bootstrapped(source: &Series, pool: &Pool, date: Date, streams: &Streams) -> Day {
    let days = pool.of_month(date);
    let mut stream = streams.stream("weather", &date.to_string());
    let day = days[stream.below(days.len() as u64) as usize];
    // A typical year has no year of its own: its sun is that of the run's.
    let measured = match source.clock {
        super::series::Clock::Typical { .. } => {
            Date::new(date.year(), day.date.month(), day.date.day()).unwrap_or(day.date)
        }
        super::series::Clock::Dated { .. } => day.date,
    };
    Day::Source { start: day.start, measured }
}

#[cfg(test)]
mod tests;
