//! Reads a TMY3 file and collects everything that is wrong with it.

use jiff::tz::Offset;

use super::WeatherProblem;
use super::calendar::Stamp;
use super::series::{Column, Draft, Series};
use super::table::{ELEVATIONS, LATITUDES, LONGITUDES, Line, Problems, Quantity, lines, quoted, site_number};
use super::typical_year::{Hours, finish, offset_of};
use crate::solar::Site;

const DATE: &str = "Date (MM/DD/YYYY)";
const TIME: &str = "Time (HH:MM)";
/// What the format writes where there is no value.
const MISSING: Option<f64> = Some(-9900.0);
const GLOBAL: Quantity = Quantity { name: "GHI (W/m^2)", least: 0.0, most: 1500.0, missing: MISSING };
const BEAM: Quantity = Quantity { name: "DNI (W/m^2)", least: 0.0, most: 1500.0, missing: MISSING };
const DIFFUSE: Quantity = Quantity { name: "DHI (W/m^2)", least: 0.0, most: 1500.0, missing: MISSING };
const TEMPERATURE: Quantity = Quantity { name: "Dry-bulb (C)", least: -90.0, most: 60.0, missing: MISSING };
const WIND: Quantity = Quantity { name: "Wspd (m/s)", least: 0.0, most: 60.0, missing: MISSING };

/// Where the site row has the offset from UTC; latitude, longitude and elevation follow.
const SITE_OFFSET_CELL: usize = 3;
const SITE_CELLS: usize = 7;

pub(super) fn read(text: &str, file: &str) -> Result<Series, Vec<WeatherProblem>> {
    let mut problems = Problems::new(file, "a file in TMY3 format");
    let mut lines = lines(text);
    let (Some(site_row), Some(names)) = (lines.next(), lines.next()) else {
        problems.add(1, 0..0, "fewer than two rows", "a row on the site and a row of column names");
        return Err(problems.list);
    };
    let place = read_site(&site_row, &mut problems);
    let Some(columns) = Columns::find(&names, &mut problems) else { return Err(problems.list) };
    let mut draft = columns.draft();
    let mut hours = Hours::default();
    let mut last = names;
    for line in lines {
        let stamp = columns.read(&line, &mut draft, &mut problems);
        hours.follow(stamp, &line, &mut problems);
        last = line;
    }
    finish(hours, draft, place, &last, problems)
}

fn read_site(row: &Line<'_>, problems: &mut Problems<'_>) -> Option<(Offset, Site)> {
    let allowed = "a site row of 7 values whose fourth is the offset from UTC in hours, -14 to 14";
    let cells = row.cells();
    if cells.len() != SITE_CELLS {
        problems.add(row.number, row.span(), format!("{} values", cells.len()), allowed);
        return None;
    }
    let cell = &cells[SITE_OFFSET_CELL];
    let offset = cell.text.trim().parse::<f64>().ok().and_then(offset_of);
    if offset.is_none() {
        problems.add(row.number, cell.span.clone(), quoted(cell.text), allowed);
    }
    let mut number = |index: usize, name, range| site_number(row, &cells[index], name, range, problems);
    let latitude = number(SITE_OFFSET_CELL + 1, "latitude in degrees", LATITUDES);
    let longitude = number(SITE_OFFSET_CELL + 2, "longitude in degrees", LONGITUDES);
    let elevation = number(SITE_OFFSET_CELL + 3, "elevation in m", ELEVATIONS);
    let site = Site { latitude_deg: latitude?, longitude_deg: longitude?, elevation_m: elevation? };
    Some((offset?, site))
}

/// Where the columns are that matter here.
struct Columns {
    count: usize,
    date: usize,
    time: usize,
    global: usize,
    parts: Option<[usize; 2]>,
    temperature: usize,
    wind: Option<usize>,
}

impl Columns {
    fn find(names: &Line<'_>, problems: &mut Problems<'_>) -> Option<Self> {
        let cells = names.cells();
        let place = |name: &str| cells.iter().position(|cell| cell.text == name);
        let mut find = |name: &str| {
            let place = place(name);
            if place.is_none() {
                let allowed = format!("a column named `{name}`");
                problems.add(names.number, names.span(), "no such column", allowed);
            }
            place
        };
        let (date, time, global, temperature) =
            (find(DATE), find(TIME), find(GLOBAL.name), find(TEMPERATURE.name));
        // Files that others cut have the global irradiance alone; it is split where that is needed.
        let parts = place(BEAM.name).zip(place(DIFFUSE.name)).map(|(beam, diffuse)| [beam, diffuse]);
        Some(Self {
            count: cells.len(),
            date: date?,
            time: time?,
            global: global?,
            parts,
            temperature: temperature?,
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

    fn read(
        &self,
        line: &Line<'_>,
        draft: &mut Draft,
        problems: &mut Problems<'_>,
    ) -> Option<(Stamp, std::ops::Range<usize>)> {
        let cells = line.cells();
        if cells.len() != self.count {
            let found = format!("{} values", cells.len());
            problems.add(line.number, line.span(), found, format!("{}, one for each column", self.count));
        }
        let stamp = cells.get(self.date).zip(cells.get(self.time)).and_then(|(date, time)| {
            let span = date.span.start.min(time.span.start)..time.span.end.max(date.span.end);
            let stamp = read_stamp(date.text, time.text);
            if stamp.is_none() {
                let found = quoted(&format!("{},{}", date.text, time.text));
                let allowed = "a date as MM/DD/YYYY and the hour's end as HH:00, 01:00 to 24:00";
                problems.add(line.number, span.clone(), found, allowed);
            }
            Some((stamp?, span))
        });
        let mut number = |index: usize, quantity: &Quantity, column: &mut Column| {
            // A row that breaks off is told already.
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
        stamp
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
