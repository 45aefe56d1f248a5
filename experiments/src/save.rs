//! A saved run: one file from which the run goes on, elsewhere, later, or in several branches.
//!
//! It is a tar archive, in this order:
//!
//! | name | what |
//! |---|---|
//! | `save.json` | [`Header`]: which run, when, and the length and SHA-256 of everything behind it |
//! | `scenario.toml` | the effective scenario |
//! | `inputs/0`, `inputs/1`, ... | its data files |
//! | `journal` | what was added up so far |
//! | `simulation` | actors, messages on their way, random streams, digest: a [`Snapshot`] |
//! | `ledger` | all blocks, each behind its length (u32, little-endian) |
//! | `<table>/part-...parquet` | the rows so far |
//!
//! A save appears when it is whole: it is written beside its place, brought to the disk and renamed.

use std::fs::{self, File};
use std::io::{self, BufWriter, Read, Seek as _, SeekFrom};
use std::path::{Path, PathBuf};

use goshawk_agents::community::Community;
use goshawk_agents::journal::Journal;
use goshawk_engine::Snapshot;
use goshawk_output::{PartEntry, SaveEntry, Sealed};
use serde::{Deserialize, Serialize};
use sha2::{Digest as _, Sha256};

use crate::run::config_hash;
use crate::scenario::Loaded;

pub mod branch;
mod error;
mod read;
mod spool;

pub use error::SaveError;
pub use read::SavedRun;
pub(crate) use spool::Spool;

/// What a save calls itself.
const FORMAT: &str = "goshawk-save";
/// The number of the format; together with the program's version it says who can go on from a save.
const FORMAT_VERSION: u32 = 4;
const HEADER: &str = "save.json";
const SCENARIO: &str = "scenario.toml";
const JOURNAL: &str = "journal";
const SIMULATION: &str = "simulation";
const LEDGER: &str = "ledger";

/// Which run was saved, when, and what is in the file.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Header {
    /// "goshawk-save".
    format: String,
    /// The number of the format.
    format_version: u32,
    /// Version of the program that wrote it.
    program_version: String,
    /// Name of the scenario.
    pub scenario: String,
    /// The day, from 1, at whose end it was saved.
    pub day: u32,
    /// Periods whose books are closed.
    pub periods: u32,
    /// Digest of the effective scenario with its data files.
    pub config_hash: String,
    /// How many legs of parts there are.
    pub legs: u32,
    /// The saves from which the run had gone on itself.
    pub went_on_from: Vec<SaveEntry>,
    /// Blocks of the ledger.
    pub blocks: u64,
    inputs: Vec<Input>,
    parts: Vec<PartEntry>,
    contents: Vec<Content>,
    /// SHA-256 of this header as written, with nothing in this place.
    sha256: String,
}

/// A data file of the scenario.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
struct Input {
    field: String,
    path: String,
}

/// Something in the archive.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
struct Content {
    name: String,
    bytes: u64,
    sha256: String,
}

impl Header {
    fn to_json(&self) -> String {
        let mut header = self.clone();
        header.sha256.clear();
        header.sha256 = hexadecimal(&Sha256::digest(header.json()));
        header.json()
    }

    fn json(&self) -> String {
        let text = serde_json::to_string_pretty(self);
        text.expect("invariant: a header has text keys and whole numbers only") + "\n"
    }
}

/// Where the save of a day's end lies: beside the folder of the run, so that it stays whatever becomes of the run.
pub fn save_path(out: &Path, day: u32) -> PathBuf {
    let name = out.file_name().map_or_else(|| "run".into(), |name| name.to_string_lossy());
    out.with_file_name(format!("{name}.day-{day:03}.save"))
}

/// What is saved.
#[derive(Debug)]
pub(crate) struct Moment<'a> {
    pub(crate) loaded: &'a Loaded,
    pub(crate) community: &'a Community,
    pub(crate) journal: &'a Journal,
    /// All blocks so far.
    pub(crate) spool: &'a Spool,
    /// All parts so far.
    pub(crate) sealed: &'a Sealed,
    pub(crate) legs: u32,
    pub(crate) went_on_from: &'a [SaveEntry],
    pub(crate) day: u32,
}

/// A content before it is written.
enum Source<'a> {
    Bytes(Vec<u8>),
    Opened(File),
    At(&'a Path),
}

/// Writes a save.
///
/// # Errors
/// When an actor is in the middle of something, or the file cannot be written; then there is none.
pub(crate) fn write(path: &Path, moment: &Moment<'_>) -> Result<(), SaveError> {
    let Moment { loaded, community, journal, spool, sealed, legs, went_on_from, day } = *moment;
    let simulation: Snapshot = community.save(&loaded.scenario.name)?;
    let state = journal.state();
    let state = postcard::to_stdvec(&state).expect("invariant: numbers and texts can be written");
    let mut sources = vec![(SCENARIO.to_owned(), Source::Bytes(loaded.effective_toml.clone().into_bytes()))];
    for (number, file) in loaded.files.iter().enumerate() {
        sources.push((format!("inputs/{number}"), Source::Bytes(file.text.clone().into_bytes())));
    }
    sources.push((JOURNAL.to_owned(), Source::Bytes(state)));
    sources.push((SIMULATION.to_owned(), Source::Bytes(simulation.to_bytes())));
    let folder = path.parent().filter(|folder| !folder.as_os_str().is_empty()).unwrap_or(Path::new("."));
    let ledger = spool.blocks().map_err(|source| SaveError::io("keep the blocks for", path, source))?;
    sources.push((LEDGER.to_owned(), Source::Opened(ledger)));
    for (part, at) in sealed.waiting_parts() {
        sources.push((part.path.clone(), Source::At(at)));
    }
    let failed = |source| SaveError::io("write", path, source);
    let contents = sources.iter_mut().map(|(name, source)| describe(name, source)).collect::<io::Result<_>>();
    let header = Header {
        format: FORMAT.to_owned(),
        format_version: FORMAT_VERSION,
        program_version: env!("CARGO_PKG_VERSION").to_owned(),
        scenario: loaded.scenario.name.clone(),
        day,
        periods: journal.periods_done(),
        config_hash: config_hash(loaded),
        legs,
        went_on_from: went_on_from.to_vec(),
        blocks: community.blocks(),
        inputs: loaded
            .files
            .iter()
            .map(|file| Input { field: file.field.clone(), path: file.path.clone() })
            .collect(),
        parts: sealed.waiting_parts().map(|(part, _)| part.clone()).collect(),
        contents: contents.map_err(failed)?,
        sha256: String::new(),
    };
    sources.insert(0, (HEADER.to_owned(), Source::Bytes(header.to_json().into_bytes())));
    // Beside its place, so that a rename suffices; with the rights that other files of the run have.
    let aside_path = path.with_extension("save.partial");
    let aside = File::create(&aside_path).map_err(failed)?;
    let goes_away = tempfile::TempPath::try_from_path(aside_path).map_err(failed)?;
    let mut archive = tar::Builder::new(BufWriter::new(aside));
    for (name, source) in &mut sources {
        append(&mut archive, name, source).map_err(failed)?;
    }
    let file = archive.into_inner().map_err(failed)?;
    let file = file.into_inner().map_err(|error| failed(error.into_error()))?;
    file.sync_all().map_err(failed)?;
    goes_away.persist(path).map_err(|error| failed(error.error))?;
    File::open(folder).and_then(|folder| folder.sync_all()).map_err(failed)
}

fn describe(name: &str, source: &mut Source<'_>) -> io::Result<Content> {
    let mut digest = Sha256::new();
    let bytes = match source {
        Source::Bytes(bytes) => {
            digest.update(&*bytes);
            bytes.len() as u64
        }
        Source::Opened(file) => {
            file.seek(SeekFrom::Start(0))?;
            io::copy(file, &mut Digesting(&mut digest))?
        }
        Source::At(path) => io::copy(&mut File::open(path)?, &mut Digesting(&mut digest))?,
    };
    Ok(Content { name: name.to_owned(), bytes, sha256: hexadecimal(&digest.finalize()) })
}

/// Nothing of an entry but its name and content depends on when, where and by whom it is written.
fn append<W: io::Write>(
    archive: &mut tar::Builder<W>,
    name: &str,
    source: &mut Source<'_>,
) -> io::Result<()> {
    let mut put = |bytes: u64, content: &mut dyn Read| {
        let mut header = tar::Header::new_ustar();
        header.set_size(bytes);
        header.set_mode(0o644);
        archive.append_data(&mut header, name, content)
    };
    match source {
        Source::Bytes(bytes) => put(bytes.len() as u64, &mut bytes.as_slice()),
        Source::Opened(file) => {
            let bytes = file.seek(SeekFrom::End(0))?;
            file.seek(SeekFrom::Start(0))?;
            put(bytes, file)
        }
        Source::At(path) => put(fs::metadata(*path)?.len(), &mut File::open(path)?),
    }
}

/// Digests what is written to it.
struct Digesting<'a>(&'a mut Sha256);

impl io::Write for Digesting<'_> {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        self.0.update(bytes);
        Ok(bytes.len())
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}

fn hexadecimal(bytes: &[u8]) -> String {
    bytes.iter().map(|byte| format!("{byte:02x}")).collect()
}
