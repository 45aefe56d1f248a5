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
