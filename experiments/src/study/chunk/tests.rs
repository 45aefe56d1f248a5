use std::path::Path;

use super::*;
use crate::study::file;

/// A feeder whose limits are only observed, near its collapse: some of its replicates fail, or all.
fn study(replicates: u32, settings: &str) -> Study {
    let text = format!(
        r#"
name = "failing"
scenario = "feeder.toml"
replicates = {replicates}
chunk = {replicates}
tables = ["trades"]
[set]
"grid.feeder.security" = "observed"
"time.days" = 1
{settings}
"#
    );
    let scenarios = Path::new(env!("CARGO_MANIFEST_DIR")).join("../scenarios");
    file::load_text("failing.toml", &text, &scenarios, None).expect("a sound study")
}

const SOME_FAIL: &str = r#"
"grid.feeder.lines" = "data/ieee33_lines.csv"
"grid.feeder.voltage_min_pu" = 0.5
"grid.feeder.base_load_scale" = 3.57
"market.mechanism" = "grid_only"
"time.period_minutes" = 60
"#;

const ALL_FAIL: &str = r#"
"grid.feeder.base_load_scale" = 3.62
"market.mechanism" = "mid_market_rate"
"#;

fn run(study: &Study, known: &[Failed], failures_max: u64) -> (Result<Done, ChunkError>, Course) {
    let home = tempfile::tempdir().expect("a folder");
    let course = Course::watching(&["net_cost".to_owned()]);
    let (folder, aside) = (home.path().join("point"), home.path().join("aside"));
    let task = Task {
        study,
        id: ChunkId { point: 0, number: 0 },
        loaded: &study.first,
        folder: &folder,
        aside: &aside,
        course: &course,
        watched: &[],
        known_failures: known,
        failures_max,
    };
    (task.run(), course)
}

#[test]
fn a_chunk_is_run_twice_at_most_however_many_replicates_fail() {
    let study = study(12, SOME_FAIL);
    let (done, course) = run(&study, &[], 12);
    let done = done.expect("failures are allowed");
    assert!(done.failed.len() >= 2 && done.finished.len() >= 2, "{:?}", done.failed);
    let begun = course.begun.load(Ordering::Relaxed) as usize;
    assert_eq!(begun, 12 + done.finished.len());
    // Whoever watches sees each replicate once.
    assert_eq!(course.replicates.load(Ordering::Relaxed) as usize, done.finished.len());
    assert_eq!(course.intervals()[0].1.count, done.finished.len());
    assert_eq!(course.failed.load(Ordering::Relaxed) as usize, done.failed.len());

    // What an earlier process found out is not tried again, and changes nothing.
    let (again, course) = run(&study, &done.failed, 0);
    let again = again.expect("nothing else fails");
    assert_eq!((again.finished, again.failed), (done.finished, done.failed));
    assert_eq!(course.begun.load(Ordering::Relaxed) as usize, begun - 12);
}

#[test]
fn a_chunk_ends_with_the_first_failure_that_is_too_many() {
    let study = study(10_000, ALL_FAIL);
    let (done, course) = run(&study, &[], 3);
    let Err(ChunkError::TooManyFailures { failed }) = done else { panic!("{done:?}") };
    assert_eq!(failed.iter().map(|one| one.replicate).collect::<Vec<u32>>(), [0, 1, 2, 3]);
    assert_eq!(course.begun.load(Ordering::Relaxed), 4);
}
