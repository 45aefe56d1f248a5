//! Weather and tariffs: resolved from the scenario or from the data files that it names.

use std::io::ErrorKind;
use std::path::Path;
use std::sync::Arc;

use goshawk_agents::weather::{Weather, WeatherProblem};
use sha2::{Digest, Sha256};

use super::WeatherSource;
use super::meaning::{Course, Report};
use super::problem::{Place, Problem, Source};

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
}

/// Reads data files and keeps what was read.
pub(super) struct DataFiles<'a> {
    base: &'a Path,
    pub(super) read: Vec<DataFile>,
}

impl<'a> DataFiles<'a> {
    pub(super) fn new(base: &'a Path) -> Self {
        Self { base, read: Vec::new() }
    }

    /// The file that the field at `path` names as `written`; what prevents it from being read goes to the report.
    pub(super) fn source(
        &mut self,
        path: &[&str],
        written: &str,
        report: &mut Report<'_>,
    ) -> Option<Arc<Source>> {
        let file = self.base.join(written);
        match read_text(&file) {
            Ok(text) => {
                let sha256 = hexadecimal(&Sha256::digest(text.as_bytes()));
                let (field, path) = (path.join("."), written.to_owned());
                self.read.push(DataFile { field, path, text: text.clone(), sha256 });
                Some(Arc::new(Source { name: file.display().to_string(), text }))
            }
            Err(why) => {
                let found = format!("\"{written}\", {why}");
                report.add(path, found, "a file that can be read, relative to the scenario's folder");
                None
            }
        }
    }
}

/// The text of a file, or why there is none.
pub(super) fn read_text(file: &Path) -> Result<String, String> {
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
    let file = files.source(&["weather", "tmy3"], source.tmy3.as_deref()?, report)?;
    let problem = |problem: WeatherProblem| {
        let place = Place { source: Arc::clone(&file), span: problem.span };
        Problem::new(&place, "weather.tmy3", problem.found, problem.allowed)
    };
    match Weather::from_tmy3(&file.text, &file.name) {
        Ok(weather) => {
            let covered = weather.covers(course?.start..course?.end);
            covered.map_err(|uncovered| report.problems.push(problem(uncovered))).ok()?;
            Some(weather)
        }
        Err(problems) => {
            report.problems.extend(problems.into_iter().map(problem));
            None
        }
    }
}
