use goshawk_market::quantity::Money;
use proptest::prelude::*;

use super::*;
use crate::codec::Canonical as _;
use crate::state::tests::{any_step, genesis};
use crate::transaction::{AccountId, Operation, Transaction};

/// A block with a step each of these senders, in turn, as `execution` would propose it.
fn build(execution: &mut Execution, steps: &[(AccountId, Operation)]) -> Arc<Block> {
    let genesis = Arc::clone(execution.state().genesis());
    let mut sent: BTreeMap<AccountId, u64> = BTreeMap::new();
    let transactions = steps.iter().map(|(sender, operation)| {
        let count = sent.entry(*sender).or_default();
        let nonce = execution.state().next_nonce(*sender).unwrap() + *count;
        *count += 1;
        let transaction = Transaction {
            chain: 1,
            sender: *sender,
            nonce,
            expiry_micros: None,
            operation: operation.clone(),
        };
        Arc::new(SignedTransaction::sign(transaction, &genesis.signer(*sender).unwrap()))
    });
    let transactions = transactions.collect();
    execution.build((0, 0), 0, transactions)
}

/// The same block without what others have found out about it.
fn as_a_stranger_sends_it(block: &Block) -> Arc<Block> {
    Arc::new(Block::from_bytes(&block.to_bytes()).unwrap())
}

fn a_block_of_one(execution: &mut Execution) -> Arc<Block> {
    build(execution, &[(AccountId(2), Operation::Settle { contract: crate::transaction::ContractId(1) })])
}

proptest! {
    #[test]
    fn what_is_shared_is_what_each_would_have_found(
        blocks in prop::collection::vec(prop::collection::vec(any_step(), 1..12), 1..6),
    ) {
        let genesis = genesis();
        let [mut proposer, mut sharing, mut alone] = [0; 3].map(|_| Execution::new(&genesis));
        for (height, steps) in (1..).zip(&blocks) {
            let block = build(&mut proposer, steps);
            let hash = block.hash();
            let copy = as_a_stranger_sends_it(&block);
            prop_assert!(sharing.admit(&block) && alone.admit(&copy));
            let (_, receipts) = proposer.commit(&hash).unwrap();
            prop_assert!(Arc::ptr_eq(&sharing.commit(&hash).unwrap().1, &receipts), "shared");
            let (_, found) = alone.commit(&hash).unwrap();
            prop_assert!(!Arc::ptr_eq(&found, &receipts), "not shared");
            prop_assert_eq!(found, receipts);
            prop_assert!(Arc::ptr_eq(&proposer.last, &sharing.last), "one object from height {height} on");
            prop_assert!(!Arc::ptr_eq(&proposer.last, &alone.last));
            for key in (0..6).map(|id| crate::state::StateKey::Account(AccountId(id))) {
                prop_assert_eq!(proposer.state().encoded(key), alone.state().encoded(key));
            }
            let [mut shared, mut own] = [&proposer, &alone].map(|it| it.state().clone());
            prop_assert_eq!(shared.root(), own.root());
            prop_assert_eq!(shared.root(), block.header().state_root);
        }
    }
}

#[test]
fn a_validator_whose_state_was_tampered_with_refuses_a_block_that_others_have_executed() {
    let genesis = genesis();
    let [mut proposer, mut honest, mut tampered] = [0; 3].map(|_| Execution::new(&genesis));
    let first = a_block_of_one(&mut proposer);
    for execution in [&mut proposer, &mut honest, &mut tampered] {
        assert!(execution.admit(&first) && execution.commit(&first.hash()).is_some());
    }
    assert!(Arc::ptr_eq(&proposer.last, &tampered.last), "they share a state until somebody changes it");
    let mut state = tampered.state().clone();
    state.make_rich(AccountId(2), Money::from_micro(1));
    tampered.last = Arc::new(Executed { state, receipts: Arc::default() });
    let second = a_block_of_one(&mut proposer);
    assert!(honest.admit(&second) && !tampered.admit(&second));
}

#[test]
fn a_block_is_still_checked_by_each_against_its_own_chain() {
    let genesis = genesis();
    let [mut proposer, mut behind] = [0; 2].map(|_| Execution::new(&genesis));
    let first = a_block_of_one(&mut proposer);
    proposer.commit(&first.hash()).unwrap();
    let second = a_block_of_one(&mut proposer);
    assert!(!behind.admit(&second), "it does not follow what the other has");
    assert!(behind.admit(&first) && behind.commit(&first.hash()).is_some());
    assert!(behind.admit(&second));
    // The header of one block over the transactions of another.
    let forged = Block::new(second.header().clone(), first.transactions().to_vec());
    behind.candidates.clear();
    assert!(!behind.admit(&Arc::new(forged)));
}

#[test]
fn who_comes_when_the_others_have_moved_on_executes_for_itself() {
    let genesis = genesis();
    let [mut proposer, mut late] = [0; 2].map(|_| Execution::new(&genesis));
    let blocks: Vec<Arc<Block>> = (0..3)
        .map(|_| {
            let block = a_block_of_one(&mut proposer);
            proposer.commit(&block.hash()).unwrap();
            block
        })
        .collect();
    for block in &blocks {
        assert!(late.admit(block) && late.commit(&block.hash()).is_some());
    }
    let [mut there, mut here] = [&proposer, &late].map(|it| it.state().clone());
    assert_eq!(there.root(), here.root());
}
