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
    /// The highest height that each validator has been seen at, and who was the first at the highest.
    seen: Vec<u64>,
    furthest: (u64, usize),
    /// Whom to ask next: the furthest first, then one after the other, because any of them may have lied.
    turn: usize,
}

impl EarlyMessages {
    pub(super) fn new(validators: usize) -> Self {
        Self {
            by_height: BTreeMap::new(),
            kept: vec![0; validators],
            seen: vec![0; validators],
            furthest: (0, 0),
            turn: 0,
        }
    }

    /// Somebody has been seen at a height.
    pub(super) fn see(&mut self, who: usize, height: u64) {
        if let Some(seen) = self.seen.get_mut(who) {
            *seen = height.max(*seen);
        }
        if height > self.furthest.0 {
            self.furthest = (height, who);
        }
    }

    /// Keeps a message for later, and says whether it is within reach. Out of reach, we have fallen behind.
    pub(super) fn keep(&mut self, current: u64, from: usize, message: Arc<ConsensusMessage>) -> bool {
        let height = message.height();
        self.see(from, height);
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
        if self.furthest.0 <= height {
            return None;
        }
        let ahead: Vec<usize> = (0..self.seen.len()).filter(|&who| self.seen[who] > height).collect();
        let first = ahead.iter().position(|&who| who == self.furthest.1)?;
        Some(ahead[(first + self.turn) % ahead.len()])
    }

    /// Lets somebody else be asked the next time.
    pub(super) fn ask_another(&mut self) {
        self.turn = self.turn.wrapping_add(1);
    }
}
