//! Improved Northern Goshawk Optimization.
//!
//! The published algorithm (Dehghani et al., IEEE Access 9, 2021) scales its steps by the coordinate itself and so
//! drifts to the origin; on a box of prices it reports low prices that are not there. The paper this market
//! follows does not say what it improved. Here both phases are made of differences between individuals, so that
//! moving box and optimum together moves every candidate with them:
//!
//! 1. *Prey identification.* Every goshawk i picks a prey k != i. With r uniform per dimension and one I in {1, 2}:
//!    x' = x + I r (x_k - x) if the prey is better, x + r (x - x_k) if not, in every dimension with probability 1/2 and
//!    at least in one; cut off at the box.
//! 2. *Pursuit.* x' = x + F (x_pbest - x + x_a - x_b) in dimensions drawn with probability CR and at least in one
//!    (current-to-pbest/1/bin, pbest among the best fifth); what leaves the box ends half way to the bound. F and CR are
//!    drawn around a memory of what succeeded (success-history adaptation, Tanabe and Fukunaga 2013), and b may be one
//!    of 2 N places that goshawks left in a pursuit (the archive of Zhang and Sanderson 2009).
//!
//! Each phase evaluates all candidates at once and keeps strict improvements: N + 2 N T evaluations.

use super::difference::{Bounds, Differences, Ties, skip};
use super::history::{CrossoverMean, History};
use super::plan::Plan;
use super::random::{Counter, Draws, half_unit, index, unit};
use super::{Optimizer, OptimizerSettings, Population, Problem, assert_settings};

/// Draws of an individual in the first phase, before one per two dimensions: prey with step and the certain dimension.
const PREY_DRAWS: usize = 1;
/// Slots of the success history, H.
const MEMORY: usize = 5;
/// The share of the population that counts as best.
const BEST_SHARE: f64 = 0.2;
/// Places that the archive remembers, over the population.
const ARCHIVE_RATE: usize = 2;
/// R at the beginning, where the pursuit is the published one.
const RADIUS: f64 = 0.02;

/// What [`Ngo`] is made of. Without any of it, it is the published algorithm in synchronous generations, with k != i.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[allow(clippy::struct_excessive_bools, reason = "each stands for itself")]
pub struct NgoIngredients {
    /// Steps towards the prey that do not scale with the coordinate: I r (x_k - x) in place of r (x_k - I x).
    pub translation_invariant_prey: bool,
    /// An attack in half of the dimensions, in place of all.
    pub partial_attack: bool,
    /// A pursuit along differences, in place of R (2 r - 1) x. The following are parts of it.
    pub difference_pursuit: bool,
    /// F and CR learn from what succeeded, in place of being drawn around 0.5 for good.
    pub success_history: bool,
    /// Places that goshawks left take part in the differences.
    pub archive: bool,
    /// What leaves the box in the pursuit ends half way to the bound, in place of on it.
    pub half_way_bounds: bool,
}

impl NgoIngredients {
    /// None of them.
    pub const NONE: Self = Self {
        translation_invariant_prey: false,
        partial_attack: false,
        difference_pursuit: false,
        success_history: false,
        archive: false,
        half_way_bounds: false,
    };
}

impl Default for NgoIngredients {
    /// All of them.
    fn default() -> Self {
        Self {
            translation_invariant_prey: true,
            partial_attack: true,
            difference_pursuit: true,
            success_history: true,
            archive: true,
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
    differences: Differences,
    words: Vec<u32>,
    draws: Draws,
    trials: Vec<f64>,
    trial_values: Vec<f64>,
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
        let bounds = if ingredients.half_way_bounds { Bounds::HalfWay } else { Bounds::On };
        Self {
            settings,
            ingredients,
            random: Counter::default(),
            plan: Plan::default(),
            population: Population::default(),
            differences: Differences::new(new_history(), bounds),
            words: Vec::new(),
            draws: Draws::default(),
            trials: Vec::new(),
            trial_values: Vec::new(),
        }
    }

    /// The sweep of a phase of the generation at hand.
    fn sweep(&self, phase: u32) -> u32 {
        2 * (self.population.iterations() + 1) + phase
    }

    fn draw(&mut self, sweep: u32, draws: usize) {
        self.draws.fill(&self.random, sweep, self.population.size(), draws);
    }

    fn identify_prey(&mut self) {
        let (n, dimensions) = (self.population.size(), self.population.dimensions());
        self.draw(self.sweep(0), PREY_DRAWS + dimensions.div_ceil(2));
        let NgoIngredients { translation_invariant_prey, partial_attack, .. } = self.ingredients;
        let values = self.population.values();
        for (i, trial) in self.trials.chunks_exact_mut(dimensions).enumerate() {
            let drawn = index(self.draws.word(i, 0), 2 * (n - 1) * dimensions);
            let (other, certain) = (drawn / 2 % (n - 1), drawn / 2 / (n - 1));
            let prey = skip(other, [i, i]);
            let attack = Attack {
                from: self.population.candidate(i),
                prey: self.population.candidate(prey),
                halves: &self.draws.halves(i)[2 * PREY_DRAWS..],
                certain,
                everywhere: !partial_attack,
            };
            let wins = values[prey] < values[i];
            // I, or -1 where it flees.
            let step = if wins { (1 + drawn % 2) as f64 } else { -1.0 };
            if translation_invariant_prey {
                attack.write(trial, |x, at_prey, r| x + step * r * (at_prey - x));
            } else if wins {
                attack.write(trial, |x, at_prey, r| x + r * (at_prey - step * x));
            } else {
                attack.write(trial, |x, at_prey, r| x + r * (x - at_prey));
            }
        }
    }

    fn pursue_along_differences(&mut self, problem: &mut dyn Problem) {
        let n = self.population.size();
        let best = ((BEST_SHARE * n as f64).round() as usize).max(2);
        let sweep = self.sweep(1);
        let Self { differences, trials, trial_values, population, .. } = self;
        differences.propose(population, &self.random, sweep, best, trials);
        differences.select(problem, population, trials, trial_values, Ties::Stay);
        if self.ingredients.success_history {
            differences.history.learn();
        }
    }

    fn pursue_as_published(&mut self, problem: &mut dyn Problem) {
        let (n, dimensions) = (self.population.size(), self.population.dimensions());
        self.draw(self.sweep(1), dimensions);
        let radius = RADIUS * (1.0 - self.plan.done_after(n as u64, &self.population));
        for (i, trial) in self.trials.chunks_exact_mut(dimensions).enumerate() {
            for (j, (to, x)) in trial.iter_mut().zip(self.population.candidate(i)).enumerate() {
                let r = unit(self.draws.word(i, j));
                *to = (x + radius * (2.0 * r - 1.0) * x).clamp(0.0, 1.0);
            }
        }
        let Self { trials, trial_values, population, .. } = self;
        population.select(problem, trials, trial_values);
    }

    /// Evaluates the population and forgets what was learnt on the way there.
    fn settle(&mut self, problem: &mut dyn Problem) {
        self.population.assess(problem);
        self.plan = Plan::new(&self.settings, &self.population);
        let capacity = if self.ingredients.archive { ARCHIVE_RATE * self.population.size() } else { 0 };
        self.differences.forget(new_history(), capacity);
    }
}

/// A goshawk's move towards its prey or away from it.
struct Attack<'a> {
    from: &'a [f64],
    prey: &'a [f64],
    /// One per dimension: r, and by its lowest bit whether the dimension is attacked.
    halves: &'a [u16],
    /// The dimension that is attacked for certain.
    certain: usize,
    everywhere: bool,
}

impl Attack<'_> {
    /// Writes where it ends, by `moved` of the two coordinates and r.
    fn write(&self, trial: &mut [f64], moved: impl Fn(f64, f64, f64) -> f64) {
        let dimensions = trial.len();
        let (from, prey) = (&self.from[..dimensions], &self.prey[..dimensions]);
        let halves = &self.halves[..dimensions];
        let ended = |j: usize| moved(from[j], prey[j], half_unit(halves[j])).clamp(0.0, 1.0);
        let everywhere = u16::from(self.everywhere);
        for j in 0..dimensions {
            let to = ended(j);
            trial[j] = if (halves[j] | everywhere) & 1 == 1 { to } else { from[j] };
        }
        trial[self.certain] = ended(self.certain);
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
        self.population = Population::new(n, dimensions);
        self.population.draw_again(&self.random, &mut self.words);
        self.trials.resize(n * dimensions, 0.0);
        self.trial_values.resize(n, 0.0);
        self.settle(problem);
    }

    fn step(&mut self, problem: &mut dyn Problem) {
        self.identify_prey();
        let Self { trials, trial_values, population, .. } = self;
        population.select(problem, trials, trial_values);
        if self.ingredients.difference_pursuit {
            self.pursue_along_differences(problem);
        } else {
            self.pursue_as_published(problem);
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
