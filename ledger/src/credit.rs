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
//! neither many tiny contracts nor one huge one buys a record. With [`CreditRules`] what was broken weighs more, and
//! what hardly lacks counts as kept.

use goshawk_market::quantity::{Energy, MICRO};

use crate::codec::canonical_struct;

mod bands;

pub use bands::{Conditions, CreditRules, Standing};
pub(crate) use bands::{share, share_up};

/// What is kept of the past at each settlement, in 1e-6.
const DECAY: i128 = 950_000;
/// `a` and `b` of the prior, in 1e-6.
const PRIOR: i128 = 2_000_000;
/// The energy of a contract that weighs one.
const REFERENCE_ENERGY: Energy = Energy::from_micro(5_000_000);
/// The most that a contract weighs, in 1e-6.
const WEIGHT_MAX: i128 = 2_000_000;

/// How a contract counts in a record.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Weighing {
    /// What may be missing of a contract that counts as kept, in 1e-6.
    pub(crate) tolerance: u32,
    /// How much heavier what was broken weighs than what was kept, 1 to 100.
    pub(crate) severity: u32,
}

impl Weighing {
    /// To the last unit, and alike.
    pub(crate) const PLAIN: Self = Self { tolerance: 0, severity: 1 };

    /// The share of a promise that was kept, in 1e-6.
    fn ratio(self, promised: Energy, kept: Energy) -> i128 {
        let micro = i128::from(MICRO);
        let ratio = (i128::from(kept.micro()) * micro / i128::from(promised.micro())).clamp(0, micro);
        if ratio >= micro - i128::from(self.tolerance) { micro } else { ratio }
    }

    /// Whether a promise counts as kept.
    pub(crate) fn is_kept(self, promised: Energy, kept: Energy) -> bool {
        !promised.is_positive() || self.ratio(promised, kept) == i128::from(MICRO)
    }
}

/// An account's record. Weights are in 1e-6: what was kept is below 40e6, what was broken below that times its severity.
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

    /// The record whose score is this, in 1e-6, with as little behind it as can be.
    pub(crate) fn of_score(score: u32) -> Self {
        let (micro, score) = (i128::from(MICRO), i128::from(score));
        let weight = |weight: i128| u64::try_from(weight).expect("invariant: scores are above 0 and below 1");
        if 2 * score <= micro {
            return Self { kept: 0, broken: weight(PRIOR * micro / score - 2 * PRIOR) };
        }
        let (lacking, rest) = (PRIOR * (2 * score - micro), micro - score);
        Self { kept: weight((lacking + rest - 1) / rest), broken: 0 }
    }

    /// The record after a contract in which `kept` of `promised` energy was delivered or taken.
    /// Where nothing was promised nothing changes.
    pub fn after(self, promised: Energy, kept: Energy) -> Self {
        self.weighed(Weighing::PLAIN, promised, kept)
    }

    /// The same by other weights.
    pub(crate) fn weighed(self, weighing: Weighing, promised: Energy, kept: Energy) -> Self {
        if !promised.is_positive() {
            return self;
        }
        let micro = i128::from(MICRO);
        let ratio = weighing.ratio(promised, kept);
        let weight =
            (i128::from(promised.micro()) * micro / i128::from(REFERENCE_ENERGY.micro())).min(WEIGHT_MAX);
        let fade = |old: u64, new: i128| {
            u64::try_from((i128::from(old) * DECAY + weight * new) / micro)
                .expect("invariant: weights are at least 0 and far below the range")
        };
        let broken = i128::from(weighing.severity) * (micro - ratio);
        Self { kept: fade(self.kept, ratio), broken: fade(self.broken, broken) }
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
