//! The aggregator: peaks, regulation, money, and needs that must not suffer.

use std::collections::BTreeMap;
use std::path::Path;

use goshawk::scenario::load_text;
use goshawk_output::table::Table;
use proptest::prelude::*;

use crate::run::{Run, shipped};
use crate::table::{Rows, Slot};

const AGGREGATOR: &str = "[aggregator]";
fn text() -> String {
    std::fs::read_to_string(shipped("aggregator")).unwrap()
}

/// The scenario with other lines for its aggregator, from its table on.
fn with(aggregator: &str, sets: &[&str]) -> Run {
    let text = text();
    let (before, _) = text.split_once(AGGREGATOR).unwrap();
    let sets: Vec<String> = sets.iter().map(|&set| set.to_owned()).collect();
    let data = Path::new(env!("CARGO_MANIFEST_DIR")).join("../experiments/tests/data");
    let loaded = load_text("aggregator.toml", &format!("{before}{aggregator}"), &data, &sets)
        .unwrap_or_else(|problems| panic!("{problems}"));
    Run::of_loaded(&loaded, aggregator)
}

fn regulation(more: &str) -> String {
    format!(
        "{AGGREGATOR}\nsignal = \"regulation\"\nup_price_per_kwh = 0.8\ndown_price_per_kwh = 0.01\n{more}\n"
    )
}

fn sum(rows: &Rows, column: &str) -> i64 {
    rows.micro(column).iter().sum()
}

/// What the community drew from outside in each period, from the households' meters.
fn import(run: &Run) -> BTreeMap<Slot, i64> {
    let rows = run.rows(Table::AgentPeriods);
    let mut import = BTreeMap::new();
    for (sign, column) in [
        (1, "bought_grid_kwh"),
        (1, "bought_company_kwh"),
        (1, "aggregated_down_kwh"),
        (-1, "aggregated_up_kwh"),
    ] {
        for (slot, energy) in rows.slots().into_iter().zip(rows.micro(column)) {
            *import.entry(slot).or_default() += sign * energy;
        }
    }
    import
}

fn peak_kw(run: &Run) -> f64 {
    import(run).into_values().max().unwrap() as f64 * 4.0 / 1e6
}

/// What every household drove in every period: what it needed, if nothing was short.
fn driven(run: &Run) -> Vec<i64> {
    assert_eq!(run.events("range_shortfall"), [""; 0]);
    run.rows(Table::AgentPeriods).micro("drive_kwh")
}

#[test]
fn the_peak_is_shaved_and_everybody_drives_as_without() {
    let (shaved, alone) = (Run::of("aggregator", &[]), with("", &[]));
    shaved.expect_verified();
    alone.expect_verified();
    let (with_kw, without_kw) = (peak_kw(&shaved), peak_kw(&alone));
    assert!(without_kw > 200.0, "all charge when they come home: {without_kw} kW");
    assert!((49.9..=50.0).contains(&with_kw), "{with_kw} kW, the limit is 50");
    assert_eq!(shaved.figure("peak_import"), Some(with_kw));
    assert_eq!(alone.figure("peak_import"), Some(without_kw));
    assert_eq!(shaved.figure("fleet_up_served"), Some(1.0));
    assert_eq!(driven(&shaved), driven(&alone));
    for figure in ["departures_short", "range_shortfall"] {
        assert_eq!((shaved.figure(figure), alone.figure(figure)), (Some(0.0), Some(0.0)));
    }
    assert!(shaved.figure("departures").unwrap() > 90.0);
    assert_eq!(alone.rows(Table::AggregatorPeriods).len(), 0);
    assert_eq!(alone.figure("fleet_up"), None);
}

#[test]
fn without_an_aggregator_nothing_is_aggregated_and_no_row_is_hers() {
    let alone = with("", &[]);
    let rows = alone.rows(Table::AgentPeriods);
    assert_eq!(sum(&rows, "aggregated_up_kwh") + sum(&rows, "aggregated_down_kwh"), 0);
    assert!(!alone.rows(Table::OperatorPeriods).texts("operator").iter().any(|name| name == "aggregator"));
    // An aggregator whom nobody joins changes nobody's energy and money.
    let lonely = Run::of("aggregator", &["aggregator.participation=0"]);
    lonely.expect_verified();
    let households = |run: &Run| run.rows(Table::AgentPeriods).lines(&[]);
    assert_eq!(households(&alone), households(&lonely));
    assert_eq!(sum(&lonely.rows(Table::AggregatorPeriods), "offered_up_kwh"), 0);
}

/// Two cars come home at six with nothing left above the floor, each for 11 kWh at 7 kW, and the grid wants 8 kW at most. A
/// quarter of an hour of both takes 3.5 kWh, of which the first car hands back 1.5 kWh; so the two charge for 3 h instead of 1.75 h,
/// and 22 kWh in all.
#[test]
fn two_cars_and_one_peak() {
    let scenario = r#"
        name = "two_cars"
        [time]
        start = "2019-01-07T12:00:00"
        periods = 96
        days = 1
        [weather]
        irradiance_w_per_m2 = [0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0]
        temperature_c = [5, 5, 5, 5, 5, 5, 5, 5, 5, 5, 5, 5, 5, 5, 5, 5, 5, 5, 5, 5, 5, 5, 5, 5]
        [battery]
        capacity_kwh = 40
        charge_kw = 7
        discharge_kw = 7
        charge_efficiency = 1
        discharge_efficiency = 1
        soc_min = 0.1
        initial_soc = 0.1
        wear_cost_per_kwh = 0.5
        [portraits.car]
        count = 2
        charging_hours = [18, 19, 20, 21, 22, 23]
        consumption_kwh_per_km = 0.2
        departure_reserve = 0.1
        weekday = { departure_hour = 10, departure_sd_h = 0, away_h = 3, away_sd_h = 0, distance_km = 50 }
        [tariffs.grid]
        bands = [{ from = 1, to = 24, price = 0.3 }]
        [tariffs.company]
        bands = [{ from = 1, to = 24, price = 0.4 }]
    "#;
    let run = |aggregator: &str| {
        let loaded = load_text("two.toml", &format!("{scenario}{aggregator}"), Path::new("."), &[])
            .unwrap_or_else(|problems| panic!("{problems}"));
        let run = Run::of_loaded(&loaded, "two cars");
        run.expect_verified();
        run
    };
    let kw = |run: &Run| -> Vec<i64> { import(run).into_values().map(|energy| energy * 4 / 1000).collect() };
    let alone = kw(&run(""));
    // The run begins at noon; period 24 is six in the evening.
    let [idle, evening] = [&alone[..24], &alone[24..]];
    assert!(idle.iter().all(|&watts| watts == 0));
    assert_eq!(evening[..7], [14_000, 14_000, 14_000, 14_000, 14_000, 14_000, 4_000]);
    assert!(evening[7..].iter().all(|&watts| watts == 0), "{evening:?}");
    // Handing back costs the first car what it pays later, 0.30; out of the battery it would cost the wear of 0.50 too.
    let fleet = "[aggregator]\nsignal = \"peak_shaving\"\npeak_kw = 8\nup_price_per_kwh = 0.4\n\
                 availability_per_kw_h = 0\nmember_share = 0.5\n";
    let shaved_run = run(fleet);
    let shaved = kw(&shaved_run);
    // Six periods of both; then the second car takes its last 0.5 kWh, the first one what the grid leaves it and, alone, 7 kW.
    assert_eq!(shaved[24..31], [8_000; 7]);
    assert_eq!(shaved[31..36], [7_000, 7_000, 7_000, 7_000, 4_000]);
    assert!(shaved[36..].iter().all(|&watts| watts == 0), "{shaved:?}");
    let periods = shaved_run.rows(Table::AggregatorPeriods);
    let up = periods.micro("delivered_up_kwh");
    assert_eq!(up[24..30], [1_500_000; 6]);
    assert_eq!((up[30], &up[31..]), (250_000, [0; 65].as_slice()));
    assert_eq!(up.iter().sum::<i64>(), sum(&shaved_run.rows(Table::AgentPeriods), "aggregated_up_kwh"));
    // Half of the gain of 0.10 goes to the member.
    let (paid, revenue) = (periods.micro("paid_to_members"), periods.micro("up_revenue"));
    assert_eq!((paid[24], revenue[24]), (525_000, 600_000));
    let bought = sum(&shaved_run.rows(Table::AgentPeriods), "bought_grid_kwh");
    assert_eq!(bought - up.iter().sum::<i64>(), 22_000_000);
}

#[test]
fn a_random_signal_is_served_both_ways_and_paid_for() {
    let run = with(&regulation("capacity_kw = 60"), &[]);
    run.expect_verified();
    assert!(run.figure("fleet_up_served").unwrap() > 0.99);
    // Around noon commuters are away, and those at home wait for their own sun.
    assert!(run.figure("fleet_down_served").unwrap() > 0.85);
    let rows = run.rows(Table::AggregatorPeriods);
    let limit = 60_000_000 / 4;
    for column in ["request_up_kwh", "request_down_kwh"] {
        let requests = rows.micro(column);
        assert!(requests.iter().all(|request| (0..=limit).contains(request)));
        assert!(requests.iter().filter(|&&request| request > 0).count() > 40, "{column}");
    }
    assert!(rows.micro("ready_kwh").iter().all(|ready| (0..=limit).contains(ready)));
    // What the grid pays for up stays above what members get, and they pay at least what the grid asks for down.
    let of = |column| sum(&rows, column);
    assert!(of("paid_to_members") <= of("up_revenue") + of("availability_revenue"));
    assert!(of("paid_by_members") >= of("down_cost"));
    let alone = with("", &[]);
    assert_eq!(driven(&run), driven(&alone));
    assert!(run.figure("net_cost") < alone.figure("net_cost"), "members earn by it");
}

#[test]
fn requests_come_from_a_file() {
    let run = with(&regulation("requests = \"requests.csv\""), &["time.days=1"]);
    run.expect_verified();
    let rows = run.rows(Table::AggregatorPeriods);
    let (up, down) = (rows.micro("request_up_kwh"), rows.micro("request_down_kwh"));
    // Hourly in the file: 40 kW from midnight, -20 kW from one, 0 from two, and so on, in four periods each.
    let request: Vec<i64> = up.iter().zip(&down).map(|(up, down)| up - down).collect();
    assert_eq!(request[..4], [10_000_000; 4]);
    assert_eq!(request[4..8], [-5_000_000; 4]);
    assert_eq!(request[8..12], [0; 4]);
}

#[test]
fn members_who_do_nothing_cost_the_aggregator_a_penalty() {
    let faults = ["portraits.commuter.faults.non_delivery=0.2"];
    let (run, honest) = (Run::of("aggregator", &faults), Run::of("aggregator", &[]));
    run.expect_verified();
    let rows = run.rows(Table::AggregatorPeriods);
    let (short, penalty) = (rows.micro("shortfall_kwh"), rows.micro("penalty"));
    assert!(short.iter().any(|&short| short > 0));
    for (short, penalty) in short.iter().zip(&penalty) {
        // 0.40 a kWh by default, halves away from zero.
        assert_eq!((short * 4 + 5) / 10, *penalty);
    }
    assert_eq!(run.figure("fleet_shortfall"), Some(short.iter().sum::<i64>() as f64 / 1e6));
    assert!(!run.events("fleet_shortfall").is_empty() && !run.events("non_delivery").is_empty());
    assert_eq!(sum(&honest.rows(Table::AggregatorPeriods), "shortfall_kwh"), 0, "kept plans deliver");
    assert!(peak_kw(&run) > peak_kw(&honest));
}

#[test]
fn only_those_who_take_part_are_called() {
    let run = Run::of("aggregator", &["aggregator.portraits=[\"at_home\"]"]);
    run.expect_verified();
    let rows = run.rows(Table::AgentPeriods);
    let (classes, up) = (rows.texts("class"), rows.micro("aggregated_up_kwh"));
    let down = rows.micro("aggregated_down_kwh");
    for (class, energy) in classes.iter().zip(up.iter().zip(&down).map(|(up, down)| up + down)) {
        assert!(class == "at_home" || energy == 0);
    }
    assert!(up.iter().chain(&down).sum::<i64>() > 0);
    let half = Run::of("aggregator", &["aggregator.participation=0.5"]);
    let names = |run: &Run| {
        let rows = run.rows(Table::AgentPeriods);
        let moved = rows.micro("aggregated_up_kwh").into_iter().zip(rows.micro("aggregated_down_kwh"));
        let mut names: Vec<String> = rows
            .texts("household")
            .into_iter()
            .zip(moved)
            .filter(|(_, (up, down))| up + down > 0)
            .map(|(name, _)| name)
            .collect();
        names.sort();
        names.dedup();
        names.len()
    };
    assert!((15..=45).contains(&names(&half)), "{} of 60", names(&half));
}

#[test]
fn pro_rata_calls_more_members_and_shaves_as_well() {
    let (merit, shared) =
        (Run::of("aggregator", &[]), Run::of("aggregator", &["aggregator.dispatch=pro_rata"]));
    shared.expect_verified();
    assert!(peak_kw(&merit) <= 50.0 && peak_kw(&shared) <= 50.0);
    let called = |run: &Run| {
        let up = run.rows(Table::AgentPeriods).micro("aggregated_up_kwh");
        up.iter().filter(|&&up| up > 0).count()
    };
    assert!(called(&shared) > 2 * called(&merit), "{} and {}", called(&shared), called(&merit));
}

#[test]
fn the_random_signal_is_the_same_whatever_the_market_and_the_fleet_do() {
    let requests = |sets: &[&str]| {
        let rows = with(&regulation("capacity_kw = 60"), sets).rows(Table::AggregatorPeriods);
        let columns = [rows.micro("request_up_kwh"), rows.micro("request_down_kwh")];
        columns.map(|column| column[..96].to_vec())
    };
    let usual = requests(&["time.days=1"]);
    assert_eq!(usual, requests(&["time.days=2"]));
    assert_eq!(usual, requests(&["time.days=1", "market.mechanism=grid_only"]));
    assert_eq!(
        usual,
        requests(&["time.days=1", "portraits.at_home.count=16", "aggregator.participation=0.3"])
    );
    assert_ne!(usual, requests(&["time.days=1", "seed=2"]));
}

#[test]
fn a_longer_horizon_keeps_the_first_day() {
    let run = |days| Run::of("aggregator", &[days]);
    let (shorter, longer) = (run("time.days=1"), run("time.days=2"));
    for table in [Table::AgentPeriods, Table::AggregatorPeriods, Table::OperatorPeriods] {
        let first_day = |run: &Run| {
            let rows = run.rows(table);
            let lines = rows.days().into_iter().zip(rows.lines(&[]));
            lines.filter(|(day, _)| *day == 0).map(|(_, line)| line).collect::<Vec<_>>()
        };
        let (left, right) = (first_day(&shorter), first_day(&longer));
        assert!(left.len() >= 96 && left == right, "{table}");
    }
}

#[test]
fn needs_are_met_under_the_strongest_signal_with_slow_chargers_and_real_cells() {
    let slow = [
        "time.days=3",
        "market.mechanism=mid_market_rate",
        "battery.charge_kw=3",
        "portraits.night_shift.early_departure_probability=0",
        "portraits.early_and_late.early_departure_probability=0",
        "portraits.at_home.early_departure_probability=0",
    ];
    let fleet = [
        "aggregator.signal=regulation",
        "aggregator.capacity_kw=3000",
        "aggregator.up_price_per_kwh=2",
        "aggregator.down_price_per_kwh=0",
        "aggregator.departure_margin_minutes=0",
    ];
    let alone = Run::of("community", &slow);
    let run = Run::of("community", &[slow.as_slice(), &fleet].concat());
    run.expect_verified();
    assert_eq!(driven(&run), driven(&alone));
    assert_eq!(run.figure("departures_short"), alone.figure("departures_short"));
    assert_eq!(run.figure("fleet_shortfall"), Some(0.0), "who keeps its plans delivers");
    assert!(run.figure("fleet_up").unwrap() > 5_000.0, "the fleet is used: {:?}", run.figure("fleet_up"));
}

#[test]
fn sessions_are_charged_as_without_and_no_vehicle_leaves_with_less_than_it_brought() {
    let fleet = [
        "aggregator.signal=regulation",
        "aggregator.capacity_kw=200",
        "aggregator.up_price_per_kwh=2",
        "aggregator.departure_margin_minutes=0",
    ];
    let (run, alone) = (Run::of("workplace", &fleet), Run::of("workplace", &[]));
    run.expect_verified();
    assert!(run.figure("fleet_up").unwrap() > 100.0);
    for figure in ["sessions", "sessions_met", "sessions_delivered"] {
        assert_eq!(run.figure(figure), alone.figure(figure), "{figure}");
    }
    assert!(run.figure("sessions_met").unwrap() > 200.0);
    // A vehicle comes back with what it is recorded with, so what it took along shows in what it drove, to rounding.
    let driven = |run: &Run| sum(&run.rows(Table::AgentPeriods), "drive_kwh");
    assert!((driven(&run) - driven(&alone)).abs() < 20_000, "{} and {}", driven(&run), driven(&alone));
}

#[test]
fn a_fleet_on_a_feeder_goes_over_its_lines() {
    let fleet = [
        "aggregator.signal=regulation",
        "aggregator.capacity_kw=100",
        "aggregator.up_price_per_kwh=0.8",
        "aggregator.down_price_per_kwh=0.01",
        "time.days=1",
        "market.mechanism=mid_market_rate",
    ];
    let run = Run::of("feeder", &fleet);
    run.expect_verified();
    assert!(run.figure("fleet_up").unwrap() > 100.0 && run.figure("fleet_down").unwrap() > 100.0);
}

/// A fleet of any kind, in a community of any kind that keeps its plans.
fn any_fleet() -> impl Strategy<Value = (Vec<String>, Vec<String>)> {
    let community = (
        0u64..1_000_000,
        1.5f64..12.0,
        0.15f64..0.9,
        prop::sample::select(vec!["lfp", "constant"]),
        prop::sample::select(vec!["habit", "rational"]),
        prop::sample::select(vec!["double_auction", "mid_market_rate", "grid_only"]),
    );
    let fleet = (
        prop::sample::select(vec!["regulation", "peak_shaving"]),
        1.0f64..400.0,
        0.1f64..2.0,
        0.0f64..0.2,
        prop::sample::select(vec![0.0, 15.0, 120.0]),
        prop::sample::select(vec!["merit_order", "pro_rata"]),
    );
    (community, fleet).prop_map(|((seed, charge, soc, model, mode, mechanism), fleet)| {
        let (signal, kw, up, down, margin, dispatch) = fleet;
        let mut community: Vec<String> = ["night_shift", "early_and_late", "normal_hours", "at_home"]
            .iter()
            .flat_map(|name| {
                let rare = format!("portraits.{name}.early_departure_probability=0");
                [format!("portraits.{name}.count=5"), rare]
            })
            .collect();
        community.extend([
            format!("seed={seed}"),
            "time.days=2".to_owned(),
            format!("battery.charge_kw={charge}"),
            format!("battery.initial_soc={soc}"),
            "battery.initial_soc_spread=0".to_owned(),
            format!("battery.model={model}"),
            format!("decisions.mode={mode}"),
            format!("market.mechanism={mechanism}"),
        ]);
        let limit = if signal == "regulation" { "capacity_kw" } else { "peak_kw" };
        let mut fleet = vec![
            format!("aggregator.signal={signal}"),
            format!("aggregator.{limit}={kw}"),
            format!("aggregator.up_price_per_kwh={up}"),
            format!("aggregator.down_price_per_kwh={down}"),
            format!("aggregator.departure_margin_minutes={margin}"),
            format!("aggregator.dispatch={dispatch}"),
        ];
        if signal == "peak_shaving" {
            fleet.push(format!("aggregator.valley_kw={}", kw / 3.0));
        }
        (community, fleet)
    })
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 40, failure_persistence: None, ..ProptestConfig::default() })]
    #[test]
    fn no_fleet_breaks_a_need_that_is_met_without_it((community, fleet) in any_fleet()) {
        let all: Vec<String> = community.iter().chain(&fleet).cloned().collect();
        let run = |sets: &[String]| Run::of("community", &sets.iter().map(String::as_str).collect::<Vec<_>>());
        let (alone, with) = (run(&community), run(&all));
        with.expect_verified();
        prop_assert_eq!(with.figure("departures"), alone.figure("departures"));
        // What a fleet takes from the grid can meet a need that could not be met without it; never the other way.
        let (short, usual) = (with.figure("departures_short").unwrap(), alone.figure("departures_short").unwrap());
        prop_assert!(short <= usual, "{} departures short, {} without a fleet", short, usual);
        let (driven, usual) = (with.figure("driven").unwrap(), alone.figure("driven").unwrap());
        prop_assert!(driven >= usual - 1e-6, "{} of {} kWh driven", driven, usual);
        prop_assert!(with.figure("range_shortfall") <= alone.figure("range_shortfall"));
        prop_assert_eq!(with.figure("fleet_shortfall"), Some(0.0), "who keeps its plans delivers");
    }
}
