//! What repeats, and what changes nobody else's draws.

use std::collections::{BTreeMap, BTreeSet};

use goshawk::scenario;
use goshawk_output::MANIFEST_FILE;
use goshawk_output::table::Table;
use serde_json::Value;

use crate::run::{Run, files, shipped};
use crate::table::Slot;

/// Two days of the community, with batteries that no trip exhausts.
const OPEN_ROAD: [&str; 4] =
    ["time.days=2", "market.optimizer.iterations=20", "battery.capacity_kwh=150", "battery.initial_soc=0.4"];

/// The manifest without what may differ between two runs of the same input.
fn lasting(bytes: &[u8]) -> Value {
    let mut manifest: Value = serde_json::from_slice(bytes).unwrap();
    let fields = manifest.as_object_mut().unwrap();
    assert!(fields.remove("run").is_some() && fields.remove("manifest_sha256").is_some());
    manifest
}

fn the_same_input_gives_the_same_bytes(scenario: &str, sets: &[&str]) {
    let (first, second) = (Run::of(scenario, sets), Run::of(scenario, sets));
    let (mut left, mut right) = (files(&first.out()), files(&second.out()));
    assert!(left.keys().eq(right.keys()), "{:?} and {:?}", left.keys(), right.keys());
    assert!(left.contains_key(goshawk::run::LEDGER_FILE) && left.len() >= Table::ALL.len() + 3);
    let manifests = [left.remove(MANIFEST_FILE).unwrap(), right.remove(MANIFEST_FILE).unwrap()];
    assert_eq!(lasting(&manifests[0]), lasting(&manifests[1]));
    for (name, bytes) in &left {
        assert!(*bytes == right[name], "{name} differs between two runs of the same input");
    }
    assert_eq!(first.report.outcome.digest, second.report.outcome.digest);
    assert_eq!(first.manifest().event_digest, first.report.outcome.digest.to_string());
}

#[test]
fn the_same_seed_gives_the_same_bytes_in_every_file() {
    the_same_input_gives_the_same_bytes("smoke", &[]);
    the_same_input_gives_the_same_bytes("community", &["time.days=1", "market.optimizer.iterations=50"]);
    the_same_input_gives_the_same_bytes("smoke", &["ledger.signatures=ed25519"]);
    the_same_input_gives_the_same_bytes("aggregator", &["time.days=1"]);
}

#[test]
fn another_seed_gives_other_households_and_other_trades() {
    let (one, other) = (Run::of("smoke", &["seed=1"]), Run::of("smoke", &["seed=2"]));
    assert_ne!(one.manifest().event_digest, other.manifest().event_digest);
    for table in [Table::Households, Table::AgentPeriods, Table::Trades, Table::MarketPeriods, Table::Blocks]
    {
        assert_ne!(one.rows(table).lines(&[]), other.rows(table).lines(&[]), "{table}");
    }
}

/// The rows of the first two days.
fn first_days(run: &Run, table: Table) -> Vec<String> {
    let rows = run.rows(table);
    let lines = rows.days().into_iter().zip(rows.lines(&[]));
    lines.filter(|(day, _)| *day < 2).map(|(_, line)| line).collect()
}

#[test]
fn a_longer_horizon_keeps_the_days_before_row_by_row() {
    let run = |days| Run::of("community", &[days, "market.optimizer.iterations=20"]);
    let (shorter, longer) = (run("time.days=2"), run("time.days=5"));
    assert_eq!(shorter.rows(Table::Households).lines(&[]), longer.rows(Table::Households).lines(&[]));
    for table in [
        Table::AgentPeriods,
        Table::MarketPeriods,
        Table::Trades,
        Table::OperatorPeriods,
        Table::StoragePeriods,
        Table::BatteryDays,
    ] {
        let (left, right) = (first_days(&shorter, table), first_days(&longer, table));
        assert!(left.len() > 100, "{table}: {} rows on the first two days", left.len());
        let differs = left.iter().zip(&right).find(|(left, right)| left != right);
        assert!(differs.is_none() && left.len() == right.len(), "{table}: {differs:#?}");
    }
}

/// What comes to a household from outside: its equipment, its sun, when it is away and how far it drives.
fn exogenous(run: &Run) -> (BTreeMap<String, String>, BTreeMap<(String, Slot), String>) {
    assert_eq!(run.events("range_shortfall"), [""; 0], "a shortfall would hide what was drawn");
    let households = run.rows(Table::Households);
    let equipment = households.texts("household").into_iter().zip(households.lines(&[])).collect();
    let periods = run.rows(Table::AgentPeriods);
    let (used, spilled) = (periods.micro("pv_kwh"), periods.micro("pv_spilled_kwh"));
    let (driven, roles) = (periods.micro("drive_kwh"), periods.texts("role"));
    let names = periods.texts("household").into_iter().zip(periods.slots());
    let told = names.enumerate().map(|(row, key)| {
        let (sun, away) = (used[row] + spilled[row], roles[row] == "away");
        (key, format!("sun {sun}, driven {}, away {away}", driven[row]))
    });
    (equipment, told.collect())
}

#[test]
fn one_more_household_changes_no_draw_of_another() {
    let before = Run::of("community", &OPEN_ROAD);
    // One of the second portrait, so that the numbers of most others move.
    let community = scenario::load(shipped("community"), &[]).unwrap().scenario;
    let (name, portrait) = community.portraits.iter().nth(1).unwrap();
    let count = portrait.count + 1;
    let one_more = format!("portraits.{name}.count={count}");
    let after = Run::of("community", &[OPEN_ROAD.as_slice(), &[&one_more]].concat());
    let ((equipment, periods), (more_equipment, more_periods)) = (exogenous(&before), exogenous(&after));
    let names = |equipment: &BTreeMap<String, String>| equipment.keys().cloned().collect::<BTreeSet<_>>();
    let (names, more_names) = (names(&equipment), names(&more_equipment));
    let newcomers: Vec<_> = more_names.difference(&names).collect();
    assert_eq!(newcomers, [&format!("{name}-{count:04}")]);
    for (name, equipment) in &equipment {
        assert_eq!(*equipment, more_equipment[name]);
    }
    for (key, told) in &periods {
        assert_eq!(*told, more_periods[key], "{key:?}");
    }
    assert!(periods.values().filter(|told| !told.contains("driven 0,")).count() > 200, "they drive");
}

#[test]
fn another_mechanism_changes_no_draw() {
    let with = |mechanism| Run::of("community", &[OPEN_ROAD.as_slice(), &[mechanism]].concat());
    let (ngo, grid_only) = (with("market.mechanism=ngo"), with("market.mechanism=grid_only"));
    assert_eq!(exogenous(&ngo), exogenous(&grid_only));
    assert!(ngo.rows(Table::Trades).len() > 0 && grid_only.rows(Table::Trades).len() == 0);
}
