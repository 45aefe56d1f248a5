//! Reports as their readers see them: in a headless browser, from the file system, and their queries in DuckDB.

use std::collections::BTreeMap;
use std::fs;
use std::path::Path;
use std::process::Command;

use goshawk::report::{Data, Source, page};
use goshawk::summary::{Request, Scope, long_table, summarise};
use goshawk_ledger::{Change, ContractId, Credit, Operation, RedbStore, replay};
use goshawk_output::table::Table;
use goshawk_output::{Manifest, read_kpis};
use serde_json::json;

use crate::browser::Browser;
use crate::python::packages;
use crate::run::Run;
use crate::study_folder::{SOMETIMES_FAILS, StudyFolder};

/// What `goshawk summary --format json` prints of a run.
fn summary_of_run(out: &Path) -> serde_json::Value {
    let manifest = Manifest::read(out).unwrap();
    let kpis = read_kpis(out, &manifest).unwrap();
    kpis.iter()
        .map(|kpi| json!({ "scope": kpi.scope, "id": kpi.id, "variable": kpi.variable, "value": kpi.value }))
        .collect()
}

/// ... and of a study, with `--scope all`.
fn summary_of_study(out: &Path) -> serde_json::Value {
    let request = Request { scope: Scope::All, ..Request::default() };
    json!({ "figures": long_table::json_rows(&summarise(out, &request).unwrap()) })
}

/// Writes the report of a folder, opens it, and asks its queries. What was checked, in words.
fn check(browser: &Browser, out: &Path, summary: &serde_json::Value) -> String {
    let folder = tempfile::tempdir().unwrap();
    let [html, summary_file, queries] =
        ["report.html", "summary.json", "queries.json"].map(|name| folder.path().join(name));
    let data = Data::read(&Source::find(out).unwrap()).unwrap();
    fs::write(&html, page::page(&data).unwrap()).unwrap();
    fs::write(&summary_file, summary.to_string()).unwrap();
    let seen = browser.check(&html, &summary_file, &queries);

    let script = Path::new(env!("CARGO_MANIFEST_DIR")).join("python/report.py");
    let mut python = Command::new("python3");
    python.env("PYTHONPATH", packages()).env("PYTHONDONTWRITEBYTECODE", "1");
    let done = python.arg(script).arg(&queries).output().unwrap();
    let said = String::from_utf8_lossy(&done.stdout);
    assert!(done.status.success(), "{said}\n{}", String::from_utf8_lossy(&done.stderr));
    format!("{seen}{said}")
}

#[test]
fn the_report_of_a_day_of_the_paper_opens_in_a_browser_and_its_numbers_are_the_tables() {
    let Some(browser) = Browser::find() else { return };
    let run = Run::of("paper_1", &["output.convergence_every=1"]);
    println!("{}", check(&browser, &run.out(), &summary_of_run(&run.out())));
}

#[test]
fn the_report_of_days_in_quarters_of_an_hour_opens_in_a_browser() {
    let Some(browser) = Browser::find() else { return };
    let run = Run::of("community", &["time.days=3", "market.mechanism=double_auction"]);
    println!("{}", check(&browser, &run.out(), &summary_of_run(&run.out())));
}

#[test]
fn the_report_of_a_study_opens_in_a_browser() {
    let Some(browser) = Browser::find() else { return };
    let study = StudyFolder::of(
        r#"
name = "trade"
description = "What trade among <neighbours> & others is \"worth\", with small roofs and large ones"
scenario = "smoke.toml"
replicates = 6
[[factor]]
path = "photovoltaics.area_m2"
values = [20.0, 40.0]
[[factor]]
path = "market.mechanism"
values = ["grid_only", "mid_market_rate"]
"#,
    );
    println!("{}", check(&browser, &study.out(), &summary_of_study(&study.out())));
}

/// The scores that the ledger's receipts tell last, by class, in 1e-6.
fn credit_of_the_ledger(run: &Run) -> BTreeMap<String, i64> {
    let classes = run.rows(Table::Households).texts("class");
    let mut scores = vec![i64::from(Credit::default().score()); classes.len()];
    let mut parties: BTreeMap<ContractId, [usize; 2]> = BTreeMap::new();
    let store = RedbStore::open_read_only(&run.out().join("ledger/validator-0.redb")).unwrap();
    replay(&store, &mut |block, receipts, _| {
        for (transaction, receipt) in block.transactions().iter().zip(receipts) {
            match (&transaction.transaction().operation, receipt.change()) {
                (Operation::Publish { terms }, _) => {
                    parties.insert(terms.id, [terms.seller.0 as usize, terms.buyer.0 as usize]);
                }
                (
                    Operation::Settle { contract },
                    Some(Change::Closed { seller_credit, buyer_credit, .. }),
                ) => {
                    let [seller, buyer] = parties[contract];
                    scores[seller] = i64::from(*seller_credit);
                    scores[buyer] = i64::from(*buyer_credit);
                }
                _ => {}
            }
        }
    })
    .unwrap();
    let mut sums = BTreeMap::new();
    for (class, score) in classes.into_iter().zip(scores) {
        *sums.entry(class).or_default() += score;
    }
    sums
}

#[test]
fn credit_is_that_of_the_ledger_also_where_contracts_are_broken() {
    let faults = [
        "time.days=2",
        "market.mechanism=mid_market_rate",
        "portraits.at_home.faults.non_delivery=0.3",
        "portraits.normal_hours.faults.late_arrival=0.5",
    ];
    let run = Run::of("community", &faults);
    assert!(run.figure("defaults").unwrap() > 10.0, "contracts are broken");
    let data = Data::read(&Source::find(&run.out()).unwrap()).unwrap();
    let told = &data.scenarios[0].trades.as_ref().unwrap().credit;
    let last: BTreeMap<String, i64> =
        told.iter().map(|(class, days)| (class.clone(), *days.last().unwrap())).collect();
    assert_eq!(last, credit_of_the_ledger(&run));
}

#[test]
fn a_study_of_key_figures_alone_with_failures_is_reported_as_it_is() {
    let study = StudyFolder::of(SOMETIMES_FAILS);
    let data = Data::read(&Source::find(&study.out()).unwrap()).unwrap();
    let [first, .., last] = data.scenarios.as_slice() else { panic!("three points") };
    assert_eq!(
        (first.failed, last.replicates),
        (0, 0),
        "none fails at the first point, all fail at the last"
    );
    assert_eq!(first.absent["agent_periods"], "the table agent_periods was not asked for");
    let page = page::page(&data).unwrap();
    let failed: u32 = data.scenarios.iter().map(|scenario| scenario.failed).sum();
    let overview = format!(
        "A study of 3 points: {} replicates came to their end, {failed} failed, none is missing.",
        36 - failed
    );
    assert!(page.contains(&overview), "{}", data.overview);
    assert!(page.contains(
        "<strong>Photovoltaic output by hour</strong>: the table agent_periods was not asked for."
    ));
}
