//! What a figure owes to the factors, of a design that tells.
//!
//! The estimand is the mean over the replicates' luck as a function of the factors, E[Y | x]; each point has an estimate
//! of it, the mean of its replicates that have a value. See [`crate::study::sensitivity`].

use super::records::StudyRecords;
use super::row::Row;
use crate::statistics::bootstrap::Bootstrap;
use crate::statistics::observation::{BlockEstimate, over_blocks};
use crate::study::design::Structure;
use crate::study::sensitivity::morris::{Effects, effects};
use crate::study::sensitivity::sobol::{Indices, indices};

/// What a figure owes to the factors.
#[derive(Debug, Clone, PartialEq)]
pub struct Influence {
    /// The figure, by its place in the summary.
    pub figure: usize,
    /// Its unit.
    pub unit: String,
    /// Points without a value.
    pub missing: usize,
    /// What was found.
    pub found: Found,
}

/// What was found, by the kind of design.
#[derive(Debug, Clone, PartialEq)]
pub enum Found {
    /// Morris's effects of each factor.
    Morris(Vec<Effects>),
    /// Sobol's indices.
    Sobol(Indices),
    /// The mean over the factors, each block being one observation; `None` without a complete block.
    Blocks(Option<BlockEstimate>),
}

impl Influence {
    /// Of a figure; `None` in a design that tells nothing of this kind, or without a row of the figure.
    pub(super) fn of(records: &StudyRecords, figure: usize, rows: &[Row]) -> Option<Self> {
        let mut values = vec![None; records.points.len()];
        let mut unit = None;
        for row in rows.iter().filter(|row| row.figure == figure) {
            values[row.point] = row.estimate.map(|estimate| estimate.mean);
            unit.get_or_insert(&row.unit);
        }
        let bootstrap = Bootstrap { seed: records.design.seed, ..Bootstrap::default() };
        let found = match &records.design.structure {
            Structure::Morris(walks) => Found::Morris(effects(walks, &values, &bootstrap)),
            Structure::Saltelli(blocks) => Found::Sobol(indices(blocks, &values, &bootstrap)),
            Structure::Blocks { per_block } => Found::Blocks(over_blocks(&values, *per_block)),
            Structure::FullFactorial { .. } | Structure::Table => return None,
        };
        let missing = values.iter().filter(|value| value.is_none()).count();
        Some(Self { figure, unit: unit?.clone(), missing, found })
    }
}
