//! A scheme from a front by other means than a weighted sum: TOPSIS, and the knee point.
//!
//! Both are for comparison; the mechanism `ngo` optimises the weighted sum of [`mod@crate::entropy_weight`].
//!
//! *TOPSIS* (Hwang and Yoon 1981) ranks schemes by how close they are to the best of everything, seen from the worst of
//! everything. With the min-max form y_ij of [`mod@crate::entropy_weight`] and weights w_j:
//!
//! ```text
//! v_ij = w_j y_ij,   A+_j = max_i v_ij,   A-_j = min_i v_ij
//! D+_i = |v_i - A+|,   D-_i = |v_i - A-|   (Euclidean),   C_i = D-_i / (D+_i + D-_i), the more the better
//! ```
//!
//! *The knee point* (Das 1999) needs no weights: it is the point of a front of two objectives, both the more the better,
//! that bulges most beyond the chord between the two ends. With both coordinates scaled to [0, 1] over the front, the chord
//! is u + v = 1, and the distance of a point
//!
//! ```text
//! d_i = (u_i + v_i - 1) / sqrt(2)
//! ```

use crate::entropy_weight::{Criterion, EntropyWeightError, normalise, validate};

/// Closeness and distances this near tie.
const TIE: f64 = 1e-9;

/// What TOPSIS finds.
#[derive(Debug, Clone, PartialEq)]
pub struct Closeness {
    /// C_i per scheme, from 0 (the worst of everything) to 1 (the best of everything).
    pub closeness: Vec<f64>,
    /// The schemes, the closest first; schemes whose closeness rounds to the same multiple of 1e-9 by number.
    pub ranking: Vec<usize>,
}

/// Ranks schemes by their closeness to the best of everything.
///
/// A criterion in which all schemes are alike tells nothing and counts for nothing. Where that is so of all that
/// weigh anything, or there is a single scheme, all are the best there is: their closeness is 1. Dominated schemes can
/// change the order of others, since they move A-: filter them before.
///
/// ```
/// use goshawk_market::compromise::topsis;
/// use goshawk_market::entropy_weight::Criterion;
/// let profit = Criterion::benefit(&[0.0, 0.8, 1.0]);
/// let cost = Criterion::cost(&[10.0, 11.0, 20.0]);
/// assert_eq!(topsis(&[profit, cost], &[0.5, 0.5]).unwrap().ranking, [1, 0, 2]);
/// ```
///
/// # Errors
/// [`EntropyWeightError`]: nothing to rank, unequal lengths, values that are not finite.
///
/// # Panics
/// When there is not one weight per criterion, finite and not negative.
pub fn topsis(criteria: &[Criterion<'_>], weights: &[f64]) -> Result<Closeness, EntropyWeightError> {
    assert_eq!(criteria.len(), weights.len(), "invariant: a weight per criterion");
    let sound = weights.iter().all(|weight| weight.is_finite() && *weight >= 0.0);
    assert!(sound, "invariant: weights are finite and not negative");
    let schemes = validate(criteria)?;
    let normalised: Vec<(f64, Vec<f64>)> = criteria
        .iter()
        .zip(weights)
        .filter_map(|(&criterion, &weight)| normalise(criterion).map(|y| (weight, y)))
        .collect();
    // Where schemes differ at all, y spans [0, 1]: A+_j is w_j and A-_j is 0.
    let distance = |scheme: usize, ideal: f64| -> f64 {
        let squares = normalised.iter().map(|(weight, y)| (weight * (y[scheme] - ideal)).powi(2));
        squares.sum::<f64>().sqrt()
    };
    let closeness: Vec<f64> = (0..schemes)
        .map(|scheme| {
            let (to_best, to_worst) = (distance(scheme, 1.0), distance(scheme, 0.0));
            if to_best + to_worst > 0.0 { to_worst / (to_best + to_worst) } else { 1.0 }
        })
        .collect();
    // Rounded before they are compared, so that ties are an equivalence and the order total.
    let rounded = |scheme: usize| (closeness[scheme] / TIE).round();
    let mut ranking: Vec<usize> = (0..schemes).collect();
    ranking.sort_by(|&a, &b| rounded(b).total_cmp(&rounded(a)));
    Ok(Closeness { closeness, ranking })
}

/// The point of a front that bulges most beyond the chord between its ends; of points that tie within 1e-9, the first.
/// `None` where the front has no knee: without a point beyond the chord, such as on a straight or hollow front, with fewer
/// than three points, or where one objective is the same all along.
///
/// Both objectives are the more the better; the front ascends in the first and descends in the second.
///
/// ```
/// use goshawk_market::compromise::knee_point;
/// assert_eq!(knee_point(&[[0.0, 5.0], [7.0, 4.0], [9.0, 2.0], [10.0, 0.0]]), Some(1));
/// assert_eq!(knee_point(&[[0.0, 1.0], [0.5, 0.5], [1.0, 0.0]]), None);
/// ```
///
/// # Panics
/// When a value is not finite.
pub fn knee_point(front: &[[f64; 2]]) -> Option<usize> {
    assert!(front.iter().flatten().all(|value| value.is_finite()), "invariant: a front's values are finite");
    let (&[left, top], &[right, bottom]) = (front.first()?, front.last()?);
    let (width, height) = (right - left, top - bottom);
    if width <= 0.0 || height <= 0.0 {
        return None;
    }
    let beyond = |&[u, v]: &[f64; 2]| ((u - left) / width + (v - bottom) / height - 1.0) / f64::sqrt(2.0);
    let (mut knee, mut farthest) = (None, 0.0);
    for (index, distance) in front.iter().map(beyond).enumerate() {
        if distance > farthest + TIE {
            (knee, farthest) = (Some(index), distance);
        }
    }
    knee
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;
    use crate::entropy_weight::entropy_weights;
    use crate::entropy_weight::tests::assert_close;

    const PROFIT: [f64; 4] = [100.0, 120.0, 110.0, 90.0];
    const COST: [f64; 4] = [80.0, 95.0, 85.0, 78.0];

    #[test]
    fn the_golden_example_picks_the_third_scheme() {
        let criteria = [Criterion::benefit(&PROFIT), Criterion::cost(&COST)];
        let weights = entropy_weights(&criteria).unwrap().weights;
        let found = topsis(&criteria, &weights).unwrap();
        assert_close(&found.closeness, &[0.544_025, 0.546_736, 0.633_862, 0.453_264]);
        assert_eq!(found.ranking, [2, 1, 0, 3]);
    }

    // Along the front of the golden example u + v is 1, 0.333 + 0.882, 0.667 + 0.588, 1.
    #[test]
    fn the_golden_example_bends_most_at_its_third_scheme() {
        let front = [3, 0, 2, 1].map(|scheme| [PROFIT[scheme], -COST[scheme]]);
        assert_eq!(knee_point(&front), Some(2));
    }

    #[test]
    fn what_tells_nothing_counts_for_nothing() {
        let alike = [7.0; 3];
        let (with, without) = (
            topsis(&[Criterion::benefit(&[1.0, 3.0, 2.0]), Criterion::cost(&alike)], &[0.5, 0.5]).unwrap(),
            topsis(&[Criterion::benefit(&[1.0, 3.0, 2.0])], &[0.5]).unwrap(),
        );
        assert_eq!(with, without);
        assert_eq!(with.ranking, [1, 2, 0]);
        assert_close(&with.closeness, &[0.0, 1.0, 0.5]);
    }

    #[test]
    fn where_nothing_differs_all_are_the_best_there_is() {
        let single = topsis(&[Criterion::benefit(&[4.0]), Criterion::cost(&[2.0])], &[0.3, 0.7]).unwrap();
        assert_eq!(single, Closeness { closeness: vec![1.0], ranking: vec![0] });
        let alike = topsis(&[Criterion::benefit(&[4.0; 3])], &[1.0]).unwrap();
        assert_eq!(alike, Closeness { closeness: vec![1.0; 3], ranking: vec![0, 1, 2] });
        let unweighed = topsis(&[Criterion::benefit(&[1.0, 2.0])], &[0.0]).unwrap();
        assert_eq!(unweighed.closeness, [1.0, 1.0]);
    }

    #[test]
    fn on_a_straight_front_with_equal_weights_the_middle_and_the_ends_tie() {
        let up: Vec<f64> = (0..=10).map(f64::from).collect();
        let down: Vec<f64> = up.iter().map(|u| 10.0 - u).collect();
        let found = topsis(&[Criterion::benefit(&up), Criterion::benefit(&down)], &[0.5, 0.5]).unwrap();
        assert!(found.closeness.iter().all(|closeness| (closeness - 0.5).abs() < 1e-12));
        assert_eq!(found.ranking, (0..=10).collect::<Vec<usize>>(), "rounding decides nothing");
    }

    #[test]
    fn what_cannot_be_ranked_is_an_error() {
        assert_eq!(topsis(&[], &[]), Err(EntropyWeightError::Empty));
        assert_eq!(topsis(&[Criterion::benefit(&[])], &[1.0]), Err(EntropyWeightError::Empty));
        let uneven = topsis(&[Criterion::benefit(&[1.0, 2.0]), Criterion::cost(&[1.0])], &[0.5, 0.5]);
        assert_eq!(uneven, Err(EntropyWeightError::Length(1)));
        let infinite = topsis(&[Criterion::benefit(&[1.0, f64::INFINITY])], &[1.0]);
        assert_eq!(infinite, Err(EntropyWeightError::NotFinite { criterion: 0, scheme: 1 }));
    }

    #[test]
    #[should_panic(expected = "a weight per criterion")]
    fn every_criterion_has_a_weight() {
        let _ = topsis(&[Criterion::benefit(&[1.0, 2.0])], &[0.5, 0.5]);
    }

    #[test]
    fn a_front_without_a_bulge_has_no_knee() {
        assert_eq!(knee_point(&[]), None);
        assert_eq!(knee_point(&[[1.0, 2.0]]), None);
        assert_eq!(knee_point(&[[1.0, 2.0], [2.0, 1.0]]), None);
        assert_eq!(knee_point(&[[0.0, 1.0], [0.2, 0.2], [1.0, 0.0]]), None, "hollow");
        assert_eq!(knee_point(&[[0.0, 1.0], [0.5, 1.0], [1.0, 1.0]]), None, "one objective alone");
        let straight: Vec<[f64; 2]> = (0..=10).map(|i| f64::from(i) * 0.1).map(|u| [u, 1.0 - u]).collect();
        assert_eq!(knee_point(&straight), None, "rounding is no knee");
    }

    #[test]
    fn of_knees_as_sharp_the_first_is_taken() {
        assert_eq!(knee_point(&[[0.0, 1.0], [0.4, 0.9], [0.9, 0.4], [1.0, 0.0]]), Some(1));
    }

    proptest! {
        #[test]
        fn shifts_and_scales_change_nothing(
            points in prop::collection::vec((0u8..50, 0u8..50), 2..12),
            scale in 0.01f64..100.0,
            shift in -100.0f64..100.0,
        ) {
            let column = |of: fn(&(u8, u8)) -> u8| points.iter().map(|p| f64::from(of(p))).collect::<Vec<f64>>();
            let (profit, spent) = (column(|p| p.0), column(|p| p.1));
            let moved = |values: &[f64]| values.iter().map(|value| value * scale + shift).collect::<Vec<f64>>();
            let (profit_moved, spent_moved) = (moved(&profit), moved(&spent));
            let plain = topsis(&[Criterion::benefit(&profit), Criterion::cost(&spent)], &[0.6, 0.4]).unwrap();
            let found = topsis(&[Criterion::benefit(&profit_moved), Criterion::cost(&spent_moved)], &[0.6, 0.4]).unwrap();
            for (found, plain) in found.closeness.iter().zip(&plain.closeness) {
                prop_assert!((found - plain).abs() < 1e-9);
            }
        }

        #[test]
        fn closeness_is_a_share_and_a_scheme_at_least_as_good_in_all_is_as_close(
            points in prop::collection::vec((0u8..9, 0u8..9), 1..12), weight in 0.0f64..1.0,
        ) {
            let column = |of: fn(&(u8, u8)) -> u8| points.iter().map(|p| f64::from(of(p))).collect::<Vec<f64>>();
            let (up, down) = (column(|p| p.0), column(|p| p.1));
            let found = topsis(&[Criterion::benefit(&up), Criterion::cost(&down)], &[weight, 1.0 - weight]).unwrap().closeness;
            for (i, p) in points.iter().enumerate() {
                prop_assert!((0.0..=1.0).contains(&found[i]));
                for (j, q) in points.iter().enumerate() {
                    if p.0 >= q.0 && p.1 <= q.1 {
                        prop_assert!(found[i] >= found[j] - 1e-12);
                    }
                }
            }
        }
    }
}
