//! A write-ahead log in a file of its own.
//!
//! ```text
//! record = "walr" | length (4 bytes, big endian) | first 8 bytes of the SHA-256 of place and entry | entry
//! mark   = a record without an entry: everything before it is on the disk
//! ```
//!
//! A crash leaves what was waited for, and of the rest whatever had got to the disk by then, in any order. A disk that rots
//! changes anything. The marks tell the two apart:
//!
//! - Damage with no mark after it is the torn end of a log. Nothing that the validator has said follows from it, so it is cut
//!   off.
//! - Damage before a mark is rot: entries are lost that the validator has spoken after. It does not start.
//! - A record that is whole and no entry is of another program. It is refused too.

use std::fs::{File, OpenOptions};
use std::io::{ErrorKind, Read, Seek as _, SeekFrom, Write as _};
use std::path::{Path, PathBuf};

use super::{LogEntry, WriteAheadLog};
use crate::codec::Canonical;
use crate::digest::{Digest, Domain};
use crate::error::LedgerError;
use crate::folder::sync_folder_of;

/// What a record begins with.
const MAGIC: [u8; 4] = *b"walr";
/// Bytes before an entry.
const HEAD: usize = 16;
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
    /// Opens a log, or starts one. The torn end that a crash may have left is cut off. What is left is on the disk then, also
    /// where whoever wrote it had no time to see to that: what is said after a recovery follows from it.
    ///
    /// # Errors
    /// When the file cannot be opened, read or cut, and [`LedgerError::LogDamaged`] when entries that were on the disk are not
    /// what they were.
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
        let (entries, end) = read_records(&bytes)
            .map_err(|at| LedgerError::LogDamaged { path: path.to_owned(), at: at as u64 })?;
        let mut log = Self { path: path.to_owned(), file, end: end as u64, entries, record: Vec::new() };
        log.cut().map_err(failed)?;
        log.file.sync_all().map_err(failed)?;
        sync_folder_of(path);
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

    /// Writes the record whose entry is in its place.
    fn write_record(&mut self) -> Result<(), LedgerError> {
        complete(&mut self.record, self.end);
        self.file.write_all(&self.record).map_err(|source| self.failed(source))?;
        self.end += self.record.len() as u64;
        Ok(())
    }

    fn failed(&self, source: std::io::Error) -> LedgerError {
        LedgerError::Log { path: self.path.clone(), source }
    }
}

/// The entries up to the torn end, and where that begins; or where rot begins.
fn read_records(bytes: &[u8]) -> Result<(Vec<LogEntry>, usize), usize> {
    let mut entries = Vec::new();
    let mut end = 0;
    while let Some(entry) = read_record(bytes, end) {
        if !entry.is_empty() {
            entries.push(LogEntry::from_bytes(entry).map_err(|_| end)?);
        }
        end += HEAD + entry.len();
    }
    if has_mark(bytes, end) { Err(end) } else { Ok((entries, end)) }
}

/// The entry of a whole record at this place.
fn read_record(bytes: &[u8], place: usize) -> Option<&[u8]> {
    let (magic, rest) = bytes[place..].split_first_chunk::<4>()?;
    let (length, rest) = rest.split_first_chunk::<4>()?;
    let (digest, rest) = rest.split_first_chunk::<8>()?;
    let entry = rest.get(..u32::from_be_bytes(*length) as usize)?;
    (*magic == MAGIC && check_of(entry, place as u64) == *digest).then_some(entry)
}

/// Whether there is a mark from this place on.
fn has_mark(bytes: &[u8], from: usize) -> bool {
    let starts = |place: &usize| bytes[*place..].starts_with(&MAGIC);
    (from..bytes.len()).filter(starts).any(|place| read_record(bytes, place).is_some_and(<[u8]>::is_empty))
}

/// Writes the head of a record for this place whose entry is there already.
fn complete(record: &mut [u8], place: u64) {
    let (head, entry) = record.split_at_mut(HEAD);
    head[..4].copy_from_slice(&MAGIC);
    head[4..8].copy_from_slice(&(entry.len() as u32).to_be_bytes());
    head[8..].copy_from_slice(&check_of(entry, place));
}

/// The place is in it, so that nothing that an entry says can pass for a record.
fn check_of(entry: &[u8], place: u64) -> [u8; 8] {
    let digest = Digest::of(Domain::LogEntry, &[&place.to_be_bytes(), entry]);
    *digest.0.first_chunk().expect("invariant: a digest has 32 bytes")
}

impl WriteAheadLog for FileLog {
    fn append(&mut self, entry: LogEntry) -> Result<(), LedgerError> {
        self.record.clear();
        self.record.resize(HEAD, 0);
        entry.write(&mut self.record);
        if self.record.len() - HEAD > ENTRY_BYTES_MAX {
            return Err(self.failed(ErrorKind::FileTooLarge.into()));
        }
        self.write_record()
    }

    fn sync(&mut self) -> Result<(), LedgerError> {
        self.file.sync_data().map_err(|source| self.failed(source))?;
        // It need not be on the disk itself before anything is said: without it the log is at worst taken for torn.
        self.record.clear();
        self.record.resize(HEAD, 0);
        self.write_record()
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

    /// A log of so many entries, waited for after each that `is_waited_for`. Gives its bytes and where each entry ends.
    fn written(path: &Path, count: u64, is_waited_for: impl Fn(u64) -> bool) -> (Vec<u8>, Vec<usize>) {
        let _ = std::fs::remove_file(path);
        let mut log = FileLog::open(path).unwrap();
        let mut ends = vec![0];
        for number in 0..count {
            log.append(entry(number)).unwrap();
            ends.push(log.end as usize);
            if is_waited_for(number) {
                log.sync().unwrap();
            }
        }
        (std::fs::read(path).unwrap(), ends)
    }

    fn whole_before(ends: &[usize], place: usize) -> Vec<LogEntry> {
        (0..ends.iter().filter(|end| **end <= place).count() as u64 - 1).map(entry).collect()
    }

    #[test]
    fn a_log_cut_at_any_byte_gives_the_whole_entries_before_it_and_goes_on() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("log");
        let (bytes, ends) = written(&path, 5, |number| number % 2 == 1);
        for cut in 0..=bytes.len() {
            std::fs::write(&path, &bytes[..cut]).unwrap();
            let mut log = FileLog::open(&path).unwrap();
            assert_eq!(log.entries().unwrap(), whole_before(&ends, cut), "cut at {cut}");
            log.append(entry(9)).unwrap();
            let mut expected = whole_before(&ends, cut);
            expected.push(entry(9));
            assert_eq!(FileLog::open(&path).unwrap().entries().unwrap(), expected, "cut at {cut}");
        }
    }

    #[test]
    fn a_changed_byte_is_a_torn_end_or_rot_as_what_follows_was_waited_for_or_not() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("log");
        let (bytes, ends) = written(&path, 6, |number| number == 3);
        let mark = ends[4]..ends[4] + HEAD;
        for place in 0..bytes.len() {
            let mut bent = bytes.clone();
            bent[place] ^= 1 << (place % 8);
            std::fs::write(&path, &bent).unwrap();
            let found = FileLog::open(&path);
            if place < mark.start {
                let at = *ends.iter().rfind(|end| **end <= place).unwrap() as u64;
                let Err(error) = found else { panic!("byte {place} is not noticed") };
                assert!(matches!(error, LedgerError::LogDamaged { at: said, .. } if said == at), "{error}");
                assert!(error.to_string().contains(&format!("byte {at}")), "{error}");
                assert_eq!(std::fs::read(&path).unwrap(), bent, "it is left as it is");
            } else {
                let last = if mark.contains(&place) { mark.start } else { place };
                assert_eq!(found.unwrap().entries().unwrap(), whole_before(&ends, last), "byte {place}");
            }
        }
    }

    #[test]
    fn an_end_that_came_to_the_disk_in_pieces_is_torn() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("log");
        let (bytes, ends) = written(&path, 6, |number| number == 1);
        // Zeros where entry 3 should be, and whole entries after it that nobody has waited for.
        let mut bent = bytes.clone();
        bent[ends[3]..ends[4]].fill(0);
        std::fs::write(&path, &bent).unwrap();
        let log = FileLog::open(&path).unwrap();
        assert_eq!(log.entries().unwrap(), (0..3).map(entry).collect::<Vec<_>>());
        assert_eq!(std::fs::metadata(&path).unwrap().len(), ends[3] as u64);
    }

    #[test]
    fn a_whole_record_that_is_no_entry_is_refused() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("log");
        let (mut bytes, ends) = written(&path, 2, |_| false);
        let mut foreign = vec![0; HEAD];
        foreign.push(250);
        complete(&mut foreign, bytes.len() as u64);
        bytes.extend(foreign);
        std::fs::write(&path, &bytes).unwrap();
        let error = FileLog::open(&path).unwrap_err();
        assert!(matches!(error, LedgerError::LogDamaged { at, .. } if at == ends[2] as u64), "{error}");
    }

    #[test]
    fn a_cleared_log_is_empty_and_a_folder_is_no_log() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("log");
        written(&path, 3, |_| true);
        let mut log = FileLog::open(&path).unwrap();
        log.clear().unwrap();
        log.append(entry(7)).unwrap();
        assert_eq!(FileLog::open(&path).unwrap().entries().unwrap(), [entry(7)]);
        let error = FileLog::open(folder.path()).unwrap_err();
        assert!(matches!(error, LedgerError::Log { .. }), "{error}");
    }
}
