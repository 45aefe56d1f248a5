//! How unequally something is spread over households.
//!
//! | quantity | formula | range |
//! |---|---|---|
//! | Gini's coefficient | G = sum over i, j of abs(x_i - x_j) / (2 n^2 m) | 0 if all have the same, (n - 1) / n if one has all |
//! | Jain's index | J = (sum of x)^2 / (n sum of x^2) | 1 if all have the same, 1 / n if one has all |
//!
//! Both speak of shares of a whole, so they are undefined where a value is negative or all are zero: a Gini coefficient
//! of bills of which some are credits can be any number.
//!
//! Jain, Chiu and Hawe (1984), "A quantitative measure of fairness and discrimination", DEC-TR-301.

/// Gini's coefficient; `None` unless all values are finite and not negative, and one is positive.
pub fn gini(values: &[f64]) -> Option<f64> {
    let total = whole(values)?;
    let mut sorted = values.to_vec();
    sorted.sort_by(f64::total_cmp);
    // The double sum by ranks: sum over i of (2 i - n - 1) x_(i), twice.
    let count = sorted.len() as f64;
    let weighted: f64 =
        sorted.iter().enumerate().map(|(place, value)| (2.0 * place as f64 + 1.0 - count) * value).sum();
    Some((weighted / (count * total)).max(0.0))
}

/// Jain's index of fairness; `None` unless all values are finite and not negative, and one is positive.
pub fn jain(values: &[f64]) -> Option<f64> {
    whole(values)?;
    // In units of the largest, so that squares neither vanish nor overflow.
    let largest = values.iter().copied().fold(0.0, f64::max);
    let (sum, squares) = values
        .iter()
        .map(|value| value / largest)
        .fold((0.0, 0.0), |(sum, squares), share| (sum + share, squares + share * share));
    Some(sum * sum / (values.len() as f64 * squares))
}

/// The sum of what can be shared.
fn whole(values: &[f64]) -> Option<f64> {
    let sharable = values.iter().all(|value| value.is_finite() && *value >= 0.0);
    let total: f64 = values.iter().sum();
    (sharable && total > 0.0 && total.is_finite()).then_some(total)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn by_definition(values: &[f64]) -> f64 {
        let differences: f64 = values.iter().flat_map(|a| values.iter().map(move |b| (a - b).abs())).sum();
        let mean = values.iter().sum::<f64>() / values.len() as f64;
        differences / (2.0 * (values.len() * values.len()) as f64 * mean)
    }

    #[test]
    fn equal_shares_and_one_who_has_all() {
        assert_eq!((gini(&[2.0; 5]), jain(&[2.0; 5])), (Some(0.0), Some(1.0)));
        assert_eq!((gini(&[0.0, 0.0, 0.0, 8.0]), jain(&[0.0, 0.0, 0.0, 8.0])), (Some(0.75), Some(0.25)));
    }

    #[test]
    fn gini_is_the_mean_difference_of_its_definition() {
        let values = [3.5, 0.25, 7.0, 1.0, 0.0, 2.0, 2.0];
        assert!((gini(&values).unwrap() - by_definition(&values)).abs() < 1e-15);
    }

    #[test]
    fn neither_knows_debts_or_nothing() {
        for values in [&[][..], &[0.0, 0.0], &[1.0, -0.5], &[1.0, f64::NAN], &[f64::INFINITY, 1.0]] {
            assert_eq!((gini(values), jain(values)), (None, None), "{values:?}");
        }
    }
}
