//! A part: the rows of one table for a stretch of replicates, in one Parquet file.

mod category_column;
mod column_chunk;
mod delta_column;
mod keys;
mod number_column;
mod number_dictionary;

use std::fs::{self, File};
use std::io::{self, Write};
use std::path::{Path, PathBuf};
use std::sync::Arc;

use arrow_array::ArrayRef;
use arrow_schema::{DataType, SchemaRef};
use parquet::arrow::arrow_writer::{ArrowRowGroupWriterFactory, compute_leaves};
use parquet::arrow::{ArrowSchemaConverter, add_encoded_arrow_schema_to_metadata};
use parquet::basic::{Compression, Encoding, ZstdLevel};
use parquet::errors::ParquetError;
use parquet::file::metadata::KeyValue;
use parquet::file::properties::{EnabledStatistics, WriterProperties, WriterPropertiesPtr};
use parquet::file::writer::SerializedFileWriter;
use parquet::schema::types::{ColumnDescPtr, ColumnPath};

use column_chunk::PageCompressor;
use delta_column::DeltaWriter;
use number_column::{Kind, Layout, NumberWriter};
use number_dictionary::DictionaryWriter;

use crate::cell::{BATCH_ROWS, Storage, category_type};
use crate::digest::Digester;
use crate::error::{Attempt, OutputError};
use crate::manifest::{FileEntry, PartEntry, ReplicateRange, RunHeader};
use crate::number_format::NumberFormat;
use crate::table::{Column, SCHEMA_VERSION, Table, rows_of};

/// Most bytes of a page before compression.
const PAGE_BYTES: usize = 64 << 10;
/// Who wrote a file; without a version, so that a release does not change the bytes of a run.
const CREATED_BY: &str = "goshawk";

/// A file that digests what goes through it.
#[derive(Debug)]
struct DigestingFile {
    file: File,
    digester: Digester,
}

impl Write for DigestingFile {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        let written = self.file.write(bytes)?;
        self.digester.update(&bytes[..written]);
        Ok(written)
    }

    fn flush(&mut self) -> io::Result<()> {
        self.file.flush()
    }
}

/// A part while it is written, aside from the finished ones.
#[derive(Debug)]
pub(crate) struct PartFile {
    file: SerializedFileWriter<DigestingFile>,
    schema: SchemaRef,
    /// Sets the `parquet` crate up for its columns of a row group.
    library: ArrowRowGroupWriterFactory,
    /// How each column becomes pages.
    packings: Vec<Packing>,
    compressor: PageCompressor,
    numbers: NumberWriter,
    dictionaries: DictionaryWriter,
    deltas: DeltaWriter,
    format: NumberFormat,
    waiting: Waiting,
    aside: Aside,
    entry: PartOf,
    rows: u64,
}

/// Where the part of some replicates of a table is, within the run's folder.
pub fn part_path(table: Table, replicates: ReplicateRange) -> String {
    let ReplicateRange { first, last } = replicates;
    format!("{table}/part-{first:05}-{last:05}.parquet")
}

/// Which part of what.
#[derive(Debug, Clone, Copy)]
pub(crate) struct PartOf {
    pub(crate) table: Table,
    pub(crate) replicates: ReplicateRange,
    /// Which stretch between two saves of the run, from 0.
    pub(crate) leg: u32,
}

impl PartOf {
    /// Path within the run's folder.
    fn path(self) -> String {
        match self.leg {
            0 => part_path(self.table, self.replicates),
            _ => format!("{}/part-{}.parquet", self.table, self.stretch()),
        }
    }

    /// Name while it is written.
    fn name_aside(self) -> String {
        format!("{}-{}.parquet", self.table, self.stretch())
    }

    /// Replicates, and the leg where it is not the first. Sorted by name, as whoever reads a folder does, legs are in order:
    /// `.` comes before `_`.
    fn stretch(self) -> String {
        let ReplicateRange { first, last } = self.replicates;
        match self.leg {
            0 => format!("{first:05}-{last:05}"),
            leg => format!("{first:05}-{last:05}_leg-{leg:04}"),
        }
    }
}

impl PartFile {
    pub(crate) fn begin(folder: &Path, part: PartOf, header: &RunHeader) -> Result<Self, OutputError> {
        let aside = Aside(Some(folder.join(part.name_aside())));
        let path = aside.path();
        let file = File::create(path).attempt("create", path)?;
        let file = DigestingFile { file, digester: Digester::default() };
        let begin = |error: ParquetError| OutputError::parquet("begin", path, error);
        let format = header.numbers;
        let schema = part.table.schema(format);
        let mut properties = properties(part.table, header);
        let types = ArrowSchemaConverter::new().convert(&schema).map_err(begin)?;
        add_encoded_arrow_schema_to_metadata(&schema, &mut properties);
        let file =
            SerializedFileWriter::new(file, types.root_schema_ptr(), properties.into()).map_err(begin)?;
        let packing = |(index, column)| Packing::of(column, format, file.schema_descr().column(index));
        let packings: Vec<Packing> = part.table.columns().iter().enumerate().map(packing).collect();
        let library = library_columns(&schema, &packings, file.properties()).map_err(begin)?;
        Ok(Self {
            packings,
            library,
            compressor: PageCompressor::new(level()).map_err(begin)?,
            numbers: NumberWriter::default(),
            dictionaries: DictionaryWriter::default(),
            deltas: DeltaWriter::default(),
            format,
            waiting: Waiting::default(),
            entry: part,
            rows: 0,
            file,
            schema,
            aside,
        })
    }

    /// Takes the columns of some rows, all of one length.
    pub(crate) fn write(&mut self, columns: Vec<ArrayRef>) -> Result<(), OutputError> {
        self.rows += rows_of(&columns) as u64;
        self.waiting.push(columns);
        if self.waiting.bytes < row_group_bytes(self.entry.table) {
            return Ok(());
        }
        self.write_row_group()
    }

    /// Writes what waits as a row group, one column after the other, so that one encoder is at work at a time.
    fn write_row_group(&mut self) -> Result<(), OutputError> {
        let Waiting { batches, .. } = std::mem::take(&mut self.waiting);
        if batches.is_empty() {
            return Ok(());
        }
        let number = self.file.flushed_row_groups().len();
        let mut write = || {
            let mut row_group = self.file.next_row_group()?;
            let mut library = self.library.create_column_writers(number)?.into_iter();
            for (index, packing) in self.packings.iter().enumerate() {
                let rows = batches.iter().map(|columns| &columns[index]);
                match packing {
                    Packing::Category(descriptor) => {
                        let descriptor = Arc::clone(descriptor);
                        category_column::append(&mut row_group, &mut self.compressor, descriptor, rows)?;
                    }
                    Packing::Numbers(kind, layout, descriptor) => {
                        let column = (*kind, *layout, Arc::clone(descriptor));
                        self.numbers.append(&mut row_group, &mut self.compressor, column, rows)?;
                    }
                    Packing::Dictionary(kind, descriptor) => {
                        let column = (*kind, Arc::clone(descriptor));
                        let numbers = &mut self.numbers;
                        let dictionaries = &mut self.dictionaries;
                        dictionaries.append(&mut row_group, (&mut self.compressor, numbers), column, rows)?;
                    }
                    Packing::Deltas(descriptor) => {
                        let descriptor = Arc::clone(descriptor);
                        self.deltas.append(&mut row_group, &mut self.compressor, descriptor, rows)?;
                    }
                    Packing::Library { is_quantity } => {
                        let mut writer =
                            library.next().expect("invariant: there is one for each of its columns");
                        for column in rows {
                            let converted = is_quantity.then(|| self.format.column(column));
                            let column = converted.as_ref().unwrap_or(column);
                            for leaf in compute_leaves(&self.schema.fields()[index], column)? {
                                writer.write(&leaf)?;
                            }
                        }
                        writer.close()?.append_to_row_group(&mut row_group)?;
                    }
                }
            }
            row_group.close()?;
            Ok(())
        };
        write().map_err(|error| OutputError::parquet("write", self.aside.path(), error))
    }

    /// Ends the file and brings it safely to the disk.
    pub(crate) fn seal(mut self) -> Result<SealedFile, OutputError> {
        self.write_row_group()?;
        let path = self.aside.path();
        let parquet = |error: ParquetError| OutputError::parquet("write", path, error);
        // Not `into_inner`, which would put the system's answer into words.
        self.file.finish().map_err(parquet)?;
        let DigestingFile { file, digester } = self.file.inner_mut();
        file.sync_all().attempt("write", path)?;
        let digester = std::mem::take(digester);
        let entry = PartEntry {
            table: self.entry.table.name().to_owned(),
            path: self.entry.path(),
            replicates: self.entry.replicates,
            leg: self.entry.leg,
            rows: self.rows,
            digest: digester.finish(),
        };
        Ok(SealedFile { aside: self.aside, entry: SealedEntry::Part(entry) })
    }
}

/// What makes the pages of a column.
#[derive(Debug)]
enum Packing {
    /// [`category_column`].
    Category(ColumnDescPtr),
    /// [`number_column`].
    Numbers(Kind, Layout, ColumnDescPtr),
    /// [`number_dictionary`].
    Dictionary(Kind, ColumnDescPtr),
    /// [`delta_column`].
    Deltas(ColumnDescPtr),
    /// The `parquet` crate.
    Library {
        /// Whether steps of 1e-6 are gathered, which it is not given.
        is_quantity: bool,
    },
}

impl Packing {
    fn of(column: &Column, format: NumberFormat, descriptor: ColumnDescPtr) -> Self {
        if column.data_type == category_type() {
            return Self::Category(descriptor);
        }
        let kind = Kind::of(column.is_quantity, format);
        if column.storage == Storage::Delta && !column.nullable && delta_column::takes(&column.data_type) {
            return Self::Deltas(descriptor);
        }
        let is_wide = matches!(column.data_type, DataType::Float64 | DataType::Int64 | DataType::UInt64);
        if column.nullable || !is_wide {
            return Self::Library { is_quantity: column.is_quantity };
        }
        match column.storage {
            // Integers have nothing in their upper bytes: side by side those are runs of nothing.
            Storage::Plain if kind == Kind::Decimals => {
                Self::Numbers(kind, Layout::ByteStreamSplit, descriptor)
            }
            Storage::Plain => Self::Numbers(kind, Layout::Plain, descriptor),
            Storage::ByteStreamSplit => Self::Numbers(kind, Layout::ByteStreamSplit, descriptor),
            Storage::Dictionary => Self::Dictionary(kind, descriptor),
            Storage::Delta => Self::Library { is_quantity: column.is_quantity },
        }
    }
}

/// What the crate needs to know to write its columns, and only those: it sets up a compressor for each that it knows.
fn library_columns(
    schema: &SchemaRef,
    packings: &[Packing],
    properties: &WriterPropertiesPtr,
) -> Result<ArrowRowGroupWriterFactory, ParquetError> {
    let is_library = |index: &usize| matches!(packings[*index], Packing::Library { .. });
    let indices: Vec<usize> = (0..packings.len()).filter(is_library).collect();
    let schema = Arc::new(schema.project(&indices)?);
    let types = ArrowSchemaConverter::new().convert(&schema)?;
    let file = SerializedFileWriter::new(io::sink(), types.root_schema_ptr(), Arc::clone(properties))?;
    Ok(ArrowRowGroupWriterFactory::new(&file, schema))
}

/// Bytes of waiting rows, before encoding, that make a row group of a table.
///
/// Small enough that a run of a week already holds what a run of a year does; large enough that what the library keeps
/// of each row group until the file is closed stays small.
const fn row_group_bytes(table: Table) -> usize {
    match table {
        // A row a household and period: 22 thousand rows.
        Table::AgentPeriods => 6 << 20,
        // A row or a few a contract.
        Table::Trades | Table::Transactions => 4 << 20,
        // A row or a few a period.
        _ => 256 << 10,
    }
}

/// Rows that wait until they fill a row group.
#[derive(Debug, Default)]
struct Waiting {
    batches: Vec<Vec<ArrayRef>>,
    bytes: usize,
}

impl Waiting {
    fn push(&mut self, columns: Vec<ArrayRef>) {
        self.bytes +=
            columns.iter().map(|column| column.to_data().get_slice_memory_size().unwrap_or(0)).sum::<usize>();
        self.batches.push(columns);
    }
}

/// What every part says of itself in its footer.
pub(crate) fn footer(table: Table, header: &RunHeader) -> [(&'static str, String); 5] {
    [
        ("goshawk.table", table.name().to_owned()),
        ("goshawk.schema_version", SCHEMA_VERSION.to_string()),
        ("goshawk.config_hash", header.config_hash.clone()),
        ("goshawk.currency", header.currency.clone()),
        ("goshawk.zone", header.zone.clone()),
    ]
}

/// How hard pages are compressed.
fn level() -> ZstdLevel {
    ZstdLevel::try_new(1).expect("invariant: 1 is a level of zstd")
}

/// The file's properties: nothing in them depends on the time or the machine.
fn properties(table: Table, header: &RunHeader) -> WriterProperties {
    let footer = footer(table, header).map(|(key, value)| KeyValue::new(key.to_owned(), value));
    let mut builder = WriterProperties::builder()
        .set_compression(Compression::ZSTD(level()))
        .set_offset_index_disabled(true)
        .set_data_page_size_limit(PAGE_BYTES)
        .set_write_batch_size(BATCH_ROWS)
        .set_statistics_enabled(EnabledStatistics::None)
        .set_created_by(CREATED_BY.to_owned())
        .set_key_value_metadata(Some(footer.into()));
    for column in table.columns() {
        let path = ColumnPath::from(column.name);
        builder = match column.storage {
            Storage::Dictionary => builder.set_column_dictionary_enabled(path, true),
            Storage::Plain => builder.set_column_dictionary_enabled(path, false),
            Storage::ByteStreamSplit => builder
                .set_column_dictionary_enabled(path.clone(), false)
                .set_column_encoding(path, Encoding::BYTE_STREAM_SPLIT),
            // A row group spans little of what rows are in order of, and almost all of anything else: so here alone
            // least and most spare a reader something. Those of pages would be held until the file is closed.
            Storage::Delta => builder
                .set_column_dictionary_enabled(path.clone(), false)
                .set_column_statistics_enabled(path.clone(), EnabledStatistics::Chunk)
                .set_column_encoding(path, Encoding::DELTA_BINARY_PACKED),
        };
    }
    builder.build()
}

/// A file that goes away again unless it is put in its place.
#[derive(Debug)]
struct Aside(Option<PathBuf>);

impl Aside {
    fn path(&self) -> &Path {
        self.0.as_deref().expect("invariant: a file aside has a path until it is placed")
    }
}

impl Drop for Aside {
    fn drop(&mut self) {
        if let Some(path) = &self.0 {
            // Nobody is left to be told; the next run into this folder clears it away too.
            let _ = fs::remove_file(path);
        }
    }
}

/// How the manifest lists a file.
#[derive(Debug)]
pub(crate) enum SealedEntry {
    Part(PartEntry),
    File(FileEntry),
}

/// A whole file, safe on the disk, that still waits aside.
#[derive(Debug)]
pub(crate) struct SealedFile {
    aside: Aside,
    pub(crate) entry: SealedEntry,
}

impl SealedFile {
    /// A file that somebody else has written aside.
    pub(crate) fn other(path: PathBuf, entry: FileEntry) -> Self {
        Self { aside: Aside(Some(path)), entry: SealedEntry::File(entry) }
    }

    /// Where it waits.
    pub(crate) fn waits_at(&self) -> &Path {
        self.aside.path()
    }

    /// A part that another run has written, and that was put aside.
    pub(crate) fn part(path: PathBuf, entry: PartEntry) -> Self {
        Self { aside: Aside(Some(path)), entry: SealedEntry::Part(entry) }
    }

    /// Path within the run's folder.
    pub(crate) fn target(&self) -> &str {
        match &self.entry {
            SealedEntry::Part(part) => &part.path,
            SealedEntry::File(file) => &file.path,
        }
    }

    /// Renames it into its place.
    pub(crate) fn place(&mut self, target: &Path) -> Result<(), OutputError> {
        fs::rename(self.aside.path(), target).attempt("rename a finished file to", target)?;
        self.aside.0 = None;
        Ok(())
    }
}

/// Whole files that wait to be put in their places, together; dropped they go away.
#[derive(Debug, Default)]
#[must_use = "dropped, the files go away; publish or place them"]
pub struct Sealed {
    pub(crate) files: Vec<SealedFile>,
}

impl Sealed {
    /// The parts among them, as the manifest lists them.
    pub fn parts(&self) -> impl Iterator<Item = &PartEntry> {
        self.files.iter().filter_map(|file| match &file.entry {
            SealedEntry::Part(part) => Some(part),
            SealedEntry::File(_) => None,
        })
    }

    /// The other files among them, as the manifest lists them.
    pub fn others(&self) -> impl Iterator<Item = &FileEntry> {
        self.files.iter().filter_map(|file| match &file.entry {
            SealedEntry::Part(_) => None,
            SealedEntry::File(file) => Some(file),
        })
    }

    /// The parts among them, each with where it waits.
    pub fn waiting_parts(&self) -> impl Iterator<Item = (&PartEntry, &Path)> {
        self.files.iter().filter_map(|file| match &file.entry {
            SealedEntry::Part(part) => Some((part, file.waits_at())),
            SealedEntry::File(_) => None,
        })
    }

    /// Joins these and those.
    pub fn extend(&mut self, more: Self) {
        self.files.extend(more.files);
    }
}
