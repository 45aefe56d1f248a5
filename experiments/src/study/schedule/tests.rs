use std::path::Path;

use goshawk_output::{ReplicateRange, Sealed};

use super::*;
use crate::study::chunk::Finished;
use crate::study::file;

/// A point of a million replicates, each a chunk.
fn study(stopping: &str) -> Study {
    let text = format!(
        "name = \"many\"\nscenario = \"smoke.toml\"\nreplicates = 1_000_000\nchunk = 1\nset = {{ \"time.periods\" = 1 }}\n{stopping}"
    );
    let scenarios = Path::new(env!("CARGO_MANIFEST_DIR")).join("../scenarios");
    file::load_text("many.toml", &text, &scenarios, None).expect("a sound study")
}

fn commit(number: u32, value: f64) -> Commit {
    let figures = BTreeMap::from([("p2p".to_owned(), Some(value))]);
    Commit {
        point: 0,
        chunk: number,
        replicates: ReplicateRange { first: number, last: number },
        finished: vec![Finished { replicate: number, event_digest: String::new(), figures }],
        failed: Vec::new(),
        cpu_seconds: None,
        parts: Vec::new(),
    }
}

fn done() -> Done {
    Done { sealed: Sealed::default(), finished: Vec::new(), failed: Vec::new(), cpu_seconds: None }
}

/// Runs all chunks with so many under way at a time, the youngest first, and says in which order they were committed.
fn carry_out(schedule: &mut Schedule<'_>, jobs: usize, value: impl Fn(u32) -> f64) -> Vec<u32> {
    let (mut under_way, mut committed) = (Vec::new(), Vec::new());
    loop {
        while under_way.len() < jobs
            && let Some(id) = schedule.next_chunk()
        {
            under_way.push(id);
        }
        let Some(id) = under_way.pop() else { return committed };
        schedule.done(id, done());
        while let Some((id, _)) = schedule.to_commit() {
            schedule.committed(id, &commit(id.number, value(id.number)));
            committed.push(id.number);
        }
    }
}

/// With a search from the first chunk at every step this would take hours.
#[test]
fn the_cost_of_a_schedule_is_in_proportion_to_its_chunks() {
    let fixed = study("");
    let mut schedule = Schedule::new(&fixed, Shard::WHOLE, &BTreeMap::new(), 2);
    assert_eq!(carry_out(&mut schedule, 3, |_| 0.0).len(), 1_000_000);
    assert!(schedule.is_whole(0));

    // A figure that is never known well enough.
    let sequential = study("[stopping]\nfigures = [\"p2p\"]\nrelative = 0.0\n");
    let mut schedule = Schedule::new(&sequential, Shard::WHOLE, &BTreeMap::new(), 4);
    let committed = carry_out(&mut schedule, 3, |number| f64::from(number % 7));
    assert!(committed.iter().copied().eq(0..1_000_000), "in their order");
    assert!(schedule.is_whole(0));
}

#[test]
fn a_chunk_behind_one_that_is_lost_counts_only_in_its_turn() {
    let study = study("[stopping]\nfigures = [\"p2p\"]\nrelative = 0.05\n");
    // Known well enough after 30 replicates, did the tenth not lie far off.
    let value = |number: u32| if number == 9 { 1e3 } else { 1.0 + f64::from(number % 3) * 1e-3 };
    let all: BTreeMap<ChunkId, Commit> =
        (0..40).map(|number| (ChunkId { point: 0, number }, commit(number, value(number)))).collect();
    let mut lost = all.clone();
    lost.remove(&ChunkId { point: 0, number: 9 });
    let mut schedule = Schedule::new(&study, Shard::WHOLE, &lost, 1);
    assert!(!schedule.is_whole(0), "a gap is no end");
    assert_eq!(schedule.next_chunk(), Some(ChunkId { point: 0, number: 9 }));
}
