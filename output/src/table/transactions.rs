//! Transactions in the blocks, with the integers of the ledger.

use crate::cell::Digest;
use crate::names::{Label, Name};

table! {
    /// One transaction.
    TransactionRow in transactions, Transactions {
        /// Height of its block.
        height: u64 [""] as Delta;
        /// Its place in the block, from 0.
        index: u32 [""] as Delta;
        /// Its hash, without the signature.
        tx_id: Digest [""];
        /// What it does; `settle` moves the money of a contract.
        kind: Label [""];
        /// Who signed it.
        sender: Name [""];
        /// Number of the contract that it is about; absent for `check`, `meter`, `accuse` and
        /// `resolve`.
        contract: Option<u64> [""];
        /// Energy in steps of 1e-6 kWh: `publish` contracted, `meter` ready to deliver or to take, `resolve`
        /// measured, `settle` delivered.
        energy_micro_kwh: Option<i64> ["1e-6 kWh"];
        /// Money in steps of 1e-6: `publish` energy times the buyer's price, `sign` the escrow, `settle`
        /// what the buyer pays for the energy delivered.
        amount_micro: Option<i64> ["1e-6 currency"];
        /// `applied` or `rejected`; an accepted settlement is `settled`, `defaulted` or `cancelled`.
        status: Label [""];
    }
}
