//! Values that can be used but are hardly meant: told with file, line and field, and no obstacle to a run.

use std::path::Path;

use goshawk::scenario::{Color, Loaded, Severity, load_text, render};

const SMOKE: &str = include_str!("../../scenarios/smoke.toml");

fn loaded(sets: &[&str]) -> Loaded {
    let sets: Vec<String> = sets.iter().map(|&set| set.to_owned()).collect();
    load_text("smoke.toml", SMOKE, Path::new("tests/data"), &sets)
        .unwrap_or_else(|problems| panic!("{problems}"))
}

fn warnings(sets: &[&str]) -> String {
    let loaded = loaded(sets);
    assert!(loaded.warnings.iter().all(|warning| warning.severity == Severity::Warning));
    render(&loaded.warnings, Color::Never)
}

#[test]
fn a_sound_scenario_has_none() {
    assert_eq!(warnings(&[]), "");
}

#[test]
fn an_array_of_5_kw_that_gives_60_kwh_a_day() {
    // 27.8 m2 of 18 % are 5 kW; 500 W/m2 through a whole day are 12 kWh for each of them.
    let all_day = format!("weather.irradiance_w_per_m2=[{}]", ["500"; 24].join(", "));
    let sets = [all_day.as_str(), "photovoltaics.area_m2=27.8", "time.periods=96"];
    insta::assert_snapshot!(warnings(&sets));
}

#[test]
fn modules_that_nobody_sells() {
    insta::assert_snapshot!(warnings(&[
        "photovoltaics.efficiency=0.9",
        "photovoltaics.temperature_coefficient_per_k=0.015"
    ]));
}

#[test]
fn a_warning_tells_no_lie_about_a_run_without_panels() {
    let all_day = format!("weather.irradiance_w_per_m2=[{}]", ["500"; 24].join(", "));
    assert_eq!(warnings(&[&all_day, "photovoltaics.area_m2=0", "time.periods=96"]), "");
}

#[test]
fn sessions_that_are_repaired() {
    let trip = "weekday = { departure_hour = 8.5, away_h = 1, distance_km = 10, distance_sd_km = 3 }";
    let text = SMOKE.replacen("count = 10", "count = 2", 1).replacen(
        trip,
        "sessions = \"imperfect_sessions.csv\"",
        1,
    );
    let loaded = load_text("smoke.toml", &text, Path::new("tests/data"), &[]).unwrap();
    insta::assert_snapshot!(render(&loaded.warnings, Color::Never));
    insta::assert_snapshot!(loaded.remarks.join("\n"));
}

fn from_file(weather: &str, sets: &[&str]) -> Result<Loaded, goshawk::scenario::Problems> {
    let begin = SMOKE.find("irradiance_w_per_m2").expect("the scenario has hourly weather");
    let end = SMOKE[begin..].find("\n\n").expect("sections end") + begin;
    let text = SMOKE.replace(&SMOKE[begin..end], weather);
    let sets: Vec<String> = sets.iter().map(|&set| set.to_owned()).collect();
    load_text("smoke.toml", &text, Path::new("tests/data"), &sets)
}

const GREENSBORO: &str = "tmy3 = \"../../../scenarios/data/greensboro_january_tmy3.csv\"";

#[test]
fn panels_that_face_north_and_a_tilt_without_effect() {
    let north = from_file(GREENSBORO, &["photovoltaics.tilt_deg=35", "photovoltaics.azimuth_deg=0"]).unwrap();
    assert_eq!(north.warnings.len(), 1);
    let told = north.warnings[0].to_string();
    assert!(told.contains(
        "photovoltaics.azimuth_deg: implausible: found panels tilted by 35 degrees that face north"
    ));
    let south = from_file(GREENSBORO, &["photovoltaics.tilt_deg=35"]).unwrap();
    assert!(south.warnings.is_empty(), "{:?}", south.warnings);
    let moved = ["photovoltaics.tilt_deg=35", "weather.latitude_deg=-36", "weather.longitude_deg=-80"];
    assert!(from_file(GREENSBORO, &moved).unwrap().warnings[0].to_string().contains("face south"));
    let daily = loaded(&["photovoltaics.tilt_deg=35"]).warnings;
    assert!(daily[0].to_string().contains("found 35, beside 24 values of irradiance"), "{daily:?}");
}

#[test]
fn repaired_values_are_told_by_column_and_counted() {
    let loaded = from_file("csv = \"two_gaps.csv\"", &[]).unwrap();
    insta::assert_snapshot!(render(&loaded.warnings, Color::Never));
    assert_eq!(loaded.files[0].repaired_values, 3);
}

#[test]
fn weather_and_roof_that_do_not_fit_together() {
    let told = |weather: &str, sets: &[&str]| from_file(weather, sets).unwrap_err().to_string();
    let tilted = told("csv = \"two_gaps.csv\"", &["photovoltaics.tilt_deg=35"]);
    assert!(tilted.contains("weather: found no site, beside photovoltaics.tilt_deg = 35"), "{tilted}");
    let place = ["photovoltaics.tilt_deg=35", "weather.latitude_deg=36", "weather.longitude_deg=-80"];
    let estimated = from_file("csv = \"two_gaps.csv\"", &place).unwrap().warnings;
    assert!(estimated[0].to_string().contains("without beam and diffuse irradiance"), "{estimated:?}");
    let half = told("csv = \"two_gaps.csv\"", &["weather.latitude_deg=36"]);
    assert!(half.contains("weather.longitude_deg: found nothing beside 36"), "{half}");
    let few = told("csv = \"two_gaps.csv\"", &["weather.resample=bootstrap"]);
    assert!(few.contains("found 0 whole days of month 1"), "{few}");
    let two = told("csv = \"two_gaps.csv\"\nepw = \"two_gaps.csv\"", &[]);
    assert!(two.contains("weather: found epw and csv together") || two.contains("epw and csv"), "{two}");
    let both = told(GREENSBORO, &["photovoltaics.dc_ac_ratio=1.2", "photovoltaics.inverter_kw=4"]);
    assert!(both.contains("either dc_ac_ratio or inverter_kw"), "{both}");
    let one_day = load_text("smoke.toml", SMOKE, Path::new("."), &["weather.resample=bootstrap".to_owned()]);
    assert!(
        one_day.unwrap_err().to_string().contains("weather.resample: found days to be drawn from one day")
    );
    let minus = told(GREENSBORO, &["photovoltaics.temperature_coefficient_per_k=-0.004"]);
    assert!(minus.contains("without the minus of data sheets"), "{minus}");
}

#[test]
fn replicates_of_drawn_weather_differ_and_the_same_replicate_does_not() {
    for resample in ["weather.resample=bootstrap", "weather.resample=day_types"] {
        let loaded = from_file(GREENSBORO, &[resample, "photovoltaics.tilt_deg=30"]).unwrap();
        let streams = |replicate| goshawk::assemble::streams(&loaded, replicate);
        let spec = |replicate| goshawk::assemble::community_spec(&loaded, streams(replicate)).weather;
        assert_eq!(spec(0), spec(0));
        assert_ne!(spec(0), spec(1));
    }
}

#[test]
fn prices_that_end_before_households_stop_looking_ahead() {
    let with = |file: &str| {
        let bands = "bands = [{ from = 1, to = 15, price = 0.17 }, { from = 16, to = 24, price = 0.28 }]";
        let prices = format!("prices = \"{file}\"\nmarkup_per_kwh = 0.1");
        let text = SMOKE.replacen(bands, &prices, 1);
        load_text("smoke.toml", &text, Path::new("tests/data"), &[])
            .unwrap_or_else(|problems| panic!("{problems}"))
    };
    insta::assert_snapshot!(render(&with("day_ahead_one_day.csv").warnings, Color::Never));
    assert_eq!(render(&with("day_ahead.csv").warnings, Color::Never), "", "three days are enough");
}
