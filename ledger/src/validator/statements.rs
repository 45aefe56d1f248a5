//! What validators have been heard to say: each statement once, and one contradiction of each validator and height.
//!
//! Whoever repeats itself, or says ever new things where one thing is to be said, is not listened to: nothing of that goes
//! to the core, to the log or into memory. So what a faulty validator can make another one keep is bounded by the number
//! of validators and rounds. Votes of the last heights are kept for a while, because the second of two that contradict
//! each other may come after the height is decided.

mod saved;

use std::collections::{BTreeMap, VecDeque};
use std::sync::Arc;

use crate::digest::Digest;
use crate::evidence::{Evidence, ProposalClaim};
use crate::genesis::Genesis;
use crate::message::{ConsensusMessage, Proposal, Vote, VoteKind};
use crate::validator_set::ValidatorSet;

/// How many different proposals of one round are looked at: an honest proposer makes one.
const PROPOSALS_PER_ROUND_MAX: usize = 2;
/// How many heights back votes are kept.
const HEIGHTS_KEPT: usize = 4;
/// How many rounds beyond those that were heard of by its end count at a height that is decided.
const LATE_ROUNDS_MAX: u32 = 1;

/// What came of hearing something.
#[derive(Debug, Default)]
pub(super) struct Heard {
    /// Whether it may matter to the agreement.
    pub(super) is_news: bool,
    /// Whether it contradicts what its author has said before, for the first time at this height.
    pub(super) evidence: Option<Evidence>,
}

/// The statements of the present height and of the last ones.
#[derive(Debug)]
pub(super) struct Statements {
    validators: usize,
    present: HeightStatements,
    /// The last heights, in order.
    past: VecDeque<HeightStatements>,
}

impl Statements {
    pub(super) fn new(validators: usize, height: u64) -> Self {
        Self { validators, present: HeightStatements::of(height), past: VecDeque::new() }
    }

    /// The present height is over.
    pub(super) fn move_on(&mut self) {
        let next = HeightStatements::of(self.present.height + 1);
        self.present.end();
        self.past.push_back(std::mem::replace(&mut self.present, next));
        if self.past.len() > HEIGHTS_KEPT {
            self.past.pop_front();
        }
    }

    /// Hears a message of the present height whose signatures hold. A proposal that was heard before its time is heard once
    /// more when its time has come.
    pub(super) fn hear(&mut self, message: &Arc<ConsensusMessage>, timeliness: Timeliness) -> Heard {
        let present = &mut self.present;
        match &**message {
            ConsensusMessage::Vote(vote) => {
                let Some(first) = present.first(self.validators, vote) else { return Heard::default() };
                match first {
                    None => {
                        *first = Some(Arc::clone(message));
                        Heard { is_news: true, evidence: None }
                    }
                    Some(first) => {
                        let evidence = contradiction(vote_in(first), vote);
                        Heard { is_news: false, evidence: present.accuse(evidence) }
                    }
                }
            }
            ConsensusMessage::Polka(polka) => {
                let polkas = &mut present.rounds.entry(polka.round).or_default().polkas;
                let is_news = !polkas.contains(&polka.hash);
                if is_news {
                    polkas.push(polka.hash);
                }
                Heard { is_news, evidence: None }
            }
            ConsensusMessage::Proposal(proposal) => present.hear_proposal(proposal, timeliness),
            ConsensusMessage::Request { .. } | ConsensusMessage::Decided { .. } => Heard::default(),
        }
    }

    /// Hears a message of a height that is decided, whose validators were these. Its signatures need not hold: what is kept is
    /// checked here, and what says the same as what is kept is not looked at.
    pub(super) fn hear_late(
        &mut self,
        message: &Arc<ConsensusMessage>,
        genesis: &Genesis,
        validators: &ValidatorSet,
    ) -> Option<Evidence> {
        let height = message.height();
        let past = self.past.iter_mut().find(|past| past.height == height)?;
        match &**message {
            ConsensusMessage::Vote(vote) => {
                let is_heard = |before: &Vote| before.hash == vote.hash;
                if vote.round > past.last_round.saturating_add(LATE_ROUNDS_MAX)
                    || past.heard(vote).is_some_and(is_heard)
                    || validators.power(vote.validator) == 0
                    || !vote.is_signed(genesis)
                {
                    return None;
                }
                let first = past.first(self.validators, vote)?;
                let Some(before) = first else {
                    *first = Some(Arc::clone(message));
                    return None;
                };
                let evidence = contradiction(vote_in(before), vote);
                past.accuse(evidence)
            }
            ConsensusMessage::Proposal(proposal) => {
                let claims = &past.rounds.get(&proposal.round)?.claims;
                let (before, _) = claims.iter().find(|(claim, _)| claim.proposer == proposal.proposer)?;
                if before.hash == proposal.block.hash()
                    || validators.power(proposal.proposer) == 0
                    || !proposal.is_signed(genesis)
                {
                    return None;
                }
                let evidence = Evidence::Proposals(Box::new([before.clone(), proposal.claim()]));
                past.accuse(Some(evidence))
            }
            _ => None,
        }
    }

    /// The blocks that others have proposed in a round of the present height.
    pub(super) fn proposed(&self, round: u32) -> impl Iterator<Item = &Digest> {
        self.present
            .rounds
            .get(&round)
            .into_iter()
            .flat_map(|round| &round.claims)
            .map(|(claim, _)| &claim.hash)
    }
}

/// Whether a block's time is acceptable now.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Timeliness {
    /// It is.
    Due,
    /// It lies ahead of the clock.
    Early,
}

/// The statements of one height.
#[derive(Debug)]
struct HeightStatements {
    height: u64,
    /// The last round of which there were statements when the height ended.
    last_round: u32,
    rounds: BTreeMap<u32, RoundStatements>,
    /// Who has contradicted itself; once is enough.
    accused: Vec<u32>,
}

/// The statements of one round.
#[derive(Debug, Default)]
struct RoundStatements {
    /// The first vote of each validator and kind.
    votes: Vec<Option<Arc<ConsensusMessage>>>,
    /// The blocks for which there was a certificate of prevotes.
    polkas: Vec<Digest>,
    claims: Vec<(ProposalClaim, Timeliness)>,
}

impl HeightStatements {
    fn of(height: u64) -> Self {
        Self { height, last_round: 0, rounds: BTreeMap::new(), accused: Vec::new() }
    }

    /// The height is over. What rounds there were is settled: whoever tells of later ones, one after the other, is not followed.
    fn end(&mut self) {
        self.last_round = self.rounds.last_key_value().map_or(0, |(round, _)| *round);
    }

    /// The first vote like this one, if there was one.
    fn heard(&self, vote: &Vote) -> Option<&Vote> {
        let first = self.rounds.get(&vote.round)?.votes.get(place_of(vote))?;
        first.as_deref().map(vote_in)
    }

    /// The place of the first vote like this one; there is none for who is no validator.
    fn first(&mut self, validators: usize, vote: &Vote) -> Option<&mut Option<Arc<ConsensusMessage>>> {
        let votes = &mut self.rounds.entry(vote.round).or_default().votes;
        if votes.is_empty() {
            votes.resize(2 * validators, None);
        }
        votes.get_mut(place_of(vote))
    }

    fn hear_proposal(&mut self, proposal: &Proposal, timeliness: Timeliness) -> Heard {
        let claims = &mut self.rounds.entry(proposal.round).or_default().claims;
        let claim = proposal.claim();
        let same =
            claims.iter_mut().find(|(it, _)| (it.hash, it.polka_round) == (claim.hash, claim.polka_round));
        if let Some((_, heard)) = same {
            let is_news = *heard == Timeliness::Early && timeliness == Timeliness::Due;
            if is_news {
                *heard = Timeliness::Due;
            }
            return Heard { is_news, evidence: None };
        }
        let other = claims.iter().find(|(other, _)| other.hash != claim.hash);
        let evidence = other.map(|(other, _)| Evidence::Proposals(Box::new([other.clone(), claim.clone()])));
        let is_news = claims.len() < PROPOSALS_PER_ROUND_MAX;
        if is_news {
            claims.push((claim, timeliness));
        }
        Heard { is_news, evidence: self.accuse(evidence) }
    }

    /// The evidence, unless its validator has been accused at this height before.
    fn accuse(&mut self, evidence: Option<Evidence>) -> Option<Evidence> {
        let accused = evidence.as_ref()?.validator();
        if self.accused.contains(&accused) {
            return None;
        }
        self.accused.push(accused);
        evidence
    }
}

fn place_of(vote: &Vote) -> usize {
    2 * vote.validator as usize + usize::from(vote.kind == VoteKind::Precommit)
}

fn vote_in(message: &ConsensusMessage) -> &Vote {
    match message {
        ConsensusMessage::Vote(vote) => vote,
        _ => unreachable!("invariant: only votes are kept as votes"),
    }
}

fn contradiction(one: &Vote, other: &Vote) -> Option<Evidence> {
    (one.hash != other.hash).then(|| Evidence::Votes(Box::new([one.clone(), other.clone()])))
}
