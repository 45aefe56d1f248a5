//! A column of numbers of eight bytes that repeat, such as prices: each once, then a key a row.
//!
//! Prices of a period are one and the same, row after row: the number before is looked at first, and only another one is looked
//! for among all. A column of too many numbers is written without a dictionary, as a [`number_column`](super::number_column).

use std::collections::BTreeMap;
use std::io::Write;

use arrow_array::{Array, ArrayRef};
use parquet::basic::Encoding;
use parquet::errors::Result;
use parquet::file::writer::SerializedRowGroupWriter;
use parquet::schema::types::ColumnDescPtr;

use super::column_chunk::{ColumnChunk, PageCompressor};
use super::number_column::{Kind, Layout, NumberWriter};

/// Most numbers of a dictionary: what a reader has to hold of it stays within a page.
const NUMBERS_MAX: usize = 8_192;

/// Writes columns of numbers that repeat, one after the other.
#[derive(Debug, Default)]
pub(super) struct DictionaryWriter {
    keys: Vec<u32>,
    numbers: Vec<u64>,
    places: BTreeMap<u64, u32>,
}

impl DictionaryWriter {
    /// Appends a column, of which `columns` are the rows, to a row group.
    pub(super) fn append<'a, W: Write + Send>(
        &mut self,
        row_group: &mut SerializedRowGroupWriter<'_, W>,
        (compressor, plain): (&mut PageCompressor, &mut NumberWriter),
        (kind, descriptor): (Kind, ColumnDescPtr),
        columns: impl Iterator<Item = &'a ArrayRef> + Clone,
    ) -> Result<()> {
        if !self.gather(columns.clone()) {
            return plain.append(row_group, compressor, (kind, Layout::ByteStreamSplit, descriptor), columns);
        }
        let encodings = vec![Encoding::PLAIN, Encoding::RLE, Encoding::RLE_DICTIONARY];
        let mut chunk = ColumnChunk::new(descriptor, compressor.compression(), encodings);
        let dictionary: Vec<u8> =
            self.numbers.iter().flat_map(|&number| kind.written(number).to_le_bytes()).collect();
        chunk.push_keyed(compressor, (&dictionary, self.numbers.len() as u32), &self.keys)?;
        chunk.append_to(row_group)
    }

    /// Finds the numbers of a column; whether they are few enough.
    fn gather<'a>(&mut self, columns: impl Iterator<Item = &'a ArrayRef>) -> bool {
        let Self { keys, numbers, places } = self;
        keys.clear();
        numbers.clear();
        places.clear();
        let mut before = None;
        for column in columns {
            let data = column.to_data();
            let column = &data.buffer::<u64>(0)[..column.len()];
            keys.reserve(column.len());
            for &number in column {
                let key = match before {
                    Some((same, key)) if same == number => key,
                    _ => *places.entry(number).or_insert_with(|| {
                        numbers.push(number);
                        numbers.len() as u32 - 1
                    }),
                };
                before = Some((number, key));
                keys.push(key);
            }
            if numbers.len() > NUMBERS_MAX {
                return false;
            }
        }
        true
    }
}

#[cfg(test)]
mod tests;
