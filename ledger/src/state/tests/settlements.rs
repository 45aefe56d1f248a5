//! What settlements move, and what escrow covers.

use super::*;

#[test]
fn a_delivered_contract_pays_everybody_and_leaves_no_trace() {
    let mut ledger = Ledger::new();
    let entries = ledger.state.entry_count();
    ledger.agree(terms(1));
    ledger.meter(SELLER, 2_000_000);
    ledger.meter(BUYER, 5_000_000);
    let (state, settlement, unpaid) = ledger.settle(1);
    assert_eq!((state, unpaid), (ContractState::Settled, Money::ZERO));
    assert_eq!(settlement.amount(), Money::from_micro(260_000));
    assert_eq!(ledger.balance(SELLER), 1_200_000);
    assert_eq!(ledger.balance(BUYER), 740_000);
    assert_eq!(ledger.balance(GRID), 1_040_000);
    assert_eq!(ledger.balance(PLATFORM), 1_020_000);
    assert_eq!(ledger.state.entry_count(), entries);
    let score = |account| ledger.state.account(account).unwrap().credit.score();
    assert!(score(SELLER) > 500_000 && score(BUYER) > 500_000);
}

#[test]
fn a_seller_that_falls_short_pays_what_replacement_costs_more() {
    let mut ledger = Ledger::new();
    ledger.agree(terms(1));
    ledger.meter(SELLER, 500_000);
    ledger.meter(BUYER, 2_000_000);
    let (state, settlement, _) = ledger.settle(1);
    assert_eq!(state, ContractState::Defaulted);
    assert_eq!(settlement.penalty_to_buyer, Money::from_micro(255_000), "1.5 kWh at 0.30 - 0.13");
    assert_eq!(ledger.balance(SELLER), 1_000_000 + 50_000 - 255_000);
    assert_eq!(ledger.balance(BUYER), 1_000_000 - 65_000 + 255_000);
    let score = |account| ledger.state.account(account).unwrap().credit.score();
    assert!(score(SELLER) < 500_000 && score(BUYER) > 500_000);
}

#[test]
fn a_buyer_that_does_not_take_pays_take_or_pay() {
    let mut ledger = Ledger::new();
    ledger.agree(terms(1));
    ledger.meter(SELLER, 2_000_000);
    let (state, settlement, _) = ledger.settle(1);
    assert_eq!(state, ContractState::Defaulted);
    assert_eq!(settlement.buyer_short, Energy::from_micro(2_000_000));
    assert_eq!(ledger.balance(BUYER), 1_000_000 - 100_000);
    assert_eq!(ledger.balance(SELLER), 1_000_000 + 100_000);
    assert!(ledger.state.account(BUYER).unwrap().credit.score() < 500_000);
    assert!(ledger.state.account(SELLER).unwrap().credit.score() > 500_000);
}

#[test]
fn a_penalty_takes_all_that_the_seller_has_and_no_more() {
    let mut ledger = Ledger::new();
    ledger.agree(ContractTerms { outside_price: Price::from_micro(9_000_000), ..terms(1) });
    let (_, settlement, unpaid) = ledger.settle(1);
    assert_eq!(settlement.penalty_to_buyer, Money::from_micro(17_740_000));
    assert_eq!(unpaid, Money::from_micro(16_740_000));
    assert_eq!((ledger.balance(SELLER), ledger.balance(BUYER)), (0, 2_000_000));
}

#[test]
fn contracts_that_nobody_signed_or_approved_are_cancelled_for_free() {
    let mut ledger = Ledger::new();
    (1..=3).for_each(|id| ledger.publish(terms(id)));
    ledger.accept(BUYER, sign(2));
    ledger.accept(BUYER, sign(3));
    let checked = ledger.accept(GRID, check(0, &[1], &[3]));
    assert_eq!(checked, Change::Checked { approved: 0, cancelled: 1, unsigned: 1 });
    let (contract, from) = (ContractId(3), ContractState::Cancelled);
    let over = Rejection::IllegalTransition { contract, from, to: from };
    assert_eq!(ledger.send(PLATFORM, settle(3)), Err(over));
    assert_eq!(ledger.settle(1).0, ContractState::Cancelled);
    assert_eq!(ledger.settle(2).0, ContractState::Cancelled);
    assert_eq!((ledger.balance(BUYER), ledger.balance(SELLER)), (1_000_000, 1_000_000));
    assert_eq!(ledger.state.account(SELLER).unwrap().credit, Default::default(), "nobody's fault");
}

#[test]
fn contracts_that_the_platform_passes_over_do_not_block_the_others_and_go_with_the_next_period() {
    let mut ledger = Ledger::new();
    ledger.publish(terms(1));
    ledger.publish(terms(2));
    ledger.accept(BUYER, sign(2));
    ledger.agree(terms(3));
    assert_eq!(ledger.settle(3).0, ContractState::Defaulted, "nobody metered anything");
    assert_eq!(ledger.state.account(BUYER).unwrap().escrow, terms(2).escrow());
    ledger.agree(ContractTerms { period: 1, ..terms(4) });
    ledger.settle(4);
    assert_eq!(ledger.state.contracts.len() + ledger.state.periods.len() + ledger.state.meters.len(), 0);
    assert!(ledger.state.account(BUYER).unwrap().escrow.is_zero());
}

#[test]
fn a_buyer_cannot_sign_for_more_than_it_has() {
    let mut ledger = Ledger::new();
    let dear = ContractTerms { energy: Energy::from_micro(8_000_000), ..terms(1) };
    ledger.publish(dear);
    let rejection = ledger.send(BUYER, sign(1)).unwrap_err();
    assert_eq!(rejection, Rejection::InsufficientFunds { needed: dear.escrow(), available: OPENING });
    assert_eq!(ledger.state.contract(ContractId(1)).unwrap().state, ContractState::Published);
}

#[test]
fn escrow_counts_for_contracts_together() {
    let mut ledger = Ledger::new();
    (1..=4).for_each(|id| ledger.publish(terms(id)));
    for id in 1..=3 {
        ledger.accept(BUYER, sign(id));
    }
    assert!(matches!(ledger.send(BUYER, sign(4)), Err(Rejection::InsufficientFunds { .. })));
}
