//! After which replicate there are enough.
//!
//! A rule looks at every B-th replicate, *in the order of the replicates*, and stops at the first look at which the interval
//! of every watched figure is narrow enough:
//!
//! ```text
//! t(0.975, n - 1) s / sqrt(n) <= max(absolute, relative * |m|),   n >= n_min
//! ```
//!
//! It is a function of the values alone. Runs may end in any order on any number of threads: replicates beyond the stop that
//! were run already are not counted, and what is counted is always the same.
//!
//! Looking often makes intervals cover less than they say, since a rule stops gladly where a sample happens to vary
//! little. The book's page on statistics has the measured coverage. Targets hold for each figure by itself; that all
//! of several figures are covered at once is less likely (at least 1 - 0.05 k for k figures, by Bonferroni's inequality).
//!
//! S. S. Lavenberg and C. H. Sauer (1977), "Sequential stopping rules for the regenerative method of simulation", IBM
//! Journal of Research and Development 21(6), 545-558.

use goshawk_engine::normal;

use super::{CONFIDENCE, student_t_quantile};

mod sequence;

pub use sequence::Sequence;

/// The fewest observations that a rule may stop at: below, a sample's deviation is luck.
pub const OBSERVATIONS_MIN: usize = 30;

/// How narrow an interval is wanted: half its width is at most the larger of both.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Target {
    /// Half the width in the figure's own unit, at least 0.
    pub absolute: f64,
    /// Half the width as a share of the mean's magnitude, at least 0.
    pub relative: f64,
}

/// What is one observation.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Sampling {
    /// A replicate.
    Independent,
    /// The mean of replicates 2 i and 2 i + 1.
    AntitheticPairs,
}

/// When to look, and between which bounds to stop.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct StoppingRule {
    look_every: usize,
    observations_min: usize,
    replicates_max: usize,
    sampling: Sampling,
}

/// Why there is no such rule.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum RuleError {
    /// No looks.
    #[error("found a look every 0 replicates; allowed: 1 or more")]
    NoLooks,
    /// A look between the two of a pair.
    #[error(
        "found a look every {0} replicates; allowed: an even number, as two replicates are one antithetic pair"
    )]
    HalfPairs(usize),
    /// Fewer than [`OBSERVATIONS_MIN`].
    #[error("found a stop after {0} observations; allowed: {OBSERVATIONS_MIN} or more")]
    TooFew(usize),
    /// The most is below the least.
    #[error("found at most {max} replicates for at least {min}; allowed: at least as many")]
    Crossed {
        /// Replicates that the fewest observations take.
        min: usize,
        /// Most replicates.
        max: usize,
    },
}

/// A figure that decides, and how narrow its interval is to be.
#[derive(Debug, Clone, Copy)]
pub struct Watched<'a> {
    /// The figure by replicate, `None` where it failed or is undefined.
    pub values: &'a [Option<f64>],
    /// The target.
    pub target: Target,
}

/// What a rule makes of the replicates so far.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Decision {
    /// Every target is met after so many replicates; later ones do not count.
    Enough {
        /// How many replicates count.
        replicates: usize,
    },
    /// The most replicates are done, and a target is not met.
    Exhausted {
        /// How many replicates count.
        replicates: usize,
    },
    /// Not yet.
    GoOn {
        /// How many replicates the next look takes.
        next_look: usize,
    },
}

impl StoppingRule {
    /// A rule that looks every `look_every` replicates, once there are `observations_min` observations of each watched
    /// figure, and at the latest after `replicates_max`.
    ///
    /// # Errors
    /// When these do not go together.
    pub fn new(
        look_every: usize,
        observations_min: usize,
        replicates_max: usize,
        sampling: Sampling,
    ) -> Result<Self, RuleError> {
        let per_observation = if sampling == Sampling::AntitheticPairs { 2 } else { 1 };
        let min = observations_min.saturating_mul(per_observation);
        if look_every == 0 {
            Err(RuleError::NoLooks)
        } else if !look_every.is_multiple_of(per_observation) {
            Err(RuleError::HalfPairs(look_every))
        } else if observations_min < OBSERVATIONS_MIN {
            Err(RuleError::TooFew(observations_min))
        } else if replicates_max < min {
            Err(RuleError::Crossed { min, max: replicates_max })
        } else {
            Ok(Self { look_every, observations_min, replicates_max, sampling })
        }
    }

    /// What is to be done after the replicates that `watched` have, in order and without gaps.
    ///
    /// More replicates never change a stop: [`Decision::Enough`] stays as it is.
    ///
    /// # Panics
    /// Unless something is watched, and all of it has as many replicates.
    pub fn decide(&self, watched: &[Watched<'_>]) -> Decision {
        let done = watched.first().expect("invariant: something is watched").values.len();
        assert!(watched.iter().all(|it| it.values.len() == done), "invariant: replicates have all figures");
        let mut sequence = Sequence::new(*self, watched.iter().map(|it| it.target));
        let mut values = Vec::with_capacity(watched.len());
        for replicate in 0..done {
            values.clear();
            values.extend(watched.iter().map(|it| it.values[replicate]));
            sequence.push(&values);
        }
        sequence.decision()
    }
}

/// Mean and deviation of values that come one by one (Welford 1962).
#[derive(Debug, Clone, Copy, Default)]
struct Spread {
    count: usize,
    mean: f64,
    squares: f64,
}

impl Spread {
    fn add(&mut self, value: f64) {
        self.count += 1;
        let before = value - self.mean;
        self.mean += before / self.count as f64;
        self.squares += before * (value - self.mean);
    }

    fn meets(&self, target: &Target) -> bool {
        let degrees = self.count.saturating_sub(1);
        let wanted = target.absolute.max(target.relative * self.mean.abs());
        let error = (self.squares / degrees as f64 / self.count as f64).sqrt();
        let level = 0.5 + CONFIDENCE / 2.0;
        // Student's quantile is above the normal one, and much dearer.
        normal::quantile(level) * error <= wanted
            && student_t_quantile(level, degrees as u32) * error <= wanted
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::statistics::Estimate;
    use goshawk_engine::Streams;

    const LOOSE: Target = Target { absolute: 0.0, relative: 0.05 };

    fn values(count: usize) -> Vec<Option<f64>> {
        let mut stream =
            Streams { seed: 5, crn_group: 0, replicate: 0, is_mirrored: false }.stream("test", "stopping");
        (0..count).map(|_| Some(stream.normal(10.0, 3.0))).collect()
    }

    fn rule(sampling: Sampling) -> StoppingRule {
        StoppingRule::new(10, 30, 5_000, sampling).unwrap()
    }

    #[test]
    fn it_stops_at_the_first_look_that_is_narrow_enough() {
        let all = values(2_000);
        let Decision::Enough { replicates } =
            rule(Sampling::Independent).decide(&[Watched { values: &all, target: LOOSE }])
        else {
            panic!("not enough")
        };
        let estimate = |count: usize| {
            let seen: Vec<f64> = all[..count].iter().flatten().copied().collect();
            let estimate = Estimate::of(&seen).unwrap();
            estimate.half_width.unwrap() / estimate.mean
        };
        assert!(replicates.is_multiple_of(10) && estimate(replicates) <= 0.05, "{replicates}");
        for look in (30..replicates).step_by(10) {
            assert!(estimate(look) > 0.05, "stopped at {replicates}, not at {look}");
        }
    }

    #[test]
    fn what_is_run_beyond_the_stop_changes_nothing() {
        let all = values(2_000);
        let decide = |count: usize| {
            rule(Sampling::Independent).decide(&[Watched { values: &all[..count], target: LOOSE }])
        };
        let stop = decide(2_000);
        let Decision::Enough { replicates } = stop else { panic!("{stop:?}") };
        for count in 0..=400 {
            let expected =
                if count >= replicates { stop } else { Decision::GoOn { next_look: (count / 10 + 1) * 10 } };
            assert_eq!(decide(count), expected, "{count}");
        }
    }

    #[test]
    fn failed_replicates_are_not_observations() {
        let mut some = vec![Some(1.0); 40];
        some[..15].fill(None);
        let target = Target { absolute: 1.0, relative: 0.0 };
        let decision = rule(Sampling::Independent).decide(&[Watched { values: &some, target }]);
        assert_eq!(decision, Decision::GoOn { next_look: 50 });
    }

    #[test]
    fn every_figure_must_be_narrow_and_the_most_is_the_most() {
        let all = values(5_100);
        let impossible = Target { absolute: 0.0, relative: 1e-6 };
        let both = [Watched { values: &all, target: LOOSE }, Watched { values: &all, target: impossible }];
        assert_eq!(rule(Sampling::Independent).decide(&both), Decision::Exhausted { replicates: 5_000 });
    }

    #[test]
    fn perfect_pairs_leave_no_doubt() {
        let pairs: Vec<Option<f64>> =
            values(100).into_iter().flatten().flat_map(|it| [Some(it), Some(20.0 - it)]).collect();
        let decision = rule(Sampling::AntitheticPairs).decide(&[Watched { values: &pairs, target: LOOSE }]);
        assert_eq!(decision, Decision::Enough { replicates: 60 });
    }

    #[test]
    fn rules_that_cannot_be() {
        for (rule, error) in [
            (StoppingRule::new(0, 30, 100, Sampling::Independent), RuleError::NoLooks),
            (StoppingRule::new(5, 30, 100, Sampling::AntitheticPairs), RuleError::HalfPairs(5)),
            (StoppingRule::new(10, 29, 100, Sampling::Independent), RuleError::TooFew(29)),
            (
                StoppingRule::new(10, 60, 100, Sampling::AntitheticPairs),
                RuleError::Crossed { min: 120, max: 100 },
            ),
        ] {
            assert_eq!(rule, Err(error));
        }
    }
}
