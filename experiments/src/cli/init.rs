//! `goshawk init`: a scenario to begin with, complete and without data files, and its schema beside it.

use std::fs::OpenOptions;
use std::io::{ErrorKind, Write};
use std::path::{Path, PathBuf};

use clap::Args;

use super::{BAD_INPUT, DONE, FAILED, shell_word};

/// The smallest of the scenarios that ship.
const STARTER: &str = include_str!("../../../scenarios/smoke.toml");

#[derive(Debug, Args)]
pub(super) struct InitArguments {
    /// File to write.
    #[arg(value_name = "FILE", default_value = "scenario.toml")]
    file: PathBuf,
}

pub(super) fn init(arguments: &InitArguments) -> u8 {
    let schema = arguments.file.with_file_name("scenario.schema.json");
    for (path, text) in [(&arguments.file, STARTER), (&schema, &crate::scenario::schema_json())] {
        match write_new(path, text) {
            Ok(()) => tracing::info!("wrote {}", path.display()),
            // The schema is the program's own: an older one beside other scenarios may stay.
            Err(error) if error.kind() == ErrorKind::AlreadyExists && path == &schema => {}
            Err(error) if error.kind() == ErrorKind::AlreadyExists => {
                tracing::error!("{} is there already", path.display());
                return BAD_INPUT;
            }
            Err(error) => {
                tracing::error!("cannot write {}: {error}", path.display());
                return FAILED;
            }
        }
    }
    tracing::info!("next: goshawk run {}", shell_word(&arguments.file));
    DONE
}

fn write_new(path: &Path, text: &str) -> std::io::Result<()> {
    OpenOptions::new().write(true).create_new(true).open(path)?.write_all(text.as_bytes())
}
