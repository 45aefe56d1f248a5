//! The ledger of a community: signed transactions become blocks that validators agree on, although fewer than a
//! third of them may be faulty in any way. Nothing here has a clock, a network, threads or random numbers of its own.
//!
//! ```text
//! Transaction -> SignedTransaction -> Validator (mempool, agreement) -> Block + CommitCertificate
//!                                         |
//!                                         v
//!                     LedgerState (accounts, contracts, meters, credit) -> Receipt, state root
//!                                         |
//!                                         v
//!                                       Store -> replay: a third party checks the chain
//! ```
//!
//! # Map of the code
//!
//! | layer | what | where |
//! |---|---|---|
//! | application | requests of accounts, and answers | [`Transaction`], [`Operation`], [`Receipt`] |
//! | contracts | terms, states, who owes whom | [`ContractTerms`], [`ContractState`], [`allocate_deliveries`], [`Settlement`], [`Credit`] |
//! | consensus | one decision for each height | [`Validator`], [`Event`], [`Effect`], [`ConsensusMessage`] |
//! | data | state and its proofs, blocks, files | [`LedgerState`], [`BucketTree`], [`Block`], [`Store`] |
//! | all | start, keys, encoding | [`Genesis`], [`Signer`], [`Canonical`] |
//!
//! # Rules
//!
//! - Events and their times decide everything: the same ones give the same blocks, hash by hash.
//! - Broken rules of the chain are [`Rejection`]s on the record; what a caller or a disk can cause is a
//!   [`LedgerError`]; a broken invariant of ours panics.
//! - Money is only moved, and energy only dealt out; both to the last unit.

mod block;
mod bucket_tree;
mod codec;
mod consensus;
mod contract;
mod credit;
mod digest;
mod error;
mod execution;
mod genesis;
mod mempool;
mod message;
mod receipt;
mod replay;
mod settlement;
mod signature;
mod state;
mod store;
mod transaction;
mod validator;

pub use transaction::{AccountId, ContractId, Operation, SignedTransaction, Transaction, TransactionId};

pub use contract::{Contract, ContractState, ContractTerms, ENERGY_MAX, PRICE_MAX, TermsFault};
pub use credit::Credit;
pub use receipt::{Change, Outcome, Receipt, Rejection};
pub use settlement::{Delivery, Settlement, allocate_deliveries};

pub use genesis::{Genesis, GenesisAccount, GenesisConfig, KeyRegistry, Limits, Role, Timeouts};
pub use signature::{Signature, SignatureScheme, Signer, Verifier};

pub use bucket_tree::{BucketTree, Proof, TreeParams};
pub use state::{Account, LedgerState, Meter, StateKey};

pub use block::{Block, CommitCertificate, Committed, Header, ValidatorSignature};
pub use consensus::TimerKind;
pub use message::{ConsensusMessage, PolkaCertificate, Proposal, Vote, VoteKind};
pub use validator::{Effect, Event, TimerKey, Validator};

pub use execution::BlockFault;
pub use replay::{ChainFault, ChainReport, Fault, replay, verify_store};
pub use store::{MemoryStore, RedbStore, Store, Tip};

pub use codec::{Canonical, DecodeError, Reader};
pub use digest::Digest;
pub use error::LedgerError;
