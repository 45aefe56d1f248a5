//! Sums of integers over cells of time.

use serde::ser::SerializeMap as _;
use serde::{Serialize, Serializer};

/// For each of several measures, a sum in each cell of [`super::axes::Axes`], in steps of 1e-6 of its unit.
#[derive(Debug, Clone)]
pub struct Sums {
    measures: &'static [&'static str],
    cells: Vec<Vec<i64>>,
}

impl Sums {
    /// Nothing yet, of so many cells.
    pub fn new(measures: &'static [&'static str], cells: usize) -> Self {
        Self { measures, cells: vec![vec![0; cells]; measures.len()] }
    }

    /// Adds to a cell of a measure, which is named by its place.
    pub fn add(&mut self, measure: usize, cell: usize, value: i64) {
        self.cells[measure][cell] += value;
    }

    /// Raises a cell of a measure to at least a value.
    pub fn raise(&mut self, measure: usize, cell: usize, value: i64) {
        let cell = &mut self.cells[measure][cell];
        *cell = (*cell).max(value);
    }

    /// Adds all cells of other sums of the same measures.
    pub fn merge(&mut self, other: &Self) {
        for (cells, others) in self.cells.iter_mut().zip(&other.cells) {
            cells.iter_mut().zip(others).for_each(|(cell, other)| *cell += other);
        }
    }

    /// The cells of a measure.
    pub fn of(&self, measure: &str) -> Option<&[i64]> {
        let place = self.measures.iter().position(|name| *name == measure)?;
        Some(&self.cells[place])
    }
}

/// As a map from measure to cells.
impl Serialize for Sums {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let mut map = serializer.serialize_map(Some(self.measures.len()))?;
        for (measure, cells) in self.measures.iter().zip(&self.cells) {
            map.serialize_entry(measure, cells)?;
        }
        map.end()
    }
}
