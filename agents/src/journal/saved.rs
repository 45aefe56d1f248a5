//! What a journal has added up when a run is saved: all that it knows between two periods, apart from the rows.

use std::sync::atomic::Ordering;

use goshawk_output::{OutputError, Sealed};
use serde::{Deserialize, Serialize};

use super::Journal;
use crate::calendar::PeriodIndex;
use crate::tally::Tally;

/// A journal between two periods.
#[derive(Debug, Serialize, Deserialize)]
pub struct JournalState {
    period: PeriodIndex,
    blocks: u64,
    tally: Tally,
}

impl JournalState {
    /// Periods whose books are closed.
    pub fn periods(&self) -> u32 {
        self.period.0
    }
}

impl Journal {
    /// Ends the parts that rows have gone to so far, for a run that is saved here; what comes goes to new ones.
    ///
    /// # Errors
    /// When the rows cannot be written.
    pub fn end_leg(&mut self) -> Result<Sealed, OutputError> {
        self.recorder.end_leg()
    }

    /// What it has added up. Books that are open, and a day sheet, are no part of it.
    pub fn state(&self) -> JournalStateRef<'_> {
        let blocks = self.progress.blocks.load(Ordering::Relaxed);
        JournalStateRef { period: self.period, blocks, tally: &self.tally }
    }

    /// Goes on from what was added up before.
    pub fn go_on_from(&mut self, state: JournalState) {
        self.period = state.period;
        self.tally.go_on_from(state.tally);
        self.progress.periods.store(state.period.0, Ordering::Relaxed);
        self.progress.blocks.store(state.blocks, Ordering::Relaxed);
    }
}

/// A journal between two periods, to be written: reads as a [`JournalState`].
#[derive(Debug, Serialize)]
pub struct JournalStateRef<'a> {
    period: PeriodIndex,
    blocks: u64,
    tally: &'a Tally,
}
