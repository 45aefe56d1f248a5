//! The same scenario under several mechanisms, with the same random numbers.
//!
//! ```text
//! mechanisms x replicates -> runs on worker threads, no row kept -> figures -> means, paired differences, convergence
//! ```
//!
//! A run is the one that `goshawk run` makes of the same scenario, mechanism and replicate; only its rows go nowhere. Draws
//! depend on the seed, the replicate, the purpose and the entity, never on the mechanism, so replicate r of one
//! mechanism meets the same households, trips and delays as replicate r of another. What luck they share cancels in their
//! difference, which is why differences are taken replicate by replicate.
//!
//! | module | what it is |
//! |---|---|
//! | [`measure`] | what is compared, and which way is better |
//! | [`replicate`] | one run and its figures |
//! | [`convergence`] | how an optimizer came near the exact optimum |

use std::num::NonZeroUsize;
use std::sync::atomic::{AtomicU32, AtomicUsize, Ordering};
use std::sync::{Arc, Mutex, PoisonError};
use std::thread;

use goshawk_agents::community::CommunityError;
use goshawk_agents::journal::{BooksError, Progress};

use crate::assemble::Budget;
use crate::scenario::Loaded;
use crate::statistics::Estimate;

pub mod convergence;

pub mod measure;
pub mod replicate;

use convergence::{Checkpoints, Path};
use measure::{Better, Measure};
use replicate::{Plan, Replicate};

/// Differences within this, or within this share of the larger value, count as equal.
const EQUAL: f64 = 1e-9;

/// One of those that are compared.
#[derive(Debug, Clone)]
pub struct Subject<'a> {
    /// What it is called.
    pub name: String,
    /// The scenario; its own mechanism plays no part.
    pub loaded: &'a Loaded,
    /// A name out of [`MECHANISM_NAMES`](goshawk_market::mechanism::MECHANISM_NAMES).
    pub mechanism: &'static str,
}

/// What to compare.
#[derive(Debug)]
pub struct Request<'a> {
    /// The scenario, which variants differ from.
    pub loaded: &'a Loaded,
    /// Mechanisms and variants of the scenario; the first is the baseline.
    pub subjects: &'a [Subject<'a>],
    /// Replicates 0, 1, ... of each.
    pub replicates: u32,
    /// What optimizers may spend.
    pub budget: Budget,
    /// Runs at a time.
    pub jobs: NonZeroUsize,
}

/// How far a comparison is, and the way to stop it.
#[derive(Debug, Default)]
pub struct Course {
    /// Runs that are finished.
    pub finished: AtomicU32,
    /// What all runs share: set its `stop` to end them at their next period.
    pub progress: Arc<Progress>,
}

/// The runs of one mechanism or variant.
#[derive(Debug)]
pub struct Arm {
    /// What it is called.
    pub name: String,
    /// Its runs, by replicate.
    pub replicates: Vec<Replicate>,
}

/// Runs of several mechanisms on the same replicates.
#[derive(Debug)]
pub struct Comparison {
    /// By mechanism, as asked for; the first is the baseline.
    pub arms: Vec<Arm>,
    /// Where convergence was looked at.
    pub checkpoints: Checkpoints,
}

/// How a mechanism differs from the baseline, over the replicates in which both have a value.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Difference {
    /// The mean of its value less the baseline's, and the interval of that.
    pub estimate: Estimate,
    /// Replicates in which it is better than the baseline.
    pub better: usize,
    /// In which it is worse.
    pub worse: usize,
    /// In which they are equal.
    pub equal: usize,
}

/// Why a comparison came to nothing.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum CompareError {
    /// A run failed.
    #[error("{name}, replicate {replicate}: {source}")]
    Run {
        /// The mechanism or variant of the run.
        name: String,
        /// Its replicate.
        replicate: u32,
        /// Why.
        source: CommunityError,
    },
    /// Asked to stop.
    #[error("stopped by request after {finished} of {runs} runs")]
    Interrupted {
        /// Runs that were finished.
        finished: u32,
        /// Runs that were asked for.
        runs: usize,
    },
}

/// Runs all mechanisms on all replicates. A result does not depend on the number of jobs, though an error may.
///
/// # Errors
/// When a run fails, or when asked to stop.
///
/// # Panics
/// When a name is none of a mechanism.
pub fn compare(request: &Request<'_>, course: &Course) -> Result<Comparison, CompareError> {
    let checkpoints = Checkpoints::of(&request.loaded.scenario.market.optimizer);
    // Replicate by replicate, so that what takes longest is spread over the jobs.
    let plans: Vec<Plan<'_>> = (0..request.replicates)
        .flat_map(|replicate| request.subjects.iter().map(move |subject| (replicate, subject)))
        .map(|(replicate, subject)| Plan {
            loaded: subject.loaded,
            mechanism: subject.mechanism,
            replicate,
            budget: request.budget,
        })
        .collect();
    let results = run_all(&plans, &checkpoints, request.jobs, course);
    let mut arms: Vec<Arm> =
        request.subjects.iter().map(|it| Arm { name: it.name.clone(), replicates: Vec::new() }).collect();
    let mut interrupted = false;
    for (index, (plan, result)) in plans.iter().zip(results).enumerate() {
        match result {
            Some(Ok(replicate)) => arms[index % request.subjects.len()].replicates.push(replicate),
            Some(Err(error)) if !is_interruption(&error) => {
                let name = request.subjects[index % request.subjects.len()].name.clone();
                return Err(CompareError::Run { name, replicate: plan.replicate, source: error });
            }
            Some(Err(_)) | None => interrupted = true,
        }
    }
    if interrupted {
        let finished = course.finished.load(Ordering::Relaxed);
        return Err(CompareError::Interrupted { finished, runs: plans.len() });
    }
    Ok(Comparison { arms, checkpoints })
}

fn is_interruption(error: &CommunityError) -> bool {
    matches!(error.books(), Some(BooksError::Interrupted { .. }))
}

/// Carries plans out on `jobs` threads; the results are in the order of the plans, and `None` where none was begun.
fn run_all(
    plans: &[Plan<'_>],
    checkpoints: &Checkpoints,
    jobs: NonZeroUsize,
    course: &Course,
) -> Vec<Option<Result<Replicate, CommunityError>>> {
    let next = AtomicUsize::new(0);
    let results = Mutex::new(plans.iter().map(|_| None).collect::<Vec<_>>());
    let work = || {
        while !course.progress.stop.load(Ordering::Relaxed) {
            let index = next.fetch_add(1, Ordering::Relaxed);
            let Some(plan) = plans.get(index) else { return };
            let result = plan.carry_out(checkpoints, &course.progress);
            match result {
                Ok(_) => drop(course.finished.fetch_add(1, Ordering::Relaxed)),
                // One that fails ends all: there is no comparison without it.
                Err(_) => course.progress.stop.store(true, Ordering::Relaxed),
            }
            results.lock().unwrap_or_else(PoisonError::into_inner)[index] = Some(result);
        }
    };
    thread::scope(|scope| {
        for _ in 0..jobs.get().min(plans.len()) {
            scope.spawn(work);
        }
    });
    results.into_inner().unwrap_or_else(PoisonError::into_inner)
}

impl Arm {
    /// A measure by replicate.
    pub fn values(&self, measure: &Measure) -> Vec<Option<f64>> {
        self.replicates.iter().map(|replicate| replicate.value(measure)).collect()
    }

    /// The mean of a measure over the replicates that have it.
    pub fn estimate(&self, measure: &Measure) -> Option<Estimate> {
        let values: Vec<f64> = self.values(measure).into_iter().flatten().collect();
        Estimate::of(&values)
    }

    /// The mean of a figure of the searches.
    pub fn over_searches(&self, figure: impl Fn(&Path) -> f64) -> Option<Estimate> {
        let searches = self.replicates.iter().filter_map(|replicate| replicate.search.as_ref());
        Estimate::of(&searches.map(figure).collect::<Vec<f64>>())
    }

    /// The mean CPU time of all clearings of a run, in seconds.
    pub fn cpu_seconds(&self) -> Option<Estimate> {
        let seconds: Vec<f64> =
            self.replicates.iter().filter_map(|replicate| replicate.cpu_seconds).collect();
        Estimate::of(&seconds)
    }

    /// Whether the mechanism searches in iterations that can be looked at.
    pub fn is_iterative(&self) -> bool {
        self.replicates.iter().any(|replicate| replicate.search.is_some())
    }
}

impl Comparison {
    /// The mechanism that the others are compared with.
    pub fn baseline(&self) -> &Arm {
        self.arms.first().expect("invariant: at least one mechanism is compared")
    }

    /// The mechanisms that are compared with it.
    pub fn others(&self) -> &[Arm] {
        &self.arms[1..]
    }

    /// How a mechanism differs from the baseline; `None` where no replicate has a value of both.
    pub fn difference(&self, arm: &Arm, measure: &Measure) -> Option<Difference> {
        let pairs = arm.values(measure).into_iter().zip(self.baseline().values(measure));
        let pairs: Vec<(f64, f64)> = pairs.filter_map(|(own, baseline)| own.zip(baseline)).collect();
        let differences: Vec<f64> = pairs.iter().map(|(own, baseline)| own - baseline).collect();
        let estimate = Estimate::of(&differences)?;
        let (mut better, mut worse, mut equal) = (0, 0, 0);
        for (own, baseline) in pairs {
            let is_equal = (own - baseline).abs() <= EQUAL * own.abs().max(baseline.abs()).max(1.0);
            match (is_equal, (own > baseline) == (measure.better == Better::Higher)) {
                (true, _) => equal += 1,
                (false, true) => better += 1,
                (false, false) => worse += 1,
            }
        }
        Some(Difference { estimate, better, worse, equal })
    }
}
