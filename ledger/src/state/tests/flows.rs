//! What every validator computes of the flows itself.

use proptest::prelude::*;

use super::*;
use crate::device::Line;

fn kwh(micro: i64) -> Energy {
    Energy::from_micro(micro)
}

fn line(from: u32, limit: i64) -> Line {
    Line { from, limit: Some(kwh(limit)) }
}

/// A ledger on which the seller's device is at a place of a feeder.
fn with_lines(place: u32, lines: &[Line]) -> Ledger {
    let mut config = config(1);
    config.lines = lines.to_vec();
    config.devices[0].place = place;
    Ledger::of(config)
}

/// Contracts of 2 kWh each, published and signed.
fn signed(ledger: &mut Ledger, ids: &[u64]) {
    for &id in ids {
        ledger.publish(terms(id));
        ledger.accept(BUYER, sign(id));
    }
}

/// The grid approves contracts beside these loads (micro-kWh).
fn approve(ledger: &mut Ledger, ids: &[u64], loads: &[i64]) -> Result<Change, Rejection> {
    let approved = ids.iter().map(|id| ContractId(*id)).collect();
    let loads = loads.iter().map(|load| kwh(*load)).collect();
    ledger.send(GRID, Operation::Check { period: 0, approved, rejected: Vec::new(), loads })
}

fn overload(place: u32, flow: i64, limit: i64) -> Rejection {
    Rejection::Overload { place, flow: kwh(flow), limit: kwh(limit) }
}

#[test]
fn all_trades_together_stay_within_what_the_grid_carries() {
    let mut ledger = Ledger::of(GenesisConfig { carried_max: Some(kwh(5_000_000)), ..config(1) });
    signed(&mut ledger, &[1, 2, 3]);
    assert_eq!(approve(&mut ledger, &[1, 2, 3], &[]), Err(overload(0, 6_000_000, 5_000_000)));
    approve(&mut ledger, &[1], &[]).unwrap();
    approve(&mut ledger, &[2], &[]).unwrap();
    assert_eq!(approve(&mut ledger, &[3], &[]), Err(overload(0, 6_000_000, 5_000_000)), "with earlier ones");
}

#[test]
fn each_line_bears_what_is_fed_in_behind_it() {
    // Substation - 1 - 2, the seller at 2.
    let mut ledger = with_lines(2, &[line(0, 3_000_000), line(1, 3_000_000)]);
    signed(&mut ledger, &[1, 2]);
    assert_eq!(approve(&mut ledger, &[1, 2], &[0, 0, 0]), Err(overload(2, 4_000_000, 3_000_000)));
    // Half a kWh is drawn at 2 in any case, and one fed in at 1: the first line is the one that binds.
    let loads = [0, -1_000_000, 1_000_000];
    assert_eq!(approve(&mut ledger, &[1, 2], &loads), Err(overload(1, 4_000_000, 3_000_000)));
    approve(&mut ledger, &[1, 2], &[0, 0, 1_000_000]).unwrap();
}

#[test]
fn trades_answer_for_what_they_make_worse_and_no_more() {
    // 5 kWh are drawn over a line of 3: what is fed in behind it helps.
    let mut ledger = with_lines(1, &[line(0, 3_000_000)]);
    signed(&mut ledger, &[1]);
    approve(&mut ledger, &[1], &[0, 5_000_000]).unwrap();
    // 5 kWh are fed in: what comes on top is refused.
    let mut ledger = with_lines(1, &[line(0, 3_000_000)]);
    signed(&mut ledger, &[1]);
    assert_eq!(approve(&mut ledger, &[1], &[0, -5_000_000]), Err(overload(1, 7_000_000, 5_000_000)));
}

#[test]
fn what_is_only_rejected_asks_nothing_of_the_lines() {
    let mut ledger = with_lines(1, &[line(0, 3_000_000)]);
    signed(&mut ledger, &[1, 2]);
    approve(&mut ledger, &[1], &[0, 0]).unwrap();
    ledger.accept(GRID, check(0, &[], &[2]));
    assert_eq!(ledger.state.contract(ContractId(2)).unwrap().state, ContractState::Cancelled);
}

#[test]
fn loads_are_said_for_each_place_and_within_range() {
    let mut ledger = with_lines(1, &[line(0, 3_000_000)]);
    signed(&mut ledger, &[1]);
    for loads in [&[][..], &[0], &[0, 0, 0], &[0, i64::MIN], &[1_000_000_000_001, 0]] {
        assert_eq!(approve(&mut ledger, &[1], loads), Err(Rejection::BadLoads));
    }
    approve(&mut ledger, &[1], &[0, 1_000_000_000_000]).unwrap();
}

#[test]
fn a_feeder_that_is_none_is_refused() {
    let mut config = config(1);
    config.lines = vec![line(0, 1), line(2, 1)];
    assert!(Genesis::new(config).is_err(), "a line that comes from behind itself");
}

proptest! {
    /// Against a sum over every pair of a line and a place behind it.
    #[test]
    fn the_check_is_that_of_adding_up_place_by_place(
        parents in prop::collection::vec(any::<prop::sample::Index>(), 1..7),
        limits in prop::collection::vec(prop::option::of(0i64..6_000_000), 7),
        loads in prop::collection::vec(-3_000_000i64..3_000_000, 7),
        place in any::<prop::sample::Index>(),
        contracts in 0u64..3,
    ) {
        let lines: Vec<Line> = parents.iter().enumerate().map(|(index, parent)| Line {
            from: parent.index(index + 1) as u32,
            limit: limits[index].map(kwh),
        }).collect();
        let places = lines.len() + 1;
        let place = place.index(places);
        let is_behind = |mut place: usize, line: usize| loop {
            if place == line + 1 {
                return true;
            }
            if place == 0 {
                return false;
            }
            place = lines[place - 1].from as usize;
        };
        let fits = (0..lines.len()).all(|line| {
            let behind = (0..places).filter(|&it| is_behind(it, line));
            let without: i64 = behind.map(|it| loads[it]).sum();
            let fed_in = if is_behind(place, line) { 2_000_000 * contracts as i64 } else { 0 };
            limits[line].is_none_or(|limit| (without - fed_in).abs() <= limit.max(without.abs()))
        });
        let mut ledger = with_lines(place as u32, &lines);
        let ids: Vec<u64> = (1..=contracts).collect();
        signed(&mut ledger, &ids);
        prop_assert_eq!(approve(&mut ledger, &ids, &loads[..places]).is_ok(), fits);
    }
}
