//! Lots, devices, transfers and expiry.

use proptest::prelude::*;

use super::*;
use crate::contract::{ENERGY_MAX, PRICE_MAX};

fn kwh(micro: i64) -> Energy {
    Energy::from_micro(micro)
}

/// A contract of 2 kWh about a lot of a device.
fn about(id: u64, device: u32, sequence: u32) -> ContractTerms {
    ContractTerms { lot: Lot { device: DeviceId(device), sequence }, ..terms(id) }
}

fn publish(terms: ContractTerms) -> Operation {
    Operation::Publish { terms }
}

/// A ledger on which the seller's device has this content, generation and rating.
fn with_device(content: Option<i64>, generation: i64, rating: i64) -> Ledger {
    let mut config = config(1);
    config.devices[0] = Device {
        rating: kwh(rating),
        generation: kwh(generation),
        content: content.map(kwh),
        ..config.devices[0]
    };
    Ledger::of(config)
}

#[test]
fn a_lot_is_sold_once_whichever_contract_comes_first() {
    for order in [[1, 2], [2, 1]] {
        let mut ledger = Ledger::new();
        ledger.accept(SELLER, publish(about(order[0], 0, 0)));
        let again = ledger.send(SELLER, publish(about(order[1], 0, 0)));
        assert_eq!(again, Err(Rejection::WrongLot { expected: 1, found: 0 }));
        // One that was refused leaves a gap behind, and no lot of it comes back.
        ledger.accept(SELLER, publish(about(order[1], 0, 2)));
        let before = ledger.send(SELLER, publish(about(3, 0, 1)));
        assert_eq!(before, Err(Rejection::WrongLot { expected: 3, found: 1 }));
    }
}

#[test]
fn a_device_sells_what_it_can_deliver_in_a_period_and_no_more() {
    let mut ledger = with_device(None, 0, 5_000_000);
    ledger.accept(SELLER, publish(about(1, 0, 0)));
    ledger.accept(SELLER, publish(about(2, 0, 1)));
    let left = kwh(1_000_000);
    assert_eq!(ledger.send(SELLER, publish(about(3, 0, 2))), Err(Rejection::Oversold { left }));
    ledger.accept(SELLER, publish(ContractTerms { energy: left, ..about(3, 0, 2) }));
    // Each period has lots of its own.
    ledger.accept(SELLER, publish(ContractTerms { period: 1, ..about(4, 0, 0) }));
    // What the grid cancels can be sold again, as another lot.
    ledger.accept(GRID, check(0, &[], &[1]));
    assert_eq!(
        ledger.send(SELLER, publish(about(5, 0, 0))),
        Err(Rejection::WrongLot { expected: 3, found: 0 })
    );
    ledger.accept(SELLER, publish(about(5, 0, 3)));
    assert_eq!(ledger.state.supply(0, DeviceId(0)), Supply { promised: kwh(5_000_000), lots: 4 });
}

#[test]
fn nobody_sells_from_a_device_of_another_or_from_none() {
    let mut ledger = Ledger::new();
    assert_eq!(ledger.send(SELLER, publish(about(1, 1, 0))), Err(Rejection::NotEntitled { entitled: BUYER }));
    let device = DeviceId(4);
    assert_eq!(ledger.send(SELLER, publish(about(1, 4, 0))), Err(Rejection::UnknownDevice { device }));
}

#[test]
fn a_device_with_an_account_sells_what_it_holds_and_makes() {
    let mut ledger = with_device(Some(1_000_000), 500_000, 3_000_000);
    let device = DeviceId(0);
    let left = |micro| Err(Rejection::Oversold { left: kwh(micro) });
    assert_eq!(ledger.send(SELLER, publish(about(1, 0, 0))), left(1_500_000));
    let charge = |micro| Operation::Charge { device, energy: kwh(micro) };
    let discharge = |micro| Operation::Discharge { device, energy: kwh(micro) };
    assert_eq!(ledger.accept(SELLER, charge(1_000_000)), Change::Accounted { content: kwh(2_000_000) });
    ledger.accept(SELLER, publish(about(1, 0, 0)));
    assert_eq!(ledger.accept(SELLER, discharge(900_000)), Change::Accounted { content: kwh(1_100_000) });
    assert_eq!(ledger.send(SELLER, publish(about(2, 0, 1))), left(0));
    // The rating binds where the content does not.
    ledger.accept(SELLER, charge(50_000_000));
    assert_eq!(ledger.send(SELLER, publish(about(2, 0, 1))), left(1_000_000));
}

#[test]
fn an_account_of_a_device_is_kept_by_its_owner_and_stays_in_range() {
    let mut ledger = with_device(Some(1_000_000), 0, 3_000_000);
    let device = DeviceId(0);
    let content = kwh(1_000_000);
    let mut refuses = |sender, operation, reason| assert_eq!(ledger.send(sender, operation), Err(reason));
    let charge = |device, energy| Operation::Charge { device, energy };
    refuses(BUYER, charge(device, kwh(1)), Rejection::NotEntitled { entitled: SELLER });
    refuses(BUYER, charge(DeviceId(1), kwh(1)), Rejection::NoContent { device: DeviceId(1) });
    refuses(BUYER, charge(DeviceId(9), kwh(1)), Rejection::UnknownDevice { device: DeviceId(9) });
    for energy in [kwh(0), kwh(-1), Energy::MAX, Energy::from_micro(i64::MIN), kwh(1_000_000_000_000)] {
        refuses(SELLER, charge(device, energy), Rejection::BadContent { content });
    }
    for energy in [kwh(0), kwh(-1), Energy::from_micro(i64::MIN), kwh(1_000_001)] {
        refuses(SELLER, Operation::Discharge { device, energy }, Rejection::BadContent { content });
    }
    ledger.accept(SELLER, Operation::Discharge { device, energy: content });
}

#[test]
fn the_grid_alone_enrols_devices_one_after_the_other() {
    let mut ledger = Ledger::new();
    let new = Device { rating: kwh(2_000_000), ..device(SELLER) };
    let enrol = |id, device| Operation::Enrol { id: DeviceId(id), device };
    assert_eq!(ledger.send(SELLER, enrol(4, new)), Err(Rejection::NotEntitled { entitled: GRID }));
    assert_eq!(ledger.send(GRID, enrol(5, new)), Err(Rejection::UnknownDevice { device: DeviceId(5) }));
    let of_platform = enrol(4, device(PLATFORM));
    assert_eq!(ledger.send(GRID, of_platform), Err(Rejection::NoTrader { party: PLATFORM }));
    for bad in [
        Device { rating: kwh(-1), ..new },
        Device { generation: Energy::MAX, ..new },
        Device { content: Some(kwh(-1)), ..new },
        Device { place: 1, ..new },
    ] {
        assert_eq!(ledger.send(GRID, enrol(4, bad)), Err(Rejection::BadDevice));
    }
    let left = kwh(0);
    assert_eq!(ledger.accept(GRID, enrol(4, new)), Change::Enrolled);
    ledger.accept(SELLER, publish(about(1, 4, 0)));
    assert_eq!(ledger.send(SELLER, publish(about(2, 4, 1))), Err(Rejection::Oversold { left }));
    // Certified anew, for more.
    ledger.accept(GRID, enrol(4, device(SELLER)));
    ledger.accept(SELLER, publish(about(2, 4, 1)));
}

#[test]
fn what_devices_have_sold_is_forgotten_with_the_period() {
    let mut ledger = Ledger::new();
    ledger.agree(terms(1));
    assert_eq!(ledger.state.supply(0, DeviceId(0)).lots, 1);
    ledger.settle(1);
    assert!(ledger.state.supplies.is_empty());
}

#[test]
fn money_goes_to_another_account_and_no_further_than_it_reaches() {
    let mut ledger = Ledger::new();
    let transfer = |to, micro| Operation::Transfer { to, amount: Money::from_micro(micro) };
    assert_eq!(ledger.accept(SELLER, transfer(BUYER, 400_000)), Change::Transferred);
    assert_eq!((ledger.balance(SELLER), ledger.balance(BUYER)), (600_000, 1_400_000));
    let (needed, available) = (Money::from_micro(600_001), Money::from_micro(600_000));
    let funds = Rejection::InsufficientFunds { needed, available };
    assert_eq!(ledger.send(SELLER, transfer(BUYER, 600_001)), Err(funds));
    for bad in [transfer(BUYER, 0), transfer(BUYER, -1), transfer(SELLER, 1), transfer(AccountId(99), 1)] {
        assert_eq!(ledger.send(SELLER, bad), Err(Rejection::BadTransfer));
    }
}

#[test]
fn a_seller_cannot_give_away_what_it_would_owe_its_buyers() {
    let mut ledger = Ledger::new();
    ledger.agree(terms(1));
    // 2 kWh, 0.30 outside and 0.13 here.
    let (needed, available) = (Money::from_micro(660_001), Money::from_micro(660_000));
    let transfer = |amount| Operation::Transfer { to: OTHER, amount };
    let funds = Rejection::InsufficientFunds { needed, available };
    assert_eq!(ledger.send(SELLER, transfer(needed)), Err(funds));
    ledger.accept(SELLER, transfer(available));
    let (_, settlement, unpaid) = ledger.settle(1);
    assert_eq!((settlement.penalty_to_buyer, unpaid), (Money::from_micro(340_000), Money::ZERO));
    assert!(ledger.state.liabilities.is_empty());
}

#[test]
fn however_much_sellers_promise_no_sum_overflows() {
    let mut config = config(1);
    config.limits.open_contracts = 100;
    config.devices[0].rating = ENERGY_MAX;
    let mut ledger = Ledger::of(config);
    // 1e11 of liability each: a hundred of them are beyond 64 bits.
    for period in 0..100 {
        let (free, outside_price) = (Price::ZERO, PRICE_MAX);
        let terms = ContractTerms {
            period,
            energy: ENERGY_MAX,
            seller_price: free,
            buyer_price: free,
            grid_fee: free,
            platform_fee: free,
            outside_price,
            ..about(u64::from(period) + 1, 0, 0)
        };
        ledger.accept(SELLER, publish(terms));
    }
    let transfer = Operation::Transfer { to: BUYER, amount: Money::from_micro(1) };
    let (needed, available) = (Money::from_micro(1), Money::ZERO);
    assert_eq!(ledger.send(SELLER, transfer), Err(Rejection::InsufficientFunds { needed, available }));
    for id in 1..=100 {
        ledger.settle(id);
    }
    assert!(ledger.state.liabilities.is_empty());
}

#[test]
fn an_expired_transaction_does_nothing_but_use_its_nonce() {
    let mut ledger = Ledger::new();
    let at = |ledger: &mut Ledger, nonce, expiry_micros, time_micros| {
        let operation = Operation::Transfer { to: BUYER, amount: Money::from_micro(1) };
        let transaction = Transaction { chain: 1, sender: SELLER, nonce, expiry_micros, operation };
        let signer = ledger.state.genesis().signer(SELLER).unwrap();
        ledger.state.enter(1, time_micros);
        ledger.state.apply(&SignedTransaction::sign(transaction, &signer)).rejection().cloned()
    };
    assert_eq!(at(&mut ledger, 0, Some(10), 10), None, "in time to the last");
    let late = Rejection::Expired { expiry_micros: 10, time_micros: 11 };
    assert_eq!(at(&mut ledger, 1, Some(10), 11), Some(late));
    assert_eq!(at(&mut ledger, 2, None, u64::MAX), None);
    assert_eq!(ledger.balance(BUYER), 1_000_002);
}

proptest! {
    /// Nothing that is sent makes a device promise more than it can, or one lot twice.
    #[test]
    fn promises_of_a_device_are_those_of_its_contracts_and_within_its_rating(
        steps in prop::collection::vec(any_step(), 0..80),
    ) {
        let mut config = config(1);
        config.devices.iter_mut().for_each(|device| device.rating = kwh(4_000_000));
        let mut ledger = Ledger::of(config);
        let certifies = |(_, operation): &(AccountId, Operation)| matches!(operation, Operation::Enrol { .. });
        for (sender, operation) in steps.into_iter().filter(|step| !certifies(step)) {
            let _ = ledger.send(sender, operation);
            for (&(period, id), supply) in &ledger.state.supplies {
                let of_device = ledger.state.contracts.values().filter(|contract| {
                    contract.terms.period == period
                        && contract.terms.lot.device == id
                        && contract.state != ContractState::Cancelled
                });
                let (mut energy, mut sequences) = (Energy::ZERO, Vec::new());
                for contract in of_device {
                    energy += contract.terms.energy;
                    sequences.push(contract.terms.lot.sequence);
                }
                sequences.sort_unstable();
                prop_assert!(sequences.windows(2).all(|pair| pair[0] < pair[1]));
                prop_assert!(energy <= supply.promised && supply.promised <= kwh(4_000_000));
            }
        }
    }
}
