//! Student's t distribution: how far a mean of few values may be from the truth.

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
}
