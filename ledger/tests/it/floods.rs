//! A faulty validator that talks without end: what it can make another one keep or say is bounded.

use std::sync::Arc;

use goshawk_ledger::{
    ConsensusMessage, Digest, Effect, Event, Evidence, Genesis, MemoryLog, MemoryStore, Proposal,
    SignatureScheme, Validator, Vote, VoteKind,
};

use crate::community::{Community, genesis};
use crate::conduct::{bent, honest_proposal, validator, vote_of};
use crate::network::{Conduct, Network, Weather};

type Logged = Validator<MemoryStore, MemoryLog>;

fn with_log(genesis: &Arc<Genesis>, index: usize) -> Logged {
    let store = MemoryStore::new(Arc::clone(genesis), 10);
    Validator::recover(Arc::clone(genesis), index, store, MemoryLog::default()).unwrap().0
}

fn proposed(proposal: &Proposal) -> Event {
    Event::Message { from: 0, message: Arc::new(ConsensusMessage::Proposal(proposal.clone())) }
}

/// A proposal of validator 0 for round 0 with a time of its own.
fn another_proposal(genesis: &Genesis, number: u64) -> Event {
    Event::Message { from: 0, message: bent(genesis, 0, |header| header.time_micros += number) }
}

fn evidence_in(effects: Vec<Effect>) -> Vec<Evidence> {
    let evidence = |effect| match effect {
        Effect::Equivocation(found) => Some(found),
        _ => None,
    };
    effects.into_iter().filter_map(evidence).collect()
}

#[test]
fn what_is_said_again_or_without_end_does_not_fill_the_log() {
    let genesis = genesis(SignatureScheme::KeyedHash, 4, 4);
    let mut receiver = with_log(&genesis, 1);
    let proposal = honest_proposal(&genesis);
    receiver.handle(10, proposed(&proposal));
    let before = receiver.log().len();
    for number in 0..200 {
        receiver.handle(11, proposed(&proposal));
        receiver.handle(11, vote_of(&genesis, 3, VoteKind::Prevote, None));
        receiver.handle(11, vote_of(&genesis, 3, VoteKind::Prevote, Some(Digest([number; 32]))));
        receiver.handle(11, another_proposal(&genesis, u64::from(number)));
    }
    // One vote of validator 3, and one other proposal of validator 0.
    assert_eq!(receiver.log().len(), before + 2);
}

#[test]
fn votes_of_rounds_far_ahead_do_not_fill_the_log() {
    let genesis = genesis(SignatureScheme::KeyedHash, 4, 4);
    let mut receiver = with_log(&genesis, 1);
    receiver.handle(10, proposed(&honest_proposal(&genesis)));
    let before = receiver.log().len();
    let signer = genesis.validator_signer(3).unwrap();
    for round in (0..4_000_000).step_by(1_001) {
        let vote = Vote::sign(genesis.hash(), VoteKind::Prevote, (1, round), None, (3, &signer));
        let message = Arc::new(ConsensusMessage::Vote(vote));
        receiver.handle(11, Event::Message { from: 3, message });
    }
    assert_eq!(receiver.log().len(), before + 1, "round 0 only");
}

#[test]
fn a_proposal_before_its_time_is_looked_at_again_when_its_time_has_come() {
    let genesis = genesis(SignatureScheme::KeyedHash, 4, 4);
    let mut receiver = with_log(&genesis, 1);
    let early =
        || Event::Message { from: 0, message: bent(&genesis, 0, |header| header.time_micros = 2_000_000) };
    receiver.handle(10, early());
    let before = receiver.log().len();
    receiver.handle(11, early());
    assert_eq!(receiver.log().len(), before, "as early as before");
    receiver.handle(1_900_000, early());
    receiver.handle(1_900_001, early());
    assert_eq!(receiver.log().len(), before + 1, "once more, and not twice");
}

/// Validator 1 has decided the first block with the votes of 0 and 2; the first proposal is validator 0's.
fn decided(genesis: &Arc<Genesis>) -> (Validator<MemoryStore>, Digest) {
    let mut receiver = validator(genesis, 1);
    let proposal = honest_proposal(genesis);
    let hash = proposal.block.hash();
    receiver.handle(10, proposed(&proposal));
    for kind in [VoteKind::Prevote, VoteKind::Precommit] {
        for by in [0, 2] {
            receiver.handle(10, vote_of(genesis, by, kind, Some(hash)));
        }
    }
    assert_eq!(receiver.height(), 2);
    (receiver, hash)
}

#[test]
fn a_second_vote_or_proposal_is_evidence_also_after_the_decision() {
    for scheme in [SignatureScheme::KeyedHash, SignatureScheme::Ed25519] {
        let genesis = genesis(scheme, 4, 4);
        let (mut receiver, hash) = decided(&genesis);
        let mut hear = |event| evidence_in(receiver.handle(20, event));
        assert!(hear(vote_of(&genesis, 0, VoteKind::Precommit, Some(hash))).is_empty(), "the same again");
        let found = hear(vote_of(&genesis, 0, VoteKind::Precommit, None));
        assert_eq!((found[0].validator(), found[0].height(), found.len()), (0, 1, 1));
        assert!(found[0].verify(&genesis));
        assert!(hear(another_proposal(&genesis, 7)).is_empty(), "accused already");
        // Both votes of validator 3 come late.
        assert!(hear(vote_of(&genesis, 3, VoteKind::Prevote, Some(hash))).is_empty());
        let found = hear(vote_of(&genesis, 3, VoteKind::Prevote, None));
        assert_eq!(found.iter().map(Evidence::validator).collect::<Vec<_>>(), [3]);
        assert!(found[0].verify(&genesis));

        let (mut receiver, _) = decided(&genesis);
        let found = evidence_in(receiver.handle(20, another_proposal(&genesis, 7)));
        assert!(matches!(&found[..], [Evidence::Proposals(_)]));
        assert!(found[0].verify(&genesis));
    }
}

#[test]
fn a_forged_late_vote_neither_accuses_nor_hides_who_contradicts_itself() {
    let genesis = genesis(SignatureScheme::Ed25519, 4, 4);
    let (mut receiver, hash) = decided(&genesis);
    let thief = genesis.validator_signer(0).unwrap();
    let mut hear = |event| evidence_in(receiver.handle(20, event));
    for forgery in [Digest([0; 32]), hash, Digest([1; 32])] {
        let forged = Vote::sign(genesis.hash(), VoteKind::Precommit, (1, 0), Some(forgery), (3, &thief));
        let message = Arc::new(ConsensusMessage::Vote(forged));
        assert!(hear(Event::Message { from: 0, message }).is_empty());
    }
    assert!(hear(vote_of(&genesis, 3, VoteKind::Precommit, Some(hash))).is_empty());
    assert_eq!(hear(vote_of(&genesis, 3, VoteKind::Precommit, None)).len(), 1);
}

#[test]
fn late_votes_of_ever_later_rounds_are_not_kept() {
    let genesis = genesis(SignatureScheme::KeyedHash, 4, 4);
    let (mut receiver, _) = decided(&genesis);
    let kept = |receiver: &Validator<MemoryStore>| {
        let mut bytes = Vec::new();
        receiver.save(&mut bytes);
        bytes.len()
    };
    let signer = genesis.validator_signer(3).unwrap();
    let mut tell = |round| {
        let vote = Vote::sign(genesis.hash(), VoteKind::Prevote, (1, round), None, (3, &signer));
        receiver.handle(20, Event::Message { from: 3, message: Arc::new(ConsensusMessage::Vote(vote)) });
        kept(&receiver)
    };
    let after_two = [0, 1].map(&mut tell)[1];
    let after_many = (2..1_000).map(&mut tell).next_back().unwrap();
    // A count of what was heard may take a byte more.
    assert!(after_many < after_two + 16, "{after_two} bytes, then {after_many}");
}

#[test]
fn what_was_said_is_said_again_as_often_as_an_honest_validator_asks_and_not_for_ever() {
    let genesis = genesis(SignatureScheme::KeyedHash, 4, 4);
    let mut proposer = validator(&genesis, 1);
    proposer.handle(10, proposed(&honest_proposal(&genesis)));
    let mut ask = |from| {
        let message = Arc::new(ConsensusMessage::Request { height: 1 });
        proposer.handle(11, Event::Message { from, message }).len()
    };
    let answers = (0..1_000).filter(|_| ask(3) > 0).count();
    assert_eq!(answers, 7);
    assert!(ask(2) > 0, "others are still told");
    proposer.handle(12, Event::Connected { peer: 3 });
    let message = Arc::new(ConsensusMessage::Request { height: 1 });
    assert!(!proposer.handle(13, Event::Message { from: 3, message }).is_empty(), "connected again");
}

/// Who was away asks for block after block, until it decides one together with the others.
#[test]
fn who_has_caught_up_asks_for_no_more_blocks() {
    let genesis = genesis(SignatureScheme::KeyedHash, 4, 4);
    let mut network = Network::new(&genesis, Weather::default(), &[Conduct::Honest; 4]);
    let mut community = Community::new(&genesis);
    for height in 1..=3 {
        network.submit(&community.period(2));
        network.run_to(height);
    }
    let chain = network.agreed_chain();
    let final_block = |height: usize| {
        let (block, certificate) = (&chain[height - 1].block, &chain[height - 1].certificate);
        let (block, certificate) = (Arc::clone(block), Arc::clone(certificate));
        Arc::new(ConsensusMessage::Decided { block, certificate })
    };
    let mut away = validator(&genesis, 1);
    let mut requests = |event| {
        let is_request = |effect: &Effect| matches!(effect, Effect::Send { message, .. } if matches!(**message, ConsensusMessage::Request { .. }));
        away.handle(60_000_000, event).iter().filter(|effect| is_request(effect)).count()
    };
    assert_eq!(requests(Event::Connected { peer: 0 }), 1);
    assert_eq!(requests(Event::Message { from: 0, message: final_block(1) }), 1, "there may be more");
    for message in network.sent.iter().filter(|message| message.height() == 2) {
        requests(Event::Message { from: 0, message: Arc::clone(message) });
    }
    assert_eq!(requests(Event::Message { from: 0, message: final_block(3) }), 0);
    assert_eq!(away.height(), 4);
}
