//! Reading a save: everything in it is checked before anything of it is used.

use std::fs::{self, File};
use std::io::{self, BufReader, BufWriter, ErrorKind, Read, Write as _};
use std::path::{Path, PathBuf};

use goshawk_agents::community::Community;
use goshawk_agents::journal::{Journal, JournalState};
use goshawk_engine::Snapshot;
use goshawk_ledger::{Canonical as _, Committed};
use goshawk_output::{OutputFolder, SaveEntry, Sealed, is_inside};
use serde::Deserialize;
use sha2::{Digest as _, Sha256};

use super::{
    Content, Digesting, FORMAT, FORMAT_VERSION, HEADER, Header, JOURNAL, LEDGER, SCENARIO, SIMULATION,
    SaveError, hexadecimal,
};
use crate::run::config_hash;
use crate::scenario::{DataFile, Loaded, Problems, load_kept};

/// A header is a few kilobytes, and a megabyte where a run was saved a thousand times.
const HEADER_BYTES_MAX: u64 = 64 << 20;

/// A save that was read and found whole.
#[derive(Debug)]
pub struct SavedRun {
    path: PathBuf,
    /// Which run, and when.
    pub header: Header,
    sha256: String,
    files: Vec<DataFile>,
    scenario_toml: String,
    journal: Vec<u8>,
    simulation: Vec<u8>,
}

impl SavedRun {
    /// Reads a save and checks all of it.
    ///
    /// # Errors
    /// When there is none, it is of another version, cut or altered, or cannot be read.
    pub fn open(path: &Path) -> Result<Self, SaveError> {
        let failed = |source| SaveError::io("read", path, source);
        let mut file = match File::open(path) {
            Err(error) if error.kind() == ErrorKind::NotFound => {
                return Err(SaveError::Missing { path: path.to_owned() });
            }
            opened => opened.map_err(failed)?,
        };
        if fs::metadata(path).map_err(failed)?.is_dir() {
            return Err(SaveError::NoSave { path: path.to_owned() });
        }
        let mut whole = Sha256::new();
        io::copy(&mut file, &mut Digesting(&mut whole)).map_err(failed)?;
        let mut header = None;
        let mut small: Vec<(String, Vec<u8>)> = Vec::new();
        let mut seen = 0;
        each_entry(path, |name, entry| {
            let Some(expected): Option<&Header> = header.as_ref() else {
                header = Some(read_header(path, &name, entry)?);
                return Ok(true);
            };
            let damaged = |why: String| SaveError::Damaged { path: path.to_owned(), why };
            let Some(content) = expected.contents.get(seen) else {
                return Err(damaged(format!("`{name}` does not belong to it")));
            };
            if content.name != name {
                return Err(damaged(format!("it has `{name}` where `{}` should be", content.name)));
            }
            seen += 1;
            let is_small = [SCENARIO, JOURNAL, SIMULATION].contains(&&*name) || name.starts_with("inputs/");
            let kept = check(content, entry, is_small).map_err(|why| damaged(format!("`{name}` {why}")))?;
            small.extend(kept.map(|bytes| (name, bytes)));
            Ok(true)
        })?;
        let header = header.ok_or_else(|| SaveError::NoSave { path: path.to_owned() })?;
        let damaged = |why: String| SaveError::Damaged { path: path.to_owned(), why };
        if let Some(missing) = header.contents.get(seen) {
            return Err(damaged(format!("it is cut off before `{}`", missing.name)));
        }
        let mut take = |wanted: &str| {
            let place = small.iter().position(|(name, _)| name == wanted);
            place.map(|place| small.swap_remove(place).1).ok_or_else(|| damaged(format!("no `{wanted}`")))
        };
        let text = |bytes: Vec<u8>| String::from_utf8(bytes).map_err(|_| damaged("no text".to_owned()));
        let scenario_toml = text(take(SCENARIO)?)?;
        let (journal, simulation) = (take(JOURNAL)?, take(SIMULATION)?);
        let files = header.inputs.iter().enumerate().map(|(number, input)| {
            let text = text(take(&format!("inputs/{number}"))?)?;
            let sha256 = hexadecimal(&Sha256::digest(text.as_bytes()));
            let (field, path) = (input.field.clone(), input.path.clone());
            Ok(DataFile { field, path, text, sha256, repaired_values: 0 })
        });
        Ok(Self {
            path: path.to_owned(),
            files: files.collect::<Result<_, SaveError>>()?,
            sha256: hexadecimal(&whole.finalize()),
            header,
            scenario_toml,
            journal,
            simulation,
        })
    }

    /// The scenario of the run that was saved, with `sets` for the days after. Data files come from the save, others that
    /// `sets` name from the present folder.
    ///
    /// # Errors
    /// Every problem of the arguments, and of the scenario with them.
    pub fn scenario(&self, sets: &[String]) -> Result<Loaded, Problems> {
        let name = format!("{} in {}", SCENARIO, self.path.display());
        load_kept(&name, &self.scenario_toml, (Path::new(""), &self.files), sets)
    }

    /// The entry of the manifest of a run that goes on from here under `loaded`.
    ///
    /// # Errors
    /// When something is changed that the days before depend on.
    pub(crate) fn entry(&self, loaded: &Loaded) -> Result<SaveEntry, SaveError> {
        let before = self.scenario(&[]).map_err(|problems| SaveError::Damaged {
            path: self.path.clone(),
            why: format!("its scenario has problems: {problems}"),
        })?;
        if config_hash(&before) != self.header.config_hash {
            let why = "its scenario is not the one that its header names".to_owned();
            return Err(SaveError::Damaged { path: self.path.clone(), why });
        }
        if loaded.scenario.name != self.header.scenario {
            let (found, wanted) = (self.header.scenario.clone(), loaded.scenario.name.clone());
            return Err(SaveError::OtherScenario { path: self.path.clone(), found, wanted });
        }
        let changes = super::branch::changes(&before, loaded)
            .map_err(|problems| SaveError::Differs { path: self.path.clone(), problems })?;
        let Header { day, periods, config_hash, legs, .. } = self.header.clone();
        Ok(SaveEntry { sha256: self.sha256.clone(), day, periods, config_hash, legs, changes })
    }

    pub(crate) fn journal(&self) -> Result<JournalState, SaveError> {
        let read = postcard::take_from_bytes(&self.journal);
        let (state, rest) = read.map_err(|error| self.unreadable(JOURNAL, &error))?;
        match rest {
            [] => Ok(state),
            rest => {
                let why = format!("`{JOURNAL}` is {} bytes too long", rest.len());
                Err(SaveError::Damaged { path: self.path.clone(), why })
            }
        }
    }

    /// Puts a community, before anything has run, in the place of the one that was saved.
    pub(crate) fn restore(&self, community: &mut Community, journal: &mut Journal) -> Result<(), SaveError> {
        let snapshot =
            Snapshot::from_bytes(&self.simulation).map_err(|error| self.unreadable(SIMULATION, &error))?;
        community.restore(&snapshot, journal)?;
        let mut restocked = Ok(());
        each_entry(&self.path, |name, entry| {
            if name != LEDGER {
                return Ok(true);
            }
            restocked = self.restock(entry, community);
            Ok(false)
        })?;
        restocked
    }

    fn restock(&self, ledger: &mut dyn Read, community: &mut Community) -> Result<(), SaveError> {
        let failed = |source| SaveError::io("read", &self.path, source);
        let mut ledger = BufReader::new(ledger);
        let mut record = Vec::new();
        for _ in 0..self.header.blocks {
            let mut length = [0; 4];
            ledger.read_exact(&mut length).map_err(failed)?;
            record.resize(u32::from_le_bytes(length) as usize, 0);
            ledger.read_exact(&mut record).map_err(failed)?;
            let block = Committed::from_bytes(&record).map_err(|error| self.unreadable(LEDGER, &error))?;
            community.restock(&block)?;
        }
        Ok(())
    }

    /// Puts the parts of the save aside in the folder of the run that goes on.
    pub(crate) fn parts(&self, folder: &OutputFolder) -> Result<Sealed, SaveError> {
        let mut sealed = Sealed::default();
        each_entry(&self.path, |name, entry| {
            let Some(place) = self.header.parts.iter().position(|part| part.path == name) else {
                return Ok(true);
            };
            let aside = format!("saved-{place}.parquet");
            let path = folder.aside().join(&aside);
            let mut copy = || -> io::Result<()> {
                let mut file = BufWriter::new(File::create(&path)?);
                io::copy(entry, &mut file)?;
                file.flush()?;
                file.get_ref().sync_all()
            };
            copy().map_err(|source| SaveError::io("write", &path, source))?;
            sealed.extend(folder.take_over(&aside, self.header.parts[place].clone()));
            Ok(true)
        })?;
        Ok(sealed)
    }

    fn unreadable(&self, what: &str, error: &dyn std::error::Error) -> SaveError {
        SaveError::Damaged { path: self.path.clone(), why: format!("`{what}` cannot be read: {error}") }
    }
}

/// Shows every entry of an archive, until one says that it was the last.
fn each_entry(
    path: &Path,
    mut visit: impl FnMut(String, &mut dyn Read) -> Result<bool, SaveError>,
) -> Result<(), SaveError> {
    let file = File::open(path).map_err(|source| SaveError::io("read", path, source))?;
    let mut archive = tar::Archive::new(BufReader::new(file));
    let mut is_first = true;
    // What is no archive, or is cut in the middle of one, shows in words of the library's.
    let broken = |error: io::Error, is_first: bool| match is_first {
        true => SaveError::NoSave { path: path.to_owned() },
        false => {
            SaveError::Damaged { path: path.to_owned(), why: format!("it is cut off or altered ({error})") }
        }
    };
    for entry in archive.entries().map_err(|error| broken(error, true))? {
        let mut entry = entry.map_err(|error| broken(error, is_first))?;
        let name = entry.path().map_err(|error| broken(error, is_first))?.to_string_lossy().into_owned();
        is_first = false;
        if !visit(name, &mut entry)? {
            break;
        }
    }
    Ok(())
}

fn read_header(path: &Path, name: &str, entry: &mut dyn Read) -> Result<Header, SaveError> {
    #[derive(Deserialize)]
    struct Kind {
        format: String,
        format_version: u32,
        program_version: String,
    }
    let no_save = || SaveError::NoSave { path: path.to_owned() };
    let mut text = String::new();
    if name != HEADER || entry.take(HEADER_BYTES_MAX).read_to_string(&mut text).is_err() {
        return Err(no_save());
    }
    let altered = |why: &str| SaveError::Damaged { path: path.to_owned(), why: format!("`{HEADER}` {why}") };
    let kind: Kind = serde_json::from_str(&text).map_err(|_| altered("is cut off or altered"))?;
    if kind.format != FORMAT {
        return Err(no_save());
    }
    let ours = env!("CARGO_PKG_VERSION");
    if (kind.format_version, kind.program_version.as_str()) != (FORMAT_VERSION, ours) {
        return Err(SaveError::Version {
            path: path.to_owned(),
            program: kind.program_version,
            format: kind.format_version,
            ours,
            our_format: FORMAT_VERSION,
        });
    }
    let header: Header = serde_json::from_str(&text).map_err(|_| altered("is cut off or altered"))?;
    if header.to_json() != text {
        return Err(altered("was altered"));
    }
    // Whoever makes a header can make its digest, too.
    match header.parts.iter().find(|part| !is_inside(&part.path)) {
        Some(part) => Err(altered(&format!("names {:?}, which is not a path within a folder", part.path))),
        None => Ok(header),
    }
}

/// Holds a content against the header, and keeps it if it is wanted. The error says what is wrong with it.
fn check(content: &Content, entry: &mut dyn Read, is_kept: bool) -> Result<Option<Vec<u8>>, String> {
    let cut = |error: io::Error| format!("is cut off ({error})");
    let mut digest = Sha256::new();
    let mut kept = None;
    let found = if is_kept {
        let mut bytes = Vec::new();
        entry.read_to_end(&mut bytes).map_err(cut)?;
        digest.update(&bytes);
        kept.insert(bytes).len() as u64
    } else {
        io::copy(entry, &mut Digesting(&mut digest)).map_err(cut)?
    };
    if found != content.bytes {
        return Err(format!("has {found} bytes, not {}", content.bytes));
    }
    if hexadecimal(&digest.finalize()) != content.sha256 {
        return Err("was altered: its SHA-256 does not match".to_owned());
    }
    Ok(kept)
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    fn header_with_part(part: &str) -> Result<Header, SaveError> {
        let header: Header = serde_json::from_value(json!({
            "format": FORMAT, "format_version": FORMAT_VERSION, "program_version": env!("CARGO_PKG_VERSION"),
            "scenario": "s", "day": 1, "periods": 24, "config_hash": "", "legs": 1, "went_on_from": [], "blocks": 0,
            "inputs": [], "contents": [], "sha256": "",
            "parts": [{
                "table": "trades", "path": part, "replicates": { "first": 0, "last": 0 }, "rows": 1,
                "sha256": "", "bytes": 0, "chunk_bytes": 1, "chunk_sha256": [],
            }],
        }))
        .expect("a header");
        read_header(Path::new("a.save"), HEADER, &mut header.to_json().as_bytes())
    }

    #[test]
    fn parts_stay_within_the_folder_of_the_run() {
        header_with_part("trades/part-00000-00000.parquet").expect("a path within it");
        for path in ["../out.parquet", "/tmp/out.parquet", "trades/../../out.parquet", ""] {
            let error = header_with_part(path).expect_err("a path out of it").to_string();
            assert!(
                error.contains(&format!("names {path:?}, which is not a path within a folder")),
                "{error}"
            );
        }
    }
}
