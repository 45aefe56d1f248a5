//! A validator that is killed with SIGKILL at any moment has, when it comes back, every block that it reported, and
//! nothing half.

use std::io::{BufRead as _, BufReader, Write as _};
use std::path::Path;
use std::process::{Command, Stdio};
use std::sync::Arc;
use std::time::Duration;

use goshawk_ledger::{
    Effect, Event, FileLog, Genesis, RedbStore, SignatureScheme, Store as _, Validator, verify_store,
};

use crate::community::{Community, genesis};
use crate::trial::random::Random;

/// Where the child keeps its files.
const FOLDER: &str = "GOSHAWK_KILLED_CHILD";
/// A new chain after so many kills, because a validator executes its whole chain when it starts.
const KILLS_A_CHAIN: u64 = 5;
const PAIRS: usize = 2;

fn chain() -> Arc<Genesis> {
    genesis(SignatureScheme::KeyedHash, 2 * PAIRS, 1)
}

fn report(effects: Vec<Effect>) {
    for effect in effects {
        match effect {
            Effect::Committed(committed) => {
                let mut out = std::io::stdout().lock();
                writeln!(out, "committed {} {}", committed.block.header().height, committed.block.hash())
                    .unwrap();
                out.flush().unwrap();
            }
            Effect::Halted(error) => panic!("{error}"),
            _ => (),
        }
    }
}

/// Commits blocks until it is killed. Runs as the child of the other test.
#[test]
#[ignore = "it runs for ever, until the other test kills it"]
fn commits_until_killed() {
    let Ok(folder) = std::env::var(FOLDER) else { return };
    let (folder, genesis) = (Path::new(&folder), chain());
    let store = RedbStore::create(&folder.join("chain.redb"), &genesis, 1).unwrap();
    let log = FileLog::open(&folder.join("log")).unwrap();
    let (mut validator, effects) = Validator::recover(Arc::clone(&genesis), 0, store, log).unwrap();
    report(effects);
    let mut community = Community::new(&genesis);
    (1..validator.height()).for_each(|_| drop(community.period(PAIRS)));
    for time in 1.. {
        report(validator.handle(time, Event::Submit(community.period(PAIRS).into())));
    }
}

/// Starts the child and kills it after a while. Gives back what it reported.
fn kill_one(folder: &Path, after: Duration) -> Vec<(u64, String)> {
    let mut child = Command::new(std::env::current_exe().unwrap())
        .args(["--exact", "kill::commits_until_killed", "--ignored", "--nocapture"])
        .env(FOLDER, folder)
        .stdout(Stdio::piped())
        .stderr(Stdio::null())
        .spawn()
        .unwrap();
    let out = child.stdout.take().unwrap();
    let reader = std::thread::spawn(move || {
        let mut bytes = BufReader::new(out);
        let (mut reports, mut line) = (Vec::new(), String::new());
        while bytes.read_line(&mut line).is_ok_and(|read| read > 0) {
            let words: Vec<&str> = line.split_whitespace().collect();
            let place = words.iter().position(|word| *word == "committed");
            if let (Some(place), true) = (place, line.ends_with('\n')) {
                reports.push((words[place + 1].parse().unwrap(), words[place + 2].to_owned()));
            }
            line.clear();
        }
        reports
    });
    std::thread::sleep(after);
    child.kill().unwrap();
    child.wait().unwrap();
    reader.join().unwrap()
}

/// For a longer look: `KILLS=200 cargo test --release -p goshawk-ledger --test it kill -- --nocapture`.
#[test]
fn who_is_killed_at_any_moment_has_every_block_that_it_reported() {
    let kills = std::env::var("KILLS").map_or(15, |kills| kills.parse().unwrap());
    let mut random = Random::new(9);
    let (mut reported, mut unreported, mut early) = (0, 0, 0);
    let mut folder = tempfile::tempdir().unwrap();
    let mut before = 0;
    for kill in 0..kills {
        if kill % KILLS_A_CHAIN == 0 {
            folder = tempfile::tempdir().unwrap();
            before = 0;
        }
        // Many of the first kills fall into the making of the file.
        let longest = if kill % KILLS_A_CHAIN == 0 { 15_000 } else { 90_000 };
        let reports = kill_one(folder.path(), Duration::from_micros(random.below(longest)));
        let store = RedbStore::create(&folder.path().join("chain.redb"), &chain(), 1);
        let store = store.unwrap_or_else(|error| panic!("kill {kill}: the store does not open: {error}"));
        let last = reports.last().map_or(before, |(height, _)| *height);
        assert!(store.tip().height >= last, "kill {kill}: {} of {last} blocks", store.tip().height);
        for (height, hash) in &reports {
            let block = store.block(*height).unwrap().expect("a reported block");
            assert_eq!(block.block.hash().to_string(), *hash, "kill {kill}");
        }
        let found = verify_store(&store).unwrap_or_else(|faults| panic!("kill {kill}: {faults:?}"));
        assert_eq!(found.heights, store.tip().height);
        reported += reports.len();
        unreported += store.tip().height - last;
        early += u64::from(reports.is_empty());
        before = store.tip().height;
        store.close().unwrap();
    }
    println!(
        "{kills} kills, {early} before the first block; {reported} blocks reported, {unreported} whole but unreported"
    );
    assert!(reported > 0);
}
