//! Transactions and blocks that are too large, out of order, sent again or of another chain: none of them gets anywhere, and
//! nothing is kept of them.

use std::sync::Arc;

use goshawk_ledger::{
    AccountId, Block, ConsensusMessage, ContractId, Digest, Effect, Event, Genesis, Header, Limits,
    MemoryStore, Operation, Proposal, SignatureScheme, SignedTransaction, Transaction, Validator, VoteKind,
};

use crate::community::{Community, genesis_with};

const SELLER: AccountId = AccountId(2);

fn small() -> Limits {
    Limits { block_transactions: 3, block_bytes: 1_000, mempool_transactions: 10, ..Limits::default() }
}

fn chain(limits: Limits, validators: usize) -> Arc<Genesis> {
    genesis_with(limits, SignatureScheme::Ed25519, 4, validators)
}

fn validator(genesis: &Arc<Genesis>, index: usize) -> Validator<MemoryStore> {
    Validator::new(Arc::clone(genesis), index, MemoryStore::new(Arc::clone(genesis), 10)).unwrap()
}

fn settle(contract: u64) -> Operation {
    Operation::Settle { contract: ContractId(contract) }
}

/// So many transactions of one account, each of at least so many bytes.
fn transactions(genesis: &Arc<Genesis>, count: u64, bytes: usize) -> Vec<Arc<SignedTransaction>> {
    let mut community = Community::new(genesis);
    let rejected: Vec<ContractId> = (0..bytes as u64).map(|it| ContractId(it % 100)).collect();
    let operation = |number| match bytes {
        0 => settle(number),
        _ => Operation::Check {
            period: 0,
            approved: Vec::new(),
            rejected: rejected.clone(),
            loads: Vec::new(),
        },
    };
    (0..count).map(|number| community.sign(SELLER, operation(number))).collect()
}

/// What validator 1 of the chain with small limits prevotes for a block of these transactions, which is right in everything but
/// perhaps its size: a chain with larger limits has built it.
fn prevote_on(transactions: Vec<Arc<SignedTransaction>>, bend: impl FnOnce(&mut Header)) -> Option<Digest> {
    let (large, small) = (chain(Limits::default(), 4), chain(small(), 4));
    let effects = validator(&large, 0).handle(5, Event::Submit(transactions.into()));
    let built = effects.iter().find_map(|effect| match effect {
        Effect::Broadcast(message) => match &**message {
            ConsensusMessage::Proposal(proposal) => Some(Arc::clone(&proposal.block)),
            _ => None,
        },
        _ => None,
    });
    let built = built.expect("validator 0 proposes");
    let mut header = Header { previous: *small.hash(), ..built.header().clone() };
    bend(&mut header);
    prevote_on_block(&small, Arc::new(Block::new(header, built.transactions().to_vec())))
}

fn prevote_on_block(genesis: &Arc<Genesis>, block: Arc<Block>) -> Option<Digest> {
    let signer = genesis.validator_signer(0).unwrap();
    let proposal = Proposal::sign(genesis.hash(), block, 0, None, (0, &signer));
    let message = Arc::new(ConsensusMessage::Proposal(proposal));
    let effects = validator(genesis, 1).handle(10, Event::Message { from: 0, message });
    let vote = effects.iter().find_map(|effect| match effect {
        Effect::Broadcast(message) => match &**message {
            ConsensusMessage::Vote(vote) if vote.kind == VoteKind::Prevote => Some(vote.clone()),
            _ => None,
        },
        _ => None,
    });
    vote.expect("a proposal of the rightful proposer gets a vote").hash
}

#[test]
fn a_block_of_too_many_transactions_or_bytes_or_ahead_of_its_time_gets_no_vote() {
    let genesis = chain(small(), 4);
    let one = |count, bytes| transactions(&genesis, count, bytes);
    assert!(prevote_on(one(3, 0), |_| ()).is_some(), "three are allowed");
    assert_eq!(prevote_on(one(4, 0), |_| ()), None, "four are not");
    assert!(prevote_on(one(1, 600), |_| ()).is_some(), "600 bytes are allowed");
    assert_eq!(prevote_on(one(1, 1_000), |_| ()), None, "1,000 and a header are not");
    assert_eq!(prevote_on(one(2, 600), |_| ()), None, "nor are twice 600");
    assert_eq!(prevote_on(one(3, 0), |header| header.time_micros = 900_000), None, "ahead of its time");
}

#[test]
fn a_transaction_that_fits_no_block_or_no_pool_is_not_kept() {
    let genesis = chain(small(), 4);
    let mut receiver = validator(&genesis, 1);
    receiver.handle(1, Event::Submit(transactions(&genesis, 1, 1_000).into()));
    assert_eq!(receiver.waiting(), 0, "it fits no block");
    receiver.handle(2, Event::Submit(transactions(&genesis, 50, 0).into()));
    assert_eq!(receiver.waiting(), 10, "as many as there is room for");
}

#[test]
fn transactions_out_of_order_wait_for_those_before_them_and_a_gap_is_never_filled() {
    let genesis = chain(Limits::default(), 1);
    let mut only = validator(&genesis, 0);
    let all = transactions(&genesis, 5, 0);
    let submit = |only: &mut Validator<MemoryStore>, nonce: usize| {
        only.handle(1, Event::Submit([Arc::clone(&all[nonce])].into()));
        (only.height() - 1, only.waiting())
    };
    assert_eq!(submit(&mut only, 2), (0, 1));
    assert_eq!(submit(&mut only, 1), (0, 2));
    assert_eq!(submit(&mut only, 0), (1, 0), "all three, in the order of their nonces");
    assert_eq!(submit(&mut only, 4), (1, 1), "3 is missing");
    assert_eq!(submit(&mut only, 4), (1, 1), "known");
    assert_eq!(submit(&mut only, 1), (1, 1), "used");
    assert_eq!(only.state().account(SELLER).unwrap().nonce, 3);
}

#[test]
fn a_transaction_of_another_chain_or_sender_or_signed_by_somebody_else_is_not_kept() {
    let genesis = chain(Limits::default(), 1);
    let mut only = validator(&genesis, 0);
    let signer = genesis.signer(SELLER).unwrap();
    let mut keeps = |chain, sender, nonce| {
        let transaction = Transaction { chain, sender, nonce, expiry_micros: None, operation: settle(1) };
        let signed = Arc::new(SignedTransaction::sign(transaction, &signer));
        only.handle(1, Event::Submit([signed].into()));
        only.waiting() > 0 || only.height() > 1
    };
    assert!(!keeps(8, SELLER, 0), "another chain");
    assert!(!keeps(7, AccountId(3), 0), "another's name");
    assert!(!keeps(7, AccountId(99), 0), "nobody's name");
    assert!(keeps(7, SELLER, 0));
}
