//! The blocks of a run that is to be saved, one after the other, beside the ledger's store.
//!
//! A save needs all of them. Reading them out of the store would do, but a store that was read while it is written lays its
//! pages out otherwise, and the same run is to leave the same bytes.

use std::cell::RefCell;
use std::fs::File;
use std::io::{self, Write as _};
use std::path::Path;
use std::rc::Rc;
use std::sync::Arc;

use goshawk_ledger::{Canonical as _, Committed, Genesis, LedgerError, RedbStore, Store, Tip};

/// The blocks so far. Clones are the same.
#[derive(Debug, Clone)]
pub(crate) struct Spool {
    shared: Rc<RefCell<Shared>>,
}

#[derive(Debug)]
struct Shared {
    file: File,
    record: Vec<u8>,
    /// The first answer of the system that was not good.
    failed: Option<io::Error>,
}

impl Spool {
    /// Without blocks, in a file of a folder that goes with the run.
    pub(crate) fn begin(folder: &Path) -> io::Result<Self> {
        let file = tempfile::Builder::new().append(true).tempfile_in(folder)?.into_file();
        let shared = Shared { file, record: Vec::new(), failed: None };
        Ok(Self { shared: Rc::new(RefCell::new(shared)) })
    }

    /// A store whose blocks come here too.
    pub(crate) fn beside(&self, store: RedbStore) -> impl Store + 'static {
        SpooledStore { store, spool: self.clone() }
    }

    /// The file, to be read from its beginning: each block behind its length (u32, little-endian).
    pub(super) fn blocks(&self) -> io::Result<File> {
        let mut shared = self.shared.borrow_mut();
        shared.failed.take().map_or(Ok(()), Err)?;
        shared.file.try_clone()
    }

    fn push(&self, committed: &Committed) {
        let Shared { file, record, failed } = &mut *self.shared.borrow_mut();
        record.clear();
        record.extend_from_slice(&[0; 4]);
        committed.write(record);
        let length = u32::try_from(record.len() - 4).expect("invariant: a block has a few megabytes at most");
        record[..4].copy_from_slice(&length.to_le_bytes());
        if failed.is_none() {
            *failed = file.write_all(record).err();
        }
    }
}

struct SpooledStore {
    store: RedbStore,
    spool: Spool,
}

impl Store for SpooledStore {
    fn genesis(&self) -> &Arc<Genesis> {
        self.store.genesis()
    }

    fn tip(&self) -> Tip {
        self.store.tip()
    }

    fn put(&mut self, committed: &Committed) -> Result<(), LedgerError> {
        self.store.put(committed)?;
        self.spool.push(committed);
        Ok(())
    }

    fn block(&self, height: u64) -> Result<Option<Committed>, LedgerError> {
        self.store.block(height)
    }

    fn flush(&mut self) -> Result<(), LedgerError> {
        self.store.flush()
    }
}
