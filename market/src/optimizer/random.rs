//! Counter-based random numbers: Philox-4x32-10 (Salmon et al., SC 2011).
//!
//! A draw is a pure function of its address, so no order of evaluation changes it. The key is the first word of the
//! seed; the counter holds the block, the sweep (one per generation and phase) and the second word of the seed. In a
//! sweep, draw d of individual i of a population padded to a multiple of four is word `d * stride + i`: [`Counter::fill`]
//! writes them in this order, and `Draws` those of an individual side by side.

const MULTIPLIERS: [u32; 2] = [0xd251_1f53, 0xcd9e_8d57];
const WEYL: [u32; 2] = [0x9e37_79b9, 0xbb67_ae85];
const ROUNDS: usize = 10;

/// Blocks that are computed at a time.
const LANES: usize = 24;

/// One block of Philox-4x32-10.
///
/// ```
/// use goshawk_market::optimizer::random::philox;
/// assert_eq!(philox([0; 4], [0; 2]), [0x6627_e8d5, 0xe169_c58d, 0xbc57_ac4c, 0x9b00_dbd8]);
/// ```
#[inline]
pub fn philox(counter: [u32; 4], mut key: [u32; 2]) -> [u32; 4] {
    let product = |word: u64, multiplier: u32| u64::from(word as u32) * u64::from(multiplier);
    // A word is the low half; what the high half holds does not matter. So a product's low word needs no work.
    let mut x = counter.map(u64::from);
    for _ in 0..ROUNDS {
        let (product0, product1) = (product(x[0], MULTIPLIERS[0]), product(x[2], MULTIPLIERS[1]));
        x = [
            (product1 >> 32) ^ x[1] ^ u64::from(key[0]),
            product1,
            (product0 >> 32) ^ x[3] ^ u64::from(key[1]),
            product0,
        ];
        key = [key[0].wrapping_add(WEYL[0]), key[1].wrapping_add(WEYL[1])];
    }
    x.map(|word| word as u32)
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
        let mut numbers = 0..;
        for words in words.chunks_mut(4 * LANES) {
            let drawn = self.blocks(sweep, || numbers.next().expect("invariant: fewer than 2^32 blocks"));
            for (lane, words) in words.chunks_exact_mut(4).enumerate() {
                for (word, lanes) in words.iter_mut().zip(&drawn) {
                    *word = lanes[lane];
                }
            }
        }
    }

    /// Blocks of a sweep by their numbers, word by word.
    #[inline]
    fn blocks(&self, sweep: u32, mut number: impl FnMut() -> u32) -> [[u32; LANES]; 4] {
        let numbers: [u32; LANES] = std::array::from_fn(|_| number());
        let ([key, nonce], mut drawn) = ([self.key, self.nonce], [[0; LANES]; 4]);
        let [first, second, third, fourth] = &mut drawn;
        // Nothing but this in the loop, so that it is vectorised.
        for lane in 0..LANES {
            [first[lane], second[lane], third[lane], fourth[lane]] =
                philox([numbers[lane], sweep, nonce[0], nonce[1]], key);
        }
        drawn
    }
}

/// The draws of a sweep, those of an individual side by side, in halves of words, the low one first.
#[derive(Debug, Clone, Default)]
pub(super) struct Draws {
    halves: Vec<u16>,
    /// Halves of an individual.
    width: usize,
}

impl Draws {
    /// Draws so many words for each of so many individuals.
    pub(super) fn fill(&mut self, random: &Counter, sweep: u32, individuals: usize, draws: usize) {
        // A block is one draw of four individuals; the draws of the first four come first.
        let quads = individuals.div_ceil(4);
        let (width, blocks) = (2 * draws, quads * draws);
        self.width = width;
        self.halves.resize(4 * quads * width, 0);
        // Places, as quad and draw, of the blocks that are drawn and written next.
        let (mut drawing, mut quad, mut draw) = ((0, 0), 0, 0);
        for start in (0..blocks).step_by(LANES) {
            let drawn = random.blocks(sweep, || {
                let (quad, draw) = drawing;
                drawing = if draw + 1 < draws { (quad, draw + 1) } else { (quad + 1, 0) };
                (draw * quads + quad) as u32
            });
            let (mut lane, end) = (0, LANES.min(blocks - start));
            while lane < end {
                let run = (draws - draw).min(end - lane);
                for (word, lanes) in drawn.iter().enumerate() {
                    let row = &mut self.halves[(4 * quad + word) * width + 2 * draw..][..2 * run];
                    for (halves, lane) in row.as_chunks_mut::<2>().0.iter_mut().zip(&lanes[lane..lane + run])
                    {
                        *halves = [*lane as u16, (*lane >> 16) as u16];
                    }
                }
                (lane, draw) = (lane + run, draw + run);
                if draw == draws {
                    (quad, draw) = (quad + 1, 0);
                }
            }
        }
    }

    /// The halves of all draws of individual `i`: of draw d, the low one is `2 * d`.
    pub(super) fn halves(&self, i: usize) -> &[u16] {
        &self.halves[i * self.width..][..self.width]
    }

    /// The word of a draw of individual `i`.
    pub(super) fn word(&self, i: usize, draw: usize) -> u32 {
        let at = i * self.width + 2 * draw;
        u32::from(self.halves[at]) | u32::from(self.halves[at + 1]) << 16
    }
}

/// A uniform number in (0, 1), the middle of one of 2^32 cells.
pub fn unit(word: u32) -> f64 {
    (f64::from(word) + 0.5) * (1.0 / 4_294_967_296.0)
}

/// The same of half a word, for what needs no more than 2^16 cells.
pub fn half_unit(half: u16) -> f64 {
    (f64::from(half) + 0.5) * (1.0 / 65_536.0)
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
    fn draws_are_the_words_of_the_sweep() {
        let random = Counter::new([0x1234_5678_9abc_def0, 42]);
        let mut drawn = Draws::default();
        for (individuals, draws) in [(4, 1), (30, 7), (33, 8), (5, 13), (64, 4)] {
            let stride = Counter::stride(individuals);
            let mut words = vec![0; stride * draws];
            random.fill(9, &mut words);
            drawn.fill(&random, 9, individuals, draws);
            for (i, draw) in (0..individuals).flat_map(|i| (0..draws).map(move |draw| (i, draw))) {
                let word = words[draw * stride + i];
                assert_eq!(drawn.word(i, draw), word);
                assert_eq!(drawn.halves(i)[2 * draw..][..2], [word as u16, (word >> 16) as u16]);
            }
        }
    }

    #[test]
    fn units_stay_inside_and_indices_below() {
        assert!(unit(0) > 0.0 && unit(u32::MAX) < 1.0);
        assert_eq!([half_unit(0), half_unit(0x8000)], [0.5 / 65_536.0, 0.5 + 0.5 / 65_536.0]);
        assert_eq!([index(0, 7), index(u32::MAX, 7)], [0, 6]);
    }
}
