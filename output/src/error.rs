//! What can go wrong with a run's files.

use std::io;
use std::path::{Path, PathBuf};

use parquet::errors::ParquetError;

/// Why a run's files could not be written or read.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum OutputError {
    /// No room: the disk, a quota or the largest permitted file size is reached.
    #[error("cannot {action} {path}: no room is left: {source}")]
    NoRoom {
        /// What was attempted.
        action: &'static str,
        /// On which file or folder.
        path: PathBuf,
        /// The system's answer.
        source: io::Error,
    },
    /// The place may not be written to.
    #[error("cannot {action} {path}: it may not be written to: {source}")]
    NotWritable {
        /// What was attempted.
        action: &'static str,
        /// On which file or folder.
        path: PathBuf,
        /// The system's answer.
        source: io::Error,
    },
    /// Any other answer of the system.
    #[error("cannot {action} {path}: {source}")]
    Io {
        /// What was attempted.
        action: &'static str,
        /// On which file or folder.
        path: PathBuf,
        /// The system's answer.
        source: io::Error,
    },
    /// Parquet itself refused; a defect of the program or a damaged file.
    #[error("cannot {action} {path}: {source}")]
    Parquet {
        /// What was attempted.
        action: &'static str,
        /// On which file.
        path: PathBuf,
        /// Why.
        source: ParquetError,
    },
    /// There is something else than a folder.
    #[error("{path} is not a folder")]
    NotAFolder {
        /// Where.
        path: PathBuf,
    },
    /// The folder holds files that no run has written.
    #[error("{path} is not empty, and not the output of a run; give another folder")]
    NotEmpty {
        /// Where.
        path: PathBuf,
    },
    /// The folder holds an earlier run.
    #[error("{path} holds the output of an earlier run; pass --overwrite to replace it")]
    EarlierOutput {
        /// Where.
        path: PathBuf,
    },
    /// The folder holds a point of a study, which is not replaced by a run.
    #[error("{path} holds a point of a study; give another folder")]
    PointOfStudy {
        /// Where.
        path: PathBuf,
    },
    /// Another process is writing there.
    #[error("{path} is being written by another run")]
    Busy {
        /// Where.
        path: PathBuf,
    },
    /// There is no manifest where one is needed, or it cannot be understood.
    #[error("{path} is not the manifest of a run: {reason}")]
    Manifest {
        /// Where.
        path: PathBuf,
        /// Why.
        reason: String,
    },
    /// A file is not what was written.
    #[error("{path} is damaged: {why}")]
    Damaged {
        /// Where.
        path: PathBuf,
        /// What differs.
        why: String,
    },
    /// The writer's thread ended early; a defect of the program.
    #[error("the writer of {path} stopped unexpectedly")]
    WriterStopped {
        /// The folder it wrote to.
        path: PathBuf,
    },
}

impl OutputError {
    pub(crate) fn io(action: &'static str, path: &Path, source: io::Error) -> Self {
        let path = path.to_owned();
        match source.kind() {
            io::ErrorKind::StorageFull | io::ErrorKind::QuotaExceeded | io::ErrorKind::FileTooLarge => {
                Self::NoRoom { action, path, source }
            }
            io::ErrorKind::ReadOnlyFilesystem | io::ErrorKind::PermissionDenied => {
                Self::NotWritable { action, path, source }
            }
            _ => Self::Io { action, path, source },
        }
    }

    /// The system's answer is inside Parquet's error where there is one.
    pub(crate) fn parquet(action: &'static str, path: &Path, source: ParquetError) -> Self {
        match source {
            ParquetError::External(inner) => match inner.downcast::<io::Error>() {
                Ok(inner) => Self::io(action, path, *inner),
                Err(inner) => {
                    Self::Parquet { action, path: path.to_owned(), source: ParquetError::External(inner) }
                }
            },
            source => Self::Parquet { action, path: path.to_owned(), source },
        }
    }
}

/// Names the attempt and the path in a system's error.
pub(crate) trait Attempt<T> {
    /// As a typed error.
    fn attempt(self, action: &'static str, path: &Path) -> Result<T, OutputError>;
}

impl<T> Attempt<T> for io::Result<T> {
    fn attempt(self, action: &'static str, path: &Path) -> Result<T, OutputError> {
        self.map_err(|error| OutputError::io(action, path, error))
    }
}
