//! Random numbers by inversion.

use goshawk_engine::normal;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use crate::study::FieldProblem;

/// Positions nearer to 0 or 1 count as this near where a distribution has no end: 8.2 deviations of a normal one.
const POSITION_MIN: f64 = 1.0 / (1u64 << 53) as f64;

/// A distribution of numbers.
#[derive(Debug, Clone, Copy, PartialEq)]
pub enum Distribution {
    /// Uniform.
    Uniform(Uniform),
    /// Normal, perhaps truncated.
    Normal(Normal),
    /// Log-normal.
    LogNormal(LogNormal),
    /// Triangular.
    Triangular(Triangular),
}

/// Every number of an interval is equally likely.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Uniform {
    /// The least.
    pub low: f64,
    /// The largest, more than `low`.
    pub high: f64,
}

/// Normal; with `low` or `high`, given that it lies there.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Normal {
    /// Mean before truncation.
    pub mean: f64,
    /// Standard deviation before truncation, above 0.
    pub sd: f64,
    /// The least; none by default.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub low: Option<f64>,
    /// The largest; none by default.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub high: Option<f64>,
}

/// Log-normal, with mean and deviation of the number itself and not of its logarithm.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct LogNormal {
    /// Mean, above 0.
    pub mean: f64,
    /// Standard deviation, above 0.
    pub sd: f64,
}

/// Rises in a straight line from `low` to `mode` and falls to `high`.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Triangular {
    /// The least.
    pub low: f64,
    /// The likeliest.
    pub mode: f64,
    /// The largest.
    pub high: f64,
}

impl Distribution {
    /// The number that is not exceeded with probability `u`, 0 to 1.
    pub fn quantile(&self, u: f64) -> f64 {
        let open = u.clamp(POSITION_MIN, 1.0 - POSITION_MIN);
        match self {
            Self::Uniform(Uniform { low, high }) => (low + u * (high - low)).clamp(*low, *high),
            Self::Normal(it) => it.quantile(u, open),
            Self::LogNormal(LogNormal { mean, sd }) => {
                // The mean of exp(mu + s z) is exp(mu + s^2 / 2), its variance the square of that times exp(s^2) - 1.
                let variance = libm::log1p((sd / mean) * (sd / mean));
                libm::exp(libm::log(*mean) - 0.5 * variance + variance.sqrt() * normal::quantile(open))
            }
            Self::Triangular(it) => it.quantile(u),
        }
    }

    /// Whether it has a least and a largest number.
    pub fn is_bounded(&self) -> bool {
        match self {
            Self::Uniform(_) | Self::Triangular(_) => true,
            Self::Normal(it) => it.low.is_some() && it.high.is_some(),
            Self::LogNormal(_) => false,
        }
    }

    pub(super) fn check(&self, name: &str, problems: &mut Vec<FieldProblem>) {
        let mut need = |holds: bool, field: &str, found: f64, allowed: String| {
            if !holds {
                problems.push(FieldProblem::new(format!("{name}.{field}"), format!("{found:?}"), allowed));
            }
        };
        match *self {
            Self::Uniform(Uniform { low, high }) => {
                need(low.is_finite(), "low", low, "a finite number".to_owned());
                need(high.is_finite() && high > low, "high", high, format!("a number above low = {low:?}"));
            }
            Self::Normal(Normal { mean, sd, low, high }) => {
                need(mean.is_finite(), "mean", mean, "a finite number".to_owned());
                need(sd.is_finite() && sd > 0.0, "sd", sd, "a number above 0".to_owned());
                let least = low.unwrap_or(f64::NEG_INFINITY);
                let most = high.unwrap_or(f64::INFINITY);
                need(low.is_none_or(f64::is_finite), "low", least, "a finite number, or none".to_owned());
                need(high.is_none_or(f64::is_finite), "high", most, "a finite number, or none".to_owned());
                need(most > least, "high", most, format!("a number above low = {least:?}"));
                // Beyond, what is left of the distribution is a matter of rounding.
                let near = |end: f64| sd <= 0.0 || (end - mean) / sd <= 8.0;
                need(near(least), "low", least, "at most 8 sd above the mean".to_owned());
                need(near(2.0 * mean - most), "high", most, "at most 8 sd below the mean".to_owned());
            }
            Self::LogNormal(LogNormal { mean, sd }) => {
                need(mean.is_finite() && mean > 0.0, "mean", mean, "a number above 0".to_owned());
                need(sd.is_finite() && sd > 0.0, "sd", sd, "a number above 0".to_owned());
            }
            Self::Triangular(Triangular { low, mode, high }) => {
                need(low.is_finite(), "low", low, "a finite number".to_owned());
                need(high.is_finite() && high > low, "high", high, format!("a number above low = {low:?}"));
                let inside = (low..=high).contains(&mode);
                need(inside, "mode", mode, format!("a number from low = {low:?} to high = {high:?}"));
            }
        }
    }
}

impl Normal {
    /// `u` is the position, and `open` the same away from 0 and 1.
    fn quantile(&self, u: f64, open: f64) -> f64 {
        let z = |end: f64| (end - self.mean) / self.sd;
        let low = self.low.unwrap_or(f64::NEG_INFINITY);
        let high = self.high.unwrap_or(f64::INFINITY);
        let ends = self.low.filter(|_| u == 0.0).or(self.high.filter(|_| u == 1.0));
        ends.unwrap_or_else(|| {
            let between = normal::quantile_between(open, z(low), z(high));
            (self.mean + self.sd * between.unwrap_or(0.0)).clamp(low, high)
        })
    }
}

impl Triangular {
    fn quantile(&self, u: f64) -> f64 {
        let Self { low, mode, high } = *self;
        let (width, rise, fall) = (high - low, mode - low, high - mode);
        let number = if u * width < rise {
            low + (u * width * rise).sqrt()
        } else {
            high - ((1.0 - u) * width * fall).sqrt()
        };
        number.clamp(low, high)
    }
}
