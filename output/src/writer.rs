//! The writer: batches in, parts out, memory flat; in a thread of its own or in that of whoever records.

use std::collections::BTreeMap;
use std::collections::btree_map::Entry;
use std::path::PathBuf;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};

use arrow_array::{ArrayRef, StringArray};
use crossbeam_channel::{Receiver, Sender};

use crate::cell::category_array;
use crate::error::OutputError;
use crate::manifest::{ReplicateRange, RunHeader};
use crate::part::{PartFile, PartOf, Sealed};
use crate::table::{Table, TableSet, rows_of};

/// What the recorder tells a writer in a thread. A channel that closes before `Finish` means: give up.
#[derive(Debug)]
pub(crate) enum Message {
    /// Columns of a table, `scenario` apart.
    Batch(Table, Vec<ArrayRef>),
    /// The leg ends here: its parts are to be whole and handed back.
    EndLeg(Sender<Result<Sealed, OutputError>>),
    /// There is no more.
    Finish,
}

/// What the writer works with.
#[derive(Debug)]
pub(crate) struct Writer {
    /// Where parts wait until they are whole.
    aside: PathBuf,
    /// The replicates of all its parts.
    replicates: ReplicateRange,
    /// Written into every file.
    header: RunHeader,
    /// The tables that get a part.
    tables: TableSet,
    /// The value of the column `scenario`.
    scenario: ArrayRef,
    parts: BTreeMap<Table, PartFile>,
    /// Which stretch between two saves is being written.
    leg: u32,
}

impl Writer {
    pub(crate) fn new(
        aside: PathBuf,
        replicates: ReplicateRange,
        header: RunHeader,
        tables: TableSet,
    ) -> Self {
        let scenario: ArrayRef = Arc::new(StringArray::from_iter_values([&header.scenario]));
        Self { aside, replicates, header, tables, scenario, parts: BTreeMap::new(), leg: 0 }
    }

    /// Begins with another leg than the first.
    pub(crate) fn beginning_with(self, leg: u32) -> Self {
        Self { leg, ..self }
    }

    /// Writes what comes until there is no more; without `Finish` nothing remains and nothing is returned.
    ///
    /// `failed` is set when writing has failed.
    pub(crate) fn run(
        mut self,
        messages: &Receiver<Message>,
        failed: &AtomicBool,
    ) -> Result<Sealed, OutputError> {
        for message in messages {
            let result = match message {
                Message::Batch(table, columns) => self.write(table, columns),
                Message::EndLeg(reply) => {
                    let ended = self.end_leg();
                    let has_failed = ended.is_err();
                    failed.fetch_or(has_failed, Ordering::Release);
                    // Whoever asked is waiting for the answer.
                    let _ = reply.send(ended);
                    if has_failed {
                        return Ok(Sealed::default());
                    }
                    Ok(())
                }
                Message::Finish => return self.seal().inspect_err(|_| failed.store(true, Ordering::Release)),
            };
            if let Err(error) = result {
                failed.store(true, Ordering::Release);
                return Err(error);
            }
        }
        Ok(Sealed::default())
    }

    /// Writes the columns of some rows, `scenario` apart.
    pub(crate) fn write(&mut self, table: Table, mut columns: Vec<ArrayRef>) -> Result<(), OutputError> {
        let keys = vec![0; rows_of(&columns)];
        columns.insert(0, category_array(keys, &self.scenario));
        self.part(table)?.write(columns)
    }

    /// The part of a table, begun when it is first needed.
    fn part(&mut self, table: Table) -> Result<&mut PartFile, OutputError> {
        match self.parts.entry(table) {
            Entry::Occupied(begun) => Ok(begun.into_mut()),
            Entry::Vacant(place) => {
                let part = PartOf { table, replicates: self.replicates, leg: self.leg };
                Ok(place.insert(PartFile::begin(&self.aside, part, &self.header)?))
            }
        }
    }

    /// Ends every table's part; a table without rows gets one too, so that a query finds its columns.
    pub(crate) fn seal(mut self) -> Result<Sealed, OutputError> {
        self.end_leg()
    }

    /// The same, and what comes goes to parts of the next leg.
    pub(crate) fn end_leg(&mut self) -> Result<Sealed, OutputError> {
        for table in Table::ALL {
            if self.tables.holds(table) {
                self.part(table)?;
            }
        }
        let parts = std::mem::take(&mut self.parts);
        let files = parts.into_values().map(PartFile::seal).collect::<Result<_, _>>()?;
        self.leg += 1;
        Ok(Sealed { files })
    }
}
