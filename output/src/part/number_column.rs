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
//!
//! Quantities are gathered as steps of 1e-6: as decimals they are written so, otherwise as the `f64` that is nearest.

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
use crate::number_format::{NumberFormat, float_of};

/// Bytes of a number.
const WIDTH: usize = 8;
/// Most numbers of a page.
const PAGE_NUMBERS: usize = PAGE_BYTES / WIDTH;
/// Numbers that are looked at together for one that is not zero.
const GLANCE: usize = 128;

/// What the eight bytes of a gathered number become.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Kind {
    /// Themselves.
    Bits,
    /// Steps of 1e-6: the nearest `f64`.
    Floats,
    /// Steps of 1e-6: a decimal, which is themselves.
    Decimals,
}

impl Kind {
    /// Of a column of quantities or of other numbers.
    pub(super) const fn of(is_quantity: bool, format: NumberFormat) -> Self {
        match (is_quantity, format) {
            (false, _) => Self::Bits,
            (true, NumberFormat::Float64) => Self::Floats,
            (true, NumberFormat::Decimal) => Self::Decimals,
        }
    }

    /// Of a gathered number.
    #[inline]
    pub(super) fn written(self, number: u64) -> u64 {
        match self {
            Self::Bits | Self::Decimals => number,
            Self::Floats => float_of(number as i64).to_bits(),
        }
    }
}

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
    fn push(&mut self, kind: Kind, numbers: &[u64]) {
        self.numbers += numbers.len();
        if self.bytes.is_empty() && are_zeros(numbers) {
            return;
        }
        // Zeros that came before, if any did, and room for these.
        let start = (self.numbers - numbers.len()) * WIDTH;
        self.bytes.resize(self.numbers * WIDTH, 0);
        let places = self.bytes[start..].as_chunks_mut().0.iter_mut().zip(numbers);
        // Told apart once, not for each number.
        match kind {
            Kind::Floats => places.for_each(|(bytes, &number)| {
                *bytes = Kind::Floats.written(number).to_le_bytes();
            }),
            Kind::Bits | Kind::Decimals => places.for_each(|(bytes, number)| *bytes = number.to_le_bytes()),
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
        (kind, layout, descriptor): (Kind, Layout, ColumnDescPtr),
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
                self.page.push(kind, now);
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
    let any = numbers.iter().fold(0, |any, number| any | u64::from_le_bytes(*number)).to_le_bytes();
    for (significance, stream) in streams.chunks_exact_mut(numbers.len()).enumerate() {
        if any[significance] == 0 {
            // Of integers, mostly: few fill their upper bytes.
            stream.fill(0);
            continue;
        }
        for (byte, number) in stream.iter_mut().zip(numbers) {
            *byte = number[significance];
        }
    }
}

#[cfg(test)]
mod tests;
