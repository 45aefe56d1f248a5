//! The mechanism `exact` against HiGHS, on order books that a Python program solves from the model's formulas alone.

use std::fmt::Write;
use std::path::Path;
use std::process::Command;

use goshawk_market::mechanism::{Yardstick, exact};
use goshawk_market::{Objectives, PeriodProblem};
use serde_json::{Value, json};

use crate::python::packages;
use crate::sample::{self, Draws};

const BOOKS: u64 = 200;

/// A random order book, random weights, and what `exact` finds for them.
fn solved_book(seed: u64) -> Value {
    let mut draw = Draws::new(seed);
    let terms = sample::terms(&mut draw);
    let (offers, bids) = sample::orders(&mut draw);
    let profit = draw.corner_or_inside();
    let weights = [profit, 1.0 - profit];
    let problem = PeriodProblem::new(&terms, &offers, &bids);
    let solution = exact(&problem, weights);
    json!({
        "terms": terms,
        "offers": offers,
        "bids": bids,
        "weights": weights,
        "scales": scales(&problem),
        "scheme": solution.scheme,
        "value": solution.value,
        "bound": solution.bound,
    })
}

/// How much U grows per unit of profit and per unit of cost saved, for weights of 1.
fn scales(problem: &PeriodProblem) -> [f64; 2] {
    Yardstick::of(problem).normalised(&Objectives {
        sellers_profit: problem.profit_without_trade() + 1.0,
        buyers_cost: problem.cost_without_trade() - 1.0,
        welfare: 0.0,
    })
}

#[test]
fn highs_finds_no_better_clearing_than_exact() {
    let folder = tempfile::tempdir().unwrap();
    let books = folder.path().join("books.jsonl");
    let mut lines = String::new();
    (0..BOOKS).for_each(|seed| writeln!(lines, "{}", solved_book(seed)).unwrap());
    std::fs::write(&books, lines).unwrap();

    let script = Path::new(env!("CARGO_MANIFEST_DIR")).join("python/highs.py");
    let mut python = Command::new("python3");
    // Programs this small gain nothing from threads.
    python.env("PYTHONPATH", packages()).env("PYTHONDONTWRITEBYTECODE", "1").env("OMP_NUM_THREADS", "1");
    let done = python.arg(script).arg(books).output().unwrap();
    let said = String::from_utf8_lossy(&done.stdout);
    assert!(done.status.success(), "{said}\n{}", String::from_utf8_lossy(&done.stderr));
    assert!(said.starts_with(&format!("{BOOKS} books, ")), "{said}");
    println!("{said}");
}
