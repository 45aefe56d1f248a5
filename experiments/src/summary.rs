//! What a study says: figures over the replicates of each point, differences from a baseline, and what a figure owes to each
//! factor.
//!
//! ```text
//! design.parquet ─▶ points, structure ─┐
//! study.toml ─────▶ pairs? shared luck?─┼─▶ values by replicate ─▶ Row: n, mean, interval, quantiles, difference
//! commits/ ───────▶ parts, failures ───┘                      └─▶ point means ─▶ Influence: effects, indices, block mean
//! ```
//!
//! Only what the logs say is read, so a study that is still running, or was ended, is summarised as far as it has come.
//!
//! | module | what it is |
//! |---|---|
//! | [`records`] | what is in the folder, and the values of a point |
//! | [`row`] | the statistics of one figure at one point |
//! | [`influence`] | what a figure owes to the factors |
//! | [`long_table`] | the rows as a table: CSV, JSON, Parquet |

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};

use goshawk_output::OutputError;

use crate::study::folder::FolderError;

pub mod influence;
pub mod long_table;
pub mod records;
pub mod row;

pub use influence::Influence;
pub use records::{Figure, Observation, PointState, Scope, StudyRecords};
pub use row::Row;

/// The figures that are shown to people where they do not say which.
pub const MAIN_FIGURES: [&str; 6] =
    ["net_cost", "mean_price_paid", "p2p", "grid", "self_sufficiency", "satisfaction"];

/// What to summarise.
#[derive(Debug, Clone, Default)]
pub struct Request {
    /// What the figures are about.
    pub scope: Scope,
    /// Which figures; all where it is empty.
    pub figures: Vec<String>,
    /// The figures of which the factors' influence is computed.
    pub influence_on: Vec<String>,
    /// The point that others are compared with; the first one by default, where all points share their random numbers.
    pub baseline: Option<String>,
}

/// What a study says.
#[derive(Debug)]
pub struct Summary {
    /// What is in its folder.
    pub records: StudyRecords,
    /// The point that others are compared with, by its place.
    pub baseline: Option<usize>,
    /// Figures in the order in which they are told.
    pub figures: Vec<Figure>,
    /// Statistics by point, then by figure.
    pub rows: Vec<Row>,
    /// What the figures owe to the factors, in a design that tells.
    pub influences: Vec<Influence>,
}

/// Why there is no summary.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum SummaryError {
    /// The folder.
    #[error(transparent)]
    Folder(#[from] FolderError),
    /// A part.
    #[error(transparent)]
    Output(#[from] OutputError),
    /// The log and a part do not agree.
    #[error("{path} has rows of replicate {replicate}, which the log does not say came to its end")]
    Replicate {
        /// The part.
        path: PathBuf,
        /// The replicate.
        replicate: u32,
    },
    /// The effective study is not one.
    #[error("{path} is not the study that the folder is of: {why}")]
    StudyFile {
        /// Where.
        path: PathBuf,
        /// Why.
        why: String,
    },
    /// Nothing has come to its end.
    #[error(
        "no replicate of {name} has come to its end yet: {committed} chunks are there, {failed} replicates failed"
    )]
    Nothing {
        /// The study.
        name: String,
        /// Chunks in the folder.
        committed: usize,
        /// Replicates that failed.
        failed: usize,
    },
    /// There is no such figure.
    #[error("there is no figure {figure:?} of scope {scope}; allowed: {known}")]
    Figure {
        /// What was asked for.
        figure: String,
        /// Of which scope.
        scope: Scope,
        /// What there is.
        known: String,
    },
    /// There is no such point.
    #[error("there is no scenario {baseline:?} in this study; allowed: {known}")]
    Baseline {
        /// What was asked for.
        baseline: String,
        /// What there is.
        known: String,
    },
    /// Nothing is paired.
    #[error(
        "--baseline wants common_random_numbers = true: replicates of different points are not paired in this study"
    )]
    NotPaired,
    /// The baseline has not been run yet.
    #[error("no replicate of the baseline {baseline} is there yet")]
    BaselineMissing {
        /// Which.
        baseline: String,
    },
}

impl SummaryError {
    /// Whether what was asked for is at fault, not the files.
    pub fn is_bad_input(&self) -> bool {
        match self {
            Self::Folder(error) => error.is_bad_input(),
            Self::Output(_) | Self::StudyFile { .. } | Self::Replicate { .. } => false,
            _ => true,
        }
    }
}

/// Summarises the study in a folder.
///
/// # Errors
/// When there is none, when it has no such figure or point, or when a file of it is damaged.
pub fn summarise(folder: &Path, request: &Request) -> Result<Summary, SummaryError> {
    let records = StudyRecords::read(folder)?;
    let baseline = baseline(&records, request)?;
    let baseline_values = match baseline {
        Some(place) => Some(records.values(place, request.scope)?),
        None => None,
    };
    let mut known: BTreeMap<Figure, usize> = BTreeMap::new();
    let mut figures: Vec<Figure> = Vec::new();
    let mut rows: Vec<Row> = Vec::new();
    for point in 0..records.points.len() {
        let values = records.values(point, request.scope)?;
        for series in &values.series {
            let place = *known.entry(series.figure.clone()).or_insert_with(|| {
                figures.push(series.figure.clone());
                figures.len() - 1
            });
            if !request.wants(&series.figure.variable) {
                continue;
            }
            let other = baseline_values.as_ref().filter(|_| baseline != Some(point));
            let other = other.and_then(|values| values.of(&series.figure));
            rows.push(Row::of((point, place), series, other, &records));
        }
    }
    check_figures(&records, request, &figures)?;
    add_points_that_failed(&records, &mut rows);
    rows.sort_by_key(|row| (row.point, row.figure));
    let is_asked = |place: &usize| request.influence_on.contains(&figures[*place].variable);
    let asked = (0..figures.len()).filter(is_asked);
    let influences = asked.filter_map(|place| Influence::of(&records, place, &rows)).collect();
    Ok(Summary { records, baseline, figures, rows, influences })
}

impl Request {
    fn wants(&self, variable: &str) -> bool {
        let mut figures = self.figures.iter().chain(&self.influence_on);
        self.figures.is_empty() || figures.any(|figure| figure == variable)
    }
}

/// The place of the point that others are compared with.
fn baseline(records: &StudyRecords, request: &Request) -> Result<Option<usize>, SummaryError> {
    let is_paired = records.file.common_random_numbers;
    let Some(wanted) = &request.baseline else {
        let has_others = records.points.len() > 1 && records.points[0].replicates() > 0;
        return Ok((is_paired && has_others).then_some(0));
    };
    let Some(place) = records.points.iter().position(|point| point.row.scenario == *wanted) else {
        let names = records.points.iter().map(|point| point.row.scenario.as_str());
        return Err(SummaryError::Baseline { baseline: wanted.clone(), known: some_of(names) });
    };
    if !is_paired {
        return Err(SummaryError::NotPaired);
    }
    if records.points[place].replicates() == 0 {
        return Err(SummaryError::BaselineMissing { baseline: wanted.clone() });
    }
    Ok(Some(place))
}

fn check_figures(records: &StudyRecords, request: &Request, known: &[Figure]) -> Result<(), SummaryError> {
    if known.is_empty() {
        let failed = records.points.iter().map(|point| point.failed.len()).sum();
        return Err(SummaryError::Nothing {
            name: records.file.name.clone(),
            committed: records.chunks,
            failed,
        });
    }
    for figure in &request.figures {
        if !known.iter().any(|known| known.variable == *figure) {
            let mut names: Vec<&str> = Vec::new();
            for known in known.iter().map(|known| known.variable.as_str()) {
                if !names.contains(&known) {
                    names.push(known);
                }
            }
            let (figure, known) = (figure.clone(), names.join(", "));
            return Err(SummaryError::Figure { figure, scope: request.scope, known });
        }
    }
    Ok(())
}

/// Names of which there may be very many.
fn some_of<'a>(names: impl ExactSizeIterator<Item = &'a str>) -> String {
    const SHOWN: usize = 20;
    let more = names.len().saturating_sub(SHOWN);
    let mut text = names.take(SHOWN).collect::<Vec<&str>>().join(", ");
    if more > 0 {
        text.push_str(&format!(" and {more} more"));
    }
    text
}

/// A point of which every replicate failed has no rows in any part, and yet is counted.
fn add_points_that_failed(records: &StudyRecords, rows: &mut Vec<Row>) {
    let mut templates: BTreeMap<usize, Row> = BTreeMap::new();
    for row in rows.iter() {
        templates.entry(row.figure).or_insert_with(|| row.clone());
    }
    for (point, state) in records.points.iter().enumerate() {
        if state.finished.is_empty() && !state.failed.is_empty() {
            rows.extend(
                templates
                    .values()
                    .map(|row| Row::nothing((point, row.figure), &row.unit, state.failed.len())),
            );
        }
    }
}
