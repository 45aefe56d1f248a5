//! How much a statistic would vary if the study were repeated, by drawing its observations again with replacement.
//!
//! B. Efron (1979), "Bootstrap methods: another look at the jackknife", Annals of Statistics 7(1), 1-26.

use goshawk_engine::{Stream, Streams, normal};

use super::{CONFIDENCE, standard_deviation};

/// How often to resample, and from which draws.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Bootstrap {
    /// The study's seed.
    pub seed: u64,
    /// Resamples, at least 2; 1000 by default.
    pub resamples: u32,
}

impl Default for Bootstrap {
    fn default() -> Self {
        Self { seed: 1, resamples: 1000 }
    }
}

impl Bootstrap {
    /// Half the width of the interval of [`CONFIDENCE`] around each of `width` statistics: z(0.975) times their
    /// standard deviation over resamples.
    ///
    /// `statistics` gets the observations of a resample, `count` numbers below `count`, and writes what it makes of them.
    /// A statistic that is not finite in some resample has no interval, nor has one of a single observation.
    ///
    /// The draws are those of `purpose` and `entity`: another statistic meets the same resamples only under the same names.
    ///
    /// # Panics
    /// With fewer than 2 resamples.
    pub fn half_widths(
        &self,
        (purpose, entity): (&str, &str),
        count: usize,
        width: usize,
        mut statistics: impl FnMut(&[usize], &mut [f64]),
    ) -> Vec<Option<f64>> {
        assert!(self.resamples >= 2, "invariant: a deviation needs two resamples");
        if count < 2 {
            return vec![None; width];
        }
        let mut stream = self.stream(purpose, entity);
        let mut drawn = vec![0; count];
        let mut columns = vec![Vec::with_capacity(self.resamples as usize); width];
        let mut found = vec![0.0; width];
        for _ in 0..self.resamples {
            drawn.fill_with(|| stream.below(count as u64) as usize);
            statistics(&drawn, &mut found);
            columns.iter_mut().zip(&found).for_each(|(column, &value)| column.push(value));
        }
        let z = normal::quantile(0.5 + CONFIDENCE / 2.0);
        let half_width = |column: Vec<f64>| standard_deviation(&column).map(|deviation| z * deviation);
        columns.into_iter().map(|column| half_width(column).filter(|half| half.is_finite())).collect()
    }

    fn stream(&self, purpose: &str, entity: &str) -> Stream {
        Streams { seed: self.seed, crn_group: 0, replicate: 0, is_mirrored: false }.stream(purpose, entity)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::statistics::mean;

    #[test]
    fn a_mean_varies_as_theory_says() {
        let mut stream =
            Streams { seed: 3, crn_group: 0, replicate: 0, is_mirrored: false }.stream("test", "bootstrap");
        let values: Vec<f64> = (0..400).map(|_| stream.normal(5.0, 2.0)).collect();
        let bootstrap = Bootstrap { seed: 9, resamples: 2000 };
        let halves = bootstrap.half_widths(("test", "mean"), values.len(), 2, |drawn, found| {
            let chosen: Vec<f64> = drawn.iter().map(|&index| values[index]).collect();
            found[0] = mean(&chosen).unwrap();
            found[1] = f64::NAN;
        });
        // 1.96 s / sqrt(n), of the sample's own deviation with divisor n.
        let deviation = standard_deviation(&values).unwrap() * (399.0_f64 / 400.0).sqrt();
        let theory = 1.959_964 * deviation / 20.0;
        assert!((halves[0].unwrap() / theory - 1.0).abs() < 0.05, "{halves:?}, theory {theory}");
        assert_eq!(halves[1], None);
    }

    #[test]
    fn a_single_observation_tells_nothing_of_variation() {
        let halves = Bootstrap::default().half_widths(("test", "one"), 1, 1, |_, found| found[0] = 1.0);
        assert_eq!(halves, [None]);
    }
}
