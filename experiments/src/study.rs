//! Studies: which points of a scenario's parameters to run, and what their results say about the parameters.
//!
//! ```text
//! [[factor]] + [design] -> Design: points, each a value for every factor -> --set arguments of a run
//!                          structure: blocks, trajectories, base points  -> sensitivity of a figure to each factor
//! ```
//!
//! Designs and analyses are functions of their arguments: every draw comes from a named stream of the study's seed. Files are
//! read and written by [`mod@file`], [`folder`], [`chunk`], [`published`] and [`run`] alone.
//!
//! | module | what it is |
//! |---|---|
//! | [`factor`] | what is varied, and over which levels |
//! | [`design`] | at which points: factorial, Latin hypercube, Sobol, Morris, Saltelli, or from a table |
//! | [`mod@file`] | the study file, and every problem of one |
//! | [`chunk`] | contiguous replicates of a point: what is run, kept or lost as one |
//! | [`schedule`] | which chunk is next, and which ones count |
//! | [`sequential`] | what a stopping rule makes of a point's chunks |
//! | [`run`] | chunks to workers, parts to their places, lines to the log |
//! | [`course`] | how far a study is |
//! | [`folder`] | what is in a study's folder, and the right to write there |
//! | [`published`] | what a study leaves behind beside its points |
//! | [`audit`] | is all of it there, unchanged, with books that balance? |
//! | [`replay`] | one replicate again, alone |
//! | [`estimate`] | what a study will take |
//! | [`sensitivity`] | what a figure owes to each factor: Morris's effects, Sobol's indices |

use std::fmt;

pub mod audit;
pub mod chunk;
pub mod course;
pub mod design;
pub mod estimate;
pub mod factor;
pub mod file;
pub mod folder;
pub mod published;
pub mod replay;
pub mod run;
pub mod schedule;
pub mod sensitivity;
pub mod sequential;

/// What is wrong with a field of a factor or of a design.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct FieldProblem {
    /// The field as a dotted path below its table, such as `range.from`; empty for the table itself.
    pub field: String,
    /// What is there.
    pub found: String,
    /// What may be there.
    pub allowed: String,
}

impl FieldProblem {
    fn new(field: impl Into<String>, found: impl Into<String>, allowed: impl Into<String>) -> Self {
        Self { field: field.into(), found: found.into(), allowed: allowed.into() }
    }
}

impl fmt::Display for FieldProblem {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        if !self.field.is_empty() {
            write!(f, "{}: ", self.field)?;
        }
        write!(f, "found {}; allowed: {}", self.found, self.allowed)
    }
}

impl std::error::Error for FieldProblem {}
