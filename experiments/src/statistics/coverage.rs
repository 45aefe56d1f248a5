//! How often intervals cover a truth that is known.
//!
//! A study is repeated many times on numbers whose true mean and quantiles are known, and the intervals are counted that
//! contain them. `cargo run --release --example coverage` prints the table of the book's page on statistics.

use goshawk_engine::{Stream, Streams, normal};

use super::Estimate;
use super::quantile::Sorted;
use super::stopping::{Decision, StoppingRule, Target, Watched};

/// What replicates are drawn from.
#[derive(Debug, Clone, Copy, PartialEq)]
pub enum Population {
    /// Normal with mean 10 and standard deviation 3: sums of many small things.
    Normal,
    /// Uniform from 0 to 1.
    Uniform,
    /// Exponential with mean 1: skewed.
    Exponential,
    /// Log-normal with mean 1 and standard deviation 1: skewed, with a heavy tail.
    LogNormal,
    /// The sum of 30 exponentials with mean 1: what a run's total over days is like.
    Total,
}

impl Population {
    /// All of them.
    pub const ALL: [Self; 5] = [Self::Normal, Self::Uniform, Self::Exponential, Self::LogNormal, Self::Total];

    /// A value.
    pub fn draw(self, stream: &mut Stream) -> f64 {
        match self {
            Self::Normal => stream.normal(10.0, 3.0),
            Self::Uniform => stream.uniform(),
            Self::Exponential => stream.exponential(1.0),
            Self::LogNormal => stream.log_normal_with(1.0, 1.0),
            Self::Total => (0..30).map(|_| stream.exponential(1.0)).sum(),
        }
    }

    /// The true mean.
    pub fn mean(self) -> f64 {
        match self {
            Self::Normal => 10.0,
            Self::Uniform => 0.5,
            Self::Exponential | Self::LogNormal => 1.0,
            Self::Total => 30.0,
        }
    }

    /// The true quantile of this probability; `None` where it has no closed form.
    pub fn quantile(self, probability: f64) -> Option<f64> {
        match self {
            Self::Normal => Some(10.0 + 3.0 * normal::quantile(probability)),
            Self::Uniform => Some(probability),
            Self::Exponential => Some(-libm::log1p(-probability)),
            Self::LogNormal => {
                let variance = std::f64::consts::LN_2;
                Some(libm::exp(-0.5 * variance + variance.sqrt() * normal::quantile(probability)))
            }
            Self::Total => None,
        }
    }

    /// What it is called in tables.
    pub fn name(self) -> &'static str {
        match self {
            Self::Normal => "normal",
            Self::Uniform => "uniform",
            Self::Exponential => "exponential",
            Self::LogNormal => "log-normal",
            Self::Total => "sum of 30 exponentials",
        }
    }
}

/// How often intervals covered.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Coverage {
    /// Studies.
    pub repetitions: u32,
    /// Studies whose interval contained the truth.
    pub covered: u32,
    /// Replicates that a study took, on average.
    pub replicates: f64,
}

impl Coverage {
    /// The share of intervals that contained the truth.
    pub fn share(&self) -> f64 {
        f64::from(self.covered) / f64::from(self.repetitions)
    }

    fn over(repetitions: u32, seed: u64, mut study: impl FnMut(&mut Stream) -> (bool, usize)) -> Self {
        let (mut covered, mut total) = (0, 0.0);
        for repetition in 0..repetitions {
            let streams = Streams { seed, crn_group: 0, replicate: repetition, is_mirrored: false };
            let (covers, replicates) = study(&mut streams.stream("coverage", "study"));
            covered += u32::from(covers);
            total += replicates as f64;
        }
        Self { repetitions, covered, replicates: total / f64::from(repetitions) }
    }
}

/// Student's interval for the mean of `count` replicates.
///
/// # Panics
/// With fewer than 2.
pub fn of_fixed(population: Population, count: usize, repetitions: u32, seed: u64) -> Coverage {
    Coverage::over(repetitions, seed, |stream| {
        let values: Vec<f64> = (0..count).map(|_| population.draw(stream)).collect();
        (covers(&values, population.mean()), count)
    })
}

/// Student's interval at the replicate at which `rule` stops.
pub fn of_sequential(
    population: Population,
    rule: &StoppingRule,
    target: Target,
    repetitions: u32,
    seed: u64,
) -> Coverage {
    Coverage::over(repetitions, seed, |stream| {
        let mut values: Vec<Option<f64>> = Vec::new();
        let replicates = loop {
            match rule.decide(&[Watched { values: &values, target }]) {
                Decision::Enough { replicates } | Decision::Exhausted { replicates } => break replicates,
                // What is drawn beyond the stop does not count, so fewer and larger steps find the same.
                Decision::GoOn { next_look } => {
                    values.resize_with(next_look.max(2 * values.len()), || Some(population.draw(stream)));
                }
            }
        };
        let counted: Vec<f64> = values.into_iter().take(replicates).flatten().collect();
        (covers(&counted, population.mean()), replicates)
    })
}

/// The interval from order statistics for a quantile of `count` replicates; `None` where the truth has no closed form.
pub fn of_quantile(
    population: Population,
    probability: f64,
    count: usize,
    repetitions: u32,
    seed: u64,
) -> Option<Coverage> {
    let truth = population.quantile(probability)?;
    Some(Coverage::over(repetitions, seed, |stream| {
        let values = (0..count).map(|_| population.draw(stream)).collect();
        let found = Sorted::new(values).estimate(probability).expect("invariant: there are values");
        let covers = found.low.is_none_or(|low| low <= truth) && found.high.is_none_or(|high| truth <= high);
        (covers, count)
    }))
}

fn covers(values: &[f64], truth: f64) -> bool {
    let interval = Estimate::of(values).and_then(|estimate| estimate.interval());
    let [low, high] = interval.expect("invariant: two values or more have an interval");
    (low..=high).contains(&truth)
}

#[cfg(test)]
mod tests {
    use super::super::stopping::Sampling;
    use super::*;

    #[test]
    fn intervals_of_fixed_size_cover_in_93_to_97_percent_of_1000_studies() {
        for (population, count) in [
            (Population::Normal, 5),
            (Population::Normal, 30),
            (Population::Uniform, 30),
            (Population::Total, 30),
            (Population::Exponential, 300),
        ] {
            let share = of_fixed(population, count, 1000, 11).share();
            assert!((0.93..=0.97).contains(&share), "{population:?}, {count} replicates: {share}");
        }
    }

    #[test]
    fn intervals_of_quantiles_cover_at_least_as_often_as_they_say() {
        for population in [Population::Normal, Population::LogNormal] {
            for (probability, count) in [(0.5, 40), (0.05, 200), (0.95, 200), (0.95, 25)] {
                let coverage = of_quantile(population, probability, count, 1000, 12).unwrap();
                assert!(
                    coverage.share() >= 0.93,
                    "{population:?}, {probability}, {count}: {}",
                    coverage.share()
                );
            }
        }
    }

    /// Looser than of fixed sizes: that is the price of looking. The book has the figures.
    #[test]
    fn sequential_intervals_cover_nearly_as_often_as_they_say() {
        let rule = StoppingRule::new(10, 30, 20_000, Sampling::Independent).unwrap();
        let target = Target { absolute: 0.0, relative: 0.05 };
        let coverage = of_sequential(Population::Normal, &rule, target, 1000, 13);
        assert!((0.92..=0.97).contains(&coverage.share()), "{coverage:?}");
    }
}
