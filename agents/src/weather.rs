//! Sun, air temperature and wind over a run.
//!
//! | made by | from | outside what it holds |
//! |---|---|---|
//! | [`Weather::from_tmy3`] | a typical meteorological year in NREL's TMY3 format, or a part of one | [`Weather::covers`] says so |
//! | [`Weather::from_epw`] | a year in the EPW format of EnergyPlus | the same |
//! | [`Weather::from_csv`] | a table with a time stamp a row and units in the header | the same |
//! | [`Weather::daily`] | 24 hourly values | repeats every local day |
//! | [`Weather::drawn`] | any file, its days drawn anew for Monte Carlo | the same |
//!
//! All give means, constant within their interval. Files give irradiance on the horizontal; the 24 values are irradiance
//! on the panels, and never transposed.

mod calendar;
mod epw;
mod plain_csv;
mod resample;
mod series;
mod table;
mod tmy3;
mod typical_year;

use std::fmt;
use std::ops::Range;
use std::sync::Arc;

use goshawk_engine::Streams;
use jiff::tz::TimeZone;
use jiff::{SignedDuration, Timestamp};

pub use resample::Resample;
pub use series::Repair;

use crate::solar::{Site, interval_from};
use resample::Drawn;
use series::Series;

/// Wind in m/s where nothing is known of it.
pub const WIND_DEFAULT_M_PER_S: f64 = 1.0;

/// What is known of the sun's light.
#[derive(Debug, Clone, Copy, PartialEq)]
pub enum Light {
    /// Irradiance on the panels in W/m², whatever their tilt.
    OnPanels(f64),
    /// Global horizontal irradiance (GHI) in W/m² alone.
    Global(f64),
    /// Global horizontal irradiance and its parts.
    Split {
        /// Global horizontal irradiance (GHI) in W/m².
        global: f64,
        /// Beam irradiance across the sun's rays (DNI) in W/m².
        beam_normal: f64,
        /// Diffuse horizontal irradiance (DHI) in W/m².
        diffuse: f64,
    },
}

impl Light {
    /// Global horizontal irradiance in W/m², or that on the panels.
    pub fn global(&self) -> f64 {
        match *self {
            Self::OnPanels(global) | Self::Global(global) | Self::Split { global, .. } => global,
        }
    }

    /// Beam irradiance across the sun's rays in W/m², 0 where it is not known.
    pub fn beam_normal(&self) -> f64 {
        if let Self::Split { beam_normal, .. } = *self { beam_normal } else { 0.0 }
    }

    /// Diffuse horizontal irradiance in W/m², all of the light where that is not known.
    pub fn diffuse(&self) -> f64 {
        if let Self::Split { diffuse, .. } = *self { diffuse } else { self.global() }
    }
}

/// Mean weather of an interval.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Sample {
    /// The sun's light.
    pub light: Light,
    /// Temperature of the air in degrees Celsius.
    pub temperature_c: f64,
    /// Speed of the wind in m/s.
    pub wind_speed_m_per_s: f64,
}

/// The weather of an instant, and of how long.
#[derive(Debug, Clone, PartialEq)]
pub struct Reading {
    /// Means of the interval.
    pub sample: Sample,
    /// The interval of the run that holds the instant.
    pub interval: Range<Timestamp>,
    /// The interval whose sun the light was measured under: the same, or another day's where days are drawn anew.
    pub measured: Range<Timestamp>,
}

/// Weather for any instant that it covers.
#[derive(Debug, Clone, PartialEq)]
pub struct Weather {
    course: Course,
    site: Option<Site>,
}

#[derive(Debug, Clone, PartialEq)]
enum Course {
    Daily { zone: TimeZone, hours: Box<[Sample; 24]> },
    Series(Arc<Series>),
    Drawn(Drawn),
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
    /// One day that repeats, with irradiance on the panels. Index 0 is the paper's hour 1, which starts at 1:00 on
    /// `zone`'s clock; index 23 is hour 24, which starts at 0:00.
    pub fn daily(irradiance_w_per_m2: &[f64; 24], temperature_c: &[f64; 24], zone: TimeZone) -> Self {
        let hours = Box::new(std::array::from_fn(|index| Sample {
            light: Light::OnPanels(irradiance_w_per_m2[index]),
            temperature_c: temperature_c[index],
            wind_speed_m_per_s: WIND_DEFAULT_M_PER_S,
        }));
        Self { course: Course::Daily { zone, hours }, site: None }
    }

    /// Reads the original TMY3 format: a row on the site, a row of column names, then a row an hour, stamped with the
    /// hour's end (01:00 to 24:00) in the site's standard time. Years differ by month in such files and are ignored;
    /// hours must follow each other, over New Year as well. `file` names the file in problems.
    ///
    /// # Errors
    /// Everything that is wrong with the file, in the order of its lines; beyond [`PROBLEMS_MAX`] only a count.
    pub fn from_tmy3(text: &str, file: &str) -> Result<Self, Vec<WeatherProblem>> {
        tmy3::read(text, file).map(Self::of)
    }

    /// Reads the EPW format: eight header rows, of which the first has the site, then a row an hour, stamped with the
    /// hour's end (1 to 24) in the site's standard time. Years are ignored, as in [`Weather::from_tmy3`].
    ///
    /// # Errors
    /// As [`Weather::from_tmy3`].
    pub fn from_epw(text: &str, file: &str) -> Result<Self, Vec<WeatherProblem>> {
        epw::read(text, file).map(Self::of)
    }

    /// Reads a plain table: a row of column names with units, then a row for each interval in order. Columns are
    /// `time` (the interval's start) or `time_end`, `ghi_w_per_m2`, `temperature_c`, and if known `dni_w_per_m2` with
    /// `dhi_w_per_m2`, and `wind_speed_m_per_s`; others are ignored. Stamps are RFC 3339, or local times of `zone`.
    ///
    /// # Errors
    /// As [`Weather::from_tmy3`].
    pub fn from_csv(text: &str, file: &str, zone: &TimeZone) -> Result<Self, Vec<WeatherProblem>> {
        plain_csv::read(text, file, zone).map(Self::of)
    }

    fn of(series: Series) -> Self {
        Self { site: series.site, course: Course::Series(Arc::new(series)) }
    }

    /// The same with another site, or with one where the file names none.
    #[must_use]
    pub fn at_site(self, site: Site) -> Self {
        Self { site: Some(site), ..self }
    }

    /// Where the weather was measured, if that is known.
    pub fn site(&self) -> Option<&Site> {
        self.site.as_ref()
    }

    /// Values that the file does not have and that were interpolated, in the order of its lines.
    pub fn repairs(&self) -> &[Repair] {
        match &self.course {
            Course::Daily { .. } => &[],
            Course::Series(series) => &series.repairs,
            Course::Drawn(drawn) => &drawn.source.repairs,
        }
    }

    /// Whether only the global part of the light is known, so that tilted panels need it to be split.
    pub fn is_global_alone(&self) -> bool {
        let first = match &self.course {
            Course::Daily { .. } => None,
            Course::Series(series) => series.samples.first(),
            Course::Drawn(drawn) => drawn.source.samples.first(),
        };
        matches!(first, Some(Sample { light: Light::Global(_), .. }))
    }

    /// The same weather with its days drawn anew, from the streams of the purpose `weather`: for every day of `run` and the
    /// two days after it, one of the source's days of that month or a day made like them. A day's draw belongs to
    /// its date, so a longer run keeps the days of a shorter one. 24 values that repeat stay as they are.
    #[must_use]
    pub fn drawn(&self, resample: Resample, streams: &Streams, run: Range<Timestamp>) -> Self {
        let Course::Series(series) = &self.course else { return self.clone() };
        let course = Course::Drawn(Drawn::new(series, self.site.as_ref(), resample, streams, run));
        Self { course, site: self.site }
    }

    /// Whether days can be drawn for all of `run`.
    ///
    /// # Errors
    /// The first month of the run that the file has too few whole days of.
    pub fn can_draw(&self, resample: Resample, run: Range<Timestamp>) -> Result<(), WeatherProblem> {
        let Course::Series(series) = &self.course else { return Ok(()) };
        resample::check(series, resample, run)
    }

    /// The weather at an instant; `None` where there is none.
    pub fn reading(&self, at: Timestamp) -> Option<Reading> {
        match &self.course {
            Course::Daily { zone, hours } => {
                let local = zone.to_datetime(at);
                let sample = hours[(usize::try_from(local.hour()).unwrap_or(0) + 23) % 24];
                let into_hour = i64::from(local.minute()) * 60 + i64::from(local.second());
                let start = at.saturating_sub(SignedDuration::from_secs(into_hour)).unwrap_or(at);
                let interval = interval_from(start, 3600);
                Some(Reading { sample, measured: interval.clone(), interval })
            }
            Course::Series(series) => series.reading(at),
            Course::Drawn(drawn) => drawn.reading(at),
        }
    }

    /// Mean weather of the interval that holds `at`. A typical year has no 29 February; it repeats the 28th.
    ///
    /// # Panics
    /// When the weather does not cover `at`; see [`Weather::covers`].
    pub fn sample(&self, at: Timestamp) -> Sample {
        self.reading(at).expect("invariant: the weather covers the run").sample
    }

    /// Whether there is weather for every instant of `run`.
    ///
    /// # Errors
    /// The first interval that is missing, beside those that are there.
    pub fn covers(&self, run: Range<Timestamp>) -> Result<(), WeatherProblem> {
        let Course::Series(series) = &self.course else { return Ok(()) };
        let mut at = run.start;
        while at < run.end {
            match series.reading(at) {
                Some(reading) => at = reading.interval.end,
                None => return Err(series.missing(at)),
            }
        }
        Ok(())
    }
}

/// Most problems that are told apart in one file; a file of another kind would give thousands.
pub const PROBLEMS_MAX: usize = 20;

#[cfg(test)]
mod tests;
