//! Studies: which points of a scenario's parameters to run, and what their results say about the parameters.
//!
//! ```text
//! [[factor]] + [design] -> Design: points, each a value for every factor -> --set arguments of a run
//!                          structure: blocks, trajectories, base points  -> sensitivity of a figure to each factor
//! ```
//!
//! Everything here is a function of its arguments: no file is read but the text of a design made elsewhere, which the
//! caller hands in, and every draw comes from a named stream of the study's seed.
//!
//! | module | what it is |
//! |---|---|
//! | [`factor`] | what is varied, and over which levels |
//! | [`design`] | at which points: factorial, Latin hypercube, Sobol, Morris, Saltelli, or from a table |
//! | [`sensitivity`] | what a figure owes to each factor: Morris's effects, Sobol's indices |

use std::fmt;

pub mod design;
pub mod factor;
pub mod file;
pub mod sensitivity;

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
