//! What can go wrong outside the chain's own rules. A transaction that breaks those is no error but a
//! [`Rejection`](crate::Rejection) on the record.

use std::path::PathBuf;

use crate::codec::DecodeError;

/// The ledger's errors.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum LedgerError {
    /// A genesis that breaks a rule.
    #[error("no chain can start so: {0}")]
    Genesis(&'static str),
    /// No such validator.
    #[error("there is no validator {index} of {count}")]
    NoValidator {
        /// The index asked for.
        index: usize,
        /// How many there are.
        count: usize,
    },
    /// The store holds another chain.
    #[error("the store holds another chain: its genesis is {found}, not {expected}")]
    OtherChain {
        /// The genesis asked for.
        expected: String,
        /// The genesis in the store.
        found: String,
    },
    /// Blocks are stored one after the other.
    #[error("block {found} cannot be stored: the next is {expected}")]
    NotNext {
        /// The height that comes next.
        expected: u64,
        /// The height of the block.
        found: u64,
    },
    /// A stored record does not decode.
    #[error("the record of block {height} is corrupt: {source}")]
    Corrupt {
        /// The height; 0 is the genesis.
        height: u64,
        /// What is wrong with it.
        source: DecodeError,
    },
    /// A stored block does not fit the state before it.
    #[error("the stored block {height} does not hold: run the audit for the reason")]
    DoesNotHold {
        /// The height.
        height: u64,
    },
    /// The write-ahead log failed.
    #[error("{}: {source}", path.display())]
    Log {
        /// Its file.
        path: PathBuf,
        /// The system's word.
        source: std::io::Error,
    },
    /// The write-ahead log has rotted: what a validator has said may follow from what is lost, so it must not go on.
    #[error(
        "{}: damaged at byte {at}, before entries that were on the disk; the validator must not start again with this log",
        path.display()
    )]
    LogDamaged {
        /// Its file.
        path: PathBuf,
        /// Where the first damaged record begins.
        at: u64,
    },
    /// The database failed.
    #[error("{}: {source}", path.display())]
    Database {
        /// Its file.
        path: PathBuf,
        /// The database's word.
        source: Box<redb::Error>,
    },
}

impl LedgerError {
    /// Whether the database failed because a disk, a quota or the largest permitted file size is reached.
    pub fn is_out_of_room(&self) -> bool {
        use std::io::ErrorKind::{FileTooLarge, QuotaExceeded, StorageFull};
        let error = match self {
            Self::Log { source, .. } => source,
            Self::Database { source, .. } => match &**source {
                redb::Error::Io(error) => error,
                _ => return false,
            },
            _ => return false,
        };
        matches!(error.kind(), FileTooLarge | QuotaExceeded | StorageFull)
    }
}
