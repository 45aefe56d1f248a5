//! Student's t distribution: how far a mean of few values may be from the truth.

/// The value that Student's t with so many degrees of freedom does not exceed with this probability.
///
/// By bisection of the probability, down to the last digit.
///
/// # Panics
/// Unless 0.5 <= `probability` < 1 and `degrees` >= 1.
pub fn student_t_quantile(probability: f64, degrees: u32) -> f64 {
    assert!((0.5..1.0).contains(&probability), "invariant: {probability} is in the upper half");
    assert!(degrees >= 1, "invariant: there is a degree of freedom");
    // Both are exact: no digit of a small tail is lost.
    let (within, beyond) = (2.0 * probability - 1.0, 2.0 * (1.0 - probability));
    let is_below = |t: f64| match two_sided(t, degrees) {
        Probability::Within(found) => found < within,
        Probability::Beyond(found) => found > beyond,
    };
    let (mut low, mut high) = (0.0, 1.0);
    while is_below(high) {
        (low, high) = (high, 2.0 * high);
    }
    loop {
        let middle = 0.5 * (low + high);
        if middle <= low || middle >= high {
            return middle;
        }
        if is_below(middle) {
            low = middle;
        } else {
            high = middle;
        }
    }
}

/// How likely Student's t is between -t and t, or is not, whichever comes out without cancellation.
enum Probability {
    Within(f64),
    Beyond(f64),
}

/// By the incomplete beta function: beyond t with I_x(n/2, 1/2), x = n / (n + t^2), within it with I_(1-x)(1/2, n/2)
/// (Abramowitz and Stegun, 26.7.1).
fn two_sided(t: f64, degrees: u32) -> Probability {
    let (freedom, square) = (f64::from(degrees), t * t);
    let half = 0.5 * freedom;
    let (x, y) = (freedom / (freedom + square), square / (freedom + square));
    // x^(n/2) y^(1/2) / B(n/2, 1/2)
    let power = libm::exp(-half * libm::log1p(square / freedom)) * y.sqrt();
    let front = power * gamma_ratio(degrees) / std::f64::consts::PI.sqrt();
    // The fraction converges fast on its own side of the mean of the beta distribution.
    if x < (half + 1.0) / (half + 2.5) {
        Probability::Beyond(front / half * fraction(x, half, 0.5))
    } else {
        Probability::Within(front / 0.5 * fraction(y, 0.5, half))
    }
}

/// The gamma function at (n + 1) / 2 over that at n / 2.
fn gamma_ratio(degrees: u32) -> f64 {
    const EXACT_MAX: u32 = 200;
    if degrees > EXACT_MAX {
        // F. Tricomi and A. Erdelyi (1951): in powers of 1 / a, a = n / 2; the next is below 1e-17.
        let a = 0.5 * f64::from(degrees);
        let terms = [
            -1.0 / 8.0,
            1.0 / 128.0,
            5.0 / 1024.0,
            -21.0 / 32_768.0,
            -399.0 / 262_144.0,
            869.0 / 4_194_304.0,
        ];
        return a.sqrt() * (1.0 + terms.iter().rev().fold(0.0, |sum, term| (sum + term) / a));
    }
    let root = std::f64::consts::PI.sqrt();
    let (first, mut ratio) = if degrees % 2 == 1 { (1, 1.0 / root) } else { (2, 0.5 * root) };
    for below in (first..degrees).step_by(2) {
        ratio *= f64::from(below + 1) / f64::from(below);
    }
    ratio
}

/// The continued fraction of the incomplete beta function (Digital Library of Mathematical Functions, 8.17.22), by W. J.
/// Lentz's method.
fn fraction(x: f64, a: f64, b: f64) -> f64 {
    const TINY: f64 = 1e-300;
    let not_zero = |value: f64| if value == 0.0 { TINY } else { value };
    let coefficient = |step: u32| {
        let m = f64::from(step / 2);
        let sum = a + f64::from(step);
        if step.is_multiple_of(2) {
            m * (b - m) * x / ((sum - 1.0) * sum)
        } else {
            -(a + m) * (a + b + m) * x / ((sum - 1.0) * sum)
        }
    };
    let (mut value, mut above, mut below) = (1.0, 1.0, 0.0);
    for step in 1.. {
        let term = coefficient(step);
        below = 1.0 / not_zero(1.0 + term * below);
        above = not_zero(1.0 + term / above);
        let change = above * below;
        value *= change;
        if (change - 1.0).abs() <= f64::EPSILON {
            break;
        }
    }
    1.0 / value
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
