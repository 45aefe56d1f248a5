//! Moves along differences between individuals, as [`Ngo`](super::Ngo) and [`LShade`](super::LShade) make them:
//! current-to-pbest/1/bin with success history and an archive.
//!
//! ```text
//! v = x + F (x_pbest - x) + F (x_a - x_b)       in dimensions drawn with probability CR, at least in one
//! ```
//!
//! Zhang and Sanderson, *JADE: Adaptive Differential Evolution with Optional External Archive*, IEEE Trans. Evol. Comput.
//! 13(5), 2009.

use super::history::History;
use super::random::{Counter, index, unit};
use super::{Population, Problem};

/// Draws of an individual before one per two dimensions: F, two for CR, the slot with pbest and the certain dimension,
/// a, b, whom it drives out of the archive.
const DRAWS: usize = 7;

/// Draws and makes the moves of a generation, and learns from them.
#[derive(Debug, Clone)]
pub(super) struct Differences {
    pub(super) history: History,
    pub(super) pool: Pool,
    bounds: Bounds,
    words: Vec<u32>,
    ranking: Vec<usize>,
    factor: Vec<f64>,
    crossover: Vec<f64>,
    /// Per individual: CR in 65536ths, to compare with half a word.
    threshold: Vec<u32>,
    /// Per individual: places of pbest, a and b in the pool, the dimension that changes for certain.
    mates: Vec<[usize; 4]>,
}

/// Where a coordinate ends that leaves the box.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Bounds {
    /// Half way between where it was and the bound.
    HalfWay,
    /// On the bound.
    On,
}

/// Whether a trial that is as good as its parent replaces it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Ties {
    Replace,
    Stay,
}

impl Differences {
    pub(super) fn new(history: History, bounds: Bounds) -> Self {
        Self {
            history,
            pool: Pool::default(),
            bounds,
            words: Vec::new(),
            ranking: Vec::new(),
            factor: Vec::new(),
            crossover: Vec::new(),
            threshold: Vec::new(),
            mates: Vec::new(),
        }
    }

    /// Begins again with an empty archive of so many places beside a population.
    pub(super) fn forget(&mut self, history: History, population: &Population, capacity: usize) {
        self.history = history;
        self.pool = Pool::new(population.size(), capacity, population.dimensions());
    }

    /// Writes a trial for every individual, with the numbers of a sweep; pbest is one of the `best` best.
    pub(super) fn propose(
        &mut self,
        population: &Population,
        random: &Counter,
        sweep: u32,
        best: usize,
        trials: &mut [f64],
    ) {
        self.draw(population, random, sweep, best);
        let (n, dimensions) = (population.size(), population.dimensions());
        let stride = Counter::stride(n);
        self.pool.copy(population);
        let Self { words, factor, threshold, mates, bounds, pool, .. } = self;
        let half_way = *bounds == Bounds::HalfWay;
        for j in 0..dimensions {
            let draws = &words[(DRAWS + j / 2) * stride..][..n];
            let half = 16 * (j % 2);
            let row = pool.row(j);
            let trials = &mut trials[j * n..][..n];
            let (factor, threshold, mates) = (&factor[..n], &threshold[..n], &mates[..n]);
            for i in 0..n {
                let [pbest, a, b, certain] = mates[i];
                let x = row[i];
                let to = x + factor[i] * (row[pbest] - x + row[a] - row[b]);
                let moved = if half_way { half_way_back(x, to) } else { to.clamp(0.0, 1.0) };
                let changes = (j == certain) | ((draws[i] >> half & 0xffff) < threshold[i]);
                trials[i] = if changes { moved } else { x };
            }
        }
    }

    fn draw(&mut self, population: &Population, random: &Counter, sweep: u32, best: usize) {
        let (n, dimensions) = (population.size(), population.dimensions());
        let stride = Counter::stride(n);
        let (pool, slots) = (n + self.pool.archived, self.history.slots());
        let Self { words, ranking, factor, crossover, threshold, mates, history, .. } = self;
        words.resize(stride * (DRAWS + dimensions.div_ceil(2)), 0);
        random.fill(sweep, words);
        population.rank(ranking);
        factor.resize(n, 0.0);
        crossover.resize(n, 0.0);
        threshold.resize(n, 0);
        mates.resize(n, [0; 4]);
        for i in 0..n {
            let draw = |number: usize| words[number * stride + i];
            let drawn = index(draw(3), slots * best * dimensions);
            let (slot, pbest, certain) = (drawn % slots, drawn / slots % best, drawn / slots / best);
            factor[i] = history.draw_factor(slot, unit(draw(0)));
            crossover[i] = history.draw_crossover(slot, unit(draw(1)), unit(draw(2)));
            threshold[i] = (crossover[i] * 65_536.0 + 0.5) as u32;
            let a = skip(index(draw(4), n - 1), [i, i]);
            let b = skip(index(draw(5), pool - 2), [i, a]);
            mates[i] = [ranking[pbest], a, b, certain];
        }
    }

    /// Evaluates the trials, takes the better ones, notes what succeeded and puts the parents in the archive.
    pub(super) fn select(
        &mut self,
        problem: &mut dyn Problem,
        population: &mut Population,
        trials: &[f64],
        trial_values: &mut [f64],
        ties: Ties,
    ) {
        let n = population.size();
        let stride = Counter::stride(n);
        population.try_out(problem, n, trials, trial_values);
        for (i, &after) in trial_values.iter().enumerate() {
            let before = population.values()[i];
            if after < before {
                self.history.note(self.factor[i], self.crossover[i], before - after);
                self.pool.admit(i, self.words[6 * stride + i]);
            }
            if after < before || (after == before && ties == Ties::Replace) {
                population.take(i, trials, after);
            }
        }
        population.find_best();
    }
}

/// Those whom differences are made of: the population as it was before the trials, and an archive of parents that were driven
/// out. Dimension-major: gene j of place k is at `j * (individuals + capacity) + k`, the archive behind the population.
#[derive(Debug, Clone, Default)]
pub(super) struct Pool {
    individuals: usize,
    capacity: usize,
    archived: usize,
    dimensions: usize,
    genes: Vec<f64>,
}

impl Pool {
    fn new(individuals: usize, capacity: usize, dimensions: usize) -> Self {
        let genes = vec![0.0; (individuals + capacity) * dimensions];
        Self { individuals, capacity, archived: 0, dimensions, genes }
    }

    fn width(&self) -> usize {
        self.individuals + self.capacity
    }

    /// The genes of a dimension.
    fn row(&self, j: usize) -> &[f64] {
        &self.genes[j * self.width()..][..self.width()]
    }

    fn copy(&mut self, population: &Population) {
        let (n, width) = (self.individuals, self.width());
        for (row, genes) in self.genes.chunks_exact_mut(width).zip(population.genes().chunks_exact(n)) {
            row[..n].copy_from_slice(genes);
        }
    }

    /// Takes parent `i` into the archive, in the place of a random other once it is full.
    fn admit(&mut self, i: usize, word: u32) {
        let place = if self.archived < self.capacity {
            self.archived += 1;
            self.archived - 1
        } else if self.capacity > 0 {
            index(word, self.capacity)
        } else {
            return;
        };
        let (width, place) = (self.width(), self.individuals + place);
        for row in self.genes.chunks_exact_mut(width) {
            row[place] = row[i];
        }
    }

    /// Makes room for fewer individuals and fewer archived, of whom the last go: they came in at random places.
    pub(super) fn shrink(&mut self, individuals: usize, capacity: usize) {
        let mut smaller = Self::new(individuals, capacity, self.dimensions);
        smaller.archived = self.archived.min(capacity);
        let width = smaller.width();
        for (j, row) in smaller.genes.chunks_exact_mut(width).enumerate() {
            let archive = &self.row(j)[self.individuals..][..smaller.archived];
            row[individuals..][..smaller.archived].copy_from_slice(archive);
        }
        *self = smaller;
    }
}

/// The `drawn`-th index that is none of the `taken`; twice the same counts once.
pub(super) fn skip(drawn: usize, taken: [usize; 2]) -> usize {
    let (low, high) = (taken[0].min(taken[1]), taken[0].max(taken[1]));
    let above = drawn + usize::from(drawn >= low);
    above + usize::from(above >= high && high > low)
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

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn skipping_reaches_every_other_index_once() {
        for taken in [[2, 2], [0, 4], [4, 0], [3, 2]] {
            let free: Vec<usize> = (0..5).filter(|index| !taken.contains(index)).collect();
            let reached: Vec<usize> = (0..free.len()).map(|drawn| skip(drawn, taken)).collect();
            assert_eq!(reached, free);
        }
    }

    #[test]
    fn an_archive_holds_no_more_than_its_capacity() {
        let mut pool = Pool::new(2, 3, 2);
        for parent in 0..10_u32 {
            pool.genes[1] = f64::from(parent);
            pool.admit(1, parent * 400_000_000);
            assert_eq!(pool.archived, 3.min(parent as usize + 1));
        }
        let kept = pool.row(0)[2];
        pool.shrink(1, 1);
        assert_eq!((pool.row(0)[1], pool.archived), (kept, 1));
        pool.admit(0, 5);
        assert_eq!(pool.row(0), [0.0, 0.0]);
    }
}
