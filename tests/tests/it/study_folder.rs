//! A study in a folder of its own, which goes with it.

use std::path::{Path, PathBuf};
use std::sync::Arc;

use goshawk::study::course::Course;
use goshawk::study::file::{Study, load_text};
use goshawk::study::folder::Shard;
use goshawk::study::run::{Outcome, Request, run};
use tempfile::TempDir;

use crate::run::new_home;

/// A feeder at the edge of what it can carry, whose limits are only looked at. At the first point no replicate fails; at the
/// second the voltage collapses in some, where many charge at once; at the third in all. Takes less than a second.
pub(crate) const SOMETIMES_FAILS: &str = r#"
name = "collapse"
scenario = "feeder.toml"
replicates = 12
chunk = 4
failures_max = 1000
tables = ["kpis"]
[set]
"grid.feeder.security" = "observed"
"market.mechanism" = "mid_market_rate"
"time.days" = 1
[[factor]]
path = "grid.feeder.base_load_scale"
values = [3.5, 3.58, 3.62]
"#;

/// A study that was carried out, or a part of it.
pub(crate) struct StudyFolder {
    home: TempDir,
    pub(crate) outcome: Outcome,
}

impl StudyFolder {
    /// Carries a study out; scenarios are those that ship.
    pub(crate) fn of(text: &str) -> Self {
        Self::of_shard(text, Shard::WHOLE)
    }

    /// Carries out a shard of a study.
    pub(crate) fn of_shard(text: &str, shard: Shard) -> Self {
        let home = new_home();
        let study = study(text);
        let request = Request {
            study: &study,
            out: home.path().join("out"),
            shard,
            jobs: 2,
            resume: false,
            command: Vec::new(),
        };
        let outcome = run(&request, &Arc::new(Course::default())).unwrap_or_else(|error| panic!("{error}"));
        Self { home, outcome }
    }

    /// The study's folder.
    pub(crate) fn out(&self) -> PathBuf {
        self.home.path().join("out")
    }
}

/// A study whose scenario is one that ships.
pub(crate) fn study(text: &str) -> Study {
    let scenarios = Path::new(env!("CARGO_MANIFEST_DIR")).join("../scenarios");
    load_text("study", text, &scenarios, None).unwrap_or_else(|problems| panic!("{problems}"))
}
