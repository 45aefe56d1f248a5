//! A folder is never mixed of two runs, and never loses what is not a run's.

use std::fs;
use std::path::Path;

use goshawk_output::{Existing, FolderLock, MANIFEST_FILE, Manifest, OutputError, OutputFolder, audit};

use crate::run::{Run, manifest};

fn names_in(path: &Path) -> Vec<String> {
    let mut names: Vec<String> =
        fs::read_dir(path).unwrap().map(|entry| entry.unwrap().file_name().into_string().unwrap()).collect();
    names.sort();
    names
}

#[test]
fn the_same_rows_give_the_same_bytes() {
    let (one, two) = (tempfile::tempdir().unwrap(), tempfile::tempdir().unwrap());
    let (first, second) = (Run::new().write(one.path()).unwrap(), Run::new().write(two.path()).unwrap());
    assert_eq!(first, second);
    assert_eq!(
        fs::read(one.path().join(MANIFEST_FILE)).unwrap(),
        fs::read(two.path().join(MANIFEST_FILE)).unwrap()
    );
}

#[test]
fn a_finished_run_has_a_part_for_every_table_and_nothing_aside() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("deep/new");
    Run::new().write(&path).unwrap();
    assert_eq!(
        names_in(&path),
        [
            "agent_periods",
            "aggregator_periods",
            "battery_days",
            "blocks",
            "convergence",
            "events",
            "feeder_periods",
            "households",
            "kpis",
            "manifest.json",
            "market_periods",
            "operator_periods",
            "scenario.toml",
            "storage_periods",
            "trades",
            "transactions",
        ]
    );
    assert_eq!(names_in(&path.join("trades")), ["part-00000-00001.parquet"]);
    assert_eq!(fs::read_to_string(path.join("scenario.toml")).unwrap(), "name = \"small\"\n");
}

#[test]
fn a_folder_with_other_files_is_refused_whatever_is_passed() {
    let folder = tempfile::tempdir().unwrap();
    fs::write(folder.path().join("thesis.tex"), b"years of work").unwrap();
    for existing in [Existing::Refuse, Existing::Overwrite] {
        let error = OutputFolder::create(folder.path(), existing).unwrap_err();
        assert!(matches!(error, OutputError::NotEmpty { .. }), "{error}");
    }
    fs::write(folder.path().join(MANIFEST_FILE), b"{\"name\": \"a web app\"}").unwrap();
    for existing in [Existing::Refuse, Existing::Overwrite] {
        let error = OutputFolder::create(folder.path(), existing).unwrap_err();
        assert!(matches!(error, OutputError::NotEmpty { .. }), "{error}");
    }
    assert_eq!(names_in(folder.path()), [MANIFEST_FILE, "thesis.tex"]);
}

#[test]
fn an_earlier_run_is_replaced_only_on_demand_and_only_its_own_files() {
    let folder = tempfile::tempdir().unwrap();
    Run::new().write(folder.path()).unwrap();
    let error = OutputFolder::create(folder.path(), Existing::Refuse).unwrap_err();
    assert!(matches!(error, OutputError::EarlierOutput { .. }), "{error}");
    assert!(error.to_string().contains("--overwrite"));
    assert!(audit(folder.path()).unwrap().passed(), "a refusal changes nothing");

    fs::write(folder.path().join("notes.txt"), b"mine").unwrap();
    fs::write(folder.path().join("trades/mine.csv"), b"mine").unwrap();
    let taken = OutputFolder::create(folder.path(), Existing::Overwrite).unwrap();
    assert_eq!(names_in(folder.path()), [".partial", "notes.txt", "trades"]);
    assert_eq!(names_in(&folder.path().join("trades")), ["mine.csv"]);
    let sealed = Run::new().record(&taken).unwrap();
    taken.publish(sealed, manifest(), "").unwrap();
    drop(taken);
    assert_eq!(fs::read(folder.path().join("notes.txt")).unwrap(), b"mine");
    assert!(folder.path().join("trades/part-00000-00001.parquet").exists());
}

#[test]
fn two_runs_cannot_write_to_one_folder_at_once() {
    let folder = tempfile::tempdir().unwrap();
    let first = OutputFolder::create(folder.path(), Existing::Refuse).unwrap();
    let error = OutputFolder::create(folder.path(), Existing::Refuse).unwrap_err();
    assert!(matches!(error, OutputError::Busy { .. }), "{error}");
    drop(first);
    assert!(OutputFolder::create(folder.path(), Existing::Refuse).is_ok());
}

#[test]
fn a_file_in_place_of_the_folder_is_refused() {
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("file");
    fs::write(&file, b"x").unwrap();
    for path in [file.clone(), file.join("below")] {
        let error = OutputFolder::create(&path, Existing::Overwrite).unwrap_err();
        assert!(matches!(error, OutputError::NotAFolder { .. }), "{error}");
    }
}

#[test]
fn what_a_killed_run_left_is_no_obstacle_and_goes_away() {
    let folder = tempfile::tempdir().unwrap();
    let whole = Run::new().write(folder.path()).unwrap();
    // As after a kill between the rename of the trades and that of the manifest.
    let aside = folder.path().join(".partial");
    fs::create_dir(&aside).unwrap();
    fs::write(aside.join("lock"), b"").unwrap();
    fs::write(aside.join("blocks-00000-00001.parquet"), b"half").unwrap();
    fs::rename(folder.path().join(MANIFEST_FILE), aside.join(MANIFEST_FILE)).unwrap();
    for part in whole.parts.iter().filter(|part| part.table != "trades") {
        fs::remove_file(folder.path().join(&part.path)).unwrap();
    }
    let taken = OutputFolder::create(folder.path(), Existing::Refuse).unwrap();
    assert_eq!(names_in(&aside), ["lock"]);
    assert!(!folder.path().join("trades").exists());
    let sealed = Run::new().record(&taken).unwrap();
    taken.publish(sealed, manifest(), "").unwrap();
    drop(taken);
    assert!(audit(folder.path()).unwrap().passed());
}

#[test]
fn a_point_of_a_study_is_taken_again_beside_the_parts_that_are_in_place() {
    let folder = tempfile::tempdir().unwrap();
    let study = tempfile::tempdir().unwrap();
    let aside = study.path().join(".partial");
    let lock = FolderLock::take(study.path(), &aside).unwrap();
    let refused = FolderLock::take(study.path(), &aside).unwrap_err();
    assert!(matches!(refused, OutputError::Busy { .. }), "{refused}");
    drop(lock);

    let point = || OutputFolder::within_study(folder.path(), &aside.join("point")).unwrap();
    let study = point();
    let sealed = Run::new().record(&study).unwrap();
    let parts: Vec<_> = sealed.parts().cloned().collect();
    study.place(sealed).unwrap();
    drop(study);
    assert!(folder.path().join("trades/part-00000-00001.parquet").exists());
    assert!(Manifest::read(folder.path()).is_err());

    let study = point();
    let mut manifest = manifest();
    manifest.parts = parts;
    fs::write(study.aside().join("store"), b"ledger").unwrap();
    let store = study.seal("store", "ledger/chain.redb").unwrap();
    study.publish(store, manifest, "").unwrap();
    drop(study);
    assert_eq!(fs::read(folder.path().join("ledger/chain.redb")).unwrap(), b"ledger");
    let report = audit(folder.path()).unwrap();
    assert!(report.passed(), "{report}");
}
