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
    assert!(json["loss"].as_f64() < json["loss_before"].as_f64());
    let (_, three, _) = calibrate(&folder, &["village.toml", "--jobs", "3", "--format", "json"]);
    assert_eq!(one, three, "the number of threads is no part of the result");
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
