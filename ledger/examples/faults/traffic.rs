//! The clients: they submit a period's transactions to every validator, and again until enough validators have reported
//! them.

use std::collections::BTreeMap;
use std::sync::Arc;

use goshawk_ledger::{Genesis, SignedTransaction, TransactionId};

use crate::community::Community;
use crate::trial::plan::Plan;

/// How long clients wait before they submit again, in microseconds.
const PATIENCE_MICROS: u64 = 4_000_000;
/// How often they look, in microseconds.
pub(crate) const TICK_MICROS: u64 = 400_000;

pub(crate) type Batch = Arc<[Arc<SignedTransaction>]>;

pub(crate) struct Clients {
    community: Community,
    pairs: usize,
    periods_left: usize,
    one_by_one: bool,
    /// Transactions that are not acknowledged, in the order of signing.
    pending: BTreeMap<usize, Arc<SignedTransaction>>,
    place_of: BTreeMap<TransactionId, usize>,
    sent_at_micros: u64,
    /// Everything that was ever submitted.
    pub(crate) signed: Vec<Arc<SignedTransaction>>,
}

impl Clients {
    pub(crate) fn new(genesis: &Arc<Genesis>, plan: &Plan) -> Self {
        Self {
            community: Community::new(genesis),
            pairs: plan.pairs,
            periods_left: plan.periods,
            one_by_one: plan.one_by_one,
            pending: BTreeMap::new(),
            place_of: BTreeMap::new(),
            sent_at_micros: 0,
            signed: Vec::new(),
        }
    }

    /// What is submitted now, if anything.
    pub(crate) fn tick(&mut self, now_micros: u64) -> Option<Batch> {
        let is_next = self.pending.is_empty() || (!self.one_by_one && self.pending.len() < 400);
        if self.periods_left > 0 && is_next {
            self.periods_left -= 1;
            self.sent_at_micros = now_micros;
            let batch = self.community.period(self.pairs);
            for transaction in &batch {
                let place = self.signed.len();
                self.place_of.insert(transaction.id(), place);
                self.pending.insert(place, Arc::clone(transaction));
                self.signed.push(Arc::clone(transaction));
            }
            return Some(batch.into());
        }
        if self.pending.is_empty() || now_micros < self.sent_at_micros + PATIENCE_MICROS {
            return None;
        }
        self.sent_at_micros = now_micros;
        Some(self.pending.values().cloned().collect())
    }

    /// Enough validators have reported a transaction.
    pub(crate) fn acknowledge(&mut self, id: &TransactionId) {
        if let Some(place) = self.place_of.get(id) {
            self.pending.remove(place);
        }
    }

    pub(crate) fn has_more(&self) -> bool {
        self.periods_left > 0
    }

    pub(crate) fn is_done(&self) -> bool {
        self.periods_left == 0 && self.pending.is_empty()
    }
}
