//! `goshawk summary` of studies as its users meet it: tables, files, and what is said of bad input.

#![expect(clippy::unwrap_used, reason = "a test that cannot go on should stop")]

use std::fs;

use serde_json::Value;

mod desk;

use desk::{BAD_INPUT, DONE, Desk, FAILED};

/// A desk with a study and what came of it.
trait SummaryDesk {
    fn with(text: &str, arguments: &[&str]) -> Self;
    fn tell(&self, arguments: &[&str], code: i32) -> (String, String);
    fn summary(&self, arguments: &[&str], code: i32) -> (String, String);
    fn table(&self, arguments: &[&str]) -> String;
    fn json(&self, arguments: &[&str]) -> Value;
}

impl SummaryDesk for Desk {
    /// Carries out a study of a scenario that ships.
    fn with(text: &str, arguments: &[&str]) -> Self {
        let desk = Self::new();
        desk.write("study.toml", text);
        desk.tell(&[&["study", "study.toml", "--out", "out", "--quiet"], arguments].concat(), DONE);
        desk
    }

    /// What is said on standard output and on standard error.
    fn tell(&self, arguments: &[&str], code: i32) -> (String, String) {
        let said = self.give(arguments).expect(code);
        (said.out, said.err)
    }

    fn summary(&self, arguments: &[&str], code: i32) -> (String, String) {
        self.tell(&[&["summary", "out"], arguments].concat(), code)
    }

    /// The table, every line of which fits on a page.
    fn table(&self, arguments: &[&str]) -> String {
        let (table, _) = self.summary(arguments, DONE);
        let widest = table.lines().map(|line| line.chars().count()).max();
        assert!(widest <= Some(110), "{widest:?} columns:\n{table}");
        table
    }

    fn json(&self, arguments: &[&str]) -> Value {
        let (text, _) = self.summary(&[arguments, &["--format", "json"]].concat(), DONE);
        serde_json::from_str(&text).unwrap()
    }
}

const MECHANISMS: &str = r#"
name = "storage"
scenario = "SCENARIOS/smoke.toml"
replicates = 12
chunk = 4
[[factor]]
path = "storage.capacity_kwh"
values = [10.0, 50.0]
[[factor]]
path = "market.mechanism"
values = ["mid_market_rate", "grid_only"]
"#;

fn sensitivity(design: &str) -> String {
    format!(
        r#"
name = "screen"
scenario = "SCENARIOS/smoke.toml"
replicates = 4
chunk = 2
tables = ["kpis"]
[set]
"market.mechanism" = "mid_market_rate"
[design]
{design}
[[factor]]
path = "storage.capacity_kwh"
range = {{ from = 10.0, to = 200.0 }}
[[factor]]
path = "sellers.keep_confidence"
range = {{ from = 0.1, to = 0.9 }}
[[factor]]
path = "photovoltaics.area_m2"
range = {{ from = 10.0, to = 60.0 }}
"#
    )
}

#[test]
fn the_tables_of_every_kind_of_study() {
    insta::assert_snapshot!("factorial", Desk::with(MECHANISMS, &[]).table(&[]));
    let morris = Desk::with(&sensitivity("method = \"morris\"\ntrajectories = 5"), &[]);
    insta::assert_snapshot!("morris", morris.table(&["--figure", "net_cost", "--figure", "p2p"]));
    let saltelli = Desk::with(&sensitivity("method = \"saltelli\"\npoints = 8\nsecond_order = true"), &[]);
    insta::assert_snapshot!("saltelli", saltelli.table(&["--figure", "net_cost"]));
    let blocks = Desk::with(&sensitivity("method = \"latin_hypercube\"\npoints = 5\nblocks = 4"), &[]);
    insta::assert_snapshot!("blocks", blocks.table(&[]));
    let pairs = "name = \"one\"\nscenario = \"SCENARIOS/smoke.toml\"\nreplicates = 20\nantithetic = true";
    insta::assert_snapshot!("pairs", Desk::with(pairs, &[]).table(&[]));
}

/// As in `tests/tests/it/study_folder.rs`.
const SOMETIMES_FAILS: &str = r#"
name = "collapse"
scenario = "SCENARIOS/feeder.toml"
replicates = 12
chunk = 4
failures_max = 1000
tables = ["kpis"]
[set]
"grid.feeder.security" = "observed"
"market.mechanism" = "mid_market_rate"
"time.days" = 1
[[factor]]
path = "grid.feeder.base_load_scale"
values = [3.5, 3.58, 3.62]
"#;

#[test]
fn replicates_that_failed_are_counted_in_every_table() {
    let desk = Desk::with(SOMETIMES_FAILS, &[]);
    insta::assert_snapshot!("failures", desk.table(&["--figure", "net_cost"]));
    let json = desk.json(&["--figure", "net_cost"]);
    for (point, row) in json["points"].as_array().unwrap().iter().zip(json["figures"].as_array().unwrap()) {
        assert_eq!((&point["failed"], &point["scenario"]), (&row["failed"], &row["scenario"]));
        assert_eq!(row["n"].as_u64().unwrap() + row["failed"].as_u64().unwrap(), 12, "{row}");
    }
    assert_eq!(json["figures"][2]["mean"], Value::Null, "nothing is no number");
}

#[test]
fn a_study_that_is_not_finished_says_so_and_comes_out_the_same_when_it_is() {
    let whole = Desk::with(MECHANISMS, &[]);
    let part = Desk::with(MECHANISMS, &["--shard", "1/2"]);
    let (_, said) = part.summary(&[], DONE);
    assert!(said.contains("not finished: 24 replicates are missing"), "{said}");
    assert_eq!(part.json(&[])["missing_replicates"], 24);
    part.tell(&["study", "study.toml", "--out", "out", "--quiet", "--shard", "0/2"], DONE);
    for format in ["table", "csv", "json"] {
        let [whole, part] = [&whole, &part].map(|desk| desk.summary(&["--format", format], DONE));
        assert_eq!(whole, part);
    }
}

#[test]
fn a_point_that_used_up_its_replicates_without_meeting_the_target_is_marked_everywhere() {
    // Without trade households differ a lot; what they trade is nothing then, which is known at once.
    let rule = "[stopping]\nfigures = [\"p2p\"]\nrelative = 0.02\n[[factor]]";
    let text = MECHANISMS.replacen("replicates = 12", "replicates = 32", 1).replacen("[[factor]]", rule, 1);
    let desk = Desk::with(&text.replace("[10.0, 50.0]", "[50.0]"), &[]);
    let study: Value = serde_json::from_slice(&fs::read(desk.path("out/study.json")).unwrap()).unwrap();
    let met = |points: &Value| -> Vec<Value> {
        points.as_array().unwrap().iter().map(|point| point["target_met"].clone()).collect()
    };
    assert_eq!(met(&study["points"]), [Value::Bool(false), Value::Bool(true)]);
    let json = desk.json(&["--figure", "p2p"]);
    assert_eq!((met(&json["points"]), met(&json["figures"])), (met(&study["points"]), met(&study["points"])));
    assert_eq!(json["missing_replicates"], 0);
    insta::assert_snapshot!("target_not_met", desk.table(&["--figure", "p2p"]));
    let again = ["study", "study.toml", "--out", "out", "--resume"];
    let (said, _) = desk.tell(&again, DONE);
    insta::assert_snapshot!("end_of_a_study_with_a_target_not_met", said);
    // A study that goes on has points that are neither.
    let more = [&again[..], &["--replicates", "3000"]].concat();
    let mut child = desk.command(&more).spawn().unwrap();
    while fs::read_to_string(desk.path("out/study.toml")).unwrap().contains("replicates = 32\n") {
        std::thread::sleep(std::time::Duration::from_millis(2));
    }
    child.kill().unwrap();
    child.wait().unwrap();
    let json = desk.json(&["--figure", "p2p"]);
    assert_eq!(met(&json["points"]), [Value::Null, Value::Bool(true)]);
    assert!(json["missing_replicates"].as_u64().unwrap() > 2000);
    // Without a rule there is no target.
    let json = Desk::with(MECHANISMS, &[]).json(&["--figure", "p2p"]);
    assert!(met(&json["points"]).iter().all(Value::is_null));
}

#[test]
fn a_difference_stands_beside_the_number_of_replicates_that_it_is_of() {
    let desk = Desk::with(SOMETIMES_FAILS, &["--replicates", "12"]);
    let json = desk.json(&["--figure", "net_cost", "--baseline", "collapse-0001"]);
    let row = &json["figures"][0];
    assert!(row["n"].as_u64() > row["difference_n"].as_u64(), "{row}");
    insta::assert_snapshot!(
        "differences_of_fewer",
        desk.table(&["--figure", "net_cost", "--baseline", "collapse-0001"])
    );
}

#[test]
fn what_is_compared_and_what_is_told_can_be_chosen() {
    let desk = Desk::with(MECHANISMS, &[]);
    let told = |arguments: &[&str], name: &str| -> Vec<String> {
        let json = desk.json(arguments);
        json["figures"].as_array().unwrap().iter().map(|row| row[name].to_string()).collect()
    };
    assert_eq!(told(&["--figure", "p2p", "--figure", "grid"], "variable").len(), 8);
    assert!(told(&["--scope", "class", "--figure", "p2p"], "id").contains(&"\"at_home\"".to_owned()));
    assert_eq!(told(&["--scope", "operator", "--figure", "profit"], "scope")[0], "\"operator\"");
    // From another point, a difference has the other sign.
    let first = desk.json(&["--figure", "net_cost"]);
    let other = desk.json(&["--figure", "net_cost", "--baseline", "storage-0001"]);
    let difference = |json: &Value, row: usize| json["figures"][row]["difference"].as_f64();
    assert_eq!(difference(&first, 1).unwrap(), -difference(&other, 0).unwrap());
    assert_eq!((difference(&first, 0), difference(&other, 1)), (None, None));
    let (csv, _) = desk.summary(&["--format", "csv", "--parquet", "summary.parquet"], DONE);
    assert!(
        csv.starts_with("scenario,point,storage.capacity_kwh,market.mechanism,scope,id,variable,unit,n,")
    );
    assert!(fs::metadata(desk.path("summary.parquet")).unwrap().len() > 1000);
}

#[test]
fn bad_input_is_told_in_words() {
    let desk = Desk::with(MECHANISMS, &[]);
    let mut text = String::new();
    let mut tell = |arguments: &[&str], code: i32| {
        let (out, err) = desk.tell(&[&["summary"], arguments].concat(), code);
        assert!(out.is_empty(), "{out}");
        text.push_str(&format!("$ goshawk summary {}  # {code}\n{err}\n", arguments.join(" ")));
    };
    tell(&["nowhere"], BAD_INPUT);
    tell(&["out/storage-0001"], BAD_INPUT);
    tell(&["out", "--figure", "net_costs"], BAD_INPUT);
    tell(&["out", "--scope", "operator", "--figure", "net_cost"], BAD_INPUT);
    tell(&["out", "--baseline", "storage-0009"], BAD_INPUT);
    tell(&["out", "--parquet", "no/such/folder.parquet"], FAILED);
    // A bit of a value.
    let part = desk.path("out/storage-0002/kpis/part-00004-00007.parquet");
    let mut bytes = fs::read(&part).unwrap();
    bytes[100] ^= 1;
    fs::write(&part, &bytes).unwrap();
    tell(&["out"], FAILED);
    // How long the file is depends on what figures there are.
    let last = format!("bytes 0 to {} are", bytes.len() - 1);
    fs::remove_file(&part).unwrap();
    tell(&["out"], FAILED);
    let alone = Desk::with(&format!("common_random_numbers = false\n{MECHANISMS}"), &[]);
    assert_eq!(alone.json(&[])["baseline"], Value::Null);
    let (_, said) = alone.summary(&["--baseline", "storage-0000"], BAD_INPUT);
    text.push_str(&said);
    assert!(text.contains(&last), "{last} is not in:\n{text}");
    insta::assert_snapshot!(text.replace(&last, "bytes 0 to the last are"));
}
