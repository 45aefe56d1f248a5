//! Where final blocks are kept, so that a third party can check the chain from the store alone.

mod memory;
mod redb;

use std::sync::Arc;

pub use self::memory::MemoryStore;
pub use self::redb::RedbStore;
use crate::block::Committed;
use crate::digest::Digest;
use crate::error::LedgerError;
use crate::genesis::Genesis;

/// The last block of a store.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Tip {
    /// Its height; 0 where there is no block.
    pub height: u64,
    /// Its hash, or that of the genesis.
    pub hash: Digest,
}

/// Keeps a chain. Blocks come in order, each whole or not at all.
pub trait Store {
    /// The chain's start.
    fn genesis(&self) -> &Arc<Genesis>;

    /// The last block.
    fn tip(&self) -> Tip;

    /// Keeps the next block.
    ///
    /// # Errors
    /// When it is not the next one, or the database fails.
    fn put(&mut self, committed: &Committed) -> Result<(), LedgerError>;

    /// The block of a height, or `None` where it is not kept.
    ///
    /// # Errors
    /// When the record is corrupt, or the database fails.
    fn block(&self, height: u64) -> Result<Option<Committed>, LedgerError>;

    /// Makes sure that all blocks so far survive a crash.
    ///
    /// # Errors
    /// When the database fails.
    fn flush(&mut self) -> Result<(), LedgerError>;
}

impl<S: Store + ?Sized> Store for Box<S> {
    fn genesis(&self) -> &Arc<Genesis> {
        (**self).genesis()
    }

    fn tip(&self) -> Tip {
        (**self).tip()
    }

    fn put(&mut self, committed: &Committed) -> Result<(), LedgerError> {
        (**self).put(committed)
    }

    fn block(&self, height: u64) -> Result<Option<Committed>, LedgerError> {
        (**self).block(height)
    }

    fn flush(&mut self) -> Result<(), LedgerError> {
        (**self).flush()
    }
}

/// The tip after a block, if the block is the next one.
fn next_tip(tip: Tip, committed: &Committed) -> Result<Tip, LedgerError> {
    let (expected, found) = (tip.height + 1, committed.block.header().height);
    if expected == found {
        Ok(Tip { height: found, hash: committed.block.hash() })
    } else {
        Err(LedgerError::NotNext { expected, found })
    }
}

#[cfg(test)]
mod tests;
