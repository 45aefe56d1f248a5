//! Saltelli's design: for each base point a, b of a Sobol sequence of twice as many dimensions, a with each of its
//! factors taken from b.
//!
//! ```text
//! a, a with x_1 of b, ..., a with x_k of b, (b with x_1 of a, ..., b with x_k of a,) b      the middle for second order only
//! ```
//!
//! The order is SALib's, so that its `sobol.analyze` takes the same values.
//!
//! A. Saltelli (2002), "Making best use of model evaluations to compute sensitivity indices", Computer Physics
//! Communications 145(2), 280-297.

use goshawk_engine::Streams;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::sobol_sequence::Dimension;
use super::{Design, Structure};
use crate::study::factor::Factor;

/// Which indices a design allows.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum Order {
    /// First-order and total indices: k + 2 points for each base point.
    First,
    /// Those of pairs too: 2 k + 2 points for each base point.
    Second,
}

impl Order {
    /// Points for each base point, of so many factors.
    pub fn points_per_base(self, factors: usize) -> usize {
        match self {
            Self::First => factors + 2,
            Self::Second => 2 * factors + 2,
        }
    }
}

/// How the points of Saltelli's design belong together.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct BaseBlocks {
    /// Base points N.
    pub count: usize,
    /// Factors k.
    pub factors: usize,
    /// Which indices there are.
    pub order: Order,
}

pub(super) fn build(factors: &[Factor], points: u32, order: Order, seed: u64) -> Design {
    let streams = Streams { seed, crn_group: 0, replicate: 0, is_mirrored: false };
    let side = |purpose: &str, first: usize| -> Vec<Dimension> {
        let stream = |factor: &Factor| streams.stream(purpose, factor.path());
        let factors = factors.iter().enumerate();
        factors.map(|(place, factor)| Dimension::scrambled(first + place, &mut stream(factor))).collect()
    };
    let sides = [side("design: saltelli a", 0), side("design: saltelli b", factors.len())];
    let base = |index: u32| {
        let [a, b] =
            sides.each_ref().map(|side| side.iter().map(|it| it.position(index)).collect::<Vec<f64>>());
        block(&a, &b, order)
    };
    let structure = Structure::Saltelli(BaseBlocks { count: points as usize, factors: factors.len(), order });
    Design::at(factors, (0..points).flat_map(base), structure)
}

/// The points of one base point.
fn block(a: &[f64], b: &[f64], order: Order) -> Vec<Vec<f64>> {
    let exchanged = |from: &[f64], other: &[f64], factor: usize| {
        let mut point = from.to_vec();
        point[factor] = other[factor];
        point
    };
    let mut points = vec![a.to_vec()];
    points.extend((0..a.len()).map(|factor| exchanged(a, b, factor)));
    if order == Order::Second {
        points.extend((0..a.len()).map(|factor| exchanged(b, a, factor)));
    }
    points.push(b.to_vec());
    points
}
