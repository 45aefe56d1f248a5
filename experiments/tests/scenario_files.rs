//! The scenario files that ship with goshawk, and what holds for every scenario.

use std::path::{Path, PathBuf};

use goshawk::scenario::{Loaded, load, load_text, schema_json};
use goshawk_agents::pricing::Pricing;
use goshawk_market::tariff::LocalMoment;
use jiff::SignedDuration;
use toml::Value;

fn scenarios() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("../scenarios")
}

fn shipped() -> Vec<PathBuf> {
    let files =
        std::fs::read_dir(scenarios()).expect("scenarios ship").map(|entry| entry.expect("a file").path());
    let mut scenarios: Vec<PathBuf> =
        files.filter(|path| path.extension().is_some_and(|extension| extension == "toml")).collect();
    scenarios.sort();
    assert!(scenarios.len() >= 5, "the shipped scenarios are found");
    scenarios
}

fn loaded(path: &Path) -> Loaded {
    load(path, &[]).unwrap_or_else(|problems| panic!("{problems}"))
}

#[test]
fn every_shipped_scenario_loads_and_names_itself_after_its_file() {
    for path in shipped() {
        assert_eq!(loaded(&path).scenario.name, path.file_stem().unwrap().to_str().unwrap());
    }
}

#[test]
fn every_shipped_study_loads_and_names_itself_after_its_file() {
    let files = std::fs::read_dir(scenarios().join("studies")).expect("studies ship");
    let mut count = 0;
    for path in files.map(|entry| entry.expect("a file").path()) {
        let study = goshawk::study::file::load(&path, None).unwrap_or_else(|problems| panic!("{problems}"));
        assert_eq!(study.file.name, path.file_stem().unwrap().to_str().unwrap());
        let again = toml::from_str(&study.effective_toml()).expect("the effective study is a study");
        assert_eq!(study.file, again);
        count += 1;
    }
    assert!(count >= 4, "the shipped studies are found");
}

#[test]
fn the_effective_scenario_loads_to_the_same_value_and_writes_the_same_text() {
    for path in shipped() {
        let first = loaded(&path);
        let again = load_text("effective.toml", &first.effective_toml, &scenarios(), &[]).unwrap();
        assert_eq!(again.scenario, first.scenario);
        assert_eq!(again.effective_toml, first.effective_toml);
        assert_eq!(again.weather, first.weather);
        assert_eq!((again.start, again.grid_tariff), (first.start, first.grid_tariff));
    }
}

/// Every leaf of a scenario with its path, lists both whole and item by item.
fn leaves(path: &str, value: &Value, found: &mut Vec<(String, String)>) {
    let below = |name: &str| if path.is_empty() { name.to_owned() } else { format!("{path}.{name}") };
    match value {
        Value::Table(table) => table.iter().for_each(|(name, value)| leaves(&below(name), value, found)),
        Value::Array(items) => {
            items
                .iter()
                .enumerate()
                .for_each(|(index, item)| leaves(&below(&index.to_string()), item, found));
            found.push((path.to_owned(), value.to_string()));
        }
        leaf => found.push((path.to_owned(), leaf.to_string())),
    }
}

#[test]
fn set_reaches_every_field_of_every_shipped_scenario() {
    for path in shipped() {
        let before = loaded(&path);
        let mut found = Vec::new();
        leaves("", &before.effective_toml.parse::<toml::Table>().unwrap().into(), &mut found);
        assert!(found.len() > 60, "all defaults are written out");
        let sets: Vec<String> = found.iter().map(|(path, value)| format!("{path}={value}")).collect();
        // Set upon the effective file, whose lists have all their items.
        let again = load_text("effective.toml", &before.effective_toml, &scenarios(), &sets);
        assert_eq!(again.unwrap_or_else(|problems| panic!("{problems}")).scenario, before.scenario);
    }
}

#[test]
fn set_changes_what_it_names_and_makes_the_tables_it_needs() {
    let sets = ["market.optimizer.population=64", "market.mechanism=exact", "storage.capacity_kwh = 0"]
        .map(str::to_owned);
    let scenario = load(scenarios().join("paper_1.toml"), &sets).unwrap().scenario;
    assert_eq!(scenario.market.optimizer.population, 64);
    assert_eq!(scenario.market.mechanism, goshawk::scenario::Mechanism::Exact);
    assert_eq!(scenario.storage.capacity_kwh, 0.0);
}

#[test]
fn days_that_the_number_of_periods_cuts_are_remarked_upon() {
    let remarks = |sets: &[&str]| {
        let sets: Vec<String> = sets.iter().map(|&set| set.to_owned()).collect();
        load(scenarios().join("smoke.toml"), &sets).unwrap().remarks
    };
    let told = "the run ends after time.periods = 24, of the 288 periods of time.days = 3";
    assert_eq!(remarks(&["time.days=3"]), [told]);
    assert_eq!(remarks(&[]), [""; 0], "nobody asked for a day");
    assert_eq!(remarks(&["time.days=3", "time.periods=288"]), [""; 0]);
}

#[test]
fn the_papers_scenarios_differ_in_their_counts_alone() {
    let paper: Vec<_> =
        (1..=3).map(|n| loaded(&scenarios().join(format!("paper_{n}.toml"))).scenario).collect();
    for (scenario, counts) in paper.iter().zip([[80, 50, 40], [30, 50, 80], [40, 40, 80]]) {
        assert_eq!(scenario.portraits.values().map(|portrait| portrait.count).collect::<Vec<_>>(), counts);
        let mut like_first = scenario.clone();
        like_first.name.clone_from(&paper[0].name);
        like_first.description.clone_from(&paper[0].description);
        for (portrait, first) in like_first.portraits.values_mut().zip(paper[0].portraits.values()) {
            portrait.count = first.count;
        }
        assert_eq!(like_first, paper[0]);
    }
}

#[test]
fn files_are_kept_with_their_digests() {
    let loaded = loaded(&scenarios().join("community.toml"));
    let names: Vec<(&str, &str)> =
        loaded.files.iter().map(|file| (file.field.as_str(), file.path.as_str())).collect();
    assert_eq!(
        names,
        [
            ("weather.tmy3", "data/greensboro_january_tmy3.csv"),
            ("tariffs.grid.schedule", "data/sce_tou_ev_8_june_2019.json"),
        ]
    );
    assert!(loaded.files.iter().all(|file| file.sha256.len() == 64));
}

/// After a change of a field: `UPDATE_SCHEMA=1 cargo test -p goshawk --test scenario_files`.
#[test]
fn the_committed_schemas_are_fresh() {
    let schemas =
        [("scenario.schema.json", schema_json()), ("study.schema.json", goshawk::study::file::schema_json())];
    for (name, schema) in schemas {
        let path = scenarios().join(name);
        if std::env::var_os("UPDATE_SCHEMA").is_some() {
            std::fs::write(&path, &schema).unwrap();
        }
        let committed = std::fs::read_to_string(&path).unwrap_or_default();
        assert!(committed == schema, "{name} is stale; see this test's comment");
    }
}

/// Sellers' prices that reading the paper's tables backwards gives (hour, yuan per kWh).
const PAPER_PRICES: [(i8, f64); 9] =
    [(1, 0.36), (2, 0.36), (8, 0.53), (9, 1.06), (10, 0.82), (11, 0.93), (19, 0.80), (20, 0.80), (21, 1.12)];

#[test]
fn the_papers_tariffs_stand_in_the_order_of_its_section_7_and_leave_room_for_its_prices() {
    let paper = loaded(&scenarios().join("paper_1.toml"));
    let (Pricing::Tariff(grid), Pricing::Tariff(company)) = (&paper.grid_tariff, &paper.company_tariff)
    else {
        panic!("the paper has bands");
    };
    let prices = |hour: i8| {
        let minute_of_day = u16::from(hour.unsigned_abs() % 24) * 60;
        let moment = LocalMoment { month: 1, day: 15, weekday: 1, minute_of_day };
        (grid.price_at(&moment).to_f64(), company.price_at(&moment).to_f64())
    };
    for hour in [1, 2, 3, 4, 5, 9, 10, 21] {
        assert!(prices(hour).1 < prices(hour).0, "the company is cheaper in hour {hour}");
    }
    for hour in [6, 7, 8, 19, 22, 23, 24] {
        assert!(prices(hour).0 < prices(hour).1, "the grid is cheaper in hour {hour}");
    }
    let fees = &paper.scenario.fees;
    for (hour, price) in PAPER_PRICES {
        let buyers_price = price + fees.grid_per_kwh + fees.platform_per_kwh;
        assert!(buyers_price < prices(hour).0.min(prices(hour).1), "a trade pays in hour {hour}");
    }
}

#[test]
fn the_papers_sun_gives_the_energy_that_the_fit_means() {
    let Loaded { scenario, weather, start, .. } = loaded(&scenarios().join("paper_1.toml"));
    let roof = &scenario.photovoltaics;
    let energy_kwh = |hour: i64| {
        let sample = weather.sample(start + SignedDuration::from_hours(hour - 1));
        let heating_k = (roof.nominal_cell_temperature_c - 20.0) / 800.0 * sample.light.global();
        let above_reference_k = sample.temperature_c + 273.15 + heating_k - 298.0;
        let efficiency = roof.efficiency * (1.0 - roof.temperature_coefficient_per_k * above_reference_k);
        sample.light.global() * roof.area_m2 * efficiency / 1000.0
    };
    for (hour, expected) in
        (8..=18).zip([0.023, 1.004, 5.209, 5.616, 6.091, 6.066, 4.497, 4.079, 2.989, 1.537, 0.314])
    {
        assert!((energy_kwh(hour) - expected).abs() < 0.006, "hour {hour}: {} kWh", energy_kwh(hour));
    }
    assert_eq!(energy_kwh(7) + energy_kwh(19), 0.0, "no sun before and after");
}
