//! Evidence that a validator has contradicted itself: two signed statements of which an honest one makes only one.

use crate::codec::{Canonical, DecodeError, Reader, canonical_struct};
use crate::digest::Digest;
use crate::genesis::Genesis;
use crate::message::{Vote, proposal_digest};
use crate::signature::Signature;

/// What a proposer has signed, without the block.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ProposalClaim {
    /// The height.
    pub height: u64,
    /// The round.
    pub round: u32,
    /// The round of the prevotes for it, where it was proposed before.
    pub polka_round: Option<u32>,
    /// The block's hash.
    pub hash: Digest,
    /// Who proposed.
    pub proposer: u32,
    /// Its signature.
    pub signature: Signature,
}

canonical_struct!(ProposalClaim { height, round, polka_round, hash, proposer, signature });

impl ProposalClaim {
    fn is_signed(&self, genesis: &Genesis) -> bool {
        let signed = proposal_digest(genesis.hash(), self.height, self.round, self.polka_round, &self.hash);
        genesis.keys().validator(self.proposer).is_some_and(|key| key.verify(&signed, &self.signature))
    }
}

/// Two statements that contradict each other. Anybody can check them with the genesis alone.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Evidence {
    /// Two votes of one kind in one round.
    Votes(Box<[Vote; 2]>),
    /// Two blocks proposed in one round.
    Proposals(Box<[ProposalClaim; 2]>),
}

impl Canonical for Evidence {
    fn write(&self, out: &mut Vec<u8>) {
        match self {
            Self::Votes(votes) => {
                out.push(0);
                votes.iter().for_each(|vote| vote.write(out));
            }
            Self::Proposals(claims) => {
                out.push(1);
                claims.iter().for_each(|claim| claim.write(out));
            }
        }
    }

    fn read(input: &mut Reader<'_>) -> Result<Self, DecodeError> {
        match input.tag()? {
            0 => Ok(Self::Votes(Box::new([Canonical::read(input)?, Canonical::read(input)?]))),
            1 => Ok(Self::Proposals(Box::new([Canonical::read(input)?, Canonical::read(input)?]))),
            tag => Err(DecodeError::Tag { what: "Evidence", tag }),
        }
    }
}

impl Evidence {
    /// Whom it accuses.
    pub fn validator(&self) -> u32 {
        match self {
            Self::Votes(votes) => votes[0].validator,
            Self::Proposals(claims) => claims[0].proposer,
        }
    }

    /// The height at which it happened.
    pub fn height(&self) -> u64 {
        match self {
            Self::Votes(votes) => votes[0].height,
            Self::Proposals(claims) => claims[0].height,
        }
    }

    /// Whether both statements are signed by the accused and contradict each other.
    pub fn verify(&self, genesis: &Genesis) -> bool {
        match self {
            Self::Votes(votes) => {
                let [one, other] = &**votes;
                let place = |vote: &Vote| (vote.validator, vote.kind, vote.height, vote.round);
                place(one) == place(other)
                    && one.hash != other.hash
                    && one.is_signed(genesis)
                    && other.is_signed(genesis)
            }
            Self::Proposals(claims) => {
                let [one, other] = &**claims;
                let place = |claim: &ProposalClaim| (claim.proposer, claim.height, claim.round);
                place(one) == place(other)
                    && one.hash != other.hash
                    && one.is_signed(genesis)
                    && other.is_signed(genesis)
            }
        }
    }
}
