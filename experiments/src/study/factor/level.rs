//! A value that a factor takes.

use std::fmt;

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::VALUES_MAX;
use crate::study::FieldProblem;

/// A value of a field: what TOML calls an integer, a float, a Boolean or a string.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(untagged)]
pub enum Level {
    /// A truth.
    Truth(bool),
    /// A whole number.
    Whole(i64),
    /// A number.
    Number(f64),
    /// A text.
    Text(String),
}

impl Level {
    /// The argument of `--set` that gives a field this value.
    pub fn set(&self, path: &str) -> String {
        format!("{path}={self}")
    }

    /// The number that it is; `None` of a truth or a text.
    pub fn number(&self) -> Option<f64> {
        match self {
            Self::Whole(number) => Some(*number as f64),
            Self::Number(number) => Some(*number),
            Self::Truth(_) | Self::Text(_) => None,
        }
    }

    /// Whether a scenario can have it: anything but infinity and NaN.
    pub(crate) fn is_finite(&self) -> bool {
        self.number().is_none_or(f64::is_finite)
    }
}

/// As TOML, exact to the last digit.
impl fmt::Display for Level {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Truth(truth) => write!(f, "{truth}"),
            Self::Whole(number) => write!(f, "{number}"),
            Self::Number(number) => write!(f, "{number:?}"),
            Self::Text(text) => write!(f, "{}", toml::Value::String(text.clone())),
        }
    }
}

impl From<f64> for Level {
    fn from(number: f64) -> Self {
        Self::Number(number)
    }
}

impl From<i64> for Level {
    fn from(number: i64) -> Self {
        Self::Whole(number)
    }
}

impl From<bool> for Level {
    fn from(truth: bool) -> Self {
        Self::Truth(truth)
    }
}

impl From<&str> for Level {
    fn from(text: &str) -> Self {
        Self::Text(text.to_owned())
    }
}

/// Objects to a list that is empty, too long, repeats itself or has no value at some place.
pub(super) fn check_list(name: &str, values: &[Level], problems: &mut Vec<FieldProblem>) {
    if values.is_empty() || values.len() > VALUES_MAX {
        let allowed = format!("1 to {VALUES_MAX} values");
        problems.push(FieldProblem::new(name, format!("a list of {}", values.len()), allowed));
        return;
    }
    let mut seen = std::collections::BTreeSet::new();
    for (place, value) in values.iter().enumerate() {
        let field = format!("{name}.{place}");
        if !value.is_finite() {
            problems.push(FieldProblem::new(field, value.to_string(), "a finite number"));
        } else if !seen.insert(value.to_string()) {
            problems.push(FieldProblem::new(field, format!("{value} again"), "each value once"));
        }
    }
}
