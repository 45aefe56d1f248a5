//! Study files: what they may contain, and every problem of one.
//!
//! ```text
//! study.toml ──▶ document ──JSON Schema──▶ [[factor]] + [design] ──▶ points ──▶ each point's scenario ──▶ Study or Problems
//! ```

use std::collections::BTreeMap;
use std::fs;
use std::path::{Path, PathBuf};
use std::sync::LazyLock;

use goshawk_output::table::{Table, TableSet};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::FieldProblem;
use super::design::{Design, DesignTable, Method, Point, Structure, table};
use super::factor::{FactorTable, Level};
use crate::scenario::document::Document;
use crate::scenario::meaning::Report;
use crate::scenario::problem::{Place, Source};
use crate::scenario::schema::schema_of;
use crate::scenario::structure::Form;
use crate::scenario::{self, Loaded, Problem, Problems};
use crate::statistics::stopping::{RuleError, Sampling, StoppingRule, Target};

static FORM: LazyLock<Form> = LazyLock::new(|| Form::new(schema_of::<StudyFile>()));

/// Most problems of points that are told one by one.
const POINT_PROBLEMS_MAX: usize = 20;

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

/// Reads the study file at `path`; `replicates` stands in for the file's.
///
/// # Errors
/// Every problem of the file, of its design, and of the scenarios of its points.
pub fn load(path: impl AsRef<Path>, replicates: Option<u32>) -> Result<Study, Problems> {
    let path = path.as_ref();
    let text = fs::read_to_string(path).map_err(|why| Problems::unreadable(path, &why.to_string()))?;
    let base = path.parent().unwrap_or_else(|| Path::new(""));
    load_text(&path.display().to_string(), &text, base, replicates)
}

/// As [`load`], from a text; `name` names it in problems, and `base` is the folder of its files.
///
/// # Errors
/// As [`load`].
pub fn load_text(name: &str, text: &str, base: &Path, replicates: Option<u32>) -> Result<Study, Problems> {
    let mut document = Document::parse(name, text).map_err(|problem| Problems::one(*problem))?;
    if let Some(replicates) = replicates {
        document.set(&format!("replicates={replicates}")).map_err(|problem| Problems::one(*problem))?;
    }
    let mut report = Report::new(&document, FORM.check(&document));
    let file: Option<StudyFile> = report.section(&[]);
    let (Some(file), true) = (file, report.problems.is_empty()) else {
        return Err(
            Problems::all(report.problems, name).expect("invariant: a file that is refused has problems")
        );
    };
    names(&mut report, &file);
    let tables = tables(&mut report, &file);
    let stopping = stopping(&mut report, &file);
    let scenario = base.join(&file.scenario);
    let seed =
        file.seed.or_else(|| scenario::load(&scenario, &[]).ok().map(|it| it.scenario.seed)).unwrap_or(1);
    let design = design(&mut report, &file, base, seed);
    let study = design.filter(|_| report.problems.is_empty()).and_then(|design| {
        let (first, config_hashes) = points(&mut report, &file, &scenario, &design)?;
        Some((design, first, config_hashes))
    });
    if let Some(problems) = Problems::all(report.problems, name) {
        return Err(problems);
    }
    let (design, first, config_hashes) = study.expect("invariant: a study without problems has its points");
    Ok(Study { file, base: base.to_owned(), scenario, design, tables, stopping, first, config_hashes })
}

/// Names that the study gives or needs itself, and fields that are set twice.
fn names(report: &mut Report<'_>, file: &StudyFile) {
    if file.name == "commits" {
        report.add(&["name"], "\"commits\"", "another name: the study's logs are in a folder of this one");
    }
    let named = "nothing: a point is named after the study";
    for (field, allowed) in
        [("name", named), ("seed", "seed at the top of the study, which designs follow too")]
    {
        if file.set.contains_key(field) {
            report.add(&["set", field], format!("`{field}`"), allowed);
        }
    }
    for (place, factor) in file.factor.iter().enumerate().filter(|(_, factor)| factor.path.trim() == "name") {
        report.add(&["factor", &place.to_string(), "path"], format!("{:?}", factor.path), named);
    }
    for (place, factor) in file.factor.iter().enumerate() {
        if file.set.contains_key(factor.path.trim()) {
            let found = format!("{:?}, which is in [set] too", factor.path);
            report.add(&["factor", &place.to_string(), "path"], found, "each field once");
        }
    }
}

/// Adds what is wrong with a field below the table at `within`.
fn add(report: &mut Report<'_>, within: &[&str], problem: FieldProblem) {
    let path: Vec<&str> =
        within.iter().copied().chain(problem.field.split('.').filter(|name| !name.is_empty())).collect();
    report.add(&path, problem.found, problem.allowed);
}

fn tables(report: &mut Report<'_>, file: &StudyFile) -> TableSet {
    let Some(names) = &file.tables else { return TableSet::ALL };
    let mut tables = TableSet::NONE.with(Table::Kpis);
    for (place, name) in names.iter().enumerate() {
        match Table::from_name(name) {
            Some(table) => tables = tables.with(table),
            None => {
                let known: Vec<&str> = Table::ALL.iter().map(|table| table.name()).collect();
                report.add(&["tables", &place.to_string()], format!("\"{name}\""), known.join(", "));
            }
        }
    }
    tables
}

fn stopping(report: &mut Report<'_>, file: &StudyFile) -> Option<(StoppingRule, Vec<(String, Target)>)> {
    let pairs = file.antithetic;
    if pairs && !(file.chunk.is_multiple_of(2) && file.replicates.is_multiple_of(2)) {
        let field = if file.chunk.is_multiple_of(2) { "replicates" } else { "chunk" };
        report.add(&[field], "an odd number", "an even one: antithetic replicates come in pairs");
    }
    let stopping = file.stopping.as_ref()?;
    let look_every = stopping.look_every.unwrap_or(file.chunk);
    if !look_every.is_multiple_of(file.chunk) {
        let allowed = format!("a multiple of chunk = {}", file.chunk);
        report.add(&["stopping", "look_every"], look_every.to_string(), allowed);
    }
    match stopping_rule(file, stopping) {
        Ok(rule) => Some((rule, targets(stopping))),
        Err(error) => {
            let words = error.to_string();
            let (found, allowed) = words.split_once("; allowed: ").unwrap_or((&words, "another rule"));
            report.add(&["stopping"], found.trim_start_matches("found "), allowed);
            None
        }
    }
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

fn design(report: &mut Report<'_>, file: &StudyFile, base: &Path, seed: u64) -> Option<Design> {
    let mut factors = Vec::new();
    for (place, table) in file.factor.iter().enumerate() {
        match table.check() {
            Ok(factor) => factors.push(factor),
            Err(problems) => {
                for problem in problems {
                    add(report, &["factor", &place.to_string()], problem);
                }
            }
        }
    }
    let method = match file.design.as_ref().map(DesignTable::check) {
        None => Some(Method::FullFactorial),
        Some(Ok(method)) => Some(method),
        Some(Err(problems)) => {
            problems.into_iter().for_each(|problem| add(report, &["design"], problem));
            None
        }
    };
    let method = method.filter(|_| factors.len() == file.factor.len())?;
    if let Method::Table { file: table } = &method {
        if !factors.is_empty() {
            report.add(&["factor"], "factors beside a table", "none: the table's columns are the factors");
            return None;
        }
        return from_table(report, &base.join(table), table);
    }
    if factors.is_empty() {
        let only = Point { index: 0, positions: Vec::new(), levels: Vec::new() };
        let structure = Structure::FullFactorial { counts: Vec::new() };
        if file.design.is_some() {
            report.add(&["design"], "a design without factors", "one [[factor]] or more");
        }
        return Some(Design { paths: Vec::new(), points: vec![only], structure });
    }
    match method.build(&factors, seed) {
        Ok(design) => Some(design),
        Err(problems) => {
            problems.into_iter().for_each(|problem| add(report, &[], problem));
            None
        }
    }
}

fn from_table(report: &mut Report<'_>, path: &Path, written: &str) -> Option<Design> {
    let is_parquet = path.extension().is_some_and(|extension| extension == "parquet");
    let unreadable = |report: &mut Report<'_>, why: std::io::Error| {
        report.add(
            &["design", "file"],
            format!("\"{written}\", {why}"),
            "a CSV or Parquet file that can be read",
        );
    };
    let (text, result) = if is_parquet {
        match fs::File::open(path) {
            Ok(file) => (String::new(), table::from_parquet(file)),
            Err(why) => {
                unreadable(report, why);
                return None;
            }
        }
    } else {
        match fs::read_to_string(path) {
            Ok(text) => {
                let result = table::from_csv(&text);
                (text, result)
            }
            Err(why) => {
                unreadable(report, why);
                return None;
            }
        }
    };
    match result {
        Ok(design) => Some(design),
        Err(problems) => {
            let source = std::sync::Arc::new(Source { name: path.display().to_string(), text });
            for problem in problems {
                let line = problem.line.unwrap_or(1);
                let start: usize = source.text.split_inclusive('\n').take(line - 1).map(str::len).sum();
                let place = Place { source: std::sync::Arc::clone(&source), span: start..start };
                let row = problem.row.map(|row| format!("row {row}"));
                let field: Vec<String> = row.into_iter().chain(problem.column).collect();
                report.problems.push(Problem::new(&place, field.join(", "), problem.found, problem.allowed));
            }
            None
        }
    }
}

/// The first point's scenario, and what the scenario of each point comes to.
fn points(
    report: &mut Report<'_>,
    file: &StudyFile,
    scenario: &Path,
    design: &Design,
) -> Option<(Loaded, Vec<String>)> {
    let mut first = None;
    let mut config_hashes = Vec::with_capacity(design.points.len());
    let mut told = 0;
    for (place, point) in design.points.iter().enumerate() {
        match scenario::load(scenario, &sets(file, design, place)) {
            Ok(loaded) => {
                config_hashes.push(crate::run::config_hash(&loaded));
                first.get_or_insert(loaded);
            }
            Err(problems) => {
                // The same fault comes again at every point with the same level.
                for problem in &problems {
                    let again =
                        report.problems.iter().any(|earlier| earlier.to_string() == problem.to_string());
                    if !again && told < POINT_PROBLEMS_MAX {
                        told += 1;
                        report.problems.push(problem.clone());
                    }
                }
                let is_of_levels = problems.iter().any(|problem| problem.file.starts_with("--"));
                let is_told = report.problems.iter().any(|problem| problem.field == "factor");
                if is_of_levels && !is_told && !design.paths.is_empty() {
                    let levels = point.sets(&design.paths).join(", ");
                    let found = format!("point {}, {levels}, whose scenario has problems", point.index);
                    report.add(&["factor"], found, "levels that the scenario can have");
                }
            }
        }
    }
    first.filter(|_| config_hashes.len() == design.points.len()).map(|first| (first, config_hashes))
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
