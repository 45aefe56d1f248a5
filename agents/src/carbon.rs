//! Carbon intensity of instants from a CSV file: what of carbon dioxide is behind a kWh from outside.
//!
//! | column | unit | meaning |
//! |---|---|---|
//! | `time` | an instant as in RFC 3339, or a local time | when the intensity begins to hold |
//! | `g_per_kwh` | g/kWh | carbon dioxide, or its equivalent, per kWh that is drawn from the grid |
//!
//! Steps and times are those of a file of prices ([`dated`]).

use std::ops::Range;

use jiff::Timestamp;
use jiff::tz::TimeZone;

use crate::calendar::Calendar;
use crate::pricing::dated::{self, DatedPrices, ValueColumn};
use crate::rows::RowProblem;

const INTENSITIES: ValueColumn = ValueColumn {
    name: "g_per_kwh",
    noun: "a carbon intensity value",
    form: "a file of carbon intensities",
    range: 0.0..=10_000.0,
};

/// Carbon intensities without a gap.
#[derive(Debug, Clone, PartialEq)]
pub struct IntensitySeries(DatedPrices);

impl IntensitySeries {
    /// Reads carbon intensities; times without an offset are on the clock of `zone`.
    ///
    /// # Errors
    /// Everything that is wrong with the file.
    pub fn read(text: &str, zone: &TimeZone) -> Result<Self, Vec<RowProblem>> {
        dated::read_values(text, zone, &INTENSITIES).map(Self)
    }

    /// Whether there are carbon intensities for the whole of a run.
    ///
    /// # Errors
    /// What is missing, with its place in the file.
    pub fn covers(&self, run: Range<Timestamp>) -> Result<(), Vec<RowProblem>> {
        self.0.holds_over(run, &INTENSITIES)
    }

    /// The mean intensity of each period of a run, in 1e-6 g/kWh.
    pub fn over(&self, calendar: &Calendar) -> Vec<i64> {
        let length = calendar.period().micros() as i64;
        let moments = calendar.moments().iter().take(calendar.periods() as usize);
        moments.map(|moment| self.0.mean_over(moment.unix_micros, length).micro()).collect()
    }
}
