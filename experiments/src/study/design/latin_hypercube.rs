//! Latin hypercubes: of N points, each N-th part of every factor's levels has one.
//!
//! Points of one hypercube are not independent of each other: they are spread on purpose, so the variance of their mean is not
//! s^2 / N. Several independent hypercubes (blocks) give an honest interval, over the means of the blocks.
//!
//! M. D. McKay, R. J. Beckman and W. J. Conover (1979), "A comparison of three methods for selecting values of input
//! variables in the analysis of output from a computer code", Technometrics 21(2), 239-245.

use goshawk_engine::{Stream, Streams};

use super::{Design, Structure};
use crate::study::factor::Factor;

/// Steps of a position within its stratum: few enough that no rounding leads out of it.
const STEPS: u64 = 1 << 26;

/// `blocks` hypercubes of `points` each.
pub(super) fn build(factors: &[Factor], points: u32, blocks: u32, seed: u64) -> Design {
    let structure = Structure::Blocks { per_block: points as usize };
    let block = |block: u32| {
        let streams = Streams { seed, crn_group: 0, replicate: block, is_mirrored: false };
        let column =
            |factor: &Factor| column(&mut streams.stream("design: latin hypercube", factor.path()), points);
        let columns: Vec<Vec<f64>> = factors.iter().map(column).collect();
        (0..points as usize).map(move |point| columns.iter().map(|column| column[point]).collect())
    };
    Design::at(factors, (0..blocks).flat_map(block), structure)
}

/// The positions of one factor: the strata in random order (R. A. Fisher, F. Yates), and a place in each.
fn column(stream: &mut Stream, points: u32) -> Vec<f64> {
    let mut strata: Vec<u32> = (0..points).collect();
    for last in (1..strata.len()).rev() {
        strata.swap(last, stream.below(last as u64 + 1) as usize);
    }
    let position = |stratum: u32| {
        let within = stream.below(STEPS) as f64 / STEPS as f64;
        (f64::from(stratum) + within) / f64::from(points)
    };
    strata.into_iter().map(position).collect()
}
