//! Numbers from one to another.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::{Level, VALUES_MAX};
use crate::study::FieldProblem;

/// Largest magnitude of a whole number: all up to it have a floating-point number of their own.
const WHOLE_MAX: f64 = 9_007_199_254_740_992.0;

/// Numbers from one to another, both being possible.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Range {
    /// The least.
    pub from: f64,
    /// The largest, more than `from`.
    pub to: f64,
    /// What is spread evenly: the number, or its logarithm (of positive numbers); `linear` by default.
    #[serde(default)]
    pub scale: Scale,
    /// Only whole numbers, all equally likely on a linear scale; `false` by default.
    #[serde(default)]
    pub integer: bool,
    /// So many numbers at equal distances, 2 to 10,000, the ends among them, as if they were listed; none by default.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub steps: Option<u32>,
}

/// What is spread evenly over a range.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum Scale {
    /// The number.
    #[default]
    Linear,
    /// Its logarithm.
    Log,
}

impl Range {
    /// All numbers of an interval.
    pub fn new(from: f64, to: f64) -> Self {
        Self { from, to, scale: Scale::Linear, integer: false, steps: None }
    }

    pub(super) fn check(&self, name: &str, problems: &mut Vec<FieldProblem>) {
        let mut add = |field: &str, found: String, allowed: String| {
            problems.push(FieldProblem::new(format!("{name}.{field}"), found, allowed));
        };
        for (field, end) in [("from", self.from), ("to", self.to)] {
            if !end.is_finite() {
                add(field, format!("{end}"), "a finite number".to_owned());
            } else if self.integer && (end.fract() != 0.0 || end.abs() > WHOLE_MAX) {
                add(field, format!("{end:?}"), format!("a whole number up to {WHOLE_MAX}"));
            }
        }
        let is_finite = self.from.is_finite() && self.to.is_finite();
        if is_finite && !(self.from < self.to && (self.to - self.from).is_finite()) {
            add("to", format!("{:?}", self.to), format!("a number above from = {:?}", self.from));
        }
        if self.scale == Scale::Log && self.from <= 0.0 {
            add("from", format!("{:?}", self.from), "a number above 0, as scale = \"log\"".to_owned());
        }
        let Some(steps) = self.steps else { return };
        let steps_max = if self.integer { (self.to - self.from + 1.0).min(1e4) } else { VALUES_MAX as f64 };
        if steps < 2 || f64::from(steps) > steps_max {
            add("steps", format!("{steps}"), format!("a whole number from 2 to {}", steps_max.max(2.0)));
        } else if is_finite && self.repeats(steps as usize) {
            let allowed =
                "fewer: of so many, some are the same whole number on a logarithmic scale".to_owned();
            add("steps", format!("{steps}"), allowed);
        }
    }

    /// Whether two of so many numbers at equal distances are rounded to the same.
    fn repeats(&self, count: usize) -> bool {
        let numbers: Vec<Option<f64>> = (0..count).map(|place| self.nth(place, count).number()).collect();
        numbers.windows(2).any(|pair| pair[0] == pair[1])
    }

    pub(super) fn at(&self, u: f64) -> Level {
        match self.steps {
            Some(steps) => self.nth(super::place(u, steps as usize), steps as usize),
            // Each whole number has as much room as any other.
            None if self.integer => self.whole(self.between(self.to + 1.0, u).floor()),
            None => Level::Number(self.between(self.to, u).clamp(self.from, self.to)),
        }
    }

    /// How many numbers there are; `None` of all real numbers, and of more than [`VALUES_MAX`].
    pub(super) fn count(&self) -> Option<usize> {
        let whole =
            self.integer.then_some(self.to - self.from + 1.0).filter(|&count| count <= VALUES_MAX as f64);
        self.steps.map(|steps| steps as usize).or(whole.map(|count| count as usize))
    }

    /// One of `count` numbers at equal distances, from 0.
    pub(super) fn nth(&self, place: usize, count: usize) -> Level {
        if self.integer && self.steps.is_none() {
            return self.whole(self.from + place as f64);
        }
        let number = self.between(self.to, place as f64 / (count - 1) as f64).clamp(self.from, self.to);
        if self.integer { self.whole(number.round()) } else { Level::Number(number) }
    }

    fn between(&self, to: f64, u: f64) -> f64 {
        match self.scale {
            Scale::Linear => self.from + u * (to - self.from),
            Scale::Log => self.from * libm::pow(to / self.from, u),
        }
    }

    fn whole(&self, number: f64) -> Level {
        Level::Whole(number.clamp(self.from, self.to) as i64)
    }
}
