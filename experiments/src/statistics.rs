//! Means over replicates and how sure they are.
//!
//! | quantity | formula |
//! |---|---|
//! | mean | m = sum of x / n |
//! | standard deviation | s = sqrt(sum of (x - m)^2 / (n - 1)) |
//! | interval | m +- t(0.975, n - 1) s / sqrt(n), Student's t: it covers the true mean in 95 of 100 studies if x is normal |

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

/// The middle value, or the mean of the two in the middle; `None` without a value.
pub fn median(values: &[f64]) -> Option<f64> {
    let mut sorted = values.to_vec();
    sorted.sort_by(f64::total_cmp);
    let middle = sorted.len() / 2;
    let &upper = sorted.get(middle)?;
    Some(if sorted.len() % 2 == 1 { upper } else { 0.5 * (sorted[middle - 1] + upper) })
}

/// The value that Student's t with so many degrees of freedom does not exceed with this probability.
///
/// By bisection of the finite series for whole degrees of freedom (Abramowitz and Stegun, 26.7.3 and 26.7.4), whose
/// terms are all positive.
///
/// # Panics
/// Unless 0.5 <= `probability` < 1 and `degrees` >= 1.
pub fn student_t_quantile(probability: f64, degrees: u32) -> f64 {
    assert!((0.5..1.0).contains(&probability), "invariant: {probability} is in the upper half");
    assert!(degrees >= 1, "invariant: there is a degree of freedom");
    let within = 2.0 * probability - 1.0;
    let (mut low, mut high) = (0.0, 1.0);
    while student_t_within(high, degrees) < within {
        (low, high) = (high, 2.0 * high);
    }
    loop {
        let middle = 0.5 * (low + high);
        if middle <= low || middle >= high {
            return middle;
        }
        if student_t_within(middle, degrees) < within {
            low = middle;
        } else {
            high = middle;
        }
    }
}

/// The probability that Student's t is between `-t` and `t`.
fn student_t_within(t: f64, degrees: u32) -> f64 {
    let freedom = f64::from(degrees);
    let hypotenuse = (t * t + freedom).sqrt();
    let (sine, cosine) = (t / hypotenuse, freedom.sqrt() / hypotenuse);
    // Odd: cos + 2/3 cos^3 + 2*4/(3*5) cos^5 + ...; even: 1 + 1/2 cos^2 + 1*3/(2*4) cos^4 + ...; up to cos^(degrees - 2).
    let is_odd = degrees % 2 == 1;
    let mut power = u32::from(is_odd);
    let mut term = if is_odd { cosine } else { 1.0 };
    let mut sum = 0.0;
    while power + 2 <= degrees {
        sum += term;
        power += 2;
        term *= cosine * cosine * f64::from(power - 1) / f64::from(power);
    }
    if is_odd {
        (libm::atan2(t, freedom.sqrt()) + sine * sum) / std::f64::consts::FRAC_PI_2
    } else {
        sine * sum
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn quantiles_are_those_of_printed_tables() {
        let table = [
            (0.975, 1, 12.706_205),
            (0.975, 2, 4.302_653),
            (0.975, 3, 3.182_446),
            (0.975, 4, 2.776_445),
            (0.975, 5, 2.570_582),
            (0.975, 10, 2.228_139),
            (0.975, 29, 2.045_230),
            (0.975, 30, 2.042_272),
            (0.975, 120, 1.979_930),
            (0.975, 1000, 1.962_339),
            (0.95, 10, 1.812_461),
            (0.995, 2, 9.924_843),
            (0.75, 1, 1.0),
            (0.5, 7, 0.0),
        ];
        for (probability, degrees, printed) in table {
            let found = student_t_quantile(probability, degrees);
            assert!((found - printed).abs() < 1e-6, "t({probability}, {degrees}) = {found}, not {printed}");
        }
    }

    #[test]
    fn many_degrees_of_freedom_are_nearly_normal() {
        let found = student_t_quantile(0.975, 1_000_000);
        assert!((found - 1.959_966).abs() < 2e-6, "{found}");
    }

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

    #[test]
    fn the_median_is_in_the_middle() {
        assert_eq!(median(&[3.0, 1.0, 2.0]), Some(2.0));
        assert_eq!(median(&[4.0, 1.0, 2.0, 3.0]), Some(2.5));
        assert_eq!(median(&[]), None);
    }
}
