//! What a user reads when a feeder is wrong: file, row and reason, all at once, before anything runs.

use std::path::Path;

use goshawk::scenario::{Color, Loaded, Problems, load_text};

const SMOKE: &str = include_str!("../../scenarios/smoke.toml");

/// The smoke scenario on a feeder whose files lie in tests/data.
fn on_a_feeder(lines: &str, buses: &str, more: &str) -> Result<Loaded, Problems> {
    let feeder = format!(
        "\n[grid.feeder]\nlines = \"feeder_{lines}.csv\"\nbuses = \"feeder_{buses}.csv\"\nbase_kv = 0.4\n{more}\n"
    );
    load_text("smoke.toml", &format!("{SMOKE}{feeder}"), Path::new("tests/data"), &[])
}

fn problems_of(lines: &str, buses: &str, more: &str) -> String {
    on_a_feeder(lines, buses, more).expect_err("the feeder has faults").to_string()
}

const LIGHT: &str = "base_load_scale = 0.1";

#[test]
fn a_sound_feeder_loads_with_a_remark_on_what_its_base_load_does() {
    let loaded = on_a_feeder("lines", "buses", LIGHT).unwrap_or_else(|problems| panic!("{problems}"));
    let feeder = loaded.feeder.unwrap();
    assert_eq!((feeder.feeder.buses(), feeder.weights.len()), (5, 2));
    let files: Vec<&str> = loaded.files.iter().map(|file| file.field.as_str()).collect();
    assert_eq!(files, ["grid.feeder.lines", "grid.feeder.buses"]);
    assert_eq!(loaded.remarks.len(), 1);
    insta::assert_snapshot!(loaded.remarks[0]);
}

#[test]
fn rows_that_cannot_be_read() {
    insta::assert_snapshot!(problems_of("lines_unreadable", "buses_unreadable", LIGHT));
}

#[test]
fn columns_that_are_missing_or_double() {
    insta::assert_snapshot!(problems_of("lines_columns", "buses_columns", LIGHT));
}

#[test]
fn loops_islands_duplicates_and_unknown_buses() {
    insta::assert_snapshot!(problems_of("lines_tangled", "buses_tangled", "substation = 0"));
}

#[test]
fn a_problem_shows_its_row() {
    let problems = on_a_feeder("lines_ring", "buses_ring", "substation = 0").unwrap_err();
    insta::assert_snapshot!(problems.render(Color::Never));
}

#[test]
fn several_buses_that_could_be_the_substation_and_none() {
    let two = problems_of("lines_two_roots", "buses", LIGHT);
    let none = problems_of("lines_ring", "buses_ring", LIGHT);
    insta::assert_snapshot!(format!("{two}\n{none}"));
    // Its name settles it, whatever the lines' directions.
    on_a_feeder("lines_two_roots", "buses", "substation = 4\nbase_load_scale = 0.01").unwrap();
}

#[test]
fn values_that_a_feeder_cannot_use() {
    let wrong = "base_load_scale = -1\nsource_voltage_pu = 1.3\npower_factor = 0\nbase_load_profile = [1, 2]\n\
                 placement = \"anywhere\"\nloss_price_per_kwh = -0.1\nsubstation = -1\nvoltage_min_pu = 1.2";
    insta::assert_snapshot!(problems_of("lines", "buses", wrong));
}

#[test]
fn values_that_disagree() {
    let unknown = problems_of("lines", "buses", "substation = 17");
    let outside = problems_of(
        "lines",
        "buses",
        "base_load_scale = 0.1\nsource_voltage_pu = 1.06\nvoltage_max_pu = 1.05",
    );
    let nobody = problems_of("lines", "buses_nobody", "placement = \"column\"");
    let no_column = problems_of("lines", "buses_without_column", "placement = \"column\"");
    insta::assert_snapshot!([unknown, outside, nobody, no_column].join("\n"));
}

#[test]
fn base_loads_that_no_line_can_carry() {
    insta::assert_snapshot!(problems_of("lines", "buses", "base_load_scale = 10"));
}

/// Whatever a field is set to, loading gives a scenario or problems.
#[test]
fn no_value_of_any_field_makes_loading_panic() {
    let feeder = "[grid.feeder]\nlines = \"feeder_lines.csv\"\nbuses = \"feeder_buses.csv\"\nbase_kv = 0.4\n";
    let text = format!("{SMOKE}\n{feeder}{LIGHT}\n");
    let fields = [
        "lines",
        "buses",
        "base_kv",
        "substation",
        "source_voltage_pu",
        "base_load_scale",
        "base_load_profile",
        "voltage_min_pu",
        "voltage_max_pu",
        "power_factor",
        "loss_price_per_kwh",
        "placement",
    ];
    for field in fields {
        for value in
            ["-1", "0", "1", "1e308", "nan", "inf", "true", "word", "column", "[]", "[1]", "{}", "\"\""]
        {
            let set = format!("grid.feeder.{field}={value}");
            if let Err(problems) = load_text("smoke.toml", &text, Path::new("tests/data"), &[set]) {
                assert!(!problems.render(Color::Never).is_empty());
            }
        }
    }
}
