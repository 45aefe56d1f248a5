//! Which values the targets pin, and which not.
//!
//! Three looks at the loss around the best values:
//!
//! * *Interval*: how far one parameter can move, the others fixed, before the loss rises by more than 0.01.
//! * *Free share*: with the outputs' derivatives J (rows: cells as shares of their table's largest cell, columns: parameters
//!   over their bounds), directions in which J^T J has an eigenvalue below a millionth of the largest are free: along them
//!   parameters can move together and change next to nothing. The share of a parameter's unit vector in them.
//! * *Spread*: the range of the parameter's values over the starts whose loss is within 0.05 of the best, which count as as
//!   good. A parameter is pinned only when interval and spread agree, so it takes two such starts.

use serde::Serialize;

use super::Start;
use super::search::Bench;

/// The rise of the loss that is counted as worse, in its own unit: a third of what one cell more in twenty, missed by a
/// twentieth, adds.
const RISE: f64 = 0.01;
/// A start whose loss is above the best one by no more than this counts as as good: what one cell in twenty adds that is
/// missed by a twelfth instead of met.
pub const NEAR: f64 = 0.05;
/// Steps of the bisection for an end of the interval.
const STEPS: u32 = 14;
/// A share of the bounds; the step of the derivatives.
const STEP: f64 = 2e-3;
/// An eigenvalue below this share of the largest counts as none.
const FLAT: f64 = 1e-6;
/// An interval or a spread wider than this share of the bounds leaves a parameter open.
const WIDE: f64 = 0.25;

/// How well the targets pin a parameter.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum Verdict {
    /// By itself, and other starts that are as good agree.
    Pinned,
    /// Only while others keep their values: together with them it can move.
    WithOthers,
    /// Not: the loss hardly changes over much of its bounds.
    Open,
    /// Not: it lies on one of its bounds, which says more about the bound.
    AtBound,
    /// Not: around the best values it cannot move, but starts that are as good ended elsewhere.
    Scattered,
    /// Not shown: around the best values it cannot move, and no other start came as near.
    Unconfirmed,
}

impl Verdict {
    /// For people.
    pub fn words(self) -> &'static str {
        match self {
            Self::Pinned => "pinned",
            Self::WithOthers => "pinned only together with others",
            Self::Open => "not pinned",
            Self::AtBound => "at its bound",
            Self::Scattered => "not pinned: starts as good differ",
            Self::Unconfirmed => "not shown: no other start as good",
        }
    }
}

/// What is known of a parameter.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Known {
    /// In a word.
    pub verdict: Verdict,
    /// The interval, in the parameter's unit.
    pub interval: [f64; 2],
    /// The free share, 0 to 1.
    pub free_share: f64,
    /// The lowest and the highest value of the starts that are as good as the best one.
    pub spread: [f64; 2],
}

/// The verdict from the parts.
#[derive(Debug, Clone, Copy)]
struct Looks {
    /// The interval's width as a share of the bounds.
    interval: f64,
    /// The spread as a share of the bounds; `None` when no other start is as good.
    spread: Option<f64>,
    free_share: f64,
    at_bound: bool,
}

impl Looks {
    fn verdict(self) -> Verdict {
        match self {
            Self { interval, .. } if interval > WIDE => Verdict::Open,
            Self { at_bound: true, .. } => Verdict::AtBound,
            Self { spread: None, .. } => Verdict::Unconfirmed,
            Self { spread: Some(spread), .. } if spread > WIDE => Verdict::Scattered,
            Self { free_share, .. } if free_share > 0.5 => Verdict::WithOthers,
            Self { .. } => Verdict::Pinned,
        }
    }
}

/// Looks around the values of the best start, which is the first, and at the others.
pub(crate) fn identify(bench: &Bench<'_>, starts: &[Start]) -> Vec<Known> {
    let parameters = &bench.fit.parameters;
    let best = &starts[0].found;
    let near: Vec<&Start> = starts.iter().filter(|start| start.is_near).collect();
    let intervals = intervals(bench, &best.values, best.loss);
    let shares = free_shares(bench, &best.values);
    let of_parameter = |(index, (interval, free_share)): (usize, ([f64; 2], f64))| {
        let table = &parameters[index].table;
        let (width, value) = (table.high - table.low, best.values[index]);
        let values = || near.iter().map(|start| start.found.values[index]);
        let spread = [values().fold(f64::INFINITY, f64::min), values().fold(f64::NEG_INFINITY, f64::max)];
        let looks = Looks {
            interval: (interval[1] - interval[0]) / width,
            spread: (near.len() > 1).then(|| (spread[1] - spread[0]) / width),
            free_share,
            at_bound: (value - table.low).min(table.high - value) < 1e-3 * width,
        };
        Known { verdict: looks.verdict(), interval, free_share, spread }
    };
    intervals.into_iter().zip(shares).enumerate().map(of_parameter).collect()
}

/// By bisection between the value and each bound, all ends at once.
fn intervals(bench: &Bench<'_>, values: &[f64], best: f64) -> Vec<[f64; 2]> {
    let parameters = &bench.fit.parameters;
    // For each end: the farthest value known to be as good, and the nearest known to be worse.
    let mut ends: Vec<(usize, f64, f64)> = Vec::new();
    for (index, parameter) in parameters.iter().enumerate() {
        ends.push((index, values[index], parameter.table.low));
        ends.push((index, values[index], parameter.table.high));
    }
    let losses = |tried: &[(usize, f64)]| {
        let candidates: Vec<Vec<f64>> = tried
            .iter()
            .map(|&(index, value)| {
                let mut candidate = values.to_vec();
                candidate[index] = value;
                candidate
            })
            .collect();
        bench.losses(&candidates)
    };
    let bounds: Vec<(usize, f64)> = ends.iter().map(|&(index, _, worse)| (index, worse)).collect();
    for (end, loss) in ends.iter_mut().zip(losses(&bounds)) {
        if loss <= best + RISE {
            end.1 = end.2;
        }
    }
    for _ in 0..STEPS {
        let middles: Vec<(usize, f64)> =
            ends.iter().map(|&(index, good, worse)| (index, f64::midpoint(good, worse))).collect();
        for ((end, (_, middle)), loss) in ends.iter_mut().zip(&middles).zip(losses(&middles)) {
            if loss <= best + RISE {
                end.1 = *middle;
            } else {
                end.2 = *middle;
            }
        }
    }
    ends.chunks(2).map(|pair| [pair[0].1, pair[1].1]).collect()
}

fn free_shares(bench: &Bench<'_>, values: &[f64]) -> Vec<f64> {
    let parameters = &bench.fit.parameters;
    let count = parameters.len();
    let mut candidates = Vec::new();
    for (index, parameter) in parameters.iter().enumerate() {
        let step = STEP * (parameter.table.high - parameter.table.low);
        for value in [values[index] - step, values[index] + step] {
            let mut candidate = values.to_vec();
            candidate[index] = value.clamp(parameter.table.low, parameter.table.high);
            candidates.push(candidate);
        }
    }
    let outputs = bench.outputs(&candidates);
    let units = units(bench);
    let mut columns: Vec<Vec<f64>> = Vec::new();
    for index in 0..count {
        let width = parameters[index].table.high - parameters[index].table.low;
        let moved = (candidates[2 * index + 1][index] - candidates[2 * index][index]) / width;
        let column = match (&outputs[2 * index], &outputs[2 * index + 1]) {
            (Some(low), Some(high)) => low
                .iter()
                .zip(high)
                .zip(&units)
                .map(|((low, high), unit)| (high - low) / moved / unit)
                .collect(),
            _ => vec![0.0; units.len()],
        };
        columns.push(column);
    }
    let product = |a: usize, b: usize| columns[a].iter().zip(&columns[b]).map(|(x, y)| x * y).sum();
    let mut matrix: Vec<Vec<f64>> = (0..count).map(|a| (0..count).map(|b| product(a, b)).collect()).collect();
    let vectors = eigenvectors(&mut matrix);
    let largest = (0..count).map(|k| matrix[k][k]).fold(0.0, f64::max);
    (0..count)
        .map(|index| {
            (0..count)
                .filter(|&k| matrix[k][k] <= FLAT * largest)
                .map(|k| vectors[index][k] * vectors[index][k])
                .sum()
        })
        .collect()
}

/// What each output is measured in: the largest cell of its table.
fn units(bench: &Bench<'_>) -> Vec<f64> {
    let tables = bench.fit.variants.iter().filter_map(|variant| variant.targets.as_ref());
    tables
        .flat_map(|targets| {
            let largest = targets.rows.values().flatten().copied().fold(f64::MIN_POSITIVE, f64::max);
            vec![largest; targets.cells()]
        })
        .collect()
}

/// Jacobi's rotations: leaves the eigenvalues on the diagonal of a symmetric matrix, and returns the eigenvectors as columns.
fn eigenvectors(matrix: &mut [Vec<f64>]) -> Vec<Vec<f64>> {
    let n = matrix.len();
    let mut vectors: Vec<Vec<f64>> =
        (0..n).map(|i| (0..n).map(|j| f64::from(u8::from(i == j))).collect()).collect();
    for _ in 0..60 {
        for p in 0..n {
            for q in p + 1..n {
                if matrix[p][q] == 0.0 {
                    continue;
                }
                let theta = (matrix[q][q] - matrix[p][p]) / (2.0 * matrix[p][q]);
                let sign = if theta < 0.0 { -1.0 } else { 1.0 };
                let t = sign / (theta.abs() + libm::sqrt(theta * theta + 1.0));
                let c = 1.0 / libm::sqrt(t * t + 1.0);
                let s = t * c;
                for row in matrix.iter_mut().chain(&mut vectors) {
                    let (a, b) = (row[p], row[q]);
                    (row[p], row[q]) = (c * a - s * b, s * a + c * b);
                }
                let (upper, lower) = matrix.split_at_mut(q);
                for (first, second) in upper[p].iter_mut().zip(&mut lower[0]) {
                    (*first, *second) = (c * *first - s * *second, s * *first + c * *second);
                }
            }
        }
    }
    vectors
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn pinned_is_what_interval_and_starts_agree_on() {
        let narrow = Looks { interval: 0.01, spread: Some(0.02), free_share: 0.0, at_bound: false };
        assert_eq!(narrow.verdict(), Verdict::Pinned);
        assert_eq!(Looks { spread: Some(0.3), ..narrow }.verdict(), Verdict::Scattered);
        assert_eq!(Looks { spread: None, ..narrow }.verdict(), Verdict::Unconfirmed);
        assert_eq!(Looks { interval: 0.3, ..narrow }.verdict(), Verdict::Open);
        assert_eq!(Looks { free_share: 0.6, ..narrow }.verdict(), Verdict::WithOthers);
        assert_eq!(Looks { at_bound: true, ..narrow }.verdict(), Verdict::AtBound);
    }

    #[test]
    fn eigenvectors_of_a_known_matrix() {
        let mut matrix = vec![vec![2.0, 1.0, 0.0], vec![1.0, 2.0, 0.0], vec![0.0, 0.0, 5.0]];
        let vectors = eigenvectors(&mut matrix);
        let mut values: Vec<f64> = (0..3).map(|k| matrix[k][k]).collect();
        values.sort_by(f64::total_cmp);
        for (found, known) in values.iter().zip([1.0, 3.0, 5.0]) {
            assert!((found - known).abs() < 1e-12);
        }
        for row in &vectors {
            let length: f64 = row.iter().map(|part| part * part).sum();
            assert!((length - 1.0).abs() < 1e-12, "a rotation's rows are as long as its columns");
        }
    }
}
