//! `goshawk study`: many replicates of a scenario, at one point or at those of a design.

use std::num::NonZeroUsize;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use clap::{Args, ValueEnum};

use super::progress::Watch;
use super::table::Table;
use super::{BAD_INPUT, FAILED, INTERRUPTED, print, report_error, report_problems, shell_word};
use crate::study::course::{Course, WATCHED};
use crate::study::factor::Level;
use crate::study::file::{self, Study};
use crate::study::folder::Shard;
use crate::study::published::StudyManifest;
use crate::study::run::{self, Outcome, Request, StudyError};

#[derive(Debug, Args)]
pub(super) struct StudyArguments {
    /// Study file (TOML).
    #[arg(value_name = "STUDY")]
    study: PathBuf,
    /// Folder for the tables [default: out/NAME].
    #[arg(long, value_name = "DIR")]
    out: Option<PathBuf>,
    /// Replicates of each point, in place of the file's.
    #[arg(long, value_name = "N")]
    replicates: Option<u32>,
    /// Replicates that are run at a time [default: the machine's cores].
    #[arg(long, value_name = "N")]
    jobs: Option<NonZeroUsize>,
    /// Run only every N-th chunk, from the K-th on; K counts from 0.
    #[arg(long, value_name = "K/N", value_parser = shard)]
    shard: Option<Shard>,
    /// Go on with what is in the folder.
    #[arg(long)]
    resume: bool,
    /// How the result is written.
    #[arg(long, value_enum, default_value_t = StudyFormat::Table)]
    format: StudyFormat,
}

/// How what was done is written.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
enum StudyFormat {
    /// For people.
    Table,
    /// For programs.
    Json,
}

/// `K/N` with K from 0 to N - 1.
fn shard(text: &str) -> Result<Shard, String> {
    let allowed = "K/N, such as 0/4 to 3/4";
    let (index, count) = text.split_once('/').ok_or_else(|| format!("allowed: {allowed}"))?;
    let number =
        |text: &str| text.parse::<u32>().map_err(|_| format!("{text:?} is no number; allowed: {allowed}"));
    let (index, count) = (number(index)?, number(count)?);
    if index >= count {
        return Err(format!("there is no shard {index} of {count}: shards count from 0; allowed: {allowed}"));
    }
    Ok(Shard { index, count })
}

pub(super) fn study(arguments: &StudyArguments, quiet: bool) -> u8 {
    let study = match file::load(&arguments.study, arguments.replicates) {
        Ok(study) => study,
        Err(problems) => return report_problems(&problems),
    };
    super::remark_upon(&study.first);
    let out = arguments.out.clone().unwrap_or_else(|| PathBuf::from("out").join(&study.file.name));
    let cores = std::thread::available_parallelism().map_or(1, NonZeroUsize::get);
    let jobs = arguments.jobs.map_or(cores, NonZeroUsize::get);
    let shard = arguments.shard.unwrap_or(Shard::WHOLE);
    let mut watched = run::watched(&study);
    if watched.is_empty() {
        watched = WATCHED.map(str::to_owned).to_vec();
    }
    let course = Arc::new(Course::watching(&watched));
    let command = std::env::args().collect();
    let request = Request { study: &study, out: out.clone(), shard, jobs, resume: arguments.resume, command };
    let per_point = u64::from(study.file.replicates.div_ceil(study.file.chunk));
    let chunks =
        (0..per_point * study.design.points.len() as u64).filter(|&chunk| shard.holds(chunk)).count();
    let watch = Watch::study(&course, chunks as u64, quiet);
    let result = run::run(&request, &course);
    drop(watch);
    match result {
        Ok(outcome) => print(&present(&study, &outcome, &out, arguments.format)),
        Err(error) => report_failure(&error),
    }
}

fn report_failure(error: &StudyError) -> u8 {
    if let StudyError::Changed { problems, .. } = error {
        return report_problems(problems);
    }
    report_error(error);
    match error {
        StudyError::Interrupted { .. } => INTERRUPTED,
        StudyError::SequentialShards => BAD_INPUT,
        StudyError::Folder(error) if error.is_bad_input() => BAD_INPUT,
        _ => FAILED,
    }
}

fn present(study: &Study, outcome: &Outcome, out: &Path, format: StudyFormat) -> String {
    let Outcome { chunks, replicates, failed, manifest } = outcome;
    if format == StudyFormat::Json {
        let value = serde_json::json!({
            "folder": out, "chunks": chunks, "replicates": replicates, "failed": failed, "study": manifest,
        });
        return format!("{value:#}\n");
    }
    let mut text = String::new();
    let word = shell_word(out);
    if let Some(manifest) = manifest {
        text.push_str(&points(manifest));
    }
    text.push_str(&format!(
        "\n{chunks} chunks of {} added to {word}: {replicates} replicates, {failed} failed\n",
        study.file.chunk
    ));
    text.push_str(&manifest.as_ref().map(|it| exhausted_note(it.exhausted())).unwrap_or_default());
    if manifest.is_some() {
        text.push_str(&format!("Figures:   goshawk summary {word}\nCheck it:  goshawk verify {word}\n"));
    } else {
        text.push_str("Other shards have not put all of their chunks there yet.\n");
    }
    text
}

/// The points with their levels, and what was run of each.
fn points(manifest: &StudyManifest) -> String {
    const SHOWN: usize = 20;
    let factors = manifest.factors.iter().map(String::as_str);
    let is_sequential = manifest.points.iter().any(|point| point.target_met.is_some());
    let target = is_sequential.then_some("target");
    let columns: Vec<&str> = factors.chain(["replicates", "failed"]).chain(target).collect();
    let mut table = Table::new("scenario", &columns);
    for point in manifest.points.iter().take(SHOWN) {
        let levels = point.levels.iter().map(shown);
        let counts = [point.replicates.to_string(), point.failed.to_string()];
        let target = target.map(|_| target_word(point.target_met).to_owned());
        table.row(&point.scenario, levels.chain(counts).chain(target));
    }
    let mut text = table.render();
    if manifest.points.len() > SHOWN {
        text.push_str(&format!(" and {} more\n", manifest.points.len() - SHOWN));
    }
    text
}

/// Whether a stopping target is met, in a word.
pub(super) fn target_word(target_met: Option<bool>) -> &'static str {
    match target_met {
        Some(true) => "met",
        Some(false) => "not met",
        None => "open",
    }
}

/// Which points used up their replicates before their stopping target was met; nothing where none did.
pub(super) fn exhausted_note<'a>(points: impl Iterator<Item = &'a str>) -> String {
    const NAMED: usize = 5;
    let points: Vec<&str> = points.collect();
    if points.is_empty() {
        return String::new();
    }
    let mut names = points[..points.len().min(NAMED)].join(", ");
    if points.len() > NAMED {
        names.push_str(&format!(" and {} more", points.len() - NAMED));
    }
    format!(
        "Target not met: {names}.\nTheir replicates are used up, and an interval is wider than [stopping] asks; \
         --resume --replicates N goes on.\n"
    )
}

/// A level as it is shown: numbers to six digits.
fn shown(level: &Level) -> String {
    match level {
        Level::Text(text) => text.clone(),
        Level::Number(number) => {
            // As short as it reads back to the same six digits.
            let rounded: f64 = format!("{number:.5e}").parse().unwrap_or(*number);
            rounded.to_string()
        }
        other => other.to_string(),
    }
}
