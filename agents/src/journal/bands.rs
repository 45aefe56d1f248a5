//! What credit bands do to households, as rows and counts.

use goshawk_engine::SimTime;
use goshawk_market::order::HouseholdId;
use goshawk_output::table::EventRow;
use goshawk_output::{Label, Timestamp};

use super::Journal;
use crate::calendar::PeriodIndex;

impl Journal {
    /// A household may not trade until a period.
    pub(crate) fn suspended(&mut self, at: SimTime, household: HouseholdId, until: PeriodIndex) {
        self.tally.suspended(household.0 as usize);
        let what = format!("it may trade again from period {} of the run on", until.0);
        self.household_event(at, household, "suspended", what);
    }

    /// A household that was suspended trades again.
    pub(crate) fn reinstated(&mut self, at: SimTime, household: HouseholdId) {
        self.household_event(at, household, "reinstated", "it has a contract again".to_owned());
    }

    /// The market has left out the order of a suspended household.
    pub(crate) fn order_left_out(&mut self) {
        self.tally.order_left_out();
    }

    fn household_event(&mut self, at: SimTime, household: HouseholdId, kind: &'static str, detail: String) {
        let actor = self.names.households[household.0 as usize];
        self.tally.event(kind);
        let at = Timestamp(self.calendar.unix_micros(at));
        self.recorder.push(EventRow { at, actor, kind: Label(kind), detail });
    }
}
