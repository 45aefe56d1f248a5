//! A run that fails leaves nothing, and says why.

use std::fs;
use std::path::Path;

use goshawk_output::table::EventRow;
use goshawk_output::{Existing, Label, Names, OutputError, OutputFolder, Recorder, Timestamp};

use crate::run::{REPLICATES, Run, header, manifest};

fn event(names: &mut Names) -> EventRow {
    let actor = names.intern("somebody");
    EventRow { at: Timestamp(0), actor, kind: Label("fault"), detail: String::new() }
}

#[test]
fn a_folder_that_cannot_be_made_is_named_with_the_reason() {
    let error = OutputFolder::create(Path::new("/proc/goshawk"), Existing::Refuse).unwrap_err();
    let text = error.to_string();
    assert!(text.contains("/proc/goshawk") && text.contains("os error"), "{text}");
}

#[test]
fn a_run_dropped_midway_leaves_nothing() {
    let parent = tempfile::tempdir().unwrap();
    let path = parent.path().join("out");
    let folder = OutputFolder::create(&path, Existing::Refuse).unwrap();
    let mut names = Names::default();
    let row = event(&mut names);
    let mut recorder = Recorder::start(&folder, REPLICATES, &header(), names).unwrap();
    for _ in 0..20_000 {
        recorder.push(row.clone());
    }
    drop(recorder);
    assert_eq!(fs::read_dir(folder.aside()).unwrap().count(), 1, "only the lock is left aside");
    drop(folder);
    assert!(!path.exists());
}

#[test]
fn a_recorder_that_discards_takes_rows_and_seals_nothing() {
    let mut names = Names::default();
    let row = event(&mut names);
    let mut recorder = Recorder::discard(names);
    for _ in 0..20_000 {
        recorder.push(row.clone());
    }
    assert!(!recorder.failed() && recorder.names().find("somebody").is_some());
    assert_eq!(recorder.finish().unwrap().parts().count(), 0);
}

#[test]
fn parts_that_are_never_published_go_away() {
    let folder = tempfile::tempdir().unwrap();
    let taken = OutputFolder::create(folder.path(), Existing::Refuse).unwrap();
    drop(Run::new().record(&taken).unwrap());
    drop(taken);
    assert_eq!(fs::read_dir(folder.path()).unwrap().count(), 0);
}

#[test]
fn a_writer_that_fails_keeps_pushing_cheap_and_tells_at_the_end() {
    let parent = tempfile::tempdir().unwrap();
    let path = parent.path().join("out");
    let folder = OutputFolder::create(&path, Existing::Refuse).unwrap();
    // A folder in place of the file that the writer is going to make.
    let in_the_way = folder.aside().join("events-00000-00001.parquet");
    fs::create_dir(&in_the_way).unwrap();
    let mut names = Names::default();
    let row = event(&mut names);
    let mut recorder = Recorder::start(&folder, REPLICATES, &header(), names).unwrap();
    for _ in 0..200_000 {
        recorder.push(row.clone());
    }
    assert!(recorder.failed());
    let error = recorder.finish().unwrap_err();
    assert!(matches!(error, OutputError::Io { .. }), "{error}");
    assert!(error.to_string().contains("events-00000-00001.parquet"), "{error}");
    drop(folder);
    assert!(!path.exists());
}

#[test]
fn a_part_that_cannot_be_placed_takes_the_others_with_it() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("out");
    let taken = OutputFolder::create(&path, Existing::Refuse).unwrap();
    let sealed = Run::new().record(&taken).unwrap();
    // A file in place of one table's folder.
    fs::write(path.join("kpis"), b"").unwrap();
    let error = taken.publish(sealed, manifest(), "").unwrap_err();
    assert!(error.to_string().contains("kpis"), "{error}");
    drop(taken);
    let left: Vec<_> = fs::read_dir(&path).unwrap().map(|entry| entry.unwrap().file_name()).collect();
    assert_eq!(left, ["kpis"]);
}
