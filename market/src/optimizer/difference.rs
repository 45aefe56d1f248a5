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
use super::random::{Counter, Draws, index, unit};
use super::{Population, Problem};

/// Draws of an individual before one per two dimensions: F, CR, the slot with pbest and the certain dimension, a, b, whom it
/// drives out of the archive.
const DRAWS: usize = 6;

/// Draws and makes the moves of a generation, and learns from them.
#[derive(Debug, Clone)]
pub(super) struct Differences {
    pub(super) history: History,
    pub(super) displaced: Displaced,
    bounds: Bounds,
    draws: Draws,
    ranking: Vec<usize>,
    factor: Vec<f64>,
    crossover: Vec<f64>,
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
            displaced: Displaced::default(),
            bounds,
            draws: Draws::default(),
            ranking: Vec::new(),
            factor: Vec::new(),
            crossover: Vec::new(),
        }
    }

    /// Begins again with an empty archive of so many places.
    pub(super) fn forget(&mut self, history: History, capacity: usize) {
        self.history = history;
        self.displaced = Displaced { capacity, ..Displaced::default() };
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
        let (n, dimensions) = (population.size(), population.dimensions());
        let Self { history, displaced, draws, ranking, .. } = self;
        draws.fill(random, sweep, n, DRAWS + dimensions.div_ceil(2));
        population.rank(ranking);
        self.factor.resize(n, 0.0);
        self.crossover.resize(n, 0.0);
        // Mates are of the population or of the archive.
        let (pool, slots) = (n + displaced.count(dimensions), history.slots());
        for (i, trial) in trials.chunks_exact_mut(dimensions).enumerate() {
            let draw = |number: usize| draws.word(i, number);
            let drawn = index(draw(2), slots * best * dimensions);
            let (slot, pbest, certain) = (drawn % slots, drawn / slots % best, drawn / slots / best);
            let factor = history.draw_factor(slot, unit(draw(0)));
            let crossover = history.draw_crossover(slot, unit(draw(1)));
            (self.factor[i], self.crossover[i]) = (factor, crossover);
            let a = skip(index(draw(3), n - 1), [i, i]);
            let b = skip(index(draw(4), pool - 2), [i, a]);
            let cross = Cross {
                from: population.candidate(i),
                pbest: population.candidate(ranking[pbest]),
                a: population.candidate(a),
                b: if b < n { population.candidate(b) } else { displaced.parent(b - n, dimensions) },
                factor,
                halves: &draws.halves(i)[2 * DRAWS..],
                threshold: (crossover * 65_536.0 + 0.5) as i32,
                certain,
            };
            match self.bounds {
                Bounds::HalfWay => cross.write(trial, half_way_back),
                Bounds::On => cross.write(trial, |_, to| to.clamp(0.0, 1.0)),
            }
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
        population.try_out(problem, trials, trial_values);
        for (i, &after) in trial_values.iter().enumerate() {
            let before = population.values()[i];
            if after < before {
                self.history.note(self.factor[i], self.crossover[i], before - after);
                self.displaced.admit(population.candidate(i), self.draws.word(i, 5));
            }
            if after < before || (after == before && ties == Ties::Replace) {
                population.take(i, trials, after);
            }
        }
        population.find_best();
    }
}

/// A move along differences, in some of the dimensions.
struct Cross<'a> {
    from: &'a [f64],
    pbest: &'a [f64],
    a: &'a [f64],
    b: &'a [f64],
    factor: f64,
    /// One per dimension, which changes where it is below the threshold: CR in 65536ths.
    halves: &'a [u16],
    threshold: i32,
    /// The dimension that changes for certain.
    certain: usize,
}

impl Cross<'_> {
    /// Writes where it ends, brought back into the box by `bound` of where it was and where it would go.
    fn write(&self, trial: &mut [f64], bound: impl Fn(f64, f64) -> f64) {
        let dimensions = trial.len();
        let (from, halves) = (&self.from[..dimensions], &self.halves[..dimensions]);
        let (pbest, a, b) = (&self.pbest[..dimensions], &self.a[..dimensions], &self.b[..dimensions]);
        let Self { factor, threshold, .. } = *self;
        let moved = |j: usize| bound(from[j], from[j] + factor * (pbest[j] - from[j] + a[j] - b[j]));
        for j in 0..dimensions {
            let to = moved(j);
            trial[j] = if i32::from(halves[j]) < threshold { to } else { from[j] };
        }
        trial[self.certain] = moved(self.certain);
    }
}

/// An archive of parents that were driven out, parent by parent.
#[derive(Debug, Clone, Default)]
pub(super) struct Displaced {
    capacity: usize,
    genes: Vec<f64>,
}

impl Displaced {
    /// How many there are, of so many dimensions.
    fn count(&self, dimensions: usize) -> usize {
        self.genes.len() / dimensions
    }

    fn parent(&self, place: usize, dimensions: usize) -> &[f64] {
        &self.genes[place * dimensions..][..dimensions]
    }

    /// Takes a parent in, in the place of a random other once it is full.
    fn admit(&mut self, parent: &[f64], word: u32) {
        let dimensions = parent.len();
        if self.count(dimensions) < self.capacity {
            self.genes.extend_from_slice(parent);
        } else if self.capacity > 0 {
            let place = index(word, self.capacity);
            self.genes[place * dimensions..][..dimensions].copy_from_slice(parent);
        }
    }

    /// Makes room for fewer, of whom the last go: they came in at random places.
    pub(super) fn shrink(&mut self, capacity: usize, dimensions: usize) {
        self.capacity = capacity;
        self.genes.truncate(capacity * dimensions);
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
    let [to_lower, to_upper] = [0.5 * from, 0.5 * (from + 1.0)];
    let above = if to < 0.0 { to_lower } else { to };
    if to > 1.0 { to_upper } else { above }
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
        let mut displaced = Displaced { capacity: 3, ..Displaced::default() };
        for parent in 0..10_u32 {
            displaced.admit(&[f64::from(parent), 0.5], parent * 400_000_000);
            assert_eq!(displaced.count(2), 3.min(parent as usize + 1));
        }
        let kept = displaced.parent(0, 2).to_vec();
        displaced.shrink(1, 2);
        assert_eq!(displaced.genes, kept);
        displaced.admit(&[0.0; 2], 5);
        assert_eq!(displaced.genes, [0.0; 2]);
    }
}
