//! A store in a redb file: one record for each block, one write transaction for each record.
//!
//! Waiting for the disk at every block would cost more than everything else a validator does, so only every `n`th
//! block, [`RedbStore::flush`] and [`RedbStore::close`] wait. A crash in between loses the last blocks whole, never
//! a part of one.

mod quiet;

use std::path::{Path, PathBuf};
use std::sync::Arc;

use redb::{
    Database, Durability, ReadOnlyDatabase, ReadTransaction, ReadableDatabase as _, ReadableTable as _,
    TableDefinition, TransactionError,
};

use quiet::catch_quietly;

use super::{Store, Tip, next_tip};
use crate::block::Committed;
use crate::codec::Canonical;
use crate::error::LedgerError;
use crate::folder::sync_folder_of;
use crate::genesis::Genesis;

/// Height 0 is the genesis.
const RECORDS: TableDefinition<'static, u64, &[u8]> = TableDefinition::new("records");

/// Pages that the database keeps in memory, in bytes. Its default of 1 GiB would be each validator's.
const CACHE_BYTES: usize = 256 << 10;

/// What may be done with a file.
enum Access {
    /// There until it is dropped.
    Write(Option<Database>),
    /// Not a byte of the file changes, so that its digest may be checked again.
    Read(ReadOnlyDatabase),
}

impl std::fmt::Debug for Access {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str(match self {
            Self::Write(_) => "Write",
            Self::Read(_) => "Read",
        })
    }
}

impl Access {
    fn of(database: Database) -> Self {
        Self::Write(Some(database))
    }

    fn begin_read(&self) -> Result<ReadTransaction, TransactionError> {
        match self {
            Self::Write(database) => open(database).begin_read(),
            Self::Read(database) => database.begin_read(),
        }
    }

    fn for_writing(&self) -> Result<&Database, redb::Error> {
        match self {
            Self::Write(database) => Ok(open(database)),
            Self::Read(_) => Err(std::io::Error::from(std::io::ErrorKind::ReadOnlyFilesystem).into()),
        }
    }
}

const OPEN: &str = "invariant: a database is open until it is dropped";

fn open(database: &Option<Database>) -> &Database {
    database.as_ref().expect(OPEN)
}

impl Drop for Access {
    /// The database tidies up when it is dropped, and panics where the disk has changed a page that it needs for that.
    /// Nothing depends on it: whatever was waited for is on the disk.
    fn drop(&mut self) {
        if let Self::Write(database) = self {
            let _ = catch_quietly(|| drop(database.take()));
        }
    }
}

/// Keeps every block in a file.
#[derive(Debug)]
pub struct RedbStore {
    path: PathBuf,
    database: Access,
    genesis: Arc<Genesis>,
    tip: Tip,
    /// Every how many blocks to wait for the disk.
    flush_every: u64,
    record: Vec<u8>,
}

impl RedbStore {
    /// Starts a chain in a new file, or goes on in an old one. Waits for the disk every `flush_every` blocks; 0 never
    /// does but in [`flush`](Store::flush) and [`close`](Self::close).
    ///
    /// # Errors
    /// When the file cannot be opened or is corrupt, or holds another chain.
    pub fn create(path: &Path, genesis: &Arc<Genesis>, flush_every: u64) -> Result<Self, LedgerError> {
        if !path.exists() {
            begin(path, genesis)?;
        }
        let open = || Ok(Database::builder().set_cache_size(CACHE_BYTES).open(path)?);
        let database = attempt(path, open).map(Access::of)?;
        Self::of(database, path, genesis, flush_every)
    }

    /// A store of this chain in a database that holds its genesis.
    fn of(
        database: Access,
        path: &Path,
        genesis: &Arc<Genesis>,
        flush_every: u64,
    ) -> Result<Self, LedgerError> {
        let store = Self::with(database, path, flush_every)?;
        if store.genesis == *genesis {
            Ok(Self { genesis: Arc::clone(genesis), ..store })
        } else {
            let (expected, found) = (genesis.hash().to_string(), store.genesis.hash().to_string());
            Err(LedgerError::OtherChain { expected, found })
        }
    }

    /// The same on a disk that a test has in its hands.
    #[cfg(test)]
    pub(super) fn on(
        disk: impl redb::StorageBackend,
        genesis: &Arc<Genesis>,
        flush_every: u64,
    ) -> Result<Self, LedgerError> {
        let path = Path::new("simulated disk");
        let database = Database::builder()
            .set_cache_size(CACHE_BYTES)
            .create_with_backend(disk)
            .map(Access::of)
            .map_err(|error| failed(path, error))?;
        if read_record(&database, path, 0)?.is_none() {
            write_record(&database, path, 0, &genesis.to_bytes(), Durability::Immediate)?;
        }
        Self::of(database, path, genesis, flush_every)
    }

    /// Opens a chain that somebody else has written.
    ///
    /// # Errors
    /// When the file cannot be opened, or its genesis or last block is corrupt.
    pub fn open(path: &Path) -> Result<Self, LedgerError> {
        let open = || Ok(Database::builder().set_cache_size(CACHE_BYTES).open(path)?);
        let database = attempt(path, open).map(Access::of)?;
        Self::with(database, path, 0)
    }

    /// Opens a chain to read it; nothing is written to the file.
    ///
    /// # Errors
    /// As [`open`](Self::open); also when the file was not closed by whoever wrote it.
    pub fn open_read_only(path: &Path) -> Result<Self, LedgerError> {
        let open = || Ok(Database::builder().set_cache_size(CACHE_BYTES).open_read_only(path)?);
        let database = attempt(path, open).map(Access::Read)?;
        Self::with(database, path, 0)
    }

    fn with(database: Access, path: &Path, flush_every: u64) -> Result<Self, LedgerError> {
        let genesis = read_record(&database, path, 0)?.unwrap_or_default();
        let genesis =
            Genesis::from_bytes(&genesis).map_err(|source| LedgerError::Corrupt { height: 0, source })?;
        let tip = Tip { height: 0, hash: *genesis.hash() };
        let (path, genesis) = (path.to_owned(), Arc::new(genesis));
        let mut store = Self { path, database, genesis, tip, flush_every, record: Vec::new() };
        let height = store.last_height()?;
        if let Some(last) = store.block(height)? {
            store.tip = Tip { height, hash: last.block.hash() };
        }
        Ok(store)
    }

    fn last_height(&self) -> Result<u64, LedgerError> {
        attempt(&self.path, || {
            let table = self.database.begin_read()?.open_table(RECORDS)?;
            Ok(table.last()?.map_or(0, |(height, _)| height.value()))
        })
    }

    /// Waits for the disk and gives back the file's free space.
    ///
    /// # Errors
    /// When the database fails.
    pub fn close(mut self) -> Result<(), LedgerError> {
        self.flush()?;
        if let Access::Write(database) = &mut self.database {
            attempt(&self.path, || Ok(database.as_mut().expect(OPEN).compact()?))?;
        }
        Ok(())
    }

    /// The file.
    pub fn path(&self) -> &Path {
        &self.path
    }
}

impl Store for RedbStore {
    fn genesis(&self) -> &Arc<Genesis> {
        &self.genesis
    }

    fn tip(&self) -> Tip {
        self.tip
    }

    fn put(&mut self, committed: &Committed) -> Result<(), LedgerError> {
        let tip = next_tip(self.tip, committed)?;
        self.record.clear();
        committed.write(&mut self.record);
        let durability = match self.flush_every {
            0 => Durability::None,
            every if tip.height % every == 0 => Durability::Immediate,
            _ => Durability::None,
        };
        write_record(&self.database, &self.path, tip.height, &self.record, durability)?;
        self.tip = tip;
        Ok(())
    }

    fn block(&self, height: u64) -> Result<Option<Committed>, LedgerError> {
        if height == 0 {
            return Ok(None);
        }
        let record = read_record(&self.database, &self.path, height)?;
        record
            .map(|bytes| {
                Committed::from_bytes(&bytes).map_err(|source| LedgerError::Corrupt { height, source })
            })
            .transpose()
    }

    fn flush(&mut self) -> Result<(), LedgerError> {
        if matches!(self.database, Access::Read(_)) {
            return Ok(());
        }
        attempt(&self.path, || {
            let mut transaction = self.database.for_writing()?.begin_write()?;
            transaction.set_durability(Durability::Immediate)?;
            Ok(transaction.commit()?)
        })
    }
}

/// Makes a new file aside, and gives it its name when it holds the genesis: a crash leaves a whole file or none.
fn begin(path: &Path, genesis: &Genesis) -> Result<(), LedgerError> {
    let mut aside = path.as_os_str().to_owned();
    aside.push(".new");
    let aside = PathBuf::from(aside);
    let io = |error: std::io::Error| failed(path, redb::Error::Io(error));
    match std::fs::remove_file(&aside) {
        Err(error) if error.kind() != std::io::ErrorKind::NotFound => return Err(io(error)),
        _ => (),
    }
    let create = || Ok(Database::builder().set_cache_size(CACHE_BYTES).create(&aside)?);
    let database = attempt(path, create).map(Access::of)?;
    write_record(&database, path, 0, &genesis.to_bytes(), Durability::Immediate)?;
    drop(database);
    std::fs::rename(&aside, path).map_err(io)?;
    sync_folder_of(path);
    Ok(())
}

fn failed(path: &Path, error: impl Into<redb::Error>) -> LedgerError {
    LedgerError::Database { path: path.to_owned(), source: Box::new(error.into()) }
}

/// Does something with the database. It trusts what a page says and panics where that makes no sense, as after a disk has
/// changed some bytes; that is the file's fault, not ours.
fn attempt<T>(path: &Path, operation: impl FnOnce() -> Result<T, redb::Error>) -> Result<T, LedgerError> {
    match catch_quietly(operation) {
        Ok(done) => done.map_err(|error| failed(path, error)),
        Err(panic) => {
            let said = panic.downcast_ref::<String>().cloned();
            let said = said.or_else(|| panic.downcast_ref::<&str>().map(|&said| said.to_owned()));
            Err(failed(path, redb::StorageError::Corrupted(said.unwrap_or_default())))
        }
    }
}

fn read_record(database: &Access, path: &Path, height: u64) -> Result<Option<Vec<u8>>, LedgerError> {
    attempt(path, || {
        let table = match database.begin_read()?.open_table(RECORDS) {
            Err(redb::TableError::TableDoesNotExist(_)) => return Ok(None),
            table => table?,
        };
        Ok(table.get(height)?.map(|record| record.value().to_vec()))
    })
}

fn write_record(
    database: &Access,
    path: &Path,
    height: u64,
    record: &[u8],
    durability: Durability,
) -> Result<(), LedgerError> {
    attempt(path, || {
        let mut transaction = database.for_writing()?.begin_write()?;
        transaction.set_durability(durability)?;
        transaction.open_table(RECORDS)?.insert(height, record)?;
        Ok(transaction.commit()?)
    })
}
