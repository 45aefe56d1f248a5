//! What the platform has still to send to the validators.
//!
//! A period's transactions depend on each other: a contract is published, then signed, then checked; meters are read
//! and contested readings resolved before contracts are settled. Validators take them in the order of their arrival, so all of an instant can go at once,
//! unless a proposer leaves some out: what follows on them would then be refused. Where validators may censor, each step
//! therefore waits until the one before is final, and censorship costs time and nothing else.

use std::collections::VecDeque;
use std::sync::Arc;

use goshawk_engine::SimTime;
use goshawk_ledger::{Operation, SignedTransaction};
use serde::{Deserialize, Serialize};

use crate::saved::{encoded, saved};

/// How the platform submits what depends on each other.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum Pace {
    /// All at once, in order.
    #[default]
    AtOnce,
    /// Each step when the one before is final.
    StepByStep,
}

/// Transactions of an instant, by kind, in the order in which contracts go through them.
#[derive(Debug, Default, Serialize, Deserialize)]
struct Instant {
    #[serde(with = "encoded::list")]
    meters: Vec<Arc<SignedTransaction>>,
    /// Disputes and what resolves them: all the grid's, whose nonces keep their order.
    #[serde(with = "encoded::list")]
    disputes: Vec<Arc<SignedTransaction>>,
    #[serde(with = "encoded::list")]
    settlements: Vec<Arc<SignedTransaction>>,
    #[serde(with = "encoded::list")]
    published: Vec<Arc<SignedTransaction>>,
    #[serde(with = "encoded::list")]
    signed: Vec<Arc<SignedTransaction>>,
    #[serde(with = "encoded::list")]
    checked: Vec<Arc<SignedTransaction>>,
    /// What was final before and is sent again.
    #[serde(with = "encoded::list")]
    replays: Vec<Arc<SignedTransaction>>,
}

/// What is submitted together.
#[derive(Debug, Serialize, Deserialize)]
pub(super) struct Batch {
    /// When it was ready.
    pub(super) at: SimTime,
    /// What the validators have not seen.
    #[serde(with = "encoded::list")]
    pub(super) transactions: Vec<Arc<SignedTransaction>>,
    /// What they have.
    #[serde(with = "encoded::list")]
    pub(super) replays: Vec<Arc<SignedTransaction>>,
}

/// What is still to be sent.
#[derive(Debug)]
pub(super) struct Outbox {
    pace: Pace,
    instant: Instant,
    batches: VecDeque<Batch>,
}

impl Outbox {
    pub(super) fn new(pace: Pace) -> Self {
        Self { pace, instant: Instant::default(), batches: VecDeque::new() }
    }

    pub(super) fn add(&mut self, transaction: Arc<SignedTransaction>) {
        let instant = &mut self.instant;
        let queue = match transaction.transaction().operation {
            // What a device holds counts before it sells.
            Operation::Meter { .. } | Operation::Charge { .. } | Operation::Discharge { .. } => {
                &mut instant.meters
            }
            Operation::Dispute { .. } | Operation::Resolve { .. } => &mut instant.disputes,
            Operation::Settle { .. } => &mut instant.settlements,
            Operation::Publish { .. }
            | Operation::Accuse { .. }
            | Operation::Enrol { .. }
            | Operation::Transfer { .. } => &mut instant.published,
            Operation::Sign { .. } => &mut instant.signed,
            Operation::Check { .. } => &mut instant.checked,
        };
        queue.push(transaction);
    }

    pub(super) fn add_replay(&mut self, transaction: Arc<SignedTransaction>) {
        self.instant.replays.push(transaction);
    }

    /// All transactions of the instant are in. Replays go with the first of them, or wait for some.
    pub(super) fn close(&mut self, at: SimTime) {
        let Instant { meters, disputes, settlements, published, signed, checked, replays } =
            std::mem::take(&mut self.instant);
        let steps = match self.pace {
            Pace::AtOnce => vec![vec![meters, disputes, settlements, published, signed, checked]],
            // Contracts of the period that ends, and of the one that opens.
            Pace::StepByStep => {
                vec![vec![meters, published], vec![disputes], vec![settlements, signed], vec![checked]]
            }
        };
        let mut replays = replays;
        for step in steps {
            let transactions: Vec<_> = step.into_iter().flatten().collect();
            if !transactions.is_empty() {
                self.batches.push_back(Batch { at, transactions, replays: std::mem::take(&mut replays) });
            }
        }
        self.instant.replays = replays;
    }

    /// What is to be sent now.
    pub(super) fn next_batch(&mut self, is_all_final: bool) -> Option<Batch> {
        match self.pace {
            Pace::StepByStep if !is_all_final => None,
            _ => self.batches.pop_front(),
        }
    }
}

saved!(Outbox { instant, batches } parts {} built again { pace });
