//! Who comes first gains nothing: a period's orders are cleared together, and a block's contracts are settled by their numbers.
//! In a continuous market, which clears each order as it comes, who sees the others' orders and comes first does gain.

use std::sync::Arc;

use goshawk_ledger::{AccountId, Digest, SignatureScheme};
use goshawk_market::mechanism::{MECHANISM_NAMES, MechanismSettings, mechanism_by_name};
use goshawk_market::order::{Bid, Credit, GroupId, HouseholdId, Offer, Terms};
use goshawk_market::problem::PeriodProblem;
use goshawk_market::quantity::{Energy, Price};

use crate::arena::{Arena, Conduct, Rules};
use crate::community::{Community, genesis};

fn kwh(micro: i64) -> Energy {
    Energy::from_micro(micro)
}

fn price(micro: i64) -> Price {
    Price::from_micro(micro)
}

fn terms() -> Terms {
    Terms {
        grid_price: price(300_000),
        company_price: price(280_000),
        grid_fee: price(10_000),
        platform_fee: price(5_000),
        price_min: Price::ZERO,
        price_max: price(10_000_000),
        storage_room: Energy::ZERO,
    }
}

fn offer(household: u32, energy: i64, cost: i64) -> Offer {
    Offer {
        household: HouseholdId(household),
        group: GroupId(0),
        energy: kwh(energy),
        cost: price(cost),
        keep_value: Price::ZERO,
        storable: Energy::ZERO,
        store_value: Price::ZERO,
        credit: Credit::FULL,
        setback: Price::ZERO,
    }
}

fn bid(household: u32, energy: i64) -> Bid {
    Bid {
        household: HouseholdId(household),
        group: GroupId(1),
        energy: kwh(energy),
        flexible: Energy::ZERO,
        later_price: price(280_000),
        expected_price: price(196_000),
        tolerance: price(140_000),
        later_savings: None,
        credit: Credit::FULL,
    }
}

/// The attacker and two more sellers, with twice what the buyers want.
const ATTACKER: HouseholdId = HouseholdId(2);
fn offers() -> Vec<Offer> {
    vec![offer(0, 2_000_000, 60_000), offer(1, 3_000_000, 50_000), offer(2, 2_500_000, 70_000)]
}
fn bids() -> Vec<Bid> {
    vec![bid(3, 1_200_000), bid(4, 900_000), bid(5, 1_500_000)]
}

/// What a kWh costs a seller.
fn cost_of(seller: HouseholdId) -> Price {
    offers().iter().find(|offer| offer.household == seller).unwrap().cost
}

/// What a seller earns above its cost, in 1e-12 currency.
type Profit = i128;

/// A continuous market: each bid is served at once by the sellers who are there, in the order in which they came, at the middle
/// of the price band.
fn continuous(offers: &[Offer], bids: &[Bid], seller: HouseholdId) -> Profit {
    let band = terms().price_band().unwrap();
    let price = price((band.lowest.micro() + band.highest.micro()) / 2);
    let mut left: Vec<(Offer, Energy)> = offers.iter().map(|offer| (*offer, offer.energy)).collect();
    let mut sold = Energy::ZERO;
    for bid in bids {
        let mut wanted = bid.energy;
        for (offer, left) in &mut left {
            let energy = wanted.min(*left);
            (*left, wanted) = (*left - energy, wanted - energy);
            if offer.household == seller {
                sold += energy;
            }
        }
    }
    i128::from((price - cost_of(seller)).micro()) * i128::from(sold.micro())
}

/// The same by a mechanism of ours.
fn sealed(mechanism: &str, offers: &[Offer], bids: &[Bid], seller: HouseholdId) -> Profit {
    let problem = PeriodProblem::new(&terms(), offers, bids);
    let mut settings = MechanismSettings::default();
    settings.optimizer.iterations = 40;
    let clearing = mechanism_by_name(mechanism, &settings).unwrap().clear(&problem, [1, 2]);
    let of_seller = clearing.awards.trades.iter().filter(|trade| trade.seller == seller);
    of_seller
        .map(|trade| i128::from((trade.price - cost_of(seller)).micro()) * i128::from(trade.energy.micro()))
        .sum()
}

/// All orders of three.
const ORDERS: [[usize; 3]; 6] = [[0, 1, 2], [0, 2, 1], [1, 0, 2], [1, 2, 0], [2, 0, 1], [2, 1, 0]];

fn in_order<T: Copy>(all: &[T], order: [usize; 3]) -> Vec<T> {
    order.map(|place| all[place]).to_vec()
}

#[test]
fn who_comes_first_gains_in_a_continuous_market_and_nothing_in_ours() {
    let profits = |market: &dyn Fn(&[Offer], &[Bid]) -> Profit| -> Vec<Profit> {
        let mut all: Vec<Profit> = Vec::new();
        for order in ORDERS {
            for bids_order in ORDERS {
                all.push(market(&in_order(&offers(), order), &in_order(&bids(), bids_order)));
            }
        }
        all
    };
    let of_continuous = profits(&|offers, bids| continuous(offers, bids, ATTACKER));
    let (least, most) = (of_continuous.iter().min().unwrap(), of_continuous.iter().max().unwrap());
    assert!(*least == 0 && *most > 0, "last it sells nothing, first all it has: {least} to {most}");
    for mechanism in MECHANISM_NAMES {
        let mut of_all = 0;
        for seller in [HouseholdId(0), HouseholdId(1), ATTACKER] {
            let of_ours = profits(&|offers, bids| sealed(mechanism, offers, bids, seller));
            assert!(of_ours.iter().all(|profit| *profit == of_ours[0]), "{mechanism}: {of_ours:?}");
            of_all += of_ours[0];
        }
        assert_eq!(of_all > 0, mechanism != "grid_only", "{mechanism}: something is sold");
    }
}

/// The state after a period, in which the transactions of each step came in this order.
fn state_after(order: [usize; 3]) -> Digest {
    let genesis = genesis(SignatureScheme::KeyedHash, 6, 4);
    let mut arena = Arena::new(&genesis, &[Conduct::Honest; 4], Rules::All);
    let all = Community::new(&genesis).period(3);
    let step = |name: &str, sender: Option<u32>| -> Vec<_> {
        all.iter()
            .filter(|it| it.transaction().operation.name() == name)
            .filter(|it| sender.is_none_or(|side| it.transaction().sender.0 % 2 == side))
            .cloned()
            .collect()
    };
    let reorder = |step: Vec<_>| -> Vec<_> { order.map(|place: usize| Arc::clone(&step[place])).to_vec() };
    let mut sent =
        [reorder(step("publish", None)), reorder(step("sign", None)), step("check", None)].concat();
    sent.extend(
        [reorder(step("meter", Some(0))), reorder(step("meter", Some(1))), step("settle", None)].concat(),
    );
    arena.submit(&sent);
    arena.run_out();
    let state = arena.validator(0).state();
    assert!(arena.chains[0].iter().flat_map(|it| it.receipts.iter()).all(|it| it.change().is_some()));
    assert_eq!(state.account(AccountId(2)).unwrap().nonce, 2);
    state.clone().root()
}

#[test]
fn the_order_of_others_transactions_in_a_block_changes_nobodys_money() {
    let usual = state_after(ORDERS[0]);
    assert!(ORDERS.iter().all(|&order| state_after(order) == usual));
}
