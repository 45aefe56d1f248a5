//! The standard normal distribution and its inverse, in algorithms that do not change under us.

/// Φ(x), the probability of a standard normal variable below `x`; precise in both tails.
pub fn probability_below(x: f64) -> f64 {
    0.5 * libm::erfc(-x * std::f64::consts::FRAC_1_SQRT_2)
}

/// Φ⁻¹(p) for 0 < p < 1, to about 1e-16 relative; -∞ at 0 and ∞ at 1.
///
/// M. J. Wichura (1988), "Algorithm AS 241: The percentage points of the normal distribution", Applied
/// Statistics 37(3), 477-484, routine PPND16: one rational function for the middle and two for the tails.
pub fn quantile(p: f64) -> f64 {
    let q = p - 0.5;
    if q.abs() <= 0.425 {
        let r = 0.180625 - q * q;
        return q * horner(&MIDDLE.0, r) / horner(&MIDDLE.1, r);
    }
    let tail = if q < 0.0 { p } else { 1.0 - p };
    if tail <= 0.0 {
        return f64::INFINITY.copysign(q);
    }
    let r = (-libm::log(tail)).sqrt();
    let magnitude = if r <= 5.0 {
        horner(&NEAR_TAIL.0, r - 1.6) / horner(&NEAR_TAIL.1, r - 1.6)
    } else {
        horner(&FAR_TAIL.0, r - 5.0) / horner(&FAR_TAIL.1, r - 5.0)
    };
    magnitude.copysign(q)
}

/// The `u`-quantile of a standard normal variable between `low` and `high`; `None` if it is never there, or
/// if there is no telling (bounds that are not numbers, as with a deviation of 0).
pub fn quantile_between(u: f64, low: f64, high: f64) -> Option<f64> {
    // In the upper tail Φ is too close to 1 to tell its values apart; its mirror image is not.
    if low > 0.0 {
        return quantile_between(1.0 - u, -high, -low).map(|z| -z);
    }
    let (below, above) = (probability_below(low), probability_below(high));
    // The floor keeps a quantile finite whose probability underflows; the caller's bounds correct it.
    (above > below).then(|| quantile((below + u * (above - below)).max(f64::MIN_POSITIVE)))
}

/// The polynomial of these coefficients, the constant first.
fn horner(coefficients: &[f64; 8], x: f64) -> f64 {
    coefficients.iter().rev().fold(0.0, |sum, coefficient| sum * x + coefficient)
}

/// Numerator and denominator.
type Rational = ([f64; 8], [f64; 8]);

/// Coefficients a and b of the paper, for |p - 0.5| ≤ 0.425.
#[allow(clippy::excessive_precision, reason = "as printed in the paper")]
const MIDDLE: Rational = (
    [
        3.387_132_872_796_366_608_0,
        1.331_416_678_917_843_774_5e2,
        1.971_590_950_306_551_442_7e3,
        1.373_169_376_550_946_112_5e4,
        4.592_195_393_154_987_145_7e4,
        6.726_577_092_700_870_085_3e4,
        3.343_057_558_358_812_810_5e4,
        2.509_080_928_730_122_672_7e3,
    ],
    [
        1.0,
        4.231_333_070_160_091_125_2e1,
        6.871_870_074_920_579_083_0e2,
        5.394_196_021_424_751_107_7e3,
        2.121_379_430_158_659_586_7e4,
        3.930_789_580_009_271_061_0e4,
        2.872_908_573_572_194_267_4e4,
        5.226_495_278_852_854_561_0e3,
    ],
);

/// Coefficients c and d of the paper, for tails down to e⁻²⁵.
#[allow(clippy::excessive_precision, reason = "as printed in the paper")]
const NEAR_TAIL: Rational = (
    [
        1.423_437_110_749_683_577_34,
        4.630_337_846_156_545_295_90,
        5.769_497_221_460_691_405_50,
        3.647_848_324_763_204_605_04,
        1.270_458_252_452_368_382_58,
        2.417_807_251_774_506_117_70e-1,
        2.272_384_498_926_918_458_33e-2,
        7.745_450_142_783_414_076_40e-4,
    ],
    [
        1.0,
        2.053_191_626_637_758_821_87,
        1.676_384_830_183_803_849_40,
        6.897_673_349_851_000_045_50e-1,
        1.481_039_764_274_800_745_90e-1,
        1.519_866_656_361_645_719_66e-2,
        5.475_938_084_995_344_946_00e-4,
        1.050_750_071_644_416_843_24e-9,
    ],
);

/// Coefficients e and f of the paper, for tails beyond e⁻²⁵.
#[allow(clippy::excessive_precision, reason = "as printed in the paper")]
const FAR_TAIL: Rational = (
    [
        6.657_904_643_501_103_777_20,
        5.463_784_911_164_114_369_90,
        1.784_826_539_917_291_335_80,
        2.965_605_718_285_048_912_30e-1,
        2.653_218_952_657_612_309_30e-2,
        1.242_660_947_388_078_438_60e-3,
        2.711_555_568_743_487_578_15e-5,
        2.010_334_399_292_288_132_65e-7,
    ],
    [
        1.0,
        5.998_322_065_558_879_376_90e-1,
        1.369_298_809_227_358_053_10e-1,
        1.487_536_129_085_061_485_25e-2,
        7.868_691_311_456_132_591_00e-4,
        1.846_318_317_510_054_681_80e-5,
        1.421_511_758_316_445_888_70e-7,
        2.044_263_103_389_939_785_64e-15,
    ],
);

#[cfg(test)]
mod tests {
    use super::*;

    /// From the paper's own table of checks.
    #[test]
    fn quantiles_are_those_of_the_paper() {
        for (p, expected) in [
            (0.25, -0.674_489_750_196_081_7),
            (0.001, -3.090_232_306_167_813_5),
            (1e-20, -9.262_340_089_798_409),
        ] {
            assert!((quantile(p) / expected - 1.0).abs() < 1e-15, "quantile({p}) = {}", quantile(p));
        }
    }

    #[test]
    fn quantile_inverts_the_distribution() {
        for step in 1..4_000 {
            let x = -10.0 + f64::from(step) * 0.005;
            let p = probability_below(x);
            // Beyond, 1 - p has lost the digits that x would need.
            if x < 5.0 {
                assert!((quantile(p) - x).abs() < 1e-9, "x = {x}, back {}", quantile(p));
            }
        }
        assert_eq!(quantile(0.5), 0.0);
        assert_eq!(quantile(0.0), f64::NEG_INFINITY);
        assert_eq!(quantile(1.0), f64::INFINITY);
    }
}
