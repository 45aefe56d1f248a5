//! `goshawk summary`: the key figures of a run, or what a study says.

use std::fs;
use std::path::{Path, PathBuf};

use clap::{Args, ValueEnum};
use goshawk_output::{Manifest, read_kpis};

use super::{BAD_INPUT, FAILED, Format, is_neither, print, report_error, shell_word};
use crate::study::design::Structure;
use crate::summary::{MAIN_FIGURES, Request, Scope, StudyRecords, long_table, summarise};

mod influence;
mod json;
pub(super) mod run;
mod study;

#[derive(Debug, Args)]
pub(super) struct SummaryArguments {
    /// Folder of a run or of a study.
    #[arg(value_name = "DIR")]
    folder: PathBuf,
    /// How the key figures are written.
    #[arg(long, value_enum, default_value_t = Format::Table)]
    format: Format,
    /// Study: only this figure, such as `net_cost`; may be repeated.
    #[arg(long = "figure", value_name = "NAME")]
    figures: Vec<String>,
    /// Study: what the figures are about.
    #[arg(long, value_enum, value_name = "SCOPE")]
    scope: Option<ScopeName>,
    /// Study: the point that others are compared with, replicate by replicate [default: the first, if all points share
    /// their random numbers].
    #[arg(long, value_name = "SCENARIO")]
    baseline: Option<String>,
    /// Study: write all rows to a Parquet file too.
    #[arg(long, value_name = "FILE")]
    parquet: Option<PathBuf>,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
enum ScopeName {
    /// The whole run.
    Run,
    /// Each class of households.
    Class,
    /// Each operator.
    Operator,
    /// All of them.
    All,
}

impl From<ScopeName> for Scope {
    fn from(name: ScopeName) -> Self {
        match name {
            ScopeName::Run => Self::Run,
            ScopeName::Class => Self::Class,
            ScopeName::Operator => Self::Operator,
            ScopeName::All => Self::All,
        }
    }
}

pub(super) fn summary(arguments: &SummaryArguments) -> u8 {
    if StudyRecords::is_study(&arguments.folder) {
        of_study(arguments)
    } else if is_neither(&arguments.folder) {
        BAD_INPUT
    } else {
        of_run(arguments)
    }
}

fn of_run(arguments: &SummaryArguments) -> u8 {
    let manifest = match Manifest::read(&arguments.folder) {
        Ok(manifest) => manifest,
        Err(error) => {
            tracing::error!("{error}");
            return BAD_INPUT;
        }
    };
    if let Some(study) = &manifest.study {
        tracing::error!(
            "{} is a point of the study {}: give the study's folder",
            arguments.folder.display(),
            study.name
        );
        return BAD_INPUT;
    }
    let given = [
        ("--figure", !arguments.figures.is_empty()),
        ("--scope", arguments.scope.is_some()),
        ("--baseline", arguments.baseline.is_some()),
        ("--parquet", arguments.parquet.is_some()),
    ];
    if let Some((option, _)) = given.iter().find(|(_, is_given)| *is_given) {
        tracing::error!("{option} is for studies, and {} is the folder of a run", arguments.folder.display());
        return BAD_INPUT;
    }
    match read_kpis(&arguments.folder, &manifest) {
        Ok(kpis) => print(&run::render(&kpis, &manifest.header.currency, arguments.format)),
        Err(error) => {
            tracing::error!("{error}");
            BAD_INPUT
        }
    }
}

fn of_study(arguments: &SummaryArguments) -> u8 {
    let scope = arguments.scope.map_or(Scope::Run, Scope::from);
    let influence_on = if arguments.figures.is_empty() {
        MAIN_FIGURES.map(str::to_owned).to_vec()
    } else {
        arguments.figures.clone()
    };
    let request = Request {
        scope,
        figures: arguments.figures.clone(),
        influence_on,
        baseline: arguments.baseline.clone(),
    };
    let summary = match summarise(&arguments.folder, &request) {
        Ok(summary) => summary,
        Err(error) => {
            report_error(&error);
            return if error.is_bad_input() { BAD_INPUT } else { FAILED };
        }
    };
    let records = &summary.records;
    if records.missing > 0 {
        let at_most = if records.file.stopping.is_some() { "at most " } else { "" };
        tracing::warn!(
            "this study is not finished: {at_most}{} replicates are missing; `goshawk study STUDY --out {} --resume` \
             goes on",
            records.missing,
            shell_word(&arguments.folder)
        );
    }
    if let Some(path) = &arguments.parquet
        && let Err(error) = write_whole(path, &long_table::parquet(&summary))
    {
        tracing::error!("cannot write {}: {error}", path.display());
        return FAILED;
    }
    let text = match arguments.format {
        Format::Csv => long_table::csv(&summary),
        Format::Json => format!("{:#}\n", json::of(&summary)),
        Format::Table => match records.design.structure {
            Structure::FullFactorial { .. } | Structure::Table => study::tables(&summary, &arguments.figures),
            _ => influence::tables(&summary, &arguments.figures, &shell_word(&arguments.folder)),
        },
    };
    print(&text)
}

/// Writes a file, whole or not at all.
fn write_whole(path: &Path, bytes: &[u8]) -> std::io::Result<()> {
    let mut aside = path.as_os_str().to_owned();
    aside.push(".partial");
    let aside = PathBuf::from(aside);
    let written = fs::write(&aside, bytes).and_then(|()| fs::rename(&aside, path));
    if written.is_err() {
        let _ = fs::remove_file(&aside);
    }
    written
}
