//! The paper's tables and claims beside ours.
//!
//! ```text
//! scenarios I to III x {habit, rational} x replicates -> day sheets -> tables with intervals, claims with evidence
//! Scenario I x optimizers x seeds                     -> Table 6
//! ```
//!
//! | module | what it is |
//! |---|---|
//! | [`facts`] | what the paper prints |
//! | [`day`] | what our days come to |
//! | [`claims`] | the claims of its Section 7 |
//! | `reasons` | why some of them do not hold |
//! | [`tables`] | its Tables 1 to 6 beside ours |
//! | [`present`] | all of it for people, for the book and for programs |

use std::num::NonZeroUsize;
use std::sync::Mutex;
use std::sync::PoisonError;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::thread;

use goshawk_agents::community::CommunityError;
use goshawk_agents::journal::day_sheet::DaySheet;

use crate::assemble::{self, Budget};
use crate::calibrate::model::rehearse;
use crate::compare::{self, CompareError, Comparison, Course, Subject};
use crate::scenario::Loaded;

pub mod claims;
pub mod day;
pub mod facts;
pub mod present;
mod reasons;
pub mod tables;

use claims::{Further, Judged, Mode};
use day::Day;
use tables::{Cell, Optimizers};

/// Replicates of each scenario and mode, and seeds of each optimizer.
pub const REPLICATES: u32 = 31;
/// The optimizers of Table 6, best first.
pub const OPTIMIZERS: [&str; 3] = ["ngo", "improved_pso", "pso"];

/// Everything that is set beside the paper.
#[derive(Debug)]
pub struct Reproduction {
    /// Replicates of each scenario and mode.
    pub replicates: u32,
    /// Table by table, all cells.
    pub cells: Vec<Cell>,
    /// Table 6.
    pub optimizers: [Optimizers; 2],
    /// Of each mode and scenario, how near Tables 2 to 4 are.
    pub agreements: Vec<tables::Agreed>,
    /// Claim by claim, first in habit mode.
    pub claims: Vec<Judged>,
}

/// Why there is none.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum PaperError {
    /// A run failed.
    #[error("Scenario {scenario}, {mode}, replicate {replicate}: {source}")]
    Run {
        /// The scenario.
        scenario: &'static str,
        /// The mode.
        mode: &'static str,
        /// The replicate.
        replicate: u32,
        /// Why.
        source: CommunityError,
    },
    /// The optimizers could not be compared.
    #[error(transparent)]
    Compare(#[from] CompareError),
    /// Asked to stop.
    #[error("stopped by request")]
    Interrupted,
}

/// The scenario of a mode.
///
/// # Panics
/// Never: the scenarios of this crate are sound.
pub fn scenario(index: usize, mode: Mode) -> Loaded {
    let sets = match mode {
        Mode::Habit => Vec::new(),
        Mode::Rational => {
            vec!["decisions.mode=rational".to_owned(), format!("name=paper_{}_rational", index + 1)]
        }
    };
    facts::scenario(index, &sets).expect("invariant: the scenarios of this crate are sound")
}

/// Scenario I by habit with another optimizer of Table 6 and every clearing's course, for Figure 11.
///
/// # Panics
/// For a mechanism that there is not.
pub fn course_of(optimizer: &str) -> Loaded {
    let name = if optimizer == OPTIMIZERS[0] { String::new() } else { format!("_{optimizer}") };
    let sets = [
        format!("market.mechanism={optimizer}"),
        format!("name=paper_1{name}"),
        "output.convergence_every=1".to_owned(),
    ];
    facts::scenario(0, &sets).expect("invariant: the scenarios of this crate are sound")
}

/// How many runs [`reproduce`] makes.
pub fn runs(replicates: u32) -> u32 {
    replicates * (2 * 3 * Mode::ALL.len() + 2 * OPTIMIZERS.len()) as u32
}

/// Runs everything. The result does not depend on `jobs`.
///
/// # Errors
/// When a run fails, or when asked to stop.
pub fn reproduce(replicates: u32, jobs: NonZeroUsize, course: &Course) -> Result<Reproduction, PaperError> {
    let scenarios: Vec<(Mode, usize, Loaded)> = Mode::ALL
        .into_iter()
        .flat_map(|mode| (0..3).map(move |index| (mode, index, scenario(index, mode))))
        .collect();
    // With the market, and without.
    let plans: Vec<(usize, usize, u32)> = (0..2)
        .flat_map(|market| (0..scenarios.len()).map(move |place| (market, place)))
        .flat_map(|(market, place)| (0..replicates).map(move |replicate| (market, place, replicate)))
        .collect();
    let sheets = in_order(plans.len(), jobs, |index| {
        let (market, place, replicate) = plans[index];
        let loaded = &scenarios[place].2;
        let mechanism = match market {
            0 => assemble::mechanism(&loaded.scenario),
            _ => assemble::mechanism_named("grid_only", &loaded.scenario, Budget::Iterations)
                .expect("invariant: the market knows grid_only"),
        };
        let sheet = rehearse(loaded, mechanism, replicate, &course.progress);
        course.finished.fetch_add(1, Ordering::Relaxed);
        sheet.map(|(sheet, _)| sheet)
    });
    let none: Vec<Vec<DaySheet>> = scenarios.iter().map(|_| Vec::new()).collect();
    let mut days = [none.clone(), none];
    for ((market, place, replicate), sheet) in plans.iter().zip(sheets) {
        let (mode, index, _) = &scenarios[*place];
        match sheet {
            Ok(sheet) => days[*market][*place].push(sheet),
            Err(_) if course.progress.stop.load(Ordering::Relaxed) => return Err(PaperError::Interrupted),
            Err(source) => {
                let (scenario, mode) = (facts::SCENARIOS[*index], mode.name());
                return Err(PaperError::Run { scenario, mode, replicate: *replicate, source });
            }
        }
    }
    let optimizers = [Budget::Iterations, Budget::Evaluations].map(|budget| {
        let comparison = optimizers(&scenarios[0].2, replicates, budget, jobs, course)?;
        Ok::<_, PaperError>(Optimizers::of(&comparison, budget))
    });
    let [at_iterations, at_evaluations] = optimizers;
    let optimizers = [at_iterations?, at_evaluations?];
    let mut reproduction = Reproduction {
        replicates,
        cells: tables::inputs(&scenarios[0].2),
        agreements: Vec::new(),
        claims: Vec::new(),
        optimizers,
    };
    let [with, without] = days;
    for ((mode, sheets), without) in Mode::ALL.into_iter().zip(with.chunks(3)).zip(without.chunks(3)) {
        for (index, sheets) in sheets.iter().enumerate() {
            reproduction.cells.extend(tables::sales(mode, index, sheets));
            reproduction.agreements.push(tables::agreed(mode, index, sheets));
        }
        let (cells, costs) = tables::mean_costs(mode, sheets, without);
        reproduction.cells.extend(cells);
        let of_mode: Vec<&Loaded> =
            scenarios.iter().filter(|(of, _, _)| *of == mode).map(|(_, _, loaded)| loaded).collect();
        let means: [Day; 3] =
            std::array::from_fn(|index| Day::mean(&sheets[index], &of_mode[index].scenario));
        let ordered = reproduction.optimizers.each_ref().map(|table| (table.ordered, table.seeds));
        let tied = reproduction.optimizers.each_ref().map(|table| table.tied);
        let ordered_by = reproduction.optimizers.each_ref().map(|table| table.ordered_by);
        let further = Further { costs, ordered, tied, ordered_by };
        let judged = facts::claims()
            .iter()
            .map(|claim| claims::judge(claim, mode, &means, &further))
            .collect::<Vec<_>>();
        reproduction.claims.extend(judged);
    }
    let of_optimizers: Vec<Cell> = reproduction.optimizers.iter().flat_map(Optimizers::cells).collect();
    reproduction.cells.extend(of_optimizers);
    Ok(reproduction)
}

fn optimizers(
    loaded: &Loaded,
    replicates: u32,
    budget: Budget,
    jobs: NonZeroUsize,
    course: &Course,
) -> Result<Comparison, PaperError> {
    let subjects: Vec<Subject<'_>> = OPTIMIZERS
        .iter()
        .map(|&mechanism| Subject { name: mechanism.to_owned(), loaded, mechanism })
        .collect();
    let request = compare::Request { loaded, subjects: &subjects, replicates, budget, jobs };
    compare::compare(&request, course).map_err(|error| match error {
        CompareError::Interrupted { .. } => PaperError::Interrupted,
        error => PaperError::Compare(error),
    })
}

/// Carries out tasks 0 to `count` on `jobs` threads; results in their order.
fn in_order<T: Send>(count: usize, jobs: NonZeroUsize, task: impl Fn(usize) -> T + Sync) -> Vec<T> {
    let next = AtomicUsize::new(0);
    let results = Mutex::new((0..count).map(|_| None).collect::<Vec<Option<T>>>());
    let work = || {
        loop {
            let index = next.fetch_add(1, Ordering::Relaxed);
            if index >= count {
                return;
            }
            let result = task(index);
            results.lock().unwrap_or_else(PoisonError::into_inner)[index] = Some(result);
        }
    };
    thread::scope(|scope| {
        for _ in 0..jobs.get().min(count) {
            scope.spawn(work);
        }
    });
    let results = results.into_inner().unwrap_or_else(PoisonError::into_inner);
    results.into_iter().map(|result| result.expect("invariant: every task was carried out")).collect()
}
