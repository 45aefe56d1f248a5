//! What the columns that are packed here have in common: pages in, a column of a row group out.

use std::io::Write;

use bytes::Bytes;
use parquet::basic::{Compression, Encoding, PageType, ZstdLevel};
use parquet::column::page::{CompressedPage, Page, PageWriter};
use parquet::column::writer::ColumnCloseResult;
use parquet::errors::{ParquetError, Result};
use parquet::file::metadata::ColumnChunkMetaData;
use parquet::file::statistics::Statistics;
use parquet::file::writer::{SerializedPageWriter, SerializedRowGroupWriter, TrackedWrite};
use parquet::schema::types::ColumnDescPtr;

use super::keys;

/// Compresses pages, one after the other: what that needs is set up once a file, not once a column.
pub(super) struct PageCompressor {
    level: ZstdLevel,
    compressor: zstd::bulk::Compressor<'static>,
    scratch: Vec<u8>,
}

impl std::fmt::Debug for PageCompressor {
    fn fmt(&self, formatter: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        formatter.debug_struct("PageCompressor").field("level", &self.level).finish_non_exhaustive()
    }
}

impl PageCompressor {
    pub(super) fn new(level: ZstdLevel) -> Result<Self> {
        let compressor =
            zstd::bulk::Compressor::new(level.compression_level()).map_err(ParquetError::from)?;
        Ok(Self { level, compressor, scratch: Vec::new() })
    }

    /// A page's bytes as they are stored.
    pub(super) fn compress(&mut self, page: &[u8]) -> Result<Bytes> {
        self.scratch.clear();
        self.scratch.reserve(zstd::zstd_safe::compress_bound(page.len()));
        self.compressor.compress_to_buffer(page, &mut self.scratch)?;
        Ok(Bytes::copy_from_slice(&self.scratch))
    }

    pub(super) fn compression(&self) -> Compression {
        Compression::ZSTD(self.level)
    }
}

/// A column of a row group, as far as it is written.
pub(super) struct ColumnChunk {
    descriptor: ColumnDescPtr,
    compression: Compression,
    encodings: Vec<Encoding>,
    sink: TrackedWrite<Vec<u8>>,
    rows: u32,
    compressed: usize,
    uncompressed: usize,
    dictionary_offset: Option<u64>,
    data_offset: Option<u64>,
    statistics: Option<Statistics>,
}

impl ColumnChunk {
    pub(super) fn new(descriptor: ColumnDescPtr, compression: Compression, encodings: Vec<Encoding>) -> Self {
        Self {
            descriptor,
            compression,
            encodings,
            sink: TrackedWrite::new(Vec::new()),
            rows: 0,
            compressed: 0,
            uncompressed: 0,
            dictionary_offset: None,
            data_offset: None,
            statistics: None,
        }
    }

    /// Tells readers of the column's least and most.
    pub(super) fn set_statistics(&mut self, statistics: Statistics) {
        self.statistics = Some(statistics);
    }

    /// Adds a dictionary, of so many values as `PLAIN` has them, and the keys of all rows.
    pub(super) fn push_keyed(
        &mut self,
        compressor: &mut PageCompressor,
        (dictionary, distinct): (&[u8], u32),
        row_keys: &[u32],
    ) -> Result<()> {
        let page = Page::DictionaryPage {
            buf: compressor.compress(dictionary)?,
            num_values: distinct,
            encoding: Encoding::PLAIN,
            is_sorted: false,
        };
        self.push(CompressedPage::new(page, dictionary.len()))?;
        let packed = keys::packed(row_keys, distinct);
        let page = Page::DataPage {
            buf: compressor.compress(&packed)?,
            num_values: row_keys.len() as u32,
            encoding: Encoding::RLE_DICTIONARY,
            def_level_encoding: Encoding::RLE,
            rep_level_encoding: Encoding::RLE,
            statistics: None,
        };
        self.push(CompressedPage::new(page, packed.len()))
    }

    /// Adds a page: first the dictionary, if there is one, then data.
    pub(super) fn push(&mut self, page: CompressedPage) -> Result<()> {
        let written = SerializedPageWriter::new(&mut self.sink).write_page(page)?;
        self.compressed += written.bytes_written as usize;
        self.uncompressed += written.uncompressed_size;
        if written.page_type == PageType::DICTIONARY_PAGE {
            self.dictionary_offset = Some(written.offset);
        } else {
            self.rows += written.num_values;
            self.data_offset.get_or_insert(written.offset);
        }
        Ok(())
    }

    /// Makes it the next column of a row group.
    pub(super) fn append_to<W: Write + Send>(
        self,
        row_group: &mut SerializedRowGroupWriter<'_, W>,
    ) -> Result<()> {
        let rows = u64::from(self.rows);
        let mut metadata = ColumnChunkMetaData::builder(self.descriptor)
            .set_compression(self.compression)
            .set_encodings(self.encodings)
            .set_num_values(rows as i64)
            .set_total_compressed_size(self.compressed as i64)
            .set_total_uncompressed_size(self.uncompressed as i64)
            .set_dictionary_page_offset(self.dictionary_offset.map(|offset| offset as i64))
            .set_data_page_offset(self.data_offset.unwrap_or(0) as i64);
        if let Some(statistics) = self.statistics {
            metadata = metadata.set_statistics(statistics);
        }
        let metadata = metadata.build()?;
        let close = ColumnCloseResult {
            bytes_written: self.compressed as u64,
            rows_written: rows,
            metadata,
            bloom_filter: None,
            column_index: None,
            offset_index: None,
        };
        row_group.append_column(&Bytes::from(self.sink.into_inner()?), close)
    }
}
