//! What is in a study's folder: its points, how far each is, and the values of its figures.

use std::collections::{BTreeMap, BTreeSet};
use std::fmt;
use std::fs;
use std::path::{Path, PathBuf};

use goshawk_output::table::Table;
use goshawk_output::{PartEntry, ReplicateKpi, read_kpi_part};

use super::SummaryError;
use crate::study::file::StudyFile;
use crate::study::folder::{FolderError, Records, STUDY_FILE};
use crate::study::published::{DesignFile, DesignRow};
use crate::study::sequential::PointSequence;

/// What figures are about.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum Scope {
    /// The whole run.
    #[default]
    Run,
    /// The classes of households.
    Class,
    /// The operators.
    Operator,
    /// All of them.
    All,
}

impl Scope {
    /// As in the column `scope`.
    pub fn name(self) -> &'static str {
        match self {
            Self::Run => "run",
            Self::Class => "class",
            Self::Operator => "operator",
            Self::All => "all",
        }
    }

    fn holds(self, scope: &str) -> bool {
        self == Self::All || self.name() == scope
    }
}

impl fmt::Display for Scope {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.name())
    }
}

/// A key figure.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub struct Figure {
    /// What it is about: `run`, `class` or `operator`.
    pub scope: String,
    /// Which of them; empty for the run.
    pub id: String,
    /// What is measured.
    pub variable: String,
}

/// What one observation is; see [`crate::statistics::observation`].
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Observation {
    /// A replicate.
    Replicate,
    /// An antithetic pair of replicates.
    Pair,
}

impl Observation {
    /// In a word.
    pub fn name(self) -> &'static str {
        match self {
            Self::Replicate => "replicate",
            Self::Pair => "pair",
        }
    }
}

/// How far a point is.
#[derive(Debug, Clone, PartialEq)]
pub struct PointState {
    /// Its number, scenario and levels.
    pub row: DesignRow,
    /// Replicates that came to their end.
    pub finished: BTreeSet<u32>,
    /// Replicates that failed.
    pub failed: BTreeSet<u32>,
    /// Whether the stopping rule's target is met, `false` where the replicates are used up without; `None` where more are to be
    /// run, and without a rule.
    pub target_met: Option<bool>,
    parts: Vec<PartEntry>,
}

impl PointState {
    /// Replicates that were run.
    pub fn replicates(&self) -> usize {
        self.finished.len() + self.failed.len()
    }

    /// Numbers of replicates up to the last one that was run.
    fn span(&self) -> usize {
        let last = self.finished.last().max(self.failed.last());
        last.map_or(0, |&last| last as usize + 1)
    }
}

/// A study's folder.
#[derive(Debug)]
pub struct StudyRecords {
    folder: PathBuf,
    /// The effective study.
    pub file: StudyFile,
    /// Its design.
    pub design: DesignFile,
    /// Its points in the design's order.
    pub points: Vec<PointState>,
    /// Chunks in the folder.
    pub chunks: usize,
    /// Replicates that are still to be run; at most so many where a rule may stop a point earlier.
    pub missing: u64,
}

/// The values of a figure at a point.
#[derive(Debug, Clone, PartialEq)]
pub struct Series {
    /// Which figure.
    pub figure: Figure,
    /// Its unit, with the currency's own name.
    pub unit: String,
    /// Its value in each replicate from 0 on: `None` where it is undefined, or the replicate failed or is missing.
    pub values: Vec<Option<f64>>,
}

/// All values of a point.
#[derive(Debug, Clone, Default)]
pub struct PointValues {
    /// Figures in the order of the table.
    pub series: Vec<Series>,
    places: BTreeMap<Figure, usize>,
}

impl PointValues {
    /// The values of a figure.
    pub fn of(&self, figure: &Figure) -> Option<&Series> {
        self.places.get(figure).map(|&place| &self.series[place])
    }
}

impl StudyRecords {
    /// Whether a folder is that of a study, finished or not.
    pub fn is_study(folder: &Path) -> bool {
        Records::are_in(folder)
    }

    /// Reads what there is of a study.
    ///
    /// # Errors
    /// When there is none, or a file of it cannot be understood.
    pub fn read(folder: &Path) -> Result<Self, SummaryError> {
        let nothing = || FolderError::Nothing { path: folder.to_owned() };
        let mut records = Records::read(folder)?.ok_or_else(nothing)?;
        let path = folder.join(STUDY_FILE);
        let text = fs::read_to_string(&path).map_err(|source| FolderError::Io {
            action: "read",
            path: path.clone(),
            source,
        })?;
        let other = |why: String| SummaryError::StudyFile { path: path.clone(), why };
        let file: StudyFile = toml::from_str(&text).map_err(|why| other(why.message().to_owned()))?;
        records.keep_to(&file);
        let design = DesignFile::read(folder)?;
        let state = |row: &DesignRow| PointState {
            row: row.clone(),
            finished: BTreeSet::new(),
            failed: BTreeSet::new(),
            target_met: None,
            parts: Vec::new(),
        };
        let mut points: Vec<PointState> = design.points.iter().map(state).collect();
        for commit in records.commits.values() {
            let count = points.len();
            let point = points.get_mut(commit.point).ok_or_else(|| {
                other(format!("a log has a chunk of point {}, and there are {count} points", commit.point))
            })?;
            point.finished.extend(commit.finished.iter().map(|one| one.replicate));
            point.failed.extend(commit.failed.iter().map(|one| one.replicate));
            let kpis = commit.parts.iter().filter(|part| part.table == Table::Kpis.name());
            point.parts.extend(kpis.cloned());
        }
        for (point, failed) in records.failures() {
            points.get_mut(point).map(|point| point.failed.insert(failed.replicate));
        }
        for (place, point) in points.iter_mut().enumerate() {
            let sequence = PointSequence::over(&file, &records.commits, place);
            point.target_met = sequence.and_then(|it| it.target_met());
        }
        let mut records = Self {
            folder: folder.to_owned(),
            file,
            design,
            points,
            chunks: records.commits.len(),
            missing: 0,
        };
        records.missing = records.count_missing();
        Ok(records)
    }

    /// What a rule has left of its points is not missing.
    fn count_missing(&self) -> u64 {
        let open = self.points.iter().filter(|point| point.target_met.is_none());
        let planned = u64::from(self.file.replicates);
        open.map(|point| planned.saturating_sub(point.replicates() as u64)).sum()
    }

    /// The points that used up their replicates before their stopping target was met.
    pub fn exhausted(&self) -> impl Iterator<Item = &str> {
        let is_exhausted = |point: &&PointState| point.target_met == Some(false);
        self.points.iter().filter(is_exhausted).map(|point| point.row.scenario.as_str())
    }

    /// What one observation is.
    pub fn observation(&self) -> Observation {
        if self.file.antithetic { Observation::Pair } else { Observation::Replicate }
    }

    /// The values of a point's figures.
    ///
    /// # Errors
    /// When a part is damaged.
    pub fn values(&self, point: usize, scope: Scope) -> Result<PointValues, SummaryError> {
        let state = &self.points[point];
        let folder = self.folder.join(&state.row.scenario);
        let span = state.span();
        let mut found = PointValues::default();
        for part in &state.parts {
            let mut stranger = None;
            // Rows of a replicate follow each other in the same order of figures.
            let mut next = 0;
            let mut units: Vec<usize> = Vec::new();
            let currency = read_kpi_part(&folder, part, &mut |kpi| {
                if !state.finished.contains(&kpi.replicate) {
                    stranger.get_or_insert(kpi.replicate);
                } else if scope.holds(kpi.scope) {
                    let known = found.series.len();
                    let place = found.place(&kpi, next, span);
                    next = place + 1;
                    if place == known {
                        units.push(place);
                    }
                    let value = kpi.value.filter(|value| value.is_finite());
                    found.series[place].values[kpi.replicate as usize] = value;
                }
            })?;
            if let Some(replicate) = stranger {
                return Err(SummaryError::Replicate { path: folder.join(&part.path), replicate });
            }
            for place in units {
                let unit = &mut found.series[place].unit;
                *unit = unit.replace("currency", &currency);
            }
        }
        Ok(found)
    }
}

impl PointValues {
    /// The place of a row's figure, which is probably `guess`; a new one for a new figure.
    fn place(&mut self, kpi: &ReplicateKpi<'_>, guess: usize, span: usize) -> usize {
        let is = |figure: &Figure| {
            figure.variable == kpi.variable && figure.scope == kpi.scope && figure.id == kpi.id
        };
        for guess in [guess, 0] {
            if self.series.get(guess).is_some_and(|series| is(&series.figure)) {
                return guess;
            }
        }
        let (scope, id) = (kpi.scope.to_owned(), kpi.id.to_owned());
        let figure = Figure { scope, id, variable: kpi.variable.to_owned() };
        *self.places.entry(figure.clone()).or_insert_with(|| {
            self.series.push(Series { figure, unit: kpi.unit.to_owned(), values: vec![None; span] });
            self.series.len() - 1
        })
    }
}
