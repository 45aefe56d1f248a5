//! The tables in DuckDB, pandas and polars, the real packages.

use std::path::Path;
use std::process::Command;

use goshawk_output::table::Table;

use crate::python::packages;
use crate::run::Run;

fn every_table_is_read_by_all_three(run: &Run) {
    let script = Path::new(env!("CARGO_MANIFEST_DIR")).join("python/read_back.py");
    let mut python = Command::new("python3");
    python.env("PYTHONPATH", packages()).env("PYTHONDONTWRITEBYTECODE", "1");
    let done = python.arg(script).arg(run.out()).output().unwrap();
    let said = String::from_utf8_lossy(&done.stdout);
    assert!(done.status.success(), "{said}\n{}", String::from_utf8_lossy(&done.stderr));
    for table in Table::ALL {
        let rows = run.rows(table).len();
        assert!(said.contains(&format!("{table}: {rows} rows\n")), "{table}, {rows} rows, in:\n{said}");
    }
}

#[test]
fn duckdb_pandas_and_polars_read_every_table() {
    every_table_is_read_by_all_three(&Run::of("smoke", &[]));
    every_table_is_read_by_all_three(&Run::of(
        "community",
        &["time.days=1", "market.optimizer.iterations=50"],
    ));
}

// Nothing is traded, nothing converges, nothing happens: a table without rows still has its columns.
#[test]
fn tables_without_rows_are_read_too() {
    let run = Run::of("smoke", &["market.mechanism=grid_only", "output.convergence_every=0"]);
    assert_eq!(run.rows(Table::Trades).len() + run.rows(Table::Convergence).len(), 0);
    every_table_is_read_by_all_three(&run);
}

#[test]
fn decimals_are_exact_in_all_three_and_say_what_floats_say() {
    let sets = ["time.days=1", "market.optimizer.iterations=50"];
    let floats = Run::of("feeder", &sets);
    let decimals = Run::of("feeder", &[&sets[..], &["output.numbers=decimal"]].concat());
    let script = Path::new(env!("CARGO_MANIFEST_DIR")).join("python/decimals.py");
    let mut python = Command::new("python3");
    python.env("PYTHONPATH", packages()).env("PYTHONDONTWRITEBYTECODE", "1");
    let done = python.arg(script).arg(floats.out()).arg(decimals.out()).output().unwrap();
    let said = String::from_utf8_lossy(&done.stdout);
    assert!(done.status.success(), "{said}\n{}", String::from_utf8_lossy(&done.stderr));
    println!("{said}");
    let counts: Vec<u32> = said.split(' ').filter_map(|word| word.parse().ok()).collect();
    assert!(counts[0] > 50 && counts[1] > 30, "{said}");
}
