//! Blocks of the ledger, each bound to the one before by its hash.

use crate::cell::{Digest, Timestamp};
use crate::names::Name;

table! {
    /// One block.
    BlockRow in blocks, Blocks {
        /// Height; each block is one above the block before.
        height: u64 [""];
        /// Round of consensus in which it was decided.
        round: u32 [""];
        /// The validator that proposed it.
        proposer: Name [""];
        /// When it was committed, UTC.
        ts_commit: Timestamp [""];
        /// From proposal to commit.
        latency_ms: f64 ["ms"];
        /// Transactions in it.
        txs: u32 [""];
        /// Its size.
        bytes: u64 ["B"] as Dictionary;
        /// Hash of the block before.
        prev_hash: Digest [""];
        /// Root of the tree of its transactions.
        tx_root: Digest [""];
        /// Root of the tree of all accounts after it.
        state_root: Digest [""];
        /// Its own hash.
        hash: Digest [""];
    }
}
