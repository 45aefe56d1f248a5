//! Saves as their users meet them: what the program says to bad ones, and with which exit code.

#![expect(clippy::unwrap_used, reason = "a test that cannot go on should stop")]

use std::fs;

mod desk;

use desk::{BAD_INPUT, DONE, Desk, scenarios};

/// Two days of a small community, saved at the end of the first.
const RUN: [&str; 11] = [
    "--quiet",
    "--days",
    "2",
    "--mechanism",
    "mid_market_rate",
    "--set",
    "portraits.commuter.count=3",
    "--set",
    "portraits.at_home.count=3",
    "--save-at",
    "1",
];

fn saved(desk: &Desk) -> Vec<u8> {
    let scenario = scenarios().join("aggregator.toml");
    let run = [&["run", scenario.to_str().unwrap(), "--out", "A"], RUN.as_slice()].concat();
    let said = desk.give(&run).expect(DONE);
    assert!(said.out.contains("Go on:     goshawk run --restore A.day-001.save"), "{}", said.out);
    fs::read(desk.path("A.day-001.save")).unwrap()
}

/// Replaces a text by another of the same length, once.
fn replaced(bytes: &[u8], old: &str, new: &str) -> Vec<u8> {
    assert_eq!(old.len(), new.len());
    let place = bytes.windows(old.len()).position(|window| window == old.as_bytes()).unwrap();
    [&bytes[..place], new.as_bytes(), &bytes[place + old.len()..]].concat()
}

#[test]
fn what_is_said_of_bad_saves() {
    let desk = Desk::new();
    let save = saved(&desk);
    let simulation = b"simulation\0";
    let simulation = save.windows(simulation.len()).position(|window| window == simulation).unwrap();
    fs::write(desk.path("short.save"), &save[..simulation]).unwrap();
    fs::write(desk.path("stub.save"), &save[..300]).unwrap();
    fs::write(desk.path("text.save"), "a save\n").unwrap();
    fs::write(desk.path("later.save"), replaced(&save, "\"format_version\": 4", "\"format_version\": 5"))
        .unwrap();
    fs::write(desk.path("other_day.save"), replaced(&save, "\"day\": 1", "\"day\": 2")).unwrap();
    fs::write(desk.path("altered.save"), replaced(&save, "[aggregator]", "[aggregatoR]")).unwrap();
    let feeder = scenarios().join("feeder.toml").to_str().unwrap().to_owned();
    let aggregator = scenarios().join("aggregator.toml").to_str().unwrap().to_owned();
    let mut text = String::new();
    let cases: [&[&str]; 17] = [
        &["--restore", "nowhere.save"],
        &["--restore", "A"],
        &["--restore", "text.save"],
        &["--restore", "stub.save"],
        &["--restore", "short.save"],
        &["--restore", "altered.save"],
        &["--restore", "other_day.save"],
        &["--restore", "later.save"],
        &[&feeder, "--restore", "A.day-001.save"],
        &["--restore", "A.day-001.save", "--seed", "2", "--days", "3", "--set", "portraits.commuter.count=4"],
        &["--restore", "A.day-001.save", "--set", "portraits.commuter.cuont=4"],
        &["--restore", "A.day-001.save", "--save-at", "1"],
        &[&aggregator, "--save-at", "0"],
        &[&aggregator, "--save-at", "2"],
        &[&aggregator, "--days", "1", "--save-at", "1"],
        &[&aggregator, "--save-at", "1", "--out", "A"],
        &["--save-at", "1"],
    ];
    for arguments in cases {
        let elsewhere = if arguments.contains(&"--out") { [].as_slice() } else { &["--out", "B"] };
        let said = desk.give(&[&["run", "--quiet"], arguments, elsewhere].concat()).expect(BAD_INPUT);
        let given: Vec<&str> = arguments.iter().map(|word| word.rsplit('/').next().unwrap()).collect();
        text.push_str(&format!("$ goshawk run {}\n{}\n", given.join(" "), said.err));
        assert!(!desk.path("B").exists(), "nothing was begun: {given:?}");
    }
    insta::assert_snapshot!(text.replace(&scenarios().display().to_string(), "SCENARIOS"));
}

#[test]
fn a_save_is_enough_to_go_on_elsewhere_and_is_replaced_on_request_alone() {
    let desk = Desk::new();
    saved(&desk);
    fs::create_dir(desk.path("elsewhere")).unwrap();
    fs::rename(desk.path("A.day-001.save"), desk.path("elsewhere/copy")).unwrap();
    desk.give(&["run", "--quiet", "--restore", "elsewhere/copy", "--out", "B"]).expect(DONE);
    desk.give(&["verify", "B"]).expect(DONE);
    let digest = |name: &str| goshawk_output::Manifest::read(&desk.path(name)).unwrap().event_digest;
    assert_eq!(digest("A"), digest("B"));
    let scenario = scenarios().join("aggregator.toml");
    let again = [&["run", scenario.to_str().unwrap(), "--out", "A", "--overwrite"], RUN.as_slice()].concat();
    desk.give(&again).expect(DONE);
    desk.give(&again).expect(DONE);
    let left: Vec<_> = fs::read_dir(&desk.home).unwrap().map(|entry| entry.unwrap().file_name()).collect();
    assert_eq!(left.len(), 4, "nothing else is left: {left:?}");
}
