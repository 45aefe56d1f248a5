//! What is true of every mechanism's awards, whatever the orders are.

use std::collections::BTreeSet;

use proptest::prelude::*;

use super::book::{Book, kwh, price};
use crate::dealing::by_household;
use crate::mechanism::{Clearing, MECHANISM_NAMES};
use crate::order::{Credit, HouseholdId};
use crate::quantity::{Energy, Price};

/// (3) to (7), nobody gives or gets more than it asked, nobody loses, and the money adds up.
fn assert_sound(book: &Book, name: &str, clearing: &Clearing) {
    let (terms, awards) = (&book.terms, &clearing.awards);
    let sold = by_household(awards.trades.iter().map(|trade| (trade.seller, trade.energy)));
    let bought = by_household(awards.trades.iter().map(|trade| (trade.buyer, trade.energy)));
    let (stored, moved) =
        (by_household(awards.stored.iter().copied()), by_household(awards.moved.iter().copied()));
    let of = |sums: &std::collections::BTreeMap<HouseholdId, Energy>, household| {
        sums.get(&household).copied().unwrap_or(Energy::ZERO)
    };
    let mut pairs = BTreeSet::new();
    for trade in &awards.trades {
        let (sellers, buyers) = (trade.price, trade.price + terms.fees());
        assert!(sellers < buyers && buyers < terms.grid_price, "{name}: (3) of {trade:?}");
        assert!(buyers < terms.company_price, "{name}: (4) of {trade:?}");
        assert!(terms.price_min < sellers && sellers < terms.price_max, "{name}: (5) of {trade:?}");
        assert!(trade.energy.is_positive() && pairs.insert((trade.seller, trade.buyer)), "{name}: {trade:?}");
        let offer =
            book.offers.iter().find(|offer| offer.household == trade.seller).expect("a seller offers");
        let bid = book.bids.iter().find(|bid| bid.household == trade.buyer).expect("a buyer bids");
        assert!(offer.reserve_price() <= trade.price, "{name}: a seller loses by {trade:?}");
        if name == "double_auction" || name == "pay_as_bid" {
            let tolerated = bid.expected_price + bid.tolerance;
            assert!(buyers <= tolerated, "{name}: a buyer pays more than it tolerates in {trade:?}");
        }
    }
    for offer in &book.offers {
        let (sells, stores) = (of(&sold, offer.household), of(&stored, offer.household));
        assert!(sells + stores <= offer.energy && stores <= offer.storable, "{name}: {offer:?}");
    }
    for bid in &book.bids {
        let (buys, moves) = (of(&bought, bid.household), of(&moved, bid.household));
        assert!(buys + moves <= bid.energy && moves <= bid.flexible, "{name}: {bid:?}");
    }
    assert_eq!(
        (stored.len(), moved.len()),
        (awards.stored.len(), awards.moved.len()),
        "{name}: nobody twice"
    );
    assert!(awards.stored.iter().chain(&awards.moved).all(|own| own.1.is_positive()), "{name}");
    assert!(stored.values().copied().sum::<Energy>() <= terms.storage_room.or_zero(), "{name}");
    let (sold, bought): (Energy, Energy) = (sold.values().copied().sum(), bought.values().copied().sum());
    assert_eq!(sold, bought, "{name}: (7)");
    assert!((clearing.scheme.traded() - sold.to_f64()).abs() < 1e-5, "{name}: scheme and trades agree");

    let money = |price: Price, energy: Energy| i128::from(price.micro()) * i128::from(energy.micro());
    let paid: i128 = awards.trades.iter().map(|own| money(own.price + terms.fees(), own.energy)).sum();
    let earned: i128 = awards.trades.iter().map(|own| money(own.price, own.energy)).sum();
    let fees = money(terms.grid_fee, sold) + money(terms.platform_fee, sold);
    assert_eq!(paid, earned + fees, "{name}: buyers pay what sellers and fee takers get");
    if sold.is_positive() {
        assert_eq!(clearing.scheme.price, awards.mean_price(), "{name}: the row's price is the trades' mean");
    }
    let worth = clearing.objectives;
    assert!(
        [worth.sellers_profit, worth.buyers_cost, worth.welfare].iter().all(|own| own.is_finite()),
        "{name}"
    );
    assert!(worth.welfare <= clearing.welfare_exact + 1e-9 * clearing.welfare_exact.abs().max(1.0), "{name}");
}

/// Clears with every mechanism; what comes of it is sound.
fn clear_with_all(book: &Book) -> Vec<(&'static str, Clearing)> {
    let clear = |name| {
        let clearing = book.clear(name);
        assert_sound(book, name, &clearing);
        (name, clearing)
    };
    MECHANISM_NAMES.into_iter().map(clear).collect()
}

fn assert_no_trade(book: &Book) {
    for (name, Clearing { scheme, awards, satisfaction, .. }) in clear_with_all(book) {
        assert_eq!((scheme.price, satisfaction), (None, None), "{name}");
        assert!(awards.trades.is_empty() && awards.moved.is_empty(), "{name}");
    }
}

#[test]
fn without_sellers_nobody_trades() {
    assert_no_trade(&Book::of(&[], &[(2.0, 0.8), (1.0, 0.7)]));
    assert_no_trade(&Book::of(&[], &[]));
}

#[test]
fn without_buyers_nobody_trades() {
    assert_no_trade(&Book::of(&[(2.0, 0.2), (1.0, 0.3)], &[]));
}

#[test]
fn without_a_price_that_fits_nobody_trades() {
    let book = Book::of(&[(2.0, 0.2)], &[(1.0, 0.7)]);
    let with = |change: fn(&mut Book)| {
        let mut book = book.clone();
        change(&mut book);
        assert_no_trade(&book);
    };
    with(|book| book.terms.price_max = book.terms.price_min);
    with(|book| book.terms.grid_price = price(0.15));
    with(|book| (book.terms.grid_fee, book.terms.platform_fee) = (Price::ZERO, Price::ZERO));
    with(|book| book.terms.grid_fee = price(5.0));
    with(|book| book.offers[0].keep_value = price(3.0));
}

#[test]
fn without_energy_or_room_nobody_trades_or_stores() {
    assert_no_trade(&Book::of(&[(0.0, 0.2), (0.0, 0.3)], &[(1.0, 0.7)]));
    assert_no_trade(&Book::of(&[(2.0, 0.2)], &[(0.0, 0.7)]));
    let mut full = Book::of(&[(2.0, 0.2)], &[(1.0, 0.7)]);
    for room in [Energy::ZERO, kwh(-1.0)] {
        full.terms.storage_room = room;
        (full.offers[0].storable, full.offers[0].store_value) = (kwh(2.0), price(0.9));
        for (name, clearing) in clear_with_all(&full) {
            assert!(clearing.awards.stored.is_empty(), "{name}");
        }
    }
}

#[test]
fn a_side_that_is_tiny_beside_the_other_trades_all_it_has() {
    let many = vec![(9.0, 0.3); 200];
    let buyers = vec![(9.0, 0.8); 200];
    for book in [Book::of(&[(1e-6, 0.3)], &buyers), Book::of(&many, &[(1e-6, 0.8)])] {
        for (name, clearing) in clear_with_all(&book) {
            let expected = if name == "grid_only" { Energy::ZERO } else { kwh(1e-6) };
            assert_eq!(clearing.awards.traded(), expected, "{name}");
        }
    }
}

#[test]
fn of_equal_offers_the_higher_credit_then_the_lower_id_sells() {
    let mut book = Book::of(&[(1.0, 0.3); 4], &[(2.5, 0.8)]);
    for offer in &mut book.offers[..2] {
        offer.credit = Credit::NONE;
    }
    for (name, clearing) in clear_with_all(&book) {
        let sold: Vec<_> = clearing.awards.trades.iter().map(|own| (own.seller.0, own.energy)).collect();
        let expected = [(2, kwh(1.0)), (3, kwh(1.0)), (0, kwh(0.5))];
        assert_eq!(sold, if name == "grid_only" { &[][..] } else { &expected }, "{name}");
    }
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(300))]

    #[test]
    fn awards_are_sound_whatever_the_orders_are(seed in any::<u64>()) {
        clear_with_all(&Book::draw(seed));
    }

    #[test]
    fn the_order_in_which_orders_arrive_does_not_matter(seed in any::<u64>()) {
        let book = Book::draw(seed);
        let other = book.shuffled(seed);
        for name in MECHANISM_NAMES {
            prop_assert_eq!(book.clear(name), other.clear(name), "{}", name);
        }
    }

    #[test]
    fn mechanisms_of_groups_trade_at_one_price(seed in any::<u64>()) {
        let book = Book::draw(seed);
        for name in ["ngo", "exact", "mid_market_rate"] {
            let Clearing { scheme, awards, .. } = book.clear(name);
            prop_assert!(awards.trades.iter().all(|trade| Some(trade.price) == scheme.price), "{}", name);
        }
        if let (Some(found), Some(band)) = (book.clear("mid_market_rate").scheme.price, book.terms.price_band()) {
            let (below, above) = ((found - band.lowest).micro(), (band.highest - found).micro());
            prop_assert!(above - below == 0 || above - below == 1, "the middle, rounded down");
        }
    }

    #[test]
    fn grid_only_trades_and_stores_nothing(seed in any::<u64>()) {
        let clearing = Book::draw(seed).clear("grid_only");
        prop_assert_eq!(clearing.scheme.price, None);
        prop_assert_eq!(clearing.awards, crate::Awards::default());
        prop_assert_eq!(clearing.objectives.welfare, 0.0);
    }
}
