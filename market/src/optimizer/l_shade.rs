//! L-SHADE: differential evolution with success history and linear population reduction.

use super::difference::{Bounds, Differences, Ties};
use super::history::{CrossoverMean, History};
use super::plan::Plan;
use super::random::Counter;
use super::{Optimizer, OptimizerSettings, Population, Problem, assert_settings};

/// Slots of the success history, H.
const MEMORY: usize = 6;
/// The share of the population that counts as best, p.
const BEST_SHARE: f64 = 0.11;
/// The archive's size over the population's.
const ARCHIVE_RATE: f64 = 2.6;
/// Individuals per dimension at the beginning, and individuals at the end.
const PER_DIMENSION: usize = 18;
const AT_THE_END: usize = 4;

/// With how many individuals [`LShade`] begins.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum InitialPopulation {
    /// 18 per dimension, as published; the population of the settings does not count.
    #[default]
    PerDimension,
    /// As many as the settings say.
    OfSettings,
}

/// L-SHADE.
///
/// Tanabe and Fukunaga, *Improving the Search Performance of SHADE Using Linear Population Size Reduction*, IEEE CEC
/// 2014:
///
/// ```text
/// v = x + F (x_pbest - x) + F (x_r1 - x_r2)           current-to-pbest/1/bin, p = 0.11
/// N = round(N_0 + (4 - N_0) (done / all))             the worst go; all: iterations or evaluations
/// ```
///
/// r2 may come from an archive of at most 2.6 N parents that were driven out. F and CR are drawn around one of six
/// memories of what succeeded. What leaves the box ends half way to the bound. A trial replaces its parent if it is no
/// worse.
#[derive(Debug, Clone)]
pub struct LShade {
    settings: OptimizerSettings,
    initial: InitialPopulation,
    first_size: usize,
    random: Counter,
    plan: Plan,
    population: Population,
    differences: Differences,
    words: Vec<u32>,
    trials: Vec<f64>,
    trial_values: Vec<f64>,
    ranking: Vec<usize>,
}

impl LShade {
    /// With 18 individuals per dimension at the beginning.
    ///
    /// # Panics
    /// With a population below 4.
    pub fn new(settings: OptimizerSettings) -> Self {
        Self::with_initial_population(settings, InitialPopulation::PerDimension)
    }

    /// With as many individuals at the beginning as `initial` says.
    ///
    /// # Panics
    /// With a population below 4.
    pub fn with_initial_population(settings: OptimizerSettings, initial: InitialPopulation) -> Self {
        assert_settings(&settings);
        Self {
            settings,
            initial,
            first_size: 0,
            random: Counter::default(),
            plan: Plan::default(),
            population: Population::default(),
            differences: Differences::new(History::new(MEMORY, CrossoverMean::Lehmer), Bounds::HalfWay),
            words: Vec::new(),
            trials: Vec::new(),
            trial_values: Vec::new(),
            ranking: Vec::new(),
        }
    }

    fn begin(&mut self, problem: &mut dyn Problem, guests: &[&[f64]]) {
        self.population.resize(self.first_size);
        self.population.invite(&self.random, &mut self.words, guests);
        self.population.assess(problem);
        self.plan = Plan::new(&self.settings, &self.population);
        let history = History::new(MEMORY, CrossoverMean::Lehmer);
        self.differences.forget(history, archive_capacity(self.first_size));
    }

    /// Lets the worst go.
    fn reduce(&mut self) {
        let done = self.plan.done(&self.population);
        let last = AT_THE_END as f64;
        let size = (self.first_size as f64 + (last - self.first_size as f64) * done).round() as usize;
        if size < self.population.size() {
            self.population.rank(&mut self.ranking);
            self.population.keep(&self.ranking[..size]);
            self.differences.displaced.shrink(archive_capacity(size), self.population.dimensions());
        }
    }
}

fn archive_capacity(size: usize) -> usize {
    (ARCHIVE_RATE * size as f64).round() as usize
}

impl Optimizer for LShade {
    fn keeps_places(&self) -> bool {
        false
    }

    fn name(&self) -> &'static str {
        "l_shade"
    }

    fn settings(&self) -> &OptimizerSettings {
        &self.settings
    }

    fn start(&mut self, problem: &mut dyn Problem, seed: [u64; 2]) {
        let dimensions = problem.dimensions();
        self.first_size = match self.initial {
            InitialPopulation::PerDimension => PER_DIMENSION * dimensions,
            InitialPopulation::OfSettings => self.settings.population,
        };
        self.random = Counter::new(seed);
        self.population = Population::new(self.first_size, dimensions);
        self.begin(problem, &[]);
    }

    fn step(&mut self, problem: &mut dyn Problem) {
        let n = self.population.size();
        let best = ((BEST_SHARE * n as f64).round() as usize).max(2);
        self.trials.resize(n * self.population.dimensions(), 0.0);
        self.trial_values.resize(n, 0.0);
        let sweep = self.population.iterations() + 1;
        let Self { differences, trials, trial_values, population, .. } = self;
        differences.propose(population, &self.random, sweep, best, trials);
        differences.select(problem, population, trials, trial_values, Ties::Replace);
        differences.history.learn();
        population.count_iteration();
        self.reduce();
    }

    fn restart(&mut self, problem: &mut dyn Problem, guests: &[&[f64]]) {
        self.begin(problem, guests);
    }

    fn population(&self) -> &Population {
        &self.population
    }
}
