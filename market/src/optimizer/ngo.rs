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

use super::history::{CrossoverMean, History};
use super::l_shade::{half_way_back, skip};
use super::plan::Plan;
use super::random::{Counter, index, unit};
use super::{Optimizer, OptimizerSettings, Population, Problem, assert_settings};

/// Draws of an individual in the first phase, before one per dimension: prey and step.
const PREY_DRAWS: usize = 1;
/// Draws of an individual in the second phase, before one per two dimensions: F, two for CR, memory slot and pbest and
/// the certain dimension, a and b.
const PURSUIT_DRAWS: usize = 5;
/// Slots of the success history, H.
const MEMORY: usize = 5;
/// The share of the population that counts as best.
const BEST_SHARE: f64 = 0.2;
/// R at the beginning, where the pursuit is the published one.
const RADIUS: f64 = 0.02;

/// What [`Ngo`] is made of. Without any of it, it is the published algorithm in synchronous generations, with k != i.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[allow(clippy::struct_excessive_bools, reason = "each stands for itself")]
pub struct NgoIngredients {
    /// Steps towards the prey that do not scale with the coordinate: I r (x_k - x) in place of r (x_k - I x).
    pub translation_invariant_prey: bool,
    /// A pursuit along differences, in place of R (2 r - 1) x.
    pub difference_pursuit: bool,
    /// F and CR learn from what succeeded, in place of staying around 0.5.
    pub success_history: bool,
    /// What leaves the box in the pursuit ends half way to the bound, in place of on it.
    pub half_way_bounds: bool,
}

impl Default for NgoIngredients {
    /// All of them.
    fn default() -> Self {
        Self {
            translation_invariant_prey: true,
            difference_pursuit: true,
            success_history: true,
            half_way_bounds: true,
        }
    }
}

/// Improved Northern Goshawk Optimization.
#[derive(Debug, Clone)]
pub struct Ngo {
    settings: OptimizerSettings,
    ingredients: NgoIngredients,
    random: Counter,
    plan: Plan,
    population: Population,
    history: History,
    buffers: Buffers,
    pub tune: [f64; 8],
    archive: Vec<f64>,
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
        Self::with_ingredients(settings, NgoIngredients::default())
    }

    /// With only some of what it is made of, to measure what each is worth.
    ///
    /// # Panics
    /// With a population below 4, which the pursuit's differences need.
    pub fn with_ingredients(settings: OptimizerSettings, ingredients: NgoIngredients) -> Self {
        assert_settings(&settings);
        Self {
            settings,
            ingredients,
            random: Counter::default(),
            plan: Plan::default(),
            population: Population::default(),
            history: new_history(),
            buffers: Buffers::default(),
            tune: [BEST_SHARE, 0.0, 0.0, 0.0, 0.0, 0.0, 0.0, 0.0],
            archive: Vec::new(),
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
        let invariant = self.ingredients.translation_invariant_prey;
        let tune = self.tune;
        let Buffers { words, trials, prey, factor, .. } = &mut self.buffers;
        let values = self.population.values();
        for i in 0..n {
            let drawn = index(words[i], 2 * (n - 1));
            let (other, step) = (drawn / 2, (1 + drawn % 2) as f64);
            prey[i] = skip(other, [i, i]);
            factor[i] = if values[prey[i]] < values[i] { step } else { -1.0 };
        }
        let genes = self.population.genes();
        for j in 0..self.population.dimensions() {
            let draws = &words[(PREY_DRAWS + j) * stride..][..n];
            let (row, trials) = (&genes[j * n..][..n], &mut trials[j * n..][..n]);
            if invariant {
                for i in 0..n {
                    if tune[5] > 0.0 && ((draws[i] & 0xffff) as f64) > tune[5] * 65536.0 {
                        trials[i] = row[i];
                        continue;
                    }
                    let moved = row[i] + factor[i] * unit(draws[i]) * (row[prey[i]] - row[i]);
                    trials[i] = moved.clamp(0.0, 1.0);
                }
            } else {
                for i in 0..n {
                    let (x, at_prey, r) = (row[i], row[prey[i]], unit(draws[i]));
                    let step = if factor[i] > 0.0 { at_prey - factor[i] * x } else { x - at_prey };
                    trials[i] = (x + r * step).clamp(0.0, 1.0);
                }
            }
        }
    }

    fn draw_mates(&mut self) {
        self.sweep(1, PURSUIT_DRAWS + self.population.dimensions().div_ceil(2));
        let (n, stride) = (self.population.size(), Counter::stride(self.population.size()));
        let dimensions = self.population.dimensions();
        let archived = self.archive.len() / dimensions;
        let tune = self.tune;
        let Buffers { words, ranking, factor, crossover, threshold, mates, .. } = &mut self.buffers;
        self.population.rank(ranking);
        let best0 = ((tune[0] * n as f64).round() as usize).max(2);
        let done = self.plan.done(&self.population);
        let best = if tune[4] > 0.0 {
            (((tune[0] + (tune[4] - tune[0]) * done) * n as f64).round() as usize).max(2)
        } else {
            best0
        };
        for i in 0..n {
            let draw = |number: usize| words[number * stride + i];
            let drawn = index(draw(3), MEMORY * best * dimensions);
            let (slot, pbest, certain) = (drawn % MEMORY, drawn / MEMORY % best, drawn / MEMORY / best);
            factor[i] = self.history.draw_factor(slot, unit(draw(0)));
            crossover[i] = self.history.draw_crossover(slot, unit(draw(1)), unit(draw(2)));
            threshold[i] = (crossover[i] * 65_536.0 + 0.5) as u32;
            let pool = n + archived;
            let drawn = index(draw(4), (n - 1) * (pool - 2));
            let first = skip(drawn / (pool - 2), [i, i]);
            let second = skip(drawn % (pool - 2), [i, first]);
            mates[i] = [ranking[pbest], first, second, certain];
        }
    }

    fn pursue_along_differences(&mut self) {
        self.draw_mates();
        let (n, stride) = (self.population.size(), Counter::stride(self.population.size()));
        let half_way = self.ingredients.half_way_bounds;
        let dimensions = self.population.dimensions();
        let fw = self.tune[3];
        let archive = &self.archive;
        let Buffers { words, trials, factor, threshold, mates, .. } = &mut self.buffers;
        let genes = self.population.genes();
        for j in 0..self.population.dimensions() {
            let draws = &words[(PURSUIT_DRAWS + j / 2) * stride..][..n];
            let half = 16 * (j % 2);
            let (row, trials) = (&genes[j * n..][..n], &mut trials[j * n..][..n]);
            for i in 0..n {
                let [pbest, a, b, certain] = mates[i];
                let x = row[i];
                let at_b = if b < n { row[b] } else { archive[(b - n) * dimensions + j] };
                let pull = if fw > 0.0 { fw } else { 1.0 };
                let to = x + factor[i] * (pull * (row[pbest] - x) + row[a] - at_b);
                let moved = if half_way { half_way_back(x, to) } else { to.clamp(0.0, 1.0) };
                let changes = (j == certain) | ((draws[i] >> half & 0xffff) < threshold[i]);
                trials[i] = if changes { moved } else { x };
            }
        }
    }

    fn pursue_as_published(&mut self) {
        let dimensions = self.population.dimensions();
        self.sweep(1, dimensions);
        let (n, stride) = (self.population.size(), Counter::stride(self.population.size()));
        let done = self.plan.done_after(n as u64, &self.population);
        let radius = RADIUS * (1.0 - done);
        let Buffers { words, trials, .. } = &mut self.buffers;
        let genes = self.population.genes();
        for j in 0..dimensions {
            for i in 0..n {
                let x = genes[j * n + i];
                let r = unit(words[j * stride + i]);
                trials[j * n + i] = (x + radius * (2.0 * r - 1.0) * x).clamp(0.0, 1.0);
            }
        }
    }

    fn forget(&mut self) {
        self.history = new_history();
        self.archive.clear();
        self.plan = Plan::new(&self.settings, &self.population);
    }
}

fn new_history() -> History {
    History::new(MEMORY, CrossoverMean::Arithmetic)
}

impl Optimizer for Ngo {
    fn name(&self) -> &'static str {
        "ngo"
    }

    fn settings(&self) -> &OptimizerSettings {
        &self.settings
    }

    fn evaluations_per_step(&self) -> u64 {
        2 * self.population.size() as u64
    }

    fn start(&mut self, problem: &mut dyn Problem, seed: [u64; 2]) {
        let (n, dimensions) = (self.settings.population, problem.dimensions());
        self.random = Counter::new(seed);
        let buffers = &mut self.buffers;
        self.population = Population::new(n, dimensions);
        self.population.draw_again(&self.random, &mut buffers.words);
        buffers.trials.resize(n * dimensions, 0.0);
        buffers.trial_values.resize(n, 0.0);
        buffers.ranking.clear();
        buffers.prey.resize(n, 0);
        buffers.factor.resize(n, 0.0);
        buffers.crossover.resize(n, 0.0);
        buffers.threshold.resize(n, 0);
        buffers.mates.resize(n, [0; 4]);
        self.population.assess(problem);
        self.forget();
    }

    fn step(&mut self, problem: &mut dyn Problem) {
        self.identify_prey();
        let Buffers { trials, trial_values, .. } = &mut self.buffers;
        self.population.select(problem, trials, trial_values, |_, _, _| {});

        if self.ingredients.difference_pursuit {
            self.pursue_along_differences();
        } else {
            self.pursue_as_published();
        }
        let learns = self.ingredients.difference_pursuit && self.ingredients.success_history;
        let (n, dimensions) = (self.population.size(), self.population.dimensions());
        let cap = (self.tune[1] * n as f64) as usize;
        let stride = Counter::stride(n);
        if cap > 0 {
            let before: Vec<f64> = self.population.genes().to_vec();
            let Buffers { trials, trial_values, factor, crossover, words, .. } = &mut self.buffers;
            let (history, archive) = (&mut self.history, &mut self.archive);
            self.population.select(problem, trials, trial_values, |i, old, after| {
                if learns {
                    history.note(factor[i], crossover[i], old - after);
                }
                let parent = (0..dimensions).map(|j| before[j * n + i]);
                if archive.len() < cap * dimensions {
                    archive.extend(parent);
                } else {
                    let place = index(
                        words[4 * stride + i].wrapping_mul(747_796_405).wrapping_add(2_891_336_453),
                        cap,
                    ) * dimensions;
                    archive[place..][..dimensions].iter_mut().zip(parent).for_each(|(a, b)| *a = b);
                }
            });
        } else {
            let Buffers { trials, trial_values, factor, crossover, .. } = &mut self.buffers;
            let history = &mut self.history;
            self.population.select(problem, trials, trial_values, |i, before, after| {
                if learns {
                    history.note(factor[i], crossover[i], before - after);
                }
            });
        }
        self.history.learn();
        self.population.count_iteration();
    }

    fn restart(&mut self, problem: &mut dyn Problem, guests: &[&[f64]]) {
        self.population.invite(&self.random, &mut self.buffers.words, guests);
        self.population.assess(problem);
        self.forget();
    }

    fn population(&self) -> &Population {
        &self.population
    }
}
