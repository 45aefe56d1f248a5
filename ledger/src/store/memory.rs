//! A store in memory.

use std::collections::VecDeque;
use std::sync::Arc;

use super::{Store, Tip, next_tip};
use crate::block::Committed;
use crate::error::LedgerError;
use crate::genesis::Genesis;

/// Keeps the last blocks, for validators whose chain nobody reads later.
#[derive(Debug, Clone)]
pub struct MemoryStore {
    genesis: Arc<Genesis>,
    tip: Tip,
    kept: VecDeque<Committed>,
    most: usize,
}

impl MemoryStore {
    /// Keeps the last `most` blocks.
    pub fn new(genesis: Arc<Genesis>, most: usize) -> Self {
        let tip = Tip { height: 0, hash: *genesis.hash() };
        Self { genesis, tip, kept: VecDeque::new(), most }
    }
}

impl Store for MemoryStore {
    fn genesis(&self) -> &Arc<Genesis> {
        &self.genesis
    }

    fn tip(&self) -> Tip {
        self.tip
    }

    fn put(&mut self, committed: &Committed) -> Result<(), LedgerError> {
        self.tip = next_tip(self.tip, committed)?;
        self.kept.push_back(committed.clone());
        if self.kept.len() > self.most {
            self.kept.pop_front();
        }
        Ok(())
    }

    fn block(&self, height: u64) -> Result<Option<Committed>, LedgerError> {
        let first = self.tip.height + 1 - self.kept.len() as u64;
        let place = height.checked_sub(first).and_then(|place| usize::try_from(place).ok());
        Ok(place.and_then(|place| self.kept.get(place)).cloned())
    }

    fn flush(&mut self) -> Result<(), LedgerError> {
        Ok(())
    }
}
