//! A validator that is killed with SIGKILL at any moment has, when it comes back, every block that it reported, and
//! nothing half.

use std::io::{BufRead as _, BufReader, Write as _};
use std::path::Path;
use std::process::{Command, Stdio};
use std::sync::Arc;

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

/// Tells the other test where this one is, before it goes on.
fn say(what: std::fmt::Arguments<'_>) {
    let mut out = std::io::stdout().lock();
    writeln!(out, "{what}").unwrap();
    out.flush().unwrap();
}

fn report(effects: Vec<Effect>) {
    for effect in effects {
        match effect {
            Effect::Committed(committed) => {
                say(format_args!("committed {} {}", committed.block.header().height, committed.block.hash()));
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
    say(format_args!("opening"));
    let store = RedbStore::create(&folder.join("chain.redb"), &genesis, 1).unwrap();
    let log = FileLog::open(&folder.join("log")).unwrap();
    let (mut validator, effects) = Validator::recover(Arc::clone(&genesis), 0, store, log).unwrap();
    report(effects);
    let mut community = Community::new(&genesis);
    (1..validator.height()).for_each(|_| drop(community.period(PAIRS)));
    for time in 1.. {
        let transactions = community.period(PAIRS);
        say(format_args!("committing {}", validator.height()));
        report(validator.handle(time, Event::Submit(transactions.into())));
    }
}

/// Where a child was killed.
#[derive(Debug, PartialEq, Eq)]
enum Moment {
    /// It was opening its files.
    Opening,
    /// It was in the middle of a commit.
    Committing,
    /// It was between two commits.
    Between,
}

/// Starts the child and kills it as soon as it has said so many things. Gives the blocks that it reported, and where it was.
fn kill_one(folder: &Path, after: u64) -> (Vec<(u64, String)>, Moment) {
    let mut child = Command::new(std::env::current_exe().unwrap())
        .args(["--exact", "kill::commits_until_killed", "--ignored", "--nocapture"])
        .env(FOLDER, folder)
        .stdout(Stdio::piped())
        .stderr(Stdio::null())
        .spawn()
        .unwrap();
    let mut out = BufReader::new(child.stdout.take().unwrap());
    let (mut reports, mut moment, mut said) = (Vec::new(), Moment::Opening, 0);
    let mut line = String::new();
    // After the kill this reads on to the end of what the child has said.
    while out.read_line(&mut line).is_ok_and(|read| read > 0 && line.ends_with('\n')) {
        // The test's harness begins the line.
        let words: Vec<&str> = line.split_whitespace().collect();
        match words[..] {
            [.., "opening"] => moment = Moment::Opening,
            [.., "committing", _] => moment = Moment::Committing,
            [.., "committed", height, hash] => {
                reports.push((height.parse().unwrap(), hash.to_owned()));
                moment = Moment::Between;
            }
            _ => {
                line.clear();
                continue;
            }
        }
        said += 1;
        if said == after {
            child.kill().unwrap();
        }
        line.clear();
    }
    child.kill().unwrap();
    child.wait().unwrap();
    (reports, moment)
}

/// For a longer look: `KILLS=200 cargo test --release -p goshawk-ledger --test it kill -- --nocapture`, which counts kills in
/// the middle of commits.
#[test]
fn who_is_killed_at_any_moment_has_every_block_that_it_reported() {
    let wanted: u64 = std::env::var("KILLS").map_or(15, |kills| kills.parse().unwrap());
    let mut random = Random::new(9);
    let (mut kills, mut opening, mut committing, mut reported, mut unreported) = (0, 0, 0, 0, 0);
    let mut folder = tempfile::tempdir().unwrap();
    let mut before = 0;
    while committing < wanted || opening == 0 {
        assert!(
            kills < 20 * wanted,
            "{committing} of {kills} kills fell into commits, {opening} into openings"
        );
        if kills % KILLS_A_CHAIN == 0 {
            folder = tempfile::tempdir().unwrap();
            before = 0;
        }
        // One in five falls into the opening.
        let after = if random.below(5) == 0 { 1 } else { random.between(2, 60) };
        let (reports, moment) = kill_one(folder.path(), after);
        let store = RedbStore::create(&folder.path().join("chain.redb"), &chain(), 1);
        let store = store.unwrap_or_else(|error| panic!("kill {kills}: the store does not open: {error}"));
        let last = reports.last().map_or(before, |(height, _)| *height);
        assert!(store.tip().height >= last, "kill {kills}: {} of {last} blocks", store.tip().height);
        for (height, hash) in &reports {
            let block = store.block(*height).unwrap().expect("a reported block");
            assert_eq!(block.block.hash().to_string(), *hash, "kill {kills}");
        }
        let found = verify_store(&store).unwrap_or_else(|faults| panic!("kill {kills}: {faults:?}"));
        assert_eq!(found.heights, store.tip().height);
        reported += reports.len();
        unreported += store.tip().height - last;
        opening += u64::from(moment == Moment::Opening);
        committing += u64::from(moment == Moment::Committing);
        before = store.tip().height;
        store.close().unwrap();
        kills += 1;
    }
    println!(
        "{kills} kills, {committing} in commits, {opening} while files were opened; {reported} blocks reported, \
         {unreported} whole but unreported"
    );
    assert!(reported > 0);
}
