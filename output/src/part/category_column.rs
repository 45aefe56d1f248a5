//! A category column of a row group: its texts once, then a key a row.
//!
//! The library looks the text of every row up again, though rows come with keys already; that was a fifth of all the time
//! that a table of trades took. So the keys are renumbered here and packed as the format asks for
//! (`RLE_DICTIONARY` of the Parquet specification); pages, headers and everything else are the library's.
//!
//! ```text
//! dictionary page   length (4 bytes) and bytes of each text that the row group uses, in the order of first use
//! data page         bits a key, then either one run of one key or all keys packed, least significant bit first
//! ```

use std::io::Write;

use arrow_array::cast::AsArray;
use arrow_array::types::Int32Type;
use arrow_array::{Array, ArrayRef};
use parquet::basic::Encoding;
use parquet::errors::Result;
use parquet::file::writer::SerializedRowGroupWriter;
use parquet::schema::types::ColumnDescPtr;

use super::column_chunk::{ColumnChunk, PageCompressor};

/// The texts of some rows, as the format stores them.
#[derive(Debug, Default)]
struct Keyed {
    /// Each text with its length before it.
    texts: Vec<u8>,
    distinct: u32,
    /// Which of them a row has.
    keys: Vec<u32>,
}

impl Keyed {
    fn of<'a>(columns: impl Iterator<Item = &'a ArrayRef>) -> Self {
        let mut keyed = Self::default();
        // New numbers by the column's own; a list of texts that grows keeps the numbers of those that it had.
        let mut numbers: Vec<Option<u32>> = Vec::new();
        for column in columns {
            let column = column.as_dictionary::<Int32Type>();
            let texts = column.values().as_string::<i32>();
            numbers.resize(texts.len().max(numbers.len()), None);
            keyed.keys.reserve(column.len());
            for &key in column.keys().values() {
                let number = numbers[key as usize].unwrap_or_else(|| {
                    let number = keyed.add(texts.value(key as usize));
                    numbers[key as usize] = Some(number);
                    number
                });
                keyed.keys.push(number);
            }
        }
        keyed
    }

    fn add(&mut self, text: &str) -> u32 {
        self.texts.extend_from_slice(&(text.len() as u32).to_le_bytes());
        self.texts.extend_from_slice(text.as_bytes());
        self.distinct += 1;
        self.distinct - 1
    }
}

/// Appends a category column, of which `columns` are the rows, to a row group.
pub(super) fn append<'a, W: Write + Send>(
    row_group: &mut SerializedRowGroupWriter<'_, W>,
    compressor: &mut PageCompressor,
    descriptor: ColumnDescPtr,
    columns: impl Iterator<Item = &'a ArrayRef>,
) -> Result<()> {
    let keyed = Keyed::of(columns);
    let encodings = vec![Encoding::PLAIN, Encoding::RLE, Encoding::RLE_DICTIONARY];
    let mut chunk = ColumnChunk::new(descriptor, compressor.compression(), encodings);
    chunk.push_keyed(compressor, (&keyed.texts, keyed.distinct), &keyed.keys)?;
    chunk.append_to(row_group)
}

#[cfg(test)]
mod tests {
    use std::sync::Arc;

    use arrow_array::StringArray;
    use arrow_array::{ArrayRef, RecordBatch};
    use arrow_schema::{Field, Schema};
    use parquet::arrow::ArrowSchemaConverter;
    use parquet::arrow::arrow_reader::ParquetRecordBatchReaderBuilder;
    use parquet::basic::ZstdLevel;
    use parquet::file::writer::SerializedFileWriter;

    use super::*;
    use crate::cell::{category_array, category_type};

    /// The texts of a column that went through a file.
    fn there_and_back(batches: &[ArrayRef]) -> Vec<String> {
        let schema = Schema::new(vec![Field::new("name", category_type(), false)]);
        let types = ArrowSchemaConverter::new().convert(&schema).unwrap();
        let mut file =
            SerializedFileWriter::new(Vec::new(), types.root_schema_ptr(), Arc::default()).unwrap();
        let descriptor = file.schema_descr().column(0);
        let mut compressor = PageCompressor::new(ZstdLevel::try_new(1).unwrap()).unwrap();
        for _ in 0..2 {
            let mut row_group = file.next_row_group().unwrap();
            append(&mut row_group, &mut compressor, Arc::clone(&descriptor), batches.iter()).unwrap();
            row_group.close().unwrap();
        }
        let bytes = bytes::Bytes::from(file.into_inner().unwrap());
        let reader = ParquetRecordBatchReaderBuilder::try_new(bytes).unwrap().build().unwrap();
        let read: Vec<RecordBatch> = reader.map(Result::unwrap).collect();
        let texts = read.iter().flat_map(|batch| {
            let column = batch.column(0).as_string::<i32>();
            column.iter().map(|text| text.unwrap().to_owned()).collect::<Vec<_>>()
        });
        texts.collect()
    }

    #[test]
    fn texts_come_back_for_every_number_of_them() {
        for distinct in [1, 2, 3, 4, 5, 8, 9, 16, 17, 300, 70_000] {
            let all: Vec<String> = (0..distinct).map(|number| format!("h{number:04}")).collect();
            let texts: ArrayRef = Arc::new(StringArray::from(all.clone()));
            // From the last to the first, so that the order of first use is not that of the list.
            let rows = distinct + 13;
            let keys: Vec<i32> = (0..rows).map(|row| distinct - 1 - row % distinct).collect();
            let (head, tail) = keys.split_at(keys.len() / 3);
            let batches = [head, tail].map(|keys| category_array(keys.to_vec(), &texts));
            let expected: Vec<&str> = keys.iter().map(|&key| all[key as usize].as_str()).collect();
            let read = there_and_back(&batches);
            assert_eq!(read[..keys.len()], expected, "{distinct} texts, first row group");
            assert_eq!(read[keys.len()..], expected, "{distinct} texts, second row group");
        }
    }

    #[test]
    fn a_list_that_grows_between_batches_keeps_its_numbers() {
        let few: ArrayRef = Arc::new(StringArray::from(vec!["seller"]));
        let more: ArrayRef = Arc::new(StringArray::from(vec!["seller", "", "buyer"]));
        let batches = [category_array(vec![0, 0], &few), category_array(vec![2, 1, 0], &more)];
        let expected = ["seller", "seller", "buyer", "", "seller"];
        assert_eq!(there_and_back(&batches), [expected, expected].concat());
    }
}
