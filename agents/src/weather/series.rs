//! Consecutive intervals as a file holds them: found by instant, and short gaps filled.

use std::ops::Range;

use jiff::civil::Date;
use jiff::tz::Offset;
use jiff::{SignedDuration, Timestamp};

use super::calendar::{HOURS_PER_YEAR, Stamp};
use super::table::Problems;
use super::{Light, Reading, Sample, WIND_DEFAULT_M_PER_S, WeatherProblem};
use crate::solar::{Site, interval_from};

/// Missing values over at most so long are interpolated.
const REPAIRED_MAX_S: i64 = 2 * 3600;
pub(super) const SECONDS_PER_DAY: i64 = 24 * 3600;

/// A value that the file does not have, and that was interpolated between its neighbours.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Repair {
    /// Line in the file, from 1; of a row that is missing, that of the next one.
    pub line: usize,
    /// Bytes of that line in the file's text.
    pub span: Range<usize>,
    /// The column.
    pub column: &'static str,
}

/// How intervals and instants belong together.
#[derive(Debug, Clone, PartialEq)]
pub(super) enum Clock {
    /// Hours of a typical year, whatever the run's year is.
    Typical { first: Stamp },
    /// Intervals of real dates.
    Dated { first: Timestamp },
}

#[derive(Debug, Clone, PartialEq)]
pub(super) struct Series {
    pub(super) file: String,
    pub(super) site: Option<Site>,
    /// The fixed standard time in which days are counted.
    pub(super) offset: Offset,
    pub(super) clock: Clock,
    /// Length of an interval in seconds; divides the hour.
    pub(super) step_s: i64,
    pub(super) samples: Vec<Sample>,
    pub(super) repairs: Vec<Repair>,
    pub(super) last_line: usize,
    pub(super) last_span: Range<usize>,
}

/// A whole day of a series.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct WholeDay {
    /// Its first sample.
    pub(super) start: usize,
    /// Its date; in a typical year, of a nominal one.
    pub(super) date: Date,
}

/// The year that dates of a typical year are given in; not a leap year.
const NOMINAL_YEAR: i16 = 2001;

impl Series {
    fn stamp_of(&self, at: Timestamp) -> Stamp {
        Stamp::holding(self.offset.to_datetime(at))
    }

    fn index_of(&self, at: Timestamp) -> Option<usize> {
        match self.clock {
            Clock::Typical { first } => Some(first.hours_until(self.stamp_of(at))),
            Clock::Dated { first } => {
                usize::try_from((at.as_second() - first.as_second()).div_euclid(self.step_s)).ok()
            }
        }
    }

    pub(super) fn reading(&self, at: Timestamp) -> Option<Reading> {
        let sample = *self.samples.get(self.index_of(at)?)?;
        let interval = self.interval_of(at);
        Some(Reading { sample, measured: interval.clone(), interval })
    }

    /// The interval that holds an instant: intervals divide the hour of the file's standard time.
    pub(super) fn interval_of(&self, at: Timestamp) -> Range<Timestamp> {
        let local = at.as_second() + i64::from(self.offset.seconds());
        let into = local.rem_euclid(self.step_s);
        let start = Timestamp::from_second(at.as_second() - into).unwrap_or(Timestamp::MIN);
        interval_from(start, self.step_s)
    }

    pub(super) fn slots_per_day(&self) -> usize {
        (SECONDS_PER_DAY / self.step_s) as usize
    }

    /// The interval number `slot` of a day of the file's standard time.
    pub(super) fn slot(&self, date: Date, slot: usize) -> Range<Timestamp> {
        let midnight = self.offset.to_timestamp(date.to_datetime(jiff::civil::Time::midnight()));
        let into = SignedDuration::from_secs(slot as i64 * self.step_s);
        let start = midnight.and_then(|midnight| midnight.checked_add(into)).unwrap_or(Timestamp::MAX);
        interval_from(start, self.step_s)
    }

    /// The day of the file's standard time that holds an instant, and the number of the interval in it.
    pub(super) fn day_and_slot(&self, at: Timestamp) -> (Date, usize) {
        let local = self.offset.to_datetime(at);
        let into = (at.as_second() + i64::from(self.offset.seconds())).rem_euclid(SECONDS_PER_DAY);
        (local.date(), (into / self.step_s) as usize)
    }

    /// The days of which every interval is there.
    pub(super) fn whole_days(&self) -> Vec<WholeDay> {
        let length = self.slots_per_day();
        let first_slot = match self.clock {
            Clock::Typical { first } => first.hour_of_day(),
            Clock::Dated { first } => self.day_and_slot(first).1,
        };
        let first_whole = (length - first_slot) % length;
        (first_whole..)
            .step_by(length)
            .take_while(|start| start + length <= self.samples.len())
            .map(|start| WholeDay { start, date: self.date_of(start) })
            .collect()
    }

    fn date_of(&self, index: usize) -> Date {
        match self.clock {
            Clock::Typical { first } => {
                let (month, day) = first.plus(index).month_and_day();
                jiff::civil::date(NOMINAL_YEAR, month, day)
            }
            Clock::Dated { first } => {
                let into = SignedDuration::from_secs(index as i64 * self.step_s);
                self.offset.to_datetime(first.saturating_add(into).unwrap_or(first)).date()
            }
        }
    }

    /// The run needs an interval that is not there.
    pub(super) fn missing(&self, at: Timestamp) -> WeatherProblem {
        let local = self.offset.to_datetime(at);
        let (rows, needed) = match self.clock {
            Clock::Typical { first } => {
                let last = first.plus((self.samples.len() - 1) % HOURS_PER_YEAR);
                (format!("rows from {first} to {last}"), self.stamp_of(at).to_string())
            }
            Clock::Dated { first } => {
                let length = SignedDuration::from_secs(self.samples.len() as i64 * self.step_s);
                let end = first.saturating_add(length).unwrap_or(Timestamp::MAX);
                let shown = |at: Timestamp| format!("{}{}", self.offset.to_datetime(at), self.offset);
                let needed = shown(self.interval_of(at).start);
                (format!("weather from {} to {}", shown(first), shown(end)), needed)
            }
        };
        let allowed = format!(
            "rows for the whole run; the first one missing is {needed}, which the run needs at {local}{}",
            self.offset
        );
        self.problem(rows, allowed)
    }

    /// A problem with all of the file, shown at its last line.
    pub(super) fn problem(&self, found: String, allowed: String) -> WeatherProblem {
        let (file, line, span) = (self.file.clone(), self.last_line, self.last_span.clone());
        WeatherProblem { file, line, span, found, allowed }
    }
}

/// Columns as they were read, NaN where a value is missing.
#[derive(Debug)]
pub(super) struct Draft {
    pub(super) global: Column,
    /// Beam and diffuse, where the file has them.
    pub(super) parts: Option<[Column; 2]>,
    pub(super) temperature: Column,
    pub(super) wind: Option<Column>,
    /// Line and span of every row.
    pub(super) rows: Vec<(usize, Range<usize>)>,
}

/// A column of numbers.
#[derive(Debug)]
pub(super) struct Column {
    pub(super) name: &'static str,
    pub(super) values: Vec<f64>,
}

impl Column {
    pub(super) fn new(name: &'static str) -> Self {
        Self { name, values: Vec::new() }
    }

    /// Fills stretches of at most [`REPAIRED_MAX_S`] linearly between their neighbours; at an end of the file, with the
    /// one neighbour. Longer ones are problems.
    fn repair(
        &mut self,
        step_s: i64,
        rows: &[(usize, Range<usize>)],
        repairs: &mut Vec<Repair>,
        problems: &mut Problems<'_>,
    ) {
        let mut index = 0;
        while index < self.values.len() {
            if !self.values[index].is_nan() {
                index += 1;
                continue;
            }
            let end = self.values[index..].iter().position(|value| !value.is_nan());
            let end = end.map_or(self.values.len(), |length| index + length);
            let before = index.checked_sub(1).map(|place| self.values[place]);
            let after = self.values.get(end).copied();
            let missing_s = (end - index) as i64 * step_s;
            let (line, span) = rows[index].clone();
            match before.or(after) {
                Some(_) if missing_s <= REPAIRED_MAX_S => {
                    let (from, to) = (before.or(after), after.or(before));
                    let (from, to) = (from.unwrap_or_default(), to.unwrap_or_default());
                    let stretch = self.values[index..end].iter_mut().zip(&rows[index..end]);
                    for (place, (value, (line, span))) in stretch.enumerate() {
                        *value = from + (to - from) * (place + 1) as f64 / (end - index + 1) as f64;
                        repairs.push(Repair { line: *line, span: span.clone(), column: self.name });
                    }
                }
                _ => {
                    let hours = missing_s as f64 / 3600.0;
                    let found = format!("no `{}` for {hours:.1} hours from here", self.name);
                    let allowed = "at most 2 hours in a row, which are interpolated";
                    problems.add(line, span, found, allowed);
                    self.values[index..end].fill(0.0);
                }
            }
            index = end;
        }
    }
}

impl Draft {
    /// Samples with short gaps filled, and what was filled.
    pub(super) fn samples(mut self, step_s: i64, problems: &mut Problems<'_>) -> (Vec<Sample>, Vec<Repair>) {
        let mut repairs = Vec::new();
        let parts = self.parts.iter_mut().flatten();
        let columns =
            [&mut self.global, &mut self.temperature].into_iter().chain(parts).chain(&mut self.wind);
        columns.for_each(|column| column.repair(step_s, &self.rows, &mut repairs, problems));
        repairs.sort_by_key(|repair| repair.line);
        let sample = |index: usize| {
            let global = self.global.values[index];
            let light = match &self.parts {
                None => Light::Global(global),
                Some([beam, diffuse]) => {
                    Light::Split { global, beam_normal: beam.values[index], diffuse: diffuse.values[index] }
                }
            };
            let wind = self.wind.as_ref().map_or(WIND_DEFAULT_M_PER_S, |wind| wind.values[index]);
            Sample { light, temperature_c: self.temperature.values[index], wind_speed_m_per_s: wind }
        };
        ((0..self.rows.len()).map(sample).collect(), repairs)
    }
}
