//! One run of a comparison: the run that `goshawk run` would make, with its figures in place of its rows.

use std::cell::RefCell;
use std::rc::Rc;
use std::sync::Arc;
use std::time::Duration;

use goshawk_agents::community::{Community, CommunityError, RunOutcome};
use goshawk_agents::journal::{Journal, Progress};
use goshawk_ledger::{Genesis, LedgerError, MemoryStore, Store};
use goshawk_market::mechanism::{Clearing, Mechanism};
use goshawk_market::problem::PeriodProblem;
use goshawk_output::{Kpi, Recorder};

use super::convergence::{Checkpoints, Path};
use super::measure::{self, Measure};
use crate::assemble::{self, Budget};
use crate::cpu_time;
use crate::run::BLOCKS_IN_MEMORY;
use crate::scenario::Loaded;
use crate::statistics::{mean, median};

/// A run to be made.
#[derive(Debug, Clone, Copy)]
pub struct Plan<'a> {
    /// The scenario.
    pub loaded: &'a Loaded,
    /// The mechanism, in place of the scenario's own.
    pub mechanism: &'static str,
    /// The replicate.
    pub replicate: u32,
    /// What an optimizer may spend.
    pub budget: Budget,
}

/// A run that was made.
#[derive(Debug)]
pub struct Replicate {
    /// Digest and counters of its events.
    pub outcome: RunOutcome,
    /// The key figures of the run.
    pub kpis: Vec<Kpi>,
    /// How its optimizer searched, where it has one: the mean over its searches.
    pub search: Option<Path>,
    /// CPU time of all clearings together, in seconds.
    pub cpu_seconds: Option<f64>,
    figures: [Option<f64>; measure::COUNT],
}

impl Replicate {
    /// The value of a measure, where it is defined.
    pub fn value(&self, measure: &Measure) -> Option<f64> {
        self.figures[measure.place]
    }
}

impl Plan<'_> {
    /// Makes the run.
    ///
    /// # Errors
    /// When the community cannot be put together or run, or is stopped.
    ///
    /// # Panics
    /// When the name is none of a mechanism.
    pub fn carry_out(
        &self,
        checkpoints: &Checkpoints,
        progress: &Arc<Progress>,
    ) -> Result<Replicate, CommunityError> {
        let mechanism = assemble::mechanism_named(self.mechanism, &self.loaded.scenario, self.budget)
            .expect("invariant: the names of mechanisms are checked input");
        let observations = Rc::new(RefCell::new(Vec::new()));
        let observed =
            Observed { mechanism, checkpoints: checkpoints.clone(), observations: Rc::clone(&observations) };
        let spec = assemble::community_spec(self.loaded, assemble::streams(self.loaded, self.replicate));
        let open_store = |_: usize, genesis: &Arc<Genesis>| -> Result<Box<dyn Store>, LedgerError> {
            Ok(Box::new(MemoryStore::new(Arc::clone(genesis), BLOCKS_IN_MEMORY)))
        };
        let mut community = Community::build(&spec, Box::new(observed), open_store)?;
        let mut journal = Journal::new(
            Recorder::discard(community.names()),
            Arc::clone(&spec.calendar),
            community.run_names(),
            Arc::clone(progress),
            community.tally(),
        );
        let outcome = community.run(&mut journal)?;
        let objectives = journal.tally().objectives();
        let (_, rows) = journal.finish();
        let kpis: Vec<Kpi> = rows.iter().map(Kpi::from).collect();
        let of_run = |variable: &str| {
            let found = kpis.iter().find(|kpi| kpi.scope == "run" && kpi.variable == variable);
            found.and_then(|kpi| kpi.value)
        };
        let observations = observations.take();
        let tradeable = || observations.iter().filter(|observation| observation.is_tradeable);
        let over = |part: fn(&Observation) -> Option<f64>| tradeable().filter_map(part).collect::<Vec<f64>>();
        let mut figures = [None; measure::COUNT];
        for (measure, figure) in [
            (measure::TRADED, of_run("delivered")),
            (measure::SELLERS_REVENUE, of_run("income")),
            (measure::SELLERS_PROFIT, Some(objectives.sellers_profit)),
            (measure::BUYERS_COST, Some(objectives.buyers_cost)),
            (measure::WELFARE, of_run("welfare")),
            (measure::NET_COST, of_run("net_cost")),
            (measure::GAP, median(&over(|observation| observation.gap))),
            (measure::ITERATIONS, mean(&over(|observation| Some(f64::from(observation.iterations))))),
            (measure::EVALUATIONS, mean(&over(|observation| Some(observation.evaluations as f64)))),
            (measure::CPU_TIME, mean(&over(|observation| Some(1e3 * observation.cpu_time?.as_secs_f64())))),
        ] {
            figures[measure.place] = figure;
        }
        let paths: Vec<Path> =
            observations.iter().filter_map(|observation| observation.path.clone()).collect();
        let cpu_time: Option<Duration> = observations.iter().map(|observation| observation.cpu_time).sum();
        Ok(Replicate {
            outcome,
            kpis,
            search: Path::mean(&paths),
            cpu_seconds: cpu_time.map(|time| time.as_secs_f64()),
            figures,
        })
    }
}

/// What is kept of a clearing.
#[derive(Debug)]
struct Observation {
    is_tradeable: bool,
    gap: Option<f64>,
    iterations: u32,
    evaluations: u64,
    path: Option<Path>,
    cpu_time: Option<Duration>,
}

/// A mechanism that is watched while it clears.
struct Observed {
    mechanism: Box<dyn Mechanism>,
    checkpoints: Checkpoints,
    observations: Rc<RefCell<Vec<Observation>>>,
}

impl Mechanism for Observed {
    fn name(&self) -> &'static str {
        self.mechanism.name()
    }

    fn clear(&mut self, problem: &PeriodProblem, seed: [u64; 2]) -> Clearing {
        let before = cpu_time::of_this_thread();
        let clearing = self.mechanism.clear(problem, seed);
        let after = cpu_time::of_this_thread();
        self.observations.borrow_mut().push(Observation {
            is_tradeable: problem.is_tradeable(),
            gap: clearing.gap,
            iterations: clearing.iterations,
            evaluations: clearing.evaluations,
            path: Path::of(problem, &clearing, &self.checkpoints),
            cpu_time: before.zip(after).map(|(before, after)| after.saturating_sub(before)),
        });
        clearing
    }
}
