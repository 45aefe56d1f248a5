//! Reads a TMY3 file and collects everything that is wrong with it.

use std::ops::{Range, RangeInclusive};

use jiff::tz::Offset;

use super::calendar::{HOURS_PER_YEAR, Stamp};
use super::{PROBLEMS_MAX, Sample, WeatherProblem, YearPart};

const DATE: &str = "Date (MM/DD/YYYY)";
const TIME: &str = "Time (HH:MM)";
const IRRADIANCE: &str = "GHI (W/m^2)";
const TEMPERATURE: &str = "Dry-bulb (C)";

/// Where the site row says how far its standard time is from UTC.
const SITE_OFFSET_CELL: usize = 3;
const SITE_CELLS: usize = 7;

pub(super) fn read(text: &str, file: &str) -> Result<YearPart, Vec<WeatherProblem>> {
    let mut problems = Problems { file, list: Vec::new(), unlisted: 0 };
    let mut lines = lines(text);
    let (Some(site), Some(names)) = (lines.next(), lines.next()) else {
        problems.add(1, 0..0, "fewer than two rows", "a row on the site and a row of column names");
        return Err(problems.list);
    };
    let offset = read_offset(&site, &mut problems);
    let Some(columns) = Columns::find(&names, &mut problems) else { return Err(problems.list) };

    let mut hours = Vec::new();
    let mut first = None;
    let mut previous: Option<Stamp> = None;
    let mut last = names;
    for line in lines {
        let row = columns.read(&line, &mut problems);
        previous = match (row.stamp, previous) {
            (Some(stamp), Some(previous)) => {
                columns.check_order(&line, previous, stamp, &mut problems);
                Some(stamp)
            }
            // After a stamp that cannot be read the next one is held against what should have been there.
            (None, Some(previous)) => Some(previous.plus(1)),
            (stamp, None) => stamp,
        };
        first = first.or(row.stamp);
        hours.push(row.sample);
        last = line;
    }
    if hours.len() > HOURS_PER_YEAR {
        let found = format!("{} rows", hours.len());
        problems.add(
            last.number,
            last.span(),
            found,
            format!("at most the {HOURS_PER_YEAR} hours of a year"),
        );
    }
    if hours.is_empty() {
        problems.add(last.number, last.span(), "no row after the column names", "a row for every hour");
    }
    match (offset, first, problems.finish()) {
        (Some(offset), Some(first), None) => Ok(YearPart {
            file: file.to_owned(),
            offset,
            first,
            hours,
            last_line: last.number,
            last_span: last.span(),
        }),
        (_, _, problems) => Err(problems.unwrap_or_default()),
    }
}

fn read_offset(site: &Line<'_>, problems: &mut Problems<'_>) -> Option<Offset> {
    let allowed = "a site row of 7 values whose fourth is the offset from UTC in hours, -14 to 14";
    let cells = site.cells();
    let seconds = cells
        .get(SITE_OFFSET_CELL)
        .filter(|_| cells.len() == SITE_CELLS)
        .and_then(|cell| cell.text.parse::<f64>().ok())
        .filter(|hours| (-14.0..=14.0).contains(hours))
        .map(|hours| (hours * 3600.0).round() as i32);
    let offset = seconds.and_then(|seconds| Offset::from_seconds(seconds).ok());
    if offset.is_none() {
        let (span, found) = match cells.get(SITE_OFFSET_CELL) {
            Some(cell) if cells.len() == SITE_CELLS => (cell.span.clone(), quoted(cell.text)),
            _ => (site.span(), format!("{} values", cells.len())),
        };
        problems.add(site.number, span, found, allowed);
    }
    offset
}

/// Where the four columns are that matter here.
struct Columns {
    count: usize,
    date: usize,
    time: usize,
    irradiance: usize,
    temperature: usize,
}

struct Row {
    stamp: Option<Stamp>,
    sample: Sample,
}

impl Columns {
    fn find(names: &Line<'_>, problems: &mut Problems<'_>) -> Option<Self> {
        let cells = names.cells();
        let mut find = |name: &str| {
            let place = cells.iter().position(|cell| cell.text == name);
            if place.is_none() {
                problems.add(
                    names.number,
                    names.span(),
                    "no such column",
                    format!("a column named `{name}`"),
                );
            }
            place
        };
        let (date, time, irradiance, temperature) =
            (find(DATE), find(TIME), find(IRRADIANCE), find(TEMPERATURE));
        Some(Self {
            count: cells.len(),
            date: date?,
            time: time?,
            irradiance: irradiance?,
            temperature: temperature?,
        })
    }

    fn read(&self, line: &Line<'_>, problems: &mut Problems<'_>) -> Row {
        let cells = line.cells();
        if cells.len() != self.count {
            let found = format!("{} values", cells.len());
            problems.add(line.number, line.span(), found, format!("{}, one for each column", self.count));
        }
        let stamp = match (cells.get(self.date), cells.get(self.time)) {
            (Some(date), Some(time)) => {
                let stamp = read_stamp(date.text, time.text);
                if stamp.is_none() {
                    let found = quoted(&format!("{},{}", date.text, time.text));
                    let allowed = "a date as MM/DD/YYYY and the hour's end as HH:00, 01:00 to 24:00";
                    problems.add(line.number, date.span.start..time.span.end, found, allowed);
                }
                stamp
            }
            _ => None,
        };
        let mut number = |index: usize, name: &str, range: RangeInclusive<f64>| {
            let Some(cell) = cells.get(index) else { return 0.0 };
            let value = cell.text.trim().parse::<f64>().ok().filter(|value| range.contains(value));
            if value.is_none() {
                let allowed = format!("a number from {} to {} as `{name}`", range.start(), range.end());
                problems.add(line.number, cell.span.clone(), quoted(cell.text), allowed);
            }
            value.unwrap_or_default()
        };
        let irradiance_w_per_m2 = number(self.irradiance, IRRADIANCE, 0.0..=1500.0);
        let temperature_c = number(self.temperature, TEMPERATURE, -90.0..=60.0);
        Row { stamp, sample: Sample { irradiance_w_per_m2, temperature_c } }
    }

    fn check_order(&self, line: &Line<'_>, previous: Stamp, stamp: Stamp, problems: &mut Problems<'_>) {
        let expected = previous.plus(1);
        if stamp != expected {
            let cells = line.cells();
            let span = cells[self.date].span.start..cells[self.time].span.end;
            let found = format!("{stamp} after {previous}");
            problems.add(line.number, span, found, format!("{expected}: every hour once and in order"));
        }
    }
}

fn read_stamp(date: &str, time: &str) -> Option<Stamp> {
    let mut parts = date.split('/');
    let month = parts.next()?.parse().ok()?;
    let day = parts.next()?.parse().ok()?;
    let _year: u16 = parts.next()?.parse().ok()?;
    let (hour, minute) = time.split_once(':')?;
    if parts.next().is_some() || minute != "00" {
        return None;
    }
    Stamp::new(month, day, hour.parse().ok()?)
}

fn quoted(text: &str) -> String {
    format!("`{text}`")
}

struct Line<'a> {
    number: usize,
    start: usize,
    text: &'a str,
}

struct Cell<'a> {
    text: &'a str,
    span: Range<usize>,
}

fn lines(text: &str) -> impl Iterator<Item = Line<'_>> {
    let mut start = 0;
    text.trim_end().split_inclusive('\n').enumerate().map(move |(index, whole)| {
        let line = Line { number: index + 1, start, text: whole.trim_end() };
        start += whole.len();
        line
    })
}

impl<'a> Line<'a> {
    fn span(&self) -> Range<usize> {
        self.start..self.start + self.text.len()
    }

    /// The values between commas; a comma within double quotes belongs to its value.
    fn cells(&self) -> Vec<Cell<'a>> {
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

struct Problems<'a> {
    file: &'a str,
    list: Vec<WeatherProblem>,
    unlisted: usize,
}

impl Problems<'_> {
    fn add(&mut self, line: usize, span: Range<usize>, found: impl Into<String>, allowed: impl Into<String>) {
        if self.list.len() == PROBLEMS_MAX {
            self.unlisted += 1;
            return;
        }
        let (found, allowed) = (found.into(), allowed.into());
        self.list.push(WeatherProblem { file: self.file.to_owned(), line, span, found, allowed });
    }

    /// All problems, or `None` if there are none.
    fn finish(mut self) -> Option<Vec<WeatherProblem>> {
        let last = self.list.last()?.clone();
        if self.unlisted > 0 {
            let found = format!("{} more problems below", self.unlisted);
            self.list.push(WeatherProblem { found, allowed: "a file in TMY3 format".to_owned(), ..last });
        }
        Some(self.list)
    }
}
