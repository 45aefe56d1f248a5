//! What is promised of the two auctions.

use proptest::prelude::*;

use super::book::{Book, kwh, price};
use crate::dealing::by_household;
use crate::mechanism::Clearing;
use crate::order::HouseholdId;
use crate::quantity::{Energy, Price};

/// A household's price in the book, and how much it has or wants, and trades (kWh).
struct Place {
    price: Price,
    energy: Energy,
    traded: Energy,
}

impl Place {
    fn is_left(&self) -> bool {
        self.traded < self.energy
    }

    fn takes_part(&self) -> bool {
        self.traded.is_positive()
    }
}

/// Asks and limits, each with what it came to.
fn places(book: &Book, clearing: &Clearing) -> (Vec<Place>, Vec<Place>) {
    let trades = &clearing.awards.trades;
    let mut traded = by_household(trades.iter().map(|own| (own.seller, own.energy)));
    traded.extend(by_household(trades.iter().map(|own| (own.buyer, own.energy))));
    let of = |household: HouseholdId| traded.get(&household).copied().unwrap_or(Energy::ZERO);
    let asks = book.offers.iter().filter_map(|own| {
        Some(Place { price: book.ask(own)?, energy: own.energy, traded: of(own.household) })
    });
    let limits = book.bids.iter().filter_map(|own| {
        Some(Place { price: book.limit(own)?, energy: own.energy, traded: of(own.household) })
    });
    (asks.collect(), limits.collect())
}

/// The most energy that any one price brings together: the least of supply and demand, over all prices of the book.
fn largest_volume(asks: &[Place], limits: &[Place]) -> Energy {
    let at = |price: Price| {
        let supply: Energy = asks.iter().filter(|own| own.price <= price).map(|own| own.energy).sum();
        let demand: Energy = limits.iter().filter(|own| own.price >= price).map(|own| own.energy).sum();
        supply.min(demand)
    };
    asks.iter().chain(limits).map(|own| at(own.price)).max().unwrap_or(Energy::ZERO)
}

fn revenue(clearing: &Clearing) -> i128 {
    let of = |own: &crate::Match| i128::from(own.price.micro()) * i128::from(own.energy.micro());
    clearing.awards.trades.iter().map(of).sum()
}

fn trades(clearing: &Clearing) -> Vec<(u32, u32, f64, f64)> {
    let of = |own: &crate::Match| (own.seller.0, own.buyer.0, own.energy.to_f64(), own.price.to_f64());
    clearing.awards.trades.iter().map(of).collect()
}

#[test]
fn a_book_that_can_be_done_by_hand() {
    let book = Book::of(&[(2.0, 0.4), (3.0, 0.3), (2.0, 0.6)], &[(2.0, 0.5), (2.0, 0.8), (5.0, 0.35)]);
    // 3 kWh at 0.3 go to 0.8 and to half of 0.5, then 0.4 has one kWh left for nobody: it sets the price.
    let [first, second, third] = [(1, 101, 2.0), (1, 100, 1.0), (0, 100, 1.0)];
    let with = |(seller, buyer, energy), price| (seller, buyer, energy, price);
    let double = book.clear("double_auction");
    assert_eq!(trades(&double), [with(first, 0.4), with(second, 0.4), with(third, 0.4)]);
    let pay = book.clear("pay_as_bid");
    assert_eq!(trades(&pay), [with(first, 0.8), with(second, 0.5), with(third, 0.5)]);
    assert_eq!(pay.scheme.price, Some(price(0.65)), "the mean of two kWh at 0.8 and two at 0.5");
}

#[test]
fn where_both_sides_end_together_the_price_is_half_way() {
    let book = Book::of(&[(2.0, 0.3), (1.0, 0.7)], &[(2.0, 0.8), (1.0, 0.45)]);
    // Above 0.45 nobody else buys, below 0.7 nobody else sells.
    assert_eq!(trades(&book.clear("double_auction")), [(0, 100, 2.0, 0.575)]);
}

#[test]
fn limits_beyond_the_band_are_cut_to_it() {
    let book = Book::of(&[(2.0, 0.0)], &[(2.0, 5.0)]);
    assert_eq!(trades(&book.clear("double_auction")), [(0, 100, 2.0, 0.55)]);
    assert_eq!(trades(&book.clear("pay_as_bid")), [(0, 100, 2.0, 0.999_999)]);
}

#[test]
fn a_buyer_whose_limit_is_below_the_lowest_ask_buys_outside() {
    let book = Book::of(&[(2.0, 0.3)], &[(2.0, 0.299_999)]);
    for name in ["double_auction", "pay_as_bid"] {
        let clearing = book.clear(name);
        assert_eq!((clearing.scheme.price, clearing.awards.trades.len()), (None, 0), "{name}");
        assert_eq!(clearing.gap, Some(1.0), "{name}: exact would trade");
    }
}

/// What seller 0 or buyer 100 gains by the trades of a clearing, given its true reserve price or limit.
fn gain(clearing: &Clearing, household: u32, true_price: f64) -> f64 {
    let of = |&(seller, buyer, energy, price): &(u32, u32, f64, f64)| {
        f64::from(u8::from(seller == household)) * energy * (price - true_price)
            + f64::from(u8::from(buyer == household)) * energy * (true_price - price)
    };
    trades(clearing).iter().map(of).sum()
}

#[test]
fn telling_something_else_than_the_truth_can_pay() {
    // The only seller sets the lower end of the marginal interval.
    let (truth, lie) = (Book::of(&[(2.0, 0.3)], &[(2.0, 0.8)]), Book::of(&[(2.0, 0.7)], &[(2.0, 0.8)]));
    let by_asking_more = |name| gain(&lie.clear(name), 0, 0.3) - gain(&truth.clear(name), 0, 0.3);
    assert!(by_asking_more("double_auction") > 0.1);
    assert_eq!(by_asking_more("pay_as_bid"), 0.0, "the ask is no part of its price");
    let lie = Book::of(&[(2.0, 0.3)], &[(2.0, 0.4)]);
    for name in ["double_auction", "pay_as_bid"] {
        assert!(gain(&lie.clear(name), 100, 0.8) > gain(&truth.clear(name), 100, 0.8) + 0.1, "{name}");
    }
    // The price of the middle is given, but not who sells at it.
    let rationed = |reserve| Book::of(&[(2.0, reserve), (2.0, 0.2)], &[(2.0, 0.8)]).clear("mid_market_rate");
    assert_eq!(gain(&rationed(0.3), 0, 0.3), 0.0);
    assert!(gain(&rationed(0.15), 0, 0.3) > 0.1);
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(3000))]

    #[test]
    fn the_double_auction_leaves_nothing_that_crosses(seed in any::<u64>()) {
        let book = Book::draw(seed);
        let clearing = book.clear("double_auction");
        let (asks, limits) = places(&book, &clearing);
        prop_assert_eq!(clearing.awards.traded(), largest_volume(&asks, &limits));
        let left_ask = asks.iter().filter(|own| own.is_left()).map(|own| own.price).min();
        let left_limit = limits.iter().filter(|own| own.is_left()).map(|own| own.price).max();
        if let (Some(ask), Some(limit)) = (left_ask, left_limit) {
            prop_assert!(ask > limit, "{} is still asked and {} still offered", ask, limit);
        }
        let lower = asks.iter().filter(|own| own.takes_part()).map(|own| own.price).max();
        let upper = limits.iter().filter(|own| own.takes_part()).map(|own| own.price).min();
        prop_assert_eq!(clearing.scheme.price.is_some(), lower.is_some());
        if let (Some(lower), Some(upper), Some(found)) = (lower, upper, clearing.scheme.price) {
            prop_assert!(clearing.awards.trades.iter().all(|trade| trade.price == found), "one price");
            let (lower, upper) = (lower.max(left_limit.unwrap_or(lower)), upper.min(left_ask.unwrap_or(upper)));
            prop_assert!(lower <= found && found <= upper, "{} in {}..{}", found, lower, upper);
            let (below, above) = ((found - lower).micro(), (upper - found).micro());
            prop_assert!(above - below == 0 || above - below == 1, "half way, rounded down");
        }
    }

    #[test]
    fn pay_as_bid_trades_as_much_at_prices_that_are_nowhere_lower(seed in any::<u64>()) {
        let book = Book::draw(seed);
        let (pay, double) = (book.clear("pay_as_bid"), book.clear("double_auction"));
        prop_assert_eq!(pay.awards.traded(), double.awards.traded());
        prop_assert!(revenue(&pay) >= revenue(&double));
        for trade in &pay.awards.trades {
            let bid = book.bids.iter().find(|bid| bid.household == trade.buyer).unwrap();
            prop_assert_eq!(Some(trade.price), book.limit(bid), "a buyer pays its limit");
            prop_assert!(Some(trade.price) >= double.scheme.price);
        }
        prop_assert!(pay.awards.trades.is_sorted_by(|a, b| a.price >= b.price), "the best limit first");
        let ask = |seller| book.offers.iter().find(|own| own.household == seller).and_then(|own| book.ask(own));
        prop_assert!(pay.awards.trades.is_sorted_by_key(|trade| ask(trade.seller)), "the best ask first");
    }

    #[test]
    fn prices_that_are_all_shifted_shift_the_auctions_prices(seed in any::<u64>(), by in -3_000_000i64..3_000_000) {
        let (book, by) = (Book::draw(seed), Price::from_micro(by));
        for name in ["double_auction", "pay_as_bid"] {
            let (here, there) = (book.clear(name).awards, book.shifted(by).clear(name).awards);
            let mut moved = here.clone();
            moved.trades.iter_mut().for_each(|trade| trade.price += by);
            prop_assert_eq!(moved, there, "{}", name);
        }
    }

    #[test]
    fn auctions_store_the_rest_where_that_gains_most(seed in any::<u64>()) {
        let book = Book::draw(seed);
        for name in ["double_auction", "pay_as_bid"] {
            let awards = book.clear(name).awards;
            let sold = by_household(awards.trades.iter().map(|own| (own.seller, own.energy)));
            let stored = by_household(awards.stored.iter().copied());
            let of = |household| stored.get(&household).copied().unwrap_or(Energy::ZERO);
            let left: Energy = book.terms.storage_room - stored.values().copied().sum();
            // The most that anybody still gains by a kWh more, and the least that somebody gains by one that is stored.
            let (mut missed, mut taken) = (Price::ZERO, Price::MAX);
            for offer in &book.offers {
                let gain = offer.store_value - offer.keep_value;
                let rest = offer.energy - sold.get(&offer.household).copied().unwrap_or(Energy::ZERO);
                if of(offer.household).is_positive() {
                    prop_assert!(gain.is_positive(), "nobody stores what is better kept");
                    taken = taken.min(gain);
                }
                if of(offer.household) < rest.min(offer.storable) {
                    missed = missed.max(gain);
                }
            }
            prop_assert!(left.is_zero() || missed.is_zero(), "{left} of room is left");
            prop_assert!(missed <= taken);
        }
    }
}

#[test]
fn what_is_not_sold_is_stored_within_the_room() {
    let mut book = Book::of(&[(4.0, 0.4), (4.0, 0.4)], &[(3.0, 0.8)]);
    book.terms.storage_room = kwh(2.0);
    for (offer, worth) in book.offers.iter_mut().zip([0.5, 0.45]) {
        (offer.storable, offer.store_value) = (kwh(4.0), price(worth));
    }
    for name in ["double_auction", "pay_as_bid"] {
        let clearing = book.clear(name);
        let expected = [(HouseholdId(0), kwh(1.0)), (HouseholdId(1), kwh(1.0))];
        assert_eq!(clearing.awards.stored, expected, "{name}: the first has sold three of four");
        assert_eq!(clearing.scheme.stored, [2.0], "{name}");
    }
}
