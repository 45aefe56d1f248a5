//! One suite for every store, through the door that validators use: memory, a file, and the fault program's disk.

use std::sync::Arc;

use goshawk_ledger::{
    Committed, Event, Genesis, LedgerError, MemoryStore, RedbStore, SignatureScheme, Store, Tip, Validator,
    verify_store,
};

use crate::community::{Community, genesis};
use crate::trial::disk::DiskStore;
use crate::trial::random::Random;

const BLOCKS: u64 = 6;

/// A real chain of one validator.
fn chain(genesis: &Arc<Genesis>) -> Vec<Committed> {
    let store = MemoryStore::new(Arc::clone(genesis), usize::MAX);
    let mut validator = Validator::new(Arc::clone(genesis), 0, store).unwrap();
    let mut community = Community::new(genesis);
    for time in 1..=BLOCKS {
        validator.handle(time, Event::Submit(community.period(2).into()));
    }
    let store = validator.into_store();
    (1..=BLOCKS).map(|height| store.block(height).unwrap().unwrap()).collect()
}

/// What every store promises. `again` closes a store whose blocks are flushed and opens it again.
fn keeps_its_promises<S: Store>(genesis: &Arc<Genesis>, empty: S, again: impl Fn(S) -> S) {
    let chain = chain(genesis);
    let tip_at = |height: u64| Tip { height, hash: chain[height as usize - 1].block.hash() };
    let mut store = empty;
    assert_eq!(store.genesis(), genesis);
    assert_eq!(store.tip(), Tip { height: 0, hash: *genesis.hash() });
    assert_eq!((store.block(0).unwrap(), store.block(1).unwrap()), (None, None));
    for (before, committed) in chain[..4].iter().enumerate() {
        for wrong in chain.iter().filter(|it| it.block.header().height != before as u64 + 1) {
            let refused = store.put(wrong);
            assert!(
                matches!(refused, Err(LedgerError::NotNext { .. })),
                "after {before} blocks: {refused:?}"
            );
        }
        store.put(committed).unwrap();
        assert_eq!(store.tip(), tip_at(before as u64 + 1));
    }
    store.flush().unwrap();
    let mut store = again(store);
    assert_eq!(store.tip(), tip_at(4), "what was flushed is there");
    for height in 1..=4 {
        assert_eq!(store.block(height).unwrap().as_ref(), Some(&chain[height as usize - 1]));
    }
    assert_eq!((store.block(5).unwrap(), store.block(u64::MAX).unwrap()), (None, None));
    chain[4..].iter().for_each(|committed| store.put(committed).unwrap());
    assert_eq!(verify_store(&store).unwrap().heights, BLOCKS);
    // A validator takes it for its own, and goes on.
    let mut validator = Validator::new(Arc::clone(genesis), 0, store).unwrap();
    assert_eq!(validator.height(), BLOCKS + 1);
    let mut community = Community::new(genesis);
    (1..=BLOCKS).for_each(|_| drop(community.period(2)));
    validator.handle(BLOCKS + 1, Event::Submit(community.period(2).into()));
    assert_eq!(verify_store(validator.store()).unwrap().heights, BLOCKS + 1);
}

#[test]
fn every_store_keeps_its_promises() {
    let genesis = genesis(SignatureScheme::KeyedHash, 4, 1);
    keeps_its_promises(&genesis, MemoryStore::new(Arc::clone(&genesis), usize::MAX), |store| store);
    keeps_its_promises(&genesis, DiskStore::new(&genesis, None), |mut store| {
        store.crash(&mut Random::new(1));
        store
    });
    let folder = tempfile::tempdir().unwrap();
    for flush_every in [0, 1, 3] {
        let path = folder.path().join(format!("{flush_every}.redb"));
        let open = || RedbStore::create(&path, &genesis, flush_every).unwrap();
        keeps_its_promises(&genesis, open(), |store| {
            drop(store);
            open()
        });
        let boxed = folder.path().join(format!("boxed-{flush_every}.redb"));
        let open =
            || -> Box<dyn Store> { Box::new(RedbStore::create(&boxed, &genesis, flush_every).unwrap()) };
        keeps_its_promises(&genesis, open(), |store| {
            drop(store);
            open()
        });
    }
}

/// Opens files of which some bytes are not what they were. Runs as the child of the other test.
#[test]
#[ignore = "the other test looks at what it prints"]
fn opens_damaged_files() {
    let genesis = genesis(SignatureScheme::KeyedHash, 4, 1);
    let folder = tempfile::tempdir().unwrap();
    let (whole, bent) = (folder.path().join("whole.redb"), folder.path().join("bent.redb"));
    let mut store = RedbStore::create(&whole, &genesis, 0).unwrap();
    chain(&genesis).iter().for_each(|committed| store.put(committed).unwrap());
    store.close().unwrap();
    let bytes = std::fs::read(&whole).unwrap();
    let mut random = Random::new(4);
    let mut refused = 0;
    for _ in 0..150 {
        let mut damaged = bytes.clone();
        for _ in 0..20 {
            damaged[random.below(bytes.len() as u64) as usize] = random.below(256) as u8;
        }
        std::fs::write(&bent, damaged).unwrap();
        refused += usize::from(match RedbStore::open(&bent) {
            Err(_) => true,
            Ok(store) => verify_store(&store).is_err(),
        });
    }
    println!("refused {refused}");
    assert!(refused > 0);
    panic!("this panic is nobody's error");
}

#[test]
fn a_damaged_file_is_an_error_without_a_panic_on_the_screen() {
    let child = std::process::Command::new(std::env::current_exe().unwrap())
        .args(["--exact", "stores::opens_damaged_files", "--ignored", "--nocapture"])
        .output()
        .unwrap();
    let out = String::from_utf8_lossy(&child.stdout);
    let err = String::from_utf8_lossy(&child.stderr);
    assert!(out.contains("refused "), "{out}{err}");
    assert_eq!(err.matches("panicked at").count(), 1, "{err}");
    assert!(err.contains("this panic is nobody's error"), "others' panics are as loud as ever: {err}");
}
