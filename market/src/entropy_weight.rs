//! The entropy weight method: weights of criteria from how much the schemes of a front differ in them.
//!
//! Min-max form, which is invariant to shifts and scales and takes any sign: with n schemes and criterion j,
//!
//! ```text
//! y_ij = (x_ij - min) / (max - min)  (benefit)    or (max - x_ij) / (max - min)  (cost)
//! p_ij = y_ij / sum_i y_ij,   e_j = -(1/ln n) sum_i p_ij ln p_ij  (0 ln 0 = 0)
//! d_j = 1 - e_j,   w_j = d_j / sum_k d_k,   score S_i = sum_j w_j y_ij
//! ```
//!
//! Entropy rewards how densely a front happens to be sampled, so a front is first resampled uniformly along its
//! arc ([`resample_front`]). On a straight front all schemes then score alike: [`is_straight`] tells.

/// Whether more of a criterion is better.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Direction {
    /// More is better.
    Benefit,
    /// Less is better.
    Cost,
}

/// One criterion: its value in every scheme.
#[derive(Debug, Clone, Copy)]
pub struct Criterion<'a> {
    /// Whether more is better.
    pub direction: Direction,
    /// A value per scheme.
    pub values: &'a [f64],
}

impl<'a> Criterion<'a> {
    /// Of which more is better.
    pub fn benefit(values: &'a [f64]) -> Self {
        Self { direction: Direction::Benefit, values }
    }

    /// Of which less is better.
    pub fn cost(values: &'a [f64]) -> Self {
        Self { direction: Direction::Cost, values }
    }
}

/// What the method finds.
#[derive(Debug, Clone, PartialEq)]
pub struct EntropyWeights {
    /// A weight per criterion; they sum to 1.
    pub weights: Vec<f64>,
    /// The entropy e_j per criterion, 1 for a criterion in which all schemes are alike.
    pub entropies: Vec<f64>,
    /// The score S_i per scheme; schemes whose scores differ by less than 1e-9 tie.
    pub scores: Vec<f64>,
}

/// Why there are no weights.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum EntropyWeightError {
    /// There is no scheme or no criterion.
    #[error("there are no schemes to weigh")]
    Empty,
    /// Criteria of different lengths.
    #[error("criterion {0} has another number of schemes than the first")]
    Length(usize),
    /// A value that is not a number or infinite.
    #[error("criterion {criterion}, scheme {scheme}: not a finite number")]
    NotFinite {
        /// The criterion, from 0.
        criterion: usize,
        /// The scheme, from 0.
        scheme: usize,
    },
}

/// Weighs criteria by the entropy of their values over the schemes.
///
/// A criterion in which all schemes are alike weighs nothing and counts as fully met by all; where that is so for
/// every criterion, or there is a single scheme, all weigh the same. Dominated and double schemes distort the
/// weights: filter them before.
///
/// # Errors
/// [`EntropyWeightError`]: nothing to weigh, unequal lengths, values that are not finite.
pub fn entropy_weights(criteria: &[Criterion<'_>]) -> Result<EntropyWeights, EntropyWeightError> {
    let schemes = validate(criteria)?;
    let normalised: Vec<Option<Vec<f64>>> = criteria.iter().map(|&criterion| normalise(criterion)).collect();
    let entropies: Vec<f64> = normalised.iter().map(|y| y.as_deref().map_or(1.0, entropy)).collect();
    let total: f64 = entropies.iter().map(|entropy| 1.0 - entropy).sum();
    let equal = 1.0 / criteria.len() as f64;
    let weights: Vec<f64> = if total > 0.0 {
        entropies.iter().map(|entropy| (1.0 - entropy) / total).collect()
    } else {
        vec![equal; criteria.len()]
    };
    let scores = (0..schemes)
        .map(|scheme| {
            let terms = normalised.iter().zip(&weights);
            terms.map(|(y, weight)| weight * y.as_ref().map_or(1.0, |y| y[scheme])).sum()
        })
        .collect();
    Ok(EntropyWeights { weights, entropies, scores })
}

/// The number of schemes, of which there is at least one, all with finite values of every criterion.
pub(crate) fn validate(criteria: &[Criterion<'_>]) -> Result<usize, EntropyWeightError> {
    let schemes = criteria.first().map_or(0, |criterion| criterion.values.len());
    if schemes == 0 {
        return Err(EntropyWeightError::Empty);
    }
    for (index, criterion) in criteria.iter().enumerate() {
        if criterion.values.len() != schemes {
            return Err(EntropyWeightError::Length(index));
        }
        if let Some(scheme) = criterion.values.iter().position(|value| !value.is_finite()) {
            return Err(EntropyWeightError::NotFinite { criterion: index, scheme });
        }
    }
    Ok(schemes)
}

/// y of a criterion, from 0 (worst) to 1 (best), or `None` where all schemes are alike.
pub(crate) fn normalise(criterion: Criterion<'_>) -> Option<Vec<f64>> {
    let least = criterion.values.iter().copied().fold(f64::INFINITY, f64::min);
    let most = criterion.values.iter().copied().fold(f64::NEG_INFINITY, f64::max);
    let range = most - least;
    if range <= 1e-12 * most.abs().max(1.0) {
        return None;
    }
    let y = |&value: &f64| match criterion.direction {
        Direction::Benefit => (value - least) / range,
        Direction::Cost => (most - value) / range,
    };
    Some(criterion.values.iter().map(y).collect())
}

/// e of a criterion that differs between schemes, of which there are then at least two.
fn entropy(y: &[f64]) -> f64 {
    let sum: f64 = y.iter().sum();
    let terms = y.iter().filter(|&&value| value > 0.0).map(|value| {
        let share = value / sum;
        share * libm::log(share)
    });
    (-terms.sum::<f64>() / libm::log(y.len() as f64)).clamp(0.0, 1.0)
}

/// Points at equal distances along the arc of a front, both ends included; `front` is in order along it.
///
/// Distances are measured after each coordinate was scaled to its range over the front. A front of a single point, or
/// one without length, gives its first point.
pub fn resample_front(front: &[[f64; 2]], points: usize) -> Vec<[f64; 2]> {
    let Some(&first) = front.first() else {
        return Vec::new();
    };
    let range = ranges(front);
    let distance = |a: [f64; 2], b: [f64; 2]| {
        let along = |axis: usize| if range[axis] > 0.0 { (b[axis] - a[axis]) / range[axis] } else { 0.0 };
        (along(0) * along(0) + along(1) * along(1)).sqrt()
    };
    let mut reached = vec![0.0; front.len()];
    for index in 1..front.len() {
        reached[index] = reached[index - 1] + distance(front[index - 1], front[index]);
    }
    let length = reached[front.len() - 1];
    if length <= 0.0 || points < 2 {
        return vec![first];
    }
    let mut segment = 1;
    (0..points)
        .map(|point| {
            let target = length * point as f64 / (points - 1) as f64;
            while segment + 1 < front.len() && reached[segment] < target {
                segment += 1;
            }
            let span = reached[segment] - reached[segment - 1];
            let share =
                if span > 0.0 { ((target - reached[segment - 1]) / span).clamp(0.0, 1.0) } else { 0.0 };
            let (from, to) = (front[segment - 1], front[segment]);
            [from[0] + share * (to[0] - from[0]), from[1] + share * (to[1] - from[1])]
        })
        .collect()
}

/// Whether a front is a straight line to within `tolerance` of its range: the largest distance of a point to the
/// chord, both coordinates scaled to their range.
pub fn is_straight(front: &[[f64; 2]], tolerance: f64) -> bool {
    let range = ranges(front);
    let (Some(&first), Some(&last)) = (front.first(), front.last()) else {
        return true;
    };
    if range.iter().any(|&range| range <= 0.0) {
        return true;
    }
    let scale = |point: [f64; 2]| [(point[0] - first[0]) / range[0], (point[1] - first[1]) / range[1]];
    let chord = scale(last);
    let length = (chord[0] * chord[0] + chord[1] * chord[1]).sqrt();
    front.iter().all(|&point| {
        let point = scale(point);
        (point[0] * chord[1] - point[1] * chord[0]).abs() <= tolerance * length
    })
}

/// Range of each coordinate.
fn ranges(front: &[[f64; 2]]) -> [f64; 2] {
    [0, 1].map(|axis| {
        let values = || front.iter().map(|point| point[axis]);
        values().fold(f64::NEG_INFINITY, f64::max) - values().fold(f64::INFINITY, f64::min)
    })
}

#[cfg(test)]
pub(crate) mod tests {
    use super::*;

    pub(crate) fn assert_close(found: &[f64], expected: &[f64]) {
        assert_eq!(found.len(), expected.len());
        for (found, expected) in found.iter().zip(expected) {
            assert!((found - expected).abs() < 1e-6, "{found} is not {expected}");
        }
    }

    #[test]
    fn the_golden_example_picks_the_third_scheme() {
        let found = entropy_weights(&[
            Criterion::benefit(&[100.0, 120.0, 110.0, 90.0]),
            Criterion::cost(&[80.0, 95.0, 85.0, 78.0]),
        ])
        .unwrap();
        assert_close(&found.entropies, &[0.729_574, 0.775_807]);
        assert_close(&found.weights, &[0.546_736, 0.453_264]);
        assert_close(&found.scores, &[0.582_184, 0.546_736, 0.631_117, 0.453_264]);
    }

    #[test]
    fn shifts_and_scales_change_nothing() {
        let plain =
            entropy_weights(&[Criterion::benefit(&[1.0, 2.0, 4.0]), Criterion::cost(&[5.0, 6.0, 9.0])])
                .unwrap();
        let moved =
            entropy_weights(&[Criterion::benefit(&[-70.0, -60.0, -40.0]), Criterion::cost(&[0.5, 0.6, 0.9])])
                .unwrap();
        assert_close(&moved.weights, &plain.weights);
        assert_close(&moved.scores, &plain.scores);
    }

    #[test]
    fn a_single_scheme_weighs_all_criteria_alike() {
        let found = entropy_weights(&[Criterion::benefit(&[3.0]), Criterion::cost(&[7.0])]).unwrap();
        assert_eq!(found.weights, [0.5, 0.5]);
        assert_eq!(found.scores, [1.0]);
    }

    #[test]
    fn a_criterion_without_differences_weighs_nothing() {
        let found =
            entropy_weights(&[Criterion::benefit(&[3.0, 3.0, 3.0]), Criterion::cost(&[7.0, 8.0, 9.0])])
                .unwrap();
        assert_eq!(found.weights, [0.0, 1.0]);
        let none = entropy_weights(&[Criterion::benefit(&[3.0, 3.0]), Criterion::cost(&[7.0, 7.0])]).unwrap();
        assert_eq!(none.weights, [0.5, 0.5]);
        assert_eq!(none.scores, [1.0, 1.0]);
    }

    #[test]
    fn nothing_or_what_is_not_a_number_is_refused() {
        assert_eq!(entropy_weights(&[]), Err(EntropyWeightError::Empty));
        assert_eq!(entropy_weights(&[Criterion::benefit(&[])]), Err(EntropyWeightError::Empty));
        assert_eq!(
            entropy_weights(&[Criterion::benefit(&[1.0, 2.0]), Criterion::cost(&[1.0, f64::NAN])]),
            Err(EntropyWeightError::NotFinite { criterion: 1, scheme: 1 })
        );
        assert_eq!(
            entropy_weights(&[Criterion::benefit(&[1.0]), Criterion::cost(&[1.0, 2.0])]),
            Err(EntropyWeightError::Length(1))
        );
    }

    #[test]
    fn on_a_straight_front_all_schemes_tie_whatever_its_sampling() {
        let front: Vec<[f64; 2]> = (0..=10).map(|i| f64::from(i * i) / 100.0).map(|u| [u, 1.0 - u]).collect();
        assert!(is_straight(&front, 1e-12));
        let even = resample_front(&front, 101);
        let columns = [0, 1].map(|axis| even.iter().map(|point| point[axis]).collect::<Vec<f64>>());
        let found =
            entropy_weights(&[Criterion::benefit(&columns[0]), Criterion::benefit(&columns[1])]).unwrap();
        assert_close(&found.weights, &[0.5, 0.5]);
        assert!(found.scores.iter().all(|score| (score - 0.5).abs() < 1e-9));
    }

    #[test]
    fn resampling_keeps_the_ends_and_the_distances() {
        let even = resample_front(&[[0.0, 1.0], [0.9, 0.9], [1.0, 0.0]], 11);
        assert_close(&even[0], &[0.0, 1.0]);
        assert_close(&even[10], &[1.0, 0.0]);
        let steps: Vec<f64> = even
            .windows(2)
            .map(|w| ((w[1][0] - w[0][0]).powi(2) + (w[1][1] - w[0][1]).powi(2)).sqrt())
            .collect();
        assert!(steps[0] > 0.17 && steps[9] > 0.17, "the corner alone is cut");
        assert!(!is_straight(&even, 0.01));
        assert_eq!(resample_front(&[[2.0, 3.0]], 5), [[2.0, 3.0]]);
        assert!(resample_front(&[], 5).is_empty());
    }
}
