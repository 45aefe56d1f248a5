//! `grid.co2_intensity`: the carbon dioxide behind energy from outside.

use std::sync::Arc;

use goshawk_agents::carbon::IntensitySeries;

use super::Grid;
use super::data::DataFiles;
use super::meaning::{Course, Report};
use super::problem::{Place, Problem};

/// Reads the file of carbon intensities, if there is one, and holds it against the run.
pub(super) fn intensity(
    report: &mut Report<'_>,
    files: &mut DataFiles<'_>,
    course: Option<&Course>,
) -> Option<Arc<IntensitySeries>> {
    let path = ["grid", "co2_intensity"];
    report.document.get(&path)?;
    let written = report.section::<Grid>(&["grid"])?.co2_intensity?;
    let file = files.source(&path, &written, report)?;
    let course = course?;
    let read = IntensitySeries::read(&file.text, &course.zone)
        .and_then(|series| series.covers(course.start..course.end).map(|()| series));
    match read {
        Ok(series) => Some(Arc::new(series)),
        Err(problems) => {
            for problem in problems {
                let place = Place { source: Arc::clone(&file), span: problem.span };
                report.problems.push(Problem::new(&place, path.join("."), problem.found, problem.allowed));
            }
            None
        }
    }
}
