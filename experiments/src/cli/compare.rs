//! `goshawk compare`: a scenario under several mechanisms, with the same random numbers.

use std::num::NonZeroUsize;
use std::ops::Range;
use std::sync::Arc;

use clap::{Args, ValueEnum};
use goshawk_market::mechanism::MECHANISM_NAMES;

use super::progress::Watch;
use super::{
    FAILED, INTERRUPTED, ScenarioFile, print, remark_upon, report_error, report_problems, stop_on_signals,
};
use crate::assemble;
use crate::compare::{CompareError, Course, Request, Subject};
use crate::scenario::{Loaded, Problem, Problems};

mod json;
mod tables;

/// Most replicates of a comparison.
const REPLICATES_MAX: u32 = 100_000;
/// Most runs at a time.
const JOBS_MAX: u32 = 1024;

#[derive(Debug, Args)]
pub(super) struct CompareArguments {
    #[command(flatten)]
    scenario: ScenarioFile,
    /// The mechanisms, with commas between; the first is the baseline [default: the scenario's own].
    #[arg(long, value_name = "A,B,...")]
    mechanisms: Option<String>,
    /// The scenario with other values, under the first mechanism unless it sets its own; may be repeated.
    #[arg(long = "variant", value_name = "NAME:PATH=VALUE[;...]")]
    variants: Vec<String>,
    /// Replicates of each mechanism.
    #[arg(long, value_name = "N", default_value_t = 1)]
    replicates: u32,
    /// What every optimizer may spend on a clearing.
    #[arg(long, value_enum, default_value_t = Budget::Evaluations)]
    budget: Budget,
    /// Runs at a time [default: as many as there are processors].
    #[arg(long, value_name = "N")]
    jobs: Option<u32>,
    /// How the comparison is written.
    #[arg(long, value_enum, default_value_t = Format::Table)]
    format: Format,
}

/// What every optimizer may spend on a clearing.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
enum Budget {
    /// The evaluations that improved NGO makes in the scenario's iterations.
    Evaluations,
    /// The scenario's iterations.
    Iterations,
}

impl From<Budget> for assemble::Budget {
    fn from(budget: Budget) -> Self {
        match budget {
            Budget::Evaluations => Self::Evaluations,
            Budget::Iterations => Self::Iterations,
        }
    }
}

/// How a comparison is written.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
enum Format {
    /// For people.
    Table,
    /// For programs.
    Json,
}

pub(super) fn compare(arguments: &CompareArguments, quiet: bool) -> u8 {
    let mut problems = Vec::new();
    let named = arguments.mechanisms.as_deref().map(|list| mechanisms(list, &mut problems));
    within("--replicates", arguments.replicates, REPLICATES_MAX, &mut problems);
    let jobs = arguments.jobs.map_or_else(processors, |jobs| {
        within("--jobs", jobs, JOBS_MAX, &mut problems);
        NonZeroUsize::new(jobs as usize).unwrap_or(NonZeroUsize::MIN)
    });
    let (loaded, unsound) = match arguments.scenario.load(None) {
        Ok(loaded) => (Some(loaded), None),
        Err(problems) => (None, Some(problems)),
    };
    if let Some(problems) = Problems::with_options(problems, unsound) {
        return report_problems(&problems);
    }
    let loaded = loaded.expect("invariant: a scenario without problems is loaded");
    remark_upon(&loaded);
    let own = assemble::mechanism_name(&loaded.scenario);
    let named = named.unwrap_or_else(|| vec![own]);
    let variants = match variants(&arguments.variants, &arguments.scenario, &named) {
        Ok(variants) => variants,
        Err(problems) => return report_problems(&problems),
    };
    let whole =
        named.iter().map(|&mechanism| Subject { name: mechanism.to_owned(), loaded: &loaded, mechanism });
    let varied = variants.iter().map(|(name, loaded)| {
        let set = assemble::mechanism_name(&loaded.scenario);
        let mechanism = if set == own { named[0] } else { set };
        Subject { name: name.clone(), loaded, mechanism }
    });
    let subjects: Vec<Subject<'_>> = whole.chain(varied).collect();
    let course = Arc::new(Course::default());
    stop_on_signals(&course.progress);
    let (replicates, budget) = (arguments.replicates, arguments.budget.into());
    let request = Request { loaded: &loaded, subjects: &subjects, replicates, budget, jobs };
    let watch = Watch::runs(&course, replicates.saturating_mul(subjects.len() as u32), quiet);
    let result = crate::compare::compare(&request, &course);
    drop(watch);
    match result {
        Ok(comparison) => print(&match arguments.format {
            Format::Table => tables::render(&comparison, &request),
            Format::Json => json::render(&comparison, &request),
        }),
        Err(error) => {
            report_error(&error);
            match error {
                CompareError::Interrupted { .. } => INTERRUPTED,
                CompareError::Run { .. } => FAILED,
            }
        }
    }
}

fn processors() -> NonZeroUsize {
    std::thread::available_parallelism().unwrap_or(NonZeroUsize::MIN)
}

/// The mechanisms of a list, with what is wrong with it.
fn mechanisms(list: &str, problems: &mut Vec<Problem>) -> Vec<&'static str> {
    let mut known: Vec<&'static str> = Vec::new();
    for (name, span) in names(list) {
        let mut problem = |found, allowed| {
            problems.push(Problem::of_option("--mechanisms", list, span.clone(), found, allowed));
        };
        match MECHANISM_NAMES.iter().find(|&&mechanism| mechanism == name) {
            None => problem(format!("{name:?}"), format!("one of {}", quoted(&MECHANISM_NAMES))),
            Some(_) if known.contains(&name) => problem(format!("{name:?} again"), "each once".to_owned()),
            Some(mechanism) => known.push(mechanism),
        }
    }
    known
}

/// The variants, each by its name and loaded, or what is wrong with them.
fn variants(
    given: &[String],
    scenario: &ScenarioFile,
    mechanisms: &[&'static str],
) -> Result<Vec<(String, Loaded)>, Problems> {
    let (mut problems, mut unsound, mut variants) = (Vec::new(), None, Vec::new());
    for text in given {
        let (name, sets) = text.split_once(':').unwrap_or((text, ""));
        let name = name.trim().to_owned();
        let is_known =
            mechanisms.contains(&name.as_str()) || variants.iter().any(|(known, _)| *known == name);
        if name.is_empty() || sets.trim().is_empty() || is_known {
            let found = if is_known { format!("{name:?} again") } else { format!("{text:?}") };
            let allowed =
                "a name of its own, a colon, and PATH=VALUE, with semicolons between several".to_owned();
            problems.push(Problem::of_option("--variant", text, 0..text.len(), found, allowed));
            continue;
        }
        match scenario.load(sets.split(';').map(|set| set.trim().to_owned())) {
            Ok(loaded) => variants.push((name, loaded)),
            Err(problems) => unsound = unsound.or(Some(problems)),
        }
    }
    Problems::with_options(problems, unsound).map_or(Ok(variants), Err)
}

/// What stands between the commas of a list, without blanks, and where.
fn names(list: &str) -> impl Iterator<Item = (&str, Range<usize>)> {
    let mut start = 0;
    list.split(',').map(move |entry| {
        let name = entry.trim();
        let from = start + entry.len() - entry.trim_start().len();
        start += entry.len() + 1;
        (name, from..from + name.len())
    })
}

fn quoted(names: &[&str]) -> String {
    names.iter().map(|name| format!("{name:?}")).collect::<Vec<_>>().join(", ")
}

/// Objects to a number that is not from 1 to `most`.
fn within(option: &str, number: u32, most: u32, problems: &mut Vec<Problem>) {
    if !(1..=most).contains(&number) {
        let text = number.to_string();
        let allowed = format!("a whole number from 1 to {most}");
        problems.push(Problem::of_option(option, &text, 0..text.len(), text.clone(), allowed));
    }
}
