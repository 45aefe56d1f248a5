//! The columns of a Parquet file.

use std::fs::File;

use arrow_array::cast::AsArray;
use arrow_array::types::{
    Float32Type, Float64Type, Int8Type, Int16Type, Int32Type, Int64Type, UInt8Type, UInt16Type, UInt32Type,
    UInt64Type,
};
use arrow_array::{Array, ArrayRef};
use arrow_schema::DataType;
use parquet::arrow::arrow_reader::{ArrowReaderOptions, ParquetRecordBatchReaderBuilder};
use parquet::errors::ParquetError;

use super::{Cell, Cells, POINTS_MAX};
use crate::study::factor::Level;

pub(super) fn read(file: File) -> Cells {
    let mut cells = Cells::default();
    if let Err(error) = fill(&mut cells, file) {
        cells.problems.add((None, None, None), format!("what cannot be read ({error})"), "a Parquet file");
    }
    cells
}

fn fill(cells: &mut Cells, file: File) -> Result<(), ParquetError> {
    // Without the types of the program that wrote it: categories are then texts as all others.
    let options = ArrowReaderOptions::new().with_skip_arrow_metadata(true);
    let reader = ParquetRecordBatchReaderBuilder::try_new_with_options(file, options)?;
    let rows = reader.metadata().file_metadata().num_rows();
    cells.names = reader.schema().fields().iter().map(|field| field.name().clone()).collect();
    if rows > POINTS_MAX as i64 {
        let allowed = format!("at most {POINTS_MAX}");
        cells.problems.add((None, None, None), format!("{rows} rows"), allowed);
        return Ok(());
    }
    for field in reader.schema().fields() {
        if !is_readable(field.data_type()) {
            let found = format!("values of type {}", field.data_type());
            cells.problems.add((None, None, Some(field.name())), found, "numbers, truths or texts");
        }
    }
    if !cells.problems.list.is_empty() {
        return Ok(());
    }
    for batch in reader.build()? {
        let batch = batch?;
        let rows = 0..batch.num_rows();
        cells.rows.extend(rows.map(|row| batch.columns().iter().map(|column| cell(column, row)).collect()));
    }
    Ok(())
}

fn is_readable(kind: &DataType) -> bool {
    kind.is_integer()
        || matches!(kind, DataType::Float32 | DataType::Float64 | DataType::Boolean | DataType::Utf8)
}

fn cell(column: &ArrayRef, row: usize) -> Cell {
    if column.is_null(row) {
        return Cell::Bad("no value".to_owned());
    }
    let level = match column.data_type() {
        DataType::Int8 => Level::Whole(column.as_primitive::<Int8Type>().value(row).into()),
        DataType::Int16 => Level::Whole(column.as_primitive::<Int16Type>().value(row).into()),
        DataType::Int32 => Level::Whole(column.as_primitive::<Int32Type>().value(row).into()),
        DataType::Int64 => Level::Whole(column.as_primitive::<Int64Type>().value(row)),
        DataType::UInt8 => Level::Whole(column.as_primitive::<UInt8Type>().value(row).into()),
        DataType::UInt16 => Level::Whole(column.as_primitive::<UInt16Type>().value(row).into()),
        DataType::UInt32 => Level::Whole(column.as_primitive::<UInt32Type>().value(row).into()),
        DataType::UInt64 => {
            let number = column.as_primitive::<UInt64Type>().value(row);
            match i64::try_from(number) {
                Ok(number) => Level::Whole(number),
                Err(_) => return Cell::Bad(number.to_string()),
            }
        }
        DataType::Float32 => Level::Number(column.as_primitive::<Float32Type>().value(row).into()),
        DataType::Float64 => Level::Number(column.as_primitive::<Float64Type>().value(row)),
        DataType::Boolean => Level::Truth(column.as_boolean().value(row)),
        DataType::Utf8 => Level::Text(column.as_string::<i32>().value(row).to_owned()),
        other => unreachable!("invariant: a column of {other} is refused"),
    };
    Cell::of(level)
}
