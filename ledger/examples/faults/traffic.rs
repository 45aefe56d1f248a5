//! The clients: they submit a period's transactions to every validator, and again until enough validators have reported
//! them.

use std::collections::BTreeMap;
use std::sync::Arc;

use goshawk_ledger::{
    AccountId, Digest, Evidence, Genesis, Operation, SignedTransaction, TransactionId, Vote, VoteKind,
};

use crate::community::Community;
use crate::trial::contests::Contests;
use crate::trial::plan::Plan;

/// How long clients wait before they submit again, in microseconds.
const PATIENCE_MICROS: u64 = 4_000_000;
/// How often they look, in microseconds.
pub(crate) const TICK_MICROS: u64 = 400_000;

pub(crate) type Batch = Arc<[Arc<SignedTransaction>]>;

pub(crate) struct Clients {
    genesis: Arc<Genesis>,
    community: Community,
    contests: Contests,
    pairs: usize,
    periods_left: usize,
    one_by_one: bool,
    /// Transactions that are not acknowledged, in the order of signing.
    pending: BTreeMap<usize, Arc<SignedTransaction>>,
    place_of: BTreeMap<TransactionId, usize>,
    sent_at_micros: u64,
    /// Evidence that is to be submitted, and how often each validator was accused of each height.
    accusations: Vec<Evidence>,
    accused: BTreeMap<(u32, u64), u32>,
    pub(crate) false_accusations: u64,
    /// Everything that was ever submitted.
    pub(crate) signed: Vec<Arc<SignedTransaction>>,
}

impl Clients {
    pub(crate) fn new(genesis: &Arc<Genesis>, plan: &Plan) -> Self {
        Self {
            genesis: Arc::clone(genesis),
            community: Community::new(genesis),
            contests: Contests::default(),
            pairs: plan.pairs,
            periods_left: plan.periods,
            one_by_one: plan.one_by_one,
            pending: BTreeMap::new(),
            place_of: BTreeMap::new(),
            sent_at_micros: 0,
            accusations: Vec::new(),
            accused: BTreeMap::new(),
            false_accusations: 0,
            signed: Vec::new(),
        }
    }

    /// What is submitted now, if anything.
    pub(crate) fn tick(&mut self, now_micros: u64) -> Option<Batch> {
        if !self.accusations.is_empty() {
            let accuser = AccountId(2);
            let sign = |evidence| self.community.sign(accuser, Operation::Accuse { evidence });
            let batch: Vec<_> = std::mem::take(&mut self.accusations).into_iter().map(sign).collect();
            return Some(self.wait_for(batch));
        }
        let is_next = self.pending.is_empty() || (!self.one_by_one && self.pending.len() < 400);
        if self.periods_left > 0 && is_next {
            self.periods_left -= 1;
            self.sent_at_micros = now_micros;
            let mut batch = self.community.period(self.pairs);
            self.contests.add(&mut batch, &mut self.community);
            if self.periods_left % 7 == 3 {
                batch.push(self.false_accusation());
            }
            return Some(self.wait_for(batch));
        }
        if self.pending.is_empty() || now_micros < self.sent_at_micros + PATIENCE_MICROS {
            return None;
        }
        self.sent_at_micros = now_micros;
        Some(self.pending.values().cloned().collect())
    }

    /// Somebody says that the first validator has voted for two things, and signs for it with another one's key.
    fn false_accusation(&mut self) -> Arc<SignedTransaction> {
        self.false_accusations += 1;
        let signer = self.genesis.validator_signer(1).expect("there are four validators or more");
        let vote = |byte| {
            let hash = Some(Digest([byte; 32]));
            Vote::sign(self.genesis.hash(), VoteKind::Precommit, (1, 0), hash, (0, &signer))
        };
        let evidence = Evidence::Votes(Box::new([vote(1), vote(2)]));
        self.community.sign(AccountId(3), Operation::Accuse { evidence })
    }

    /// Remembers transactions until they are acknowledged.
    fn wait_for(&mut self, batch: Vec<Arc<SignedTransaction>>) -> Batch {
        for transaction in &batch {
            let place = self.signed.len();
            self.place_of.insert(transaction.id(), place);
            self.pending.insert(place, Arc::clone(transaction));
            self.signed.push(Arc::clone(transaction));
        }
        batch.into()
    }

    /// A validator has evidence, which goes to the chain like any other transaction; the second of a kind does too.
    pub(crate) fn accuse(&mut self, evidence: Evidence) {
        let times = self.accused.entry((evidence.validator(), evidence.height())).or_default();
        *times += 1;
        if *times <= 2 {
            self.accusations.push(evidence);
        }
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
        self.periods_left == 0 && self.pending.is_empty() && self.accusations.is_empty()
    }
}
