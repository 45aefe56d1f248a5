//! A column of integers in whose order the rows come, such as times: the first, then differences (`DELTA_BINARY_PACKED` of
//! the Parquet specification).
//!
//! Rows of a period have one time and one number after the other, so nearly all blocks have one difference only: those take no
//! bits. The least and the most of the column are told, which is what spares a reader whole row groups.
//!
//! ```text
//! values of a block, parts of a block, values in all, the first value
//! per block   least difference, bits of each part, then per part what its differences are above the least
//! ```

use std::io::Write;

use arrow_array::{Array, ArrayRef};
use arrow_schema::DataType;
use parquet::basic::{Encoding, Type as PhysicalType};
use parquet::column::page::{CompressedPage, Page};
use parquet::errors::Result;
use parquet::file::statistics::Statistics;
use parquet::file::writer::SerializedRowGroupWriter;
use parquet::schema::types::ColumnDescPtr;

use super::column_chunk::{ColumnChunk, PageCompressor};
use super::keys::push_varint;

/// Values of a block.
const BLOCK: usize = 128;
/// Values of a part of a block.
const PART: usize = 32;

/// Writes columns of integers, one after the other.
#[derive(Debug, Default)]
pub(super) struct DeltaWriter {
    values: Vec<i64>,
    page: Vec<u8>,
}

/// Bits of an integer in the file.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Width {
    Four,
    Eight,
}

impl Width {
    /// The difference of two values, as it wraps around in so many bits.
    #[inline]
    fn difference(self, value: i64, before: i64) -> i64 {
        match self {
            Self::Four => i64::from((value as i32).wrapping_sub(before as i32)),
            Self::Eight => value.wrapping_sub(before),
        }
    }

    /// How far a difference is above the least one.
    #[inline]
    fn above(self, difference: i64, least: i64) -> u64 {
        match self {
            Self::Four => u64::from((difference as i32).wrapping_sub(least as i32) as u32),
            Self::Eight => difference.wrapping_sub(least) as u64,
        }
    }
}

/// Whether columns of a type can be written here.
pub(super) fn takes(data_type: &DataType) -> bool {
    matches!(
        data_type,
        DataType::UInt16 | DataType::UInt32 | DataType::UInt64 | DataType::Int64 | DataType::Timestamp(..)
    )
}

impl DeltaWriter {
    /// Appends a column, of which `columns` are the rows, to a row group.
    pub(super) fn append<'a, W: Write + Send>(
        &mut self,
        row_group: &mut SerializedRowGroupWriter<'_, W>,
        compressor: &mut PageCompressor,
        descriptor: ColumnDescPtr,
        columns: impl Iterator<Item = &'a ArrayRef>,
    ) -> Result<()> {
        self.values.clear();
        let mut is_signed = true;
        for column in columns {
            is_signed = gather(column, &mut self.values);
        }
        let width = match descriptor.physical_type() {
            PhysicalType::INT32 => Width::Four,
            _ => Width::Eight,
        };
        pack(&self.values, width, &mut self.page);
        let encodings = vec![Encoding::RLE, Encoding::DELTA_BINARY_PACKED];
        let mut chunk = ColumnChunk::new(descriptor, compressor.compression(), encodings);
        if let Some((least, most)) = extremes(&self.values, is_signed) {
            chunk.set_statistics(match width {
                Width::Four => Statistics::int32(Some(least as i32), Some(most as i32), None, Some(0), false),
                Width::Eight => Statistics::int64(Some(least), Some(most), None, Some(0), false),
            });
        }
        let page = Page::DataPage {
            buf: compressor.compress(&self.page)?,
            num_values: self.values.len() as u32,
            encoding: Encoding::DELTA_BINARY_PACKED,
            def_level_encoding: Encoding::RLE,
            rep_level_encoding: Encoding::RLE,
            statistics: None,
        };
        chunk.push(CompressedPage::new(page, self.page.len()))?;
        chunk.append_to(row_group)
    }
}

/// Adds a column's values, an unsigned one of eight bytes as its bits. Says whether they are signed.
fn gather(column: &ArrayRef, values: &mut Vec<i64>) -> bool {
    let data = column.to_data();
    let length = column.len();
    match column.data_type() {
        DataType::UInt16 => values.extend(data.buffer::<u16>(0)[..length].iter().map(|&it| i64::from(it))),
        DataType::UInt32 => values.extend(data.buffer::<u32>(0)[..length].iter().map(|&it| i64::from(it))),
        _ => values.extend_from_slice(&data.buffer::<i64>(0)[..length]),
    }
    matches!(column.data_type(), DataType::Int64 | DataType::Timestamp(..))
}

fn extremes(values: &[i64], is_signed: bool) -> Option<(i64, i64)> {
    // The order of unsigned numbers is that of signed ones with the first bit the other way round.
    let turned = if is_signed { 0 } else { i64::MIN };
    let (least, most) = values
        .iter()
        .fold((i64::MAX, i64::MIN), |(least, most), &it| (least.min(it ^ turned), most.max(it ^ turned)));
    (!values.is_empty()).then_some((least ^ turned, most ^ turned))
}

/// Writes values as a page.
fn pack(values: &[i64], width: Width, page: &mut Vec<u8>) {
    page.clear();
    push_varint(page, BLOCK as u64);
    push_varint(page, (BLOCK / PART) as u64);
    push_varint(page, values.len() as u64);
    let first = values.first().copied().unwrap_or_default();
    push_zigzag(page, if width == Width::Four { i64::from(first as i32) } else { first });
    let mut differences = [0i64; BLOCK];
    let mut start = 1;
    while start < values.len() {
        let count = BLOCK.min(values.len() - start);
        let (before, these) = (&values[start - 1..], &values[start..start + count]);
        for ((difference, &value), &before) in differences.iter_mut().zip(these).zip(before) {
            *difference = width.difference(value, before);
        }
        push_block(&differences[..count], width, page);
        start += count;
    }
}

/// Writes at most [`BLOCK`] differences.
fn push_block(differences: &[i64], width: Width, page: &mut Vec<u8>) {
    let least = differences.iter().copied().min().unwrap_or_default();
    push_zigzag(page, least);
    let bits_at = page.len();
    page.resize(bits_at + BLOCK / PART, 0);
    for (number, part) in differences.chunks(PART).enumerate() {
        let most = part.iter().map(|&it| width.above(it, least)).fold(0, |all, it| all | it);
        let bits = u64::BITS - most.leading_zeros();
        page[bits_at + number] = bits as u8;
        if bits > 0 {
            push_part(part.iter().map(|&it| width.above(it, least)), bits, page);
        }
    }
}

/// Writes the differences of a part, each of so many bits, and nothing where some are missing.
fn push_part(above: impl Iterator<Item = u64>, bits: u32, page: &mut Vec<u8>) {
    let end = page.len() + PART * bits as usize / 8;
    let (mut waiting, mut filled) = (0u128, 0);
    for above in above {
        waiting |= u128::from(above) << filled;
        filled += bits;
        while filled >= 8 {
            page.push(waiting as u8);
            waiting >>= 8;
            filled -= 8;
        }
    }
    if filled > 0 {
        page.push(waiting as u8);
    }
    page.resize(end, 0);
}

/// A signed number, small ones in few bytes.
fn push_zigzag(page: &mut Vec<u8>, number: i64) {
    push_varint(page, ((number << 1) ^ (number >> 63)) as u64);
}

#[cfg(test)]
mod tests;
