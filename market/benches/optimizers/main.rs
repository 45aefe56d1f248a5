//! Optimizers beside each other at equal evaluations, and beside their peers in Python.
//!
//! `cargo bench -p goshawk-market --bench optimizers -- [SEEDS [SUITE_SEED]]`, 11 and 20211206 by default.
//! `GOSHAWK_PYTHON` names a Python with mealpy and minionpy; without, `python3` is asked, and what is missing is left
//! out. `GOSHAWK_THREADS` sets the number of threads, which no result depends on.
//!
//! It does not measure what an evaluation of a market's problem costs, and one set of twelve functions at one budget ranks
//! no algorithms: it is there to choose a default, and to notice when one becomes worse.

#![allow(clippy::print_stdout, reason = "a report")]

mod clock;
mod contenders;
mod peers;

use std::sync::Mutex;
use std::sync::atomic::{AtomicUsize, Ordering};

use contenders::{Contender, EVALUATIONS, budget};
use goshawk_market::optimizer::suite::{Function, Shifted};
use goshawk_market::optimizer::{NgoOriginal, Optimizer, Problem};

const DIMENSIONS: usize = 30;
/// Added to every error before errors are divided: below it, all is found.
const FOUND: f64 = 1e-8;

fn main() {
    let mut arguments = std::env::args().skip(1).filter(|argument| !argument.starts_with("--"));
    let mut number = |default: u64| {
        arguments.next().map_or(default, |text| text.parse().expect("SEEDS and SUITE_SEED are whole numbers"))
    };
    let (seeds, suite_seed) = (number(11).max(1), number(20_211_206));
    let suite: Vec<Shifted> =
        Function::ALL.iter().map(|&function| Shifted::new(function, DIMENSIONS, suite_seed)).collect();
    let contenders = contenders::all();

    println!(
        "{DIMENSIONS} dimensions, {EVALUATIONS} evaluations, median error of {seeds} seeds, suite {suite_seed}"
    );
    let medians = medians(&contenders, &suite, seeds);
    print_table(&contenders, &medians);
    let published = contenders.iter().position(|contender| contender.name == "ngo_original");
    let published = &medians[published.expect("invariant: the published algorithm takes part")];
    for (contender, medians) in contenders.iter().zip(&medians) {
        println!("ratio {} {:.5}", contender.name, over(medians, published));
    }
    for contender in contenders.iter().filter(|contender| contender.is_optimizer) {
        println!("ratio box_move_bias_{} {:.4e}", contender.name, box_move_bias(contender, seeds));
    }
    let mut ngo_speed = 0.0;
    for contender in contenders.iter().filter(|contender| contender.is_optimizer) {
        let speed = evaluations_per_cpu_second(contender);
        println!("evaluations_per_cpu_second {} {speed:.0}", contender.name);
        if contender.name == "ngo" {
            ngo_speed = speed;
        }
    }
    if !clock::HAS_CPU_TIME {
        println!("no processor time on this platform: speeds are by the wall clock");
    }
    let moved = |seed| {
        let mut optimizer = NgoOriginal::with_box(budget(), 100.0, 300.0);
        optimizer.minimize(&mut MovedSphere { centre: 200.0 }, [seed, 3]).value
    };
    peers::mealpy(ngo_speed, median((1..=seeds).map(moved).collect()));
    let ours = |name: &str| {
        let place = contenders.iter().position(|contender| contender.name == name);
        &medians[place.expect("invariant: the swarm and L-SHADE take part")][..]
    };
    peers::minionpy(&suite, seeds, &[("pso", ours("pso")), ("l_shade", ours("l_shade"))]);
}

/// The median error of every contender on every function, on all threads; every run has its own place and seed.
fn medians(contenders: &[Contender], suite: &[Shifted], seeds: u64) -> Vec<Vec<f64>> {
    let jobs: Vec<(usize, usize, u64)> = (0..contenders.len())
        .flat_map(|contender| (0..suite.len()).map(move |function| (contender, function)))
        .flat_map(|(contender, function)| (1..=seeds).map(move |seed| (contender, function, seed)))
        .collect();
    let errors = Mutex::new(vec![f64::NAN; jobs.len()]);
    let next = AtomicUsize::new(0);
    let threads = std::env::var("GOSHAWK_THREADS").ok().and_then(|text| text.parse().ok());
    let threads =
        threads.unwrap_or_else(|| std::thread::available_parallelism().map_or(1, |threads| threads.get()));
    std::thread::scope(|scope| {
        for _ in 0..threads {
            scope.spawn(|| {
                loop {
                    let job = next.fetch_add(1, Ordering::Relaxed);
                    let Some(&(contender, function, seed)) = jobs.get(job) else {
                        break;
                    };
                    let mut problem = suite[function].clone();
                    let bound = problem.function().bound();
                    let mut optimizer = (contenders[contender].make)(-bound, bound);
                    let error = optimizer.minimize(&mut problem, [seed, function as u64]).value;
                    errors.lock().expect("invariant: no run panics")[job] = error;
                }
            });
        }
    });
    let errors = errors.into_inner().expect("invariant: no run panics");
    let mut all = errors.chunks(seeds as usize).map(|errors| median(errors.to_vec()));
    contenders.iter().map(|_| all.by_ref().take(suite.len()).collect()).collect()
}

fn median(mut values: Vec<f64>) -> f64 {
    values.sort_by(f64::total_cmp);
    values[values.len() / 2]
}

/// The geometric mean of errors over others'.
fn over(errors: &[f64], others: &[f64]) -> f64 {
    let logarithms = errors.iter().zip(others).map(|(a, b)| libm::log((a + FOUND) / (b + FOUND)));
    libm::exp(logarithms.sum::<f64>() / errors.len() as f64)
}

fn print_table(contenders: &[Contender], medians: &[Vec<f64>]) {
    print!("{:32}", "");
    Function::ALL.iter().for_each(|function| print!(" {:>10}", function.name()));
    println!();
    for (contender, medians) in contenders.iter().zip(medians) {
        print!("{:32}", contender.name);
        medians.iter().for_each(|error| print!(" {error:>10.1e}"));
        println!();
    }
}

/// The sphere with its optimum at `centre`, over the box of 100 around it.
struct MovedSphere {
    centre: f64,
}

impl Problem for MovedSphere {
    fn dimensions(&self) -> usize {
        DIMENSIONS
    }

    fn evaluate(&mut self, genes: &[f64], n: usize, values: &mut [f64]) {
        values.fill(0.0);
        let lower = self.centre - 100.0;
        for row in genes.chunks_exact(n) {
            for (value, gene) in values.iter_mut().zip(row) {
                let distance = (lower + 200.0 * gene) - self.centre;
                *value += distance * distance;
            }
        }
    }
}

/// How much larger the error on the sphere becomes when box and optimum are moved by 200 together: 1 is none.
fn box_move_bias(contender: &Contender, seeds: u64) -> f64 {
    let errors = |centre: f64| -> Vec<f64> {
        (1..=seeds)
            .map(|seed| {
                let mut optimizer = (contender.make)(centre - 100.0, centre + 100.0);
                optimizer.minimize(&mut MovedSphere { centre }, [seed, 9]).value
            })
            .collect()
    };
    over(&errors(200.0), &errors(0.0))
}

/// On the sphere, the median of five measurements of at least 0.3 seconds.
fn evaluations_per_cpu_second(contender: &Contender) -> f64 {
    let measure = || {
        let (start, mut evaluations, mut seed) = (clock::seconds(), 0, 0);
        while clock::seconds() - start < 0.3 {
            seed += 1;
            let mut optimizer = (contender.make)(-100.0, 100.0);
            evaluations += optimizer.minimize(&mut MovedSphere { centre: 0.0 }, [seed, 1]).evaluations;
        }
        evaluations as f64 / (clock::seconds() - start)
    };
    median((0..5).map(|_| measure()).collect())
}
