//! Schemes taken from the front by other means than the weighted sum.

use super::*;
use crate::mechanism::{Compromise, Weighting};

/// Clears books that trade with equal weights, by each compromise; gives the problem and the three clearings.
fn cleared(books: u64) -> impl Iterator<Item = (PeriodProblem, [Clearing; 3])> {
    let by = |compromise| {
        let mechanism = Optimized::new(Ngo::new(OptimizerSettings::default()));
        mechanism.weighted_by(Weighting::Equal).compromising_by(compromise)
    };
    let mut mechanisms = [Compromise::WeightedSum, Compromise::Topsis, Compromise::Knee].map(by);
    (0..books).map(|seed| (seed, sample::problem(&mut Draws::new(seed)))).filter_map(
        move |(seed, problem)| {
            let clearings = mechanisms.each_mut().map(|mechanism| mechanism.clear(&problem, [seed, 3]));
            problem.is_tradeable().then_some((problem, clearings))
        },
    )
}

#[test]
fn every_compromise_is_feasible_and_costs_the_same_search() {
    for (problem, [weighted, topsis, knee]) in cleared(40) {
        for clearing in [&topsis, &knee] {
            feasible::assert_feasible(&problem, &clearing.scheme);
            assert_eq!((clearing.iterations, clearing.explored), (500, 500));
            // The weighted sum begins again with a new population once.
            assert_eq!(clearing.evaluations + 30, weighted.evaluations);
        }
    }
}

/// Of a front, the knee is the best for equal weights, so that only the archive's resolution tells the two apart.
#[test]
fn the_knee_is_what_equal_weights_ask_for() {
    let mut gaps: Vec<f64> = cleared(60).filter_map(|(_, [_, _, knee])| knee.gap).collect();
    gaps.sort_by(f64::total_cmp);
    assert!(gaps[gaps.len() / 2] < 1e-3, "a median of {}", gaps[gaps.len() / 2]);
}

#[test]
fn topsis_is_as_close_to_the_best_of_both_as_the_weighted_sum() {
    let (mut close, mut books) = (0, 0);
    for (problem, [weighted, topsis, _]) in cleared(60) {
        let yardstick = Yardstick::of(&problem);
        let normalised = |clearing: &Clearing| yardstick.normalised(&clearing.objectives);
        let ends = [[1.0, 1e-6], [1e-6, 1.0]]
            .map(|weights| yardstick.normalised(&problem.evaluate(&exact(&problem, weights).scheme)));
        let (best, worst) = ([ends[0][0], ends[1][1]], [ends[1][0], ends[0][1]]);
        if best[0] - worst[0] < 1e-6 || best[1] - worst[1] < 1e-6 {
            continue;
        }
        let closeness = |point: [f64; 2]| {
            let distance = |to: [f64; 2]| {
                let share = |axis: usize| (point[axis] - to[axis]) / (best[axis] - worst[axis]);
                share(0).hypot(share(1))
            };
            distance(worst) / (distance(best) + distance(worst))
        };
        books += 1;
        let [topsis, weighted] = [topsis, weighted].map(|clearing| closeness(normalised(&clearing)));
        // But for the archive's resolution. A search whose individuals all look elsewhere can miss a part of the front.
        close += usize::from(topsis > weighted - 1e-2);
    }
    assert!(books > 20 && close * 20 >= books * 19, "{close} of {books}");
}
