//! `goshawk compare` as its users meet it, and the runs that it is made of.

#![expect(clippy::unwrap_used, reason = "a test that cannot go on should stop")]

use std::path::{Path, PathBuf};
use std::process::{Command, Output, Stdio};
use std::sync::Arc;
use std::time::Duration;

use goshawk::assemble::{Budget, mechanism_settings};
use goshawk::compare::convergence::Checkpoints;
use goshawk::compare::replicate::{Plan, Replicate};
use goshawk::scenario;
use goshawk::statistics::Estimate;
use goshawk_agents::journal::Progress;
use goshawk_market::mechanism::MECHANISM_NAMES;
use goshawk_output::Existing;
use serde_json::Value;

const DONE: i32 = 0;
const BAD_INPUT: i32 = 2;
const INTERRUPTED: i32 = 75;
/// All that need no search, and one that searches.
const FOUR: &str = "ngo,exact,mid_market_rate,grid_only";

fn smoke() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("../scenarios/smoke.toml")
}

fn command(arguments: &[&str]) -> Command {
    let mut command = Command::new(env!("CARGO_BIN_EXE_goshawk"));
    command.env_remove("GOSHAWK_LOG").arg("compare").arg(smoke()).args(arguments);
    command.current_dir(env!("CARGO_TARGET_TMPDIR"));
    command
}

fn compare(arguments: &[&str], code: i32) -> (String, String) {
    let Output { status, stdout, stderr } = command(arguments).output().unwrap();
    let (out, err) = (String::from_utf8(stdout).unwrap(), String::from_utf8(stderr).unwrap());
    assert_eq!(status.code(), Some(code), "{out}\n{err}");
    (out, err)
}

fn compare_to_json(arguments: &[&str]) -> Value {
    let (out, _) = compare(&[arguments, &["--format", "json"]].concat(), DONE);
    serde_json::from_str(&out).unwrap()
}

/// The tables without the columns of CPU time, which are the last of their tables.
fn without_cpu_time(text: &str) -> String {
    let mut width = None;
    let mut kept = String::new();
    for line in text.lines() {
        if let Some(start) = line.find("  CPU ") {
            width = Some(line[..start].trim_end().chars().count());
        } else if line.is_empty() {
            width = None;
        }
        let line: String = line.chars().take(width.unwrap_or(usize::MAX)).collect();
        kept.push_str(&(line + "\n"));
    }
    kept
}

/// A figure of a mechanism out of a list of figures.
fn figure<'a>(list: &'a Value, mechanism: &str, variable: &str) -> &'a Value {
    let find = |list: &'a Value, key: &str, text: &str| {
        list.as_array().unwrap().iter().find(|entry| entry[key] == text)
    };
    let mechanism = find(list, "mechanism", mechanism).unwrap();
    find(&mechanism["figures"], "variable", variable).unwrap()
}

/// A JSON comparison without the CPU times.
fn reproducible(mut comparison: Value) -> Value {
    for mechanism in comparison["mechanisms"].as_array_mut().unwrap() {
        mechanism["figures"].as_array_mut().unwrap().retain(|figure| figure["reproducible"] == true);
    }
    for optimizer in comparison["optimizers"].as_array_mut().unwrap() {
        assert!(optimizer.as_object_mut().unwrap().remove("cpu_seconds").is_some());
    }
    comparison
}

#[test]
fn the_tables_of_the_smoke_test() {
    let (out, _) = compare(&["--mechanisms", FOUR, "--replicates", "4"], DONE);
    insta::assert_snapshot!(without_cpu_time(&out));
}

#[test]
fn json_has_the_numbers_of_the_tables() {
    let arguments = ["--mechanisms", FOUR, "--replicates", "3"];
    let (out, _) = compare(&arguments, DONE);
    let json = compare_to_json(&arguments);
    let row = |start: &str| out.lines().find(|line| line.trim_start().starts_with(start)).unwrap();
    for mechanism in FOUR.split(',') {
        let line = row(&format!("{mechanism} "));
        for variable in ["sellers_revenue", "sellers_profit", "buyers_cost", "welfare", "net_cost"] {
            let figure = figure(&json["mechanisms"], mechanism, variable);
            let [mean, half] = ["mean", "half_width"].map(|name| figure[name].as_f64().unwrap());
            let told = format!("{mean:.2} ± {half:.2}");
            assert!(line.contains(&told), "{variable}: no {told} in {line}");
            assert_eq!(figure["low"].as_f64().unwrap(), mean - half);
            assert_eq!(figure["values"].as_array().unwrap().len(), 3);
        }
    }
    let difference = figure(&json["differences"], "mid_market_rate", "welfare");
    let [mean, low, high] = ["mean", "low", "high"].map(|name| difference[name].as_f64().unwrap());
    let table = out.split("mid_market_rate less ngo").nth(1).unwrap();
    let line = table.lines().find(|line| line.trim_start().starts_with("welfare")).unwrap();
    let cells: Vec<&str> = line.split_whitespace().collect();
    let told = [mean, low, high].map(|value| format!("{value:+.4}"));
    assert_eq!(cells[2..5], told, "{line}");
    let counts = ["better", "worse", "equal"].map(|name| difference[name].to_string());
    assert_eq!(cells[5..8], counts, "{line}");
}

#[test]
fn differences_are_taken_replicate_by_replicate() {
    let json = compare_to_json(&["--mechanisms", "exact,mid_market_rate", "--replicates", "5"]);
    let values = |mechanism: &str| -> Vec<f64> {
        let figure = figure(&json["mechanisms"], mechanism, "welfare");
        figure["values"].as_array().unwrap().iter().map(|value| value.as_f64().unwrap()).collect()
    };
    let (exact, middle) = (values("exact"), values("mid_market_rate"));
    let differences: Vec<f64> = exact.iter().zip(&middle).map(|(exact, middle)| middle - exact).collect();
    let expected = Estimate::of(&differences).unwrap();
    let difference = figure(&json["differences"], "mid_market_rate", "welfare");
    // The interval depends on which replicates are paired, the mean does not.
    let [mean, half] = ["mean", "half_width"].map(|name| difference[name].as_f64().unwrap());
    assert!((mean - expected.mean).abs() < 1e-9 && (half - expected.half_width.unwrap()).abs() < 1e-9);
    let better = exact.iter().zip(&middle).filter(|(exact, middle)| middle > exact).count();
    assert_eq!(difference["better"].as_u64(), Some(better as u64));
    assert!(exact.windows(2).all(|pair| pair[0] != pair[1]), "replicates differ: {exact:?}");
}

#[test]
fn the_result_does_not_depend_on_the_number_of_jobs() {
    let text = |jobs: &str| {
        let arguments = ["--mechanisms", "mid_market_rate,ngo", "--replicates", "3", "--jobs", jobs];
        (without_cpu_time(&compare(&arguments, DONE).0), reproducible(compare_to_json(&arguments)))
    };
    let one = text("1");
    assert_eq!(one, text("2"));
    assert_eq!(one, text("7"));
}

#[test]
fn one_replicate_has_no_interval() {
    let arguments = ["--mechanisms", "exact,ngo"];
    let json = compare_to_json(&arguments);
    for figure in
        [figure(&json["mechanisms"], "exact", "traded"), figure(&json["differences"], "ngo", "welfare")]
    {
        assert!(figure["mean"].is_f64() && figure["count"] == 1, "{figure}");
        for name in ["half_width", "low", "high"] {
            assert!(figure[name].is_null(), "{figure}");
        }
    }
    let (out, _) = compare(&arguments, DONE);
    assert!(out.contains("one replicate, so no intervals") && out.contains(" ± -"), "{out}");
}

#[test]
fn one_mechanism_is_told_without_differences_and_without_a_search_there_is_no_convergence() {
    let (out, _) = compare(&["--mechanisms", "exact", "--replicates", "2"], DONE);
    assert!(out.contains("market, USD") && !out.contains("less exact"), "{out}");
    assert!(!out.contains("Table 6") && !out.contains("Figure 11"), "{out}");
}

#[test]
fn every_mechanism_of_the_market_can_be_compared() {
    let json = compare_to_json(&["--mechanisms", &MECHANISM_NAMES.join(",")]);
    let named: Vec<&str> =
        json["mechanisms"].as_array().unwrap().iter().map(|arm| arm["mechanism"].as_str().unwrap()).collect();
    assert_eq!(named, MECHANISM_NAMES);
}

#[test]
fn an_optimizer_ends_at_its_gap_and_the_exact_optimum_is_never_passed() {
    let json = compare_to_json(&["--mechanisms", "ngo", "--replicates", "3"]);
    let convergence = json["convergence"].as_array().unwrap();
    assert!(convergence.len() > 10, "{convergence:?}");
    for point in convergence {
        let value = point["mean"].as_f64().unwrap();
        assert!(value < 1.0 + 1e-6, "{point}");
    }
    let last = convergence.iter().rfind(|point| point["at"] == "iterations").unwrap();
    assert!(last["checkpoint"] == 60 && last["mean"].as_f64().unwrap() > 0.999, "{last}");
}

#[test]
fn all_bad_input_is_told_at_once_and_nothing_runs() {
    let bad =
        ["--mechanisms", "ngo, barter,exact,ngo", "--replicates", "0", "--jobs", "0", "--set", "seed=x"];
    let (out, err) = compare(&bad, BAD_INPUT);
    assert_eq!(out, "");
    insta::assert_snapshot!(err.replace(&smoke().display().to_string(), "smoke.toml"));
    let (_, err) = compare(&["--mechanisms", ""], BAD_INPUT);
    assert!(err.contains("found \"\""), "{err}");
    let (_, err) = compare(&["--mechanisms", "ngo", "--budget", "money"], BAD_INPUT);
    assert!(err.contains("money") && err.contains("evaluations"), "{err}");
}

#[test]
fn quiet_says_nothing_but_the_result() {
    let (out, err) = compare(&["--mechanisms", "exact", "--quiet"], DONE);
    assert!(!out.is_empty());
    assert_eq!(err, "");
}

#[cfg(target_os = "linux")]
#[test]
fn a_comparison_asked_to_stop_says_so() {
    let long = ["--set", "time.periods=100000", "--set", "time.days=1100", "--jobs", "2"];
    let mut command =
        command(&[&["--mechanisms", "exact,grid_only", "--replicates", "9"], &long[..]].concat());
    let mut child = command.stdout(Stdio::piped()).stderr(Stdio::piped()).spawn().unwrap();
    let status = format!("/proc/{}/status", child.id());
    let catches_interrupts = || {
        let status = std::fs::read_to_string(&status).unwrap_or_default();
        let caught =
            status.lines().find_map(|line| line.strip_prefix("SigCgt:")).map(str::trim).unwrap_or("0");
        u64::from_str_radix(caught, 16).unwrap() & 0b10 != 0
    };
    let ready = (0..3000).any(|_| {
        std::thread::sleep(Duration::from_millis(10));
        catches_interrupts()
    });
    let sent = Command::new("kill").args(["-INT", &child.id().to_string()]).status().unwrap();
    if !ready {
        let _ = child.kill();
    }
    let Output { status, stdout, stderr } = child.wait_with_output().unwrap();
    let err = String::from_utf8(stderr).unwrap();
    assert!(ready && sent.success(), "{err}");
    assert_eq!(status.code(), Some(INTERRUPTED), "{err}");
    assert!(err.contains("stopped by request after 0 of 18 runs") && stdout.is_empty(), "{err}");
}

#[test]
fn equal_evaluations_are_more_iterations_for_those_that_evaluate_once() {
    let scenario = scenario::load(smoke(), &[]).unwrap().scenario;
    let iterations =
        |name: &str, budget: Budget| mechanism_settings(name, &scenario, budget).optimizer.iterations;
    for (name, within_evaluations) in [("ngo", 60), ("ngo_original", 60), ("pso", 120), ("l_shade", 232)] {
        assert_eq!(iterations(name, Budget::Evaluations), within_evaluations, "{name}");
        assert_eq!(iterations(name, Budget::Iterations), 60, "{name}");
    }
}

fn carry_out(mechanism: &'static str, replicate: u32) -> Replicate {
    let loaded = scenario::load(smoke(), &[]).unwrap();
    let checkpoints = Checkpoints::of(&loaded.scenario.market.optimizer);
    let plan = Plan { loaded: &loaded, mechanism, replicate, budget: Budget::Iterations };
    plan.carry_out(&checkpoints, &Arc::new(Progress::default())).unwrap()
}

#[test]
fn replicate_0_is_the_run_of_the_same_scenario_and_mechanism() {
    let home = tempfile::tempdir_in(env!("CARGO_TARGET_TMPDIR")).unwrap();
    for mechanism in MECHANISM_NAMES {
        let loaded = scenario::load(smoke(), &[format!("market.mechanism={mechanism}")]).unwrap();
        let out = home.path().join(mechanism);
        let existing = Existing::Refuse;
        let request = goshawk::run::Request { loaded: &loaded, out: &out, existing, command: Vec::new() };
        let ran = goshawk::run::run(&request, &Arc::new(Progress::default())).unwrap();
        let compared = carry_out(mechanism, 0);
        assert_eq!(compared.outcome.digest, ran.outcome.digest, "{mechanism}: every event is the same");
        assert_eq!(compared.kpis, ran.kpis, "{mechanism}");
    }
}

#[test]
fn replicates_are_different_runs_of_the_same_scenario() {
    let [first, second] = [0, 1].map(|replicate| carry_out("exact", replicate));
    assert_ne!(first.outcome.digest, second.outcome.digest);
    assert_ne!(first.kpis, second.kpis);
    assert_eq!(first.kpis.len(), second.kpis.len());
}

#[test]
fn variants_meet_the_same_luck_and_differ_by_what_they_set() {
    let compared = compare_to_json(&[
        "--mechanisms",
        "mid_market_rate",
        "--variant",
        "same:storage.capacity_kwh=50",
        "--variant",
        "no trade:market.mechanism=grid_only; storage.capacity_kwh=0",
        "--replicates",
        "2",
    ]);
    let names =
        compared["mechanisms"].as_array().unwrap().iter().map(|arm| arm["mechanism"].as_str().unwrap());
    assert_eq!(names.collect::<Vec<_>>(), ["mid_market_rate", "same", "no trade"]);
    let mut traded_less = 0;
    for difference in compared["differences"].as_array().unwrap() {
        for figure in difference["figures"].as_array().unwrap() {
            let mean = figure["mean"].as_f64();
            if difference["mechanism"] == "same" {
                assert!(mean.is_none_or(|mean| mean == 0.0), "{figure}");
            } else if figure["variable"] == "traded" {
                traded_less += i32::from(mean.unwrap() < -1.0);
            }
        }
    }
    assert_eq!(traded_less, 1, "{compared}");
    let (_, err) =
        compare(&["--variant", "nameless", "--variant", "x:seed=1", "--variant", "x:seed=2"], BAD_INPUT);
    assert!(err.contains("\"nameless\"") && err.contains("\"x\" again"), "{err}");
}
