//! `goshawk plan`: what a study will take, before anything runs.

use std::num::NonZeroUsize;
use std::path::PathBuf;
use std::sync::Arc;

use clap::{Args, ValueEnum};
use serde_json::json;

use super::table::Table;
use super::{FAILED, INTERRUPTED, print, report_error, report_problems, shell_word, stop_on_signals};
use crate::memory;
use crate::study::course::Course;
use crate::study::estimate::{Counts, Estimate, Trial, TrialError, try_points};
use crate::study::file;

#[derive(Debug, Args)]
pub(super) struct PlanArguments {
    /// Study file (TOML).
    #[arg(value_name = "STUDY")]
    study: PathBuf,
    /// Replicates of each point, in place of the file's.
    #[arg(long, value_name = "N")]
    replicates: Option<u32>,
    /// Replicates that will be run at a time [default: the machine's cores].
    #[arg(long, value_name = "N")]
    jobs: Option<NonZeroUsize>,
    /// Count only; run nothing.
    #[arg(long)]
    dry: bool,
    /// How the result is written.
    #[arg(long, value_enum, default_value_t = PlanFormat::Table)]
    format: PlanFormat,
}

/// How the plan is written.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
enum PlanFormat {
    /// For people.
    Table,
    /// For programs.
    Json,
}

pub(super) fn plan(arguments: &PlanArguments) -> u8 {
    let study = match file::load(&arguments.study, arguments.replicates) {
        Ok(study) => study,
        Err(problems) => return report_problems(&problems),
    };
    super::remark_upon(&study.first);
    let cores = std::thread::available_parallelism().map_or(1, NonZeroUsize::get);
    let jobs = arguments.jobs.map_or(cores, NonZeroUsize::get);
    let counts = Counts::of(&study);
    let mut tried = None;
    if !arguments.dry {
        let aside = match tempfile::tempdir() {
            Ok(aside) => aside,
            Err(error) => {
                report_error(&error);
                return FAILED;
            }
        };
        let course = Arc::new(Course::default());
        stop_on_signals(&course.progress);
        let before = memory::now_bytes();
        let trials = match try_points(study, aside.path(), &course) {
            Ok(trials) => trials,
            Err(TrialError::Changed { problems, .. }) => return report_problems(&problems),
            Err(error) => {
                report_error(&error);
                return if matches!(error, TrialError::Interrupted) { INTERRUPTED } else { FAILED };
            }
        };
        let estimate = Estimate::new(&counts, &trials, jobs, before.zip(memory::at_most_bytes()));
        tried = Some((trials, estimate));
    }
    print(&match arguments.format {
        PlanFormat::Table => table(&counts, tried.as_ref(), jobs, arguments),
        PlanFormat::Json => {
            let (trials, estimate) = tried.unzip();
            let value = json!({ "counts": counts, "jobs": jobs, "trials": trials, "estimate": estimate });
            format!("{value:#}\n")
        }
    })
}

fn table(
    counts: &Counts,
    tried: Option<&(Vec<Trial>, Estimate)>,
    jobs: usize,
    arguments: &PlanArguments,
) -> String {
    let at_most = if counts.is_sequential { "at most " } else { "" };
    let mut table = Table::new(&format!("study {}", counts.study), &[""]);
    let mut row = |label: &str, text: String| table.row(label, [text]);
    row("points", counts.points.to_string());
    row(
        "replicates",
        format!("{at_most}{} of each, {} in all", counts.replicates_per_point, counts.replicates),
    );
    row("chunks", format!("{at_most}{} of {} replicates", counts.chunks, counts.chunk));
    row("files", format!("{at_most}{}, of {} tables", counts.files, counts.tables));
    if let Some((trials, estimate)) = tried {
        let unknown = || "not known".to_owned();
        row(
            "CPU time",
            match (estimate.cpu_seconds, estimate.cpu_seconds_range) {
                (Some(mean), Some((low, high))) => {
                    format!(
                        "{at_most}about {}, between {} and {}",
                        duration(mean),
                        duration(low),
                        duration(high)
                    )
                }
                _ => unknown(),
            },
        );
        let wall =
            estimate.wall_seconds.map_or_else(unknown, |wall| format!("{at_most}about {}", duration(wall)));
        row(&format!("time with {jobs} jobs"), wall);
        row("disk", format!("{at_most}about {}", bytes(estimate.disk_bytes)));
        let memory = estimate.memory_bytes.map_or_else(unknown, |memory| format!("about {}", bytes(memory)));
        row(&format!("memory with {jobs} jobs"), memory);
        let mut text = table.render();
        text.push_str("\nEstimated from one replicate each, run just now and thrown away:\n");
        let mut table = Table::new("scenario", &["CPU time", "rows", "disk"]);
        for trial in trials {
            let time = trial.cpu_seconds.map_or_else(unknown, duration);
            table.row(&trial.scenario, [time, trial.rows.to_string(), bytes(trial.bytes)]);
        }
        text.push_str(&table.render());
        for trial in trials {
            if let Some(reason) = &trial.failed {
                text.push_str(&format!("{} failed and is left out: {reason}\n", trial.scenario));
            }
        }
        return text + &run_it(arguments);
    }
    table.render() + "\nCounted only, nothing was run: no time, disk and memory.\n" + &run_it(arguments)
}

fn run_it(arguments: &PlanArguments) -> String {
    format!("Run it:    goshawk study {}\n", shell_word(&arguments.study))
}

/// Seconds in the unit that people use, with two digits or so.
fn duration(seconds: f64) -> String {
    match seconds {
        s if s < 10.0 => format!("{s:.2} s"),
        s if s < 120.0 => format!("{s:.0} s"),
        s if s < 7200.0 => format!("{:.0} min", s / 60.0),
        s if s < 172_800.0 => format!("{:.1} h", s / 3600.0),
        s => format!("{:.1} days", s / 86_400.0),
    }
}

/// Bytes in the unit that people use.
fn bytes(bytes: u64) -> String {
    const UNITS: [&str; 4] = ["kB", "MB", "GB", "TB"];
    let mut value = bytes as f64 / 1e3;
    let mut unit = 0;
    while value >= 1000.0 && unit + 1 < UNITS.len() {
        value /= 1e3;
        unit += 1;
    }
    let decimals = if value < 10.0 { 1 } else { 0 };
    format!("{value:.decimals$} {}", UNITS[unit])
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn times_and_sizes_are_told_in_the_unit_that_people_use() {
        let told = [0.123, 9.5, 61.0, 600.0, 7200.0, 259_200.0].map(duration);
        assert_eq!(told, ["0.12 s", "9.50 s", "61 s", "10 min", "2.0 h", "3.0 days"]);
        let told = [0, 1500, 12_345, 999_499_999, 2_500_000_000, 5_000_000_000_000_000].map(bytes);
        assert_eq!(told, ["0.0 kB", "1.5 kB", "12 kB", "999 MB", "2.5 GB", "5000 TB"]);
    }
}
