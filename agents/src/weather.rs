//! Sun and air temperature over a run.
//!
//! | made by | from | outside what it holds |
//! |---|---|---|
//! | [`Weather::from_tmy3`] | a typical meteorological year in NREL's TMY3 format, or a part of one | [`Weather::covers`] says so |
//! | [`Weather::daily`] | 24 hourly values | repeats every local day |
//!
//! Both give hourly means, constant within their hour. Irradiance is that on the panels, which lie flat here, so
//! that a TMY3 file's global horizontal irradiance needs no transposition.

mod calendar;
mod tmy3;

use std::fmt;
use std::ops::Range;

use jiff::tz::{Offset, TimeZone};
use jiff::{SignedDuration, Timestamp};

use calendar::{HOURS_PER_YEAR, Stamp};

/// Mean weather of an hour.
#[derive(Debug, Clone, Copy, Default, PartialEq)]
pub struct Sample {
    /// Irradiance I on the panels in W/m2.
    pub irradiance_w_per_m2: f64,
    /// Temperature of the air in degrees Celsius.
    pub temperature_c: f64,
}

/// Weather for any instant that it covers.
#[derive(Debug, Clone, PartialEq)]
pub struct Weather {
    course: Course,
}

#[derive(Debug, Clone, PartialEq)]
enum Course {
    Daily { zone: TimeZone, hours: Box<[Sample; 24]> },
    Year(YearPart),
}

/// Consecutive hours of a typical year, as a file holds them.
#[derive(Debug, Clone, PartialEq)]
struct YearPart {
    file: String,
    /// The fixed standard time of the file's stamps.
    offset: Offset,
    first: Stamp,
    hours: Vec<Sample>,
    last_line: usize,
    last_span: Range<usize>,
}

/// One thing that is wrong with a weather file.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct WeatherProblem {
    /// The file's name, as given.
    pub file: String,
    /// Line in the file, from 1.
    pub line: usize,
    /// Bytes of the file's text that this is about.
    pub span: Range<usize>,
    /// What is there.
    pub found: String,
    /// What may be there.
    pub allowed: String,
}

impl fmt::Display for WeatherProblem {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}:{}: found {}; allowed: {}", self.file, self.line, self.found, self.allowed)
    }
}

impl std::error::Error for WeatherProblem {}

impl Weather {
    /// One day that repeats. Index 0 is the paper's hour 1, which starts at 1:00 on `zone`'s clock; index 23 is hour
    /// 24, which starts at 0:00.
    pub fn daily(irradiance_w_per_m2: &[f64; 24], temperature_c: &[f64; 24], zone: TimeZone) -> Self {
        let hours = Box::new(std::array::from_fn(|index| Sample {
            irradiance_w_per_m2: irradiance_w_per_m2[index],
            temperature_c: temperature_c[index],
        }));
        Self { course: Course::Daily { zone, hours } }
    }

    /// Reads the original TMY3 format: a row on the site, a row of column names, then a row an hour, stamped with the
    /// hour's end (01:00 to 24:00) in the site's standard time. Years differ by month in such files and are ignored;
    /// hours must follow each other, over New Year as well. `file` names the file in problems.
    ///
    /// # Errors
    /// Everything that is wrong with the file, in the order of its lines; beyond [`PROBLEMS_MAX`] only a count.
    pub fn from_tmy3(text: &str, file: &str) -> Result<Self, Vec<WeatherProblem>> {
        tmy3::read(text, file).map(|part| Self { course: Course::Year(part) })
    }

    /// The weather in the hour that holds `at`. A typical year has no 29 February; it repeats the 28th.
    ///
    /// # Panics
    /// When the weather does not cover `at`; see [`Weather::covers`].
    pub fn sample(&self, at: Timestamp) -> Sample {
        match &self.course {
            Course::Daily { zone, hours } => {
                let hour = usize::try_from(zone.to_datetime(at).hour()).unwrap_or(0);
                hours[(hour + 23) % 24]
            }
            Course::Year(part) => part.at(at).expect("invariant: the weather covers the run"),
        }
    }

    /// Whether there is weather for every instant of `run`.
    ///
    /// # Errors
    /// The first hour that is missing, beside the hours that are there.
    pub fn covers(&self, run: Range<Timestamp>) -> Result<(), WeatherProblem> {
        let Course::Year(part) = &self.course else { return Ok(()) };
        let mut at = run.start;
        while at < run.end {
            if part.at(at).is_none() {
                return Err(part.missing(at));
            }
            // The hour after the one that holds `at`, so that a short run within two hours checks both.
            let into_hour = part.offset.to_datetime(at).time().duration_since(jiff::civil::Time::midnight());
            let left = 3600 - into_hour.as_secs() % 3600;
            at = at.saturating_add(SignedDuration::from_secs(left)).unwrap_or(run.end);
        }
        Ok(())
    }
}

impl YearPart {
    fn stamp_of(&self, at: Timestamp) -> Stamp {
        Stamp::holding(self.offset.to_datetime(at))
    }

    fn at(&self, at: Timestamp) -> Option<Sample> {
        self.hours.get(self.first.hours_until(self.stamp_of(at))).copied()
    }

    fn missing(&self, at: Timestamp) -> WeatherProblem {
        let last = self.first.plus((self.hours.len() - 1) % HOURS_PER_YEAR);
        let needed = self.stamp_of(at);
        WeatherProblem {
            file: self.file.clone(),
            line: self.last_line,
            span: self.last_span.clone(),
            found: format!("rows from {} to {last}", self.first),
            allowed: format!(
                "rows for the whole run; the first one missing is {needed}, which the run needs at {}{}",
                self.offset.to_datetime(at),
                self.offset
            ),
        }
    }
}

/// Most problems that are told apart in one file; a file of another kind would give thousands.
pub const PROBLEMS_MAX: usize = 20;

#[cfg(test)]
mod tests;
