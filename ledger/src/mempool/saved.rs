//! The waiting transactions as bytes, in the order of their arrival.

use std::collections::VecDeque;
use std::sync::Arc;

use super::{Mempool, turn};
use crate::codec::{Canonical, DecodeError, Reader};
use crate::transaction::SignedTransaction;

impl Mempool {
    /// Appends them.
    pub(crate) fn write_waiting(&self, out: &mut Vec<u8>) {
        (self.waiting.len() as u64).write(out);
        self.waiting.iter().for_each(|transaction| transaction.write(out));
    }

    /// From the front of `input`. They were checked when they were let in.
    ///
    /// # Errors
    /// When these are no transactions, or one waits twice.
    pub(crate) fn read_waiting(input: &mut Reader<'_>) -> Result<Self, DecodeError> {
        let mut mempool = Self::default();
        for transaction in Vec::<SignedTransaction>::read(input)? {
            let (sender, nonce) = turn(&transaction);
            let Err(place) = mempool.place_of(sender, nonce) else {
                return Err(DecodeError::Invalid("a transaction that waits twice"));
            };
            let sender = sender.0 as usize;
            if mempool.known.len() <= sender {
                mempool.known.resize(sender + 1, VecDeque::new());
            }
            mempool.known[sender].insert(place, nonce);
            mempool.waiting.push(Arc::new(transaction));
        }
        Ok(mempool)
    }
}
