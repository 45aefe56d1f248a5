//! Validators agree, whatever the network and fewer than a third of them do.

use std::sync::Arc;

use goshawk_ledger::{
    Change, Committed, ContractState, Genesis, MemoryStore, SignatureScheme, SignedTransaction, Store,
    verify_store,
};

use crate::community::{Community, genesis};
use crate::network::{Conduct, Conduct::*, Network, Weather};

const PAIRS: usize = 4;

fn small_genesis(validators: usize) -> Arc<Genesis> {
    genesis(SignatureScheme::KeyedHash, 2 * PAIRS, validators)
}

/// Trades for some periods, one after the other, and lets everything come to rest.
fn trade(network: &mut Network, genesis: &Arc<Genesis>, periods: u64) -> Vec<Arc<SignedTransaction>> {
    let mut community = Community::new(genesis);
    let mut all = Vec::new();
    for _ in 0..periods {
        let transactions = community.period(PAIRS);
        network.submit(&transactions);
        all.extend(transactions);
        run_until_taken(network, all.len());
    }
    network.run_out();
    all
}

fn run_until_taken(network: &mut Network, transactions: usize) {
    let deadline = network.now_micros + 600_000_000;
    let taken = |network: &Network| {
        network.validators().all(|it| {
            network.chains[it.index()].iter().map(|c| c.receipts.len()).sum::<usize>() >= transactions
        })
    };
    while !taken(network) {
        assert!(network.step(), "nothing left to happen: {:?}", network.heights());
        assert!(network.now_micros < deadline, "no progress: {:?}", network.heights());
    }
}

fn every_transaction_took_effect(chain: &[Committed], all: &[Arc<SignedTransaction>]) {
    let mut asked: Vec<_> = all.iter().map(|transaction| transaction.id()).collect();
    let mut done: Vec<_> = chain
        .iter()
        .flat_map(|committed| committed.receipts.iter())
        .inspect(|receipt| assert!(receipt.change().is_some(), "{receipt:?}"))
        .map(|receipt| receipt.transaction)
        .collect();
    asked.sort();
    done.sort();
    assert_eq!(asked, done, "each exactly once");
}

/// A third party's look at the chain.
fn verify(genesis: &Arc<Genesis>, chain: &[Committed]) {
    let mut store = MemoryStore::new(Arc::clone(genesis), usize::MAX);
    chain.iter().for_each(|committed| store.put(committed).unwrap());
    let report = verify_store(&store).unwrap();
    assert_eq!(report.heights, chain.len() as u64);
}

#[test]
fn honest_validators_agree_in_the_first_round() {
    for validators in [1, 4, 7] {
        let genesis = small_genesis(validators);
        let mut network = Network::new(&genesis, Weather::default(), &vec![Honest; validators]);
        let all = trade(&mut network, &genesis, 10);
        let chain = network.agreed_chain();
        assert!(chain.iter().all(|committed| committed.certificate.round == 0));
        every_transaction_took_effect(&chain, &all);
        verify(&genesis, &chain);
        assert!(network.heights().iter().all(|height| *height == chain.len()));
    }
}

#[test]
fn contracts_with_half_the_energy_default_and_the_others_settle() {
    let genesis = small_genesis(4);
    let mut network = Network::new(&genesis, Weather::default(), &[Honest; 4]);
    trade(&mut network, &genesis, 3);
    let ends: Vec<ContractState> = network
        .agreed_chain()
        .iter()
        .flat_map(|committed| committed.receipts.iter())
        .filter_map(|receipt| match receipt.change() {
            Some(Change::Closed { state, .. }) => Some(*state),
            _ => None,
        })
        .collect();
    let expected: Vec<ContractState> = (1..=3 * PAIRS)
        .map(|id| if id % 3 == 0 { ContractState::Defaulted } else { ContractState::Settled })
        .collect();
    assert_eq!(ends, expected);
}

#[test]
fn a_silent_validator_costs_rounds_but_no_transaction() {
    for (validators, silent) in [(4, 1), (7, 2)] {
        let genesis = small_genesis(validators);
        let conduct: Vec<Conduct> =
            (0..validators).map(|node| if node < silent { Silent } else { Honest }).collect();
        let mut network = Network::new(&genesis, Weather::default(), &conduct);
        let all = trade(&mut network, &genesis, 8);
        let chain = network.agreed_chain();
        assert!(chain.iter().any(|committed| committed.certificate.round > 0), "its turn came");
        every_transaction_took_effect(&chain, &all);
        verify(&genesis, &chain);
    }
}

#[test]
fn an_equivocating_validator_forks_nobody_and_stops_nobody() {
    let mut equivocations = 0;
    for (validators, twins) in [(4, 1), (7, 2)] {
        for seed in 0..8 {
            let genesis = small_genesis(validators);
            let conduct: Vec<Conduct> =
                (0..validators).map(|node| if node < twins { Twin } else { Honest }).collect();
            let weather = Weather { seed, ..Weather::default() };
            let mut network = Network::new(&genesis, weather, &conduct);
            let all = trade(&mut network, &genesis, 5);
            let chain = network.agreed_chain();
            equivocations += network.double_proposals();
            every_transaction_took_effect(&chain, &all);
            verify(&genesis, &chain);
        }
    }
    assert!(equivocations > 0, "two blocks in one round were never seen");
}

/// For a longer look: `NETWORKS=100000 cargo test --release -p goshawk-ledger --test it networks`.
#[test]
fn networks_with_faults_of_every_kind_agree() {
    let networks = std::env::var("NETWORKS").map_or(200, |count| count.parse().unwrap());
    let mut delivered = 0;
    for seed in 0..networks {
        let validators = 4 + (seed % 4) as usize * 3;
        let faulty = (validators - 1) / 3;
        let fault = |node: usize| if (node as u64 + seed).is_multiple_of(2) { Silent } else { Twin };
        let first = (seed as usize / 4) % validators;
        let is_faulty = |node: usize| (node + validators - first) % validators < faulty;
        let conduct: Vec<Conduct> =
            (0..validators).map(|node| if is_faulty(node) { fault(node) } else { Honest }).collect();
        let longest = [100_000, 1_000_000, 4_000_000][(seed % 3) as usize];
        let weather = Weather { seed, delay_micros: (1_000, longest), duplicates_percent: 10 };
        let genesis = small_genesis(validators);
        let mut network = Network::new(&genesis, weather, &conduct);
        let all = trade(&mut network, &genesis, 5);
        let chain = network.agreed_chain();
        every_transaction_took_effect(&chain, &all);
        verify(&genesis, &chain);
        delivered += network.delivered;
    }
    println!("{networks} networks, {delivered} events, no fork, no transaction lost");
}

/// The check for forks is no empty one: half of the validators can fork the other half.
#[test]
fn two_equivocators_of_four_do_fork_the_others() {
    let forks = (0..10).filter(|&seed| {
        let genesis = small_genesis(4);
        let weather = Weather { seed, ..Weather::default() };
        let mut network = Network::new(&genesis, weather, &[Twin, Twin, Honest, Honest]);
        let mut community = Community::new(&genesis);
        network.submit(&community.period(PAIRS));
        while network.now_micros < 60_000_000 && network.step() {}
        let hashes = |node: usize| network.chains[node].iter().map(|it| it.block.hash()).collect::<Vec<_>>();
        hashes(2).iter().zip(&hashes(3)).any(|(one, other)| one != other)
    });
    assert!(forks.count() > 0);
}

#[test]
fn late_doubled_and_overtaking_messages_do_no_harm() {
    for seed in 0..8 {
        let genesis = small_genesis(4);
        let weather = Weather { seed, delay_micros: (1_000, 2_500_000), duplicates_percent: 30 };
        let mut network = Network::new(&genesis, weather, &[Honest; 4]);
        let all = trade(&mut network, &genesis, 6);
        let chain = network.agreed_chain();
        every_transaction_took_effect(&chain, &all);
        verify(&genesis, &chain);
    }
}

#[test]
fn the_same_seed_gives_the_same_chain() {
    let run = |seed| {
        let genesis = small_genesis(4);
        let weather = Weather { seed, delay_micros: (1_000, 2_000_000), duplicates_percent: 10 };
        let mut network = Network::new(&genesis, weather, &[Twin, Honest, Honest, Honest]);
        trade(&mut network, &genesis, 5);
        network.hashes()
    };
    assert_eq!(run(5), run(5));
    assert_ne!(run(5), run(6), "the block times differ");
}

#[test]
fn without_a_quorum_nothing_is_decided() {
    let genesis = small_genesis(4);
    let mut network = Network::new(&genesis, Weather::default(), &[Silent, Silent, Honest, Honest]);
    network.submit(&Community::new(&genesis).period(PAIRS));
    network.run_out();
    assert_eq!(network.heights(), [0; 4]);
}

#[test]
fn real_signatures_give_the_same_receipts() {
    let receipts = |scheme| {
        let genesis = genesis(scheme, 2 * PAIRS, 4);
        let mut network = Network::new(&genesis, Weather::default(), &[Honest; 4]);
        trade(&mut network, &genesis, 2);
        network
            .agreed_chain()
            .iter()
            .flat_map(|committed| committed.receipts.iter().map(|receipt| receipt.outcome.clone()))
            .collect::<Vec<_>>()
    };
    assert_eq!(receipts(SignatureScheme::Ed25519), receipts(SignatureScheme::KeyedHash));
}
