//! Missing values in TMY3 files, EPW files and plain tables.

use super::*;

fn lines(problems: &[WeatherProblem]) -> Vec<String> {
    problems.iter().map(ToString::to_string).collect()
}

#[test]
fn missing_values_are_interpolated_over_two_hours_and_counted() {
    let weather = read(
        "01/01/1988,11:00,100,10\n01/01/1988,12:00,-9900,-9900\n01/01/1988,13:00,-9900,12\n01/01/1988,14:00,400,13",
    )
    .unwrap();
    let at = |hour: i64| weather.sample(instant("2019-01-01T15:00:00Z") + SignedDuration::from_hours(hour));
    assert_eq!(at(1).light.global(), 200.0);
    assert_eq!(at(2).light.global(), 300.0);
    assert_eq!(at(1).temperature_c, 11.0);
    let told: Vec<(usize, &str)> =
        weather.repairs().iter().map(|repair| (repair.line, repair.column)).collect();
    assert_eq!(told, [(4, "GHI (W/m^2)"), (4, "Dry-bulb (C)"), (5, "GHI (W/m^2)")]);
}

#[test]
fn a_gap_of_more_than_two_hours_is_told_with_its_first_row() {
    let mut rows = String::new();
    for hour in 1..=24 {
        let global = if (9..12).contains(&hour) { "-9900" } else { "0" };
        rows.push_str(&format!("01/01/1988,{hour:02}:00,{global},5\n"));
    }
    assert_eq!(
        problems(&rows),
        [
            "site.csv:11: found no `GHI (W/m^2)` for 3.0 hours from here; allowed: at most 2 hours in a row, which are \
          interpolated"
        ]
    );
}

#[test]
fn the_original_file_has_beam_diffuse_wind_and_a_site() {
    let text = include_str!("../../../../scenarios/data/greensboro_january_tmy3.csv");
    let weather = Weather::from_tmy3(text, "january.csv").unwrap();
    assert_eq!(weather.site(), Some(&Site { latitude_deg: 36.1, longitude_deg: -79.95, elevation_m: 273.0 }));
    // 01/01/1988,10:00: GHI 79, DNI 4, DHI 78 and 10.6 degrees at 5.2 m/s.
    let sample = weather.sample(instant("2019-01-01T14:30:00Z"));
    assert_eq!(sample.light, Light::Split { global: 79.0, beam_normal: 4.0, diffuse: 78.0 });
    assert_eq!((sample.temperature_c, sample.wind_speed_m_per_s), (10.6, 5.2));
    assert!(weather.repairs().is_empty() && !weather.is_global_alone());
}

const EPW_HEADER: &str = "LOCATION,Greensboro,NC,USA,TMY3,723170,36.1,-79.95,-5.0,273.0\nDESIGN CONDITIONS,0\n\
TYPICAL/EXTREME PERIODS,0\nGROUND TEMPERATURES,0\nHOLIDAYS/DAYLIGHT SAVINGS,No,0,0,0\nCOMMENTS 1\nCOMMENTS 2\n\
DATA PERIODS,1,1,Data,Sunday,1/1,12/31\n";

fn epw_row(hour: u32, temperature: &str, light: &str, wind: &str) -> String {
    format!("1988,1,1,{hour},60,?9,{temperature},5,80,99300,0,0,300,{light},0,0,0,0,200,{wind},10,10\n")
}

#[test]
fn an_epw_file_is_read_with_its_codes_for_missing_values() {
    let mut text = EPW_HEADER.to_owned();
    text.push_str(&epw_row(11, "10.0", "199,20,180", "5.2"));
    text.push_str(&epw_row(12, "99.9", "9999,9999,9999", "999"));
    text.push_str(&epw_row(13, "12.0", "399,220,200", "3.2"));
    let weather = Weather::from_epw(&text, "site.epw").unwrap();
    let sample = weather.sample(instant("2019-01-01T16:30:00Z"));
    assert_eq!(sample.light, Light::Split { global: 299.0, beam_normal: 120.0, diffuse: 190.0 });
    assert!((sample.temperature_c - 11.0).abs() < 1e-12 && (sample.wind_speed_m_per_s - 4.2).abs() < 1e-12);
    assert_eq!(weather.repairs().len(), 5);
    assert_eq!(weather.site().unwrap().elevation_m, 273.0);
}

#[test]
fn an_epw_file_with_faults_tells_them_all() {
    let text = EPW_HEADER.replace("DATA PERIODS,1,1", "DATA PERIODS,1,4").replace("36.1", "136.1");
    assert_eq!(
        lines(&Weather::from_epw(&text, "site.epw").unwrap_err()),
        [
            "site.epw:1: found `136.1`; allowed: the site's latitude in degrees, a number from -90 to 90",
            "site.epw:8: found `DATA PERIODS` with 1 and 4; allowed: DATA PERIODS with 1 period and 1 record an hour",
        ]
    );
    let mut text = EPW_HEADER.to_owned();
    text.push_str(&epw_row(1, "10.0", "-1,0,0", "5.2"));
    text.push_str(&epw_row(3, "10.0", "0,0,0", "5.2"));
    text.push_str("1988,1,1,4,60\n");
    let told = lines(&Weather::from_epw(&text, "site.epw").unwrap_err());
    assert_eq!(told.len(), 3, "{told:#?}");
    assert!(told[0].contains("`-1`; allowed: a number from 0 to 1500 as `global horizontal radiation`"));
    assert!(told[1].contains("site.epw:10: found 01/01 03:00 after 01/01 01:00"));
    assert!(told[2].contains("site.epw:11: found 5 values; allowed: at least 22"));
    assert_eq!(Weather::from_epw("LOCATION", "site.epw").unwrap_err().len(), 1);
}

fn csv(text: &str) -> Result<Weather, Vec<WeatherProblem>> {
    Weather::from_csv(text, "site.csv", &TimeZone::get("America/New_York").unwrap())
}

#[test]
fn a_plain_table_in_quarters_of_an_hour_by_instants() {
    let weather = csv("time,ghi_w_per_m2,temperature_c,dni_w_per_m2,dhi_w_per_m2,wind_speed_m_per_s,note\n\
        2019-01-07T12:00:00-05:00,400,5,500,150,3,a\n2019-01-07T17:15:00Z,,5.5,520,150,3,b\n\
        2019-01-07T12:30:00-05:00[America/New_York],440,6,540,150,3,c\n")
    .unwrap();
    let sample = weather.sample(instant("2019-01-07T17:20:00Z"));
    assert_eq!(sample.light, Light::Split { global: 420.0, beam_normal: 520.0, diffuse: 150.0 });
    assert_eq!(weather.repairs().len(), 1);
    let (start, end) = (instant("2019-01-07T17:00:00Z"), instant("2019-01-07T17:45:00Z"));
    assert_eq!(weather.covers(start..end), Ok(()));
    let missing = weather.covers(start..end + SignedDuration::from_secs(1)).unwrap_err().to_string();
    assert!(missing.contains("weather from 2019-01-07T12:00:00-05 to 2019-01-07T12:45:00-05"), "{missing}");
}

#[test]
fn stamps_at_the_end_of_intervals_begin_a_step_earlier() {
    let weather =
        csv("time_end,ghi_w_per_m2,temperature_c\n2019-01-07T13:00,400,5\n2019-01-07T14:00,300,5\n").unwrap();
    assert_eq!(weather.sample(instant("2019-01-07T17:00:00Z")).light, Light::Global(400.0));
    assert!(weather.is_global_alone());
}

#[test]
fn local_stamps_go_through_both_changes_of_the_clock() {
    let autumn = "time,ghi_w_per_m2,temperature_c\n2019-11-03T00:00,0,1\n2019-11-03T01:00,0,2\n2019-11-03T01:00,0,3\n\
                  2019-11-03T02:00,0,4\n";
    let weather = csv(autumn).unwrap();
    assert!(weather.repairs().is_empty());
    assert_eq!(weather.sample(instant("2019-11-03T06:00:00Z")).temperature_c, 3.0);
    let spring =
        "time,ghi_w_per_m2,temperature_c\n2019-03-10T01:00,0,1\n2019-03-10T03:00,0,2\n2019-03-10T04:00,0,3\n";
    assert!(csv(spring).unwrap().repairs().is_empty());
    let skipped = csv(&spring.replace("03:00", "02:00")).unwrap_err();
    assert!(lines(&skipped)[0].contains("`2019-03-10T02:00`, which clocks skip"), "{skipped:?}");
}

#[test]
fn rows_that_are_missing_are_filled_over_two_hours_only() {
    let head = "time,ghi_w_per_m2,temperature_c\n2019-01-07T10:00,100,1\n2019-01-07T11:00,200,2\n";
    let filled = csv(&format!("{head}2019-01-07T14:00,500,5\n")).unwrap();
    assert_eq!(filled.sample(instant("2019-01-07T18:30:00Z")).light, Light::Global(400.0));
    assert_eq!(filled.repairs().len(), 4, "two values of two columns");
    let told = lines(&csv(&format!("{head}2019-01-07T15:00,500,5\n")).unwrap_err());
    assert!(told[0].starts_with("site.csv:4: found no `ghi_w_per_m2` for 3.0 hours from here"), "{told:?}");
    let told = lines(&csv(&format!("{head}2020-01-07T15:00,500,5\n")).unwrap_err());
    assert!(told[0].contains("after 8763.0 hours without a row"), "{told:?}");
}

#[test]
fn what_else_can_be_wrong_with_a_plain_table() {
    let head = "time,ghi_w_per_m2,temperature_c\n";
    for (text, told) in [
        ("", "found nothing"),
        ("time,temperature_c\n", "a column named `ghi_w_per_m2`"),
        (
            "ghi_w_per_m2,temperature_c\n",
            "a column named `time` (an interval's start) or `time_end`, not both",
        ),
        ("time,ghi_w_per_m2,dni_w_per_m2,temperature_c\n", "`dni_w_per_m2` and `dhi_w_per_m2`, or neither"),
        (head, "no row after the column names"),
        (&format!("{head}2019-01-07T10:00,1,1\n"), "a single row"),
        (
            &format!("{head}7 January,1,1\n2019-01-07T10:00,1,1\n2019-01-07T11:00,1,1\n"),
            "site.csv:2: found `7 January`",
        ),
        (&format!("{head}2019-01-07T10:00,1,1\n2019-01-07T10:00,1,1\n"), "every interval once and in order"),
        (&format!("{head}2019-01-07T10:00,1,1\n2019-01-07T10:07,1,1\n"), "found rows 420 s apart"),
        (&format!("{head}2019-01-07T10:20,1,1\n2019-01-07T11:20,1,1\n"), "a multiple of the step, 60 min"),
        (&format!("{head}2019-01-07T10:00,1\n2019-01-07T11:00,1,1\n"), "found 2 values; allowed: 3"),
        (&format!("{head}2019-01-07T10:00,x,1\n2019-01-07T11:00,1,999\n"), "a number from -90 to 60"),
    ] {
        let problems = csv(text).map(|_| ()).unwrap_err();
        assert!(lines(&problems).iter().any(|line| line.contains(told)), "{told}: {problems:?}");
    }
}
