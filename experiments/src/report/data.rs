//! What a page knows: facts about the scenarios, key figures, and sums by class and time.

use std::collections::BTreeMap;

use goshawk_output::Horizon;
use goshawk_output::table::Table;
use serde::Serialize;

use super::ReportError;
use super::axes::{Axes, AxesTold, Fineness};
use super::convergence::{Course, convergence};
use super::households::{Households, classes};
use super::influence::{Influence, influences};
use super::key_figures::{KeyFigure, KeyFigures};
use super::market::{market, operators, storage};
use super::read::Absence;
use super::source::{Kind, ScenarioSource, Source};
use super::sums::Sums;
use super::trades::Trades;
use crate::paper::facts;

/// Scenarios of which figures by time are told.
const TOLD_BY_TIME_MAX: usize = 64;

/// All that a report tells.
#[derive(Debug, Clone, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct Data {
    /// `run`, `study` or `runs`.
    pub kind: &'static str,
    /// Where the folder is one of `goshawk paper`: the paper's figures, by the report's.
    #[serde(skip_serializing_if = "BTreeMap::is_empty")]
    pub paper_figures: BTreeMap<&'static str, u8>,
    /// Name of the run, the study or the folder.
    pub title: String,
    /// One line on what it is.
    pub description: String,
    /// What there is of it: points and replicates.
    pub overview: String,
    /// The folder as it was given.
    pub folder: String,
    /// Version of the program that wrote the report.
    pub program_version: &'static str,
    /// Currency of all money; several, separated by commas, where runs differ.
    pub currency: String,
    /// Names of classes in all scenarios, in the order of their colours.
    pub classes: Vec<String>,
    /// Factors of a study.
    pub factors: Vec<String>,
    /// Scenarios.
    pub scenarios: Vec<Scenario>,
    /// Key figures.
    pub key_figures: Vec<KeyFigure>,
    /// What the main key figures owe to a study's factors.
    pub influences: Vec<Influence>,
    /// What is not told, in words.
    pub notes: Vec<String>,
}

/// A scenario.
#[derive(Debug, Clone, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct Scenario {
    /// Its name in the tables.
    pub name: String,
    /// What people are told.
    pub label: String,
    /// Its folder within the report's; empty where they are the same.
    pub within: String,
    /// Facts in the order in which they are told: what, and how much.
    pub facts: Vec<(&'static str, String)>,
    /// Replicates that came to their end.
    pub replicates: u32,
    /// Replicates that failed.
    pub failed: u32,
    /// Rows of each table.
    pub rows: BTreeMap<&'static str, u64>,
    /// Households of each class in one replicate.
    pub households: BTreeMap<String, u64>,
    /// How time is told.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub axes: Option<AxesTold>,
    /// What households did, by class.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub agents: Option<Households>,
    /// How the market cleared.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub market: Option<Sums>,
    /// What was traded.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub trades: Option<Trades>,
    /// Revenue, cost and energy of operators.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub operators: Option<BTreeMap<String, Sums>>,
    /// The shared storage.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub storage: Option<Sums>,
    /// The optimizers' courses.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub convergence: Option<BTreeMap<String, Course>>,
    /// Why a table is not told about.
    pub absent: BTreeMap<&'static str, Absence>,
}

impl Data {
    /// Reads all that there is.
    ///
    /// # Errors
    /// When the key figures cannot be read.
    pub fn read(source: &Source) -> Result<Self, ReportError> {
        let figures = KeyFigures::read(source)?;
        let mut notes = figures.notes;
        let counted: Vec<Result<Vec<(String, u64)>, Absence>> =
            source.scenarios.iter().map(classes).collect();
        let told = source.scenarios.len().min(TOLD_BY_TIME_MAX);
        let by_time = |it: &ScenarioSource| it.parts.keys().any(|table| *table != Table::Kpis);
        if told < source.scenarios.len() && source.scenarios.iter().any(by_time) {
            notes.push(format!(
                "Figures by time are of the first {told} of {} points.",
                source.scenarios.len()
            ));
        }
        // Where households are not listed, room for four classes.
        let horizons: Vec<(Horizon, usize)> = source
            .scenarios
            .iter()
            .take(told)
            .zip(&counted)
            .filter_map(|(scenario, classes)| {
                Some((scenario.horizon()?, classes.as_ref().map_or(4, Vec::len)))
            })
            .collect();
        let fineness = Fineness::of(&horizons);
        let mut scenarios = Vec::new();
        for (place, (scenario, classes)) in source.scenarios.iter().zip(&counted).enumerate() {
            scenarios.push(Scenario::read(scenario, classes, (place < told).then_some(fineness)));
        }
        let classes = union(&counted, &scenarios);
        Ok(Self {
            kind: match source.kind {
                Kind::Run => "run",
                Kind::Study(_) => "study",
                Kind::Runs => "runs",
            },
            paper_figures: paper_figures(source),
            title: title(source),
            description: description(source),
            overview: overview(source),
            folder: source.folder.display().to_string(),
            program_version: env!("CARGO_PKG_VERSION"),
            currency: currency(source, &figures.rows),
            classes,
            factors: match &source.kind {
                Kind::Study(study) => study.design.paths.clone(),
                Kind::Run | Kind::Runs => Vec::new(),
            },
            scenarios,
            key_figures: figures.rows,
            influences: influences(source)?,
            notes,
        })
    }
}

fn paper_figures(source: &Source) -> BTreeMap<&'static str, u8> {
    let is_of_paper = matches!(source.kind, Kind::Runs) && source.folder.join(facts::PAPER_FILE).is_file();
    let figures = facts::FIGURES.into_iter().map(|(number, id, _)| (id, number));
    if is_of_paper { figures.collect() } else { BTreeMap::new() }
}

fn title(source: &Source) -> String {
    match &source.kind {
        Kind::Run => source.scenarios[0].name.clone(),
        Kind::Study(study) => study.file.name.clone(),
        Kind::Runs => {
            let path = source.folder.canonicalize().unwrap_or_else(|_| source.folder.clone());
            path.file_name().map_or_else(|| "runs".to_owned(), |name| name.to_string_lossy().into_owned())
        }
    }
}

fn description(source: &Source) -> String {
    match &source.kind {
        Kind::Study(study) => study.file.description.clone(),
        Kind::Run => {
            let path = source.scenarios[0].folder.join(goshawk_output::SCENARIO_FILE);
            let text = std::fs::read_to_string(path).unwrap_or_default();
            let scenario: Option<toml::Table> = text.parse().ok();
            let description = scenario.as_ref().and_then(|table| table.get("description")?.as_str());
            description.unwrap_or_default().to_owned()
        }
        Kind::Runs => String::new(),
    }
}

fn overview(source: &Source) -> String {
    let count = source.scenarios.len();
    let sum =
        |of: fn(&ScenarioSource) -> u32| source.scenarios.iter().map(|it| u64::from(of(it))).sum::<u64>();
    match &source.kind {
        Kind::Run => String::new(),
        Kind::Runs => format!("{count} runs side by side."),
        Kind::Study(study) => {
            let at_most = if study.file.stopping.is_some() { "at most " } else { "" };
            let missing = match study.missing {
                0 => "none is missing".to_owned(),
                missing => format!("{at_most}{missing} are missing: the study is not finished"),
            };
            format!(
                "A study of {count} points: {} replicates came to their end, {} failed, {missing}.",
                sum(|it| it.replicates),
                sum(|it| it.failed)
            )
        }
    }
}

fn currency(source: &Source, figures: &[KeyFigure]) -> String {
    let mut found: Vec<String> = Vec::new();
    for manifest in source.scenarios.iter().filter_map(|scenario| scenario.manifest.as_ref()) {
        if !found.contains(&manifest.header.currency) {
            found.push(manifest.header.currency.clone());
        }
    }
    if found.is_empty() {
        // The points of a study that is not finished have no manifest, but their key figures know.
        found.extend(figures.iter().find(|figure| figure.variable == "net_cost").map(|it| it.unit.clone()));
    }
    found.join(", ")
}

/// The classes of all scenarios, in the order in which they are first met.
fn union(counted: &[Result<Vec<(String, u64)>, Absence>], scenarios: &[Scenario]) -> Vec<String> {
    let listed = counted.iter().flatten().flatten().map(|(name, _)| name);
    let met =
        scenarios.iter().flat_map(|scenario| scenario.agents.iter().flat_map(|agents| agents.classes.keys()));
    let mut classes: Vec<String> = Vec::new();
    for name in listed.chain(met) {
        if !classes.contains(name) {
            classes.push(name.clone());
        }
    }
    classes
}

impl Scenario {
    fn read(
        scenario: &ScenarioSource,
        classes: &Result<Vec<(String, u64)>, Absence>,
        fineness: Option<Fineness>,
    ) -> Self {
        let mut absent = BTreeMap::new();
        let counts: &[(String, u64)] = classes.as_ref().map_or(&[], Vec::as_slice);
        if let Err(why) = classes {
            absent.insert(Table::Households.name(), why.clone());
        }
        let axes = match (fineness, scenario.horizon()) {
            (Some(fineness), Some(horizon)) => Ok(Axes::new(fineness, horizon)),
            (None, _) => Err("there are too many points: figures by time are of the first ones".to_owned()),
            (_, None) => Err("the study is not finished, and this point has no manifest yet".to_owned()),
        };
        let replicates = u64::from(scenario.replicates.max(1));
        let zone = scenario.manifest.as_ref().map_or("UTC", |manifest| manifest.header.zone.as_str());
        let axes = axes.as_ref();
        let mut over = Over { axes, absent: &mut absent };
        let agents = over.time(Table::AgentPeriods, |axes| Households::read(scenario, axes));
        let market = over.time(Table::MarketPeriods, |axes| market(scenario, axes));
        let mut trades = over.time(Table::Trades, |axes| Trades::read(scenario, axes, counts));
        if let Some(trades) = trades.as_mut().filter(|_| has_bands(scenario)) {
            // Records weigh otherwise then, and begin anew after a suspension, which trades do not tell.
            trades.credit.clear();
        }
        let operators = over.time(Table::OperatorPeriods, |axes| operators(scenario, axes));
        let storage = over.time(Table::StoragePeriods, |axes| storage(scenario, axes));
        let convergence = over.time(Table::Convergence, |_| convergence(scenario));
        Self {
            name: scenario.name.clone(),
            label: scenario.label.clone(),
            within: scenario.within.clone(),
            facts: facts(scenario),
            replicates: scenario.replicates,
            failed: scenario.failed,
            rows: scenario.rows.iter().map(|(table, rows)| (table.name(), *rows)).collect(),
            households: counts.iter().map(|(name, count)| (name.clone(), count / replicates)).collect(),
            axes: axes.ok().map(|axes| axes.told(zone)),
            agents,
            market,
            trades,
            operators,
            storage,
            convergence,
            absent,
        }
    }
}

/// Tables that are told by time, and why some are not.
struct Over<'a> {
    axes: Result<&'a Axes, &'a Absence>,
    absent: &'a mut BTreeMap<&'static str, Absence>,
}

impl Over<'_> {
    fn time<T>(&mut self, table: Table, read: impl FnOnce(&Axes) -> Result<T, Absence>) -> Option<T> {
        match self.axes.map_err(Clone::clone).and_then(read) {
            Ok(found) => Some(found),
            Err(why) => {
                self.absent.insert(table.name(), why);
                None
            }
        }
    }
}

/// What was run.
fn facts(scenario: &ScenarioSource) -> Vec<(&'static str, String)> {
    let mut facts = vec![("Scenario", scenario.name.clone())];
    if let Some(manifest) = &scenario.manifest {
        let horizon = manifest.horizon;
        let days = f64::from(horizon.periods) / horizon.periods_per_day().max(1) as f64;
        let minutes = horizon.period_micros as f64 / 60e6;
        facts.extend([
            ("Mechanism", mechanism(scenario)),
            ("Seed", manifest.seed.to_string()),
            ("Days", format!("{days}, in periods of {minutes} minutes")),
            ("Time zone", manifest.header.zone.clone()),
            ("Version", manifest.program_version.clone()),
            ("Configuration (SHA-256)", manifest.header.config_hash.clone()),
        ]);
    }
    facts.push(("Replicates", format!("{}, {} failed", scenario.replicates, scenario.failed)));
    facts
}

/// The mechanism, as the run had it.
fn mechanism(scenario: &ScenarioSource) -> String {
    let found = effective(scenario);
    let mechanism = found.as_ref().and_then(|table| table.get("market")?.get("mechanism")?.as_str());
    mechanism.unwrap_or("not told").to_owned()
}

/// Whether the run had credit bands.
fn has_bands(scenario: &ScenarioSource) -> bool {
    let found = effective(scenario);
    let enabled =
        found.as_ref().and_then(|table| table.get("ledger")?.get("credit")?.get("enabled")?.as_bool());
    enabled.unwrap_or(false)
}

/// The effective scenario beside the tables.
fn effective(scenario: &ScenarioSource) -> Option<toml::Table> {
    let text = std::fs::read_to_string(scenario.folder.join(goshawk_output::SCENARIO_FILE)).ok()?;
    text.parse().ok()
}
