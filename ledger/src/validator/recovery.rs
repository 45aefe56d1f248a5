//! Starting again after a crash.
//!
//! A validator that crashes has said things that others remember. It must not say otherwise when it comes back, nor
//! forget the lock that they made. So what it takes in at a height goes to its log, the log goes to the disk before
//! anything that follows from it is said, and a validator that starts again takes the entries in once more.

use std::collections::VecDeque;
use std::sync::Arc;

use super::{Effect, Validator};
use crate::consensus::{ConsensusCore as _, CoreInput};
use crate::error::LedgerError;
use crate::genesis::Genesis;
use crate::log::{LogEntry, WriteAheadLog};
use crate::store::Store;

impl<S: Store, L: WriteAheadLog> Validator<S, L> {
    /// A validator that goes on where it was when it crashed, or starts if it never ran: at the end of its store's chain,
    /// in the round and with the lock that the log says. The effects are to be carried out as those of
    /// [`handle`](Self::handle). It hears what it has missed when [`Event::Connected`](super::Event::Connected) tells it
    /// and the others that they are connected again.
    ///
    /// # Errors
    /// When there is no such validator, when the store is of another chain, fails, or holds a block that does not hold,
    /// or when the log fails.
    pub fn recover(
        genesis: Arc<Genesis>,
        index: usize,
        store: S,
        log: L,
    ) -> Result<(Self, Vec<Effect>), LedgerError> {
        let entries = log.entries()?;
        let mut validator = Self::at_the_end_of(genesis, index, store, log)?;
        validator.recalled = Some(entries.into());
        while let Some(entry) = validator.recalled.as_mut().and_then(VecDeque::pop_front) {
            if entry.height() == validator.height() && !validator.is_halted {
                validator.recall(entry);
            }
        }
        validator.recalled = None;
        validator.go_on();
        let (height, round) = (validator.height(), validator.core.round());
        validator.effects.retain(|effect| match effect {
            Effect::SetTimer { key, .. } => (key.height, key.round) == (height, round),
            Effect::Committed(_) | Effect::Halted(_) | Effect::Equivocation(_) => true,
            Effect::Broadcast(_) | Effect::Send { .. } => false,
        });
        let effects = validator.take_effects();
        Ok((validator, effects))
    }

    /// Takes an entry of the log in again.
    fn recall(&mut self, entry: LogEntry) {
        match entry {
            LogEntry::Entered { at_micros, .. } => {
                self.now_micros = self.now_micros.max(at_micros);
                if !self.is_started {
                    self.enter_height();
                }
            }
            LogEntry::Built { block } => {
                let round = block.header().round;
                if let Some(recalled) = &mut self.recalled {
                    recalled.push_front(LogEntry::Built { block });
                }
                self.offer_value(round);
                self.recalled_value(round);
            }
            LogEntry::Received { from, at_micros, message } => {
                self.now_micros = self.now_micros.max(at_micros);
                self.receive(from as usize, message);
            }
            LogEntry::Expired { key, at_micros } => {
                self.now_micros = self.now_micros.max(at_micros);
                self.expire(key);
            }
        }
    }

    /// The block that it proposed in this round, if the log says so next.
    pub(super) fn recalled_value(&mut self, round: u32) -> Option<CoreInput> {
        let recalled = self.recalled.as_mut()?;
        match recalled.pop_front() {
            Some(LogEntry::Built { block }) if block.header().round == round => {
                self.wanted = None;
                let holds = self.execution.admit(&block);
                holds.then(|| CoreInput::Value { round, hash: block.hash() })
            }
            Some(other) => {
                recalled.push_front(other);
                None
            }
            None => None,
        }
    }

    /// Notes what is about to be taken in.
    pub(super) fn note(&mut self, entry: impl FnOnce() -> LogEntry) {
        if !L::KEEPS || self.recalled.is_some() {
            return;
        }
        self.is_log_ahead = true;
        if let Err(error) = self.log.append(entry()) {
            self.halt(error);
        }
    }

    /// Hands the effects out, once what they follow from is on the disk. A validator whose disk fails says no more.
    pub(super) fn take_effects(&mut self) -> Vec<Effect> {
        let speaks = |effect: &Effect| matches!(effect, Effect::Broadcast(_) | Effect::Send { .. });
        if self.is_log_ahead && !self.is_halted && self.effects.iter().any(speaks) {
            match self.log.sync() {
                Ok(()) => self.is_log_ahead = false,
                Err(error) => self.halt(error),
            }
        }
        if self.is_halted {
            self.effects.retain(|effect| matches!(effect, Effect::Committed(_) | Effect::Halted(_)));
        }
        std::mem::take(&mut self.effects)
    }

    /// The store and the log, as the disk has them.
    pub fn into_disk(self) -> (S, L) {
        (self.store, self.log)
    }

    /// The log.
    pub fn log(&self) -> &L {
        &self.log
    }
}
