//! Quantiles over replicates, with intervals that assume nothing about the distribution.
//!
//! | quantity | formula |
//! |---|---|
//! | p-quantile | between the order statistics around h = (n - 1) p, in proportion: x(i) + (h - i)(x(i+1) - x(i)), counted from 0 |
//! | interval | from the l-th to the u-th smallest value, l and u - 1 being the 2.5 % and 97.5 % points of the binomial distribution B(n, p) |
//!
//! The number of values below the true quantile is B(n, p), whatever their distribution, so the interval covers in at
//! least 95 % of studies (Conover, *Practical Nonparametric Statistics*, 3.2). With few values an end may not exist:
//! the largest of 30 says nothing about how large the 99 % quantile could be.

use super::CONFIDENCE;

/// A quantile with its interval.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct QuantileEstimate {
    /// Share of values below it, 0 to 1.
    pub probability: f64,
    /// Values that it is computed from, at least 1.
    pub count: usize,
    /// The quantile.
    pub value: f64,
    /// The lower end of the interval of [`CONFIDENCE`]; `None` where there are too few values for one.
    pub low: Option<f64>,
    /// The upper end; `None` where there are too few values for one.
    pub high: Option<f64>,
}

/// Values in ascending order, for several quantiles of them.
#[derive(Debug, Clone, PartialEq)]
pub struct Sorted {
    values: Vec<f64>,
}

impl Sorted {
    /// Sorts values.
    pub fn new(mut values: Vec<f64>) -> Self {
        values.sort_by(f64::total_cmp);
        Self { values }
    }

    /// The values, ascending.
    pub fn values(&self) -> &[f64] {
        &self.values
    }

    /// The quantile of this probability, between neighbours in proportion; `None` without a value.
    ///
    /// # Panics
    /// Unless 0 <= `probability` <= 1.
    pub fn quantile(&self, probability: f64) -> Option<f64> {
        assert!((0.0..=1.0).contains(&probability), "invariant: {probability} is a probability");
        let last = self.values.len().checked_sub(1)?;
        let position = probability * last as f64;
        let below = (position as usize).min(last);
        let (low, high) = (self.values[below], self.values[(below + 1).min(last)]);
        let share = position - below as f64;
        // Not through the difference of infinities, nor below a value that both sides have.
        Some(if share == 0.0 || low == high { low } else { low + share * (high - low) })
    }

    /// The quantile with its interval; `None` without a value.
    ///
    /// # Panics
    /// Unless 0 < `probability` < 1.
    pub fn estimate(&self, probability: f64) -> Option<QuantileEstimate> {
        let value = self.quantile(probability)?;
        let count = self.values.len();
        let [lower, upper] = order_statistics(count, probability);
        let end = |rank: usize| rank.checked_sub(1).and_then(|place| self.values.get(place)).copied();
        Some(QuantileEstimate { probability, count, value, low: end(lower), high: end(upper) })
    }
}

/// The ranks, from 1, between which the true quantile lies with [`CONFIDENCE`]; 0 or `count` + 1 where there is none.
///
/// # Panics
/// Unless 0 < `probability` < 1 and `count` >= 1.
pub fn order_statistics(count: usize, probability: f64) -> [usize; 2] {
    let outside = 0.5 * (1.0 - CONFIDENCE);
    let [lower, upper] = binomial_quantiles(count, probability, [outside, 1.0 - outside]);
    [lower, upper + 1]
}

/// For each of two ascending shares, the smallest k that B(count, probability) does not exceed with at least that share.
fn binomial_quantiles(count: usize, probability: f64, shares: [f64; 2]) -> [usize; 2] {
    assert!(count >= 1, "invariant: there is a value");
    assert!(probability > 0.0 && probability < 1.0, "invariant: {probability} is inside (0, 1)");
    let weights = binomial_weights(count, probability);
    let total: f64 = weights.iter().sum();
    let mut sum = 0.0;
    let mut found = [count; 2];
    let mut next = 0;
    for (successes, weight) in weights.iter().enumerate() {
        sum += weight / total;
        while next < shares.len() && sum >= shares[next] {
            found[next] = successes;
            next += 1;
        }
    }
    found
}

/// Probabilities of 0 to `count` successes, up to a common factor: 1 at the likeliest, its neighbours by their ratios.
fn binomial_weights(count: usize, probability: f64) -> Vec<f64> {
    let odds = probability / (1.0 - probability);
    let ratio = |successes: usize| (count - successes) as f64 / (successes + 1) as f64 * odds;
    let mode = ((((count + 1) as f64) * probability) as usize).min(count);
    let mut weights = vec![0.0; count + 1];
    weights[mode] = 1.0;
    for successes in mode..count {
        weights[successes + 1] = weights[successes] * ratio(successes);
    }
    for successes in (0..mode).rev() {
        weights[successes] = weights[successes + 1] / ratio(successes);
    }
    weights
}

/// The middle value, or the mean of the two in the middle; `None` without a value.
pub fn median(values: &[f64]) -> Option<f64> {
    let mut sorted = values.to_vec();
    sorted.sort_by(f64::total_cmp);
    let middle = sorted.len() / 2;
    let &upper = sorted.get(middle)?;
    Some(if sorted.len() % 2 == 1 { upper } else { 0.5 * (sorted[middle - 1] + upper) })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_median_is_in_the_middle() {
        assert_eq!(median(&[3.0, 1.0, 2.0]), Some(2.0));
        assert_eq!(median(&[4.0, 1.0, 2.0, 3.0]), Some(2.5));
        assert_eq!(median(&[]), None);
    }

    #[test]
    fn a_quantile_lies_between_its_neighbours_in_proportion() {
        let sorted = Sorted::new(vec![40.0, 10.0, 20.0, 30.0]);
        for (probability, expected) in [(0.0, 10.0), (0.5, 25.0), (1.0, 40.0), (0.1, 13.0), (1.0 / 3.0, 20.0)]
        {
            assert_eq!(sorted.quantile(probability), Some(expected), "{probability}");
        }
        assert_eq!(Sorted::new(vec![7.0]).quantile(0.3), Some(7.0));
        assert_eq!(Sorted::new(vec![]).quantile(0.3), None);
    }

    /// Printed in Conover, and in D. Wackerly: ranks of intervals for a median.
    #[test]
    fn ranks_are_those_of_the_sign_test() {
        for (count, ranks) in [(6, [1, 6]), (10, [2, 9]), (15, [4, 12]), (20, [6, 15]), (100, [40, 61])] {
            assert_eq!(order_statistics(count, 0.5), ranks, "{count}");
        }
    }

    #[test]
    fn too_few_values_have_no_end() {
        let five = Sorted::new(vec![1.0, 2.0, 3.0, 4.0, 5.0]).estimate(0.5).unwrap();
        assert_eq!((five.value, five.low, five.high), (3.0, None, None));
        let thirty = Sorted::new((1..=30).map(f64::from).collect()).estimate(0.95).unwrap();
        assert!(thirty.low.is_some() && thirty.high.is_none(), "{thirty:?}");
    }
}
