//! Prints how often the intervals of summaries cover a truth that is known; the book has the table.
//!
//! `cargo run --release -p goshawk --example coverage`

#![expect(clippy::print_stdout, reason = "an example prints")]

use goshawk::statistics::coverage::{Coverage, Population, of_fixed, of_quantile, of_sequential};
use goshawk::statistics::stopping::{Sampling, StoppingRule, Target};

const REPETITIONS: u32 = 4_000;
const SEED: u64 = 2026;

fn percent(coverage: &Coverage) -> String {
    format!("{:.1}", 100.0 * coverage.share())
}

fn main() {
    println!("Share of {REPETITIONS} studies whose 95 % interval covers the truth, in percent.\n");
    println!("Student's interval, fixed number of replicates\n");
    let counts = [5, 10, 30, 100, 300, 1000];
    println!("| population | {} |", counts.map(|count| format!("n = {count}")).join(" | "));
    println!("|---|{}", "---|".repeat(counts.len()));
    for population in Population::ALL {
        let cells = counts.map(|count| percent(&of_fixed(population, count, REPETITIONS, SEED)));
        println!("| {} | {} |", population.name(), cells.join(" | "));
    }

    println!("\nInterval from order statistics\n");
    let cases = [(0.5, 30), (0.5, 300), (0.05, 100), (0.05, 1000), (0.95, 100), (0.95, 1000)];
    println!("| population | {} |", cases.map(|(p, n)| format!("p = {p}, n = {n}")).join(" | "));
    println!("|---|{}", "---|".repeat(cases.len()));
    for population in Population::ALL {
        let cells =
            cases.map(|(p, n)| of_quantile(population, p, n, REPETITIONS, SEED).map(|it| percent(&it)));
        let Some(cells) = cells.into_iter().collect::<Option<Vec<String>>>() else { continue };
        println!("| {} | {} |", population.name(), cells.join(" | "));
    }

    println!("\nSequential rule: looks every 10 replicates, at least 30, at most 20,000\n");
    let targets = [0.2, 0.1, 0.05, 0.02];
    println!("| population | {} |", targets.map(|it| format!("± {} % (replicates)", 100.0 * it)).join(" | "));
    println!("|---|{}", "---|".repeat(targets.len()));
    let rule = StoppingRule::new(10, 30, 20_000, Sampling::Independent).expect("a rule");
    for population in Population::ALL {
        let cells = targets.map(|relative| {
            let target = Target { absolute: 0.0, relative };
            let coverage = of_sequential(population, &rule, target, REPETITIONS, SEED);
            format!("{} ({:.0})", percent(&coverage), coverage.replicates)
        });
        println!("| {} | {} |", population.name(), cells.join(" | "));
    }
}
