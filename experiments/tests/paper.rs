//! `goshawk paper`: the verdicts, and the book's page that is made of them.

use std::fmt::Write as _;
use std::fs;
use std::path::Path;
use std::process::Command;

use serde_json::Value;

/// The only run of the command in the tests: it takes some ten seconds.
#[test]
fn the_verdicts_and_the_books_page_are_those_of_the_command() {
    let out = Path::new(env!("CARGO_TARGET_TMPDIR")).join("paper");
    let _ = fs::remove_dir_all(&out);
    let mut command = Command::new(env!("CARGO_BIN_EXE_goshawk"));
    command.env_remove("GOSHAWK_LOG").args(["--quiet", "paper", "--format", "markdown", "--out"]).arg(&out);
    let output = command.output().unwrap();
    assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
    let page = String::from_utf8(output.stdout).unwrap();

    let json: Value = serde_json::from_str(&fs::read_to_string(out.join("paper.json")).unwrap()).unwrap();
    let mut verdicts = String::new();
    for claim in json["claims"].as_array().unwrap() {
        assert!(!claim["evidence"].as_str().unwrap().is_empty());
        let [mode, id, verdict] = ["mode", "id", "verdict"].map(|field| claim[field].as_str().unwrap());
        writeln!(verdicts, "{mode} {id} {verdict}").unwrap();
    }
    for target in json["targets"].as_array().unwrap() {
        let reached = if target["reached"].as_bool().unwrap() { "reached" } else { "missed" };
        writeln!(verdicts, "{reached}: {}", target["target"].as_str().unwrap()).unwrap();
    }
    insta::assert_snapshot!("verdicts", verdicts);
    for cell in json["cells"].as_array().unwrap() {
        let [ours, low, high] = ["ours", "low", "high"].map(|field| cell[field].as_f64().unwrap());
        assert!(low <= ours && ours <= high, "{cell}");
        assert!(cell.get("paper").is_some());
    }
    for mode in ["habit", "rational"] {
        for number in 1..=3 {
            assert!(out.join(format!("paper_{number}-{mode}/manifest.json")).exists());
        }
    }

    let in_book = Path::new(env!("CARGO_MANIFEST_DIR")).join("../docs/src/paper.md");
    if std::env::var_os("UPDATE_PAPER").is_some() {
        fs::write(&in_book, &page).unwrap();
    }
    let kept = fs::read_to_string(&in_book).unwrap_or_default();
    assert!(
        kept == page,
        "docs/src/paper.md is out of step: UPDATE_PAPER=1 cargo test --release -p goshawk --test paper"
    );
}
