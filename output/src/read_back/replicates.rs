//! The key figures of several replicates in one part, as a study leaves them.

use std::fs::File;
use std::path::Path;

use arrow_array::cast::AsArray;
use arrow_array::types::{Float64Type, Int32Type, UInt32Type};
use arrow_array::{Array, DictionaryArray, StringArray};
use parquet::arrow::arrow_reader::ParquetRecordBatchReaderBuilder;

use super::Columns;
use crate::FileDigest;
use crate::error::{Attempt, OutputError};
use crate::manifest::PartEntry;

/// A key figure of a replicate.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct ReplicateKpi<'a> {
    /// The replicate.
    pub replicate: u32,
    /// What it is about: `run`, `class` or `operator`.
    pub scope: &'a str,
    /// Which of them; empty for the run.
    pub id: &'a str,
    /// Which figure.
    pub variable: &'a str,
    /// Its value, where it is defined.
    pub value: Option<f64>,
    /// Its unit; `currency` stands for the scenario's.
    pub unit: &'a str,
}

/// Shows `visit` every row of a part of the table `kpis`, in its order, and returns the currency in the part's footer.
///
/// # Errors
/// When the part is not the one that was written, to the byte, or cannot be read as the table.
pub fn read_kpi_part(
    folder: &Path,
    part: &PartEntry,
    visit: &mut dyn FnMut(ReplicateKpi<'_>),
) -> Result<String, OutputError> {
    let path = folder.join(&part.path);
    let found = FileDigest::of_file(&path).attempt("read", &path)?;
    if let Some(bytes) = part.digest.first_difference(&found) {
        let last = bytes.end.saturating_sub(1);
        let why = format!("bytes {} to {last} are not those that were written", bytes.start);
        return Err(OutputError::Damaged { path, why });
    }
    let unreadable = |source| OutputError::Parquet { action: "read", path: path.clone(), source };
    let file = File::open(&path).attempt("open", &path)?;
    let builder = ParquetRecordBatchReaderBuilder::try_new(file).map_err(unreadable)?;
    let footer = builder.metadata().file_metadata().key_value_metadata();
    let currency = footer.into_iter().flatten().find(|entry| entry.key == "goshawk.currency");
    let currency = currency.and_then(|entry| entry.value.clone()).unwrap_or_default();
    for batch in builder.build().map_err(unreadable)? {
        let batch = batch.map_err(|error| unreadable(error.into()))?;
        let columns = Columns { batch: &batch, path: &path };
        let replicate = columns.numbers::<UInt32Type>("replicate")?;
        let value = columns.numbers::<Float64Type>("value")?;
        let [scope, id, variable, unit] =
            ["scope", "id", "variable", "unit"].map(|name| Texts::of(&columns, name));
        let (scope, id, variable, unit) = (scope?, id?, variable?, unit?);
        for row in 0..columns.rows() {
            visit(ReplicateKpi {
                replicate: replicate[row].unwrap_or_default(),
                scope: scope.get(row),
                id: id.get(row),
                variable: variable.get(row),
                value: value[row],
                unit: unit.get(row),
            });
        }
    }
    Ok(currency)
}

/// A plain or a dictionary column of texts, of which an absent one is empty.
enum Texts<'a> {
    Plain(&'a StringArray),
    Keyed(&'a DictionaryArray<Int32Type>, &'a StringArray),
}

impl<'a> Texts<'a> {
    fn of(columns: &Columns<'a>, name: &str) -> Result<Self, OutputError> {
        let batch = columns.batch;
        let column = batch.column_by_name(name).ok_or_else(|| columns.unreadable(name))?;
        if let Some(plain) = column.as_string_opt::<i32>() {
            return Ok(Self::Plain(plain));
        }
        let keyed = column.as_dictionary_opt::<Int32Type>().ok_or_else(|| columns.unreadable(name))?;
        let values = keyed.values().as_string_opt::<i32>().ok_or_else(|| columns.unreadable(name))?;
        Ok(Self::Keyed(keyed, values))
    }

    fn get(&self, row: usize) -> &'a str {
        match self {
            Self::Plain(texts) if texts.is_valid(row) => texts.value(row),
            Self::Keyed(keys, texts) if keys.is_valid(row) => texts.value(keys.keys().value(row) as usize),
            _ => "",
        }
    }
}
