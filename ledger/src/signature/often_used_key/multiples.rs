//! Multiples of a point, so that multiplying it takes hardly any doublings.
//!
//! For public scalars only: how long it takes depends on them.

use curve25519_dalek::edwards::EdwardsPoint;
use curve25519_dalek::scalar::Scalar;
use curve25519_dalek::traits::Identity as _;

/// Bytes of a scalar, and windows of a table: window i is for byte i.
const WINDOWS: usize = 32;

/// The multiples 1 to 2^(BITS - 1) of 2^(8 i) P for each byte i of a scalar. `BITS`, of a digit, divides 8.
pub(super) struct Multiples<const BITS: usize>(Box<[EdwardsPoint]>);

impl<const BITS: usize> Multiples<BITS> {
    /// The digits are -2^(BITS - 1) to 2^(BITS - 1) - 1, so a multiple serves two of them.
    const MULTIPLES: usize = 1 << (BITS - 1);
    const DIGITS_PER_BYTE: usize = 8 / BITS;

    pub(super) fn of(point: EdwardsPoint) -> Self {
        let mut multiples = Vec::with_capacity(WINDOWS * Self::MULTIPLES);
        let mut unit = point;
        for _ in 0..WINDOWS {
            let mut multiple = unit;
            multiples.push(multiple);
            for _ in 1..Self::MULTIPLES {
                multiple += unit;
                multiples.push(multiple);
            }
            unit = twice(twice(unit.mul_by_cofactor().mul_by_cofactor()));
        }
        Self(multiples.into())
    }

    /// The scalar times the point; the scalar is below 2^255 as it stands, whatever the order of the point.
    pub(super) fn times(&self, scalar: &Scalar) -> EdwardsPoint {
        let digits = Self::digits(scalar);
        let mut sum = EdwardsPoint::identity();
        for place in (0..Self::DIGITS_PER_BYTE).rev() {
            if place + 1 < Self::DIGITS_PER_BYTE {
                (0..BITS).for_each(|_| sum = twice(sum));
            }
            for (multiples, digits) in
                self.0.chunks_exact(Self::MULTIPLES).zip(digits.chunks_exact(Self::DIGITS_PER_BYTE))
            {
                let digit = digits[place];
                if digit > 0 {
                    sum += multiples[digit as usize - 1];
                } else if digit < 0 {
                    sum -= multiples[digit.unsigned_abs() as usize - 1];
                }
            }
        }
        sum
    }

    /// Digits d with the scalar = sum of d_j 2^(BITS j); those beyond the end are 0.
    fn digits(scalar: &Scalar) -> [i16; 2 * WINDOWS] {
        let mut digits = [0; 2 * WINDOWS];
        let mut carry = 0;
        for (byte, digits) in scalar.as_bytes().iter().zip(digits.chunks_exact_mut(Self::DIGITS_PER_BYTE)) {
            for (place, digit) in digits.iter_mut().enumerate() {
                let low_bits = i16::from(*byte >> (place * BITS)) & ((1 << BITS) - 1);
                *digit = low_bits + carry;
                carry = i16::from(*digit >= 1 << (BITS - 1));
                *digit -= carry << BITS;
            }
        }
        debug_assert!(carry == 0, "invariant: a scalar is below 2^255");
        digits
    }
}

fn twice(point: EdwardsPoint) -> EdwardsPoint {
    point + point
}

#[cfg(test)]
mod tests {
    use curve25519_dalek::constants::{ED25519_BASEPOINT_POINT, EIGHT_TORSION};
    use proptest::prelude::*;

    use super::*;

    fn expect_same<const BITS: usize>(scalar: &Scalar) {
        for torsion in [EIGHT_TORSION[0], EIGHT_TORSION[1], EIGHT_TORSION[5]] {
            let point = ED25519_BASEPOINT_POINT * Scalar::from(11u64) + torsion;
            assert_eq!(Multiples::<BITS>::of(point).times(scalar), point * scalar, "{BITS} bits, {scalar:?}");
        }
    }

    #[test]
    fn the_ends_of_the_scalars_are_multiplied_as_by_the_library() {
        for scalar in [Scalar::ZERO, Scalar::ONE, -Scalar::ONE, Scalar::from(0x7f80_8081_0088_7788u64)] {
            expect_same::<4>(&scalar);
            expect_same::<8>(&scalar);
        }
    }

    proptest! {
        #![proptest_config(ProptestConfig::with_cases(32))]

        #[test]
        fn scalars_are_multiplied_as_by_the_library(bytes in any::<[u8; 32]>()) {
            let scalar = Scalar::from_bytes_mod_order(bytes);
            expect_same::<4>(&scalar);
            expect_same::<8>(&scalar);
        }
    }
}
