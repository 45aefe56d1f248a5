//! What is done with a study's folder: verify, replay, plan and sql, by the real program.

#![expect(clippy::unwrap_used, reason = "a test that cannot go on should stop")]

use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;

use goshawk_output::{Manifest, read_kpis};
use serde_json::Value;

mod desk;

#[path = "../../tests/tests/it/python.rs"]
mod python;

use desk::{BAD_INPUT, DONE, Desk, FAILED, INTERRUPTED, PROGRAM, Said, scenarios};

/// Two points of five replicates, in chunks of two.
const STUDY: &str = r#"
name = "roofs"
scenario = "smoke.toml"
replicates = 5
chunk = 2
[[factor]]
path = "photovoltaics.area_m2"
values = [20.0, 40.0]
"#;

/// Of two points the second cannot open its ledger: there is too much money in it.
const FAILING: &str = r#"
name = "rich"
scenario = "smoke.toml"
replicates = 3
chunk = 2
failures_max = 3
[set]
"ledger.opening_balance" = 1e9
[[factor]]
path = "portraits.at_home.count"
values = [5, 5000]
"#;

/// A desk with a scenario and a study in `inputs`.
trait ToolDesk: Sized {
    fn with(study: &str) -> Self;
    fn run(study: &str) -> Self;
    fn study(&self, more: &[&str]) -> Said;
    fn verify(&self) -> Said;
    fn change(&self, name: &str, from: &str, to: &str);
    fn flip(&self, name: &str);
}

impl ToolDesk for Desk {
    fn with(study: &str) -> Self {
        let desk = Self::new();
        fs::create_dir(desk.path("inputs")).unwrap();
        fs::copy(scenarios().join("smoke.toml"), desk.path("inputs/smoke.toml")).unwrap();
        desk.write("inputs/study.toml", study);
        desk
    }

    /// The same, with the study run into `out`.
    fn run(study: &str) -> Self {
        let desk = Self::with(study);
        desk.study(&[]).expect(DONE);
        desk
    }

    fn study(&self, more: &[&str]) -> Said {
        self.give(&[&["study", "inputs/study.toml", "--out", "out", "--jobs", "1", "--quiet"], more].concat())
    }

    fn verify(&self) -> Said {
        self.give(&["verify", "out"])
    }

    fn change(&self, name: &str, from: &str, to: &str) {
        let text = self.read(name);
        assert!(text.contains(from), "no {from:?} in {name}");
        fs::write(self.path(name), text.replacen(from, to, 1)).unwrap();
    }

    fn flip(&self, name: &str) {
        let mut bytes = fs::read(self.path(name)).unwrap();
        let middle = bytes.len() / 2;
        bytes[middle] ^= 1;
        fs::write(self.path(name), bytes).unwrap();
    }
}

const LOG: &str = "out/commits/0-of-1.jsonl";
const PART: &str = "out/roofs-0001/trades/part-00002-00003.parquet";

mod verify {
    use super::*;

    /// The checks that found something, by their first words.
    fn found(desk: &Desk) -> Vec<String> {
        let said = desk.give(&["verify", "out", "--format", "json"]);
        let value = said.json();
        assert_eq!(value["passed"], false);
        let code = if value["state"] == "damaged" { FAILED } else { INTERRUPTED };
        assert_eq!(said.code, Some(code));
        let checks = value["checks"].as_array().unwrap();
        let failed = checks.iter().filter(|check| check["failed"].as_u64().unwrap() > 0);
        failed
            .map(|check| {
                assert!(!check["findings"].as_array().unwrap().is_empty(), "{check}");
                check["check"].as_str().unwrap().split(',').next().unwrap().to_owned()
            })
            .collect()
    }

    const COMPLETE: &str = "every chunk of every point is there";
    const LOGS: &str = "the logs tell every chunk once";
    const PARTS: &str = "every part is there";
    const MANIFESTS: &str = "manifests and logs tell the same study";
    const STRAYS: &str = "no file is there that nobody lists";
    const FAILURES: &str = "no more replicates failed than may";
    const FILES: &str = "every file is there";

    #[test]
    fn what_is_said_of_a_sound_study_of_a_point_and_of_a_replay() {
        let desk = Desk::run(STUDY);
        insta::assert_snapshot!("sound_study", desk.verify().expect(DONE).out);
        insta::assert_snapshot!("sound_point", desk.give(&["verify", "out/roofs-0001"]).expect(DONE).out);
        let value = desk.give(&["verify", "out", "--format", "json", "--shards", "4"]).expect(DONE).json();
        assert_eq!(value["passed"], true);
        assert_eq!(
            (&value["points"], &value["chunks"], &value["finished"]),
            (&2.into(), &6.into(), &10.into())
        );
        assert_eq!(value["shards_to_run"].as_array().unwrap().len(), 0);
        let value = desk.give(&["verify", "out/roofs-0000", "--format", "json"]).expect(DONE).json();
        assert_eq!((&value["passed"], &value["ledger_has_no_store"]), (&true.into(), &true.into()));
        assert_eq!(value["ledger"], Value::Null);
    }

    type Change = fn(&Desk);

    // Each row is the mutation of one check: without it the change would pass.
    #[test]
    fn whatever_is_changed_is_found_by_the_check_that_is_for_it() {
        let cases: [(&str, Change, &[&str]); 15] = [
            ("a byte of a part", |desk| desk.flip(PART), &[FILES]),
            ("a part gone", |desk| fs::remove_file(desk.path(PART)).unwrap(), &[FILES]),
            (
                "a file in a table",
                |desk| fs::write(desk.path("out/roofs-0001/trades/mine"), "").unwrap(),
                &[FILES],
            ),
            (
                "a file beside the points",
                |desk| fs::write(desk.path("out/thesis.tex"), "").unwrap(),
                &[STRAYS],
            ),
            ("a folder beside the points", |desk| fs::create_dir(desk.path("out/mine")).unwrap(), &[STRAYS]),
            (
                "a file beside the logs",
                |desk| fs::write(desk.path("out/commits/mine"), "").unwrap(),
                &[STRAYS],
            ),
            (
                "the digest of a replicate's events in the log",
                |desk| desk.change(LOG, "\"event_digest\":\"", "\"event_digest\":\"0"),
                &[MANIFESTS],
            ),
            (
                "the digest of a part in the log",
                |desk| desk.change(LOG, "\"sha256\":\"", "\"sha256\":\"0"),
                &[PARTS, MANIFESTS],
            ),
            (
                "a replicate that the log forgets",
                |desk| {
                    let text = desk.read(LOG);
                    let start = text.find("{\"replicate\":1,").unwrap() - 1;
                    let end = start + text[start..].find("],\"failed\"").unwrap();
                    fs::write(desk.path(LOG), format!("{}{}", &text[..start], &text[end..])).unwrap();
                },
                &[LOGS, MANIFESTS],
            ),
            (
                "a chunk that the log forgets",
                |desk| {
                    let text = desk.read(LOG);
                    let last = text.trim_end().rfind('\n').unwrap();
                    fs::write(desk.path(LOG), &text[..=last]).unwrap();
                },
                &[COMPLETE, MANIFESTS],
            ),
            (
                "two logs that contradict each other",
                |desk| {
                    fs::copy(desk.path(LOG), desk.path("out/commits/9-of-9.jsonl")).unwrap();
                    desk.change("out/commits/9-of-9.jsonl", "\"rows\":", "\"rows\":1");
                },
                &[LOGS, MANIFESTS],
            ),
            (
                "the size of chunks",
                |desk| desk.change("out/study.toml", "chunk = 2", "chunk = 3"),
                &[LOGS, MANIFESTS],
            ),
            (
                "the study's count",
                |desk| desk.change("out/study.json", "\"replicates\": 5", "\"replicates\": 6"),
                &[MANIFESTS],
            ),
            ("the study's design", |desk| desk.flip("out/design.parquet"), &[MANIFESTS]),
            (
                "a manifest",
                |desk| desk.change("out/roofs-0001/manifest.json", "\"seed\": 1", "\"seed\": 2"),
                &[MANIFESTS],
            ),
        ];
        let sound = Desk::run(STUDY);
        for (name, change, expected) in cases {
            let desk = Desk::with(STUDY);
            let copied = Command::new("cp").arg("-r").arg(sound.path("out")).arg(desk.path("out")).status();
            assert!(copied.unwrap().success());
            desk.verify().expect(DONE);
            change(&desk);
            if name == "the study's design" {
                // The middle of so small a file may be its schema, which nothing can be read without.
                let said = desk.verify().expect(FAILED);
                said.told("design.parquet");
                continue;
            }
            let found = found(&desk);
            let has_all = expected.iter().all(|check| found.iter().any(|one| one == check));
            let no_other = found.iter().all(|one| expected.contains(&one.as_str()) || *one == COMPLETE);
            assert!(has_all && no_other, "{name}: {found:?}, not {expected:?}");
        }
    }

    #[test]
    fn a_chunk_that_two_shards_ran_alike_is_told_and_is_no_fault() {
        let desk = Desk::run(STUDY);
        fs::copy(desk.path(LOG), desk.path("out/commits/0-of-2.jsonl")).unwrap();
        let said = desk.verify().expect(DONE);
        said.told("6 chunks were run by two shards, with the same result");
    }

    #[test]
    fn of_an_unfinished_study_the_missing_chunks_and_the_shards_to_run_are_told() {
        let desk = Desk::with(STUDY);
        desk.study(&["--shard", "0/4"]).expect(DONE);
        desk.study(&["--shard", "3/4"]).expect(DONE);
        let said = desk.give(&["verify", "out", "--shards", "4"]).expect(INTERRUPTED);
        insta::assert_snapshot!("unfinished_study", said.out);
        let json = desk.give(&["verify", "out", "--shards", "4", "--format", "json"]).expect(INTERRUPTED);
        let value = json.json();
        assert_eq!(value["state"], "unfinished");
        assert_eq!(value["shards_to_run"], serde_json::json!([1, 2]));
        assert_eq!(value["missing"].as_array().unwrap().len(), 3);
        assert_eq!(found(&desk), [COMPLETE]);
        // Parts of points without a manifest are held against the logs, and strays are found there too.
        let part = "out/roofs-0000/trades/part-00000-00001.parquet";
        desk.flip(part);
        assert_eq!(found(&desk), [COMPLETE, PARTS]);
        desk.flip(part);
        // What was on its way when a process was killed is no damage; what is of no chunk is.
        fs::write(desk.path("out/roofs-0000/trades/part-00002-00003.parquet"), "half").unwrap();
        assert_eq!(found(&desk), [COMPLETE]);
        desk.verify().expect(INTERRUPTED).told("note  1 files are of chunks that were on their way");
        let stray = desk.path("out/roofs-0000/trades/part-00002-00004.parquet");
        fs::write(&stray, "").unwrap();
        assert_eq!(found(&desk), [COMPLETE, STRAYS]);
        fs::remove_file(stray).unwrap();
        for shard in ["1/4", "2/4"] {
            desk.study(&["--shard", shard]).expect(DONE);
        }
        desk.verify().expect(DONE);
    }

    #[test]
    fn a_study_that_has_grown_and_was_not_ended_is_unfinished() {
        let desk = Desk::run(&STUDY.replace("replicates = 5", "replicates = 4"));
        desk.verify().expect(DONE);
        desk.study(&["--replicates", "8", "--resume", "--shard", "2/8"]).expect(DONE);
        assert_eq!(found(&desk), [COMPLETE]);
        let said = desk.verify().expect(INTERRUPTED);
        said.told("unfinished: 3 chunks with 6 replicates to run");
        desk.study(&["--replicates", "8", "--resume"]).expect(DONE);
        desk.verify().expect(DONE);
        desk.study(&["--replicates", "4", "--resume"]).expect(BAD_INPUT).told("this study asks for 4");
    }

    #[test]
    fn shards_that_ask_for_another_number_of_replicates_are_refused_unless_the_study_is_to_grow() {
        let desk = Desk::with(&STUDY.replace("replicates = 5", "replicates = 4"));
        desk.study(&["--shard", "0/2"]).expect(DONE);
        let said = desk.study(&["--replicates", "8", "--shard", "1/2"]).expect(BAD_INPUT);
        said.told("its other shards run 4 replicates of each point, and this one is asked for 8");
        desk.study(&["--shard", "1/2"]).expect(DONE);
        desk.verify().expect(DONE).told("4 chunks of 2, 8 replicates");
        for shard in ["0/2", "1/2"] {
            desk.study(&["--replicates", "8", "--resume", "--shard", shard]).expect(DONE);
        }
        desk.verify().expect(DONE).told("8 chunks of 2, 16 replicates");
    }

    #[test]
    fn failures_of_replicates_that_a_study_gave_up_are_forgotten() {
        let study = FAILING
            .replace("replicates = 3", "replicates = 2")
            .replace("failures_max = 3", "failures_max = 2");
        let desk = Desk::with(&study.replace("[5, 5000]", "[5000]"));
        desk.study(&[]).expect(DONE);
        // Grown, more fail than may; so the study stays as small as it was.
        desk.study(&["--resume", "--replicates", "4"]).expect(FAILED).told("failures_max is 2");
        assert!(desk.read(LOG).contains("unfinished"));
        desk.study(&["--resume", "--replicates", "2"]).expect(DONE);
        let value = desk.give(&["verify", "out", "--format", "json"]).expect(DONE).json();
        assert_eq!(value["failed"].as_array().unwrap().len(), 2);
        let said = desk.give(&["summary", "out", "--figure", "net_cost"]).expect(BAD_INPUT);
        said.told("1 chunks are there, 2 replicates failed");
    }

    #[test]
    fn a_stopping_rule_says_when_a_point_is_whole() {
        let study = STUDY.replace("replicates = 5", "replicates = 60").replace("chunk = 2", "chunk = 10");
        let desk = Desk::run(&(study + "[stopping]\nfigures = [\"net_cost\"]\nrelative = 0.5\n"));
        let said = desk.verify().expect(DONE);
        said.told("study roofs: 2 points, 6 chunks of 10, 60 replicates");
        let text = desk.read(LOG);
        let last = text.trim_end().rfind('\n').unwrap();
        fs::write(desk.path(LOG), &text[..=last]).unwrap();
        desk.verify().expect(FAILED).told("unfinished: at least 1 chunks with 10 replicates to run");
    }

    #[test]
    fn failed_replicates_are_listed_with_seed_and_reason() {
        let desk = Desk::with(FAILING);
        desk.study(&[]).expect(DONE);
        insta::assert_snapshot!("failed_replicates", desk.verify().expect(DONE).out);
        let value = desk.give(&["verify", "out", "--format", "json"]).expect(DONE).json();
        assert_eq!(value["failed"][2]["replicate"], 2);
        assert_eq!(value["failed"][2]["seed"], 1);
    }

    #[test]
    fn more_failures_than_may_be_are_a_fault() {
        let desk = Desk::with(&FAILING.replace("failures_max = 3", "failures_max = 2"));
        desk.study(&[]).expect(FAILED);
        let mut found = found(&desk);
        found.sort();
        assert_eq!(found, [COMPLETE, FAILURES], "the chunk of the third failure was left");
        replay::replay(&desk, "rich-0001", "2", &[]).expect(FAILED).told("as in the study");
        desk.study(&["--resume"]).expect(FAILED).told("3 replicates failed, and failures_max is 2");
        desk.change("inputs/study.toml", "failures_max = 2", "failures_max = 3");
        desk.study(&["--resume"]).expect(DONE);
        let value = desk.give(&["verify", "out", "--format", "json"]).expect(DONE).json();
        assert_eq!(value["failed"].as_array().unwrap().len(), 3, "none is told twice");
    }

    #[test]
    fn what_is_no_study_and_what_has_no_shards_is_bad_input() {
        let desk = Desk::run(STUDY);
        let mut told = String::new();
        fs::create_dir_all(desk.path("empty/.partial")).unwrap();
        fs::create_dir_all(desk.path("out/roofs-0000/nothing")).unwrap();
        for folder in ["nowhere", "inputs", ".", "inputs/study.toml", "empty", "out/roofs-0000/trades"] {
            for command in ["verify", "sql", "summary"] {
                let said = desk.give(&[command, folder]).expect(BAD_INPUT);
                told.push_str(&format!("$ goshawk {command} {folder}\n{}\n", said.err));
            }
        }
        fs::remove_dir(desk.path("out/roofs-0000/nothing")).unwrap();
        insta::assert_snapshot!("neither_a_run_nor_a_study", told);
        desk.give(&["verify", "out/roofs-0000", "--shards", "3"])
            .expect(BAD_INPUT)
            .told("only a study has shards");
        desk.give(&["verify", "out", "--shards", "0"]).expect(BAD_INPUT);
        fs::write(desk.path("out/commits/0-of-1.jsonl"), "{}\n").unwrap();
        desk.verify().expect(FAILED).told("0-of-1.jsonl:1: missing field");
    }
}

mod replay {
    use super::*;

    pub(super) fn replay(desk: &Desk, scenario: &str, replicate: &str, more: &[&str]) -> Said {
        let arguments =
            ["replay", "out", "--scenario", scenario, "--replicate", replicate, "--out", "again", "--quiet"];
        desk.give(&[&arguments, more].concat())
    }

    #[test]
    fn a_replicate_comes_again_with_its_number_its_events_and_its_ledger() {
        for more in ["", "antithetic = true\n", "common_random_numbers = false\n"] {
            let study = STUDY
                .replace("replicates = 5", "replicates = 4")
                .replace("[[factor]]", &format!("{more}[[factor]]"));
            let desk = Desk::run(&study);
            let said = replay(&desk, "roofs-0001", "3", &[]).expect(DONE);
            if more.is_empty() {
                insta::assert_snapshot!("replay", said.out);
            }
            said.told("as in the study");
            desk.give(&["verify", "again"]).expect(DONE).told("blocks, ");
            let again = Manifest::read(&desk.path("again")).unwrap();
            assert_eq!((again.replicates.first, again.replicates.last), (3, 3));
            let point = desk.path("out/roofs-0001");
            let manifest = Manifest::read(&point).unwrap();
            // A folder's figures are those of all its replicates; 2 and 3 are in one part, 3 comes second.
            let all = read_kpis(&point, &manifest).unwrap();
            let own = read_kpis(&desk.path("again"), &again).unwrap();
            assert_eq!(all[3 * own.len()..], own[..], "{more}");
        }
    }

    #[test]
    fn a_failed_replicate_fails_again_in_the_same_way() {
        let desk = Desk::with(FAILING);
        desk.study(&[]).expect(DONE);
        let said = replay(&desk, "rich-0001", "2", &[]).expect(FAILED);
        insta::assert_snapshot!("replay_of_a_failure", format!("{}{}", said.out, said.err));
        assert!(!desk.path("again").exists());
        replay(&desk, "rich-0000", "2", &[]).expect(DONE).told("as in the study");
        desk.change(LOG, "no chain can start so", "the dog ate it");
        replay(&desk, "rich-0001", "0", &["--overwrite"])
            .expect(FAILED)
            .told("in the study it failed otherwise: the dog ate it");
    }

    #[test]
    fn another_course_of_events_is_told() {
        let desk = Desk::run(STUDY);
        desk.change(LOG, "\"event_digest\":\"", "\"event_digest\":\"0");
        replay(&desk, "roofs-0000", "0", &[]).expect(FAILED).told("is not what it was in the study");
        replay(&desk, "roofs-0000", "1", &["--overwrite"]).expect(DONE);
    }

    #[test]
    fn changed_or_lost_inputs_are_refused_and_moved_ones_can_be_named() {
        let desk = Desk::run(STUDY);
        fs::rename(desk.path("inputs"), desk.path("moved")).unwrap();
        replay(&desk, "roofs-0000", "1", &[]).expect(BAD_INPUT).told("--inputs");
        replay(&desk, "roofs-0000", "1", &["--inputs", "moved"]).expect(DONE);
        desk.change("moved/smoke.toml", "capacity_kwh = 50", "capacity_kwh = 51");
        let more = ["--inputs", "moved", "--overwrite"];
        let said = replay(&desk, "roofs-0000", "1", &more).expect(BAD_INPUT);
        said.told("the study's inputs have changed: the scenario file has changed");
        desk.change("moved/smoke.toml", "capacity_kwh = 51", "capacity_kwh = -51");
        replay(&desk, "roofs-0000", "1", &more).expect(BAD_INPUT).told("storage.capacity_kwh");
        // What the user does with the study file after the study is of no matter: the folder has its own.
        desk.change("moved/smoke.toml", "capacity_kwh = -51", "capacity_kwh = 50");
        fs::write(desk.path("moved/study.toml"), "").unwrap();
        replay(&desk, "roofs-0000", "1", &more).expect(DONE);
    }

    #[test]
    fn what_the_study_does_not_have_is_told_with_what_it_has() {
        let desk = Desk::run(STUDY);
        let mut told = String::new();
        for (scenario, replicate) in [("roofs-0007", "1"), ("roofs-0001", "5")] {
            told.push_str(&replay(&desk, scenario, replicate, &[]).expect(BAD_INPUT).err);
        }
        told.push_str(
            &desk.give(&["replay", "inputs", "--scenario", "a", "--replicate", "1"]).expect(BAD_INPUT).err,
        );
        insta::assert_snapshot!("replay_of_what_is_not_there", told);
    }
}

mod plan {
    use super::*;

    #[test]
    fn counts_are_those_of_the_study_and_nothing_is_left_behind() {
        let desk = Desk::with(STUDY);
        fs::create_dir(desk.path("tmp")).unwrap();
        let plan = ["plan", "inputs/study.toml", "--jobs", "2", "--format", "json"];
        let said: Said = desk.command(&plan).env("TMPDIR", desk.path("tmp")).output().unwrap().into();
        let value = said.expect(DONE).json();
        assert!(fs::read_dir(desk.path("tmp")).unwrap().next().is_none());
        assert!(!desk.path("out").exists());
        let counts = &value["counts"];
        assert_eq!(
            (&counts["points"], &counts["replicates"], &counts["chunks"]),
            (&2.into(), &10.into(), &6.into())
        );
        let names: Vec<&str> =
            value["trials"].as_array().unwrap().iter().map(|one| one["scenario"].as_str().unwrap()).collect();
        assert_eq!(names, ["roofs-0000", "roofs-0001"]);
        let estimate = &value["estimate"];
        assert!(estimate["cpu_seconds"].as_f64().unwrap() > 0.0);
        assert!(estimate["wall_seconds"].as_f64().unwrap() < estimate["cpu_seconds"].as_f64().unwrap());
        assert!(estimate["memory_bytes"].as_u64().unwrap() > 1_000_000);
        // Files are counted, and bytes estimated from above: a part of two replicates is smaller than two parts of one.
        desk.study(&[]).expect(DONE);
        let (files, bytes) = size(&desk.path("out"));
        assert_eq!(counts["files"].as_u64().unwrap(), files);
        let disk = estimate["disk_bytes"].as_u64().unwrap();
        assert!(bytes / 2 < disk && disk < 3 * bytes, "{disk} estimated, {bytes} found");
    }

    fn size(folder: &Path) -> (u64, u64) {
        let (mut files, mut bytes) = (0, 0);
        for entry in fs::read_dir(folder).unwrap() {
            let path = entry.unwrap().path();
            if path.is_dir() {
                let (more_files, more_bytes) = size(&path);
                files += more_files;
                bytes += more_bytes;
            } else {
                files += 1;
                // Logs and manifests are beside the estimate.
                bytes += if path.extension().is_some_and(|it| it == "parquet") {
                    fs::metadata(&path).unwrap().len()
                } else {
                    0
                };
            }
        }
        (files, bytes)
    }

    #[test]
    fn a_dry_plan_only_counts_and_bad_input_is_told() {
        let desk = Desk::with(STUDY);
        insta::assert_snapshot!(
            "dry_plan",
            desk.give(&["plan", "inputs/study.toml", "--dry"]).expect(DONE).out
        );
        let value =
            desk.give(&["plan", "inputs/study.toml", "--dry", "--format", "json"]).expect(DONE).json();
        assert_eq!((&value["trials"], &value["estimate"]), (&Value::Null, &Value::Null));
        desk.change("inputs/study.toml", "photovoltaics.area_m2", "photovoltaics.area");
        desk.give(&["plan", "inputs/study.toml"]).expect(BAD_INPUT).told("photovoltaics.area");
    }

    #[test]
    fn a_point_that_fails_is_left_out_of_the_estimate_and_told() {
        let desk = Desk::with(FAILING);
        let said = desk.give(&["plan", "inputs/study.toml"]).expect(DONE);
        said.told("rich-0001 failed and is left out: no chain can start so");
        said.told("Estimated from one replicate each, run just now and thrown away");
    }
}

mod sql {
    use super::*;

    fn ask(desk: &Desk, folder: &str, query: &str) -> Said {
        let mut command = desk.command(&["sql", folder, query, "--format", "csv"]);
        command.env("PYTHONPATH", python::packages()).env("PYTHONDONTWRITEBYTECODE", "1");
        command.output().unwrap().into()
    }

    #[test]
    fn the_views_are_printed_and_answer_a_query() {
        let desk = Desk::run(STUDY);
        insta::assert_snapshot!("views", desk.give(&["sql", "out"]).expect(DONE).out);
        let query = "SELECT \"photovoltaics.area_m2\" AS area, count(*) AS n FROM kpis_by_point \
                     WHERE scope = 'run' AND variable = 'net_cost' GROUP BY ALL ORDER BY ALL";
        assert_eq!(ask(&desk, "out", query).expect(DONE).out, "area,n\n20.0,5\n40.0,5\n");
        let replicates = "SELECT count(DISTINCT replicate) AS n FROM trades";
        assert_eq!(ask(&desk, "out/roofs-0001", replicates).expect(DONE).out, "n\n5\n");
        ask(&desk, "out", "SELECT nothing").expect(FAILED).told("nothing");
    }

    #[test]
    fn every_view_can_be_read_wherever_the_folder_lies() {
        let desk = Desk::run(STUDY);
        let odd = "it's [a] *? place";
        fs::rename(desk.path("out"), desk.path(odd)).unwrap();
        let views = desk.give(&["sql", odd]).expect(DONE).out;
        for view in views.lines().filter_map(|line| line.strip_prefix("CREATE OR REPLACE VIEW ")) {
            let name = view.split(' ').next().unwrap();
            let said = ask(&desk, odd, &format!("SELECT count(*) AS n FROM {name}")).expect(DONE);
            assert!(said.out.starts_with("n\n"), "{name}: {}", said.out);
        }
    }

    #[test]
    fn only_tables_that_are_there_have_views() {
        let desk = Desk::run(&STUDY.replace("[[factor]]", "tables = [\"trades\"]\n[[factor]]"));
        let views = desk.give(&["sql", "out"]).expect(DONE).out;
        let names: Vec<&str> = views
            .lines()
            .filter_map(|line| line.strip_prefix("CREATE OR REPLACE VIEW ")?.split(' ').next())
            .collect();
        assert_eq!(names, ["trades", "kpis", "design", "kpis_by_point"]);
        desk.give(&["verify", "out"]).expect(DONE);
    }

    #[test]
    fn without_a_duckdb_the_error_says_so_and_nowhere_is_bad_input() {
        let desk = Desk::run(STUDY);
        let said: Said = desk.command(&["sql", "out", "SELECT 1"]).env("PATH", "").output().unwrap().into();
        said.expect(FAILED).told("no DuckDB is at hand");
        desk.give(&["sql", "nowhere"]).expect(BAD_INPUT).told("there is no folder nowhere");
    }
}

mod shards {
    use super::*;

    // Two processes on one folder at the same time, as on two nodes of a cluster.
    #[test]
    fn shards_side_by_side_are_one_study() {
        let desk = Desk::with(&STUDY.replace("replicates = 5", "replicates = 40"));
        let run =
            "seq 0 3 | xargs -P 2 -I K \"$0\" study inputs/study.toml --out out --shard K/4 --jobs 1 --quiet";
        let program = PROGRAM;
        let done =
            Command::new("sh").args(["-c", run, program]).current_dir(desk.home.path()).output().unwrap();
        Said::from(done).expect(DONE);
        let said = desk.give(&["verify", "out", "--shards", "4"]).expect(DONE);
        said.told("2 points, 40 chunks of 2, 80 replicates");
        // Every shard again does nothing.
        let before = desk.read("out/commits/1-of-4.jsonl");
        desk.study(&["--shard", "1/4"]).expect(DONE).told("0 chunks of 2 added");
        assert_eq!(desk.read("out/commits/1-of-4.jsonl"), before);
    }
}

/// The templates of `contrib/`, run by a shell as their engines would.
mod templates {
    use super::*;

    fn contrib(name: &str) -> PathBuf {
        Path::new(env!("CARGO_MANIFEST_DIR")).join("../contrib").join(name)
    }

    /// Task `index` of four of the template for Slurm.
    fn slurm(desk: &Desk, index: u32, study: &str) -> Said {
        let mut bash = Command::new("bash");
        bash.arg(contrib("slurm/array.sbatch")).args([study, "out"]).current_dir(desk.home.path());
        bash.env("GOSHAWK", PROGRAM).env("SLURM_ARRAY_TASK_ID", index.to_string());
        bash.env("SLURM_ARRAY_TASK_COUNT", "4")
            .env("SLURM_ARRAY_JOB_ID", "7")
            .env("SLURM_CPUS_PER_TASK", "1");
        bash.output().unwrap().into()
    }

    #[test]
    fn tasks_of_the_template_for_slurm_are_the_shards_of_a_study() {
        let desk = Desk::with(STUDY);
        for index in [2, 0, 3, 1] {
            slurm(&desk, index, "inputs/study.toml").expect(DONE).told(&format!("shard {index} of 4: done"));
        }
        desk.give(&["verify", "out", "--shards", "4"]).expect(DONE);
        slurm(&desk, 1, "inputs/study.toml").expect(DONE).told("0 chunks of 2 added");
        slurm(&desk, 1, "nowhere.toml").expect(BAD_INPUT).told("bad input, do not run it again");
    }

    #[test]
    fn the_template_for_slurm_passes_a_signal_on_and_asks_to_be_run_again() {
        let long = STUDY.replace("replicates = 5", "replicates = 100000");
        let desk = Desk::with(&long);
        // In place of Slurm's own, which is asked to run the task again.
        fs::write(desk.path("scontrol"), "#!/bin/sh\necho \"scontrol $*\"\n").unwrap();
        let run = "chmod +x scontrol; PATH=$PWD:$PATH; bash \"$0\" inputs/study.toml out & \
                   sleep 2; kill -TERM $!; wait $!";
        let mut bash = Command::new("bash");
        bash.arg("-c").arg(run).arg(contrib("slurm/array.sbatch")).current_dir(desk.home.path());
        bash.env("GOSHAWK", PROGRAM).env("SLURM_ARRAY_TASK_ID", "0");
        bash.env("SLURM_ARRAY_TASK_COUNT", "1").env("SLURM_ARRAY_JOB_ID", "7");
        let said = Said::from(bash.output().unwrap()).expect(75);
        said.told("interrupted, to be run again\nscontrol requeue 7_0");
        said.told("stopped by request");
    }

    #[test]
    fn the_command_of_the_template_for_kubernetes_runs_a_shard() {
        let desk = Desk::with(STUDY);
        let yaml = fs::read_to_string(contrib("kubernetes/indexed-job.yaml")).unwrap();
        let (_, command) = yaml.split_once("- >-\n").unwrap();
        let (command, _) = command.split_once("env:").unwrap();
        let command = command.split_whitespace().collect::<Vec<_>>().join(" ");
        let command = command
            .replace("goshawk study", "\"$GOSHAWK\" study")
            .replace("/study/study.toml", "inputs/study.toml");
        let command = command.replace("/out/study", "out");
        for index in ["0", "1"] {
            let mut sh = Command::new("sh");
            sh.args(["-c", &command]).current_dir(desk.home.path()).env("GOSHAWK", PROGRAM);
            let said: Said =
                sh.env("JOB_COMPLETION_INDEX", index).env("SHARDS", "2").output().unwrap().into();
            said.expect(DONE);
        }
        desk.give(&["verify", "out"]).expect(DONE);
    }

    #[test]
    fn the_task_of_the_template_for_hyperqueue_runs_a_shard() {
        let desk = Desk::with(STUDY);
        // In place of hq: runs the command after the options for each task of the array.
        let hq = "#!/bin/bash\nwhile [ \"$1\" != -- ]; do [ \"$1\" = --array ] && array=$2; shift; done; shift\n\
                  for task in $(eval echo {${array/-/..}}); do HQ_TASK_ID=$task \"$@\" || exit; done\n";
        fs::write(desk.path("hq"), hq).unwrap();
        let run = "chmod +x hq; HQ=./hq bash \"$0\" inputs/study.toml out 3";
        let mut bash = Command::new("bash");
        bash.arg("-c").arg(run).arg(contrib("hyperqueue/array.sh")).current_dir(desk.home.path());
        let said: Said = bash.env("GOSHAWK", PROGRAM).output().unwrap().into();
        said.expect(DONE);
        desk.give(&["verify", "out", "--shards", "3"]).expect(DONE);
    }
}
