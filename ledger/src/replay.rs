//! Checks a stored chain from its genesis, trusting nothing but the genesis.

use std::sync::Arc;

use goshawk_market::quantity::Money;

use crate::block::{Block, CommitCertificate, Committed};
use crate::error::LedgerError;
use crate::execution::{BlockFault, ChainTip, check_block};
use crate::genesis::Genesis;
use crate::receipt::Receipt;
use crate::state::LedgerState;
use crate::store::Store;

/// What a chain that holds contains.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[non_exhaustive]
pub struct ChainReport {
    /// Blocks.
    pub heights: u64,
    /// Transactions, accepted or not.
    pub transactions: u64,
    /// Transactions that took effect.
    pub accepted: u64,
    /// All money on the ledger, the same at every height.
    pub money: Money,
}

/// Something that does not hold.
#[derive(Debug, thiserror::Error)]
#[error("block {height}: {fault}")]
pub struct ChainFault {
    /// Where; 0 is the genesis.
    pub height: u64,
    /// What.
    pub fault: Fault,
}

/// What does not hold about a stored block.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum Fault {
    /// It cannot be read.
    #[error("{0}")]
    Unreadable(LedgerError),
    /// It is missing.
    #[error("it is missing")]
    Missing,
    /// It breaks a rule of the chain.
    #[error("{0}")]
    Block(BlockFault),
    /// The stored receipts are not those of its transactions.
    #[error("the receipts are not what its transactions give")]
    Receipts,
    /// The certificate is not for this block, or no quorum signed it.
    #[error("the certificate does not make it final")]
    Certificate,
    /// Money has come out of nowhere or vanished.
    #[error("{found} of money, where there must be {expected}")]
    Money {
        /// What the genesis says.
        expected: Money,
        /// What there is after the block.
        found: Money,
    },
}

/// Checks a stored chain: every link, root, signature, nonce and certificate, and the money at every height.
///
/// # Errors
/// With all that is wrong at the first height that does not hold. What comes after it says nothing.
pub fn verify_store(store: &dyn Store) -> Result<ChainReport, Vec<ChainFault>> {
    replay(store, &mut |_, _, _| ())
}

/// Checks a stored chain as [`verify_store`] does, and shows `visit` every block that holds.
///
/// # Errors
/// As [`verify_store`].
pub fn replay(
    store: &dyn Store,
    visit: &mut dyn FnMut(&Block, &[Receipt], &CommitCertificate),
) -> Result<ChainReport, Vec<ChainFault>> {
    let mut audit = ChainAudit::new(store.genesis());
    for height in 1..=store.tip().height {
        let committed = match store.block(height) {
            Ok(Some(committed)) => committed,
            Ok(None) => return Err(vec![ChainFault { height, fault: Fault::Missing }]),
            Err(error) => return Err(vec![ChainFault { height, fault: Fault::Unreadable(error) }]),
        };
        audit.next(&committed)?;
        visit(&committed.block, &committed.receipts, &committed.certificate);
    }
    Ok(audit.report)
}

/// A third party that checks one block after the other as they become final.
#[derive(Debug)]
pub struct ChainAudit {
    state: LedgerState,
    tip: ChainTip,
    report: ChainReport,
}

impl ChainAudit {
    /// At the genesis.
    pub fn new(genesis: &Arc<Genesis>) -> Self {
        let state = LedgerState::new(genesis);
        let report = ChainReport { heights: 0, transactions: 0, accepted: 0, money: state.total_money() };
        Self { state, tip: ChainTip::of_genesis(genesis), report }
    }

    /// Checks the next block.
    ///
    /// # Errors
    /// With all that is wrong with it. What comes after it says nothing.
    pub fn next(&mut self, committed: &Committed) -> Result<(), Vec<ChainFault>> {
        let height = self.report.heights + 1;
        let faults = check(&mut self.state, &self.tip, committed, self.report.money);
        if !faults.is_empty() {
            return Err(faults.into_iter().map(|fault| ChainFault { height, fault }).collect());
        }
        self.report.heights = height;
        self.report.transactions += committed.receipts.len() as u64;
        self.report.accepted += committed.receipts.iter().filter(|it| it.change().is_some()).count() as u64;
        self.tip = ChainTip::of(&committed.block);
        Ok(())
    }

    /// What the blocks so far contain.
    pub fn report(&self) -> &ChainReport {
        &self.report
    }

    /// The state after the last of them.
    pub fn state(&self) -> &LedgerState {
        &self.state
    }
}

fn check(state: &mut LedgerState, tip: &ChainTip, committed: &Committed, money: Money) -> Vec<Fault> {
    let Committed { block, receipts, certificate, .. } = committed;
    let mut faults = Vec::new();
    let round_fits = block.header().round <= certificate.round;
    let certified = certificate.height == block.header().height && certificate.hash == block.hash();
    if !certified || !round_fits || !certificate.verify(state.genesis(), &state.validators(tip.height + 1)) {
        faults.push(Fault::Certificate);
    }
    match check_block(state, tip, block) {
        Err(fault) => faults.push(Fault::Block(fault)),
        Ok(executed) if executed != **receipts => faults.push(Fault::Receipts),
        Ok(_) => (),
    }
    let found = state.total_money();
    if found != money {
        faults.push(Fault::Money { expected: money, found });
    }
    faults
}
