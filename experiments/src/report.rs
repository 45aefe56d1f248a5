//! A report: what was run and what came out of it, as one page that needs nothing else, and as figures for a paper.
//!
//! ```text
//! folder -> Source -> Data (sums by class and time) ─┬─▶ page: JSON + charts.js + ECharts, drawn by the browser
//!                                                    └─▶ still: the same charts.js in QuickJS -> SVG -> PNG
//! ```
//!
//! Numbers are sums of the tables' integers; the browser adds what its filters leave. Each figure is defined once, in
//! `experiments/report/figures/`, for browser and files alike.
//!
//! | module | what it is |
//! |---|---|
//! | [`source`] | what is in a folder: a run, a study, several runs |
//! | [`axes`] | how finely time is told |
//! | [`data`] | all that a page knows |
//! | [`key_figures`] | what `goshawk summary` tells |
//! | [`still`] | figures without a browser |
//! | [`picture`] | figures as files |
//! | [`page`] | the page |

use std::path::PathBuf;

use goshawk_output::OutputError;

use crate::summary::SummaryError;

pub mod axes;
mod convergence;
pub mod data;
mod households;
mod influence;
pub mod key_figures;
mod market;
pub mod page;
pub mod picture;
mod read;
pub mod source;
pub mod still;
mod sums;
mod trades;

pub use convergence::Course;
pub use data::Data;
pub use households::Households;
pub use influence::{Factor, Influence};
pub use read::Absence;
pub use source::Source;
pub use sums::Sums;
pub use trades::Trades;

/// Why there is no report.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum ReportError {
    /// Nothing there.
    #[error("there is no folder {0}")]
    NoFolder(PathBuf),
    /// Not of a run.
    #[error("{0} is the folder of neither a run nor a study, and no folder in it is that of a run")]
    NoRun(PathBuf),
    /// Nothing to tell about.
    #[error("{0} has no tables: there is nothing to report")]
    NoTables(PathBuf),
    /// A run.
    #[error(transparent)]
    Output(#[from] OutputError),
    /// A study.
    #[error(transparent)]
    Summary(#[from] SummaryError),
    /// A file.
    #[error("cannot {action} {path}")]
    Io {
        /// What was tried.
        action: &'static str,
        /// Where.
        path: PathBuf,
        /// Why not.
        source: std::io::Error,
    },
    /// The charts' script.
    #[error("the figures' script failed: {0}")]
    Script(String),
    /// The page's template.
    #[error("the page's template failed: {0}")]
    Template(String),
    /// Nothing to write letters with.
    #[error(
        "there is no font on this machine, and pixels need one: install one, such as DejaVu Sans, or take --format svg"
    )]
    NoFonts,
    /// A figure as pixels.
    #[error("cannot draw {figure} as pixels: {why}")]
    Pixels {
        /// Which figure.
        figure: String,
        /// Why not.
        why: String,
    },
}

impl ReportError {
    /// Whether the folder that was given is at fault, not a file in it.
    pub fn is_bad_input(&self) -> bool {
        match self {
            Self::NoFolder(_) | Self::NoRun(_) | Self::NoTables(_) => true,
            Self::Output(error) => matches!(error, OutputError::Manifest { .. }),
            Self::Summary(error) => error.is_bad_input(),
            _ => false,
        }
    }
}
