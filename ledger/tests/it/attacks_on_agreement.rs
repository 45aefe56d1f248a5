//! What faulty validators and a cut network gain, in forks, money and time, without the rule that stops them and with it.

use std::sync::Arc;

use goshawk_ledger::{
    ContractId, ContractState, ContractTerms, Genesis, Operation, SignatureScheme, SignedTransaction,
    Weakness,
};
use goshawk_market::quantity::{Energy, Money, Price};

use crate::arena::{Arena, Conduct, Conduct::*, Rules};
use crate::attacks::{BUYERS, ENERGY, GRID, PLATFORM, SELLER, SELLER_PRICE, lot, terms};
use crate::community::{Community, genesis};

fn chain(validators: usize, without: Option<Weakness>) -> Arc<Genesis> {
    let sound = genesis(SignatureScheme::KeyedHash, 3, validators);
    match without {
        Some(weakness) => Arc::new(Genesis::weakened(sound.config().clone(), weakness).unwrap()),
        None => sound,
    }
}

/// Publications by the seller, one a block.
fn publish(arena: &mut Arena, community: &mut Community, count: u64) {
    for number in 1..=count {
        let terms = terms(number, BUYERS[0]);
        arena.submit(&[community.sign(SELLER, Operation::Publish { terms })]);
        arena.run_out();
    }
}

#[test]
fn equivocating_validators_fork_the_chain_only_if_two_thirds_are_enough() {
    let attacked = |without| {
        let genesis = chain(7, without);
        let conduct = [Equivocating, Equivocating, Honest, Honest, Honest, Honest, Honest];
        let mut arena = Arena::new(&genesis, &conduct, Rules::All);
        publish(&mut arena, &mut Community::new(&genesis), 5);
        arena
    };
    let without = attacked(Some(Weakness::SmallQuorum));
    assert!(without.forks() > 0, "two final blocks at one height");
    let with = attacked(None);
    assert_eq!((with.forks(), with.heights()), (0, vec![5; 5]));
    // And they are found out, by everybody, with evidence that anybody can check.
    assert!(!with.accused.is_empty() && with.accused.iter().all(|&accused| accused < 2));
}

/// 5,000 kWh at 0.13, which is more than half of what the buyer has.
fn dear(number: u64) -> ContractTerms {
    ContractTerms { energy: Energy::from_micro(5_000_000_000), ..terms(number, BUYERS[0]) }
}

/// A buyer with money for one of two contracts signs the one on one side of a cut network, and the other on the other side.
/// Returns what it has promised to pay on final blocks, on all chains together, and the arena after it was made whole.
fn bought_across_a_cut(without: Option<Weakness>, sides: &[u8; 4]) -> (Money, Arena) {
    let genesis = chain(4, without);
    let mut community = Community::new(&genesis);
    let mut arena = Arena::new(&genesis, &[Honest; 4], Rules::All);
    let offers = [1, 2].map(|number| community.sign(SELLER, Operation::Publish { terms: dear(number) }));
    arena.submit(&offers);
    arena.run_out();
    assert_eq!(arena.heights(), [1; 4]);
    arena.split(sides);
    // The same nonce twice: the one is made by a copy of the buyer.
    let one = community.sign(BUYERS[0], Operation::Sign { contract: ContractId(1) });
    let other = Community::new(&genesis).sign(BUYERS[0], Operation::Sign { contract: ContractId(2) });
    for (side, transaction) in [(0, one), (1, other)] {
        let places: Vec<usize> = (0..4).filter(|&place| sides[place] == side).collect();
        arena.submit_to(&places, &[transaction]);
    }
    arena.run_for(60_000_000);
    let escrow = |place: usize| arena.validator(place).state().account(BUYERS[0]).unwrap().escrow;
    let first_of = |side: u8| (0..4).find(|&place| sides[place] == side).unwrap();
    let promised = escrow(first_of(0)) + escrow(first_of(1));
    (promised, arena)
}

#[test]
fn a_cut_network_lets_the_same_money_be_spent_twice_only_if_half_is_enough() {
    let price = dear(1).escrow();
    let (promised, arena) = bought_across_a_cut(Some(Weakness::SmallQuorum), &[0, 0, 1, 1]);
    assert_eq!((promised, arena.forks()), (price + price, 1));
    assert!(promised > Money::from_micro(1_000_000_000), "more than it has");
    // With the rule neither half goes on.
    let (promised, mut arena) = bought_across_a_cut(None, &[0, 0, 1, 1]);
    assert_eq!((promised, arena.heights()), (Money::ZERO, vec![1; 4]));
    arena.heal();
    arena.run_out();
    let escrow = arena.validator(3).state().account(BUYERS[0]).unwrap().escrow;
    assert_eq!((escrow, arena.forks(), arena.heights()), (price, 0, vec![2; 4]), "one of the two, for all");
}

#[test]
fn the_larger_part_of_a_cut_network_goes_on_and_the_smaller_one_halts() {
    let (promised, mut arena) = bought_across_a_cut(None, &[0, 0, 0, 1]);
    assert_eq!((promised, arena.heights()), (dear(1).escrow(), vec![2, 2, 2, 1]));
    arena.heal();
    arena.run_out();
    assert_eq!((arena.forks(), arena.heights()), (0, vec![2; 4]), "and catches up");
}

#[test]
fn a_silent_validator_stops_a_ledger_without_timers_and_costs_rounds_with_them() {
    let with = |rules, conduct: Conduct| {
        let genesis = chain(4, None);
        let mut arena = Arena::new(&genesis, &[Honest, Honest, conduct, Honest], rules);
        publish(&mut arena, &mut Community::new(&genesis), 8);
        (arena.heights(), arena.extra_rounds())
    };
    assert_eq!(with(Rules::NoTimers, Honest), (vec![8; 4], 0));
    // Its turn is the third block, and nobody else's until it has had it.
    assert_eq!(with(Rules::NoTimers, Silent), (vec![2; 3], 0));
    assert_eq!(with(Rules::All, Silent), (vec![8; 3], 2), "a round at each turn of its");
}

#[test]
fn a_withholding_validator_leaves_others_behind_if_nobody_helps_them() {
    let with = |rules| {
        let genesis = chain(4, None);
        let mut arena = Arena::new(&genesis, &[Honest, Honest, Honest, Withholding], rules);
        publish(&mut arena, &mut Community::new(&genesis), 8);
        (arena.heights(), arena.forks())
    };
    let (heights, forks) = with(Rules::NoHelp);
    assert!(heights[2] < 8 && forks == 0, "{heights:?}");
    assert_eq!(with(Rules::All), (vec![8; 3], 0));
}

/// In which block a victim's transaction is, of those that others make at the same time, one a block.
fn block_of_the_victim(validators: usize, rounds: u64) -> Option<usize> {
    let genesis = chain(validators, None);
    let mut community = Community::new(&genesis);
    // The censor's turn is the first block.
    let conduct: Vec<Conduct> =
        (0..validators).map(|place| if place == 0 { Censoring(SELLER) } else { Honest }).collect();
    let mut arena = Arena::new(&genesis, &conduct, Rules::All);
    let victims = community.sign(SELLER, Operation::Publish { terms: terms(1, BUYERS[0]) });
    arena.submit(&[Arc::clone(&victims)]);
    for number in 0..rounds {
        let lot = lot(BUYERS[0], number as u32);
        let terms = ContractTerms { seller: BUYERS[0], lot, ..terms(100 + number, BUYERS[1]) };
        arena.submit(&[community.sign(BUYERS[0], Operation::Publish { terms })]);
        arena.run_out();
    }
    let place = validators - 1;
    arena.chains[place].iter().position(|it| it.block.transactions().contains(&victims))
}

#[test]
fn a_censor_keeps_a_transaction_out_for_ever_only_if_nobody_else_proposes() {
    assert_eq!(block_of_the_victim(1, 20), None, "a single operator");
    // With f = 1 at most the second block, when all validators have the transaction.
    assert_eq!(block_of_the_victim(4, 20), Some(1));
}

/// What becomes of a contract whose seller is censored by the validator that makes the next block: the seller's and the
/// buyer's money afterwards, and how many blocks it takes. The seller does deliver.
fn censored_trade(is_step_by_step: bool) -> (Money, Money, Option<ContractState>, usize) {
    let genesis = chain(4, None);
    let mut community = Community::new(&genesis);
    let conduct = [Honest, Honest, Honest, Censoring(SELLER)];
    let mut arena = Arena::new(&genesis, &conduct, Rules::All);
    let terms = terms(1, BUYERS[0]);
    let mut ask = |sender, operation| community.sign(sender, operation);
    let before = vec![
        vec![ask(SELLER, Operation::Publish { terms })],
        vec![ask(BUYERS[0], Operation::Sign { contract: terms.id })],
        vec![ask(
            GRID,
            Operation::Check { period: 0, approved: vec![terms.id], rejected: vec![], loads: vec![] },
        )],
    ];
    let meter = Operation::Meter { period: 0, ready: ENERGY };
    let after = vec![
        vec![ask(SELLER, meter.clone()), ask(BUYERS[0], meter)],
        vec![ask(PLATFORM, Operation::Settle { contract: terms.id })],
    ];
    let send = |arena: &mut Arena, steps: Vec<Vec<Arc<SignedTransaction>>>| {
        let steps = if is_step_by_step { steps } else { vec![steps.concat()] };
        for step in steps {
            arena.submit(&step);
            arena.run_out();
        }
    };
    // The contract comes about in blocks of others; the censor's turn is the fourth, when the meters are read.
    for step in before {
        arena.submit(&step);
        arena.run_out();
    }
    send(&mut arena, after);
    let gained = |account| {
        let now = arena.validator(0).state().account(account).unwrap();
        now.balance + now.escrow - Money::from_micro(1_000_000_000)
    };
    let end =
        arena.chains[0].iter().flat_map(|it| it.receipts.iter()).find_map(|receipt| match receipt.change() {
            Some(goshawk_ledger::Change::Closed { state, .. }) => Some(*state),
            _ => None,
        });
    (gained(SELLER), gained(BUYERS[0]), end, arena.heights()[0])
}

#[test]
fn a_buyer_with_a_censor_is_paid_for_energy_that_it_got_unless_settlement_waits_for_the_meters() {
    // The seller's reading is left out of the block in which the contract is settled: it counts as if it had delivered nothing.
    let penalty = Price::from_micro(300_000 - 130_000) * ENERGY;
    let (seller, buyer, end, _) = censored_trade(false);
    assert_eq!((seller, buyer, end), (-penalty, penalty, Some(ContractState::Defaulted)));
    // Each step waits for the one before: a block more, and nothing else.
    let (seller, buyer, end, blocks) = censored_trade(true);
    let paid = Price::from_micro(130_000) * ENERGY;
    assert_eq!((seller, buyer, end), (SELLER_PRICE * ENERGY, -paid, Some(ContractState::Settled)));
    assert_eq!(blocks, 6, "publish, sign, check, a meter, the other meter, settlement");
}
