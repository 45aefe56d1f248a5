//! Random numbers that belong to one purpose of one entity, and that nobody else's draws can shift.
//!
//! A simulation does not share one generator. Each pair of a purpose ("driving") and an entity ("h0042") has a
//! [`Stream`] of its own, whose seed is a hash of what identifies it. So one more household, a longer horizon or
//! another market mechanism changes nobody else's luck, and two policies that are compared under the same
//! seed meet the same weather (*common random numbers*).
//!
//! Every method of a stream takes exactly one draw of 64 bits whatever it returns, and is monotone in that
//! draw: streams of different policies stay aligned draw by draw, and those of an antithetic replicate mirror them.
//! The algorithms are written out here and frozen: a change of their values would change published results.

use rand::{Rng, SeedableRng};
use rand_pcg::Pcg64Dxsm;
use serde::{Deserialize, Serialize};
use sha2::{Digest as _, Sha256};

use crate::normal;

/// Separates these seeds from any other use of the hash; a new version of the algorithms takes a new tag.
const DOMAIN: &[u8] = b"goshawk-engine/stream/1";

/// All random streams of one replicate of a study.
///
/// ```
/// use goshawk_engine::Streams;
/// let streams = Streams { seed: 42, crn_group: 0, replicate: 7, is_mirrored: false };
/// let mut driving = streams.stream("driving", "h0042");
/// let hours = driving.normal_within(8.0, 1.5, 5.0, 12.0);
/// assert!((5.0..=12.0).contains(&hours));
/// ```
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub struct Streams {
    /// The study's seed.
    pub seed: u64,
    /// What is compared under common random numbers shares a group.
    pub crn_group: u64,
    /// The replicate's number.
    pub replicate: u32,
    /// Whether every draw is mirrored: where the replicate of the same number without it draws u, this one draws 1 - u. Both
    /// together are an antithetic pair.
    pub is_mirrored: bool,
}

impl Streams {
    /// The stream for one purpose of one entity, from its beginning.
    ///
    /// Its seed is SHA-256 over a domain tag, seed, group, replicate, purpose and entity, each preceded
    /// by its length in bytes (so that "ab", "c" is not "a", "bc"). All 256 bits seed the generator; PCG's
    /// stream parameter is never chosen by itself, as streams that differ in it alone are correlated.
    pub fn stream(&self, purpose: &str, entity: &str) -> Stream {
        let mut hash = Sha256::new();
        for field in [
            DOMAIN,
            &self.seed.to_le_bytes(),
            &self.crn_group.to_le_bytes(),
            &self.replicate.to_le_bytes(),
            purpose.as_bytes(),
            entity.as_bytes(),
        ] {
            hash.update((field.len() as u64).to_le_bytes());
            hash.update(field);
        }
        let mirror = if self.is_mirrored { u64::MAX } else { 0 };
        Stream { generator: Pcg64Dxsm::from_seed(hash.finalize().into()), mirror }
    }
}

/// A sequence of random numbers; every method takes exactly one draw from it.
///
/// Parameters out of range (a negative standard deviation, not a number) are a broken invariant of the caller
/// and panic.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Stream {
    generator: Pcg64Dxsm,
    /// All ones of a mirrored stream.
    mirror: u64,
}

impl Stream {
    /// 64 random bits.
    #[inline]
    pub fn next_u64(&mut self) -> u64 {
        self.generator.next_u64() ^ self.mirror
    }

    /// Uniform in [0, 1), in steps of 2^-53.
    #[inline]
    pub fn uniform(&mut self) -> f64 {
        (self.next_u64() >> 11) as f64 * (1.0 / (1u64 << 53) as f64)
    }

    /// Uniform in (0, 1), at the middles of 2^52 equal steps, so that `1 - u` is just as likely and exact.
    #[inline]
    fn uniform_open(&mut self) -> f64 {
        ((self.next_u64() >> 12) as f64 + 0.5) * (1.0 / (1u64 << 52) as f64)
    }

    /// Uniform from `low` on to below `high`, which rounding alone can reach.
    pub fn uniform_in(&mut self, low: f64, high: f64) -> f64 {
        assert!(low <= high && (high - low).is_finite(), "invariant: {low} to {high} is a finite interval");
        low + (high - low) * self.uniform()
    }

    /// One of 0, 1, ..., `count` - 1, each with a probability within 2^-64 of 1/`count`.
    ///
    /// D. Lemire's multiplication without his rejection, which would take a second draw now and then.
    pub fn below(&mut self, count: u64) -> u64 {
        assert!(count > 0, "invariant: there is something to choose from");
        ((u128::from(self.next_u64()) * u128::from(count)) >> 64) as u64
    }

    /// `true` with this probability; never at 0, always at 1.
    pub fn chance(&mut self, probability: f64) -> bool {
        assert!((0.0..=1.0).contains(&probability), "invariant: {probability} is a probability");
        self.uniform() < probability
    }

    /// Normal with this mean and standard deviation, by inversion; within 8.2 deviations of the mean.
    pub fn normal(&mut self, mean: f64, sd: f64) -> f64 {
        assert_spread(mean, sd);
        mean + sd * self.standard_normal()
    }

    /// Normal, given that it lies between `low` and `high`; `mean` and `sd` are those before truncation.
    ///
    /// By inversion within the probabilities of the bounds: never by drawing again. If the interval is so far from
    /// the mean that its probability vanishes (38 deviations), it is the bound next to the mean.
    pub fn normal_within(&mut self, mean: f64, sd: f64, low: f64, high: f64) -> f64 {
        assert_spread(mean, sd);
        assert!(low <= high, "invariant: {low} to {high} is an interval");
        let u = self.uniform_open();
        let z = normal::quantile_between(u, (low - mean) / sd, (high - mean) / sd);
        z.map_or(mean, |z| mean + sd * z).clamp(low, high)
    }

    /// Log-normal with this mean and standard deviation **of the variable itself**, not of its logarithm.
    ///
    /// With σ² = ln(1 + sd²/mean²) and μ = ln mean - σ²/2, it is exp(μ + σz) for a standard normal z.
    pub fn log_normal_with(&mut self, mean: f64, sd: f64) -> f64 {
        assert_spread(mean, sd);
        assert!(mean > 0.0, "invariant: a log-normal mean is positive, not {mean}");
        let variation = sd / mean;
        let variance = libm::log1p(variation * variation);
        let mu = libm::log(mean) - 0.5 * variance;
        libm::exp(mu + variance.sqrt() * self.standard_normal())
    }

    /// Exponential with this mean; always positive, at most 37 times the mean.
    pub fn exponential(&mut self, mean: f64) -> f64 {
        assert!(mean >= 0.0 && mean.is_finite(), "invariant: {mean} is the mean of a waiting time");
        // `1 - u` is exact, and to `ln` it is quicker than to `log1p`.
        -mean * libm::log(1.0 - self.uniform_open())
    }

    fn standard_normal(&mut self) -> f64 {
        normal::quantile(self.uniform_open())
    }
}

fn assert_spread(mean: f64, sd: f64) {
    assert!(mean.is_finite() && sd >= 0.0 && sd.is_finite(), "invariant: {mean} ± {sd} is a distribution");
}
