//! The write-ahead log: what a validator has taken in at its present height, kept so that a crash does not make it
//! contradict itself.
//!
//! A validator is a function of its events. So the log keeps those that changed the agreement, in their order, and a
//! validator that starts again takes them in once more: it is then in the same round with the same lock, and the votes
//! and proposals that it makes are, byte for byte, those that it made before. Nothing that the validator says leaves it
//! before the entries it follows from are on the disk; what is lost with the unwritten end of a log was never said.
//!
//! A log reaches back to the last final block only, whose store is waited for before the log is emptied.

mod file;

use std::sync::Arc;

pub use file::FileLog;

use crate::block::Block;
use crate::codec::{Canonical, DecodeError, Reader};
use crate::error::LedgerError;
use crate::message::ConsensusMessage;
use crate::validator::TimerKey;

/// Something that changed the agreement on a height. Times are the validator's, in microseconds.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum LogEntry {
    /// It entered a height of its own accord.
    Entered {
        /// The height.
        height: u64,
        /// When.
        at_micros: u64,
    },
    /// It built a block to propose.
    Built {
        /// The block.
        block: Arc<Block>,
    },
    /// It took in another validator's message.
    Received {
        /// Whose.
        from: u32,
        /// When.
        at_micros: u64,
        /// The message.
        message: Arc<ConsensusMessage>,
    },
    /// A timer ran out.
    Expired {
        /// Which.
        key: TimerKey,
        /// When.
        at_micros: u64,
    },
}

impl LogEntry {
    /// The height that it is about.
    pub fn height(&self) -> u64 {
        match self {
            Self::Entered { height, .. } => *height,
            Self::Built { block } => block.header().height,
            Self::Received { message, .. } => message.height(),
            Self::Expired { key, .. } => key.height,
        }
    }
}

impl Canonical for LogEntry {
    fn write(&self, out: &mut Vec<u8>) {
        match self {
            Self::Entered { height, at_micros } => {
                out.push(0);
                height.write(out);
                at_micros.write(out);
            }
            Self::Built { block } => {
                out.push(1);
                block.write(out);
            }
            Self::Received { from, at_micros, message } => {
                out.push(2);
                from.write(out);
                at_micros.write(out);
                message.write(out);
            }
            Self::Expired { key, at_micros } => {
                out.push(3);
                key.write(out);
                at_micros.write(out);
            }
        }
    }

    fn read(input: &mut Reader<'_>) -> Result<Self, DecodeError> {
        match input.tag()? {
            0 => Ok(Self::Entered { height: Canonical::read(input)?, at_micros: Canonical::read(input)? }),
            1 => Ok(Self::Built { block: Arc::new(Canonical::read(input)?) }),
            2 => Ok(Self::Received {
                from: Canonical::read(input)?,
                at_micros: Canonical::read(input)?,
                message: Arc::new(Canonical::read(input)?),
            }),
            3 => Ok(Self::Expired { key: Canonical::read(input)?, at_micros: Canonical::read(input)? }),
            tag => Err(DecodeError::Tag { what: "LogEntry", tag }),
        }
    }
}

/// Keeps what a validator has taken in at its present height.
pub trait WriteAheadLog {
    /// Whether anything is kept. A validator that keeps nothing does not wait for the disk either.
    const KEEPS: bool = true;

    /// Adds an entry. It need not be on the disk before [`sync`](Self::sync).
    ///
    /// # Errors
    /// When the disk fails.
    fn append(&mut self, entry: LogEntry) -> Result<(), LedgerError>;

    /// Waits until all entries so far survive a crash.
    ///
    /// # Errors
    /// When the disk fails.
    fn sync(&mut self) -> Result<(), LedgerError>;

    /// What a crash has left, in order: all that was waited for, and a beginning of what came after it.
    ///
    /// # Errors
    /// When the disk fails.
    fn entries(&self) -> Result<Vec<LogEntry>, LedgerError>;

    /// Forgets everything.
    ///
    /// # Errors
    /// When the disk fails.
    fn clear(&mut self) -> Result<(), LedgerError>;
}

/// No log, for validators that never crash, as those of a simulated run.
#[derive(Debug, Clone, Copy, Default)]
pub struct NoLog;

impl WriteAheadLog for NoLog {
    const KEEPS: bool = false;

    fn append(&mut self, _: LogEntry) -> Result<(), LedgerError> {
        Ok(())
    }

    fn sync(&mut self) -> Result<(), LedgerError> {
        Ok(())
    }

    fn entries(&self) -> Result<Vec<LogEntry>, LedgerError> {
        Ok(Vec::new())
    }

    fn clear(&mut self) -> Result<(), LedgerError> {
        Ok(())
    }
}

/// A log in memory, for simulated disks.
#[derive(Debug, Clone, Default)]
pub struct MemoryLog {
    entries: Vec<LogEntry>,
    synced: usize,
}

impl MemoryLog {
    /// Loses all but the first `kept` of the entries that nobody waited for, as a crash does. Says how many were lost.
    pub fn crash(&mut self, kept: usize) -> usize {
        let before = self.entries.len();
        self.entries.truncate(self.synced.saturating_add(kept));
        self.synced = self.entries.len();
        before - self.entries.len()
    }

    /// How many entries there are.
    pub fn len(&self) -> usize {
        self.entries.len()
    }

    /// Whether there is none.
    pub fn is_empty(&self) -> bool {
        self.entries.is_empty()
    }

    /// How many of them nobody has waited for.
    pub fn unsynced(&self) -> usize {
        self.entries.len() - self.synced
    }
}

impl WriteAheadLog for MemoryLog {
    fn append(&mut self, entry: LogEntry) -> Result<(), LedgerError> {
        self.entries.push(entry);
        Ok(())
    }

    fn sync(&mut self) -> Result<(), LedgerError> {
        self.synced = self.entries.len();
        Ok(())
    }

    fn entries(&self) -> Result<Vec<LogEntry>, LedgerError> {
        Ok(self.entries.clone())
    }

    fn clear(&mut self) -> Result<(), LedgerError> {
        self.entries.clear();
        self.synced = 0;
        Ok(())
    }
}
