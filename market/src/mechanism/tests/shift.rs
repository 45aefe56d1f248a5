//! Only differences of prices matter: all prices moved by a constant move the clearing price by it.

use super::*;
use crate::order::PriceBand;

/// A book's problem, with all its prices higher by `by`: of the kWh, not of bringing it to somebody.
fn shifted(seed: u64, by: Price) -> PeriodProblem {
    let mut draw = Draws::new(seed);
    let (mut terms, (mut offers, mut bids)) = (sample::terms(&mut draw), sample::orders(&mut draw));
    for price in [&mut terms.grid_price, &mut terms.company_price, &mut terms.price_min, &mut terms.price_max]
    {
        *price += by;
    }
    for offer in &mut offers {
        (offer.keep_value, offer.store_value) = (offer.keep_value + by, offer.store_value + by);
    }
    for bid in &mut bids {
        (bid.later_price, bid.expected_price) = (bid.later_price + by, bid.expected_price + by);
    }
    PeriodProblem::new(&terms, &offers, &bids)
}

/// A book's problem, and the same with prices higher by `by`, where users can trade.
fn pairs(books: u64, by: Price) -> impl Iterator<Item = (u64, PeriodProblem, PeriodProblem)> {
    (0..books)
        .map(move |seed| (seed, shifted(seed, Price::ZERO), shifted(seed, by)))
        .filter(|(_, plain, _)| plain.is_tradeable())
}

#[test]
fn the_exact_price_moves_with_all_prices() {
    let mut ties = 0;
    for by in [price(0.4), price(7.0)] {
        for (seed, plain, moved) in pairs(200, by) {
            let band = plain.band().unwrap();
            let expected = PriceBand { lowest: band.lowest + by, highest: band.highest + by };
            assert_eq!(moved.band(), Some(expected));
            let weight = Draws::new(seed).unit();
            // With equal weights prices can tie, and then two neighbours can be as fair but for rounding.
            for (weights, off) in [([weight, 1.0 - weight], 0), (EQUAL_WEIGHTS, 1)] {
                let (plain, moved) = (exact(&plain, weights), exact(&moved, weights));
                // Where no trade is as good as the best, rounding decides whether there is any.
                if plain.value < 1e-12 {
                    ties += 1;
                    continue;
                }
                let expected = plain.scheme.price.unwrap() + by;
                let found = moved.scheme.price.unwrap();
                assert!((found - expected).micro().abs() <= off, "book {seed}: {found:?}, not {expected:?}");
                assert!(
                    (moved.value - plain.value).abs() <= 1e-9 * plain.value.abs().max(1.0),
                    "book {seed}"
                );
            }
        }
    }
    assert!(ties < 20, "{ties} clearings are worth nothing");
}

// Rounding can change which of two candidates an archive keeps, and so the weights: both clearings are then near the optimum
// for their own.
#[test]
fn the_price_of_ngo_moves_with_all_prices() {
    let by = price(0.4);
    let mut mechanism = mechanism_by_name("ngo", &MechanismSettings::default()).unwrap();
    let (mut alike, mut books) = (0, 0);
    for (seed, plain, moved) in pairs(200, by) {
        let (plain, moved) = (mechanism.clear(&plain, [seed, 7]), mechanism.clear(&moved, [seed, 7]));
        let off = moved.scheme.price.unwrap() - (plain.scheme.price.unwrap() + by);
        books += 1;
        if off.micro().abs() <= 1 {
            alike += 1;
            continue;
        }
        for clearing in [plain, moved] {
            assert!(
                clearing.gap.unwrap() <= 1e-2,
                "book {seed} is off by {off:?}, at a gap of {:?}",
                clearing.gap
            );
        }
    }
    println!("{alike} of {books} prices moved with the rest");
    assert!(books > 100 && alike * 10 >= books * 9, "{alike} of {books}");
}
