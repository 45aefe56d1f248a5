//! Scrambled Sobol points: more even than chance and than Latin hypercubes, in all factors together.
//!
//! The number of points is a power of two, and the first is never dropped: the sequence is even only then (A. B. Owen
//! 2020, "On dropping the first Sobol' point", arXiv:2008.08051). Blocks are independent scramblings of the same points;
//! an interval comes from the means of the blocks.

use goshawk_engine::Streams;

use super::sobol_sequence::Dimension;
use super::{Design, Structure};
use crate::study::factor::Factor;

/// `blocks` scramblings of the first `points` points.
pub(super) fn build(factors: &[Factor], points: u32, blocks: u32, seed: u64) -> Design {
    let structure = Structure::Blocks { per_block: points as usize };
    let block = |block: u32| {
        let streams = Streams { seed, crn_group: 0, replicate: block, is_mirrored: false };
        let dimension = |(place, factor): (usize, &Factor)| {
            Dimension::scrambled(place, &mut streams.stream("design: sobol", factor.path()))
        };
        let dimensions: Vec<Dimension> = factors.iter().enumerate().map(dimension).collect();
        (0..points).map(move |index| dimensions.iter().map(|it| it.position(index)).collect())
    };
    Design::at(factors, (0..blocks).flat_map(block), structure)
}
