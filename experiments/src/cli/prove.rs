//! `goshawk prove`: a trade's way into the ledger, as a file for others.

use std::path::PathBuf;

use clap::Args;

use super::{BAD_INPUT, DONE, FAILED, is_neither, print, report_error};
use crate::proof::{self, ProofError};
use crate::run::LEDGER_FILE;

#[derive(Debug, Args)]
pub(super) struct ProveArguments {
    /// Folder of a run.
    #[arg(value_name = "DIR")]
    folder: PathBuf,
    /// Which trade: `trade_id` in the table `trades`.
    #[arg(long, value_name = "ID")]
    trade: u64,
    /// File for the proof [default: standard output].
    #[arg(long, value_name = "FILE")]
    out: Option<PathBuf>,
}

pub(super) fn prove(arguments: &ProveArguments) -> u8 {
    let folder = &arguments.folder;
    if is_neither(folder) {
        return BAD_INPUT;
    }
    if !folder.join(LEDGER_FILE).exists() {
        tracing::error!(
            "{} has no {LEDGER_FILE}: a run keeps its ledger, a study does not; goshawk replay runs one replicate with it",
            folder.display()
        );
        return BAD_INPUT;
    }
    let text = match proof::prove(folder, arguments.trade) {
        Ok((text, _)) => text,
        Err(error) => {
            report_error(&error);
            return if matches!(error, ProofError::NoTrade { .. }) { BAD_INPUT } else { FAILED };
        }
    };
    let Some(out) = &arguments.out else { return print(&text) };
    match std::fs::write(out, text) {
        Ok(()) => DONE,
        Err(error) => {
            tracing::error!("cannot write {}: {error}", out.display());
            FAILED
        }
    }
}
