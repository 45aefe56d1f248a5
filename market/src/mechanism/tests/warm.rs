//! What a warm start takes over, and what it brings.

use super::*;

/// A day of 24 periods: the same households, with energies and prices that wander.
fn day(seed: u64) -> Vec<PeriodProblem> {
    let mut draw = Draws::new(seed);
    let (terms, (offers, bids)) = (sample::terms(&mut draw), sample::orders(&mut draw));
    (0..24)
        .map(|_| {
            let mut wander =
                |price: Price| Price::from_f64(price.to_f64() * (0.95 + 0.1 * draw.unit())).unwrap();
            let terms = Terms {
                grid_price: wander(terms.grid_price),
                company_price: wander(terms.company_price),
                ..terms
            };
            let offers: Vec<Offer> =
                offers.iter().map(|offer| Offer { keep_value: wander(offer.keep_value), ..*offer }).collect();
            let bids: Vec<Bid> =
                bids.iter().map(|bid| Bid { expected_price: wander(bid.expected_price), ..*bid }).collect();
            PeriodProblem::new(&terms, &offers, &bids)
        })
        .collect()
}

#[test]
fn warm_started_with_a_fifth_of_the_iterations_it_comes_close_too() {
    let settings = OptimizerSettings { iterations: 100, ..OptimizerSettings::default() };
    let gaps = |mut mechanism: Optimized<Ngo>| {
        let days = (0..120).flat_map(|seed| day(seed).into_iter().zip((seed * 24)..));
        let mut gaps: Vec<f64> =
            days.filter_map(|(problem, seed)| mechanism.clear(&problem, [seed, 3]).gap).collect();
        gaps.sort_by(f64::total_cmp);
        (gaps[gaps.len() / 2], gaps.iter().sum::<f64>() / gaps.len() as f64)
    };
    let warm = gaps(Optimized::new(Ngo::new(settings)).warm_started());
    let cold = gaps(Optimized::new(Ngo::new(settings)));
    assert!(warm.0 <= 1e-3, "a median of {}", warm.0);
    assert!(warm.1 < cold.1, "a mean of {} against {} from a cold start", warm.1, cold.1);
}

#[test]
fn a_warm_start_takes_nothing_over_between_different_groups() {
    let settings = OptimizerSettings { iterations: 50, ..OptimizerSettings::default() };
    let mut mechanism = Optimized::new(Ngo::new(settings)).warm_started();
    let [first, second] = [problem_with(4), problem_with(11)];
    assert_ne!(first.groups(), second.groups());
    mechanism.clear(&first, [1, 1]);
    let after = mechanism.clear(&second, [2, 2]);
    assert_eq!(after, Optimized::new(Ngo::new(settings)).clear(&second, [2, 2]));
}

fn problem_with(seed: u64) -> PeriodProblem {
    sample::problem(&mut Draws::new(seed))
}
