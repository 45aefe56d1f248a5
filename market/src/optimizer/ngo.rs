//! Improved Northern Goshawk Optimization.
//!
//! The published algorithm (Dehghani et al., IEEE Access 9, 2021) scales its steps by the coordinate itself and so
//! drifts to the origin; on a box of prices it reports low prices that are not there. The paper this market
//! follows does not say what it improved. Here both phases are made of differences between individuals, so that
//! moving box and optimum together moves every candidate with them:
//!
//! 1. *Prey identification.* Every goshawk i picks a prey k != i. With r uniform per dimension and one I in {1, 2}:
//!    x' = x + I r (x_k - x) if the prey is better, x + r (x - x_k) if not; cut off at the box.
//! 2. *Pursuit.* x' = x + F (x_pbest - x + x_a - x_b) in dimensions drawn with probability CR and at least in one
//!    (current-to-pbest/1/bin, pbest among the best fifth); what leaves the box ends half way to the bound. F and CR are
//!    drawn around a memory of what succeeded (success-history adaptation, Tanabe and Fukunaga 2013).
//!
//! Each phase evaluates all candidates at once and keeps strict improvements: N + 2 N T evaluations.

use std::f64::consts::{PI, TAU};

use super::random::{Counter, index, unit};
use super::{Optimizer, OptimizerSettings, Population, Problem};

/// Draws of an individual in the first phase, before one per dimension: prey and step.
const PREY_DRAWS: usize = 1;
/// Draws of an individual in the second phase, before one per two dimensions: F, two for CR, memory slot and pbest and
/// the certain dimension, a and b.
const PURSUIT_DRAWS: usize = 5;
/// Slots of the success history, H.
const MEMORY: usize = 5;
/// The share of the population that counts as best.
const BEST_SHARE: f64 = 0.2;
/// Scale of the Cauchy distribution of F and standard deviation of CR.
const SPREAD: f64 = 0.1;

/// Improved Northern Goshawk Optimization.
#[derive(Debug, Clone)]
pub struct Ngo {
    settings: OptimizerSettings,
    random: Counter,
    population: Population,
    memory: Memory,
    buffers: Buffers,
}

/// Room for one generation, so that none allocates.
#[derive(Debug, Clone, Default)]
struct Buffers {
    words: Vec<u32>,
    trials: Vec<f64>,
    trial_values: Vec<f64>,
    ranking: Vec<usize>,
    /// Per individual: prey in the first phase.
    prey: Vec<usize>,
    /// Per individual: step factor in the first phase, F in the second.
    factor: Vec<f64>,
    /// Per individual: CR.
    crossover: Vec<f64>,
    /// Per individual: CR in 65536ths, to compare with half a word.
    threshold: Vec<u32>,
    /// Per individual: pbest, a, b, the dimension that changes for certain.
    mates: Vec<[usize; 4]>,
}

impl Ngo {
    /// With the given settings.
    ///
    /// # Panics
    /// With a population below 4, which the pursuit's differences need.
    pub fn new(settings: OptimizerSettings) -> Self {
        assert!(settings.population >= 4, "invariant: a population of at least 4");
        Self {
            settings,
            random: Counter::default(),
            population: Population::default(),
            memory: Memory::new(),
            buffers: Buffers::default(),
        }
    }

    /// Draws the numbers of a phase of the generation at hand.
    fn sweep(&mut self, phase: u32, draws: usize) {
        let sweep = 2 * (self.population.iterations() + 1) + phase;
        let words = Counter::stride(self.population.size()) * draws;
        self.buffers.words.resize(words, 0);
        self.random.fill(sweep, &mut self.buffers.words);
    }

    fn identify_prey(&mut self) {
        self.sweep(0, PREY_DRAWS + self.population.dimensions());
        let (n, stride) = (self.population.size(), Counter::stride(self.population.size()));
        let Buffers { words, trials, prey, factor, .. } = &mut self.buffers;
        let values = self.population.values();
        for i in 0..n {
            let drawn = index(words[i], 2 * (n - 1));
            let (other, step) = (drawn / 2, (1 + drawn % 2) as f64);
            prey[i] = if other >= i { other + 1 } else { other };
            factor[i] = if values[prey[i]] < values[i] { step } else { -1.0 };
        }
        let genes = self.population.genes();
        for j in 0..self.population.dimensions() {
            let draws = &words[(PREY_DRAWS + j) * stride..][..n];
            let (row, trials) = (&genes[j * n..][..n], &mut trials[j * n..][..n]);
            for i in 0..n {
                let moved = row[i] + factor[i] * unit(draws[i]) * (row[prey[i]] - row[i]);
                trials[i] = moved.clamp(0.0, 1.0);
            }
        }
    }

    fn pursue(&mut self) {
        self.sweep(1, PURSUIT_DRAWS + self.population.dimensions().div_ceil(2));
        let (n, stride) = (self.population.size(), Counter::stride(self.population.size()));
        let dimensions = self.population.dimensions();
        let Buffers { words, trials, ranking, factor, crossover, threshold, mates, .. } = &mut self.buffers;
        let values = self.population.values();
        ranking.sort_unstable_by(|&a, &b| values[a].total_cmp(&values[b]).then(a.cmp(&b)));
        let best = ((BEST_SHARE * n as f64).round() as usize).max(2);
        for i in 0..n {
            let draw = |number: usize| words[number * stride + i];
            let drawn = index(draw(3), MEMORY * best * dimensions);
            let (slot, pbest, certain) = (drawn % MEMORY, drawn / MEMORY % best, drawn / MEMORY / best);
            factor[i] = self.memory.draw_factor(slot, unit(draw(0)));
            crossover[i] = self.memory.draw_crossover(slot, unit(draw(1)), unit(draw(2)));
            threshold[i] = (crossover[i] * 65_536.0 + 0.5) as u32;
            let drawn = index(draw(4), (n - 1) * (n - 2));
            let (a, mut b) = (drawn / (n - 2), drawn % (n - 2));
            let a = if a >= i { a + 1 } else { a };
            // The second differs from both: skip the lower, then the higher of the two.
            for taken in [a.min(i), a.max(i)] {
                if b >= taken {
                    b += 1;
                }
            }
            mates[i] = [ranking[pbest], a, b, certain];
        }
        let genes = self.population.genes();
        for j in 0..dimensions {
            let draws = &words[(PURSUIT_DRAWS + j / 2) * stride..][..n];
            let half = 16 * (j % 2);
            let (row, trials) = (&genes[j * n..][..n], &mut trials[j * n..][..n]);
            for i in 0..n {
                let [pbest, a, b, certain] = mates[i];
                let x = row[i];
                let moved = half_way_back(x, x + factor[i] * (row[pbest] - x + row[a] - row[b]));
                let changes = (j == certain) | ((draws[i] >> half & 0xffff) < threshold[i]);
                trials[i] = if changes { moved } else { x };
            }
        }
    }
}

/// What leaves the box ends half way between where it was and the bound.
fn half_way_back(from: f64, to: f64) -> f64 {
    if to < 0.0 {
        from / 2.0
    } else if to > 1.0 {
        f64::midpoint(from, 1.0)
    } else {
        to
    }
}

impl Optimizer for Ngo {
    fn name(&self) -> &'static str {
        "ngo"
    }

    fn settings(&self) -> &OptimizerSettings {
        &self.settings
    }

    fn start(&mut self, problem: &mut dyn Problem, seed: [u64; 2]) {
        let (n, dimensions) = (self.settings.population, problem.dimensions());
        assert!(dimensions > 0, "invariant: a problem has at least one dimension");
        self.random = Counter::new(seed);
        self.memory = Memory::new();
        let buffers = &mut self.buffers;
        self.population = Population::new(n, dimensions);
        self.population.draw_again(&self.random, &mut buffers.words);
        buffers.trials.resize(n * dimensions, 0.0);
        buffers.trial_values.resize(n, 0.0);
        buffers.ranking.clear();
        buffers.ranking.extend(0..n);
        buffers.prey.resize(n, 0);
        buffers.factor.resize(n, 0.0);
        buffers.crossover.resize(n, 0.0);
        buffers.threshold.resize(n, 0);
        buffers.mates.resize(n, [0; 4]);
        self.population.assess(problem);
    }

    fn step(&mut self, problem: &mut dyn Problem) {
        self.identify_prey();
        let Buffers { trials, trial_values, .. } = &mut self.buffers;
        self.population.select(problem, trials, trial_values, |_, _, _| {});

        self.pursue();
        let Buffers { trials, trial_values, factor, crossover, .. } = &mut self.buffers;
        let memory = &mut self.memory;
        self.population.select(problem, trials, trial_values, |i, before, after| {
            memory.note(factor[i], crossover[i], before - after);
        });
        self.memory.learn();
        self.population.count_iteration();
    }

    fn restart(&mut self, problem: &mut dyn Problem, guests: &[&[f64]]) {
        self.memory = Memory::new();
        self.population.draw_again(&self.random, &mut self.buffers.words);
        guests
            .iter()
            .take(self.population.size())
            .enumerate()
            .for_each(|(i, genes)| self.population.place(i, genes));
        self.population.assess(problem);
    }

    fn population(&self) -> &Population {
        &self.population
    }
}

/// The success history of F and CR, and what succeeded in the generation at hand.
#[derive(Debug, Clone)]
struct Memory {
    factors: [f64; MEMORY],
    crossovers: [f64; MEMORY],
    /// The share of F's Cauchy distribution at or below 0, per slot.
    cut_off: [f64; MEMORY],
    next: usize,
    successes: Successes,
}

/// Sums over a generation's successes, weighted by improvement.
#[derive(Debug, Clone, Copy, Default)]
struct Successes {
    weight: f64,
    factor: f64,
    factor_squared: f64,
    crossover: f64,
}

impl Memory {
    fn new() -> Self {
        let mut memory = Self {
            factors: [0.5; MEMORY],
            crossovers: [0.5; MEMORY],
            cut_off: [0.0; MEMORY],
            next: 0,
            successes: Successes::default(),
        };
        (0..MEMORY).for_each(|slot| memory.update_cut_off(slot));
        memory
    }

    fn update_cut_off(&mut self, slot: usize) {
        self.cut_off[slot] = 0.5 + libm::atan(-self.factors[slot] / SPREAD) / PI;
    }

    /// F: Cauchy around the memory, of what is positive, at most 1.
    fn draw_factor(&self, slot: usize, uniform: f64) -> f64 {
        let share = self.cut_off[slot] + (1.0 - self.cut_off[slot]) * uniform;
        let drawn = self.factors[slot] + SPREAD * libm::tan(PI * (share - 0.5));
        // Just above the cut-off, rounding may touch 0.
        drawn.clamp(f64::EPSILON, 1.0)
    }

    /// CR: normal around the memory, from 0 to 1.
    fn draw_crossover(&self, slot: usize, radius: f64, angle: f64) -> f64 {
        let normal = (-2.0 * libm::log(radius)).sqrt() * libm::cos(TAU * angle);
        (self.crossovers[slot] + SPREAD * normal).clamp(0.0, 1.0)
    }

    fn note(&mut self, factor: f64, crossover: f64, improvement: f64) {
        // Coming from an infinitely bad place says nothing about the size of the step.
        if improvement.is_finite() {
            self.successes.weight += improvement;
            self.successes.factor += improvement * factor;
            self.successes.factor_squared += improvement * factor * factor;
            self.successes.crossover += improvement * crossover;
        }
    }

    /// Remembers the generation's successes: the Lehmer mean of F, the mean of CR.
    fn learn(&mut self) {
        let successes = std::mem::take(&mut self.successes);
        if successes.weight > 0.0 && successes.factor > 0.0 && successes.factor_squared.is_finite() {
            self.factors[self.next] = successes.factor_squared / successes.factor;
            self.crossovers[self.next] = successes.crossover / successes.weight;
            self.update_cut_off(self.next);
            self.next = (self.next + 1) % MEMORY;
        }
    }
}
