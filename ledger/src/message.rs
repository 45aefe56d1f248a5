//! What validators send each other.

use std::sync::Arc;

use crate::block::{Block, CommitCertificate, ValidatorSignature, is_quorum};
use crate::codec::{Canonical, DecodeError, Reader, canonical_enum, canonical_struct};
use crate::digest::{Digest, Domain};
use crate::evidence::ProposalClaim;
use crate::genesis::Genesis;
use crate::signature::{Signature, Signer, VerificationMemo};
use crate::validator_set::ValidatorSet;

/// A message between validators.
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub enum ConsensusMessage {
    /// A block is proposed.
    Proposal(Proposal),
    /// A vote.
    Vote(Vote),
    /// More than two thirds prevoted for a block.
    Polka(PolkaCertificate),
    /// Asks for a final block.
    Request {
        /// Its height.
        height: u64,
    },
    /// A final block, for one who missed it.
    Decided {
        /// The block.
        block: Arc<Block>,
        /// Why it is final.
        certificate: Arc<CommitCertificate>,
    },
}

impl ConsensusMessage {
    /// The height that it is about.
    pub fn height(&self) -> u64 {
        match self {
            Self::Proposal(proposal) => proposal.height,
            Self::Vote(vote) => vote.height,
            Self::Polka(polka) => polka.height,
            Self::Request { height } => *height,
            Self::Decided { certificate, .. } => certificate.height,
        }
    }

    /// The length of the encoding, in bytes.
    pub fn encoded_len(&self) -> usize {
        let small = |bytes: Vec<u8>| 1 + bytes.len();
        match self {
            Self::Proposal(proposal) => proposal.block.encoded_len() + small(proposal.envelope()),
            Self::Vote(vote) => small(vote.to_bytes()),
            Self::Polka(polka) => small(polka.to_bytes()),
            Self::Request { height } => small(height.to_bytes()),
            Self::Decided { block, certificate } => block.encoded_len() + small(certificate.to_bytes()),
        }
    }
}

impl Canonical for ConsensusMessage {
    fn write(&self, out: &mut Vec<u8>) {
        match self {
            Self::Proposal(proposal) => {
                out.push(0);
                proposal.write(out);
            }
            Self::Vote(vote) => {
                out.push(1);
                vote.write(out);
            }
            Self::Polka(polka) => {
                out.push(2);
                polka.write(out);
            }
            Self::Request { height } => {
                out.push(3);
                height.write(out);
            }
            Self::Decided { block, certificate } => {
                out.push(4);
                block.write(out);
                certificate.write(out);
            }
        }
    }

    fn read(input: &mut Reader<'_>) -> Result<Self, DecodeError> {
        match input.tag()? {
            0 => Proposal::read(input).map(Self::Proposal),
            1 => Vote::read(input).map(Self::Vote),
            2 => PolkaCertificate::read(input).map(Self::Polka),
            3 => Ok(Self::Request { height: Canonical::read(input)? }),
            4 => Ok(Self::Decided {
                block: Arc::new(Canonical::read(input)?),
                certificate: Arc::new(Canonical::read(input)?),
            }),
            tag => Err(DecodeError::Tag { what: "ConsensusMessage", tag }),
        }
    }
}

/// A block proposed for a round.
#[derive(Debug, Clone)]
pub struct Proposal {
    /// The height.
    pub height: u64,
    /// The round that it is proposed in.
    pub round: u32,
    /// For a block of an earlier round: the prevotes that allow others to give up their locks for it.
    pub polka: Option<PolkaCertificate>,
    /// The block.
    pub block: Arc<Block>,
    /// Who proposes.
    pub proposer: u32,
    /// The proposer's signature.
    pub signature: Signature,
    memo: VerificationMemo,
}

impl Proposal {
    /// Proposes a block.
    pub fn sign(
        genesis: &Digest,
        block: Arc<Block>,
        round: u32,
        polka: Option<PolkaCertificate>,
        (proposer, signer): (u32, &Signer),
    ) -> Self {
        let height = block.header().height;
        let polka_round = polka.as_ref().map(|polka| polka.round);
        let signature = signer.sign(&proposal_digest(genesis, height, round, polka_round, &block.hash()));
        Self { height, round, polka, block, proposer, signature, memo: VerificationMemo::default() }
    }

    /// Whether the proposer signed it. The certificate in it stands for itself.
    pub(crate) fn is_signed(&self, genesis: &Genesis) -> bool {
        self.memo.check(genesis.hash(), || {
            let polka_round = self.polka.as_ref().map(|polka| polka.round);
            let hash = self.block.hash();
            let signed = proposal_digest(genesis.hash(), self.height, self.round, polka_round, &hash);
            genesis.keys().validator(self.proposer).is_some_and(|key| key.verify(&signed, &self.signature))
        })
    }

    /// What the proposer has signed, without the block.
    pub(crate) fn claim(&self) -> ProposalClaim {
        ProposalClaim {
            height: self.height,
            round: self.round,
            polka_round: self.polka.as_ref().map(|polka| polka.round),
            hash: self.block.hash(),
            proposer: self.proposer,
            signature: self.signature.clone(),
        }
    }

    /// Everything but the block.
    fn envelope(&self) -> Vec<u8> {
        let mut out = Vec::new();
        self.write_envelope(&mut out);
        out
    }

    fn write_envelope(&self, out: &mut Vec<u8>) {
        self.height.write(out);
        self.round.write(out);
        self.polka.write(out);
        self.proposer.write(out);
        self.signature.write(out);
    }
}

impl PartialEq for Proposal {
    fn eq(&self, other: &Self) -> bool {
        self.envelope() == other.envelope() && self.block == other.block
    }
}

impl Eq for Proposal {}

impl Canonical for Proposal {
    fn write(&self, out: &mut Vec<u8>) {
        self.write_envelope(out);
        self.block.write(out);
    }

    fn read(input: &mut Reader<'_>) -> Result<Self, DecodeError> {
        Ok(Self {
            height: Canonical::read(input)?,
            round: Canonical::read(input)?,
            polka: Canonical::read(input)?,
            proposer: Canonical::read(input)?,
            signature: Canonical::read(input)?,
            block: Arc::new(Canonical::read(input)?),
            memo: VerificationMemo::default(),
        })
    }
}

pub(crate) fn proposal_digest(
    genesis: &Digest,
    height: u64,
    round: u32,
    polka_round: Option<u32>,
    hash: &Digest,
) -> Digest {
    let polka_round = polka_round.map_or(0, |round| u64::from(round) + 1);
    Digest::of(
        Domain::Proposal,
        &[&genesis.0, &height.to_be_bytes(), &round.to_be_bytes(), &polka_round.to_be_bytes(), &hash.0],
    )
}

/// The two votes of a round.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum VoteKind {
    /// The block holds, and no lock forbids it.
    Prevote,
    /// More than two thirds prevoted for it.
    Precommit,
}

canonical_enum!(VoteKind { 0 => Prevote, 1 => Precommit });

/// A validator's vote.
#[derive(Debug, Clone)]
pub struct Vote {
    /// Which of the two.
    pub kind: VoteKind,
    /// The height.
    pub height: u64,
    /// The round.
    pub round: u32,
    /// For this block, or for none.
    pub hash: Option<Digest>,
    /// Who votes.
    pub validator: u32,
    /// Its signature, which does not cover `validator`: the key says who it is.
    pub signature: Signature,
    memo: VerificationMemo,
}

impl Vote {
    /// Casts a vote.
    pub fn sign(
        genesis: &Digest,
        kind: VoteKind,
        (height, round): (u64, u32),
        hash: Option<Digest>,
        (validator, signer): (u32, &Signer),
    ) -> Self {
        let signature = signer.sign(&vote_digest(genesis, kind, height, round, hash.as_ref()));
        Self::signed(kind, (height, round), hash, validator, signature)
    }

    /// A vote that somebody has signed; nothing is checked.
    pub(crate) fn signed(
        kind: VoteKind,
        (height, round): (u64, u32),
        hash: Option<Digest>,
        validator: u32,
        signature: Signature,
    ) -> Self {
        Self { kind, height, round, hash, validator, signature, memo: VerificationMemo::default() }
    }

    /// Whether the validator signed it.
    pub(crate) fn is_signed(&self, genesis: &Genesis) -> bool {
        self.memo.check(genesis.hash(), || {
            let signed = vote_digest(genesis.hash(), self.kind, self.height, self.round, self.hash.as_ref());
            genesis.keys().validator(self.validator).is_some_and(|key| key.verify(&signed, &self.signature))
        })
    }
}

impl PartialEq for Vote {
    fn eq(&self, other: &Self) -> bool {
        self.to_bytes() == other.to_bytes()
    }
}

impl Eq for Vote {}

impl Canonical for Vote {
    fn write(&self, out: &mut Vec<u8>) {
        self.kind.write(out);
        self.height.write(out);
        self.round.write(out);
        self.hash.write(out);
        self.validator.write(out);
        self.signature.write(out);
    }

    fn read(input: &mut Reader<'_>) -> Result<Self, DecodeError> {
        Ok(Self {
            kind: Canonical::read(input)?,
            height: Canonical::read(input)?,
            round: Canonical::read(input)?,
            hash: Canonical::read(input)?,
            validator: Canonical::read(input)?,
            signature: Canonical::read(input)?,
            memo: VerificationMemo::default(),
        })
    }
}

/// What a vote's signature is over.
pub(crate) fn vote_digest(
    genesis: &Digest,
    kind: VoteKind,
    height: u64,
    round: u32,
    hash: Option<&Digest>,
) -> Digest {
    let (tag, hash) = hash.map_or(([0], &Digest::ZERO), |hash| ([1], hash));
    Digest::of(
        Domain::Vote,
        &[&genesis.0, &[kind as u8], &height.to_be_bytes(), &round.to_be_bytes(), &tag, &hash.0],
    )
}

/// More than two thirds of the validators' prevotes for one block in one round.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct PolkaCertificate {
    /// The height.
    pub height: u64,
    /// The round.
    pub round: u32,
    /// The block's hash.
    pub hash: Digest,
    /// Prevotes, in the order of the validators.
    pub signatures: Vec<ValidatorSignature>,
}

canonical_struct!(PolkaCertificate { height, round, hash, signatures });

impl PolkaCertificate {
    /// Whether a quorum of the validators of its height signed this.
    pub fn verify(&self, genesis: &Genesis, validators: &ValidatorSet) -> bool {
        is_quorum(
            genesis,
            validators,
            VoteKind::Prevote,
            (self.height, self.round, self.hash),
            &self.signatures,
        )
    }
}
