//! Proofs of trades as their users meet them: what the program says, and with which exit code.

#![expect(clippy::unwrap_used, reason = "a test that cannot go on should stop")]

use std::fs;

mod desk;

use desk::{BAD_INPUT, DONE, Desk, FAILED, scenarios};

#[test]
fn what_is_said_of_proofs() {
    let desk = Desk::new();
    let smoke = scenarios().join("smoke.toml");
    desk.give(&["run", smoke.to_str().unwrap(), "--out", "A", "--quiet"]).expect(DONE);
    // The first trade of the first period that has one.
    let trade = (1u64..100).map(|period| (period << 24) + 1).find(|trade| {
        desk.give(&["prove", "A", "--trade", &trade.to_string(), "--out", "proof.json"]).code == Some(DONE)
    });
    let trade = trade.unwrap().to_string();
    assert_eq!(desk.give(&["prove", "A", "--trade", &trade]).expect(DONE).out, desk.read("proof.json"));
    let proof = desk.read("proof.json");
    let found = desk.give(&["verify-proof", "proof.json", "--format", "json"]).expect(DONE).json();
    assert_eq!(found["trade"].to_string(), trade);
    let block = found["block"].as_str().unwrap();
    // The last digit of what was settled: the buyer's credit.
    let digit = proof.rfind("\",\n    \"receipt_path\"").unwrap() - 1;
    let other = if &proof[digit..=digit] == "0" { "1" } else { "0" };
    fs::write(desk.path("altered.json"), format!("{}{other}{}", &proof[..digit], &proof[digit + 1..]))
        .unwrap();
    fs::write(desk.path("spaced.json"), proof.replacen("\"block\": \"", "\"block\":  \"", 1)).unwrap();
    fs::write(desk.path("later.json"), proof.replace("\"format_version\": 1", "\"format_version\": 2"))
        .unwrap();
    fs::write(desk.path("cut.json"), &proof[..proof.len() / 2]).unwrap();
    let other = "ab".repeat(32);
    let cases: [(&[&str], i32); 11] = [
        (&["verify-proof", "proof.json"], DONE),
        (&["verify-proof", "proof.json", "--block", block], DONE),
        (&["verify-proof", "proof.json", "--block", &other], FAILED),
        (&["verify-proof", "altered.json"], FAILED),
        (&["verify-proof", "spaced.json"], FAILED),
        (&["verify-proof", "later.json"], FAILED),
        (&["verify-proof", "cut.json"], FAILED),
        (&["verify-proof", "nowhere.json"], BAD_INPUT),
        (&["verify-proof", "proof.json", "--block", "abc"], BAD_INPUT),
        (&["prove", "A", "--trade", "3"], BAD_INPUT),
        (&["prove", "nowhere", "--trade", "3"], BAD_INPUT),
    ];
    let mut text = String::new();
    for (arguments, code) in cases {
        let said = desk.give(arguments).expect(code);
        text.push_str(&format!("$ goshawk {}\n{}{}\n", arguments.join(" "), said.out, said.err));
    }
    insta::assert_snapshot!(text);
}
