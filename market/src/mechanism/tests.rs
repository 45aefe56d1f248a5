use proptest::prelude::*;

mod auctions;
mod book;
mod every;

use super::*;
use crate::optimizer::Ngo;
use crate::order::{Bid, Credit, GroupId, HouseholdId, Offer, SavingRange, Terms};
use crate::problem::feasible;
use crate::problem::sample::{self, Draws};
use crate::quantity::{Energy, Price};

fn price(yuan: f64) -> Price {
    Price::from_f64(yuan).unwrap()
}

fn kwh(value: f64) -> Energy {
    Energy::from_f64(value).unwrap()
}

fn quick() -> MechanismSettings {
    let optimizer = OptimizerSettings { iterations: 60, ..OptimizerSettings::default() };
    MechanismSettings { optimizer, ..MechanismSettings::default() }
}

/// The best value over all prices of a narrow band, price by price.
fn best_by_enumeration(problem: &PeriodProblem, weights: [f64; 2]) -> f64 {
    let band = problem.band().unwrap();
    let search = price_search::PriceSearch::new(problem);
    let scales = Yardstick::of(problem).scales();
    let gains = [weights[0] * scales[0], weights[1] * scales[1]];
    (band.lowest.micro()..=band.highest.micro())
        .map(|price| search.value_at(gains, price))
        .fold(f64::NEG_INFINITY, f64::max)
}

fn alike(seller_energy: f64, buyer_energy: f64) -> PeriodProblem {
    alike_above(price(0.1), seller_energy, buyer_energy)
}

fn alike_above(price_min: Price, seller_energy: f64, buyer_energy: f64) -> PeriodProblem {
    let terms = Terms {
        grid_price: price(1.2),
        company_price: price(1.0),
        grid_fee: price(0.05),
        platform_fee: price(0.05),
        price_min,
        price_max: price(2.0),
        storage_room: Energy::ZERO,
    };
    let offer = Offer {
        household: HouseholdId(0),
        group: GroupId(0),
        energy: kwh(seller_energy),
        cost: price(0.1),
        keep_value: price(0.2),
        storable: Energy::ZERO,
        store_value: Price::ZERO,
        credit: Credit::FULL,
        setback: Price::ZERO,
    };
    let bid = Bid {
        household: HouseholdId(1),
        group: GroupId(1),
        energy: kwh(buyer_energy),
        flexible: Energy::ZERO,
        later_price: Price::ZERO,
        expected_price: price(0.6),
        tolerance: price(0.3),
        later_savings: None,
        credit: Credit::FULL,
    };
    PeriodProblem::new(&terms, &[offer], &[bid])
}

#[test]
fn a_pure_price_transfer_is_settled_half_way() {
    // Reserve price 0.3, highest price just below 1.0 - 0.1: all prices between tie in U.
    for name in ["exact", "ngo"] {
        let mut mechanism = mechanism_by_name(name, &MechanismSettings::default()).unwrap();
        let clearing = mechanism.clear(&alike(5.0, 3.0), [1, 2]);
        let found = clearing.scheme.price.unwrap().to_f64();
        assert!((found - 0.6).abs() < 0.003, "{name} clears at {found}");
        assert!((clearing.scheme.traded() - 3.0).abs() < 1e-6);
        assert_eq!(clearing.weights, Some(EQUAL_WEIGHTS));
        assert!(clearing.gap.unwrap() < 1e-6);
    }
}

#[test]
fn a_lower_limit_at_or_above_the_reserve_price_favours_nobody() {
    // At 0.3 the limit is the reserve price itself, at 0.5 sellers have a profit even at the lowest price.
    for price_min in [0.3, 0.5] {
        for name in ["exact", "ngo"] {
            let problem = alike_above(price(price_min), 5.0, 3.0);
            let mut mechanism = mechanism_by_name(name, &MechanismSettings::default()).unwrap();
            let found = mechanism.clear(&problem, [1, 2]).scheme.price.unwrap().to_f64();
            assert!((found - 0.6).abs() < 0.003, "{name} above {price_min} clears at {found}");
        }
    }
}

#[test]
fn without_a_price_users_do_not_trade_and_that_is_no_error() {
    for name in MECHANISM_NAMES {
        let mut mechanism = mechanism_by_name(name, &quick()).unwrap();
        for problem in [alike(0.0, 3.0), alike(3.0, 0.0)] {
            assert!(!problem.is_tradeable());
            let clearing = mechanism.clear(&problem, [1, 2]);
            assert_eq!((clearing.scheme.price, clearing.gap, clearing.satisfaction), (None, None, None));
            assert_eq!(clearing.objectives.welfare, 0.0);
        }
    }
    assert!(mechanism_by_name("auction", &quick()).is_none());
}

#[test]
fn without_a_price_band_storage_is_still_put_to_its_best_use() {
    let mut draw = Draws::new(1);
    let (mut terms, (mut offers, bids)) = (sample::terms(&mut draw), sample::orders(&mut draw));
    (terms.price_min, terms.price_max, terms.storage_room) = (price(0.9), price(0.9), kwh(3.0));
    offers.truncate(1);
    (offers[0].energy, offers[0].storable) = (kwh(5.0), kwh(4.0));
    (offers[0].keep_value, offers[0].store_value) = (price(0.3), price(0.5));
    let problem = PeriodProblem::new(&terms, &offers, &bids);
    for (name, stored, gained) in [("exact", 3.0, 0.6), ("ngo", 3.0, 0.6), ("mid_market_rate", 0.0, 0.0)] {
        let clearing = mechanism_by_name(name, &quick()).unwrap().clear(&problem, [1, 2]);
        assert_eq!((clearing.scheme.price, clearing.scheme.stored[0]), (None, stored), "{name}");
        assert!((clearing.objectives.welfare - gained).abs() < 1e-12);
        assert!((clearing.welfare_exact - 0.6).abs() < 1e-12);
    }
}

#[test]
fn every_mechanism_answers_to_its_name() {
    for name in MECHANISM_NAMES {
        assert_eq!(mechanism_by_name(name, &quick()).unwrap().name(), name);
    }
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(200))]

    #[test]
    fn exact_beats_every_price_of_a_band(seed in any::<u64>(), weight in 0.0f64..1.0) {
        let mut draw = Draws::new(seed);
        let (mut terms, (mut offers, mut bids)) = (sample::terms(&mut draw), sample::orders(&mut draw));
        // A band of about 400 prices, with reserve prices and tolerances in and around it.
        let narrow = |price: Price| Price::from_micro(500_000 + price.micro() / 1500);
        let narrow_saving = |saving: Price| Price::from_micro(saving.micro() / 1500);
        for offer in &mut offers {
            (offer.cost, offer.keep_value) = (narrow(offer.cost), Price::from_micro(offer.keep_value.micro() / 1500));
        }
        for bid in &mut bids {
            (bid.expected_price, bid.tolerance) = (narrow(bid.expected_price), Price::from_micro(bid.tolerance.micro() / 1500));
            bid.later_price = Price::from_micro(500_000 + bid.later_price.micro() / 700);
            bid.later_savings = bid.later_savings.map(|range| SavingRange {
                least: narrow_saving(range.least),
                most: narrow_saving(range.most),
            });
        }
        terms.price_min = price(0.5);
        (terms.grid_fee, terms.platform_fee) = (Price::from_micro(3), Price::from_micro(2));
        (terms.grid_price, terms.company_price) = (narrow(terms.grid_price), narrow(terms.company_price));
        let problem = PeriodProblem::new(&terms, &offers, &bids);
        if !problem.is_tradeable() {
            return Ok(());
        }
        for weights in [[weight, 1.0 - weight], EQUAL_WEIGHTS, [0.0, 1.0], [1.0, 0.0]] {
            let solution = exact(&problem, weights);
            let best = best_by_enumeration(&problem, weights);
            prop_assert!((solution.value - best).abs() <= 1e-9 * best.abs().max(1e-3), "{} against {best}", solution.value);
            prop_assert!(solution.bound >= best - 1e-12 && solution.bound - best <= 1e-6 * best.abs());
        }
    }

    #[test]
    fn every_clearing_is_feasible_rational_and_bounded(seed in any::<u64>()) {
        let mut draw = Draws::new(seed);
        let problem = sample::problem(&mut draw);
        for name in MECHANISM_NAMES {
            let clearing = mechanism_by_name(name, &quick()).unwrap().clear(&problem, [seed, 1]);
            feasible::assert_feasible(&problem, &clearing.scheme);
            let slack = 1e-9 * clearing.welfare_exact.abs().max(1.0);
            prop_assert!(clearing.objectives.welfare <= clearing.welfare_exact + slack, "{name}");
            prop_assert_eq!(clearing.gap.is_some(), problem.is_tradeable());
            prop_assert!(clearing.gap.is_none_or(|gap| gap >= -1e-9), "{name}: {:?}", clearing.gap);
        }
    }

    #[test]
    fn the_exact_search_is_certified_within_few_intervals(seed in any::<u64>(), weight in 0.0f64..1.0) {
        let problem = sample::problem(&mut Draws::new(seed));
        let solution = exact(&problem, [weight, 1.0 - weight]);
        prop_assert!(solution.bound - solution.value <= 1e-9 * solution.value.abs().max(1e-9));
        prop_assert!(solution.nodes < 2000, "{} intervals", solution.nodes);
    }

    #[test]
    fn a_mechanism_remembers_nothing(seed in any::<u64>()) {
        let mut draw = Draws::new(seed);
        let (first, second) = (sample::problem(&mut draw), sample::problem(&mut draw));
        let mut used = mechanism_by_name("ngo", &quick()).unwrap();
        used.clear(&first, [3, 4]);
        let fresh = mechanism_by_name("ngo", &quick()).unwrap().clear(&second, [5, 6]);
        prop_assert_eq!(used.clear(&second, [5, 6]), fresh);
    }
}

/// The gap of `ngo` over random problems, in ascending order.
fn gaps(problems: u64, settings: OptimizerSettings) -> Vec<f64> {
    let mut mechanism = Optimized::new(Ngo::new(settings));
    let mut gaps: Vec<f64> = (0..problems)
        .filter_map(|seed| mechanism.clear(&sample::problem(&mut Draws::new(seed)), [seed, 7]).gap)
        .collect();
    gaps.sort_by(f64::total_cmp);
    gaps
}

#[test]
fn ngo_comes_within_a_ten_thousandth_of_the_optimum() {
    let gaps = gaps(200, OptimizerSettings::default());
    let at = |share: f64| gaps[((gaps.len() - 1) as f64 * share) as usize];
    println!(
        "{} gaps: median {:e}, 90 % {:e}, 99 % {:e}, worst {:e}",
        gaps.len(),
        at(0.5),
        at(0.9),
        at(0.99),
        at(1.0)
    );
    assert!(gaps.len() > 100 && gaps[0] >= -1e-9);
    assert!(at(0.5) <= 1e-4, "the median gap is {:e}", at(0.5));
    assert!(at(1.0) <= 1e-2, "the worst gap is {:e}", at(1.0));
}

#[test]
fn with_equal_weights_ngo_ends_where_exact_does() {
    let mut mechanism = Optimized::new(Ngo::new(OptimizerSettings::default())).weighted_by(Weighting::Equal);
    let mut short: Vec<f64> = Vec::new();
    for seed in 0..60 {
        let problem = sample::problem(&mut Draws::new(seed));
        let yardstick = Yardstick::of(&problem);
        let found = mechanism.clear(&problem, [seed, 1]);
        if found.weights.is_some() {
            assert_eq!(found.weights, Some(EQUAL_WEIGHTS));
            let value = |clearing: &Clearing| yardstick.value(&clearing.objectives, EQUAL_WEIGHTS);
            let exact = value(&Exact.clear(&problem, [0, 0]));
            short.push((exact - value(&found)) / exact.max(1e-12));
        }
    }
    short.sort_by(f64::total_cmp);
    assert!(short.len() > 40 && short[short.len() * 9 / 10] <= 1e-6, "{short:?}");
    assert!(short[short.len() - 1] <= 1e-2, "{short:?}");
}

mod compromise;
mod shift;
mod warm;
