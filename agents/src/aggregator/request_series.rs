//! Requests of instants from a CSV file, such as a recorded regulation signal.
//!
//! | column | unit | meaning |
//! |---|---|---|
//! | `time` | an instant as in RFC 3339, or a local time | when the request begins to hold |
//! | `request_kw` | kW | what the grid wants of the fleet: above 0 to give, below 0 to take |
//!
//! Steps and times are those of a file of prices ([`dated`]).

use std::ops::Range;

use goshawk_market::quantity::Power;
use jiff::Timestamp;
use jiff::tz::TimeZone;

use crate::pricing::dated::{self, DatedPrices, ValueColumn};
use crate::rows::RowProblem;

const REQUESTS: ValueColumn = ValueColumn {
    name: "request_kw",
    noun: "a request",
    form: "a file of requests",
    range: -1_000_000.0..=1_000_000.0,
};

/// Requests without a gap.
#[derive(Debug, Clone, PartialEq)]
pub struct RequestSeries(DatedPrices);

impl RequestSeries {
    /// Reads requests; times without an offset are on the clock of `zone`.
    ///
    /// # Errors
    /// Everything that is wrong with the file.
    pub fn read(text: &str, zone: &TimeZone) -> Result<Self, Vec<RowProblem>> {
        dated::read_values(text, zone, &REQUESTS).map(Self)
    }

    /// Whether there are requests for the whole of a run.
    ///
    /// # Errors
    /// What is missing, with its place in the file.
    pub fn covers(&self, run: Range<Timestamp>) -> Result<(), Vec<RowProblem>> {
        self.0.holds_over(run, &REQUESTS)
    }

    /// The mean request over `length` microseconds from `from` (microseconds since 1970).
    pub fn mean_over(&self, from: i64, length: i64) -> Power {
        Power::from_micro(self.0.mean_over(from, length).micro())
    }
}
