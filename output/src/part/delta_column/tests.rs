use std::sync::Arc;

use arrow_array::{ArrayRef, Int64Array, RecordBatch, UInt16Array, UInt32Array, UInt64Array};
use arrow_schema::{Field, Schema};
use bytes::Bytes;
use parquet::arrow::arrow_reader::ParquetRecordBatchReaderBuilder;
use parquet::arrow::{ArrowSchemaConverter, ArrowWriter};
use parquet::basic::ZstdLevel;
use parquet::file::properties::WriterProperties;
use parquet::file::writer::SerializedFileWriter;
use parquet::schema::types::ColumnPath;
use proptest::prelude::*;

use super::*;

fn schema_of(column: &ArrayRef) -> Schema {
    Schema::new(vec![Field::new("number", column.data_type().clone(), false)])
}

/// Row groups of these columns, written here.
fn ours(row_groups: &[Vec<ArrayRef>]) -> Bytes {
    let types = ArrowSchemaConverter::new().convert(&schema_of(&row_groups[0][0])).unwrap();
    let mut file = SerializedFileWriter::new(Vec::new(), types.root_schema_ptr(), Arc::default()).unwrap();
    let descriptor = file.schema_descr().column(0);
    let mut compressor = PageCompressor::new(ZstdLevel::try_new(1).unwrap()).unwrap();
    let mut writer = DeltaWriter::default();
    for columns in row_groups {
        let mut row_group = file.next_row_group().unwrap();
        writer.append(&mut row_group, &mut compressor, Arc::clone(&descriptor), columns.iter()).unwrap();
        row_group.close().unwrap();
    }
    Bytes::from(file.into_inner().unwrap())
}

/// The same, written by the library.
fn theirs(row_groups: &[Vec<ArrayRef>]) -> Bytes {
    let path = ColumnPath::from("number");
    let properties = WriterProperties::builder()
        .set_column_dictionary_enabled(path.clone(), false)
        .set_column_encoding(path, Encoding::DELTA_BINARY_PACKED);
    let schema = Arc::new(schema_of(&row_groups[0][0]));
    let mut file = Vec::new();
    let mut writer = ArrowWriter::try_new(&mut file, Arc::clone(&schema), Some(properties.build())).unwrap();
    for columns in row_groups {
        for column in columns {
            writer
                .write(&RecordBatch::try_new(Arc::clone(&schema), vec![Arc::clone(column)]).unwrap())
                .unwrap();
        }
        writer.flush().unwrap();
    }
    writer.close().unwrap();
    Bytes::from(file)
}

fn read(file: Bytes) -> Vec<u64> {
    let reader = ParquetRecordBatchReaderBuilder::try_new(file).unwrap().build().unwrap();
    let mut numbers = Vec::new();
    for batch in reader {
        gather(batch.unwrap().column(0), &mut numbers);
    }
    numbers.into_iter().map(|number| number as u64).collect()
}

/// What a reader is told of each row group: least, most, absent.
fn told(file: &Bytes) -> Vec<Option<Statistics>> {
    let reader = ParquetRecordBatchReaderBuilder::try_new(file.clone()).unwrap();
    reader.metadata().row_groups().iter().map(|group| group.column(0).statistics().cloned()).collect()
}

fn arrays(numbers: &[u64]) -> [ArrayRef; 4] {
    [
        Arc::new(UInt16Array::from_iter_values(numbers.iter().map(|&it| it as u16))),
        Arc::new(UInt32Array::from_iter_values(numbers.iter().map(|&it| it as u32))),
        Arc::new(UInt64Array::from_iter_values(numbers.iter().copied())),
        Arc::new(Int64Array::from_iter_values(numbers.iter().map(|&it| it as i64))),
    ]
}

/// Numbers in runs, in steps, or anyhow, of every size.
fn numbers() -> impl Strategy<Value = Vec<u64>> {
    let run = (any::<u64>(), 0..65u32, 0..4u64, 1..300usize).prop_map(|(number, shift, step, length)| {
        let first = number.checked_shr(shift).unwrap_or_default();
        (0..length as u64).map(|place| first.wrapping_add(place * step)).collect::<Vec<_>>()
    });
    let anyhow = (prop::collection::vec(any::<u64>(), 1..300), 0..64u32)
        .prop_map(|(numbers, shift)| numbers.into_iter().map(|number| number >> shift).collect());
    prop::collection::vec(prop_oneof![run, anyhow], 1..5).prop_map(|parts| parts.concat())
}

proptest! {
    #[test]
    fn integers_come_back_and_are_told_of_as_by_the_library(first in numbers(), second in numbers()) {
        for (first, second) in arrays(&first).into_iter().zip(arrays(&second)) {
            let cut = first.len() / 3;
            let row_groups = [vec![first.slice(0, cut), first.slice(cut, first.len() - cut)], vec![second]];
            let (ours, theirs) = (ours(&row_groups), theirs(&row_groups));
            prop_assert_eq!(told(&ours), told(&theirs));
            prop_assert_eq!(read(ours), read(theirs));
        }
    }
}

#[test]
fn what_does_not_change_takes_no_room() {
    for step in [0, 1] {
        let numbers: Vec<u64> = (0..20_000).map(|row| 7 + row * step).collect();
        for array in arrays(&numbers) {
            let length = ours(&[vec![Arc::clone(&array)]]).len();
            assert!(length < 400, "{length} bytes of {}", array.data_type());
        }
    }
}

#[test]
fn a_column_of_one_value_and_the_ends_of_blocks_come_back() {
    for length in [1, 2, PART, PART + 1, BLOCK, BLOCK + 1, BLOCK + 2, 2 * BLOCK + 1, 1_000] {
        let numbers: Vec<u64> = (0..length as u64).map(|row| row * row % 89).collect();
        for array in arrays(&numbers) {
            assert_eq!(read(ours(&[vec![array]])), numbers, "{length}");
        }
    }
}
