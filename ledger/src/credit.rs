//! Credit: how far an account keeps its contracts, as a beta reputation (Jøsang and Ismail 2002) in integers.
//!
//! Each account remembers a weight of kept promises `r` and of broken ones `s`. A settled contract with delivered
//! ratio `q` and value weight `v` makes them
//!
//! ```text
//! r' = 0.95 r + v q        s' = 0.95 s + v (1 - q)        score = (r' + 2) / (r' + s' + 4)
//! ```
//!
//! so old contracts fade, and a newcomer stands at one half. `v` grows with the energy but is capped, so that
//! neither many tiny contracts nor one huge one buys a record.

use goshawk_market::quantity::{Energy, MICRO};

use crate::codec::canonical_struct;

/// What is kept of the past at each settlement, in 1e-6.
const DECAY: i128 = 950_000;
/// `a` and `b` of the prior, in 1e-6.
const PRIOR: i128 = 2_000_000;
/// The energy of a contract that weighs one.
const REFERENCE_ENERGY: Energy = Energy::from_micro(5_000_000);
/// The most that a contract weighs, in 1e-6.
const WEIGHT_MAX: i128 = 2_000_000;

/// An account's record. Both weights are in 1e-6 and below 40e6.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Credit {
    kept: u64,
    broken: u64,
}

canonical_struct!(Credit { kept, broken });

impl Credit {
    /// The score in 1e-6, between 0 and 1,000,000; a newcomer's is 500,000.
    pub fn score(&self) -> u32 {
        let kept = i128::from(self.kept) + PRIOR;
        let all = i128::from(self.kept) + i128::from(self.broken) + 2 * PRIOR;
        u32::try_from(kept * i128::from(MICRO) / all).expect("invariant: a part is at most the whole")
    }

    /// The record after a contract in which `kept` of `promised` energy was delivered or taken.
    /// Where nothing was promised nothing changes.
    pub fn after(self, promised: Energy, kept: Energy) -> Self {
        if !promised.is_positive() {
            return self;
        }
        let micro = i128::from(MICRO);
        let (promised, kept) = (i128::from(promised.micro()), i128::from(kept.micro()));
        let ratio = (kept * micro / promised).clamp(0, micro);
        let weight = (promised * micro / i128::from(REFERENCE_ENERGY.micro())).min(WEIGHT_MAX);
        let fade = |old: u64, new: i128| {
            u64::try_from((i128::from(old) * DECAY + weight * new) / micro)
                .expect("invariant: weights are between 0 and 40e6")
        };
        Self { kept: fade(self.kept, ratio), broken: fade(self.broken, micro - ratio) }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn kwh(micro: i64) -> Energy {
        Energy::from_micro(micro)
    }

    #[test]
    fn a_newcomer_stands_at_one_half_and_a_dozen_kept_contracts_make_a_good_name() {
        let mut credit = Credit::default();
        assert_eq!(credit.score(), 500_000);
        (0..12).for_each(|_| credit = credit.after(kwh(5_000_000), kwh(5_000_000)));
        assert!(credit.score() > 800_000, "{}", credit.score());
    }

    #[test]
    fn dust_does_not_build_a_record() {
        let mut credit = Credit::default();
        (0..1_000).for_each(|_| credit = credit.after(kwh(10_000), kwh(10_000)));
        assert!(credit.score() < 510_000, "{}", credit.score());
    }

    #[test]
    fn one_contract_however_large_is_one_contract() {
        let large = Credit::default().after(kwh(10_000_000), kwh(0));
        let huge = Credit::default().after(kwh(1_000_000_000), kwh(0));
        assert_eq!(large, huge);
    }

    proptest! {
        #[test]
        fn delivering_more_never_costs_credit(
            history in prop::collection::vec((1i64..20_000_000, 0u32..=100), 0..60),
            promised in 1i64..20_000_000,
            parts in (0u32..=100, 0u32..=100),
        ) {
            let part = |promised: i64, percent: u32| kwh(promised * i64::from(percent) / 100);
            let credit = history.iter().fold(Credit::default(), |credit, &(promised, percent)| {
                credit.after(kwh(promised), part(promised, percent))
            });
            prop_assert!(credit.kept < 40_000_000 && credit.broken < 40_000_000);
            let (less, more) = (parts.0.min(parts.1), parts.0.max(parts.1));
            let score = |percent| credit.after(kwh(promised), part(promised, percent)).score();
            prop_assert!(score(less) <= score(more) && score(more) <= 1_000_000);
        }
    }
}
