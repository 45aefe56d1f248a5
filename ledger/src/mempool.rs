//! Transactions that wait for a block, in the order of their arrival.

mod saved;

use std::collections::{BTreeMap, VecDeque};
use std::sync::Arc;

use crate::genesis::{Genesis, Limits};
use crate::rules::Weakness;
use crate::state::LedgerState;
use crate::transaction::{AccountId, SignedTransaction};

/// What a header and a list's length may take of a block's bytes.
const HEADER_BYTES_MAX: usize = 200;

/// The waiting transactions of one validator: at most one for each sender and nonce, the first to arrive.
#[derive(Debug, Default)]
pub(crate) struct Mempool {
    waiting: Vec<Arc<SignedTransaction>>,
    /// The nonces that wait, by sender, in order.
    known: Vec<VecDeque<u64>>,
}

/// What a transaction's turn depends on.
fn turn(transaction: &SignedTransaction) -> (AccountId, u64) {
    (transaction.transaction().sender, transaction.transaction().nonce)
}

/// Whether a transaction's turn has come.
fn is_next(state: &LedgerState, next: u64, nonce: u64) -> bool {
    nonce == next || (nonce < next && takes_any_nonce(state))
}

/// Never outside tests.
fn takes_any_nonce(state: &LedgerState) -> bool {
    state.genesis().lacks(Weakness::NoNonce)
}

impl Mempool {
    /// Lets a transaction wait, unless no block could ever take it in, it is known, or there is no room.
    pub(crate) fn admit(&mut self, state: &LedgerState, transaction: &Arc<SignedTransaction>) {
        let genesis: &Genesis = state.genesis();
        let limits = &genesis.config().limits;
        let (sender, nonce) = turn(transaction);
        let in_time = state.next_nonce(sender).is_some_and(|next| nonce >= next || takes_any_nonce(state));
        let fits = transaction.encoded_len() + HEADER_BYTES_MAX <= limits.block_bytes as usize;
        let has_room = self.waiting.len() < limits.mempool_transactions as usize;
        if has_room
            && in_time
            && fits
            && transaction.transaction().chain == genesis.config().chain
            && let Err(place) = self.place_of(sender, nonce)
            && transaction.is_signed_by_sender(genesis.keys())
        {
            let senders = sender.0 as usize + 1;
            if self.known.len() < senders {
                self.known.resize(senders, VecDeque::new());
            }
            self.known[sender.0 as usize].insert(place, nonce);
            self.waiting.push(Arc::clone(transaction));
        }
    }

    /// Where a nonce is among those of its sender that wait, or where it would be: mostly last.
    fn place_of(&self, sender: AccountId, nonce: u64) -> Result<usize, usize> {
        let Some(nonces) = self.known.get(sender.0 as usize) else { return Err(0) };
        match nonces.back() {
            Some(last) if *last >= nonce => nonces.binary_search(&nonce),
            _ => Err(nonces.len()),
        }
    }

    /// Whether there is a transaction for the next block.
    pub(crate) fn has_ready(&self, state: &LedgerState) -> bool {
        self.waiting.iter().any(|transaction| {
            let (sender, nonce) = turn(transaction);
            state.next_nonce(sender).is_some_and(|next| is_next(state, next, nonce))
        })
    }

    /// The next block's transactions: by arrival, but those of one sender in the order of their nonces.
    pub(crate) fn select(&self, state: &LedgerState, limits: &Limits) -> Vec<Arc<SignedTransaction>> {
        let mut next: BTreeMap<AccountId, u64> = BTreeMap::new();
        let mut selected = Vec::new();
        let mut bytes_left = (limits.block_bytes as usize).saturating_sub(HEADER_BYTES_MAX);
        let mut candidates: Vec<&Arc<SignedTransaction>> = self.waiting.iter().collect();
        loop {
            let before = selected.len();
            candidates.retain(|transaction| {
                let (sender, nonce) = turn(transaction);
                let expected =
                    next.entry(sender).or_insert_with(|| state.next_nonce(sender).unwrap_or(u64::MAX));
                let fits = transaction.encoded_len() <= bytes_left
                    && selected.len() < limits.block_transactions as usize;
                if !is_next(state, *expected, nonce) || !fits {
                    return true;
                }
                *expected += u64::from(*expected == nonce);
                bytes_left -= transaction.encoded_len();
                selected.push(Arc::clone(transaction));
                false
            });
            if selected.len() == before || candidates.is_empty() {
                return selected;
            }
        }
    }

    /// Drops what the last final block has taken in or made stale.
    pub(crate) fn drop_stale(&mut self, state: &LedgerState) {
        let Self { waiting, known } = self;
        waiting.retain(|transaction| {
            let (sender, nonce) = turn(transaction);
            let next = state.next_nonce(sender).expect("invariant: only transactions of accounts wait");
            if nonce < next {
                let nonces = &mut known[sender.0 as usize];
                while nonces.front().is_some_and(|first| *first < next) {
                    nonces.pop_front();
                }
            }
            nonce >= next
        });
    }

    /// How many transactions wait.
    pub(crate) fn len(&self) -> usize {
        self.waiting.len()
    }
}
