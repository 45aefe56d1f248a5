//! The candidates of an optimizer and their values.

use std::cmp::Ordering;

use super::random::{Counter, unit};
use super::{Problem, TracePoint};

/// Marks the sweeps that draw a population; a generation's number stays below it.
const DRAWING: u32 = 1 << 31;

/// Genes of a candidate that are transposed before the next candidate's, so that all stay in the cache.
const TILE: usize = 16;

/// Up to so many candidates, moving each to its place in the last ranking is faster than sorting anew.
const FEW: usize = 64;

/// A fixed number of candidates in [0, 1]^m, candidate by candidate, with the bookkeeping that every optimizer needs.
#[derive(Debug, Clone, Default)]
pub struct Population {
    size: usize,
    dimensions: usize,
    genes: Vec<f64>,
    values: Vec<f64>,
    best: usize,
    evaluations: u64,
    non_finite: u64,
    iterations: u32,
    /// Candidates as a problem takes them: gene by gene.
    batch: Vec<f64>,
}

impl Population {
    pub(super) fn new(size: usize, dimensions: usize) -> Self {
        assert!(dimensions > 0, "invariant: a problem has at least one dimension");
        let (genes, values) = (vec![0.0; size * dimensions], vec![f64::INFINITY; size]);
        Self { size, dimensions, genes, values, ..Self::default() }
    }

    /// Draws all candidates uniformly over the box.
    pub(super) fn draw_again(&mut self, random: &Counter, words: &mut Vec<u32>) {
        let (n, stride) = (self.size, Counter::stride(self.size));
        words.resize(stride * self.dimensions, 0);
        // Drawn again before the first iteration, it is still another population than that of the start.
        let drawing = if self.evaluations == 0 { 0 } else { self.iterations.max(1) };
        random.fill(DRAWING | drawing, words);
        for (j, words) in words.chunks_exact(stride).enumerate() {
            for (i, &word) in words[..n].iter().enumerate() {
                self.genes[i * self.dimensions + j] = unit(word);
            }
        }
    }

    /// Puts a candidate in a place.
    pub(super) fn place(&mut self, place: usize, genes: &[f64]) {
        self.genes[place * self.dimensions..][..self.dimensions].copy_from_slice(genes);
    }

    /// Evaluates every candidate in place.
    pub(super) fn assess(&mut self, problem: &mut dyn Problem) {
        transpose(&self.genes, self.dimensions, &mut self.batch);
        problem.evaluate(&self.batch, self.size, &mut self.values);
        self.evaluations += self.size as u64;
        self.non_finite += mend(&mut self.values);
        self.find_best();
    }

    /// Evaluates trial candidates without taking any of them.
    pub(super) fn try_out(&mut self, problem: &mut dyn Problem, trials: &[f64], trial_values: &mut [f64]) {
        let n = trial_values.len();
        transpose(trials, self.dimensions, &mut self.batch);
        problem.evaluate(&self.batch, n, trial_values);
        self.evaluations += n as u64;
        self.non_finite += mend(trial_values);
    }

    /// Puts trial `i` and its value in place `i`; [`find_best`](Self::find_best) has to follow.
    pub(super) fn take(&mut self, i: usize, trials: &[f64], value: f64) {
        self.values[i] = value;
        let own = i * self.dimensions..(i + 1) * self.dimensions;
        self.genes[own.clone()].copy_from_slice(&trials[own]);
    }

    /// Evaluates trial candidates and replaces those that they improve, strictly.
    pub(super) fn select(&mut self, problem: &mut dyn Problem, trials: &[f64], trial_values: &mut [f64]) {
        self.try_out(problem, trials, trial_values);
        for (i, &trial) in trial_values.iter().enumerate() {
            if trial < self.values[i] {
                self.take(i, trials, trial);
            }
        }
        self.find_best();
    }

    /// Evaluates one candidate and puts it in place `i` if it is strictly better; returns whether it is.
    pub(super) fn challenge(&mut self, problem: &mut dyn Problem, i: usize, trial: &[f64]) -> bool {
        let mut value = [f64::INFINITY];
        self.try_out(problem, trial, &mut value);
        let wins = value[0] < self.values[i];
        if wins {
            self.place(i, trial);
            self.values[i] = value[0];
            if value[0] < self.values[self.best] {
                self.best = i;
            }
        }
        wins
    }

    /// Writes all places, from the best to the worst; of equals the lower place first.
    pub(super) fn rank(&self, ranking: &mut Vec<usize>) {
        if ranking.len() != self.size {
            ranking.clear();
            ranking.extend(0..self.size);
        }
        let values = self.values.as_slice();
        if ranking.len() > FEW {
            ranking.sort_unstable_by(|&a, &b| values[a].total_cmp(&values[b]).then(a.cmp(&b)));
            return;
        }
        // Few have moved since the last ranking.
        for sorted in 1..ranking.len() {
            let (place, mut at) = (ranking[sorted], sorted);
            let goes_before = |other: usize| match values[place].total_cmp(&values[other]) {
                Ordering::Equal => place < other,
                order => order == Ordering::Less,
            };
            while at > 0 && goes_before(ranking[at - 1]) {
                ranking[at] = ranking[at - 1];
                at -= 1;
            }
            ranking[at] = place;
        }
    }

    /// Keeps the candidates whose places `kept` names, in that order.
    pub(super) fn keep(&mut self, kept: &[usize]) {
        self.genes = kept.iter().flat_map(|&i| self.candidate(i).iter().copied()).collect();
        self.values = kept.iter().map(|&i| self.values[i]).collect();
        self.size = kept.len();
        self.find_best();
    }

    /// Begins again with `size` candidates to be drawn; the counters count on.
    pub(super) fn resize(&mut self, size: usize) {
        self.size = size;
        self.genes.resize(size * self.dimensions, 0.0);
        self.values.resize(size, f64::INFINITY);
        self.best = 0;
    }

    /// Draws all candidates anew, but for the first places, which are the guests'.
    pub(super) fn invite(&mut self, random: &Counter, words: &mut Vec<u32>, guests: &[&[f64]]) {
        self.draw_again(random, words);
        for (place, genes) in guests.iter().take(self.size).enumerate() {
            self.place(place, genes);
        }
    }

    pub(super) fn count_iteration(&mut self) {
        self.iterations += 1;
    }

    /// Looks for the best candidate again.
    pub(super) fn find_best(&mut self) {
        self.best = 0;
        for i in 1..self.size {
            if self.values[i] < self.values[self.best] {
                self.best = i;
            }
        }
    }

    /// The number of candidates.
    pub fn size(&self) -> usize {
        self.size
    }

    /// The number of genes of a candidate.
    pub fn dimensions(&self) -> usize {
        self.dimensions
    }

    /// All genes: gene `j` of candidate `i` is at `i * dimensions + j`.
    pub fn genes(&self) -> &[f64] {
        &self.genes
    }

    /// The genes of candidate `i`.
    pub fn candidate(&self, i: usize) -> &[f64] {
        &self.genes[i * self.dimensions..][..self.dimensions]
    }

    /// The values of all candidates; what was not finite is infinite.
    pub fn values(&self) -> &[f64] {
        &self.values
    }

    /// The place of the best candidate.
    pub fn best(&self) -> usize {
        self.best
    }

    /// The genes of the best candidate.
    pub fn best_genes(&self) -> Vec<f64> {
        self.candidate(self.best).to_vec()
    }

    /// The best value.
    pub fn best_value(&self) -> f64 {
        self.values[self.best]
    }

    /// The worst value.
    pub fn worst_value(&self) -> f64 {
        self.values.iter().copied().fold(f64::NEG_INFINITY, f64::max)
    }

    /// Evaluations since the start.
    pub fn evaluations(&self) -> u64 {
        self.evaluations
    }

    /// Evaluations since the start that gave no finite value.
    pub fn non_finite(&self) -> u64 {
        self.non_finite
    }

    /// Iterations since the start.
    pub fn iterations(&self) -> u32 {
        self.iterations
    }

    /// How far the search is.
    pub fn trace_point(&self) -> TracePoint {
        let finite = || self.values.iter().filter(|value| value.is_finite());
        let mean = finite().sum::<f64>() / finite().count().max(1) as f64;
        TracePoint {
            iteration: self.iterations,
            evaluations: self.evaluations,
            best: self.best_value(),
            mean,
        }
    }
}

/// Turns candidate by candidate into gene by gene: gene `j` of `n` candidates from `j * n` on.
fn transpose(candidates: &[f64], dimensions: usize, batch: &mut Vec<f64>) {
    let n = candidates.len() / dimensions;
    batch.resize(candidates.len(), 0.0);
    for (tile, batch) in batch.chunks_mut(TILE * n).enumerate() {
        let genes = batch.len() / n;
        let row = |i: usize| &candidates[i * dimensions + tile * TILE..][..genes];
        let whole = n - n % 4;
        for i in (0..whole).step_by(4) {
            let [a, b, c, d] = [row(i), row(i + 1), row(i + 2), row(i + 3)];
            for (j, to) in batch.chunks_exact_mut(n).enumerate() {
                to[i..i + 4].copy_from_slice(&[a[j], b[j], c[j], d[j]]);
            }
        }
        for i in whole..n {
            for (to, &gene) in batch.chunks_exact_mut(n).zip(row(i)) {
                to[i] = gene;
            }
        }
    }
}

/// Makes infinite what is not finite, and counts it.
fn mend(values: &mut [f64]) -> u64 {
    let mut mended = 0;
    for value in values.iter_mut().filter(|value| !value.is_finite()) {
        *value = f64::INFINITY;
        mended += 1;
    }
    mended
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_batch_has_every_gene_in_its_place() {
        for (n, dimensions) in [(1, 5), (4, 16), (30, 10), (7, 33)] {
            let candidates: Vec<f64> = (0..n * dimensions).map(|index| index as f64).collect();
            let mut batch = Vec::new();
            transpose(&candidates, dimensions, &mut batch);
            for (i, j) in (0..n).flat_map(|i| (0..dimensions).map(move |j| (i, j))) {
                assert_eq!(batch[j * n + i], candidates[i * dimensions + j]);
            }
        }
    }
}
