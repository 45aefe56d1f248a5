//! The recorder: takes rows one by one, hands them on as columns.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::thread::JoinHandle;

use arrow_array::ArrayRef;
use crossbeam_channel::Sender;

use crate::cell::BATCH_ROWS;
use crate::error::{Attempt, OutputError};
use crate::folder::OutputFolder;
use crate::manifest::{ReplicateRange, RunHeader};
use crate::names::Names;
use crate::part::Sealed;
use crate::table::{Buffers, Row, RowBuffer, Table, TableSet};
use crate::writer::{Message, Writer};

/// Batches that may wait for the writer; then whoever pushes waits, so that memory stays flat.
const WAITING_BATCHES: usize = 16;

/// Takes the rows of some replicates and writes them as one part a table.
///
/// Replicates come one after the other, and the rows of a table in order of time. Dropped without
/// [`finish`](Self::finish), it leaves nothing behind.
#[derive(Debug)]
pub struct Recorder {
    buffers: Buffers,
    names: Names,
    replicate: u32,
    tables: TableSet,
    writing: Writing,
}

/// Where rows go.
#[derive(Debug)]
enum Writing {
    /// Nowhere.
    Discarded,
    /// To a thread that writes.
    Aside(WriterThread),
    /// Into parts at once. The error is the first that there was.
    Here(Box<Writer>, Option<OutputError>),
}

/// The thread that writes, and the way to it.
#[derive(Debug)]
struct WriterThread {
    messages: Option<Sender<Message>>,
    writer: Option<JoinHandle<Result<Sealed, OutputError>>>,
    failed: Arc<AtomicBool>,
    folder: OutputFolder,
}

impl Recorder {
    /// Begins the parts of `replicates` in a folder, with a thread that writes them.
    ///
    /// # Errors
    /// When the thread cannot be started.
    pub fn start(
        folder: &OutputFolder,
        replicates: ReplicateRange,
        header: &RunHeader,
        names: Names,
    ) -> Result<Self, OutputError> {
        Self::start_from_leg(folder, replicates, header, names, 0)
    }

    /// As [`start`](Self::start), of a run that goes on from a save with so many legs.
    ///
    /// # Errors
    /// When the thread cannot be started.
    pub fn start_from_leg(
        folder: &OutputFolder,
        replicates: ReplicateRange,
        header: &RunHeader,
        names: Names,
        leg: u32,
    ) -> Result<Self, OutputError> {
        let failed = Arc::new(AtomicBool::new(false));
        let writer =
            Writer::new(folder.aside(), replicates, header.clone(), TableSet::ALL).beginning_with(leg);
        let (messages, incoming) = crossbeam_channel::bounded(WAITING_BATCHES);
        let has_failed = Arc::clone(&failed);
        let thread = std::thread::Builder::new()
            .name("goshawk-writer".to_owned())
            .spawn(move || writer.run(&incoming, &has_failed))
            .attempt("start a writer for", folder.path())?;
        let writing =
            WriterThread { messages: Some(messages), writer: Some(thread), failed, folder: folder.clone() };
        Ok(Self::with(names, replicates.first, TableSet::ALL, Writing::Aside(writing)))
    }

    /// Begins the parts of `replicates` for some of the tables, written by whoever pushes.
    ///
    /// For studies, whose workers keep every core busy already. Rows of other tables are discarded.
    pub fn start_here(
        folder: &OutputFolder,
        replicates: ReplicateRange,
        header: &RunHeader,
        names: Names,
        tables: TableSet,
    ) -> Self {
        let writer = Writer::new(folder.aside(), replicates, header.clone(), tables);
        Self::with(names, replicates.first, tables, Writing::Here(Box::new(writer), None))
    }

    /// A recorder that discards every row, for runs of which only the key figures are wanted. It never fails, and
    /// finishes with nothing sealed.
    pub fn discard(names: Names) -> Self {
        Self::with(names, 0, TableSet::NONE, Writing::Discarded)
    }

    fn with(mut names: Names, replicate: u32, tables: TableSet, writing: Writing) -> Self {
        names.seal();
        Self { buffers: Buffers::default(), names, replicate, tables, writing }
    }

    /// The names that rows may use.
    pub fn names(&self) -> &Names {
        &self.names
    }

    /// Rows from here on are of this replicate. The first one is set from the start.
    pub fn set_replicate(&mut self, replicate: u32) {
        self.replicate = replicate;
    }

    /// Appends a row to its table.
    ///
    /// Waits when the writer is far behind. After the writer has failed, rows are dropped; see
    /// [`failed`](Self::failed).
    pub fn push<R: Row>(&mut self, row: R) {
        if !self.tables.holds(R::TABLE) {
            return;
        }
        let buffer = R::buffer(&mut self.buffers);
        buffer.push(self.replicate, row);
        if buffer.len() == BATCH_ROWS {
            let columns = buffer.take(&self.names);
            self.writing.batch(R::TABLE, columns);
        }
    }

    /// Whether the writer has failed. [`finish`](Self::finish) says why.
    pub fn failed(&self) -> bool {
        match &self.writing {
            Writing::Discarded => false,
            Writing::Aside(thread) => thread.failed.load(Ordering::Acquire),
            Writing::Here(_, error) => error.is_some(),
        }
    }

    /// Ends a leg: waits until the parts so far are whole and safe on the disk, aside. Rows from here on go to new ones.
    ///
    /// # Errors
    /// What made the writer fail.
    pub fn end_leg(&mut self) -> Result<Sealed, OutputError> {
        for (table, columns) in self.buffers.drain(&self.names) {
            self.writing.batch(table, columns);
        }
        match &mut self.writing {
            Writing::Discarded => Ok(Sealed::default()),
            Writing::Aside(thread) => thread.end_leg(),
            Writing::Here(_, Some(_)) => Ok(Sealed::default()),
            Writing::Here(writer, None) => writer.end_leg(),
        }
    }

    /// Writes what is left and waits until every part is whole and safe on the disk, still aside.
    ///
    /// # Errors
    /// What made the writer fail.
    pub fn finish(mut self) -> Result<Sealed, OutputError> {
        for (table, columns) in self.buffers.drain(&self.names) {
            self.writing.batch(table, columns);
        }
        match self.writing {
            Writing::Discarded => Ok(Sealed::default()),
            Writing::Aside(thread) => thread.finish(),
            Writing::Here(_, Some(error)) => Err(error),
            Writing::Here(writer, None) => writer.seal(),
        }
    }
}

impl Writing {
    fn batch(&mut self, table: Table, columns: Vec<ArrayRef>) {
        match self {
            Self::Discarded | Self::Here(_, Some(_)) => {}
            Self::Aside(thread) => thread.send(Message::Batch(table, columns)),
            Self::Here(writer, error) => *error = writer.write(table, columns).err(),
        }
    }
}

impl WriterThread {
    fn send(&mut self, message: Message) {
        let Some(messages) = &self.messages else { return };
        if messages.send(message).is_err() {
            // The writer is gone: it has failed, and whatever comes now goes nowhere.
            self.failed.store(true, Ordering::Release);
            self.messages = None;
        }
    }

    fn end_leg(&mut self) -> Result<Sealed, OutputError> {
        let (reply, answer) = crossbeam_channel::bounded(1);
        self.send(Message::EndLeg(reply));
        if let Ok(ended) = answer.recv() {
            return ended;
        }
        // It had failed before, and says why when it is joined.
        self.messages = None;
        let stopped = || OutputError::WriterStopped { path: self.folder.path().to_owned() };
        let writer = self.writer.take().ok_or_else(stopped)?;
        writer.join().map_err(|_panic| stopped())?
    }

    fn finish(mut self) -> Result<Sealed, OutputError> {
        self.send(Message::Finish);
        self.messages = None;
        let stopped = || OutputError::WriterStopped { path: self.folder.path().to_owned() };
        let writer = self.writer.take().ok_or_else(stopped)?;
        writer.join().map_err(|_panic| stopped())?
    }
}

impl Drop for WriterThread {
    fn drop(&mut self) {
        // Without a `Finish`, the closed channel tells the writer to give up and remove its files.
        self.messages = None;
        if let Some(writer) = self.writer.take() {
            let _ = writer.join();
        }
    }
}
