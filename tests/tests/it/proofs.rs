//! Trades of a run are proven with the hash of a block, to this program and to one of somebody else.

use std::path::Path;
use std::process::Command;

use goshawk::proof::{ProofError, check, digest_from_hex, prove};
use goshawk_output::table::Table;

use crate::python::packages;
use crate::run::Run;

#[test]
fn every_trade_of_a_run_is_proven_to_a_program_that_knows_sha_256_and_the_tables_alone() {
    let run = Run::of("smoke", &["ledger.signatures=ed25519"]);
    let folder = tempfile::tempdir().unwrap();
    let mut files = Vec::new();
    for trade in run.rows(Table::Trades).counts("trade_id") {
        let (text, proven) = prove(&run.out(), trade).unwrap();
        assert_eq!(check(text.as_bytes(), None).unwrap().0, proven);
        let file = folder.path().join(format!("{trade}.json"));
        std::fs::write(&file, text).unwrap();
        files.push(file);
    }
    assert!(files.len() > 10, "{}", files.len());
    let script = Path::new(env!("CARGO_MANIFEST_DIR")).join("python/proof.py");
    let mut python = Command::new("python3");
    python.env("PYTHONPATH", packages()).env("PYTHONDONTWRITEBYTECODE", "1");
    let done = python.arg(script).arg(run.out()).args(&files).output().unwrap();
    let said = String::from_utf8_lossy(&done.stdout);
    assert!(done.status.success(), "{said}\n{}", String::from_utf8_lossy(&done.stderr));
    assert_eq!(said.trim(), format!("{} proofs hold", files.len()));
}

#[test]
fn one_changed_byte_anywhere_in_a_proof_is_found_and_so_are_another_block_and_no_trade() {
    let run = Run::of("smoke", &[]);
    let trade = run.rows(Table::Trades).counts("trade_id")[0];
    let (text, proven) = prove(&run.out(), trade).unwrap();
    let (_, block) = check(text.as_bytes(), None).unwrap();
    assert_eq!(check(text.as_bytes(), Some(&block)).unwrap().0, proven);
    let other = digest_from_hex(&"ab".repeat(32)).unwrap();
    let refused = check(text.as_bytes(), Some(&other)).unwrap_err();
    assert!(
        refused.to_string().starts_with("it proves nothing: it is about the block with hash"),
        "{refused}"
    );
    let mut bytes = text.clone().into_bytes();
    for place in 0..bytes.len() {
        for change in [1, 2, 0x20] {
            bytes[place] ^= change;
            assert!(check(&bytes, None).is_err(), "byte {place} of {}: {change:#x}", bytes.len());
            bytes[place] ^= change;
        }
    }
    assert_eq!(bytes, text.as_bytes());
    assert!(matches!(prove(&run.out(), 3), Err(ProofError::NoTrade { trade: 3, .. })));
}
