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
use crate::paper::{PaperError, REPLICATES, present, reproduce, runs, scenario};
use crate::run::{Request, RunError};

#[derive(Debug, Args)]
pub(super) struct PaperArguments {
    /// Also write the run of each scenario and mode into folders of this one, and paper.json.
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
    /// For people.
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
        if let Err(error) = fs::write(out.join("paper.json"), format!("{json:#}\n")) {
            report_error(&error);
            return FAILED;
        }
    }
    print(&match arguments.format {
        Format::Json => format!("{json:#}\n"),
        Format::Table | Format::Markdown => present::markdown(&reproduction),
    })
}

/// Replicate 0 of each scenario and mode, as `goshawk run` writes it.
fn keep_runs(out: &Path, progress: &Arc<Progress>) -> Result<(), RunError> {
    for mode in Mode::ALL {
        for index in 0..3 {
            let loaded = scenario(index, mode);
            let folder = out.join(format!("paper_{}-{}", index + 1, mode.name()));
            let command = std::env::args().collect();
            let request = Request { loaded: &loaded, out: &folder, existing: Existing::Overwrite, command };
            crate::run::run(&request, progress)?;
        }
    }
    Ok(())
}
