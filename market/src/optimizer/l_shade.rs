//! L-SHADE: differential evolution with success history and linear population reduction.

use super::history::{CrossoverMean, History};
use super::plan::Plan;
use super::random::{Counter, index, unit};
use super::{Optimizer, OptimizerSettings, Population, Problem, assert_settings};

/// Draws of an individual before one per two dimensions: F, two for CR, the slot with pbest and the certain dimension,
/// r1, r2, whom it drives out of the archive.
const DRAWS: usize = 7;
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
    history: History,
    archive: Archive,
    buffers: Buffers,
}

/// Parents that were driven out: gene j of parent i at `i * dimensions + j`.
#[derive(Debug, Clone, Default)]
struct Archive {
    dimensions: usize,
    capacity: usize,
    genes: Vec<f64>,
}

impl Archive {
    fn size(&self) -> usize {
        self.genes.len() / self.dimensions.max(1)
    }

    /// Takes in a parent, in the place of a random other once it is full.
    fn admit(&mut self, parent: impl Iterator<Item = f64>, word: u32) {
        if self.size() < self.capacity {
            self.genes.extend(parent);
        } else if self.capacity > 0 {
            let place = index(word, self.capacity) * self.dimensions;
            self.genes[place..][..self.dimensions].iter_mut().zip(parent).for_each(|(gene, new)| *gene = new);
        }
    }

    /// Lets a random one go until no more than `capacity` are left.
    fn shrink(&mut self, capacity: usize, mut word: u32) {
        self.capacity = capacity;
        while self.size() > capacity {
            let (place, last) = (index(word, self.size()), self.size() - 1);
            self.genes.copy_within(last * self.dimensions.., place * self.dimensions);
            self.genes.truncate(last * self.dimensions);
            word = word.wrapping_mul(747_796_405).wrapping_add(2_891_336_453);
        }
    }
}

/// Room for one generation.
#[derive(Debug, Clone, Default)]
struct Buffers {
    words: Vec<u32>,
    trials: Vec<f64>,
    trial_values: Vec<f64>,
    ranking: Vec<usize>,
    factor: Vec<f64>,
    crossover: Vec<f64>,
    /// Per individual: CR in 65536ths, to compare with half a word.
    threshold: Vec<u32>,
    /// Per individual: pbest, r1, r2 (from the population's size on, of the archive), the dimension that changes for
    /// certain.
    mates: Vec<[usize; 4]>,
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
            history: new_history(),
            archive: Archive::default(),
            buffers: Buffers::default(),
        }
    }

    fn begin(&mut self, problem: &mut dyn Problem, guests: &[&[f64]]) {
        self.population.resize(self.first_size);
        self.population.invite(&self.random, &mut self.buffers.words, guests);
        self.population.assess(problem);
        self.plan = Plan::new(&self.settings, &self.population);
        self.history = new_history();
        self.archive = Archive { dimensions: self.population.dimensions(), ..Archive::default() };
        self.archive.capacity = archive_capacity(self.first_size);
    }

    fn draw_mates(&mut self) {
        let (n, dimensions) = (self.population.size(), self.population.dimensions());
        let stride = Counter::stride(n);
        let (archived, slots) = (self.archive.size(), self.history.slots());
        let Buffers { words, trials, trial_values, ranking, factor, crossover, threshold, mates } =
            &mut self.buffers;
        words.resize(stride * (DRAWS + dimensions.div_ceil(2)), 0);
        self.random.fill(self.population.iterations() + 1, words);
        trials.resize(n * dimensions, 0.0);
        trial_values.resize(n, 0.0);
        self.population.rank(ranking);
        for column in [&mut *factor, &mut *crossover] {
            column.resize(n, 0.0);
        }
        threshold.resize(n, 0);
        mates.resize(n, [0; 4]);
        let best = ((BEST_SHARE * n as f64).round() as usize).max(2);
        for i in 0..n {
            let draw = |number: usize| words[number * stride + i];
            let drawn = index(draw(3), slots * best * dimensions);
            let (slot, pbest, certain) = (drawn % slots, drawn / slots % best, drawn / slots / best);
            factor[i] = self.history.draw_factor(slot, unit(draw(0)));
            crossover[i] = self.history.draw_crossover(slot, unit(draw(1)), unit(draw(2)));
            threshold[i] = (crossover[i] * 65_536.0 + 0.5) as u32;
            let first = skip(index(draw(4), n - 1), [i, i]);
            let second = skip(index(draw(5), n + archived - 2), [i, first]);
            mates[i] = [ranking[pbest], first, second, certain];
        }
    }

    fn mutate(&mut self) {
        let (n, dimensions) = (self.population.size(), self.population.dimensions());
        let stride = Counter::stride(n);
        let Buffers { words, trials, factor, threshold, mates, .. } = &mut self.buffers;
        let (genes, archived) = (self.population.genes(), &self.archive.genes);
        for j in 0..dimensions {
            let draws = &words[(DRAWS + j / 2) * stride..][..n];
            let half = 16 * (j % 2);
            let (row, trials) = (&genes[j * n..][..n], &mut trials[j * n..][..n]);
            for i in 0..n {
                let [pbest, first, second, certain] = mates[i];
                let x = row[i];
                let second = if second < n { row[second] } else { archived[(second - n) * dimensions + j] };
                let moved = half_way_back(x, x + factor[i] * (row[pbest] - x + row[first] - second));
                let changes = (j == certain) | ((draws[i] >> half & 0xffff) < threshold[i]);
                trials[i] = if changes { moved } else { x };
            }
        }
    }

    fn select(&mut self, problem: &mut dyn Problem) {
        let (n, dimensions) = (self.population.size(), self.population.dimensions());
        let stride = Counter::stride(n);
        let Buffers { words, trials, trial_values, factor, crossover, .. } = &mut self.buffers;
        self.population.try_out(problem, n, trials, trial_values);
        for i in 0..n {
            let (before, after) = (self.population.values()[i], trial_values[i]);
            if after < before {
                self.history.note(factor[i], crossover[i], before - after);
                let genes = self.population.genes();
                self.archive.admit((0..dimensions).map(|j| genes[j * n + i]), words[6 * stride + i]);
            }
            if after <= before {
                self.population.take(i, trials, after);
            }
        }
        self.population.find_best();
        self.history.learn();
        self.population.count_iteration();
    }

    /// Lets the worst go.
    fn reduce(&mut self) {
        let done = self.plan.done(&self.population);
        let last = AT_THE_END as f64;
        let size = (self.first_size as f64 + (last - self.first_size as f64) * done).round() as usize;
        if size < self.population.size() {
            self.population.rank(&mut self.buffers.ranking);
            self.population.keep(&self.buffers.ranking[..size]);
            self.archive.shrink(archive_capacity(size), self.buffers.words[0]);
        }
    }
}

fn new_history() -> History {
    History::new(MEMORY, CrossoverMean::Lehmer)
}

fn archive_capacity(size: usize) -> usize {
    (ARCHIVE_RATE * size as f64).round() as usize
}

/// The `drawn`-th index that is none of the `taken`; twice the same counts once.
pub(super) fn skip(drawn: usize, taken: [usize; 2]) -> usize {
    let (low, high) = (taken[0].min(taken[1]), taken[0].max(taken[1]));
    let above = drawn + usize::from(drawn >= low);
    above + usize::from(above >= high && high > low)
}

/// What leaves the box ends half way between where it was and the bound.
pub(super) fn half_way_back(from: f64, to: f64) -> f64 {
    if to < 0.0 {
        from / 2.0
    } else if to > 1.0 {
        f64::midpoint(from, 1.0)
    } else {
        to
    }
}

impl Optimizer for LShade {
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
        self.draw_mates();
        self.mutate();
        self.select(problem);
        self.reduce();
    }

    fn restart(&mut self, problem: &mut dyn Problem, guests: &[&[f64]]) {
        self.begin(problem, guests);
    }

    fn population(&self) -> &Population {
        &self.population
    }
}
