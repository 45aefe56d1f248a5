//! Somebody contests a reading now and then: a false one, an honest one, or one on which the grid never says a word.

use std::sync::Arc;

use goshawk_ledger::{AccountId, ContractId, ContractTerms, Operation, SignedTransaction};
use goshawk_market::quantity::Energy;

use crate::community::Community;

/// The grid's account.
const GRID: AccountId = AccountId(0);
/// The platform's account.
const PLATFORM: AccountId = AccountId(1);

/// What has been contested and not resolved.
#[derive(Default)]
pub(crate) struct Contests {
    periods: usize,
    /// The contracts of the last period, if they wait for a word that never comes.
    unsettled: Vec<ContractId>,
}

impl Contests {
    /// Adds to a period's transactions what is contested in it, and what is settled late.
    pub(crate) fn add(&mut self, batch: &mut Vec<Arc<SignedTransaction>>, community: &mut Community) {
        let unsettled = std::mem::take(&mut self.unsettled);
        self.periods += 1;
        let Some(terms) = first_terms(batch) else { return };
        let ContractTerms { id, period, seller, buyer, energy, .. } = terms;
        let half = Energy::from_micro(energy.micro() / 2);
        let contested = match self.periods % 9 {
            1 => Some((buyer, seller, Some(half))),
            4 => Some((GRID, buyer, Some(energy))),
            7 => Some((seller, buyer, None)),
            _ => None,
        };
        let first_settlement = batch.iter().position(|it| settled(it).is_some()).unwrap_or(batch.len());
        if let Some((by, account, measured)) = contested {
            if measured.is_none() {
                self.unsettled = batch.iter().filter_map(|it| settled(it)).collect();
            }
            let dispute = community.sign(by, Operation::Dispute { contract: id, account });
            let resolve = measured
                .map(|measured| community.sign(GRID, Operation::Resolve { period, account, measured }));
            let contest = std::iter::once(dispute).chain(resolve);
            batch.splice(first_settlement..first_settlement, contest);
        }
        let settle = |contract| community.sign(PLATFORM, Operation::Settle { contract });
        batch.extend(unsettled.into_iter().map(settle));
    }
}

fn first_terms(batch: &[Arc<SignedTransaction>]) -> Option<ContractTerms> {
    batch.iter().find_map(|signed| match &signed.transaction().operation {
        Operation::Publish { terms } => Some(*terms),
        _ => None,
    })
}

fn settled(signed: &SignedTransaction) -> Option<ContractId> {
    match signed.transaction().operation {
        Operation::Settle { contract } => Some(contract),
        _ => None,
    }
}
