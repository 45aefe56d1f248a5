//! Reading a study file, with every problem of it.
//!
//! Fields that are not sound are told and left out, and the others looked at all the same; see [`SoundPart`].

use std::collections::BTreeSet;
use std::fs;
use std::path::Path;

use goshawk_output::table::{Table, TableSet};

use super::super::FieldProblem;
use super::super::design::{Design, DesignTable, Method, Point, Structure, table};
use super::super::factor::{Factor, FactorTable};
use super::sound_part::SoundPart;
use super::{FORM, Study, StudyFile, sets, stopping_rule, targets};
use crate::scenario::document::Document;
use crate::scenario::meaning::Report;
use crate::scenario::problem::{Place, Source};
use crate::scenario::{self, Loaded, Problem, Problems};
use crate::statistics::stopping::{StoppingRule, Target};

/// Most problems of points that are told one by one.
const POINT_PROBLEMS_MAX: usize = 20;

/// Reads the study file at `path`; `replicates` stands in for the file's.
///
/// # Errors
/// Every problem of the file, of its design, and of the scenarios of its points.
pub fn load(path: impl AsRef<Path>, replicates: Option<u32>) -> Result<Study, Problems> {
    let path = path.as_ref();
    let text = fs::read_to_string(path).map_err(|why| Problems::unreadable(path, &why.to_string()))?;
    let base = path.parent().unwrap_or_else(|| Path::new(""));
    load_text(&path.display().to_string(), &text, base, replicates)
}

/// As [`load`], from a text; `name` names it in problems, and `base` is the folder of its files.
///
/// # Errors
/// As [`load`].
pub fn load_text(name: &str, text: &str, base: &Path, replicates: Option<u32>) -> Result<Study, Problems> {
    let mut document = Document::parse(name, text).map_err(|problem| Problems::one(*problem))?;
    if let Some(replicates) = replicates {
        document.set(&format!("replicates={replicates}")).map_err(|problem| Problems::one(*problem))?;
    }
    let mut report = Report::new(&document, FORM.check(&document));
    // What can be understood is looked at, so that a mistyped name hides no other fault.
    let SoundPart { file, factors, broken } = SoundPart::of(&document, &report.problems);
    names(&mut report, &file);
    let tables = tables(&mut report, &file);
    let stopping = stopping(&mut report, &file, &broken);
    let scenario = base.join(&file.scenario);
    let seed =
        file.seed.or_else(|| scenario::load(&scenario, &[]).ok().map(|it| it.scenario.seed)).unwrap_or(1);
    let factors = check_factors(&mut report, &factors);
    let are_sound = factors.iter().all(Option::is_some) && !broken.contains("factor");
    let factors: Vec<Factor> = factors.into_iter().flatten().collect();
    let method = method(&mut report, &file).filter(|_| are_sound && !broken.contains("design"));
    let design = method.and_then(|method| design(&mut report, &file, method, &factors, base, seed));
    let is_loadable = !["scenario", "set", "seed"].iter().any(|field| broken.contains(*field));
    let study = match design {
        _ if !is_loadable => None,
        Some(design) => {
            let points = points(&mut report, &file, &scenario, &design);
            points.map(|(first, config_hashes)| (design, first, config_hashes))
        }
        None => {
            // No points, but a scenario that the fixed fields and each factor must fit.
            points(&mut report, &file, &scenario, &stand_in(&factors));
            None
        }
    };
    if let Some(problems) = Problems::all(report.problems, name) {
        return Err(problems);
    }
    let (design, first, config_hashes) = study.expect("invariant: a study without problems has its points");
    Ok(Study { file, base: base.to_owned(), scenario, design, tables, stopping, first, config_hashes })
}

/// A design of one point, in place of one that cannot be made.
fn stand_in(factors: &[Factor]) -> Design {
    let only = Point {
        index: 0,
        positions: Vec::new(),
        levels: factors.iter().map(|factor| factor.at(0.5)).collect(),
    };
    let paths = factors.iter().map(|factor| factor.path().to_owned()).collect();
    Design { paths, points: vec![only], structure: Structure::FullFactorial { counts: Vec::new() } }
}

/// Names that the study gives or needs itself, and fields that are set twice.
fn names(report: &mut Report<'_>, file: &StudyFile) {
    if file.name == "commits" {
        report.add(&["name"], "\"commits\"", "another name: the study's logs are in a folder of this one");
    }
    let named = "nothing: a point is named after the study";
    for (field, allowed) in
        [("name", named), ("seed", "seed at the top of the study, which designs follow too")]
    {
        if file.set.contains_key(field) {
            report.add(&["set", field], format!("`{field}`"), allowed);
        }
    }
    for (place, factor) in file.factor.iter().enumerate().filter(|(_, factor)| factor.path.trim() == "name") {
        report.add(&["factor", &place.to_string(), "path"], format!("{:?}", factor.path), named);
    }
    for (place, factor) in file.factor.iter().enumerate() {
        if file.set.contains_key(factor.path.trim()) {
            let found = format!("{:?}, which is in [set] too", factor.path);
            report.add(&["factor", &place.to_string(), "path"], found, "each field once");
        }
    }
}

/// Adds what is wrong with a field below the table at `within`.
fn add(report: &mut Report<'_>, within: &[&str], problem: FieldProblem) {
    let path: Vec<&str> =
        within.iter().copied().chain(problem.field.split('.').filter(|name| !name.is_empty())).collect();
    report.add(&path, problem.found, problem.allowed);
}

fn tables(report: &mut Report<'_>, file: &StudyFile) -> TableSet {
    let Some(names) = &file.tables else { return TableSet::ALL };
    let mut tables = TableSet::NONE.with(Table::Kpis);
    for (place, name) in names.iter().enumerate() {
        match Table::from_name(name) {
            Some(table) => tables = tables.with(table),
            None => {
                let known: Vec<&str> = Table::ALL.iter().map(|table| table.name()).collect();
                report.add(&["tables", &place.to_string()], format!("\"{name}\""), known.join(", "));
            }
        }
    }
    tables
}

fn stopping(
    report: &mut Report<'_>,
    file: &StudyFile,
    broken: &BTreeSet<String>,
) -> Option<(StoppingRule, Vec<(String, Target)>)> {
    // What is not known agrees with everything.
    if ["chunk", "replicates", "antithetic"].iter().any(|field| broken.contains(*field)) {
        return None;
    }
    let pairs = file.antithetic;
    if pairs && !(file.chunk.is_multiple_of(2) && file.replicates.is_multiple_of(2)) {
        let field = if file.chunk.is_multiple_of(2) { "replicates" } else { "chunk" };
        report.add(&[field], "an odd number", "an even one: antithetic replicates come in pairs");
    }
    let stopping = file.stopping.as_ref()?;
    let look_every = stopping.look_every.unwrap_or(file.chunk);
    if !look_every.is_multiple_of(file.chunk) {
        let allowed = format!("a multiple of chunk = {}", file.chunk);
        report.add(&["stopping", "look_every"], look_every.to_string(), allowed);
    }
    match stopping_rule(file, stopping) {
        Ok(rule) => Some((rule, targets(stopping))),
        Err(error) => {
            let words = error.to_string();
            let (found, allowed) = words.split_once("; allowed: ").unwrap_or((&words, "another rule"));
            report.add(&["stopping"], found.trim_start_matches("found "), allowed);
            None
        }
    }
}

/// The factors, with nothing in place of each that is not sound.
fn check_factors(report: &mut Report<'_>, tables: &[Option<FactorTable>]) -> Vec<Option<Factor>> {
    let mut factors = Vec::new();
    for (place, table) in tables.iter().enumerate() {
        let checked = table.as_ref().map(FactorTable::check);
        if let Some(Err(problems)) = &checked {
            for problem in problems {
                add(report, &["factor", &place.to_string()], problem.clone());
            }
        }
        factors.push(checked.and_then(Result::ok));
    }
    factors
}

fn method(report: &mut Report<'_>, file: &StudyFile) -> Option<Method> {
    match file.design.as_ref().map(DesignTable::check) {
        None => Some(Method::FullFactorial),
        Some(Ok(method)) => Some(method),
        Some(Err(problems)) => {
            problems.into_iter().for_each(|problem| add(report, &["design"], problem));
            None
        }
    }
}

fn design(
    report: &mut Report<'_>,
    file: &StudyFile,
    method: Method,
    factors: &[Factor],
    base: &Path,
    seed: u64,
) -> Option<Design> {
    if let Method::Table { file: table } = &method {
        if !factors.is_empty() {
            report.add(&["factor"], "factors beside a table", "none: the table's columns are the factors");
            return None;
        }
        return from_table(report, &base.join(table), table);
    }
    if factors.is_empty() {
        let only = Point { index: 0, positions: Vec::new(), levels: Vec::new() };
        let structure = Structure::FullFactorial { counts: Vec::new() };
        if file.design.is_some() {
            report.add(&["design"], "a design without factors", "one [[factor]] or more");
        }
        return Some(Design { paths: Vec::new(), points: vec![only], structure });
    }
    match method.build(factors, seed) {
        Ok(design) => Some(design),
        Err(problems) => {
            problems.into_iter().for_each(|problem| add(report, &[], problem));
            None
        }
    }
}

fn from_table(report: &mut Report<'_>, path: &Path, written: &str) -> Option<Design> {
    let is_parquet = path.extension().is_some_and(|extension| extension == "parquet");
    let unreadable = |report: &mut Report<'_>, why: std::io::Error| {
        report.add(
            &["design", "file"],
            format!("\"{written}\", {why}"),
            "a CSV or Parquet file that can be read",
        );
    };
    let (text, result) = if is_parquet {
        match fs::File::open(path) {
            Ok(file) => (String::new(), table::from_parquet(file)),
            Err(why) => {
                unreadable(report, why);
                return None;
            }
        }
    } else {
        match fs::read_to_string(path) {
            Ok(text) => {
                let result = table::from_csv(&text);
                (text, result)
            }
            Err(why) => {
                unreadable(report, why);
                return None;
            }
        }
    };
    match result {
        Ok(design) => Some(design),
        Err(problems) => {
            let source = std::sync::Arc::new(Source { name: path.display().to_string(), text });
            for problem in problems {
                let line = problem.line.unwrap_or(1);
                let start: usize = source.text.split_inclusive('\n').take(line - 1).map(str::len).sum();
                let place = Place { source: std::sync::Arc::clone(&source), span: start..start };
                let row = problem.row.map(|row| format!("row {row}"));
                let field: Vec<String> = row.into_iter().chain(problem.column).collect();
                report.problems.push(Problem::new(&place, field.join(", "), problem.found, problem.allowed));
            }
            None
        }
    }
}

/// The first point's scenario, and what the scenario of each point comes to.
fn points(
    report: &mut Report<'_>,
    file: &StudyFile,
    scenario: &Path,
    design: &Design,
) -> Option<(Loaded, Vec<String>)> {
    let mut first = None;
    let mut config_hashes = Vec::with_capacity(design.points.len());
    let mut told = 0;
    for (place, point) in design.points.iter().enumerate() {
        match scenario::load(scenario, &sets(file, design, place)) {
            Ok(loaded) => {
                config_hashes.push(crate::run::config_hash(&loaded));
                first.get_or_insert(loaded);
            }
            Err(problems) => {
                // The same fault comes again at every point with the same level.
                for problem in &problems {
                    let again =
                        report.problems.iter().any(|earlier| earlier.to_string() == problem.to_string());
                    if !again && told < POINT_PROBLEMS_MAX {
                        told += 1;
                        report.problems.push(problem.clone());
                    }
                }
                let is_of_levels = problems.iter().any(|problem| problem.file.starts_with("--"));
                let is_told = report.problems.iter().any(|problem| problem.field == "factor");
                if is_of_levels && !is_told && !design.paths.is_empty() {
                    let levels = point.sets(&design.paths).join(", ");
                    let found = format!("point {}, {levels}, whose scenario has problems", point.index);
                    report.add(&["factor"], found, "levels that the scenario can have");
                }
            }
        }
    }
    first.filter(|_| config_hashes.len() == design.points.len()).map(|first| (first, config_hashes))
}
