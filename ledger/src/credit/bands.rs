//! Bands: what an account's score lets it do, and what it costs.
//!
//! | band | score | surcharge | deposit |
//! |---|---|---|---|
//! | good | `good_from` and above | none | none |
//! | fair | `fair_from` to `good_from` | `fair_surcharge` | none |
//! | poor | `poor_from` to `fair_from` | `poor_surcharge` | `poor_deposit` |
//! | returning | as poor, after a suspension | `poor_surcharge` | `return_deposit` |
//! | suspended | below `poor_from` | does not trade | |
//!
//! A band is left downwards at its threshold, and upwards only when the score is `hysteresis` above the next band's, so
//! that an account at a threshold stays where it is. A suspended account comes back with its first contract for a period
//! in which it may trade, with a record whose score is `return_score`, and rises like everybody else.

use goshawk_market::quantity::{MICRO, Money};

use super::Weighing;
use crate::codec::{canonical_enum, canonical_struct};

/// Shares and scores are in steps of 1e-6.
const WHOLE: u32 = MICRO as u32;
/// A newcomer's score.
const NEWCOMER: u32 = WHOLE / 2;
/// The highest score that an account may need for the best band: kept contracts of the reference energy come to 0.91.
const REACHABLE: u32 = 900_000;
/// The largest deposit, ten times what a contract is worth.
const DEPOSIT_MAX: u32 = 10 * WHOLE;
/// The largest weight of what was broken.
const SEVERITY_MAX: u32 = 100;
/// The longest suspension.
const SUSPENSION_MAX: u32 = 1_000_000;

/// The rules of the bands. Scores and shares are in steps of 1e-6.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct CreditRules {
    /// The score of the good band, above `fair_from`.
    pub good_from: u32,
    /// The score of the fair band, above `poor_from`.
    pub fair_from: u32,
    /// Below this score an account is suspended; above 0 and at most 0.5, where newcomers stand.
    pub poor_from: u32,
    /// How far above a band's score an account must be to rise to it; with `good_from` at most 0.9.
    pub hysteresis: u32,
    /// What a party in the fair band pays the platform, as a share of what the seller is paid; at most 1.
    pub fair_surcharge: u32,
    /// The same in the poor band and after a suspension; at least `fair_surcharge`, at most 1.
    pub poor_surcharge: u32,
    /// What is held of a party in the poor band, as a share of the contract's value at the seller's price; at most 10.
    pub poor_deposit: u32,
    /// The same after a suspension; at least `poor_deposit`, at most 10.
    pub return_deposit: u32,
    /// How many periods after that of the contract an account is suspended, 1 to 1,000,000.
    pub suspension_periods: u32,
    /// The score with which a suspended account comes back, from `poor_from` to below `fair_from`.
    pub return_score: u32,
    /// What may be missing of a contract that counts as kept, below 1.
    pub tolerance: u32,
    /// How much heavier than what was kept weighs what a seller did not deliver, 1 to 100.
    pub severity_not_delivered: u32,
    /// How much heavier than what was kept weighs what a buyer did not take, 1 to 100.
    pub severity_not_taken: u32,
}

canonical_struct!(CreditRules {
    good_from,
    fair_from,
    poor_from,
    hysteresis,
    fair_surcharge,
    poor_surcharge,
    poor_deposit,
    return_deposit,
    suspension_periods,
    return_score,
    tolerance,
    severity_not_delivered,
    severity_not_taken,
});

impl Default for CreditRules {
    /// Bands from 0.80, 0.60 and 0.40 with 0.03 of hysteresis; surcharges of 2 and 5 %; deposits of 20 and 100 %; 24 periods of
    /// suspension and 0.45 after it; 3 % of tolerance; weights of 2 and 3.
    fn default() -> Self {
        Self {
            good_from: 800_000,
            fair_from: 600_000,
            poor_from: 400_000,
            hysteresis: 30_000,
            fair_surcharge: 20_000,
            poor_surcharge: 50_000,
            poor_deposit: 200_000,
            return_deposit: 1_000_000,
            suspension_periods: 24,
            return_score: 450_000,
            tolerance: 30_000,
            severity_not_delivered: 2,
            severity_not_taken: 3,
        }
    }
}

impl CreditRules {
    /// Whether the rules make sense.
    ///
    /// # Errors
    /// With the first thing that they break, in words.
    pub fn check(&self) -> Result<(), &'static str> {
        let severities = [self.severity_not_delivered, self.severity_not_taken];
        if self.poor_from == 0 || self.poor_from > NEWCOMER {
            Err("the poor band must begin above 0 and at most at 0.5, where newcomers stand")
        } else if self.poor_from >= self.fair_from || self.fair_from >= self.good_from {
            Err("the bands must begin in the order poor, fair, good")
        } else if self.good_from.saturating_add(self.hysteresis) > REACHABLE {
            Err("the good band and the hysteresis must be at most 0.9 together, or nobody gets there")
        } else if self.fair_surcharge > self.poor_surcharge || self.poor_surcharge > WHOLE {
            Err("surcharges must be at most 1, and that of the fair band at most that of the poor band")
        } else if self.poor_deposit > self.return_deposit || self.return_deposit > DEPOSIT_MAX {
            Err("deposits must be at most 10, and that of the poor band at most that of a return")
        } else if !(1..=SUSPENSION_MAX).contains(&self.suspension_periods) {
            Err("a suspension must last 1 to 1,000,000 periods")
        } else if self.return_score < self.poor_from || self.return_score >= self.fair_from {
            Err("who returns must do so in the poor band")
        } else if self.tolerance >= WHOLE {
            Err("the tolerance must be below 1")
        } else if severities.iter().any(|severity| !(1..=SEVERITY_MAX).contains(severity)) {
            Err("what was broken must weigh 1 to 100 times what was kept")
        } else {
            Ok(())
        }
    }

    /// How a seller's contract counts.
    pub(crate) fn of_sellers(&self) -> Weighing {
        Weighing { tolerance: self.tolerance, severity: self.severity_not_delivered }
    }

    /// How a buyer's contract counts.
    pub(crate) fn of_buyers(&self) -> Weighing {
        Weighing { tolerance: self.tolerance, severity: self.severity_not_taken }
    }

    /// Where a newcomer stands.
    pub fn newcomer(&self) -> Standing {
        self.band(NEWCOMER, 0)
    }

    /// The band of a score that is not below `poor_from`, where each begins `above` its threshold.
    fn band(&self, score: u32, above: u32) -> Standing {
        if score >= self.good_from + above {
            Standing::Good
        } else if score >= self.fair_from + above {
            Standing::Fair
        } else {
            Standing::Poor
        }
    }

    /// What a band asks of a party to a contract of this value at the seller's price.
    pub fn conditions(&self, standing: Standing, value: Money) -> Conditions {
        let (surcharge, deposit) = match standing {
            Standing::Good => (0, 0),
            Standing::Fair => (self.fair_surcharge, 0),
            Standing::Poor => (self.poor_surcharge, self.poor_deposit),
            Standing::Returning { .. } | Standing::Suspended { .. } => {
                (self.poor_surcharge, self.return_deposit)
            }
        };
        Conditions { standing, surcharge, deposit: share_up(value, deposit) }
    }
}

/// Where an account stands. Without [`CreditRules`] everybody is good.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum Standing {
    /// Nothing is asked of it.
    #[default]
    Good,
    /// It pays a surcharge.
    Fair,
    /// It pays a higher one, and a deposit is held for each of its contracts.
    Poor,
    /// It was suspended, and pays the highest deposit.
    Returning {
        /// The first period in which it may trade; contracts of earlier ones stay forbidden.
        from: u32,
    },
    /// It may not trade.
    Suspended {
        /// The first period in which it may again.
        until: u32,
    },
}

canonical_enum!(Standing {
    0 => Good,
    1 => Fair,
    2 => Poor,
    3 => Returning { from },
    4 => Suspended { until },
});

impl Standing {
    /// Its name in tables and reports.
    pub const fn name(self) -> &'static str {
        match self {
            Self::Good => "good",
            Self::Fair => "fair",
            Self::Poor => "poor",
            Self::Returning { .. } => "returning",
            Self::Suspended { .. } => "suspended",
        }
    }

    /// The first period in which it may trade again, if it may not in this one.
    pub fn barred_until(self, period: u32) -> Option<u32> {
        match self {
            Self::Returning { from: first } | Self::Suspended { until: first } => {
                (period < first).then_some(first)
            }
            Self::Good | Self::Fair | Self::Poor => None,
        }
    }

    /// Where it stands as it trades: who was suspended is on its way back.
    pub(crate) fn as_it_trades(self) -> Self {
        match self {
            Self::Suspended { until } => Self::Returning { from: until },
            other => other,
        }
    }

    /// Higher is better.
    fn rank(self) -> u8 {
        match self {
            Self::Good => 3,
            Self::Fair => 2,
            Self::Poor | Self::Returning { .. } => 1,
            Self::Suspended { .. } => 0,
        }
    }

    /// Where it stands after a contract of `period` that left it with `score`. A contract of before a suspension lifts
    /// nobody out of it; one that was broken lengthens it.
    pub(crate) fn after(self, rules: &CreditRules, score: u32, period: u32, was_kept: bool) -> Self {
        let until = period.saturating_add(1).saturating_add(rules.suspension_periods);
        if let Self::Suspended { until: so_far } = self {
            return Self::Suspended { until: if was_kept { so_far } else { so_far.max(until) } };
        }
        if let Self::Returning { from } = self
            && period < from
            && !was_kept
        {
            return Self::Suspended { until: from.max(until) };
        }
        if score < rules.poor_from {
            let so_far = self.barred_until(0).unwrap_or_default();
            return Self::Suspended { until: so_far.max(until) };
        }
        let (lower, higher) = (rules.band(score, 0), rules.band(score, rules.hysteresis));
        if lower.rank() < self.rank() {
            lower
        } else if higher.rank() > self.rank() && self.barred_until(period).is_none() {
            higher
        } else {
            self
        }
    }
}

/// What a party's band asked of it when it bound itself by a contract, fixed for that contract.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Conditions {
    /// Its band.
    pub standing: Standing,
    /// What it pays the platform, as a share of what the seller is paid, in 1e-6.
    pub surcharge: u32,
    /// What is held of its money until the contract is over.
    pub deposit: Money,
}

canonical_struct!(Conditions { standing, surcharge, deposit });

/// A share in 1e-6 of an amount that is not negative, halves up.
pub(crate) fn share(amount: Money, share: u32) -> Money {
    part(amount, share, MICRO / 2)
}

/// A share in 1e-6 of an amount that is not negative, rounded up.
pub(crate) fn share_up(amount: Money, share: u32) -> Money {
    part(amount, share, MICRO - 1)
}

fn part(amount: Money, share: u32, rounding: i64) -> Money {
    let steps = i128::from(amount.micro()) * i128::from(share) + i128::from(rounding);
    Money::from_micro(i64::try_from(steps / i128::from(MICRO)).expect("invariant: at most ten times a value"))
}

#[cfg(test)]
mod tests;
