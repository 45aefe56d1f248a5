//! Other courses of `goshawk run`: twice side by side, at a multiple of real time, and what is told meanwhile.

#![expect(clippy::unwrap_used, reason = "a test that cannot go on should stop")]

use std::io::Read as _;
use std::process::{Child, Command, Stdio};
use std::sync::Arc;
use std::thread;
use std::time::{Duration, Instant};

use goshawk::determinism::{Verdict, compare};
use goshawk::scenario;

mod desk;

use desk::{BAD_INPUT, DONE, Desk, FAILED, INTERRUPTED, Said, scenarios};

/// Runs the smoke test, in which 24 quarters of an hour pass.
fn smoke(desk: &Desk, arguments: &[&str]) -> Said {
    let smoke = scenarios().join("smoke.toml");
    desk.give(&[&["run", smoke.to_str().unwrap()], arguments].concat())
}

/// How many events a run had, and their digest.
fn events_and_digest(said: &Said) -> (String, String) {
    let (before, after) = said.out.split_once(" events").unwrap();
    let events = before.rsplit(' ').next().unwrap();
    let digest = after.split_once("digest ").unwrap().1.split_whitespace().next().unwrap();
    (events.to_owned(), digest.to_owned())
}

#[expect(clippy::disallowed_methods, reason = "how long a paced run takes is what is tested")]
fn now() -> Instant {
    Instant::now()
}

#[test]
fn two_runs_side_by_side_are_the_same_and_leave_nothing() {
    let desk = Desk::new();
    let twice = smoke(&desk, &["--check-determinism", "--seed", "7"]).expect(DONE);
    assert!(twice.out.starts_with("Two runs are the same: "), "{}", twice.out);
    assert_eq!(std::fs::read_dir(desk.home.path()).unwrap().count(), 0);
    let once = smoke(&desk, &["--out", "out", "--seed", "7"]).expect(DONE);
    assert_eq!(events_and_digest(&twice), events_and_digest(&once));
    smoke(&desk, &["--check-determinism", "--out", "elsewhere"]).expect(BAD_INPUT).expect_told("--out");
}

#[test]
fn the_first_event_that_differs_is_named_with_time_actor_and_message() {
    let seeded = |seed: &str| {
        let sets = [format!("seed={seed}")];
        scenario::load(scenarios().join("smoke.toml"), &sets).unwrap()
    };
    let aside = tempfile::tempdir().unwrap();
    let verdict = compare(&seeded("1"), &seeded("2"), aside.path(), &Arc::default()).unwrap();
    let Verdict::OtherEvent(difference) = verdict else { panic!("{verdict:?}") };
    insta::assert_snapshot!(difference);
}

#[test]
fn files_that_differ_are_named_though_no_event_does() {
    let named = |name: &str| {
        let sets = [format!("name=\"{name}\"")];
        scenario::load(scenarios().join("smoke.toml"), &sets).unwrap()
    };
    let aside = tempfile::tempdir().unwrap();
    let verdict = compare(&named("one"), &named("two"), aside.path(), &Arc::default()).unwrap();
    let Verdict::OtherFiles(files) = verdict else { panic!("{verdict:?}") };
    assert!(files.iter().any(|file| file.starts_with("trades/")), "the name is in every file: {files:?}");
}

#[test]
fn a_paced_run_takes_its_time_and_changes_nothing() {
    let desk = Desk::new();
    let started = now();
    let paced = smoke(&desk, &["--out", "paced", "--pace", "43200"]).expect(DONE);
    // Between the first event and the last are at least 23 quarters of an hour, and twelve hours pass in a second.
    assert!(started.elapsed() >= Duration::from_millis(479), "{:?}", started.elapsed());
    let free = smoke(&desk, &["--out", "free"]).expect(DONE);
    assert_eq!(events_and_digest(&paced), events_and_digest(&free));
}

#[test]
fn a_run_that_falls_behind_its_pace_by_too_much_ends() {
    let desk = Desk::new();
    let late = smoke(&desk, &["--out", "out", "--pace", "1e9", "--pace-tolerance", "0"]).expect(FAILED);
    assert!(late.err.contains("out of step") && late.err.contains("too late"), "{}", late.err);
    assert!(!desk.path("out").exists(), "nothing is left of it");
    smoke(&desk, &["--out", "out", "--pace", "1e9", "--pace-tolerance", "60"]).expect(DONE);
}

/// A run under way; it ends with the test, if not before.
struct Running(Child);

impl Running {
    fn start(desk: &Desk, arguments: &[&str]) -> Self {
        let smoke = scenarios().join("smoke.toml");
        let mut command = desk.command(&["run", smoke.to_str().unwrap(), "--out", "out"]);
        Self(command.args(arguments).stdout(Stdio::null()).stderr(Stdio::piped()).spawn().unwrap())
    }

    /// Asks it to stop, and says what it says.
    fn stop(&mut self) -> String {
        assert!(self.0.try_wait().unwrap().is_none(), "it is over");
        assert!(Command::new("kill").args(["-TERM", &self.0.id().to_string()]).status().unwrap().success());
        let mut told = String::new();
        self.0.stderr.take().unwrap().read_to_string(&mut told).unwrap();
        assert_eq!(self.0.wait().unwrap().code(), Some(INTERRUPTED), "{told}");
        told
    }
}

impl Drop for Running {
    fn drop(&mut self) {
        let _ = self.0.kill();
    }
}

#[test]
fn who_stops_a_run_is_told_of_the_saves_it_leaves() {
    let desk = Desk::new();
    let long = ["--set", "time.periods=100000", "--set", "time.days=1100"];
    let mut running = Running::start(&desk, &[long.as_slice(), &["--save-at", "1"]].concat());
    while !desk.path("out.day-001.save").exists() {
        thread::sleep(Duration::from_millis(10));
    }
    let told = running.stop();
    assert!(told.contains("periods; nothing was kept but out.day-001.save"), "{told}");
    assert!(desk.path("out.day-001.save").exists());
}

#[test]
fn a_paced_run_stops_when_it_is_asked_to() {
    let desk = Desk::new();
    let mut running = Running::start(&desk, &["--pace", "1"]);
    while !desk.path("out/.partial").exists() {
        thread::sleep(Duration::from_millis(10));
    }
    // By now it waits for the second period, a quarter of an hour from now.
    thread::sleep(Duration::from_millis(300));
    let asked = now();
    running.stop();
    assert!(asked.elapsed() < Duration::from_secs(60), "it does not wait for the period");
}

#[test]
fn paces_that_are_none_and_courses_that_exclude_each_other_are_refused() {
    let desk = Desk::new();
    let mut told = String::new();
    for arguments in [
        ["--pace", "0"].as_slice(),
        &["--pace", "fast"],
        &["--pace", "60", "--pace-tolerance", "-1"],
        &["--pace-tolerance", "1"],
        &["--pace", "60", "--save-at", "1"],
        &["--check-determinism", "--restore", "out.day-001.save"],
    ] {
        let said = smoke(&desk, arguments).expect(BAD_INPUT);
        told.push_str(&format!("== {}\n{}\n", arguments.join(" "), said.err));
    }
    insta::assert_snapshot!(told);
}

#[test]
fn what_was_delivered_is_told_by_kind() {
    let desk = Desk::new();
    let said = smoke(&desk, &["--out", "out", "-v"]).expect(DONE);
    let line = said.err.lines().find(|line| line.contains("delivered, by kind: ")).unwrap();
    let counts =
        line.split("by kind: ").nth(1).unwrap().split(", ").map(|part| part.split(' ').next().unwrap());
    let all: u64 = counts.map(|count| count.parse::<u64>().unwrap()).sum();
    said.told(&format!("{all} events"));
    assert!(line.contains(" 24 gate_closure"), "one a period: {line}");
}
