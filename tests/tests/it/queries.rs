//! The ten questions of the book's page on queries, asked of a real study in DuckDB, polars and pandas.

use std::fs;
use std::path::Path;
use std::process::Command;
use std::sync::Arc;

use goshawk::study::audit::audit_study;
use goshawk::study::course::Course;
use goshawk::study::file;
use goshawk::study::folder::Shard;
use goshawk::study::run::{Request, run};
use goshawk::views::views;

use crate::python::packages;

/// The study on the page.
fn study_of(page: &str) -> &str {
    let (_, rest) = page.split_once("```toml\n").unwrap();
    rest.split_once("```").unwrap().0
}

#[test]
fn the_ten_questions_have_the_same_answers_in_all_three_readers() {
    let root = Path::new(env!("CARGO_MANIFEST_DIR")).join("..");
    let page = root.join("docs/src/queries.md");
    let text = fs::read_to_string(&page).unwrap();
    let study =
        file::load_text("queries.md", study_of(&text), &root, None).unwrap_or_else(|why| panic!("{why}"));
    let home = tempfile::tempdir_in(env!("CARGO_TARGET_TMPDIR")).unwrap();
    let out = home.path().join("out/store");
    let request = Request {
        study: &study,
        out: out.clone(),
        shard: Shard::WHOLE,
        jobs: 2,
        resume: false,
        command: Vec::new(),
    };
    run(&request, &Arc::new(Course::default())).unwrap();
    let audit = audit_study(&out).unwrap();
    assert!(audit.passed(), "{audit}");
    let sql = home.path().join("views.sql");
    fs::write(&sql, views(&out).unwrap()).unwrap();
    let script = Path::new(env!("CARGO_MANIFEST_DIR")).join("python/queries.py");
    let mut python = Command::new("python3");
    python.env("PYTHONPATH", packages()).env("PYTHONDONTWRITEBYTECODE", "1").current_dir(home.path());
    let done = python.arg(script).arg(page.canonicalize().unwrap()).arg(&sql).output().unwrap();
    let said = String::from_utf8_lossy(&done.stdout);
    assert!(done.status.success(), "{said}\n{}", String::from_utf8_lossy(&done.stderr));
    assert_eq!(said.lines().count(), 10, "{said}");
}
