//! Readings that are contested: who may, when, what waits for it, and what comes of it.

use proptest::prelude::*;

use super::*;

const PARTIES: [AccountId; 4] = [SELLER, BUYER, OTHER, AccountId(5)];

fn dispute(id: u64, account: AccountId) -> Operation {
    Operation::Dispute { contract: ContractId(id), account }
}

fn resolve(period: u32, account: AccountId, micro: i64) -> Operation {
    Operation::Resolve { period, account, measured: Energy::from_micro(micro) }
}

/// A ledger with contract 1, and what both meters say of it.
fn metered(seller: i64, buyer: i64) -> Ledger {
    let mut ledger = Ledger::new();
    ledger.agree(terms(1));
    ledger.meter(SELLER, seller);
    ledger.meter(BUYER, buyer);
    ledger
}

fn state_of(ledger: &Ledger, id: u64) -> ContractState {
    ledger.state.contract(ContractId(id)).unwrap().state
}

#[test]
fn a_false_reading_counts_as_what_the_grid_measured() {
    let mut ledger = metered(2_000_000, 2_000_000);
    assert_eq!(ledger.accept(BUYER, dispute(1, SELLER)), Change::Disputed { contracts: 1 });
    assert_eq!(state_of(&ledger, 1), ContractState::Disputed);
    let in_dispute = Rejection::InDispute { contract: ContractId(1) };
    assert_eq!(ledger.send(PLATFORM, settle(1)), Err(in_dispute));
    let (claimed, measured) = (Energy::from_micro(2_000_000), Energy::from_micro(500_000));
    assert_eq!(ledger.accept(GRID, resolve(0, SELLER, 500_000)), Change::Resolved { claimed, measured });
    assert_eq!(state_of(&ledger, 1), ContractState::Checked);
    let (state, settlement, _) = ledger.settle(1);
    assert_eq!((state, settlement.delivered), (ContractState::Defaulted, measured));
    assert_eq!(settlement.penalty_to_buyer, Money::from_micro(255_000), "1.5 kWh at 0.30 - 0.13");
}

#[test]
fn who_contests_an_honest_reading_changes_nothing() {
    let end = |is_contested: bool| {
        let mut ledger = metered(2_000_000, 2_000_000);
        if is_contested {
            ledger.accept(BUYER, dispute(1, SELLER));
            let honest = Energy::from_micro(2_000_000);
            let same = Change::Resolved { claimed: honest, measured: honest };
            assert_eq!(ledger.accept(GRID, resolve(0, SELLER, 2_000_000)), same);
        }
        let outcome = ledger.settle(1);
        let credit = [SELLER, BUYER].map(|id| ledger.state.account(id).unwrap().credit);
        (outcome, credit, ledger.balance(SELLER), ledger.balance(BUYER))
    };
    assert_eq!(end(true), end(false));
}

#[test]
fn all_contracts_of_the_account_in_the_period_wait_and_no_others() {
    let mut ledger = Ledger::new();
    let later = ContractTerms { period: 1, ..terms(9) };
    let others = ContractTerms { seller: OTHER, buyer: PARTIES[3], ..terms(3) };
    let sold_on = ContractTerms { seller: BUYER, buyer: OTHER, ..terms(2) };
    let unsigned = ContractTerms { buyer: OTHER, ..terms(4) };
    [terms(1), sold_on, others, later].into_iter().for_each(|terms| ledger.agree(terms));
    ledger.publish(unsigned);
    ledger.meter(SELLER, 1);
    assert_eq!(ledger.accept(GRID, dispute(1, SELLER)), Change::Disputed { contracts: 1 });
    use ContractState::{Checked, Disputed, Published};
    let states = [1, 2, 3, 4, 9].map(|id| state_of(&ledger, id));
    assert_eq!(states, [Disputed, Checked, Checked, Published, Checked]);
    // What is behind it waits its turn, or contracts would be served in another order.
    assert_eq!(ledger.send(PLATFORM, settle(2)), Err(Rejection::OutOfOrder { first: ContractId(1) }));
}

#[test]
fn a_contract_waits_until_the_readings_of_both_parties_are_settled() {
    let mut ledger = metered(2_000_000, 1);
    ledger.accept(BUYER, dispute(1, SELLER));
    ledger.accept(SELLER, dispute(1, BUYER));
    ledger.accept(GRID, resolve(0, SELLER, 2_000_000));
    assert_eq!(state_of(&ledger, 1), ContractState::Disputed);
    ledger.accept(GRID, resolve(0, BUYER, 2_000_000));
    assert_eq!(ledger.settle(1).0, ContractState::Settled);
}

#[test]
fn a_contract_that_is_approved_during_the_dispute_waits_too() {
    let mut ledger = metered(2_000_000, 2_000_000);
    ledger.publish(terms(2));
    ledger.accept(BUYER, sign(2));
    ledger.accept(GRID, dispute(1, SELLER));
    ledger.accept(GRID, check(0, &[2], &[]));
    assert_eq!(state_of(&ledger, 2), ContractState::Disputed);
    // Approving it once more does not end the dispute.
    let in_dispute = Rejection::InDispute { contract: ContractId(2) };
    assert_eq!(ledger.send(GRID, check(0, &[2], &[])), Err(in_dispute));
    ledger.accept(GRID, resolve(0, SELLER, 2_000_000));
    assert_eq!(state_of(&ledger, 2), ContractState::Checked);
}

#[test]
fn who_is_none_of_the_contract_neither_contests_nor_is_contested_and_only_the_grid_resolves() {
    let mut ledger = metered(2_000_000, 2_000_000);
    let no_party = |account| Err(Rejection::NoParty { contract: ContractId(1), account });
    assert_eq!(ledger.send(OTHER, dispute(1, SELLER)), no_party(OTHER));
    assert_eq!(ledger.send(PLATFORM, dispute(1, SELLER)), no_party(PLATFORM));
    assert_eq!(ledger.send(GRID, dispute(1, OTHER)), no_party(OTHER));
    ledger.accept(SELLER, dispute(1, SELLER));
    let only_grid = Err(Rejection::NotEntitled { entitled: GRID });
    assert_eq!(ledger.send(BUYER, resolve(0, SELLER, 0)), only_grid);
    assert_eq!(ledger.send(PLATFORM, resolve(0, SELLER, 0)), only_grid);
}

#[test]
fn a_reading_is_contested_once_and_resolved_once() {
    let mut ledger = metered(2_000_000, 2_000_000);
    let twice = Err(Rejection::AlreadyDisputed { period: 0, account: SELLER });
    let not_disputed = Err(Rejection::NotDisputed { period: 0, account: SELLER });
    assert_eq!(ledger.send(GRID, resolve(0, SELLER, 0)), not_disputed);
    ledger.accept(BUYER, dispute(1, SELLER));
    assert_eq!(ledger.send(GRID, dispute(1, SELLER)), twice);
    assert_eq!(ledger.send(GRID, resolve(0, SELLER, -1)), Err(Rejection::BadMeter));
    assert_eq!(ledger.send(GRID, resolve(0, SELLER, 1_000_000_000_001)), Err(Rejection::BadMeter));
    ledger.accept(GRID, resolve(0, SELLER, 7));
    assert_eq!(ledger.send(GRID, resolve(0, SELLER, 8)), not_disputed);
    assert_eq!(ledger.send(BUYER, dispute(1, SELLER)), twice);
    let meter = ledger.send(SELLER, Operation::Meter { period: 0, ready: Energy::ZERO });
    assert_eq!(meter, Err(Rejection::MeteredTwice { period: 0 }), "nor is it sent again");
}

#[test]
fn there_must_be_a_reading_and_a_contract_to_be_delivered() {
    let mut ledger = Ledger::new();
    let unknown = Rejection::UnknownContract { contract: ContractId(1) };
    assert_eq!(ledger.send(GRID, dispute(1, SELLER)), Err(unknown));
    ledger.publish(terms(1));
    let (contract, to) = (ContractId(1), ContractState::Disputed);
    let illegal = Rejection::IllegalTransition { contract, from: ContractState::Published, to };
    assert_eq!(ledger.send(GRID, dispute(1, SELLER)), Err(illegal));
    ledger.accept(BUYER, sign(1));
    ledger.accept(GRID, check(0, &[1], &[]));
    let nothing = Rejection::NothingToDispute { period: 0, account: SELLER };
    assert_eq!(ledger.send(GRID, dispute(1, SELLER)), Err(nothing));
}

#[test]
fn nothing_is_contested_once_the_period_is_being_settled() {
    let mut ledger = metered(2_000_000, 2_000_000);
    ledger.agree(terms(2));
    ledger.settle(1);
    assert_eq!(ledger.send(GRID, dispute(2, SELLER)), Err(Rejection::PeriodClosed { period: 0 }));
}

#[test]
fn a_dispute_lapses_with_the_first_settlement_of_a_later_period_and_the_readings_stand() {
    let mut ledger = metered(2_000_000, 2_000_000);
    ledger.agree(terms(2));
    ledger.publish(ContractTerms { period: 1, seller: OTHER, ..terms(3) });
    ledger.accept(BUYER, dispute(1, SELLER));
    // Somebody else's contract that was never signed will do: time has passed.
    assert_eq!(ledger.settle(3).0, ContractState::Cancelled);
    assert_eq!(ledger.settle(1).0, ContractState::Settled);
    let closed = Rejection::PeriodClosed { period: 0 };
    assert_eq!(ledger.send(GRID, resolve(0, SELLER, 0)), Err(closed), "or energy would count twice");
    assert_eq!(ledger.settle(2).0, ContractState::Defaulted, "the reading was of 2 kWh");
    assert_eq!(ledger.state.contracts.len() + ledger.state.periods.len() + ledger.state.meters.len(), 0);
    assert!(ledger.state.account(BUYER).unwrap().escrow.is_zero());
}

#[test]
fn the_last_period_never_opens_because_it_could_not_be_closed() {
    let mut ledger = Ledger::new();
    let last = Operation::Publish { terms: ContractTerms { period: u32::MAX, ..terms(1) } };
    assert_eq!(ledger.send(SELLER, last), Err(Rejection::PeriodClosed { period: u32::MAX }));
}

/// A contract of period 0, and whether it is between different accounts.
fn contract(id: u64, (energy, seller, buyer): (i64, usize, usize)) -> Option<ContractTerms> {
    let energy = Energy::from_micro(energy);
    (seller != buyer).then(|| ContractTerms {
        energy,
        seller: PARTIES[seller],
        buyer: PARTIES[buyer],
        ..terms(id)
    })
}

/// What an account says, and what the grid measures if it is contested; and before how many settlements it resolves that.
type Reading = (i64, Option<(i64, usize)>);

fn any_reading() -> impl Strategy<Value = Reading> {
    (0i64..1_500_000, prop::option::of((0i64..1_500_000, 0usize..12)))
}

/// Contests and resolves readings among attempts to settle, until everything is settled.
fn settle_with_disputes(ledger: &mut Ledger, contracts: &[ContractTerms], readings: &[Reading]) {
    let mut to_resolve = Vec::new();
    for (account, reading) in PARTIES.into_iter().zip(readings) {
        ledger.meter(account, reading.0);
        let of_account = contracts.iter().find(|it| it.seller == account || it.buyer == account);
        if let (Some((measured, attempts)), Some(terms)) = (reading.1, of_account) {
            ledger.accept(GRID, dispute(terms.id.0, account));
            to_resolve.push((attempts, account, measured));
        }
    }
    let mut open = contracts.to_vec();
    for attempt in 0.. {
        for (_, account, measured) in to_resolve.iter().filter(|(attempts, ..)| *attempts == attempt) {
            ledger.accept(GRID, resolve(0, *account, *measured));
        }
        open.retain(|terms| ledger.send(PLATFORM, settle(terms.id.0)).is_err());
        if open.is_empty() {
            return;
        }
    }
}

/// Something about contracts 1 to 8, of which the even ones are of period 1.
fn any_step_of_delivery() -> impl Strategy<Value = (AccountId, Operation)> {
    let party = || prop::sample::select(PARTIES.to_vec());
    let energy = || (0i64..1_500_000).prop_map(Energy::from_micro);
    let id = || (1u64..9).prop_map(ContractId);
    prop_oneof![
        4 => (party(), 0u32..2, energy()).prop_map(|(who, period, ready)| (who, Operation::Meter { period, ready })),
        4 => (id(), party()).prop_map(|(contract, account)| (GRID, Operation::Dispute { contract, account })),
        3 => (0u32..2, party(), energy())
            .prop_map(|(period, account, measured)| (GRID, Operation::Resolve { period, account, measured })),
        3 => id().prop_map(|contract| (PLATFORM, Operation::Settle { contract })),
    ]
}

proptest! {
    /// The accounts end as if everybody had metered what the grid measured, whenever it did so.
    #[test]
    fn what_everybody_gets_does_not_depend_on_when_disputes_are_resolved(
        agreed in prop::collection::vec((1i64..1_000_000, 0usize..4, 0usize..4), 1..8),
        readings in prop::collection::vec(any_reading(), 4),
    ) {
        let contracts: Vec<ContractTerms> =
            (1..).zip(agreed).filter_map(|(id, agreed)| contract(id, agreed)).collect();
        prop_assume!(!contracts.is_empty());
        let run = |readings: &[Reading]| {
            let mut ledger = Ledger::new();
            contracts.iter().for_each(|terms| ledger.agree(*terms));
            settle_with_disputes(&mut ledger, &contracts, readings);
            ledger.state.accounts().map(|it| (it.balance, it.escrow, it.credit)).collect::<Vec<_>>()
        };
        let counts = |reading: &Reading| reading.1.map_or(reading.0, |(measured, _)| measured);
        let undisputed: Vec<Reading> = readings.iter().map(|reading| (counts(reading), None)).collect();
        prop_assert_eq!(run(&readings), run(&undisputed));
    }

    /// Whatever comes in whatever order, all contracts of an account and a period together give it no more than its reading, or
    /// than what the grid measured where that was contested in time. [`Ledger::send`] checks that money is conserved.
    #[test]
    fn nobody_gets_more_than_it_metered_or_the_grid_measured(
        agreed in prop::collection::vec((1i64..1_000_000, 0usize..4, 0usize..4), 8),
        steps in prop::collection::vec(any_step_of_delivery(), 0..80),
    ) {
        let mut ledger = Ledger::new();
        let contracts: Vec<ContractTerms> =
            (1..).zip(agreed).filter_map(|(id, agreed)| contract(id, agreed)).collect();
        for terms in &contracts {
            ledger.agree(ContractTerms { period: (1 - terms.id.0 % 2) as u32, ..*terms });
        }
        let (mut counts, mut given) = (BTreeMap::new(), BTreeMap::new());
        for (sender, operation) in steps {
            let contract = operation.contract().and_then(|id| ledger.state.contract(id)).copied();
            match (&operation, ledger.send(sender, operation.clone())) {
                (Operation::Meter { period, ready }, Ok(_)) => {
                    counts.insert((*period, sender), *ready);
                }
                (Operation::Resolve { period, account, measured }, Ok(_)) => {
                    counts.insert((*period, *account), *measured);
                }
                (_, Ok(Change::Closed { settlement, .. })) => {
                    let terms = contract.expect("what is closed was open").terms;
                    for place in [terms.seller, terms.buyer].map(|party| (terms.period, party)) {
                        *given.entry(place).or_insert(Energy::ZERO) += settlement.delivered;
                    }
                }
                _ => (),
            }
        }
        for (place, given) in given {
            let counts = counts.get(&place).copied().unwrap_or_default();
            prop_assert!(given <= counts, "{given} of {counts} kWh");
        }
    }
}
