//! Readings that the grid contests on the ledger, because its own meters show something else.

use goshawk_engine::Context;
use goshawk_ledger::{AccountId, ContractId, Operation};
use goshawk_market::order::HouseholdId;
use goshawk_market::quantity::Energy;

use super::Grid;
use crate::calendar::PeriodIndex;
use crate::message::{CommunityModel, Message, phase};

/// A reading that the grid does not believe.
pub(super) struct ContestedReading {
    /// Whose.
    pub(super) household: HouseholdId,
    /// Of which period.
    pub(super) period: PeriodIndex,
    /// What it says.
    pub(super) claimed: Energy,
    /// What counts instead.
    pub(super) measured: Energy,
}

impl Grid {
    /// Contests a reading under a contract of the household, and says at once what was measured.
    pub(super) fn contest(
        &mut self,
        contract: ContractId,
        reading: &ContestedReading,
        context: &mut Context<'_, CommunityModel>,
    ) {
        let ContestedReading { household, period, claimed, measured } = *reading;
        let account = AccountId(household.0);
        let platform = self.commons.directory.platform;
        let resolve = Operation::Resolve { period: period.0, account, measured };
        for operation in [Operation::Dispute { contract, account }, resolve] {
            let transaction = self.signatory.sign(operation, context.now());
            context.send_in(platform, phase::READING, Message::Transaction(transaction));
        }
        let (now, name) = (context.now(), context.name().to_owned());
        let whose = context.sink().household_name(household);
        let detail = format!("{whose} claimed {claimed} kWh, {measured} kWh were measured");
        context.sink().event(now, &name, "dispute", detail);
    }
}
