//! What a validator does around the core of agreement:
//!
//! - checks every signature, and that a proposal comes from the round's proposer;
//! - executes a proposed block before it prevotes, and prevotes nil if the block does not hold;
//! - keeps messages of coming heights, and sends final blocks to those who are seen to be stuck at past ones;
//! - carries the core's votes, proposals and timers out.

use std::cmp::Ordering;
use std::collections::VecDeque;
use std::sync::Arc;

use super::statements::Timeliness;
use super::{Effect, TimerKey, Validator};
use crate::block::{Block, CommitCertificate};
use crate::consensus::{ConsensusCore, CoreInput, CoreOutput, TimerKind};
use crate::digest::Digest;
use crate::log::{LogEntry, WriteAheadLog};
use crate::message::{ConsensusMessage, PolkaCertificate, Proposal, Vote, VoteKind};
use crate::rules::Weakness;
use crate::store::Store;

/// How many rounds ahead of ours votes count. A bound on what a faulty validator can make us keep.
const ROUNDS_AHEAD_MAX: u32 = 1_000;
/// How many rounds ahead of ours proposals count, which are larger.
const PROPOSALS_AHEAD_MAX: u32 = 16;
/// How often a validator that is stuck in a round asks around.
const TIMES_ASKED_MAX: u32 = 6;
/// How many rounds back own messages are kept for those who were away.
const ROUNDS_SAID_MAX: u32 = 2;
/// How often a validator says the same again to who asks in one round: as often as an honest one asks.
const TIMES_TOLD_MAX: u32 = TIMES_ASKED_MAX + 1;

impl<S: Store, L: WriteAheadLog> Validator<S, L> {
    /// Takes in another validator's message.
    pub(super) fn receive(&mut self, from: usize, message: Arc<ConsensusMessage>) {
        match &*message {
            ConsensusMessage::Request { height } => self.answer(from, *height),
            _ if message.height() < self.height() => {
                let validators = self.execution.state().validators(message.height());
                let evidence = self.statements.hear_late(&message, &self.genesis, &validators);
                self.effects.extend(evidence.map(Effect::Equivocation));
                self.help_if_stuck(from, &message);
            }
            _ if !self.is_authentic(&message) => (),
            _ if message.height() > self.height() => self.keep_for_later(from, message),
            ConsensusMessage::Decided { block, certificate } => self.adopt(from, block, certificate),
            _ => self.take_in(from, message),
        }
    }

    /// Takes in an authentic message of this height, if it says anything new. Only that goes to the log: a validator that
    /// repeats itself, or says more than there is to say, must not fill it.
    fn take_in(&mut self, from: usize, message: Arc<ConsensusMessage>) {
        if !self.is_within_reach(&message) {
            return;
        }
        let heard = self.statements.hear(&message, self.timeliness(&message));
        self.effects.extend(heard.evidence.map(Effect::Equivocation));
        if !heard.is_news {
            return;
        }
        let (sender, at_micros) = (from as u32, self.now_micros);
        self.note(|| LogEntry::Received { from: sender, at_micros, message: Arc::clone(&message) });
        if !self.is_started {
            self.enter_height();
        }
        self.take_part(&message);
    }

    /// Whether its round is not too far ahead of ours.
    fn is_within_reach(&self, message: &ConsensusMessage) -> bool {
        let ours = if self.is_started { self.core.round() } else { 0 };
        match message {
            ConsensusMessage::Vote(vote) => vote.round <= ours.saturating_add(ROUNDS_AHEAD_MAX),
            ConsensusMessage::Polka(polka) => polka.round <= ours.saturating_add(ROUNDS_AHEAD_MAX),
            ConsensusMessage::Proposal(it) => it.round <= ours.saturating_add(PROPOSALS_AHEAD_MAX),
            ConsensusMessage::Request { .. } | ConsensusMessage::Decided { .. } => true,
        }
    }

    /// Whether the block in a proposal is of our time. One that a quorum has prevoted for is.
    fn timeliness(&self, message: &ConsensusMessage) -> Timeliness {
        let drift = self.genesis.config().limits.clock_drift_micros;
        match message {
            ConsensusMessage::Proposal(proposal)
                if proposal.polka.is_none()
                    && proposal.block.header().time_micros > self.now_micros.saturating_add(drift) =>
            {
                Timeliness::Early
            }
            _ => Timeliness::Due,
        }
    }

    /// Whether its signatures are right, it is by whom it must be, and a block in it has the transactions that its header
    /// commits to. (A header's hash says nothing of a block whose transactions somebody has exchanged on the way: judging
    /// that one would be judging the true one too.)
    fn is_authentic(&self, message: &ConsensusMessage) -> bool {
        let height = message.height();
        let validators = self.execution.state().validators(height);
        // Who will have power in the next epoch is not known before it begins; then the message is looked at again.
        let is_known = height < self.genesis.config().limits.next_epoch(self.height());
        match message {
            ConsensusMessage::Vote(vote) => {
                (!is_known || validators.power(vote.validator) > 0) && vote.is_signed(&self.genesis)
            }
            ConsensusMessage::Polka(polka) => !is_known || polka.verify(&self.genesis, &validators),
            ConsensusMessage::Proposal(proposal) => {
                let Proposal { height, round, block, .. } = proposal;
                let allows = |polka: &PolkaCertificate| {
                    (polka.height, polka.hash) == (*height, block.hash())
                        && polka.round < *round
                        && (!is_known || polka.verify(&self.genesis, &validators))
                };
                (!is_known || validators.proposer(*height, *round) == proposal.proposer)
                    && block.header().height == *height
                    && block.holds_its_transactions()
                    && proposal.is_signed(&self.genesis)
                    && proposal.polka.as_ref().is_none_or(allows)
            }
            ConsensusMessage::Decided { block, certificate } => {
                (certificate.height, certificate.hash) == (block.header().height, block.hash())
                    && block.holds_its_transactions()
                    && (!is_known
                        || certificate.verify(&self.genesis, &validators)
                        || self.genesis.lacks(Weakness::UncheckedCertificates))
            }
            ConsensusMessage::Request { .. } => false,
        }
    }

    /// Feeds an authentic message of this height to the core.
    fn take_part(&mut self, message: &ConsensusMessage) {
        let outputs = match message {
            ConsensusMessage::Vote(vote) => self.core.step(CoreInput::Vote(vote.clone())),
            ConsensusMessage::Polka(polka) => self.core.step(CoreInput::Polka(polka.clone())),
            ConsensusMessage::Proposal(proposal) => {
                let timeliness = self.timeliness(message);
                return self.consider(proposal, timeliness);
            }
            _ => return,
        };
        self.carry_out(outputs);
    }

    /// Executes a proposed block, and tells the core whether it holds.
    fn consider(&mut self, proposal: &Proposal, timeliness: Timeliness) {
        let header = proposal.block.header();
        let fits_round = match &proposal.polka {
            Some(polka) => header.round <= polka.round,
            None => header.round == proposal.round && timeliness == Timeliness::Due,
        };
        let valid = self.execution.admit(&proposal.block) && fits_round;
        if let Some(polka) = &proposal.polka {
            let outputs = self.core.step(CoreInput::Polka(polka.clone()));
            self.carry_out(outputs);
        }
        if self.height() == proposal.height {
            let outputs = self.core.step(proposal_input(proposal, valid));
            self.carry_out(outputs);
        }
    }

    /// Does what the core wants, and what follows from that, until nothing is left or the height is decided.
    pub(super) fn carry_out(&mut self, outputs: Vec<CoreOutput>) {
        let height = self.height();
        let mut left = VecDeque::from(outputs);
        while let Some(output) = left.pop_front() {
            match output {
                CoreOutput::NeedValue { round } => {
                    self.wanted = Some(round);
                    if let Some(input) = self.value(round) {
                        left.extend(self.core.step(input));
                    }
                }
                CoreOutput::Propose { round, hash, polka_round } => {
                    let Some(block) = self.execution.candidate(&hash).cloned() else { continue };
                    let polka = polka_round.and_then(|round| self.core.polka(round, &hash));
                    if polka.is_some() {
                        // The core sets none for a block that is proposed again.
                        self.set_timer(height, round, TimerKind::Propose);
                    }
                    let signer = (self.index, &self.signer);
                    let proposal = Proposal::sign(self.genesis.hash(), block, round, polka, signer);
                    let input = proposal_input(&proposal, true);
                    self.say(round, ConsensusMessage::Proposal(proposal));
                    left.extend(self.core.step(input));
                }
                CoreOutput::Vote { kind, round, hash } => {
                    let hash = self.voted(kind, round, hash);
                    let signer = (self.index, &self.signer);
                    let vote = Vote::sign(self.genesis.hash(), kind, (height, round), hash, signer);
                    self.say(round, ConsensusMessage::Vote(vote.clone()));
                    // Past the first round somebody has missed something: show why this block may be precommitted.
                    let polka = hash
                        .filter(|_| kind == VoteKind::Precommit && round > 0)
                        .and_then(|hash| self.core.polka(round, &hash));
                    if let Some(polka) = polka {
                        self.say(round, ConsensusMessage::Polka(polka));
                    }
                    left.extend(self.core.step(CoreInput::Vote(vote)));
                }
                CoreOutput::Timer { round, kind } => self.set_timer(height, round, kind),
                CoreOutput::Decide { round, hash } => {
                    // Who decides together with the others has missed nothing.
                    self.is_catching_up = false;
                    let signatures = self.core.precommits(round, &hash);
                    self.commit(&hash, CommitCertificate { height, round, hash, signatures });
                    return;
                }
            }
        }
    }

    /// Proposes in a round that has been waiting for a transaction.
    pub(super) fn offer_value(&mut self, round: u32) {
        if self.core.round() == round
            && let Some(input) = self.value(round)
        {
            let outputs = self.core.step(input);
            self.carry_out(outputs);
        }
    }

    /// A new block for the core, if there is anything to put into one.
    fn value(&mut self, round: u32) -> Option<CoreInput> {
        if self.recalled.is_some() {
            return self.recalled_value(round);
        }
        let limits = &self.genesis.config().limits;
        let transactions = self.mempool.select(self.execution.state(), limits);
        if transactions.is_empty() {
            return None;
        }
        self.wanted = None;
        let block = self.execution.build((round, self.index), self.now_micros, transactions);
        self.note(|| LogEntry::Built { block: Arc::clone(&block) });
        Some(CoreInput::Value { round, hash: block.hash() })
    }

    fn waiting_time(&self, round: u32, kind: TimerKind) -> u64 {
        let timeouts = &self.genesis.config().timeouts;
        let first = match kind {
            TimerKind::Propose => timeouts.propose_micros,
            TimerKind::Prevote => timeouts.prevote_micros,
            TimerKind::Precommit => timeouts.precommit_micros,
        };
        first.saturating_add(timeouts.round_micros.saturating_mul(u64::from(round)))
    }

    /// What is voted for: what the core says. Without the rule of locks, a prevote is for any block that holds.
    fn voted(&self, kind: VoteKind, round: u32, hash: Option<Digest>) -> Option<Digest> {
        let lockless = self.genesis.lacks(Weakness::NoLock) && kind == VoteKind::Prevote;
        let holds = |hash: &&Digest| self.execution.holds(hash);
        hash.or_else(|| self.statements.proposed(round).filter(|_| lockless).find(holds).copied())
    }

    /// Sends a message of its own to all, and keeps it for who is away.
    fn say(&mut self, round: u32, message: ConsensusMessage) {
        let message = Arc::new(message);
        self.said.retain(|(said, _)| said.saturating_add(ROUNDS_SAID_MAX) > round);
        self.said.push((round, Arc::clone(&message)));
        self.effects.push(Effect::Broadcast(message));
    }

    /// Keeps a message of a coming height. Somebody is ahead of us, so we enter our height, lest we sleep through it.
    fn keep_for_later(&mut self, from: usize, message: Arc<ConsensusMessage>) {
        let current = self.height();
        if !self.early.keep(current, from, message) && self.requested < current {
            self.request(from);
        }
        if !self.is_started {
            self.enter_height_alone();
        }
    }

    /// Somebody has come back, or we have: whoever is behind catches up, and each says again what it has said.
    pub(super) fn meet(&mut self, peer: usize) {
        self.is_catching_up = true;
        if let Some(told) = self.told.get_mut(peer) {
            *told = (0, 0);
        }
        self.request(peer);
        if self.is_started {
            self.asked = ((0, 0), 0);
            self.set_timer(self.height(), self.core.round(), TimerKind::Propose);
        }
    }

    /// A round takes long, so the timer is set again, for twice as long each time and not for ever: where nobody answers,
    /// it takes a new connection. If nothing else is to happen, votes must have been lost, or kept back by who should
    /// have sent them: whoever has the block sends it, and the others say again what they have said.
    pub(super) fn ask_around(&mut self, is_stuck: bool) {
        let (height, round) = (self.height(), self.core.round());
        if self.asked.0 != (height, round) {
            self.asked = ((height, round), 0);
        }
        if is_stuck {
            let message = ConsensusMessage::Request { height };
            self.effects.push(Effect::Broadcast(Arc::new(message)));
        }
        if self.asked.1 < TIMES_ASKED_MAX {
            let after_micros = self.waiting_time(round, TimerKind::Propose) << self.asked.1;
            let key = TimerKey { height, round, kind: TimerKind::Propose };
            self.effects.push(Effect::SetTimer { key, after_micros });
            self.asked.1 += 1;
        }
    }

    fn set_timer(&mut self, height: u64, round: u32, kind: TimerKind) {
        let after_micros = self.waiting_time(round, kind);
        self.effects.push(Effect::SetTimer { key: TimerKey { height, round, kind }, after_micros });
    }

    /// Somebody asks for the block of a height. If that is the present one, there is none yet, but votes; if it is a
    /// coming one, it is we who are behind.
    fn answer(&mut self, from: usize, height: u64) {
        match height.cmp(&self.height()) {
            Ordering::Less => self.help(from, height),
            Ordering::Equal => {
                if self.may_tell(from) {
                    let said = self.said.iter().map(|(_, message)| Arc::clone(message));
                    self.effects.extend(said.map(|message| Effect::Send { to: from, message }));
                }
            }
            Ordering::Greater => {
                self.early.see(from, height);
                if !self.is_started {
                    self.enter_height_alone();
                }
            }
        }
    }

    /// Whether somebody who asks has not yet been told again too often what we said in this round. What we say may be a
    /// whole block, and asking costs next to nothing.
    fn may_tell(&mut self, whom: usize) -> bool {
        let round = self.core.round();
        let Some(told) = self.told.get_mut(whom).filter(|_| !self.said.is_empty()) else { return false };
        if told.0 != round {
            *told = (round, 0);
        }
        told.1 += 1;
        told.1 <= TIMES_TOLD_MAX
    }

    /// Asks for the block of this height.
    fn request(&mut self, from: usize) {
        let height = self.height();
        self.requested = height;
        let message = Arc::new(ConsensusMessage::Request { height });
        self.effects.push(Effect::Send { to: from, message });
    }

    /// Asks for the block of this height if somebody has been seen beyond it.
    pub(super) fn request_if_behind(&mut self) {
        if let Some(who) = self.early.who_is_ahead_of(self.height()) {
            self.request(who);
            self.early.ask_another();
        }
    }

    /// Takes over a final block that others have agreed on.
    fn adopt(&mut self, from: usize, block: &Arc<Block>, certificate: &CommitCertificate) {
        if self.execution.admit(block) {
            self.commit(&certificate.hash, certificate.clone());
            let is_behind = self.early.who_is_ahead_of(self.height()).is_some();
            if is_behind || self.is_catching_up {
                self.request(from);
            }
            if is_behind && !self.is_halted {
                // Its timers see to it that somebody else is asked if this one does not answer.
                self.enter_height_alone();
            }
        }
    }

    /// Who votes for nothing in the round that decided a height, or is in a later round of it, has missed the block.
    /// (A vote for the block that is merely late is of no use any more, and no sign of trouble.)
    fn help_if_stuck(&mut self, from: usize, message: &ConsensusMessage) {
        let (height, round, may_be_late) = match message {
            ConsensusMessage::Vote(vote) => (vote.height, vote.round, vote.hash.is_some()),
            ConsensusMessage::Proposal(proposal) => (proposal.height, proposal.round, true),
            _ => return,
        };
        let was_helped = self.helped.get(from).is_none_or(|helped| *helped >= (height, round));
        if (round == 0 && may_be_late) || was_helped || !self.is_authentic(message) {
            return;
        }
        let Ok(Some(stored)) = self.store.block(height) else { return };
        let decided = stored.certificate.round;
        if round > decided || (round == decided && !may_be_late) {
            self.helped[from] = (height, round);
            self.help(from, height);
        }
    }

    fn help(&mut self, to: usize, height: u64) {
        if let Ok(Some(stored)) = self.store.block(height) {
            let certificate = Arc::clone(&stored.certificate);
            let message = Arc::new(ConsensusMessage::Decided { block: stored.block, certificate });
            self.effects.push(Effect::Send { to, message });
        }
    }
}

fn proposal_input(proposal: &Proposal, valid: bool) -> CoreInput {
    CoreInput::Proposal {
        round: proposal.round,
        hash: proposal.block.hash(),
        polka_round: proposal.polka.as_ref().map(|polka| polka.round),
        proposer: proposal.proposer,
        signature: proposal.signature.clone(),
        valid,
    }
}
