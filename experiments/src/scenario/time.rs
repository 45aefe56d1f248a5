//! When a run takes place: the section `[time]`.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

/// When the run starts, how long it lasts, and how long a market period is.
///
/// Periods lie on a fixed grid of elapsed time, every day 24 hours; tariffs and habits look at the local clock.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Time {
    /// Start of the first period, on the local clock of `zone`, such as "2019-01-07T00:00:00".
    #[schemars(
        regex(pattern = r"^\d{4}-\d{2}-\d{2}[T ]\d{2}:\d{2}(:\d{2})?$"),
        extend("x-in-words" = "a local date and time, such as \"2019-01-07T00:00:00\"")
    )]
    pub start: String,
    /// IANA time zone whose clock tariffs and habits follow, such as "America/New_York".
    #[serde(default = "utc")]
    #[schemars(length(min = 1, max = 64))]
    pub zone: String,
    /// Length of the run in days of 24 hours, 1 to 3660.
    #[serde(default = "one_day")]
    #[schemars(range(min = 1, max = 3660))]
    pub days: u32,
    /// Length of a market period in minutes, 1 to 60; it must divide the hour, for which tariffs and weather hold.
    #[serde(default = "quarter_hour")]
    #[schemars(
        extend("enum" = [1, 2, 3, 4, 5, 6, 10, 12, 15, 20, 30, 60]),
        extend("x-in-words" = "minutes that divide an hour: 1, 2, 3, 4, 5, 6, 10, 12, 15, 20, 30 or 60")
    )]
    pub period_minutes: u32,
    /// Runs only the first so many periods, 1 to those of `days`; without it, all of them.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schemars(range(min = 1, max = 5_270_400))]
    pub periods: Option<u32>,
}

impl Time {
    /// Market periods in 24 hours.
    pub fn periods_per_day(&self) -> u32 {
        24 * 60 / self.period_minutes
    }

    /// Market periods of the run.
    pub fn period_count(&self) -> u32 {
        let whole = self.days.saturating_mul(self.periods_per_day());
        self.periods.map_or(whole, |periods| periods.min(whole))
    }
}

fn utc() -> String {
    "UTC".to_owned()
}

fn one_day() -> u32 {
    1
}

fn quarter_hour() -> u32 {
    15
}
