//! Every combination of the levels of all factors.

use super::{Design, Structure};
use crate::study::factor::Factor;

/// All combinations; the last factor changes first.
///
/// # Panics
/// Unless each factor has a list of levels.
pub(super) fn build(factors: &[Factor]) -> Design {
    let level_count = |factor: &Factor| factor.listed().expect("invariant: levels are listed").len();
    let counts: Vec<usize> = factors.iter().map(level_count).collect();
    let total: usize = counts.iter().product();
    let positions = |index: usize| {
        let mut rest = index;
        let mut positions: Vec<f64> = counts
            .iter()
            .rev()
            .map(|&count| {
                let place = rest % count;
                rest /= count;
                // The middle of the level's share, so that no rounding leads to a neighbour.
                (place as f64 + 0.5) / count as f64
            })
            .collect();
        positions.reverse();
        positions
    };
    let structure = Structure::FullFactorial { counts: counts.clone() };
    Design::at(factors, (0..total).map(positions), structure)
}
