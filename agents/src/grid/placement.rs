//! Which bus each household hangs on: dealt out by weights, with no draw.

/// Deals places out in proportion to weights: after any number of picks each place is close to its share.
///
/// Smooth weighted round robin: every pick adds each place's weight to its credit, takes the place with most credit
/// (of equal ones the first), and takes the sum of weights off that one. The picks begin alike whatever their number.
#[derive(Debug, Clone)]
pub struct Placement {
    weights: Vec<f64>,
    credits: Vec<f64>,
    total: f64,
}

impl Placement {
    /// By weight of each place.
    ///
    /// # Panics
    /// When a weight is negative, or all are nothing.
    pub fn new(weights: Vec<f64>) -> Self {
        let total: f64 = weights.iter().sum();
        assert!(total > 0.0 && weights.iter().all(|&weight| weight >= 0.0), "invariant: checked input");
        Self { credits: vec![0.0; weights.len()], weights, total }
    }

    /// How many places have a weight.
    pub fn choices(&self) -> usize {
        self.weights.iter().filter(|&&weight| weight > 0.0).count()
    }

    /// Goes over the first `picks`, so that several rounds over the same places do not all begin at the first.
    #[must_use]
    pub fn skipped(mut self, picks: usize) -> Self {
        for _ in 0..picks {
            self.next();
        }
        self
    }
}

impl Iterator for Placement {
    type Item = usize;

    fn next(&mut self) -> Option<usize> {
        for (credit, weight) in self.credits.iter_mut().zip(&self.weights) {
            *credit += weight;
        }
        let mut best = 0;
        for place in 1..self.credits.len() {
            if self.credits[place] > self.credits[best] {
                best = place;
            }
        }
        self.credits[best] -= self.total;
        Some(best)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn equal_weights_go_round() {
        let picks: Vec<usize> = Placement::new(vec![0.0, 1.0, 1.0, 1.0]).take(7).collect();
        assert_eq!(picks, [1, 2, 3, 1, 2, 3, 1]);
        let later: Vec<usize> = Placement::new(vec![0.0, 1.0, 1.0, 1.0]).skipped(2).take(3).collect();
        assert_eq!(later, [3, 1, 2]);
    }

    proptest! {
        #[test]
        fn every_place_gets_about_its_share(weights in prop::collection::vec(0u8..20, 1..30), picks in 1usize..300) {
            prop_assume!(weights.iter().any(|&weight| weight > 0));
            let weights: Vec<f64> = weights.into_iter().map(f64::from).collect();
            let total: f64 = weights.iter().sum();
            let mut counts = vec![0_u32; weights.len()];
            Placement::new(weights.clone()).take(picks).for_each(|place| counts[place] += 1);
            for (count, weight) in counts.into_iter().zip(weights) {
                let share = picks as f64 * weight / total;
                prop_assert!((f64::from(count) - share).abs() <= 2.0, "{count} {share}");
                prop_assert!(weight > 0.0 || count == 0);
            }
        }
    }
}
