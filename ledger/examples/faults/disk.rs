//! A validator's disk: a store and a log that fail now and then, and lose at a crash what nobody waited for.

use std::cell::{Cell, RefCell};
use std::io;
use std::path::PathBuf;
use std::rc::Rc;
use std::sync::Arc;

use goshawk_ledger::{Committed, Genesis, LedgerError, LogEntry, MemoryLog, Store, Tip, WriteAheadLog};

use crate::trial::random::Random;

/// What all disks of a trial have in common.
#[derive(Debug)]
pub(crate) struct Failing {
    random: RefCell<Random>,
    /// How many of 10,000 writes fail.
    pub(crate) rate: Cell<u64>,
    pub(crate) store_faults: Cell<u64>,
    pub(crate) store_faults_written: Cell<u64>,
    pub(crate) log_faults: Cell<u64>,
}

impl Failing {
    pub(crate) fn new(random: Random, rate: u64) -> Self {
        Self {
            random: RefCell::new(random),
            rate: Cell::new(rate),
            store_faults: Cell::new(0),
            store_faults_written: Cell::new(0),
            log_faults: Cell::new(0),
        }
    }

    fn fails(&self) -> bool {
        self.random.borrow_mut().happens(self.rate.get())
    }

    fn below(&self, below: u64) -> u64 {
        self.random.borrow_mut().below(below)
    }

    fn error() -> LedgerError {
        LedgerError::Log { path: PathBuf::from("disk"), source: io::Error::other("the disk failed") }
    }
}

fn bump(counter: &Cell<u64>) {
    counter.set(counter.get() + 1);
}

/// Blocks on a disk.
#[derive(Debug)]
pub(crate) struct DiskStore {
    genesis: Arc<Genesis>,
    blocks: Vec<Committed>,
    /// How many of them survive a crash.
    durable: usize,
    failing: Option<Rc<Failing>>,
}

impl DiskStore {
    pub(crate) fn new(genesis: &Arc<Genesis>, failing: Option<&Rc<Failing>>) -> Self {
        Self { genesis: Arc::clone(genesis), blocks: Vec::new(), durable: 0, failing: failing.map(Rc::clone) }
    }

    /// Loses the blocks that nobody waited for, or some of them.
    pub(crate) fn crash(&mut self, random: &mut Random) {
        let kept = random.between(self.durable as u64, self.blocks.len() as u64) as usize;
        self.blocks.truncate(kept);
        self.durable = kept;
    }

    fn fails(&self, is_written: bool) -> bool {
        let Some(failing) = self.failing.as_ref().filter(|it| it.fails()) else { return false };
        bump(&failing.store_faults);
        if is_written {
            bump(&failing.store_faults_written);
        }
        true
    }
}

impl Store for DiskStore {
    fn genesis(&self) -> &Arc<Genesis> {
        &self.genesis
    }

    fn tip(&self) -> Tip {
        let hash = self.blocks.last().map_or(*self.genesis.hash(), |last| last.block.hash());
        Tip { height: self.blocks.len() as u64, hash }
    }

    fn put(&mut self, committed: &Committed) -> Result<(), LedgerError> {
        let (expected, found) = (self.blocks.len() as u64 + 1, committed.block.header().height);
        if expected != found {
            return Err(LedgerError::NotNext { expected, found });
        }
        if self.fails(false) {
            return Err(Failing::error());
        }
        self.blocks.push(committed.clone());
        if self.fails(true) {
            return Err(Failing::error());
        }
        Ok(())
    }

    fn block(&self, height: u64) -> Result<Option<Committed>, LedgerError> {
        Ok(height.checked_sub(1).and_then(|place| self.blocks.get(place as usize)).cloned())
    }

    fn flush(&mut self) -> Result<(), LedgerError> {
        if self.fails(true) {
            return Err(Failing::error());
        }
        self.durable = self.blocks.len();
        Ok(())
    }
}

/// A log on a disk.
#[derive(Debug)]
pub(crate) struct DiskLog {
    kept: MemoryLog,
    failing: Option<Rc<Failing>>,
    /// A control: nothing survives a crash.
    is_off: bool,
}

impl DiskLog {
    pub(crate) fn new(failing: Option<&Rc<Failing>>, is_off: bool) -> Self {
        Self { kept: MemoryLog::default(), failing: failing.map(Rc::clone), is_off }
    }

    /// Loses some of what nobody waited for. Says how many entries are lost, and how many are left.
    pub(crate) fn crash(&mut self, random: &mut Random) -> (usize, usize) {
        if self.is_off {
            self.kept = MemoryLog::default();
        }
        let kept = random.between(0, self.kept.unsynced() as u64) as usize;
        (self.kept.crash(kept), self.kept.len())
    }

    pub(crate) fn len(&self) -> usize {
        self.kept.len()
    }

    fn check(&self) -> Result<(), LedgerError> {
        match &self.failing {
            Some(failing) if failing.fails() => {
                bump(&failing.log_faults);
                Err(Failing::error())
            }
            _ => Ok(()),
        }
    }
}

impl WriteAheadLog for DiskLog {
    fn append(&mut self, entry: LogEntry) -> Result<(), LedgerError> {
        // A write that fails may have been made.
        let checked = self.check();
        if checked.is_ok() || self.failing.as_ref().is_some_and(|failing| failing.below(2) == 0) {
            self.kept.append(entry)?;
        }
        checked
    }

    fn sync(&mut self) -> Result<(), LedgerError> {
        self.check()?;
        self.kept.sync()
    }

    fn entries(&self) -> Result<Vec<LogEntry>, LedgerError> {
        self.kept.entries()
    }

    fn clear(&mut self) -> Result<(), LedgerError> {
        self.check()?;
        self.kept.clear()
    }
}
