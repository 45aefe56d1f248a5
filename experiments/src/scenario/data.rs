//! Weather and tariffs: resolved from the scenario or from the data files that it names.

use std::io::ErrorKind;
use std::path::Path;
use std::sync::Arc;

use goshawk_agents::weather::{Repair, Weather, WeatherProblem};
use jiff::tz::TimeZone;
use sha2::{Digest, Sha256};

use super::WeatherSource;
use super::meaning::{Course, Report};
use super::problem::{Place, Problem, Source};
use super::sky;

/// Larger files are refused: a year of hourly weather has about 2 MB.
const FILE_BYTES_MAX: u64 = 64 << 20;

/// A data file that the scenario names, as it was read.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct DataFile {
    /// The field that names it, such as `weather.tmy3`.
    pub field: String,
    /// Its path as written there, relative to the scenario's folder.
    pub path: String,
    /// Its whole text.
    pub text: String,
    /// SHA-256 of the text, in hexadecimal.
    pub sha256: String,
    /// Values that the file does not have and that were interpolated.
    pub repaired_values: u64,
}

/// Reads data files and keeps what was read.
pub(super) struct DataFiles<'a> {
    base: &'a Path,
    /// Files that are not read again: those that came with a saved run.
    kept: &'a [DataFile],
    pub(super) read: Vec<DataFile>,
}

impl<'a> DataFiles<'a> {
    /// Files below `base`, but for those that were `kept` under the same path.
    pub(super) fn new(base: &'a Path, kept: &'a [DataFile]) -> Self {
        Self { base, kept, read: Vec::new() }
    }

    fn text(&self, written: &str) -> Result<String, String> {
        let kept = self.kept.iter().find(|file| file.path == written);
        kept.map_or_else(|| read_text(&self.base.join(written)), |file| Ok(file.text.clone()))
    }

    /// The file that the field at `path` names as `written`; what prevents it from being read goes to the report.
    pub(super) fn source(
        &mut self,
        path: &[&str],
        written: &str,
        report: &mut Report<'_>,
    ) -> Option<Arc<Source>> {
        let file = self.base.join(written);
        match self.text(written) {
            Ok(text) => {
                let sha256 = hexadecimal(&Sha256::digest(text.as_bytes()));
                let (field, path) = (path.join("."), written.to_owned());
                let repaired_values = 0;
                self.read.push(DataFile { field, path, text: text.clone(), sha256, repaired_values });
                Some(Arc::new(Source { name: file.display().to_string(), text }))
            }
            Err(why) => {
                let found = format!("\"{written}\", {why}");
                report.add(path, found, "a file that can be read, relative to the scenario's folder");
                None
            }
        }
    }

    /// Notes how many values of the file that `field` names were interpolated.
    fn count_repairs(&mut self, field: &str, count: usize) {
        let file = self.read.iter_mut().find(|file| file.field == field);
        file.into_iter().for_each(|file| file.repaired_values = count as u64);
    }
}

/// The text of a file, or why there is none.
pub(crate) fn read_text(file: &Path) -> Result<String, String> {
    let why = |error: std::io::Error| match error.kind() {
        ErrorKind::NotFound => "which does not exist".to_owned(),
        ErrorKind::InvalidData => "which is not UTF-8 text".to_owned(),
        _ => format!("which cannot be read ({error})"),
    };
    if std::fs::metadata(file).map_err(why)?.len() > FILE_BYTES_MAX {
        return Err(format!("which has more than {FILE_BYTES_MAX} bytes"));
    }
    std::fs::read_to_string(file).map_err(why)
}

fn hexadecimal(bytes: &[u8]) -> String {
    bytes.iter().map(|byte| format!("{byte:02x}")).collect()
}

/// The scenario's weather, which covers the whole run.
pub(super) fn weather(
    report: &mut Report<'_>,
    files: &mut DataFiles<'_>,
    course: Option<&Course>,
) -> Option<Weather> {
    let source: WeatherSource = report.section(&["weather"])?;
    if let (Some(irradiance), Some(temperature)) = (&source.irradiance_w_per_m2, &source.temperature_c) {
        let (irradiance, temperature) = (irradiance.first_chunk::<24>()?, temperature.first_chunk::<24>()?);
        return Some(Weather::daily(irradiance, temperature, course?.zone.clone()));
    }
    let course = course?;
    let zone =
        source.csv_zone.as_deref().map_or_else(|| Some(course.zone.clone()), |name| TimeZone::get(name).ok());
    let (field, path) = *source.files().first()?;
    let file = files.source(&["weather", field], path, report)?;
    let read = match field {
        "tmy3" => Weather::from_tmy3(&file.text, &file.name),
        "epw" => Weather::from_epw(&file.text, &file.name),
        _ => Weather::from_csv(&file.text, &file.name, &zone?),
    };
    let field = format!("weather.{field}");
    let problem = |problem: WeatherProblem| {
        let place = Place { source: Arc::clone(&file), span: problem.span };
        Problem::new(&place, &field, problem.found, problem.allowed)
    };
    let weather = match read {
        Ok(weather) => weather,
        Err(problems) => {
            report.problems.extend(problems.into_iter().map(problem));
            return None;
        }
    };
    let run = course.start..course.end;
    let enough = match sky::drawn_by(source.resample) {
        None => weather.covers(run),
        Some(resample) => weather.can_draw(resample, run),
    };
    enough.map_err(|missing| report.problems.push(problem(missing))).ok()?;
    warn_of_repairs(report, &file, &field, &weather);
    files.count_repairs(&field, weather.repairs().len());
    Some(sky::at_site(report, &source, weather))
}

/// Says of each column how many values were interpolated, at the first of them.
fn warn_of_repairs(report: &mut Report<'_>, file: &Arc<Source>, field: &str, weather: &Weather) {
    let mut columns: Vec<(&str, usize, &Repair)> = Vec::new();
    for repair in weather.repairs() {
        match columns.iter_mut().find(|(column, _, _)| *column == repair.column) {
            Some((_, count, _)) => *count += 1,
            None => columns.push((repair.column, 1, repair)),
        }
    }
    for (column, count, first) in columns {
        let place = Place { source: Arc::clone(file), span: first.span.clone() };
        let values = if count == 1 { "1 value" } else { &format!("{count} values") };
        let found = format!("no `{column}` here; {values} of it interpolated between neighbours");
        report.warnings.push(Problem::warning(&place, field, found, "a value in every row"));
    }
}
