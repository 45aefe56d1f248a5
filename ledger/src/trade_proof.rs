//! Proof that a trade is final, with the hash of one block alone: no chain, no state, no keys.
//!
//! ```text
//! hash of the block that closed the contract          known, as from the table `blocks` or from a validator
//!   `- header ------ transaction root -- audit path -- settle, with the contract's number
//!      |       `---- receipts root ----- audit path -- what was delivered, and what was paid
//!      `- previous: header, header, ... back to the block that published the contract
//!            |---- transaction root -- audit path -- publish, with the terms: who, how much, at what price
//!            `---- receipts root ----- audit path -- accepted
//! ```
//!
//! A block that a quorum made final holds only transactions that their senders signed, in turn; so what its header commits
//! to needs no further signature.

use std::sync::Arc;

use crate::audit_path::AuditPath;
use crate::block::{Header, transaction_root};
use crate::codec::{Canonical, canonical_struct};
use crate::contract::{ContractState, ContractTerms};
use crate::digest::{self, Digest};
use crate::error::LedgerError;
use crate::receipt::{Change, Receipt, receipts_root};
use crate::settlement::Settlement;
use crate::store::Store;
use crate::transaction::{ContractId, Operation, SignedTransaction};

/// A transaction and its receipt, with their ways to the roots of their block's header.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ProvenTransaction {
    /// The transaction.
    pub transaction: SignedTransaction,
    /// Its way to the transaction root.
    pub transaction_path: AuditPath,
    /// What became of it.
    pub receipt: Receipt,
    /// The receipt's way to the receipts root.
    pub receipt_path: AuditPath,
}

canonical_struct!(ProvenTransaction { transaction, transaction_path, receipt, receipt_path });

/// Proof of a trade: the way of its settlement into a block, and from there back to its terms.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct TradeProof {
    /// The headers from the block that published the contract to the one that closed it.
    pub headers: Vec<Header>,
    /// The publishing, in the first of these blocks.
    pub published: ProvenTransaction,
    /// The settlement, in the last of them.
    pub closed: ProvenTransaction,
}

canonical_struct!(TradeProof { headers, published, closed });

/// What a proof shows.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct ProvenTrade {
    /// The contract's terms.
    pub terms: ContractTerms,
    /// How it ended.
    pub state: ContractState,
    /// What was delivered, and what was due.
    pub settlement: Settlement,
    /// The height of the block that closed it.
    pub height: u64,
    /// When that block was proposed, in microseconds since the start.
    pub time_micros: u64,
}

/// Why a proof shows nothing.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum ProofFault {
    /// Without a header nothing can be shown.
    #[error("it has no header")]
    NoHeader,
    /// A header does not follow the one before it.
    #[error("the header of block {height} does not follow the one before it")]
    Link {
        /// The header's height.
        height: u64,
    },
    /// It is about another block.
    #[error("it is about the block with hash {found}, not {expected}")]
    OtherBlock {
        /// The hash that is known.
        expected: Digest,
        /// That of the last header.
        found: Digest,
    },
    /// A path does not lead to the root that the header says.
    #[error("the {what} of the {which} is not in block {height}")]
    NotIncluded {
        /// "transaction" or "receipt".
        what: &'static str,
        /// "publishing" or "settlement".
        which: &'static str,
        /// The block that it is said to be in.
        height: u64,
    },
    /// A receipt of another transaction.
    #[error("the receipt is not that of the {which}")]
    OtherReceipt {
        /// "publishing" or "settlement".
        which: &'static str,
    },
    /// A transaction that does something else, or did nothing.
    #[error("the transaction that is called the {which} is none that was accepted")]
    OtherTransaction {
        /// "publishing" or "settlement".
        which: &'static str,
    },
    /// The two transactions are about different contracts.
    #[error("contract {published} was published, contract {closed} was closed")]
    OtherContract {
        /// The first one's.
        published: u64,
        /// The second one's.
        closed: u64,
    },
}

impl TradeProof {
    /// The proof of a contract that is over, from a store that has the whole chain; `None` where no such contract is.
    ///
    /// # Errors
    /// When the store fails, or a block of it is missing.
    pub fn from_store(store: &dyn Store, contract: ContractId) -> Result<Option<Self>, LedgerError> {
        let mut published = None;
        let mut headers = Vec::new();
        for height in 1..=store.tip().height {
            let committed = store.block(height)?.ok_or(LedgerError::DoesNotHold { height })?;
            let (transactions, receipts) = (committed.block.transactions(), committed.receipts.as_slice());
            let find = |closes: bool| {
                let is_it = |(signed, receipt): (&Arc<SignedTransaction>, &Receipt)| {
                    let operation = &signed.transaction().operation;
                    let step = step_of(operation, receipt.change());
                    operation.contract() == Some(contract) && step == Some(closes)
                };
                let place = transactions.iter().zip(receipts).position(is_it)?;
                Some(ProvenTransaction::at(transactions, receipts, place))
            };
            if published.is_none() {
                published = find(false);
            }
            let Some(publishing) = &published else { continue };
            headers.push(committed.block.header().clone());
            if let Some(closed) = find(true) {
                return Ok(Some(Self { headers, published: publishing.clone(), closed }));
            }
        }
        Ok(None)
    }

    /// The hash of the block that the proof is about: the one that closed the contract.
    pub fn block(&self) -> Option<Digest> {
        self.headers.last().map(Header::hash)
    }

    /// What the proof shows to somebody who knows that the block with this hash is final.
    ///
    /// # Errors
    /// When it shows nothing: it has been changed, or is about another block.
    pub fn verify(&self, block: &Digest) -> Result<ProvenTrade, ProofFault> {
        let (Some(first), Some(last)) = (self.headers.first(), self.headers.last()) else {
            return Err(ProofFault::NoHeader);
        };
        let follows = |pair: &&[Header]| {
            pair[1].previous == pair[0].hash() && Some(pair[1].height) == pair[0].height.checked_add(1)
        };
        if let Some(pair) = self.headers.windows(2).find(|pair| !follows(pair)) {
            return Err(ProofFault::Link { height: pair[1].height });
        }
        let found = last.hash();
        if found != *block {
            return Err(ProofFault::OtherBlock { expected: *block, found });
        }
        let Some((Operation::Publish { terms }, Change::Published { .. })) =
            self.published.verify(first, "publishing")?
        else {
            return Err(ProofFault::OtherTransaction { which: "publishing" });
        };
        let Some((Operation::Settle { contract }, &Change::Closed { state, settlement, .. })) =
            self.closed.verify(last, "settlement")?
        else {
            return Err(ProofFault::OtherTransaction { which: "settlement" });
        };
        if terms.id != *contract {
            return Err(ProofFault::OtherContract { published: terms.id.0, closed: contract.0 });
        }
        let (height, time_micros) = (last.height, last.time_micros);
        Ok(ProvenTrade { terms: *terms, state, settlement, height, time_micros })
    }
}

/// Whether a transaction that was accepted closes a contract (`true`) or publishes one (`false`).
fn step_of(operation: &Operation, change: Option<&Change>) -> Option<bool> {
    match (operation, change?) {
        (Operation::Publish { .. }, Change::Published { .. }) => Some(false),
        (Operation::Settle { .. }, Change::Closed { .. }) => Some(true),
        _ => None,
    }
}

impl ProvenTransaction {
    fn at(transactions: &[Arc<SignedTransaction>], receipts: &[Receipt], place: usize) -> Self {
        let leaves: Vec<Digest> = transactions.iter().map(|it| it.leaf()).collect();
        let receipt_leaves: Vec<Digest> = receipts.iter().map(|it| digest::leaf(&it.to_bytes())).collect();
        debug_assert_eq!(digest::merkle_root(leaves.clone()), transaction_root(transactions));
        debug_assert_eq!(digest::merkle_root(receipt_leaves.clone()), receipts_root(receipts));
        Self {
            transaction: SignedTransaction::clone(&transactions[place]),
            transaction_path: AuditPath::of(&leaves, place),
            receipt: receipts[place].clone(),
            receipt_path: AuditPath::of(&receipt_leaves, place),
        }
    }

    /// What was asked and what it changed, if both are in the block.
    fn verify(
        &self,
        header: &Header,
        which: &'static str,
    ) -> Result<Option<(&Operation, &Change)>, ProofFault> {
        let height = header.height;
        if self.transaction_path.root(&self.transaction.to_bytes()) != header.transaction_root {
            return Err(ProofFault::NotIncluded { what: "transaction", which, height });
        }
        if self.receipt_path.root(&self.receipt.to_bytes()) != header.receipts_root {
            return Err(ProofFault::NotIncluded { what: "receipt", which, height });
        }
        if self.receipt.transaction != self.transaction.id() {
            return Err(ProofFault::OtherReceipt { which });
        }
        let operation = &self.transaction.transaction().operation;
        Ok(self.receipt.change().map(|change| (operation, change)))
    }
}
