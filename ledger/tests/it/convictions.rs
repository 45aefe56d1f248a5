//! A validator that contradicts itself loses its power by evidence on the chain, and the others go on.

use std::sync::Arc;

use goshawk_ledger::{
    AccountId, Canonical, Change, Digest, Event, Evidence, Genesis, Limits, MemoryStore, Operation, Outcome,
    Rejection, SignatureScheme, StateKey, Store, Validator, Vote, VoteKind, verify_store,
};

use crate::community::{Community, genesis_with};
use crate::network::{Conduct::*, Network, Weather};

const GRID: AccountId = AccountId(0);

fn genesis(scheme: SignatureScheme, validators: usize, epoch_blocks: u32) -> Arc<Genesis> {
    genesis_with(Limits { epoch_blocks, ..Limits::default() }, scheme, 4, validators)
}

/// Two votes of a validator at a height, signed by somebody.
fn votes(genesis: &Genesis, validator: u32, height: u64, hashes: [u8; 2], signed_by: usize) -> Evidence {
    let signer = genesis.validator_signer(signed_by).unwrap();
    let vote = |hash| {
        let hash = Some(Digest([hash; 32]));
        Vote::sign(genesis.hash(), VoteKind::Precommit, (height, 0), hash, (validator, &signer))
    };
    Evidence::Votes(Box::new(hashes.map(vote)))
}

/// A chain of one honest process with the votes of no others: only for what transactions do.
struct Chain {
    validator: Validator<MemoryStore>,
    community: Community,
}

impl Chain {
    fn new(genesis: &Arc<Genesis>) -> Self {
        let store = MemoryStore::new(Arc::clone(genesis), usize::MAX);
        let validator = Validator::new(Arc::clone(genesis), 0, store).unwrap();
        Self { validator, community: Community::new(genesis) }
    }

    /// Puts evidence into the next block.
    fn accuse(&mut self, evidence: Evidence) -> Outcome {
        let sender = AccountId(2 + (self.validator.height() % 3) as u32);
        let transaction = self.community.sign(sender, Operation::Accuse { evidence });
        let height = self.validator.height();
        self.validator.handle(height, Event::Submit([transaction].into()));
        self.validator.store().block(height).unwrap().unwrap().receipts[0].outcome.clone()
    }
}

#[test]
fn an_equivocator_is_out_at_the_end_of_the_epoch_and_the_chain_goes_on() {
    for (validators, twin, scheme) in [
        (4, 1, SignatureScheme::Ed25519),
        (4, 3, SignatureScheme::KeyedHash),
        (7, 2, SignatureScheme::KeyedHash),
    ] {
        let genesis = genesis(scheme, validators, 5);
        let conduct: Vec<_> = (0..validators).map(|node| if node == twin { Twin } else { Honest }).collect();
        let mut network = Network::new(&genesis, Weather::default(), &conduct);
        network.overhears = Some(0);
        let mut community = Community::new(&genesis);
        let mut is_accused = false;
        for height in 1..=16 {
            network.submit(&community.period(2));
            if let (false, Some(evidence)) = (is_accused, network.evidence.first().cloned()) {
                network.submit(&[community.sign(GRID, Operation::Accuse { evidence })]);
                is_accused = true;
            }
            network.run_to(height);
        }
        network.run_out();
        assert!(is_accused, "nobody has noticed");
        let chain = network.agreed_chain();
        let convictions =
            chain.iter().flat_map(|it| it.receipts.iter().map(move |receipt| (it, receipt.change())));
        let convictions: Vec<(u64, u32, u64)> = convictions
            .filter_map(|(block, change)| match change {
                Some(Change::Convicted { validator, powerless_from }) => {
                    Some((block.block.header().height, *validator, powerless_from.unwrap()))
                }
                _ => None,
            })
            .collect();
        let [(shown_at, convicted, powerless_from)] = convictions[..] else { panic!("{convictions:?}") };
        assert_eq!(convicted as usize, twin);
        assert_eq!(powerless_from, (shown_at - 1) / 5 * 5 + 6, "the first height of the next epoch");
        assert!(chain.len() as u64 > powerless_from + 2 * validators as u64 / 3, "the chain goes on");
        for committed in &chain {
            let height = committed.block.header().height;
            let signed = committed.certificate.signatures.iter().any(|it| it.validator as usize == twin);
            let proposed = committed.block.header().proposer as usize == twin;
            assert!(height < powerless_from || !(signed || proposed), "height {height}");
        }
        let validator = network.validators().next().unwrap();
        assert_eq!(validator.validators().total_power(), validators as u64 - 1);
        let mut state = validator.state().clone();
        let (key, root) = (StateKey::Validator(twin as u32), state.root());
        let proof = state.prove(key);
        let value = state.encoded(key).unwrap();
        assert!(
            proof.verify(genesis.config().tree, &root, &key.to_bytes(), Some(&value)),
            "it is under the root"
        );
        // Who has lost its power follows, and what it keeps holds too.
        let mut followed = 0;
        for each in network.everybody() {
            for height in 1..each.height() {
                let kept = each.store().block(height).unwrap().unwrap();
                let set = each.state().validators(height);
                assert!(kept.certificate.verify(&genesis, &set), "height {height} of {validators}");
                followed += usize::from(height >= powerless_from);
            }
        }
        let honest = (validators - 1) * (chain.len() + 1 - powerless_from as usize);
        assert!(followed > honest, "{followed} blocks with {honest} of honest validators");
        let mut store = MemoryStore::new(Arc::clone(&genesis), usize::MAX);
        chain.iter().for_each(|committed| store.put(committed).unwrap());
        assert_eq!(verify_store(&store).unwrap().heights, chain.len() as u64);
        // A validator that starts from that store knows too.
        let again = Validator::new(Arc::clone(&genesis), 0, store).unwrap();
        assert_eq!(again.validators().power(twin as u32), 0);
    }
}

#[test]
fn a_certificate_that_needs_the_power_of_a_convicted_validator_is_refused() {
    let genesis = genesis(SignatureScheme::Ed25519, 4, 5);
    let mut network = Network::new(&genesis, Weather::default(), &[Honest, Twin, Honest, Honest]);
    network.overhears = Some(0);
    let mut community = Community::new(&genesis);
    for height in 1..=12 {
        network.submit(&community.period(2));
        if height == 4 {
            let evidence = network.evidence[0].clone();
            network.submit(&[community.sign(GRID, Operation::Accuse { evidence })]);
        }
        network.run_to(height);
    }
    let chain = network.agreed_chain();
    let last = chain.last().unwrap();
    let state = network.validators().max_by_key(|it| it.height()).unwrap().state().clone();
    let validators = state.validators(last.certificate.height);
    assert_eq!(validators.power(1), 0);
    let mut bent = (*last.certificate).clone();
    assert!(bent.verify(&genesis, &validators));
    // The convicted validator signs in another's place: three of four, but not of those who have power.
    let signer = genesis.validator_signer(1).unwrap();
    let vote = Vote::sign(
        genesis.hash(),
        VoteKind::Precommit,
        (bent.height, bent.round),
        Some(bent.hash),
        (1, &signer),
    );
    bent.signatures.remove(1);
    bent.signatures.insert(1, goshawk_ledger::ValidatorSignature { validator: 1, signature: vote.signature });
    assert!(
        bent.verify(&genesis, &goshawk_ledger::ValidatorSet::of_genesis(&genesis)),
        "it would have done before"
    );
    assert!(!bent.verify(&genesis, &validators));
    let mut store = MemoryStore::new(Arc::clone(&genesis), usize::MAX);
    for committed in &chain {
        let mut committed = committed.clone();
        if committed.certificate.height == bent.height {
            committed.certificate = Arc::new(bent.clone());
        }
        store.put(&committed).unwrap();
    }
    let faults = verify_store(&store).unwrap_err();
    assert_eq!(faults[0].height, bent.height, "{faults:?}");
}

#[test]
fn honest_and_forged_votes_are_no_evidence_and_one_offence_counts_once() {
    let genesis = genesis(SignatureScheme::Ed25519, 1, 10);
    let rejected = |reason| Outcome::Rejected { reason };
    let mut chain = Chain::new(&genesis);
    let mut accuse = |evidence| chain.accuse(evidence);
    assert_eq!(
        accuse(votes(&genesis, 0, 1, [7, 7], 0)),
        rejected(Rejection::NoContradiction),
        "the same twice"
    );
    let other = Vote::sign(
        genesis.hash(),
        VoteKind::Prevote,
        (1, 0),
        None,
        (0, &genesis.validator_signer(0).unwrap()),
    );
    let Evidence::Votes(pair) = votes(&genesis, 0, 1, [7, 8], 0) else { unreachable!() };
    let kinds = Evidence::Votes(Box::new([pair[0].clone(), other]));
    assert_eq!(accuse(kinds), rejected(Rejection::NoContradiction), "a prevote and a precommit");
    let foreign = genesis_with(Limits::default(), SignatureScheme::Ed25519, 2, 1);
    assert_eq!(
        accuse(votes(&foreign, 0, 1, [7, 8], 0)),
        rejected(Rejection::NoContradiction),
        "of another chain"
    );
    let ahead = Rejection::NoSuchVoter { validator: 0, height: 9 };
    assert_eq!(accuse(votes(&genesis, 0, 9, [7, 8], 0)), rejected(ahead), "of a height to come");
    let nobody = Rejection::NoSuchVoter { validator: 3, height: 1 };
    assert_eq!(accuse(votes(&genesis, 3, 1, [7, 8], 0)), rejected(nobody));
    // The only validator is convicted, and keeps its power: somebody must agree.
    let convicted = Outcome::Accepted { change: Change::Convicted { validator: 0, powerless_from: None } };
    assert_eq!(accuse(votes(&genesis, 0, 1, [7, 8], 0)), convicted);
    let twice = Rejection::AccusedTwice { validator: 0, height: 1 };
    assert_eq!(accuse(votes(&genesis, 0, 1, [8, 9], 0)), rejected(twice));
    assert_eq!(accuse(votes(&genesis, 0, 2, [7, 8], 0)), convicted, "another height is another offence");
    for number in 0..20 {
        chain.accuse(votes(&genesis, 0, 1, [number, 200], 0));
    }
    assert_eq!(chain.validator.validators().power(0), 1);
    assert_eq!(verify_store(chain.validator.store()).unwrap().heights, 28);
}

#[test]
fn votes_signed_by_somebody_else_are_no_evidence() {
    let genesis = genesis(SignatureScheme::Ed25519, 4, 10);
    let mut network = Network::new(&genesis, Weather::default(), &[Honest; 4]);
    let mut community = Community::new(&genesis);
    network.submit(&[community.sign(GRID, Operation::Accuse { evidence: votes(&genesis, 2, 1, [7, 8], 3) })]);
    network.run_to(1);
    let outcome = network.agreed_chain()[0].receipts[0].outcome.clone();
    assert_eq!(outcome, Outcome::Rejected { reason: Rejection::NoContradiction });
    assert!(network.validators().all(|it| it.validators().total_power() == 4));
}
