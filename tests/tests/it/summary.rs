//! Summaries of studies: every number again in pandas and scipy, and indices again in SALib, from the files alone.

use std::fs;
use std::path::Path;
use std::process::Command;

use goshawk::study::folder::Shard;
use goshawk::summary::influence::Found;
use goshawk::summary::{Request, Scope, Summary, long_table, summarise};
use serde_json::{Value, json};

use crate::python::packages;
use crate::study_folder::{SOMETIMES_FAILS, StudyFolder};

const FIGURES: [&str; 3] = ["net_cost", "mean_price_paid", "self_sufficiency"];

/// Two mechanisms, of which one never trades: some figures are undefined.
const MECHANISMS: &str = r#"
name = "mechanisms"
scenario = "smoke.toml"
replicates = 30
[[factor]]
path = "market.mechanism"
values = ["mid_market_rate", "grid_only"]
[[factor]]
path = "photovoltaics.area_m2"
values = [20.0, 40.0]
"#;

const PAIRS: &str = r#"
name = "pairs"
scenario = "smoke.toml"
replicates = 20
antithetic = true
[[factor]]
path = "market.mechanism"
values = ["mid_market_rate", "grid_only"]
"#;

/// Three factors of the smoke test, at the points of a design.
fn sensitivity(name: &str, design: &str) -> String {
    format!(
        r#"
name = "{name}"
scenario = "smoke.toml"
replicates = 3
chunk = 3
tables = ["kpis"]
[set]
"market.mechanism" = "mid_market_rate"
[design]
{design}
[[factor]]
path = "photovoltaics.area_m2"
range = {{ from = 10.0, to = 60.0 }}
[[factor]]
path = "sellers.keep_confidence"
range = {{ from = 0.1, to = 0.9 }}
[[factor]]
path = "storage.capacity_kwh"
range = {{ from = 10.0, to = 100.0 }}
"#
    )
}

/// Summarises a study, and leaves the summary in its folder for others to read.
fn summarised(study: &StudyFolder) -> Summary {
    summarised_as(study, Request { scope: Scope::All, ..Request::default() })
}

fn summarised_as(study: &StudyFolder, request: Request) -> Summary {
    let summary = summarise(&study.out(), &request).unwrap();
    fs::write(study.out().join("summary.parquet"), long_table::parquet(&summary)).unwrap();
    let found: Vec<Value> =
        summary.influences.iter().map(|it| influence(&summary, it.figure, &it.found)).collect();
    fs::write(study.out().join("sensitivity.json"), json!(found).to_string()).unwrap();
    summary
}

fn influence(summary: &Summary, figure: usize, found: &Found) -> Value {
    let figure = &summary.figures[figure];
    let columns = match found {
        Found::Morris(effects) => json!({
            "method": "morris",
            "mu": effects.iter().map(|it| it.mu).collect::<Vec<_>>(),
            "mu_star": effects.iter().map(|it| it.mu_star.value).collect::<Vec<_>>(),
            "mu_star_conf": effects.iter().map(|it| it.mu_star.half_width).collect::<Vec<_>>(),
            "sigma": effects.iter().map(|it| it.sigma).collect::<Vec<_>>(),
        }),
        Found::Sobol(indices) => json!({
            "method": "saltelli",
            "S1": indices.first.iter().map(|it| it.value).collect::<Vec<_>>(),
            "S1_conf": indices.first.iter().map(|it| it.half_width).collect::<Vec<_>>(),
            "ST": indices.total.iter().map(|it| it.value).collect::<Vec<_>>(),
            "ST_conf": indices.total.iter().map(|it| it.half_width).collect::<Vec<_>>(),
            "S2": indices.second.iter().map(|it| it.index.value).collect::<Vec<_>>(),
            "S2_conf": indices.second.iter().map(|it| it.index.half_width).collect::<Vec<_>>(),
        }),
        Found::Blocks(found) => json!({
            "method": "blocks",
            "n": found.map(|it| it.estimate.count),
            "mean": found.map(|it| it.estimate.mean),
            "half_width": found.and_then(|it| it.estimate.half_width),
        }),
    };
    json!({ "scope": figure.scope, "id": figure.id, "variable": figure.variable, "found": columns })
}

/// What the program says of the studies; it stops at the first number that is another.
fn read_again(studies: &[&StudyFolder]) -> String {
    let script = Path::new(env!("CARGO_MANIFEST_DIR")).join("python/summary.py");
    let mut python = Command::new("python3");
    python.env("PYTHONPATH", packages()).env("PYTHONDONTWRITEBYTECODE", "1").env("OMP_NUM_THREADS", "1");
    let done = python.arg(script).args(studies.iter().map(|study| study.out())).output().unwrap();
    let said = String::from_utf8_lossy(&done.stdout).into_owned();
    assert!(done.status.success(), "{said}\n{}", String::from_utf8_lossy(&done.stderr));
    said
}

#[test]
fn every_number_is_that_of_pandas_and_scipy() {
    let mechanisms = StudyFolder::of(MECHANISMS);
    let pairs = StudyFolder::of(PAIRS);
    // Two of three shards are missing.
    let part = StudyFolder::of_shard(MECHANISMS, Shard { index: 1, count: 3 });
    let fails = StudyFolder::of(SOMETIMES_FAILS);

    let whole = summarised(&mechanisms);
    assert!(
        whole.rows.iter().any(|row| row.undefined == 30) && whole.rows.iter().any(|row| row.undefined == 0)
    );
    assert_eq!((whole.records.missing, whole.baseline), (0, Some(0)));
    assert_eq!(summarised(&pairs).rows.iter().map(|row| row.count).max(), Some(10));
    assert_eq!(summarised(&part).records.missing, 4 * 30 - 40);
    assert!(part.outcome.manifest.is_none());

    let failed: Vec<usize> =
        summarised(&fails).records.points.iter().map(|point| point.failed.len()).collect();
    assert!(failed[0] == 0 && (1..12).contains(&failed[1]) && failed[2] == 12, "{failed:?}");
    let said = read_again(&[&mechanisms, &pairs, &part, &fails]);
    assert_eq!(said.lines().count(), 4, "{said}");
    println!("{said}");
}

#[test]
fn a_point_whose_every_replicate_failed_is_told_with_no_values() {
    let study = StudyFolder::of(SOMETIMES_FAILS);
    let summary = summarised(&study);
    let costs: Vec<_> =
        summary.rows.iter().filter(|row| summary.figures[row.figure].variable == "net_cost").collect();
    let runs: Vec<_> = costs.iter().filter(|row| summary.figures[row.figure].scope == "run").collect();
    let told: Vec<_> = runs.iter().map(|row| (row.count + row.failed, row.estimate.is_some())).collect();
    assert_eq!(told, [(12, true), (12, true), (12, false)]);
    // Replicates that both have.
    assert_eq!(runs[1].difference.map(|it| it.count), Some(runs[1].count));
    assert_eq!(runs[2].difference, None);
}

#[test]
fn indices_of_a_study_are_those_of_salib() {
    let saltelli =
        StudyFolder::of(&sensitivity("shares", "method = \"saltelli\"\npoints = 64\nsecond_order = true"));
    let first = StudyFolder::of(&sensitivity("alone", "method = \"saltelli\"\npoints = 32"));
    let morris = StudyFolder::of(&sensitivity("walks", "method = \"morris\"\ntrajectories = 20"));
    let blocks =
        StudyFolder::of(&sensitivity("blocks", "method = \"latin_hypercube\"\npoints = 6\nblocks = 5"));
    let all = [&saltelli, &first, &morris, &blocks];
    for study in all {
        let figures = FIGURES.map(str::to_owned).to_vec();
        let request = Request { figures: figures.clone(), influence_on: figures, ..Request::default() };
        assert_eq!(summarised_as(study, request).influences.len(), FIGURES.len());
    }
    let said = read_again(&all);
    for method in ["saltelli", "morris", "blocks"] {
        assert!(said.contains(method), "{said}");
    }
    println!("{said}");
}
