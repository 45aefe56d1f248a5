//! `goshawk calibrate`: fields of scenarios fitted to tables of targets.

use std::fs;
use std::num::NonZeroUsize;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::sync::atomic::Ordering;

use clap::{Args, ValueEnum};

use super::progress::Watch;
use super::{FAILED, INTERRUPTED, print, report_error, report_problems, stop_on_signals};
use crate::calibrate::Calibration;
use crate::calibrate::description::{self, Choice, Fit};
use crate::compare::Course;

mod tables;

#[derive(Debug, Args)]
pub(super) struct CalibrateArguments {
    /// Scenario file (TOML).
    #[arg(value_name = "SCENARIO")]
    scenario: PathBuf,
    /// The description of the fit [default: calibration.toml in the folder beside the scenario that has its name, with or
    /// without a last _NUMBER].
    #[arg(long, value_name = "FILE")]
    fit: Option<PathBuf>,
    /// Another table of targets for a variant of the fit; may be repeated.
    #[arg(long, value_name = "VARIANT=FILE")]
    targets: Vec<String>,
    /// Fit only these parameters, with commas between; the others keep the scenario's values.
    #[arg(long, value_name = "A,B,...", value_delimiter = ',')]
    parameters: Vec<String>,
    /// Starts of the search, in place of the fit's.
    #[arg(long, value_name = "N")]
    starts: Option<u32>,
    /// Candidates that each start evaluates at most, in place of the fit's.
    #[arg(long, value_name = "N")]
    evaluations: Option<u32>,
    /// Seed of the search, in place of the fit's.
    #[arg(long, value_name = "N")]
    seed: Option<u64>,
    /// Runs at a time; the result does not depend on it [default: as many as there are processors].
    #[arg(long, value_name = "N")]
    jobs: Option<NonZeroUsize>,
    /// Folder for the scenarios with the fitted values and calibration.json [default: out/NAME-calibration].
    #[arg(long, value_name = "DIR")]
    out: Option<PathBuf>,
    /// How the result is written.
    #[arg(long, value_enum, default_value_t = Format::Table)]
    format: Format,
}

/// How a calibration is written.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
enum Format {
    /// For people.
    Table,
    /// For programs.
    Json,
}

pub(super) fn calibrate(arguments: &CalibrateArguments, quiet: bool) -> u8 {
    let fit = arguments.fit.clone().unwrap_or_else(|| beside(&arguments.scenario));
    let choice = Choice {
        targets: arguments
            .targets
            .iter()
            .map(|text| {
                let (name, path) = text.split_once('=').unwrap_or((text, ""));
                (name.to_owned(), PathBuf::from(path))
            })
            .collect(),
        parameters: arguments.parameters.clone(),
        starts: arguments.starts,
        evaluations: arguments.evaluations,
        seed: arguments.seed,
    };
    let fit = match description::load(&fit, &arguments.scenario, &choice) {
        Ok(fit) => fit,
        Err(problems) => return report_problems(&problems),
    };
    let jobs =
        arguments.jobs.unwrap_or_else(|| std::thread::available_parallelism().unwrap_or(NonZeroUsize::MIN));
    let course = Arc::new(Course::default());
    stop_on_signals(&course.progress);
    let watch = Watch::runs(&course, fit.file.starts.saturating_mul(fit.file.evaluations), quiet);
    let calibration = crate::calibrate::calibrate(&fit, jobs, &course);
    drop(watch);
    if course.progress.stop.load(Ordering::Relaxed) {
        tracing::error!("stopped by request; nothing was written");
        return INTERRUPTED;
    }
    let calibration = match calibration {
        Ok(calibration) => calibration,
        Err(problems) => return report_problems(&problems),
    };
    let out = arguments.out.clone().unwrap_or_else(|| {
        let stem = arguments.scenario.file_stem().unwrap_or_default().to_string_lossy();
        PathBuf::from("out").join(format!("{stem}-calibration"))
    });
    let json = crate::calibrate::write::json(&fit, &calibration);
    if let Err(error) = write(&out, &fit, &calibration, &json) {
        report_error(&error);
        return FAILED;
    }
    print(&match arguments.format {
        Format::Table => tables::render(&fit, &calibration, &out),
        Format::Json => format!("{json:#}\n"),
    })
}

/// Writes the scenarios and what is known of them; a scenario of several variants once.
fn write(out: &Path, fit: &Fit, calibration: &Calibration, json: &serde_json::Value) -> std::io::Result<()> {
    fs::create_dir_all(out)?;
    for variant in &fit.variants {
        let name = variant.path.file_name().unwrap_or_default();
        fs::write(out.join(name), crate::calibrate::write::scenario(fit, variant, calibration, out))?;
    }
    fs::write(out.join("calibration.json"), format!("{json:#}\n"))
}

/// The description that belongs to a scenario: `paper/calibration.toml` beside `paper_1.toml`.
fn beside(scenario: &Path) -> PathBuf {
    let stem = scenario.file_stem().unwrap_or_default().to_string_lossy().into_owned();
    let folder = scenario.with_file_name(&stem);
    let series = stem.rsplit_once('_').filter(|(_, number)| number.bytes().all(|byte| byte.is_ascii_digit()));
    match series {
        Some((name, _)) if !folder.join("calibration.toml").exists() => {
            scenario.with_file_name(name).join("calibration.toml")
        }
        _ => folder.join("calibration.toml"),
    }
}
