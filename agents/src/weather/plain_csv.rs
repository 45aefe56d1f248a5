//! Reads a plain table of weather with units in its header.

use std::ops::Range;

use jiff::civil::DateTime;
use jiff::tz::{AmbiguousOffset, Offset, TimeZone};
use jiff::{SignedDuration, Timestamp, Zoned};

use super::WeatherProblem;
use super::series::{Clock, Column, Draft, SECONDS_PER_DAY, Series};
use super::table::{Cell, Line, Problems, Quantity, lines, quoted};

const START: &str = "time";
const END: &str = "time_end";
const GLOBAL: Quantity = Quantity { name: "ghi_w_per_m2", least: 0.0, most: 1600.0, missing: None };
const BEAM: Quantity = Quantity { name: "dni_w_per_m2", least: 0.0, most: 1500.0, missing: None };
const DIFFUSE: Quantity = Quantity { name: "dhi_w_per_m2", least: 0.0, most: 1200.0, missing: None };
const TEMPERATURE: Quantity = Quantity { name: "temperature_c", least: -90.0, most: 60.0, missing: None };
const WIND: Quantity = Quantity { name: "wind_speed_m_per_s", least: 0.0, most: 60.0, missing: None };

const SECONDS_PER_HOUR: i64 = 3600;
const STAMPS: &str = "an instant as in RFC 3339, such as 2019-01-07T12:00:00-05:00, or a local time, such as \
                      2019-01-07T12:00:00";
const STEPS: &str = "steps of whole minutes that divide an hour: 1, 2, 3, 4, 5, 6, 10, 12, 15, 20, 30 or 60";
/// A longer jump between rows is not filled row by row: it is a gap in any case.
const JUMP_MAX_S: i64 = SECONDS_PER_DAY;

pub(super) fn read(text: &str, file: &str, zone: &TimeZone) -> Result<Series, Vec<WeatherProblem>> {
    let mut problems = Problems::new(file, "a table of weather with a header");
    let mut lines = lines(text);
    let Some(names) = lines.next() else {
        problems.add(1, 0..0, "nothing", "a row of column names and a row for every interval");
        return Err(problems.list);
    };
    let Some(columns) = Columns::find(&names, &mut problems) else { return Err(problems.list) };
    let rows: Vec<Line<'_>> = lines.filter(|line| !line.text.trim().is_empty()).collect();
    let Some(last) = rows.last() else {
        problems.add(names.number, names.span(), "no row after the column names", "a row for every interval");
        return Err(problems.list);
    };
    let (last_line, last_span) = (last.number, last.span());

    let mut clock = Stamps { zone, previous: None };
    let stamps: Vec<Option<Timestamp>> =
        rows.iter().map(|line| clock.read(line, &columns, &mut problems)).collect();
    let step_s = step_of(&rows, &stamps, &mut problems);
    let mut draft = columns.draft();
    let mut expected: Option<Timestamp> = None;
    let mut first = None;
    for (line, stamp) in rows.iter().zip(stamps) {
        if let (Some(stamp), Some(step_s)) = (stamp, step_s) {
            first = first.or(Some(stamp));
            let missing = columns.rows_missing(line, expected, stamp, step_s, &mut problems);
            (0..missing).for_each(|_| columns.add_missing(line, &mut draft));
            expected = Some(stamp + SignedDuration::from_secs(step_s));
        }
        columns.read(line, &mut draft, &mut problems);
    }
    let (samples, repairs) = draft.samples(step_s.unwrap_or(SECONDS_PER_HOUR), &mut problems);
    match (first, step_s, problems.finish()) {
        (Some(first), Some(step_s), None) => {
            let lag = if columns.is_end { step_s } else { 0 };
            let first = first - SignedDuration::from_secs(lag);
            Ok(Series {
                file: file.to_owned(),
                site: None,
                offset: whole_hours(clock.zone.to_offset(first)),
                clock: Clock::Dated { first },
                step_s,
                samples,
                repairs,
                last_line,
                last_span,
            })
        }
        (_, _, problems) => Err(problems.unwrap_or_default()),
    }
}

/// Days are counted at an offset on whose grid every step lies; a historical one of odd minutes is rounded.
fn whole_hours(offset: Offset) -> Offset {
    let seconds = offset.seconds();
    if seconds % 900 == 0 {
        return offset;
    }
    Offset::from_seconds((f64::from(seconds) / 3600.0).round() as i32 * 3600).unwrap_or(Offset::UTC)
}

/// Reads time stamps in order, so that of a local time that clocks show twice the later comes after the earlier.
struct Stamps<'a> {
    zone: &'a TimeZone,
    previous: Option<Timestamp>,
}

impl Stamps<'_> {
    fn read(&mut self, line: &Line<'_>, columns: &Columns, problems: &mut Problems<'_>) -> Option<Timestamp> {
        let cells = line.cells();
        let cell = cells.get(columns.time)?;
        let text = cell.text.trim().trim_matches('"');
        let stamp = if let Ok(zoned) = text.parse::<Zoned>() {
            zoned.timestamp()
        } else if let Ok(instant) = text.parse::<Timestamp>() {
            instant
        } else if let Ok(local) = text.parse::<DateTime>() {
            self.local(line, cell, local, problems)?
        } else {
            problems.add(line.number, cell.span.clone(), quoted(cell.text), STAMPS);
            return None;
        };
        if let Some(previous) = self.previous.filter(|&previous| stamp <= previous) {
            let found = format!("{} after {previous}, in UTC", quoted(cell.text));
            problems.add(line.number, cell.span.clone(), found, "every interval once and in order");
            return None;
        }
        self.previous = Some(stamp);
        Some(stamp)
    }

    fn local(
        &self,
        line: &Line<'_>,
        cell: &Cell<'_>,
        local: DateTime,
        problems: &mut Problems<'_>,
    ) -> Option<Timestamp> {
        let times = self.zone.to_ambiguous_timestamp(local);
        match times.offset() {
            AmbiguousOffset::Unambiguous { offset } => offset.to_timestamp(local).ok(),
            AmbiguousOffset::Fold { before, after } => {
                let earlier = before.to_timestamp(local).ok()?;
                let is_past = self.previous.is_some_and(|previous| earlier <= previous);
                if is_past { after.to_timestamp(local).ok() } else { Some(earlier) }
            }
            AmbiguousOffset::Gap { .. } => {
                let found = format!("{}, which clocks skip", quoted(cell.text));
                problems.add(line.number, cell.span.clone(), found, STAMPS);
                None
            }
        }
    }
}

/// The shortest step between neighbouring rows, if it is one that periods can be made of.
fn step_of(rows: &[Line<'_>], stamps: &[Option<Timestamp>], problems: &mut Problems<'_>) -> Option<i64> {
    let steps = stamps.windows(2).filter_map(|pair| {
        let (from, to) = (pair[0]?, pair[1]?);
        Some(to.duration_since(from).as_secs())
    });
    let Some(step) = steps.min() else {
        if problems.is_empty() {
            problems.add(
                rows[0].number,
                rows[0].span(),
                "a single row",
                "two rows or more, which have a step",
            );
        }
        return None;
    };
    let divides = step > 0 && step % 60 == 0 && SECONDS_PER_HOUR % step == 0;
    if !divides {
        let line = &rows[0];
        problems.add(line.number, line.span(), format!("rows {step} s apart"), STEPS);
        return None;
    }
    Some(step)
}

/// Where the columns are.
struct Columns {
    count: usize,
    time: usize,
    /// Stamps are the ends of their intervals.
    is_end: bool,
    global: usize,
    parts: Option<[usize; 2]>,
    temperature: usize,
    wind: Option<usize>,
}

impl Columns {
    fn find(names: &Line<'_>, problems: &mut Problems<'_>) -> Option<Self> {
        let cells = names.cells();
        let place = |name: &str| {
            let is_it = |cell: &Cell<'_>| cell.text.trim_start_matches('\u{feff}').trim() == name;
            cells.iter().position(is_it)
        };
        let told = |allowed: String, problems: &mut Problems<'_>| {
            let known: Vec<&str> = cells.iter().map(|cell| cell.text.trim()).collect();
            problems.add(names.number, names.span(), format!("the columns {}", known.join(", ")), allowed);
        };
        let (start, end) = (place(START), place(END));
        if start.is_some() == end.is_some() {
            let allowed = format!("a column named `{START}` (an interval's start) or `{END}`, not both");
            told(allowed, problems);
        }
        for name in [GLOBAL.name, TEMPERATURE.name] {
            if place(name).is_none() {
                told(format!("a column named `{name}`"), problems);
            }
        }
        let parts = [place(BEAM.name), place(DIFFUSE.name)];
        if parts[0].is_some() != parts[1].is_some() {
            told(format!("`{}` and `{}`, or neither", BEAM.name, DIFFUSE.name), problems);
        }
        if !problems.is_empty() {
            return None;
        }
        Some(Self {
            count: cells.len(),
            time: start.or(end)?,
            is_end: end.is_some(),
            global: place(GLOBAL.name)?,
            parts: parts[0].zip(parts[1]).map(|(beam, diffuse)| [beam, diffuse]),
            temperature: place(TEMPERATURE.name)?,
            wind: place(WIND.name),
        })
    }

    fn draft(&self) -> Draft {
        Draft {
            global: Column::new(GLOBAL.name),
            parts: self.parts.map(|_| [Column::new(BEAM.name), Column::new(DIFFUSE.name)]),
            temperature: Column::new(TEMPERATURE.name),
            wind: self.wind.map(|_| Column::new(WIND.name)),
            rows: Vec::new(),
        }
    }

    /// How many rows are missing before this one; tells stamps off the grid of steps and jumps that are too long.
    fn rows_missing(
        &self,
        line: &Line<'_>,
        expected: Option<Timestamp>,
        stamp: Timestamp,
        step_s: i64,
        problems: &mut Problems<'_>,
    ) -> i64 {
        let cells = line.cells();
        let (text, span): (&str, Range<usize>) =
            cells.get(self.time).map_or(("", line.span()), |cell| (cell.text, cell.span.clone()));
        if stamp.as_second().rem_euclid(60) != 0 || stamp.as_second().rem_euclid(step_s) != 0 {
            let allowed = format!("a multiple of the step, {} min, from the full hour", step_s / 60);
            problems.add(line.number, span, quoted(text), allowed);
            return 0;
        }
        let Some(expected) = expected else { return 0 };
        let jump_s = stamp.duration_since(expected).as_secs();
        if jump_s > JUMP_MAX_S {
            let found = format!("{} after {:.1} hours without a row", quoted(text), jump_s as f64 / 3600.0);
            problems.add(
                line.number,
                span,
                found,
                "at most 2 hours without a row, whose values are interpolated",
            );
            return 0;
        }
        jump_s / step_s
    }

    /// A row that is not there.
    fn add_missing(&self, line: &Line<'_>, draft: &mut Draft) {
        draft.global.values.push(f64::NAN);
        draft.temperature.values.push(f64::NAN);
        draft.parts.iter_mut().flatten().for_each(|column| column.values.push(f64::NAN));
        draft.wind.iter_mut().for_each(|column| column.values.push(f64::NAN));
        draft.rows.push((line.number, line.span()));
    }

    fn read(&self, line: &Line<'_>, draft: &mut Draft, problems: &mut Problems<'_>) {
        let cells = line.cells();
        if cells.len() != self.count {
            let found = format!("{} values", cells.len());
            problems.add(line.number, line.span(), found, format!("{}, one for each column", self.count));
        }
        let mut number = |index: usize, quantity: &Quantity, column: &mut Column| {
            column.values.push(cells.get(index).map_or(0.0, |cell| quantity.read(line, cell, problems)));
        };
        number(self.global, &GLOBAL, &mut draft.global);
        if let (Some([beam, diffuse]), Some(columns)) = (self.parts, &mut draft.parts) {
            number(beam, &BEAM, &mut columns[0]);
            number(diffuse, &DIFFUSE, &mut columns[1]);
        }
        number(self.temperature, &TEMPERATURE, &mut draft.temperature);
        if let (Some(wind), Some(column)) = (self.wind, &mut draft.wind) {
            number(wind, &WIND, column);
        }
        draft.rows.push((line.number, line.span()));
    }
}
