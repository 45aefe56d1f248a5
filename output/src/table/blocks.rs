//! Blocks of the ledger, each bound to the one before by its hash.

use crate::cell::{Digest, Timestamp};
use crate::names::Name;

table! {
    /// One block.
    BlockRow in blocks, Blocks {
        /// Height; each block is one above the block before.
        height: u64 [""] as Delta;
        /// Round in which it was proposed, from 0; proposed again in a later round, it keeps its first.
        round: u32 [""];
        /// The validator that proposed it.
        proposer: Name [""];
        /// When the platform knew it to be final, UTC.
        ts_commit: Timestamp [""];
        /// From the platform's submission of the oldest of its transactions to `ts_commit`.
        latency_ms: f64 ["ms"];
        /// Transactions in it.
        txs: u32 [""];
        /// Its size.
        bytes: u64 ["B"] as Dictionary;
        /// Hash of the block before; of the first block, the genesis's.
        prev_hash: Digest [""];
        /// Root of the tree of its transactions.
        tx_root: Digest [""];
        /// Root of the state tree after it: accounts, contracts, meters and open periods.
        state_root: Digest [""];
        /// Its own hash.
        hash: Digest [""];
    }
}
