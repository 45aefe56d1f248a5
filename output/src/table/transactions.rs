//! Transactions in the blocks, with the integers that were signed.

use crate::cell::Digest;
use crate::names::{Label, Name};

table! {
    /// One transaction.
    TransactionRow in transactions, Transactions {
        /// Height of its block.
        height: u64 [""] as Dictionary;
        /// Its place in the block, from 0.
        index: u32 [""];
        /// Its hash.
        tx_id: Digest [""];
        /// What it does; `settle` moves the money of a contract.
        kind: Label [""];
        /// Who signed it.
        sender: Name [""];
        /// Number of the contract that it is about, if it is about one.
        contract: Option<u64> [""];
        /// Energy in steps of 1e-6 kWh, as signed.
        energy_micro_kwh: Option<i64> ["1e-6 kWh"];
        /// Money in steps of 1e-6, as signed.
        amount_micro: Option<i64> ["1e-6 currency"];
        /// What became of it; a settlement is `settled` or `defaulted`.
        status: Label [""];
    }
}
