//! A database on a disk that fails at any of its operations, or loses power there.

use std::io;
use std::sync::{Arc, Mutex};

use proptest::prelude::*;
use redb::StorageBackend;

use super::{committed, genesis};
use crate::store::{RedbStore, Store as _, Tip};

/// A change that may not be on the disk yet.
#[derive(Debug, Clone)]
enum Change {
    Write(usize, Vec<u8>),
    Length(usize),
}

impl Change {
    /// Makes the change, of a write only the first bytes.
    fn make(&self, bytes: &mut Vec<u8>, most: usize) {
        match self {
            Self::Write(offset, data) => {
                let data = &data[..data.len().min(most)];
                bytes.resize(bytes.len().max(offset + data.len()), 0);
                bytes[*offset..offset + data.len()].copy_from_slice(data);
            }
            Self::Length(length) => bytes.resize(*length, 0),
        }
    }
}

#[derive(Debug, Default)]
struct Content {
    /// What a reader sees.
    seen: Vec<u8>,
    /// What a power failure leaves for certain.
    safe: Vec<u8>,
    since: Vec<Change>,
    operations: usize,
    /// The operation that fails, as do all after it.
    fails_at: Option<usize>,
}

/// A disk; copies are the same disk.
#[derive(Debug, Clone)]
pub(super) struct Disk(Arc<Mutex<Content>>);

impl Disk {
    pub(super) fn new() -> Self {
        Self::holding(Vec::new(), None)
    }

    fn holding(bytes: Vec<u8>, fails_at: Option<usize>) -> Self {
        let content = Content { seen: bytes.clone(), safe: bytes, fails_at, ..Content::default() };
        Self(Arc::new(Mutex::new(content)))
    }

    fn operate<T>(&self, operation: impl FnOnce(&mut Content) -> T) -> io::Result<T> {
        let mut content = self.0.lock().unwrap();
        content.operations += 1;
        if content.fails_at.is_some_and(|place| content.operations > place) {
            return Err(io::Error::other("the disk failed"));
        }
        Ok(operation(&mut content))
    }

    fn change(&self, change: Change) -> io::Result<()> {
        self.operate(|content| {
            change.make(&mut content.seen, usize::MAX);
            content.since.push(change);
        })
    }

    /// What a power failure leaves: of the changes since the last wait any may be missing, or be made in part.
    fn after_power_failure(&self, chance: &mut impl FnMut() -> u64) -> Vec<u8> {
        let content = self.0.lock().unwrap();
        let mut bytes = content.safe.clone();
        for change in &content.since {
            match chance() % 3 {
                0 => (),
                1 => change.make(&mut bytes, usize::MAX),
                _ => change.make(&mut bytes, chance() as usize % 5_000),
            }
        }
        bytes
    }
}

impl StorageBackend for Disk {
    fn len(&self) -> io::Result<u64> {
        Ok(self.0.lock().unwrap().seen.len() as u64)
    }

    fn read(&self, offset: u64, out: &mut [u8]) -> io::Result<()> {
        let content = self.0.lock().unwrap();
        let end = offset as usize + out.len();
        let bytes = content.seen.get(offset as usize..end).ok_or(io::ErrorKind::UnexpectedEof)?;
        out.copy_from_slice(bytes);
        Ok(())
    }

    fn set_len(&self, length: u64) -> io::Result<()> {
        self.change(Change::Length(length as usize))
    }

    fn sync_data(&self) -> io::Result<()> {
        self.operate(|content| {
            content.safe = content.seen.clone();
            content.since.clear();
        })
    }

    fn write(&self, offset: u64, data: &[u8]) -> io::Result<()> {
        self.change(Change::Write(offset as usize, data.to_vec()))
    }
}

/// Stores blocks until the disk fails. Says how many were stored.
fn store_until_it_fails(disk: &Disk, blocks: u64) -> u64 {
    let genesis = genesis(1);
    let Ok(mut store) = RedbStore::on(disk.clone(), &genesis, 1) else { return 0 };
    let before = store.tip().height;
    for height in before + 1..=before + blocks {
        if store.put(&committed(&genesis, height)).is_err() {
            return height - 1;
        }
    }
    before + blocks
}

fn first_blocks() -> Vec<u8> {
    let disk = Disk::new();
    assert_eq!(store_until_it_fails(&disk, 3), 3);
    disk.0.lock().unwrap().seen.clone()
}

/// All that was stored is there, perhaps one block more, and the chain goes on.
fn has_all(bytes: Vec<u8>, stored: u64) -> Result<(), TestCaseError> {
    let genesis = genesis(1);
    let mut store = RedbStore::on(Disk::holding(bytes, None), &genesis, 1)
        .map_err(|error| TestCaseError::fail(format!("it does not open: {error}")))?;
    let Tip { height, hash } = store.tip();
    prop_assert!(height == stored || height == stored + 1, "{height} blocks, {stored} were stored");
    for height in 1..=height {
        prop_assert_eq!(store.block(height).unwrap(), Some(committed(&genesis, height)));
    }
    prop_assert_eq!(hash, committed(&genesis, height).block.hash());
    store.put(&committed(&genesis, height + 1)).unwrap();
    Ok(())
}

#[test]
fn a_disk_that_fails_at_any_operation_keeps_every_stored_block() {
    let bytes = first_blocks();
    let well = Disk::holding(bytes.clone(), None);
    store_until_it_fails(&well, 4);
    let operations = well.0.lock().unwrap().operations;
    assert!(operations > 30, "{operations}");
    for place in 0..operations {
        let disk = Disk::holding(bytes.clone(), Some(place));
        let stored = store_until_it_fails(&disk, 4).max(3);
        let seen = disk.0.lock().unwrap().seen.clone();
        has_all(seen, stored).unwrap_or_else(|error| panic!("operation {place}: {error}"));
    }
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(300))]

    #[test]
    fn a_power_failure_at_any_operation_leaves_every_stored_block_and_nothing_half(
        place in 0usize..120, seed in any::<u64>(),
    ) {
        let disk = Disk::holding(first_blocks(), Some(place));
        let stored = store_until_it_fails(&disk, 6).max(3);
        let mut random = seed;
        let mut chance = || {
            random = random.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1);
            random >> 33
        };
        has_all(disk.after_power_failure(&mut chance), stored)?;
    }
}
