//! General minimisers over the box [0, 1]^m. They know nothing of energy.
//!
//! A generation's candidates are evaluated as one batch, dimension-major, so that a problem can work on them side by side.
//! Random numbers are counter-based ([`random`]): the draw of an individual depends on the seed, the
//! generation, the phase, the individual and the draw's number alone.
//!
//! | name | what it is | evaluations |
//! |---|---|---|
//! | `ngo` | improved Northern Goshawk Optimization, the default: [`Ngo`] | N + 2 N T |
//! | `ngo_original` | the same as published, with its faults: [`NgoOriginal`] | N + 2 N T |
//! | `pso` | particle swarm with constriction: [`Pso`] | N + N T |
//! | `improved_pso` | with time-varying inertia and an annealed leader: [`ImprovedPso`] | N + N T |
//! | `l_shade` | differential evolution with success history and shrinking population: [`LShade`] | fewer each iteration |
//!
//! ```
//! use goshawk_market::optimizer::{Ngo, Optimizer, OptimizerSettings, Problem};
//!
//! struct Sphere;
//! impl Problem for Sphere {
//!     fn dimensions(&self) -> usize { 3 }
//!     fn evaluate(&mut self, genes: &[f64], n: usize, values: &mut [f64]) {
//!         for i in 0..n {
//!             values[i] = (0..3).map(|j| (genes[j * n + i] - 0.3).powi(2)).sum();
//!         }
//!     }
//! }
//! let solution = Ngo::new(OptimizerSettings::default()).minimize(&mut Sphere, [7, 0]);
//! assert!(solution.value < 1e-12);
//! assert_eq!(solution.evaluations, 30 + 2 * 30 * 500);
//! ```

mod difference;
mod history;
mod improved_pso;
mod l_shade;
mod ngo;
mod ngo_original;
mod plan;
mod population;
mod pso;
mod quantile;
pub mod random;
pub mod suite;
mod swarm;

use serde::{Deserialize, Serialize};

pub use improved_pso::ImprovedPso;
pub use l_shade::{InitialPopulation, LShade};
pub use ngo::{Ngo, NgoIngredients};
pub use ngo_original::NgoOriginal;
pub use population::Population;
pub use pso::Pso;

/// A function to be minimised over [0, 1]^m.
pub trait Problem {
    /// m, at least 1.
    fn dimensions(&self) -> usize;

    /// Writes the values of `n` candidates: gene `j` of candidate `i` is `genes[j * n + i]`.
    ///
    /// A value that is not finite counts as infinitely bad.
    fn evaluate(&mut self, genes: &[f64], n: usize, values: &mut [f64]);
}

/// How long and with how many to search.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct OptimizerSettings {
    /// Iterations; 500 by default.
    pub iterations: u32,
    /// Individuals, at least 4; 30 by default.
    pub population: usize,
    /// Stop early once the best value improved by no more than this over 50 iterations, and the population's worst value
    /// is within it of the best. `None` by default: every period then costs the same number of evaluations.
    pub convergence_tolerance: Option<f64>,
    /// The most evaluations: no iteration begins that would go beyond. The random start is always evaluated. `None`, no
    /// limit, by default.
    pub max_evaluations: Option<u64>,
    /// Stop once the best value is at most this, where a bound of the objective is known. `None` by default.
    pub target: Option<f64>,
}

impl Default for OptimizerSettings {
    fn default() -> Self {
        Self {
            iterations: 500,
            population: 30,
            convergence_tolerance: None,
            max_evaluations: None,
            target: None,
        }
    }
}

/// How far an optimizer was after an iteration.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize)]
pub struct TracePoint {
    /// Iterations done; 0 is the random start.
    pub iteration: u32,
    /// Evaluations done.
    pub evaluations: u64,
    /// The best value so far.
    pub best: f64,
    /// The mean of the population's finite values.
    pub mean: f64,
}

/// What an optimizer found.
#[derive(Debug, Clone, PartialEq)]
pub struct Solution {
    /// The best candidate.
    pub genes: Vec<f64>,
    /// Its value.
    pub value: f64,
    /// Evaluations used.
    pub evaluations: u64,
    /// Iterations used.
    pub iterations: u32,
    /// Evaluations that gave no finite value.
    pub non_finite: u64,
    /// One point for the start and one per iteration.
    pub trace: Vec<TracePoint>,
}

/// A population-based minimiser, in steps.
pub trait Optimizer {
    /// Its name in tables.
    fn name(&self) -> &'static str;

    /// Its settings.
    fn settings(&self) -> &OptimizerSettings;

    /// Draws and evaluates a new population.
    fn start(&mut self, problem: &mut dyn Problem, seed: [u64; 2]);

    /// One iteration.
    fn step(&mut self, problem: &mut dyn Problem);

    /// Draws and evaluates a new population in which `guests` take the first places, for a problem whose values changed.
    /// Evaluations and iterations count on; guests beyond the population's size stay out.
    fn restart(&mut self, problem: &mut dyn Problem, guests: &[&[f64]]);

    /// The population, with the best candidate.
    fn population(&self) -> &Population;

    /// Whether candidate i of a batch is always a trial of the same individual i. Not so where candidates are evaluated one
    /// after the other, or where the population shrinks.
    fn keeps_places(&self) -> bool {
        true
    }

    /// The evaluations of the next iteration; the population's size unless it says otherwise.
    fn evaluations_per_step(&self) -> u64 {
        self.population().size() as u64
    }

    /// Runs `iterations` from where it is, and fewer where it converges, reaches the target or has used its evaluations;
    /// returns whether it ended for one of these.
    fn advance(&mut self, problem: &mut dyn Problem, iterations: u32, trace: &mut Vec<TracePoint>) -> bool {
        let OptimizerSettings { convergence_tolerance, max_evaluations, target, .. } = *self.settings();
        let mut convergence = Convergence::new(convergence_tolerance, self.population().best_value());
        for _ in 0..iterations {
            let after = self.population().evaluations() + self.evaluations_per_step();
            if target.is_some_and(|target| self.population().best_value() <= target)
                || max_evaluations.is_some_and(|most| after > most)
            {
                return true;
            }
            self.step(problem);
            trace.push(self.population().trace_point());
            if convergence.reached(self.population()) {
                return true;
            }
        }
        false
    }

    /// Minimises `problem` from a random start.
    fn minimize(&mut self, problem: &mut dyn Problem, seed: [u64; 2]) -> Solution {
        let iterations = self.settings().iterations;
        self.start(problem, seed);
        let mut trace = Vec::new();
        trace.push(self.population().trace_point());
        self.advance(problem, iterations, &mut trace);
        let population = self.population();
        Solution {
            genes: population.best_genes(),
            value: population.best_value(),
            evaluations: population.evaluations(),
            iterations: population.iterations(),
            non_finite: population.non_finite(),
            trace,
        }
    }
}

impl<O: Optimizer + ?Sized> Optimizer for Box<O> {
    fn name(&self) -> &'static str {
        (**self).name()
    }

    fn settings(&self) -> &OptimizerSettings {
        (**self).settings()
    }

    fn start(&mut self, problem: &mut dyn Problem, seed: [u64; 2]) {
        (**self).start(problem, seed);
    }

    fn step(&mut self, problem: &mut dyn Problem) {
        (**self).step(problem);
    }

    fn restart(&mut self, problem: &mut dyn Problem, guests: &[&[f64]]) {
        (**self).restart(problem, guests);
    }

    fn population(&self) -> &Population {
        (**self).population()
    }

    fn keeps_places(&self) -> bool {
        (**self).keeps_places()
    }

    fn evaluations_per_step(&self) -> u64 {
        (**self).evaluations_per_step()
    }
}

/// The names that [`optimizer_by_name`] knows.
pub const OPTIMIZER_NAMES: [&str; 5] = ["ngo", "ngo_original", "pso", "improved_pso", "l_shade"];

/// The optimizer of a name, or `None` if it is not one of [`OPTIMIZER_NAMES`].
///
/// `ngo_original` thinks in coordinates from 0 to 1 and `l_shade` begins with 18 individuals per dimension; both have
/// constructors for something else.
///
/// # Panics
/// When `settings` ask for a population below 4.
pub fn optimizer_by_name(name: &str, settings: &OptimizerSettings) -> Option<Box<dyn Optimizer>> {
    match name {
        "ngo" => Some(Box::new(Ngo::new(*settings))),
        "ngo_original" => Some(Box::new(NgoOriginal::new(*settings))),
        "pso" => Some(Box::new(Pso::new(*settings))),
        "improved_pso" => Some(Box::new(ImprovedPso::new(*settings))),
        "l_shade" => Some(Box::new(LShade::new(*settings))),
        _ => None,
    }
}

/// What every optimizer asks of its settings.
fn assert_settings(settings: &OptimizerSettings) {
    assert!(settings.population >= 4, "invariant: a population of at least 4");
}

/// Watches whether the best value still improves.
#[derive(Debug)]
struct Convergence {
    tolerance: Option<f64>,
    reference: f64,
    idle: u32,
}

impl Convergence {
    /// The iterations over which the best value is compared.
    const WINDOW: u32 = 50;

    fn new(tolerance: Option<f64>, best: f64) -> Self {
        Self { tolerance, reference: best, idle: 0 }
    }

    fn reached(&mut self, population: &Population) -> bool {
        let Some(tolerance) = self.tolerance else {
            return false;
        };
        let best = population.best_value();
        if self.reference - best > tolerance {
            (self.reference, self.idle) = (best, 0);
        } else {
            self.idle += 1;
        }
        self.idle >= Self::WINDOW && population.worst_value() - best <= tolerance
    }
}

#[cfg(test)]
mod tests;
