//! A trade is proven with the hash of one block, and nothing that was changed proves anything.

use std::sync::Arc;

use goshawk_ledger::{
    Canonical, ContractId, ContractState, Digest, Event, Genesis, MemoryStore, ProofFault, SignatureScheme,
    TradeProof, Validator, replay,
};
use proptest::prelude::*;

use crate::community::{Community, genesis};

/// A chain whose blocks are so small that contracts are published and closed in different ones.
fn chain() -> MemoryStore {
    let wide = genesis(SignatureScheme::KeyedHash, 8, 1);
    let mut config = wide.config().clone();
    config.limits.block_transactions = 5;
    let genesis = Arc::new(Genesis::new(config).unwrap());
    let store = MemoryStore::new(Arc::clone(&genesis), usize::MAX);
    let mut validator = Validator::new(Arc::clone(&genesis), 0, store).unwrap();
    let mut community = Community::new(&genesis);
    for time in 1..=3 {
        validator.handle(time, Event::Submit(community.period(4).into()));
    }
    validator.into_store()
}

fn proof(store: &MemoryStore, contract: u64) -> TradeProof {
    TradeProof::from_store(store, ContractId(contract)).unwrap().unwrap()
}

#[test]
fn every_trade_is_proven_with_the_hash_of_its_block_and_with_no_other() {
    let store = chain();
    let mut hashes = Vec::new();
    replay(&store, &mut |block, _, _| hashes.push(block.hash())).unwrap();
    let mut lengths = Vec::new();
    for contract in 1..=12 {
        let proof = proof(&store, contract);
        let closed = proof.block().unwrap();
        assert_eq!(TradeProof::from_bytes(&proof.to_bytes()).as_ref(), Ok(&proof));
        for (height, hash) in (1..).zip(&hashes) {
            match proof.verify(hash) {
                Ok(trade) => {
                    assert_eq!((trade.height, *hash), (height, closed));
                    assert_eq!(trade.terms.id, ContractId(contract));
                    let halved = contract % 3 == 0;
                    let state = if halved { ContractState::Defaulted } else { ContractState::Settled };
                    assert_eq!(trade.state, state);
                    assert_eq!(trade.settlement.delivered == trade.terms.energy, !halved);
                }
                Err(fault) => {
                    assert_eq!(fault, ProofFault::OtherBlock { expected: *hash, found: closed });
                }
            }
        }
        assert!(hashes.contains(&closed));
        lengths.push(proof.headers.len());
    }
    assert!(
        lengths.iter().any(|length| *length > 2),
        "published and closed in different blocks: {lengths:?}"
    );
    assert_eq!(TradeProof::from_store(&store, ContractId(13)).unwrap(), None);
}

#[test]
fn what_does_not_belong_together_proves_nothing() {
    let store = chain();
    let (one, other) = (proof(&store, 1), proof(&store, 6));
    let of = |change: &dyn Fn(&mut TradeProof)| {
        let mut bent = one.clone();
        change(&mut bent);
        bent.verify(&one.block().unwrap()).unwrap_err()
    };
    assert_eq!(of(&|it| it.headers.clear()), ProofFault::NoHeader);
    let link = of(&|it| {
        it.headers.remove(1);
    });
    assert!(matches!(link, ProofFault::Link { .. }), "{link}");
    let elsewhere = of(&|it| it.headers.clone_from(&other.headers));
    assert!(matches!(elsewhere, ProofFault::OtherBlock { .. }), "{elsewhere}");
    let foreign = of(&|it| it.closed = other.closed.clone());
    assert!(matches!(foreign, ProofFault::NotIncluded { what: "transaction", .. }), "{foreign}");
    let receipt = of(&|it| it.closed.receipt = other.closed.receipt.clone());
    assert!(matches!(receipt, ProofFault::NotIncluded { what: "receipt", .. }), "{receipt}");
    let exchanged = of(&|it| it.published = it.closed.clone());
    assert!(matches!(exchanged, ProofFault::NotIncluded { which: "publishing", .. }), "{exchanged}");
    // Of one block, but of two contracts, or of two transactions.
    let neighbours = |it: &TradeProof| {
        (1..=12)
            .map(|contract| proof(&store, contract))
            .filter(|next| next.block() == it.block())
            .collect::<Vec<_>>()
    };
    let pair = (1..=12).map(|contract| proof(&store, contract)).find(|it| neighbours(it).len() > 1).unwrap();
    let next = neighbours(&pair).into_iter().find(|next| *next != pair).unwrap();
    let block = pair.block().unwrap();
    let mut mixed = pair.clone();
    mixed.closed.receipt = next.closed.receipt.clone();
    mixed.closed.receipt_path = next.closed.receipt_path.clone();
    assert_eq!(mixed.verify(&block), Err(ProofFault::OtherReceipt { which: "settlement" }));
    let mut mixed = pair.clone();
    mixed.closed = next.closed.clone();
    let (published, closed) = (pair.published, next.closed);
    let [published, closed] =
        [published, closed].map(|it| it.transaction.transaction().operation.contract().unwrap().0);
    assert_eq!(mixed.verify(&block), Err(ProofFault::OtherContract { published, closed }));
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(2_000))]

    #[test]
    fn one_changed_byte_anywhere_in_a_proof_is_found(
        contract in 1u64..=12, place in any::<prop::sample::Index>(), change in 1u8..,
    ) {
        thread_local!(static CHAIN: MemoryStore = chain());
        let proof = CHAIN.with(|store| proof(store, contract));
        let block: Digest = proof.block().unwrap();
        let mut bytes = proof.to_bytes();
        let place = place.index(bytes.len());
        bytes[place] ^= change;
        if let Ok(bent) = TradeProof::from_bytes(&bytes) {
            prop_assert!(bent.verify(&block).is_err(), "byte {} of {}", place, bytes.len());
        }
    }
}
