//! `goshawk verify`: the audit of a run.

use std::path::PathBuf;

use clap::Args;

use super::{BAD_INPUT, FAILED, print};

#[derive(Debug, Args)]
pub(super) struct VerifyArguments {
    /// Folder of a run.
    #[arg(value_name = "DIR")]
    folder: PathBuf,
}

pub(super) fn verify(arguments: &VerifyArguments) -> u8 {
    match crate::verify::verify(&arguments.folder) {
        Err(error) => {
            tracing::error!("{error}");
            BAD_INPUT
        }
        Ok(verification) => {
            let printed = print(&verification.to_string());
            if verification.passed() { printed } else { FAILED }
        }
    }
}
