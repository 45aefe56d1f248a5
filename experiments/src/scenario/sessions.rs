//! Recorded sessions and fitted mixtures: read from the files that portraits name, and held against the scenario.

use std::collections::BTreeMap;
use std::sync::Arc;

use goshawk_agents::household::mixture::Mixture;
use goshawk_agents::household::session::Recording;
use goshawk_agents::mixture_file;
use goshawk_agents::rows::RowProblem;
use goshawk_agents::session_file::{self, Setting};
use goshawk_market::quantity::{Energy, Power};

use super::data::DataFiles;
use super::meaning::{Course, Report};
use super::problem::{Place, Problem, Source};
use super::{Battery, Portrait};

/// The data that portraits replay or draw from, by the portrait's name.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct PlugIns {
    /// Recorded sessions of each household.
    pub recordings: BTreeMap<String, Vec<Recording>>,
    /// Fitted mixtures.
    pub mixtures: BTreeMap<String, Arc<Mixture>>,
}

/// Reads what the portraits name; remarks say what of it was ignored.
pub(super) fn plug_ins(
    report: &mut Report<'_>,
    files: &mut DataFiles<'_>,
    course: Option<&Course>,
) -> (PlugIns, Vec<String>) {
    let (mut found, mut remarks) = (PlugIns::default(), Vec::new());
    let battery: Option<Battery> = report.section(&["battery"]);
    for name in report.portrait_names() {
        let portrait: Option<Portrait> = report.section(&["portraits", &name]);
        let Some(portrait) = portrait.filter(|portrait| portrait.count > 0) else { continue };
        if let (Some(battery), Some(course)) = (&battery, course) {
            sessions(report, files, (&name, &portrait), (battery, course), &mut found, &mut remarks);
        }
        if let Some(written) = &portrait.mixture {
            let path = ["portraits", &name, "mixture"];
            let Some(file) = files.source(&path, written, report) else { continue };
            match mixture_file::read(&file.text) {
                Ok(mixture) => {
                    found.mixtures.insert(name.clone(), Arc::new(mixture));
                }
                Err(problems) => tell(report, &file, &path, problems),
            }
        }
    }
    (found, remarks)
}

fn sessions(
    report: &mut Report<'_>,
    files: &mut DataFiles<'_>,
    (name, portrait): (&str, &Portrait),
    (battery, course): (&Battery, &Course),
    found: &mut PlugIns,
    remarks: &mut Vec<String>,
) {
    let Some(written) = &portrait.sessions else { return };
    let path = ["portraits", name, "sessions"];
    let Some(file) = files.source(&path, written, report) else { return };
    let capacity = Energy::from_f64(portrait.capacity_kwh.unwrap_or(battery.capacity_kwh));
    let charge_power = Power::from_f64(portrait.charge_kw.unwrap_or(battery.charge_kw));
    // Others are told already.
    let (Ok(capacity), Ok(charge_power)) = (capacity, charge_power) else { return };
    let setting = Setting {
        zone: course.zone.clone(),
        start: course.start,
        end: course.end,
        households: portrait.count,
        charge_power,
        charge_efficiency: battery.charge_efficiency,
        soc_max: battery.soc_max,
        capacity,
    };
    match session_file::read(&file.text, &portrait.session_columns, &setting) {
        Ok(replay) => {
            remarks.extend(replay.notes.into_iter().map(|note| format!("{written}: {note}")));
            for repair in replay.repairs {
                report.warn(&path, format!("\"{written}\": {repair}"), "sessions that need no repair");
            }
            found.recordings.insert(name.to_owned(), replay.recordings);
        }
        Err(problems) => tell(report, &file, &path, problems),
    }
}

fn tell(report: &mut Report<'_>, file: &Arc<Source>, path: &[&str], problems: Vec<RowProblem>) {
    for problem in problems {
        let place = Place { source: Arc::clone(file), span: problem.span };
        report.problems.push(Problem::new(&place, path.join("."), problem.found, problem.allowed));
    }
}
