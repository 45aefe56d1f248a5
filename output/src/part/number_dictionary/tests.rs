use std::sync::Arc;

use arrow_array::cast::AsArray;
use arrow_array::types::{Decimal128Type, Float64Type, UInt64Type};
use arrow_array::{ArrayRef, Int64Array, RecordBatch, UInt64Array};
use arrow_schema::{DataType, Field, Schema};
use bytes::Bytes;
use parquet::arrow::ArrowSchemaConverter;
use parquet::arrow::arrow_reader::ParquetRecordBatchReaderBuilder;
use parquet::basic::ZstdLevel;
use parquet::file::writer::SerializedFileWriter;
use proptest::prelude::*;

use super::*;
use crate::number_format::NumberFormat;

/// The column, written twice over as two row groups of one file, as the library reads it; and the bytes of the file.
fn there_and_back(kind: Kind, data_type: &DataType, batches: &[ArrayRef]) -> (Vec<RecordBatch>, usize) {
    let schema = Schema::new(vec![Field::new("number", data_type.clone(), false)]);
    let types = ArrowSchemaConverter::new().convert(&schema).unwrap();
    let mut file = SerializedFileWriter::new(Vec::new(), types.root_schema_ptr(), Arc::default()).unwrap();
    let descriptor = file.schema_descr().column(0);
    let mut compressor = PageCompressor::new(ZstdLevel::try_new(1).unwrap()).unwrap();
    let (mut dictionaries, mut plain) = (DictionaryWriter::default(), NumberWriter::default());
    for _ in 0..2 {
        let mut row_group = file.next_row_group().unwrap();
        let column = (kind, Arc::clone(&descriptor));
        dictionaries.append(&mut row_group, (&mut compressor, &mut plain), column, batches.iter()).unwrap();
        row_group.close().unwrap();
    }
    let bytes = Bytes::from(file.into_inner().unwrap());
    let length = bytes.len();
    let reader = ParquetRecordBatchReaderBuilder::try_new(bytes).unwrap().build().unwrap();
    (reader.map(Result::unwrap).collect(), length)
}

/// Numbers that follow each other in runs, out of a few or out of many.
fn runs() -> impl Strategy<Value = Vec<Vec<i64>>> {
    let number = prop_oneof![-2..3i64, -3_000_000..3_000_000i64, -(1i64 << 50)..1 << 50];
    let run = (number, 1..400usize).prop_map(|(number, length)| vec![number; length]);
    let batch = prop::collection::vec(run, 0..30).prop_map(|runs| runs.concat());
    prop::collection::vec(batch, 1..5)
}

fn arrays(batches: &[Vec<i64>]) -> Vec<ArrayRef> {
    batches.iter().map(|batch| Arc::new(Int64Array::from(batch.clone())) as ArrayRef).collect()
}

proptest! {
    #[test]
    fn quantities_come_back_in_both_formats(batches in runs()) {
        let all = [batches.concat(), batches.concat()].concat();
        let (read, _) = there_and_back(Kind::Floats, &DataType::Float64, &arrays(&batches));
        let floats = read.iter().flat_map(|it| it.column(0).as_primitive::<Float64Type>().values().to_vec());
        let steps: Vec<i64> = floats.map(|float| (float * 1e6).round() as i64).collect();
        prop_assert_eq!(&steps, &all);
        let decimal = NumberFormat::Decimal.data_type();
        let (read, _) = there_and_back(Kind::Decimals, &decimal, &arrays(&batches));
        let decimals = read.iter().flat_map(|it| it.column(0).as_primitive::<Decimal128Type>().values().to_vec());
        let steps: Vec<i64> = decimals.map(|steps| steps as i64).collect();
        prop_assert_eq!(&steps, &all);
    }
}

#[test]
fn too_many_numbers_go_without_a_dictionary_and_few_are_small() {
    for distinct in [1, 2, NUMBERS_MAX as u64, NUMBERS_MAX as u64 + 1, 60_000] {
        let numbers: Vec<u64> =
            (0..70_000).map(|row| (row % distinct).wrapping_mul(0x9E37_79B9_7F4A_7C15)).collect();
        let array: ArrayRef = Arc::new(UInt64Array::from(numbers.clone()));
        let (read, length) = there_and_back(Kind::Bits, &DataType::UInt64, std::slice::from_ref(&array));
        let read: Vec<u64> =
            read.iter().flat_map(|it| it.column(0).as_primitive::<UInt64Type>().values().to_vec()).collect();
        assert_eq!(read, [numbers.clone(), numbers].concat(), "{distinct} numbers");
        assert!(distinct > 2 || length < 1_000, "{distinct} numbers take {length} bytes");
    }
}
