//! How close `ngo` comes to the optimum, and what a clearing costs: `cargo bench -p goshawk-market --bench clearing`.
//!
//! Random order books as in the tests, 500 iterations of 30 individuals. Times are CPU milliseconds of the thread, medians
//! over clearings of different books; each book's parts are measured one after the other, so that what else the machine
//! does falls on all alike. Not measured: grouping the orders, and dealing a clearing out to households.
//!
//! A line `figure NAME VALUE` per figure.

#![expect(clippy::unwrap_used, reason = "a measurement that cannot go on should stop")]
#![expect(clippy::print_stdout, reason = "a measurement is printed")]

use std::hint::black_box;

use goshawk_market::mechanism::{Optimized, Yardstick};
use goshawk_market::optimizer::{Ngo, OPTIMIZER_NAMES, Optimizer};
use goshawk_market::{Mechanism, MechanismSettings, OptimizerSettings, PeriodProblem, mechanism_by_name};
// What the generator of order books imports.
use goshawk_market::{order, problem, quantity};

#[allow(dead_code, reason = "the tests use all of it")]
#[path = "../src/problem/sample.rs"]
mod sample;

use sample::Draws;

const GAP_BOOKS: u64 = 1000;
/// Clearings per time.
const CLEARINGS: usize = 60;

/// CPU time of this thread (ms).
#[cfg(unix)]
fn cpu_ms() -> f64 {
    let time = rustix::time::clock_gettime(rustix::time::ClockId::ThreadCPUTime);
    time.tv_sec as f64 * 1e3 + time.tv_nsec as f64 * 1e-6
}

/// Wall time (ms), where CPU time is not to be had.
#[cfg(not(unix))]
#[expect(clippy::disallowed_methods, reason = "a clock is what a measurement reads")]
fn cpu_ms() -> f64 {
    static START: std::sync::OnceLock<std::time::Instant> = std::sync::OnceLock::new();
    START.get_or_init(std::time::Instant::now).elapsed().as_secs_f64() * 1e3
}

fn ngo() -> Optimized<impl Optimizer> {
    Optimized::new(Ngo::new(OptimizerSettings {
        iterations: 500,
        population: 30,
        ..OptimizerSettings::default()
    }))
}

/// A value of an ascending list, by the share of values up to it.
fn at(sorted: &[f64], share: f64) -> f64 {
    sorted[((sorted.len() - 1) as f64 * share).round() as usize]
}

fn median(mut values: Vec<f64>) -> f64 {
    values.sort_by(f64::total_cmp);
    at(&values, 0.5)
}

fn figure(name: &str, value: f64) {
    println!("figure {name} {value:.3e}");
}

/// Gaps of every optimizer, all with about 2 N T evaluations.
fn gaps() {
    println!("gap to exact over books with trade of {GAP_BOOKS}");
    for name in OPTIMIZER_NAMES {
        let iterations = match name {
            "ngo" | "ngo_original" => 500,
            "l_shade" => 44 * 500 * 30 / (10 * (30 + 4)),
            _ => 1000,
        };
        let max_evaluations = Some(2 * 30 * (500 + 1));
        let optimizer = OptimizerSettings { iterations, max_evaluations, ..OptimizerSettings::default() };
        let settings = MechanismSettings { optimizer, ..MechanismSettings::default() };
        let mut mechanism = mechanism_by_name(name, &settings).unwrap();
        let mut gaps: Vec<f64> = (0..GAP_BOOKS)
            .filter_map(|seed| mechanism.clear(&sample::problem(&mut Draws::new(seed)), [seed, 7]).gap)
            .collect();
        gaps.sort_by(f64::total_cmp);
        for (what, share) in [("median", 0.5), ("90_percent", 0.9), ("99_percent", 0.99), ("worst", 1.0)] {
            figure(&format!("gap_{what}_{name}"), at(&gaps, share));
        }
    }
}

/// Books in which users can trade, of so many groups that offer and as many that bid.
fn books(groups: u64) -> impl Iterator<Item = PeriodProblem> {
    (0..).map(move |seed| {
        let mut draw = Draws::new(seed);
        let terms = sample::terms(&mut draw);
        let offers = sample::offers(&mut draw, groups);
        // The same groups: some of their households have a surplus, others lack energy.
        let bids = sample::bids(&mut draw, groups, 0, offers.len());
        PeriodProblem::new(&terms, &offers, &bids)
    })
}

fn costs(groups: u64) {
    let mut mechanism = ngo();
    let (mut clearings, mut measures) = (Vec::new(), Vec::new());
    for (seed, book) in books(groups).filter(PeriodProblem::is_tradeable).take(CLEARINGS).enumerate() {
        let start = cpu_ms();
        let clearing = black_box(mechanism.clear(black_box(&book), [seed as u64, 7]));
        let cleared = cpu_ms();
        let yardstick = Yardstick::of(black_box(&book));
        black_box(yardstick.gap(&book, &clearing.objectives, clearing.weights.unwrap()));
        measures.push(cpu_ms() - cleared);
        clearings.push(cleared - start);
    }
    let searches = clearings.iter().zip(&measures).map(|(all, measure)| all - measure).collect();
    println!("clearing {groups} groups, each offers and bids, {CLEARINGS} books");
    figure(&format!("clear_{groups}_groups_ms"), median(clearings));
    figure(&format!("clear_{groups}_groups_optimizer_ms"), median(searches));
    figure(&format!("clear_{groups}_groups_yardstick_and_exact_ms"), median(measures));
}

fn main() {
    gaps();
    costs(3);
    costs(100);
}
