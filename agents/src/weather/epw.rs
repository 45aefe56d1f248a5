//! Reads a file in the EPW format of EnergyPlus (Auxiliary Programs, "EnergyPlus Weather File Data Dictionary").

use super::WeatherProblem;
use super::calendar::Stamp;
use super::series::{Column, Draft, Series};
use super::table::{ELEVATIONS, LATITUDES, LONGITUDES, Line, Problems, Quantity, lines, quoted, site_number};
use super::typical_year::{Hours, finish, offset_of};
use crate::solar::Site;

/// Rows before the data.
const HEADER_ROWS: usize = 8;
/// Values of a LOCATION row: its name, city, state, country, source, WMO number, latitude, longitude, offset, elevation.
const LOCATION_CELLS: usize = 10;
/// Values in a row of data, of which older files lack some at the end.
const CELLS_MIN: usize = 22;

const GLOBAL: (usize, Quantity) =
    (13, Quantity { name: "global horizontal radiation", least: 0.0, most: 1500.0, missing: Some(9999.0) });
const BEAM: (usize, Quantity) =
    (14, Quantity { name: "direct normal radiation", least: 0.0, most: 1500.0, missing: Some(9999.0) });
const DIFFUSE: (usize, Quantity) =
    (15, Quantity { name: "diffuse horizontal radiation", least: 0.0, most: 1500.0, missing: Some(9999.0) });
const TEMPERATURE: (usize, Quantity) =
    (6, Quantity { name: "dry bulb temperature", least: -90.0, most: 70.0, missing: Some(99.9) });
const WIND: (usize, Quantity) =
    (21, Quantity { name: "wind speed", least: 0.0, most: 60.0, missing: Some(999.0) });

pub(super) fn read(text: &str, file: &str) -> Result<Series, Vec<WeatherProblem>> {
    let mut problems = Problems::new(file, "a file in EPW format");
    let mut lines = lines(text);
    let header: Vec<Line<'_>> = lines.by_ref().take(HEADER_ROWS).collect();
    let (Some(location), true) = (header.first(), header.len() == HEADER_ROWS) else {
        let found = format!("{} rows", header.len());
        problems.add(
            1,
            0..0,
            found,
            "eight header rows, the first of them LOCATION, and a row for every hour",
        );
        return Err(problems.list);
    };
    let place = read_location(location, &mut problems);
    read_periods(&header[HEADER_ROWS - 1], &mut problems);
    if !problems.is_empty() {
        return Err(problems.list);
    }
    let mut draft = Draft {
        global: Column::new(GLOBAL.1.name),
        parts: Some([Column::new(BEAM.1.name), Column::new(DIFFUSE.1.name)]),
        temperature: Column::new(TEMPERATURE.1.name),
        wind: Some(Column::new(WIND.1.name)),
        rows: Vec::new(),
    };
    let mut hours = Hours::default();
    let mut last = header.into_iter().next_back().expect("invariant: there are eight header rows");
    for line in lines {
        let stamp = read_row(&line, &mut draft, &mut problems);
        hours.follow(stamp, &line, &mut problems);
        last = line;
    }
    finish(hours, draft, place, &last, problems)
}

fn read_location(row: &Line<'_>, problems: &mut Problems<'_>) -> Option<(jiff::tz::Offset, Site)> {
    let cells = row.cells();
    if cells.len() < LOCATION_CELLS || !cells[0].text.trim().eq_ignore_ascii_case("LOCATION") {
        let found = format!("`{}` and {} values in all", cells[0].text, cells.len());
        let allowed = "LOCATION, city, state, country, source, WMO number, latitude, longitude, offset from UTC in \
                       hours, elevation in m";
        problems.add(row.number, row.span(), found, allowed);
        return None;
    }
    let mut number = |index: usize, name, range| site_number(row, &cells[index], name, range, problems);
    let latitude = number(6, "latitude in degrees", LATITUDES);
    let longitude = number(7, "longitude in degrees", LONGITUDES);
    let hours = number(8, "offset from UTC in hours", -14.0..=14.0);
    let elevation = number(9, "elevation in m", ELEVATIONS);
    let site = Site { latitude_deg: latitude?, longitude_deg: longitude?, elevation_m: elevation? };
    Some((offset_of(hours?)?, site))
}

/// One period of one record an hour.
fn read_periods(row: &Line<'_>, problems: &mut Problems<'_>) {
    let cells = row.cells();
    let is_named = cells[0].text.trim().eq_ignore_ascii_case("DATA PERIODS");
    let numbers: Vec<&str> = cells.iter().skip(1).take(2).map(|cell| cell.text.trim()).collect();
    if !is_named || numbers != ["1", "1"] {
        let found = format!("`{}` with {}", cells[0].text, numbers.join(" and "));
        problems.add(row.number, row.span(), found, "DATA PERIODS with 1 period and 1 record an hour");
    }
}

fn read_row(
    line: &Line<'_>,
    draft: &mut Draft,
    problems: &mut Problems<'_>,
) -> Option<(Stamp, std::ops::Range<usize>)> {
    let cells = line.cells();
    if cells.len() < CELLS_MIN {
        let found = format!("{} values", cells.len());
        problems.add(line.number, line.span(), found, format!("at least {CELLS_MIN}, up to wind speed"));
    }
    let mut number = |(index, quantity): &(usize, Quantity), column: &mut Column| {
        // A row that breaks off is told already.
        column.values.push(cells.get(*index).map_or(0.0, |cell| quantity.read(line, cell, problems)));
    };
    number(&GLOBAL, &mut draft.global);
    if let Some([beam, diffuse]) = &mut draft.parts {
        number(&BEAM, beam);
        number(&DIFFUSE, diffuse);
    }
    number(&TEMPERATURE, &mut draft.temperature);
    if let Some(wind) = &mut draft.wind {
        number(&WIND, wind);
    }
    draft.rows.push((line.number, line.span()));
    let whole = |index: usize| cells.get(index).and_then(|cell| cell.text.trim().parse::<u16>().ok());
    let stamp = (|| Stamp::new(whole(1)?, whole(2)?, whole(3)?))();
    let span = cells.get(3).map_or(line.span(), |hour| cells[1].span.start..hour.span.end);
    if stamp.is_none() && cells.len() > 3 {
        let found: Vec<&str> = cells[1..4].iter().map(|cell| cell.text).collect();
        let allowed = "month, day (typical years have no 29 February) and the hour's end, 1 to 24";
        problems.add(line.number, span.clone(), quoted(&found.join(",")), allowed);
    }
    Some((stamp?, span))
}
