//! `goshawk paper`: the paper's tables and claims beside ours.

use std::fs;
use std::num::NonZeroUsize;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use clap::{Args, ValueEnum};
use goshawk_agents::journal::Progress;
use goshawk_output::Existing;

use super::progress::Watch;
use super::run::report_failure;
use super::{FAILED, INTERRUPTED, print, report_error, stop_on_signals};
use crate::compare::Course;
use crate::paper::claims::Mode;
use crate::paper::facts::PAPER_FILE;
use crate::paper::{OPTIMIZERS, PaperError, REPLICATES, course_of, present, reproduce, runs, scenario};
use crate::run::{Request, RunError};
use crate::scenario::Loaded;

#[derive(Debug, Args)]
pub(super) struct PaperArguments {
    /// Also write the run of each scenario and mode into folders of this one, and paper.json; `goshawk report DIR` then draws
    /// Figures 4 to 12 of the paper.
    #[arg(long, value_name = "DIR")]
    out: Option<PathBuf>,
    /// How the result is written.
    #[arg(long, value_enum, default_value_t = Format::Table)]
    format: Format,
    /// Runs at a time; the result does not depend on it [default: as many as there are processors].
    #[arg(long, value_name = "N")]
    jobs: Option<NonZeroUsize>,
}

/// How the reproduction is written.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
enum Format {
    /// For people, as Markdown.
    Table,
    /// For programs.
    Json,
    /// The book's page.
    Markdown,
}

pub(super) fn paper(arguments: &PaperArguments, quiet: bool) -> u8 {
    let jobs =
        arguments.jobs.unwrap_or_else(|| std::thread::available_parallelism().unwrap_or(NonZeroUsize::MIN));
    let course = Arc::new(Course::default());
    stop_on_signals(&course.progress);
    let watch = Watch::runs(&course, runs(REPLICATES), quiet);
    let result = reproduce(REPLICATES, jobs, &course);
    drop(watch);
    let reproduction = match result {
        Ok(reproduction) => reproduction,
        Err(error) => {
            report_error(&error);
            return if matches!(error, PaperError::Interrupted) { INTERRUPTED } else { FAILED };
        }
    };
    let json = present::json(&reproduction);
    if let Some(out) = &arguments.out {
        if let Err(error) = keep_runs(out, &course.progress) {
            return report_failure(&error);
        }
        if let Err(error) = fs::write(out.join(PAPER_FILE), format!("{json:#}\n")) {
            report_error(&error);
            return FAILED;
        }
    }
    print(&match arguments.format {
        Format::Json => format!("{json:#}\n"),
        Format::Table => {
            format!("{}{}", present::markdown(&reproduction), next_step(arguments.out.as_deref()))
        }
        Format::Markdown => present::markdown(&reproduction),
    })
}

/// How one comes to the figures.
fn next_step(out: Option<&Path>) -> String {
    match out {
        Some(out) => format!("\nFigures 4 to 12: goshawk report {}\n", out.display()),
        None => "\nFigures 4 to 12: goshawk paper --out DIR, then goshawk report DIR\n".to_owned(),
    }
}

/// Replicate 0 of each scenario and mode, as `goshawk run` writes it, and of Scenario I with each optimizer of Table 6.
fn keep_runs(out: &Path, progress: &Arc<Progress>) -> Result<(), RunError> {
    let mut runs: Vec<(String, Loaded)> = Vec::new();
    for mode in Mode::ALL {
        for index in 0..3 {
            let is_compared = index == 0 && mode == Mode::Habit;
            let loaded = if is_compared { course_of(OPTIMIZERS[0]) } else { scenario(index, mode) };
            runs.push((format!("paper_{}-{}", index + 1, mode.name()), loaded));
        }
    }
    for optimizer in &OPTIMIZERS[1..] {
        runs.push((format!("paper_1-{}-{optimizer}", Mode::Habit.name()), course_of(optimizer)));
    }
    for (name, loaded) in &runs {
        let (folder, command) = (out.join(name), std::env::args().collect());
        let request = Request { loaded, out: &folder, existing: Existing::Overwrite, command };
        crate::run::run(&request, progress)?;
    }
    Ok(())
}
