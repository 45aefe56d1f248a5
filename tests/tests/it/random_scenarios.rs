//! A thousand random scenarios, run as a whole: what batteries, departures, reserves and the store promise.
//!
//! The scenarios differ from one test run to the next only where `GOSHAWK_RANDOM_SEED` does.

use std::cell::RefCell;
use std::collections::BTreeMap;
use std::fmt::Write;
use std::path::Path;

use goshawk::scenario::load_text;
use goshawk_output::table::Table;
use proptest::prelude::*;
use proptest::test_runner::{RngSeed, TestRunner};

use crate::invariants::{
    batteries_only_get_worse_and_count_what_goes_through_them, every_kwh_of_every_household_is_accounted_for,
    every_kwh_of_the_run_is_accounted_for, money_sums_to_nothing_in_every_period,
    sold_is_bought_in_every_period, the_storage_holds_what_was_put_in_and_not_taken_out,
    what_goes_into_the_feeder_comes_out_or_is_lost,
};
use crate::run::{Run, shipped};

/// The households of one portrait.
#[derive(Debug, Clone)]
struct Portrait {
    count: u32,
    /// Energy per charging hour, or trips.
    need_kwh: Option<f64>,
    departure: (f64, f64),
    away: (f64, f64),
    distance: (f64, f64),
    probability: f64,
    early: f64,
    reserve: f64,
    charging: Vec<u8>,
    discharging: Vec<u8>,
    area_m2: f64,
    charge_kw: f64,
    initial_soc: f64,
    /// Non-delivery, late arrival, false metering, detection, double sale, replay.
    faults: Option<[f64; 6]>,
}

/// Attacks on the ledger of seven validators.
#[derive(Debug, Clone)]
struct Attacks {
    /// Silent, withholding, equivocating or censoring validators, one of each of two kinds.
    faulty: [&'static str; 2],
    censored_share: f64,
    /// When the network is cut, and for how long, if nobody else is faulty.
    cut: (f64, f64),
    compensation_factor: f64,
}

/// A whole community.
#[derive(Debug, Clone)]
struct Community {
    portraits: Vec<Portrait>,
    seed: u64,
    start: (u8, u8, u8),
    period_minutes: u32,
    mechanism: &'static str,
    groups: &'static str,
    is_rational: bool,
    battery: Battery,
    storage: Option<Storage>,
    /// Prices of a quarter of a day each, of grid and company.
    prices: [[f64; 4]; 2],
    limit_kw: f64,
    has_feeder: bool,
    keep_confidence: f64,
    attacks: Option<Attacks>,
    device_accounts: bool,
}

#[derive(Debug, Clone)]
struct Battery {
    capacity_kwh: f64,
    discharge_kw: f64,
    efficiency: (f64, f64),
    soc: (f64, f64),
    wear: f64,
    is_lfp: bool,
    ages: bool,
}

#[derive(Debug, Clone)]
struct Storage {
    capacity_kwh: f64,
    content_min: f64,
    power_kw: (f64, f64),
    fee: f64,
    leak: f64,
    is_first_come: bool,
}

fn hours() -> impl Strategy<Value = Vec<u8>> {
    prop::collection::btree_set(1u8..=24, 1..24).prop_map(|hours| hours.into_iter().collect())
}

prop_compose! {
    fn any_portrait()(
        count in 1u32..4,
        need_kwh in prop::option::weighted(0.2, 0.2f64..2.0),
        departure in (0.0f64..23.9, 0.0f64..3.0), away in (0.3f64..14.0, 0.0f64..3.0),
        distance in (1.0f64..200.0, 0.0f64..60.0), probability in 0.3f64..=1.0,
        early in prop::sample::select(vec![0.0, 0.0, 0.5]), reserve in 0.0f64..1.0,
        charging in hours(), discharging in hours(), area_m2 in 0.0f64..80.0,
        charge_kw in 2.0f64..22.0, initial_soc in 0.0f64..1.0,
        faults in prop::option::weighted(0.3, prop::array::uniform6(0.0f64..0.5)),
    ) -> Portrait {
        Portrait {
            count, need_kwh, departure, away, distance, probability, early, reserve, charging, discharging, area_m2,
            charge_kw, initial_soc, faults,
        }
    }
}

prop_compose! {
    fn any_battery()(
        capacity_kwh in 20.0f64..100.0, discharge_kw in prop::sample::select(vec![0.0, 3.0, 7.0, 22.0]),
        efficiency in (0.7f64..=1.0, 0.7f64..=1.0), soc_min in 0.0f64..0.4, soc_max in 0.7f64..=1.0,
        wear in 0.0f64..0.08, is_lfp in any::<bool>(), ages in any::<bool>(),
    ) -> Battery {
        Battery { capacity_kwh, discharge_kw, efficiency, soc: (soc_min, soc_max), wear, is_lfp, ages }
    }
}

prop_compose! {
    fn any_storage()(
        capacity_kwh in 1.0f64..120.0, content_min in 0.0f64..0.5, power_kw in (0.5f64..60.0, 0.5f64..60.0),
        fee in 0.0f64..0.02, leak in prop::sample::select(vec![0.0, 0.002, 0.2]), is_first_come in any::<bool>(),
    ) -> Storage {
        Storage { capacity_kwh, content_min, power_kw, fee, leak, is_first_come }
    }
}

prop_compose! {
    fn any_attacks()(
        faulty in prop::sample::subsequence(vec!["silent", "withholding", "equivocating", "censoring", "none"], 2),
        censored_share in 0.0f64..=1.0, cut in (0.0f64..40.0, 0.1f64..20.0), compensation_factor in 0.0f64..3.0,
    ) -> Attacks {
        Attacks { faulty: [faulty[0], faulty[1]], censored_share, cut, compensation_factor }
    }
}

prop_compose! {
    fn any_community(is_rational: bool)(
        portraits in prop::collection::vec(any_portrait(), 2..5),
        seed in 0u64..1_000_000, start in (1u8..=12, 1u8..=28, 0u8..24),
        period_minutes in prop::sample::select(vec![15u32, 20, 30, 60]),
        mechanism in prop::sample::select(vec![
            "ngo", "exact", "double_auction", "pay_as_bid", "pay_as_bid", "mid_market_rate", "mid_market_rate",
        ]),
        groups in prop::sample::select(vec!["portraits", "similar", "households"]),
        battery in any_battery(), storage in prop::option::weighted(0.7, any_storage()),
        prices in prop::array::uniform2(prop::array::uniform4(0.05f64..0.5)),
        limit_kw in prop::sample::select(vec![2.0, 20.0, 1000.0]), has_feeder in prop::bool::weighted(0.2),
        keep_confidence in 0.0f64..=1.0, attacks in prop::option::weighted(0.3, any_attacks()),
        device_accounts in any::<bool>(),
    ) -> Community {
        Community {
            portraits, seed, start, period_minutes, mechanism, groups, is_rational, battery, storage, prices, limit_kw,
            has_feeder, keep_confidence, attacks, device_accounts,
        }
    }
}

impl Portrait {
    fn toml(&self, name: &str, battery: &Battery) -> String {
        let Self { count, charging, discharging, area_m2, charge_kw, reserve, early, .. } = self;
        let (soc_min, soc_max) = battery.soc;
        let initial_soc = soc_min + (soc_max - soc_min) * self.initial_soc;
        let mut text = format!(
            "[portraits.{name}]\ncount = {count}\ncharging_hours = {charging:?}\ndischarging_hours = {discharging:?}\n\
             area_m2 = {area_m2}\ncharge_kw = {charge_kw}\ninitial_soc = {initial_soc}\n"
        );
        match self.need_kwh {
            Some(need) => writeln!(text, "need_kwh = {need}").unwrap(),
            None => {
                let ((hour, hour_sd), (away, away_sd), (km, km_sd)) =
                    (self.departure, self.away, self.distance);
                let trip = format!(
                    "{{ departure_hour = {hour}, departure_sd_h = {hour_sd}, away_h = {away}, away_sd_h = {away_sd}, \
                     distance_km = {km}, distance_sd_km = {km_sd}, probability = {} }}",
                    self.probability
                );
                writeln!(text, "weekday = {trip}\nweekend = {trip}").unwrap();
                writeln!(text, "departure_reserve = {reserve}\nearly_departure_probability = {early}")
                    .unwrap();
            }
        }
        if let Some([non_delivery, late, false_metering, detection, double_sale, replay]) = self.faults {
            // Those who stay at home never come late.
            let late = if self.need_kwh.is_none() { late } else { 0.0 };
            writeln!(
                text,
                "faults = {{ non_delivery = {non_delivery}, late_arrival = {late}, false_metering = {false_metering}, \
                 detection = {detection}, double_sale = {double_sale}, replay = {replay} }}"
            )
            .unwrap();
        }
        text
    }
}

impl Attacks {
    fn toml(&self) -> String {
        let Self { faulty, censored_share, cut: (start_h, length_h), compensation_factor } = self;
        let mut text = format!(
            "validators = 7\ncensored_share = {censored_share}\ncompensation_factor = {compensation_factor}\n"
        );
        for kind in faulty.iter().filter(|kind| **kind != "none") {
            writeln!(text, "{kind}_validators = 1").unwrap();
        }
        if faulty.contains(&"none") {
            writeln!(text, "partitions = [{{ start_h = {start_h}, length_h = {length_h}, validators = 1 }}]")
                .unwrap();
        }
        text
    }
}

impl Community {
    fn toml(&self) -> String {
        let (month, day, hour) = self.start;
        let Battery { capacity_kwh, discharge_kw, efficiency, soc, wear, is_lfp, ages } = &self.battery;
        let mut text = format!(
            r#"name = "random"
seed = {}
[time]
start = "2019-{month:02}-{day:02}T{hour:02}:00:00"
zone = "Europe/Paris"
days = 2
period_minutes = {}
[weather]
irradiance_w_per_m2 = [0, 0, 0, 0, 0, 20, 120, 320, 520, 680, 790, 830, 800, 710, 560, 370, 160, 20, 0, 0, 0, 0, 0, 0]
temperature_c = [2, 2, 1, 1, 1, 1, 2, 4, 6, 8, 10, 11, 12, 12, 11, 10, 9, 7, 6, 5, 4, 3, 3, 2]
[market]
mechanism = "{}"
groups = "{}"
[market.optimizer]
iterations = 10
population = 8
[sellers]
keep_confidence = {}
[decisions]
mode = "{}"
[grid]
limit_kw = {}
[battery]
capacity_kwh = {capacity_kwh}
capacity_spread = 0.3
discharge_kw = {discharge_kw}
charge_efficiency = {}
discharge_efficiency = {}
soc_min = {}
soc_max = {}
initial_soc = {}
wear_cost_per_kwh = {wear}
model = "{}"
ageing = "{}"
"#,
            self.seed,
            self.period_minutes,
            self.mechanism,
            self.groups,
            self.keep_confidence,
            if self.is_rational { "rational" } else { "habit" },
            self.limit_kw,
            efficiency.0,
            efficiency.1,
            soc.0,
            soc.1,
            f64::midpoint(soc.0, soc.1),
            if *is_lfp { "lfp" } else { "constant" },
            if *ages { "lfp" } else { "none" },
        );
        for (seller, prices) in ["grid", "company"].into_iter().zip(&self.prices) {
            let bands = prices.iter().enumerate().map(|(quarter, price)| {
                let first = 6 * quarter + 1;
                format!("{{ from = {first}, to = {}, price = {price} }}", first + 5)
            });
            let bands = bands.collect::<Vec<_>>().join(", ");
            writeln!(text, "[tariffs.{seller}]\nbands = [{bands}]").unwrap();
        }
        if let Some(Storage { capacity_kwh, content_min, power_kw, fee, leak, is_first_come }) = &self.storage
        {
            let content_min_kwh = capacity_kwh * content_min;
            let scarcity = if *is_first_come { "first_come" } else { "pro_rata" };
            writeln!(
                text,
                "[storage]\ncapacity_kwh = {capacity_kwh}\ncontent_min_kwh = {content_min_kwh}\ncharge_kw = {}\n\
                 discharge_kw = {}\nservice_fee_per_kwh = {fee}\nself_discharge_per_day = {leak}\nscarcity = \"{scarcity}\"",
                power_kw.0, power_kw.1
            )
            .unwrap();
        }
        if self.has_feeder {
            text.push_str(
                "[grid.feeder]\nlines = \"data/feeder_lines.csv\"\nbuses = \"data/feeder_buses.csv\"\nbase_kv = 12.66\n",
            );
        }
        writeln!(text, "[ledger]\ndevice_accounts = {}", self.device_accounts).unwrap();
        if let Some(attacks) = &self.attacks {
            text.push_str(&attacks.toml());
        }
        for (number, portrait) in self.portraits.iter().enumerate() {
            text.push_str(&portrait.toml(&format!("p{number}"), &self.battery));
        }
        text
    }
}

/// What a household did in a period, in millionths of a kWh.
#[derive(Debug, Clone)]
struct Deed {
    is_away: bool,
    content: i64,
    charged: i64,
    discharged: i64,
    driven: i64,
    given: i64,
}

/// The deeds of every household, period by period.
fn deeds(run: &Run) -> BTreeMap<String, Vec<Deed>> {
    let rows = run.rows(Table::AgentPeriods);
    let columns = ["content_kwh", "charge_kwh", "discharge_kwh", "drive_kwh", "sold_kwh", "stored_kwh"];
    let [content, charged, discharged, driven, sold, stored] = columns.map(|name| rows.micro(name));
    let roles = rows.texts("role");
    let mut deeds: BTreeMap<String, Vec<Deed>> = BTreeMap::new();
    for (row, household) in rows.texts("household").into_iter().enumerate() {
        deeds.entry(household).or_default().push(Deed {
            is_away: roles[row] == "away",
            content: content[row],
            charged: charged[row],
            discharged: discharged[row],
            driven: driven[row],
            given: sold[row] + stored[row],
        });
    }
    deeds
}

/// The battery of every household: content at the start, and its capacity.
fn batteries(run: &Run) -> BTreeMap<String, (i64, i64)> {
    let rows = run.rows(Table::Households);
    let values = rows.micro("initial_kwh").into_iter().zip(rows.micro("battery_kwh"));
    rows.texts("household").into_iter().zip(values).collect()
}

impl Community {
    fn portrait_of(&self, household: &str) -> &Portrait {
        let number: usize = household[1..].split('-').next().unwrap().parse().unwrap();
        &self.portraits[number]
    }

    /// Charge within the battery's limits; what others are given never comes from below the lowest one.
    fn batteries_stay_within_their_limits(&self, run: &Run) {
        let (soc_min, soc_max) = self.battery.soc;
        let batteries = batteries(run);
        for (household, deeds) in deeds(run) {
            let (mut before, capacity) = batteries[&household];
            let portrait = self.portrait_of(&household);
            let hours = f64::from(self.period_minutes) / 60.0;
            for (place, deed) in deeds.iter().enumerate() {
                let told = || format!("{household} in period {place}: {before} then {deed:?}");
                assert!((0..=capacity).contains(&deed.content), "{}", told());
                let ceiling = (capacity as f64 * soc_max).round() as i64;
                assert!(deed.content <= ceiling.max(before), "above the highest charge: {}", told());
                let most = (portrait.charge_kw * 1e6 * hours).round() as i64;
                assert!(deed.charged <= most + 1, "more than the charger's {most}: {}", told());
                let most = (self.battery.discharge_kw * 1e6 * hours).round() as i64;
                assert!(deed.discharged <= most + 1, "more than the charger's {most}: {}", told());
                let is_reserve = deed.content + deed.driven < (capacity as f64 * soc_min) as i64 - 1;
                // An aged battery's own limit is a little lower than the new one's, which is used here.
                let is_reserve = is_reserve && !self.battery.ages;
                assert!(deed.discharged == 0 || !is_reserve, "out of the reserve: {}", told());
                before = deed.content;
            }
        }
    }

    /// Whoever sells what it has once is never refused, and the chain's flows never contradict the grid's check.
    /// Says whether somebody sold and all were honest.
    fn only_double_sales_sell_what_is_not_there(&self, run: &Run) -> bool {
        let rejections = run.events("rejection");
        let sells_twice = self.portraits.iter().any(|portrait| portrait.faults.is_some());
        assert!(sells_twice || run.figure("rejected_lot") == Some(0.0), "{rejections:?}");
        assert!(!rejections.iter().any(|detail| detail.contains("over the line")), "{rejections:?}");
        !sells_twice && run.figure("trades") > Some(0.0)
    }

    /// A vehicle that leaves with less than it needs was charged all the while that it was there, out of nothing that it gave away.
    fn needs_are_met_wherever_power_and_time_allow(&self, run: &Run) -> usize {
        let events = run.rows(Table::Events);
        let kinds = events.texts("kind");
        let (ats, actors, details) = (events.times("at"), events.texts("actor"), events.texts("detail"));
        let horizon = run.manifest().horizon;
        let deeds = deeds(run);
        let mut judged = 0;
        for row in (0..events.len()).filter(|&row| kinds[row] == "departure_short") {
            if details[row].contains("before the plan") {
                continue;
            }
            let micros = u64::try_from(ats[row] - horizon.start_micros).unwrap();
            let closed = usize::try_from(micros / horizon.period_micros).unwrap();
            // The books of the period of the departure are closed at its end.
            let departure = closed - 1;
            let stay = &deeds[&actors[row]][..departure];
            let arrival = stay.iter().rposition(|deed| deed.is_away || deed.driven > 0);
            let portrait = self.portrait_of(&actors[row]);
            let most = portrait.charge_kw * f64::from(self.period_minutes) / 60.0 * 1e6;
            // Of the period of the arrival only a part was spent at the charger; at most three hours late.
            let late = if portrait.faults.is_some() { 180 / self.period_minutes as usize } else { 0 };
            for (place, deed) in stay.iter().enumerate().skip(arrival.map_or(0, |place| place + 2 + late)) {
                let told =
                    || format!("{} left short in period {departure}, and in {place}: {deed:?}", actors[row]);
                // Sun beyond the charger's power may go elsewhere.
                assert_eq!(deed.discharged, 0, "{}", told());
                assert!(deed.given == 0 || deed.charged > 0, "{}", told());
                if !self.battery.is_lfp {
                    assert!(
                        (deed.charged as f64 - most).abs() < 2.0,
                        "not charged with all power: {}",
                        told()
                    );
                }
                judged += 1;
            }
        }
        judged
    }
}

/// What the runs of a test had in them, so that no promise is kept for want of an occasion.
#[derive(Debug, Default)]
struct Seen {
    trades: usize,
    stored_kwh: f64,
    withdrawn_kwh: f64,
    departures: f64,
    /// Periods at the charger before a departure with too little.
    periods_of_short_stays: usize,
    faults: usize,
    /// Communities in which somebody sold and nobody ever sold twice.
    honest: usize,
    refused_lots: f64,
    curtailed_kwh: f64,
}

/// Runs a community and holds it against everything that is promised. Is the scenario accepted?
fn every_promise_is_kept(community: &Community, seen: &RefCell<Seen>) -> bool {
    let text = community.toml();
    let base = shipped("smoke");
    let loaded = match load_text("random.toml", &text, base.parent().unwrap_or(Path::new(".")), &[]) {
        Ok(loaded) => loaded,
        Err(problems) => {
            let words = problems.to_string();
            assert!(words.contains("km, which take") || words.contains("h away, which leave"), "{words}");
            return false;
        }
    };
    let run = Run::of_loaded(&loaded, &text);
    run.expect_verified();
    sold_is_bought_in_every_period(&run);
    every_kwh_of_every_household_is_accounted_for(&run);
    the_storage_holds_what_was_put_in_and_not_taken_out(&run);
    money_sums_to_nothing_in_every_period(&run);
    what_goes_into_the_feeder_comes_out_or_is_lost(&run);
    every_kwh_of_the_run_is_accounted_for(&run);
    batteries_only_get_worse_and_count_what_goes_through_them(&run);
    community.batteries_stay_within_their_limits(&run);
    let honest = community.only_double_sales_sell_what_is_not_there(&run);
    let judged = community.needs_are_met_wherever_power_and_time_allow(&run);
    let figure = |variable| run.figure(variable).unwrap_or(0.0);
    let seen = &mut *seen.borrow_mut();
    seen.trades += run.rows(Table::Trades).len();
    seen.stored_kwh += figure("stored");
    seen.withdrawn_kwh += figure("withdrawn");
    seen.departures += figure("departures");
    seen.periods_of_short_stays += judged;
    seen.faults += ["late_arrival", "non_delivery", "false_reading"]
        .map(|kind| run.events(kind).len())
        .iter()
        .sum::<usize>();
    seen.honest += usize::from(honest);
    seen.refused_lots += figure("rejected_lot");
    let curtailed = run.rows(Table::MarketPeriods).micro("curtailed_kwh");
    seen.curtailed_kwh += curtailed.iter().sum::<i64>() as f64 * 1e-6;
    true
}

fn five_hundred_communities(is_rational: bool) {
    let seed = std::env::var("GOSHAWK_RANDOM_SEED").map_or(0, |seed| seed.parse().expect("a whole number"));
    let config = ProptestConfig {
        cases: 500,
        failure_persistence: None,
        max_shrink_iters: 200,
        rng_seed: RngSeed::Fixed(2 * seed + u64::from(is_rational)),
        ..ProptestConfig::default()
    };
    let seen = RefCell::default();
    TestRunner::new(config)
        .run(&any_community(is_rational), |community| {
            prop_assume!(every_promise_is_kept(&community, &seen));
            Ok(())
        })
        .unwrap_or_else(|error| panic!("{error}"));
    let seen = seen.into_inner();
    eprintln!("{seen:?}");
    assert!(seen.trades > 2_000 && seen.departures > 2_000.0 && seen.faults > 500, "{seen:?}");
    assert!(seen.honest > 50 && seen.refused_lots > 0.0, "{seen:?}");
    assert!(seen.stored_kwh > 100.0 && seen.withdrawn_kwh > 10.0, "{seen:?}");
    assert!(seen.periods_of_short_stays > 100 && seen.curtailed_kwh > 10.0, "{seen:?}");
}

#[test]
fn five_hundred_communities_of_habit_keep_every_promise() {
    five_hundred_communities(false);
}

#[test]
fn five_hundred_rational_communities_keep_every_promise() {
    five_hundred_communities(true);
}
