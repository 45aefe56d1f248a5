//! `goshawk calibrate` as its users meet it.

#![expect(clippy::unwrap_used, reason = "a test that cannot go on should stop")]

use std::fmt::Write as _;
use std::fs;
use std::path::{Path, PathBuf};
use std::process::{Command, Output};
use std::sync::Arc;

use goshawk::assemble;
use goshawk::calibrate::model::rehearse;
use goshawk::scenario;
use goshawk_agents::journal::Progress;
use serde_json::Value;

/// Five households of the paper's Scenario III that sell and buy by habit.
const FEWER: [&str; 3] = ["portraits.A.count=2", "portraits.B.count=2", "portraits.C.count=4"];

fn folder(name: &str) -> PathBuf {
    let folder = Path::new(env!("CARGO_TARGET_TMPDIR")).join("calibrate").join(name);
    let _ = fs::remove_dir_all(&folder);
    fs::create_dir_all(&folder).unwrap();
    folder
}

fn calibrate(folder: &Path, arguments: &[&str]) -> (i32, String, String) {
    let mut command = Command::new(env!("CARGO_BIN_EXE_goshawk"));
    command.env_remove("GOSHAWK_LOG").current_dir(folder).args(["--quiet", "calibrate"]).args(arguments);
    let Output { status, stdout, stderr } = command.output().unwrap();
    (status.code().unwrap(), String::from_utf8(stdout).unwrap(), String::from_utf8(stderr).unwrap())
}

fn scenario_text() -> String {
    fs::read_to_string(Path::new(env!("CARGO_MANIFEST_DIR")).join("../scenarios/paper_3.toml")).unwrap()
}

const FIT: &str = r#"
measure = "grid_kwh"
starts = 2
evaluations = 200
set = { "market.mechanism" = "mid_market_rate", "portraits.A.count" = 2, "portraits.B.count" = 2, "portraits.C.count" = 4 }

[[variant]]
name = "village"
targets = "grid.csv"

[[parameter]]
name = "need_C"
unit = "kWh"
low = 4.0
high = 8.0
field = [{ path = "portraits.C.need_kwh" }]
"#;

/// What the village buys from the grid when a household of Class C needs 6.6 kWh an hour.
fn other_targets() -> String {
    let mut sets: Vec<String> = FEWER.iter().map(|&set| set.to_owned()).collect();
    sets.extend(["portraits.C.need_kwh=6.6".to_owned(), "market.mechanism=mid_market_rate".to_owned()]);
    let loaded = scenario::load_text("paper_3.toml", &scenario_text(), Path::new(""), &sets).unwrap();
    let mechanism = assemble::mechanism(&loaded.scenario);
    let (sheet, _) = rehearse(&loaded, mechanism, 0, &Arc::new(Progress::default())).unwrap();
    let mut text = "hour,C,A\n".to_owned();
    for (hour, sheet) in (1..).zip(&sheet.hours) {
        let [c, a] = [2, 0].map(|class: usize| sheet.classes[class].grid.energy);
        writeln!(text, "{hour},{c},{a}").unwrap();
    }
    text
}

#[test]
fn another_table_of_targets_calibrates_through_the_same_command() {
    let folder = folder("another");
    fs::write(folder.join("village.toml"), scenario_text()).unwrap();
    fs::create_dir(folder.join("village")).unwrap();
    // The description is found by the scenario's name.
    fs::write(folder.join("village/calibration.toml"), FIT).unwrap();
    fs::write(folder.join("village/grid.csv"), other_targets()).unwrap();
    let (code, one, errors) = calibrate(&folder, &["village.toml", "--jobs", "1", "--format", "json"]);
    assert_eq!(code, 0, "{errors}");
    let json: Value = serde_json::from_str(&one).unwrap();
    let need = &json["parameters"][0];
    assert!((need["value"].as_f64().unwrap() - 6.6).abs() < 0.01, "{need}");
    assert_eq!(need["verdict"], "pinned");
    assert!(json["loss"].as_f64() < json["before"]["loss"].as_f64());
    let (_, three, _) = calibrate(&folder, &["village.toml", "--jobs", "3", "--format", "json"]);
    assert_eq!(one, three, "the number of threads is no part of the result");
    // Each start says what it came to.
    let starts = json["starts"].as_array().unwrap();
    let mut numbers: Vec<u64> = starts.iter().map(|start| start["start"].as_u64().unwrap()).collect();
    numbers.sort_unstable();
    assert_eq!(numbers, [1, 2]);
    for start in starts {
        assert!(start["loss"].as_f64() >= json["loss"].as_f64());
        assert_eq!(start["tables"][0]["variant"], "village");
    }
    // What it writes is a scenario that runs, with the value in its place.
    let written = folder.join("out/village-calibration/village.toml");
    let loaded = scenario::load(&written, &[]).unwrap();
    assert!((loaded.scenario.portraits["C"].need_kwh.unwrap() - 6.6).abs() < 0.01);
    assert_eq!(loaded.scenario.portraits["C"].count, 80, "what differs in the fit alone is not written");
}

#[test]
fn every_problem_of_a_fit_is_told_at_once_with_file_and_line() {
    let folder = folder("problems");
    fs::write(folder.join("village.toml"), scenario_text()).unwrap();
    let more = "[[parameter]]\nname = \"crossed\"\nlow = 2.0\nhigh = 1.0\nfield = [{ path = \"battery.charge_kw\" }]\n\n\
                [[parameter]]\nname = \"nowhere\"\nlow = 1.0\nhigh = 2.0\nfield = [{ path = \"battery.colour\" }]\n";
    fs::write(folder.join("fit.toml"), format!("{FIT}\n{more}")).unwrap();
    fs::write(folder.join("grid.csv"), "hour,A,D\n1,2,3\n25,1,1\n1,4,5\n2,-1,x\n").unwrap();
    let (code, _, errors) = calibrate(&folder, &["village.toml", "--fit", "fit.toml"]);
    assert_eq!(code, 2);
    insta::assert_snapshot!("problems_of_a_fit", errors);
}

#[test]
fn a_parameter_that_changes_nothing_is_refused() {
    let folder = folder("without_effect");
    fs::write(folder.join("village.toml"), scenario_text()).unwrap();
    let more = "[[parameter]]\nname = \"wholesale\"\nlow = 0.1\nhigh = 0.5\n\
                field = [{ path = \"company.wholesale_price_per_kwh\" }]\n";
    fs::write(folder.join("fit.toml"), format!("{FIT}\n{more}")).unwrap();
    fs::write(folder.join("grid.csv"), other_targets()).unwrap();
    let (code, _, errors) = calibrate(&folder, &["village.toml", "--fit", "fit.toml"]);
    assert_eq!(code, 2);
    assert!(errors.contains("wholesale") && errors.contains("changes no value that the"), "{errors}");
}

#[test]
fn the_scenarios_own_values_have_no_part_in_the_search() {
    let folder = folder("free");
    fs::write(folder.join("fit.toml"), FIT).unwrap();
    fs::write(folder.join("grid.csv"), other_targets()).unwrap();
    let [one, other] = ["4.2", "6.6"].map(|need| {
        let text = scenario_text();
        let own = text.lines().filter(|line| line.starts_with("need_kwh")).nth(2).unwrap();
        fs::write(folder.join("village.toml"), text.replace(own, &format!("need_kwh = {need}"))).unwrap();
        let (code, told, errors) =
            calibrate(&folder, &["village.toml", "--fit", "fit.toml", "--format", "json"]);
        assert_eq!(code, 0, "{errors}");
        serde_json::from_str::<Value>(&told).unwrap()
    });
    assert_ne!(one["before"]["loss"], other["before"]["loss"]);
    assert_eq!(other["before"]["loss"], 0.0, "the targets are what 6.6 kWh come to");
    assert_eq!(one["starts"], other["starts"]);
    assert_eq!(one["parameters"][0]["starts"], other["parameters"][0]["starts"]);
}

#[test]
fn a_written_scenario_finds_its_data_files_from_another_folder() {
    let folder = folder("elsewhere");
    let inputs = folder.join("inputs");
    fs::create_dir_all(inputs.join("data")).unwrap();
    let data = Path::new(env!("CARGO_MANIFEST_DIR")).join("../scenarios/data/greensboro_january_tmy3.csv");
    fs::copy(data, inputs.join("data/january.csv")).unwrap();
    let mut text = String::new();
    for line in scenario_text().lines() {
        match line {
            line if line.starts_with("irradiance_w_per_m2") => {
                text += "tmy3 = \"data/january.csv\"  # measured\n"
            }
            line if line.starts_with("temperature_c") => {}
            line => writeln!(text, "{line}").unwrap(),
        }
    }
    fs::write(inputs.join("village.toml"), text).unwrap();
    fs::write(inputs.join("fit.toml"), FIT.replace("evaluations = 200", "evaluations = 100")).unwrap();
    fs::write(inputs.join("grid.csv"), other_targets()).unwrap();
    let arguments = ["inputs/village.toml", "--fit", "inputs/fit.toml", "--out", "far/away", "--starts", "1"];
    let (code, _, errors) = calibrate(&folder, &arguments);
    assert_eq!(code, 0, "{errors}");
    let written = fs::read_to_string(folder.join("far/away/village.toml")).unwrap();
    assert!(written.contains("tmy3 = \"../../inputs/data/january.csv\"  # measured"), "{written}");
    let run = Command::new(env!("CARGO_BIN_EXE_goshawk"))
        .env_remove("GOSHAWK_LOG")
        .current_dir(&folder)
        .args(["--quiet", "run", "far/away/village.toml", "--out", "run", "--set", "portraits.A.count=1"])
        .args(["--set", "portraits.B.count=1", "--set", "portraits.C.count=1"])
        .output()
        .unwrap();
    assert!(run.status.success(), "{}", String::from_utf8_lossy(&run.stderr));
}

#[test]
fn what_is_wrong_with_zeros_with_files_of_one_name_and_with_bounds_of_a_later_scenario() {
    let folder = folder("variants");
    fs::create_dir(folder.join("other")).unwrap();
    fs::write(folder.join("village.toml"), scenario_text()).unwrap();
    fs::write(folder.join("other/village.toml"), scenario_text()).unwrap();
    // A weak charger refuses what the first scenario takes.
    let weak = scenario_text().replacen("charge_kw = 15", "charge_kw = 7", 1);
    fs::write(folder.join("weak.toml"), weak).unwrap();
    let more = |scenario: &str| {
        let variant = format!("[[variant]]\nname = \"second\"\nscenario = {scenario:?}\n\n[[parameter]]");
        FIT.replacen("[[parameter]]", &variant, 1)
    };
    fs::write(folder.join("zeros.csv"), "hour,A,C\n1,0,0\n2,0,0.0\n").unwrap();
    fs::write(folder.join("zeros.toml"), FIT.replace("grid.csv", "zeros.csv")).unwrap();
    fs::write(folder.join("names.toml"), more("other/village.toml")).unwrap();
    fs::write(folder.join("bounds.toml"), more("weak.toml")).unwrap();
    // The same file twice is written once, and no problem.
    fs::write(folder.join("twice.toml"), more("other/../village.toml")).unwrap();
    fs::write(folder.join("grid.csv"), other_targets()).unwrap();
    let mut told = String::new();
    for fit in ["zeros.toml", "names.toml", "bounds.toml"] {
        let (code, _, errors) = calibrate(&folder, &["village.toml", "--fit", fit]);
        assert_eq!(code, 2, "{errors}");
        told += &format!("# {fit}\n{errors}\n");
    }
    insta::assert_snapshot!("problems_of_variants", told);
    let (code, _, errors) =
        calibrate(&folder, &["village.toml", "--fit", "twice.toml", "--evaluations", "100"]);
    assert_eq!(code, 0, "{errors}");
}

#[test]
fn a_limit_holds_back_what_the_tables_ask_for() {
    let folder = folder("limit");
    fs::write(folder.join("village.toml"), scenario_text()).unwrap();
    fs::write(folder.join("grid.csv"), other_targets()).unwrap();
    // Four households of Class C buy all that they need at 7: 24 kWh are 6 kWh each, where the table asks for 6.6.
    let limit = "[[limit]]\nname = \"early\"\nvariant = \"village\"\nclass = \"C\"\nmeasure = \"outside_kwh\"\n\
                 hours = [7]\nat_most = 24.0\nscale_kwh = 0.01\n";
    fs::write(folder.join("fit.toml"), format!("{FIT}\n{limit}")).unwrap();
    let (code, told, errors) = calibrate(&folder, &["village.toml", "--fit", "fit.toml", "--format", "json"]);
    assert_eq!(code, 0, "{errors}");
    let json: Value = serde_json::from_str(&told).unwrap();
    let need = json["parameters"][0]["value"].as_f64().unwrap();
    assert!((need - 6.0).abs() < 0.01, "{need}");
    let held = &json["starts"][0]["limits"][0];
    assert_eq!(held["limit"]["name"], "early");
    assert!((held["value"].as_f64().unwrap() - 4.0 * need).abs() < 1e-3, "{held}");
    let (_, text, _) = calibrate(&folder, &["village.toml", "--fit", "fit.toml"]);
    assert!(text.contains("at most, kWh"), "{text}");
}

#[test]
fn every_problem_of_limits_is_told_at_once() {
    let folder = folder("limits");
    fs::write(folder.join("village.toml"), scenario_text()).unwrap();
    fs::write(folder.join("grid.csv"), other_targets()).unwrap();
    let limit = |name: &str, variant: &str, class: &str, rest: &str| {
        format!("[[limit]]\nname = {name:?}\nvariant = {variant:?}\nclass = {class:?}\n{rest}\n\n")
    };
    let more = [
        limit("a", "town", "C", "measure = \"sold_kwh\"\nhours = [1]\nat_least = 1.0"),
        limit("b", "village", "D", "measure = \"sales_revenue\"\nhours = [1, 2, 1]\nat_least = 1.0"),
        limit("b", "village", "C", "measure = \"sold_kwh\"\nhours = [1]"),
        limit("c", "village", "C", "measure = \"sold_kwh\"\nhours = [1]\nat_least = 2.0\nat_most = 1.0"),
    ];
    fs::write(folder.join("fit.toml"), format!("{FIT}\n{}", more.concat())).unwrap();
    let (code, _, errors) = calibrate(&folder, &["village.toml", "--fit", "fit.toml"]);
    assert_eq!(code, 2);
    let forms =
        limit("e", "village", "C", "measure = \"gold\"\nhours = [0, 25]\nat_most = -1.0\nscale_kwh = 0.0");
    fs::write(folder.join("forms.toml"), format!("{FIT}\n{forms}")).unwrap();
    let (code, _, of_form) = calibrate(&folder, &["village.toml", "--fit", "forms.toml"]);
    assert_eq!(code, 2);
    insta::assert_snapshot!("problems_of_limits", format!("{errors}\n{of_form}"));
}
