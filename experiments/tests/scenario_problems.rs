//! What a user reads when an input is wrong: each message names file, line and field, what is there and what may be.

use std::path::Path;

use goshawk::scenario::{Color, Problems, load, load_text};

const SMOKE: &str = include_str!("../../scenarios/smoke.toml");

/// The problems of the smoke scenario after some edits; its data files lie in tests/data.
fn problems_of(edits: &[(&str, &str)], sets: &[&str]) -> Problems {
    let mut text = SMOKE.to_owned();
    for (old, new) in edits {
        assert!(text.contains(old), "the scenario has `{old}`");
        text = text.replacen(old, new, 1);
    }
    let sets: Vec<String> = sets.iter().map(|&set| set.to_owned()).collect();
    load_text("smoke.toml", &text, Path::new("tests/data"), &sets).expect_err("the edits are faults")
}

fn message(old: &str, new: &str) -> String {
    let problems = problems_of(&[(old, new)], &[]);
    assert_eq!(problems.len(), 1, "one fault, one problem:\n{problems}");
    problems.render(Color::Never)
}

/// The smoke scenario with an aggregator.
fn aggregator_problems(fields: &str) -> String {
    let table = format!("[aggregator]\n{fields}\n[market.optimizer]");
    problems_of(&[("[market.optimizer]", &table)], &[]).render(Color::Never)
}

#[test]
fn everything_wrong_with_an_aggregator_is_told_at_once() {
    insta::assert_snapshot!(aggregator_problems(
        "signal = \"peak_shaving\"\npeak_kw = 20\nvalley_kw = 30\nrequests = \"requests.csv\"\n\
         portraits = [\"at_home\", \"at_work\"]\nparticipation = 1.5\ncapacity_kw = 0"
    ));
}

#[test]
fn an_aggregator_needs_what_its_signal_is_made_of() {
    let peak = aggregator_problems("signal = \"peak_shaving\"");
    let regulation = aggregator_problems("signal = \"regulation\"\npeak_kw = 20");
    let unknown = aggregator_problems("signal = \"frequency\"");
    insta::assert_snapshot!(format!("{peak}\n{regulation}\n{unknown}"));
}

#[test]
fn everything_wrong_with_a_file_of_requests_is_told_at_once() {
    let bad = aggregator_problems("signal = \"regulation\"\nrequests = \"bad_requests.csv\"");
    // These requests are of the day after the scenario's.
    let early = aggregator_problems("signal = \"regulation\"\nrequests = \"late_requests.csv\"");
    insta::assert_snapshot!(format!("{bad}\n{early}"));
}

#[test]
fn everything_wrong_with_a_file_of_carbon_intensities_is_told_at_once() {
    let grid = |file: &str| {
        let table = format!("[grid]\nco2_intensity = \"{file}\"\n[market.optimizer]");
        problems_of(&[("[market.optimizer]", &table)], &[]).render(Color::Never)
    };
    // The late ones are of the day after the scenario's.
    insta::assert_snapshot!(["bad_intensity.csv", "late_intensity.csv", "none.csv"].map(grid).join("\n"));
}

#[test]
fn unknown_field() {
    insta::assert_snapshot!(message("initial_soc_spread =", "inital_soc_spread ="));
}

#[test]
fn wrong_type() {
    insta::assert_snapshot!(message("periods = 24", "periods = \"twenty-four\""));
}

#[test]
fn a_fraction_where_a_whole_number_is_wanted() {
    insta::assert_snapshot!(message("periods = 24", "periods = 24.0"));
}

#[test]
fn negative_capacity() {
    insta::assert_snapshot!(message("[battery]", "[battery]\ncapacity_kwh = -60"));
}

#[test]
fn tariff_with_a_hole() {
    insta::assert_snapshot!(message(
        "{ from = 16, to = 24, price = 0.28 }",
        "{ from = 19, to = 24, price = 0.28 }"
    ));
}

#[test]
fn tariff_with_an_overlap() {
    insta::assert_snapshot!(message(
        "{ from = 16, to = 24, price = 0.28 }",
        "{ from = 14, to = 24, price = 0.28 }"
    ));
}

fn with_weather(file: &str) -> Problems {
    let begin = SMOKE.find("irradiance_w_per_m2").expect("the scenario has hourly weather");
    let end = SMOKE[begin..].find("\n\n").expect("sections end") + begin;
    problems_of(&[(&SMOKE[begin..end], &format!("tmy3 = \"{file}\""))], &[])
}

#[test]
fn weather_file_that_ends_too_early() {
    insta::assert_snapshot!(with_weather("ends_early.csv").render(Color::Never));
}

#[test]
fn weather_stamps_that_jump_and_repeat() {
    insta::assert_snapshot!(with_weather("jumps.csv").render(Color::Never));
}

#[test]
fn missing_weather_file() {
    insta::assert_snapshot!(with_weather("nowhere.csv").render(Color::Never));
}

#[test]
fn a_schedule_with_faults_in_two_entries() {
    let bands = "bands = [{ from = 1, to = 15, price = 0.17 }, { from = 16, to = 24, price = 0.28 }]";
    let problems = problems_of(&[(bands, "schedule = \"bad_schedule.json\"")], &[]);
    insta::assert_snapshot!(problems.render(Color::Never));
}

#[test]
fn hours_outside_1_to_24() {
    insta::assert_snapshot!(message(
        "[portraits.at_home]",
        "[portraits.at_home]\ncharging_hours = [0, 1, 2]"
    ));
}

#[test]
fn hours_listed_twice() {
    insta::assert_snapshot!(message(
        "[portraits.at_home]",
        "[portraits.at_home]\ncharging_hours = [1, 2, 1]"
    ));
}

#[test]
fn zero_households() {
    let problems = problems_of(&[("count = 10", "count = 0"), ("count = 10", "count = 0")], &[]);
    insta::assert_snapshot!(problems.render(Color::Never));
}

#[test]
fn a_period_that_does_not_divide_the_hour() {
    insta::assert_snapshot!(message("period_minutes = 15", "period_minutes = 7"));
}

#[test]
fn every_fault_of_a_period_is_told_once() {
    for period in ["0", "-15", "90", "1440", "15.0", "15.5", "\"15\"", "[15]"] {
        let text = message("period_minutes = 15", &format!("period_minutes = {period}"));
        assert!(text.contains(period) && text.contains("minutes that divide an hour"), "{text}");
    }
}

#[test]
fn a_ledger_that_does_not_keep_up_with_the_market() {
    insta::assert_snapshot!(problems_of(
        &[
            ("period_minutes = 15", "period_minutes = 5"),
            ("[market.optimizer]", "[ledger]\nlatency_max_ms = 30001\n[market.optimizer]")
        ],
        &[],
    ));
}

#[test]
fn more_faulty_validators_than_a_ledger_can_bear() {
    let faulty = |lines: &str| {
        problems_of(&[("[market.optimizer]", &format!("[ledger]\n{lines}\n[market.optimizer]"))], &[])
    };
    let together = faulty("validators = 7\nsilent_validators = 2\nwithholding_validators = 1");
    let alone = faulty("silent_validators = 2");
    let nonsense = faulty("silent_validators = 11\nwithholding_validators = -1");
    insta::assert_snapshot!(format!("{together}\n{alone}\n{nonsense}"));
}

#[test]
fn attacks_that_no_ledger_or_run_can_have() {
    let ledger = "[ledger]\nvalidators = 7\nequivocating_validators = 1\ncensoring_validators = 2\ncensored_share = 1.5\n\
                  compensation_factor = -1\n\
                  partitions = [{ start_h = 1, length_h = 0, validators = 1 }, { start_h = -1, length_h = 2, validators = 3 }]\n";
    let faults =
        "count = 10\nfaults = { double_sale = 1.1, replay = -0.1 }\ndischarging_hours = [13, 14, 15, 16, 17]";
    let all = problems_of(
        &[
            ("[market.optimizer]", &format!("{ledger}[market.optimizer]")),
            ("count = 10\ndischarging_hours = [13, 14, 15, 16, 17]", faults),
        ],
        &[],
    );
    let cut_off = problems_of(
        &[],
        &["ledger.silent_validators=1", "ledger.partitions=[{ start_h = 1, length_h = 1, validators = 1 }]"],
    );
    insta::assert_snapshot!(format!("{all}\n{cut_off}"));
}

#[test]
fn values_that_the_model_cannot_use() {
    let problems = problems_of(
        &[],
        &[
            "battery.capacity_kwh=0.09",
            "battery.charge_efficiency=0.09",
            "battery.discharge_efficiency=1.1",
            "storage.charge_efficiency=0",
            "storage.discharge_efficiency=0.01",
            "fees.grid_per_kwh=0.0000009",
            "fees.platform_per_kwh=0",
            "portraits.at_home.capacity_kwh=0",
            "portraits.at_home.early_departure_mean_minutes=181",
            "portraits.at_home.weekday.distance_km=0",
            "portraits.at_home.weekday.away_h=16.5",
            "portraits.night_shift.count=50001",
            "ledger.latency_max_ms=60001",
        ],
    );
    insta::assert_snapshot!(problems);
}

#[test]
fn the_edges_of_what_the_model_can_use() {
    let sets = [
        "battery.capacity_kwh=0.1",
        "battery.charge_efficiency=0.1",
        "battery.discharge_efficiency=0.1",
        "storage.charge_efficiency=0.1",
        "storage.discharge_efficiency=0.1",
        "fees.grid_per_kwh=0.000001",
        "fees.platform_per_kwh=0.000001",
        "portraits.at_home.capacity_kwh=0.1",
        "portraits.at_home.early_departure_mean_minutes=180",
        "portraits.at_home.weekday.distance_km=0.1",
        "portraits.at_home.weekday.away_h=16",
        "portraits.at_home.count=49990",
        "portraits.night_shift.capacity_kwh=60",
        "portraits.night_shift.weekday.distance_km=50",
        "time.period_minutes=1",
        "ledger.latency_max_ms=6000",
    ];
    let loaded = load_text("smoke.toml", SMOKE, Path::new(""), &sets.map(str::to_owned));
    assert_eq!(loaded.unwrap_or_else(|problems| panic!("{problems}")).scenario.household_count(), 50_000);
}

#[test]
fn more_households_than_a_community_can_have() {
    let counts = ["portraits.at_home.count=30000", "portraits.night_shift.count=20001"];
    insta::assert_snapshot!(problems_of(&[], &counts));
}

#[test]
fn not_toml() {
    insta::assert_snapshot!(message("periods = 24", "periods = = 24"));
}

#[test]
fn unknown_mechanism() {
    insta::assert_snapshot!(message(
        "[market.optimizer]",
        "[market]\nmechanism = \"auction\"\n[market.optimizer]"
    ));
}

#[test]
fn missing_section() {
    insta::assert_snapshot!(problems_of(&[("[tariffs.company]", "[tariffs.other]")], &[]));
}

#[test]
fn missing_weather() {
    let begin = SMOKE.find("[weather]").expect("the scenario has weather");
    let end = SMOKE[begin..].find("\n\n").expect("sections end") + begin;
    let problems = problems_of(&[(&SMOKE[begin..end], "")], &[]);
    assert_eq!(problems.len(), 1, "{problems}");
    insta::assert_snapshot!(problems);
}

#[test]
fn faults_in_set_arguments_say_so() {
    let problems = problems_of(
        &[],
        &[
            "battery.capacity_kwh=-5",
            "batery.charge_kw=7",
            "seed",
            "time.start.hour=3",
            "name=[1",
            "grid.limit_kw=inf",
        ],
    );
    insta::assert_snapshot!(problems.render(Color::Never));
}

#[test]
fn a_start_that_clocks_skip_and_a_zone_that_is_none() {
    let skipped = problems_of(&[("2019-01-07T12:00:00", "2019-03-10T02:30:00")], &[]);
    let nowhere = problems_of(&[("America/New_York", "America/New_Amsterdam")], &[]);
    insta::assert_snapshot!(format!("{skipped}\n{nowhere}"));
}

#[test]
fn fields_that_disagree() {
    let problems = problems_of(
        &[
            ("[battery]", "[battery]\nsoc_min = 0.3"),
            ("[portraits.at_home]", "[portraits.at_home]\nneed_kwh = 9"),
            ("distance_km = 120", "distance_km = 400"),
            ("[storage]", "[storage]\ncontent_min_kwh = 60"),
            (
                "[market.optimizer]",
                "[ledger]\nlatency_min_ms = 100\n[market]\nprice_min = 20\n[market.optimizer]",
            ),
            ("periods = 24", "periods = 97"),
        ],
        &[],
    );
    insta::assert_snapshot!(problems);
}

#[test]
fn a_scenario_file_that_does_not_exist() {
    let problems = load("tests/data/nowhere.toml", &[]).unwrap_err();
    insta::assert_snapshot!(problems);
}

#[test]
fn five_faults_in_five_places_are_told_in_one_go() {
    let problems = problems_of(
        &[
            ("period_minutes = 15", "period_minutes = 50"),
            ("area_spread = 0.2", "area_spread = 2"),
            ("{ from = 16, to = 21, price = 0.30 }", "{ from = 17, to = 21, price = 0.30 }"),
            ("count = 10", "cuont = 10"),
            ("capacity_kwh = 50", "capacity_kwh = \"50 kWh\""),
        ],
        &[],
    );
    assert_eq!(problems.len(), 5, "{problems}");
    insta::assert_snapshot!(problems.render(Color::Never));
}

/// Whatever a field is set to, loading gives a scenario or problems.
#[test]
fn no_value_of_any_field_makes_loading_panic() {
    let effective = load_text("smoke.toml", SMOKE, Path::new(""), &[]).unwrap().effective_toml;
    let mut fields = Vec::new();
    let mut table = String::new();
    for line in effective.lines() {
        if let Some(header) = line.strip_prefix('[') {
            table = format!("{}.", header.trim_matches(['[', ']']));
        } else if let Some((field, _)) = line.split_once(" = ") {
            fields.push(format!(
                "{}{field}",
                if table.starts_with("tariffs") { "tariffs.grid." } else { &table }
            ));
        }
    }
    assert!(fields.len() > 60);
    let values =
        ["-1", "0", "1", "25", "9223372036854775807", "1e308", "nan", "true", "word", "[]", "[1]", "{}"];
    for field in &fields {
        for value in values {
            let set = format!("{field}={value}");
            if let Err(problems) = load_text("effective.toml", &effective, Path::new(""), &[set]) {
                assert!(!problems.render(Color::Never).is_empty());
            }
        }
    }
}

#[test]
fn wear_that_follows_from_no_ageing() {
    insta::assert_snapshot!(message("[battery]", "[battery]\nwear = \"marginal\""));
}

#[test]
fn cells_warmer_than_they_were_measured() {
    insta::assert_snapshot!(message("[battery]", "[battery]\ntemperature_c = 75"));
}

/// The smoke scenario, in which those at home replay a file of sessions instead of making trips.
fn with_sessions(file: &str, more: &str) -> String {
    let trip = "weekday = { departure_hour = 8.5, away_h = 1, distance_km = 10, distance_sd_km = 3 }";
    let sessions = format!("sessions = \"{file}\"\n{more}");
    problems_of(&[("count = 10", "count = 2"), (trip, &sessions)], &[]).render(Color::Never)
}

#[test]
fn everything_wrong_with_a_file_of_sessions_is_told_at_once() {
    insta::assert_snapshot!(with_sessions("bad_sessions.csv", ""));
}

#[test]
fn sessions_that_overlap_in_one_household() {
    insta::assert_snapshot!(with_sessions("overlapping_sessions.csv", ""));
}

#[test]
fn more_sessions_at_once_than_households_to_deal_them_to() {
    let columns = "session_columns = { household = \"nobody\", arival = \"arrival\" }";
    insta::assert_snapshot!(with_sessions("crowded_sessions.csv", columns));
    insta::assert_snapshot!(with_sessions("crowded_sessions.csv", ""));
}

#[test]
fn a_mixture_with_faults() {
    let trip = "weekday = { departure_hour = 8.5, away_h = 1, distance_km = 10, distance_sd_km = 3 }";
    let problems = problems_of(&[(trip, "mixture = \"bad_mixture.csv\"")], &[]);
    insta::assert_snapshot!(problems.render(Color::Never));
}

#[test]
fn habits_that_leave_no_time_to_charge() {
    insta::assert_snapshot!(message("[portraits.night_shift]", "[portraits.night_shift]\ncharge_kw = 1.4"));
}

#[test]
fn vehicles_that_do_not_add_up_and_a_consumption_without_any() {
    let problems = problems_of(
        &[
            ("[portraits.at_home]", "[portraits.at_home]\nvehicles = { compact = 0.4, suv = 0.4 }"),
            ("[portraits.night_shift]", "[portraits.night_shift]\nconsumption = \"physical\"\nneed_kwh = 2"),
        ],
        &[],
    );
    insta::assert_snapshot!(problems.render(Color::Never));
}

const GRID_BANDS: &str = "bands = [{ from = 1, to = 15, price = 0.16 }, { from = 16, to = 21, price = 0.30 }, { from = 22, to = 24, price = 0.16 }]";
const COMPANY_BANDS: &str =
    "bands = [{ from = 1, to = 15, price = 0.17 }, { from = 16, to = 24, price = 0.28 }]";

#[test]
fn everything_wrong_with_a_file_of_prices_is_told_at_once() {
    let problems = problems_of(&[(GRID_BANDS, "prices = \"bad_prices.csv\"")], &[]);
    insta::assert_snapshot!(problems.render(Color::Never));
}

#[test]
fn prices_that_do_not_cover_the_run_and_one_that_is_negative() {
    let grid = "prices = \"day_ahead.csv\"\nmarkup_per_kwh = 0.008";
    let company = "prices = \"late_prices.csv\"";
    let storage = "[company]\nwholesale_prices = \"nowhere.csv\"\n[storage]";
    let edits = [(GRID_BANDS, grid), (COMPANY_BANDS, company), ("[storage]", storage)];
    insta::assert_snapshot!(problems_of(&edits, &[]).render(Color::Never));
}

#[test]
fn tariffs_with_too_many_sources_or_none() {
    let grid = "margin = { over = \"wholesale\" }\nmarkup_per_kwh = 0.1\nprices_zone = \"Mars\"";
    let company = format!("{COMPANY_BANDS}\nschedule = \"x.json\"\nmarkup_per_kwh = 0.1");
    let edits = [(GRID_BANDS, grid), (COMPANY_BANDS, company.as_str())];
    insta::assert_snapshot!(problems_of(&edits, &["company.wholesale_prices_zone=UTC"]));
    insta::assert_snapshot!(problems_of(&[(GRID_BANDS, "scale = 2")], &[]));
    let zone = "prices = \"day_ahead.csv\"\nprices_zone = \"Mars\"";
    insta::assert_snapshot!(problems_of(&[(GRID_BANDS, zone)], &[]));
}

#[test]
fn a_rule_that_cannot_hold() {
    let company = "margin = { over = \"grid\", share = -2, per_kwh = 0.01, floor = 0.2, cap = 0.1 }\nscale = 2\n\
                   markup_per_kwh = 0.1";
    insta::assert_snapshot!(problems_of(&[(COMPANY_BANDS, company)], &[]));
    insta::assert_snapshot!(problems_of(&[(COMPANY_BANDS, "margin = { over = \"company\", fee = 1 }")], &[]));
}

#[test]
fn everything_wrong_with_credit_bands_is_told_at_once() {
    let bands = |fields: &str| {
        let table = format!("[ledger.credit]\n{fields}\n[market.optimizer]");
        problems_of(&[("[market.optimizer]", &table)], &[]).render(Color::Never)
    };
    let fields = bands(
        "good_from = 0.7\nfair_from = 0.7\npoor_from = 0.6\nfair_surcharge = 0.1\npoor_deposit = 2\nsuspension_periods = 0\n\
         severity_not_taken = 2.5\ntolerance = 1",
    );
    let together = bands("hysteresis = 0.2\nreturn_score = 0.6");
    let order = bands("good_from = 0.6\nfair_surcharge = 0.1\npoor_deposit = 2");
    insta::assert_snapshot!(format!("{fields}\n{together}\n{order}"));
}
