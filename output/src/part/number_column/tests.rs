use std::sync::Arc;

use arrow_array::cast::AsArray;
use arrow_array::types::{Float64Type, Int64Type};
use arrow_array::{ArrayRef, Float64Array, Int64Array, RecordBatch};
use arrow_schema::{DataType, Field, Schema};
use parquet::arrow::ArrowSchemaConverter;
use parquet::arrow::arrow_reader::ParquetRecordBatchReaderBuilder;
use parquet::basic::ZstdLevel;
use parquet::file::writer::SerializedFileWriter;
use proptest::prelude::*;

use super::*;

const LAYOUTS: [Layout; 2] = [Layout::Plain, Layout::ByteStreamSplit];

/// The column, written twice over as two row groups of one file, as the library reads it.
fn there_and_back(layout: Layout, batches: &[ArrayRef]) -> Vec<RecordBatch> {
    let schema = Schema::new(vec![Field::new("number", batches[0].data_type().clone(), false)]);
    let types = ArrowSchemaConverter::new().convert(&schema).unwrap();
    let mut file = SerializedFileWriter::new(Vec::new(), types.root_schema_ptr(), Arc::default()).unwrap();
    let descriptor = file.schema_descr().column(0);
    let mut compressor = PageCompressor::new(ZstdLevel::try_new(1).unwrap()).unwrap();
    let mut writer = NumberWriter::default();
    for _ in 0..2 {
        let mut row_group = file.next_row_group().unwrap();
        let column = (Kind::Bits, layout, Arc::clone(&descriptor));
        writer.append(&mut row_group, &mut compressor, column, batches.iter()).unwrap();
        row_group.close().unwrap();
    }
    let bytes = Bytes::from(file.into_inner().unwrap());
    ParquetRecordBatchReaderBuilder::try_new(bytes).unwrap().build().unwrap().map(Result::unwrap).collect()
}

fn bits(numbers: &[f64]) -> Vec<u64> {
    numbers.iter().map(|number| number.to_bits()).collect()
}

fn floats_there_and_back(layout: Layout, batches: &[Vec<f64>]) -> Vec<f64> {
    let arrays: Vec<ArrayRef> =
        batches.iter().map(|batch| Arc::new(Float64Array::from(batch.clone())) as ArrayRef).collect();
    let read = there_and_back(layout, &arrays);
    read.iter().flat_map(|batch| batch.column(0).as_primitive::<Float64Type>().values().to_vec()).collect()
}

/// Batches of measurements: nothing, mostly nothing, negative nothing, or anything.
fn batch() -> impl Strategy<Value = Vec<f64>> {
    let length = 0..3_000usize;
    prop_oneof![
        length.clone().prop_map(|length| vec![0.0; length]),
        (length.clone(), any::<prop::sample::Index>(), any::<f64>()).prop_map(|(length, place, number)| {
            let mut batch = vec![0.0; length + 1];
            batch[place.index(length + 1)] = number;
            batch
        }),
        length.clone().prop_map(|length| vec![-0.0; length]),
        prop::collection::vec(any::<f64>(), length),
    ]
}

proptest! {
    /// Whatever the batches, whether or not they fill pages, every bit comes back.
    #[test]
    fn numbers_come_back_to_the_last_bit(batches in prop::collection::vec(batch(), 1..12)) {
        let all = batches.concat();
        for layout in LAYOUTS {
            let read = floats_there_and_back(layout, &batches);
            prop_assert_eq!(read.len(), 2 * all.len());
            prop_assert_eq!(bits(&read[..all.len()]), bits(&all));
            prop_assert_eq!(bits(&read[all.len()..]), bits(&all));
        }
    }
}

#[test]
fn pages_of_zeros_stand_between_others() {
    let zeros = vec![0.0; PAGE_NUMBERS];
    let ones = vec![1.5; PAGE_NUMBERS];
    let late = [vec![0.0; PAGE_NUMBERS - 1], vec![2.5]].concat();
    let batches = [zeros.clone(), ones, zeros.clone(), late, zeros, vec![0.0; 17]];
    for layout in LAYOUTS {
        let all = batches.concat();
        assert_eq!(floats_there_and_back(layout, &batches), [all.clone(), all].concat());
    }
}

#[test]
fn integers_come_back() {
    let numbers: Vec<i64> = (0..20_000).map(|number| (number - 10_000) * 1_234_567_891).collect();
    let array: ArrayRef = Arc::new(Int64Array::from(numbers.clone()));
    for layout in LAYOUTS {
        let read = there_and_back(layout, std::slice::from_ref(&array));
        let read: Vec<i64> = read
            .iter()
            .flat_map(|batch| batch.column(0).as_primitive::<Int64Type>().values().to_vec())
            .collect();
        assert_eq!(read, [numbers.clone(), numbers.clone()].concat());
    }
}

#[test]
fn a_slice_of_an_array_is_written_from_where_it_begins() {
    let array: ArrayRef = Arc::new(Float64Array::from(vec![1.0, 2.0, 3.0, 4.0]));
    let read = there_and_back(Layout::Plain, &[array.slice(1, 2)]);
    assert_eq!(read[0].column(0).as_primitive::<Float64Type>().values().to_vec(), [2.0, 3.0, 2.0, 3.0]);
    assert_eq!(read[0].schema().field(0).data_type(), &DataType::Float64);
}
