use jiff::civil::date;

use super::calendar::{HOURS_PER_YEAR, Stamp};
use super::*;

const SITE: &str = "723170,\"GREENSBORO PIEDMONT TRIAD, INT\",NC,-5.0,36.100,-79.950,273";
const NAMES: &str = "Date (MM/DD/YYYY),Time (HH:MM),GHI (W/m^2),Dry-bulb (C)";

/// Four columns of the original file's rows of 1 January, from the hour that ends at 11:00.
const MIDDAY: &str = "01/01/1988,11:00,199,11.7\n01/01/1988,12:00,261,11.7\n01/01/1988,13:00,155,11.7";

fn read(rows: &str) -> Result<Weather, Vec<WeatherProblem>> {
    Weather::from_tmy3(&format!("{SITE}\n{NAMES}\n{rows}\n"), "site.csv")
}

fn problems(rows: &str) -> Vec<String> {
    read(rows).unwrap_err().iter().map(ToString::to_string).collect()
}

fn instant(text: &str) -> Timestamp {
    text.parse().unwrap()
}

#[test]
fn a_stamp_is_the_end_of_its_hour_in_the_sites_standard_time() {
    let weather = read(MIDDAY).unwrap();
    // The row stamped 12:00 holds 11:00 to 12:00 at UTC-5, that is 16:00 to 17:00 UTC.
    let noon =
        Sample { light: Light::Global(261.0), temperature_c: 11.7, wind_speed_m_per_s: WIND_DEFAULT_M_PER_S };
    assert_eq!(weather.sample(instant("2019-01-01T16:00:00Z")), noon);
    assert_eq!(weather.sample(instant("2019-01-01T16:59:59Z")), noon);
    assert_eq!(weather.sample(instant("2019-01-01T17:00:00Z")).light.global(), 155.0);
}

#[test]
fn coverage_ends_with_the_last_row() {
    let weather = read(MIDDAY).unwrap();
    let (start, end) = (instant("2019-01-01T15:00:00Z"), instant("2019-01-01T18:00:00Z"));
    assert_eq!(weather.covers(start..end), Ok(()));
    let problem = weather.covers(start..instant("2019-01-01T18:00:01Z")).unwrap_err();
    assert_eq!(
        problem.to_string(),
        "site.csv:5: found rows from 01/01 11:00 to 01/01 13:00; allowed: rows for the whole run; the first one \
         missing is 01/01 14:00, which the run needs at 2019-01-01T13:00:00-05"
    );
    assert!(weather.covers(instant("2019-01-01T14:59:59Z")..end).is_err(), "starts before the first row");
}

#[test]
fn a_jump_a_repetition_and_a_bad_stamp_are_told_with_their_lines() {
    assert_eq!(
        problems("01/01/1988,01:00,0,1\n01/01/1988,03:00,0,1\n01/01/1988,03:00,0,1"),
        [
            "site.csv:4: found 01/01 03:00 after 01/01 01:00; allowed: 01/01 02:00: every hour once and in order",
            "site.csv:5: found 01/01 03:00 after 01/01 03:00; allowed: 01/01 04:00: every hour once and in order",
        ]
    );
    assert_eq!(
        problems("01/01/1988,00:00,0,1\n02/30/1988,01:00,0,1").len(),
        2,
        "neither hour 0 nor 30 February exists"
    );
}

#[test]
fn numbers_that_are_none_and_rows_that_break_off_are_told_at_once() {
    assert_eq!(
        problems("01/01/1988,01:00,x,1\n01/01/1988,02:00,-99,99\n01/01/1988,03:00,0"),
        [
            "site.csv:3: found `x`; allowed: a number from 0 to 1500 as `GHI (W/m^2)`",
            "site.csv:4: found `-99`; allowed: a number from 0 to 1500 as `GHI (W/m^2)`",
            "site.csv:4: found `99`; allowed: a number from -90 to 60 as `Dry-bulb (C)`",
            "site.csv:5: found 3 values; allowed: 4, one for each column",
        ]
    );
}

#[test]
fn a_missing_column_is_told_by_name() {
    let text = format!("{SITE}\nDate (MM/DD/YYYY),Time (HH:MM),DNI\n");
    let problems = Weather::from_tmy3(&text, "site.csv").unwrap_err();
    let lines: Vec<String> = problems.iter().map(ToString::to_string).collect();
    assert_eq!(
        lines,
        [
            "site.csv:2: found no such column; allowed: a column named `GHI (W/m^2)`",
            "site.csv:2: found no such column; allowed: a column named `Dry-bulb (C)`",
        ]
    );
}

#[test]
fn a_file_of_another_kind_gives_a_bounded_list() {
    let rows = "nothing\n".repeat(1000);
    assert_eq!(read(&rows).unwrap_err().len(), PROBLEMS_MAX + 1);
}

#[test]
fn a_whole_year_runs_over_new_year_and_repeats_28_february() {
    let mut rows = String::new();
    let mut stamp = Stamp::new(1, 1, 1).unwrap();
    for hour in 0..HOURS_PER_YEAR {
        let text = stamp.to_string().replace(' ', "/1999,");
        rows.push_str(&format!("{text},{},5\n", hour % 1000));
        stamp = stamp.plus(1);
    }
    let weather = read(&rows).unwrap();
    assert_eq!(weather.covers(instant("2019-06-01T00:00:00Z")..instant("2021-06-01T00:00:00Z")), Ok(()));
    let feb_28 = weather.sample(instant("2020-02-28T12:00:00Z"));
    assert_eq!(weather.sample(instant("2020-02-29T12:00:00Z")), feb_28);
    assert_ne!(weather.sample(instant("2020-03-01T12:00:00Z")), feb_28);
}

#[test]
fn a_repeated_day_follows_the_local_clock_through_daylight_saving() {
    let irradiance = std::array::from_fn(|index| (index + 1) as f64);
    let zone = TimeZone::get("America/New_York").unwrap();
    let weather = Weather::daily(&irradiance, &[3.0; 24], zone.clone());
    for (day, month) in [(7, 1), (7, 7)] {
        for hour in 0..24 {
            let at = date(2019, month, day).at(hour, 30, 0, 0).to_zoned(zone.clone()).unwrap();
            let expected = if hour == 0 { 24.0 } else { f64::from(hour) };
            assert_eq!(weather.sample(at.timestamp()).light.global(), expected);
        }
    }
    assert_eq!(weather.covers(Timestamp::MIN..Timestamp::MAX), Ok(()));
}

mod formats;
