//! Counter-based random numbers: Philox-4x32-10 (Salmon et al., SC 2011).
//!
//! A draw is a pure function of its address, so no order of evaluation changes it. The key is the first word of the
//! seed; the counter holds the block, the sweep (one per generation and phase) and the second word of the seed. In a
//! sweep, draw d of individual i of a population padded to a multiple of four is word `d * stride + i`.

const MULTIPLIERS: [u32; 2] = [0xd251_1f53, 0xcd9e_8d57];
const WEYL: [u32; 2] = [0x9e37_79b9, 0xbb67_ae85];
const ROUNDS: usize = 10;

/// Blocks that are computed side by side.
const LANES: usize = 8;

/// The 64 bits of a product, high and low.
fn wide_product(a: u32, b: u32) -> (u32, u32) {
    let product = u64::from(a) * u64::from(b);
    ((product >> 32) as u32, product as u32)
}

/// One block of Philox-4x32-10.
///
/// ```
/// use goshawk_market::optimizer::random::philox;
/// assert_eq!(philox([0; 4], [0; 2]), [0x6627_e8d5, 0xe169_c58d, 0xbc57_ac4c, 0x9b00_dbd8]);
/// ```
pub fn philox(counter: [u32; 4], key: [u32; 2]) -> [u32; 4] {
    philox_lanes(counter.map(|word| [word]), key).map(|[word]| word)
}

/// `WIDTH` blocks side by side, word by word.
#[allow(clippy::needless_range_loop, reason = "lanes run through four arrays at once")]
fn philox_lanes<const WIDTH: usize>(mut x: [[u32; WIDTH]; 4], mut key: [u32; 2]) -> [[u32; WIDTH]; 4] {
    for _ in 0..ROUNDS {
        for lane in 0..WIDTH {
            let (high0, low0) = wide_product(MULTIPLIERS[0], x[0][lane]);
            let (high1, low1) = wide_product(MULTIPLIERS[1], x[2][lane]);
            x[0][lane] = high1 ^ x[1][lane] ^ key[0];
            x[1][lane] = low1;
            x[2][lane] = high0 ^ x[3][lane] ^ key[1];
            x[3][lane] = low0;
        }
        key = [key[0].wrapping_add(WEYL[0]), key[1].wrapping_add(WEYL[1])];
    }
    x
}

/// The random numbers of one run.
#[derive(Debug, Clone, Copy, Default)]
pub struct Counter {
    key: [u32; 2],
    nonce: [u32; 2],
}

impl Counter {
    /// The numbers of a seed; all of its 128 bits count.
    pub fn new(seed: [u64; 2]) -> Self {
        let split = |word: u64| [word as u32, (word >> 32) as u32];
        Self { key: split(seed[0]), nonce: split(seed[1]) }
    }

    /// The words between the draws of one individual: the population padded to a multiple of four.
    pub fn stride(population: usize) -> usize {
        population.next_multiple_of(4)
    }

    /// Fills `words`, whose number is a multiple of four, with the numbers of a sweep.
    pub fn fill(&self, sweep: u32, words: &mut [u32]) {
        let mut first = 0u32;
        let mut chunks = words.chunks_exact_mut(4 * LANES);
        for chunk in &mut chunks {
            let blocks = std::array::from_fn(|lane| first + lane as u32);
            let counter = [blocks, [sweep; LANES], [self.nonce[0]; LANES], [self.nonce[1]; LANES]];
            let drawn = philox_lanes(counter, self.key);
            for (block, words) in chunk.chunks_exact_mut(4).enumerate() {
                for (word, lane) in words.iter_mut().zip(&drawn) {
                    *word = lane[block];
                }
            }
            first += LANES as u32;
        }
        for words in chunks.into_remainder().chunks_exact_mut(4) {
            words.copy_from_slice(&philox([first, sweep, self.nonce[0], self.nonce[1]], self.key));
            first += 1;
        }
    }
}

/// A uniform number in (0, 1), the middle of one of 2^32 cells.
pub fn unit(word: u32) -> f64 {
    (f64::from(word) + 0.5) * (1.0 / 4_294_967_296.0)
}

/// The same of half a word, 0 or 1, for what needs no more than 2^16 cells.
pub fn half_unit(word: u32, half: u32) -> f64 {
    (f64::from(word >> (16 * half) & 0xffff) + 0.5) * (1.0 / 65_536.0)
}

/// A uniform index below `count`.
pub fn index(word: u32, count: usize) -> usize {
    ((u64::from(word) * count as u64) >> 32) as usize
}

#[cfg(test)]
mod tests {
    use super::*;

    /// The known answers of the Random123 distribution.
    #[test]
    fn philox_gives_the_known_answers() {
        assert_eq!(philox([0; 4], [0; 2]), [0x6627_e8d5, 0xe169_c58d, 0xbc57_ac4c, 0x9b00_dbd8]);
        assert_eq!(
            philox([u32::MAX; 4], [u32::MAX; 2]),
            [0x408f_276d, 0x41c8_3b0e, 0xa20b_c7c6, 0x6d54_51fd]
        );
        assert_eq!(
            philox([0x243f_6a88, 0x85a3_08d3, 0x1319_8a2e, 0x0370_7344], [0xa409_3822, 0x299f_31d0]),
            [0xd16c_fe09, 0x94fd_cceb, 0x5001_e420, 0x2412_6ea1]
        );
    }

    #[test]
    fn a_sweep_is_its_blocks_in_order() {
        let random = Counter::new([0x1234_5678_9abc_def0, 42]);
        let mut words = [0; 76];
        random.fill(9, &mut words);
        for (block, words) in words.chunks_exact(4).enumerate() {
            assert_eq!(words, philox([block as u32, 9, 42, 0], [0x9abc_def0, 0x1234_5678]));
        }
    }

    #[test]
    fn units_stay_inside_and_indices_below() {
        assert!(unit(0) > 0.0 && unit(u32::MAX) < 1.0);
        assert_eq!(
            [half_unit(0x8000_0000, 0), half_unit(0x8000_0000, 1)],
            [0.5 / 65_536.0, 0.5 + 0.5 / 65_536.0]
        );
        assert_eq!([index(0, 7), index(u32::MAX, 7)], [0, 6]);
    }
}
