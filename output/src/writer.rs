//! The writer's thread: batches in, parts out, memory flat.

use std::collections::BTreeMap;
use std::path::PathBuf;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};

use arrow_array::{ArrayRef, StringArray};
use crossbeam_channel::Receiver;

use crate::cell::category_array;
use crate::error::OutputError;
use crate::manifest::{ReplicateRange, RunHeader};
use crate::part::{PartFile, PartOf, Sealed};
use crate::table::{Table, rows_of};

/// What the recorder tells the writer. A channel that closes before `Finish` means: give up.
#[derive(Debug)]
pub(crate) enum Message {
    /// Columns of a table, `scenario` apart.
    Batch(Table, Vec<ArrayRef>),
    /// There is no more.
    Finish,
}

/// What the writer works with.
#[derive(Debug)]
pub(crate) struct Writer {
    /// Where parts wait until they are whole.
    pub(crate) aside: PathBuf,
    /// The replicates of all its parts.
    pub(crate) replicates: ReplicateRange,
    /// Written into every file.
    pub(crate) header: RunHeader,
    /// Set when writing has failed.
    pub(crate) failed: Arc<AtomicBool>,
}

impl Writer {
    /// Writes what comes until there is no more; without `Finish` nothing remains and nothing is returned.
    pub(crate) fn run(self, messages: &Receiver<Message>) -> Result<Sealed, OutputError> {
        let result = self.write(messages);
        if result.is_err() {
            self.failed.store(true, Ordering::Release);
        }
        result
    }

    fn write(&self, messages: &Receiver<Message>) -> Result<Sealed, OutputError> {
        let scenario: ArrayRef = Arc::new(StringArray::from_iter_values([&self.header.scenario]));
        let mut parts = BTreeMap::new();
        for message in messages {
            match message {
                Message::Batch(table, mut columns) => {
                    let keys = vec![0; rows_of(&columns)];
                    columns.insert(0, category_array(keys, &scenario));
                    let part = self.part(&mut parts, table)?;
                    part.write(columns)?;
                }
                Message::Finish => return self.seal(parts),
            }
        }
        Ok(Sealed::default())
    }

    /// The part of a table, begun when it is first needed.
    fn part<'parts>(
        &self,
        parts: &'parts mut BTreeMap<Table, PartFile>,
        table: Table,
    ) -> Result<&'parts mut PartFile, OutputError> {
        match parts.entry(table) {
            std::collections::btree_map::Entry::Occupied(begun) => Ok(begun.into_mut()),
            std::collections::btree_map::Entry::Vacant(place) => {
                let part = PartOf { table, replicates: self.replicates };
                Ok(place.insert(PartFile::begin(&self.aside, part, &self.header)?))
            }
        }
    }

    /// Ends every table's part; a table without rows gets one too, so that a query finds its columns.
    fn seal(&self, mut parts: BTreeMap<Table, PartFile>) -> Result<Sealed, OutputError> {
        for table in Table::ALL {
            self.part(&mut parts, table)?;
        }
        let files = parts.into_values().map(PartFile::seal).collect::<Result<_, _>>()?;
        Ok(Sealed { files })
    }
}
