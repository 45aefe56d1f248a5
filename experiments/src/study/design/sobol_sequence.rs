//! The Sobol sequence, and how it is scrambled.
//!
//! Direction numbers are those of S. Joe and F. Y. Kuo (2008), "Constructing Sobol sequences with better two-dimensional
//! projections", SIAM Journal on Scientific Computing 30(5), 2635-2654: the first 256 dimensions of their file
//! `new-joe-kuo-6.21201`, whose licence lies beside it. Points come in the order of the Gray code (I. A. Antonov and V. M.
//! Saleev 1979), as in scipy: any 2^m first points are the same set as without it.
//!
//! Scrambling is a random linear matrix with a digital shift (J. Matousek 1998, "On the L2-discrepancy for anchored boxes",
//! Journal of Complexity 14(4), 527-556), as in scipy. It keeps what makes the sequence even: every elementary interval
//! has as many points as before.

use goshawk_engine::Stream;

/// Joe and Kuo's direction numbers: dimension, degree s, coefficients a, and m_1 to m_s.
const DIRECTION_NUMBERS: &str = include_str!("joe_kuo_6_256.txt");

/// Dimensions that there are direction numbers for.
pub const DIMENSIONS_MAX: usize = 256;

/// Binary digits of a position.
const DIGITS: u32 = 53;
/// Binary digits of a point's number.
const INDEX_DIGITS: usize = 32;

/// One dimension of the sequence, scrambled or not.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Dimension {
    /// v_1, v_2, ...: what each digit of the number's Gray code turns, in units of 2^-53.
    directions: [u64; INDEX_DIGITS],
    shift: u64,
}

impl Dimension {
    /// A dimension of the sequence as it is, from 0.
    ///
    /// # Panics
    /// Unless `dimension` < [`DIMENSIONS_MAX`].
    pub fn plain(dimension: usize) -> Self {
        Self { directions: directions(dimension), shift: 0 }
    }

    /// The same, scrambled by 54 draws of `stream`.
    ///
    /// # Panics
    /// As [`Dimension::plain`].
    pub fn scrambled(dimension: usize, stream: &mut Stream) -> Self {
        // Row r of a lower triangular matrix: digit r of the result is made of digit r and random ones before it.
        let rows: Vec<u64> = (0..DIGITS)
            .map(|row| {
                let own = 1 << (DIGITS - 1 - row);
                let before = !(2 * own - 1) & ((1 << DIGITS) - 1);
                (stream.next_u64() & before) | own
            })
            .collect();
        let scramble = |direction: u64| {
            rows.iter().fold(0, |digits, row| digits << 1 | u64::from((direction & row).count_ones() & 1))
        };
        let shift = stream.next_u64() >> (u64::BITS - DIGITS);
        Self { directions: directions(dimension).map(scramble), shift }
    }

    /// The position of point `index`, 0 to below 1.
    pub fn position(&self, index: u32) -> f64 {
        let gray = index ^ (index >> 1);
        let digits = (0..INDEX_DIGITS)
            .filter(|&digit| gray >> digit & 1 == 1)
            .fold(self.shift, |digits, digit| digits ^ self.directions[digit]);
        digits as f64 / (1u64 << DIGITS) as f64
    }
}

fn directions(dimension: usize) -> [u64; INDEX_DIGITS] {
    assert!(dimension < DIMENSIONS_MAX, "invariant: dimension {dimension} has direction numbers");
    // The first dimension, van der Corput's, is not in the file; the file's first line has the names of its columns.
    let (coefficients, initial) = match dimension.checked_sub(1) {
        None => (0, vec![1; INDEX_DIGITS]),
        Some(row) => {
            let line =
                DIRECTION_NUMBERS.lines().nth(1 + row).expect("invariant: the file has all dimensions");
            let number = |word: &str| word.parse::<u64>().expect("invariant: the file has whole numbers");
            let mut numbers = line.split_whitespace().map(number).skip(2);
            (numbers.next().expect("invariant: a row has coefficients"), numbers.collect())
        }
    };
    let degree = initial.len();
    let mut directions = [0; INDEX_DIGITS];
    for digit in 0..INDEX_DIGITS {
        directions[digit] = if digit < degree {
            initial[digit] << (DIGITS as usize - 1 - digit)
        } else {
            // v_j = a_1 v_(j-1) ^ ... ^ a_(s-1) v_(j-s+1) ^ v_(j-s) ^ v_(j-s) / 2^s
            let last = directions[digit - degree];
            (1..degree)
                .filter(|&back| coefficients >> (degree - 1 - back) & 1 == 1)
                .fold(last ^ last >> degree, |sum, back| sum ^ directions[digit - back])
        };
    }
    directions
}
