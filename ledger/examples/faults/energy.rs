//! Who had how much energy, and who was paid for how much, counted again from the chain.

use std::collections::{BTreeMap, BTreeSet};

use goshawk_ledger::{
    AccountId, Block, Change, ContractId, ContractTerms, Operation, Receipt, Rejection, Settlement,
};
use goshawk_market::quantity::Energy;

use crate::trial::checks::Violation;
use crate::trial::counters::Counters;

/// An account in a period.
type Place = (u32, AccountId);

/// The energies of a chain.
#[derive(Default)]
pub(crate) struct EnergyBook {
    terms: BTreeMap<ContractId, ContractTerms>,
    /// What each account metered, or the grid measured, and what of it has not moved yet.
    left: BTreeMap<Place, Energy>,
    /// Readings that the grid has not resolved.
    contested: BTreeSet<Place>,
    /// The latest period of which anything has been settled.
    latest: Option<u32>,
    /// What became of disputes.
    pub(crate) counts: Counters,
}

impl EnergyBook {
    /// Nobody is paid for energy that was not metered, or more than was contracted, or of a reading in dispute.
    pub(crate) fn next(&mut self, block: &Block, receipts: &[Receipt]) -> Result<(), Violation> {
        for (signed, receipt) in block.transactions().iter().zip(receipts) {
            let transaction = signed.transaction();
            if matches!(receipt.rejection(), Some(Rejection::InDispute { .. })) {
                self.counts.held_up += 1;
            }
            let Some(change) = receipt.change() else { continue };
            match (&transaction.operation, change) {
                (Operation::Publish { terms }, Change::Published { .. }) => {
                    self.terms.insert(terms.id, *terms);
                }
                (Operation::Meter { period, ready }, Change::Metered) => {
                    self.left.insert((*period, transaction.sender), *ready);
                }
                (Operation::Dispute { contract, account }, Change::Disputed { .. }) => {
                    self.dispute(*contract, *account)?;
                }
                (Operation::Resolve { period, account, .. }, Change::Resolved { claimed, measured }) => {
                    self.resolve((*period, *account), *claimed, *measured)?;
                }
                (Operation::Settle { contract }, Change::Closed { settlement, .. }) => {
                    self.settle(*contract, settlement)?;
                }
                _ => (),
            }
        }
        Ok(())
    }

    fn dispute(&mut self, contract: ContractId, account: AccountId) -> Result<(), Violation> {
        let period = self.terms.get(&contract).map(|terms| terms.period);
        let period = period.ok_or_else(|| format!("dispute: contract {} is not open", contract.0))?;
        if !self.left.contains_key(&(period, account)) || !self.contested.insert((period, account)) {
            return Err(format!("dispute: {account:?} in period {period} has no reading to contest"));
        }
        self.counts.contested += 1;
        Ok(())
    }

    fn resolve(&mut self, place: Place, claimed: Energy, measured: Energy) -> Result<(), Violation> {
        if !self.contested.remove(&place) {
            return Err(format!("dispute: nobody contests the reading of {place:?}"));
        }
        if self.left.insert(place, measured) != Some(claimed) {
            return Err(format!("dispute: of the reading of {place:?} something was given out"));
        }
        if claimed == measured {
            self.counts.confirmed += 1;
        } else {
            self.counts.corrected += 1;
        }
        Ok(())
    }

    fn settle(&mut self, contract: ContractId, settlement: &Settlement) -> Result<(), Violation> {
        let number = contract.0;
        let Some(terms) = self.terms.remove(&contract) else {
            return Err(format!("energy: contract {number} is settled and was never open"));
        };
        let parts = settlement.delivered + settlement.seller_short + settlement.buyer_short;
        if parts != terms.energy && parts != Energy::ZERO {
            return Err(format!("energy: contract {number} does not add up"));
        }
        if settlement.seller_amount != terms.seller_price * settlement.delivered {
            return Err(format!("energy: contract {number} is paid for something else"));
        }
        for place in [terms.seller, terms.buyer].map(|party| (terms.period, party)) {
            if self.contested.contains(&place) {
                if self.latest <= Some(terms.period) {
                    return Err(format!("dispute: contract {number} is settled before the grid has spoken"));
                }
                self.counts.lapsed += 1;
            }
            let left = self.left.entry(place).or_default();
            *left -= settlement.delivered;
            if left.is_negative() {
                return Err(format!("energy: contract {number} moves more than was metered"));
            }
        }
        self.latest = self.latest.max(Some(terms.period));
        Ok(())
    }
}
