//! Crashes, partitions, and everything else that happens to messages and machines.

use goshawk_ledger::Store as _;

use super::*;

impl World {
    pub(super) fn schedule(&mut self, after_micros: u64, happening: Happening) {
        let slot = match self.free.pop() {
            Some(slot) => {
                self.slots[slot] = Some(happening);
                slot
            }
            None => {
                self.slots.push(Some(happening));
                self.slots.len() - 1
            }
        };
        self.queue.push(Reverse((self.now_micros + after_micros, self.sequence, slot)));
        self.sequence += 1;
    }

    pub(super) fn is_there(&self, process: usize, incarnation: u32) -> bool {
        let process = &self.processes[process];
        process.incarnation == incarnation && process.validator.is_some()
    }

    /// Sends a message to all processes of a validator.
    pub(super) fn send(&mut self, sender: usize, to: usize, message: &Arc<ConsensusMessage>) {
        let (from, half) = (self.processes[sender].node, self.processes[sender].half);
        for receiver in 0..self.processes.len() {
            let other_half = self.processes[receiver].half;
            if self.processes[receiver].node != to
                || (half.is_some() && other_half.is_some_and(|it| Some(it) != half))
            {
                continue;
            }
            match self.links.cut(from, to) {
                Cut::Drop => self.counters.dropped_cut += 1,
                Cut::Hold => {
                    self.counters.held += 1;
                    let message = Arc::clone(message);
                    self.links.held.push(Held { sender, receiver, message });
                }
                Cut::None => {
                    self.deliver(from, receiver, message);
                    if self.links.doubles() {
                        self.counters.doubled += 1;
                        self.deliver(from, receiver, message);
                    }
                }
            }
        }
    }

    fn deliver(&mut self, from: usize, process: usize, message: &Arc<ConsensusMessage>) {
        let (to, incarnation) = (self.processes[process].node, self.processes[process].incarnation);
        let arrival = self.links.arrival(from, to, self.now_micros, &mut self.counters);
        let message = Arc::clone(message);
        let after = arrival - self.now_micros;
        self.schedule(after, Happening::Arrives { process, incarnation, from, message });
    }

    /// Starts a process from its disk. What is on the disk and was not reported is reported now; what was reported must
    /// be on the disk.
    pub(super) fn start(&mut self, process: usize) -> Result<(), Violation> {
        let node = self.processes[process].node;
        if self.plan.conduct[node] == Conduct::Silent {
            return Ok(());
        }
        let (store, log) = self.processes[process].disk.take().expect("invariant: who is down has a disk");
        let (tip, reported) = (store.tip().height, self.processes[process].reported);
        if self.plan.is_honest(node) {
            if tip < reported {
                return Err(format!("store: validator {node} has lost block {reported}"));
            }
            for height in reported + 1..=tip {
                let committed = store.block(height).ok().flatten().ok_or("store: a block is missing")?;
                self.report(process, &committed)?;
            }
        }
        self.counters.recoveries += u64::from(self.processes[process].incarnation > 0);
        self.counters.recalled += log.len() as u64;
        let is_amnesiac = self.plan.conduct[node] == Conduct::Amnesiac;
        let genesis = Arc::clone(if is_amnesiac { &self.lockless } else { &self.genesis });
        let (validator, effects) = Validator::recover(genesis, node, store, log)
            .map_err(|error| format!("recovery: validator {node}: {error}"))?;
        self.processes[process].validator = Some(validator);
        self.carry_out(process, effects)?;
        self.check(process)
    }

    /// A process dies with everything that is not on its disk.
    pub(super) fn crash(&mut self, process: usize) {
        let Some(validator) = self.processes[process].validator.take() else { return };
        let (mut store, mut log) = validator.into_disk();
        store.crash(&mut self.random);
        let (lost, _) = log.crash(&mut self.random);
        self.counters.crashes += 1;
        self.counters.log_torn += u64::from(lost > 0);
        self.processes[process].disk = Some((store, log));
        self.processes[process].incarnation += 1;
        let running: std::collections::BTreeSet<usize> =
            self.processes.iter().filter(|it| it.validator.is_some()).map(|it| it.node).collect();
        self.counters.everyone_down += u64::from(running.len() < self.genesis.quorum());
        let longest = if self.is_stormy { self.plan.weather.down_micros_max.max(200_000) } else { 200_000 };
        let after = self.random.between(50_000, longest);
        self.schedule(after, Happening::Starts { process });
    }

    pub(super) fn crash_somebody(&mut self) {
        let honest: Vec<usize> = (0..self.processes.len())
            .filter(|&it| self.plan.is_honest(self.processes[it].node))
            .filter(|&it| self.processes[it].validator.is_some())
            .collect();
        // Now and then the power fails for all of them.
        if self.random.happens(1_000) {
            honest.into_iter().for_each(|process| self.crash(process));
        } else if !honest.is_empty() {
            let process = self.random.pick(&honest);
            self.crash(process);
        }
    }

    pub(super) fn next_crash(&mut self) {
        let every = self.plan.weather.crash_every_micros;
        if every > 0 {
            let after = self.random.between(1, 2 * every);
            self.schedule(after, Happening::Crashes);
        }
    }

    pub(super) fn next_partition(&mut self) {
        let every = self.plan.weather.partition_every_micros;
        if every > 0 {
            let after = self.random.between(1, 2 * every);
            self.schedule(after, Happening::Parts);
        }
    }

    /// A process tells all others that it is there, and they tell it.
    pub(super) fn connect_all(&mut self, process: usize) {
        let node = self.processes[process].node;
        for other in 0..self.plan.validators() {
            if other != node {
                self.connect(node, other);
            }
        }
    }

    fn connect(&mut self, one: usize, other: usize) {
        if self.links.cut(one, other) != Cut::None || self.links.cut(other, one) != Cut::None {
            return;
        }
        let after = self.links.latency();
        for process in 0..self.processes.len() {
            let incarnation = self.processes[process].incarnation;
            let node = self.processes[process].node;
            if node == one || node == other {
                let peer = if node == one { other } else { one };
                self.schedule(after, Happening::Connects { process, incarnation, peer });
            }
        }
    }

    pub(super) fn heal(&mut self) {
        let (mended, held) = self.links.heal();
        for Held { sender, receiver, message } in held {
            self.deliver(self.processes[sender].node, receiver, &message);
        }
        for (one, other) in mended.into_iter().filter(|(one, other)| one < other) {
            self.connect(one, other);
        }
    }

    /// From now on nothing new goes wrong but for the validators that are faulty.
    pub(super) fn end_storm(&mut self) {
        self.is_stormy = false;
        self.failing.rate.set(0);
        self.links.weather = Weather::fair();
        self.heal();
        for process in 0..self.processes.len() {
            if self.processes[process].disk.is_some() {
                self.schedule(0, Happening::Starts { process });
            }
        }
    }

    pub(super) fn clients_look(&mut self) {
        self.schedule(TICK_MICROS, Happening::ClientsLook);
        let Some(batch) = self.clients.tick(self.now_micros) else { return };
        for process in 0..self.processes.len() {
            // The second half of an equivocator sees less, so that it builds other blocks.
            let is_second = self.processes[process].half == Some(1);
            let seen: Batch = if is_second { batch[..batch.len() / 2].into() } else { Arc::clone(&batch) };
            self.submit(process, seen);
        }
    }

    fn submit(&mut self, process: usize, batch: Batch) {
        let incarnation = self.processes[process].incarnation;
        let after = self.links.latency();
        self.schedule(after, Happening::Submitted { process, incarnation, batch });
    }

    /// Somebody submits what was submitted before.
    pub(super) fn replay_transactions(&mut self) {
        let signed = &self.clients.signed;
        let first = self.random.below(signed.len() as u64) as usize;
        let last = (first + 4).min(signed.len());
        let batch: Batch = signed[first..last].into();
        self.counters.replayed_transactions += batch.len() as u64;
        let process = self.random.below(self.processes.len() as u64) as usize;
        self.submit(process, batch);
    }
}

impl Process {
    /// Whether it sends a message to a peer.
    pub(super) fn speaks_to(
        &mut self,
        to: usize,
        message: &ConsensusMessage,
        counters: &mut Counters,
    ) -> bool {
        let is_on_its_side = self.sides.is_empty() || self.sides[to];
        is_on_its_side && !self.malice.withholds(message, counters)
    }
}
