//! Reading tables back, a batch at a time.

use std::collections::VecDeque;
use std::fs::File;
use std::path::Path;
use std::vec;

use arrow_array::ArrowPrimitiveType;
use arrow_array::cast::AsArray;
use arrow_array::types::{Float64Type, Int32Type, TimestampMicrosecondType, UInt16Type, UInt32Type};
use arrow_array::{Array, RecordBatch};
use parquet::arrow::arrow_reader::{ParquetRecordBatchReader, ParquetRecordBatchReaderBuilder};

use super::micro::Micro;
use super::report::{Check, Finding, Ledger};
use crate::cell::BATCH_ROWS;
use crate::error::{Attempt, OutputError};
use crate::manifest::{Manifest, PartEntry};
use crate::names::{Name, Names};
use crate::number_format::with_floats;
use crate::table::Table;

/// When a row is: replicate, day, period.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, PartialOrd, Ord)]
pub(super) struct When {
    pub(super) replicate: u32,
    pub(super) day: u16,
    pub(super) period: u16,
}

/// Where a row is: part by its place in the manifest's list, row within it.
#[derive(Debug, Clone, Copy)]
pub(super) struct Place {
    pub(super) part: usize,
    pub(super) row: u64,
}

/// Names in the order in which the audit met them, and what it needs to say where something is.
#[derive(Debug)]
pub(super) struct Context<'run> {
    pub(super) folder: &'run Path,
    pub(super) manifest: &'run Manifest,
    pub(super) names: Names,
}

impl<'run> Context<'run> {
    pub(super) fn new(folder: &'run Path, manifest: &'run Manifest) -> Self {
        Self { folder, manifest, names: Names::default() }
    }

    /// A finding about a period, or a row in it.
    pub(super) fn finding(
        &self,
        table: Table,
        place: Option<Place>,
        when: Option<When>,
        quantity: impl Into<String>,
        expected: impl ToString,
        found: impl ToString,
    ) -> Finding {
        let parts = self.manifest.parts_of(table);
        Finding {
            table: Some(table),
            file: place.and_then(|place| parts.get(place.part)).map(|part| part.path.clone()),
            row: place.map(|place| place.row),
            replicate: when.map(|when| when.replicate),
            period: when.map(|when| (when.day, when.period)),
            household: None,
            quantity: quantity.into(),
            expected: expected.to_string(),
            found: found.to_string(),
        }
    }

    /// The same, of a household.
    pub(super) fn of(&self, household: Name, finding: Finding) -> Finding {
        Finding { household: Some(self.names.text(household).to_owned()), ..finding }
    }
}

/// A row that the audit looks at.
pub(super) trait Record: Sized {
    const TABLE: Table;
    /// All rows of a batch.
    fn decode(columns: &mut Columns<'_, '_, '_>) -> Result<Vec<Self>, OutputError>;
    /// What rows are grouped by.
    fn when(&self) -> When;
    /// Where it is.
    fn place(&self) -> Place;
}

/// Columns of a batch by name.
pub(super) struct Columns<'batch, 'run, 'audit> {
    batch: &'batch RecordBatch,
    context: &'audit mut Context<'run>,
    ledger: &'audit mut Ledger,
    table: Table,
    part: usize,
    first_row: u64,
}

impl<'batch> Columns<'batch, '_, '_> {
    pub(super) fn rows(&self) -> usize {
        self.batch.num_rows()
    }

    pub(super) fn place(&self, row: usize) -> Place {
        Place { part: self.part, row: self.first_row + row as u64 }
    }

    fn column(&self, name: &str) -> Result<&'batch dyn Array, OutputError> {
        let batch = self.batch;
        batch.column_by_name(name).map(AsRef::as_ref).ok_or_else(|| self.unreadable(name))
    }

    fn unreadable(&self, name: &str) -> OutputError {
        let part = self.context.manifest.parts_of(self.table)[self.part];
        OutputError::Parquet {
            action: "read",
            path: self.context.folder.join(&part.path),
            source: parquet::errors::ParquetError::General(format!("no column {name} of the right type")),
        }
    }

    /// Numbers as they are; what is absent is `None`.
    pub(super) fn optional<T: ArrowPrimitiveType>(
        &self,
        name: &str,
    ) -> Result<Vec<Option<T::Native>>, OutputError> {
        let column = self.column(name)?.as_primitive_opt::<T>();
        Ok(column.ok_or_else(|| self.unreadable(name))?.iter().collect())
    }

    /// Numbers as they are.
    pub(super) fn numbers<T: ArrowPrimitiveType>(&self, name: &str) -> Result<Vec<T::Native>, OutputError> {
        let column = self.column(name)?.as_primitive_opt::<T>();
        Ok(column.ok_or_else(|| self.unreadable(name))?.values().to_vec())
    }

    /// Numbers on the grid; one that is not counts as a finding and as nothing.
    pub(super) fn micros(&mut self, name: &str) -> Result<Vec<Micro>, OutputError> {
        let values = self.numbers::<Float64Type>(name)?;
        let mut micros = Vec::with_capacity(values.len());
        for (row, value) in values.into_iter().enumerate() {
            let micro = Micro::from_column(value);
            let place = self.place(row);
            self.ledger.enter(Check::Grid, micro.is_some(), || {
                let expected = "a multiple of 0.000001";
                self.context.finding(self.table, Some(place), None, name, expected, value)
            });
            micros.push(micro.unwrap_or_default());
        }
        Ok(micros)
    }

    /// Names of a category column.
    pub(super) fn names(&mut self, name: &str) -> Result<Vec<Name>, OutputError> {
        let column = self.column(name)?.as_dictionary_opt::<Int32Type>();
        let column = column.ok_or_else(|| self.unreadable(name))?;
        let texts = column.values().as_string_opt::<i32>().ok_or_else(|| self.unreadable(name))?;
        let keys: Vec<usize> = column.keys().values().iter().map(|&key| key as usize).collect();
        let known: Vec<Name> =
            texts.iter().map(|text| self.context.names.intern(text.unwrap_or_default())).collect();
        Ok(keys.into_iter().map(|key| known[key]).collect())
    }

    /// Texts of a text column.
    pub(super) fn texts(&self, name: &str) -> Result<Vec<String>, OutputError> {
        let column = self.column(name)?.as_string_opt::<i32>().ok_or_else(|| self.unreadable(name))?;
        Ok(column.iter().map(|text| text.unwrap_or_default().to_owned()).collect())
    }

    /// When each row of a table of periods is, and the start of its period.
    pub(super) fn when(&self) -> Result<Vec<(When, i64)>, OutputError> {
        let replicates = self.numbers::<UInt32Type>("replicate")?;
        let days = self.numbers::<UInt16Type>("day")?;
        let periods = self.numbers::<UInt16Type>("period")?;
        let starts = self.numbers::<TimestampMicrosecondType>("ts_start")?;
        let stamps = replicates.into_iter().zip(days).zip(periods).zip(starts);
        Ok(stamps
            .map(|(((replicate, day), period), start)| (When { replicate, day, period }, start))
            .collect())
    }

    /// The replicate of each row of any other table.
    pub(super) fn replicates(&self) -> Result<Vec<When>, OutputError> {
        let replicates = self.numbers::<UInt32Type>("replicate")?;
        Ok(replicates.into_iter().map(|replicate| When { replicate, ..When::default() }).collect())
    }
}

/// The rows of a table in order, through all its parts, a batch in memory at a time.
pub(super) struct Rows<'run, R> {
    parts: VecDeque<(usize, &'run PartEntry)>,
    reader: Option<(usize, ParquetRecordBatchReader)>,
    next_row: u64,
    batch: vec::IntoIter<R>,
    head: Option<R>,
}

impl<'run, R: Record> Rows<'run, R> {
    pub(super) fn open(context: &mut Context<'run>, ledger: &mut Ledger) -> Result<Self, OutputError> {
        let parts = context.manifest.parts_of(R::TABLE).into_iter().enumerate().collect();
        let batch = Vec::new().into_iter();
        let mut rows = Self { parts, reader: None, next_row: 0, batch, head: None };
        rows.advance(context, ledger)?;
        Ok(rows)
    }

    /// The row that comes next.
    pub(super) fn head(&self) -> Option<&R> {
        self.head.as_ref()
    }

    /// Takes the next row.
    pub(super) fn next(
        &mut self,
        context: &mut Context<'run>,
        ledger: &mut Ledger,
    ) -> Result<Option<R>, OutputError> {
        let row = self.head.take();
        self.advance(context, ledger)?;
        Ok(row)
    }

    /// Takes the rows of one period, or of one replicate; rows that should have come before are findings.
    pub(super) fn take(
        &mut self,
        when: When,
        context: &mut Context<'run>,
        ledger: &mut Ledger,
    ) -> Result<Vec<R>, OutputError> {
        let mut rows = Vec::new();
        while let Some(head) = &self.head {
            if head.when() > when {
                break;
            }
            let in_order = head.when() == when;
            if let Some(row) = self.next(context, ledger)? {
                if in_order {
                    rows.push(row);
                } else {
                    misplaced(&row, context, ledger);
                }
            }
        }
        Ok(rows)
    }

    /// Takes all rows that are left; each is one too many.
    pub(super) fn finish(
        mut self,
        context: &mut Context<'run>,
        ledger: &mut Ledger,
    ) -> Result<(), OutputError> {
        while let Some(row) = self.next(context, ledger)? {
            misplaced(&row, context, ledger);
        }
        Ok(())
    }

    fn advance(&mut self, context: &mut Context<'run>, ledger: &mut Ledger) -> Result<(), OutputError> {
        loop {
            self.head = self.batch.next();
            if self.head.is_some() {
                return Ok(());
            }
            if let Some((part, reader)) = &mut self.reader {
                let path = || context.folder.join(&context.manifest.parts_of(R::TABLE)[*part].path);
                match reader.next() {
                    Some(Ok(batch)) => {
                        let batch = with_floats(batch);
                        let mut columns = Columns {
                            batch: &batch,
                            table: R::TABLE,
                            part: *part,
                            first_row: self.next_row,
                            context,
                            ledger,
                        };
                        self.batch = R::decode(&mut columns)?.into_iter();
                        self.next_row += batch.num_rows() as u64;
                        continue;
                    }
                    Some(Err(error)) => return Err(OutputError::parquet("read", &path(), error.into())),
                    None => self.reader = None,
                }
            }
            let Some((part, entry)) = self.parts.pop_front() else { return Ok(()) };
            let path = context.folder.join(&entry.path);
            let file = File::open(&path).attempt("open", &path)?;
            let reader = ParquetRecordBatchReaderBuilder::try_new(file)
                .and_then(|builder| builder.with_batch_size(BATCH_ROWS).build())
                .map_err(|error| OutputError::parquet("read", &path, error))?;
            self.reader = Some((part, reader));
            self.next_row = 0;
        }
    }
}

fn misplaced<R: Record>(row: &R, context: &Context<'_>, ledger: &mut Ledger) {
    ledger.enter(Check::Completeness, false, || {
        let expected = "a period of the run, in order of time";
        context.finding(R::TABLE, Some(row.place()), Some(row.when()), "row", expected, "one out of place")
    });
}
