//! Runs on a feeder: what the security check does, and what the lines cost.

use std::collections::BTreeMap;

use goshawk_output::table::Table;

use crate::run::Run;

const DAYS: [&str; 2] = ["time.days=2", "market.mechanism=mid_market_rate"];

fn with(sets: &[&str]) -> Run {
    Run::of("feeder", &[DAYS.as_slice(), sets].concat())
}

#[test]
fn a_thin_lateral_curtails_what_its_households_would_sell() {
    let run = with(&[]);
    run.expect_verified();
    let curtailments = run.events("curtailment");
    assert!(!curtailments.is_empty() && run.events("refusal").is_empty());
    for detail in &curtailments {
        assert!(detail.starts_with("line 1-18 at ") && detail.contains("% of 160 kVA allows"), "{detail}");
    }
    let periods = run.rows(Table::MarketPeriods);
    let curtailed = periods.micro("curtailed_kwh").into_iter().filter(|&curtailed| curtailed > 0).count();
    assert_eq!(curtailed, curtailments.len());
    // What really flows keeps to the limit where trades are delivered as contracted.
    let loading = run.rows(Table::FeederPeriods).numbers("highest_loading");
    let fullest = loading.into_iter().flatten().fold(0.0, f64::max);
    assert!((0.99..1.001).contains(&fullest), "{fullest}");
    let without = with(&["grid.feeder.lines=data/ieee33_lines.csv"]);
    without.expect_verified();
    assert_eq!(without.events("curtailment"), [""; 0], "lines without limits carry it all");
    assert!(without.figure("delivered") > run.figure("delivered"));
    assert_eq!(without.figure("highest_loading"), None);
}

#[test]
fn limits_that_are_only_observed_cut_nothing_and_tell_everything() {
    let (enforced, observed) = (with(&[]), with(&["grid.feeder.security=observed"]));
    observed.expect_verified();
    assert_eq!(observed.events("curtailment").len() + observed.events("refusal").len(), 0);
    assert!(observed.figure("highest_loading").unwrap() > 1.1);
    assert!(observed.figure("delivered") > enforced.figure("delivered"));
    let unlimited = with(&["grid.feeder.lines=data/ieee33_lines.csv"]);
    let trades = |run: &Run| run.rows(Table::Trades).lines(&[]);
    assert_eq!(trades(&observed), trades(&unlimited));
}

#[test]
fn without_a_feeder_there_is_nothing_of_it() {
    let run = Run::of("smoke", &[]);
    assert_eq!(run.rows(Table::FeederPeriods).len(), 0);
    assert_eq!((run.figure("line_losses"), run.figure("lowest_voltage")), (None, None));
    let lines = run.rows(Table::Households).lines(&[]);
    assert!(lines.iter().all(|line| line.ends_with("bus absent")), "{:?}", lines[0]);
}

#[test]
fn a_band_that_base_loads_leave_already_holds_trades_to_what_makes_it_no_worse() {
    // At the end of the feeder 0.97 p.u. without any trade: selling there helps.
    let run = with(&["grid.feeder.voltage_min_pu=0.99", "grid.feeder.lines=data/ieee33_lines.csv"]);
    run.expect_verified();
    assert!(run.figure("lowest_voltage").unwrap() < 0.98);
    assert_eq!(run.events("refusal").len() + run.events("curtailment").len(), 0);
    assert!(run.figure("delivered").unwrap() > 0.0);
    // No feed-in may raise a voltage that is above the band already, and some trade is all there is.
    let high =
        ["grid.feeder.voltage_max_pu=1", "grid.feeder.base_load_scale=0", "grid.feeder.placement=spread"];
    let run = with(&[high.as_slice(), &["portraits.normal_hours.count=1"]].concat());
    run.expect_verified();
    let refusals = run.events("refusal");
    let cut: Vec<String> = run.events("curtailment").into_iter().chain(refusals).collect();
    assert!(!cut.is_empty() && cut.iter().all(|detail| detail.contains(" > 1.0000 p.u. allows")), "{cut:?}");
}

#[test]
fn losses_are_bought_upstream_at_their_price() {
    let run = with(&["grid.feeder.loss_price_per_kwh=0.2"]);
    run.expect_verified();
    let feeder = run.rows(Table::FeederPeriods);
    let (losses, cost) = (feeder.micro("losses_kwh"), feeder.micro("loss_cost"));
    assert!(losses.iter().all(|&losses| losses > 0));
    for (losses, cost) in losses.iter().zip(&cost) {
        // Halves away from zero.
        assert_eq!((losses * 2 + 5) / 10, *cost);
    }
    let operators = run.rows(Table::OperatorPeriods);
    let of = |name: &str, column: &str| -> i64 {
        let rows = operators.texts("operator").into_iter().zip(operators.micro(column));
        rows.filter(|(operator, _)| operator == name).map(|(_, value)| value).sum()
    };
    assert_eq!(of("grid", "cost"), cost.iter().sum::<i64>());
    assert_eq!(of("upstream", "energy_kwh") - of("company", "energy_kwh"), losses.iter().sum::<i64>());
}

#[test]
fn one_more_household_leaves_the_others_where_they_are() {
    let buses = |sets: &[&str]| -> BTreeMap<String, String> {
        let households =
            with(&[&["time.days=1", "market.mechanism=grid_only"], sets].concat()).rows(Table::Households);
        let bus = |line: String| line.split("bus ").nth(1).unwrap().to_owned();
        households.texts("household").into_iter().zip(households.lines(&[]).into_iter().map(bus)).collect()
    };
    let (before, after) = (buses(&[]), buses(&["portraits.early_and_late.count=41"]));
    assert!(before.iter().all(|(household, bus)| after[household] == *bus));
    let count = |bus: &str| before.values().filter(|one| *one == bus).count();
    assert_eq!([18, 19, 20, 21].map(|bus| count(&bus.to_string())), [10; 4]);
}
