//! `goshawk run`: a scenario to a folder of tables.

use std::path::PathBuf;
use std::sync::Arc;
use std::time::Duration;

use clap::Args;
use goshawk_agents::community::RunOutcome;
use goshawk_agents::journal::Progress;
use goshawk_output::{Existing, OutputError};

use super::progress::Watch;
use super::{
    BAD_INPUT, FAILED, Format, INTERRUPTED, ScenarioChanges, print, remark_upon, report_error,
    report_problems, shell_word, stop_on_signals, summary,
};
use crate::determinism::{self, Verdict};
use crate::pace::Pace;
use crate::run::{Report, Request, RunError, Saves};
use crate::save::SavedRun;
use crate::scenario::Loaded;

#[derive(Debug, Args)]
pub(super) struct RunArguments {
    /// Scenario file (TOML); with --restore that of the save by default.
    #[arg(value_name = "SCENARIO", required_unless_present = "restore")]
    scenario: Option<PathBuf>,
    #[command(flatten)]
    changes: ScenarioChanges,
    /// Same as --set market.mechanism=M.
    #[arg(long, value_name = "M")]
    mechanism: Option<String>,
    /// Save the run at the end of this day, from 1, to OUT.day-NNN.save; may be repeated.
    #[arg(long, value_name = "DAY", value_parser = clap::value_parser!(u32).range(1..))]
    save_at: Vec<u32>,
    /// Go on from a save, with --set for the days after it.
    #[arg(long, value_name = "SAVE")]
    restore: Option<PathBuf>,
    /// Let so many simulated seconds pass in a real one, and not more: 3600 is an hour in a second.
    #[arg(long, value_name = "FACTOR", value_parser = pace_factor, conflicts_with = "save_at")]
    pace: Option<f64>,
    /// End the run where it falls behind its pace by more than this [default: let it catch up].
    #[arg(long, value_name = "SECONDS", value_parser = tolerance, requires = "pace")]
    pace_tolerance: Option<Duration>,
    /// Run twice side by side instead, keep nothing, and report the first event or file that differs.
    #[arg(long, conflicts_with_all = ["save_at", "restore", "pace", "out", "overwrite", "format"])]
    check_determinism: bool,
    /// Folder for the tables [default: out/NAME].
    #[arg(long, value_name = "DIR")]
    out: Option<PathBuf>,
    /// Replace the output of an earlier run in that folder.
    #[arg(long)]
    overwrite: bool,
    /// How the key figures are written.
    #[arg(long, value_enum, default_value_t = Format::Table)]
    format: Format,
}

pub(super) fn run(arguments: &RunArguments, quiet: bool) -> u8 {
    let saved = match arguments.restore.as_deref().map(SavedRun::open).transpose() {
        Ok(saved) => saved,
        Err(error) => return report_failure(&error.into()),
    };
    let mechanism = arguments.mechanism.as_ref().map(|mechanism| format!("market.mechanism={mechanism}"));
    let sets = arguments.changes.sets(mechanism);
    let loaded = match (&arguments.scenario, &saved) {
        (Some(scenario), _) => crate::scenario::load(scenario, &sets),
        (None, Some(saved)) => saved.scenario(&sets),
        (None, None) => unreachable!("invariant: without --restore a scenario is required"),
    };
    let loaded = match loaded {
        Ok(loaded) => loaded,
        Err(problems) => return report_problems(&problems),
    };
    remark_upon(&loaded);
    if arguments.check_determinism {
        return check_determinism(&loaded, quiet);
    }
    let out = arguments.out.clone().unwrap_or_else(|| PathBuf::from("out").join(&loaded.scenario.name));
    let existing = if arguments.overwrite { Existing::Overwrite } else { Existing::Refuse };
    let progress = Arc::new(Progress::default());
    stop_on_signals(&progress);
    let request = Request { loaded: &loaded, out: &out, existing, command: std::env::args().collect() };
    let time = &loaded.scenario.time;
    let watch = Watch::start(&progress, time.period_count(), time.period_minutes, quiet);
    let saves = Saves { at: &arguments.save_at, from: saved.as_ref() };
    let pace = arguments.pace.map(|factor| Pace { factor, tolerance: arguments.pace_tolerance });
    let result = crate::run::run_saved(&request, &saves, pace, &progress);
    drop(watch);
    match result {
        Ok(report) => {
            tracing::debug!("delivered, by kind: {}", by_kind(&report.outcome));
            print(&present(&report, &loaded, &out, arguments.format))
        }
        Err(error) => report_failure(&error),
    }
}

/// Two runs side by side, without output.
fn check_determinism(loaded: &Loaded, quiet: bool) -> u8 {
    let aside = match tempfile::tempdir() {
        Ok(aside) => aside,
        Err(error) => {
            tracing::error!("cannot create a folder for two runs: {error}");
            return FAILED;
        }
    };
    let progress = Arc::new(Progress::default());
    stop_on_signals(&progress);
    let time = &loaded.scenario.time;
    let watch = Watch::start(&progress, time.period_count(), time.period_minutes, quiet);
    let verdict = determinism::compare(loaded, loaded, aside.path(), &progress);
    drop(watch);
    match verdict {
        Ok(Verdict::Same { outcome, rows }) => print(&format!(
            "Two runs are the same: {} events, {rows} rows, digest {}\n",
            outcome.counters.delivered, outcome.digest
        )),
        Ok(Verdict::OtherEvent(difference)) => {
            tracing::error!("two runs of the same scenario part {difference}");
            FAILED
        }
        Ok(Verdict::OtherFiles(files)) => {
            tracing::error!("two runs with the same events wrote other files: {}", files.join(", "));
            FAILED
        }
        Err(error) => report_failure(&error),
    }
}

/// How many messages of each kind were delivered.
fn by_kind(outcome: &RunOutcome) -> String {
    let words: Vec<String> = outcome.kinds.iter().map(|(kind, count)| format!("{count} {kind}")).collect();
    words.join(", ")
}

fn pace_factor(text: &str) -> Result<f64, String> {
    let factor = text.parse::<f64>().ok().filter(|factor| (1e-3..=1e9).contains(factor));
    factor.ok_or_else(|| "a number from 0.001 to 1000000000".to_owned())
}

fn tolerance(text: &str) -> Result<Duration, String> {
    let seconds = text.parse::<f64>().ok().filter(|seconds| (0.0..=86_400.0).contains(seconds));
    seconds.map(Duration::from_secs_f64).ok_or_else(|| "seconds, from 0 to 86400".to_owned())
}

pub(super) fn report_failure(error: &RunError) -> u8 {
    report_error(error);
    match error {
        RunError::Interrupted { .. } => INTERRUPTED,
        RunError::Save(error) if error.is_bad_input() => BAD_INPUT,
        RunError::Output(
            OutputError::NotEmpty { .. }
            | OutputError::EarlierOutput { .. }
            | OutputError::PointOfStudy { .. }
            | OutputError::NotAFolder { .. }
            | OutputError::Busy { .. },
        ) => BAD_INPUT,
        _ => FAILED,
    }
}

/// The key figures, and where everything is.
fn present(report: &Report, loaded: &Loaded, out: &std::path::Path, format: Format) -> String {
    let currency = &loaded.scenario.currency;
    let mut text = summary::run::render(&report.kpis, currency, format);
    if format == Format::Table {
        let rows: u64 = report.manifest.parts.iter().map(|part| part.rows).sum();
        let word = shell_word(out);
        text.push_str(&format!(
            "\n{rows} rows in {}, {} events, digest {}\n\
             Check it:  goshawk verify {word}\n\
             DuckDB:    python3 -c \"import duckdb, sys; trades = duckdb.read_parquet(sys.argv[1] + '/trades/*.parquet'); \
             duckdb.sql('SELECT buyer_class, round(sum(energy_kwh), 1) AS kwh, \
             round(sum(amount) / sum(energy_kwh), 4) AS price FROM trades GROUP BY ALL ORDER BY ALL').show()\" {word}\n\
             pandas:    python3 -c \"import pandas as pd, sys; trades = pd.read_parquet(sys.argv[1] + '/trades'); \
             print(trades.groupby('buyer_class', observed=True)[['energy_kwh', 'amount']].sum())\" {word}\n",
            out.display(),
            report.outcome.counters.delivered, report.outcome.digest,
        ));
        for path in &report.saves {
            text.push_str(&format!("Go on:     goshawk run --restore {}\n", shell_word(path)));
        }
    }
    text
}
