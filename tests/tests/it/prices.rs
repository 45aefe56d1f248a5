//! Dated prices and a company that follows them, from the file to the tables.

use std::collections::{BTreeMap, BTreeSet};
use std::path::Path;

use goshawk::scenario::load_text;
use goshawk_output::table::Table;

use crate::run::Run;
use crate::table::{Rows, Slot};

const SMOKE: &str = include_str!("../../../scenarios/smoke.toml");
const GRID_BANDS: &str = "bands = [{ from = 1, to = 15, price = 0.16 }, { from = 16, to = 21, price = 0.30 }, { from = 22, to = 24, price = 0.16 }]";
const COMPANY_BANDS: &str =
    "bands = [{ from = 1, to = 15, price = 0.17 }, { from = 16, to = 24, price = 0.28 }]";
const MARKUP: i64 = 150_000;
/// The smoke scenario starts at noon, and the file of prices at midnight before.
const FIRST_HOUR: usize = 12;

/// The smoke scenario with a day-ahead market, in which the company follows a rule.
fn run(rule: &str, sets: &[&str]) -> Run {
    let edits = [
        (GRID_BANDS, "prices = \"day_ahead.csv\"\nmarkup_per_kwh = 0.15".to_owned()),
        (COMPANY_BANDS, format!("margin = {{ {rule} }}")),
        ("[storage]", "[company]\nwholesale_prices = \"day_ahead.csv\"\n[storage]".to_owned()),
    ];
    let mut text = SMOKE.to_owned();
    for (old, new) in edits {
        assert!(text.contains(old), "the scenario has `{old}`");
        text = text.replacen(old, &new, 1);
    }
    let sets: Vec<String> = sets.iter().map(|&set| set.to_owned()).collect();
    let loaded =
        load_text("smoke.toml", &text, &data(), &sets).unwrap_or_else(|problems| panic!("{problems}"));
    assert_eq!(loaded.files.len(), 2, "the manifest knows the files");
    Run::of_loaded(&loaded, rule)
}

fn data() -> std::path::PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("../experiments/tests/data")
}

/// The file's price in each hour of the run, in steps of the grid, read without the program.
fn hourly_micro() -> Vec<i64> {
    let text = std::fs::read_to_string(data().join("day_ahead.csv")).unwrap();
    let number = |row: &str| (row.split(',').nth(1).unwrap().parse::<f64>().unwrap() * 1e6).round() as i64;
    text.lines().filter(|row| row.starts_with("2019")).map(number).skip(FIRST_HOUR).collect()
}

fn by_slot(rows: &Rows, column: &str) -> Vec<(Slot, i64)> {
    rows.slots().into_iter().zip(rows.micro(column)).collect()
}

/// The price of the file in each period, in which four share an hour.
fn expected(periods: usize) -> Vec<i64> {
    let hours = hourly_micro();
    (0..periods).map(|period| hours[period / 4]).collect()
}

/// What the company has sold and paid in each period.
fn company_books(run: &Run) -> BTreeMap<Slot, (i64, i64)> {
    let rows = run.rows(Table::OperatorPeriods);
    let (energy, cost) = (by_slot(&rows, "energy_kwh"), rows.micro("cost"));
    let books = rows.texts("operator").into_iter().zip(energy.into_iter().zip(cost));
    let company = books.filter(|(name, _)| name == "company");
    company.map(|(_, ((slot, energy), cost))| (slot, (energy, cost))).collect()
}

#[test]
fn the_grid_asks_the_files_prices_and_the_company_follows_the_grid() {
    let run =
        run("over = \"grid\", share = -0.05, per_kwh = 0.001, cap = 0.2", &["market.mechanism=grid_only"]);
    run.expect_verified();
    let rows = run.rows(Table::MarketPeriods);
    let wholesale = expected(rows.len());
    assert!(wholesale.iter().any(|&price| price < 0), "there is an hour of too much sun");
    let grid: Vec<i64> = wholesale.iter().map(|price| price + MARKUP).collect();
    assert_eq!(rows.micro("grid_price_per_kwh"), grid);
    // 95 % of these lie on the grid.
    let company: Vec<i64> = grid.iter().map(|price| (price / 100 * 95 + 1_000).min(200_000)).collect();
    assert!(company.contains(&200_000), "the cap is met");
    assert_eq!(rows.micro("company_price_per_kwh"), company);

    let books = company_books(&run);
    let mut prices_paid = BTreeSet::new();
    for (slot, price) in rows.slots().into_iter().zip(&wholesale) {
        let (energy, cost) = books[&slot];
        let exact = i128::from(energy) * i128::from(*price);
        let half = 500_000 * exact.signum();
        assert_eq!(i128::from(cost), (exact + half) / 1_000_000, "{slot:?}: {energy} at {price}");
        if energy > 0 {
            prices_paid.insert(*price);
        }
    }
    assert!(prices_paid.len() > 1, "the company sells in hours of different prices: {prices_paid:?}");
}

#[test]
fn the_company_follows_what_it_pays_down_to_its_floor() {
    let run = run("over = \"wholesale\", share = 0.1, per_kwh = 0.1, floor = 0.1", &[]);
    run.expect_verified();
    let rows = run.rows(Table::MarketPeriods);
    let company: Vec<i64> =
        expected(rows.len()).iter().map(|price| (price / 10 * 11 + 100_000).max(100_000)).collect();
    assert!(company.contains(&100_000), "the floor is met");
    assert_eq!(rows.micro("company_price_per_kwh"), company);
}

#[test]
fn rational_households_look_ahead_in_dated_prices() {
    run("over = \"grid\", share = -0.02", &["decisions.mode=rational"]).expect_verified();
}

#[test]
fn a_run_has_the_same_rows_with_a_file_that_goes_on() {
    let text = |prices: &str, zone: &str| {
        let source = format!("prices = \"{prices}\"\nmarkup_per_kwh = 0.15{zone}");
        SMOKE.replacen(GRID_BANDS, &source, 1)
    };
    let rows = |text: &str| {
        let loaded =
            load_text("smoke.toml", text, &data(), &[]).unwrap_or_else(|problems| panic!("{problems}"));
        Run::of_loaded(&loaded, "prices").rows(Table::MarketPeriods).micro("grid_price_per_kwh")
    };
    let own = rows(&text("day_ahead.csv", ""));
    assert_eq!(own, rows(&text("day_ahead_one_day.csv", "")), "local times of the scenario's zone");
    let west = rows(&text("day_ahead_one_day.csv", "\nprices_zone = \"America/Chicago\""));
    assert_eq!(own[..20], west[4..], "an hour later, where clocks show an hour less");
}
