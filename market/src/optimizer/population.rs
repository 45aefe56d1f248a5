//! The candidates of an optimizer and their values.

use super::random::{Counter, unit};
use super::{Problem, TracePoint};

/// Marks the sweeps that draw a population; a generation's number stays below it.
const DRAWING: u32 = 1 << 31;

/// A fixed number of candidates in [0, 1]^m, dimension-major, with the bookkeeping that every optimizer needs.
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
}

impl Population {
    pub(super) fn new(size: usize, dimensions: usize) -> Self {
        let (genes, values) = (vec![0.0; size * dimensions], vec![f64::INFINITY; size]);
        Self { size, dimensions, genes, values, ..Self::default() }
    }

    /// Draws all candidates uniformly over the box.
    pub(super) fn draw_again(&mut self, random: &Counter, words: &mut Vec<u32>) {
        let (n, stride) = (self.size, Counter::stride(self.size));
        words.resize(stride * self.dimensions, 0);
        random.fill(DRAWING | self.iterations, words);
        for (j, genes) in self.genes.chunks_exact_mut(n).enumerate() {
            for (gene, &word) in genes.iter_mut().zip(&words[j * stride..]) {
                *gene = unit(word);
            }
        }
    }

    /// Puts a candidate in a place.
    pub(super) fn place(&mut self, place: usize, genes: &[f64]) {
        for (j, &gene) in genes.iter().enumerate() {
            self.genes[j * self.size + place] = gene;
        }
    }

    /// Evaluates every candidate in place.
    pub(super) fn assess(&mut self, problem: &mut dyn Problem) {
        problem.evaluate(&self.genes, self.size, &mut self.values);
        self.evaluations += self.size as u64;
        self.non_finite += mend(&mut self.values);
        self.find_best();
    }

    /// Evaluates trial candidates and replaces those that they improve, strictly; `improved` is told the index and the old
    /// value of each before it goes.
    pub(super) fn select(
        &mut self,
        problem: &mut dyn Problem,
        trials: &[f64],
        trial_values: &mut [f64],
        mut improved: impl FnMut(usize, f64, f64),
    ) {
        let n = self.size;
        problem.evaluate(trials, n, trial_values);
        self.evaluations += n as u64;
        self.non_finite += mend(trial_values);
        for (i, &trial) in trial_values.iter().enumerate() {
            if trial < self.values[i] {
                improved(i, self.values[i], trial);
                self.values[i] = trial;
                for j in 0..self.dimensions {
                    self.genes[j * n + i] = trials[j * n + i];
                }
            }
        }
        self.find_best();
    }

    pub(super) fn count_iteration(&mut self) {
        self.iterations += 1;
    }

    fn find_best(&mut self) {
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

    /// All genes: gene `j` of candidate `i` is at `j * size + i`.
    pub fn genes(&self) -> &[f64] {
        &self.genes
    }

    /// The values of all candidates; what was not finite is infinite.
    pub fn values(&self) -> &[f64] {
        &self.values
    }

    /// The genes of the best candidate.
    pub fn best_genes(&self) -> Vec<f64> {
        (0..self.dimensions).map(|j| self.genes[j * self.size + self.best]).collect()
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

/// Makes infinite what is not finite, and counts it.
fn mend(values: &mut [f64]) -> u64 {
    let mut mended = 0;
    for value in values.iter_mut().filter(|value| !value.is_finite()) {
        *value = f64::INFINITY;
        mended += 1;
    }
    mended
}
