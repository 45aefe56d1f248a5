//! A typical year of consecutive hours, as TMY3 and EPW files have it.

use std::ops::Range;

use jiff::tz::Offset;

use super::WeatherProblem;
use super::calendar::{HOURS_PER_YEAR, Stamp};
use super::series::{Clock, Draft, Series};
use super::table::{Line, Problems};
use crate::solar::Site;

/// A whole series of hours, unless something is wrong.
pub(super) fn finish(
    hours: Hours,
    draft: Draft,
    place: Option<(Offset, Site)>,
    last: &Line<'_>,
    mut problems: Problems<'_>,
) -> Result<Series, Vec<WeatherProblem>> {
    let count = draft.rows.len();
    if count > HOURS_PER_YEAR {
        let found = format!("{count} rows");
        problems.add(
            last.number,
            last.span(),
            found,
            format!("at most the {HOURS_PER_YEAR} hours of a year"),
        );
    }
    if count == 0 {
        problems.add(last.number, last.span(), "no row after the column names", "a row for every hour");
    }
    let file = problems.file.to_owned();
    let (samples, repairs) = draft.samples(3600, &mut problems);
    match (place, hours.first, problems.finish()) {
        (Some((offset, site)), Some(first), None) => Ok(Series {
            file,
            site: Some(site),
            offset,
            clock: Clock::Typical { first },
            step_s: 3600,
            samples,
            repairs,
            last_line: last.number,
            last_span: last.span(),
        }),
        (_, _, problems) => Err(problems.unwrap_or_default()),
    }
}

/// Hours that must follow each other.
#[derive(Debug, Default)]
pub(super) struct Hours {
    first: Option<Stamp>,
    previous: Option<Stamp>,
}

impl Hours {
    pub(super) fn follow(
        &mut self,
        stamp: Option<(Stamp, Range<usize>)>,
        line: &Line<'_>,
        problems: &mut Problems<'_>,
    ) {
        self.first = self.first.or(stamp.as_ref().map(|(stamp, _)| *stamp));
        self.previous = match (stamp, self.previous) {
            (Some((stamp, span)), Some(previous)) => {
                let expected = previous.plus(1);
                if stamp != expected {
                    let found = format!("{stamp} after {previous}");
                    problems.add(
                        line.number,
                        span,
                        found,
                        format!("{expected}: every hour once and in order"),
                    );
                }
                Some(stamp)
            }
            // After a stamp that cannot be read the next one is held against what should have been there.
            (None, Some(previous)) => Some(previous.plus(1)),
            (stamp, None) => stamp.map(|(stamp, _)| stamp),
        };
    }
}

/// The fixed offset of so many hours from UTC.
pub(super) fn offset_of(hours: f64) -> Option<Offset> {
    (-14.0..=14.0)
        .contains(&hours)
        .then(|| (hours * 3600.0).round() as i32)
        .and_then(|seconds| Offset::from_seconds(seconds).ok())
}
