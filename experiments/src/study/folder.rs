//! A study's folder: what it is of, which chunks are in it, and the right to write there.
//!
//! ```text
//! OUT/study.toml                    the effective study
//! OUT/design.parquet                the points: number, scenario, the value of each factor
//! OUT/commits/<k>-of-<n>.jsonl      shard k's log: a line that says what it is of, then one a committed chunk
//! OUT/<scenario>/<table>/part-*     the parts of a point, as in a run's folder
//! OUT/<scenario>/manifest.json      once all of the point's chunks are there
//! OUT/study.json                    once all points have theirs
//! OUT/.partial/<k>-of-<n>/          what is not whole yet
//! ```
//!
//! A chunk is there when its line is in a log. Its parts are brought to the disk, renamed into their places, and their
//! folders brought to the disk before. So whatever ends a process, nothing that the log says is lost, and what it does not
//! say is run again and comes out with the same bytes.

use std::collections::BTreeMap;
use std::fs::{self, File};
use std::io::Write;
use std::path::{Path, PathBuf};

use goshawk_output::table::SCHEMA_VERSION;
use goshawk_output::{FileDigest, FolderLock, PartEntry, ReplicateRange, make_lasting_folder};
use serde::{Deserialize, Serialize};

mod error;

use error::Attempt;
pub use error::FolderError;

use super::chunk::{ChunkId, Failed, Finished, replicates};
use super::file::{Study, StudyFile};

/// What a log calls itself.
const FORMAT: &str = "goshawk-study";
/// Version of the folder.
const FORMAT_VERSION: u32 = 1;
/// Name of the effective study in the folder.
pub const STUDY_FILE: &str = "study.toml";
/// Name of the design in the folder.
pub const DESIGN_FILE: &str = "design.parquet";
/// Name of what is written last.
pub const STUDY_MANIFEST: &str = "study.json";
/// Name of the folder of logs.
pub(super) const COMMITS: &str = "commits";
/// Name of the folder of what is not whole.
pub(super) const PARTIAL: &str = ".partial";

/// A shard of a study: the chunks whose number leaves the remainder `index` when divided by `count`.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Shard {
    /// Which one, from 0.
    pub index: u32,
    /// Of how many.
    pub count: u32,
}

impl Shard {
    /// All of it.
    pub const WHOLE: Self = Self { index: 0, count: 1 };

    /// The one, of `count`, that a chunk belongs to; chunks are counted through all points.
    pub fn of(chunk: u64, count: u32) -> Self {
        let index =
            u32::try_from(chunk % u64::from(count)).expect("invariant: a remainder is below its divisor");
        Self { index, count }
    }

    /// Whether a chunk belongs to it; chunks are counted through all points.
    pub fn holds(self, chunk: u64) -> bool {
        Self::of(chunk, self.count) == self
    }

    fn name(self) -> String {
        format!("{}-of-{}", self.index, self.count)
    }
}

/// What a study's rows depend on, piece by piece, so that a difference can be named.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Identity {
    format: String,
    format_version: u32,
    /// Version of the tables' columns.
    pub schema_version: u32,
    /// Version of the program.
    pub program_version: String,
    /// Name of the study.
    pub name: String,
    /// Digest of the effective study, without the number of replicates, which may grow.
    study_sha256: String,
    /// Digest of the first point's effective scenario.
    scenario_sha256: String,
    /// Digests of the data files, by path.
    inputs: BTreeMap<String, String>,
    /// Digest of the effective scenarios of all points.
    points_sha256: String,
}

impl Identity {
    /// Of a study.
    pub fn of(study: &Study) -> Self {
        let sha = |text: &str| FileDigest::of_bytes(text.as_bytes()).sha256;
        Self {
            format: FORMAT.to_owned(),
            format_version: FORMAT_VERSION,
            schema_version: SCHEMA_VERSION,
            program_version: env!("CARGO_PKG_VERSION").to_owned(),
            name: study.file.name.clone(),
            study_sha256: study_digest(&study.file),
            scenario_sha256: sha(&study.first.effective_toml),
            inputs: study.first.files.iter().map(|file| (file.path.clone(), file.sha256.clone())).collect(),
            points_sha256: sha(&study.config_hashes.join("\n")),
        }
    }

    /// Whether it is of a study with this file.
    pub(super) fn is_of(&self, file: &StudyFile) -> bool {
        self.study_sha256 == study_digest(file)
    }

    /// What of it differs from `other`, in words; nothing where they are the same.
    pub(super) fn difference(&self, other: &Self) -> Option<String> {
        if self.name != other.name {
            return Some(format!("its study is {:?}, not {:?}", self.name, other.name));
        }
        if self.program_version != other.program_version {
            let (theirs, ours) = (&self.program_version, &other.program_version);
            return Some(format!("version {theirs} of goshawk wrote it, and this is version {ours}"));
        }
        let versions = (self.format_version, self.schema_version);
        if versions != (other.format_version, other.schema_version) {
            return Some(format!(
                "its tables are of version {}, not {}",
                self.schema_version, other.schema_version
            ));
        }
        if self.study_sha256 != other.study_sha256 {
            return Some("the study file has changed".to_owned());
        }
        let changed = other.inputs.iter().find(|(path, sha)| self.inputs.get(*path) != Some(sha));
        if let Some((path, _)) = changed {
            return Some(format!("the data file {path} has changed"));
        }
        if self.scenario_sha256 != other.scenario_sha256 {
            return Some("the scenario file has changed".to_owned());
        }
        (self != other).then(|| "the scenario of a point has changed".to_owned())
    }
}

/// Of a study without the number of its replicates.
fn study_digest(file: &StudyFile) -> String {
    let mut file = file.clone();
    file.replicates = 0;
    // What may change without changing a row.
    file.failures_max = 0;
    file.description.clear();
    let text = toml::to_string(&file).expect("invariant: every study can be written as TOML");
    FileDigest::of_bytes(text.as_bytes()).sha256
}

/// The first line of a log: what it is of, and where that was read.
#[derive(Debug, Serialize, Deserialize)]
struct Head {
    #[serde(flatten)]
    identity: Identity,
    /// Folder of the study file, from which the scenario's path goes; whoever resumes may have it elsewhere.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    inputs_from: Option<PathBuf>,
}

impl Head {
    fn of(identity: &Identity, study: &Study) -> Self {
        let base = if study.base.as_os_str().is_empty() { Path::new(".") } else { &study.base };
        let whole = fs::canonicalize(base).ok();
        // JSON has no other texts.
        let inputs_from = whole.filter(|path| path.to_str().is_some());
        Self { identity: identity.clone(), inputs_from }
    }
}

/// A chunk that is in the folder.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Commit {
    /// The point, by its place in the design.
    pub point: usize,
    /// The chunk of the point.
    pub chunk: u32,
    /// Its replicates.
    pub replicates: ReplicateRange,
    /// Those that came to their end.
    pub finished: Vec<Finished>,
    /// Those that failed.
    pub failed: Vec<Failed>,
    /// CPU time that it took.
    pub cpu_seconds: Option<f64>,
    /// Its parts, paths within the point's folder.
    pub parts: Vec<PartEntry>,
}

impl Commit {
    /// Which chunk it is of.
    pub fn id(&self) -> ChunkId {
        ChunkId { point: self.point, number: self.chunk }
    }
}

/// Replicates of a chunk that failed before the chunk was finished, so that nobody has to find out again.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Unfinished {
    /// The point, by its place in the design.
    pub point: usize,
    /// The chunk of the point.
    pub chunk: u32,
    /// Its replicates that failed.
    pub failed: Vec<Failed>,
}

/// A line of a log after the first.
#[derive(Debug, Serialize, Deserialize)]
struct UnfinishedLine {
    unfinished: Unfinished,
}

/// How a line of a chunk that was not finished begins.
const UNFINISHED: &str = "{\"unfinished\":";

/// What the logs of a folder say.
#[derive(Debug)]
pub struct Records {
    /// What the study is of.
    pub identity: Identity,
    /// The chunks that are there.
    pub commits: BTreeMap<ChunkId, Commit>,
    /// Failed replicates of chunks that are not there.
    pub unfinished: BTreeMap<ChunkId, Vec<Failed>>,
    /// Chunks that are told twice, in the same words.
    pub duplicates: Vec<ChunkId>,
    /// Chunks that are told twice, differently.
    pub contradictions: Vec<ChunkId>,
    /// Folders from which the processes that wrote the logs read the study.
    pub inputs_from: Vec<PathBuf>,
}

impl Records {
    /// Whether a folder has logs.
    pub fn are_in(out: &Path) -> bool {
        out.join(COMMITS).is_dir()
    }

    /// Reads the logs in a folder; `None` where there are none.
    ///
    /// A last line that is not whole is what a process was writing when it ended, and counts as nothing.
    ///
    /// # Errors
    /// When a log cannot be read or understood, or is of another study than the first one.
    pub fn read(out: &Path) -> Result<Option<Self>, FolderError> {
        let folder = out.join(COMMITS);
        if !folder.exists() {
            return Ok(None);
        }
        let mut logs = Vec::new();
        for entry in fs::read_dir(&folder).attempt("list", &folder)? {
            logs.push(entry.attempt("list", &folder)?.path());
        }
        logs.retain(|path| path.extension().is_some_and(|extension| extension == "jsonl"));
        logs.sort();
        let mut records: Option<Self> = None;
        for path in logs {
            let text = read_whole_lines(&path)?;
            let mut lines = whole_lines(&text).enumerate();
            let fault =
                |line: usize, why: String| FolderError::Log { path: path.clone(), line: line + 1, why };
            // A log without even a first line is one that somebody has just begun.
            let Some((_, first)) = lines.next() else { continue };
            let head: Head = serde_json::from_str(first).map_err(|why| fault(0, why.to_string()))?;
            let identity = head.identity;
            let records = match &mut records {
                None => records.insert(Self {
                    identity,
                    commits: BTreeMap::new(),
                    unfinished: BTreeMap::new(),
                    duplicates: Vec::new(),
                    contradictions: Vec::new(),
                    inputs_from: Vec::new(),
                }),
                Some(records) => {
                    if let Some(why) = records.identity.difference(&identity) {
                        return Err(fault(0, format!("of another study than the other logs: {why}")));
                    }
                    records
                }
            };
            let is_new = |folder: &PathBuf| !records.inputs_from.contains(folder);
            if let Some(folder) = head.inputs_from.filter(is_new) {
                records.inputs_from.push(folder);
            }
            for (line, text) in lines {
                if text.starts_with(UNFINISHED) {
                    let entry: UnfinishedLine =
                        serde_json::from_str(text).map_err(|why| fault(line, why.to_string()))?;
                    let Unfinished { point, chunk, failed } = entry.unfinished;
                    records.unfinished.insert(ChunkId { point, number: chunk }, failed);
                    continue;
                }
                let commit: Commit =
                    serde_json::from_str(text).map_err(|why| fault(line, why.to_string()))?;
                records.add(commit);
            }
        }
        if let Some(records) = &mut records {
            records.unfinished.retain(|id, _| !records.commits.contains_key(id));
        }
        Ok(records)
    }

    /// Forgets failures in chunks that a study does not have: it was to grow, and is not to any more.
    pub fn keep_to(&mut self, file: &StudyFile) {
        self.unfinished.retain(|id, failed| {
            failed.retain(|one| one.replicate < file.replicates);
            replicates(file, id.number).is_some()
        });
    }

    /// Every replicate that failed, with its point; those of chunks that are not there come last.
    pub fn failures(&self) -> impl Iterator<Item = (usize, &Failed)> {
        let committed = self.commits.values().flat_map(|it| it.failed.iter().map(|one| (it.point, one)));
        let ahead = self.unfinished.iter().flat_map(|(id, failed)| failed.iter().map(|one| (id.point, one)));
        committed.chain(ahead)
    }

    fn add(&mut self, commit: Commit) {
        let id = commit.id();
        if let Some(earlier) = self.commits.get(&id) {
            let is_same = (&earlier.parts, &earlier.finished, &earlier.failed)
                == (&commit.parts, &commit.finished, &commit.failed);
            let list = if is_same { &mut self.duplicates } else { &mut self.contradictions };
            list.push(id);
        }
        self.commits.insert(id, commit);
    }
}

/// What a log holds up to the end of its last line: what a process was writing when it ended may be cut within a letter.
fn read_whole_lines(path: &Path) -> Result<String, FolderError> {
    let mut bytes = fs::read(path).attempt("read", path)?;
    bytes.truncate(bytes.iter().rposition(|&byte| byte == b'\n').map_or(0, |last| last + 1));
    let invalid = |why: std::string::FromUtf8Error| {
        let line =
            why.as_bytes()[..why.utf8_error().valid_up_to()].iter().filter(|&&byte| byte == b'\n').count();
        FolderError::Log { path: path.to_owned(), line: line + 1, why: "text that is not UTF-8".to_owned() }
    };
    String::from_utf8(bytes).map_err(invalid)
}

/// Lines that end.
fn whole_lines(text: &str) -> impl Iterator<Item = &str> {
    text.split_inclusive('\n').filter_map(|line| line.strip_suffix('\n'))
}

/// What earlier processes left in a folder.
#[derive(Debug)]
pub struct Earlier {
    /// Chunks whose parts are there.
    pub commits: BTreeMap<ChunkId, Commit>,
    /// Failed replicates of chunks that are not.
    pub unfinished: BTreeMap<ChunkId, Vec<Failed>>,
}

/// A study's folder that this process, and no other of the same shard, is writing to.
#[derive(Debug)]
pub struct StudyFolder {
    out: PathBuf,
    aside: PathBuf,
    log: File,
    log_path: PathBuf,
    _lock: FolderLock,
}

impl StudyFolder {
    /// Takes a folder for a study, and tells what is in it already.
    ///
    /// # Errors
    /// When it holds anything else, a study that nobody asked to go on with or another one, is in use, or cannot be written
    /// to.
    pub fn take(
        out: &Path,
        study: &Study,
        shard: Shard,
        resume: bool,
    ) -> Result<(Self, Earlier), FolderError> {
        let identity = Identity::of(study);
        make_lasting_folder(out)?;
        let records = Records::read(out)?;
        match &records {
            None => check_empty(out)?,
            // Another shard may have begun already: that is no earlier study.
            Some(_) if !resume && shard == Shard::WHOLE => {
                return Err(FolderError::Earlier { path: out.to_owned() });
            }
            Some(records) => {
                let other_number = || (!resume).then(|| other_number_of_replicates(out, study)).flatten();
                if let Some(why) = records.identity.difference(&identity).or_else(other_number) {
                    return Err(FolderError::Another { path: out.to_owned(), why });
                }
            }
        }
        let (commits, unfinished) =
            records.map(|records| (records.commits, records.unfinished)).unwrap_or_default();
        for commit in commits.values() {
            if commit.point >= study.design.points.len()
                || replicates(&study.file, commit.chunk) != Some(commit.replicates)
            {
                let why = format!(
                    "it has replicates {} to {} of a point in one chunk, which this study divides otherwise; \
                     the number of replicates may only grow, and only by whole chunks of {}; this study asks for {}",
                    commit.replicates.first, commit.replicates.last, study.file.chunk, study.file.replicates
                );
                return Err(FolderError::Another { path: out.to_owned(), why });
            }
        }
        let aside = out.join(PARTIAL).join(shard.name());
        let lock = FolderLock::take(out, &aside)?;
        // What an ended process left.
        for entry in fs::read_dir(&aside).attempt("list", &aside)? {
            let path = entry.attempt("list", &aside)?.path();
            if path.is_dir() {
                fs::remove_dir_all(&path).attempt("remove", &path)?;
            }
        }
        let log_path = out.join(COMMITS).join(format!("{}.jsonl", shard.name()));
        let log = open_log(&log_path, &Head::of(&identity, study))?;
        let folder = Self { out: out.to_owned(), aside, log, log_path, _lock: lock };
        folder.write(STUDY_FILE, study.effective_toml().as_bytes())?;
        let whole = commits.into_iter().filter(|(_, commit)| folder.holds(study, commit)).collect();
        Ok((folder, Earlier { commits: whole, unfinished }))
    }

    /// Whether all parts of a chunk are there, by their lengths.
    pub(super) fn holds(&self, study: &Study, commit: &Commit) -> bool {
        let folder = self.out.join(study.scenario_name(commit.point));
        commit.parts.iter().all(|part| {
            fs::metadata(folder.join(&part.path)).is_ok_and(|found| found.len() == part.digest.bytes)
        })
    }

    /// The folder.
    pub fn path(&self) -> &Path {
        &self.out
    }

    /// Where the parts of a chunk wait.
    pub fn aside(&self, id: ChunkId) -> PathBuf {
        self.aside.join(format!("{}-{}", id.point, id.number))
    }

    /// Where what a point publishes waits.
    pub fn aside_of_point(&self, point: usize) -> PathBuf {
        self.aside.join(format!("point-{point}"))
    }

    /// Says that a chunk is there. Its parts are in their places.
    ///
    /// # Errors
    /// When the log cannot be written.
    pub fn commit(&mut self, commit: &Commit) -> Result<(), FolderError> {
        self.append(serde_json::to_string(commit).expect("invariant: a commit has text keys"))
    }

    /// Says which replicates of a chunk failed that was not finished.
    ///
    /// # Errors
    /// When the log cannot be written.
    pub fn give_up(&mut self, unfinished: Unfinished) -> Result<(), FolderError> {
        let line = UnfinishedLine { unfinished };
        self.append(serde_json::to_string(&line).expect("invariant: a failure has text keys"))
    }

    fn append(&mut self, mut line: String) -> Result<(), FolderError> {
        line.push('\n');
        let length = self.log.metadata().attempt("look at", &self.log_path)?.len();
        let written = self.log.write_all(line.as_bytes()).and_then(|()| self.log.sync_data());
        if written.is_err() {
            // Nothing may follow half a line.
            let _ = self.log.set_len(length);
        }
        written.attempt("write", &self.log_path)
    }

    /// Writes a file of the study's own, whole or not at all.
    ///
    /// # Errors
    /// When it cannot be written.
    pub fn write(&self, name: &str, bytes: &[u8]) -> Result<(), FolderError> {
        let (aside, target) = (self.aside.join(name), self.out.join(name));
        let mut file = File::create(&aside).attempt("create", &aside)?;
        file.write_all(bytes).attempt("write", &aside)?;
        file.sync_all().attempt("write", &aside)?;
        fs::rename(&aside, &target).attempt("rename a finished file to", &target)?;
        File::open(&self.out).and_then(|folder| folder.sync_all()).attempt("write", &self.out)
    }
}

impl Drop for StudyFolder {
    fn drop(&mut self) {
        let _ = fs::remove_dir_all(&self.aside);
        // Goes only with the last shard.
        let _ = fs::remove_dir(self.out.join(PARTIAL));
    }
}

/// Why a shard that was not asked to go on with a study does not belong to the one in a folder: the others run another number
/// of replicates.
fn other_number_of_replicates(out: &Path, study: &Study) -> Option<String> {
    // Whoever has only just begun has written none; whatever else is wrong with it, this process writes it anew.
    let text = fs::read_to_string(out.join(STUDY_FILE)).ok()?;
    let theirs = toml::from_str::<StudyFile>(&text).ok()?.replicates;
    let ours = study.file.replicates;
    (theirs != ours).then(|| {
        format!(
            "its other shards run {theirs} replicates of each point, and this one is asked for {ours}; \
             pass --resume to every shard to change the number"
        )
    })
}

/// Opens a log to go on with, without the line that an ended process was writing.
fn open_log(path: &Path, head: &Head) -> Result<File, FolderError> {
    let folder = path.parent().expect("invariant: a log is in a folder");
    fs::create_dir_all(folder).attempt("create", folder)?;
    let mut log = File::options().read(true).append(true).create(true).open(path).attempt("open", path)?;
    let text = read_whole_lines(path)?;
    let whole: usize = whole_lines(&text).map(|line| line.len() + 1).sum();
    log.set_len(whole as u64).attempt("write", path)?;
    if whole == 0 {
        let mut line = serde_json::to_string(head).expect("invariant: a head has text keys");
        line.push('\n');
        log.write_all(line.as_bytes()).attempt("write", path)?;
    }
    log.sync_all().attempt("write", path)?;
    File::open(folder).and_then(|folder| folder.sync_all()).attempt("write", folder)?;
    Ok(log)
}

/// Whether a study may begin in a folder: one with nothing in it but what another beginning left.
fn check_empty(out: &Path) -> Result<(), FolderError> {
    for entry in fs::read_dir(out).attempt("list", out)? {
        let name = entry.attempt("list", out)?.file_name();
        if name != PARTIAL && name != COMMITS && name != STUDY_FILE {
            return Err(FolderError::NotAStudy { path: out.to_owned() });
        }
    }
    Ok(())
}
