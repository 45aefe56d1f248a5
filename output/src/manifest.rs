//! The manifest: what a run was, what it wrote, and the digests to check it by.

use std::fs;
use std::path::{Component, Path};

use goshawk_market::quantity::Energy;
use serde::{Deserialize, Serialize};

use crate::cell::Digest;
use crate::digest::FileDigest;
use crate::error::{Attempt, OutputError};
use crate::number_format::NumberFormat;
use crate::table::{SCHEMA_VERSION, Table};

/// Name of the manifest in a run's folder.
pub const MANIFEST_FILE: &str = "manifest.json";
/// Name of the effective scenario in a run's folder.
pub const SCENARIO_FILE: &str = "scenario.toml";
/// What a manifest calls itself.
pub const FORMAT: &str = "goshawk-output";
/// Version of the manifest itself.
pub const FORMAT_VERSION: u32 = 1;

/// A stretch of replicates, both ends in it.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
pub struct ReplicateRange {
    /// The first.
    pub first: u32,
    /// The last.
    pub last: u32,
}

/// What is the same in every file of a run, and written into each.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct RunHeader {
    /// Name of the scenario.
    pub scenario: String,
    /// Currency of all money, such as `EUR`.
    pub currency: String,
    /// IANA time zone of the community.
    pub zone: String,
    /// Digest of the effective scenario.
    pub config_hash: String,
    /// How energies, powers, prices and money are written.
    #[serde(default, skip_serializing_if = "NumberFormat::is_default")]
    pub numbers: NumberFormat,
}

/// The stretch of time that every replicate covers; the audit demands each of its periods.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub struct Horizon {
    /// Start of the first period, in microseconds since 1970-01-01 UTC.
    pub start_micros: i64,
    /// Length of a period in microseconds; divides a day.
    pub period_micros: u64,
    /// Periods.
    pub periods: u32,
}

impl Horizon {
    /// Periods in a day of 24 hours.
    pub fn periods_per_day(&self) -> u64 {
        const MICROS_PER_DAY: u64 = 86_400_000_000;
        MICROS_PER_DAY / self.period_micros.max(1)
    }
}

/// What the books open with, beside the households' `initial_kwh`.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Opening {
    /// Energy in the shared storage, in steps of 1e-6 kWh.
    pub storage_micro_kwh: Energy,
}

/// A part of a table.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct PartEntry {
    /// Name of the table.
    pub table: String,
    /// Path within the run's folder, with `/`.
    pub path: String,
    /// The replicates in it.
    pub replicates: ReplicateRange,
    /// Which stretch of the run it holds, from 0: a run that was saved ends its parts there and begins new ones.
    #[serde(default, skip_serializing_if = "is_first_leg")]
    pub leg: u32,
    /// Rows in it.
    pub rows: u64,
    /// Its digests.
    #[serde(flatten)]
    pub digest: FileDigest,
}

fn is_first_leg(leg: &u32) -> bool {
    *leg == 0
}

/// Any other file of a run: the scenario, the ledger's store.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct FileEntry {
    /// Path within the run's folder, with `/`.
    pub path: String,
    /// Its digests.
    #[serde(flatten)]
    pub digest: FileDigest,
}

/// A file that the run read.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct InputEntry {
    /// Where it was.
    pub path: String,
    /// SHA-256 of its content.
    pub sha256: String,
    /// Where it comes from.
    pub source: Option<String>,
    /// Under which licence.
    pub licence: Option<String>,
    /// Values that it did not have and that were interpolated before the run.
    #[serde(default)]
    pub repaired_values: u64,
}

/// What may differ between two runs of the same input. Nothing else in the folder does.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct RunInfo {
    /// When it began, UTC, RFC 3339.
    pub started: String,
    /// When it was done, UTC, RFC 3339.
    pub finished: String,
    /// The machine.
    pub host: String,
    /// Threads that simulated.
    pub jobs: u32,
    /// The command line.
    pub command: Vec<String>,
}

/// The study that a run is a point of.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct StudyEntry {
    /// Name of the study.
    pub name: String,
    /// The point, by its place in the design.
    pub point: u32,
}

/// A saved run, from which another went on.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct SaveEntry {
    /// SHA-256 of the save.
    pub sha256: String,
    /// The day, from 1, at whose end it was saved.
    pub day: u32,
    /// Periods whose books were closed.
    pub periods: u32,
    /// Digest of the effective scenario of the run that was saved, which its parts have in their footers.
    pub config_hash: String,
    /// Parts of legs below this one are from the save.
    pub legs: u32,
    /// What was changed for the days after: `field: before -> after`.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub changes: Vec<String>,
}

/// The manifest of a run.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Manifest {
    /// [`FORMAT`].
    pub format: String,
    /// [`FORMAT_VERSION`].
    pub format_version: u32,
    /// Version of the tables' columns.
    pub schema_version: u32,
    /// Version of the program.
    pub program_version: String,
    /// Scenario, currency, zone and configuration, as in every file's footer.
    #[serde(flatten)]
    pub header: RunHeader,
    /// The seed of everything.
    pub seed: u64,
    /// The study, of the folder of a point; its ledger is in the tables alone.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub study: Option<StudyEntry>,
    /// The replicates of the run.
    pub replicates: ReplicateRange,
    /// Replicates among them that failed, and of which there are no rows.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub failed_replicates: Vec<u32>,
    /// Tables that were not asked for, and have no parts.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub tables_left_out: Vec<String>,
    /// The time that each covers.
    pub horizon: Horizon,
    /// What the books open with.
    pub opening: Opening,
    /// The saves from which the run went on, the first one first; none of a run that began at the beginning.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub went_on_from: Vec<SaveEntry>,
    /// Digest of all delivered events.
    pub event_digest: String,
    /// The scheme of the ledger's signatures.
    pub signatures: String,
    /// The parts of the tables.
    pub parts: Vec<PartEntry>,
    /// All other files but the manifest.
    pub files: Vec<FileEntry>,
    /// What the run read.
    pub inputs: Vec<InputEntry>,
    /// What may differ between two runs.
    pub run: RunInfo,
    /// SHA-256 of this manifest as written, with nothing in this place.
    pub manifest_sha256: String,
}

impl Manifest {
    /// A manifest with nothing written yet.
    pub fn new(header: RunHeader, seed: u64, replicates: ReplicateRange, horizon: Horizon) -> Self {
        Self {
            format: FORMAT.to_owned(),
            format_version: FORMAT_VERSION,
            schema_version: SCHEMA_VERSION,
            program_version: env!("CARGO_PKG_VERSION").to_owned(),
            header,
            seed,
            study: None,
            replicates,
            failed_replicates: Vec::new(),
            tables_left_out: Vec::new(),
            horizon,
            opening: Opening::default(),
            went_on_from: Vec::new(),
            event_digest: String::new(),
            signatures: String::new(),
            parts: Vec::new(),
            files: Vec::new(),
            inputs: Vec::new(),
            run: RunInfo::default(),
            manifest_sha256: String::new(),
        }
    }

    /// The manifest of a run's folder.
    ///
    /// # Errors
    /// When there is none, it is not one, was changed after it was written, or is of another version.
    pub fn read(folder: &Path) -> Result<Self, OutputError> {
        let path = folder.join(MANIFEST_FILE);
        let text = fs::read_to_string(&path).attempt("read", &path)?;
        Self::from_json(&text).map_err(|reason| OutputError::Manifest { path, reason })
    }

    /// Writes the manifest into a folder; for a run's own, see [`crate::OutputFolder::publish`].
    ///
    /// # Errors
    /// When it cannot be written.
    pub fn write(&self, folder: &Path) -> Result<(), OutputError> {
        let path = folder.join(MANIFEST_FILE);
        fs::write(&path, self.to_json()).attempt("write", &path)
    }

    /// As JSON, sealed by its own digest.
    pub fn to_json(&self) -> String {
        let mut manifest = self.clone();
        manifest.manifest_sha256.clear();
        manifest.manifest_sha256 = Digest::of(manifest.json().as_bytes()).to_string();
        manifest.json()
    }

    fn json(&self) -> String {
        let text = serde_json::to_string_pretty(self);
        text.expect("invariant: a manifest has text keys and finite numbers only") + "\n"
    }

    /// From JSON; the reason if it is not a manifest that this program understands.
    fn from_json(text: &str) -> Result<Self, String> {
        #[derive(Deserialize)]
        struct Kind {
            format: String,
            format_version: u32,
            schema_version: u32,
        }
        let kind: Kind = serde_json::from_str(text).map_err(|error| error.to_string())?;
        if kind.format != FORMAT {
            return Err(format!("its format is {:?}, not {FORMAT:?}", kind.format));
        }
        if (kind.format_version, kind.schema_version) != (FORMAT_VERSION, SCHEMA_VERSION) {
            return Err(format!(
                "it is of version {} with tables of version {}; this program reads {FORMAT_VERSION} and {SCHEMA_VERSION}",
                kind.format_version, kind.schema_version
            ));
        }
        let manifest: Self = serde_json::from_str(text).map_err(|error| error.to_string())?;
        // Written by this program it comes out again byte for byte, so nothing can hide in the text.
        if manifest.to_json() != text {
            return Err("it was changed after it was written: its digest does not match".to_owned());
        }
        if let Some(path) = manifest.paths().find(|path| !is_inside(path)) {
            return Err(format!("it lists {path:?}, which is not a path within the folder"));
        }
        Ok(manifest)
    }

    /// Paths of all listed files.
    pub fn paths(&self) -> impl Iterator<Item = &str> {
        let parts = self.parts.iter().map(|part| part.path.as_str());
        parts.chain(self.files.iter().map(|file| file.path.as_str()))
    }

    /// The digest of the effective scenario under which a part was written.
    pub fn config_hash_of(&self, part: &PartEntry) -> &str {
        let before = self.went_on_from.iter().find(|save| part.leg < save.legs);
        before.map_or(&self.header.config_hash, |save| &save.config_hash)
    }

    /// Whether a table was asked for.
    pub fn has(&self, table: Table) -> bool {
        !self.tables_left_out.iter().any(|name| name == table.name())
    }

    /// Replicates of which there are rows.
    pub fn replicates_with_rows(&self) -> impl Iterator<Item = u32> {
        let ReplicateRange { first, last } = self.replicates;
        (first..=last).filter(|replicate| !self.failed_replicates.contains(replicate))
    }

    /// Parts of a table, by their first replicate and their leg.
    pub fn parts_of(&self, table: Table) -> Vec<&PartEntry> {
        let mut parts: Vec<_> = self.parts.iter().filter(|part| part.table == table.name()).collect();
        parts.sort_by_key(|part| (part.replicates, part.leg));
        parts
    }
}

/// Whether a path stays within its folder: plain names only, no root, no `..`.
pub fn is_inside(path: &str) -> bool {
    let mut names = Path::new(path).components().peekable();
    names.peek().is_some() && names.all(|name| matches!(name, Component::Normal(_)))
}

#[cfg(test)]
pub(crate) mod tests {
    use super::*;

    /// A manifest of two days of hours.
    pub(crate) fn sample() -> Manifest {
        let header = RunHeader {
            scenario: "sample".to_owned(),
            currency: "EUR".to_owned(),
            zone: "Europe/Berlin".to_owned(),
            config_hash: "c0ffee".to_owned(),
            ..RunHeader::default()
        };
        let horizon = Horizon { start_micros: 0, period_micros: 3_600_000_000, periods: 24 };
        Manifest::new(header, 7, ReplicateRange { first: 0, last: 1 }, horizon)
    }

    #[test]
    fn a_manifest_comes_back_as_it_was_written() {
        let folder = tempfile::tempdir().unwrap();
        let mut manifest = sample();
        manifest.files.push(FileEntry { path: "a/b".to_owned(), digest: FileDigest::of_bytes(b"x") });
        manifest.write(folder.path()).unwrap();
        let read = Manifest::read(folder.path()).unwrap();
        assert_eq!(read.to_json(), manifest.to_json());
        assert_eq!(read.files, manifest.files);
    }

    #[test]
    fn a_manifest_with_any_byte_changed_is_refused() {
        let text = sample().to_json();
        for position in 0..text.len() {
            let mut bytes = text.clone().into_bytes();
            bytes[position] ^= 1;
            if let Ok(changed) = String::from_utf8(bytes) {
                assert!(Manifest::from_json(&changed).is_err(), "byte {position}");
            }
        }
    }

    #[test]
    fn a_manifest_that_points_outside_its_folder_is_refused() {
        for path in ["/etc/passwd", "../up", "a/../../up", ""] {
            let mut manifest = sample();
            manifest.files.push(FileEntry { path: path.to_owned(), digest: FileDigest::of_bytes(b"") });
            let reason = Manifest::from_json(&manifest.to_json()).unwrap_err();
            assert!(reason.contains("not a path within"), "{reason}");
        }
    }
}
