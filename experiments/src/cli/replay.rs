//! `goshawk replay`: one replicate of a study again, alone.

use std::path::PathBuf;
use std::sync::Arc;

use clap::Args;
use goshawk_agents::journal::Progress;
use goshawk_output::Existing;

use super::progress::Watch;
use super::run::report_failure;
use super::{BAD_INPUT, DONE, FAILED, print, report_error, report_problems, shell_word, stop_on_signals};
use crate::study::replay::{Replay, ReplayError, Replayed, Told};

#[derive(Debug, Args)]
pub(super) struct ReplayArguments {
    /// Folder of a study.
    #[arg(value_name = "DIR")]
    folder: PathBuf,
    /// The point, as in the column `scenario`.
    #[arg(long, value_name = "NAME")]
    scenario: String,
    /// The replicate.
    #[arg(long, value_name = "N")]
    replicate: u32,
    /// Folder for the tables and the ledger [default: out/NAME-N].
    #[arg(long, value_name = "DIR")]
    out: Option<PathBuf>,
    /// Folder that the study file is in, if not where it was when the study ran.
    #[arg(long, value_name = "DIR")]
    inputs: Option<PathBuf>,
    /// Replace an earlier run in that folder.
    #[arg(long)]
    overwrite: bool,
}

pub(super) fn replay(arguments: &ReplayArguments, quiet: bool) -> u8 {
    let ReplayArguments { folder, scenario, replicate, inputs, .. } = arguments;
    let replay = match Replay::find(folder, scenario, *replicate, inputs.as_deref()) {
        Ok(replay) => replay,
        Err(ReplayError::Problems(problems)) => return report_problems(&problems),
        Err(error) => {
            report_error(&error);
            return if error.is_damage() { FAILED } else { BAD_INPUT };
        }
    };
    let out = arguments.out.clone();
    let out = out.unwrap_or_else(|| PathBuf::from("out").join(format!("{scenario}-{replicate:05}")));
    let existing = if arguments.overwrite { Existing::Overwrite } else { Existing::Refuse };
    let progress = Arc::new(Progress::default());
    stop_on_signals(&progress);
    let time = &replay.loaded.scenario.time;
    let watch = Watch::start(&progress, time.period_count(), time.period_minutes, quiet);
    let result = replay.run(&out, existing, std::env::args().collect(), &progress);
    drop(watch);
    match result {
        Ok(replayed) => present(&replayed, &replay, &out),
        Err(error) => report_failure(&error),
    }
}

fn present(replayed: &Replayed, replay: &Replay, out: &std::path::Path) -> u8 {
    let (scenario, replicate) = (&replay.loaded.scenario.name, replay.replicate);
    match replayed {
        Replayed::Finished { report, is_same } => {
            let (word, digest) = (shell_word(out), &report.manifest.event_digest);
            let mut text = format!(
                "replicate {replicate} of {scenario} is in {word}\nevents:    {digest}, {}\n",
                match (&replay.told, is_same) {
                    (_, true) => "as in the study".to_owned(),
                    (Told::Finished(told), false) => format!("but {told} in the study"),
                    (Told::Failed(reason), false) => format!("but in the study it failed: {reason}"),
                }
            );
            text.push_str(&format!("Figures:   goshawk summary {word}\nCheck it:  goshawk verify {word}\n"));
            let printed = print(&text);
            if *is_same {
                return printed;
            }
            tracing::error!("the replicate is not what it was in the study");
            FAILED
        }
        Replayed::Failed { error, reason, is_same } => {
            match error {
                Some(error) => report_error(error),
                None => tracing::error!("{reason}"),
            }
            let text = match (&replay.told, is_same) {
                (_, true) => "as in the study".to_owned(),
                (Told::Failed(told), false) => format!("in the study it failed otherwise: {told}"),
                (Told::Finished(_), false) => "in the study it came to its end".to_owned(),
            };
            let printed = print(&format!("replicate {replicate} of {scenario} failed, {text}\n"));
            if printed == DONE { FAILED } else { printed }
        }
    }
}
