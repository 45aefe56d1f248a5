//! Columns of a table's part files, one batch at a time.

use std::fs::File;
use std::path::{Path, PathBuf};

use arrow_array::cast::AsArray;
use arrow_array::types::{Float64Type, Int32Type, UInt16Type, UInt32Type};
use arrow_array::{Array, ArrowPrimitiveType, RecordBatch};
use goshawk_output::table::Table;
use goshawk_output::with_floats;
use parquet::arrow::ProjectionMask;
use parquet::arrow::arrow_reader::ParquetRecordBatchReaderBuilder;

use super::source::ScenarioSource;

/// Why a table cannot be told about, in words.
pub type Absence = String;

/// Rows of a batch. Larger ones save little and need memory.
const BATCH: usize = 8_192;
/// Steps of the grid on which energy, money and prices lie.
const MICRO: f64 = 1e6;

/// The integer that a value of the 1e-6 grid is.
pub(super) fn micro(value: f64) -> i64 {
    (value * MICRO).round() as i64
}

/// A batch of some columns of a table.
#[derive(Debug)]
pub(super) struct Rows<'a> {
    batch: &'a RecordBatch,
    path: &'a Path,
}

/// A column of texts: a number for each row, and the text of each number.
#[derive(Debug)]
pub(super) struct Texts<'a> {
    keys: &'a [i32],
    values: Vec<&'a str>,
}

impl<'a> Texts<'a> {
    /// The texts that rows may have.
    pub(super) fn values(&self) -> &[&'a str] {
        &self.values
    }

    /// Which of them a row has.
    pub(super) fn key(&self, row: usize) -> usize {
        self.keys[row] as usize
    }
}

impl<'a> Rows<'a> {
    pub(super) fn count(&self) -> usize {
        self.batch.num_rows()
    }

    fn numbers<T: ArrowPrimitiveType>(&self, name: &str) -> Result<&'a [T::Native], Absence> {
        let column = self.batch.column_by_name(name).and_then(|column| column.as_primitive_opt::<T>());
        column.map(|column| column.values().as_ref()).ok_or_else(|| self.other_type(name))
    }

    pub(super) fn shorts(&self, name: &str) -> Result<&'a [u16], Absence> {
        self.numbers::<UInt16Type>(name)
    }

    pub(super) fn counts(&self, name: &str) -> Result<&'a [u32], Absence> {
        self.numbers::<UInt32Type>(name)
    }

    pub(super) fn reals(&self, name: &str) -> Result<&'a [f64], Absence> {
        self.numbers::<Float64Type>(name)
    }

    /// Numbers of which some are absent.
    pub(super) fn optional(&self, name: &str) -> Result<Vec<Option<f64>>, Absence> {
        let column =
            self.batch.column_by_name(name).and_then(|column| column.as_primitive_opt::<Float64Type>());
        Ok(column.ok_or_else(|| self.other_type(name))?.iter().collect())
    }

    pub(super) fn texts(&self, name: &str) -> Result<Texts<'a>, Absence> {
        let other = || self.other_type(name);
        let column = self.batch.column_by_name(name).ok_or_else(other)?;
        let keyed = column.as_dictionary_opt::<Int32Type>().ok_or_else(other)?;
        let values = keyed.values().as_string_opt::<i32>().ok_or_else(other)?;
        let values = (0..values.len()).map(|place| values.value(place)).collect();
        Ok(Texts { keys: keyed.keys().values(), values })
    }

    fn other_type(&self, name: &str) -> Absence {
        format!("the column {name} of {} is of another type", self.path.display())
    }
}

/// Shows `visit` the named columns of every part of a table, in its order.
///
/// # Errors
/// When the table is not there, lacks a column, or a file of it cannot be read: why, in words.
pub(super) fn scan(
    scenario: &ScenarioSource,
    table: Table,
    columns: &[&str],
    visit: &mut dyn FnMut(&Rows<'_>) -> Result<(), Absence>,
) -> Result<(), Absence> {
    parts_of(scenario, table)?.iter().try_for_each(|path| scan_part(path, table, columns, visit))
}

/// Shows `visit` the named columns of one part.
///
/// # Errors
/// As [`scan`].
pub(super) fn scan_part(
    path: &Path,
    table: Table,
    columns: &[&str],
    visit: &mut dyn FnMut(&Rows<'_>) -> Result<(), Absence>,
) -> Result<(), Absence> {
    let unreadable = |why: String| format!("{} cannot be read: {why}", path.display());
    let file = File::open(path).map_err(|error| unreadable(error.to_string()))?;
    let builder =
        ParquetRecordBatchReaderBuilder::try_new(file).map_err(|error| unreadable(error.to_string()))?;
    let lacking: Vec<&str> =
        columns.iter().copied().filter(|name| builder.schema().index_of(name).is_err()).collect();
    if !lacking.is_empty() {
        return Err(format!("the table {table} has no column {}", lacking.join(", ")));
    }
    let mask = ProjectionMask::columns(builder.parquet_schema(), columns.iter().copied());
    let reader = builder.with_projection(mask).with_batch_size(BATCH).build();
    for batch in reader.map_err(|error| unreadable(error.to_string()))? {
        let batch = with_floats(batch.map_err(|error| unreadable(error.to_string()))?);
        visit(&Rows { batch: &batch, path })?;
    }
    Ok(())
}

/// The parts of a table.
///
/// # Errors
/// When there are none: why, in words.
pub(super) fn parts_of(scenario: &ScenarioSource, table: Table) -> Result<&[PathBuf], Absence> {
    // Sums over a part of the rows would look like sums over all of them.
    if let Some(path) = scenario.lost.get(&table) {
        return Err(format!("{} ought to be there, and is not", path.display()));
    }
    let parts = scenario.parts.get(&table).filter(|parts| !parts.is_empty());
    parts.map(Vec::as_slice).ok_or_else(|| {
        if scenario.left_out.iter().any(|name| name == table.name()) {
            format!("the table {table} was not asked for")
        } else {
            format!("there is no table {table}")
        }
    })
}
