//! Blocks, and the certificates that make them final.

use std::sync::{Arc, OnceLock};

use crate::codec::{Canonical, DecodeError, Reader, canonical_struct};
use crate::digest::{self, Digest, Domain};
use crate::execution::ExecutionMemo;
use crate::genesis::Genesis;
use crate::message::{VoteKind, vote_digest};
use crate::receipt::Receipt;
use crate::signature::Signature;
use crate::transaction::SignedTransaction;
use crate::validator_set::ValidatorSet;

/// What a block commits to.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Header {
    /// The block's place in the chain, from 1.
    pub height: u64,
    /// The round in which it was first proposed. It may be decided in a later one.
    pub round: u32,
    /// The hash of the block before it, or of the genesis.
    pub previous: Digest,
    /// The RFC 6962 root over the signed transactions.
    pub transaction_root: Digest,
    /// The RFC 6962 root over their receipts.
    pub receipts_root: Digest,
    /// The root of the state tree after this block.
    pub state_root: Digest,
    /// When it was proposed, in microseconds; never before the previous block.
    pub time_micros: u64,
    /// The validator that proposed it.
    pub proposer: u32,
}

canonical_struct!(Header {
    height,
    round,
    previous,
    transaction_root,
    receipts_root,
    state_root,
    time_micros,
    proposer,
});

impl Header {
    /// The block's hash.
    pub fn hash(&self) -> Digest {
        Digest::of(Domain::Header, &[&self.to_bytes()])
    }
}

/// A header and the transactions under it: immutable, and shared as an `Arc`.
#[derive(Debug, Clone)]
pub struct Block {
    header: Header,
    transactions: Vec<Arc<SignedTransaction>>,
    hash: Digest,
    encoded_len: usize,
    transaction_root: OnceLock<Digest>,
    execution: OnceLock<ExecutionMemo>,
}

impl Block {
    /// Puts a block together whose header has just been given the root over these very transactions.
    pub(crate) fn built(header: Header, transactions: Vec<Arc<SignedTransaction>>) -> Self {
        let transaction_root = OnceLock::from(header.transaction_root);
        Self { transaction_root, ..Self::new(header, transactions) }
    }

    /// Puts a block together; nothing is checked.
    pub fn new(header: Header, transactions: Vec<Arc<SignedTransaction>>) -> Self {
        let head = header.to_bytes();
        let hash = Digest::of(Domain::Header, &[&head]);
        let body: usize = transactions.iter().map(|transaction| transaction.encoded_len()).sum();
        let encoded_len = head.len() + (transactions.len() as u64).to_bytes().len() + body;
        Self {
            header,
            transactions,
            hash,
            encoded_len,
            transaction_root: OnceLock::new(),
            execution: OnceLock::new(),
        }
    }

    /// What the block commits to.
    pub fn header(&self) -> &Header {
        &self.header
    }

    /// The transactions in their order.
    pub fn transactions(&self) -> &[Arc<SignedTransaction>] {
        &self.transactions
    }

    /// The header's hash.
    pub fn hash(&self) -> Digest {
        self.hash
    }

    /// The length of the encoding, in bytes.
    pub fn encoded_len(&self) -> usize {
        self.encoded_len
    }

    /// What the first to execute it found.
    pub(crate) fn execution(&self) -> &OnceLock<ExecutionMemo> {
        &self.execution
    }

    /// Whether the header commits to these transactions. Computed once, then remembered.
    pub(crate) fn holds_its_transactions(&self) -> bool {
        *self.transaction_root.get_or_init(|| transaction_root(&self.transactions))
            == self.header.transaction_root
    }
}

/// The root over signed transactions.
pub(crate) fn transaction_root(transactions: &[Arc<SignedTransaction>]) -> Digest {
    digest::merkle_root(transactions.iter().map(|transaction| transaction.leaf()).collect())
}

impl PartialEq for Block {
    fn eq(&self, other: &Self) -> bool {
        self.header == other.header && self.transactions == other.transactions
    }
}

impl Eq for Block {}

impl Canonical for Block {
    fn write(&self, out: &mut Vec<u8>) {
        self.header.write(out);
        (self.transactions.len() as u64).write(out);
        self.transactions.iter().for_each(|transaction| transaction.write(out));
    }

    fn read(input: &mut Reader<'_>) -> Result<Self, DecodeError> {
        let header = Header::read(input)?;
        let transactions = Vec::<SignedTransaction>::read(input)?;
        Ok(Self::new(header, transactions.into_iter().map(Arc::new).collect()))
    }
}

/// A validator's signature in a certificate.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ValidatorSignature {
    /// The validator's index.
    pub validator: u32,
    /// Its signature over the vote.
    pub signature: Signature,
}

canonical_struct!(ValidatorSignature { validator, signature });

/// Whether these are valid votes of a quorum of different validators with power, in the order of their indices.
pub(crate) fn is_quorum(
    genesis: &Genesis,
    validators: &ValidatorSet,
    kind: VoteKind,
    (height, round, hash): (u64, u32, Digest),
    signatures: &[ValidatorSignature],
) -> bool {
    let signed = vote_digest(genesis.hash(), kind, height, round, Some(&hash));
    let holds = |vote: &ValidatorSignature| {
        genesis.keys().validator(vote.validator).is_some_and(|key| key.verify(&signed, &vote.signature))
    };
    validators.is_quorum(signatures) && signatures.iter().all(holds)
}

/// Precommits of more than two thirds of the validators' power for one block: it is final.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct CommitCertificate {
    /// The block's height.
    pub height: u64,
    /// The round that decided.
    pub round: u32,
    /// The block's hash.
    pub hash: Digest,
    /// Precommits, in the order of the validators.
    pub signatures: Vec<ValidatorSignature>,
}

canonical_struct!(CommitCertificate { height, round, hash, signatures });

impl CommitCertificate {
    /// Whether a quorum of the validators of its height signed this.
    pub fn verify(&self, genesis: &Genesis, validators: &ValidatorSet) -> bool {
        let vote = (self.height, self.round, self.hash);
        is_quorum(genesis, validators, VoteKind::Precommit, vote, &self.signatures)
    }
}

/// A final block with everything that a third party needs to check it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Committed {
    /// The block.
    pub block: Arc<Block>,
    /// One receipt for each transaction.
    pub receipts: Arc<Vec<Receipt>>,
    /// Why it is final.
    pub certificate: Arc<CommitCertificate>,
    /// When it was first proposed, in microseconds: the header's time.
    pub proposed_at_micros: u64,
}

impl Canonical for Committed {
    /// Block, outcomes, certificate. The outcomes are in the order of the transactions and need no ids.
    fn write(&self, out: &mut Vec<u8>) {
        self.block.write(out);
        self.receipts.iter().for_each(|receipt| receipt.outcome.write(out));
        self.certificate.write(out);
    }

    fn read(input: &mut Reader<'_>) -> Result<Self, DecodeError> {
        let block = Block::read(input)?;
        let receipt = |transaction: &Arc<SignedTransaction>| {
            Ok(Receipt { transaction: transaction.id(), outcome: Canonical::read(input)? })
        };
        let receipts: Vec<Receipt> = block.transactions.iter().map(receipt).collect::<Result<_, _>>()?;
        let proposed_at_micros = block.header.time_micros;
        Ok(Self {
            block: Arc::new(block),
            receipts: Arc::new(receipts),
            certificate: Arc::new(Canonical::read(input)?),
            proposed_at_micros,
        })
    }
}
