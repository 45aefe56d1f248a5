//! The event loop of a trial: one clock, one queue, and whatever happens to the validators.

use std::cmp::Reverse;
use std::collections::BinaryHeap;
use std::rc::Rc;
use std::sync::Arc;

use goshawk_ledger::{
    Change, Committed, ConsensusMessage, Digest, Effect, Event, Genesis, TimerKey, Validator, Weakness,
};

use crate::trial::checks::{Checks, Repeated, Violation};
use crate::trial::counters::Counters;
use crate::trial::disk::{DiskLog, DiskStore, Failing};
use crate::trial::faulty::Malice;
use crate::trial::links::{Cut, Held, Links};
use crate::trial::plan::{Conduct, Plan, Weather};
use crate::trial::random::Random;
use crate::trial::traffic::{Batch, Clients, TICK_MICROS};
use crate::trial::{Control, Setting};

/// How long after the storm everything may take, in microseconds.
const PATIENCE_MICROS: u64 = 900_000_000;

/// Something that will happen.
enum Happening {
    Arrives { process: usize, incarnation: u32, from: usize, message: Arc<ConsensusMessage> },
    Submitted { process: usize, incarnation: u32, batch: Batch },
    Expires { process: usize, incarnation: u32, key: TimerKey },
    Connects { process: usize, incarnation: u32, peer: usize },
    Starts { process: usize },
    Crashes,
    Parts,
    Heals,
    ClientsLook,
    StormEnds,
}

/// A validator that runs, or half of one that equivocates.
pub(crate) struct Process {
    pub(crate) node: usize,
    /// Which half of an equivocator it is.
    half: Option<u64>,
    /// The peers that this half speaks to; empty for all.
    sides: Vec<bool>,
    validator: Option<Validator<DiskStore, DiskLog>>,
    /// What a crash has left, while it is down.
    disk: Option<(DiskStore, DiskLog)>,
    incarnation: u32,
    /// The last height that it has reported.
    reported: u64,
    pub(crate) malice: Malice,
}

/// Everything in a trial.
pub(crate) struct World {
    genesis: Arc<Genesis>,
    lockless: Arc<Genesis>,
    plan: Plan,
    pub(crate) random: Random,
    pub(crate) links: Links,
    failing: Rc<Failing>,
    clients: Clients,
    checks: Checks,
    processes: Vec<Process>,
    queue: BinaryHeap<Reverse<(u64, u64, usize)>>,
    slots: Vec<Option<Happening>>,
    free: Vec<usize>,
    sequence: u64,
    pub(crate) now_micros: u64,
    is_stormy: bool,
    /// How many honest validators have reported each height, and how many heights enough of them have.
    reports: Vec<usize>,
    acknowledged: usize,
    pub(crate) counters: Counters,
}

impl World {
    pub(crate) fn new(
        sound: &Arc<Genesis>,
        used: &Arc<Genesis>,
        plan: Plan,
        mut random: Random,
        setting: &Setting,
    ) -> Self {
        let nodes = plan.validators();
        let failing = Rc::new(Failing::new(random.fork(), plan.weather.disk_faults));
        let is_log_off = setting.control == Some(Control::NoLog);
        let mut processes = Vec::new();
        // All equivocators tell one half of the validators one thing and the other half another, and a few both.
        let first: Vec<u64> = (0..nodes).map(|_| random.below(10)).collect();
        for (node, &conduct) in plan.conduct.iter().enumerate() {
            let halves = if conduct == Conduct::Equivocating { 2 } else { 1 };
            for half in 0..halves {
                let hears = |side: &u64| *side == 0 || side % 2 == half;
                let sides = if halves == 1 { Vec::new() } else { first.iter().map(hears).collect() };
                let failing = (conduct == Conduct::Honest).then_some(&failing);
                let genesis = if conduct == Conduct::Amnesiac { &lockless(sound, used) } else { used };
                let store = DiskStore::new(genesis, failing);
                let log = DiskLog::new(failing, is_log_off);
                processes.push(Process {
                    node,
                    half: (halves == 2).then_some(half),
                    sides,
                    validator: None,
                    disk: Some((store, log)),
                    incarnation: 0,
                    reported: 0,
                    malice: Malice::new(conduct, node, random.fork()),
                });
            }
        }
        let links = Links::new(plan.weather, nodes, random.fork());
        let counters = count_plan(&plan);
        Self {
            genesis: Arc::clone(used),
            lockless: lockless(sound, used),
            clients: Clients::new(sound, &plan),
            checks: Checks::new(sound, used),
            plan,
            random,
            links,
            failing,
            processes,
            queue: BinaryHeap::new(),
            slots: Vec::new(),
            free: Vec::new(),
            sequence: 0,
            now_micros: 0,
            is_stormy: true,
            reports: Vec::new(),
            acknowledged: 0,
            counters,
        }
    }

    /// Runs the storm and the fair weather after it.
    pub(crate) fn run(&mut self) -> Result<(), Violation> {
        for process in 0..self.processes.len() {
            self.start(process)?;
        }
        self.schedule(0, Happening::ClientsLook);
        self.schedule(self.plan.storm_micros, Happening::StormEnds);
        self.next_crash();
        self.next_partition();
        while self.is_stormy || !self.is_at_rest() {
            let Some(Reverse((time, _, slot))) = self.queue.pop() else {
                return Err("liveness: nothing is left to happen".to_owned());
            };
            if time > self.plan.storm_micros + PATIENCE_MICROS {
                return Err(format!("liveness: no end in sight, {}", self.describe()));
            }
            self.now_micros = time;
            let happening = self.slots[slot].take().expect("invariant: a queued slot is filled");
            self.free.push(slot);
            self.counters.events += 1;
            self.happen(happening)?;
        }
        self.at_the_end()
    }

    /// Whether all is done: every transaction is final, and every honest validator has every block.
    fn is_at_rest(&self) -> bool {
        let height = self.checks.chain.len() as u64;
        self.clients.is_done() && self.honest().all(|it| it.validator.is_some() && it.reported == height)
    }

    fn at_the_end(&mut self) -> Result<(), Violation> {
        match self.clients.signed.iter().find(|it| !self.checks.holds(&it.id())) {
            Some(lost) => Err(format!("transactions: {:?} is lost", lost.id())),
            None => Ok(()),
        }
    }

    fn happen(&mut self, happening: Happening) -> Result<(), Violation> {
        match happening {
            Happening::Arrives { process, incarnation, from, message } => {
                if self.is_there(process, incarnation) {
                    self.counters.messages += 1;
                    return self.arrive(process, from, message);
                }
                self.counters.dropped_down += 1;
            }
            Happening::Submitted { process, incarnation, batch } => {
                if self.is_there(process, incarnation) {
                    let batch = self.processes[process].malice.hear(&batch, &mut self.counters);
                    return self.handle(process, Event::Submit(batch));
                }
            }
            Happening::Expires { process, incarnation, key } => {
                if self.is_there(process, incarnation) {
                    return self.handle(process, Event::Timer(key));
                }
            }
            Happening::Connects { process, incarnation, peer } => {
                if self.is_there(process, incarnation) {
                    return self.handle(process, Event::Connected { peer });
                }
            }
            Happening::Starts { process } => {
                if self.processes[process].disk.is_some() {
                    self.start(process)?;
                    self.connect_all(process);
                }
            }
            Happening::Crashes => {
                if self.is_stormy {
                    self.crash_somebody();
                    self.next_crash();
                }
            }
            Happening::Parts => {
                if self.is_stormy {
                    self.links.part(&mut self.counters);
                    let duration = self.random.between(100_000, 12_000_000);
                    self.schedule(duration, Happening::Heals);
                }
            }
            Happening::Heals => {
                self.heal();
                if self.is_stormy {
                    self.next_partition();
                }
            }
            Happening::ClientsLook => self.clients_look(),
            Happening::StormEnds => self.end_storm(),
        }
        Ok(())
    }

    fn arrive(
        &mut self,
        process: usize,
        from: usize,
        message: Arc<ConsensusMessage>,
    ) -> Result<(), Violation> {
        if self.plan.is_honest(self.processes[process].node) {
            let before = self.processes[process].reported;
            let is_final = matches!(*message, ConsensusMessage::Decided { .. });
            self.handle(process, Event::Message { from, message })?;
            self.counters.adopted += u64::from(is_final && self.processes[process].reported > before);
            return Ok(());
        }
        let says = self.processes[process].malice.listen(&message, &self.genesis, &mut self.counters);
        let node = self.processes[process].node;
        for (to, message) in says {
            if let ConsensusMessage::Vote(vote) = &*message
                && vote.validator as usize == node
            {
                self.checks.voted(vote, false)?;
            }
            let to = to % self.plan.validators();
            if to != node {
                self.send(process, to, &message);
            }
        }
        if self.processes[process].malice.replays_a_transaction(&self.clients.signed) {
            self.replay_transactions();
        }
        if self.processes[process].malice.ignores(&message, &mut self.counters) {
            return Ok(());
        }
        self.handle(process, Event::Message { from, message })
    }

    /// Gives a validator an event, carries out what it wants, and checks what must be true.
    fn handle(&mut self, process: usize, event: Event) -> Result<(), Violation> {
        let ahead = self.plan.clocks_ahead_micros[self.processes[process].node];
        let now = self.now_micros + ahead;
        let Some(validator) = &mut self.processes[process].validator else { return Ok(()) };
        let effects = validator.handle(now, event);
        self.carry_out(process, effects)?;
        self.check(process)
    }

    /// What is true of an honest validator after every event.
    fn check(&mut self, process: usize) -> Result<(), Violation> {
        let process = &self.processes[process];
        let Some(validator) = process.validator.as_ref().filter(|_| self.plan.is_honest(process.node)) else {
            return Ok(());
        };
        if validator.height() != process.reported + 1 {
            return Err(format!("chain: validator {} is not where its blocks are", process.node));
        }
        let opening = self.genesis.config().accounts.iter().map(|it| it.opening_balance).sum();
        if validator.state().total_money() != opening {
            return Err(format!("money: it has changed for validator {}", process.node));
        }
        Ok(())
    }

    fn carry_out(&mut self, process: usize, effects: Vec<Effect>) -> Result<(), Violation> {
        let node = self.processes[process].node;
        let is_honest = self.plan.is_honest(node);
        for effect in effects {
            match effect {
                Effect::Broadcast(message) => {
                    self.notice(&message, is_honest)?;
                    for to in (0..self.plan.validators()).filter(|&to| to != node) {
                        if self.processes[process].speaks_to(to, &message, &mut self.counters) {
                            self.send(process, to, &message);
                        }
                    }
                }
                Effect::Send { to, message } => {
                    if self.processes[process].speaks_to(to, &message, &mut self.counters) {
                        self.send(process, to, &message);
                    }
                }
                Effect::SetTimer { key, after_micros } => {
                    let incarnation = self.processes[process].incarnation;
                    self.schedule(after_micros, Happening::Expires { process, incarnation, key });
                }
                Effect::Committed(committed) if is_honest => self.report(process, &committed)?,
                Effect::Equivocation(evidence) if is_honest => {
                    let accused = self.plan.is_honest(evidence.validator() as usize);
                    self.checks.accused(&evidence, accused)?;
                    self.counters.evidence += 1;
                    self.clients.accuse(evidence);
                }
                Effect::Halted(_) => self.crash(process),
                Effect::Committed(_) | Effect::Equivocation(_) => (),
            }
        }
        Ok(())
    }

    /// Somebody tells everybody something.
    fn notice(&mut self, message: &ConsensusMessage, is_honest: bool) -> Result<(), Violation> {
        if let ConsensusMessage::Vote(vote) = message {
            let repeated = self.checks.voted(vote, is_honest)?;
            self.counters.double_votes += u64::from(repeated == Repeated::Contradicted);
        }
        if let ConsensusMessage::Proposal(proposal) = message {
            self.counters.double_proposals += u64::from(self.checks.proposed(proposal, is_honest)?);
        }
        Ok(())
    }

    fn report(&mut self, process: usize, committed: &Committed) -> Result<(), Violation> {
        let height = committed.block.header().height;
        if height != self.processes[process].reported + 1 {
            return Err(format!("chain: height {height} comes out of turn"));
        }
        self.processes[process].reported = height;
        if self.checks.committed(committed)? {
            self.counters.heights += 1;
            self.counters.later_rounds += u64::from(committed.certificate.round > 0);
            self.counters.transactions += committed.receipts.len() as u64;
            self.counters.rejected +=
                committed.receipts.iter().filter(|it| it.rejection().is_some()).count() as u64;
            let (accusations, convicted) = self.convictions(committed)?;
            self.counters.accusations += accusations;
            self.counters.convicted += convicted;
            self.counters.highest_round += u64::from(committed.certificate.round);
            self.reports.push(0);
        }
        self.reports[height as usize - 1] += 1;
        let enough = (self.plan.validators() - 1) / 3 + 1;
        while self.reports.get(self.acknowledged).is_some_and(|reports| *reports >= enough) {
            for transaction in self.checks.chain[self.acknowledged].block.transactions() {
                self.clients.acknowledge(&transaction.id());
                self.counters.acknowledged += 1;
            }
            self.acknowledged += 1;
        }
        Ok(())
    }

    /// How many accusations a block holds, and how many validators they cost their power. None may be honest.
    fn convictions(&mut self, committed: &Committed) -> Result<(u64, u64), Violation> {
        let mut counts = (0, 0);
        for change in committed.receipts.iter().filter_map(|receipt| receipt.change()) {
            let Change::Convicted { validator, powerless_from } = change else { continue };
            if self.plan.is_honest(*validator as usize) {
                return Err(format!("evidence: honest validator {validator} is convicted on the chain"));
            }
            counts.0 += 1;
            counts.1 += u64::from(self.checks.convicted(*validator, *powerless_from));
        }
        Ok(counts)
    }

    fn honest(&self) -> impl Iterator<Item = &Process> {
        self.processes.iter().filter(|it| self.plan.is_honest(it.node))
    }

    /// What everything came to.
    pub(crate) fn counted(&self) -> Counters {
        let (failing, disputes) = (&self.failing, &self.checks.energy.counts);
        Counters {
            contested: disputes.contested,
            corrected: disputes.corrected,
            confirmed: disputes.confirmed,
            held_up: disputes.held_up,
            lapsed: disputes.lapsed,
            store_faults: failing.store_faults.get(),
            store_faults_written: failing.store_faults_written.get(),
            log_faults: failing.log_faults.get(),
            false_accusations: self.clients.false_accusations,
            simulated_s: self.now_micros / 1_000_000,
            ..self.counters
        }
    }

    /// The hash of the last block.
    pub(crate) fn last(&self) -> Digest {
        self.checks.chain.last().map_or(Digest::ZERO, |last| last.block.hash())
    }

    fn describe(&self) -> String {
        let heights: Vec<u64> = self.honest().map(|it| it.reported).collect();
        format!("heights {heights:?}, {:?}, more to come: {}", self.plan.conduct, self.clients.has_more())
    }
}

/// The genesis for a validator that forgets its locks.
fn lockless(sound: &Arc<Genesis>, used: &Arc<Genesis>) -> Arc<Genesis> {
    Genesis::weakened(sound.config().clone(), Weakness::NoLock).map_or_else(|_| Arc::clone(used), Arc::new)
}

fn count_plan(plan: &Plan) -> Counters {
    let of = |conduct| plan.conduct.iter().filter(|it| **it == conduct).count() as u64;
    Counters {
        trials: 1,
        validators: plan.validators() as u64,
        skewed_clocks: plan.clocks_ahead_micros.iter().filter(|ahead| **ahead > 0).count() as u64,
        equivocating: of(Conduct::Equivocating),
        silent: of(Conduct::Silent),
        withholding: of(Conduct::Withholding),
        censoring: of(Conduct::Censoring),
        replaying: of(Conduct::Replaying),
        forging: of(Conduct::Forging),
        amnesiac: of(Conduct::Amnesiac),
        ..Counters::default()
    }
}

mod weather;
