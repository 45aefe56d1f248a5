//! What is in a folder: a run, a study, or several runs.

use std::collections::BTreeMap;
use std::fs;
use std::path::{Path, PathBuf};

use goshawk_output::table::Table;
use goshawk_output::{Horizon, MANIFEST_FILE, Manifest};

use super::ReportError;
use crate::study::factor::Level;
use crate::study::folder::Records;
use crate::summary::StudyRecords;

/// What a folder is of.
#[derive(Debug)]
pub enum Kind {
    /// One run.
    Run,
    /// The points of a study.
    Study(Box<StudyRecords>),
    /// Runs side by side, each in a folder of its own.
    Runs,
}

/// A folder of results.
#[derive(Debug)]
pub struct Source {
    /// The folder.
    pub folder: PathBuf,
    /// What it is of.
    pub kind: Kind,
    /// Its scenarios, in order.
    pub scenarios: Vec<ScenarioSource>,
}

/// One scenario: a run, or a point of a study.
#[derive(Debug)]
pub struct ScenarioSource {
    /// What it is called in the column `scenario`.
    pub name: String,
    /// What people are told: the name, or the levels of the factors.
    pub label: String,
    /// Its folder.
    pub folder: PathBuf,
    /// Its folder within the report's folder; empty where they are the same.
    pub within: String,
    /// Its manifest; none at a point of a study that is not finished.
    pub manifest: Option<Manifest>,
    /// Part files of each table.
    pub parts: BTreeMap<Table, Vec<PathBuf>>,
    /// Rows of each table.
    pub rows: BTreeMap<Table, u64>,
    /// Part files that ought to be there, and are not.
    pub lost: BTreeMap<Table, PathBuf>,
    /// Tables that were not asked for.
    pub left_out: Vec<String>,
    /// Replicates that came to their end.
    pub replicates: u32,
    /// Replicates that failed.
    pub failed: u32,
}

impl ScenarioSource {
    /// The time that each replicate covers.
    pub fn horizon(&self) -> Option<Horizon> {
        self.manifest.as_ref().map(|manifest| manifest.horizon)
    }
}

impl Source {
    /// Finds out what a folder is of.
    ///
    /// # Errors
    /// When it is of nothing that goshawk wrote, or what it wrote was changed.
    pub fn find(folder: &Path) -> Result<Self, ReportError> {
        if !folder.is_dir() {
            return Err(ReportError::NoFolder(folder.to_owned()));
        }
        let source = if folder.join(MANIFEST_FILE).exists() {
            let scenario = of_run(folder, String::new())?;
            Self { folder: folder.to_owned(), kind: Kind::Run, scenarios: vec![scenario] }
        } else if StudyRecords::is_study(folder) {
            of_study(folder)?
        } else {
            let scenarios = runs_within(folder)?;
            if scenarios.is_empty() {
                return Err(ReportError::NoRun(folder.to_owned()));
            }
            Self { folder: folder.to_owned(), kind: Kind::Runs, scenarios }
        };
        if source.scenarios.iter().all(|scenario| scenario.parts.is_empty()) {
            return Err(ReportError::NoTables(folder.to_owned()));
        }
        Ok(source)
    }
}

fn of_run(folder: &Path, within: String) -> Result<ScenarioSource, ReportError> {
    let manifest = Manifest::read(folder)?;
    let mut parts: BTreeMap<Table, Vec<PathBuf>> = BTreeMap::new();
    let mut rows: BTreeMap<Table, u64> = BTreeMap::new();
    let mut lost: BTreeMap<Table, PathBuf> = BTreeMap::new();
    for table in Table::ALL {
        for part in manifest.parts_of(table) {
            let path = folder.join(&part.path);
            if path.is_file() {
                parts.entry(table).or_default().push(path);
                *rows.entry(table).or_default() += part.rows;
            } else {
                lost.entry(table).or_insert(path);
            }
        }
    }
    let name = manifest.header.scenario.clone();
    let count = |count: usize| u32::try_from(count).unwrap_or(u32::MAX);
    Ok(ScenarioSource {
        label: name.clone(),
        name,
        folder: folder.to_owned(),
        within,
        parts,
        rows,
        lost,
        left_out: manifest.tables_left_out.clone(),
        replicates: count(manifest.replicates_with_rows().count()),
        failed: count(manifest.failed_replicates.len()),
        manifest: Some(manifest),
    })
}

/// Runs in the folders of a folder, by their names.
fn runs_within(folder: &Path) -> Result<Vec<ScenarioSource>, ReportError> {
    let io = |source| ReportError::Io { action: "list", path: folder.to_owned(), source };
    let mut inner: Vec<PathBuf> = Vec::new();
    for entry in fs::read_dir(folder).map_err(io)? {
        let path = entry.map_err(io)?.path();
        if path.join(MANIFEST_FILE).is_file() {
            inner.push(path);
        }
    }
    inner.sort();
    let mut scenarios: Vec<ScenarioSource> = Vec::new();
    for path in inner {
        let within = path.file_name().map(|name| name.to_string_lossy().into_owned()).unwrap_or_default();
        let mut scenario = of_run(&path, within)?;
        // The same scenario may have been run twice, with other seeds or options.
        if scenario.within != scenario.name {
            scenario.label = scenario.within.clone();
        }
        scenarios.push(scenario);
    }
    Ok(scenarios)
}

fn of_study(folder: &Path) -> Result<Source, ReportError> {
    let study = StudyRecords::read(folder)?;
    let commits = Records::read(folder).map_err(crate::summary::SummaryError::Folder)?;
    let mut scenarios: Vec<ScenarioSource> = Vec::new();
    for point in &study.points {
        let name = point.row.scenario.clone();
        let levels: Vec<String> = point.row.levels.iter().map(level).collect();
        let place = folder.join(&name);
        let manifest = place.join(MANIFEST_FILE).exists().then(|| Manifest::read(&place)).transpose()?;
        let count = |count: usize| u32::try_from(count).unwrap_or(u32::MAX);
        scenarios.push(ScenarioSource {
            label: if levels.is_empty() { name.clone() } else { levels.join(", ") },
            within: name.clone(),
            folder: place,
            left_out: manifest.iter().flat_map(|manifest| manifest.tables_left_out.clone()).collect(),
            manifest,
            parts: BTreeMap::new(),
            rows: BTreeMap::new(),
            lost: BTreeMap::new(),
            replicates: count(point.finished.len()),
            failed: count(point.failed.len()),
            name,
        });
    }
    for commit in commits.iter().flat_map(|records| records.commits.values()) {
        let Some(scenario) = scenarios.get_mut(commit.point) else { continue };
        for part in &commit.parts {
            let Some(table) = Table::from_name(&part.table) else { continue };
            let path = scenario.folder.join(&part.path);
            if path.is_file() {
                scenario.parts.entry(table).or_default().push(path);
                *scenario.rows.entry(table).or_default() += part.rows;
            } else {
                scenario.lost.entry(table).or_insert(path);
            }
        }
    }
    // What was not run says nothing but its place in the design; that is in the summary.
    Ok(Source { folder: folder.to_owned(), kind: Kind::Study(Box::new(study)), scenarios })
}

/// A level as people write it.
fn level(level: &Level) -> String {
    match level {
        Level::Text(text) => text.clone(),
        // As many digits as a reader wants; the design has all of them.
        Level::Number(number) => {
            let (exact, short) = (number.to_string(), format!("{number:.4}"));
            if exact.len() <= short.len() { exact } else { short }
        }
        Level::Truth(_) | Level::Whole(_) => level.to_string(),
    }
}
