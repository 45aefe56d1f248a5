//! Northern Goshawk Optimization as it was published, with its faults.
//!
//! Dehghani, Hubálovský and Trojovský, *Northern Goshawk Optimization: A New Swarm-Based Algorithm for Solving
//! Optimization Problems*, IEEE Access 9, 2021, doi 10.1109/ACCESS.2021.3133286. Goshawk by goshawk, with prey k uniform
//! over all N (k = i is allowed), one I in {1, 2} per goshawk, and r uniform per dimension:
//!
//! ```text
//! (4)  x'_j = x_j + r_j (x_kj - I x_j)   if the prey is better
//!      x'_j = x_j + r_j (x_j - x_kj)     if not;             cut off at the box, (5) kept if strictly better
//! (6)  R = 0.02 (1 - t / T)
//! (7)  x'_j = x_j + R (2 r_j - 1) x_j;                       cut off at the box, (8) kept if strictly better
//! ```
//!
//! A goshawk sees those before it where they have already moved to. N + 2 N T evaluations.
//!
//! Its faults, kept here on purpose:
//! - With I = 2, equation (4) pulls towards the *origin of the coordinates*, and equation (7) scales with the coordinate.
//!   An optimum at the origin is found to any number of digits; moved away together with the box, it is not.
//!   On a box that does not hold the origin, genes gather on the bound next to it.
//! - A coordinate of exactly 0 cannot move in equation (7), and in the last iteration, where R = 0, none can: N evaluations
//!   are spent on where the goshawks already are. So is that of every goshawk that is its own prey.
//!
//! Since the coordinates matter, it has a box of its own: genes in [0, 1] stand for coordinates in [lower, upper].

use super::plan::Plan;
use super::random::{Counter, index, unit};
use super::{Optimizer, OptimizerSettings, Population, Problem, assert_settings};

/// Draws of a goshawk in the first phase before one per dimension: prey and I.
const PREY_DRAWS: usize = 1;
/// R at the beginning, equation (6).
const RADIUS: f64 = 0.02;

/// Northern Goshawk Optimization as published: for comparison, not for use.
#[derive(Debug, Clone)]
pub struct NgoOriginal {
    settings: OptimizerSettings,
    lower: f64,
    upper: f64,
    random: Counter,
    plan: Plan,
    population: Population,
    /// Coordinate j of goshawk i at `i * dimensions + j`, in [lower, upper].
    coordinates: Vec<f64>,
    trial: Vec<f64>,
    genes: Vec<f64>,
    words: Vec<u32>,
}

impl NgoOriginal {
    /// With coordinates in [0, 1].
    ///
    /// # Panics
    /// With a population below 4.
    pub fn new(settings: OptimizerSettings) -> Self {
        Self::with_box(settings, 0.0, 1.0)
    }

    /// With coordinates in `[lower, upper]`, which decide where it is drawn to.
    ///
    /// # Panics
    /// With a population below 4, or a box that is not finite or has no inside.
    pub fn with_box(settings: OptimizerSettings, lower: f64, upper: f64) -> Self {
        assert_settings(&settings);
        assert!(lower.is_finite() && upper.is_finite() && lower < upper, "invariant: a box with an inside");
        Self {
            settings,
            lower,
            upper,
            random: Counter::default(),
            plan: Plan::default(),
            population: Population::default(),
            coordinates: Vec::new(),
            trial: Vec::new(),
            genes: Vec::new(),
            words: Vec::new(),
        }
    }

    /// Takes over the coordinates of a population that was just drawn.
    fn settle(&mut self, problem: &mut dyn Problem) {
        let (dimensions, lower, width) = (self.population.dimensions(), self.lower, self.upper - self.lower);
        self.coordinates.clear();
        self.coordinates.extend(self.population.genes().iter().map(|gene| lower + gene * width));
        self.trial = vec![0.0; dimensions];
        self.genes = vec![0.0; dimensions];
        self.population.assess(problem);
        self.plan = Plan::new(&self.settings, &self.population);
    }

    /// Puts the trial coordinates where they are cut off, evaluates them and keeps a strict improvement.
    fn attempt(&mut self, problem: &mut dyn Problem, i: usize) {
        let (lower, upper) = (self.lower, self.upper);
        for (gene, coordinate) in self.genes.iter_mut().zip(&mut self.trial) {
            *coordinate = coordinate.clamp(lower, upper);
            *gene = ((*coordinate - lower) / (upper - lower)).clamp(0.0, 1.0);
        }
        if self.population.challenge(problem, i, &self.genes) {
            let dimensions = self.trial.len();
            self.coordinates[i * dimensions..][..dimensions].copy_from_slice(&self.trial);
        }
    }
}

impl Optimizer for NgoOriginal {
    fn name(&self) -> &'static str {
        "ngo_original"
    }

    fn settings(&self) -> &OptimizerSettings {
        &self.settings
    }

    fn keeps_places(&self) -> bool {
        false
    }

    fn evaluations_per_step(&self) -> u64 {
        2 * self.population.size() as u64
    }

    fn start(&mut self, problem: &mut dyn Problem, seed: [u64; 2]) {
        self.random = Counter::new(seed);
        self.population = Population::new(self.settings.population, problem.dimensions());
        self.population.draw_again(&self.random, &mut self.words);
        self.settle(problem);
    }

    fn step(&mut self, problem: &mut dyn Problem) {
        let (n, dimensions) = (self.population.size(), self.population.dimensions());
        let stride = Counter::stride(n);
        let radius = RADIUS * (1.0 - self.plan.done_after(self.evaluations_per_step(), &self.population));
        self.words.resize(stride * (PREY_DRAWS + 2 * dimensions), 0);
        self.random.fill(self.population.iterations() + 1, &mut self.words);
        for i in 0..n {
            let drawn = index(self.words[i], 2 * n);
            let (prey, step) = (drawn / 2, (1 + drawn % 2) as f64);
            let wins = self.population.values()[prey] < self.population.values()[i];
            for j in 0..dimensions {
                let r = unit(self.words[(PREY_DRAWS + j) * stride + i]);
                let (x, at_prey) =
                    (self.coordinates[i * dimensions + j], self.coordinates[prey * dimensions + j]);
                self.trial[j] = if wins { x + r * (at_prey - step * x) } else { x + r * (x - at_prey) };
            }
            self.attempt(problem, i);
            for j in 0..dimensions {
                let r = unit(self.words[(PREY_DRAWS + dimensions + j) * stride + i]);
                let x = self.coordinates[i * dimensions + j];
                self.trial[j] = x + radius * (2.0 * r - 1.0) * x;
            }
            self.attempt(problem, i);
        }
        self.population.count_iteration();
    }

    fn restart(&mut self, problem: &mut dyn Problem, guests: &[&[f64]]) {
        self.population.invite(&self.random, &mut self.words, guests);
        self.settle(problem);
    }

    fn population(&self) -> &Population {
        &self.population
    }
}
