//! Tables read back for whoever prints them or holds them against the ledger.

use std::fs::File;
use std::path::Path;

use arrow_array::ArrowPrimitiveType;
use arrow_array::cast::AsArray;
use arrow_array::types::{Float64Type, Int32Type, Int64Type, UInt32Type, UInt64Type};
use arrow_array::{Array, RecordBatch};
use parquet::arrow::arrow_reader::ParquetRecordBatchReaderBuilder;

use crate::error::{Attempt, OutputError};
use crate::manifest::Manifest;
use crate::number_format::with_floats;
use crate::table::{KpiRow, Table};

mod replicates;
mod trades;

pub use replicates::{ReplicateKpi, read_kpi_part};
pub use trades::{TRADE_QUANTITIES, TradeRecord, read_trades};

/// A key figure.
#[derive(Debug, Clone, PartialEq)]
pub struct Kpi {
    /// What it is about: `run`, `class` or `operator`.
    pub scope: String,
    /// Which of them; empty for the run.
    pub id: String,
    /// Which figure.
    pub variable: String,
    /// Its value, where it is defined.
    pub value: Option<f64>,
    /// Its unit; `currency` stands for the scenario's.
    pub unit: String,
}

impl From<&KpiRow> for Kpi {
    fn from(row: &KpiRow) -> Self {
        Self {
            scope: row.scope.0.to_owned(),
            id: row.id.clone(),
            variable: row.variable.0.to_owned(),
            value: row.value,
            unit: row.unit.0.to_owned(),
        }
    }
}

/// A block as the tables tell it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct BlockRecord {
    /// Its height.
    pub height: u64,
    /// The round in which it was proposed.
    pub round: u32,
    /// The validator that proposed it.
    pub proposer: String,
    /// How many transactions it has.
    pub transactions: u32,
    /// Its size in bytes.
    pub bytes: u64,
    /// The hash of the block before it, in hexadecimal.
    pub previous_hash: String,
    /// The root of its transactions, in hexadecimal.
    pub transaction_root: String,
    /// The root of the state after it, in hexadecimal.
    pub state_root: String,
    /// Its hash, in hexadecimal.
    pub hash: String,
}

/// A transaction as the tables tell it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct TransactionRecord {
    /// The height of its block.
    pub height: u64,
    /// Its place in the block.
    pub index: u32,
    /// Its id, in hexadecimal.
    pub id: String,
    /// Its kind.
    pub kind: String,
    /// Who signed it.
    pub sender: String,
    /// The contract that it is about.
    pub contract: Option<u64>,
    /// Its energy in 1e-6 kWh.
    pub energy_micro_kwh: Option<i64>,
    /// Its money in 1e-6 of the currency.
    pub amount_micro: Option<i64>,
    /// What became of it.
    pub status: String,
}

/// Reads the key figures of a run.
///
/// # Errors
/// When a part cannot be read as the table that it should be.
pub fn read_kpis(folder: &Path, manifest: &Manifest) -> Result<Vec<Kpi>, OutputError> {
    let mut kpis = Vec::new();
    for_each_batch(folder, manifest, Table::Kpis, &mut |columns| {
        let (scope, id) = (columns.texts("scope")?, columns.texts("id")?);
        let (variable, unit) = (columns.texts("variable")?, columns.texts("unit")?);
        let value = columns.numbers::<Float64Type>("value")?;
        for row in 0..columns.rows() {
            kpis.push(Kpi {
                scope: scope[row].clone(),
                id: id[row].clone(),
                variable: variable[row].clone(),
                value: value[row],
                unit: unit[row].clone(),
            });
        }
        Ok(())
    })?;
    Ok(kpis)
}

/// Shows `visit` every block of a run in the order of the table.
///
/// # Errors
/// When a part cannot be read as the table that it should be.
pub fn read_blocks(
    folder: &Path,
    manifest: &Manifest,
    visit: &mut dyn FnMut(BlockRecord),
) -> Result<(), OutputError> {
    for_each_batch(folder, manifest, Table::Blocks, &mut |columns| {
        let height = columns.numbers::<UInt64Type>("height")?;
        let round = columns.numbers::<UInt32Type>("round")?;
        let (transactions, state) = (columns.texts("tx_root")?, columns.texts("state_root")?);
        let (hash, previous) = (columns.texts("hash")?, columns.texts("prev_hash")?);
        let (proposer, bytes) = (columns.texts("proposer")?, columns.numbers::<UInt64Type>("bytes")?);
        let count = columns.numbers::<UInt32Type>("txs")?;
        for row in 0..columns.rows() {
            visit(BlockRecord {
                height: height[row].unwrap_or_default(),
                round: round[row].unwrap_or_default(),
                proposer: proposer[row].clone(),
                transactions: count[row].unwrap_or_default(),
                bytes: bytes[row].unwrap_or_default(),
                previous_hash: previous[row].clone(),
                transaction_root: transactions[row].clone(),
                state_root: state[row].clone(),
                hash: hash[row].clone(),
            });
        }
        Ok(())
    })
}

/// Shows `visit` every transaction of a run in the order of the table.
///
/// # Errors
/// When a part cannot be read as the table that it should be.
pub fn read_transactions(
    folder: &Path,
    manifest: &Manifest,
    visit: &mut dyn FnMut(TransactionRecord),
) -> Result<(), OutputError> {
    for_each_batch(folder, manifest, Table::Transactions, &mut |columns| {
        let height = columns.numbers::<UInt64Type>("height")?;
        let index = columns.numbers::<UInt32Type>("index")?;
        let contract = columns.numbers::<UInt64Type>("contract")?;
        let energy = columns.numbers::<Int64Type>("energy_micro_kwh")?;
        let amount = columns.numbers::<Int64Type>("amount_micro")?;
        let (id, kind) = (columns.texts("tx_id")?, columns.texts("kind")?);
        let (sender, status) = (columns.texts("sender")?, columns.texts("status")?);
        for row in 0..columns.rows() {
            visit(TransactionRecord {
                height: height[row].unwrap_or_default(),
                index: index[row].unwrap_or_default(),
                id: id[row].clone(),
                kind: kind[row].clone(),
                sender: sender[row].clone(),
                contract: contract[row],
                energy_micro_kwh: energy[row],
                amount_micro: amount[row],
                status: status[row].clone(),
            });
        }
        Ok(())
    })
}

/// A batch whose columns are asked for by name.
struct Columns<'a> {
    batch: &'a RecordBatch,
    path: &'a Path,
}

impl Columns<'_> {
    fn rows(&self) -> usize {
        self.batch.num_rows()
    }

    fn column(&self, name: &str) -> Result<&dyn Array, OutputError> {
        self.batch.column_by_name(name).map(AsRef::as_ref).ok_or_else(|| self.unreadable(name))
    }

    fn unreadable(&self, name: &str) -> OutputError {
        OutputError::Parquet {
            action: "read",
            path: self.path.to_owned(),
            source: parquet::errors::ParquetError::General(format!("no column {name} of the right type")),
        }
    }

    fn numbers<T: ArrowPrimitiveType>(&self, name: &str) -> Result<Vec<Option<T::Native>>, OutputError> {
        let column = self.column(name)?.as_primitive_opt::<T>();
        Ok(column.ok_or_else(|| self.unreadable(name))?.iter().collect())
    }

    /// Texts of a plain or a dictionary column; an absent one is empty.
    fn texts(&self, name: &str) -> Result<Vec<String>, OutputError> {
        let column = self.column(name)?;
        if let Some(plain) = column.as_string_opt::<i32>() {
            return Ok(plain.iter().map(|text| text.unwrap_or_default().to_owned()).collect());
        }
        let keyed = column.as_dictionary_opt::<Int32Type>().ok_or_else(|| self.unreadable(name))?;
        let values = keyed.values().as_string_opt::<i32>().ok_or_else(|| self.unreadable(name))?;
        Ok(keyed
            .keys()
            .iter()
            .map(|key| key.map_or_else(String::new, |key| values.value(key as usize).to_owned()))
            .collect())
    }
}

fn for_each_batch(
    folder: &Path,
    manifest: &Manifest,
    table: Table,
    visit: &mut dyn FnMut(&Columns<'_>) -> Result<(), OutputError>,
) -> Result<(), OutputError> {
    for part in manifest.parts_of(table) {
        let path = folder.join(&part.path);
        let unreadable = |source| OutputError::Parquet { action: "read", path: path.clone(), source };
        let file = File::open(&path).attempt("open", &path)?;
        let reader = ParquetRecordBatchReaderBuilder::try_new(file)
            .and_then(ParquetRecordBatchReaderBuilder::build)
            .map_err(unreadable)?;
        for batch in reader {
            let batch = with_floats(batch.map_err(|error| unreadable(error.into()))?);
            visit(&Columns { batch: &batch, path: &path })?;
        }
    }
    Ok(())
}
