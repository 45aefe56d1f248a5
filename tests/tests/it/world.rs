//! What somebody who knows the field expects of a community, whatever the program.

use std::collections::{BTreeMap, BTreeSet};

use goshawk_output::table::Table;

use crate::run::Run;
use crate::table::{Rows, Slot};

/// No sun all day.
const NIGHT: &str = "weather.irradiance_w_per_m2=[0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0]";

fn total(rows: &Rows, column: &str) -> i64 {
    rows.micro(column).iter().sum()
}

#[test]
fn without_sun_nobody_sells_more_than_the_battery_held_at_first() {
    let run = Run::of("smoke", &[NIGHT]);
    run.expect_verified();
    let households = run.rows(Table::AgentPeriods);
    assert_eq!(total(&households, "pv_kwh") + total(&households, "pv_spilled_kwh"), 0);
    let start = run.rows(Table::Households);
    let mut held: BTreeMap<String, i64> =
        start.texts("household").into_iter().zip(start.micro("initial_kwh")).collect();
    assert!(total(&households, "sold_kwh") > 0, "full batteries are for sale");
    for (name, sold) in households.texts("household").into_iter().zip(households.micro("sold_kwh")) {
        let left = held.get_mut(&name).unwrap();
        *left -= sold;
        assert!(*left >= 0, "{name} has sold what it never had");
    }
}

#[test]
fn without_sun_and_with_empty_batteries_there_is_no_trade() {
    let empty = [
        "battery.initial_soc_spread=0",
        "portraits.at_home.initial_soc=0.1",
        "portraits.night_shift.initial_soc=0.1",
    ];
    let run = Run::of("smoke", &[&[NIGHT], empty.as_slice()].concat());
    run.expect_verified();
    assert_eq!(run.rows(Table::Trades).len(), 0);
    assert!(total(&run.rows(Table::AgentPeriods), "bought_grid_kwh") > 0, "they still must drive");
}

#[test]
fn with_the_grid_alone_nobody_pays_another_user() {
    let run = Run::of("smoke", &["market.mechanism=grid_only"]);
    run.expect_verified();
    assert_eq!(run.rows(Table::Trades).len(), 0);
    let households = run.rows(Table::AgentPeriods);
    assert_eq!(total(&households, "sold_kwh") + total(&households, "income"), 0);
    assert_eq!(run.figure("mean_price_paid"), run.figure("mean_price_without_trade"));
    let welfare = run.rows(Table::MarketPeriods).numbers("welfare");
    assert!(welfare.iter().all(|&welfare| welfare == Some(0.0)), "{welfare:?}");
}

#[test]
fn trade_makes_buyers_better_off_and_no_clearing_beats_the_best_there_is() {
    let run = Run::of("smoke", &[]);
    assert!(run.figure("mean_price_paid") < run.figure("mean_price_without_trade"));
    let periods = run.rows(Table::MarketPeriods);
    let (welfare, best) = (periods.numbers("welfare"), periods.numbers("welfare_exact"));
    let mut gained = 0.0;
    for (slot, (welfare, best)) in periods.slots().into_iter().zip(welfare.into_iter().zip(best)) {
        let (welfare, best) = (welfare.unwrap(), best.unwrap());
        // Awards are rounded to the 1e-6 grid; the yardstick is not.
        assert!(welfare <= best + 1e-4, "{slot:?}: {welfare} above {best}");
        assert!(welfare >= -1e-9, "{slot:?}: {welfare} is less than no trade at all");
        gained += welfare;
    }
    assert!(gained > 0.0);
}

#[test]
fn a_store_takes_what_fits_it_and_nothing_is_stored_without_one() {
    const CAPACITY_KWH: i64 = 50;
    let sun_to_spare = ["photovoltaics.area_m2=150", "storage.service_fee_per_kwh=0"];
    let with = Run::of("smoke", &[sun_to_spare.as_slice(), &["storage.capacity_kwh=50"]].concat());
    with.expect_verified();
    let content = with.rows(Table::StoragePeriods).micro("content_kwh");
    let fullest = content.into_iter().max().unwrap();
    assert!((1..=CAPACITY_KWH * 1_000_000).contains(&fullest), "{fullest}");
    let without = Run::of("smoke", &[sun_to_spare.as_slice(), &["storage.capacity_kwh=0"]].concat());
    without.expect_verified();
    let (households, store) = (without.rows(Table::AgentPeriods), without.rows(Table::StoragePeriods));
    assert_eq!(total(&households, "stored_kwh") + total(&households, "withdrawn_kwh"), 0);
    for column in ["content_kwh", "charge_kwh", "discharge_kwh", "losses_kwh", "income", "cost"] {
        assert!(store.micro(column).iter().all(|&value| value == 0), "{column}");
    }
}

#[test]
fn a_narrow_feeder_curtails_trade_to_its_limit() {
    const LIMIT_KW: i64 = 3;
    let run = Run::of("smoke", &["grid.limit_kw=3"]);
    run.expect_verified();
    let periods = run.rows(Table::MarketPeriods);
    let (traded, curtailed) = (periods.micro("traded_kwh"), periods.micro("curtailed_kwh"));
    let limit = LIMIT_KW * 1_000_000 / 4;
    assert!(traded.iter().all(|&traded| traded <= limit), "{traded:?}");
    let narrow = curtailed.iter().filter(|&&curtailed| curtailed > 0).count();
    assert!(narrow > 0, "the limit is met");
    assert_eq!(run.events("curtailment").len(), narrow);
    for (traded, curtailed) in traded.iter().zip(&curtailed) {
        assert!(*curtailed == 0 || *traded == limit, "what is curtailed is what exceeds the limit");
    }
    let mut delivered: BTreeMap<Slot, i64> = BTreeMap::new();
    let trades = run.rows(Table::Trades);
    for (slot, energy) in trades.slots().into_iter().zip(trades.micro("energy_kwh")) {
        *delivered.entry(slot).or_default() += energy;
    }
    assert!(delivered.values().all(|&delivered| delivered <= limit));
}

#[test]
fn sellers_who_leave_early_default_and_pay_for_it() {
    let leave =
        ["portraits.at_home.weekday.departure_hour=15", "portraits.at_home.early_departure_mean_minutes=60"];
    let early = "portraits.at_home.early_departure_probability=1";
    let on_time = Run::of("smoke", &leave);
    assert_eq!(
        (on_time.events("default").len(), total(&on_time.rows(Table::Trades), "penalty_to_buyer")),
        (0, 0)
    );
    let run = Run::of("smoke", &[leave.as_slice(), &[early]].concat());
    run.expect_verified();
    let trades = run.rows(Table::Trades);
    let (contracted, delivered) = (trades.micro("contracted_kwh"), trades.micro("delivered_kwh"));
    let (to_buyer, to_seller) = (trades.micro("penalty_to_buyer"), trades.micro("penalty_to_seller"));
    let short = (0..trades.len()).filter(|&row| delivered[row] < contracted[row]);
    assert_eq!(run.events("default").len(), short.clone().count());
    assert!(short.clone().count() > 0, "who leaves early cannot deliver");
    assert!(short.clone().any(|row| to_buyer[row] > 0), "and pays what it costs elsewhere");
    let whole = (0..trades.len()).filter(|row| !short.clone().any(|one| one == *row));
    assert!(whole.into_iter().all(|row| to_buyer[row] == 0 && to_seller[row] == 0), "others pay nothing");
}

#[test]
fn who_cannot_pay_cannot_sign_and_nothing_is_delivered_under_a_void_contract() {
    let run = Run::of("smoke", &["ledger.opening_balance=0.05"]);
    run.expect_verified();
    let rejections = run.events("rejection");
    assert!(rejections.iter().any(|detail| detail.starts_with("sign rejected")), "{rejections:?}");
    let transactions = run.rows(Table::Transactions);
    let (kinds, states) = (transactions.texts("kind"), transactions.texts("status"));
    let refused = kinds.iter().zip(&states).filter(|(kind, state)| *kind == "sign" && *state == "rejected");
    assert_eq!(refused.count(), rejections.iter().filter(|detail| detail.starts_with("sign")).count());
    let contracted = total(&run.rows(Table::MarketPeriods), "traded_kwh");
    let delivered = total(&run.rows(Table::Trades), "energy_kwh");
    assert!(delivered < contracted, "void contracts deliver nothing: {delivered} of {contracted}");
    let rich = Run::of("smoke", &[]);
    assert_eq!(rich.events("rejection").len(), 0);
}

/// Trades without the height of the block, which depends on how fast messages were.
fn trades(sets: &[&str]) -> Vec<String> {
    let run = Run::of("smoke", sets);
    run.expect_verified();
    run.rows(Table::Trades).lines(&["block_height"])
}

#[test]
fn neither_signatures_nor_the_number_of_validators_change_a_trade() {
    let usual = trades(&[]);
    assert!(!usual.is_empty());
    for other in ["ledger.signatures=ed25519", "ledger.validators=7", "ledger.latency_max_ms=2000"] {
        assert_eq!(usual, trades(&[other]), "{other}");
    }
}

#[test]
fn blocks_form_one_chain_and_hold_every_transaction() {
    let run = Run::of("smoke", &["ledger.validators=7"]);
    let blocks = run.rows(Table::Blocks);
    let (hashes, previous) = (blocks.texts("hash"), blocks.texts("prev_hash"));
    let heights = blocks.counts("height");
    assert!(heights.iter().copied().eq(1..=blocks.len() as u64), "{heights:?}");
    assert!(hashes.iter().zip(&previous[1..]).all(|(hash, next)| hash == next));
    assert_eq!(BTreeSet::from_iter(&hashes).len(), hashes.len());
    let proposers = BTreeSet::from_iter(blocks.texts("proposer"));
    assert!(proposers.len() > 1, "validators take turns");
}

#[test]
fn users_trade_in_the_first_period_as_in_any_other() {
    // An hour later than the scenario begins, when sellers have energy to spare at once.
    let run = Run::of("smoke", &["time.start=2019-01-07T13:00:00"]);
    run.expect_verified();
    assert_eq!(run.rows(Table::Trades).slots().first(), Some(&(0, 0)));
    assert_eq!(run.events("rejection"), [""; 0]);
}

#[test]
fn an_empty_floor_and_odd_efficiencies_overdraw_no_battery() {
    let sets = ["time.days=3", "seed=5", "battery.soc_min=0", "battery.discharge_efficiency=0.93"];
    Run::of("community", &sets).expect_verified();
}

#[test]
fn a_store_short_of_power_shares_it_and_says_so() {
    // Batteries too small for the sun of the day, so that there is something to store.
    let scarce = ["market.mechanism=double_auction", "storage.discharge_kw=5", "battery.capacity_kwh=20"];
    let shared = Run::of("paper_1", &scarce);
    let in_order = Run::of("paper_1", &[scarce.as_slice(), &["storage.scarcity=first_come"]].concat());
    let limit = 5_000_000;
    let mut receivers = Vec::new();
    for run in [&shared, &in_order] {
        run.expect_verified();
        let discharge = run.rows(Table::StoragePeriods).micro("discharge_kwh");
        assert!(discharge.iter().all(|&energy| energy <= limit), "{discharge:?}");
        let events = run.events("storage_constrained").len();
        assert!(events > 0);
        assert_eq!(run.figure("storage_constrained"), Some(events as f64));
        receivers
            .push(run.rows(Table::AgentPeriods).micro("withdrawn_kwh").iter().filter(|&&e| e > 0).count());
    }
    assert!(receivers[0] > receivers[1], "pro rata serves more households: {receivers:?}");
}

#[test]
fn time_takes_its_share_of_what_is_stored() {
    let stored =
        ["market.mechanism=double_auction", "storage.service_fee_per_kwh=0", "photovoltaics.area_m2=40"];
    let with = |share| Run::of("community", &[stored.as_slice(), &[share]].concat());
    let (tight, leaking) =
        (with("storage.self_discharge_per_day=0"), with("storage.self_discharge_per_day=0.1"));
    let sums = |run: &Run| {
        let rows = run.rows(Table::StoragePeriods);
        let sum = |column| total(&rows, column) as f64;
        (sum("charge_kwh"), sum("discharge_kwh"), sum("losses_kwh"))
    };
    // Of what is put in 5 % are lost on the way, and of what is taken out 5 % again.
    let on_the_way = |(charge, discharge, _): (f64, f64, f64)| 0.05 * charge + discharge * (1.0 / 0.95 - 1.0);
    let (tight, leaking) = (sums(&tight), sums(&leaking));
    assert!(tight.0 > 1e6 && (tight.2 - on_the_way(tight)).abs() < 1e4, "{tight:?}");
    assert!(leaking.2 - on_the_way(leaking) > 1e6, "{leaking:?}");
}

#[test]
fn a_store_that_fills_up_says_so_once() {
    let sun_to_spare = ["photovoltaics.area_m2=150", "storage.service_fee_per_kwh=0"];
    let run = Run::of("smoke", &sun_to_spare);
    assert_eq!((run.events("storage_full").len(), run.figure("storage_full")), (1, Some(1.0)));
}

#[test]
fn losses_and_wear_of_lfp_batteries_follow_their_use() {
    let sets = ["time.days=3", "market.mechanism=double_auction", "storage.capacity_kwh=0"];
    let with = |more: &[&str]| Run::of("community", &[sets.as_slice(), more].concat());
    let constant = ["battery.model=constant", "battery.ageing=none", "battery.wear=constant"];
    let (lfp, simple) = (with(&[]), with(&constant));
    let losses = |run: &Run| total(&run.rows(Table::AgentPeriods), "losses_kwh");
    assert!(losses(&lfp) > losses(&simple), "cells lose beside the charger");
    let warm = with(&["battery.temperature_c=40"]);
    let worn =
        |run: &Run| run.rows(Table::BatteryDays).numbers("calendar_loss").iter().flatten().sum::<f64>();
    assert!(worn(&warm) > 1.3 * worn(&lfp), "warm cells age faster");
    // C_e in the market's eyes: a dear battery is sold from less.
    let sold = |run: &Run| total(&run.rows(Table::AgentPeriods), "sold_kwh");
    let dear = with(&["battery.replacement_cost_per_kwh=1500"]);
    assert!(sold(&dear) < sold(&lfp), "{} and {}", sold(&dear), sold(&lfp));
}

#[test]
fn who_sells_out_of_the_battery_does_not_buy_the_same_energy_outside() {
    let run = Run::of("community", &["time.days=2", "market.mechanism=mid_market_rate"]);
    let households = run.rows(Table::AgentPeriods);
    let (sold, grid) = (households.micro("sold_kwh"), households.micro("bought_grid_kwh"));
    let company = households.micro("bought_company_kwh");
    let outside = grid.iter().zip(&company).map(|(grid, company)| grid + company);
    let both: i64 = sold.iter().zip(outside).map(|(&sold, outside)| sold.min(outside)).sum();
    // A need may come up within a period; what is sold does not come from outside.
    let all: i64 = sold.iter().sum();
    assert!(all > 0 && both * 1000 <= all, "{both} of {all} were bought outside while they were sold");
}

#[test]
fn accounts_last_for_a_long_run_unless_the_scenario_says_how_much() {
    let days = ["time.days=80", "market.mechanism=mid_market_rate"];
    let run = Run::of("paper_1", &days);
    assert_eq!(run.figure("rejections"), Some(0.0));
    let poor = Run::of("paper_1", &[days[0], days[1], "ledger.opening_balance=10"]);
    assert!(poor.figure("rejections").unwrap() > 100.0);
}
