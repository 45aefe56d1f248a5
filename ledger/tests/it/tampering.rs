//! Whoever changes a stored chain is found out, with the height.

use std::path::Path;
use std::sync::Arc;

use goshawk_ledger::{
    Canonical, Committed, Genesis, LedgerError, MemoryStore, RedbStore, SignatureScheme, Store, Tip, replay,
    verify_store,
};
use redb::{Database, ReadableDatabase, TableDefinition};

use crate::community::{Community, genesis};
use crate::network::{Conduct, Network, Weather};
use crate::trial::random::Random;

const RECORDS: TableDefinition<'static, u64, &[u8]> = TableDefinition::new("records");

fn chain_in(path: &Path, periods: usize) -> Vec<Committed> {
    let genesis = genesis(SignatureScheme::KeyedHash, 4, 4);
    let mut network = Network::new(&genesis, Weather::default(), &[Conduct::Honest; 4]);
    let mut community = Community::new(&genesis);
    for height in 1..=periods as u64 {
        network.submit(&community.period(2));
        network.run_to(height);
    }
    let chain = network.agreed_chain();
    let mut store = RedbStore::create(path, &genesis, 0).unwrap();
    chain.iter().for_each(|committed| store.put(committed).unwrap());
    store.close().unwrap();
    chain
}

fn with_record(path: &Path, height: u64, change: impl FnOnce(&mut Vec<u8>)) {
    let database = Database::open(path).unwrap();
    let mut bytes = {
        let table = database.begin_read().unwrap().open_table(RECORDS).unwrap();
        table.get(height).unwrap().unwrap().value().to_vec()
    };
    change(&mut bytes);
    let transaction = database.begin_write().unwrap();
    transaction.open_table(RECORDS).unwrap().insert(height, bytes.as_slice()).unwrap();
    transaction.commit().unwrap();
}

#[test]
fn a_chain_in_a_file_holds_and_is_shown_in_order() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("chain.redb");
    let chain = chain_in(&path, 3);
    let store = RedbStore::open(&path).unwrap();
    let mut seen = Vec::new();
    let report = replay(&store, &mut |block, receipts, certificate| {
        assert_eq!(certificate.hash, block.hash());
        seen.push((block.hash(), receipts.len()));
    })
    .unwrap();
    let stored: Vec<_> = chain.iter().map(|it| (it.block.hash(), it.receipts.len())).collect();
    assert_eq!(seen, stored);
    assert_eq!((report.heights, report.transactions), (3, seen.iter().map(|(_, count)| *count as u64).sum()));
    assert_eq!(report.accepted, report.transactions);
}

/// A chain of which one record reads differently.
struct Tampered {
    chain: MemoryStore,
    height: u64,
    record: Vec<u8>,
}

impl Store for Tampered {
    fn genesis(&self) -> &Arc<Genesis> {
        self.chain.genesis()
    }

    fn tip(&self) -> Tip {
        self.chain.tip()
    }

    fn put(&mut self, _: &Committed) -> Result<(), LedgerError> {
        unreachable!("an audit only reads")
    }

    fn block(&self, height: u64) -> Result<Option<Committed>, LedgerError> {
        if height != self.height {
            return self.chain.block(height);
        }
        Committed::from_bytes(&self.record)
            .map(Some)
            .map_err(|source| LedgerError::Corrupt { height, source })
    }

    fn flush(&mut self) -> Result<(), LedgerError> {
        Ok(())
    }
}

#[test]
fn one_flipped_bit_anywhere_in_a_record_is_found_at_its_height() {
    let folder = tempfile::tempdir().unwrap();
    let chain = chain_in(&folder.path().join("chain.redb"), 3);
    let mut intact = MemoryStore::new(genesis(SignatureScheme::KeyedHash, 4, 4), usize::MAX);
    chain.iter().for_each(|committed| intact.put(committed).unwrap());
    let record = chain[1].to_bytes();
    assert!(record.len() > 500);
    let mut tampered = Tampered { chain: intact, height: 2, record };
    assert!(verify_store(&tampered).is_ok());
    for place in 0..tampered.record.len() {
        for bit in [1 << (place % 8), 1 << ((place + 3) % 8)] {
            tampered.record[place] ^= bit;
            let faults = verify_store(&tampered).expect_err("a flipped bit was missed");
            assert!(faults.iter().all(|fault| fault.height == 2), "byte {place}: {faults:?}");
            tampered.record[place] ^= bit;
        }
    }
}

#[test]
fn a_flipped_bit_in_the_file_is_found_at_its_height() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("chain.redb");
    chain_in(&path, 3);
    for place in [0, 40, 300, 500] {
        with_record(&path, 2, |bytes| bytes[place] ^= 4);
        let faults = verify_store(&RedbStore::open(&path).unwrap()).expect_err("a flipped bit was missed");
        assert!(faults.iter().all(|fault| fault.height == 2), "byte {place}: {faults:?}");
        with_record(&path, 2, |bytes| bytes[place] ^= 4);
    }
    assert!(verify_store(&RedbStore::open(&path).unwrap()).is_ok(), "all bits are back");
}

#[test]
fn a_missing_block_is_found() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("chain.redb");
    chain_in(&path, 3);
    {
        let database = Database::open(&path).unwrap();
        let transaction = database.begin_write().unwrap();
        transaction.open_table(RECORDS).unwrap().remove(2).unwrap();
        transaction.commit().unwrap();
    }
    let faults = verify_store(&RedbStore::open(&path).unwrap()).unwrap_err();
    assert_eq!(faults.len(), 1);
    assert_eq!(faults[0].to_string(), "block 2: it is missing");
}

#[test]
fn a_block_with_a_certificate_of_too_few_is_found() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("chain.redb");
    let chain = chain_in(&path, 2);
    let genesis = genesis(SignatureScheme::KeyedHash, 4, 4);
    let mut certificate = (*chain[1].certificate).clone();
    certificate.signatures.truncate(genesis.quorum() - 1);
    let mut store = MemoryStore::new(genesis, usize::MAX);
    store.put(&chain[0]).unwrap();
    store.put(&Committed { certificate: Arc::new(certificate), ..chain[1].clone() }).unwrap();
    let faults = verify_store(&store).unwrap_err();
    assert_eq!(faults[0].to_string(), "block 2: the certificate does not make it final");
}

/// The blocks of a chain that holds, or nothing of one that does not open or does not hold.
fn content(path: &Path) -> Option<Vec<Committed>> {
    let store = RedbStore::open_read_only(path).ok()?;
    verify_store(&store).ok()?;
    (1..=store.tip().height).map(|height| store.block(height).unwrap()).collect()
}

#[test]
fn a_file_with_any_byte_changed_tells_a_beginning_of_its_chain_or_nothing() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("chain.redb");
    let chain = chain_in(&path, 3);
    assert_eq!(content(&path).as_ref(), Some(&chain));
    let whole = std::fs::read(&path).unwrap();
    let bent_path = folder.path().join("bent.redb");
    let mut random = Random::new(4);
    let mut told_nothing = 0;
    for _ in 0..3_000 {
        let mut bent = whole.clone();
        let place = random.below(whole.len() as u64) as usize;
        bent[place] ^= random.between(1, 255) as u8;
        std::fs::write(&bent_path, &bent).unwrap();
        match content(&bent_path) {
            Some(told) => assert!(chain.starts_with(&told), "byte {place}"),
            None => told_nothing += 1,
        }
    }
    assert!(told_nothing > 100, "{told_nothing}");
}

#[test]
fn a_file_cut_at_any_byte_tells_a_beginning_of_its_chain_or_nothing() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("chain.redb");
    let chain = chain_in(&path, 3);
    let whole = std::fs::read(&path).unwrap();
    let cut_path = folder.path().join("cut.redb");
    let mut random = Random::new(5);
    for cut in (0..300).map(|_| random.below(whole.len() as u64) as usize).chain(0..40) {
        std::fs::write(&cut_path, &whole[..cut]).unwrap();
        let told = content(&cut_path).unwrap_or_default();
        assert!(chain.starts_with(&told), "cut at {cut}");
    }
}
