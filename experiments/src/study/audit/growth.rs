//! A study that was finished and goes on with more replicates: its manifests tell of what it was, its logs of what it is.

use std::collections::{BTreeMap, BTreeSet};
use std::path::Path;

use goshawk_output::table::Table;
use goshawk_output::{Manifest, part_path};

use super::super::chunk::replicates;
use super::super::file::StudyFile;
use super::super::folder::{Commit, Records};
use super::super::published::StudyManifest;
use super::{MissingChunk, study_file};

/// How far a study has grown since its manifests were written.
#[derive(Debug, Default)]
pub(super) struct Growth {
    /// Whether it asks for more replicates than then.
    pub(super) has_grown: bool,
    /// The parts of chunks that are to be run, by scenario: a process may have ended between their places and the log.
    to_run: BTreeMap<String, BTreeSet<String>>,
}

impl Growth {
    /// Of a study with these chunks to run.
    pub(super) fn of(study: Option<&StudyManifest>, file: &StudyFile, missing: &[MissingChunk]) -> Self {
        let has_grown = study
            .is_some_and(|study| study.replicates_planned > 0 && study.replicates_planned < file.replicates);
        let mut to_run: BTreeMap<String, BTreeSet<String>> = BTreeMap::new();
        // Of a study that is published and asks for no more, no chunk can be on its way.
        let missing = if study.is_none() || has_grown { missing } else { &[] };
        for chunk in missing {
            let parts = Table::ALL.iter().map(|&table| part_path(table, chunk.replicates));
            to_run.entry(chunk.scenario.clone()).or_default().extend(parts);
        }
        Self { has_grown, to_run }
    }

    /// Whether a chunk was added after a point's manifest was written.
    pub(super) fn is_later(&self, commit: &Commit, manifest: &Manifest) -> bool {
        self.has_grown && commit.replicates.first > manifest.replicates.last
    }

    /// The parts of a point's chunks that are to be run.
    pub(super) fn left_over(&self, scenario: &str) -> &BTreeSet<String> {
        static NONE: BTreeSet<String> = BTreeSet::new();
        self.to_run.get(scenario).unwrap_or(&NONE)
    }
}

/// Parts in the folder of a point that are none of its manifest's, because the study in `out` goes on with more replicates.
pub fn parts_beside(out: &Path, manifest: &Manifest) -> BTreeSet<String> {
    let (Some(study), Ok(Some(records)), Ok(file)) = (&manifest.study, Records::read(out), study_file(out))
    else {
        return BTreeSet::new();
    };
    let last = manifest.replicates.last;
    let own = records.commits.values().filter(|commit| commit.point == study.point as usize);
    let committed = own.filter(|commit| commit.replicates.first > last).flat_map(|commit| &commit.parts);
    let mut parts: BTreeSet<String> = committed.map(|part| part.path.clone()).collect();
    let later = (last + 1).div_ceil(file.chunk)..file.replicates.div_ceil(file.chunk);
    for range in later.filter_map(|number| replicates(&file, number)) {
        parts.extend(Table::ALL.iter().map(|&table| part_path(table, range)));
    }
    parts
}
