//! Study files: what they may contain, and every problem of one.
//!
//! ```text
//! study.toml ──▶ document ──JSON Schema──▶ [[factor]] + [design] ──▶ points ──▶ each point's scenario ──▶ Study or Problems
//! ```

use std::collections::BTreeMap;
use std::path::PathBuf;
use std::sync::LazyLock;

use goshawk_output::table::TableSet;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

mod load;
mod sound_part;

pub use load::{load, load_text};

use super::design::{Design, DesignTable, Structure};
use super::factor::{FactorTable, Level};
use crate::scenario::schema::schema_of;
use crate::scenario::structure::Form;
use crate::scenario::{self, Loaded, Problems};
use crate::statistics::stopping::{RuleError, Sampling, StoppingRule, Target};

static FORM: LazyLock<Form> = LazyLock::new(|| Form::new(schema_of::<StudyFile>()));

/// A study as it is written: a scenario, what is varied in it, and how often each point is run.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct StudyFile {
    /// Name in the results' column `scenario`, before the number of the point: lower-case letters, digits, `_` and `-`, at
    /// most 56.
    #[schemars(
        regex(pattern = r"^[a-z0-9_-]{1,56}$"),
        extend("x-in-words" = "1 to 56 lower-case letters, digits, _ and -")
    )]
    pub name: String,
    /// What the study is for, in a sentence.
    #[serde(default)]
    pub description: String,
    /// The scenario file, relative to the study's folder.
    #[schemars(length(min = 1))]
    pub scenario: String,
    /// Seed of the designs' and all runs' random draws, 0 to 2^53 - 1; the scenario's by default.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schemars(range(min = 0, max = 9_007_199_254_740_991_u64))]
    pub seed: Option<u64>,
    /// Replicates of each point, 1 to 1,000,000; with `[stopping]` the most.
    #[schemars(range(min = 1, max = 1_000_000))]
    pub replicates: u32,
    /// Replicates of a chunk, what is run, kept or lost as one: 1 to 10,000.
    #[serde(default = "ten")]
    #[schemars(range(min = 1, max = 10_000))]
    pub chunk: u32,
    /// Whether replicate r of every point meets the same draws; in a design of blocks, of every point of its block.
    #[serde(default = "yes")]
    pub common_random_numbers: bool,
    /// Whether replicates come in pairs, the second of which mirrors every draw of the first; a pair is one observation.
    #[serde(default)]
    pub antithetic: bool,
    /// Replicates that may fail before the study gives up, 0 to 1,000,000.
    #[serde(default)]
    #[schemars(range(min = 0, max = 1_000_000))]
    pub failures_max: u32,
    /// The tables that are written beside `kpis`; all of them by default.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub tables: Option<Vec<String>>,
    /// Fields of the scenario that differ at every point, as `--set` takes them: `"time.days" = 7`.
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    pub set: BTreeMap<String, Level>,
    /// What is varied.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub factor: Vec<FactorTable>,
    /// At which points; every combination of the levels by default.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub design: Option<DesignTable>,
    /// When a point has enough replicates.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub stopping: Option<Stopping>,
}

/// Sequential stopping: a point ends at the first look at which the 95 % interval of every figure is narrow enough.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Stopping {
    /// The figures of the whole run that decide, such as `net_cost`.
    #[schemars(length(min = 1, max = 16))]
    pub figures: Vec<String>,
    /// Half the width that is narrow enough, as a share of the mean, 0 to 1; 0.05 by default.
    #[serde(default = "one_in_twenty")]
    #[schemars(range(min = 0.0, max = 1.0))]
    pub relative: f64,
    /// Half the width that is narrow enough in the figure's unit, 0 or more; the larger of both counts.
    #[serde(default)]
    #[schemars(range(min = 0.0))]
    pub absolute: f64,
    /// Replicates from one look to the next, a multiple of `chunk`; `chunk` by default.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schemars(range(min = 1, max = 1_000_000))]
    pub look_every: Option<u32>,
    /// The fewest observations to stop at, at least 30.
    #[serde(default = "thirty")]
    #[schemars(range(min = 30, max = 1_000_000))]
    pub observations_min: u32,
}

fn ten() -> u32 {
    10
}

fn thirty() -> u32 {
    30
}

fn yes() -> bool {
    true
}

fn one_in_twenty() -> f64 {
    0.05
}

/// A study without a problem.
#[derive(Debug)]
pub struct Study {
    /// What the file says, with every default.
    pub file: StudyFile,
    /// The folder of the study file.
    pub base: PathBuf,
    /// The scenario file.
    pub scenario: PathBuf,
    /// Where it runs.
    pub design: Design,
    /// The tables that are written.
    pub tables: TableSet,
    /// When a point has enough, and how narrow the interval of each figure is to be.
    pub stopping: Option<(StoppingRule, Vec<(String, Target)>)>,
    /// The first point's scenario.
    pub first: Loaded,
    /// Digest of the effective scenario of each point, data files included.
    pub config_hashes: Vec<String>,
}

/// The rule that a study file describes.
pub(super) fn stopping_rule(file: &StudyFile, stopping: &Stopping) -> Result<StoppingRule, RuleError> {
    let sampling = if file.antithetic { Sampling::AntitheticPairs } else { Sampling::Independent };
    let look_every = stopping.look_every.unwrap_or(file.chunk) as usize;
    StoppingRule::new(look_every, stopping.observations_min as usize, file.replicates as usize, sampling)
}

/// How narrow the interval of each watched figure is to be.
pub(super) fn targets(stopping: &Stopping) -> Vec<(String, Target)> {
    let target = Target { absolute: stopping.absolute, relative: stopping.relative };
    stopping.figures.iter().map(|figure| (figure.clone(), target)).collect()
}

/// The `--set` arguments of a point.
fn sets(file: &StudyFile, design: &Design, place: usize) -> Vec<String> {
    let point = &design.points[place];
    let fixed = file.set.iter().map(|(path, level)| level.set(path));
    let seed = file.seed.map(|seed| format!("seed={seed}"));
    let name = format!("name=\"{}\"", scenario_name(file, design, place));
    fixed.chain(seed).chain(point.sets(&design.paths)).chain([name]).collect()
}

fn scenario_name(file: &StudyFile, design: &Design, place: usize) -> String {
    if design.paths.is_empty() {
        file.name.clone()
    } else {
        format!("{}-{:04}", file.name, design.points[place].index)
    }
}

impl Study {
    /// What a point is called in the column `scenario`, and its folder: the study's name, and the point's number where there
    /// are factors.
    pub fn scenario_name(&self, place: usize) -> String {
        scenario_name(&self.file, &self.design, place)
    }

    /// The scenario of a point.
    ///
    /// # Errors
    /// When its files have changed meanwhile, so that it has problems now.
    pub fn point(&self, place: usize) -> Result<Loaded, Problems> {
        if place == 0 {
            return Ok(self.first.clone());
        }
        scenario::load(&self.scenario, &sets(&self.file, &self.design, place))
    }

    /// Whether the scenario of a point is what it was when the study was read.
    pub fn is_unchanged(&self, place: usize, loaded: &Loaded) -> bool {
        crate::run::config_hash(loaded) == self.config_hashes[place]
    }

    /// The group of common random numbers that a point belongs to. Blocks of a design have one each: their means are
    /// observations of one population only if they share no luck.
    pub fn crn_group(&self, place: usize) -> u64 {
        match self.design.structure {
            _ if !self.file.common_random_numbers => place as u64 + 1,
            Structure::Blocks { per_block } => (place / per_block.max(1)) as u64,
            _ => 0,
        }
    }

    /// The study as TOML with every default written out.
    pub fn effective_toml(&self) -> String {
        toml::to_string(&self.file).expect("invariant: every study can be written as TOML")
    }
}

/// The JSON Schema of study files.
pub fn schema_json() -> String {
    let mut text =
        serde_json::to_string_pretty(&schema_of::<StudyFile>()).expect("invariant: a schema is JSON");
    text.push('\n');
    text
}
