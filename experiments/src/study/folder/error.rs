//! Why a folder cannot be used for a study.

use std::path::{Path, PathBuf};

use goshawk_output::OutputError;

/// Why a folder cannot be used for a study.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum FolderError {
    /// A file, or another process.
    #[error(transparent)]
    Output(#[from] OutputError),
    /// A file outside the tables.
    #[error("cannot {action} {path}: {source}")]
    Io {
        /// What was attempted.
        action: &'static str,
        /// On which file.
        path: PathBuf,
        /// The system's answer.
        source: std::io::Error,
    },
    /// The folder holds something that is no study.
    #[error("{path} is not empty, and not the output of a study; give another folder")]
    NotAStudy {
        /// Where.
        path: PathBuf,
    },
    /// The folder holds a study, and nobody asked to go on with it.
    #[error("{path} holds a study already; pass --resume to go on with it, or give another folder")]
    Earlier {
        /// Where.
        path: PathBuf,
    },
    /// The folder holds another study.
    #[error("{path} cannot be resumed: {why}")]
    Another {
        /// Where.
        path: PathBuf,
        /// What differs.
        why: String,
    },
    /// There is no study.
    #[error("{path} holds no study")]
    Nothing {
        /// Where.
        path: PathBuf,
    },
    /// A log that cannot be understood.
    #[error("{path}:{line}: {why}")]
    Log {
        /// Which log.
        path: PathBuf,
        /// In which line, from 1.
        line: usize,
        /// Why.
        why: String,
    },
}

impl FolderError {
    /// Whether what was asked for is at fault, not the disk or the machine.
    pub fn is_bad_input(&self) -> bool {
        matches!(
            self,
            Self::NotAStudy { .. } | Self::Earlier { .. } | Self::Another { .. } | Self::Nothing { .. }
        ) || matches!(self, Self::Output(OutputError::Busy { .. } | OutputError::NotAFolder { .. }))
    }

    /// Whether the disk is full.
    pub fn is_out_of_room(&self) -> bool {
        match self {
            Self::Output(error) => matches!(error, OutputError::NoRoom { .. }),
            Self::Io { source, .. } => source.kind() == std::io::ErrorKind::StorageFull,
            _ => false,
        }
    }
}

/// Names the attempt and the path in a system's error.
pub(super) trait Attempt<T> {
    /// As a typed error.
    fn attempt(self, action: &'static str, path: &Path) -> Result<T, FolderError>;
}

impl<T> Attempt<T> for std::io::Result<T> {
    fn attempt(self, action: &'static str, path: &Path) -> Result<T, FolderError> {
        self.map_err(|source| FolderError::Io { action, path: path.to_owned(), source })
    }
}
