//! A run that was saved and gone on with ends as one that ran through.

use std::collections::BTreeMap;
use std::fs;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use goshawk::run::{LEDGER_FILE, Report, Request, Saves, run_saved};
use goshawk::save::{SavedRun, save_path};
use goshawk::scenario::{self, Loaded};
use goshawk::verify::verify;
use goshawk_agents::journal::Progress;
use goshawk_output::table::Table;
use goshawk_output::{Existing, Manifest};
use proptest::prelude::*;
use tempfile::TempDir;

use crate::run::{Run, new_home, shipped};
use crate::table::Rows;

fn owned(sets: &[&str]) -> Vec<String> {
    sets.iter().map(|&set| set.to_owned()).collect()
}

fn loaded(scenario: &str, sets: &[&str]) -> Loaded {
    scenario::load(shipped(scenario), &owned(sets)).unwrap_or_else(|problems| panic!("{problems}"))
}

/// Runs into a folder, saving at the ends of these days.
fn run(loaded: &Loaded, out: &Path, at: &[u32], from: Option<&SavedRun>) -> Report {
    let request = Request { loaded, out, existing: Existing::Refuse, command: Vec::new() };
    run_saved(&request, &Saves { at, from }, None, &Arc::new(Progress::default()))
        .unwrap_or_else(|error| panic!("{}: {error}", out.display()))
}

fn rows(out: &Path) -> BTreeMap<Table, Vec<String>> {
    Table::ALL.into_iter().map(|table| (table, Rows::read(out, table).lines(&[]))).collect()
}

fn expect_same(found: &Path, expected: &Path, what: &str) {
    let (found_rows, expected_rows) = (rows(found), rows(expected));
    for (table, expected) in &expected_rows {
        let found = &found_rows[table];
        let differs = found.iter().zip(expected).find(|(found, expected)| found != expected);
        assert!(differs.is_none() && found.len() == expected.len(), "{what}: {table}: {differs:#?}");
    }
    let ledger = |out: &Path| fs::read(out.join(LEDGER_FILE)).unwrap();
    assert!(ledger(found) == ledger(expected), "{what}: the ledger's store differs");
    let verification = verify(found).unwrap();
    assert!(verification.passed(), "{what}: {verification}");
}

/// Saves a run at the ends of some days, goes on from each, and demands the rows, the digest and the ledger of the run that
/// ran through, and clean books.
fn goes_on_as_if_nothing_had_been(scenario: &str, sets: &[&str], days: &[u32]) {
    let plain = Run::of(scenario, sets);
    let home = new_home();
    let out = home.path().join("saved");
    let saved = run(&loaded(scenario, sets), &out, days, None);
    assert_eq!(saved.outcome.digest, plain.report.outcome.digest, "{scenario} with {sets:?}");
    assert_eq!(saved.saves, days.iter().map(|&day| save_path(&out, day)).collect::<Vec<_>>());
    expect_same(&out, &plain.out(), &format!("{scenario} with {sets:?}, saved"));
    for &day in days {
        let what = format!("{scenario} with {sets:?}, from the end of day {day}");
        // Elsewhere, with nothing of the run that was saved.
        let elsewhere = new_home();
        let copy = elsewhere.path().join("a save.tar");
        fs::copy(save_path(&out, day), &copy).unwrap();
        let save = SavedRun::open(&copy).unwrap();
        let again = elsewhere.path().join("again");
        let report = run(&save.scenario(&[]).unwrap(), &again, &[], Some(&save));
        assert_eq!(report.outcome.digest, plain.report.outcome.digest, "{what}");
        assert_eq!(report.outcome.counters, plain.report.outcome.counters, "{what}");
        assert_eq!(report.kpis, plain.report.kpis, "{what}");
        expect_same(&again, &plain.out(), &what);
        let manifest = Manifest::read(&again).unwrap();
        let from: Vec<_> = manifest.went_on_from.iter().map(|save| (save.day, save.changes.len())).collect();
        assert_eq!(from, [(day, 0)], "{what}");
    }
}

#[test]
fn the_community_saved_after_day_3_ends_as_if_it_had_run_through() {
    goes_on_as_if_nothing_had_been("community", &[], &[3]);
}

#[test]
fn any_day_will_do() {
    goes_on_as_if_nothing_had_been("community", &["market.mechanism=mid_market_rate"], &[1, 2, 3, 4, 5, 6]);
}

#[test]
fn every_kind_of_household_operator_and_market_goes_on() {
    let faults = [
        "time.days=3",
        "portraits.at_home.faults={ non_delivery = 0.2, late_arrival = 0.3, false_metering = 0.2, false_share = 0.3, detection = 0.5 }",
        "portraits.night_shift.faults={ late_arrival = 0.3 }",
        "market.mechanism=double_auction",
    ];
    goes_on_as_if_nothing_had_been("community", &faults, &[1, 2]);
    let warm = ["time.days=3", "market.warm_start=true", "market.optimizer.iterations=20"];
    goes_on_as_if_nothing_had_been("community", &warm, &[2]);
    let rational = ["time.days=3", "decisions.mode=rational", "market.mechanism=pay_as_bid"];
    goes_on_as_if_nothing_had_been("community", &rational, &[1, 2]);
    let planned = ["time.days=3", "sellers.plan=dearest_first", "market.mechanism=exact"];
    goes_on_as_if_nothing_had_been("community", &planned, &[2]);
    goes_on_as_if_nothing_had_been("feeder", &["market.optimizer.iterations=20"], &[1, 2]);
    goes_on_as_if_nothing_had_been("aggregator", &[], &[1]);
    let regulation = [
        "time.days=3",
        "aggregator={ signal = \"regulation\", capacity_kw = 40, up_price_per_kwh = 0.8, down_price_per_kwh = 0.01 }",
        "battery.ageing=lfp",
        "battery.model=lfp",
        "ledger.signatures=ed25519",
    ];
    goes_on_as_if_nothing_had_been("aggregator", &regulation, &[1, 2]);
    goes_on_as_if_nothing_had_been("town", &[], &[1]);
    goes_on_as_if_nothing_had_been("workplace", &["market.mechanism=mid_market_rate"], &[3, 9]);
    goes_on_as_if_nothing_had_been("paper_1", &["time.days=3", "market.optimizer.iterations=20"], &[1, 2]);
}

#[test]
fn runs_under_attack_go_on() {
    let validators = [
        "time.days=3",
        "market.mechanism=mid_market_rate",
        "ledger.validators=13",
        "ledger.withholding_validators=1",
        "ledger.equivocating_validators=1",
    ];
    goes_on_as_if_nothing_had_been("community", &validators, &[1, 2]);
    let more = [
        "ledger.censoring_validators=1",
        "ledger.partitions=[{ start_h = 20, length_h = 6, validators = 1 }, { start_h = 47.9, length_h = 0.05, validators = 1 }]",
        "ledger.compensation_factor=2",
        "portraits.at_home.faults={ double_sale = 0.3, replay = 0.5, false_metering = 0.1 }",
    ];
    goes_on_as_if_nothing_had_been("community", &[validators.as_slice(), &more].concat(), &[1, 2]);
}

#[test]
fn suspended_households_stay_suspended_in_a_run_that_goes_on() {
    let sets = [
        "time.days=3",
        "market.mechanism=mid_market_rate",
        "portraits.at_home.faults.non_delivery=0.6",
        "ledger.credit={ suspension_periods = 60 }",
    ];
    goes_on_as_if_nothing_had_been("community", &sets, &[1, 2]);
}

/// Votes that take half a minute, days that end in the middle of trade, and blocks too small for a period's contracts.
const SLOW: [&str; 6] = [
    "time.days=3",
    "time.start=2019-01-07T08:20:00",
    "time.period_minutes=5",
    "ledger.latency_min_ms=29000",
    "ledger.latency_max_ms=30000",
    "market.mechanism=mid_market_rate",
];

#[test]
fn slow_validators_are_saved_between_two_blocks() {
    let sets = [SLOW.as_slice(), &["ledger.block_transactions_max=8"]].concat();
    goes_on_as_if_nothing_had_been("community", &sets, &[2]);
    let home = new_home();
    let out = home.path().join("out");
    run(&loaded("community", &sets), &out, &[1, 2], None);
    let periods = [1, 2].map(|day| SavedRun::open(&save_path(&out, day)).unwrap().header.periods);
    assert!(periods[0] == 288 && (577..864).contains(&periods[1]), "the second had to wait: {periods:?}");
}

#[test]
fn validators_that_never_pause_are_not_saved_and_earlier_saves_stay() {
    let sets = [SLOW.as_slice(), &["ledger.block_transactions_max=2", "ledger.expiry_h=1000"]].concat();
    let home = new_home();
    let out = home.path().join("out");
    let scenario = loaded("community", &sets);
    let request = Request { loaded: &scenario, out: &out, existing: Existing::Refuse, command: Vec::new() };
    let saves = Saves { at: &[1, 2], from: None };
    let error = run_saved(&request, &saves, None, &Arc::new(Progress::default())).unwrap_err();
    assert!(error.to_string().contains("after the end of day 2"), "{error}");
    assert!(SavedRun::open(&save_path(&out, 1)).is_ok() && !out.exists());
}

#[test]
fn a_run_that_went_on_can_be_saved_and_gone_on_with_again() {
    let sets = ["time.days=5", "market.mechanism=mid_market_rate"];
    let plain = Run::of("community", &sets);
    let home = new_home();
    let (first, second, third) = (home.path().join("1"), home.path().join("2"), home.path().join("3"));
    run(&loaded("community", &sets), &first, &[1], None);
    let save = SavedRun::open(&save_path(&first, 1)).unwrap();
    run(&loaded("community", &sets), &second, &[2, 4], Some(&save));
    let save = SavedRun::open(&save_path(&second, 4)).unwrap();
    let report = run(&save.scenario(&[]).unwrap(), &third, &[], Some(&save));
    assert_eq!(report.outcome.digest, plain.report.outcome.digest);
    expect_same(&third, &plain.out(), "twice");
    let days = |out: &Path| {
        Manifest::read(out).unwrap().went_on_from.iter().map(|save| save.day).collect::<Vec<_>>()
    };
    assert_eq!((days(&second), days(&third)), (vec![1], vec![1, 4]));
    // What was written after the same saves is the same to the byte.
    let part = "agent_periods/part-00000-00000_leg-0003.parquet";
    assert!(fs::read(second.join(part)).unwrap() == fs::read(third.join(part)).unwrap());
}

#[test]
fn a_run_with_an_aggregator_can_be_saved_again() {
    let sets = ["time.days=3"];
    let plain = Run::of("aggregator", &sets);
    let home = new_home();
    let (first, second, third) = (home.path().join("1"), home.path().join("2"), home.path().join("3"));
    run(&loaded("aggregator", &sets), &first, &[1], None);
    let save = SavedRun::open(&save_path(&first, 1)).unwrap();
    run(&loaded("aggregator", &sets), &second, &[2], Some(&save));
    let save = SavedRun::open(&save_path(&second, 2)).unwrap();
    run(&save.scenario(&[]).unwrap(), &third, &[], Some(&save));
    expect_same(&second, &plain.out(), "saved again");
    expect_same(&third, &plain.out(), "and gone on with");
}

/// A branch of the community from the end of the first of two days.
fn branch(home: &TempDir, name: &str, save: &SavedRun, sets: &[&str]) -> PathBuf {
    let out = home.path().join(name);
    run(&save.scenario(&owned(sets)).unwrap(), &out, &[], Some(save));
    out
}

#[test]
fn branches_share_the_days_before_and_differ_after() {
    let home = new_home();
    let out = home.path().join("out");
    run(&loaded("community", &["time.days=2"]), &out, &[1], None);
    let save = SavedRun::open(&save_path(&out, 1)).unwrap();
    let sets = ["market.mechanism=mid_market_rate", "fees.grid_per_kwh=0.03", "tariffs.company.scale=0.5"];
    let changed = branch(&home, "changed", &save, &sets);
    for table in [Table::AgentPeriods, Table::MarketPeriods] {
        let by_day = |out: &Path, wanted: u16| -> Vec<String> {
            let rows = Rows::read(out, table);
            let lines = rows.days().into_iter().zip(rows.lines(&[]));
            lines.filter(|(day, _)| *day == wanted).map(|(_, line)| line).collect()
        };
        assert_eq!(by_day(&changed, 0), by_day(&out, 0), "{table}: the first day");
        assert_ne!(by_day(&changed, 1), by_day(&out, 1), "{table}: the second day");
    }
    let verification = verify(&changed).unwrap();
    assert!(verification.passed(), "{verification}");
    let manifest = Manifest::read(&changed).unwrap();
    assert_eq!(
        manifest.went_on_from[0].changes,
        [
            "fees.grid_per_kwh: 0.01 -> 0.03",
            "market.mechanism: \"ngo\" -> \"mid_market_rate\"",
            "tariffs.company.scale: 1.0 -> 0.5",
        ]
    );
    assert_ne!(manifest.header.config_hash, manifest.went_on_from[0].config_hash);
    // Households may decide otherwise from then on.
    let rational = branch(&home, "rational", &save, &["decisions.mode=rational"]);
    assert!(verify(&rational).unwrap().passed());
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 24, failure_persistence: None, ..ProptestConfig::default() })]

    /// A save with any byte changed, or cut anywhere, is refused or says the same.
    #[test]
    fn nothing_can_hide_in_a_save(place in any::<prop::sample::Index>(), bit in 0..8u8, is_cut in any::<bool>()) {
        let home = new_home();
        let out = home.path().join("out");
        let sets = ["time.days=2", "market.mechanism=grid_only", "portraits.commuter.count=3"];
        run(&loaded("aggregator", &sets), &out, &[1], None);
        let path = save_path(&out, 1);
        let whole = SavedRun::open(&path).unwrap();
        let mut bytes = fs::read(&path).unwrap();
        let place = place.index(bytes.len());
        if is_cut {
            bytes.truncate(place);
        } else {
            bytes[place] ^= 1 << bit;
        }
        fs::write(&path, &bytes).unwrap();
        // What lies between the contents of an archive, and at its end, says nothing.
        if let Ok(read) = SavedRun::open(&path) {
            prop_assert_eq!(&read.header, &whole.header);
        }
    }
}
