//! A write-ahead log in a file of its own.
//!
//! ```text
//! record = length (4 bytes, big endian) | first 8 bytes of the SHA-256 of the entry | entry
//! ```
//!
//! A crash leaves a beginning of what was written. The first record that is short or whose digest differs ends the log,
//! and the next append overwrites it.

use std::fs::{File, OpenOptions};
use std::io::{ErrorKind, Read, Seek as _, SeekFrom, Write as _};
use std::path::{Path, PathBuf};

use super::{LogEntry, WriteAheadLog};
use crate::codec::Canonical;
use crate::digest::{Digest, Domain};
use crate::error::LedgerError;

/// Bytes before an entry.
const HEAD: usize = 12;
/// No entry is longer: a proposal holds a block of at most [`Limits::block_bytes`](crate::Limits), by default 1 MiB.
const ENTRY_BYTES_MAX: usize = 64 << 20;

/// A log in a file.
#[derive(Debug)]
pub struct FileLog {
    path: PathBuf,
    file: File,
    /// Where the next record goes.
    end: u64,
    entries: Vec<LogEntry>,
    record: Vec<u8>,
}

impl FileLog {
    /// Opens a log, or starts one. Whatever follows the last whole record is cut off. What is left is on the disk then, also where
    /// whoever wrote it had no time to see to that: what is said after a recovery follows from it.
    ///
    /// # Errors
    /// When the file cannot be opened, read or cut.
    pub fn open(path: &Path) -> Result<Self, LedgerError> {
        let failed = |source| LedgerError::Log { path: path.to_owned(), source };
        let mut file = OpenOptions::new()
            .read(true)
            .write(true)
            .create(true)
            .truncate(false)
            .open(path)
            .map_err(failed)?;
        let mut bytes = Vec::new();
        file.read_to_end(&mut bytes).map_err(failed)?;
        let (entries, end) = read_records(&bytes);
        let mut log = Self { path: path.to_owned(), file, end: end as u64, entries, record: Vec::new() };
        log.cut().map_err(failed)?;
        log.file.sync_all().map_err(failed)?;
        // The name survives a power failure only when the folder is on the disk too; not every system can say so.
        let folder = path.parent().filter(|folder| !folder.as_os_str().is_empty()).unwrap_or(Path::new("."));
        if let Ok(folder) = File::open(folder) {
            let _ = folder.sync_all();
        }
        Ok(log)
    }

    /// Where the log is.
    pub fn path(&self) -> &Path {
        &self.path
    }

    fn cut(&mut self) -> std::io::Result<()> {
        self.file.set_len(self.end)?;
        self.file.seek(SeekFrom::Start(self.end))?;
        Ok(())
    }

    fn failed(&self, source: std::io::Error) -> LedgerError {
        LedgerError::Log { path: self.path.clone(), source }
    }
}

/// The entries of all whole records, and where they end.
fn read_records(bytes: &[u8]) -> (Vec<LogEntry>, usize) {
    let mut entries = Vec::new();
    let mut end = 0;
    while let Some((entry, length)) = read_record(&bytes[end..]) {
        entries.push(entry);
        end += length;
    }
    (entries, end)
}

fn read_record(bytes: &[u8]) -> Option<(LogEntry, usize)> {
    let (length, rest) = bytes.split_first_chunk::<4>()?;
    let (digest, rest) = rest.split_first_chunk::<8>()?;
    let length = u32::from_be_bytes(*length) as usize;
    let entry = rest.get(..length)?;
    if check_of(entry) != *digest {
        return None;
    }
    Some((LogEntry::from_bytes(entry).ok()?, HEAD + length))
}

fn check_of(entry: &[u8]) -> [u8; 8] {
    let digest = Digest::of(Domain::LogEntry, &[entry]);
    *digest.0.first_chunk().expect("invariant: a digest has 32 bytes")
}

impl WriteAheadLog for FileLog {
    fn append(&mut self, entry: LogEntry) -> Result<(), LedgerError> {
        self.record.clear();
        self.record.resize(HEAD, 0);
        entry.write(&mut self.record);
        let length = self.record.len() - HEAD;
        if length > ENTRY_BYTES_MAX {
            return Err(self.failed(ErrorKind::FileTooLarge.into()));
        }
        let check = check_of(&self.record[HEAD..]);
        self.record[..4].copy_from_slice(&(length as u32).to_be_bytes());
        self.record[4..HEAD].copy_from_slice(&check);
        self.file.write_all(&self.record).map_err(|source| self.failed(source))?;
        self.end += self.record.len() as u64;
        Ok(())
    }

    fn sync(&mut self) -> Result<(), LedgerError> {
        self.file.sync_data().map_err(|source| self.failed(source))
    }

    /// What was there when the log was opened.
    fn entries(&self) -> Result<Vec<LogEntry>, LedgerError> {
        Ok(self.entries.clone())
    }

    fn clear(&mut self) -> Result<(), LedgerError> {
        self.end = 0;
        self.entries.clear();
        self.cut().map_err(|source| self.failed(source))
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::consensus::TimerKind;
    use crate::validator::TimerKey;

    fn entry(number: u64) -> LogEntry {
        let key = TimerKey { height: 3, round: number as u32, kind: TimerKind::Prevote };
        LogEntry::Expired { key, at_micros: 1_000 * (number + 1) }
    }

    fn written(path: &Path, count: u64) -> Vec<u8> {
        let mut log = FileLog::open(path).unwrap();
        (0..count).for_each(|number| log.append(entry(number)).unwrap());
        log.sync().unwrap();
        std::fs::read(path).unwrap()
    }

    #[test]
    fn a_log_cut_at_any_byte_gives_the_whole_entries_before_it_and_goes_on() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("log");
        let bytes = written(&path, 5);
        let ends: Vec<usize> =
            (0..=5).map(|count| written(&folder.path().join(format!("{count}")), count).len()).collect();
        for cut in 0..=bytes.len() {
            std::fs::write(&path, &bytes[..cut]).unwrap();
            let whole = ends.iter().filter(|end| **end <= cut).count() as u64 - 1;
            let mut log = FileLog::open(&path).unwrap();
            assert_eq!(log.entries().unwrap(), (0..whole).map(entry).collect::<Vec<_>>(), "cut at {cut}");
            log.append(entry(9)).unwrap();
            let expected: Vec<LogEntry> = (0..whole).chain([9]).map(entry).collect();
            assert_eq!(FileLog::open(&path).unwrap().entries().unwrap(), expected, "cut at {cut}");
        }
    }

    #[test]
    fn a_changed_byte_ends_the_log_before_it() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("log");
        let bytes = written(&path, 4);
        let length = bytes.len() / 4;
        for place in 0..bytes.len() {
            let mut bent = bytes.clone();
            bent[place] ^= 1 << (place % 8);
            std::fs::write(&path, &bent).unwrap();
            let read = FileLog::open(&path).unwrap().entries().unwrap();
            assert_eq!(read, (0..(place / length) as u64).map(entry).collect::<Vec<_>>(), "byte {place}");
        }
    }

    #[test]
    fn a_cleared_log_is_empty_and_a_folder_is_no_log() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("log");
        written(&path, 3);
        let mut log = FileLog::open(&path).unwrap();
        log.clear().unwrap();
        log.append(entry(7)).unwrap();
        assert_eq!(FileLog::open(&path).unwrap().entries().unwrap(), [entry(7)]);
        let error = FileLog::open(folder.path()).unwrap_err();
        assert!(matches!(error, LedgerError::Log { .. }), "{error}");
    }
}
