//! The audit finds what was changed after a run was done, and says where.

use std::collections::BTreeSet;
use std::fs;
use std::path::PathBuf;

use goshawk::run::LEDGER_FILE;
use goshawk::verify::verify;
use goshawk_output::table::Table;
use goshawk_output::{FileDigest, MANIFEST_FILE, SCENARIO_FILE};

use crate::run::Run;

/// Bytes of a Parquet file's end that say how long its footer is, and what it is.
const PARQUET_TAIL: usize = 8;

/// The files in which the audit finds something.
fn accused(run: &Run) -> BTreeSet<String> {
    let verification = run.verify();
    let accused: BTreeSet<String> =
        verification.tables.findings().filter_map(|finding| finding.file.clone()).collect();
    assert_eq!(verification.passed(), accused.is_empty(), "{verification}");
    let told = verification.to_string();
    assert!(accused.iter().all(|file| told.contains(file.as_str())), "{told}");
    accused
}

fn only(file: &str) -> BTreeSet<String> {
    BTreeSet::from([file.to_owned()])
}

/// Positions in a file: both ends, the footer, the middle, and some that look like chance.
fn positions(length: usize) -> BTreeSet<usize> {
    let scattered = (1..=8).map(|step: usize| step.wrapping_mul(0x9e37_79b9_7f4a_7c15) % length);
    let footer = length.saturating_sub(PARQUET_TAIL);
    let named = [0, 4, length / 2, footer.saturating_sub(1), footer, length - 1];
    named.into_iter().chain(scattered).filter(|&position| position < length).collect()
}

#[test]
fn one_changed_byte_in_any_file_is_found_and_the_file_is_named() {
    let run = Run::of("smoke", &[]);
    let manifest = run.manifest();
    assert_eq!(manifest.parts.len(), Table::ALL.len(), "every table has its part");
    for name in manifest.paths() {
        let path = run.out().join(name);
        let whole = fs::read(&path).unwrap();
        for position in positions(whole.len()) {
            let mut bytes = whole.clone();
            bytes[position] ^= 1 << (position % 8);
            fs::write(&path, &bytes).unwrap();
            assert_eq!(accused(&run), only(name), "byte {position} of {name}");
        }
        fs::write(&path, &whole).unwrap();
    }
    run.expect_verified();
}

#[test]
fn a_missing_a_longer_a_shorter_and_a_stray_file_are_found() {
    let run = Run::of("smoke", &[]);
    let manifest = run.manifest();
    for name in manifest.paths() {
        let path = run.out().join(name);
        let whole = fs::read(&path).unwrap();
        fs::remove_file(&path).unwrap();
        assert_eq!(accused(&run), only(name), "without {name}");
        fs::write(&path, &whole[..whole.len() - 1]).unwrap();
        assert_eq!(accused(&run), only(name), "{name} cut short");
        fs::write(&path, [whole.as_slice(), b"\0"].concat()).unwrap();
        assert_eq!(accused(&run), only(name), "{name} made longer");
        fs::write(&path, &whole).unwrap();
    }
    for stray in ["trades/part-00001-00001.parquet", "notes.txt"] {
        fs::copy(run.out().join(SCENARIO_FILE), run.out().join(stray)).unwrap();
        assert_eq!(accused(&run), only(stray));
        fs::remove_file(run.out().join(stray)).unwrap();
    }
    run.expect_verified();
}

#[test]
fn a_changed_manifest_is_refused() {
    let run = Run::of("smoke", &[]);
    let path = run.out().join(MANIFEST_FILE);
    let whole = fs::read_to_string(&path).unwrap();
    for (honest, forged) in
        [("\"seed\": 1", "\"seed\": 2"), ("\"keyed_hash\"", "\"ed25519\""), ("\"rows\": ", "\"rows\": 1")]
    {
        assert!(whole.contains(honest), "{honest} in {whole}");
        fs::write(&path, whole.replacen(honest, forged, 1)).unwrap();
        let refused = verify(&run.out()).unwrap_err().to_string();
        assert!(refused.contains(path.to_str().unwrap()), "{refused}");
    }
    fs::remove_file(&path).unwrap();
    assert!(verify(&run.out()).is_err(), "without a manifest there is nothing to be verified");
    fs::write(&path, whole).unwrap();
    run.expect_verified();
}

/// A forger who also rewrites the digests: takes a file out of another run and seals the manifest again.
fn forge(run: &Run, other: &Run, name: &str) {
    fs::copy(other.out().join(name), run.out().join(name)).unwrap();
    let mut manifest = run.manifest();
    let digest = FileDigest::of_file(&run.out().join(name)).unwrap();
    let rows = other.manifest().parts.iter().find(|part| part.path == name).map(|part| part.rows);
    for part in manifest.parts.iter_mut().filter(|part| part.path == name) {
        part.digest = digest.clone();
        part.rows = rows.unwrap();
    }
    for file in manifest.files.iter_mut().filter(|file| file.path == name) {
        file.digest = digest.clone();
    }
    manifest.write(&run.out()).unwrap();
}

#[test]
fn a_forged_table_with_forged_digests_contradicts_the_others() {
    let (run, other) = (
        Run::of("smoke", &[]),
        Run::of("smoke", &["ledger.take_or_pay_share=0.4", "fees.grid_per_kwh=0.021", "seed=2"]),
    );
    let part = |table: Table| run.manifest().parts_of(table)[0].path.clone();
    let tables = [
        Table::Trades,
        Table::AgentPeriods,
        Table::OperatorPeriods,
        Table::StoragePeriods,
        Table::Households,
        Table::Blocks,
        Table::Transactions,
    ];
    let names: Vec<String> = tables.map(part).into_iter().chain([LEDGER_FILE.to_owned()]).collect();
    let kept: Vec<(PathBuf, Vec<u8>)> = names
        .iter()
        .map(String::as_str)
        .chain([MANIFEST_FILE])
        .map(|name| (run.out().join(name), fs::read(run.out().join(name)).unwrap()))
        .collect();
    for name in &names {
        forge(&run, &other, name);
        let verification = run.verify();
        assert!(!verification.passed(), "{name} of another run goes unnoticed:\n{verification}");
        for (path, bytes) in &kept {
            fs::write(path, bytes).unwrap();
        }
    }
    run.expect_verified();
}
