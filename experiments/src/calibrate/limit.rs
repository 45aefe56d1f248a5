//! Limits of a fit: what a source says in words about hours in which its tables print nothing.
//!
//! ```text
//! L_limits = sum over limits of max(0, at_least - x, x - at_most) / scale_kwh
//! ```
//!
//! x is what a class comes to over the hours of the limit. A limit is an input: what it asks for is no result.

use std::collections::BTreeMap;

use goshawk_agents::journal::day_sheet::DaySheet;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::description::{Measure, Variant};
use super::model::measured;
use crate::scenario::meaning::Report;

/// A limit of a fit, as it is written.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct LimitTable {
    /// Its name.
    #[schemars(length(min = 1, max = 64))]
    pub name: String,
    /// The variant whose runs it is for; one with targets.
    pub variant: String,
    /// The portrait.
    pub class: String,
    /// What is summed over the hours, in kWh; not "sales_revenue".
    pub measure: Measure,
    /// The hours, 1 to 24, each once.
    #[schemars(length(min = 1, max = 24), inner(range(min = 1, max = 24)))]
    pub hours: Vec<u8>,
    /// The least that is asked for (kWh), 0 or more; no limit by default.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schemars(range(min = 0.0))]
    pub at_least: Option<f64>,
    /// The most that is allowed (kWh), 0 or more; no limit by default.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schemars(range(min = 0.0))]
    pub at_most: Option<f64>,
    /// How far beyond it counts as one unit of the loss (kWh), above 0 to 1,000,000.
    #[serde(default = "one_kwh")]
    #[schemars(range(max = 1_000_000.0), extend("exclusiveMinimum" = 0.0))]
    pub scale_kwh: f64,
    /// Where it comes from.
    #[serde(default)]
    pub why: String,
}

fn one_kwh() -> f64 {
    1.0
}

/// A limit, and what a run came to.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct Held {
    /// The limit.
    pub limit: LimitTable,
    /// What it came to (kWh).
    pub value: f64,
    /// Whether that is within the limit.
    pub is_kept: bool,
}

impl LimitTable {
    /// What its class comes to over its hours (kWh), by a day of its variant. A portrait of nobody comes to nothing.
    pub(crate) fn value(&self, sheet: &DaySheet, scale: f64) -> f64 {
        let class = sheet.classes.iter().position(|class| *class == self.class);
        let in_hour = |&hour: &u8| class.map_or(0.0, |class| measured(sheet, self.measure, hour, class));
        scale * self.hours.iter().map(in_hour).sum::<f64>()
    }

    /// How far a value is beyond the limit (kWh).
    pub(crate) fn excess(&self, value: f64) -> f64 {
        let below = self.at_least.map_or(0.0, |least| least - value);
        let above = self.at_most.map_or(0.0, |most| value - most);
        below.max(above).max(0.0)
    }

    /// The limit beside a value.
    pub(crate) fn held(&self, value: f64) -> Held {
        Held { limit: self.clone(), value, is_kept: self.excess(value) <= 0.0 }
    }
}

/// What all limits add to the loss, from what they come to.
pub(crate) fn loss(limits: &[LimitTable], values: &[f64]) -> f64 {
    limits.iter().zip(values).map(|(limit, &value)| limit.excess(value) / limit.scale_kwh).sum()
}

/// Tells what is wrong with the limits.
pub(crate) fn check(report: &mut Report<'_>, limits: &[LimitTable], variants: &[Variant]) {
    let portraits = |variant: &Variant| -> Vec<String> {
        let json = variant.document.get(&["portraits".to_owned()]).map(|node| node.json());
        json.and_then(|json| Some(json.as_object()?.keys().cloned().collect())).unwrap_or_default()
    };
    let known: BTreeMap<&str, Vec<String>> = variants
        .iter()
        .filter(|variant| variant.targets.is_some())
        .map(|variant| (variant.name.as_str(), portraits(variant)))
        .collect();
    for (place, limit) in limits.iter().enumerate() {
        let at = place.to_string();
        let mut tell = |field: &str, found: String, allowed: String| {
            report.add(&["limit", &at, field], found, allowed);
        };
        if limits[..place].iter().any(|other| other.name == limit.name) {
            tell("name", format!("{:?} again", limit.name), "each name once".to_owned());
        }
        match known.get(limit.variant.as_str()) {
            None => {
                let names: Vec<&str> = known.keys().copied().collect();
                let allowed = format!("a variant with targets: {}", names.join(", "));
                tell("variant", format!("{:?}", limit.variant), allowed);
            }
            Some(classes) if !classes.contains(&limit.class) => {
                let allowed = format!("a portrait of the variant's scenario: {}", classes.join(", "));
                tell("class", format!("{:?}", limit.class), allowed);
            }
            Some(_) => {}
        }
        if limit.measure == Measure::SalesRevenue {
            tell("measure", "\"sales_revenue\"".to_owned(), "a measure in kWh".to_owned());
        }
        if let Some(again) =
            limit.hours.iter().enumerate().find(|(index, hour)| limit.hours[..*index].contains(hour))
        {
            tell("hours", format!("{} again", again.1), "each hour once".to_owned());
        }
        match (limit.at_least, limit.at_most) {
            (None, None) => tell(
                "name",
                "neither at_least nor at_most".to_owned(),
                "at_least, at_most, or both".to_owned(),
            ),
            (Some(least), Some(most)) if least > most => {
                tell("at_least", format!("{least}, above at_most, {most}"), "at_most or less".to_owned());
            }
            _ => {}
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn limit(at_least: Option<f64>, at_most: Option<f64>) -> LimitTable {
        LimitTable {
            name: "none at noon".to_owned(),
            variant: "I".to_owned(),
            class: "C".to_owned(),
            measure: Measure::OutsideKwh,
            hours: vec![12, 13],
            at_least,
            at_most,
            scale_kwh: 4.0,
            why: String::new(),
        }
    }

    #[test]
    fn a_limit_costs_what_lies_beyond_it_in_its_own_unit() {
        let limits = [limit(Some(2.0), None), limit(None, Some(3.0)), limit(Some(2.0), Some(3.0))];
        for (value, wanted) in [(0.0, 0.5 + 0.5), (2.0, 0.0), (2.5, 0.0), (3.0, 0.0), (7.0, 1.0 + 1.0)] {
            assert_eq!(loss(&limits, &[value; 3]), wanted, "{value}");
        }
        assert!(limits[2].held(2.5).is_kept && !limits[2].held(3.5).is_kept && !limits[2].held(1.5).is_kept);
    }
}
