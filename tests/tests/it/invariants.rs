//! What holds in every run, of the scenarios that ship, with other groups and with every mechanism, drawn up from their tables in integers.

use std::collections::BTreeMap;

use goshawk_output::Check;
use goshawk_output::table::Table;

use crate::run::Run;
use crate::table::{Rows, Slot};

macro_rules! every_run {
    ($($name:ident: $scenario:literal, $sets:expr;)+) => {
        $(#[test]
        fn $name() {
            let run = Run::of($scenario, &$sets);
            users_trade_below_every_outside_price_and_above_the_fees(&run);
            sold_is_bought_in_every_period(&run);
            every_kwh_of_every_household_is_accounted_for(&run);
            the_storage_holds_what_was_put_in_and_not_taken_out(&run);
            money_sums_to_nothing_in_every_period(&run);
            what_goes_into_the_feeder_comes_out_or_is_lost(&run);
            every_kwh_of_the_run_is_accounted_for(&run);
            batteries_only_get_worse_and_count_what_goes_through_them(&run);
            everything_is_audited_and_nothing_found(&run);
        })+
    };
}

every_run! {
    paper_1: "paper_1", [];
    paper_2: "paper_2", [];
    paper_3: "paper_3", [];
    community: "community", ["time.days=2"];
    smoke: "smoke", [];
    feeder: "feeder", ["time.days=2", "market.optimizer.iterations=60"];
    similar_households: "community", ["time.days=1", "market.groups=similar", "market.similar_groups=5"];
    each_household_by_itself: "smoke", ["market.groups=households"];
    warm_started: "smoke", ["market.warm_start=true"];
    double_auction: "community", ["time.days=1", "market.mechanism=double_auction"];
    pay_as_bid: "community", ["time.days=1", "market.mechanism=pay_as_bid"];
    pay_as_bid_curtailed: "community", ["time.days=1", "market.mechanism=pay_as_bid", "grid.limit_kw=40"];
    exact: "smoke", ["market.mechanism=exact"];
    ngo_original: "smoke", ["market.mechanism=ngo_original"];
    pso: "smoke", ["market.mechanism=pso"];
    improved_pso: "smoke", ["market.mechanism=improved_pso"];
    l_shade: "smoke", ["market.mechanism=l_shade"];
    mid_market_rate: "smoke", ["market.mechanism=mid_market_rate"];
    rational: "community", ["time.days=2", "decisions.mode=rational", "market.groups=similar"];
    rational_portraits: "paper_1", ["decisions.mode=rational"];
    weather_drawn_to_the_end_of_its_month: "community", [
        "time.start=\"2019-01-30T00:00:00\"", "time.days=2", "weather.resample=bootstrap",
    ];
    weather_made_by_day_types: "community", ["time.days=2", "weather.resample=day_types"];
    topsis: "smoke", ["market.compromise=topsis"];
    knee: "smoke", ["market.compromise=knee"];
    lfp_batteries_with_habits: "paper_1", ["battery.model=lfp", "battery.ageing=lfp", "battery.temperature_c=50"];
    full_batteries_that_age: "community", [
        "time.days=2", "market.mechanism=double_auction", "battery.initial_soc=1", "battery.initial_soc_spread=0",
    ];
    constant_batteries: "community", [
        "time.days=2", "market.mechanism=double_auction", "battery.model=constant", "battery.wear=constant",
        "battery.ageing=none",
    ];
    aggregator: "aggregator", [];
    regulation_on_a_feeder: "feeder", [
        "time.days=1", "market.mechanism=mid_market_rate", "aggregator.signal=regulation",
        "aggregator.capacity_kw=200", "aggregator.up_price_per_kwh=0.8", "aggregator.down_price_per_kwh=0.01",
    ];
    regulation_with_habits: "paper_1", [
        "aggregator.signal=regulation", "aggregator.capacity_kw=100", "aggregator.up_price_per_kwh=3",
        "aggregator.dispatch=pro_rata",
    ];
    a_leaking_store_short_of_power: "community", [
        "market.mechanism=double_auction", "storage.discharge_kw=5", "storage.service_fee_per_kwh=0",
        "storage.self_discharge_per_day=0.05", "photovoltaics.area_m2=40",
    ];
}

fn everything_is_audited_and_nothing_found(run: &Run) {
    let verification = run.expect_verified();
    for check in Check::ALL {
        let report = verification.tables.check(check).unwrap();
        assert!(report.examined > 0, "nothing was there to be checked: {}", check.text());
    }
    let chain = verification.chain.unwrap();
    let replayed = chain.replayed.unwrap();
    assert_eq!(replayed.heights, run.rows(Table::Blocks).len() as u64);
    assert_eq!(replayed.transactions, run.rows(Table::Transactions).len() as u64);
    assert!(replayed.transactions > 0);
}

fn users_trade_below_every_outside_price_and_above_the_fees(run: &Run) {
    let periods = run.rows(Table::MarketPeriods);
    let outside = periods.micro("grid_price_per_kwh").into_iter().zip(periods.micro("company_price_per_kwh"));
    let outside: BTreeMap<Slot, (i64, i64)> = periods.slots().into_iter().zip(outside).collect();
    let trades = run.rows(Table::Trades);
    let seller_price = trades.micro("seller_price_per_kwh");
    let buyer_price = trades.micro("buyer_price_per_kwh");
    let grid_fee = trades.micro("grid_fee_per_kwh");
    let platform_fee = trades.micro("platform_fee_per_kwh");
    assert!(trades.len() > 0, "users trade");
    for (row, slot) in trades.slots().into_iter().enumerate() {
        let (sold_at, bought_at) = (seller_price[row], buyer_price[row]);
        let (grid, company) = outside[&slot];
        assert!(sold_at < bought_at && bought_at < grid.min(company), "{slot:?}: {sold_at} {bought_at}");
        assert_eq!(bought_at - sold_at, grid_fee[row] + platform_fee[row], "{slot:?}");
    }
}

/// Sums of a column by period.
fn per_period(rows: &Rows, column: &str) -> BTreeMap<Slot, i64> {
    let mut sums = BTreeMap::new();
    for (slot, value) in rows.slots().into_iter().zip(rows.micro(column)) {
        *sums.entry(slot).or_default() += value;
    }
    sums
}

pub(crate) fn sold_is_bought_in_every_period(run: &Run) {
    let households = run.rows(Table::AgentPeriods);
    let sold = per_period(&households, "sold_kwh");
    assert_eq!(sold, per_period(&households, "bought_p2p_kwh"));
    let mut traded: BTreeMap<Slot, i64> = sold.keys().map(|&slot| (slot, 0)).collect();
    traded.extend(per_period(&run.rows(Table::Trades), "delivered_kwh"));
    assert_eq!(sold, traded, "what households sold is what trades delivered");
}

const INTO_THE_HOUSEHOLD: [&str; 6] = [
    "pv_kwh",
    "bought_p2p_kwh",
    "bought_grid_kwh",
    "bought_company_kwh",
    "withdrawn_kwh",
    "aggregated_down_kwh",
];
const OUT_OF_THE_HOUSEHOLD: [&str; 5] =
    ["drive_kwh", "sold_kwh", "stored_kwh", "losses_kwh", "aggregated_up_kwh"];

pub(crate) fn every_kwh_of_every_household_is_accounted_for(run: &Run) {
    let start = run.rows(Table::Households);
    let mut content: BTreeMap<String, i64> =
        start.texts("household").into_iter().zip(start.micro("initial_kwh")).collect();
    let rows = run.rows(Table::AgentPeriods);
    let columns = |names: &[&str]| -> Vec<Vec<i64>> { names.iter().map(|name| rows.micro(name)).collect() };
    let (into, out) = (columns(&INTO_THE_HOUSEHOLD), columns(&OUT_OF_THE_HOUSEHOLD));
    let sum = |columns: &[Vec<i64>], row: usize| columns.iter().map(|column| column[row]).sum::<i64>();
    let (households, after, slots) = (rows.texts("household"), rows.micro("content_kwh"), rows.slots());
    assert_eq!(rows.len(), content.len() * run.rows(Table::MarketPeriods).len());
    for row in 0..rows.len() {
        let before = content.insert(households[row].clone(), after[row]).unwrap();
        let gained = sum(&into, row) - sum(&out, row);
        assert_eq!(after[row] - before, gained, "{} in {:?}", households[row], slots[row]);
        assert!(into.iter().chain(&out).all(|column| column[row] >= 0), "{}", households[row]);
    }
}

pub(crate) fn the_storage_holds_what_was_put_in_and_not_taken_out(run: &Run) {
    let rows = run.rows(Table::StoragePeriods);
    let columns = ["charge_kwh", "discharge_kwh", "losses_kwh", "content_kwh"].map(|name| rows.micro(name));
    let [charge, discharge, losses, content] = columns;
    let mut before = run.manifest().opening.storage_micro_kwh.micro();
    for (row, slot) in rows.slots().into_iter().enumerate() {
        assert_eq!(content[row] - before, charge[row] - discharge[row] - losses[row], "{slot:?}");
        assert!(content[row] >= 0 && losses[row] >= 0);
        before = content[row];
    }
    let households = run.rows(Table::AgentPeriods);
    assert_eq!(per_period(&households, "stored_kwh"), per_period(&rows, "charge_kwh"));
    assert_eq!(per_period(&households, "withdrawn_kwh"), per_period(&rows, "discharge_kwh"));
}

pub(crate) fn what_goes_into_the_feeder_comes_out_or_is_lost(run: &Run) {
    let rows = run.rows(Table::FeederPeriods);
    let columns =
        ["supplied_kwh", "base_load_kwh", "households_kwh", "losses_kwh"].map(|name| rows.micro(name));
    let [supplied, base_load, households, losses] = columns;
    let agents = run.rows(Table::AgentPeriods);
    let mut meters: BTreeMap<Slot, i64> = BTreeMap::new();
    for (sign, column) in [
        (1, "bought_p2p_kwh"),
        (1, "bought_grid_kwh"),
        (1, "bought_company_kwh"),
        (1, "withdrawn_kwh"),
        (-1, "sold_kwh"),
        (-1, "stored_kwh"),
        (1, "aggregated_down_kwh"),
        (-1, "aggregated_up_kwh"),
    ] {
        for (slot, value) in per_period(&agents, column) {
            *meters.entry(slot).or_default() += sign * value;
        }
    }
    for (row, slot) in rows.slots().into_iter().enumerate() {
        assert_eq!(supplied[row], base_load[row] + households[row] + losses[row], "{slot:?}");
        assert_eq!(households[row], meters[&slot], "{slot:?}");
    }
}

pub(crate) fn money_sums_to_nothing_in_every_period(run: &Run) {
    let (households, operators) = (run.rows(Table::AgentPeriods), run.rows(Table::OperatorPeriods));
    let mut sums = per_period(&households, "income");
    let others = [
        (1, per_period(&operators, "revenue")),
        (-1, per_period(&households, "spend")),
        (-1, per_period(&operators, "cost")),
    ];
    for (sign, values) in others {
        for (slot, value) in values {
            *sums.entry(slot).or_default() += sign * value;
        }
    }
    assert_eq!(sums.len(), run.rows(Table::MarketPeriods).len());
    assert!(sums.values().all(|&residual| residual == 0), "{sums:?}");
}

/// Photovoltaics + bought + battery and storage change = driven + sold + losses, over everybody and all time.
pub(crate) fn every_kwh_of_the_run_is_accounted_for(run: &Run) {
    let (households, store) = (run.rows(Table::AgentPeriods), run.rows(Table::StoragePeriods));
    let start = run.rows(Table::Households);
    let total = |rows: &Rows, column: &str| rows.micro(column).iter().sum::<i64>();
    let held_last: i64 = households.micro("content_kwh").iter().rev().take(start.len()).sum();
    let opening = run.manifest().opening.storage_micro_kwh.micro();
    let from_batteries = total(&start, "initial_kwh") - held_last;
    let from_store = opening - store.micro("content_kwh").last().unwrap();
    let bought: i64 = ["bought_p2p_kwh", "bought_grid_kwh", "bought_company_kwh", "aggregated_down_kwh"]
        .map(|column| total(&households, column))
        .iter()
        .sum();
    let supplied = total(&households, "pv_kwh") + bought + from_batteries + from_store;
    let losses = total(&households, "losses_kwh") + total(&store, "losses_kwh");
    let used = total(&households, "drive_kwh")
        + total(&households, "sold_kwh")
        + losses
        + total(&households, "aggregated_up_kwh");
    assert_eq!(supplied, used);
}

/// A row per household and whole day; losses never fall; what went through a battery is what its periods say.
pub(crate) fn batteries_only_get_worse_and_count_what_goes_through_them(run: &Run) {
    let rows = run.rows(Table::BatteryDays);
    let periods = run.rows(Table::AgentPeriods);
    let per_day = 86_400_000_000 / run.manifest().horizon.period_micros;
    let days = u64::from(run.manifest().horizon.periods) / per_day;
    let households = run.rows(Table::Households);
    assert_eq!(rows.len() as u64, days * households.len() as u64, "one row a household and whole day");
    let fresh: BTreeMap<String, i64> =
        households.texts("household").into_iter().zip(households.micro("battery_kwh")).collect();

    // Into the cells go charges less their loss, out of them go discharges with theirs, and what is driven.
    let columns = ["charge_kwh", "discharge_kwh", "drive_kwh", "losses_kwh", "content_kwh"];
    let [charge, discharge, drive, losses, content] = columns.map(|name| periods.micro(name));
    let mut through: BTreeMap<(u16, String), i64> = BTreeMap::new();
    let mut held: BTreeMap<(u16, String), i64> = BTreeMap::new();
    for (row, ((day, _), household)) in
        periods.slots().into_iter().zip(periods.texts("household")).enumerate()
    {
        let lost = if charge[row] > 0 { -losses[row] } else { losses[row] };
        *through.entry((day, household.clone())).or_default() +=
            charge[row] + discharge[row] + drive[row] + lost;
        held.insert((day, household), content[row]);
    }
    let optional = |name| rows.numbers(name);
    let (health, calendar, cycle) =
        (optional("state_of_health"), optional("calendar_loss"), optional("cycle_loss"));
    let (cycles, soc) = (rows.numbers("full_equivalent_cycles"), rows.numbers("mean_soc"));
    let (names, days, throughput) = (rows.texts("household"), rows.days(), rows.micro("throughput_kwh"));
    let mut last: BTreeMap<String, (f64, f64, f64)> = BTreeMap::new();
    for row in 0..rows.len() {
        let key = (days[row], names[row].clone());
        assert!((0.0..=1.0).contains(&soc[row].unwrap()));
        let before = last.get(&names[row]).copied().unwrap_or_default();
        let now = (calendar[row].unwrap_or(0.0), cycle[row].unwrap_or(0.0), cycles[row].unwrap());
        assert!(now.0 >= before.0 && now.1 >= before.1 && now.2 >= before.2, "{key:?}");
        last.insert(names[row].clone(), now);
        // What a shrunken battery has lost by the end of the day went nowhere.
        let clipped = through[&key] - throughput[row];
        match health[row] {
            None => assert!(calendar[row].is_none() && cycle[row].is_none() && clipped == 0, "{key:?}"),
            Some(health) => {
                assert!((1.0 - now.0 - now.1 - health).abs() < 1e-12 && health > 0.0 && now.0 > 0.0);
                let capacity = fresh[&names[row]] as f64 * health;
                assert!(held[&key] as f64 <= capacity + 1.0, "{key:?} holds more than fits");
                assert!((0..=fresh[&names[row]] / 100).contains(&clipped.abs()), "{key:?}: {clipped}");
            }
        }
    }
}
