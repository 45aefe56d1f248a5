//! What faulty validators do beside, or instead of, what an honest one would do.

use std::sync::Arc;

use goshawk_ledger::{
    Block, Canonical as _, CommitCertificate, ConsensusMessage, Genesis, Proposal, SignedTransaction, Signer,
    ValidatorSignature, Vote, VoteKind,
};

use crate::trial::counters::Counters;
use crate::trial::plan::Conduct;
use crate::trial::random::Random;
use crate::trial::traffic::Batch;

/// How many messages a replaying validator remembers.
const REMEMBERED: usize = 300;
/// A censor ignores every so many-th account.
const VICTIMS: u32 = 5;

/// The ill will of one validator; none for an honest one.
pub(crate) struct Malice {
    conduct: Conduct,
    node: u32,
    random: Random,
    heard: Vec<Arc<ConsensusMessage>>,
}

/// A message, and to whom.
type Said = (usize, Arc<ConsensusMessage>);

fn is_victim(transaction: &SignedTransaction) -> bool {
    transaction.transaction().sender.0 % VICTIMS == 2
}

impl Malice {
    pub(crate) fn new(conduct: Conduct, node: usize, random: Random) -> Self {
        Self { conduct, node: node as u32, random, heard: Vec::new() }
    }

    /// What it takes notice of.
    pub(crate) fn hear(&self, batch: &Batch, counters: &mut Counters) -> Batch {
        if self.conduct != Conduct::Censoring {
            return Arc::clone(batch);
        }
        let heard: Vec<Arc<SignedTransaction>> =
            batch.iter().filter(|it| !is_victim(it)).map(Arc::clone).collect();
        counters.censored += (batch.len() - heard.len()) as u64;
        heard.into()
    }

    /// Whether it acts as if a message had not come: a censor does with blocks that hold its victims' transactions.
    pub(crate) fn ignores(&self, message: &ConsensusMessage, counters: &mut Counters) -> bool {
        let ConsensusMessage::Proposal(proposal) = message else { return false };
        let ignores = self.conduct == Conduct::Censoring
            && proposal.block.transactions().iter().any(|transaction| is_victim(transaction));
        counters.censored += u64::from(ignores);
        ignores
    }

    /// Whether it does not send a message to somebody.
    pub(crate) fn withholds(&mut self, message: &ConsensusMessage, counters: &mut Counters) -> bool {
        let chance = match message {
            ConsensusMessage::Proposal(_) => 6_000,
            _ => 4_000,
        };
        let withholds = self.conduct == Conduct::Withholding && self.random.happens(chance);
        counters.withheld += u64::from(withholds);
        withholds
    }

    /// Whether it now submits somebody's old transactions again.
    pub(crate) fn replays_a_transaction(&mut self, signed: &[Arc<SignedTransaction>]) -> bool {
        self.conduct == Conduct::Replaying && !signed.is_empty() && self.random.happens(300)
    }

    /// What it says of its own accord when it hears a message.
    pub(crate) fn listen(
        &mut self,
        message: &Arc<ConsensusMessage>,
        genesis: &Genesis,
        counters: &mut Counters,
    ) -> Vec<Said> {
        match self.conduct {
            Conduct::Replaying => self.replay(message, counters),
            Conduct::Forging if self.random.happens(2_000) => {
                let signer = genesis.validator_signer(self.node as usize).unwrap();
                self.forge(message, genesis, &signer, counters)
            }
            _ => Vec::new(),
        }
    }

    fn anybody(&mut self, genesis: &Genesis) -> usize {
        self.random.below(genesis.validator_count() as u64) as usize
    }

    fn replay(&mut self, message: &Arc<ConsensusMessage>, counters: &mut Counters) -> Vec<Said> {
        if self.heard.len() < REMEMBERED {
            self.heard.push(Arc::clone(message));
        } else {
            let place = self.random.below(REMEMBERED as u64) as usize;
            self.heard[place] = Arc::clone(message);
        }
        if !self.random.happens(2_000) {
            return Vec::new();
        }
        counters.replayed_messages += 1;
        let place = self.random.below(self.heard.len() as u64) as usize;
        vec![(self.random.below(31) as usize, Arc::clone(&self.heard[place]))]
    }

    fn forge(
        &mut self,
        message: &Arc<ConsensusMessage>,
        genesis: &Genesis,
        signer: &Signer,
        counters: &mut Counters,
    ) -> Vec<Said> {
        let to = self.anybody(genesis);
        let height = message.height();
        let hash = match &**message {
            ConsensusMessage::Vote(vote) => vote.hash,
            ConsensusMessage::Proposal(proposal) => Some(proposal.block.hash()),
            _ => None,
        };
        let forged = match (self.random.below(5), &**message) {
            (0, _) => {
                // Somebody else's vote.
                counters.forged_votes += 1;
                let validator = self.anybody(genesis) as u32;
                let kind = self.random.pick(&[VoteKind::Prevote, VoteKind::Precommit]);
                if validator == self.node {
                    return Vec::new();
                }
                let round = self.random.below(3) as u32;
                let signed = (validator, signer);
                ConsensusMessage::Vote(Vote::sign(genesis.hash(), kind, (height, round), hash, signed))
            }
            (1, _) => {
                // Its own vote, from where nobody is.
                counters.forged_heights += 1;
                let ahead = self.random.pick(&[1, 2, 5, 1_000_000]);
                let place = (height.saturating_add(ahead), self.random.below(2_000) as u32);
                let signed = (self.node, signer);
                ConsensusMessage::Vote(Vote::sign(genesis.hash(), VoteKind::Prevote, place, None, signed))
            }
            (2, _) => {
                let mut bytes = message.to_bytes();
                let place = self.random.below(bytes.len() as u64) as usize;
                bytes[place] ^= 1 << self.random.below(8);
                counters.bent_bytes += 1;
                match ConsensusMessage::from_bytes(&bytes) {
                    Ok(bent) => bent,
                    Err(_) => {
                        counters.refused_bytes += 1;
                        return Vec::new();
                    }
                }
            }
            (3, ConsensusMessage::Proposal(proposal)) => {
                // Out of turn, or with other words.
                counters.forged_proposals += 1;
                let block = other_block(&proposal.block);
                let round = proposal.round + self.random.below(3) as u32;
                ConsensusMessage::Proposal(Proposal::sign(
                    genesis.hash(),
                    block,
                    round,
                    None,
                    (self.node, signer),
                ))
            }
            (_, ConsensusMessage::Proposal(proposal)) => {
                // A block that nobody has decided, with a certificate of its own making.
                counters.forged_certificates += 1;
                let block = other_block(&proposal.block);
                let (round, hash) = (proposal.round, block.hash());
                let vote = |validator: usize| {
                    let signed = (validator as u32, signer);
                    Vote::sign(genesis.hash(), VoteKind::Precommit, (height, round), Some(hash), signed)
                };
                let signature = |validator: usize| ValidatorSignature {
                    validator: validator as u32,
                    signature: vote(validator).signature,
                };
                let signatures = (0..genesis.quorum()).map(signature).collect();
                let certificate = Arc::new(CommitCertificate { height, round, hash, signatures });
                let decided = Arc::new(ConsensusMessage::Decided { block, certificate });
                return (0..genesis.validator_count())
                    .filter(|_| self.random.happens(5_000))
                    .map(|to| (to, Arc::clone(&decided)))
                    .collect();
            }
            _ => return Vec::new(),
        };
        vec![(to, Arc::new(forged))]
    }
}

/// A block with the same content and another hash.
fn other_block(block: &Block) -> Arc<Block> {
    let mut header = block.header().clone();
    header.time_micros += 1;
    Arc::new(Block::new(header, block.transactions().to_vec()))
}
