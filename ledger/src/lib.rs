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
//! | contracts | terms, states, who owes whom | [`ContractTerms`], [`ContractState`], [`allocate_deliveries`], [`Settlement`], [`Credit`], [`CreditRules`] |
//! | consensus | one decision for each height | [`Validator`], [`ValidatorSet`], [`Event`], [`Effect`], [`ConsensusMessage`] |
//! | data | state and its proofs, blocks, files | [`LedgerState`], [`BucketTree`], [`Block`], [`Store`], [`TradeProof`], [`WriteAheadLog`] |
//! | all | start, keys, encoding | [`Genesis`], [`Signer`], [`Canonical`] |
//!
//! # A chain of one validator
//!
//! With one validator every submitted transaction is final at once; with four, effects go out as messages and
//! come back as events, on whatever clock and network the caller has.
//!
//! ```
//! use std::sync::Arc;
//! use goshawk_ledger::*;
//! use goshawk_market::quantity::{Energy, Money, Price};
//!
//! let account = |name: &str, role| {
//!     GenesisAccount { name: name.to_owned(), role, opening_balance: Money::from_micro(9_000_000) }
//! };
//! let genesis = Arc::new(Genesis::new(GenesisConfig {
//!     chain: 1,
//!     seed: [42; 32],
//!     scheme: SignatureScheme::Ed25519,
//!     accounts: vec![
//!         account("h0001", Role::Household),
//!         account("h0002", Role::Household),
//!         account("grid", Role::Grid),
//!         account("platform", Role::Platform),
//!     ],
//!     validators: vec!["v1".to_owned()],
//!     tree: TreeParams::for_entries(100),
//!     limits: Limits::default(),
//!     timeouts: Timeouts::default(),
//!     devices: vec![Device {
//!         owner: AccountId(0),
//!         place: 0,
//!         rating: Energy::from_micro(7_000_000),
//!         generation: Energy::ZERO,
//!         content: None,
//!     }],
//!     carried_max: None,
//!     lines: Vec::new(),
//!     credit: None,
//! })?);
//! let [seller, buyer] = ["h0001", "h0002"].map(|name| genesis.account(name).unwrap());
//!
//! let terms = ContractTerms {
//!     id: ContractId(1),
//!     period: 0,
//!     seller,
//!     buyer,
//!     energy: Energy::from_micro(1_500_000),
//!     seller_price: Price::from_micro(80_000),
//!     buyer_price: Price::from_micro(100_000),
//!     grid_fee: Price::from_micro(15_000),
//!     platform_fee: Price::from_micro(5_000),
//!     outside_price: Price::from_micro(250_000),
//!     take_or_pay: Price::from_micro(20_000),
//!     lot: Lot { device: DeviceId(0), sequence: 0 },
//! };
//! let operation = Operation::Publish { terms };
//! let publish = Transaction { chain: 1, sender: seller, nonce: 0, expiry_micros: Some(60_000_000), operation };
//! let signed = Arc::new(SignedTransaction::sign(publish, &genesis.signer(seller).unwrap()));
//!
//! let store = MemoryStore::new(Arc::clone(&genesis), usize::MAX);
//! let mut validator = Validator::new(genesis, 0, store)?;
//! let effects = validator.handle(1_000, Event::Submit([signed].into()));
//! assert!(effects.iter().any(|effect| matches!(effect, Effect::Committed(_))));
//! assert_eq!(verify_store(validator.store()).unwrap().accepted, 1);
//! # Ok::<(), LedgerError>(())
//! ```
//!
//! # Rules
//!
//! - Events and their times decide everything: the same ones give the same blocks, hash by hash.
//! - Broken rules of the chain are [`Rejection`]s on the record; what a caller or a disk can cause is a
//!   [`LedgerError`]; a broken invariant of ours panics.
//! - Money is only moved, and energy only dealt out; both to the last unit.

mod audit_path;
mod block;
mod bucket_tree;
mod codec;
mod consensus;
mod contract;
mod credit;
mod device;
mod digest;
mod error;
mod evidence;
mod execution;
mod folder;
mod genesis;
mod log;
mod mempool;
mod message;
mod receipt;
mod replay;
mod rules;
mod settlement;
mod shared_list;
mod signature;
mod state;
mod store;
mod trade_proof;
mod transaction;
mod validator;
mod validator_set;

pub use transaction::{AccountId, ContractId, Operation, SignedTransaction, Transaction, TransactionId};

pub use contract::{Contract, ContractState, ContractTerms, ENERGY_MAX, PRICE_MAX, TermsFault};
pub use credit::{Conditions, Credit, CreditRules, Standing};
pub use device::{DEVICES_MAX, Device, DeviceId, Line, Lot};
pub use receipt::{Change, Outcome, Receipt, Rejection};
pub use settlement::{Delivery, Settlement, allocate_deliveries};

pub use genesis::{Genesis, GenesisAccount, GenesisConfig, KeyRegistry, Limits, Role, Timeouts};
pub use signature::{Signature, SignatureScheme, Signer, Verifier};

pub use bucket_tree::{BucketTree, Proof, TreeParams};
pub use state::{Account, Attestation, Conviction, LedgerState, Meter, Offence, StateKey, Supply};

pub use block::{Block, CommitCertificate, Committed, Header, ValidatorSignature};
pub use consensus::TimerKind;
pub use message::{ConsensusMessage, PolkaCertificate, Proposal, Vote, VoteKind};
pub use validator::{Effect, Event, TimerKey, Validator};
pub use validator_set::ValidatorSet;

pub use evidence::{Evidence, ProposalClaim};
pub use log::{FileLog, LogEntry, MemoryLog, NoLog, WriteAheadLog};
#[doc(hidden)]
pub use rules::Weakness;

pub use execution::BlockFault;
pub use replay::{ChainAudit, ChainFault, ChainReport, Fault, replay, verify_store};
pub use store::{MemoryStore, RedbStore, Store, Tip};

pub use audit_path::{AuditPath, Sibling};
pub use trade_proof::{ProofFault, ProvenTrade, ProvenTransaction, TradeProof};

pub use codec::{Canonical, DecodeError, Reader};
pub use digest::Digest;
pub use error::LedgerError;
