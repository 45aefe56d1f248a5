//! What the platform learns of credit bands from receipts: what they ask of the parties to a contract, and who is suspended.

use std::collections::{BTreeMap, BTreeSet};

use goshawk_engine::Context;
use goshawk_ledger::{
    AccountId, Change, Conditions, ContractId, ContractTerms, CreditRules, Operation, Receipt, Standing,
};
use goshawk_market::order::{Credit, HouseholdId};

use crate::calendar::PeriodIndex;
use crate::message::{CommunityModel, Message};
use crate::saved::saved;

/// Credit bands as receipts tell them.
#[derive(Debug)]
pub(super) struct Bands {
    rules: CreditRules,
    /// Surcharges of seller and buyer of contracts that are not settled, by number.
    surcharges: BTreeMap<u64, [Option<u32>; 2]>,
    /// Accounts that are suspended.
    suspended: BTreeSet<u32>,
    /// Of the block that is read: who is suspended until when.
    barred: Vec<(HouseholdId, PeriodIndex)>,
    /// Of the same block: who was not suspended before.
    newly_barred: Vec<(HouseholdId, PeriodIndex)>,
    /// Of the same block: who trades again.
    reinstated: Vec<HouseholdId>,
}

impl Bands {
    pub(super) fn new(rules: CreditRules) -> Self {
        Self {
            rules,
            surcharges: BTreeMap::new(),
            suspended: BTreeSet::new(),
            barred: Vec::new(),
            newly_barred: Vec::new(),
            reinstated: Vec::new(),
        }
    }

    /// A party has bound itself, as the receipt says.
    pub(super) fn bound(&mut self, sender: AccountId, operation: &Operation, receipt: &Receipt) {
        let (contract, side, conditions) = match (operation, receipt.change()) {
            (Operation::Publish { terms }, Some(Change::Published { seller })) => (terms.id, 0, seller),
            (Operation::Sign { contract }, Some(Change::Signed { buyer, .. })) => (*contract, 1, buyer),
            _ => return,
        };
        let Conditions { surcharge, .. } = conditions;
        self.surcharges.entry(contract.0).or_default()[side] = Some(*surcharge);
        if self.suspended.remove(&sender.0) {
            self.reinstated.push(HouseholdId(sender.0));
        }
    }

    /// A contract is over, and left its parties there.
    pub(super) fn closed(&mut self, terms: &ContractTerms, standings: [Standing; 2]) {
        for (party, standing) in [terms.seller, terms.buyer].into_iter().zip(standings) {
            let Standing::Suspended { until } = standing else { continue };
            let news = (HouseholdId(party.0), PeriodIndex(until));
            self.barred.push(news);
            if self.suspended.insert(party.0) {
                self.newly_barred.push(news);
            }
        }
    }

    /// The surcharges of seller and buyer of a contract that is settled now, if both are known.
    pub(super) fn surcharges(&mut self, contract: ContractId) -> Option<[u32; 2]> {
        match self.surcharges.remove(&contract.0)? {
            [Some(seller), Some(buyer)] => Some([seller, buyer]),
            _ => None,
        }
    }

    /// A contract is void.
    pub(super) fn forget(&mut self, contract: ContractId) {
        self.surcharges.remove(&contract.0);
    }
}

saved!(Bands { surcharges, suspended, barred, newly_barred, reinstated } parts {} built again { rules });

impl super::Platform {
    /// Writes down and tells the market what a block said of bands.
    pub(super) fn tell_of_bands(
        &mut self,
        credits: &mut Vec<(HouseholdId, Credit)>,
        context: &mut Context<'_, CommunityModel>,
    ) {
        let Some(bands) = &mut self.bands else { return };
        let now = context.now();
        for (household, until) in bands.newly_barred.drain(..) {
            context.sink().suspended(now, household, until);
        }
        let score = Credit::from_micro(bands.rules.return_score)
            .expect("invariant: the scores of checked rules are at most one");
        for household in bands.reinstated.drain(..) {
            context.sink().reinstated(now, household);
            credits.push((household, score));
        }
        if !bands.barred.is_empty() {
            let barred = std::mem::take(&mut bands.barred);
            context.send(self.commons.directory.market, Message::Suspended(barred));
        }
    }
}
