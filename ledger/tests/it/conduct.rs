//! What one validator does with what it is sent.

use std::sync::Arc;

use goshawk_ledger::{
    Block, Canonical, Committed, ConsensusMessage, Digest, Effect, Event, Evidence, Genesis, Header,
    LedgerError, MemoryStore, Proposal, SignatureScheme, Store, TimerKind, Tip, Validator, Vote, VoteKind,
};

use crate::community::{Community, genesis};
use crate::network::{Conduct::*, Network, Weather};

pub(crate) fn validator(genesis: &Arc<Genesis>, index: usize) -> Validator<MemoryStore> {
    Validator::new(Arc::clone(genesis), index, MemoryStore::new(Arc::clone(genesis), 10)).unwrap()
}

fn broadcasts(effects: Vec<Effect>) -> Vec<Arc<ConsensusMessage>> {
    let broadcast = |effect| match effect {
        Effect::Broadcast(message) => Some(message),
        _ => None,
    };
    effects.into_iter().filter_map(broadcast).collect()
}

/// What the first proposer proposes.
pub(crate) fn honest_proposal(genesis: &Arc<Genesis>) -> Proposal {
    let transactions = Community::new(genesis).period(2);
    let effects = validator(genesis, 0).handle(5, Event::Submit(transactions.into()));
    match &*broadcasts(effects)[0] {
        ConsensusMessage::Proposal(proposal) => proposal.clone(),
        other => panic!("{other:?}"),
    }
}

/// The same block with another header, signed by validator `by`.
pub(crate) fn bent(genesis: &Genesis, by: u32, bend: impl FnOnce(&mut Header)) -> Arc<ConsensusMessage> {
    let proposal = honest_proposal(&Arc::new(Genesis::new(genesis.config().clone()).unwrap()));
    let mut header = proposal.block.header().clone();
    bend(&mut header);
    let block = Arc::new(Block::new(header, proposal.block.transactions().to_vec()));
    let signer = genesis.validator_signer(by as usize).unwrap();
    let proposal = Proposal::sign(genesis.hash(), block, proposal.round, None, (by, &signer));
    Arc::new(ConsensusMessage::Proposal(proposal))
}

fn prevote(effects: Vec<Effect>) -> Option<Vote> {
    broadcasts(effects).iter().find_map(|message| match &**message {
        ConsensusMessage::Vote(vote) if vote.kind == VoteKind::Prevote => Some(vote.clone()),
        _ => None,
    })
}

#[test]
fn a_block_that_holds_is_prevoted_and_one_that_does_not_is_not() {
    let genesis = genesis(SignatureScheme::Ed25519, 4, 4);
    let answer = |message| prevote(validator(&genesis, 1).handle(10, Event::Message { from: 0, message }));
    let honest = honest_proposal(&genesis);
    let hash = honest.block.hash();
    let vote = answer(Arc::new(ConsensusMessage::Proposal(honest))).unwrap();
    assert_eq!(vote.hash, Some(hash));

    let bends: [fn(&mut Header); 6] = [
        |header| header.state_root.0[0] ^= 1,
        |header| header.receipts_root.0[0] ^= 1,
        |header| header.previous.0[0] ^= 1,
        |header| header.round = 4,
        |header| header.proposer = 2,
        |header| header.time_micros = 60_000_000,
    ];
    for (place, bend) in bends.into_iter().enumerate() {
        let vote = answer(bent(&genesis, 0, bend)).unwrap();
        assert_eq!(vote.hash, None, "bend {place}");
    }
}

#[test]
fn a_proposal_out_of_turn_or_with_a_forged_signature_is_ignored() {
    let genesis = genesis(SignatureScheme::Ed25519, 4, 4);
    let mut receiver = validator(&genesis, 1);
    let out_of_turn = bent(&genesis, 3, |_| ());
    assert!(receiver.handle(10, Event::Message { from: 3, message: out_of_turn }).is_empty());
    let mut forged = honest_proposal(&genesis);
    forged.signature = genesis.validator_signer(3).unwrap().sign(&forged.block.hash());
    let forged = ConsensusMessage::from_bytes(&ConsensusMessage::Proposal(forged).to_bytes()).unwrap();
    let from = 3;
    assert!(receiver.handle(10, Event::Message { from, message: Arc::new(forged) }).is_empty());
    // The rightful one still counts.
    let message = Arc::new(ConsensusMessage::Proposal(honest_proposal(&genesis)));
    assert!(prevote(receiver.handle(10, Event::Message { from: 0, message })).unwrap().hash.is_some());
}

#[test]
fn a_block_with_exchanged_transactions_says_nothing_about_the_true_one() {
    let genesis = genesis(SignatureScheme::Ed25519, 4, 4);
    let mut receiver = validator(&genesis, 1);
    let honest = honest_proposal(&genesis);
    // The header, and so the signature, is the proposer's; the last transaction is missing.
    let mut fewer = honest.clone();
    let kept = honest.block.transactions().len() - 1;
    let block = Block::new(honest.block.header().clone(), honest.block.transactions()[..kept].to_vec());
    fewer.block = Arc::new(block);
    let fewer = ConsensusMessage::from_bytes(&ConsensusMessage::Proposal(fewer).to_bytes()).unwrap();
    assert!(receiver.handle(10, Event::Message { from: 3, message: Arc::new(fewer) }).is_empty());
    let hash = honest.block.hash();
    let message = Arc::new(ConsensusMessage::Proposal(honest));
    assert_eq!(prevote(receiver.handle(10, Event::Message { from: 0, message })).unwrap().hash, Some(hash));
}

#[test]
fn forged_votes_decide_nothing() {
    let genesis = genesis(SignatureScheme::Ed25519, 4, 4);
    let mut receiver = validator(&genesis, 1);
    let proposal = honest_proposal(&genesis);
    let hash = proposal.block.hash();
    let message = Arc::new(ConsensusMessage::Proposal(proposal));
    receiver.handle(10, Event::Message { from: 0, message });
    let thief = genesis.validator_signer(3).unwrap();
    for (kind, validator) in [VoteKind::Prevote, VoteKind::Precommit]
        .into_iter()
        .flat_map(|kind| [0, 2, 9].map(|validator| (kind, validator)))
    {
        let vote = Vote::sign(genesis.hash(), kind, (1, 0), Some(hash), (validator, &thief));
        let message = Arc::new(ConsensusMessage::Vote(vote));
        assert!(receiver.handle(11, Event::Message { from: 3, message }).is_empty());
    }
    assert_eq!(receiver.height(), 1);
}

#[test]
fn nothing_is_proposed_without_transactions_and_late_ones_are_proposed_at_once() {
    let genesis = genesis(SignatureScheme::KeyedHash, 4, 4);
    let mut proposer = validator(&genesis, 0);
    assert!(proposer.handle(1, Event::Submit(Vec::new().into())).is_empty());
    let signer = genesis.validator_signer(2).unwrap();
    let vote = Vote::sign(genesis.hash(), VoteKind::Prevote, (1, 0), None, (2, &signer));
    let message = Arc::new(ConsensusMessage::Vote(vote));
    let effects = proposer.handle(2, Event::Message { from: 2, message });
    assert!(matches!(&effects[..], [Effect::SetTimer { key, .. }] if key.kind == TimerKind::Propose));
    let transactions = Community::new(&genesis).period(2);
    let effects = proposer.handle(3, Event::Submit(transactions.into()));
    assert!(matches!(&*broadcasts(effects)[0], ConsensusMessage::Proposal(_)));
}

#[test]
fn messages_survive_the_trip_through_bytes_and_know_their_size() {
    let genesis = genesis(SignatureScheme::Ed25519, 4, 4);
    let mut network = Network::new(&genesis, Weather::default(), &[Silent, Honest, Honest, Honest]);
    network.submit(&Community::new(&genesis).period(2));
    network.run_to(1);
    assert!(network.agreed_chain()[0].certificate.round > 0, "so there were polka certificates");
    let Committed { block, certificate, .. } = network.agreed_chain()[0].clone();
    let mut messages = network.sent.clone();
    messages.push(Arc::new(ConsensusMessage::Request { height: 300 }));
    messages.push(Arc::new(ConsensusMessage::Decided { block, certificate }));
    assert!(messages.iter().any(|message| matches!(**message, ConsensusMessage::Polka(_))));
    for message in messages {
        let bytes = message.to_bytes();
        assert_eq!(bytes.len(), message.encoded_len());
        assert_eq!(ConsensusMessage::from_bytes(&bytes).as_ref(), Ok(&*message));
    }
}

#[test]
fn who_was_away_for_long_catches_up() {
    let genesis = genesis(SignatureScheme::KeyedHash, 4, 4);
    let mut network = Network::new(&genesis, Weather::default(), &[Honest; 4]);
    network.away = Some(3);
    let mut community = Community::new(&genesis);
    let heights = |network: &Network| network.heights()[..3].iter().copied().min().unwrap();
    for height in 1..=20 {
        network.submit(&community.period(2));
        while heights(&network) < height {
            assert!(network.step());
        }
    }
    assert_eq!(network.heights()[3], 0);
    network.away = None;
    network.submit(&community.period(2));
    network.run_to(21);
    assert_eq!(network.agreed_chain().len(), 21);
}

#[test]
fn a_validator_goes_on_where_its_store_ends() {
    let genesis = genesis(SignatureScheme::KeyedHash, 4, 1);
    let mut before = validator(&genesis, 0);
    let mut community = Community::new(&genesis);
    for time in 1..=3 {
        before.handle(time, Event::Submit(community.period(2).into()));
    }
    assert_eq!(before.height(), 4);
    let mut after = Validator::new(Arc::clone(&genesis), 0, before.store().clone()).unwrap();
    assert_eq!(after.height(), 4);
    let next = community.period(2);
    let commit = |validator: &mut Validator<MemoryStore>| {
        let effects = validator.handle(9, Event::Submit(next.clone().into()));
        effects.into_iter().find_map(|effect| match effect {
            Effect::Committed(committed) => Some(committed),
            _ => None,
        })
    };
    assert_eq!(commit(&mut before).unwrap(), commit(&mut after).unwrap());
}

/// A store on a full disk.
struct Full(MemoryStore);

impl Store for Full {
    fn genesis(&self) -> &Arc<Genesis> {
        self.0.genesis()
    }

    fn tip(&self) -> Tip {
        self.0.tip()
    }

    fn put(&mut self, _: &Committed) -> Result<(), LedgerError> {
        Err(LedgerError::NotNext { expected: 0, found: 0 })
    }

    fn block(&self, height: u64) -> Result<Option<Committed>, LedgerError> {
        self.0.block(height)
    }

    fn flush(&mut self) -> Result<(), LedgerError> {
        Ok(())
    }
}

#[test]
fn a_validator_whose_store_fails_says_so_and_stops() {
    let genesis = genesis(SignatureScheme::KeyedHash, 4, 1);
    let store = Full(MemoryStore::new(Arc::clone(&genesis), 1));
    let mut validator = Validator::new(Arc::clone(&genesis), 0, store).unwrap();
    let mut community = Community::new(&genesis);
    let effects = validator.handle(1, Event::Submit(community.period(2).into()));
    assert!(matches!(effects.last(), Some(Effect::Halted(_))));
    assert!(!effects.iter().any(|effect| matches!(effect, Effect::Committed(_))));
    assert!(validator.handle(2, Event::Submit(community.period(2).into())).is_empty());
}

pub(crate) fn vote_of(genesis: &Genesis, by: u32, kind: VoteKind, hash: Option<Digest>) -> Event {
    let signer = genesis.validator_signer(by as usize).unwrap();
    let vote = Vote::sign(genesis.hash(), kind, (1, 0), hash, (by, &signer));
    Event::Message { from: by as usize, message: Arc::new(ConsensusMessage::Vote(vote)) }
}

#[test]
fn who_votes_twice_or_proposes_twice_is_named_with_evidence_that_anybody_can_check() {
    let genesis = genesis(SignatureScheme::Ed25519, 4, 4);
    let mut receiver = validator(&genesis, 1);
    let proposal = honest_proposal(&genesis);
    let hash = proposal.block.hash();
    let mut evidence = Vec::new();
    let other = bent(&genesis, 0, |header| header.state_root.0[0] ^= 1);
    let mut events = vec![
        Event::Message { from: 0, message: Arc::new(ConsensusMessage::Proposal(proposal)) },
        Event::Message { from: 0, message: other },
        vote_of(&genesis, 3, VoteKind::Prevote, None),
        vote_of(&genesis, 3, VoteKind::Prevote, Some(hash)),
    ];
    for kind in [VoteKind::Prevote, VoteKind::Precommit] {
        events.extend([0, 2].map(|by| vote_of(&genesis, by, kind, Some(hash))));
    }
    for event in events {
        let found = receiver.handle(10, event).into_iter().filter_map(|effect| match effect {
            Effect::Equivocation(found) => Some(found),
            _ => None,
        });
        evidence.extend(found);
    }
    assert_eq!(receiver.height(), 2);
    let accused: Vec<(u32, u64)> = evidence.iter().map(|it| (it.validator(), it.height())).collect();
    assert_eq!(accused, [(0, 1), (3, 1)]);
    assert!(evidence.iter().all(|it| it.verify(&genesis)));
    let Evidence::Votes(votes) = &evidence[1] else { panic!("{evidence:?}") };
    let one_vote_twice = Evidence::Votes(Box::new([votes[0].clone(), votes[0].clone()]));
    assert!(!one_vote_twice.verify(&genesis), "no contradiction");
    let of_another = |place: usize| {
        let mut vote = votes[place].clone();
        vote.validator = 2;
        Vote::from_bytes(&vote.to_bytes()).unwrap()
    };
    let framed = Evidence::Votes(Box::new([0, 1].map(of_another)));
    assert!(!framed.verify(&genesis), "signed by somebody else");
}
