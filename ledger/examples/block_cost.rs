//! What a block costs: CPU time for the whole network of validators in one process, and bytes on disk.
//!
//! ```text
//! cargo run --release -p goshawk-ledger --example block_cost -- [validators] [pairs] [blocks] [ed25519]
//! ```
//!
//! Signing by the clients is counted apart. The network itself (a heap of events) is counted with the validators.

#![allow(clippy::unwrap_used, reason = "shared with the tests")]

#[path = "../tests/it/community.rs"]
mod community;
#[allow(dead_code)]
#[path = "../tests/it/network.rs"]
mod network;

use std::time::{Duration, Instant};

use goshawk_ledger::{BucketTree, RedbStore, SignatureScheme, Store, TreeParams, verify_store};

use community::{Community, genesis};
use network::{Conduct, Network, Weather};

#[expect(clippy::disallowed_methods, reason = "this measures; nothing in the ledger does")]
fn timed<T>(total: &mut Duration, work: impl FnOnce() -> T) -> T {
    let start = Instant::now();
    let result = work();
    *total += start.elapsed();
    result
}

#[expect(clippy::print_stdout, reason = "a program's result")]
fn main() {
    let words: Vec<String> = std::env::args().skip(1).collect();
    let number =
        |place: usize, default: usize| words.get(place).and_then(|it| it.parse().ok()).unwrap_or(default);
    let (validators, pairs, blocks) = (number(0, 4), number(1, 24), number(2, 500));
    let scheme = match words.get(3).map(String::as_str) {
        Some("ed25519") => SignatureScheme::Ed25519,
        _ => SignatureScheme::KeyedHash,
    };
    let genesis = genesis(scheme, 2 * pairs, validators);
    let mut network = Network::new(&genesis, Weather::default(), &vec![Conduct::Honest; validators]);
    let mut community = Community::new(&genesis);
    let (mut signing, mut agreeing, mut storing, mut closing, mut replaying) = Default::default();
    for height in 1..=blocks as u64 {
        let transactions = timed(&mut signing, || community.period(pairs));
        timed(&mut agreeing, || {
            network.submit(&transactions);
            network.run_to(height);
        });
    }
    let chain = network.agreed_chain();
    let transactions: usize = chain.iter().map(|it| it.receipts.len()).sum();
    let bytes: usize = chain.iter().map(|it| it.block.encoded_len()).sum();

    let folder = std::env::temp_dir().join(format!("goshawk-block-cost-{}", std::process::id()));
    std::fs::create_dir_all(&folder).expect("a temporary folder");
    let path = folder.join("chain.redb");
    let store = timed(&mut storing, || {
        let mut store = RedbStore::create(&path, &genesis, 0).expect("a new file");
        chain.iter().for_each(|committed| store.put(committed).expect("room on the disk"));
        store
    });
    timed(&mut closing, || store.close().expect("room on the disk"));
    let on_disk = std::fs::metadata(&path).expect("the file").len();
    let report = timed(&mut replaying, || verify_store(&RedbStore::open(&path).expect("the file")));
    let report = report.expect("a chain that holds");
    std::fs::remove_dir_all(&folder).expect("the temporary folder");

    let mut tree = BucketTree::new(TreeParams::default());
    let mut hashing = Duration::default();
    let set = |tree: &mut BucketTree, round: u32| {
        (0..150u32).for_each(|key| tree.set(&key.to_be_bytes(), Some(&[round as u8; 40])));
        tree.root()
    };
    set(&mut tree, 0);
    (1..=100).for_each(|round| drop(timed(&mut hashing, || Box::new(set(&mut tree, round)))));

    let per_block = |time: Duration| time.as_secs_f64() * 1e3 / chain.len() as f64;
    println!(
        "{validators} validators, {scheme:?}, {} blocks, {} transactions a block",
        chain.len(),
        transactions / chain.len()
    );
    println!("clients sign        {:8.3} ms a block", per_block(signing));
    println!(
        "validators agree    {:8.3} ms a block, {} events",
        per_block(agreeing),
        network.delivered / chain.len() as u64
    );
    println!("store writes        {:8.3} ms a block", per_block(storing));
    println!("store closes        {:8.3} ms a block", per_block(closing));
    println!("third party checks  {:8.3} ms a block, {} heights hold", per_block(replaying), report.heights);
    println!("150 dirty tree keys {:8.3} ms", hashing.as_secs_f64() * 10.0);
    println!("block               {:8} bytes, {} on disk", bytes / chain.len(), on_disk / chain.len() as u64);
}
