//! Building blocks, checking them, and executing each once.
//!
//! What a block does is a function of the state before it. Validators that hold one and the same state, the very object,
//! therefore share what comes out: the first of them executes, the others check what is theirs to check, the header
//! and the transactions' root, and take over. One that holds a state of its own executes for itself. If its roots are
//! those of the header too, both states are the same, and it goes on with the shared one. The decision record 21 says
//! what this does and does not change.

mod saved;

use std::collections::BTreeMap;
use std::sync::{Arc, Weak};

use crate::block::{Block, Header, transaction_root};
use crate::digest::Digest;
use crate::genesis::Genesis;
use crate::receipt::{Receipt, Rejection, receipts_root};
use crate::state::LedgerState;
use crate::transaction::SignedTransaction;
use crate::validator_set::ValidatorSet;

/// What a block must follow.
#[derive(Debug, Clone, Copy)]
pub(crate) struct ChainTip {
    pub(crate) height: u64,
    pub(crate) hash: Digest,
    pub(crate) time_micros: u64,
}

impl ChainTip {
    pub(crate) fn of_genesis(genesis: &Genesis) -> Self {
        Self { height: 0, hash: *genesis.hash(), time_micros: 0 }
    }

    pub(crate) fn of(block: &Block) -> Self {
        let header = block.header();
        Self { height: header.height, hash: block.hash(), time_micros: header.time_micros }
    }
}

/// Why a block cannot be the next one.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum BlockFault {
    /// Its height is not the next.
    #[error("its height is {found}, not {expected}")]
    Height {
        /// The next height.
        expected: u64,
        /// The block's.
        found: u64,
    },
    /// It follows another block.
    #[error("it follows {found:?}, not {expected:?}")]
    Link {
        /// The hash of the block before it.
        expected: Digest,
        /// What it names.
        found: Digest,
    },
    /// It is older than the block before it.
    #[error("its time is before that of the block before it")]
    Time,
    /// It was not this validator's turn.
    #[error("validator {found} proposed, where it was validator {expected}'s turn")]
    Proposer {
        /// Whose turn it was.
        expected: u32,
        /// Who proposed.
        found: u32,
    },
    /// Empty, or larger than the genesis allows.
    #[error("it holds {transactions} transactions in {bytes} bytes, which is outside the limits")]
    Size {
        /// How many transactions.
        transactions: usize,
        /// How many bytes.
        bytes: usize,
    },
    /// The header commits to other transactions.
    #[error("the transaction root does not match")]
    TransactionRoot,
    /// A transaction that its sender did not send, or not in turn.
    #[error("transaction {index}: {reason}")]
    Inadmissible {
        /// Its place in the block.
        index: usize,
        /// What is wrong with it.
        reason: Rejection,
    },
    /// The header commits to other receipts.
    #[error("the receipts root does not match")]
    ReceiptsRoot,
    /// The header commits to another state.
    #[error("the state root does not match")]
    StateRoot,
}

/// Checks that a block can follow `tip`, and executes it on `state`, which must be the one at `tip`. Whatever comes
/// out, the state is changed.
pub(crate) fn check_block(
    state: &mut LedgerState,
    tip: &ChainTip,
    block: &Block,
) -> Result<Vec<Receipt>, BlockFault> {
    check_form(state, tip, block)?;
    execute_transactions(state, block)
}

/// Checks what does not depend on the state: the header, and that it commits to the transactions.
fn check_form(state: &LedgerState, tip: &ChainTip, block: &Block) -> Result<(), BlockFault> {
    check_header(state, tip, block)?;
    if block.holds_its_transactions() { Ok(()) } else { Err(BlockFault::TransactionRoot) }
}

/// Executes a block and checks what its header says came out.
fn execute_transactions(state: &mut LedgerState, block: &Block) -> Result<Vec<Receipt>, BlockFault> {
    let header = block.header();
    state.enter(header.height, header.time_micros);
    let mut receipts = Vec::with_capacity(block.transactions().len());
    for (index, transaction) in block.transactions().iter().enumerate() {
        let receipt = state.apply(transaction);
        if let Some(reason) = receipt.rejection().filter(|reason| !reason.uses_nonce()) {
            return Err(BlockFault::Inadmissible { index, reason: reason.clone() });
        }
        receipts.push(receipt);
    }
    if receipts_root(&receipts) != header.receipts_root {
        return Err(BlockFault::ReceiptsRoot);
    }
    if state.root() != header.state_root {
        return Err(BlockFault::StateRoot);
    }
    Ok(receipts)
}

fn check_header(state: &LedgerState, tip: &ChainTip, block: &Block) -> Result<(), BlockFault> {
    let genesis = state.genesis();
    let header = block.header();
    if header.height != tip.height + 1 {
        return Err(BlockFault::Height { expected: tip.height + 1, found: header.height });
    }
    if header.previous != tip.hash {
        return Err(BlockFault::Link { expected: tip.hash, found: header.previous });
    }
    if header.time_micros < tip.time_micros {
        return Err(BlockFault::Time);
    }
    let expected = state.validators(header.height).proposer(header.height, header.round);
    if header.proposer != expected {
        return Err(BlockFault::Proposer { expected, found: header.proposer });
    }
    let limits = &genesis.config().limits;
    let (transactions, bytes) = (block.transactions().len(), block.encoded_len());
    let fits = transactions <= limits.block_transactions as usize && bytes <= limits.block_bytes as usize;
    if transactions == 0 || !fits {
        return Err(BlockFault::Size { transactions, bytes });
    }
    Ok(())
}

/// What came out of executing a block that holds, or of nothing yet.
#[derive(Debug)]
pub(crate) struct Executed {
    /// The state after it.
    state: LedgerState,
    /// One receipt for each transaction.
    receipts: Arc<Vec<Receipt>>,
}

/// Remembers, beside a block, what came out of executing it on one state. It keeps neither alive: whoever comes when all
/// others have gone on to the next block executes for itself.
#[derive(Debug, Clone)]
pub(crate) struct ExecutionMemo {
    /// The very object; its address is not used again while this exists.
    before: Weak<Executed>,
    after: Weak<Executed>,
}

/// A validator's state, and the blocks proposed for the next height. Each is executed once, before the prevote; what
/// comes out of the last one is kept until one of them is decided.
#[derive(Debug)]
pub(crate) struct Execution {
    /// By the last final block.
    last: Arc<Executed>,
    tip: ChainTip,
    /// Blocks for the next height, and whether they hold.
    candidates: BTreeMap<Digest, (Arc<Block>, bool)>,
    /// The block that was executed last, if it holds, and what came out.
    executed: Option<(Digest, Arc<Executed>)>,
}

impl Execution {
    pub(crate) fn new(genesis: &Arc<Genesis>) -> Self {
        let mut state = LedgerState::new(genesis);
        state.root();
        let tip = ChainTip::of_genesis(genesis);
        let last = Arc::new(Executed { state, receipts: Arc::default() });
        Self { last, tip, candidates: BTreeMap::new(), executed: None }
    }

    /// The state after the last final block.
    pub(crate) fn state(&self) -> &LedgerState {
        &self.last.state
    }

    /// The validators of the next height.
    pub(crate) fn validators(&self) -> Arc<ValidatorSet> {
        self.last.state.validators(self.tip.height + 1)
    }

    /// The last final block.
    pub(crate) fn tip(&self) -> &ChainTip {
        &self.tip
    }

    /// A block proposed for this height.
    pub(crate) fn candidate(&self, hash: &Digest) -> Option<&Arc<Block>> {
        self.candidates.get(hash).map(|(block, _)| block)
    }

    /// Whether a block proposed for this height is known to hold.
    pub(crate) fn holds(&self, hash: &Digest) -> bool {
        self.candidates.get(hash).is_some_and(|(_, holds)| *holds)
    }

    /// Builds a block of transactions that their senders sent in turn.
    pub(crate) fn build(
        &mut self,
        (round, proposer): (u32, u32),
        now_micros: u64,
        transactions: Vec<Arc<SignedTransaction>>,
    ) -> Arc<Block> {
        let mut state = self.last.state.clone();
        let time_micros = now_micros.max(self.tip.time_micros);
        state.enter(self.tip.height + 1, time_micros);
        let receipts: Vec<Receipt> = transactions.iter().map(|it| state.apply(it)).collect();
        let header = Header {
            height: self.tip.height + 1,
            round,
            previous: self.tip.hash,
            transaction_root: transaction_root(&transactions),
            receipts_root: receipts_root(&receipts),
            state_root: state.root(),
            time_micros,
            proposer,
        };
        let block = Arc::new(Block::built(header, transactions));
        self.candidates.insert(block.hash(), (Arc::clone(&block), true));
        self.keep(&block, state, receipts);
        block
    }

    /// Whether a block can be the next one.
    pub(crate) fn admit(&mut self, block: &Arc<Block>) -> bool {
        if let Some((_, holds)) = self.candidates.get(&block.hash()) {
            return *holds;
        }
        let holds = self.execute(block);
        self.candidates.insert(block.hash(), (Arc::clone(block), holds));
        holds
    }

    /// Makes a candidate that holds final. The next height has no candidates yet.
    pub(crate) fn commit(&mut self, hash: &Digest) -> Option<(Arc<Block>, Arc<Vec<Receipt>>)> {
        let (block, _) = self.candidates.get(hash).filter(|(_, holds)| *holds).cloned()?;
        if self.executed.as_ref().is_none_or(|(executed, _)| executed != hash) && !self.execute(&block) {
            return None;
        }
        let (_, executed) = self.executed.take()?;
        self.last = executed;
        self.candidates.clear();
        self.tip = ChainTip::of(&block);
        Some((block, Arc::clone(&self.last.receipts)))
    }

    fn execute(&mut self, block: &Block) -> bool {
        if check_form(&self.last.state, &self.tip, block).is_err() {
            return false;
        }
        if let Some(executed) = self.shared(block) {
            self.executed = Some((block.hash(), executed));
            return true;
        }
        let mut state = self.last.state.clone();
        match execute_transactions(&mut state, block) {
            Ok(receipts) => {
                self.keep(block, state, receipts);
                true
            }
            Err(_) => false,
        }
    }

    /// What came out for somebody who executed the block on the very same state.
    fn shared(&self, block: &Block) -> Option<Arc<Executed>> {
        let memo = block.execution().get()?;
        if std::ptr::eq(memo.before.as_ptr(), Arc::as_ptr(&self.last)) { memo.after.upgrade() } else { None }
    }

    /// Keeps what came out of a block whose header says the same, or what came out for others: it is the same.
    fn keep(&mut self, block: &Block, state: LedgerState, receipts: Vec<Receipt>) {
        let ours = Arc::new(Executed { state, receipts: Arc::new(receipts) });
        let (before, after) = (Arc::downgrade(&self.last), Arc::downgrade(&ours));
        let memo = block.execution().get_or_init(|| ExecutionMemo { before, after });
        let executed = memo.after.upgrade().unwrap_or(ours);
        self.executed = Some((block.hash(), executed));
    }
}

#[cfg(test)]
mod tests;
