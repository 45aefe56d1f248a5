//! Summaries over replicates: values, how sure they are, and when there are enough of them.
//!
//! Everything is computed in the order of the replicates, so that neither the number of threads nor the order in which runs
//! end changes a digit.
//!
//! | module | what it is |
//! |---|---|
//! | [`student`] | Student's t distribution |
//! | [`quantile`] | quantiles with intervals from order statistics |
//! | [`observation`] | what counts as one observation: antithetic pairs, blocks of a design, paired differences |
//! | [`inequality`] | Gini's coefficient and Jain's index |
//! | [`bootstrap`] | how much a statistic varies over resamples |
//! | [`stopping`] | after which replicate there are enough |
//! | [`coverage`] | how often intervals cover a known truth |
//!
//! | quantity | formula |
//! |---|---|
//! | mean | m = sum of x / n |
//! | standard deviation | s = sqrt(sum of (x - m)^2 / (n - 1)) |
//! | interval | m +- t(0.975, n - 1) s / sqrt(n), Student's t: it covers the true mean in 95 of 100 studies if x is normal |

pub mod bootstrap;
pub mod coverage;
pub mod observation;
pub mod quantile;
pub mod stopping;
pub mod student;

pub use goshawk_market::inequality;
pub use quantile::median;
pub use student::student_t_quantile;

/// What share of intervals covers the true mean.
pub const CONFIDENCE: f64 = 0.95;

/// A mean over replicates with its interval.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Estimate {
    /// Values that it is the mean of, at least 1.
    pub count: usize,
    /// The mean.
    pub mean: f64,
    /// Half the width of the interval of [`CONFIDENCE`] around the mean; `None` of a single value.
    pub half_width: Option<f64>,
}

impl Estimate {
    /// The mean of `values` and its interval; `None` without a value.
    pub fn of(values: &[f64]) -> Option<Self> {
        let mean = mean(values)?;
        let half_width = standard_deviation(values).map(|deviation| {
            let degrees = values.len() as u32 - 1;
            let quantile = student_t_quantile(0.5 + CONFIDENCE / 2.0, degrees);
            quantile * deviation / (values.len() as f64).sqrt()
        });
        Some(Self { count: values.len(), mean, half_width })
    }

    /// The ends of the interval.
    pub fn interval(&self) -> Option<[f64; 2]> {
        self.half_width.map(|half| [self.mean - half, self.mean + half])
    }
}

/// The mean; `None` without a value.
pub fn mean(values: &[f64]) -> Option<f64> {
    // From the first value on, so that equal values have exactly their own mean.
    let &first = values.first()?;
    Some(first + values.iter().map(|value| value - first).sum::<f64>() / values.len() as f64)
}

/// The standard deviation of a sample; `None` below two values.
pub fn standard_deviation(values: &[f64]) -> Option<f64> {
    let mean = mean(values).filter(|_| values.len() > 1)?;
    let squares: f64 = values.iter().map(|value| (value - mean).powi(2)).sum();
    Some((squares / (values.len() - 1) as f64).sqrt())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_estimate_by_hand() {
        let estimate = Estimate::of(&[1.0, 2.0, 3.0, 4.0, 5.0]).unwrap();
        assert_eq!((estimate.count, estimate.mean), (5, 3.0));
        // 2.776445 * sqrt(2.5 / 5)
        assert!((estimate.half_width.unwrap() - 1.963_243).abs() < 1e-6, "{estimate:?}");
        let [low, high] = estimate.interval().unwrap();
        assert!((low + high - 6.0).abs() < 1e-12 && low < 3.0);
    }

    #[test]
    fn one_value_has_no_interval_and_none_has_no_mean() {
        assert_eq!(Estimate::of(&[7.0]), Some(Estimate { count: 1, mean: 7.0, half_width: None }));
        assert_eq!(Estimate::of(&[]), None);
    }

    #[test]
    fn equal_values_do_not_deviate() {
        let estimate = Estimate::of(&[0.1; 7]).unwrap();
        assert_eq!((estimate.mean, estimate.half_width), (0.1, Some(0.0)));
    }
}
