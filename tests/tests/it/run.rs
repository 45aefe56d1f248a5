//! A run of a scenario in a folder of its own, which goes with it.

use std::collections::BTreeMap;
use std::fs;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use goshawk::run::{Report, Request};
use goshawk::scenario::{self, Loaded};
use goshawk::verify::{Verification, verify};
use goshawk_agents::journal::Progress;
use goshawk_output::table::Table;
use goshawk_output::{Existing, Manifest};
use tempfile::TempDir;

use crate::table::Rows;

/// A folder that goes when it is dropped. Its name is one word, too long for a line of a phone, as a user's own may be.
pub(crate) fn new_home() -> TempDir {
    const NAME: &str = "whatever_is_shown_of_this_folder_is_to_be_broken_into_lines_";
    tempfile::Builder::new().prefix(NAME).tempdir_in(env!("CARGO_TARGET_TMPDIR")).unwrap()
}

/// A finished run.
pub(crate) struct Run {
    home: TempDir,
    pub(crate) report: Report,
}

impl Run {
    /// Runs a scenario that ships, with some of its fields changed.
    pub(crate) fn of(scenario: &str, sets: &[&str]) -> Self {
        let sets: Vec<String> = sets.iter().map(|&set| set.to_owned()).collect();
        let loaded = scenario::load(shipped(scenario), &sets).unwrap_or_else(|problems| panic!("{problems}"));
        Self::of_loaded(&loaded, &format!("{scenario} with {sets:?}"))
    }

    /// Runs a scenario that is loaded.
    pub(crate) fn of_loaded(loaded: &Loaded, name: &str) -> Self {
        let home = new_home();
        let out = home.path().join("out");
        let request = Request { loaded, out: &out, existing: Existing::Refuse, command: Vec::new() };
        let report = goshawk::run::run(&request, &Arc::new(Progress::default()))
            .unwrap_or_else(|error| panic!("{name}: {error}"));
        Self { home, report }
    }

    /// The folder of its tables.
    pub(crate) fn out(&self) -> PathBuf {
        self.home.path().join("out")
    }

    /// Its manifest, as it is in the folder now.
    pub(crate) fn manifest(&self) -> Manifest {
        Manifest::read(&self.out()).unwrap()
    }

    /// All rows of a table.
    pub(crate) fn rows(&self, table: Table) -> Rows {
        Rows::read(&self.out(), table)
    }

    /// Audits it.
    pub(crate) fn verify(&self) -> Verification {
        verify(&self.out()).unwrap()
    }

    /// Audits it, and demands that nothing is found.
    pub(crate) fn expect_verified(&self) -> Verification {
        let verification = self.verify();
        assert!(verification.passed(), "{verification}");
        verification
    }

    /// A key figure of the whole run.
    pub(crate) fn figure(&self, variable: &str) -> Option<f64> {
        let found = |kpi: &&goshawk_output::Kpi| kpi.scope == "run" && kpi.variable == variable;
        self.report.kpis.iter().find(found).unwrap_or_else(|| panic!("no figure {variable}")).value
    }

    /// Details of all events of a kind.
    pub(crate) fn events(&self, kind: &str) -> Vec<String> {
        let events = self.rows(Table::Events);
        let kinds = events.texts("kind");
        let of_kind = kinds.iter().zip(events.texts("detail")).filter(|(one, _)| *one == kind);
        of_kind.map(|(_, detail)| detail).collect()
    }
}

/// A scenario file that ships.
pub(crate) fn shipped(name: &str) -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join(format!("../scenarios/{name}.toml"))
}

/// Every file below a folder with its bytes, by its path within the folder.
pub(crate) fn files(folder: &Path) -> BTreeMap<String, Vec<u8>> {
    fn walk(root: &Path, folder: &Path, found: &mut BTreeMap<String, Vec<u8>>) {
        for entry in fs::read_dir(folder).unwrap() {
            let path = entry.unwrap().path();
            if path.is_dir() {
                walk(root, &path, found);
            } else {
                let name = path.strip_prefix(root).unwrap().to_str().unwrap().to_owned();
                found.insert(name, fs::read(&path).unwrap());
            }
        }
    }
    let mut found = BTreeMap::new();
    walk(folder, folder, &mut found);
    found
}
