//! Files in a study's folder that nobody lists.

use std::collections::BTreeSet;
use std::ffi::OsStr;
use std::fs;
use std::path::Path;

use goshawk_output::MANIFEST_FILE;

use super::super::folder::{COMMITS, DESIGN_FILE, FolderError, PARTIAL, Records, STUDY_FILE, STUDY_MANIFEST};
use super::growth::Growth;
use super::line::Line;

/// Enters every file outside the folders of published points, whose own audit lists theirs. Returns whether there is a
/// folder of unfinished files, and how many files of chunks are in their places that are in no log yet.
pub(super) fn find(
    out: &Path,
    (records, scenarios): (&Records, &[String]),
    growth: &Growth,
    line: &mut Line,
) -> Result<(bool, usize), FolderError> {
    let mut listed = BTreeSet::new();
    for commit in records.commits.values() {
        if let Some(scenario) = scenarios.get(commit.point) {
            listed.extend(commit.parts.iter().map(|part| format!("{scenario}/{}", part.path)));
        }
    }
    let (mut has_partial, mut found) = (false, Vec::new());
    for (name, path) in entries(out)? {
        let is_point = scenarios.contains(&name);
        if name == PARTIAL {
            has_partial = true;
        } else if name == COMMITS {
            for (log, path) in entries(&path)? {
                let is_log = path.is_file() && path.extension() == Some(OsStr::new("jsonl"));
                line.enter(is_log, || format!("{COMMITS}/{log}: not a log"));
            }
        } else if is_point && path.is_dir() {
            if !path.join(MANIFEST_FILE).exists() {
                walk(&path, &name, &mut found)?;
            }
        } else {
            let is_own = [STUDY_FILE, DESIGN_FILE, STUDY_MANIFEST].contains(&name.as_str());
            line.enter(is_own && path.is_file(), || format!("{name}: nobody lists it"));
        }
    }
    let mut left_over = 0;
    for name in found {
        let (scenario, part) = name.split_once('/').expect("invariant: files of a point are in its folder");
        if growth.left_over(scenario).contains(part) {
            left_over += 1;
        } else {
            line.enter(listed.contains(&name), || {
                format!("{name}: in no log, and of no chunk that is to be run")
            });
        }
    }
    Ok((has_partial, left_over))
}

/// Every file below a folder.
fn walk(folder: &Path, within: &str, found: &mut Vec<String>) -> Result<(), FolderError> {
    for (name, path) in entries(folder)? {
        let name = format!("{within}/{name}");
        if path.is_dir() {
            walk(&path, &name, found)?;
        } else {
            found.push(name);
        }
    }
    Ok(())
}

/// What is in a folder, by name.
fn entries(folder: &Path) -> Result<Vec<(String, std::path::PathBuf)>, FolderError> {
    let failed = |source| FolderError::Io { action: "list", path: folder.to_owned(), source };
    let mut found = Vec::new();
    for entry in fs::read_dir(folder).map_err(failed)? {
        let entry = entry.map_err(failed)?;
        found.push((entry.file_name().to_string_lossy().into_owned(), entry.path()));
    }
    found.sort();
    Ok(found)
}
