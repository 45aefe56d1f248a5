//! The description of a fit: a TOML file with variants, targets and parameters.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};
use std::sync::LazyLock;

use goshawk_market::optimizer::OPTIMIZER_NAMES;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::limit::{self, LimitTable};
use super::targets::Targets;
use crate::scenario::document::Document;
use crate::scenario::meaning::Report;
use crate::scenario::schema::schema_of;
use crate::scenario::structure::Form;
use crate::scenario::{Problem, Problems, path_names, read_text};
use crate::study::factor::Level;

static FORM: LazyLock<Form> = LazyLock::new(|| Form::new(schema_of::<FitFile>()));

/// A fit as it is written.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct FitFile {
    /// What the fit is for, in a sentence.
    #[serde(default)]
    pub description: String,
    /// Seed of the search, 0 to 2^53 - 1.
    #[serde(default = "one")]
    #[schemars(range(min = 0, max = 9_007_199_254_740_991_u64))]
    pub seed: u64,
    /// Starts of the search, 1 to 100; each draws its first candidates between the bounds, by seed and number. The scenarios' own
    /// values have no part in it.
    #[serde(default = "three")]
    #[schemars(range(min = 1, max = 100))]
    pub starts: u32,
    /// Candidates that each start evaluates at most, 100 to 10,000,000.
    #[serde(default = "ten_thousand")]
    #[schemars(range(min = 100, max = 10_000_000))]
    pub evaluations: u32,
    /// Candidates at a time, 4 to 10,000; l_shade begins with so many and ends with 4. By default 40, of l_shade 18 for each
    /// parameter, between 40 and a hundredth of the evaluations.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schemars(range(min = 4, max = 10_000))]
    pub population: Option<u32>,
    /// The optimizer: "ngo", "ngo_original", "pso", "improved_pso" or "l_shade".
    #[serde(default = "l_shade")]
    pub optimizer: String,
    /// What the targets are: sales revenue by default.
    #[serde(default)]
    pub measure: Measure,
    /// How a distance from the targets is judged.
    #[serde(default)]
    pub loss: Loss,
    /// Fields that differ in every run of the fit, as `--set` takes them, such as a faster mechanism. They are not written.
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    pub set: BTreeMap<String, Level>,
    /// The scenarios that share the parameters.
    #[schemars(length(min = 1))]
    pub variant: Vec<VariantTable>,
    /// What is fitted.
    #[schemars(length(min = 1))]
    pub parameter: Vec<ParameterTable>,
    /// What must hold beside the tables, such as what a source says in words.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub limit: Vec<LimitTable>,
}

/// What a target table holds, of each class in each hour.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum Measure {
    /// What sellers received for what they sold to users, in the currency.
    #[default]
    SalesRevenue,
    /// Energy sold to users, in kWh.
    SoldKwh,
    /// Energy bought from users, in kWh.
    BoughtKwh,
    /// Energy bought from the grid, in kWh.
    GridKwh,
    /// Energy bought from the company, in kWh.
    CompanyKwh,
    /// Energy bought from grid and company together, in kWh.
    OutsideKwh,
}

/// How a distance from the targets is judged; see the book's page on calibration.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, default)]
pub struct Loss {
    /// The relative error of a cell that counts as one unit, above 0 to 10.
    #[schemars(range(max = 10.0), extend("exclusiveMinimum" = 0.0))]
    pub cell_scale: f64,
    /// The share of the day's total in a cell that should be zero that counts as one unit, above 0 to 1.
    #[schemars(range(max = 1.0), extend("exclusiveMinimum" = 0.0))]
    pub zero_scale: f64,
    /// The relative error of a class's total that counts as one unit, above 0 to 10.
    #[schemars(range(max = 10.0), extend("exclusiveMinimum" = 0.0))]
    pub total_scale: f64,
    /// Weight of the cells that should be zero, 0 to 1000.
    #[schemars(range(min = 0.0, max = 1000.0))]
    pub zero_weight: f64,
    /// Weight of the totals of the classes, 0 to 1000.
    #[schemars(range(min = 0.0, max = 1000.0))]
    pub total_weight: f64,
}

impl Default for Loss {
    fn default() -> Self {
        Self { cell_scale: 0.05, zero_scale: 0.01, total_scale: 0.05, zero_weight: 1.0, total_weight: 1.0 }
    }
}

/// One scenario of the fit.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct VariantTable {
    /// Its name in what is told.
    #[schemars(length(min = 1, max = 64))]
    pub name: String,
    /// The scenario file, relative to the fit's folder; the one of the command line by default.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub scenario: Option<String>,
    /// Fields that differ in its runs, as `--set` takes them. They are not written.
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    pub set: BTreeMap<String, Level>,
    /// What the run's values are multiplied with before they are held against the targets, above 0 to 1,000,000: a tenth
    /// of alike households does a tenth of what they do.
    #[serde(default = "unit")]
    #[schemars(range(max = 1_000_000.0), extend("exclusiveMinimum" = 0.0))]
    pub scale: f64,
    /// The table that its values are fitted to, relative to the fit's folder.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub targets: Option<String>,
    /// A table that its values are held against after the fit; it has no part in it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub held_out: Option<String>,
}

/// One parameter: a number between bounds that stands in one or more fields.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct ParameterTable {
    /// Its name.
    #[schemars(length(min = 1, max = 64))]
    pub name: String,
    /// Its unit.
    #[serde(default)]
    pub unit: String,
    /// The lowest value that makes sense.
    pub low: f64,
    /// The highest value that makes sense.
    pub high: f64,
    /// Where the bounds come from.
    #[serde(default)]
    pub why: String,
    /// The fields that it stands in.
    #[schemars(length(min = 1))]
    pub field: Vec<FieldTable>,
}

/// A field that a parameter stands in: `factor * parameter + offset`.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct FieldTable {
    /// The field's path, as `--set` takes it; list indices count from 0.
    pub path: String,
    /// The factor.
    #[serde(default = "unit")]
    pub factor: f64,
    /// The offset.
    #[serde(default)]
    pub offset: f64,
}

fn one() -> u64 {
    1
}

fn unit() -> f64 {
    1.0
}

fn three() -> u32 {
    3
}

fn ten_thousand() -> u32 {
    10_000
}

fn l_shade() -> String {
    "l_shade".to_owned()
}

/// A scenario of the fit, ready for candidates.
#[derive(Debug, Clone)]
pub struct Variant {
    /// Its name.
    pub name: String,
    /// Its scenario file.
    pub path: PathBuf,
    /// Its text, before anything is changed in it.
    pub text: String,
    /// The data files that it names: the field's path, and the file's as written, relative to the scenario's folder.
    pub data_files: Vec<(Vec<String>, String)>,
    /// The same as a tree, with what differs in the runs of the fit.
    pub(crate) document: Document,
    /// What values are multiplied with.
    pub scale: f64,
    /// What they are fitted to.
    pub targets: Option<Targets>,
    /// What they are held against afterwards.
    pub held_out: Option<Targets>,
}

/// A field of a parameter.
#[derive(Debug, Clone, PartialEq)]
pub struct Field {
    /// The names of its path.
    pub path: Vec<String>,
    /// The factor.
    pub factor: f64,
    /// The offset.
    pub offset: f64,
}

/// A parameter of the fit.
#[derive(Debug, Clone, PartialEq)]
pub struct Parameter {
    /// Its table.
    pub table: ParameterTable,
    /// Its fields.
    pub fields: Vec<Field>,
    /// Its value in the scenarios as they are, cut to the bounds.
    pub before: f64,
    /// Its place among the parameters of the file.
    pub place: usize,
}

/// A fit without a problem.
#[derive(Debug, Clone)]
pub struct Fit {
    /// What the file says, with every default.
    pub file: FitFile,
    /// Its scenarios.
    pub variants: Vec<Variant>,
    /// What is fitted.
    pub parameters: Vec<Parameter>,
    /// The description as a tree, into which problems point.
    pub(crate) document: Document,
    /// Its name in problems.
    pub name: String,
}

/// What the command line changes in a fit.
#[derive(Debug, Clone, Default)]
pub struct Choice {
    /// Tables of targets in place of the file's, by variant.
    pub targets: Vec<(String, PathBuf)>,
    /// The parameters to fit; all of them if none is named.
    pub parameters: Vec<String>,
    /// Starts in place of the file's.
    pub starts: Option<u32>,
    /// Evaluations in place of the file's.
    pub evaluations: Option<u32>,
    /// Seed in place of the file's.
    pub seed: Option<u64>,
}

/// Reads the description at `path` for the scenario at `scenario`.
///
/// # Errors
/// Every problem of the description, of the target tables, and of the scenarios, all at once.
pub fn load(path: &Path, scenario: &Path, choice: &Choice) -> Result<Fit, Problems> {
    let name = path.display().to_string();
    let text = read_text(path).map_err(|why| Problems::unreadable(path, &why))?;
    let mut document = Document::parse(&name, &text).map_err(|problem| Problems::one(*problem))?;
    for (field, value) in [
        ("starts", choice.starts.map(u64::from)),
        ("evaluations", choice.evaluations.map(u64::from)),
        ("seed", choice.seed),
    ] {
        if let Some(value) = value {
            document.set(&format!("{field}={value}")).map_err(|problem| Problems::one(*problem))?;
        }
    }
    let mut report = Report::new(&document, FORM.check(&document));
    let file: Option<FitFile> = report.section(&[]);
    let (Some(file), true) = (file, report.problems.is_empty()) else {
        return Err(
            Problems::all(report.problems, &name).expect("invariant: a file that is refused has problems")
        );
    };
    if !OPTIMIZER_NAMES.contains(&file.optimizer.as_str()) {
        report.add(
            &["optimizer"],
            format!("{:?}", file.optimizer),
            format!("one of {}", OPTIMIZER_NAMES.join(", ")),
        );
    }
    let base = path.parent().unwrap_or_else(|| Path::new(""));
    let variants = variants(&mut report, &file, base, scenario, choice);
    let parameters = parameters(&mut report, &file, &variants, choice);
    if variants.len() == file.variant.len() {
        limit::check(&mut report, &file.limit, &variants);
    }
    if let Some(problems) = Problems::all(report.problems, &name) {
        return Err(problems);
    }
    Ok(Fit { file, variants, parameters, document, name })
}

fn variants(
    report: &mut Report<'_>,
    file: &FitFile,
    base: &Path,
    scenario: &Path,
    choice: &Choice,
) -> Vec<Variant> {
    let mut variants: Vec<Variant> = Vec::new();
    for (name, path) in &choice.targets {
        if !file.variant.iter().any(|variant| &variant.name == name) {
            let known: Vec<&str> = file.variant.iter().map(|variant| variant.name.as_str()).collect();
            let text = format!("{name}={}", path.display());
            let allowed = format!("VARIANT=FILE with a variant of the fit: {}", known.join(", "));
            report.problems.push(Problem::of_option(
                "--targets",
                &text,
                0..name.len(),
                format!("{name:?}"),
                allowed,
            ));
        }
    }
    for (place, table) in file.variant.iter().enumerate() {
        let place = place.to_string();
        if variants.iter().any(|known| known.name == table.name) {
            report.add(&["variant", &place, "name"], format!("{:?} again", table.name), "each name once");
        }
        let path = table.scenario.as_ref().map_or_else(|| scenario.to_owned(), |name| base.join(name));
        let name = path.display().to_string();
        // All of them are written into one folder.
        let same_name = variants.iter().find(|known| known.path.file_name() == path.file_name());
        if let Some(known) = same_name.filter(|known| !is_one_file(&known.path, &path)) {
            let found =
                format!("\"{name}\", beside \"{}\" of the variant {:?}", known.path.display(), known.name);
            let allowed = "scenario files with names of their own: their copies go into one folder";
            report.add(&["variant", &place, "scenario"], found, allowed);
        }
        let Some((text, document)) = scenario_of(report, &path, &place, &file.set, &table.set) else {
            continue;
        };
        let loaded = crate::scenario::load_document(
            &name,
            &document,
            path.parent().unwrap_or_else(|| Path::new("")),
            Vec::new(),
        );
        let portraits: Vec<String> = match loaded {
            Ok(loaded) => loaded.scenario.portraits.into_keys().collect(),
            Err(problems) => {
                report.problems.extend(problems.iter().cloned());
                continue;
            }
        };
        let mut read = |path: PathBuf| match Targets::read(&path, &portraits) {
            Ok(targets) => Some(targets),
            Err(problems) => {
                report.problems.extend(problems);
                None
            }
        };
        let chosen =
            choice.targets.iter().find(|(name, _)| *name == table.name).map(|(_, path)| path.clone());
        let targets = chosen.or_else(|| Some(base.join(table.targets.as_ref()?))).and_then(&mut read);
        let held_out = table.held_out.as_ref().and_then(|path| read(base.join(path)));
        let (name, scale) = (table.name.clone(), table.scale);
        let data_files = data_files(&path, &text);
        variants.push(Variant { name, path, text, data_files, document, scale, targets, held_out });
    }
    if report.problems.is_empty() && variants.iter().all(|variant| variant.targets.is_none()) {
        report.add(&["variant"], "no targets", "at least one variant with targets");
    }
    variants
}

/// The data files of a scenario as it is written, which may differ from those of the fit's runs.
fn data_files(path: &Path, text: &str) -> Vec<(Vec<String>, String)> {
    let base = path.parent().unwrap_or_else(|| Path::new(""));
    let loaded = crate::scenario::load_text(&path.display().to_string(), text, base, &[]);
    let files = loaded.map_or_else(|_| Vec::new(), |loaded| loaded.files);
    files.into_iter().filter_map(|file| Some((path_names(&file.field)?, file.path))).collect()
}

fn is_one_file(a: &Path, b: &Path) -> bool {
    let real = |path: &Path| path.canonicalize().unwrap_or_else(|_| path.to_owned());
    real(a) == real(b)
}

/// The text of a scenario, and its tree with what differs in the fit.
fn scenario_of(
    report: &mut Report<'_>,
    path: &Path,
    place: &str,
    of_all: &BTreeMap<String, Level>,
    own: &BTreeMap<String, Level>,
) -> Option<(String, Document)> {
    let name = path.display().to_string();
    let text = match read_text(path) {
        Ok(text) => text,
        Err(why) => {
            let allowed = "a scenario file that can be read, relative to the fit's folder";
            report.add(&["variant", place, "scenario"], format!("\"{name}\", {why}"), allowed);
            return None;
        }
    };
    let mut document = match Document::parse(&name, &text) {
        Ok(document) => document,
        Err(problem) => {
            report.problems.push(*problem);
            return None;
        }
    };
    for (path, value) in of_all.iter().chain(own) {
        if let Err(problem) = document.set(&value.set(path)) {
            report.problems.push(*problem);
        }
    }
    Some((text, document))
}

fn parameters(
    report: &mut Report<'_>,
    file: &FitFile,
    variants: &[Variant],
    choice: &Choice,
) -> Vec<Parameter> {
    let mut parameters: Vec<Parameter> = Vec::new();
    let mut taken: Vec<String> = Vec::new();
    for name in &choice.parameters {
        if !file.parameter.iter().any(|table| table.name == *name) {
            let known: Vec<&str> = file.parameter.iter().map(|table| table.name.as_str()).collect();
            let allowed = format!("parameters of the fit: {}", known.join(", "));
            let found = format!("{name:?}");
            report.problems.push(Problem::of_option("--parameters", name, 0..name.len(), found, allowed));
        }
    }
    for (place, table) in file.parameter.iter().enumerate() {
        let at = place.to_string();
        if file.parameter[..place].iter().any(|known| known.name == table.name) {
            report.add(&["parameter", &at, "name"], format!("{:?} again", table.name), "each name once");
        }
        let bounds_hold = table.low.is_finite() && table.high.is_finite() && table.low < table.high;
        if !bounds_hold {
            let found = format!("{} to {}", table.low, table.high);
            report.add(&["parameter", &at, "low"], found, "a low bound below the high one");
        }
        let (mut fields, mut before) = (Vec::new(), None);
        for (number, field) in table.field.iter().enumerate() {
            let where_ = ["parameter", &at, "field", &number.to_string(), "path"].map(str::to_owned);
            let Some(path) = path_names(&field.path) else {
                report.add(&where_, format!("{:?}", field.path), "a path, such as battery.capacity_kwh");
                continue;
            };
            if taken.contains(&field.path) {
                report.add(&where_, format!("{:?} again", field.path), "each field in one parameter");
            }
            taken.push(field.path.clone());
            if field.factor == 0.0 {
                let mut where_ = where_.clone();
                where_[4] = "factor".to_owned();
                report.add(&where_, "0", "another factor: the parameter would do nothing here");
            }
            for variant in variants {
                let value = variant.document.get(&path).and_then(|node| node.json().as_f64());
                let Some(value) = value else {
                    let found = format!("{:?}, which is no number in {}", field.path, variant.path.display());
                    report.add(&where_, found, "a field that every scenario of the fit states as a number");
                    break;
                };
                before = before.or(Some((value - field.offset) / field.factor));
            }
            fields.push(Field { path, factor: field.factor, offset: field.offset });
        }
        let is_fitted = choice.parameters.is_empty() || choice.parameters.contains(&table.name);
        if is_fitted
            && bounds_hold
            && let Some(before) = before
        {
            let before = before.clamp(table.low, table.high);
            parameters.push(Parameter { table: table.clone(), fields, before, place });
        }
    }
    // Bounds that the scenario's own rules refuse.
    if report.problems.is_empty() {
        for parameter in &parameters {
            for (bound, value) in [("low", parameter.table.low), ("high", parameter.table.high)] {
                refused(report, variants, parameter, bound, value);
            }
        }
    }
    let cells: usize =
        variants.iter().filter_map(|variant| variant.targets.as_ref()).map(Targets::cells).sum();
    if report.problems.is_empty() && parameters.len() > cells {
        let found = format!("{} parameters for {cells} target values", parameters.len());
        report.add(
            &["parameter"],
            found,
            "no more parameters than target values: the others cannot be identified",
        );
    }
    parameters
}

/// Tells where the first scenario that refuses a bound of a parameter does.
fn refused(report: &mut Report<'_>, variants: &[Variant], parameter: &Parameter, bound: &str, value: f64) {
    for variant in variants {
        let mut document = variant.document.clone();
        parameter.put(&mut document, value);
        let base = variant.path.parent().unwrap_or_else(|| Path::new(""));
        let name = variant.path.display().to_string();
        let Err(problems) = crate::scenario::load_document(&name, &document, base, Vec::new()) else {
            continue;
        };
        let problem = problems.iter().next().expect("invariant: there is a problem");
        let found = format!("{value}, which {} refuses for `{}`", variant.path.display(), problem.field);
        let allowed = problem.allowed.clone();
        report.add(&["parameter", &parameter.place.to_string(), bound], found, allowed);
        return;
    }
}

impl Parameter {
    /// The value of a gene in [0, 1].
    pub fn value(&self, gene: f64) -> f64 {
        self.table.low + gene.clamp(0.0, 1.0) * (self.table.high - self.table.low)
    }

    /// The gene of a value.
    pub fn gene(&self, value: f64) -> f64 {
        ((value - self.table.low) / (self.table.high - self.table.low)).clamp(0.0, 1.0)
    }

    /// Puts a value into the fields of a scenario.
    pub(crate) fn put(&self, document: &mut Document, value: f64) {
        for field in &self.fields {
            document.put(&field.path, field.of(value));
        }
    }
}

impl Field {
    /// What stands in the field, to six digits: what a reader sees is what was run.
    pub fn of(&self, value: f64) -> f64 {
        libm::round((self.factor * value + self.offset) * 1e6) / 1e6
    }
}
