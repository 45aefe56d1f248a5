//! One replicate of a study again, alone: with every table, with the ledger's store, and held against what the study says
//! of it.
//!
//! The study is read from its folder: `study.toml` as it was run, and the scenario and its data files from where the
//! process that wrote the log read them, or from where the caller says. They must be the same to the byte.

use std::panic::{AssertUnwindSafe, catch_unwind};
use std::path::{Path, PathBuf};
use std::sync::Arc;

use goshawk_agents::journal::Progress;
use goshawk_engine::Streams;
use goshawk_output::Existing;

use super::audit::{AuditError, scenarios, study_file};
use super::chunk::{ChunkId, panic_words, streams, words};
use super::file::{self, Study};
use super::folder::{FolderError, Identity, Records, STUDY_FILE};
use crate::run::{Report, Request, RunError, run_replicate};
use crate::scenario::{Loaded, Problems};

/// What a study says of a replicate.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Told {
    /// It came to its end, with this digest of its events.
    Finished(String),
    /// It failed, for this reason.
    Failed(String),
}

/// A replicate to be run again.
#[derive(Debug)]
pub struct Replay {
    /// The scenario of its point.
    pub loaded: Loaded,
    /// Its number.
    pub replicate: u32,
    /// What the study says of it.
    pub told: Told,
    streams: Streams,
}

/// What came of it.
#[derive(Debug)]
pub enum Replayed {
    /// It came to its end; whether with the events that the study tells.
    Finished {
        /// What was left behind.
        report: Box<Report>,
        /// Whether its events are those of the study.
        is_same: bool,
    },
    /// It failed; whether as the study tells.
    Failed {
        /// Why, as a chain of errors; `None` for a panic.
        error: Option<RunError>,
        /// Why, in the words of the study's log.
        reason: String,
        /// Whether the study gives the same reason.
        is_same: bool,
    },
}

/// Why a replicate cannot be run again.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum ReplayError {
    /// The study's folder.
    #[error(transparent)]
    Audit(#[from] AuditError),
    /// The study's folder.
    #[error(transparent)]
    Folder(#[from] FolderError),
    /// No such point.
    #[error("the study has no scenario {wanted:?}; it has {have}")]
    UnknownScenario {
        /// Which was asked for.
        wanted: String,
        /// Those that there are.
        have: String,
    },
    /// The replicate is in no log.
    #[error("the logs of the study do not tell of replicate {replicate} of {scenario}; they tell of {have}")]
    UnknownReplicate {
        /// The point.
        scenario: String,
        /// Which was asked for.
        replicate: u32,
        /// Those that there are.
        have: String,
    },
    /// Nobody knows where the scenario is.
    #[error(
        "the scenario file {scenario} is not in {looked}; say with --inputs in which folder the study file was"
    )]
    InputsGone {
        /// As in the study file.
        scenario: String,
        /// Where it was looked for.
        looked: String,
    },
    /// The scenario or a data file has problems that it did not have.
    #[error("the study's inputs have changed: {0}")]
    Problems(Problems),
    /// Not what was run.
    #[error("the study's inputs have changed: {0}")]
    Changed(String),
}

impl ReplayError {
    /// Whether the study's folder is damaged, rather than what was asked for at fault.
    pub fn is_damage(&self) -> bool {
        match self {
            Self::Audit(error) => !error.is_bad_input(),
            Self::Folder(error) => !error.is_bad_input(),
            _ => false,
        }
    }
}

impl Replay {
    /// Finds a replicate of the study in `folder`; `inputs` is the folder that its study file is in now, if not where it was.
    ///
    /// # Errors
    /// When there is no such replicate, or its inputs are gone or others.
    pub fn find(
        folder: &Path,
        scenario: &str,
        replicate: u32,
        inputs: Option<&Path>,
    ) -> Result<Self, ReplayError> {
        let records =
            Records::read(folder)?.ok_or_else(|| FolderError::Nothing { path: folder.to_owned() })?;
        let names = scenarios(folder)?;
        let point = names.iter().position(|name| name == scenario).ok_or_else(|| {
            let have = match names.len() {
                0..=8 => names.join(", "),
                count => format!("{count} from {} to {}", names[0], names[count - 1]),
            };
            ReplayError::UnknownScenario { wanted: scenario.to_owned(), have }
        })?;
        let told = told(&records, point, scenario, replicate)?;
        let study = study(folder, &records, inputs)?;
        let loaded = study.point(point).map_err(ReplayError::Problems)?;
        let streams = streams(&study, point, &loaded, replicate);
        Ok(Self { loaded, replicate, told, streams })
    }

    /// Runs it into a folder of its own, as a run.
    ///
    /// # Errors
    /// When it is stopped, or a file cannot be written; a failure of the replicate itself is an outcome.
    pub fn run(
        &self,
        out: &Path,
        existing: Existing,
        command: Vec<String>,
        progress: &Arc<Progress>,
    ) -> Result<Replayed, RunError> {
        let request = Request { loaded: &self.loaded, out, existing, command };
        let run = AssertUnwindSafe(|| run_replicate(&request, self.replicate, self.streams, progress));
        let failed = |reason: String, error: Option<RunError>| {
            let is_same = self.told == Told::Failed(reason.clone());
            Ok(Replayed::Failed { error, reason, is_same })
        };
        match catch_unwind(run) {
            Ok(Ok(report)) => {
                let is_same = self.told == Told::Finished(report.manifest.event_digest.clone());
                Ok(Replayed::Finished { report: Box::new(report), is_same })
            }
            Ok(Err(error @ RunError::Community(_))) => failed(words(&error), Some(error)),
            Ok(Err(error)) => Err(error),
            Err(panic) => failed(panic_words(panic.as_ref()), None),
        }
    }
}

/// What the logs say of a replicate.
fn told(records: &Records, point: usize, scenario: &str, replicate: u32) -> Result<Told, ReplayError> {
    let first = ChunkId { point, number: 0 };
    let last = ChunkId { point, number: u32::MAX };
    let mut have = Vec::new();
    for commit in records.commits.range(first..=last).map(|(_, commit)| commit) {
        if let Some(one) = commit.finished.iter().find(|one| one.replicate == replicate) {
            return Ok(Told::Finished(one.event_digest.clone()));
        }
        if let Some(one) = commit.failed.iter().find(|one| one.replicate == replicate) {
            return Ok(Told::Failed(one.reason.clone()));
        }
        have.push(commit.replicates);
    }
    let known = records.unfinished.range(first..=last).flat_map(|(_, failed)| failed);
    if let Some(one) = known.into_iter().find(|one| one.replicate == replicate) {
        return Ok(Told::Failed(one.reason.clone()));
    }
    let have = match (have.first(), have.last()) {
        (Some(first), Some(last)) => format!("replicates from {} to {}", first.first, last.last),
        _ => "none".to_owned(),
    };
    Err(ReplayError::UnknownReplicate { scenario: scenario.to_owned(), replicate, have })
}

/// The study with its inputs, if they are still what they were.
fn study(folder: &Path, records: &Records, inputs: Option<&Path>) -> Result<Study, ReplayError> {
    let file = study_file(folder)?;
    let places: Vec<PathBuf> = match inputs {
        Some(inputs) => vec![inputs.to_owned()],
        None => records.inputs_from.clone(),
    };
    let base = places.iter().find(|place| place.join(&file.scenario).exists()).ok_or_else(|| {
        let looked: Vec<String> = places.iter().map(|place| place.display().to_string()).collect();
        ReplayError::InputsGone { scenario: file.scenario.clone(), looked: looked.join(" or ") }
    })?;
    let name = folder.join(STUDY_FILE);
    let text = toml::to_string(&file).expect("invariant: every study can be written as TOML");
    let study =
        file::load_text(&name.display().to_string(), &text, base, None).map_err(ReplayError::Problems)?;
    match records.identity.difference(&Identity::of(&study)) {
        Some(why) => Err(ReplayError::Changed(why)),
        None => Ok(study),
    }
}
