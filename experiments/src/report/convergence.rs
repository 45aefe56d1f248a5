//! How optimizers came to their end, on the mean over the clearings that were sampled.

use std::collections::BTreeMap;

use goshawk_output::table::Table;
use serde::Serialize;

use super::read::{Absence, scan};
use super::source::ScenarioSource;

/// Iterations of a course that are told; more cannot be seen.
const TOLD_MAX: usize = 120;

/// The course of one optimizer.
#[derive(Debug, Clone, Default, PartialEq, Serialize)]
pub struct Course {
    /// Clearings.
    pub clearings: u64,
    /// Iterations that are told.
    pub iterations: Vec<usize>,
    /// The best value at each, on the mean over clearings; a search that has ended keeps its last.
    pub best: Vec<f64>,
    /// The population's mean value, likewise.
    pub mean: Vec<f64>,
}

/// Sums of the searches of an optimizer.
#[derive(Debug, Default)]
struct Search {
    clearings: u64,
    /// By iteration: sums of best and mean over the searches that have it.
    sums: Vec<[f64; 2]>,
    /// By iteration: sums of the last values of the searches that ended there.
    ended: Vec<[f64; 2]>,
    /// The search that is being read.
    now: Option<(usize, [f64; 2])>,
}

impl Search {
    fn add(&mut self, iteration: usize, values: [f64; 2]) {
        if iteration == 0 {
            self.end();
            self.clearings += 1;
        }
        if self.sums.len() <= iteration {
            self.sums.resize(iteration + 1, [0.0; 2]);
            self.ended.resize(iteration + 1, [0.0; 2]);
        }
        for (sum, value) in self.sums[iteration].iter_mut().zip(values) {
            *sum += value;
        }
        self.now = Some((iteration, values));
    }

    fn end(&mut self) {
        if let Some((iteration, values)) = self.now.take() {
            for (sum, value) in self.ended[iteration].iter_mut().zip(values) {
                *sum += value;
            }
        }
    }

    fn course(mut self) -> Course {
        self.end();
        let count = self.clearings.max(1) as f64;
        let mut course = Course { clearings: self.clearings, ..Course::default() };
        let step = self.sums.len().div_ceil(TOLD_MAX).max(1);
        let mut kept = [0.0; 2];
        for (iteration, (sums, ended)) in self.sums.iter().zip(&self.ended).enumerate() {
            if iteration.is_multiple_of(step) || iteration + 1 == self.sums.len() {
                course.iterations.push(iteration);
                course.best.push((sums[0] + kept[0]) / count);
                course.mean.push((sums[1] + kept[1]) / count);
            }
            kept.iter_mut().zip(ended).for_each(|(kept, ended)| *kept += ended);
        }
        course
    }
}

/// The courses of a scenario's optimizers.
///
/// # Errors
/// When there is no such table, or nothing in it: why, in words.
pub(super) fn convergence(scenario: &ScenarioSource) -> Result<BTreeMap<String, Course>, Absence> {
    let mut searches: BTreeMap<String, Search> = BTreeMap::new();
    let columns = ["optimizer", "iteration", "best", "mean"];
    scan(scenario, Table::Convergence, &columns, &mut |rows| {
        let (optimizer, iteration) = (rows.texts("optimizer")?, rows.counts("iteration")?);
        let (best, mean) = (rows.reals("best")?, rows.reals("mean")?);
        for row in 0..rows.count() {
            let name = optimizer.values()[optimizer.key(row)];
            if !searches.contains_key(name) {
                searches.insert(name.to_owned(), Search::default());
            }
            if let Some(search) = searches.get_mut(name) {
                search.add(iteration[row] as usize, [best[row], mean[row]]);
            }
        }
        Ok(())
    })?;
    if searches.is_empty() {
        return Err("no clearing was sampled: output.convergence_every is 0, or no optimizer ran".to_owned());
    }
    Ok(searches.into_iter().map(|(name, search)| (name, search.course())).collect())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_search_that_has_ended_keeps_its_last_value() {
        let mut search = Search::default();
        for (iteration, best) in [(0, 1.0), (1, 3.0), (2, 5.0), (0, 3.0), (0, 2.0), (1, 4.0)] {
            search.add(iteration, [best, best - 1.0]);
        }
        let course = search.course();
        assert_eq!((course.clearings, course.iterations), (3, vec![0, 1, 2]));
        assert_eq!(course.best, [6.0 / 3.0, 10.0 / 3.0, 12.0 / 3.0]);
        assert_eq!(course.mean, [3.0 / 3.0, 7.0 / 3.0, 9.0 / 3.0]);
    }

    #[test]
    fn a_long_course_keeps_its_ends() {
        let mut search = Search::default();
        (0..=1_000).for_each(|iteration| search.add(iteration, [iteration as f64, 0.0]));
        let course = search.course();
        assert!(course.iterations.len() <= TOLD_MAX + 1, "{}", course.iterations.len());
        assert_eq!((course.best.first(), course.best.last()), (Some(&0.0), Some(&1_000.0)));
    }
}
