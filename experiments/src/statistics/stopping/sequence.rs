//! A rule at work: replicates come one after the other, and each is looked at once.

use super::{Decision, Sampling, Spread, StoppingRule, Target};

/// What a rule makes of replicates that come in their order, each at the same small cost however many came before.
#[derive(Debug, Clone)]
pub struct Sequence {
    rule: StoppingRule,
    figures: Vec<Figure>,
    replicates: usize,
    end: Option<Decision>,
}

#[derive(Debug, Clone)]
struct Figure {
    target: Target,
    spread: Spread,
    /// The first of a pair whose second is still to come.
    first: Option<Option<f64>>,
}

impl Sequence {
    /// Before the first replicate; a target for each watched figure.
    ///
    /// # Panics
    /// Unless something is watched.
    pub fn new(rule: StoppingRule, targets: impl IntoIterator<Item = Target>) -> Self {
        let figure = |target| Figure { target, spread: Spread::default(), first: None };
        let figures: Vec<Figure> = targets.into_iter().map(figure).collect();
        assert!(!figures.is_empty(), "invariant: something is watched");
        Self { rule, figures, replicates: 0, end: None }
    }

    /// The next replicate: its values of the watched figures, `None` where it failed or they are undefined. Beyond the end
    /// of the rule it counts for nothing.
    ///
    /// # Panics
    /// Unless there is a value for each figure.
    pub fn push(&mut self, values: &[Option<f64>]) {
        assert_eq!(values.len(), self.figures.len(), "invariant: replicates have all figures");
        if self.end.is_some() {
            return;
        }
        for (figure, &value) in self.figures.iter_mut().zip(values) {
            figure.push(value, self.rule.sampling);
        }
        self.replicates += 1;
        let replicates = self.replicates;
        let is_last = replicates == self.rule.replicates_max;
        if !is_last && !replicates.is_multiple_of(self.rule.look_every) {
            return;
        }
        let is_enough = |figure: &Figure| {
            figure.spread.count >= self.rule.observations_min && figure.spread.meets(&figure.target)
        };
        if self.figures.iter().all(is_enough) {
            self.end = Some(Decision::Enough { replicates });
        } else if is_last {
            self.end = Some(Decision::Exhausted { replicates });
        }
    }

    /// What is to be done after the replicates so far.
    pub fn decision(&self) -> Decision {
        let every = self.rule.look_every;
        let next_look = ((self.replicates / every + 1) * every).min(self.rule.replicates_max);
        self.end.unwrap_or(Decision::GoOn { next_look })
    }
}

impl Figure {
    fn push(&mut self, value: Option<f64>, sampling: Sampling) {
        let observation = match (sampling, self.first.take()) {
            (Sampling::Independent, _) => value,
            (Sampling::AntitheticPairs, None) => {
                self.first = Some(value);
                None
            }
            (Sampling::AntitheticPairs, Some(first)) => first.zip(value).map(|(a, b)| 0.5 * (a + b)),
        };
        if let Some(value) = observation {
            self.spread.add(value);
        }
    }
}
