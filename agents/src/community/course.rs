//! The course of a run: its begin, its periods, and what it came to.

use goshawk_engine::{Difference, Pacer, SimTime, Unpaced, first_difference};

use super::{Community, CommunityError, RunOutcome};
use crate::calendar::PeriodIndex;
use crate::journal::Journal;
use crate::message::{Message, phase};
use crate::platform::Platform;
use crate::validator::ValidatorActor;

impl Community {
    /// Runs to the end, and until the validators have nothing more to say.
    ///
    /// # Errors
    /// When an actor fails, the books do not balance, rows cannot be written, or contracts stay open.
    pub fn run(&mut self, journal: &mut Journal) -> Result<RunOutcome, CommunityError> {
        self.begin(journal)?;
        self.go_on(journal)
    }

    /// Sets everything going; nothing has happened yet.
    ///
    /// # Errors
    /// When somebody cannot be reached.
    pub fn begin(&mut self, journal: &mut Journal) -> Result<(), CommunityError> {
        for row in self.rows.drain(..) {
            journal.register(row);
        }
        self.expect_books(journal);
        for &household in &self.commons.directory.households {
            self.simulation.send_at(household, SimTime::ZERO, phase::PLUG, Message::Start)?;
        }
        let first = Message::Tick(PeriodIndex(0));
        self.simulation.send_at(self.commons.directory.market, SimTime::ZERO, phase::METER, first)?;
        Ok(())
    }

    /// Says whose books the journal has to wait for.
    pub(super) fn expect_books(&self, journal: &mut Journal) {
        if self.commons.directory.aggregator.is_some() {
            journal.expect_fleet();
        }
    }

    /// Runs on to the end after [`begin`](Self::begin) or [`restore`](Self::restore), and until the validators have nothing
    /// more to say.
    ///
    /// # Errors
    /// As [`run`](Self::run).
    pub fn go_on(&mut self, journal: &mut Journal) -> Result<RunOutcome, CommunityError> {
        self.go_on_paced(journal, &mut Unpaced)
    }

    /// As [`go_on`](Self::go_on), no faster than `pacer` allows.
    ///
    /// # Errors
    /// As [`run`](Self::run), and when it is later than `pacer` tolerates.
    pub fn go_on_paced(
        &mut self,
        journal: &mut Journal,
        pacer: &mut impl Pacer,
    ) -> Result<RunOutcome, CommunityError> {
        // Period by period, so that whoever watches the run sees how much happens in it.
        for period in journal.periods_done() + 1..=self.commons.calendar.periods() {
            let end = self.commons.calendar.start_of(PeriodIndex(period));
            self.simulation.run_paced(end, journal, pacer)?;
            journal.report(self.simulation.counters());
        }
        self.simulation.run_paced_to_exhaustion(journal, pacer)?;
        self.conclude(journal)
    }

    /// Runs this community and its twin side by side, both after [`begin`](Self::begin), until they part or both have come to
    /// their end: then `None`, and each may be [concluded](Self::conclude).
    ///
    /// # Errors
    /// As [`run`](Self::run), from either.
    pub fn first_difference(
        &mut self,
        journal: &mut Journal,
        twin: &mut Self,
        journal_of_twin: &mut Journal,
    ) -> Result<Option<Difference>, CommunityError> {
        Ok(first_difference((&mut self.simulation, journal), (&mut twin.simulation, journal_of_twin))?)
    }

    /// What a run came to in which nothing is pending any more.
    ///
    /// # Errors
    /// When it ended before its last period, or contracts stay open.
    pub fn conclude(&mut self, journal: &Journal) -> Result<RunOutcome, CommunityError> {
        journal.report(self.simulation.counters());
        let (done, periods) = (journal.periods_done(), self.commons.calendar.periods());
        if done < periods {
            return Err(CommunityError::Unfinished { done, periods });
        }
        let platform: Option<&Platform> = self.simulation.actor(self.commons.directory.platform);
        let pending = platform.map_or(0, Platform::pending);
        if pending > 0 {
            return Err(CommunityError::Uncommitted(pending));
        }
        for &validator in &self.commons.directory.validators {
            let actor: Option<&mut ValidatorActor> = self.simulation.actor_mut(validator);
            actor.expect("invariant: validators are where the directory says").flush()?;
        }
        let simulation = &self.simulation;
        Ok(RunOutcome {
            digest: simulation.digest(),
            counters: simulation.counters(),
            kinds: simulation.kinds(),
        })
    }
}
