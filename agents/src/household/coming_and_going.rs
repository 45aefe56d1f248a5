//! What a household does as its vehicle comes and goes, and what it writes down about it.

use std::sync::Arc;

use goshawk_engine::{Context, Fault};
use goshawk_ledger::{Operation, SignedTransaction};
use goshawk_market::quantity::Energy;

use super::Household;
use super::books::Books;
use super::charging::{Outcome, carry_out};
use super::driving::Trip;
use super::presence::Want;
use crate::calendar::PeriodIndex;
use crate::commons::share_down;
use crate::message::{CommunityModel, Message, phase};

/// Missing energy below this is rounding: 1 Wh.
const NOTED: Energy = Energy::from_micro(1_000);

impl Household {
    pub(super) fn start(&mut self, context: &mut Context<'_, CommunityModel>) -> Result<(), Fault> {
        self.presence.start(&self.commons.calendar, &self.kind.air, &self.battery)?;
        self.expect_next(context);
        Ok(())
    }

    pub(super) fn leave(&mut self, context: &mut Context<'_, CommunityModel>) -> Result<(), Fault> {
        let calendar = &self.commons.calendar;
        let start = self
            .current
            .as_ref()
            .map_or(goshawk_engine::SimTime::ZERO, |current| calendar.start_of(current.opening.period));
        self.presence.leave(context.now(), start, calendar, &self.kind.air, &self.battery)?;
        self.expect_next(context);
        Ok(())
    }

    pub(super) fn arrive(&mut self, context: &mut Context<'_, CommunityModel>) {
        if let Some(late) = self.presence.arrive(context.now()) {
            let minutes = (late.arrives.micros() - late.expected.micros()) / 60_000_000;
            self.note("late_arrival", format!("back {minutes} minutes later than planned"), context);
        }
        self.expect_next(context);
    }

    /// Schedules the next departure or arrival.
    fn expect_next(&self, context: &mut Context<'_, CommunityModel>) {
        if let Some(at) = self.presence.next_departure() {
            context.send_at(context.me(), at, phase::PLUG, Message::Leave);
        } else if let Some(at) = self.presence.next_arrival() {
            context.send_at(context.me(), at, phase::PLUG, Message::Return);
        }
    }

    fn note(&self, kind: &'static str, detail: String, context: &mut Context<'_, CommunityModel>) {
        let (at, name) = (context.now(), context.name().to_owned());
        context.sink().event(at, &name, kind, detail);
    }

    /// Drives what departures of the period take, and writes down which needs were met.
    pub(super) fn drive(&mut self, books: &mut Books, context: &mut Context<'_, CommunityModel>) {
        let before = self.battery.content() - self.battery.gain_from(books.charged).min(books.charged);
        let habit_shortfall = self.driven_meanwhile - books.driven;
        if habit_shortfall.is_positive() {
            self.shortfall(habit_shortfall, context);
        }
        let stretches = std::mem::take(&mut self.stretches);
        let mut session_charged = Energy::ZERO;
        let ends = stretches.iter().map(|(stretch, _)| stretch);
        let driven = carry_out(&self.battery, before, books.charged, ends, |place, outcome| {
            let (stretch, want) = &stretches[place];
            if stretch.drive.is_some() {
                self.departed(want, &outcome, context);
            } else {
                session_charged = outcome.charged;
            }
        });
        books.driven += self.battery.drive(driven);
        self.presence.close(session_charged);
        self.stretches = stretches;
    }

    fn departed(&self, want: &Want, outcome: &Outcome, context: &mut Context<'_, CommunityModel>) {
        match want {
            Want::Nothing => return,
            Want::Trip(trip) => {
                let missing = if outcome.missing >= NOTED { outcome.missing } else { Energy::ZERO };
                context.sink().departure(missing, outcome.held);
                if missing.is_positive() {
                    self.note_short_departure(trip, outcome, context);
                }
            }
            Want::Session(session, _) => {
                let missing = if outcome.missing >= NOTED { outcome.missing } else { Energy::ZERO };
                context.sink().session(
                    session.energy + session.cut,
                    session.energy - outcome.missing,
                    missing,
                );
                self.note_session(session, missing, context);
            }
        }
        if outcome.shortfall.is_positive() {
            self.shortfall(outcome.shortfall, context);
        }
    }

    fn note_short_departure(
        &self,
        trip: &Trip,
        outcome: &Outcome,
        context: &mut Context<'_, CommunityModel>,
    ) {
        let (missing, [held, wanted]) = (outcome.missing, outcome.held);
        let early = (trip.planned.micros() - trip.leaves.micros()) / 60_000_000;
        let mut detail =
            format!("left {missing} kWh at the meter short of trip and reserve, with {held} of {wanted} kWh");
        if trip.leaves < trip.planned {
            detail.push_str(&format!(", {early} minutes before the plan"));
        }
        self.note("departure_short", detail, context);
    }

    fn note_session(
        &self,
        session: &super::session::Session,
        missing: Energy,
        context: &mut Context<'_, CommunityModel>,
    ) {
        let number = session.number;
        if session.is_repaired {
            let detail = format!("session of line {number}: a time that the clock skips or shows twice");
            self.note("session_repaired", detail, context);
        }
        if session.cut.is_positive() {
            let (cut, all) = (session.cut, session.energy + session.cut);
            let detail =
                format!("session of line {number}: {cut} of {all} kWh are more than power and time allow");
            self.note("session_cut", detail, context);
        }
        if missing.is_positive() {
            let detail = format!("session {number}: {missing} of {} kWh were not charged", session.energy);
            self.note("session_short", detail, context);
        }
    }

    fn shortfall(&self, missing: Energy, context: &mut Context<'_, CommunityModel>) {
        context.sink().range_shortfall(missing);
        self.note("range_shortfall", format!("range shortfall of {missing} kWh"), context);
    }

    /// Sends a transaction of an earlier period again, where that is to happen; the next time it is this one.
    pub(super) fn send_again(
        &mut self,
        new: &Arc<SignedTransaction>,
        context: &mut Context<'_, CommunityModel>,
    ) {
        let replays = self.current.as_ref().is_some_and(|current| current.misconduct.replays);
        let old = self.contracting.as_mut().and_then(|contracting| contracting.exchange(new));
        let Some(old) = old.filter(|_| replays) else { return };
        let name = old.transaction().operation.name();
        self.note("replay", format!("a {name} of an earlier period was sent again"), context);
        context.send_in(self.commons.directory.platform, phase::CONTRACT, Message::Replay(old));
    }

    /// Signs the reading of the period's meter. Where the grid's own meters show that it is false, they say so: nothing of it
    /// counts as ready.
    pub(super) fn report_reading(&mut self, period: PeriodIndex, context: &mut Context<'_, CommunityModel>) {
        let ready = self.reading(context);
        let is_found = self.current.as_ref().is_some_and(|current| current.misconduct.is_found);
        let platform = self.commons.directory.platform;
        let transaction = self.signatory.sign(Operation::Meter { period: period.0, ready }, context.now());
        let reading = Message::MeterReading { household: self.id, ready, transaction };
        context.send_in(platform, phase::READING, reading);
        if is_found && ready.is_positive() {
            let measured = Message::GridReading { household: self.id, measured: Energy::ZERO };
            context.send_in(platform, phase::READING, measured);
        }
    }

    /// The reading of the period's meter: what was ready, unless something goes wrong on purpose.
    fn reading(&mut self, context: &mut Context<'_, CommunityModel>) -> Energy {
        let current = self.current.as_ref().expect("invariant: readings belong to a period");
        let (all_sold, sold_twice) = (current.sold(), current.sold_twice());
        let mut ready = self.ready(current);
        if sold_twice.is_positive() {
            // It keeps the rest for itself, though the battery may hold it.
            ready = ready.min(all_sold - sold_twice);
            let detail = format!("{all_sold} kWh were sold, {sold_twice} kWh of them a second time");
            self.note("double_sale", detail, context);
        }
        let (misconduct, sells) = (current.misconduct, !current.award.sold.is_empty());
        if misconduct.withholds && sells {
            self.note("non_delivery", format!("{ready} kWh were ready and not delivered"), context);
            return Energy::ZERO;
        }
        let Some(share) = misconduct.falsified else { return ready };
        let true_part = share_down(ready, 1.0 - share);
        if misconduct.is_found {
            let detail = format!("a reading wrong by {} kWh was found and is void", ready - true_part);
            self.note("false_reading_found", detail, context);
        } else {
            self.note("false_reading", format!("a reading wrong by {} kWh", ready - true_part), context);
            let current = self.current.as_mut().expect("invariant: looked at just above");
            current.unpaid = ready - true_part;
        }
        // A seller claims what it did not give, a buyer denies what it took.
        if sells { ready } else { true_part }
    }
}
