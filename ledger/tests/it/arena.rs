//! Validators on a network without luck, some of whom attack it, and rules of conduct that can be taken away.

use std::cmp::Reverse;
use std::collections::{BTreeMap, BinaryHeap};
use std::sync::Arc;

use goshawk_ledger::{
    AccountId, Block, Committed, ConsensusMessage, Digest, Effect, Event, Genesis, MemoryStore, Proposal,
    SignedTransaction, Validator, Vote,
};

/// Every message takes a tenth of a second.
const LATENCY_MICROS: u64 = 100_000;

/// What a validator does.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Conduct {
    Honest,
    /// Says nothing.
    Silent,
    /// Speaks to the first half of the validators only.
    Withholding,
    /// Signs two blocks and two votes, and tells even places the one first, odd ones the other.
    Equivocating,
    /// Keeps an account out of blocks, and ignores proposals with it.
    Censoring(AccountId),
}

/// What honest validators do about it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Rules {
    /// All that they do.
    All,
    /// They wait for each other for ever: no timer runs out.
    NoTimers,
    /// They do not ask each other for what they have missed, and answer nobody.
    NoHelp,
}

/// The network.
pub(crate) struct Arena {
    genesis: Arc<Genesis>,
    validators: Vec<Validator<MemoryStore>>,
    conduct: Vec<Conduct>,
    rules: Rules,
    queue: BinaryHeap<Reverse<(u64, u64, usize)>>,
    events: BTreeMap<u64, Event>,
    sequence: u64,
    pub(crate) now_micros: u64,
    /// The side of each validator while the network is in two parts.
    sides: Option<Vec<u8>>,
    pub(crate) chains: Vec<Vec<Committed>>,
    /// Who was found to contradict itself.
    pub(crate) accused: Vec<u32>,
    /// The other block of the last equivocating proposer; the others of its kind know it.
    other_block: Option<(u64, u32, Digest)>,
}

impl Arena {
    pub(crate) fn new(genesis: &Arc<Genesis>, conduct: &[Conduct], rules: Rules) -> Self {
        let validator = |place| {
            let store = MemoryStore::new(Arc::clone(genesis), 100);
            Validator::new(Arc::clone(genesis), place, store).unwrap()
        };
        Self {
            genesis: Arc::clone(genesis),
            validators: (0..conduct.len()).map(validator).collect(),
            conduct: conduct.to_vec(),
            rules,
            queue: BinaryHeap::new(),
            events: BTreeMap::new(),
            sequence: 0,
            now_micros: 0,
            sides: None,
            chains: vec![Vec::new(); conduct.len()],
            accused: Vec::new(),
            other_block: None,
        }
    }

    /// Splits the network: messages between two sides are lost.
    pub(crate) fn split(&mut self, sides: &[u8]) {
        self.sides = Some(sides.to_vec());
    }

    /// Makes the network whole again; everybody notices.
    pub(crate) fn heal(&mut self) {
        self.sides = None;
        for place in 0..self.conduct.len() {
            for peer in (0..self.conduct.len()).filter(|&peer| peer != place) {
                self.schedule(LATENCY_MICROS, place, Event::Connected { peer });
            }
        }
    }

    fn schedule(&mut self, after_micros: u64, place: usize, event: Event) {
        self.queue.push(Reverse((self.now_micros + after_micros, self.sequence, place)));
        self.events.insert(self.sequence, event);
        self.sequence += 1;
    }

    /// Sends transactions to every validator.
    pub(crate) fn submit(&mut self, transactions: &[Arc<SignedTransaction>]) {
        let all: Vec<usize> = (0..self.conduct.len()).collect();
        self.submit_to(&all, transactions);
    }

    /// Sends transactions to some validators.
    pub(crate) fn submit_to(&mut self, places: &[usize], transactions: &[Arc<SignedTransaction>]) {
        for &place in places {
            let is_heard = |it: &&Arc<SignedTransaction>| match self.conduct[place] {
                Conduct::Censoring(victim) => it.transaction().sender != victim,
                _ => true,
            };
            let heard: Vec<_> = transactions.iter().filter(is_heard).map(Arc::clone).collect();
            self.schedule(LATENCY_MICROS, place, Event::Submit(heard.into()));
        }
    }

    fn ignores(&self, place: usize, event: &Event) -> bool {
        match (self.conduct[place], event) {
            (Conduct::Censoring(victim), Event::Message { message, .. }) => match &**message {
                ConsensusMessage::Proposal(proposal) => {
                    proposal.block.transactions().iter().any(|it| it.transaction().sender == victim)
                }
                _ => false,
            },
            _ => false,
        }
    }

    fn send(&mut self, from: usize, to: usize, message: &Arc<ConsensusMessage>) {
        let is_cut = self.sides.as_ref().is_some_and(|sides| sides[from] != sides[to]);
        let speaks = match self.conduct[from] {
            Conduct::Silent => false,
            Conduct::Withholding => 2 * to < self.conduct.len(),
            _ => true,
        };
        if speaks && !is_cut && from != to {
            self.schedule(LATENCY_MICROS, to, Event::Message { from, message: Arc::clone(message) });
        }
    }

    /// What an equivocator says beside a message.
    fn contradiction(&mut self, place: usize, message: &ConsensusMessage) -> Option<Arc<ConsensusMessage>> {
        let signer = self.genesis.validator_signer(place).unwrap();
        let (chain, signed) = (self.genesis.hash(), (place as u32, &signer));
        let other = match message {
            ConsensusMessage::Proposal(proposal) => {
                let mut header = proposal.block.header().clone();
                header.time_micros += 1;
                let block = Arc::new(Block::new(header, proposal.block.transactions().to_vec()));
                self.other_block = Some((proposal.height, proposal.round, block.hash()));
                let polka = proposal.polka.clone();
                ConsensusMessage::Proposal(Proposal::sign(chain, block, proposal.round, polka, signed))
            }
            ConsensusMessage::Vote(vote) if vote.hash.is_some() => {
                let place = (vote.height, vote.round);
                let other = self.other_block.filter(|&(height, round, _)| (height, round) == place);
                ConsensusMessage::Vote(Vote::sign(chain, vote.kind, place, other.map(|it| it.2), signed))
            }
            _ => return None,
        };
        Some(Arc::new(other))
    }

    fn broadcast(&mut self, from: usize, message: &Arc<ConsensusMessage>) {
        let other = match self.conduct[from] {
            Conduct::Equivocating => self.contradiction(from, message),
            _ => None,
        };
        for to in 0..self.conduct.len() {
            let mut said: Vec<&Arc<ConsensusMessage>> = std::iter::once(message).chain(&other).collect();
            if to % 2 == 1 {
                said.reverse();
            }
            said.into_iter().for_each(|message| self.send(from, to, message));
        }
    }

    /// Delivers the next event. `false` when nothing is left to happen.
    fn step(&mut self) -> bool {
        let Some(Reverse((time, sequence, place))) = self.queue.pop() else { return false };
        let event = self.events.remove(&sequence).unwrap();
        self.now_micros = time;
        if self.ignores(place, &event) {
            return true;
        }
        for effect in self.validators[place].handle(time, event) {
            let helps = self.rules != Rules::NoHelp;
            match effect {
                Effect::Broadcast(message) => {
                    if helps || !matches!(*message, ConsensusMessage::Request { .. }) {
                        self.broadcast(place, &message);
                    }
                }
                Effect::Send { to, message } if helps => self.send(place, to, &message),
                Effect::Send { .. } => {}
                Effect::SetTimer { key, after_micros } if self.rules != Rules::NoTimers => {
                    self.schedule(after_micros, place, Event::Timer(key));
                }
                Effect::SetTimer { .. } => {}
                Effect::Committed(committed) => self.chains[place].push(committed),
                Effect::Equivocation(evidence) => {
                    assert!(evidence.verify(&self.genesis));
                    self.accused.push(evidence.validator());
                }
                Effect::Halted(error) => panic!("validator halted: {error}"),
            }
        }
        true
    }

    /// Lets happen what is still to happen, for ten minutes at most.
    pub(crate) fn run_out(&mut self) {
        let deadline = self.now_micros + 600_000_000;
        while self.now_micros < deadline && self.step() {}
    }

    /// Lets so much time pass.
    pub(crate) fn run_for(&mut self, micros: u64) {
        let until = self.now_micros + micros;
        while self.queue.peek().is_some_and(|Reverse((time, _, _))| *time <= until) {
            self.step();
        }
        self.now_micros = until;
    }

    pub(crate) fn validator(&self, place: usize) -> &Validator<MemoryStore> {
        &self.validators[place]
    }

    fn honest(&self) -> impl Iterator<Item = usize> + '_ {
        (0..self.conduct.len()).filter(|&place| self.conduct[place] == Conduct::Honest)
    }

    /// How many blocks each honest validator has.
    pub(crate) fn heights(&self) -> Vec<usize> {
        self.honest().map(|place| self.chains[place].len()).collect()
    }

    /// Heights at which two honest validators have different final blocks.
    pub(crate) fn forks(&self) -> usize {
        let longest = self.honest().map(|place| self.chains[place].len()).max().unwrap_or(0);
        let is_forked = |height: &usize| {
            let mut hashes = self.honest().filter_map(|it| Some(self.chains[it].get(*height)?.block.hash()));
            let first = hashes.next();
            hashes.any(|hash| Some(hash) != first)
        };
        (0..longest).filter(is_forked).count()
    }

    /// Rounds beyond the first, over the blocks of an honest validator.
    pub(crate) fn extra_rounds(&self) -> u32 {
        let place = self.honest().next().unwrap();
        self.chains[place].iter().map(|committed| committed.certificate.round).sum()
    }
}
