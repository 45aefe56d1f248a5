//! What a study varies: a field of the scenario, and the levels that it takes.
//!
//! Every kind of levels maps a position u, 0 to 1, to a value by its inverse distribution function, so that it is monotone
//! in u: a position spread evenly gives values spread as the levels say, and 1 - u is an antithetic one.
//!
//! ```toml
//! [[factor]]
//! path = "market.mechanism"
//! values = ["ngo", "mid_market_rate"]
//!
//! [[factor]]
//! path = "battery.capacity_kwh"
//! range = { from = 40.0, to = 100.0 }
//!
//! [[factor]]
//! path = "company.wholesale_price_per_kwh"
//! normal = { mean = 0.05, sd = 0.01, low = 0.01, high = 0.2 }
//! ```

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::FieldProblem;
use crate::scenario::path_names;

pub mod distribution;
pub mod level;
pub mod range;

use distribution::{Distribution, LogNormal, Normal, Triangular, Uniform};
pub use level::Level;
use range::Range;

/// Most levels that a factor lists.
pub const VALUES_MAX: usize = 10_000;

/// Most factors of a study: the Sobol sequence has 256 dimensions, and Saltelli's design takes two for each factor.
pub const FACTORS_MAX: usize = 128;

/// A `[[factor]]` as it is written: a path and exactly one kind of levels.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct FactorTable {
    /// The scenario's field, a dotted path as `--set` takes it, such as `battery.capacity_kwh`.
    pub path: String,
    /// A list of numbers, texts or truths, each equally likely; at most 10,000.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub values: Option<Vec<Level>>,
    /// Evenly from one number to another.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub range: Option<Range>,
    /// A uniform distribution.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub uniform: Option<Uniform>,
    /// A normal distribution, which may be truncated.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub normal: Option<Normal>,
    /// A log-normal distribution.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub lognormal: Option<LogNormal>,
    /// A triangular distribution.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub triangular: Option<Triangular>,
}

/// A field of the scenario and its levels.
#[derive(Debug, Clone, PartialEq)]
pub struct Factor {
    path: String,
    levels: Levels,
}

/// The values that a factor takes.
#[derive(Debug, Clone, PartialEq)]
pub enum Levels {
    /// One of a list, each equally likely.
    List(Vec<Level>),
    /// A number between two.
    Range(Range),
    /// A random number.
    Distribution(Distribution),
}

impl FactorTable {
    /// The factor that it describes.
    ///
    /// # Errors
    /// Everything that is wrong with it.
    pub fn check(&self) -> Result<Factor, Vec<FieldProblem>> {
        let mut problems = Vec::new();
        if path_names(&self.path).is_none() {
            let allowed = "the path of a field of the scenario, such as battery.capacity_kwh";
            problems.push(FieldProblem::new("path", format!("{:?}", self.path), allowed));
        }
        if self.path.trim() == "output.numbers" {
            let allowed = "a field on which results depend; set this one for all points, under [set]";
            problems.push(FieldProblem::new("path", format!("{:?}", self.path), allowed));
        }
        let levels = self.levels(&mut problems);
        match levels {
            Some(levels) if problems.is_empty() => Ok(Factor { path: self.path.trim().to_owned(), levels }),
            _ => Err(problems),
        }
    }

    fn levels(&self, problems: &mut Vec<FieldProblem>) -> Option<Levels> {
        let list = self.values.clone().map(|values| ("values", Levels::List(values)));
        let range = self.range.clone().map(|range| ("range", Levels::Range(range)));
        let uniform = self.uniform.map(|it| ("uniform", Distribution::Uniform(it)));
        let normal = self.normal.map(|it| ("normal", Distribution::Normal(it)));
        let lognormal = self.lognormal.map(|it| ("lognormal", Distribution::LogNormal(it)));
        let triangular = self.triangular.map(|it| ("triangular", Distribution::Triangular(it)));
        let distributions = [uniform, normal, lognormal, triangular].into_iter().flatten();
        let distributions = distributions.map(|(name, it)| (name, Levels::Distribution(it)));
        let mut given: Vec<(&str, Levels)> = list.into_iter().chain(range).chain(distributions).collect();
        for (name, levels) in &given {
            levels.check(name, problems);
        }
        if given.len() != 1 {
            let names: Vec<&str> = given.iter().map(|(name, _)| *name).collect();
            let found = if names.is_empty() { "no levels".to_owned() } else { names.join(" and ") };
            let allowed = "one of values, range, uniform, normal, lognormal, triangular";
            problems.push(FieldProblem::new("", found, allowed));
            return None;
        }
        given.pop().map(|(_, levels)| levels)
    }
}

impl Factor {
    /// A factor over a list of values.
    ///
    /// # Errors
    /// As [`FactorTable::check`].
    pub fn list(path: &str, values: Vec<Level>) -> Result<Self, Vec<FieldProblem>> {
        FactorTable { values: Some(values), ..FactorTable::of(path) }.check()
    }

    /// A factor from one number to another, both being possible.
    ///
    /// # Errors
    /// As [`FactorTable::check`].
    pub fn between(path: &str, from: f64, to: f64) -> Result<Self, Vec<FieldProblem>> {
        FactorTable { range: Some(Range::new(from, to)), ..FactorTable::of(path) }.check()
    }

    /// The scenario's field, as a dotted path.
    pub fn path(&self) -> &str {
        &self.path
    }

    /// Its levels.
    pub fn levels(&self) -> &Levels {
        &self.levels
    }

    /// The value at a position `u`, 0 to 1; never decreasing in it for numbers.
    ///
    /// # Panics
    /// Unless 0 <= `u` <= 1.
    pub fn at(&self, u: f64) -> Level {
        assert!((0.0..=1.0).contains(&u), "invariant: {u} is a position from 0 to 1");
        match &self.levels {
            Levels::List(values) => values[place(u, values.len())].clone(),
            Levels::Range(range) => range.at(u),
            Levels::Distribution(distribution) => Level::Number(distribution.quantile(u)),
        }
    }

    /// All values of a factor that has finitely many and is not a range of whole numbers longer than [`VALUES_MAX`].
    pub fn listed(&self) -> Option<Vec<Level>> {
        match &self.levels {
            Levels::List(values) => Some(values.clone()),
            Levels::Range(range) => {
                let count = range.count()?;
                Some((0..count).map(|place| range.nth(place, count)).collect())
            }
            Levels::Distribution(_) => None,
        }
    }

    /// Values to try against a scenario before anything runs: all of a list, the ends of anything else, and of what has no
    /// end one that is passed once in 2,000 draws.
    pub fn probes(&self) -> Vec<Level> {
        const RARE: f64 = 0.0005;
        match &self.levels {
            Levels::List(values) => values.clone(),
            Levels::Distribution(distribution) if !distribution.is_bounded() => {
                vec![self.at(RARE), self.at(1.0 - RARE)]
            }
            _ => vec![self.at(0.0), self.at(1.0)],
        }
    }

    /// Whether positions 0 and 1 have values that one may mean.
    pub fn is_bounded(&self) -> bool {
        !matches!(&self.levels, Levels::Distribution(distribution) if !distribution.is_bounded())
    }
}

impl FactorTable {
    /// A path that has no levels yet.
    pub fn of(path: &str) -> Self {
        let path = path.to_owned();
        Self {
            path,
            values: None,
            range: None,
            uniform: None,
            normal: None,
            lognormal: None,
            triangular: None,
        }
    }
}

impl Levels {
    fn check(&self, name: &str, problems: &mut Vec<FieldProblem>) {
        match self {
            Self::List(values) => level::check_list(name, values, problems),
            Self::Range(range) => range.check(name, problems),
            Self::Distribution(distribution) => distribution.check(name, problems),
        }
    }
}

/// Which of `count` equal shares of 0 to 1 a position is in; 1 is in the last.
fn place(u: f64, count: usize) -> usize {
    ((u * count as f64) as usize).min(count - 1)
}

#[cfg(test)]
mod tests;
