//! What faulty validators do beside, or instead of, what an honest one would do.
//!
//! | conduct | what it does |
//! |---|---|
//! | [`Silent`](Conduct::Silent) | hears everything and says nothing |
//! | [`Withholding`](Conduct::Withholding) | speaks to the first half of the validators only |
//! | [`Equivocating`](Conduct::Equivocating) | signs two blocks where it proposes one and two votes where it casts one, and tells one half of the others the one first, and the other half the other |
//! | [`Censoring`](Conduct::Censoring) | passes over transactions of its victims as it proposes, and ignores proposals with any |

use std::sync::Arc;

use goshawk_ledger::{Block, ConsensusMessage, Digest, Genesis, Proposal, SignedTransaction, Signer, Vote};

/// What a validator does with what it hears and has to say.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum Conduct {
    /// It says everything to everybody.
    #[default]
    Honest,
    /// It says nothing, to nobody.
    Silent,
    /// It speaks to the first half of the validators only.
    Withholding,
    /// It contradicts itself.
    Equivocating,
    /// It keeps its victims' transactions out of blocks.
    Censoring,
}

/// The ill will of one validator; none of an honest one.
#[derive(Debug)]
pub(super) struct Malice {
    conduct: Conduct,
    place: usize,
    signer: Signer,
    genesis: Arc<Genesis>,
    /// Accounts whose transactions it passes over, by number.
    victims: Arc<[bool]>,
    /// The height and round in which it proposed, and the hash of its other block there.
    other_block: Option<(u64, u32, Digest)>,
}

impl Malice {
    pub(super) fn new(conduct: Conduct, place: usize, genesis: &Arc<Genesis>, victims: &Arc<[bool]>) -> Self {
        Self {
            conduct,
            place,
            signer: genesis.validator_signer(place).expect("invariant: the validator is one of the genesis"),
            genesis: Arc::clone(genesis),
            victims: Arc::clone(victims),
            other_block: None,
        }
    }

    /// Whether it sends messages to the validator at a place.
    pub(super) fn speaks_to(&self, place: usize) -> bool {
        match self.conduct {
            Conduct::Silent => false,
            Conduct::Withholding => 2 * place < self.genesis.validator_count(),
            Conduct::Honest | Conduct::Equivocating | Conduct::Censoring => true,
        }
    }

    /// Whether it tells the platform of final blocks.
    pub(super) fn reports(&self) -> bool {
        self.conduct != Conduct::Silent
    }

    fn is_victim(&self, transaction: &SignedTransaction) -> bool {
        let sender = transaction.transaction().sender.0 as usize;
        self.victims.get(sender).is_some_and(|&is_victim| is_victim)
    }

    /// What it takes notice of among transactions that arrive, and how many it passes over.
    pub(super) fn hear(
        &self,
        transactions: Arc<[Arc<SignedTransaction>]>,
    ) -> (Arc<[Arc<SignedTransaction>]>, u64) {
        if self.conduct != Conduct::Censoring {
            return (transactions, 0);
        }
        let heard: Arc<[_]> = transactions.iter().filter(|it| !self.is_victim(it)).map(Arc::clone).collect();
        let passed_over = (transactions.len() - heard.len()) as u64;
        (heard, passed_over)
    }

    /// Whether it acts as if a message had not come.
    pub(super) fn ignores(&self, message: &ConsensusMessage) -> bool {
        let ConsensusMessage::Proposal(proposal) = message else { return false };
        self.conduct == Conduct::Censoring
            && proposal.block.transactions().iter().any(|transaction| self.is_victim(transaction))
    }

    /// What contradicts a message that it broadcasts, under its own signature; nothing of an honest one.
    pub(super) fn contradiction(&mut self, message: &ConsensusMessage) -> Option<Arc<ConsensusMessage>> {
        if self.conduct != Conduct::Equivocating {
            return None;
        }
        let (chain, signed) = (self.genesis.hash(), (self.place as u32, &self.signer));
        let other = match message {
            ConsensusMessage::Proposal(proposal) => {
                let block = other_block(&proposal.block);
                self.other_block = Some((proposal.height, proposal.round, block.hash()));
                let (round, polka) = (proposal.round, proposal.polka.clone());
                ConsensusMessage::Proposal(Proposal::sign(chain, block, round, polka, signed))
            }
            ConsensusMessage::Vote(vote) if vote.hash.is_some() => {
                let other = self.other_block.filter(|known| (known.0, known.1) == (vote.height, vote.round));
                let hash = other.map(|(_, _, hash)| hash);
                let place = (vote.height, vote.round);
                ConsensusMessage::Vote(Vote::sign(chain, vote.kind, place, hash, signed))
            }
            _ => return None,
        };
        Some(Arc::new(other))
    }
}

/// A block with the same transactions and state, and another hash.
fn other_block(block: &Block) -> Arc<Block> {
    let mut header = block.header().clone();
    header.time_micros += 1;
    Arc::new(Block::new(header, block.transactions().to_vec()))
}
