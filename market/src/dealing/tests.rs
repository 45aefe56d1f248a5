use std::collections::BTreeMap;

use proptest::prelude::*;

use super::*;
use crate::order::{Credit, GroupId};
use crate::problem::PeriodProblem;
use crate::problem::sample::{self, Draws};

fn kwh(value: f64) -> Energy {
    Energy::from_f64(value).unwrap()
}

fn offer(household: u32, energy: f64, reserve: f64, credit: u32) -> Offer {
    Offer {
        household: HouseholdId(household),
        group: GroupId(0),
        energy: kwh(energy),
        cost: Price::ZERO,
        keep_value: Price::from_f64(reserve).unwrap(),
        storable: kwh(energy),
        store_value: Price::ZERO,
        credit: Credit::from_micro(credit).unwrap(),
        setback: Price::ZERO,
    }
}

fn bid(household: u32, energy: f64, flexible: f64, expected: f64) -> Bid {
    Bid {
        household: HouseholdId(household),
        group: GroupId(1),
        energy: kwh(energy),
        flexible: kwh(flexible),
        later_price: Price::ZERO,
        expected_price: Price::from_f64(expected).unwrap(),
        tolerance: Price::ZERO,
        later_savings: None,
        credit: Credit::FULL,
    }
}

#[test]
fn cheaper_sellers_go_first_then_those_with_more_credit() {
    let offers =
        [offer(1, 2.0, 0.5, 10), offer(2, 2.0, 0.3, 0), offer(3, 2.0, 0.5, 20), offer(4, 2.0, 0.9, 99)];
    let bids = [bid(7, 3.0, 1.0, 0.6), bid(8, 3.0, 1.0, 0.8)];
    let scheme = Scheme {
        price: Some(Price::from_f64(0.6).unwrap()),
        sold: vec![4.5],
        stored: vec![9.0],
        moved: vec![0.5],
    };
    let awards = deal(&scheme, &offers, &bids);
    let trade = |seller, buyer, energy| Match {
        seller: HouseholdId(seller),
        buyer: HouseholdId(buyer),
        energy: kwh(energy),
        price: Price::from_f64(0.6).unwrap(),
    };
    assert_eq!(awards.trades, [trade(2, 8, 2.0), trade(3, 8, 1.0), trade(3, 7, 1.0), trade(1, 7, 0.5)]);
    assert_eq!(awards.moved, [(HouseholdId(7), kwh(0.5))], "the least content moves");
    assert_eq!(
        awards.stored,
        [(HouseholdId(4), kwh(2.0)), (HouseholdId(1), kwh(1.5))],
        "only what was not sold can be stored"
    );
}

#[test]
fn little_credit_sets_a_cheaper_seller_back() {
    let doubtful = Offer { setback: Price::from_f64(0.3).unwrap(), ..offer(2, 2.0, 0.3, 0) };
    let scheme = Scheme {
        price: Some(Price::from_f64(0.55).unwrap()),
        sold: vec![3.0],
        stored: vec![0.0],
        moved: vec![0.0],
    };
    let bids = [bid(7, 3.0, 0.0, 0.6)];
    let sellers = |offers: &[Offer]| -> Vec<(u32, Energy)> {
        deal(&scheme, offers, &bids).trades.iter().map(|trade| (trade.seller.0, trade.energy)).collect()
    };
    assert_eq!(sellers(&[offer(1, 2.0, 0.5, 10), offer(2, 2.0, 0.3, 0)]), [(2, kwh(2.0)), (1, kwh(1.0))]);
    // It still takes part: its own reserve price is below the price.
    assert_eq!(sellers(&[offer(1, 2.0, 0.5, 10), doubtful]), [(1, kwh(2.0)), (2, kwh(1.0))]);
}

fn sums(amounts: impl Iterator<Item = Amount>) -> BTreeMap<HouseholdId, Energy> {
    let mut sums = BTreeMap::new();
    for (household, energy) in amounts {
        *sums.entry(household).or_insert(Energy::ZERO) += energy;
    }
    sums
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(1000))]

    #[test]
    fn awards_keep_to_orders_and_to_merit(seed in any::<u64>()) {
        let mut draw = Draws::new(seed);
        let (terms, (offers, bids)) = (sample::terms(&mut draw), sample::orders(&mut draw));
        let problem = PeriodProblem::new(&terms, &offers, &bids);
        if !problem.is_tradeable() {
            return Ok(());
        }
        let genes: Vec<f64> = (0..problem.dimensions()).map(|_| draw.corner_or_inside()).collect();
        let scheme = problem.decode(&genes);
        let awards = deal(&scheme, &offers, &bids);

        let price = scheme.price.unwrap();
        let sold = sums(awards.trades.iter().map(|t| (t.seller, t.energy)));
        let bought = sums(awards.trades.iter().map(|t| (t.buyer, t.energy)));
        let stored = sums(awards.stored.iter().copied());
        let moved = sums(awards.moved.iter().copied());
        let of = |sums: &BTreeMap<HouseholdId, Energy>, household| {
            sums.get(&household).copied().unwrap_or(Energy::ZERO)
        };
        for offer in &offers {
            let (sells, stores) = (of(&sold, offer.household), of(&stored, offer.household));
            prop_assert!(sells + stores <= offer.energy && stores <= offer.storable);
            prop_assert!(sells.is_zero() || offer.reserve_price() <= price, "nobody sells below its reserve price");
            for other in offers.iter().filter(|other| other.group == offer.group) {
                // A cheaper seller of the group is sold out before a dearer one sells.
                if other.reserve_price() < offer.reserve_price() && sells.is_positive() {
                    prop_assert_eq!(of(&sold, other.household), other.energy);
                }
            }
        }
        for bid in &bids {
            let (buys, moves) = (of(&bought, bid.household), of(&moved, bid.household));
            prop_assert!(buys + moves <= bid.energy && moves <= bid.flexible);
        }
        let stored_in_all: Energy = stored.values().copied().sum();
        prop_assert!(stored_in_all <= terms.storage_room);
        prop_assert!(awards.trades.iter().all(|trade| trade.energy.is_positive() && trade.price == price));
        prop_assert_eq!(awards.mean_price(), awards.traded().is_positive().then_some(price));
        prop_assert!(awards.trades.len() < sold.len() + bought.len() + usize::from(sold.is_empty()));
        let difference = (awards.traded().to_f64() - scheme.traded()).abs();
        prop_assert!(difference < 1e-5, "each group is rounded once");
    }

    #[test]
    fn curtailed_trades_sum_to_what_is_allowed(
        energies in prop::collection::vec(1i64..10_000_000, 0..30),
        allowed in 0i64..100_000_000,
    ) {
        let trade = |(index, &energy): (usize, &i64)| Match {
            seller: HouseholdId(index as u32),
            buyer: HouseholdId(99),
            energy: Energy::from_micro(energy),
            price: Price::from_micro(1),
        };
        let before: Vec<Match> = energies.iter().enumerate().map(trade).collect();
        let total: i64 = energies.iter().sum();
        let mut trades = before.clone();
        let removed = curtail(&mut trades, Energy::from_micro(allowed));
        let left: i64 = trades.iter().map(|trade| trade.energy.micro()).sum();
        prop_assert_eq!(left, total.min(allowed));
        prop_assert_eq!(removed.micro(), total - left);
        for trade in &trades {
            let own = before.iter().find(|own| own.seller == trade.seller).unwrap();
            prop_assert!(trade.energy.is_positive() && trade.energy <= own.energy);
        }
    }
}
