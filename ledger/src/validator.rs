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

mod agreement;
mod early;
mod saved;

use std::collections::BTreeMap;
use std::sync::Arc;

use crate::block::{CommitCertificate, Committed};
use crate::consensus::{ConsensusCore, CoreInput, TendermintCore, TimerKind};
use crate::digest::Digest;
use crate::error::LedgerError;
use crate::execution::Execution;
use crate::genesis::Genesis;
use crate::mempool::Mempool;
use crate::message::ConsensusMessage;
use crate::signature::Signer;
use crate::state::LedgerState;
use crate::store::Store;
use crate::transaction::SignedTransaction;
use early::EarlyMessages;

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
    /// The store has failed. The validator does nothing any more.
    Halted(LedgerError),
}

/// One validator and everything it knows.
#[derive(Debug)]
pub struct Validator<S> {
    genesis: Arc<Genesis>,
    index: u32,
    signer: Signer,
    store: S,
    execution: Execution,
    mempool: Mempool,
    core: TendermintCore,
    early: EarlyMessages,
    now_micros: u64,
    /// Whether the next height has been entered.
    is_started: bool,
    /// The round in which it is our turn and there was nothing to propose.
    wanted: Option<u32>,
    /// The blocks seen in each round of this height.
    proposed: BTreeMap<u32, Vec<Digest>>,
    /// The last height that was asked for.
    requested: u64,
    /// The last height and round in which each validator was seen to be stuck, and was helped.
    helped: Vec<(u64, u32)>,
    is_halted: bool,
    effects: Vec<Effect>,
}

impl<S: Store> Validator<S> {
    /// A validator at the end of its store's chain, which is executed from the genesis.
    ///
    /// # Errors
    /// When there is no such validator, or the store is of another chain, fails, or holds a block that does not hold.
    pub fn new(genesis: Arc<Genesis>, index: usize, store: S) -> Result<Self, LedgerError> {
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
                let holds =
                    execution.admit(&stored.block) && execution.commit(&stored.block.hash()).is_some();
                if holds { Ok(()) } else { Err(LedgerError::DoesNotHold { height }) }
            };
            hold(&mut execution)?;
        }
        let core = TendermintCore::new(&genesis, index as u32);
        Ok(Self {
            index: index as u32,
            signer,
            store,
            execution,
            mempool: Mempool::default(),
            core,
            early: EarlyMessages::new(count),
            now_micros: 0,
            is_started: false,
            wanted: None,
            proposed: BTreeMap::new(),
            requested: 0,
            helped: vec![(0, 0); count],
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
            Event::Timer(TimerKey { height, round, kind }) => {
                if self.is_started && height == self.height() {
                    let outputs = self.core.step(CoreInput::Timeout { round, kind });
                    self.carry_out(outputs);
                    self.request_if_behind();
                }
            }
        }
        while !self.is_halted {
            if let Some((from, message)) = self.early.take(self.height()) {
                self.receive(from, message);
            } else if !self.wake() {
                break;
            }
        }
        std::mem::take(&mut self.effects)
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
            None => self.enter_height(),
        }
        true
    }

    fn enter_height(&mut self) {
        self.is_started = true;
        let outputs = self.core.start(self.height());
        self.carry_out(outputs);
    }

    /// Makes a decided block final and leaves its height.
    fn commit(&mut self, hash: &Digest, certificate: CommitCertificate) {
        let (block, receipts) =
            self.execution.commit(hash).expect("invariant: a quorum decides on blocks that hold only");
        self.mempool.drop_stale(self.execution.state());
        self.is_started = false;
        self.wanted = None;
        self.proposed.clear();
        let proposed_at_micros = block.header().time_micros;
        let certificate = Arc::new(certificate);
        let committed = Committed { block, receipts, certificate, proposed_at_micros };
        match self.store.put(&committed) {
            Ok(()) => self.effects.push(Effect::Committed(committed)),
            Err(error) => {
                self.is_halted = true;
                self.effects.push(Effect::Halted(error));
            }
        }
    }
}
