//! How the ledger of a community is kept, and what goes wrong with it on purpose.

use std::ops::Range;
use std::sync::Arc;

use goshawk_engine::{SimDuration, SimTime, Streams};
use goshawk_ledger::{CreditRules, SignatureScheme};
use goshawk_market::quantity::Money;

use crate::network::{Latency, Partition};
use crate::platform::Pace;
use crate::validator::Conduct;

/// A time during which some validators are cut off.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct PartitionSpec {
    /// Since when, and until when.
    pub during: Range<SimTime>,
    /// How many: those before the faulty ones.
    pub validators: usize,
}

/// How the ledger is kept.
#[derive(Debug, Clone)]
pub struct LedgerSpec {
    /// How many validators.
    pub validators: usize,
    /// How transactions and votes are signed.
    pub scheme: SignatureScheme,
    /// How long messages among validators take.
    pub latency: Latency,
    /// Most transactions in a block.
    pub block_transactions: u32,
    /// How many validators, the last ones, say nothing.
    pub silent: usize,
    /// How many of those before them send to the first half of the others only.
    pub withholding: usize,
    /// How many of those before them contradict themselves.
    pub equivocating: usize,
    /// How many of those before them keep their victims' transactions out of blocks.
    pub censoring: usize,
    /// The probability that a household is such a victim.
    pub censored_share: f64,
    /// When the network is in two parts.
    pub partitions: Vec<PartitionSpec>,
    /// What each account holds as the run begins.
    pub opening_balance: Money,
    /// After how long what households and the grid sign is void.
    pub lifetime: SimDuration,
    /// Whether the ledger keeps account of what each vehicle holds.
    pub device_accounts: bool,
    /// The rules of the credit bands, if there are any.
    pub credit: Option<CreditRules>,
}

impl LedgerSpec {
    fn faulty(&self) -> [(Conduct, usize); 4] {
        [
            (Conduct::Silent, self.silent),
            (Conduct::Withholding, self.withholding),
            (Conduct::Equivocating, self.equivocating),
            (Conduct::Censoring, self.censoring),
        ]
    }

    /// What a validator does.
    pub(super) fn conduct(&self, place: usize) -> Conduct {
        let mut from_last = self.validators - place;
        for (conduct, count) in self.faulty() {
            if from_last <= count {
                return conduct;
            }
            from_last -= count;
        }
        Conduct::Honest
    }

    /// Whom each partition cuts off.
    pub(super) fn partitions(&self) -> Vec<Partition> {
        let honest = self.validators - self.faulty().iter().map(|(_, count)| count).sum::<usize>();
        let cut = |it: &PartitionSpec| Partition {
            during: it.during.clone(),
            cut_off: honest.saturating_sub(it.validators)..honest,
        };
        self.partitions.iter().map(cut).collect()
    }

    /// Where somebody censors, each step of a contract waits for the one before.
    pub(super) fn pace(&self) -> Pace {
        if self.censoring > 0 { Pace::StepByStep } else { Pace::AtOnce }
    }

    /// Which accounts censors pass over: each household by a draw of its own.
    pub(super) fn victims(&self, streams: &Streams, households: &[String]) -> Arc<[bool]> {
        let households = if self.censoring == 0 { &[] } else { households };
        let is_victim = |name: &String| streams.stream("censorship", name).chance(self.censored_share);
        households.iter().map(is_victim).collect()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_last_validators_are_faulty_and_those_before_them_are_cut_off() {
        let latency = SimDuration::from_millis(1);
        let spec = LedgerSpec {
            validators: 10,
            scheme: SignatureScheme::KeyedHash,
            latency: Latency { min: latency, max: latency },
            block_transactions: 1,
            silent: 1,
            withholding: 0,
            equivocating: 1,
            censoring: 1,
            censored_share: 0.0,
            partitions: vec![PartitionSpec { during: SimTime::ZERO..SimTime::from_micros(1), validators: 2 }],
            opening_balance: Money::ZERO,
            lifetime: latency,
            device_accounts: false,
            credit: None,
        };
        let conducts: Vec<Conduct> = (0..10).map(|place| spec.conduct(place)).collect();
        assert!(conducts[..7].iter().all(|&conduct| conduct == Conduct::Honest));
        assert_eq!(conducts[7..], [Conduct::Censoring, Conduct::Equivocating, Conduct::Silent]);
        assert_eq!(spec.partitions()[0].cut_off, 5..7);
    }
}
