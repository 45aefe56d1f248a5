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
    pub(super) archive: Archive,
    pub(super) bounds: Bounds,
    words: Vec<u32>,
    ranking: Vec<usize>,
    factor: Vec<f64>,
    crossover: Vec<f64>,
    /// Per individual: CR in 65536ths, to compare with half a word.
    threshold: Vec<u32>,
    /// Per individual: pbest, a, b (from the population's size on, of the archive), the dimension that changes for
    /// certain.
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
            archive: Archive::default(),
            bounds,
            words: Vec::new(),
            ranking: Vec::new(),
            factor: Vec::new(),
            crossover: Vec::new(),
            threshold: Vec::new(),
            mates: Vec::new(),
        }
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
        let Self { words, factor, threshold, mates, bounds, .. } = self;
        let (archived, half_way) = (&self.archive.genes, *bounds == Bounds::HalfWay);
        for j in 0..dimensions {
            let draws = &words[(DRAWS + j / 2) * stride..][..n];
            let half = 16 * (j % 2);
            let row = &population.genes()[j * n..][..n];
            let trials = &mut trials[j * n..][..n];
            for i in 0..n {
                let [pbest, a, b, certain] = mates[i];
                let x = row[i];
                let at_b = if b < n { row[b] } else { archived[(b - n) * dimensions + j] };
                let to = x + factor[i] * (row[pbest] - x + row[a] - at_b);
                let moved = if half_way { half_way_back(x, to) } else { to.clamp(0.0, 1.0) };
                let changes = (j == certain) | ((draws[i] >> half & 0xffff) < threshold[i]);
                trials[i] = if changes { moved } else { x };
            }
        }
    }

    fn draw(&mut self, population: &Population, random: &Counter, sweep: u32, best: usize) {
        let (n, dimensions) = (population.size(), population.dimensions());
        let stride = Counter::stride(n);
        let (pool, slots) = (n + self.archive.size(), self.history.slots());
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
        let (n, dimensions) = (population.size(), population.dimensions());
        let stride = Counter::stride(n);
        population.try_out(problem, n, trials, trial_values);
        for (i, &after) in trial_values.iter().enumerate() {
            let before = population.values()[i];
            if after < before {
                self.history.note(self.factor[i], self.crossover[i], before - after);
                let parent = (0..dimensions).map(|j| population.genes()[j * n + i]);
                self.archive.admit(parent, self.words[6 * stride + i]);
            }
            if after < before || (after == before && ties == Ties::Replace) {
                population.take(i, trials, after);
            }
        }
        population.find_best();
    }
}

/// Parents that were driven out: gene j of parent i at `i * dimensions + j`.
#[derive(Debug, Clone, Default)]
pub(super) struct Archive {
    dimensions: usize,
    capacity: usize,
    genes: Vec<f64>,
}

impl Archive {
    pub(super) fn new(capacity: usize, dimensions: usize) -> Self {
        Self { dimensions, capacity, genes: Vec::with_capacity(capacity * dimensions) }
    }

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

    /// Keeps no more than `capacity`: the last go. Their places are as random as their replacement was.
    pub(super) fn shrink(&mut self, capacity: usize) {
        self.capacity = capacity;
        self.genes.truncate(capacity * self.dimensions);
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
        let mut archive = Archive::new(3, 2);
        for parent in 0..10 {
            archive.admit([f64::from(parent), 0.5].into_iter(), parent * 400_000_000);
            assert_eq!(archive.size(), 3.min(parent as usize + 1));
        }
        archive.shrink(1);
        archive.admit([7.0, 0.5].into_iter(), 5);
        assert_eq!(archive.genes, [7.0, 0.5]);
    }
}
