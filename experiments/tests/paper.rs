//! `goshawk paper`: the verdicts, and the book's page that is made of them.

use std::fmt::Write as _;
use std::fs;
use std::path::Path;
use std::process::Command;

use goshawk::paper::OPTIMIZERS;
use goshawk::paper::facts::FIGURES;
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
        let evidence = claim["evidence"].as_str().unwrap();
        assert!(!evidence.is_empty());
        // Who says that a claim does not hold says why, in numbers of the runs.
        if claim["verdict"] == "does not hold" {
            let (_, why) = evidence.split_once("because ").unwrap_or_else(|| panic!("no reason: {claim}"));
            assert!(why.contains(|letter: char| letter.is_ascii_digit()), "{claim}");
        }
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

    // Its folder is drawn with the paper's numbers: every figure is there, or says what it would have shown.
    let figures = Path::new(env!("CARGO_TARGET_TMPDIR")).join("paper_figures");
    let _ = fs::remove_dir_all(&figures);
    let mut command = Command::new(env!("CARGO_BIN_EXE_goshawk"));
    command.env_remove("GOSHAWK_LOG").arg("report").arg(&out).arg("--figures").arg(&figures);
    let output = command.output().unwrap();
    assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
    for (number, id, _) in FIGURES {
        let svg = fs::read_to_string(figures.join(format!("{id}.svg"))).unwrap_or_default();
        assert!(
            svg.contains(&format!("<desc>Figure {number} of the paper. ")),
            "Figure {number}, {id}: {svg:.300}"
        );
    }
    let convergence = fs::read_to_string(figures.join("convergence.svg")).unwrap();
    for optimizer in OPTIMIZERS {
        assert!(convergence.contains(&format!(": {optimizer} ")), "{optimizer} is not in Figure 11");
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
