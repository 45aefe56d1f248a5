//! What counts as one observation.
//!
//! An interval is honest only over observations that are independent. Replicates are; the two of an antithetic pair are
//! opposed on purpose, points of one Latin hypercube or one scrambled Sobol sequence are spread on purpose, and two
//! subjects under common random numbers share their luck on purpose. Each of these is turned into independent
//! observations here first.

use super::{Estimate, mean};

/// The means of antithetic pairs: replicates 0 and 1, 2 and 3, and so on.
///
/// A pair of which one has no value is `None`; a last replicate without a partner does not count yet.
pub fn antithetic_pairs(values: &[Option<f64>]) -> Vec<Option<f64>> {
    values.chunks_exact(2).map(|pair| pair[0].zip(pair[1]).map(|(a, b)| 0.5 * (a + b))).collect()
}

/// A mean over blocks of a design, each block being one observation.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct BlockEstimate {
    /// The mean of the block means; its `count` is that of complete blocks.
    pub estimate: Estimate,
    /// Blocks left out because a point of theirs has no value: what is left of a block is no longer spread evenly.
    pub incomplete: usize,
}

/// The mean over consecutive blocks of `per_block` points; `None` without a complete block.
///
/// # Panics
/// Unless `per_block` >= 1 and the points fill whole blocks.
pub fn over_blocks(values: &[Option<f64>], per_block: usize) -> Option<BlockEstimate> {
    assert!(per_block >= 1 && values.len().is_multiple_of(per_block), "invariant: points fill whole blocks");
    let block = |points: &[Option<f64>]| mean(&points.iter().copied().collect::<Option<Vec<f64>>>()?);
    let means: Vec<f64> = values.chunks_exact(per_block).filter_map(block).collect();
    let incomplete = values.len() / per_block - means.len();
    Some(BlockEstimate { estimate: Estimate::of(&means)?, incomplete })
}

/// How one subject differs from another under common random numbers.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct PairedDifference {
    /// The mean of the differences by replicate, and the interval of that.
    pub estimate: Estimate,
    /// Replicates left out because one of the two has no value.
    pub unpaired: usize,
}

/// The mean of `own` less `baseline`, replicate by replicate; `None` where no replicate has both.
///
/// # Panics
/// Unless both have as many replicates.
pub fn paired_difference(own: &[Option<f64>], baseline: &[Option<f64>]) -> Option<PairedDifference> {
    assert_eq!(own.len(), baseline.len(), "invariant: replicates are paired by number");
    let pairs = own.iter().zip(baseline);
    let differences: Vec<f64> = pairs.filter_map(|(own, baseline)| Some((*own)? - (*baseline)?)).collect();
    Some(PairedDifference { estimate: Estimate::of(&differences)?, unpaired: own.len() - differences.len() })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_pair_is_one_observation() {
        let values = [Some(1.0), Some(3.0), Some(5.0), None, Some(7.0), Some(7.0), Some(9.0)];
        assert_eq!(antithetic_pairs(&values), [Some(2.0), None, Some(7.0)]);
    }

    #[test]
    fn a_block_without_all_its_points_is_left_out_and_counted() {
        let values =
            [1.0, 3.0, 2.0, 4.0, 9.0, f64::NAN].map(|value: f64| Some(value).filter(|it| !it.is_nan()));
        let found = over_blocks(&values, 2).unwrap();
        assert_eq!((found.estimate.count, found.estimate.mean, found.incomplete), (2, 2.5, 1));
        assert_eq!(over_blocks(&[None, Some(1.0)], 2), None);
    }

    #[test]
    fn shared_luck_cancels_in_a_paired_difference() {
        let luck = [10.0, -30.0, 50.0, 0.0];
        let own = luck.map(|luck| Some(luck + 2.0));
        let mut baseline = luck.map(Some);
        let found = paired_difference(&own, &baseline).unwrap();
        assert_eq!((found.estimate.mean, found.estimate.half_width, found.unpaired), (2.0, Some(0.0), 0));
        baseline[1] = None;
        assert_eq!(paired_difference(&own, &baseline).unwrap().unpaired, 1);
    }
}
