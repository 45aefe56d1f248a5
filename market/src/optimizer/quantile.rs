//! Quantiles of the two distributions that success histories draw from, as broken lines.
//!
//! A generation draws a step length and a crossover rate for every individual. Exact tangents, logarithms and cosines took a
//! fifth of a clearing's time, for digits that nobody needs: both are scaled by 0.1 and cut to [0, 1]. Where they count, the
//! lines are within 3e-3 of the standard Cauchy distribution (up to ten scales from its middle), and of the standard normal one
//! within 1e-3 for 98 % of all draws and 2e-2 for all but three in a thousand.

use std::f64::consts::{PI, SQRT_2};
use std::sync::OnceLock;

/// Pieces of each line.
const PIECES: usize = 1024;
/// No piece of the Cauchy distribution reaches beyond this; F is cut to [0, 1] long before.
const CAUCHY_MOST: f64 = 1e3;

/// A quantile function at the shares 0, 1/1024, ..., 1.
type Line = [f64; PIECES + 1];

/// Both lines.
#[derive(Debug)]
pub(super) struct Quantiles {
    cauchy: Line,
    normal: Line,
}

impl Quantiles {
    /// The lines, computed at the first call.
    pub(super) fn get() -> &'static Self {
        static LINES: OnceLock<Quantiles> = OnceLock::new();
        LINES.get_or_init(|| Self { cauchy: cauchy(), normal: normal() })
    }

    /// The standard Cauchy distribution's quantile of a share from 0 to 1.
    pub(super) fn cauchy(&self, share: f64) -> f64 {
        at(&self.cauchy, share)
    }

    /// The standard normal distribution's.
    pub(super) fn normal(&self, share: f64) -> f64 {
        at(&self.normal, share)
    }
}

fn at(line: &Line, share: f64) -> f64 {
    let place = share * PIECES as f64;
    let piece = (place as usize).min(PIECES - 1);
    line[piece] + (line[piece + 1] - line[piece]) * (place - piece as f64)
}

fn cauchy() -> Line {
    std::array::from_fn(|k| libm::tan(PI * (k as f64 / PIECES as f64 - 0.5)).clamp(-CAUCHY_MOST, CAUCHY_MOST))
}

fn normal() -> Line {
    let mut line = [0.0; PIECES + 1];
    let mut quantile = 0.0;
    for k in PIECES / 2 + 1..=PIECES {
        // The last piece ends where three quarters of it are below.
        let share = (k as f64 / PIECES as f64).min(1.0 - 0.25 / PIECES as f64);
        // From the quantile before, where the distribution function is concave: Newton's steps come from below.
        for _ in 0..8 {
            let below = 0.5 * libm::erfc(-quantile / SQRT_2);
            let density = libm::exp(-0.5 * quantile * quantile) / libm::sqrt(2.0 * PI);
            quantile += (share - below) / density;
        }
        (line[k], line[PIECES - k]) = (quantile, -quantile);
    }
    line
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn lines_follow_the_known_quantiles() {
        let quantiles = Quantiles::get();
        for (share, cauchy, normal) in [
            (0.5, 0.0, 0.0),
            (0.75, 1.0, 0.674_489_750_196_08),
            (0.9, 3.077_683_537_175_25, 1.281_551_565_544_60),
            (0.968, 9.913_653_0, 1.852_179_9),
            (0.998, 159.152_848, 2.878_161_7),
        ] {
            let tolerance = if share < 0.97 { 3e-3 } else { 5.0 };
            for (share, sign) in [(share, 1.0), (1.0 - share, -1.0)] {
                assert!((quantiles.cauchy(share) - sign * cauchy).abs() < tolerance, "Cauchy at {share}");
                assert!((quantiles.normal(share) - sign * normal).abs() < 1e-2, "normal at {share}");
            }
        }
    }

    #[test]
    fn lines_never_fall_and_end_at_finite_values() {
        let quantiles = Quantiles::get();
        for line in [&quantiles.cauchy, &quantiles.normal] {
            assert!(line.windows(2).all(|pair| pair[0] < pair[1]));
            assert!((at(line, 0.0) + at(line, 1.0)).abs() < 1e-9 && at(line, 1.0).is_finite());
        }
    }
}
