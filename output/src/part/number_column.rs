//! A column of numbers of eight bytes, none absent, of a row group: as they are, or their bytes of one significance side by side.
//!
//! The library gathers such numbers into a list, copies the list into its encoder and that into a page, and sets up a
//! compressor and a decompressor for each column of each row group. Here a page is filled from the rows at once, and one
//! compressor serves them all. Most pages of a household's energies are nothing but zeros: those are compressed once.
//! Pages, headers and everything else are the library's.
//!
//! ```text
//! PLAIN               the numbers, least significant byte first
//! BYTE_STREAM_SPLIT   the least significant bytes of all numbers, then the next ones, eight times
//! ```

use std::io::Write;

use arrow_array::{Array, ArrayRef};
use bytes::Bytes;
use parquet::basic::Encoding;
use parquet::column::page::{CompressedPage, Page};
use parquet::errors::Result;
use parquet::file::writer::SerializedRowGroupWriter;
use parquet::schema::types::ColumnDescPtr;

use super::PAGE_BYTES;
use super::column_chunk::{ColumnChunk, PageCompressor};

/// Bytes of a number.
const WIDTH: usize = 8;
/// Most numbers of a page.
const PAGE_NUMBERS: usize = PAGE_BYTES / WIDTH;
/// Numbers that are looked at together for one that is not zero.
const GLANCE: usize = 128;

/// How numbers lie in a page.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Layout {
    /// One after the other.
    Plain,
    /// Bytes of one significance side by side.
    ByteStreamSplit,
}

impl Layout {
    const fn encoding(self) -> Encoding {
        match self {
            Self::Plain => Encoding::PLAIN,
            Self::ByteStreamSplit => Encoding::BYTE_STREAM_SPLIT,
        }
    }
}

/// Writes columns of numbers, one after the other.
#[derive(Debug, Default)]
pub(super) struct NumberWriter {
    page: PageOfNumbers,
    /// A page of so many zeros, compressed; zeros are the same in every layout.
    zeros: Option<(usize, Bytes)>,
    split: Vec<u8>,
}

/// A page while it is filled.
#[derive(Debug, Default)]
struct PageOfNumbers {
    numbers: usize,
    /// The numbers; as long as all are zero, nothing.
    bytes: Vec<u8>,
}

impl PageOfNumbers {
    fn push(&mut self, numbers: &[u64]) {
        self.numbers += numbers.len();
        if self.bytes.is_empty() && are_zeros(numbers) {
            return;
        }
        // Zeros that came before, if any did, and room for these.
        let start = (self.numbers - numbers.len()) * WIDTH;
        self.bytes.resize(self.numbers * WIDTH, 0);
        for (bytes, number) in self.bytes[start..].as_chunks_mut().0.iter_mut().zip(numbers) {
            *bytes = number.to_le_bytes();
        }
    }

    fn clear(&mut self) {
        self.numbers = 0;
        self.bytes.clear();
    }
}

fn are_zeros(numbers: &[u64]) -> bool {
    numbers.chunks(GLANCE).all(|some| some.iter().fold(0, |bits, number| bits | number) == 0)
}

impl NumberWriter {
    /// Appends a column, of which `columns` are the rows, to a row group.
    pub(super) fn append<'a, W: Write + Send>(
        &mut self,
        row_group: &mut SerializedRowGroupWriter<'_, W>,
        compressor: &mut PageCompressor,
        (layout, descriptor): (Layout, ColumnDescPtr),
        columns: impl Iterator<Item = &'a ArrayRef>,
    ) -> Result<()> {
        let encodings = vec![Encoding::RLE, layout.encoding()];
        let mut chunk = ColumnChunk::new(descriptor, compressor.compression(), encodings);
        for column in columns {
            let data = column.to_data();
            let mut numbers = &data.buffer::<u64>(0)[..column.len()];
            while !numbers.is_empty() {
                let room = PAGE_NUMBERS - self.page.numbers;
                let (now, later) = numbers.split_at(room.min(numbers.len()));
                self.page.push(now);
                if self.page.numbers == PAGE_NUMBERS {
                    chunk.push(self.page(layout, compressor)?)?;
                }
                numbers = later;
            }
        }
        if self.page.numbers > 0 {
            chunk.push(self.page(layout, compressor)?)?;
        }
        chunk.append_to(row_group)
    }

    /// Takes the page that is filled.
    fn page(&mut self, layout: Layout, compressor: &mut PageCompressor) -> Result<CompressedPage> {
        let PageOfNumbers { numbers, bytes } = &mut self.page;
        let numbers = *numbers;
        let buf = if bytes.is_empty() {
            match &self.zeros {
                Some((count, zeros)) if *count == numbers => zeros.clone(),
                _ => {
                    bytes.resize(numbers * WIDTH, 0);
                    let zeros = compressor.compress(bytes)?;
                    self.zeros = Some((numbers, zeros.clone()));
                    zeros
                }
            }
        } else if layout == Layout::ByteStreamSplit {
            split(bytes, &mut self.split);
            compressor.compress(&self.split)?
        } else {
            compressor.compress(bytes)?
        };
        self.page.clear();
        let data = Page::DataPage {
            buf,
            num_values: numbers as u32,
            encoding: layout.encoding(),
            def_level_encoding: Encoding::RLE,
            rep_level_encoding: Encoding::RLE,
            statistics: None,
        };
        Ok(CompressedPage::new(data, numbers * WIDTH))
    }
}

/// Puts bytes of the same significance side by side.
fn split(bytes: &[u8], streams: &mut Vec<u8>) {
    let numbers = bytes.as_chunks::<WIDTH>().0;
    streams.resize(bytes.len(), 0);
    for (significance, stream) in streams.chunks_exact_mut(numbers.len()).enumerate() {
        for (byte, number) in stream.iter_mut().zip(numbers) {
            *byte = number[significance];
        }
    }
}

#[cfg(test)]
mod tests;
