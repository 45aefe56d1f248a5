//! Credit bands in whole runs: who pays, who is kept from trading, and who comes back.

use std::collections::{BTreeMap, BTreeSet};

use goshawk_output::table::Table;

use crate::run::Run;

/// A quarter of an hour in microseconds.
const PERIOD: i64 = 900_000_000;
const DEFAULTS: i64 = 24;
const CHEATS: &str = "portraits.cheats.faults.non_delivery=0.5";

fn figure(run: &Run, variable: &str) -> f64 {
    run.figure(variable).unwrap_or_else(|| panic!("{variable} is undefined"))
}

fn cheats(sets: &[&str]) -> Run {
    let run = Run::of("cheats", &[&["time.days=3", CHEATS], sets].concat());
    run.expect_verified();
    run
}

/// Times of the events of a kind by household.
fn times(run: &Run, kind: &str) -> BTreeMap<String, Vec<i64>> {
    let events = run.rows(Table::Events);
    let mut found: BTreeMap<String, Vec<i64>> = BTreeMap::new();
    for ((one, actor), at) in events.texts("kind").iter().zip(events.texts("actor")).zip(events.times("at")) {
        if one == kind {
            found.entry(actor).or_default().push(at);
        }
    }
    found
}

/// The periods of a household's trades, by the times at which they begin.
fn traded(run: &Run) -> BTreeMap<String, BTreeSet<i64>> {
    let trades = run.rows(Table::Trades);
    let mut found: BTreeMap<String, BTreeSet<i64>> = BTreeMap::new();
    for party in ["seller", "buyer"] {
        for (name, start) in trades.texts(party).into_iter().zip(trades.times("ts_start")) {
            found.entry(name).or_default().insert(start);
        }
    }
    found
}

/// When the ledger refused something of a suspended household.
fn refused_as_suspended(run: &Run) -> BTreeSet<i64> {
    let events = run.rows(Table::Events);
    let of_ledger = events.texts("detail").into_iter().zip(events.times("at"));
    of_ledger.filter(|(detail, _)| detail.contains("is suspended until")).map(|(_, at)| at).collect()
}

#[test]
fn suspended_households_do_not_trade_and_come_back() {
    let run = cheats(&["ledger.credit={}"]);
    let (suspended, reinstated, traded) = (times(&run, "suspended"), times(&run, "reinstated"), traded(&run));
    assert!(suspended.keys().all(|name| name.starts_with("cheats-")), "honest ones are not: {suspended:?}");
    assert!(suspended.len() >= 8, "nearly all cheats are: {suspended:?}");
    assert!(!reinstated.is_empty() && reinstated.keys().all(|name| suspended.contains_key(name)));
    for (name, times) in &suspended {
        for &at in times {
            // The contract's period ended some moments before; the one after it is the first of the suspension.
            let first = at - at.rem_euclid(PERIOD);
            let barred = first..first + DEFAULTS * PERIOD;
            let during: Vec<&i64> = traded[name].range(barred.clone()).collect();
            assert!(during.is_empty(), "{name}: {during:?} in {barred:?}");
            let back = reinstated.get(name).into_iter().flatten().find(|&&back| back > at);
            assert!(back.is_none_or(|&back| back >= barred.end), "{name}: {back:?}, {barred:?}");
        }
    }
    // The market learns of it after it has cleared the next period, and leaves their orders out from then on.
    let told: BTreeSet<i64> = suspended.values().flatten().copied().collect();
    let refused = refused_as_suspended(&run);
    assert!(!refused.is_empty() && refused.is_subset(&told), "{refused:?} in {told:?}");
    let count = |times: &BTreeMap<String, Vec<i64>>| times.values().map(Vec::len).sum::<usize>() as f64;
    assert_eq!(figure(&run, "suspensions"), count(&suspended));
    assert_eq!(figure(&run, "reinstatements"), count(&reinstated));
    assert_eq!(figure(&run, "suspended"), suspended.len() as f64);
    assert!(figure(&run, "orders_left_out") > 0.0);
}

#[test]
fn surcharges_are_the_platforms_beside_its_fees() {
    let run = cheats(&["ledger.credit={}"]);
    let trades = run.rows(Table::Trades);
    let sum = |column: &str| trades.micro(column).iter().sum::<i64>();
    let surcharges = sum("seller_surcharge") + sum("buyer_surcharge");
    assert!(surcharges > 1_000_000, "{surcharges}");
    assert_eq!((figure(&run, "surcharges") * 1e6).round() as i64, surcharges);
    let operators = run.rows(Table::OperatorPeriods);
    let of_platform = operators.texts("operator").into_iter().zip(operators.micro("revenue"));
    let revenue: i64 = of_platform.filter(|(name, _)| name == "platform").map(|(_, revenue)| revenue).sum();
    assert_eq!(revenue, surcharges + sum("platform_amount"));
}

#[test]
fn bands_that_are_not_enabled_are_as_none() {
    let none = cheats(&[]);
    let disabled = cheats(&["ledger.credit={ enabled = false }"]);
    for table in Table::ALL {
        assert!(none.rows(table).lines(&[]) == disabled.rows(table).lines(&[]), "{}", table.name());
    }
    for variable in ["surcharges", "suspensions", "reinstatements", "orders_left_out", "suspended"] {
        assert_eq!(figure(&none, variable), 0.0, "{variable}");
    }
}

#[test]
fn bands_that_ask_for_nothing_change_no_trade_of_honest_households() {
    let free =
        "ledger.credit={ fair_surcharge = 0, poor_surcharge = 0, poor_deposit = 0, return_deposit = 0 }";
    let honest = "portraits.cheats.faults.non_delivery=0";
    let [with, without] = [&[honest, free][..], &[honest]].map(cheats);
    assert_eq!(figure(&with, "suspensions"), 0.0);
    let lines = |run: &Run| run.rows(Table::Trades).lines(&["block_height"]);
    assert!(lines(&with) == lines(&without));
}
