//! Messages of heights that have not come yet. Without them a validator that is a step behind would miss the
//! proposal of the next height, and with it the votes.

mod saved;

use std::collections::{BTreeMap, VecDeque};
use std::sync::Arc;

use crate::message::ConsensusMessage;

/// How many heights ahead messages are kept.
const HEIGHTS_MAX: u64 = 4;
/// How many messages of each validator are kept.
const MESSAGES_MAX: usize = 64;

/// Early messages, bounded in height and for each validator.
#[derive(Debug)]
pub(super) struct EarlyMessages {
    by_height: BTreeMap<u64, VecDeque<(usize, Arc<ConsensusMessage>)>>,
    kept: Vec<usize>,
    /// The highest height that anybody has been seen at, and who that was.
    furthest: (u64, usize),
}

impl EarlyMessages {
    pub(super) fn new(validators: usize) -> Self {
        Self { by_height: BTreeMap::new(), kept: vec![0; validators], furthest: (0, 0) }
    }

    /// Keeps a message for later, and says whether it is within reach. Out of reach, we have fallen behind.
    pub(super) fn keep(&mut self, current: u64, from: usize, message: Arc<ConsensusMessage>) -> bool {
        let height = message.height();
        if height > self.furthest.0 {
            self.furthest = (height, from);
        }
        if height > current + HEIGHTS_MAX {
            return false;
        }
        if let Some(kept) = self.kept.get_mut(from).filter(|kept| **kept < MESSAGES_MAX) {
            *kept += 1;
            self.by_height.entry(height).or_default().push_back((from, message));
        }
        true
    }

    /// The next kept message of this height; those of earlier heights are dropped.
    pub(super) fn take(&mut self, current: u64) -> Option<(usize, Arc<ConsensusMessage>)> {
        loop {
            let mut first = self.by_height.first_entry()?;
            if *first.key() > current {
                return None;
            }
            let is_current = *first.key() == current;
            match first.get_mut().pop_front() {
                None => {
                    first.remove();
                }
                Some((from, message)) => {
                    self.kept[from] -= 1;
                    if is_current {
                        return Some((from, message));
                    }
                }
            }
        }
    }

    /// Somebody who has been seen beyond this height.
    pub(super) fn who_is_ahead_of(&self, height: u64) -> Option<usize> {
        let (furthest, who) = self.furthest;
        (furthest > height).then_some(who)
    }
}
