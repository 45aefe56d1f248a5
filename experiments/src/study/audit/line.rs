//! A check over the whole study, and what it found.

use goshawk_output::{Check, CheckReport, FINDINGS_MAX};
use serde::Serialize;

/// The one check that a study which is not finished does not pass, without anything being wrong.
pub(super) const COMPLETENESS: &str = "every chunk of every point is there";

/// The outcome of one check over all points.
#[derive(Debug, Serialize)]
pub struct Line {
    /// What it demands.
    pub check: &'static str,
    /// Comparisons made.
    pub examined: u64,
    /// Comparisons that failed.
    pub failed: u64,
    /// The first failures, at most [`FINDINGS_MAX`].
    pub findings: Vec<String>,
    /// Why it was not done everywhere, if it was not.
    pub skipped: Option<&'static str>,
    /// At how many points it was not done.
    pub skipped_points: usize,
}

impl Line {
    pub(super) fn new(check: &'static str) -> Self {
        Self { check, examined: 0, failed: 0, findings: Vec::new(), skipped: None, skipped_points: 0 }
    }

    /// So many comparisons held.
    pub(super) fn count(&mut self, examined: u64) {
        self.examined += examined;
    }

    /// A comparison, and what is wrong if it does not hold.
    pub(super) fn enter(&mut self, holds: bool, finding: impl FnOnce() -> String) {
        self.examined += 1;
        if !holds {
            self.failed += 1;
            if self.findings.len() < FINDINGS_MAX {
                self.findings.push(finding());
            }
        }
    }

    /// A comparison that failed.
    pub(super) fn find(&mut self, finding: impl FnOnce() -> String) {
        self.enter(false, finding);
    }

    /// The same check of one point.
    pub(super) fn add(&mut self, scenario: &str, report: &CheckReport) {
        self.examined += report.examined;
        self.failed += report.failed;
        let room = FINDINGS_MAX - self.findings.len();
        self.findings
            .extend(report.findings.iter().take(room).map(|finding| format!("{scenario}/{finding}")));
        if let Some(why) = report.skipped {
            self.skip(why);
        }
    }

    /// The check was not done at one point.
    pub(super) fn skip(&mut self, why: &'static str) {
        self.skipped.get_or_insert(why);
        self.skipped_points += 1;
    }
}

/// The study's own checks, then those of the tables.
#[derive(Debug)]
pub(super) struct Lines {
    pub(super) completeness: Line,
    pub(super) logs: Line,
    pub(super) parts: Line,
    pub(super) manifests: Line,
    pub(super) strays: Line,
    pub(super) failures: Line,
    pub(super) tables: Vec<Line>,
}

impl Default for Lines {
    fn default() -> Self {
        Self {
            completeness: Line::new(COMPLETENESS),
            logs: Line::new("the logs tell every chunk once, with all of its replicates"),
            parts: Line::new("every part is there, with the bytes that the logs say"),
            manifests: Line::new("manifests and logs tell the same study"),
            strays: Line::new("no file is there that nobody lists"),
            failures: Line::new("no more replicates failed than may"),
            tables: Check::ALL.iter().map(|check| Line::new(check.text())).collect(),
        }
    }
}

impl Lines {
    pub(super) fn into_vec(self) -> Vec<Line> {
        let own = [self.completeness, self.logs, self.parts, self.manifests, self.strays, self.failures];
        own.into_iter().chain(self.tables).collect()
    }
}
