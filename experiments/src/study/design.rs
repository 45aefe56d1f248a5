//! At which points of its factors a study runs.
//!
//! | module | design | points | what for |
//! |---|---|---|---|
//! | [`full_factorial`] | every combination of the levels | product of the levels | few factors with few levels |
//! | [`latin_hypercube`] | R blocks of N, each level's share of N hit once a block | R N | a mean over uncertain factors, response surfaces |
//! | [`sobol`] | R scramblings of N = 2^m Sobol points | R N | the same, with a smaller error where the response is smooth |
//! | [`morris`] | r walks that change one factor a step | r (k + 1) | which of many factors matter at all |
//! | [`saltelli`] | pairs of Sobol points with one factor exchanged | N (k + 2), or N (2 k + 2) | what share of the variance a factor makes |
//! | [`table`] | a CSV or Parquet file | its rows | designs made elsewhere |
//!
//! Draws belong to a purpose, a block or walk, and a factor's path. What changes no other draw:
//!
//! | a change of | leaves as they were |
//! |---|---|
//! | more blocks of a Latin hypercube or of Sobol points | the first blocks |
//! | more Sobol points a block, more base points of Saltelli's design | the first points of each block |
//! | more walks of Morris's design | the first walks |
//! | one more factor of a Latin hypercube, in any place | the positions of the other factors |
//! | one more factor of Morris's design, in any place | where the others start and which way they go; their order among each other |
//! | one more factor of Sobol points, **at the end** | the positions of the other factors |
//! | another kind of levels of a factor | all positions |
//!
//! What cannot be had: more points a block of a Latin hypercube are another hypercube, a factor of Sobol points that is
//! put in front moves the others to other dimensions of the sequence, and so does any new factor of Saltelli's design.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::FieldProblem;
use super::factor::{FACTORS_MAX, Factor, Level};
use crate::scenario::path_names;
use crate::statistics::observation::{BlockEstimate, over_blocks};

pub mod full_factorial;
pub mod latin_hypercube;
pub mod method;
pub mod morris;
pub mod saltelli;
pub mod sobol;
pub mod sobol_sequence;
pub mod table;

pub use method::{DesignTable, Method, MethodName};

/// Most points of a design.
pub const POINTS_MAX: u64 = 1 << 20;

/// The points of a study, and how they belong together.
#[derive(Debug, Clone, PartialEq)]
pub struct Design {
    /// The factors' paths, in the order of the levels of each point.
    pub paths: Vec<String>,
    /// The points, in the order in which an analysis reads their values.
    pub points: Vec<Point>,
    /// How they belong together.
    pub structure: Structure,
}

/// A point of a design.
#[derive(Debug, Clone, PartialEq)]
pub struct Point {
    /// Its number: its place in the design, or what a table says.
    pub index: u32,
    /// Where each factor is in its levels, 0 to 1; empty in a design from a table.
    pub positions: Vec<f64>,
    /// The value of each factor.
    pub levels: Vec<Level>,
}

/// How the points of a design belong together.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(tag = "method", rename_all = "snake_case")]
pub enum Structure {
    /// Every combination; the last factor changes first.
    FullFactorial {
        /// Levels of each factor.
        counts: Vec<usize>,
    },
    /// Blocks of consecutive points that are spread evenly, each independent of the others.
    Blocks {
        /// Points of a block.
        per_block: usize,
    },
    /// Walks of Morris's design.
    Morris(morris::Walks),
    /// Blocks of Saltelli's design.
    Saltelli(saltelli::BaseBlocks),
    /// Rows of a table, about which nothing is known.
    Table,
}

impl Point {
    /// The arguments of `--set` that make this point of a scenario; `paths` are the design's.
    pub fn sets(&self, paths: &[String]) -> Vec<String> {
        paths.iter().zip(&self.levels).map(|(path, level)| level.set(path)).collect()
    }
}

impl Design {
    /// The points at `positions`, numbered from 0.
    fn at(factors: &[Factor], positions: impl Iterator<Item = Vec<f64>>, structure: Structure) -> Self {
        let point = |(index, positions): (usize, Vec<f64>)| {
            let levels = factors.iter().zip(&positions).map(|(factor, &u)| factor.at(u)).collect();
            Point { index: index as u32, positions, levels }
        };
        let paths = factors.iter().map(|factor| factor.path().to_owned()).collect();
        Self { paths, points: positions.enumerate().map(point).collect(), structure }
    }

    /// The mean of a figure over the factors, with an interval over blocks; `None` where the design has no blocks, or no
    /// complete one.
    ///
    /// # Panics
    /// Unless there is a value, perhaps `None`, for each point.
    pub fn mean_over_blocks(&self, values: &[Option<f64>]) -> Option<BlockEstimate> {
        assert_eq!(values.len(), self.points.len(), "invariant: a value for each point");
        match self.structure {
            Structure::Blocks { per_block } => over_blocks(values, per_block),
            _ => None,
        }
    }
}

/// What is wrong with the paths of factors together: none, too many, one twice, or one inside another.
fn check_paths(paths: &[&str]) -> Vec<FieldProblem> {
    let mut problems = Vec::new();
    if paths.is_empty() || paths.len() > FACTORS_MAX {
        let allowed = format!("1 to {FACTORS_MAX} factors");
        problems.push(FieldProblem::new("factor", format!("{} factors", paths.len()), allowed));
    }
    let names: Vec<Option<Vec<String>>> = paths.iter().map(|path| path_names(path)).collect();
    for (later, path) in paths.iter().enumerate() {
        let inside = |earlier: &usize| match (&names[*earlier], &names[later]) {
            (Some(a), Some(b)) => a.starts_with(b) || b.starts_with(a),
            _ => false,
        };
        if let Some(earlier) = (0..later).find(inside) {
            let other = paths[earlier];
            let found = if names[earlier] == names[later] {
                format!("{path:?} again")
            } else {
                format!("{path:?}, of which {other:?} sets a part or all")
            };
            problems.push(FieldProblem::new(format!("factor.{later}.path"), found, "each field once"));
        }
    }
    problems
}

#[cfg(test)]
mod tests;
