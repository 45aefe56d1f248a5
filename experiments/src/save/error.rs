//! What can be wrong with a save.

use std::io;
use std::path::{Path, PathBuf};

use goshawk_agents::community::{CommunityError, SavingError};

/// Why a run cannot be saved, or gone on with from a save.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum SaveError {
    /// The system's answer.
    #[error("cannot {action} {path}: {source}")]
    Io {
        /// What was attempted.
        action: &'static str,
        /// On which file.
        path: PathBuf,
        /// Its answer.
        source: io::Error,
    },
    /// There is no such file.
    #[error("there is no save {path}; give the file that goshawk run --save-at has written")]
    Missing {
        /// Where.
        path: PathBuf,
    },
    /// Something else.
    #[error("{path} is no saved run; give the file that goshawk run --save-at has written")]
    NoSave {
        /// Where.
        path: PathBuf,
    },
    /// Of another version.
    #[error(
        "{path} was saved by goshawk {program} in format {format}, and this is goshawk {ours}, which goes on from its own \
         saves in format {our_format} alone; run the scenario again from its beginning"
    )]
    Version {
        /// Where.
        path: PathBuf,
        /// The version that wrote it.
        program: String,
        /// Its format.
        format: u32,
        /// This version.
        ours: &'static str,
        /// Its format.
        our_format: u32,
    },
    /// Cut or altered.
    #[error("{path} is damaged: {why}")]
    Damaged {
        /// Where.
        path: PathBuf,
        /// What is wrong.
        why: String,
    },
    /// Of another scenario.
    #[error("{path} is a save of the scenario `{found}`, and the scenario to go on with is `{wanted}`")]
    OtherScenario {
        /// Where.
        path: PathBuf,
        /// Which was saved.
        found: String,
        /// Which is wanted.
        wanted: String,
    },
    /// Parameters that the days before depend on.
    #[error("cannot go on from {path} so: {}", .problems.join("; "))]
    Differs {
        /// Where.
        path: PathBuf,
        /// Each field with what was saved and what is wanted.
        problems: Vec<String>,
    },
    /// A day that has no end within the run.
    #[error("--save-at {day}: found {day}, allowed {}", match .last {
        0 => "nothing, as no day of the run is followed by another".to_owned(),
        last if first == last => format!("{first}, the only day after whose end the run goes on"),
        last => format!("{first} to {last}, the days after whose end the run goes on"),
    })]
    NoSuchDay {
        /// What was asked for.
        day: u32,
        /// The first that can be.
        first: u32,
        /// The last that can be; 0 where there is none.
        last: u32,
    },
    /// A save is there already.
    #[error("{path} is there already; pass --overwrite to replace it")]
    Exists {
        /// Where.
        path: PathBuf,
    },
    /// The run cannot be saved at that moment.
    #[error(transparent)]
    Saving(#[from] SavingError),
    /// The simulation cannot be saved or restored.
    #[error(transparent)]
    Community(#[from] CommunityError),
}

impl SaveError {
    pub(crate) fn io(action: &'static str, path: &Path, source: io::Error) -> Self {
        Self::Io { action, path: path.to_owned(), source }
    }

    /// Whether what was asked for is at fault, rather than the disk or the run.
    pub fn is_bad_input(&self) -> bool {
        !matches!(self, Self::Io { .. } | Self::Saving(_) | Self::Community(_))
    }
}
