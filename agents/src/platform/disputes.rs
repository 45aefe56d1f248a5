//! Readings that the grid's meters show to be false.

use std::sync::Arc;

use goshawk_engine::Context;
use goshawk_ledger::{AccountId, Operation, SignedTransaction};
use goshawk_market::order::HouseholdId;
use goshawk_market::quantity::Energy;

use super::Platform;
use crate::calendar::PeriodIndex;
use crate::message::{CommunityModel, Message, phase};

impl Platform {
    /// Shows the grid a reading that its meters contradict, with a contract under which it can be contested. Where none of the
    /// household's contracts is in force there is nothing to contest.
    pub(super) fn compare(
        &self,
        household: HouseholdId,
        measured: Energy,
        context: &mut Context<'_, CommunityModel>,
    ) {
        let account = AccountId(household.0);
        let mut in_force = self.contracts.iter().filter(|terms| !self.cancelled.contains(&terms.id));
        let Some(terms) = in_force.find(|terms| terms.seller == account || terms.buyer == account) else {
            return;
        };
        let contest = Message::Contest {
            household,
            period: PeriodIndex(terms.period),
            contract: terms.id,
            claimed: self.ready[household.0 as usize],
            measured,
        };
        context.send_in(self.commons.directory.grid, phase::READING, contest);
    }

    /// Takes in a transaction for the ledger. What the grid measured counts for the platform too.
    pub(super) fn take_in(&mut self, transaction: Arc<SignedTransaction>) {
        if let Operation::Resolve { account, measured, .. } = transaction.transaction().operation {
            self.ready[account.0 as usize] = measured;
        }
        self.outbox.add(transaction);
    }
}
