//! A validator: events in, effects out, no clock and no network of its own.
//!
//! ```text
//!             submit              proposal, votes, timers
//! clients ------------> mempool        |        ^
//!                          |           v        | broadcast, send, set timer
//!                          `------> agreement --'
//!                                      |  decided
//!                                      v
//!                         execution (state) ---> store ---> committed
//! ```
//!
//! Clients submit a transaction to every validator. There are no empty blocks: a validator enters a height when
//! it has a transaction for it, or when a message says that somebody else has. What is left to it by the core is
//! listed in [`agreement`]: checking signatures and proposers, keeping early messages, helping who fell behind.
//! What it must remember of a height over a crash is in a [`WriteAheadLog`]; see [`recovery`].

mod agreement;
mod early;
mod recovery;
mod saved;
mod statements;

use std::collections::VecDeque;
use std::sync::Arc;

use crate::block::{CommitCertificate, Committed};
use crate::consensus::{ConsensusCore, CoreInput, TendermintCore, TimerKind};
use crate::digest::Digest;
use crate::error::LedgerError;
use crate::evidence::Evidence;
use crate::execution::Execution;
use crate::genesis::Genesis;
use crate::log::{LogEntry, NoLog, WriteAheadLog};
use crate::mempool::Mempool;
use crate::message::ConsensusMessage;
use crate::signature::Signer;
use crate::state::LedgerState;
use crate::store::Store;
use crate::transaction::SignedTransaction;
use crate::validator_set::ValidatorSet;
use early::EarlyMessages;
use statements::Statements;

/// Names a timer.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub struct TimerKey {
    /// The height that it belongs to.
    pub height: u64,
    /// The round.
    pub round: u32,
    /// What is waited for.
    pub kind: TimerKind,
}

/// What happens to a validator.
#[derive(Debug, Clone)]
pub enum Event {
    /// Clients submit transactions.
    Submit(Arc<[Arc<SignedTransaction>]>),
    /// Another validator's message has arrived.
    Message {
        /// Its index, which the network vouches for.
        from: usize,
        /// The message.
        message: Arc<ConsensusMessage>,
    },
    /// A timer has run out. One that no longer matters is ignored.
    Timer(TimerKey),
    /// There is a connection to another validator again, after one of the two was away: what was sent in between may be
    /// lost.
    Connected {
        /// Its index.
        peer: usize,
    },
}

/// What a validator wants done.
#[derive(Debug)]
pub enum Effect {
    /// Send to all other validators.
    Broadcast(Arc<ConsensusMessage>),
    /// Send to one other validator.
    Send {
        /// Its index.
        to: usize,
        /// The message.
        message: Arc<ConsensusMessage>,
    },
    /// Hand [`Event::Timer`] back after a while.
    SetTimer {
        /// Which timer.
        key: TimerKey,
        /// After how many microseconds.
        after_micros: u64,
    },
    /// A block is final, and stored.
    Committed(Committed),
    /// A validator has contradicted itself: told once for each validator and height.
    Equivocation(Evidence),
    /// The store or the log has failed. The validator does nothing any more.
    Halted(LedgerError),
}

/// One validator and everything it knows.
#[derive(Debug)]
pub struct Validator<S, L = NoLog> {
    genesis: Arc<Genesis>,
    index: u32,
    signer: Signer,
    store: S,
    log: L,
    /// Whether the log has entries that may not be on the disk yet.
    is_log_ahead: bool,
    /// While it starts again: entries of the log that are still to be taken in.
    recalled: Option<VecDeque<LogEntry>>,
    execution: Execution,
    mempool: Mempool,
    core: TendermintCore,
    early: EarlyMessages,
    now_micros: u64,
    /// Whether the next height has been entered.
    is_started: bool,
    /// The round in which it is our turn and there was nothing to propose.
    wanted: Option<u32>,
    /// What others have said at this height and the last ones.
    statements: Statements,
    /// The last height that was asked for.
    requested: u64,
    /// The last height and round in which each validator was seen to be stuck, and was helped.
    helped: Vec<(u64, u32)>,
    /// Its own messages of the last rounds of this height, for who was away.
    said: Vec<(u32, Arc<ConsensusMessage>)>,
    /// The height and round in which it last asked around, and how often it has.
    asked: ((u64, u32), u32),
    /// How often each validator was told again what was said in the round of that number.
    told: Vec<(u32, u32)>,
    /// Whether it has been away, and may have missed blocks.
    is_catching_up: bool,
    is_halted: bool,
    effects: Vec<Effect>,
}

impl<S: Store> Validator<S> {
    /// A validator at the end of its store's chain, which is executed from the genesis. It must not crash and start
    /// again; one that may do so needs a log, see [`recover`](Validator::recover).
    ///
    /// # Errors
    /// When there is no such validator, or the store is of another chain, fails, or holds a block that does not hold.
    pub fn new(genesis: Arc<Genesis>, index: usize, store: S) -> Result<Self, LedgerError> {
        Self::at_the_end_of(genesis, index, store, NoLog)
    }
}

impl<S: Store, L: WriteAheadLog> Validator<S, L> {
    fn at_the_end_of(genesis: Arc<Genesis>, index: usize, store: S, log: L) -> Result<Self, LedgerError> {
        let count = genesis.validator_count();
        let signer = genesis.validator_signer(index).ok_or(LedgerError::NoValidator { index, count })?;
        if **store.genesis() != *genesis {
            let (expected, found) = (genesis.hash().to_string(), store.genesis().hash().to_string());
            return Err(LedgerError::OtherChain { expected, found });
        }
        let mut execution = Execution::new(&genesis);
        for height in 1..=store.tip().height {
            let hold = |execution: &mut Execution| {
                let stored = store.block(height)?.ok_or(LedgerError::DoesNotHold { height })?;
                let certificate = &stored.certificate;
                let holds = (certificate.height, certificate.hash) == (height, stored.block.hash())
                    && certificate.verify(&genesis, &execution.validators())
                    && execution.admit(&stored.block)
                    && execution.commit(&stored.block.hash()).is_some();
                if holds { Ok(()) } else { Err(LedgerError::DoesNotHold { height }) }
            };
            hold(&mut execution)?;
        }
        let core = TendermintCore::new(&genesis, index as u32);
        let tip = execution.tip().height;
        Ok(Self {
            index: index as u32,
            signer,
            store,
            log,
            is_log_ahead: false,
            recalled: None,
            execution,
            mempool: Mempool::default(),
            core,
            early: EarlyMessages::new(count),
            now_micros: 0,
            is_started: false,
            wanted: None,
            statements: Statements::new(count, tip + 1),
            requested: 0,
            helped: vec![(0, 0); count],
            said: Vec::new(),
            asked: ((0, 0), 0),
            told: vec![(0, 0); count],
            is_catching_up: false,
            is_halted: false,
            effects: Vec::new(),
            genesis,
        })
    }

    /// Takes in one event and says what is to be done, in this order.
    pub fn handle(&mut self, now_micros: u64, event: Event) -> Vec<Effect> {
        if self.is_halted {
            return Vec::new();
        }
        self.now_micros = self.now_micros.max(now_micros);
        match event {
            Event::Submit(transactions) => {
                let state = self.execution.state();
                transactions.iter().for_each(|transaction| self.mempool.admit(state, transaction));
            }
            Event::Message { from, message } => self.receive(from, message),
            Event::Timer(key) => self.expire(key),
            Event::Connected { peer } => self.meet(peer),
        }
        self.go_on();
        self.take_effects()
    }

    /// Does what can be done without a further event: early messages whose height has come, and blocks to propose.
    fn go_on(&mut self) {
        while !self.is_halted {
            if let Some((from, message)) = self.early.take(self.height()) {
                self.receive(from, message);
            } else if !self.wake() {
                break;
            }
        }
    }

    fn expire(&mut self, key: TimerKey) {
        let TimerKey { height, round, kind } = key;
        if self.is_started && height == self.height() {
            let at_micros = self.now_micros;
            self.note(|| LogEntry::Expired { key, at_micros });
            let outputs = self.core.step(CoreInput::Timeout { round, kind });
            let is_stuck = outputs.is_empty();
            self.carry_out(outputs);
            self.request_if_behind();
            if kind == TimerKind::Propose && (height, round) == (self.height(), self.core.round()) {
                self.ask_around(is_stuck);
            }
        }
    }

    /// The height that is being agreed on, or will be next.
    pub fn height(&self) -> u64 {
        self.execution.tip().height + 1
    }

    /// Its index.
    pub fn index(&self) -> usize {
        self.index as usize
    }

    /// The state after the last final block.
    pub fn state(&self) -> &LedgerState {
        self.execution.state()
    }

    /// The validators of the height that is being agreed on, or will be next.
    pub fn validators(&self) -> Arc<ValidatorSet> {
        self.execution.validators()
    }

    /// How many transactions wait for a block.
    pub fn waiting(&self) -> usize {
        self.mempool.len()
    }

    /// The store.
    pub fn store(&self) -> &S {
        &self.store
    }

    /// Makes sure that all blocks so far survive a crash.
    ///
    /// # Errors
    /// When the store fails.
    pub fn flush(&mut self) -> Result<(), LedgerError> {
        self.store.flush()
    }

    /// The store, to close it.
    pub fn into_store(self) -> S {
        self.store
    }

    /// Enters the next height, or proposes late, if there is now a transaction. Says whether it did.
    fn wake(&mut self) -> bool {
        let is_waiting = !self.is_started || self.wanted.is_some();
        if !is_waiting || !self.mempool.has_ready(self.execution.state()) {
            return false;
        }
        match self.wanted.take() {
            Some(round) => self.offer_value(round),
            None => self.enter_height_alone(),
        }
        true
    }

    /// Enters the height though nobody has sent anything of it.
    fn enter_height_alone(&mut self) {
        let (height, at_micros) = (self.height(), self.now_micros);
        self.note(|| LogEntry::Entered { height, at_micros });
        self.enter_height();
    }

    fn enter_height(&mut self) {
        self.is_started = true;
        let outputs = self.core.start(self.height(), &self.execution.validators());
        self.carry_out(outputs);
    }

    /// Makes a decided block final and leaves its height.
    fn commit(&mut self, hash: &Digest, certificate: CommitCertificate) {
        let (block, receipts) =
            self.execution.commit(hash).expect("invariant: a quorum decides on blocks that hold only");
        self.mempool.drop_stale(self.execution.state());
        self.is_started = false;
        self.wanted = None;
        self.statements.move_on();
        self.said.clear();
        self.told.fill((0, 0));
        let proposed_at_micros = block.header().time_micros;
        let certificate = Arc::new(certificate);
        let committed = Committed { block, receipts, certificate, proposed_at_micros };
        match self.keep(&committed) {
            Ok(()) => self.effects.push(Effect::Committed(committed)),
            Err(error) => self.halt(error),
        }
    }

    /// Stores a final block. Where there is a log it reaches back to the last block that survives a crash.
    fn keep(&mut self, committed: &Committed) -> Result<(), LedgerError> {
        self.store.put(committed)?;
        if L::KEEPS {
            self.store.flush()?;
            self.log.clear()?;
            self.is_log_ahead = false;
        }
        Ok(())
    }

    fn halt(&mut self, error: LedgerError) {
        self.is_halted = true;
        self.effects.push(Effect::Halted(error));
    }
}
