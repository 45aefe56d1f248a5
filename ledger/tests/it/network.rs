//! Validators on a simulated network: seeded delays, duplicates, and nodes that are silent or have a twin.

use std::cmp::Reverse;
use std::collections::{BTreeMap, BinaryHeap};
use std::sync::Arc;

use goshawk_ledger::{
    Committed, ConsensusMessage, Digest, Effect, Event, Evidence, Genesis, MemoryStore, SignedTransaction,
    Validator,
};

/// What is wrong with a node.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Conduct {
    /// Nothing.
    Honest,
    /// It neither sends nor receives.
    Silent,
    /// It is two validators with one key, who see different transactions; one speaks to the even peers and the even
    /// halves of other twins, the other to the odd ones. So it proposes two blocks in one round and votes twice.
    Twin,
}

/// What the network does.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Weather {
    pub(crate) seed: u64,
    /// Shortest and longest delay, in microseconds. The wider, the more messages overtake each other.
    pub(crate) delay_micros: (u64, u64),
    /// How many of a hundred messages arrive twice.
    pub(crate) duplicates_percent: u64,
}

impl Default for Weather {
    fn default() -> Self {
        Self { seed: 1, delay_micros: (20_000, 100_000), duplicates_percent: 0 }
    }
}

/// A process: a node, or one half of a twin.
struct Process {
    node: usize,
    /// Which peers it speaks to; `None` for all.
    parity: Option<usize>,
    validator: Validator<MemoryStore>,
}

pub(crate) struct Network {
    genesis: Arc<Genesis>,
    processes: Vec<Process>,
    conduct: Vec<Conduct>,
    weather: Weather,
    random: u64,
    queue: BinaryHeap<Reverse<(u64, u64, usize)>>,
    events: BTreeMap<u64, Event>,
    sequence: u64,
    pub(crate) now_micros: u64,
    pub(crate) delivered: u64,
    /// A node that nothing reaches and whose messages are lost.
    pub(crate) away: Option<usize>,
    /// A node that hears both halves of a twin.
    pub(crate) overhears: Option<usize>,
    /// Everything that was broadcast in the first minute.
    pub(crate) sent: Vec<Arc<ConsensusMessage>>,
    /// What honest nodes have found against others.
    pub(crate) evidence: Vec<Evidence>,
    /// Each honest node's chain.
    pub(crate) chains: Vec<Vec<Committed>>,
}

impl Network {
    pub(crate) fn new(genesis: &Arc<Genesis>, weather: Weather, conduct: &[Conduct]) -> Self {
        let mut processes = Vec::new();
        for (node, conduct) in conduct.iter().enumerate() {
            let parities: &[Option<usize>] = match conduct {
                Conduct::Honest => &[None],
                Conduct::Silent => &[],
                Conduct::Twin => &[Some(0), Some(1)],
            };
            for &parity in parities {
                let store = MemoryStore::new(Arc::clone(genesis), 50);
                let validator = Validator::new(Arc::clone(genesis), node, store).unwrap();
                processes.push(Process { node, parity, validator });
            }
        }
        Self {
            genesis: Arc::clone(genesis),
            processes,
            conduct: conduct.to_vec(),
            weather,
            random: weather.seed,
            queue: BinaryHeap::new(),
            events: BTreeMap::new(),
            sequence: 0,
            now_micros: 0,
            delivered: 0,
            away: None,
            overhears: None,
            sent: Vec::new(),
            evidence: Vec::new(),
            chains: vec![Vec::new(); conduct.len()],
        }
    }

    /// SplitMix64.
    fn draw(&mut self, below: u64) -> u64 {
        self.random = self.random.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mut mixed = self.random;
        mixed = (mixed ^ (mixed >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        mixed = (mixed ^ (mixed >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        (mixed ^ (mixed >> 31)) % below
    }

    fn schedule(&mut self, after_micros: u64, process: usize, event: Event) {
        self.queue.push(Reverse((self.now_micros + after_micros, self.sequence, process)));
        self.events.insert(self.sequence, event);
        self.sequence += 1;
    }

    /// A client sends transactions to every validator; a twin's halves get them in different orders.
    pub(crate) fn submit(&mut self, transactions: &[Arc<SignedTransaction>]) {
        for process in 0..self.processes.len() {
            let half = transactions.len() / 2;
            let seen = match self.processes[process].parity {
                Some(1) => transactions[..half].to_vec(),
                _ => transactions.to_vec(),
            };
            let delay = self.delay();
            self.schedule(delay, process, Event::Submit(seen.into()));
        }
    }

    fn delay(&mut self) -> u64 {
        let (shortest, longest) = self.weather.delay_micros;
        shortest + self.draw(longest - shortest + 1)
    }

    fn send(&mut self, sender: usize, to: usize, message: &Arc<ConsensusMessage>) {
        let (from, parity) = (self.processes[sender].node, self.processes[sender].parity);
        let hears = |process: &Process| {
            let side = process.parity.unwrap_or(process.node % 2);
            process.node == to && (self.overhears == Some(to) || parity.is_none_or(|parity| parity == side))
        };
        let hearing: Vec<usize> =
            (0..self.processes.len()).filter(|&it| hears(&self.processes[it])).collect();
        for process in hearing {
            let copies = if self.draw(100) < self.weather.duplicates_percent { 2 } else { 1 };
            for _ in 0..copies {
                let delay = self.delay();
                let message = Arc::clone(message);
                self.schedule(delay, process, Event::Message { from, message });
            }
        }
    }

    /// Delivers the next event. `false` when nothing is left to happen.
    pub(crate) fn step(&mut self) -> bool {
        let Some(Reverse((time, sequence, process))) = self.queue.pop() else { return false };
        let event = self.events.remove(&sequence).unwrap();
        self.now_micros = time;
        self.delivered += 1;
        if self.away == Some(self.processes[process].node) {
            return true;
        }
        let effects = self.processes[process].validator.handle(time, event);
        for effect in effects {
            match effect {
                Effect::Broadcast(message) => {
                    let own = self.processes[process].node;
                    if time < 60_000_000 {
                        self.sent.push(Arc::clone(&message));
                    }
                    for to in (0..self.conduct.len()).filter(|&to| to != own) {
                        self.send(process, to, &message);
                    }
                }
                Effect::Send { to, message } => self.send(process, to, &message),
                Effect::SetTimer { key, after_micros } => {
                    self.schedule(after_micros, process, Event::Timer(key));
                }
                Effect::Committed(committed) => {
                    let node = self.processes[process].node;
                    if self.conduct[node] == Conduct::Honest {
                        self.chains[node].push(committed);
                    }
                }
                Effect::Equivocation(evidence) => {
                    assert!(evidence.verify(&self.genesis));
                    let accused = evidence.validator() as usize;
                    assert_eq!(self.conduct[accused], Conduct::Twin, "an honest validator is accused");
                    if self.conduct[self.processes[process].node] == Conduct::Honest {
                        self.evidence.push(evidence);
                    }
                }
                Effect::Halted(error) => panic!("validator halted: {error}"),
            }
        }
        true
    }

    /// Runs until every honest node has this height, and fails after ten minutes of simulated time.
    pub(crate) fn run_to(&mut self, height: u64) {
        let deadline = self.now_micros + 600_000_000;
        while self.honest().any(|node| (self.chains[node].len() as u64) < height) {
            assert!(self.step(), "nothing left to happen before height {height}");
            assert!(self.now_micros < deadline, "height {height} was not reached: {:?}", self.heights());
        }
    }

    /// Lets everything happen that is still to happen.
    pub(crate) fn run_out(&mut self) {
        while self.step() {}
    }

    fn honest(&self) -> impl Iterator<Item = usize> + '_ {
        (0..self.conduct.len()).filter(|&node| self.conduct[node] == Conduct::Honest)
    }

    pub(crate) fn heights(&self) -> Vec<usize> {
        self.chains.iter().map(Vec::len).collect()
    }

    /// The honest nodes' validators.
    pub(crate) fn validators(&self) -> impl Iterator<Item = &Validator<MemoryStore>> {
        self.processes.iter().filter(|it| self.conduct[it.node] == Conduct::Honest).map(|it| &it.validator)
    }

    /// The validators of all processes, twins among them.
    pub(crate) fn everybody(&self) -> impl Iterator<Item = &Validator<MemoryStore>> {
        self.processes.iter().map(|it| &it.validator)
    }

    /// The longest honest chain, after checking that all honest chains are beginnings of it, that each block is
    /// certified, and that nobody's money has changed.
    pub(crate) fn agreed_chain(&self) -> Vec<Committed> {
        let longest = self.honest().max_by_key(|&node| self.chains[node].len()).unwrap();
        let furthest = self.validators().max_by_key(|it| it.height()).unwrap();
        let state = furthest.state();
        for node in self.honest() {
            for (ours, theirs) in self.chains[node].iter().zip(&self.chains[longest]) {
                assert_eq!(ours.block.hash(), theirs.block.hash(), "fork at {}", ours.block.header().height);
                assert_eq!(ours.receipts, theirs.receipts);
                assert!(ours.certificate.verify(&self.genesis, &state.validators(ours.certificate.height)));
            }
        }
        let opening = self.genesis.config().accounts.iter().map(|account| account.opening_balance).sum();
        assert!(self.validators().all(|validator| validator.state().total_money() == opening));
        self.chains[longest].clone()
    }

    /// How often one validator proposed two blocks in one round.
    pub(crate) fn double_proposals(&self) -> usize {
        let mut proposed: BTreeMap<(u64, u32), Vec<Digest>> = BTreeMap::new();
        for message in &self.sent {
            if let ConsensusMessage::Proposal(proposal) = &**message {
                let blocks = proposed.entry((proposal.height, proposal.round)).or_default();
                if !blocks.contains(&proposal.block.hash()) {
                    blocks.push(proposal.block.hash());
                }
            }
        }
        proposed.values().filter(|blocks| blocks.len() > 1).count()
    }

    pub(crate) fn hashes(&self) -> Vec<Digest> {
        self.agreed_chain().iter().map(|committed| committed.block.hash()).collect()
    }
}
