//! The search for the parameters' values: the market's optimizers, from several starts, over threads.

use std::num::NonZeroUsize;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::thread;

use goshawk_market::optimizer::{
    InitialPopulation, LShade, Optimizer, OptimizerSettings, Problem, optimizer_by_name,
};

use super::description::Fit;
use super::loss::loss;
use crate::compare::Course;
use crate::scenario::{self, Problems};

/// Candidates at a time, where the fit does not say how many.
const POPULATION: usize = 40;
const L_SHADE: &str = "l_shade";

/// What a start of the search found.
#[derive(Debug, Clone, PartialEq)]
pub struct Found {
    /// Values of the parameters.
    pub values: Vec<f64>,
    /// Their loss.
    pub loss: f64,
    /// Candidates that were run.
    pub evaluations: u64,
}

/// Evaluates candidates on threads; a value depends on its candidate alone.
#[derive(Debug)]
pub(crate) struct Bench<'a> {
    pub(crate) fit: &'a Fit,
    pub(crate) jobs: NonZeroUsize,
    pub(crate) course: &'a Course,
}

impl Bench<'_> {
    /// What the fitted tables ask for, for each set of values, in their order.
    pub(crate) fn outputs(&self, candidates: &[Vec<f64>]) -> Vec<Option<Vec<f64>>> {
        let next = AtomicUsize::new(0);
        let work = || {
            let mut own = Vec::new();
            while !self.course.progress.stop.load(Ordering::Relaxed) {
                let index = next.fetch_add(1, Ordering::Relaxed);
                let Some(values) = candidates.get(index) else { break };
                own.push((index, self.fit.outputs(values, &self.course.progress)));
                self.course.finished.fetch_add(1, Ordering::Relaxed);
            }
            own
        };
        let mut results = vec![None; candidates.len()];
        thread::scope(|scope| {
            let workers: Vec<_> =
                (0..self.jobs.get().min(candidates.len())).map(|_| scope.spawn(work)).collect();
            for worker in workers {
                let own = worker.join().expect("invariant: a run that fails says so");
                for (index, outputs) in own {
                    results[index] = outputs;
                }
            }
        });
        results
    }

    /// The loss of each set of values.
    pub(crate) fn losses(&self, candidates: &[Vec<f64>]) -> Vec<f64> {
        self.outputs(candidates).iter().map(|outputs| loss(self.fit, outputs.as_deref())).collect()
    }

    /// The parameters whose value changes nothing that the targets ask for, at nine values between their bounds.
    pub(crate) fn without_effect(&self, values: &[f64]) -> Option<Problems> {
        const LEVELS: usize = 9;
        let parameters = &self.fit.parameters;
        let candidates: Vec<Vec<f64>> = parameters
            .iter()
            .enumerate()
            .flat_map(|(index, parameter)| {
                (0..LEVELS).map(move |level| {
                    let mut candidate = values.to_vec();
                    candidate[index] = parameter.value(level as f64 / (LEVELS - 1) as f64);
                    candidate
                })
            })
            .collect();
        let outputs = self.outputs(&candidates);
        if self.is_stopped() {
            return None;
        }
        let problems = parameters.iter().zip(outputs.chunks(LEVELS)).filter_map(|(parameter, outputs)| {
            let is_alike = outputs.iter().all(|output| output == &outputs[0]);
            let place = ["parameter".to_owned(), parameter.place.to_string()];
            let found =
                format!("{:?}, which changes no value that the targets ask for", parameter.table.name);
            let allowed = "parameters that the targets can identify";
            is_alike.then(|| {
                scenario::Problem::new(self.fit.document.place(&place), place.join("."), found, allowed)
            })
        });
        Problems::all(problems.collect(), &self.fit.name)
    }

    fn is_stopped(&self) -> bool {
        self.course.progress.stop.load(Ordering::Relaxed)
    }

    /// A start of the search, numbered from 0: its first candidates are drawn between the bounds, by its seed.
    pub(crate) fn search(&mut self, start: u32) -> Found {
        let file = &self.fit.file;
        let evaluations = u64::from(file.evaluations);
        let population = self.population();
        let per_iteration = if file.optimizer.starts_with("ngo") { 2 } else { 1 };
        let iterations = (evaluations / (per_iteration * population as u64)).max(1) as u32;
        // L-SHADE shrinks its population and ends with its evaluations.
        let iterations = if file.optimizer == L_SHADE { iterations.saturating_mul(4) } else { iterations };
        let settings = OptimizerSettings {
            iterations,
            population,
            max_evaluations: Some(evaluations),
            ..OptimizerSettings::default()
        };
        let mut optimizer: Box<dyn Optimizer> = match file.optimizer.as_str() {
            L_SHADE => Box::new(LShade::with_initial_population(settings, InitialPopulation::OfSettings)),
            name => optimizer_by_name(name, &settings).expect("invariant: the optimizer is checked input"),
        };
        optimizer.start(self, [file.seed, u64::from(start)]);
        optimizer.advance(self, iterations, &mut Vec::new());
        let best = optimizer.population();
        let values = self.values(&best.best_genes());
        Found { values, loss: best.best_value(), evaluations: best.evaluations() }
    }

    /// Candidates at the beginning of a start.
    fn population(&self) -> usize {
        let file = &self.fit.file;
        file.population.map_or_else(
            || match file.optimizer.as_str() {
                L_SHADE => {
                    (self.fit.parameters.len() * 18).min(file.evaluations as usize / 100).max(POPULATION)
                }
                _ => POPULATION,
            },
            |population| population as usize,
        )
    }

    fn values(&self, genes: &[f64]) -> Vec<f64> {
        self.fit.parameters.iter().zip(genes).map(|(parameter, &gene)| parameter.value(gene)).collect()
    }
}

impl Problem for Bench<'_> {
    fn dimensions(&self) -> usize {
        self.fit.parameters.len()
    }

    fn evaluate(&mut self, genes: &[f64], n: usize, values: &mut [f64]) {
        if self.is_stopped() {
            values[..n].fill(f64::INFINITY);
            return;
        }
        let candidates: Vec<Vec<f64>> = (0..n)
            .map(|i| {
                let own: Vec<f64> = (0..self.dimensions()).map(|j| genes[j * n + i]).collect();
                self.values(&own)
            })
            .collect();
        values[..n].copy_from_slice(&self.losses(&candidates));
    }
}
