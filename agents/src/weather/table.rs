//! What the three formats have in common: rows of values between commas, and a list of everything that is wrong.

use std::ops::{Range, RangeInclusive};

use super::{PROBLEMS_MAX, WeatherProblem};

/// Latitude, longitude and elevation that a site may have.
pub(super) const LATITUDES: RangeInclusive<f64> = -90.0..=90.0;
pub(super) const LONGITUDES: RangeInclusive<f64> = -180.0..=180.0;
pub(super) const ELEVATIONS: RangeInclusive<f64> = -500.0..=9000.0;

/// A quantity that files have a column of.
#[derive(Debug, Clone, Copy)]
pub(super) struct Quantity {
    /// The column's name in the file, or of what it is where columns have no names.
    pub(super) name: &'static str,
    pub(super) least: f64,
    pub(super) most: f64,
    /// From this value on, or, where it is negative, down from it, the format means that there is none.
    pub(super) missing: Option<f64>,
}

impl Quantity {
    /// The value in a cell: a number within the range, NaN for one that is missing by the format's own code.
    pub(super) fn read(&self, line: &Line<'_>, cell: &Cell<'_>, problems: &mut Problems<'_>) -> f64 {
        let text = cell.text.trim();
        let is_none = text.is_empty() || text.eq_ignore_ascii_case("nan") || text.eq_ignore_ascii_case("na");
        match text.parse::<f64>() {
            _ if is_none => f64::NAN,
            Ok(value) if (self.least..=self.most).contains(&value) => value,
            Ok(value) if self.is_missing(value) => f64::NAN,
            _ => {
                let allowed = format!("a number from {} to {} as `{}`", self.least, self.most, self.name);
                problems.add(line.number, cell.span.clone(), quoted(cell.text), allowed);
                0.0
            }
        }
    }

    fn is_missing(&self, value: f64) -> bool {
        self.missing.is_some_and(|code| if code < 0.0 { value <= code } else { value >= code })
    }
}

/// The number in a cell of a site's row.
pub(super) fn site_number(
    line: &Line<'_>,
    cell: &Cell<'_>,
    name: &str,
    range: RangeInclusive<f64>,
    problems: &mut Problems<'_>,
) -> Option<f64> {
    let value = cell.text.trim().parse::<f64>().ok().filter(|value| range.contains(value));
    if value.is_none() {
        let allowed = format!("the site's {name}, a number from {} to {}", range.start(), range.end());
        problems.add(line.number, cell.span.clone(), quoted(cell.text), allowed);
    }
    value
}

pub(super) fn quoted(text: &str) -> String {
    format!("`{text}`")
}

#[derive(Debug)]
pub(super) struct Line<'a> {
    pub(super) number: usize,
    pub(super) start: usize,
    pub(super) text: &'a str,
}

#[derive(Debug)]
pub(super) struct Cell<'a> {
    pub(super) text: &'a str,
    pub(super) span: Range<usize>,
}

pub(super) fn lines(text: &str) -> impl Iterator<Item = Line<'_>> {
    let mut start = 0;
    text.trim_end().split_inclusive('\n').enumerate().map(move |(index, whole)| {
        let line = Line { number: index + 1, start, text: whole.trim_end() };
        start += whole.len();
        line
    })
}

impl<'a> Line<'a> {
    pub(super) fn span(&self) -> Range<usize> {
        self.start..self.start + self.text.len()
    }

    /// The values between commas; a comma within double quotes belongs to its value.
    pub(super) fn cells(&self) -> Vec<Cell<'a>> {
        let mut cells = Vec::new();
        let (mut begin, mut inside_quotes) = (0, false);
        let ends = self.text.bytes().chain([b',']).enumerate();
        let last = self.text.len();
        for (index, byte) in ends {
            match byte {
                b'"' => inside_quotes = !inside_quotes,
                b',' if !inside_quotes || index == last => {
                    let span = self.start + begin..self.start + index;
                    cells.push(Cell { text: &self.text[begin..index], span });
                    begin = index + 1;
                }
                _ => {}
            }
        }
        cells
    }
}

#[derive(Debug)]
pub(super) struct Problems<'a> {
    pub(super) file: &'a str,
    /// What the file should have been, such as "a file in TMY3 format".
    pub(super) format: &'static str,
    pub(super) list: Vec<WeatherProblem>,
    pub(super) unlisted: usize,
}

impl<'a> Problems<'a> {
    pub(super) fn new(file: &'a str, format: &'static str) -> Self {
        Self { file, format, list: Vec::new(), unlisted: 0 }
    }

    pub(super) fn add(
        &mut self,
        line: usize,
        span: Range<usize>,
        found: impl Into<String>,
        allowed: impl Into<String>,
    ) {
        if self.list.len() == PROBLEMS_MAX {
            self.unlisted += 1;
            return;
        }
        let (found, allowed) = (found.into(), allowed.into());
        self.list.push(WeatherProblem { file: self.file.to_owned(), line, span, found, allowed });
    }

    pub(super) fn is_empty(&self) -> bool {
        self.list.is_empty()
    }

    /// All problems, or `None` if there are none.
    pub(super) fn finish(mut self) -> Option<Vec<WeatherProblem>> {
        // Gaps are told after all rows are read.
        self.list.sort_by_key(|problem| problem.line);
        let last = self.list.last()?.clone();
        if self.unlisted > 0 {
            let found = format!("{} more problems below", self.unlisted);
            self.list.push(WeatherProblem { found, allowed: self.format.to_owned(), ..last });
        }
        Some(self.list)
    }
}
