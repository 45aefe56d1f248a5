//! From a file and `--set` arguments to a scenario that can run.

use std::path::{Path, PathBuf};
use std::sync::Arc;

use goshawk_agents::aggregator::request_series::RequestSeries;
use goshawk_agents::carbon::IntensitySeries;
use goshawk_agents::grid::operation::FeederSpec;
use goshawk_agents::pricing::Pricing;
use goshawk_agents::weather::Weather;
use jiff::Timestamp;
use jiff::tz::TimeZone;

use super::data::{DataFile, DataFiles, read_text};
use super::document::Document;
use super::meaning::{self, Report};
use super::problem::{Problem, Problems};
use super::sessions::{self, PlugIns};
use super::{
    Scenario, Time, aggregator, carbon, data, feeder, plausible, prices, problem, rules, structure, tariff,
};

/// A scenario without a problem, and everything that it names.
#[derive(Debug, Clone)]
pub struct Loaded {
    /// What the file and the `--set` arguments say, with every default.
    pub scenario: Scenario,
    /// The same as TOML with every default written out; loads to the same scenario.
    pub effective_toml: String,
    /// The data files it names, as they were read.
    pub files: Vec<DataFile>,
    /// The folder that paths in the scenario are relative to.
    pub base_dir: PathBuf,
    /// The zone of `time.zone`.
    pub zone: TimeZone,
    /// The instant of `time.start`; of a time that clocks show twice, the first.
    pub start: Timestamp,
    /// The weather, which covers the whole run.
    pub weather: Weather,
    /// The state grid's tariff Q_G, scaled.
    pub grid_tariff: Pricing,
    /// The sales company's tariff Q_C, scaled.
    pub company_tariff: Pricing,
    /// What the company pays upstream.
    pub wholesale: Pricing,
    /// The feeder, if the scenario has one.
    pub feeder: Option<FeederSpec>,
    /// Requests of the grid to the fleet, if they come from a file.
    pub requests: Option<Arc<RequestSeries>>,
    /// Carbon dioxide behind energy from outside, if a file says.
    pub co2_intensity: Option<Arc<IntensitySeries>>,
    /// Recorded sessions and fitted mixtures of the portraits.
    pub plug_ins: PlugIns,
    /// What was asked for and does not happen: days beyond `time.periods`, a tariff's demand charges.
    pub remarks: Vec<String>,
    /// Values that can be used but are hardly meant, in the order of their lines; none of them stops a run.
    pub warnings: Vec<Problem>,
}

/// Reads the scenario file at `path`, with `sets` of the form `path=value` carried out in order.
///
/// # Errors
/// Every problem of the file, the arguments and the data files, all at once; of a file that is not TOML, the first.
pub fn load(path: impl AsRef<Path>, sets: &[String]) -> Result<Loaded, Problems> {
    let path = path.as_ref();
    let text = read_text(path).map_err(|why| Problems::unreadable(path, &why))?;
    let base = path.parent().unwrap_or_else(|| Path::new(""));
    load_text(&path.display().to_string(), &text, base, sets)
}

/// As [`load`], from a text; `name` names it in problems, and `base` is the folder of its data files.
///
/// # Errors
/// As [`load`].
pub fn load_text(name: &str, text: &str, base: &Path, sets: &[String]) -> Result<Loaded, Problems> {
    load_kept(name, text, (base, &[]), sets)
}

/// As [`load_text`], of a text whose data files were `kept` with it; others are read below `base`.
///
/// # Errors
/// As [`load`].
pub(crate) fn load_kept(
    name: &str,
    text: &str,
    (base, kept): (&Path, &[DataFile]),
    sets: &[String],
) -> Result<Loaded, Problems> {
    let mut document = Document::parse(name, text).map_err(|problem| Problems::one(*problem))?;
    let problems: Vec<Problem> =
        sets.iter().filter_map(|argument| document.set(argument).err()).map(|problem| *problem).collect();
    load_with(name, &document, (base, kept), problems)
}

/// As [`load_text`], from a document with what is known to be wrong with it.
pub(crate) fn load_document(
    name: &str,
    document: &Document,
    base: &Path,
    problems: Vec<Problem>,
) -> Result<Loaded, Problems> {
    load_with(name, document, (base, &[]), problems)
}

fn load_with(
    name: &str,
    document: &Document,
    (base, kept): (&Path, &[DataFile]),
    mut problems: Vec<Problem>,
) -> Result<Loaded, Problems> {
    problems.extend(structure::check(document));

    let mut report = Report::new(document, problems);
    let mut files = DataFiles::new(base, kept);
    let course = meaning::course(&mut report);
    meaning::check(&mut report);
    let weather = data::weather(&mut report, &mut files, course.as_ref());
    let grid = tariff::pricing(&mut report, &mut files, "grid", course.as_ref(), (None, None));
    let wholesale = prices::wholesale(&mut report, &mut files, course.as_ref());
    let bases = (grid.as_ref().map(|(grid, _)| grid), wholesale.as_ref());
    let company = tariff::pricing(&mut report, &mut files, "company", course.as_ref(), bases);

    let feeder = feeder::feeder(&mut report, &mut files);
    let requests = aggregator::check(&mut report, &mut files, course.as_ref());
    let co2_intensity = carbon::intensity(&mut report, &mut files, course.as_ref());
    let (plug_ins, plug_in_remarks) = sessions::plug_ins(&mut report, &mut files, course.as_ref());

    let mut scenario: Option<Scenario> = report.section(&[]);
    if let Some(scenario) =
        scenario.as_mut().filter(|_| document.get(&["ledger", "opening_balance"]).is_none())
    {
        scenario.ledger.opening_balance = rules::opening_balance_for(scenario.time.days);
    }
    if let (Some(scenario), Some(course), Some(weather)) = (&scenario, &course, &weather) {
        plausible::check(&mut report, scenario, weather, course);
    }
    let mut warnings = std::mem::take(&mut report.warnings);
    problem::sort(&mut warnings, name);
    if let Some(problems) = Problems::all(report.problems, name) {
        return Err(problems);
    }
    let resolved = scenario.zip(course).zip(weather).zip(grid.zip(company)).zip(wholesale);
    let ((((scenario, course), weather), (grid, company)), wholesale) =
        resolved.expect("invariant: a scenario without problems resolves");
    let effective_toml =
        toml::to_string(&scenario).expect("invariant: every scenario can be written as TOML");
    let mut remarks: Vec<String> = unused_days(document, &scenario.time).into_iter().collect();
    for remark in grid.1.into_iter().chain(company.1).chain(plug_in_remarks) {
        if !remarks.contains(&remark) {
            remarks.push(remark);
        }
    }
    let (feeder, remark) = feeder.unzip();
    remarks.extend(remark.flatten());
    Ok(Loaded {
        scenario,
        effective_toml,
        files: files.read,
        base_dir: base.to_owned(),
        zone: course.zone,
        start: course.start,
        weather,
        grid_tariff: grid.0,
        company_tariff: company.0,
        wholesale,
        feeder,
        requests,
        co2_intensity,
        plug_ins,
        remarks,
        warnings,
    })
}

/// Says so when days that someone asked for are cut by `time.periods`; the default of one day nobody asked for.
fn unused_days(document: &Document, time: &Time) -> Option<String> {
    let asked = document.get(&["time", "days"]).is_some();
    let whole = time.days * time.periods_per_day();
    let periods = time.periods.filter(|&periods| asked && periods < whole)?;
    Some(format!(
        "the run ends after time.periods = {periods}, of the {whole} periods of time.days = {}",
        time.days
    ))
}
