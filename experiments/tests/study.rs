//! Studies as their users meet them: the real program, ended in every way, with the same bytes in the end.

#![expect(clippy::unwrap_used, reason = "a test that cannot go on should stop")]

use std::collections::BTreeMap;
use std::fs;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::thread;
use std::time::Duration;

use goshawk_engine::Streams;
use serde_json::Value;

mod desk;

use desk::{BAD_INPUT, DONE, Desk, FAILED, INTERRUPTED, PROGRAM, Said, scenarios};

/// Two points of the smoke scenario, 24 replicates each, in chunks of 4.
const SMALL: &str = r#"
name = "small"
scenario = "SCENARIOS/smoke.toml"
replicates = 24
chunk = 4
[set]
"market.mechanism" = "mid_market_rate"
"time.periods" = 8
[[factor]]
path = "storage.capacity_kwh"
values = [0, 50]
"#;

/// A feeder whose limits are only observed, near its collapse: some replicates fail.
const FAILING: &str = r#"
name = "failing"
scenario = "SCENARIOS/feeder.toml"
replicates = 12
chunk = 4
failures_max = 12
[set]
"grid.feeder.security" = "observed"
"grid.feeder.lines" = "data/ieee33_lines.csv"
"grid.feeder.voltage_min_pu" = 0.5
"grid.feeder.base_load_scale" = 3.57
"market.mechanism" = "grid_only"
"time.days" = 1
"time.period_minutes" = 60
"#;

/// The same farther on: every replicate fails.
const ALL_FAIL: &str = r#"
name = "failing"
scenario = "SCENARIOS/feeder.toml"
replicates = 100_000
chunk = 10_000
failures_max = 12
[set]
"grid.feeder.security" = "observed"
"grid.feeder.base_load_scale" = 3.62
"market.mechanism" = "mid_market_rate"
"time.days" = 1
"#;

/// A desk with a study on it.
trait StudyDesk {
    fn of(study: &str) -> Self;
    fn of_study(&self, arguments: &[&str]) -> Command;
    fn study(&self, arguments: &[&str]) -> Said;
    fn start(&self, arguments: &[&str]) -> Child;
    fn results(&self, out: &str) -> BTreeMap<PathBuf, Vec<u8>>;
    fn commits(&self, out: &str) -> usize;
    fn in_own_file_system(&self, script: &str) -> Option<String>;
}

impl StudyDesk for Desk {
    fn of(study: &str) -> Self {
        let desk = Self::new();
        desk.write("study.toml", study);
        desk
    }

    fn of_study(&self, arguments: &[&str]) -> Command {
        self.command(&[&["study", "study.toml"], arguments].concat())
    }

    fn study(&self, arguments: &[&str]) -> Said {
        self.of_study(arguments).output().unwrap().into()
    }

    fn start(&self, arguments: &[&str]) -> Child {
        self.of_study(arguments).stdout(Stdio::piped()).stderr(Stdio::piped()).spawn().unwrap()
    }

    /// What a finished study's rows, design and points are, byte for byte, without what tells of times and hosts.
    fn results(&self, out: &str) -> BTreeMap<PathBuf, Vec<u8>> {
        let out = self.path(out);
        let mut results = BTreeMap::new();
        for (path, bytes) in files(&out) {
            let name = path.strip_prefix(&out).unwrap().to_owned();
            if name.starts_with("commits") {
                continue;
            }
            let is_manifest = name.extension().is_some_and(|extension| extension == "json");
            let bytes = if is_manifest { without_times(&bytes) } else { bytes };
            results.insert(name, bytes);
        }
        results
    }

    fn commits(&self, out: &str) -> usize {
        let logs = files(&self.path(out).join("commits"));
        logs.values().map(|bytes| bytes.iter().filter(|&&byte| byte == b'\n').count().saturating_sub(1)).sum()
    }

    /// Carries a shell's script out where it may mount file systems, if the machine lets anybody; what it said on standard
    /// error. The script ends with 99 where it cannot mount, and leaves the program's exit code in `code`, which is to be 1.
    fn in_own_file_system(&self, script: &str) -> Option<String> {
        let mut command = Command::new("unshare");
        command.args(["--user", "--map-root-user", "--mount", "sh", "-c", script]);
        let Ok(output) = command.current_dir(self.home.path()).output() else {
            eprintln!("skipped: there is no unshare");
            return None;
        };
        let said = String::from_utf8_lossy(&output.stderr).into_owned();
        if output.status.code() == Some(99) || !self.path("code").exists() {
            eprintln!("skipped: no file system can be mounted: {said}");
            return None;
        }
        assert_eq!(self.read("code"), "code 1\n");
        assert!(!said.contains("panicked"), "{said}");
        Some(said)
    }
}

fn without_times(bytes: &[u8]) -> Vec<u8> {
    let mut value: Value = serde_json::from_slice(bytes).unwrap();
    let fields = value.as_object_mut().unwrap();
    fields.remove("run");
    fields.remove("manifest_sha256");
    value.to_string().into_bytes()
}

/// Every file below a folder with its bytes.
fn files(folder: &Path) -> BTreeMap<PathBuf, Vec<u8>> {
    let mut found = BTreeMap::new();
    let Ok(entries) = fs::read_dir(folder) else { return found };
    for entry in entries {
        let path = entry.unwrap().path();
        if path.is_dir() {
            found.extend(files(&path));
        } else {
            found.insert(path.clone(), fs::read(&path).unwrap());
        }
    }
    found
}

#[track_caller]
fn assert_same(one: &BTreeMap<PathBuf, Vec<u8>>, other: &BTreeMap<PathBuf, Vec<u8>>, case: &str) {
    let names = |files: &BTreeMap<PathBuf, Vec<u8>>| files.keys().cloned().collect::<Vec<_>>();
    assert_eq!(names(one), names(other), "{case}");
    for (name, bytes) in one {
        assert!(bytes == &other[name], "{case}: {} differs", name.display());
    }
}

#[test]
fn jobs_and_shards_change_no_byte() {
    let desk = Desk::of(SMALL);
    desk.study(&["--out", "one", "--jobs", "1"]).expect(DONE);
    let one = desk.results("one");
    // Two points with fourteen tables of six chunks, manifest and scenario each; study and design.
    assert_eq!(one.len(), 2 * (14 * 6 + 2) + 3);
    for jobs in ["2", "4"] {
        desk.study(&["--out", jobs, "--jobs", jobs]).expect(DONE);
        assert_same(&one, &desk.results(jobs), jobs);
    }
    // Side by side on one folder, as on a cluster.
    let shards = ["0/3", "1/3", "2/3"].map(|shard| desk.start(&["--out", "shards", "--shard", shard]));
    for shard in shards {
        Said::from(shard.wait_with_output().unwrap()).expect(DONE);
    }
    assert_eq!(desk.commits("shards"), 12);
    // Whoever ends last publishes; when two end together, asking again does.
    desk.study(&["--out", "shards", "--resume"]).expect(DONE);
    assert_same(&one, &desk.results("shards"), "three shards");
    assert_eq!(desk.commits("shards"), 12, "nothing is run twice");
}

#[test]
fn killed_at_twenty_random_moments_nothing_is_lost() {
    let desk = Desk::of(&SMALL.replace("replicates = 24", "replicates = 200"));
    desk.study(&["--out", "whole"]).expect(DONE);
    let whole = desk.results("whole");
    let mut moments =
        Streams { seed: 20, crn_group: 0, replicate: 0, is_mirrored: false }.stream("test", "kill");
    let (mut kills, mut resumed) = (0, 0);
    while kills < 20 {
        let _ = fs::remove_dir_all(desk.path("out"));
        let mut arguments = vec!["--out", "out", "--jobs", "2"];
        loop {
            let before = desk.commits("out");
            let mut child = desk.start(&arguments);
            // From before the first chunk to several chunks later.
            thread::sleep(Duration::from_micros(moments.below(400_000)));
            if child.try_wait().unwrap().is_none() {
                child.kill().unwrap();
                kills += 1;
            }
            let output = child.wait_with_output().unwrap();
            assert!(desk.commits("out") >= before, "what is committed stays");
            if output.status.success() {
                break;
            }
            // A process that was killed before its first line leaves a folder like a new one.
            arguments = vec!["--out", "out", "--jobs", "2", "--resume"];
            resumed += 1;
        }
        assert_same(&whole, &desk.results("out"), "after kills");
    }
    assert!(resumed >= 15, "{resumed} of {kills} kills were in the middle");
}

/// What `verify` says of the study and of each of its points.
fn verify(desk: &Desk, folder: &str) -> Said {
    desk.give(&["verify", folder])
}

#[test]
fn a_finished_study_that_grows_verifies_at_any_moment() {
    let desk = Desk::of(SMALL);
    desk.study(&["--out", "whole", "--replicates", "160"]).expect(DONE);
    let whole = desk.results("whole");
    desk.study(&["--out", "finished"]).expect(DONE);
    let mut moments =
        Streams { seed: 21, crn_group: 0, replicate: 0, is_mirrored: false }.stream("test", "kill");
    let (mut kills, mut unfinished) = (0, 0);
    while kills < 8 {
        let _ = fs::remove_dir_all(desk.path("out"));
        let copied = Command::new("cp").arg("-r").arg(desk.path("finished")).arg(desk.path("out")).status();
        assert!(copied.unwrap().success());
        loop {
            let mut child = desk.start(&["--out", "out", "--jobs", "2", "--resume", "--replicates", "160"]);
            thread::sleep(Duration::from_micros(moments.below(300_000)));
            if child.try_wait().unwrap().is_none() {
                child.kill().unwrap();
                kills += 1;
            }
            if child.wait_with_output().unwrap().status.success() {
                break;
            }
            let said = verify(&desk, "out");
            assert!([Some(DONE), Some(INTERRUPTED)].contains(&said.code), "{}\n{}", said.out, said.err);
            if said.code == Some(INTERRUPTED) {
                unfinished += 1;
                assert!(said.out.contains("It has grown to 160 replicates of each point"), "{}", said.out);
                let advice = "goshawk study STUDY --out out --resume --replicates 160";
                assert!(said.out.contains("unfinished: ") && said.out.contains(advice), "{}", said.out);
            }
            for point in ["out/small-0000", "out/small-0001"] {
                verify(&desk, point).expect(DONE);
            }
        }
        verify(&desk, "out").expect(DONE);
        assert_same(&whole, &desk.results("out"), "after growing");
    }
    assert!(unfinished >= 3, "{unfinished} of {kills} kills were in the middle");
}

#[test]
fn what_is_wrong_with_a_growing_study_is_still_found() {
    let desk = Desk::of(SMALL);
    desk.study(&["--out", "out"]).expect(DONE);
    desk.study(&["--out", "out", "--resume", "--replicates", "32", "--shard", "2/4"]).expect(DONE);
    verify(&desk, "out").expect(INTERRUPTED);
    let changes = [
        ("small-0000/trades/part-00000-00003.parquet", "an earlier part"),
        ("small-0000/trades/part-00024-00027.parquet", "a part of a chunk that was added"),
        ("small-0001/manifest.json", "the manifest of a point"),
        ("commits/0-of-1.jsonl", "the earlier log"),
    ];
    for (name, case) in changes {
        let path = desk.path("out").join(name);
        let before = fs::read(&path).unwrap_or_else(|_| panic!("{name}"));
        let mut bytes = before.clone();
        let middle = bytes.len() / 2;
        bytes[middle] ^= 1;
        fs::write(&path, bytes).unwrap();
        assert_eq!(verify(&desk, "out").code, Some(FAILED), "{case}");
        fs::write(&path, before).unwrap();
    }
    let stranger = desk.path("out/small-0000/trades/part-00100-00103.parquet");
    fs::write(&stranger, "").unwrap();
    verify(&desk, "out").expect(FAILED);
    fs::remove_file(stranger).unwrap();
    let said = verify(&desk, "out").expect(INTERRUPTED);
    assert!(said.out.contains("unfinished: 2 chunks with 8 replicates to run"), "{}", said.out);
}

#[test]
fn a_study_of_which_every_replicate_fails_ends_soon() {
    let desk = Desk::of(ALL_FAIL);
    // Ten seconds would be enough for many thousands of failures, each one run again for all before it.
    let said = desk.study(&["--out", "out", "--jobs", "2"]).expect(FAILED);
    said.expect_told("replicates failed, and failures_max is 12").expect_told("goshawk replay out");
    let log = fs::read_to_string(desk.path("out/commits/0-of-1.jsonl")).unwrap();
    let known = log.matches("the voltage collapses").count();
    assert!((13..=15).contains(&known), "{known} failures, at most one more a worker\n{log}");
}

/// What the system is asked for, by strace where there is one.
#[test]
fn names_of_folders_are_on_the_disk_before_the_log_speaks_of_what_is_in_them() {
    let desk = Desk::of(SMALL);
    let mut command = Command::new("strace");
    command.args(["-f", "-y", "-e", "trace=mkdir,fsync,fdatasync", "-o", "trace.txt", PROGRAM, "study"]);
    command.args(["study.toml", "--out", "new/out", "--jobs", "1"]).current_dir(desk.home.path());
    let Ok(output) = command.output() else { return eprintln!("skipped: there is no strace") };
    let trace = fs::read_to_string(desk.path("trace.txt")).unwrap_or_default();
    if !trace.contains("mkdir(") {
        return eprintln!("skipped: strace cannot trace: {}", String::from_utf8_lossy(&output.stderr));
    }
    Said::from(output).expect(DONE);
    let lines: Vec<&str> = trace.lines().collect();
    let home = desk.home.path().canonicalize().unwrap();
    let is_done = |line: &str| line.ends_with("= 0") || line.ends_with("<unfinished ...>");
    let made = |line: &str| line.contains("mkdir(\"") && is_done(line) && !line.contains("/.partial");
    let mut seen = BTreeMap::new();
    for (place, line) in lines.iter().enumerate().filter(|(_, line)| made(line)) {
        let name = line.split('"').nth(1).unwrap();
        let parent = home.join(name).parent().unwrap().to_owned();
        let synced = format!("<{}>", parent.display());
        let is_log = |line: &&str| line.contains("fdatasync(") && line.contains("/commits/");
        let before_log = lines[place..].iter().take_while(|line| !is_log(line));
        let mut syncs = before_log.filter(|line| line.contains("fsync("));
        assert!(syncs.any(|line| line.contains(&synced)), "{parent:?} is not synced after {line}");
        seen.insert(name, line);
    }
    // The folder, its parent, the logs, two points with fourteen tables.
    assert_eq!(seen.len(), 3 + 2 * 15, "{trace}");
}

#[test]
fn a_request_to_end_leaves_whole_chunks_and_its_own_code() {
    let desk = Desk::of(&SMALL.replace("replicates = 24", "replicates = 4000"));
    let child = desk.start(&["--out", "out"]);
    while desk.commits("out") < 2 {
        thread::sleep(Duration::from_millis(5));
    }
    let sent = Command::new("kill").args(["-TERM", &child.id().to_string()]).status().unwrap();
    let said = Said::from(child.wait_with_output().unwrap());
    assert!(sent.success());
    let said = said.expect(INTERRUPTED).expect_told("--resume goes on");
    let commits = desk.commits("out");
    assert!(said.err.contains(&format!("{commits} chunks of this run are safe")), "{}", said.err);
    assert!(!desk.path("out/.partial").exists(), "nothing half-written is left");
    assert!(!desk.path("out/study.json").exists());
    desk.study(&["--out", "out"]).expect(BAD_INPUT).expect_told("pass --resume to go on with it");
}

#[test]
fn a_full_disk_leaves_a_folder_that_can_be_resumed() {
    // No file may grow beyond so many blocks of 512 bytes: a part that is too large, and a log that is cut in a line.
    let many = SMALL.replace("replicates = 24", "replicates = 80\ntables = []");
    for (study, blocks, told) in [(SMALL, 8, "no room is left"), (&many, 40, "commits/0-of-1.jsonl")] {
        let desk = Desk::of(study);
        desk.study(&["--out", "whole"]).expect(DONE);
        let limited = format!("ulimit -f {blocks}; trap '' XFSZ; exec \"$@\"");
        let mut command = Command::new("sh");
        command.args(["-c", &limited, "sh", PROGRAM, "study", "study.toml", "--out", "out", "--jobs", "1"]);
        let said: Said = command.current_dir(desk.home.path()).output().unwrap().into();
        let said = said.expect(FAILED).expect_told(told);
        assert!(!said.err.contains("panicked"), "{}", said.err);
        desk.study(&["--out", "out", "--resume"]).expect(DONE);
        assert_same(&desk.results("whole"), &desk.results("out"), told);
    }
}

/// A file system of its own that may not be written to any more, where the machine lets anybody mount one.
#[test]
fn a_folder_that_becomes_read_only_can_be_resumed() {
    let desk = Desk::of(SMALL);
    desk.study(&["--out", "whole"]).expect(DONE);
    let script = format!(
        "mkdir small && mount -t tmpfs -o size=20m tmpfs small || exit 99; \
         {PROGRAM} study study.toml --out small/out --shard 0/2 || exit 98; \
         mount -o remount,ro small || exit 99; {PROGRAM} study study.toml --out small/out --resume; echo code $? > code; \
         cp -a small/out out"
    );
    let Some(told) = desk.in_own_file_system(&script) else { return };
    assert!(told.contains("Read-only file system"), "{told}");
    desk.study(&["--out", "out", "--resume"]).expect(DONE);
    assert_same(&desk.results("whole"), &desk.results("out"), "read-only");
}

#[test]
fn a_run_does_not_replace_a_point_of_a_study() {
    let desk = Desk::of(SMALL);
    desk.study(&["--out", "out"]).expect(DONE);
    let before = desk.results("out");
    let smoke = scenarios().join("smoke.toml");
    let said = desk.give(&["run", smoke.to_str().unwrap(), "--out", "out/small-0000", "--overwrite"]);
    said.expect(BAD_INPUT).expect_told("holds a point of a study");
    assert_same(&before, &desk.results("out"), "untouched");
}

#[test]
fn a_scenario_that_is_edited_meanwhile_ends_the_study() {
    let desk = Desk::of(&SMALL.replace("SCENARIOS/smoke.toml", "smoke.toml").replace("= 24", "= 2000"));
    let smoke = scenarios().join("smoke.toml");
    let text = fs::read_to_string(smoke).unwrap();
    fs::write(desk.path("smoke.toml"), &text).unwrap();
    let child = desk.start(&["--out", "out", "--jobs", "1"]);
    while desk.commits("out") < 2 {
        thread::sleep(Duration::from_millis(5));
    }
    fs::write(desk.path("smoke.toml"), text.replace("area_m2 = 40", "area_m2 = 41")).unwrap();
    let said = Said::from(child.wait_with_output().unwrap());
    said.expect(FAILED).expect_told("point 1 was changed while the study ran");
}

/// A file system of its own, where the machine lets anybody mount one.
#[test]
fn a_small_file_system_that_fills_up_leaves_a_folder_that_can_be_resumed() {
    let desk = Desk::of(SMALL);
    desk.study(&["--out", "whole"]).expect(DONE);
    fs::create_dir_all(desk.path("small")).unwrap();
    let script = format!(
        "mount -t tmpfs -o size=700k tmpfs small || exit 99; {PROGRAM} study study.toml --out small/out --jobs 1; \
         echo code $? > code; cp -a small/out out"
    );
    let Some(told) = desk.in_own_file_system(&script) else { return };
    assert!(told.contains("no room is left"), "{told}");
    assert!(desk.commits("out") > 0, "some chunks fit");
    desk.study(&["--out", "out", "--resume"]).expect(DONE);
    assert_same(&desk.results("whole"), &desk.results("out"), "a small file system");
}

#[test]
fn a_stopped_point_is_the_same_for_any_number_of_jobs() {
    let stopping = "[stopping]\nfigures = [\"net_cost\", \"p2p\"]\nrelative = 0.02\n";
    let study = SMALL.replace("replicates = 24", "replicates = 400");
    let (fixed, factor) = study.split_once("[[factor]]").unwrap();
    let desk = Desk::of(&format!("{fixed}{stopping}[[factor]]{factor}"));
    desk.study(&["--out", "one", "--jobs", "1"]).expect(DONE);
    let manifest: Value = serde_json::from_slice(&fs::read(desk.path("one/study.json")).unwrap()).unwrap();
    let replicates: Vec<u64> = manifest["points"]
        .as_array()
        .unwrap()
        .iter()
        .map(|point| point["replicates"].as_u64().unwrap())
        .collect();
    assert!(replicates.iter().all(|&count| (30..400).contains(&count) && count % 4 == 0), "{replicates:?}");
    desk.study(&["--out", "four", "--jobs", "4"]).expect(DONE);
    assert_same(&desk.results("one"), &desk.results("four"), "four jobs");
    // Resumed after a stop there is nothing to do.
    desk.study(&["--out", "four", "--resume"]).expect(DONE);
    assert_same(&desk.results("one"), &desk.results("four"), "resumed");
    desk.study(&["--out", "shards", "--shard", "0/2"])
        .expect(BAD_INPUT)
        .expect_told("cannot be divided into shards");
}

#[test]
fn replicates_that_fail_are_left_out_alone_and_counted() {
    let desk = Desk::of(FAILING);
    let said = desk.study(&["--out", "one", "--jobs", "1"]).expect(DONE);
    let warnings = said.err.matches("the voltage collapses").count();
    assert!((1..12).contains(&warnings), "{}", said.err);
    assert!(said.err.contains("goshawk replay one --scenario failing --replicate"), "{}", said.err);
    let manifest: Value =
        serde_json::from_slice(&fs::read(desk.path("one/failing/manifest.json")).unwrap()).unwrap();
    let failed = manifest["failed_replicates"].as_array().unwrap();
    assert_eq!(failed.len(), warnings);
    desk.study(&["--out", "four", "--jobs", "4"]).expect(DONE);
    assert_same(&desk.results("one"), &desk.results("four"), "four jobs");

    // Those that do not fail are what they are without the others.
    desk.write("study.toml", &FAILING.replace("chunk = 4", "chunk = 1"));
    desk.study(&["--out", "alone"]).expect(DONE);
    let alone: Value =
        serde_json::from_slice(&fs::read(desk.path("alone/failing/manifest.json")).unwrap()).unwrap();
    assert_eq!(alone["failed_replicates"], manifest["failed_replicates"]);
    assert_eq!(alone["event_digest"], manifest["event_digest"]);

    // More than may fail end the study; what is there stays, and is not run again.
    desk.write("study.toml", &FAILING.replace("failures_max = 12", "failures_max = 0"));
    let said = desk.study(&["--out", "strict", "--jobs", "1"]).expect(FAILED);
    said.expect_told("failures_max is 0").expect_told("the voltage collapses");
    let commits = desk.commits("strict");
    desk.study(&["--out", "strict", "--resume"]).expect(FAILED).expect_told("failures_max is 0");
    assert_eq!(desk.commits("strict"), commits);
}

#[test]
fn another_study_is_refused_and_what_differs_is_named() {
    let desk = Desk::of(SMALL);
    desk.study(&["--out", "out"]).expect(DONE);
    let before = files(&desk.path("out"));
    let refused = |told: &str| {
        desk.study(&["--out", "out", "--resume"]).expect(BAD_INPUT).expect_told(told);
        assert_eq!(before.len(), files(&desk.path("out")).len(), "nothing is touched");
    };
    desk.write("study.toml", &SMALL.replace("chunk = 4", "chunk = 6"));
    refused("the study file has changed");
    desk.write("study.toml", &SMALL.replace("name = \"small\"", "name = \"other\""));
    refused("its study is \"small\", not \"other\"");
    let scenario = scenarios().join("smoke.toml");
    let changed = fs::read_to_string(scenario).unwrap().replace("area_m2 = 40", "area_m2 = 41");
    fs::write(desk.path("smoke.toml"), changed).unwrap();
    desk.write("study.toml", &SMALL.replace("SCENARIOS/smoke.toml", "smoke.toml"));
    refused("the study file has changed");
    // More replicates are the same study.
    desk.write("study.toml", SMALL);
    desk.study(&["--out", "out", "--resume", "--replicates", "32"]).expect(DONE);
    assert_eq!(desk.commits("out"), 16);
    // One chunk cannot be two.
    desk.study(&["--out", "out", "--resume", "--replicates", "30"])
        .expect(BAD_INPUT)
        .expect_told("divides otherwise");

    // A changed scenario behind the same path.
    desk.write("study.toml", &SMALL.replace("SCENARIOS/smoke.toml", "smoke.toml"));
    desk.study(&["--out", "own"]).expect(DONE);
    let text = fs::read_to_string(desk.path("smoke.toml")).unwrap();
    fs::write(desk.path("smoke.toml"), text.replace("area_m2 = 41", "area_m2 = 42")).unwrap();
    desk.study(&["--out", "own", "--resume"]).expect(BAD_INPUT).expect_told("the scenario file has changed");
}

#[test]
fn one_process_at_a_time_writes_a_shard() {
    let desk = Desk::of(&SMALL.replace("replicates = 24", "replicates = 4000"));
    let mut first = desk.start(&["--out", "out"]);
    while desk.commits("out") < 1 {
        thread::sleep(Duration::from_millis(5));
    }
    desk.study(&["--out", "out", "--resume"])
        .expect(BAD_INPUT)
        .expect_told("is being written by another run");
    first.kill().unwrap();
    first.wait().unwrap();
}

#[test]
fn what_is_said_of_bad_studies() {
    let cases = [
        ("an unknown path", SMALL.replace("storage.capacity_kwh", "storage.capacity")),
        ("a level out of range", SMALL.replace("[0, 50]", "[0, -5]")),
        ("a level of another type", SMALL.replace("[0, 50]", "[\"small\", 50]")),
        ("factors without lists in a factorial", SMALL.replace("values = [0, 50]", "range = { from = 0, to = 50 }")),
        ("two kinds of levels", format!("{SMALL}range = {{ from = 0, to = 50 }}\n")),
        ("a design that lacks its numbers", format!("{SMALL}[design]\nmethod = \"sobol\"\npoints = 12\n")),
        ("a factor twice", format!("{SMALL}[[factor]]\npath = \"storage.capacity_kwh\"\nvalues = [1]\n")),
        ("a table that is not there", "name = \"x\"\nscenario = \"SCENARIOS/smoke.toml\"\nreplicates = 2\n[design]\nmethod = \"table\"\nfile = \"no.csv\"\n".to_owned()),
        ("tables, rules and fields that there are not", SMALL.replace(
            "chunk = 4",
            "chunk = 5\nantithetic = true\nreplicate = 3\ntables = [\"trades\", \"kwh\"]",
        )),
        ("a rule that cannot look", format!("{SMALL}[stopping]\nfigures = [\"p2p\"]\nlook_every = 6\nobservations_min = 40\n")),
        ("an unknown field beside faults everywhere", SMALL
            .replace("chunk = 4", "chunks = 4\nfailures_max = -1\ntables = [\"kwh\"]\nantithetic = 3")
            .replace("\"time.periods\" = 8", "\"time.period\" = 8")
            + "[[factor]]\npath = \"battery.capacity_kwh\"\nrange = { from = 9, to = 3 }\n\
               [[factor]]\npath = \"battery.capacity\"\nvalues = [1]\nvalue = 2\n\
               [design]\nmethod = \"sobol\"\npoints = 12\n[stopping]\nfigures = [\"p2p\"]\nobservations_min = 3\n"),
        ("a name that is not there and a scenario that has faults", SMALL
            .replace("name = \"small\"", "").replace("[0, 50]", "[-1, 50]")),
        ("no scenario", SMALL.replace("SCENARIOS/smoke.toml", "smok.toml")),
    ];
    let mut told = String::new();
    for (case, study) in cases {
        let desk = Desk::of(&study);
        let said = desk.study(&["--out", "out"]);
        let scenarios = scenarios();
        let words = said.err.replace(scenarios.to_str().unwrap(), "SCENARIOS");
        told.push_str(&format!("== {case}: exit code {}\n{words}\n", said.code.unwrap()));
        assert!(!desk.path("out").exists(), "{case}");
    }
    let desk = Desk::of(SMALL);
    for shard in ["3/3", "1", "a/b", "0/0"] {
        let said = desk.study(&["--shard", shard]);
        told.push_str(&format!("== --shard {shard}: exit code {}\n{}\n", said.code.unwrap(), said.err));
    }
    insta::assert_snapshot!(told);
}
