//! The recorder: takes rows one by one, hands them on as columns.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::thread::JoinHandle;

use crossbeam_channel::Sender;

use crate::cell::BATCH_ROWS;
use crate::error::{Attempt, OutputError};
use crate::folder::OutputFolder;
use crate::manifest::{ReplicateRange, RunHeader};
use crate::names::Names;
use crate::part::Sealed;
use crate::table::{Buffers, Row, RowBuffer};
use crate::writer::{Message, Writer};

/// Batches that may wait for the writer; then whoever pushes waits, so that memory stays flat.
const WAITING_BATCHES: usize = 4;

/// Takes the rows of some replicates and writes them as one part a table.
///
/// Replicates come one after the other, and the rows of a table in order of time. Dropped without
/// [`finish`](Self::finish), it leaves nothing behind.
#[derive(Debug)]
pub struct Recorder {
    buffers: Buffers,
    names: Names,
    replicate: u32,
    /// Where rows go; `None` where they are discarded.
    writing: Option<Writing>,
}

/// The thread that writes, and the way to it.
#[derive(Debug)]
struct Writing {
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
        mut names: Names,
    ) -> Result<Self, OutputError> {
        names.seal();
        let failed = Arc::new(AtomicBool::new(false));
        let writer =
            Writer { aside: folder.aside(), replicates, header: header.clone(), failed: Arc::clone(&failed) };
        let (messages, incoming) = crossbeam_channel::bounded(WAITING_BATCHES);
        let thread = std::thread::Builder::new()
            .name("goshawk-writer".to_owned())
            .spawn(move || writer.run(&incoming))
            .attempt("start a writer for", folder.path())?;
        let writing =
            Writing { messages: Some(messages), writer: Some(thread), failed, folder: folder.clone() };
        Ok(Self { buffers: Buffers::default(), names, replicate: replicates.first, writing: Some(writing) })
    }

    /// A recorder that discards every row, for runs of which only the key figures are wanted. It never fails, and
    /// finishes with nothing sealed.
    pub fn discard(mut names: Names) -> Self {
        names.seal();
        Self { buffers: Buffers::default(), names, replicate: 0, writing: None }
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
        let Some(writing) = &mut self.writing else { return };
        let buffer = R::buffer(&mut self.buffers);
        buffer.push(self.replicate, row);
        if buffer.len() == BATCH_ROWS {
            let columns = buffer.take(&self.names);
            writing.send(Message::Batch(R::TABLE, columns));
        }
    }

    /// Whether the writer has failed. [`finish`](Self::finish) says why.
    pub fn failed(&self) -> bool {
        self.writing.as_ref().is_some_and(|writing| writing.failed.load(Ordering::Acquire))
    }

    /// Writes what is left and waits until every part is whole and safe on the disk, still aside.
    ///
    /// # Errors
    /// What made the writer fail.
    pub fn finish(mut self) -> Result<Sealed, OutputError> {
        let Some(mut writing) = self.writing.take() else { return Ok(Sealed::default()) };
        for (table, columns) in self.buffers.drain(&self.names) {
            writing.send(Message::Batch(table, columns));
        }
        writing.send(Message::Finish);
        writing.messages = None;
        let stopped = || OutputError::WriterStopped { path: writing.folder.path().to_owned() };
        let writer = writing.writer.take().ok_or_else(stopped)?;
        writer.join().map_err(|_panic| stopped())?
    }
}

impl Writing {
    fn send(&mut self, message: Message) {
        let Some(messages) = &self.messages else { return };
        if messages.send(message).is_err() {
            // The writer is gone: it has failed, and whatever comes now goes nowhere.
            self.failed.store(true, Ordering::Release);
            self.messages = None;
        }
    }
}

impl Drop for Writing {
    fn drop(&mut self) {
        // Without a `Finish`, the closed channel tells the writer to give up and remove its files.
        self.messages = None;
        if let Some(writer) = self.writer.take() {
            let _ = writer.join();
        }
    }
}
