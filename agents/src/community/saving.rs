//! A run that is saved: when, what of it, and how another goes on from there.
//!
//! A run is saved as a day's books are closed: the rows of the day are written, and the tariffs of the next one are not
//! published. At that moment the validators have, as a rule, long agreed on all that the day brought. Where one of them
//! has not, because latencies are long, the next end of a period is taken at which all have.

use goshawk_engine::Snapshot;
use goshawk_ledger::Committed;

use super::{Community, CommunityError};
use crate::journal::Journal;
use crate::validator::ValidatorActor;

/// For so many days the end of a period is looked for at which all validators are between two blocks.
const DAYS_TO_WAIT: u32 = 1;

/// Why a run cannot be saved, or gone on with.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum SavingError {
    /// The run itself has failed.
    #[error(transparent)]
    Community(#[from] CommunityError),
    /// The validators never pause.
    #[error(
        "the validators agree on blocks without a pause in the day after the end of day {day}, so the run cannot be saved; \
         shorter latencies or longer periods leave one"
    )]
    NeverBetweenBlocks {
        /// The day, from 1.
        day: u32,
    },
}

impl Community {
    /// Runs until the books of a period are closed and all validators are between two blocks; `periods` are those that
    /// are closed then at least. Returns how many are.
    ///
    /// # Errors
    /// When the run fails or ends before, or there is no such moment within a day.
    pub fn run_to_save(&mut self, periods: u32, journal: &mut Journal) -> Result<u32, SavingError> {
        let per_day = self.commons.calendar.periods_per_day();
        let last = (periods + DAYS_TO_WAIT * per_day).min(self.commons.calendar.periods() - 1);
        for periods in periods..=last {
            self.run_to_closed_books(periods, journal)?;
            journal.report(self.simulation.counters());
            if self.validators().all(|actor| actor.validator().is_between_blocks()) && self.is_level() {
                return Ok(periods);
            }
        }
        Err(SavingError::NeverBetweenBlocks { day: periods / per_day })
    }

    fn run_to_closed_books(&mut self, periods: u32, journal: &mut Journal) -> Result<(), CommunityError> {
        let end = self.commons.calendar.start_of(crate::calendar::PeriodIndex(periods));
        self.simulation.run_until(end, journal)?;
        while journal.periods_done() < periods {
            if self.simulation.step(journal)?.is_none() {
                let (done, periods) = (journal.periods_done(), self.commons.calendar.periods());
                return Err(CommunityError::Unfinished { done, periods });
            }
        }
        Ok(())
    }

    /// Whether all validators have agreed on the same blocks.
    fn is_level(&self) -> bool {
        let mut heights = self.validators().map(|actor| actor.validator().height());
        let first = heights.next();
        heights.all(|height| Some(height) == first)
    }

    fn validators(&self) -> impl Iterator<Item = &ValidatorActor> {
        self.commons.directory.validators.iter().map(|&id| {
            let actor: Option<&ValidatorActor> = self.simulation.actor(id);
            actor.expect("invariant: validators are where the directory says")
        })
    }

    /// The simulation as it stands. `label` says what it is of.
    ///
    /// # Errors
    /// When an actor is in the middle of something; see [`run_to_save`](Self::run_to_save).
    pub fn save(&self, label: &str) -> Result<Snapshot, CommunityError> {
        Ok(self.simulation.save(label)?)
    }

    /// How many blocks the ledger has, on which all validators have agreed.
    pub fn blocks(&self) -> u64 {
        self.validators().next().map_or(0, |actor| actor.validator().height() - 1)
    }

    /// Takes the place of a community that was saved, before anything has run. Its blocks are still to be
    /// [put back](Self::restock), from the first on.
    ///
    /// # Errors
    /// When it is of other actors, or cannot be read.
    pub fn restore(&mut self, snapshot: &Snapshot, journal: &mut Journal) -> Result<(), CommunityError> {
        self.rows.clear();
        self.expect_books(journal);
        Ok(self.simulation.restore(snapshot)?)
    }

    /// Puts the next block of the ledger back into every validator's store.
    ///
    /// # Errors
    /// When a store fails, or the block is of another chain.
    pub fn restock(&mut self, committed: &Committed) -> Result<(), CommunityError> {
        for &id in &self.commons.directory.validators {
            let actor: Option<&mut ValidatorActor> = self.simulation.actor_mut(id);
            actor.expect("invariant: validators are where the directory says").restock(committed)?;
        }
        Ok(())
    }
}
