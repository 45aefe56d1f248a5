//! The command line as its users meet it: the real program, its exit codes, and what it leaves on the disk.

#![expect(clippy::unwrap_used, reason = "a test that cannot go on should stop")]

use std::collections::BTreeMap;
use std::fs;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::thread;
use std::time::Duration;

use goshawk_output::{MANIFEST_FILE, Manifest, read_kpis};
use serde_json::Value;

mod desk;

#[path = "../../tests/tests/it/python.rs"]
mod python;

use desk::{BAD_INPUT, DONE, Desk, FAILED, INTERRUPTED, PROGRAM, Said, goshawk, scenarios};

/// What makes the smoke test long enough to be ended in the middle: three years in quarters of an hour.
const LONG: [&str; 4] = ["--set", "time.periods=100000", "--set", "time.days=1100"];

fn scenario(name: &str) -> PathBuf {
    scenarios().join(format!("{name}.toml"))
}

/// A desk for runs.
trait RunDesk {
    fn run_smoke(&self, arguments: &[&str]) -> Said;
    fn manifest(&self) -> Manifest;
    fn start_long_run(&self) -> Running;
}

impl RunDesk for Desk {
    fn run_smoke(&self, arguments: &[&str]) -> Said {
        let smoke = scenario("smoke");
        self.give(&[&["run", smoke.to_str().unwrap(), "--out", "out"], arguments].concat())
    }

    fn manifest(&self) -> Manifest {
        Manifest::read(&self.path("out")).unwrap()
    }

    /// Starts a long run into `out` and waits until it is in the middle.
    fn start_long_run(&self) -> Running {
        let mut command = goshawk();
        command.arg("run").arg(scenario("smoke")).args(["--out", "out"]).args(LONG);
        command.current_dir(self.home.path()).stdout(Stdio::piped()).stderr(Stdio::piped());
        let running = Running { child: Some(command.spawn().unwrap()) };
        // The largest table's first row group is on the disk, of many.
        let table = self.path("out/.partial/agent_periods-00000-00000.parquet");
        for _ in 0..3000 {
            if fs::metadata(&table).is_ok_and(|file| file.len() > 1000) {
                return running;
            }
            thread::sleep(Duration::from_millis(10));
        }
        panic!("the run never began to write");
    }
}

/// A run under way; it ends with the test, if not before.
struct Running {
    child: Option<Child>,
}

impl Running {
    /// Sends a signal, and says how the run took it.
    fn end(mut self, signal: &str) -> Said {
        let child = self.child.take().unwrap();
        let sent = Command::new("kill").args([signal, &child.id().to_string()]).status();
        let said = child.wait_with_output().unwrap();
        assert!(sent.unwrap().success(), "the run was over before it was told to end");
        said.into()
    }
}

impl Drop for Running {
    fn drop(&mut self) {
        if let Some(mut child) = self.child.take() {
            let _ = child.kill();
            let _ = child.wait();
        }
    }
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

/// The files that look as if they were whole.
fn looks_finished(out: &Path) -> Vec<PathBuf> {
    let aside = out.join(".partial");
    files(out).into_keys().filter(|path| !path.starts_with(&aside)).collect()
}

mod disk {
    use super::*;

    /// Runs the smoke test where no file may grow beyond so many blocks of 512 bytes.
    fn with_little_room(desk: &Desk, blocks: u32, arguments: &[&str]) -> Said {
        let limited = format!("ulimit -f {blocks}; trap '' XFSZ; exec \"$@\"");
        let output = Command::new("sh")
            .args(["-c", &limited, "sh", PROGRAM, "run"])
            .arg(scenario("smoke"))
            .args(["--out", "out"])
            .args(arguments)
            .current_dir(desk.home.path())
            .output();
        output.unwrap().into()
    }

    #[test]
    fn a_full_disk_ends_the_run_and_nothing_is_left() {
        // Too little for the ledger's store; enough for it but not for the tables of a long run.
        let cases = [
            (8, [].as_slice(), "out/.partial/ledger.redb"),
            (512, LONG.as_slice(), "out/.partial/agent_periods-00000-00000.parquet: no room is left"),
        ];
        for (blocks, arguments, told) in cases {
            let desk = Desk::new();
            let said = with_little_room(&desk, blocks, arguments).expect(FAILED).expect_told(told);
            assert!(said.err.contains("too large") && !said.err.contains("panicked"), "{}", said.err);
            assert!(said.out.is_empty(), "no figures of a run that is not there: {}", said.out);
            assert!(!desk.path("out").exists(), "{blocks} blocks: {:?}", files(&desk.path("out")).keys());
        }
    }

    #[test]
    fn what_is_said_of_folders_and_disks() {
        let desk = Desk::new();
        fs::write(desk.path("file"), "mine").unwrap();
        let smoke = scenario("smoke");
        let into = |out: &str| desk.give(&["run", smoke.to_str().unwrap(), "--out", out]);
        let mut told = String::new();
        let mut tell = |case: &str, said: Said| {
            told.push_str(&format!("== {case}: exit code {}\n{}\n", said.code.unwrap(), said.err));
        };
        tell("no room for the ledger", with_little_room(&desk, 8, &[]));
        tell("no room for a table", with_little_room(&desk, 512, &LONG));
        tell("a file in place of the folder", into("file"));
        tell("a folder below a file", into("file/out"));
        tell("a folder that cannot be made", into("/proc/goshawk/out"));
        fs::create_dir(desk.path("out")).unwrap();
        fs::write(desk.path("out/thesis.tex"), "years of work").unwrap();
        tell("a folder with other content", into("out"));
        into("earlier").expect(DONE);
        tell("a folder with an earlier run", into("earlier"));
        insta::assert_snapshot!(told);
    }

    #[test]
    fn after_a_full_disk_the_same_folder_can_be_used() {
        let desk = Desk::new();
        fs::create_dir(desk.path("out")).unwrap();
        with_little_room(&desk, 8, &[]).expect(FAILED);
        assert_eq!(files(&desk.path("out")), BTreeMap::new());
        desk.run_smoke(&[]).expect(DONE);
        desk.give(&["verify", "out"]).expect(DONE);
    }

    #[test]
    fn a_folder_below_a_file_and_one_that_cannot_be_made_are_named() {
        let desk = Desk::new();
        fs::write(desk.path("file"), "mine").unwrap();
        let smoke = scenario("smoke");
        let into = |out: &str| desk.give(&["run", smoke.to_str().unwrap(), "--out", out]);
        into("file/out").expect(BAD_INPUT).expect_told("file/out is not a folder");
        into("file").expect(BAD_INPUT).expect_told("file is not a folder");
        into("/proc/goshawk/out").expect(FAILED).expect_told("/proc/goshawk");
        assert_eq!(fs::read_to_string(desk.path("file")).unwrap(), "mine");
    }

    #[test]
    fn a_killed_run_leaves_no_part_and_the_next_one_works_in_the_same_folder() {
        let desk = Desk::new();
        let killed = desk.start_long_run().end("-KILL");
        assert_eq!(killed.code, None, "it was killed before it was done");
        assert_eq!(looks_finished(&desk.path("out")), [""; 0].map(PathBuf::from));
        assert!(!files(&desk.path("out/.partial")).is_empty(), "what it had written waits aside");
        desk.give(&["verify", "out"]).expect(BAD_INPUT);
        desk.run_smoke(&[]).expect(DONE);
        assert!(!desk.path("out/.partial").exists());
        desk.give(&["verify", "out"]).expect(DONE);
    }

    #[test]
    fn a_run_asked_to_stop_says_so_and_keeps_nothing() {
        for signal in ["-TERM", "-INT"] {
            let desk = Desk::new();
            let said = desk.start_long_run().end(signal).expect(INTERRUPTED);
            said.expect_told("stopped by request after ").expect_told("nothing was kept");
            assert_eq!(looks_finished(&desk.path("out")), [""; 0].map(PathBuf::from));
            desk.run_smoke(&[]).expect(DONE);
        }
    }

    #[test]
    fn two_runs_do_not_share_a_folder() {
        let desk = Desk::new();
        let first = desk.start_long_run();
        desk.run_smoke(&[]).expect(BAD_INPUT).expect_told("is being written by another run");
        drop(first);
    }
}

#[test]
fn a_folder_with_something_else_is_left_alone() {
    let desk = Desk::new();
    fs::create_dir(desk.path("out")).unwrap();
    fs::write(desk.path("out/thesis.tex"), "years of work").unwrap();
    let before = files(&desk.path("out"));
    for arguments in [[].as_slice(), &["--overwrite"]] {
        desk.run_smoke(arguments).expect(BAD_INPUT).expect_told("out is not empty");
        assert_eq!(files(&desk.path("out")), before);
    }
}

#[test]
fn an_earlier_run_is_kept_unless_it_may_be_overwritten() {
    let desk = Desk::new();
    desk.run_smoke(&[]).expect(DONE);
    let before = files(&desk.path("out"));
    desk.run_smoke(&["--seed", "2"]).expect(BAD_INPUT).expect_told("--overwrite");
    assert_eq!(files(&desk.path("out")), before);
    desk.run_smoke(&["--seed", "2", "--overwrite"]).expect(DONE);
    assert_eq!(desk.manifest().seed, 2);
    desk.give(&["verify", "out"]).expect(DONE);
}

#[test]
fn verify_says_where_a_run_was_changed() {
    let desk = Desk::new();
    desk.run_smoke(&[]).expect(DONE);
    let said = desk.give(&["verify", "out"]).expect(DONE);
    assert!(!said.out.contains("FAIL"), "{}", said.out);
    let name = desk.manifest().parts[0].path.clone();
    let mut bytes = fs::read(desk.path("out").join(&name)).unwrap();
    let middle = bytes.len() / 2;
    bytes[middle] ^= 1;
    fs::write(desk.path("out").join(&name), bytes).unwrap();
    let said = desk.give(&["verify", "out"]).expect(FAILED);
    assert!(said.out.contains("FAIL") && said.out.contains(&name), "{}", said.out);
    desk.give(&["verify", "nowhere"]).expect(BAD_INPUT).expect_told("there is no folder nowhere");
}

#[test]
fn what_is_hardly_meant_is_told_on_stderr_and_runs_all_the_same() {
    let desk = Desk::new();
    let smoke = scenario("smoke");
    let odd = ["--set", "photovoltaics.efficiency=0.9"];
    let told =
        "photovoltaics.efficiency: implausible: found 0.9 of the sun's energy; plausible: 0.15 to 0.25";
    let check = desk.give(&[&["check", smoke.to_str().unwrap()], &odd[..]].concat()).expect(DONE);
    assert!(check.out.contains("no problems but 1 warning; 20 households"), "{}", check.out);
    check.expect_told("photovoltaics.efficiency: implausible: found 0.9 of the sun");
    let run = desk.run_smoke(&odd).expect(DONE);
    assert!(!run.out.contains("implausible"), "results alone go to standard output: {}", run.out);
    run.expect_told(told);
    let quiet = desk.run_smoke(&[&odd[..], &["--overwrite", "--quiet"]].concat()).expect(DONE);
    assert!(!quiet.err.contains("implausible"), "{}", quiet.err);
}

#[test]
fn an_unknown_scenario_an_unknown_command_and_a_wrong_flag_are_bad_input() {
    let desk = Desk::new();
    desk.give(&["run", "nowhere.toml"]).expect(BAD_INPUT).expect_told("nowhere.toml");
    desk.give(&["check", "nowhere.toml"]).expect(BAD_INPUT).expect_told("nowhere.toml");
    desk.give(&["dance"]).expect(BAD_INPUT).expect_told("dance");
    desk.give(&["run"]).expect(BAD_INPUT).expect_told("SCENARIO");
    desk.run_smoke(&["--days", "many"]).expect(BAD_INPUT).expect_told("many");
    desk.run_smoke(&["--mechanism", "barter"]).expect(BAD_INPUT).expect_told("barter");
    assert!(!desk.path("out").exists(), "nothing was begun");
}

#[test]
fn check_accepts_what_ships_and_tells_every_problem_at_once() {
    let desk = Desk::new();
    for name in ["smoke", "community", "paper_1", "paper_2", "paper_3"] {
        let said = desk.give(&["check", scenario(name).to_str().unwrap()]).expect(DONE);
        assert!(said.out.starts_with(&format!("{name}: no problems")), "{}", said.out);
        assert!(said.out.contains("--effective"), "{}", said.out);
    }
    let smoke = fs::read_to_string(scenario("smoke")).unwrap();
    let bad =
        smoke.replace("area_m2 = 40", "area_m2 = -40").replace("charge_kw = 25", "charge_kw = \"much\"");
    fs::write(desk.path("bad.toml"), bad.replace("iterations = 60", "iteration = 60")).unwrap();
    let said = desk.give(&["check", "bad.toml"]).expect(BAD_INPUT);
    for field in
        ["photovoltaics.area_m2", "storage.charge_kw", "market.optimizer", "bad.toml:", "-40", "much"]
    {
        assert!(said.err.contains(field), "no {field:?} in: {}", said.err);
    }
    let ran = desk.give(&["run", "bad.toml", "--out", "out"]).expect(BAD_INPUT);
    assert_eq!(said.err, ran.err, "run and check say the same");
    assert!(said.out.is_empty() && !desk.path("out").exists());
}

#[test]
fn set_and_its_short_forms_change_the_effective_scenario_and_the_run() {
    let desk = Desk::new();
    let smoke = scenario("smoke");
    let sets =
        ["--set", "portraits.at_home.count=3", "--set", "market.optimizer.iterations=7", "--seed", "9"];
    let check = ["check", smoke.to_str().unwrap(), "--effective"];
    let effective = desk.give(&[check.as_slice(), &sets].concat()).expect(DONE).out;
    let effective: toml::Value = toml::from_str(&effective).unwrap();
    assert_eq!(effective["portraits"]["at_home"]["count"].as_integer(), Some(3));
    assert_eq!(effective["market"]["optimizer"]["iterations"].as_integer(), Some(7));
    assert_eq!(effective["seed"].as_integer(), Some(9));
    desk.run_smoke(&[sets.as_slice(), &["--mechanism", "mid_market_rate"]].concat()).expect(DONE);
    let written = fs::read_to_string(desk.path("out/scenario.toml")).unwrap();
    let written: toml::Value = toml::from_str(&written).unwrap();
    assert_eq!(written["market"]["mechanism"].as_str(), Some("mid_market_rate"));
    assert_eq!(written["portraits"], effective["portraits"]);
    let households = desk.manifest().parts.into_iter().find(|part| part.table == "households").unwrap();
    assert_eq!(households.rows, 13);
}

#[test]
fn the_effective_scenario_of_a_run_gives_the_same_run_again() {
    let desk = Desk::new();
    desk.run_smoke(&["--set", "fees.grid_per_kwh=0.02"]).expect(DONE);
    fs::copy(desk.path("out/scenario.toml"), desk.path("again.toml")).unwrap();
    desk.give(&["run", "again.toml", "--out", "again"]).expect(DONE);
    let again = Manifest::read(&desk.path("again")).unwrap();
    assert_eq!(desk.manifest().event_digest, again.event_digest);
    assert_eq!(desk.manifest().parts, again.parts);
}

#[test]
fn schema_is_the_one_that_ships_and_is_json() {
    let said = Desk::new().give(&["schema"]).expect(DONE);
    let schema: Value = serde_json::from_str(&said.out).unwrap();
    assert!(schema["properties"]["portraits"].is_object() && schema["$schema"].is_string());
    let shipped = fs::read_to_string(scenario("smoke").with_file_name("scenario.schema.json")).unwrap();
    assert!(said.out == shipped, "scenarios/scenario.schema.json is not what `goshawk schema` prints");
}

#[test]
fn init_writes_a_scenario_that_runs_and_overwrites_none() {
    let desk = Desk::new();
    desk.give(&["init"]).expect(DONE);
    desk.give(&["check", "scenario.toml"]).expect(DONE);
    desk.give(&["run", "scenario.toml"]).expect(DONE);
    assert!(desk.path("out/smoke").join(MANIFEST_FILE).exists(), "the default folder is out/NAME");
    fs::write(desk.path("scenario.toml"), "mine").unwrap();
    desk.give(&["init"]).expect(BAD_INPUT).expect_told("scenario.toml is there already");
    assert_eq!(fs::read_to_string(desk.path("scenario.toml")).unwrap(), "mine");
    desk.give(&["init", "another.toml"]).expect(DONE);
    desk.give(&["check", "another.toml"]).expect(DONE);
    desk.give(&["init", "no/such/folder.toml"]).expect(FAILED).expect_told("no/such/folder.toml");
}

#[test]
fn summary_tells_in_every_format_what_the_table_of_key_figures_says() {
    let desk = Desk::new();
    let ran = desk.run_smoke(&[]).expect(DONE);
    let manifest = desk.manifest();
    let kpis = read_kpis(&desk.path("out"), &manifest).unwrap();
    let unit = |kpi: &goshawk_output::Kpi| kpi.unit.replace("currency", &manifest.header.currency);
    assert!(kpis.len() > 50, "{} figures", kpis.len());

    let json = desk.give(&["summary", "out", "--format", "json"]).expect(DONE).out;
    let rows: Vec<Value> = serde_json::from_str(&json).unwrap();
    let csv = desk.give(&["summary", "out", "--format", "csv"]).expect(DONE).out;
    let lines: Vec<Vec<&str>> = csv.lines().map(|line| line.split(',').collect()).collect();
    assert_eq!(lines[0], ["scope", "id", "variable", "value", "unit"]);
    assert_eq!((rows.len(), lines.len()), (kpis.len(), kpis.len() + 1));
    for ((kpi, row), line) in kpis.iter().zip(&rows).zip(&lines[1..]) {
        let told = ["scope", "id", "variable", "unit"].map(|name| row[name].as_str().unwrap());
        assert_eq!(told, [&*kpi.scope, &*kpi.id, &*kpi.variable, &*unit(kpi)]);
        assert_eq!(row["value"].as_f64(), kpi.value, "{kpi:?}");
        assert_eq!([line[0], line[1], line[2], line[4]], told);
        assert_eq!(line[3].parse().ok(), kpi.value, "{kpi:?}");
    }

    let table = desk.give(&["summary", "out"]).expect(DONE).out;
    assert!(ran.out.starts_with(&table), "a run ends with its summary:\n{}\n{table}", ran.out);
    let figure = |variable: &str| {
        let found = kpis.iter().find(|kpi| kpi.scope == "run" && kpi.variable == variable);
        found.unwrap_or_else(|| panic!("no {variable}")).value.unwrap()
    };
    let all: Vec<&str> = table.lines().filter(|line| line.trim_start().starts_with("all ")).collect();
    let cells: Vec<&str> = all[0].split_whitespace().collect();
    let expected = ["pv", "p2p", "grid", "company", "withdrawn", "driven", "sold", "stored", "losses"]
        .map(|variable| format!("{:.1}", figure(variable)));
    assert_eq!(cells[1..], expected, "the row of all households in:\n{table}");
    assert_eq!(line_after(&table, "rejected transactions"), format!("{:.0}", figure("rejections")));
    let with_json = desk.run_smoke(&["--overwrite", "--format", "json"]).expect(DONE);
    assert_eq!(with_json.out, json, "a run's figures have the same formats");
    desk.give(&["summary", "nowhere"]).expect(BAD_INPUT).expect_told("there is no folder nowhere");
}

#[test]
fn quiet_says_nothing_but_the_result() {
    let desk = Desk::new();
    let said = desk.run_smoke(&["--quiet"]).expect(DONE);
    assert_eq!(said.err, "");
    assert!(said.out.contains("energy, kWh"), "{}", said.out);
    let verified = desk.give(&["verify", "out", "--quiet"]).expect(DONE);
    assert!(verified.err.is_empty() && verified.out.contains("pass "), "{}", verified.out);
    let again = desk.run_smoke(&["--quiet"]).expect(BAD_INPUT);
    assert!(again.out.is_empty() && again.err.contains("--overwrite"), "errors are told all the same");
}

#[test]
fn log_lines_are_json_where_that_is_asked_for() {
    let desk = Desk::new();
    desk.run_smoke(&[]).expect(DONE);
    let said = desk.run_smoke(&["--log-format", "json"]).expect(BAD_INPUT);
    let line: Value = serde_json::from_str(said.err.lines().next().unwrap()).unwrap();
    assert_eq!(line["level"], "ERROR");
    assert!(line["fields"]["message"].as_str().unwrap().contains("--overwrite"), "{line}");
}

#[test]
fn help_names_every_command_and_flag() {
    let desk = Desk::new();
    let commands =
        ["run", "compare", "verify", "prove", "verify-proof", "check", "summary", "init", "schema"];
    let mut text = desk.give(&["--help"]).expect(DONE).out;
    for command in commands {
        text.push_str(&format!("\n== goshawk {command} --help\n\n"));
        text.push_str(&desk.give(&[command, "--help"]).expect(DONE).out);
    }
    insta::assert_snapshot!(text);
}

/// The rest of the line that begins so.
fn line_after<'a>(text: &'a str, start: &str) -> &'a str {
    let found = text.lines().find_map(|line| line.trim_start().strip_prefix(start));
    found.unwrap_or_else(|| panic!("no line {start:?} in:\n{text}")).trim()
}

#[test]
fn the_lines_that_a_run_prints_work_on_its_output() {
    let desk = Desk::new();
    let packages = python::packages();
    let programs = Path::new(PROGRAM).parent().unwrap().display();
    let path = format!("{programs}:{}", std::env::var("PATH").unwrap());
    // The shell reads the line, as it will on the user's machine.
    let shell = |line: &str| -> String {
        let mut shell = Command::new("sh");
        shell.args(["-c", line]).current_dir(desk.home.path());
        shell.env("PYTHONPATH", &packages).env("PYTHONDONTWRITEBYTECODE", "1").env("PATH", &path);
        Said::from(shell.output().unwrap()).expect(DONE).out
    };
    let smoke = scenario("smoke");
    for out in ["out/smoke-1.a_b", "it's \"my\" $HOME; `run`"] {
        let said = desk.give(&["run", smoke.to_str().unwrap(), "--out", out]).expect(DONE).out;
        shell(line_after(&said, "Check it:"));
        for package in ["DuckDB:", "pandas:"] {
            let told = shell(line_after(&said, package));
            assert!(told.contains("buyer_class") && told.contains("night_shift"), "{told}");
        }
    }
}
