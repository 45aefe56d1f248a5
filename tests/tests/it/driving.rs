//! Coming, going and plugging in: what power and time allow is charged, whatever the market does.
//!
//! Tests on real data read the folder that `GOSHAWK_REAL_DATA` names, and say that they skip where it names none.

use std::collections::BTreeMap;
use std::fmt::Write;
use std::path::{Path, PathBuf};

use goshawk::scenario::{Loaded, Problems, load_text};
use goshawk_output::table::Table;
use proptest::prelude::*;

use crate::run::{Run, shipped};

/// The smoke scenario without portraits, which a test appends.
const FRAME: &str = r#"
name = "driving"
[time]
start = "2019-03-04T00:00:00"
zone = "America/Los_Angeles"
[weather]
irradiance_w_per_m2 = [0, 0, 0, 0, 0, 20, 120, 320, 520, 680, 790, 830, 800, 710, 560, 370, 160, 20, 0, 0, 0, 0, 0, 0]
temperature_c = [2, 2, 1, 1, 1, 1, 2, 4, 6, 8, 10, 11, 12, 12, 11, 10, 9, 7, 6, 5, 4, 3, 3, 2]
[tariffs.grid]
bands = [{ from = 1, to = 15, price = 0.17 }, { from = 16, to = 20, price = 0.28 }, { from = 21, to = 24, price = 0.17 }]
[tariffs.company]
bands = [{ from = 1, to = 15, price = 0.16 }, { from = 16, to = 24, price = 0.29 }]
[market]
mechanism = "mid_market_rate"
"#;

fn load(portraits: &str, base: &Path, sets: &[String]) -> Result<Loaded, Problems> {
    load_text("driving.toml", &format!("{FRAME}{portraits}"), base, sets)
}

fn run(portraits: &str, base: &Path, sets: &[String]) -> Run {
    let loaded = load(portraits, base, sets).unwrap_or_else(|problems| panic!("{problems}"));
    Run::of_loaded(&loaded, &format!("{portraits} with {sets:?}"))
}

fn sets<const N: usize>(sets: [&str; N]) -> Vec<String> {
    sets.map(str::to_owned).to_vec()
}

/// Energy charged by each household in a run, in millionths of a kWh.
fn charged(run: &Run) -> BTreeMap<String, i64> {
    let rows = run.rows(Table::AgentPeriods);
    let mut sums = BTreeMap::new();
    for (household, energy) in rows.texts("household").into_iter().zip(rows.micro("charge_kwh")) {
        *sums.entry(household).or_default() += energy;
    }
    sums
}

/// Content between nothing and what the battery holds, at the end of every period.
fn contents_fit_the_batteries(run: &Run) {
    let start = run.rows(Table::Households);
    let capacity: BTreeMap<String, i64> =
        start.texts("household").into_iter().zip(start.micro("battery_kwh")).collect();
    let rows = run.rows(Table::AgentPeriods);
    for (household, content) in rows.texts("household").into_iter().zip(rows.micro("content_kwh")) {
        assert!((0..=capacity[&household]).contains(&content), "{household} holds {content}");
    }
}

#[derive(Debug, Clone)]
struct Stay {
    gap_min: u32,
    lasts_min: u32,
    energy_kwh: f64,
    power_kw: f64,
}

prop_compose! {
    fn any_stay()(gap_min in 0u32..600, lasts_min in 1u32..900, share in 0.0f64..1.3, power_kw in 0.5f64..22.0) -> Stay {
        let possible = f64::from(lasts_min) / 60.0 * power_kw;
        // Thousandths, as files have them.
        let energy_kwh = ((possible * share).min(45.0) * 1000.0).round() / 1000.0;
        Stay { gap_min, lasts_min, energy_kwh, power_kw: (power_kw * 1000.0).round() / 1000.0 }
    }
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 40, failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn sessions_get_what_power_and_time_allow(
        households in prop::collection::vec(prop::collection::vec(any_stay(), 1..6), 1..5),
        period_minutes in prop::sample::select(vec![5u32, 15, 60]),
        charge_kw in 1.0f64..15.0, efficiency in 0.6f64..=1.0, area_m2 in 0.0f64..60.0,
        charging_hours in prop::sample::select(vec!["[1, 2, 3]", "[12]", "[7, 8, 9, 10, 11, 12, 13, 14]"]),
    ) {
        let mut text = "session_id,household,arrival,departure,energy_kwh,power_kw\n".to_owned();
        let (mut expected, mut cut, mut all) = (BTreeMap::new(), 0, 0);
        let charger = (charge_kw * 1e6).round();
        for (number, stays) in households.iter().enumerate() {
            let mut minute = 0;
            let mut sum = 0;
            for stay in stays {
                let from = minute + stay.gap_min;
                minute = from + stay.lasts_min;
                let clock = |minute: u32| {
                    format!("2019-03-{:02}T{:02}:{:02}:00", 4 + minute / 1440, minute / 60 % 24, minute % 60)
                };
                writeln!(
                    text, "s{all},h{number},{},{},{},{}",
                    clock(from), clock(minute), stay.energy_kwh, stay.power_kw
                ).unwrap();
                all += 1;
                let power = charger.min((stay.power_kw * 1e6).round());
                let possible = (power * f64::from(stay.lasts_min) / 60.0).round() as i64;
                let wanted = (stay.energy_kwh * 1e6).round() as i64;
                cut += usize::from(wanted > possible);
                sum += wanted.min(possible);
            }
            expected.insert(format!("p-{:04}", number + 1), sum);
        }
        let folder = tempfile::tempdir_in(env!("CARGO_TARGET_TMPDIR")).unwrap();
        std::fs::write(folder.path().join("sessions.csv"), &text).unwrap();
        let count = households.len();
        let portraits = format!(
            "[portraits.p]\ncount = {count}\nsessions = \"sessions.csv\"\ncharging_hours = {charging_hours}\n\
             charge_kw = {charge_kw}\n"
        );
        let sets = [
            format!("time.period_minutes={period_minutes}"),
            format!("battery.charge_efficiency={efficiency}"),
            format!("photovoltaics.area_m2={area_m2}"),
            "time.days=7".to_owned(),
        ];
        let run = run(&portraits, folder.path(), &sets);
        run.expect_verified();
        contents_fit_the_batteries(&run);
        let charged = charged(&run);
        for (household, expected) in &expected {
            // Power times time is rounded in each period: at most half a millionth of a kWh each time.
            let difference = (expected - charged[household]).abs();
            prop_assert!(difference <= 1000, "{}: {} of {}", household, charged[household], expected);
        }
        prop_assert_eq!(run.figure("sessions"), Some(all as f64));
        prop_assert_eq!(run.figure("sessions_met"), Some(all as f64));
        prop_assert_eq!(run.events("session_cut").len(), cut);
        let stated = 1e-6 * charged.values().sum::<i64>() as f64;
        prop_assert!((run.figure("sessions_delivered").unwrap() - stated).abs() < 1e-6);
    }

    /// Every trip alike: the need of each departure is met if and only if power and time allow it.
    #[test]
    fn departure_needs_are_met_whenever_that_is_possible(
        departure_hour in 1.0f64..23.0, away_h in 0.3f64..16.0, distance_km in 5.0f64..250.0,
        charge_kw in 0.3f64..11.0, reserve in 0.0f64..0.5, initial_soc in 0.1f64..1.0,
        period_minutes in prop::sample::select(vec![15u32, 60]),
        charging_hours in prop::sample::select(vec!["[1, 2, 3]", "[12]", "[22, 23, 24]"]),
        mechanism in prop::sample::select(vec!["mid_market_rate", "grid_only", "pay_as_bid"]),
    ) {
        let trip = format!(
            "{{ departure_hour = {departure_hour}, departure_sd_h = 0, away_h = {away_h}, away_sd_h = 0, \
             distance_km = {distance_km} }}"
        );
        let portraits = format!(
            "[portraits.p]\ncount = 3\nweekday = {trip}\nweekend = {trip}\ncharging_hours = {charging_hours}\n\
             charge_kw = {charge_kw}\ndeparture_reserve = {reserve}\ninitial_soc = {initial_soc}\n\
             [portraits.neighbours]\ncount = 3\nweekday = {{ departure_hour = 3, away_h = 1, distance_km = 9 }}\n"
        );
        let sets = [
            format!("time.period_minutes={period_minutes}"),
            format!("market.mechanism={mechanism}"),
            "photovoltaics.area_m2=0".to_owned(),
            "time.days=4".to_owned(),
        ];
        let (capacity, efficiency, per_km, soc_min) = (60.0, 0.95, 0.18, 0.1);
        let (trip_kwh, most) = (distance_km * per_km, capacity * (1.0 - soc_min));
        let wanted = (trip_kwh * (1.0 + reserve)).min(most);
        let gain = |hours: f64| hours * charge_kw * efficiency;
        let held = (initial_soc - soc_min) * capacity;
        // What is left of a met need after the trip.
        let again = wanted - trip_kwh;
        let margin = 1e-3;
        match load(&portraits, Path::new("."), &sets) {
            Err(problems) => prop_assert!(gain(24.0 - away_h) < trip_kwh, "{}", problems),
            Ok(loaded) => {
                let run = Run::of_loaded(&loaded, &portraits);
                run.expect_verified();
                contents_fit_the_batteries(&run);
                let short = run.figure("departures_short").unwrap();
                prop_assert!(run.figure("departures").unwrap() >= 9.0);
                let first = held + gain(departure_hour) - wanted;
                let next = again + gain(24.0 - away_h) - wanted;
                if first > margin && next > margin {
                    prop_assert_eq!(short, 0.0, "{}", portraits);
                    prop_assert_eq!(run.events("range_shortfall").len(), 0);
                } else if first < -margin {
                    prop_assert!(short >= 3.0, "what cannot be must not be claimed: {}", portraits);
                }
            }
        }
    }
}

#[test]
fn the_workplace_charges_what_was_recorded() {
    let run = Run::of("workplace", &["market.mechanism=mid_market_rate"]);
    run.expect_verified();
    contents_fit_the_batteries(&run);
    assert_eq!(run.figure("sessions_met"), run.figure("sessions"));
    let figure = |variable| run.figure(variable).unwrap();
    assert!((figure("sessions_recorded") - figure("sessions_delivered")).abs() < 1e-4);
    assert!(run.figure("p2p").unwrap() > 10.0, "cars share the sun");
    let recorded: f64 = std::fs::read_to_string(shipped("data/workplace_sessions").with_extension("csv"))
        .unwrap()
        .lines()
        .skip(1)
        .map(|line| line.split(',').nth(4).unwrap().parse::<f64>().unwrap())
        .sum();
    let staff: i64 =
        charged(&run).iter().filter(|(name, _)| name.starts_with("staff")).map(|(_, kwh)| kwh).sum();
    assert!((staff as f64 * 1e-6 - recorded).abs() < 1e-4, "{staff} of {recorded}");
}

/// Who is away and how much is driven, of everybody and in every period; and who came late.
fn movements(run: &Run) -> Vec<String> {
    let rows = run.rows(Table::AgentPeriods);
    let (driven, roles) = (rows.micro("drive_kwh"), rows.texts("role"));
    let places = rows.texts("household").into_iter().zip(rows.slots());
    let told = places.zip(driven).zip(roles).map(|(((name, slot), driven), role)| {
        // What a session's vehicle drives is what it was charged, whose rounding depends on when that was.
        let driven = if name.starts_with("p-") { driven } else { 0 };
        format!("{slot:?} {name} {driven} {}", role == "away")
    });
    let events = run.rows(Table::Events);
    let late = events.lines(&[]).into_iter().filter(|line| line.contains("late_arrival"));
    told.chain(late).collect()
}

const WANDERERS: &str = "[portraits.p]\ncount = 4\n\
    weekday = { departure_hour = 8, away_h = 8, away_sd_h = 1, distance_km = 30, distance_sd_km = 10 }\n\
    vehicles = { compact = 0.5, suv = 0.5 }\nconsumption = \"physical\"\nearly_departure_probability = 0.2\n\
    faults = { late_arrival = 0.3, non_delivery = 0.1, false_metering = 0.1 }\n\
    [portraits.q]\ncount = 3\ncapacity_kwh = 70\nmixture = \"data/visitors_mixture.csv\"\n\
    faults = { late_arrival = 0.2 }\n";

#[test]
fn neither_a_longer_run_nor_more_households_nor_another_market_change_a_movement() {
    let base = shipped("smoke").parent().unwrap().to_owned();
    let usual = movements(&run(WANDERERS, &base, &sets(["time.days=4"])));
    assert!(usual.iter().any(|line| line.contains("late_arrival")));
    let longer = movements(&run(WANDERERS, &base, &sets(["time.days=9"])));
    assert!(usual.iter().all(|line| longer.contains(line)), "a longer run");
    let other = movements(&run(WANDERERS, &base, &sets(["time.days=4", "market.mechanism=grid_only"])));
    assert_eq!(usual, other, "another market");
    let more = sets(["time.days=4", "portraits.p.count=5", "portraits.q.count=4"]);
    let more = movements(&run(WANDERERS, &base, &more));
    assert!(usual.iter().all(|line| more.contains(line)), "more households");
    let honest =
        sets(["time.days=4", "portraits.p.faults.non_delivery=0", "portraits.p.faults.false_metering=0.9"]);
    assert_eq!(usual, movements(&run(WANDERERS, &base, &honest)), "other faults");
}

#[test]
fn who_does_not_deliver_pays_and_loses_credit() {
    let honest = Run::of("smoke", &[]);
    let run = Run::of("smoke", &["portraits.at_home.faults.non_delivery=1"]);
    run.expect_verified();
    let trades = run.rows(Table::Trades);
    assert!(trades.len() > 0);
    assert!(trades.micro("delivered_kwh").iter().all(|&kwh| kwh == 0));
    assert_eq!(run.events("default").len(), trades.len());
    assert!(trades.micro("penalty_to_buyer").iter().sum::<i64>() > 0);
    assert_eq!(run.figure("non_deliveries"), Some(run.events("non_delivery").len() as f64));
    assert_eq!(honest.figure("non_deliveries"), Some(0.0));
}

#[test]
fn who_comes_late_breaks_what_it_has_agreed_to() {
    let late = |rate: &str| {
        let portraits = format!(
            "[portraits.p]\ncount = 10\nweekday = {{ departure_hour = 8, away_h = 6, distance_km = 80 }}\n\
             initial_soc = 0.3\nfaults = {{ late_arrival = {rate}, late_mean_minutes = 90 }}\n\
             [portraits.sun]\ncount = 10\ninitial_soc = 0.9\narea_m2 = 60\ndischarging_hours = [13, 14, 15, 16]\n\
             weekday = {{ departure_hour = 3, away_h = 1, distance_km = 9 }}\n"
        );
        run(&portraits, Path::new("."), &sets(["time.days=4", "time.period_minutes=60"]))
    };
    let (punctual, late) = (late("0"), late("1"));
    late.expect_verified();
    assert_eq!(punctual.events("late_arrival").len() + punctual.events("default").len(), 0);
    assert!(late.figure("late_arrivals").unwrap() >= 30.0);
    assert!(!late.events("default").is_empty(), "what was bought for the time after the return is not taken");
    assert!(late.rows(Table::Trades).micro("penalty_to_seller").iter().sum::<i64>() > 0, "take or pay");
}

#[test]
fn false_readings_draw_energy_without_pay_until_they_are_found() {
    let with = |detection: &str| {
        let faults = format!("portraits.at_home.faults.detection={detection}");
        let buyers = format!("portraits.night_shift.faults.detection={detection}");
        Run::of(
            "smoke",
            &[
                "portraits.at_home.faults.false_metering=1",
                "portraits.night_shift.faults.false_metering=0.5",
                &faults,
                &buyers,
            ],
        )
    };
    let (unseen, found) = (with("0"), with("1"));
    unseen.expect_verified();
    found.expect_verified();
    assert!(unseen.figure("unpaid").unwrap() > 1.0);
    assert_eq!(unseen.figure("false_readings_found"), Some(0.0));
    assert_eq!(found.figure("unpaid"), Some(0.0));
    assert_eq!(found.figure("false_readings_found"), found.figure("false_readings"));
    assert!(!found.events("default").is_empty(), "a void reading breaks the contract");
    assert!(found.rows(Table::Trades).micro("delivered_kwh").iter().all(|&kwh| kwh == 0));
    let compensation = |run: &Run| run.rows(Table::Trades).micro("penalty_to_buyer").iter().sum::<i64>();
    assert!(compensation(&found) > compensation(&unseen));
}

#[test]
fn cold_makes_driving_dearer_and_vans_more_so() {
    let driven = |vehicles: &str, celsius: &str| {
        let portraits = format!(
            "[portraits.p]\ncount = 5\nweekday = {{ departure_hour = 8, away_h = 8, distance_km = 40 }}\n\
             consumption = \"physical\"\nvehicles = {{ {vehicles} = 1 }}\n"
        );
        let air = format!("weather.temperature_c=[{}]", [celsius; 24].join(", "));
        run(&portraits, Path::new("."), &sets(["time.days=2", &air])).figure("driven").unwrap()
    };
    let (mild, cold, van) = (driven("compact", "20"), driven("compact", "-10"), driven("van", "20"));
    assert!(cold > 1.4 * mild && van > 1.2 * mild, "{mild} {cold} {van}");
}

/// The folder of real data, if there is one.
fn real_data(file: &str) -> Option<PathBuf> {
    let file = std::env::var_os("GOSHAWK_REAL_DATA").map(|folder| Path::new(&folder).join(file));
    let found = file.filter(|file| file.exists());
    if found.is_none() {
        eprintln!("skipped: GOSHAWK_REAL_DATA names no folder with this file");
    }
    found
}

#[test]
fn a_month_of_real_sessions_replays_as_it_was() {
    let Some(file) = real_data("acn_caltech/sessions_201903.csv") else { return };
    let portraits = format!(
        "[portraits.point]\ncount = 47\ncapacity_kwh = 70\ncharge_kw = 6.6\nsessions = \"{}\"\n\
         session_columns = {{ household = \"station_id\", arrival = \"arrival_local\", departure = \
         \"departure_local\", energy_kwh = \"requested_energy_kwh\", power_kw = \"max_power_kw\" }}\n",
        file.display()
    );
    let run = run(
        &portraits,
        Path::new("."),
        &sets(["time.start=2019-03-01T00:00:00", "time.days=38", "photovoltaics.area_m2=10"]),
    );
    run.expect_verified();
    let figure = |variable| run.figure(variable).unwrap();
    let (sessions, met, cut) = (figure("sessions"), figure("sessions_met"), figure("sessions_cut"));
    let (recorded, delivered) = (figure("sessions_recorded"), figure("sessions_delivered"));
    eprintln!(
        "{sessions} sessions, {recorded} kWh recorded, {delivered} kWh delivered, {met} met, {cut} cut"
    );
    for detail in run.events("session_cut") {
        eprintln!("{detail}");
    }
    assert_eq!((sessions, met), (954.0, 954.0));
    // What lacks is what power and time do not allow.
    let lines = std::fs::read_to_string(&file).unwrap();
    let impossible: f64 = lines
        .lines()
        .skip(1)
        .map(|line| {
            let cells: Vec<&str> = line.split(',').collect();
            let number = |text: &str| text.parse::<f64>().unwrap();
            let hours = |text: &str| {
                let (day, clock) = (number(&text[8..10]), &text[11..]);
                let day = if &text[5..7] == "04" { day + 31.0 } else { day };
                day * 24.0 + number(&clock[..2]) + number(&clock[3..5]) / 60.0
            };
            (number(cells[4]) - 6.6 * (hours(cells[3]) - hours(cells[2]))).max(0.0)
        })
        .sum();
    assert!((recorded - delivered - impossible).abs() < 1e-3, "{impossible} kWh cannot be");
}

/// Availability and energy of 15-minute steps become sessions: each stay wants what the drive before it took.
fn sessions_of_a_profile(text: &str) -> String {
    let mut sessions = "session_id,arrival,departure,energy_kwh\n".to_owned();
    let rows: Vec<(i64, bool, f64)> = text
        .lines()
        .skip(1)
        .map(|line| {
            let cells: Vec<&str> = line.split(',').collect();
            (cells[0].parse().unwrap(), cells[1].trim() == "1", cells[2].parse().unwrap())
        })
        .collect();
    let stamp = |seconds: i64| jiff::Timestamp::from_second(seconds).unwrap();
    let mut number = 0;
    let mut arrived: Option<(i64, f64)> = None;
    for (time, is_here, watt_hours) in
        rows.iter().copied().chain([(rows.last().unwrap().0 + 900, false, 0.0)])
    {
        match (arrived, is_here) {
            (None, true) => arrived = Some((time, watt_hours / 1000.0)),
            (Some((from, kwh)), false) => {
                number += 1;
                writeln!(sessions, "s{number},{},{},{kwh}", stamp(from), stamp(time)).unwrap();
                arrived = None;
            }
            _ => {}
        }
    }
    sessions
}

#[test]
fn four_weeks_of_three_kinds_of_workers_replay_as_they_were() {
    for worker in ["freetime_0", "parttime_88", "fulltime_41"] {
        let Some(file) = real_data(&format!("hamlet_ev/ev_{worker}_4weeks.csv")) else { return };
        let folder = tempfile::tempdir_in(env!("CARGO_TARGET_TMPDIR")).unwrap();
        let text = sessions_of_a_profile(&std::fs::read_to_string(file).unwrap());
        std::fs::write(folder.path().join("sessions.csv"), &text).unwrap();
        let portraits = "[portraits.worker]\ncount = 1\ncapacity_kwh = 100\nsessions = \"sessions.csv\"\ncharge_kw = 11\n";
        let run = run(
            portraits,
            folder.path(),
            &sets(["time.start=2020-09-07T00:00:00", "time.zone=UTC", "time.days=28"]),
        );
        run.expect_verified();
        let figure = |variable| run.figure(variable).unwrap();
        eprintln!(
            "{worker}: {} sessions, {} met, {} cut, {} of {} kWh",
            figure("sessions"),
            figure("sessions_met"),
            figure("sessions_cut"),
            figure("sessions_delivered"),
            figure("sessions_recorded")
        );
        assert_eq!(figure("sessions"), figure("sessions_met"));
        assert!(figure("sessions") > 10.0);
    }
}
