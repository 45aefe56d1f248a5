//! One suite for every store.

mod disk;

use std::path::Path;

use super::*;
use crate::block::{Block, CommitCertificate, Header};
use crate::bucket_tree::TreeParams;
use crate::genesis::{GenesisAccount, GenesisConfig, Limits, Role, Timeouts};
use crate::receipt::{Change, Outcome, Receipt};
use crate::signature::SignatureScheme;
use crate::transaction::{AccountId, ContractId, Operation, SignedTransaction, Transaction};
use goshawk_market::quantity::Money;

fn genesis(chain: u32) -> Arc<Genesis> {
    let account = |name: &str, role| GenesisAccount {
        name: name.to_owned(),
        role,
        opening_balance: Money::from_micro(5),
    };
    let config = GenesisConfig {
        chain,
        seed: [9; 32],
        scheme: SignatureScheme::Ed25519,
        accounts: vec![account("grid", Role::Grid), account("platform", Role::Platform)],
        validators: vec!["only".to_owned()],
        tree: TreeParams::default(),
        limits: Limits::default(),
        timeouts: Timeouts::default(),
        devices: Vec::new(),
        carried_max: None,
        lines: Vec::new(),
        credit: None,
    };
    Arc::new(Genesis::new(config).unwrap())
}

/// Some block of this height. Stores do not ask whether it holds.
fn committed(genesis: &Genesis, height: u64) -> Committed {
    let (sender, operation) = (AccountId(1), Operation::Settle { contract: ContractId(height) });
    let transaction = Transaction { chain: 1, sender, nonce: height, expiry_micros: None, operation };
    let signed = Arc::new(SignedTransaction::sign(transaction, &genesis.signer(sender).unwrap()));
    let header = Header {
        height,
        round: 0,
        previous: *genesis.hash(),
        transaction_root: Digest::ZERO,
        receipts_root: Digest::ZERO,
        state_root: Digest::ZERO,
        time_micros: height * 10,
        proposer: 0,
    };
    let receipt = Receipt {
        transaction: signed.id(),
        outcome: Outcome::Accepted {
            change: Change::Published { seller: crate::credit::Conditions::default() },
        },
    };
    let block = Arc::new(Block::new(header, vec![signed]));
    let certificate = CommitCertificate { height, round: 2, hash: block.hash(), signatures: Vec::new() };
    Committed {
        block,
        receipts: Arc::new(vec![receipt]),
        certificate: Arc::new(certificate),
        proposed_at_micros: height * 10,
    }
}

fn keeps_blocks_in_order(mut store: impl Store, genesis: &Genesis) {
    assert_eq!(**store.genesis(), *genesis);
    assert_eq!(store.tip(), Tip { height: 0, hash: *genesis.hash() });
    assert_eq!(store.block(1).unwrap(), None);
    for height in 1..=5 {
        let next = committed(genesis, height);
        store.put(&next).unwrap();
        assert_eq!(store.tip(), Tip { height, hash: next.block.hash() });
    }
    for height in 1..=5 {
        assert_eq!(store.block(height).unwrap(), Some(committed(genesis, height)));
    }
    assert_eq!((store.block(0).unwrap(), store.block(6).unwrap()), (None, None));
    for wrong in [1, 5, 7] {
        let refused = store.put(&committed(genesis, wrong));
        assert!(matches!(refused, Err(LedgerError::NotNext { expected: 6, .. })), "{wrong}");
    }
    assert_eq!(store.tip().height, 5);
    store.flush().unwrap();
}

#[test]
fn every_store_keeps_blocks_in_order() {
    let genesis = genesis(1);
    keeps_blocks_in_order(MemoryStore::new(Arc::clone(&genesis), 10), &genesis);
    keeps_blocks_in_order(RedbStore::on(disk::Disk::new(), &genesis, 1).unwrap(), &genesis);
    let folder = tempfile::tempdir().unwrap();
    for flush_every in [0, 1, 2] {
        let path = folder.path().join(format!("{flush_every}.redb"));
        keeps_blocks_in_order(RedbStore::create(&path, &genesis, flush_every).unwrap(), &genesis);
    }
}

#[test]
fn memory_forgets_all_but_the_last_blocks() {
    let genesis = genesis(1);
    let mut store = MemoryStore::new(Arc::clone(&genesis), 2);
    (1..=5).for_each(|height| store.put(&committed(&genesis, height)).unwrap());
    assert_eq!(store.block(3).unwrap(), None);
    assert_eq!(store.block(4).unwrap(), Some(committed(&genesis, 4)));
    assert_eq!(store.tip().height, 5);
}

fn fill(path: &Path, genesis: &Arc<Genesis>) -> RedbStore {
    let mut store = RedbStore::create(path, genesis, 0).unwrap();
    (1..=3).for_each(|height| store.put(&committed(genesis, height)).unwrap());
    store
}

#[test]
fn a_closed_file_says_everything_about_its_chain() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("chain.redb");
    let genesis = genesis(1);
    fill(&path, &genesis).close().unwrap();
    let store = RedbStore::open(&path).unwrap();
    assert_eq!(**store.genesis(), *genesis);
    assert_eq!(store.tip().height, 3);
    assert_eq!(store.block(2).unwrap(), Some(committed(&genesis, 2)));
}

#[test]
fn what_was_flushed_survives_a_crash_and_the_chain_goes_on() {
    let folder = tempfile::tempdir().unwrap();
    let (path, copy) = (folder.path().join("chain.redb"), folder.path().join("copy.redb"));
    let genesis = genesis(1);
    let mut store = fill(&path, &genesis);
    store.flush().unwrap();
    store.put(&committed(&genesis, 4)).unwrap();
    // What a crash leaves: the file as it is, without the goodbye.
    std::fs::copy(&path, &copy).unwrap();
    let mut after = RedbStore::create(&copy, &genesis, 0).unwrap();
    assert!(after.tip().height >= 3);
    let next = after.tip().height + 1;
    after.put(&committed(&genesis, next)).unwrap();
    assert_eq!(after.tip().height, next);
}

#[test]
fn a_file_of_another_chain_is_refused_and_so_is_no_file() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("chain.redb");
    fill(&path, &genesis(1)).close().unwrap();
    let refused = RedbStore::create(&path, &genesis(2), 0);
    assert!(matches!(refused, Err(LedgerError::OtherChain { .. })));
    let missing = RedbStore::open(&folder.path().join("none.redb")).unwrap_err();
    assert!(missing.to_string().contains("none.redb"), "{missing}");
    std::fs::write(folder.path().join("text"), "not a database").unwrap();
    assert!(RedbStore::open(&folder.path().join("text")).is_err());
}
