//! What of a study file can be understood, though other fields of it cannot: one fault is to hide no other.

use std::collections::BTreeSet;

use serde_json::{Value as Json, json};

use super::super::factor::FactorTable;
use super::StudyFile;
use crate::scenario::Problem;
use crate::scenario::document::Document;

/// A study file without the fields that have problems.
#[derive(Debug)]
pub(super) struct SoundPart {
    /// Defaults in place of fields that have problems; without factors, which are in `factors`, where one of those has.
    pub(super) file: StudyFile,
    /// The factors, with nothing in place of each that has a problem.
    pub(super) factors: Vec<Option<FactorTable>>,
    /// Names of the file's own fields in which there is a problem, or that are missing.
    pub(super) broken: BTreeSet<String>,
}

impl SoundPart {
    /// Of a document with these problems of form.
    pub(super) fn of(document: &Document, problems: &[Problem]) -> Self {
        let mut json = document.root().json();
        let mut broken = BTreeSet::new();
        for problem in problems {
            let path: Vec<&str> = problem.field.split('.').collect();
            let is_unknown = problem.found.starts_with("the unknown field");
            if is_unknown && path.len() == 1 {
                // What was meant is missing, if it is not there too.
                remove(&mut json, &path);
                broken.extend(problem.meant.clone().filter(|meant| json.get(meant).is_none()));
            } else {
                broken.insert(path[0].to_owned());
                match (path[0], path.get(1)) {
                    // The other factors are what they are.
                    ("factor", Some(place)) => blank(&mut json, place),
                    (name, _) => remove(&mut json, &[name]),
                }
            }
        }
        let factors = match json.get("factor").and_then(Json::as_array) {
            Some(factors) => factors.iter().map(|it| serde_json::from_value(it.clone()).ok()).collect(),
            None => Vec::new(),
        };
        if broken.contains("factor") {
            remove(&mut json, &["factor"]);
        }
        // What has no default; a file without them is refused all the same.
        for (name, stand_in) in
            [("name", json!("study")), ("scenario", json!("scenario.toml")), ("replicates", json!(1_000_000))]
        {
            if json.get(name).is_none() {
                broken.insert(name.to_owned());
                json[name] = stand_in;
            }
        }
        let file = serde_json::from_value(json);
        Self { file: file.expect("invariant: what fits the schema is a study file"), factors, broken }
    }
}

/// Takes a field of the file's own away.
fn remove(json: &mut Json, path: &[&str]) {
    if let (Some(table), [name]) = (json.as_object_mut(), path) {
        table.remove(*name);
    }
}

/// Leaves nothing of a factor but its place.
fn blank(json: &mut Json, place: &str) {
    let factor = place.parse::<usize>().ok().and_then(|place| json.get_mut("factor")?.get_mut(place));
    if let Some(factor) = factor {
        *factor = Json::Null;
    }
}
