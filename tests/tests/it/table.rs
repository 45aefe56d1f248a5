//! A table read back column by column, without the program's own reading.

use std::fs::{self, File};
use std::path::Path;
use std::sync::Arc;

use arrow_array::cast::AsArray;
use arrow_array::types::{
    Float64Type, Int32Type, Int64Type, TimestampMicrosecondType, UInt16Type, UInt32Type, UInt64Type,
};
use arrow_array::{Array, ArrayRef, PrimitiveArray, RecordBatch};
use arrow_schema::DataType;
use goshawk_output::table::Table;
use parquet::arrow::arrow_reader::ParquetRecordBatchReaderBuilder;

/// The day of a run and the period of the day.
pub(crate) type Slot = (u16, u16);

/// All rows of a table, in the order of its files.
pub(crate) struct Rows {
    table: Table,
    batches: Vec<RecordBatch>,
}

impl Rows {
    /// Reads every part in a table's folder.
    pub(crate) fn read(out: &Path, table: Table) -> Self {
        let folder = out.join(table.name());
        let mut parts: Vec<_> = fs::read_dir(folder).unwrap().map(|entry| entry.unwrap().path()).collect();
        parts.sort();
        let mut batches = Vec::new();
        for part in parts {
            let reader = ParquetRecordBatchReaderBuilder::try_new(File::open(part).unwrap()).unwrap();
            batches.extend(reader.build().unwrap().map(Result::unwrap));
        }
        Self { table, batches }
    }

    /// How many rows there are.
    pub(crate) fn len(&self) -> usize {
        self.batches.iter().map(RecordBatch::num_rows).sum()
    }

    fn column(&self, name: &str) -> impl Iterator<Item = &ArrayRef> {
        self.batches.iter().map(move |batch| {
            batch.column_by_name(name).unwrap_or_else(|| panic!("{} has no column {name}", self.table))
        })
    }

    /// A column of numbers, where they are not absent.
    pub(crate) fn numbers(&self, name: &str) -> Vec<Option<f64>> {
        self.column(name).flat_map(|column| column.as_primitive::<Float64Type>().iter()).collect()
    }

    /// A column of energy, money or prices as the integers that it stands for.
    pub(crate) fn micro(&self, name: &str) -> Vec<i64> {
        let exact = |value: Option<f64>| {
            let value = value.unwrap_or_else(|| panic!("{}.{name} is absent", self.table));
            let micro = (value * 1e6).round();
            assert_eq!(micro / 1e6, value, "{}.{name} is off the 1e-6 grid", self.table);
            micro as i64
        };
        self.numbers(name).into_iter().map(exact).collect()
    }

    /// A column of counts.
    pub(crate) fn counts(&self, name: &str) -> Vec<u64> {
        let values = |column: &ArrayRef| -> Vec<u64> {
            match column.as_primitive_opt::<UInt32Type>() {
                Some(small) => small.values().iter().map(|&value| value.into()).collect(),
                None => column.as_primitive::<UInt64Type>().values().to_vec(),
            }
        };
        self.column(name).flat_map(values).collect()
    }

    /// A column of the ledger's integers, where they are not absent.
    pub(crate) fn integers(&self, name: &str) -> Vec<Option<i64>> {
        self.column(name).flat_map(|column| column.as_primitive::<Int64Type>().iter()).collect()
    }

    /// A column of times, in microseconds since 1970.
    pub(crate) fn times(&self, name: &str) -> Vec<i64> {
        self.column(name)
            .flat_map(|column| column.as_primitive::<TimestampMicrosecondType>().values().to_vec())
            .collect()
    }

    /// A column of names.
    pub(crate) fn texts(&self, name: &str) -> Vec<String> {
        let mut texts = Vec::new();
        for column in self.column(name) {
            if let Some(plain) = column.as_string_opt::<i32>() {
                texts.extend(plain.iter().map(|text| text.unwrap().to_owned()));
                continue;
            }
            let keyed = column.as_dictionary::<Int32Type>();
            let values = keyed.values().as_string::<i32>();
            texts.extend(keyed.keys().values().iter().map(|&key| values.value(key as usize).to_owned()));
        }
        texts
    }

    /// The day of each row.
    pub(crate) fn days(&self) -> Vec<u16> {
        self.column("day").flat_map(|column| column.as_primitive::<UInt16Type>().values().to_vec()).collect()
    }

    /// The day and the period of each row.
    pub(crate) fn slots(&self) -> Vec<Slot> {
        let small = |name| -> Vec<u16> {
            self.column(name)
                .flat_map(|column| column.as_primitive::<UInt16Type>().values().to_vec())
                .collect()
        };
        small("day").into_iter().zip(small("period")).collect()
    }

    /// Each row in words, some columns left out.
    pub(crate) fn lines(&self, without: &[&str]) -> Vec<String> {
        let mut lines = Vec::new();
        for batch in &self.batches {
            let schema = batch.schema();
            let names = schema.fields().iter().map(|field| field.name().as_str());
            let columns: Vec<(&str, ArrayRef)> = names
                .zip(batch.columns().iter().map(without_zone))
                .filter(|(name, _)| !without.contains(name))
                .collect();
            for row in 0..batch.num_rows() {
                let cell = |(name, column): &(&str, ArrayRef)| format!("{name} {}", cell(column, row));
                lines.push(columns.iter().map(cell).collect::<Vec<_>>().join(", "));
            }
        }
        lines
    }
}

/// One value in words.
fn cell(column: &ArrayRef, row: usize) -> String {
    if column.is_null(row) {
        return "absent".to_owned();
    }
    match column.data_type() {
        DataType::Utf8 => column.as_string::<i32>().value(row).to_owned(),
        DataType::Dictionary(..) => {
            let keyed = column.as_dictionary::<Int32Type>();
            let key = usize::try_from(keyed.keys().value(row)).expect("keys are indices");
            keyed.values().as_string::<i32>().value(key).to_owned()
        }
        DataType::Float64 => column.as_primitive::<Float64Type>().value(row).to_string(),
        DataType::UInt16 => column.as_primitive::<UInt16Type>().value(row).to_string(),
        DataType::UInt32 => column.as_primitive::<UInt32Type>().value(row).to_string(),
        DataType::UInt64 => column.as_primitive::<UInt64Type>().value(row).to_string(),
        DataType::Int64 => column.as_primitive::<Int64Type>().value(row).to_string(),
        other => panic!("no table has a column of {other}"),
    }
}

/// A column of times as microseconds, which need no time zones to be put into words; others as they are.
fn without_zone(column: &ArrayRef) -> ArrayRef {
    match column.data_type() {
        DataType::Timestamp(..) => {
            let micros: PrimitiveArray<Int64Type> =
                column.as_primitive::<TimestampMicrosecondType>().reinterpret_cast();
            Arc::new(micros)
        }
        _ => Arc::clone(column),
    }
}
