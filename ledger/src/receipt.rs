//! What the ledger answers to a transaction.

mod rejection;

use goshawk_market::quantity::{Energy, Money};

use crate::codec::{Canonical, canonical_enum, canonical_struct};
use crate::contract::ContractState;
use crate::credit::{Conditions, Standing};
use crate::digest::{self, Digest};
use crate::settlement::Settlement;
use crate::transaction::TransactionId;

pub use rejection::Rejection;

/// The outcome of one transaction of a block.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Receipt {
    /// Which transaction.
    pub transaction: TransactionId,
    /// What became of it.
    pub outcome: Outcome,
}

canonical_struct!(Receipt { transaction, outcome });

impl Receipt {
    /// What the transaction changed, if it was accepted.
    pub fn change(&self) -> Option<&Change> {
        match &self.outcome {
            Outcome::Accepted { change } => Some(change),
            Outcome::Rejected { .. } => None,
        }
    }

    /// Why the transaction was rejected, if it was.
    pub fn rejection(&self) -> Option<&Rejection> {
        match &self.outcome {
            Outcome::Accepted { .. } => None,
            Outcome::Rejected { reason } => Some(reason),
        }
    }
}

/// The root over a block's receipts.
pub(crate) fn receipts_root(receipts: &[Receipt]) -> Digest {
    let mut bytes = Vec::new();
    let leaf = |receipt: &Receipt| {
        bytes.clear();
        receipt.write(&mut bytes);
        digest::leaf(&bytes)
    };
    digest::merkle_root(receipts.iter().map(leaf).collect())
}

/// Accepted or rejected.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Outcome {
    /// It took effect.
    Accepted {
        /// What changed.
        change: Change,
    },
    /// It had no effect, other than to use up the sender's nonce where [`Rejection::uses_nonce`] says so.
    Rejected {
        /// Why.
        reason: Rejection,
    },
}

canonical_enum!(Outcome { 0 => Accepted { change }, 1 => Rejected { reason } });

/// What an accepted transaction changed.
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub enum Change {
    /// A contract is on the ledger.
    Published {
        /// What the seller's band asks of it; its deposit is held.
        seller: Conditions,
    },
    /// The buyer's money is in escrow.
    Signed {
        /// How much of it, apart from its deposit.
        escrow: Money,
        /// What the buyer's band asks of it; its deposit is held.
        buyer: Conditions,
    },
    /// The grid's word has been noted.
    Checked {
        /// Contracts that are now to be delivered.
        approved: u32,
        /// Contracts that are now cancelled.
        cancelled: u32,
        /// Contracts that the grid approved but no buyer had signed; they stay as they are.
        unsigned: u32,
    },
    /// A meter has been noted.
    Metered,
    /// A contract is over.
    Closed {
        /// `Settled`, `Defaulted` or `Cancelled`.
        state: ContractState,
        /// What was due; all zero for a cancelled contract.
        settlement: Settlement,
        /// What the seller could not pay of its penalty: penalties take all that an account has free, never more.
        penalty_unpaid: Money,
        /// The seller's credit after it, in 1e-6.
        seller_credit: u32,
        /// The buyer's credit after it, in 1e-6.
        buyer_credit: u32,
        /// Where the seller stands after it.
        seller_standing: Standing,
        /// Where the buyer stands after it.
        buyer_standing: Standing,
    },
    /// Evidence against a validator is on the ledger.
    Convicted {
        /// Whom.
        validator: u32,
        /// From this height on it has no power; `None` where nobody else has any.
        powerless_from: Option<u64>,
    },
    /// A reading is contested.
    Disputed {
        /// Contracts that wait for the grid's word because of it.
        contracts: u32,
    },
    /// The grid has said what it measured.
    Resolved {
        /// What the account had metered. It was false where this is not what was measured.
        claimed: Energy,
        /// What counts.
        measured: Energy,
    },
    /// A device is certified.
    Enrolled,
    /// The account of a device's content has changed.
    Accounted {
        /// What it holds now.
        content: Energy,
    },
    /// The money is the other account's.
    Transferred,
}

canonical_enum!(Change {
    0 => Published { seller },
    1 => Signed { escrow, buyer },
    2 => Checked { approved, cancelled, unsigned },
    3 => Metered,
    4 => Closed {
        state, settlement, penalty_unpaid, seller_credit, buyer_credit, seller_standing, buyer_standing
    },
    5 => Convicted { validator, powerless_from },
    6 => Disputed { contracts },
    7 => Resolved { claimed, measured },
    20 => Enrolled,
    21 => Accounted { content },
    22 => Transferred,
});
