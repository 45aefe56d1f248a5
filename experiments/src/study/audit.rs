//! The audit of a study's folder: is all of it there, unchanged, told once, and do the books of every point balance?
//!
//! ```text
//! commits/*.jsonl ─┬─▶ chunks: missing, told twice, replicates that failed
//! study.toml ──────┤
//! manifests ───────┼─▶ the logs and the manifests tell the same
//! files ───────────┴─▶ every listed file has its bytes, no other file is there
//! tables ────────────▶ the audit of each point, one after the other, as of a run
//! ```
//!
//! It reads what is in the folder and nothing else: the scenario may be gone. A study that goes on with more replicates is
//! unfinished, not damaged: its earlier manifests tell of the earlier chunks, and the logs of the later ones. The logs are in memory, one line a chunk;
//! tables are read a batch at a time, so that memory does not grow with their rows.

mod growth;
mod line;
mod missing;
mod render;
mod strays;

use std::collections::{BTreeMap, BTreeSet};
use std::fs::{self, File};
use std::io::ErrorKind;
use std::path::{Path, PathBuf};

use arrow_array::cast::AsArray;
use goshawk_output::{FileDigest, MANIFEST_FILE, Manifest, PartEntry, audit_beside};
use parquet::arrow::arrow_reader::ParquetRecordBatchReaderBuilder;
use serde::Serialize;

use growth::Growth;
pub use growth::parts_beside;
pub use line::Line;
use line::Lines;
pub use missing::MissingChunk;

use super::chunk::{ChunkId, Failed, replicates};
use super::file::StudyFile;
use super::folder::{Commit, DESIGN_FILE, FolderError, Records, STUDY_FILE};
use super::published::StudyManifest;
use super::run::event_digest;
use super::sequential::PointSequence;

/// What the audit found.
#[derive(Debug, Serialize)]
pub struct StudyAudit {
    /// Name of the study.
    pub study: String,
    /// Points of its design.
    pub points: usize,
    /// Replicates of a chunk.
    pub chunk: u32,
    /// Chunks in the logs.
    pub chunks: u64,
    /// Replicates in them that came to their end.
    pub finished: u64,
    /// Every check, those of the tables summed over the points.
    pub checks: Vec<Line>,
    /// Replicates that failed.
    pub failed: Vec<FailedReplicate>,
    /// Failures that the study allows.
    pub failures_max: u32,
    /// Chunks that are not there.
    pub missing: Vec<MissingChunk>,
    /// Whether points end by a stopping rule, so that more may be missing behind those.
    pub is_sequential: bool,
    /// Whether the study asks for more replicates than when its manifests were written.
    pub has_grown: bool,
    /// Replicates of each point that the study asks for.
    pub replicates: u32,
    /// Whether every chunk is there, and the manifests are still to be written.
    pub is_unpublished: bool,
    /// Files that were being put in their places when a process ended. Their chunks' next run replaces them.
    pub left_over: usize,
    /// Chunks that two shards have run, with the same result.
    pub run_twice: usize,
    /// Whether a process is writing to the folder, or was ended there.
    pub has_partial: bool,
}

/// A replicate that failed.
#[derive(Debug, Serialize)]
pub struct FailedReplicate {
    /// Its point.
    pub scenario: String,
    /// Its number, its seed, and why it failed.
    #[serde(flatten)]
    pub failed: Failed,
}

/// What an audit comes to.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(rename_all = "lowercase")]
pub enum State {
    /// All of the study is there, and nothing was found.
    Whole,
    /// What is there is sound, and there is more to run.
    Unfinished,
    /// Something is wrong with what is there.
    Damaged,
}

impl StudyAudit {
    /// What it comes to.
    pub fn state(&self) -> State {
        let is_wrong = |line: &&Line| line.failed > 0 && line.check != line::COMPLETENESS;
        if self.checks.iter().any(|line| is_wrong(&line)) {
            State::Damaged
        } else if !self.missing.is_empty() || self.is_unpublished {
            State::Unfinished
        } else {
            State::Whole
        }
    }

    /// Whether all of the study is there, and nothing was found.
    pub fn passed(&self) -> bool {
        self.state() == State::Whole
    }

    /// The shards, of so many, that have chunks to run.
    pub fn shards_to_run(&self, count: u32) -> BTreeSet<u32> {
        missing::shards(&self.missing, count)
    }
}

/// Why a folder cannot be audited.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum AuditError {
    /// There is no study, or its logs cannot be read.
    #[error(transparent)]
    Folder(#[from] FolderError),
    /// A file without which nothing can be said.
    #[error("{path}: {why}")]
    Damaged {
        /// Which.
        path: PathBuf,
        /// What is wrong.
        why: String,
    },
}

impl AuditError {
    /// Whether there is no study there at all.
    pub fn is_bad_input(&self) -> bool {
        matches!(self, Self::Folder(error) if error.is_bad_input())
    }
}

/// Audits the study in a folder.
///
/// # Errors
/// When there is no study, or so little of it that nothing can be said.
pub fn audit_study(out: &Path) -> Result<StudyAudit, AuditError> {
    let mut records = Records::read(out)?.ok_or_else(|| FolderError::Nothing { path: out.to_owned() })?;
    let file = study_file(out)?;
    records.keep_to(&file);
    let scenarios = scenarios(out)?;
    let manifest = StudyManifest::read(out)?;
    let missing = missing::missing(&records, &file, &scenarios);
    let growth = Growth::of(manifest.as_ref(), &file, &missing);
    let mut auditor = Auditor {
        out,
        records: &records,
        file: &file,
        scenarios: &scenarios,
        growth: &growth,
        lines: Lines::default(),
        left_over: 0,
    };
    auditor.logs();
    auditor.lines.completeness.count(records.commits.len() as u64);
    for chunk in &missing {
        auditor.lines.completeness.find(|| chunk.to_string());
    }
    let failures = records.failures().count();
    let is_ended = missing.is_empty() && failures as u64 <= u64::from(file.failures_max);
    auditor.study_manifest(manifest.as_ref(), is_ended);
    for (place, scenario) in scenarios.iter().enumerate() {
        auditor.point(place, scenario, manifest.as_ref());
    }
    let (has_partial, left_over) =
        strays::find(out, (&records, &scenarios), &growth, &mut auditor.lines.strays)?;
    let left_over = left_over + auditor.left_over;
    let is_stale = manifest.as_ref().is_none_or(|_| growth.has_grown);
    let failed: Vec<FailedReplicate> = auditor.failed().collect();
    auditor.failures(failed.len());
    let checks = auditor.lines.into_vec();
    Ok(StudyAudit {
        study: file.name.clone(),
        points: scenarios.len(),
        chunk: file.chunk,
        chunks: records.commits.len() as u64,
        finished: records.commits.values().map(|commit| commit.finished.len() as u64).sum(),
        checks,
        failed,
        failures_max: file.failures_max,
        is_unpublished: is_ended && is_stale,
        missing,
        is_sequential: file.stopping.is_some(),
        has_grown: growth.has_grown,
        replicates: file.replicates,
        left_over,
        run_twice: records.duplicates.len(),
        has_partial,
    })
}

/// The study as it is in its folder.
///
/// # Errors
/// When it cannot be read or understood.
pub fn study_file(out: &Path) -> Result<StudyFile, AuditError> {
    let path = out.join(STUDY_FILE);
    let text = fs::read_to_string(&path);
    let text = text.map_err(|source| FolderError::Io { action: "read", path: path.clone(), source })?;
    toml::from_str(&text).map_err(|why| AuditError::Damaged { path, why: why.message().to_owned() })
}

/// What the points are called, from the design's table.
///
/// # Errors
/// When it cannot be read.
pub fn scenarios(out: &Path) -> Result<Vec<String>, AuditError> {
    let path = out.join(DESIGN_FILE);
    let file = File::open(&path);
    let file = file.map_err(|source| FolderError::Io { action: "open", path: path.clone(), source })?;
    let damaged = |why: String| AuditError::Damaged { path: path.clone(), why };
    let reader = ParquetRecordBatchReaderBuilder::try_new(file).and_then(|builder| builder.build());
    let mut names = Vec::new();
    for batch in reader.map_err(|why| damaged(why.to_string()))? {
        let batch = batch.map_err(|why| damaged(why.to_string()))?;
        let column = batch.column_by_name("scenario").and_then(|column| column.as_string_opt::<i32>());
        let column = column.ok_or_else(|| damaged("it has no column scenario".to_owned()))?;
        names.extend(column.iter().flatten().map(str::to_owned));
    }
    Ok(names)
}

struct Auditor<'a> {
    out: &'a Path,
    records: &'a Records,
    file: &'a StudyFile,
    scenarios: &'a [String],
    growth: &'a Growth,
    lines: Lines,
    /// Files of chunks that are not in the logs.
    left_over: usize,
}

impl<'a> Auditor<'a> {
    fn name(&self, id: ChunkId) -> String {
        let scenario =
            self.scenarios.get(id.point).map_or("a point that the design does not have", String::as_str);
        format!("{scenario}, chunk {}", id.number)
    }

    /// What can be said of the logs by themselves.
    fn logs(&mut self) {
        let of_file = self.records.identity.is_of(self.file);
        self.lines.logs.enter(of_file, || format!("{STUDY_FILE}: it is not the study that the logs are of"));
        for &id in &self.records.contradictions {
            let name = self.name(id);
            self.lines.logs.find(|| format!("{name}: told twice, with different results"));
        }
        for commit in self.records.commits.values() {
            let id = commit.id();
            let (is_known, name) = (id.point < self.scenarios.len(), self.name(id));
            self.lines.logs.enter(is_known, || format!("{name}: there are {} points", self.scenarios.len()));
            let expected = replicates(self.file, id.number);
            let is_whole = expected == Some(commit.replicates) && has_all(commit);
            self.lines.logs.enter(is_whole, || {
                let told = commit.finished.len() + commit.failed.len();
                let range = commit.replicates;
                let expected =
                    expected.map_or("none".to_owned(), |range| format!("{} to {}", range.first, range.last));
                format!(
                    "{name}: replicates {} to {}, {told} told, expected {expected}, each once",
                    range.first, range.last
                )
            });
        }
    }

    /// The commits of a point in their order.
    fn commits(&self, point: usize) -> Vec<&'a Commit> {
        let first = ChunkId { point, number: 0 };
        let last = ChunkId { point, number: u32::MAX };
        self.records.commits.range(first..=last).map(|(_, commit)| commit).collect()
    }

    /// One point: its manifest, its parts, its tables.
    fn point(&mut self, place: usize, scenario: &str, study: Option<&StudyManifest>) {
        let folder = self.out.join(scenario);
        let commits = self.commits(place);
        let is_published = folder.join(MANIFEST_FILE).exists();
        if !is_published {
            let is_wanted = study.is_some();
            self.lines
                .manifests
                .enter(!is_wanted, || format!("{scenario}: it has no manifest, and the study has"));
            self.parts(&folder, scenario, &commits);
            self.skip_tables("points are published when the study ends");
            return;
        }
        let manifest = match Manifest::read(&folder) {
            Ok(manifest) => manifest,
            Err(error) => {
                self.lines.manifests.enter(false, || error.to_string());
                self.parts(&folder, scenario, &commits);
                self.skip_tables("a manifest cannot be read");
                return;
            }
        };
        let (commits, later): (Vec<&Commit>, Vec<&Commit>) =
            commits.into_iter().partition(|commit| !self.growth.is_later(commit, &manifest));
        let same = self.against_logs(&manifest, scenario, place, &commits, study);
        if !same {
            // The audit of the tables would find that again, in other words.
            self.parts(&folder, scenario, &[commits, later].concat());
            self.skip_tables("a manifest and the logs do not tell the same");
            return;
        }
        self.lines.parts.count(manifest.parts.len() as u64);
        self.parts(&folder, scenario, &later);
        let mut others: BTreeSet<String> =
            later.iter().flat_map(|it| &it.parts).map(|part| part.path.clone()).collect();
        let left_over = self.growth.left_over(scenario);
        self.left_over += left_over.iter().filter(|path| folder.join(path).exists()).count();
        others.extend(left_over.iter().cloned());
        match audit_beside(&folder, &others) {
            Ok(report) => {
                for (line, check) in self.lines.tables.iter_mut().zip(&report.checks) {
                    line.add(scenario, check);
                }
            }
            Err(error) => {
                self.lines.parts.enter(false, || error.to_string());
                self.skip_tables("a file cannot be read");
            }
        }
    }

    fn skip_tables(&mut self, why: &'static str) {
        for line in &mut self.lines.tables {
            line.skip(why);
        }
    }

    /// The manifest of a point against the logs and the study's manifest.
    fn against_logs(
        &mut self,
        manifest: &Manifest,
        scenario: &str,
        place: usize,
        commits: &[&Commit],
        study: Option<&StudyManifest>,
    ) -> bool {
        let before = self.lines.manifests.failed;
        let line = &mut self.lines.manifests;
        let file = format!("{scenario}/{MANIFEST_FILE}");
        let of = manifest.study.as_ref().map(|study| (study.name.as_str(), study.point as usize));
        line.enter(of == Some((&self.file.name, place)), || format!("{file}: it is not of this point"));
        line.enter(manifest.header.scenario == scenario, || {
            format!("{file}: its scenario is {:?}", manifest.header.scenario)
        });
        let last = commits.iter().map(|commit| commit.replicates.last).max();
        line.enter(manifest.replicates.first == 0 && Some(manifest.replicates.last) == last, || {
            let told = last.map_or("none".to_owned(), |last| format!("0 to {last}"));
            format!("{file}: replicates 0 to {}, and the logs tell {told}", manifest.replicates.last)
        });
        let told: Vec<u32> =
            commits.iter().flat_map(|commit| &commit.failed).map(|failed| failed.replicate).collect();
        line.enter(manifest.failed_replicates == told, || {
            format!("{file}: failed replicates {:?}, and the logs tell {told:?}", manifest.failed_replicates)
        });
        line.enter(manifest.event_digest == event_digest(commits), || {
            format!("{file}: event_digest is not that of the replicates in the logs")
        });
        let committed: BTreeMap<&str, &PartEntry> =
            commits.iter().flat_map(|commit| &commit.parts).map(|part| (part.path.as_str(), part)).collect();
        let listed: BTreeMap<&str, &PartEntry> =
            manifest.parts.iter().map(|part| (part.path.as_str(), part)).collect();
        for path in committed.keys().chain(listed.keys()).copied().collect::<BTreeSet<_>>() {
            line.enter(committed.get(path) == listed.get(path), || {
                format!("{file}: {path} is another part there than in the logs, or in one of them alone")
            });
        }
        if let Some(entry) = study.and_then(|study| study.points.get(place)) {
            let told = (entry.scenario.as_str(), entry.replicates, entry.failed as usize, &entry.config_hash);
            let replicates = manifest.replicates.last + 1;
            let expected =
                (scenario, replicates, manifest.failed_replicates.len(), &manifest.header.config_hash);
            // A study that has grown writes the manifests of its points first, and its own last.
            let is_newer = self.growth.has_grown
                && entry.scenario == scenario
                && entry.config_hash == manifest.header.config_hash
                && entry.replicates < replicates;
            let target_met = PointSequence::over(self.file, &self.records.commits, place);
            let target_met = target_met.and_then(|it| it.target_met());
            let agrees = told == expected && (entry.target_met == target_met || self.growth.has_grown);
            line.enter(agrees || is_newer, || {
                format!("{file}: the study's manifest tells something else of it")
            });
        }
        line.failed == before
    }

    /// The parts of a point against the logs alone.
    fn parts(&mut self, folder: &Path, scenario: &str, commits: &[&Commit]) {
        for part in commits.iter().flat_map(|commit| &commit.parts) {
            let found = FileDigest::of_file(&folder.join(&part.path));
            let name = format!("{scenario}/{}", part.path);
            self.lines.parts.enter(found.as_ref().is_ok_and(|found| *found == part.digest), || match found {
                Ok(found) => {
                    let range = part.digest.first_difference(&found).unwrap_or_default();
                    format!(
                        "{name}: bytes {} to {} are not those of the log",
                        range.start,
                        range.end.saturating_sub(1)
                    )
                }
                Err(error) if error.kind() == ErrorKind::NotFound => format!("{name}: missing"),
                Err(error) => format!("{name}: {error}"),
            });
        }
    }

    /// The study's manifest: there once everything else is, with the digests of the files beside it.
    fn study_manifest(&mut self, manifest: Option<&StudyManifest>, is_ended: bool) {
        let line = &mut self.lines.manifests;
        let Some(manifest) = manifest else { return };
        line.enter(manifest.name == self.file.name, || {
            format!("study.json: its study is {:?}", manifest.name)
        });
        let (planned, asked) = (manifest.replicates_planned, self.file.replicates);
        line.enter(planned <= asked, || {
            format!("study.json: {planned} replicates of each point, and {STUDY_FILE} asks for {asked}")
        });
        line.enter(manifest.points.len() == self.scenarios.len(), || {
            format!(
                "study.json: {} points, and {DESIGN_FILE} has {}",
                manifest.points.len(),
                self.scenarios.len()
            )
        });
        for entry in &manifest.files {
            let found = FileDigest::of_file(&self.out.join(&entry.path));
            // Whoever goes on with the study has written its own study file already.
            let is_older = (self.growth.has_grown || !is_ended) && entry.path == STUDY_FILE;
            let same = found.is_ok_and(|found| found == entry.digest);
            line.enter(same || is_older, || format!("{}: not the bytes that study.json says", entry.path));
        }
    }

    fn failed(&self) -> impl Iterator<Item = FailedReplicate> {
        self.records.failures().map(|(point, failed)| FailedReplicate {
            scenario: self.scenarios.get(point).cloned().unwrap_or_default(),
            failed: failed.clone(),
        })
    }

    fn failures(&mut self, failed: usize) {
        let allowed = self.file.failures_max;
        self.lines.failures.enter(failed as u64 <= u64::from(allowed), || {
            format!("{failed} replicates failed, and failures_max is {allowed}")
        });
    }
}

/// Whether each replicate of a chunk is told once.
fn has_all(commit: &Commit) -> bool {
    let finished = commit.finished.iter().map(|one| one.replicate);
    let mut told: Vec<u32> = finished.chain(commit.failed.iter().map(|one| one.replicate)).collect();
    told.sort_unstable();
    told.into_iter().eq(commit.replicates.first..=commit.replicates.last)
}
