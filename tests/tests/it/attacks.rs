//! Attacks that scenarios can order: what each costs, what it changes, and that it changes nothing else.

use std::collections::{BTreeMap, BTreeSet};

use goshawk_output::table::Table;

use crate::run::Run;

const VALIDATORS: &str = "ledger.validators=10";

/// All that users trade, store and pay, which depends on no validator.
fn economy(run: &Run) -> Vec<Vec<String>> {
    let trades = run.rows(Table::Trades).lines(&["block_height"]);
    let others = [Table::AgentPeriods, Table::MarketPeriods, Table::OperatorPeriods, Table::Households];
    std::iter::once(trades).chain(others.map(|table| run.rows(table).lines(&[]))).collect()
}

fn figure(run: &Run, variable: &str) -> f64 {
    run.figure(variable).unwrap_or_else(|| panic!("{variable} is undefined"))
}

#[test]
fn faulty_validators_and_partitions_cost_time_and_change_no_trade() {
    let honest = Run::of("smoke", &[VALIDATORS]);
    assert_eq!((figure(&honest, "extra_rounds"), figure(&honest, "equivocations")), (0.0, 0.0));
    let usual = economy(&honest);
    assert!(!usual[0].is_empty());
    let partition = "ledger.partitions=[{ start_h = 0.5, length_h = 1.1, validators = 3 }, \
                     { start_h = 3.25, length_h = 100, validators = 2 }]";
    let cases: [&[&str]; 6] = [
        &["ledger.equivocating_validators=3"],
        &["ledger.censoring_validators=3"],
        &["ledger.censoring_validators=1", "ledger.censored_share=1"],
        &[partition],
        &["ledger.silent_validators=1", "ledger.equivocating_validators=1", "ledger.censoring_validators=1"],
        &[
            "ledger.withholding_validators=1",
            "ledger.equivocating_validators=1",
            "ledger.partitions=[{ start_h = 0, length_h = 4, validators = 1 }]",
        ],
    ];
    for case in cases {
        let run = Run::of("smoke", &[&[VALIDATORS], case].concat());
        run.expect_verified();
        assert!(economy(&run) == usual, "{case:?}: another economy");
        for variable in ["latency_p95", "approval_p95"] {
            let (with, without) = (figure(&run, variable), figure(&honest, variable));
            assert!(with > without, "{case:?}: {variable} {with} ms, without {without} ms");
        }
        let accused: BTreeSet<String> = run.events("equivocation").into_iter().collect();
        let count = run.events("equivocation").len() as f64;
        assert_eq!(figure(&run, "equivocations"), count);
        assert_eq!(count > 0.0, case.iter().any(|set| set.contains("equivocating")), "{case:?}: {accused:?}");
        assert_eq!(
            figure(&run, "censored") > 0.0,
            case.iter().any(|set| set.contains("censoring")),
            "{case:?}"
        );
    }
}

#[test]
fn only_equivocators_are_accused() {
    let run =
        Run::of("smoke", &[VALIDATORS, "ledger.silent_validators=1", "ledger.equivocating_validators=2"]);
    let names: BTreeSet<String> = run
        .events("equivocation")
        .iter()
        .map(|detail| detail.split(' ').next().unwrap().to_owned())
        .collect();
    assert_eq!(names, ["validator-7", "validator-8"].map(str::to_owned).into());
}

#[test]
fn equivocators_are_convicted_on_the_chain_and_lose_their_power_with_the_epoch() {
    // An epoch has 100 blocks, and a week of the community more.
    let sets =
        ["market.mechanism=mid_market_rate", "ledger.validators=7", "ledger.equivocating_validators=2"];
    let (run, honest) = (Run::of("community", &sets), Run::of("community", &sets[..2]));
    run.expect_verified();
    assert!(economy(&run) == economy(&honest));
    let transactions = run.rows(Table::Transactions);
    let (kinds, states) = (transactions.texts("kind"), transactions.texts("status"));
    let accepted =
        (0..kinds.len()).filter(|&row| kinds[row] == "accuse" && states[row] != "rejected").count();
    assert!(accepted >= 2, "{accepted} accusations");
    let blocks = run.rows(Table::Blocks);
    let (heights, proposers) = (blocks.counts("height"), blocks.texts("proposer"));
    assert!(heights.last().is_some_and(|&last| last > 115), "{:?} blocks", heights.last());
    let liars = ["validator-5", "validator-6"];
    for (height, proposer) in heights.iter().zip(&proposers) {
        assert!(*height <= 100 || !liars.contains(&proposer.as_str()), "{proposer} proposes block {height}");
    }
    assert!(proposers.iter().any(|it| liars.contains(&it.as_str())), "they did before");
    // Whoever has no power has nothing to contradict itself with.
    let after = run.events("equivocation").into_iter().filter(|detail| {
        detail.rsplit(' ').next().and_then(|height| height.parse::<u64>().ok()).is_some_and(|it| it > 100)
    });
    assert_eq!(after.count(), 0);
}

#[test]
fn a_partition_costs_rounds_while_it_lasts_and_none_after() {
    // Four validators take turns, and one is not heard until an hour before the second half of the blocks.
    let run = Run::of("smoke", &["ledger.partitions=[{ start_h = 0, length_h = 3, validators = 1 }]"]);
    let blocks = run.rows(Table::Blocks);
    let (rounds, times, proposers) =
        (blocks.counts("round"), blocks.times("ts_commit"), blocks.texts("proposer"));
    let start = run.rows(Table::MarketPeriods).times("ts_start")[0];
    let is_cut = |place: usize| times[place] < start + 3 * 3_600_000_000;
    let of = |cut: bool| (0..times.len()).filter(move |&place| is_cut(place) == cut);
    assert_eq!(of(true).map(|place| rounds[place]).sum::<u64>(), 1, "its turn comes once");
    assert!(of(true).all(|place| proposers[place] != "validator-3"));
    // It knows the chain again: a proposal of its own is taken in the first round.
    assert_eq!(of(false).map(|place| rounds[place]).sum::<u64>(), 0);
    assert!(of(false).any(|place| proposers[place] == "validator-3"));
    assert_eq!(figure(&run, "extra_rounds"), 1.0);
}

#[test]
fn a_partition_during_a_longer_run_is_caught_up_with() {
    let sets = [
        "time.days=3",
        "market.mechanism=mid_market_rate",
        "ledger.validators=7",
        "ledger.partitions=[{ start_h = 0, length_h = 20, validators = 1 }, { start_h = 40, length_h = 6, validators = 2 }]",
    ];
    let (run, whole) = (Run::of("community", &sets), Run::of("community", &sets[..3]));
    run.expect_verified();
    assert!(economy(&run) == economy(&whole));
    let late = run.rows(Table::Blocks).texts("proposer");
    assert!(late.contains(&"validator-6".to_owned()), "it proposes again");
}

#[test]
fn what_is_sent_again_is_in_no_block_and_changes_nothing() {
    let honest = Run::of("smoke", &[]);
    let replays = "portraits.at_home.faults.replay=1";
    let run = Run::of("smoke", &[replays, "portraits.night_shift.faults.replay=0.5"]);
    run.expect_verified();
    let count = run.events("replay").len();
    assert!(count > 5, "{count}");
    assert_eq!(figure(&run, "replays"), count as f64);
    assert_eq!(figure(&run, "replays_accepted"), 0.0);
    // To the transaction and the block.
    for table in [Table::Transactions, Table::Blocks, Table::Trades, Table::AgentPeriods] {
        assert_eq!(run.rows(table).lines(&[]), honest.rows(table).lines(&[]), "{table}");
    }
}

#[test]
fn who_sells_twice_delivers_once_and_pays_for_the_rest() {
    const SMALL: [&str; 3] =
        ["battery.discharge_kw=22", "battery.capacity_kwh=25", "portraits.at_home.initial_soc=0.3"];
    let honest = Run::of("smoke", &SMALL);
    // Chargers that could discharge more than batteries hold: the ledger believes most of it.
    let run = Run::of("smoke", &[&SMALL[..], &["portraits.at_home.faults.double_sale=1"]].concat());
    run.expect_verified();
    assert_eq!(figure(&run, "double_sales"), run.events("double_sale").len() as f64);
    assert!(figure(&run, "double_sales") > 0.0);
    let trades = run.rows(Table::Trades);
    let sum = |column: &str| trades.micro(column).iter().sum::<i64>();
    assert!(sum("delivered_kwh") < sum("contracted_kwh"));
    assert_eq!(figure(&run, "cheating_cost"), sum("penalty_to_buyer") as f64 / 1e6, "nobody else defaults");
    assert_eq!(figure(&run, "cheating_earned"), 0.0);
    // Who promises the same twice to buyers who need it once leaves less for others to sell.
    assert_eq!(honest.figure("cheaters"), Some(0.0));
    assert!(honest.figure("cheating_gain_per_cheater").is_none());
}

#[test]
fn a_ledger_that_knows_what_vehicles_hold_refuses_what_is_sold_twice_and_nothing_else() {
    let honest = Run::of("smoke", &[]);
    let accounts = Run::of("smoke", &["ledger.device_accounts=true"]);
    accounts.expect_verified();
    assert!(economy(&accounts) == economy(&honest), "another economy");
    assert_eq!(figure(&accounts, "rejected_lot"), 0.0);
    let operations = accounts.rows(Table::Transactions).texts("kind");
    for kind in ["charge", "discharge"] {
        assert!(operations.iter().any(|operation| operation == kind), "no {kind}");
    }
}

#[test]
fn what_is_sold_twice_beyond_what_the_charger_can_discharge_is_refused() {
    // These sell all that their chargers can discharge, 1.75 kWh in a quarter of an hour, and then again.
    let run = Run::of("smoke", &["portraits.at_home.faults.double_sale=1"]);
    run.expect_verified();
    assert!(figure(&run, "double_sales") > 0.0 && figure(&run, "rejected_lot") > 0.0);
    let trades = run.rows(Table::Trades);
    let mut sold: BTreeMap<(String, i64), i64> = BTreeMap::new();
    let keys = trades.texts("seller").into_iter().zip(trades.times("ts_start"));
    keys.zip(trades.micro("contracted_kwh"))
        .for_each(|(key, energy)| *sold.entry(key).or_default() += energy);
    assert!(sold.values().all(|&energy| energy <= 1_750_000) && !sold.is_empty());
    // Nothing else goes wrong: buyers of what was refused buy elsewhere, and nobody is short.
    assert_eq!(trades.micro("penalty_to_buyer").iter().sum::<i64>(), 0);
}

#[test]
fn what_cheating_earns_and_costs_is_what_the_tables_say() {
    let faults = [
        "portraits.at_home.faults={ false_metering = 0.7, false_share = 0.5, detection = 0.4, non_delivery = 0.2 }",
        "portraits.night_shift.faults={ false_metering = 0.3, detection = 0.4 }",
    ];
    let run = Run::of("smoke", &faults);
    run.expect_verified();
    // Nobody breaks a contract but on purpose, so every penalty of a seller is one for misconduct; buyers pay for what they
    // deny, and for what they are not believed to have taken.
    let trades = run.rows(Table::Trades);
    let penalties: i64 =
        ["penalty_to_buyer", "penalty_to_seller"].iter().flat_map(|column| trades.micro(column)).sum();
    assert!(penalties > 0);
    assert_eq!((figure(&run, "cheating_cost") * 1e6).round() as i64, penalties);
    let unpaid = figure(&run, "unpaid");
    let earned = figure(&run, "cheating_earned");
    assert!(unpaid > 0.0 && earned >= 0.16 * unpaid - 1e-5 && earned <= 0.28 * unpaid + 1e-5, "{earned}");
    let gain = (earned - figure(&run, "cheating_cost")) / figure(&run, "cheaters");
    assert!((figure(&run, "cheating_gain_per_cheater") - gain).abs() < 1e-9);
}

/// Everybody's readings are false, and found.
const FOUND: [&str; 2] = [
    "portraits.at_home.faults={ false_metering = 1, detection = 1 }",
    "portraits.night_shift.faults={ false_metering = 0.5, detection = 1 }",
];

#[test]
fn the_grid_contests_each_false_reading_on_the_chain_and_says_what_it_measured() {
    let run = Run::of("smoke", &FOUND);
    run.expect_verified();
    let transactions = run.rows(Table::Transactions);
    let (kinds, states) = (transactions.texts("kind"), transactions.texts("status"));
    let of = |kind: &str| (0..kinds.len()).filter(|&row| kinds[row] == kind).collect::<Vec<_>>();
    let (disputes, resolutions) = (of("dispute"), of("resolve"));
    assert!(!disputes.is_empty());
    let events = run.events("dispute");
    assert_eq!((disputes.len(), resolutions.len()), (events.len(), events.len()));
    assert_eq!(figure(&run, "false_readings_found"), events.len() as f64);
    let (senders, energies) = (transactions.texts("sender"), transactions.integers("energy_micro_kwh"));
    for &row in disputes.iter().chain(&resolutions) {
        assert_eq!((senders[row].as_str(), states[row].as_str()), ("grid", "applied"));
    }
    assert!(resolutions.iter().all(|&row| energies[row] == Some(0)));
    // The lie itself is on the chain, under its author's signature.
    let claims = of("meter").iter().filter(|&&row| energies[row] > Some(0)).count();
    assert!(claims >= events.len(), "{claims} claims");
    for detail in events {
        assert!(detail.contains(" claimed ") && detail.ends_with(" 0.000000 kWh were measured"), "{detail}");
    }
    assert_eq!(figure(&run, "rejected_share"), 0.0);
}

#[test]
fn a_lie_that_is_found_counts_as_if_nothing_had_been_delivered() {
    let found = Run::of("smoke", &FOUND[..1]);
    let withheld = Run::of("smoke", &["portraits.at_home.faults.non_delivery=1"]);
    assert!(!found.events("dispute").is_empty());
    assert!(economy(&found) == economy(&withheld));
    assert!(withheld.events("dispute").is_empty(), "who admits that nothing was ready tells no lie");
}

#[test]
fn disputes_are_resolved_before_settlement_step_by_step_too() {
    let steps = ["ledger.validators=7", "ledger.censoring_validators=2", "ledger.censored_share=0.5"];
    let run = Run::of("smoke", &[FOUND.as_slice(), &steps].concat());
    run.expect_verified();
    assert!(economy(&run) == economy(&Run::of("smoke", &FOUND)));
    let transactions = run.rows(Table::Transactions);
    let (kinds, heights) = (transactions.texts("kind"), transactions.counts("height"));
    let heights_of = |kind: &str| {
        let of_kind = kinds.iter().zip(&heights).filter(|(it, _)| *it == kind);
        of_kind.map(|(_, &height)| height).collect::<BTreeSet<u64>>()
    };
    assert!(!heights_of("dispute").is_empty());
    assert!(heights_of("dispute").is_disjoint(&heights_of("meter")));
    assert!(heights_of("resolve").is_disjoint(&heights_of("settle")));
}

#[test]
fn a_lie_about_contracts_that_the_ledger_refused_is_not_contested_under_them() {
    // Some buyers cannot pay what they were awarded: some of their contracts are void, or all.
    let sets = [
        "market.mechanism=mid_market_rate",
        "time.days=2",
        "ledger.opening_balance=3",
        "portraits.at_home.faults={ false_metering = 0.2, detection = 1 }",
        "portraits.normal_hours.faults={ false_metering = 0.5, detection = 1 }",
    ];
    let run = Run::of("community", &sets);
    run.expect_verified();
    let rejections = run.events("rejection");
    assert!(!rejections.is_empty() && rejections.iter().all(|it| it.starts_with("sign rejected")));
    let (found, contested) = (run.events("false_reading_found").len(), run.events("dispute").len());
    assert!(contested > 400 && contested < found, "{contested} of {found}");
}

/// What the households of a portrait come to, in money: what they pay less, and what their batteries hold more, at the lowest price
/// outside.
fn gain(of: &str, run: &Run, honest: &Run) -> f64 {
    let figure = |run: &Run, variable: &str| {
        let found =
            |kpi: &&goshawk_output::Kpi| kpi.scope == "class" && kpi.id == of && kpi.variable == variable;
        run.report.kpis.iter().find(found).and_then(|kpi| kpi.value).unwrap()
    };
    let more = |variable: &str| figure(run, variable) - figure(honest, variable);
    0.16 * more("content_end") - more("net_cost")
}

#[test]
fn false_meters_gain_until_they_are_found_whoever_lies() {
    let honest = Run::of("smoke", &[]);
    let (seller, buyer) =
        ("portraits.at_home.faults.false_metering=1", "portraits.night_shift.faults.false_metering=1");
    for (name, liars) in [("seller", vec![seller]), ("buyer", vec![buyer]), ("both", vec![seller, buyer])] {
        let with = |detection: &str| {
            let found = ["at_home", "night_shift"]
                .map(|portrait| format!("portraits.{portrait}.faults.detection={detection}"));
            let sets: Vec<&str> = liars.iter().copied().chain(found.iter().map(String::as_str)).collect();
            let run = Run::of("smoke", &sets);
            run.expect_verified();
            let of = |portrait: &str| gain(portrait, &run, &honest);
            match name {
                "seller" => of("at_home"),
                "buyer" => of("night_shift"),
                _ => of("at_home") + of("night_shift"),
            }
        };
        let (believed, found) = (with("0"), with("1"));
        println!("{name}: {believed:+.3} believed, {found:+.3} found");
        assert!(believed > 0.05 && found < -0.05, "{name}: {believed} believed, {found} found");
    }
}

#[test]
fn a_stronger_compensation_costs_defaulters_more_and_honest_households_nothing() {
    let with = |sets: &[&str]| {
        let run = Run::of("smoke", sets);
        run.expect_verified();
        run
    };
    let honest = with(&["ledger.compensation_factor=3"]);
    assert_eq!(economy(&honest), economy(&with(&[])), "who keeps its word does not notice");
    let default = "portraits.at_home.faults.non_delivery=1";
    let cost = |factor: &str| figure(&with(&[default, factor]), "cheating_cost");
    let usual = cost("ledger.compensation_factor=1");
    assert!(usual > 0.0);
    assert!((cost("ledger.compensation_factor=3") / usual - 3.0).abs() < 1e-4);
    assert!(cost("ledger.compensation_factor=0") < 1e-4 * usual);
}

#[test]
fn rejections_are_counted_by_reason() {
    let run = Run::of("smoke", &["ledger.opening_balance=0.05"]);
    let reasons =
        ["rejected_funds", "rejected_nonce", "rejected_contract", "rejected_late", "rejected_other"];
    let all: f64 = reasons.iter().map(|reason| figure(&run, reason)).sum();
    assert_eq!(all, figure(&run, "rejections"));
    assert_eq!(figure(&run, "rejected_funds"), all, "they lack money and nothing else");
    assert_eq!(all, run.events("rejection").len() as f64);
    assert!(all > 0.0);
}
