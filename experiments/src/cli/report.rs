//! `goshawk report`: a run, a study or several runs as one page, and its figures as files.

use std::fs;
use std::path::{Path, PathBuf};

use clap::{Args, ValueEnum};
use goshawk_output::table::Table;

use super::{BAD_INPUT, DONE, FAILED, report_error};
use crate::report::picture::{self, Painter};
use crate::report::source::Kind;
use crate::report::still::{Theme, draw};
use crate::report::{Data, ReportError, Source, page};

/// Width of figures for a paper in pixels; one of SVG is 1/96 of an inch.
const WIDTH: u32 = 720;

#[derive(Debug, Args)]
pub(super) struct ReportArguments {
    /// Folder of a run or a study, or one with the folders of several runs.
    #[arg(value_name = "DIR")]
    folder: PathBuf,
    /// The page [default: DIR.html, beside the folder; none where --figures alone is given].
    #[arg(long, value_name = "FILE.html")]
    out: Option<PathBuf>,
    /// Write each figure into this folder too, as a file.
    #[arg(long, value_name = "DIR")]
    figures: Option<PathBuf>,
    /// What the files of figures are.
    #[arg(long, value_enum, default_value_t = Picture::Svg, requires = "figures")]
    format: Picture,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
enum Picture {
    /// Lines and letters, for print.
    Svg,
    /// Pixels, 300 to the inch.
    Png,
}

pub(super) fn report(arguments: &ReportArguments) -> u8 {
    match write(arguments) {
        Ok(()) => DONE,
        Err(error) => {
            report_error(&error);
            if error.is_bad_input() { BAD_INPUT } else { FAILED }
        }
    }
}

fn write(arguments: &ReportArguments) -> Result<(), ReportError> {
    let source = Source::find(&arguments.folder)?;
    let is_page_wanted = arguments.figures.is_none() || arguments.out.is_some();
    let page = is_page_wanted.then(|| arguments.out.clone().unwrap_or_else(|| beside(&arguments.folder)));
    for path in page.iter().chain(&arguments.figures) {
        warn_of_strays(&source, path);
    }
    let data = Data::read(&source)?;
    warn_of_what_is_missing(&data);
    if let Some(folder) = &arguments.figures {
        figures(&data, folder, arguments.format)?;
    }
    if let Some(path) = page {
        write_whole(&path, page::page(&data)?.as_bytes())?;
        tracing::info!("wrote {}", path.display());
    }
    Ok(())
}

/// The page beside a folder: in it, `goshawk verify` would find a file that nobody lists.
fn beside(folder: &Path) -> PathBuf {
    let named = folder.file_name().is_some().then(|| folder.to_owned());
    // `.` and `..` have no name of their own.
    let folder = named.or_else(|| folder.canonicalize().ok()).unwrap_or_else(|| folder.to_owned());
    let mut name = folder.file_name().unwrap_or("report".as_ref()).to_owned();
    name.push(".html");
    folder.with_file_name(name)
}

/// Of files that are about to be put where the audit allows none.
fn warn_of_strays(source: &Source, path: &Path) {
    let parent = path.parent().filter(|parent| !parent.as_os_str().is_empty()).unwrap_or(".".as_ref());
    let inside = match (parent.canonicalize(), source.folder.canonicalize()) {
        (Ok(parent), Ok(folder)) => parent.starts_with(folder),
        _ => false,
    };
    if inside && !matches!(source.kind, Kind::Runs) {
        tracing::warn!(
            "{} lies within {}, where goshawk verify finds every file that is not of the run",
            path.display(),
            source.folder.display()
        );
    }
}

/// Of tables that were asked for and cannot be told about.
fn warn_of_what_is_missing(data: &Data) {
    for note in &data.notes {
        tracing::warn!("{note}");
    }
    let mut told: Vec<&str> = Vec::new();
    for scenario in &data.scenarios {
        for (table, why) in scenario.absent.iter().filter(|(table, _)| **table != Table::Convergence.name()) {
            if !told.contains(&why.as_str()) {
                tracing::warn!("no figures of {table}: {why}");
                told.push(why);
            }
        }
    }
}

fn figures(data: &Data, folder: &Path, format: Picture) -> Result<(), ReportError> {
    let json = serde_json::to_string(data).map_err(|error| ReportError::Template(error.to_string()))?;
    let stills = draw(&json, Theme::Light, WIDTH)?;
    let io = |source| ReportError::Io { action: "create", path: folder.to_owned(), source };
    fs::create_dir_all(folder).map_err(io)?;
    let painter = (format == Picture::Png).then(Painter::new).transpose()?;
    for figure in &stills.figures {
        let Some(svg) = picture::svg(figure) else {
            let why = figure.missing.as_deref().or(figure.empty.as_deref()).unwrap_or("nothing to draw");
            tracing::warn!("no figure {}: {}", figure.id, why.trim_end_matches('.'));
            continue;
        };
        match &painter {
            None => write_whole(&folder.join(format!("{}.svg", figure.id)), svg.as_bytes())?,
            Some(painter) => {
                let pixels = painter.png(&figure.id, &svg)?;
                write_whole(&folder.join(format!("{}.png", figure.id)), &pixels)?;
            }
        }
    }
    tracing::info!("wrote figures to {}", folder.display());
    Ok(())
}

/// Writes a file, whole or not at all.
fn write_whole(path: &Path, bytes: &[u8]) -> Result<(), ReportError> {
    let mut aside = path.as_os_str().to_owned();
    aside.push(".partial");
    let aside = PathBuf::from(aside);
    let io = |source| ReportError::Io { action: "write", path: path.to_owned(), source };
    let written = fs::write(&aside, bytes).and_then(|()| fs::rename(&aside, path));
    written.map_err(|error| {
        let _ = fs::remove_file(&aside);
        io(error)
    })
}
