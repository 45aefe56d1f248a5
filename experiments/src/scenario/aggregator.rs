//! `[aggregator]`: the plugged-in fleet as one storage station that answers the grid.

use std::sync::Arc;

use goshawk_agents::aggregator::request_series::RequestSeries;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::data::DataFiles;
use super::meaning::{Course, Report};
use super::problem::{Place, Problem};

/// What the grid follows when it calls the fleet.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum Signal {
    /// What households buy outside is to stay below `peak_kw`; up to `valley_kw` the fleet may recharge.
    PeakShaving,
    /// A random signal of zero mean in both directions, or the requests of a file.
    Regulation,
}

/// Whom the aggregator calls first.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum FleetDispatch {
    /// The cheapest first, then by the household's number.
    #[default]
    MeritOrder,
    /// Everybody the same share of what was offered.
    ProRata,
}

/// The aggregator, the paper's outlook: the plugged-in fleet as one storage station that answers the grid. Without this
/// table there is none. The defaults of prices are round numbers to begin with, in the order of retail prices.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Aggregator {
    /// What the grid follows.
    pub signal: Signal,
    /// With `signal = "peak_shaving"`, the import in kW that the grid does not want to be exceeded, 0 to 10 million.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schemars(range(min = 0.0, max = 10_000_000.0))]
    pub peak_kw: Option<f64>,
    /// With `signal = "peak_shaving"`, the import in kW up to which the fleet may recharge, 0 to `peak_kw`; 0, the default,
    /// means never.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schemars(range(min = 0.0, max = 10_000_000.0))]
    pub valley_kw: Option<f64>,
    /// Most power in kW that the grid pays for being held ready, above 0 up to 10 million; with `signal = "regulation"` and
    /// without `requests`, also the largest request, up and down.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schemars(range(max = 10_000_000.0), extend("exclusiveMinimum" = 0.0))]
    pub capacity_kw: Option<f64>,
    /// With `signal = "regulation"`, a CSV file of requests instead of random ones, relative to the scenario's folder; columns
    /// `time` (when a request begins to hold, RFC 3339 or local) and `request_kw` (above 0 to give, below 0 to take).
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schemars(length(min = 1))]
    pub requests: Option<String>,
    /// Rate theta at which the random signal reverts to zero, in 1/h, above 0 up to 1000.
    #[serde(default = "reversion_per_h")]
    #[schemars(range(max = 1000.0), extend("exclusiveMinimum" = 0.0))]
    pub reversion_per_h: f64,
    /// Standard deviation sigma of the random signal as a share of `capacity_kw`, before it is cut to -1 and 1; above 0
    /// up to 10.
    #[serde(default = "deviation")]
    #[schemars(range(max = 10.0), extend("exclusiveMinimum" = 0.0))]
    pub deviation: f64,
    /// What the grid pays for energy that the fleet gives, in currency per kWh, 0 to 10000.
    #[serde(default = "up_price")]
    #[schemars(range(min = 0.0, max = 10_000.0))]
    pub up_price_per_kwh: f64,
    /// What the grid asks for energy that the fleet takes, in currency per kWh, 0 to 10000.
    #[serde(default = "down_price")]
    #[schemars(range(min = 0.0, max = 10_000.0))]
    pub down_price_per_kwh: f64,
    /// What the grid pays for a kW held ready for an hour, in currency, 0 to 1000.
    #[serde(default = "availability")]
    #[schemars(range(min = 0.0, max = 1000.0))]
    pub availability_per_kw_h: f64,
    /// What the aggregator pays for energy that it accepted and did not deliver, in currency per kWh, 0 to 10000.
    #[serde(default = "penalty")]
    #[schemars(range(min = 0.0, max = 10_000.0))]
    pub shortfall_penalty_per_kwh: f64,
    /// Share of the aggregator's gain on energy, and of its pay for being ready, that its members get, 0 to 1.
    #[serde(default = "member_share")]
    #[schemars(range(min = 0.0, max = 1.0))]
    pub member_share: f64,
    /// Whom the aggregator calls first.
    #[serde(default)]
    pub dispatch: FleetDispatch,
    /// Probability that a household takes part, 0 to 1.
    #[serde(default = "everybody")]
    #[schemars(range(min = 0.0, max = 1.0))]
    pub participation: f64,
    /// Portraits whose households may take part; all of them by default.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schemars(length(min = 1), extend("uniqueItems" = true))]
    pub portraits: Option<Vec<String>>,
    /// How long before its planned departure a member plans to have what it needs, in minutes, 0 to 1440: for charging that
    /// starts late, and for those who leave early.
    #[serde(default = "margin")]
    #[schemars(range(min = 0.0, max = 1440.0))]
    pub departure_margin_minutes: f64,
}

fn reversion_per_h() -> f64 {
    2.0
}

fn deviation() -> f64 {
    0.4
}

fn up_price() -> f64 {
    0.4
}

fn down_price() -> f64 {
    0.05
}

fn availability() -> f64 {
    0.01
}

fn penalty() -> f64 {
    0.4
}

fn member_share() -> f64 {
    0.8
}

fn everybody() -> f64 {
    1.0
}

fn margin() -> f64 {
    30.0
}

/// Checks what the fields of `[aggregator]` are to each other, and reads its requests.
pub(super) fn check(
    report: &mut Report<'_>,
    files: &mut DataFiles<'_>,
    course: Option<&Course>,
) -> Option<Arc<RequestSeries>> {
    report.document.get(&["aggregator"])?;
    let aggregator: Aggregator = report.section(&["aggregator"])?;
    match aggregator.signal {
        Signal::PeakShaving => peak_shaving(report, &aggregator),
        Signal::Regulation => regulation(report, &aggregator),
    }
    let known = report.portrait_names();
    for name in aggregator.portraits.iter().flatten().filter(|name| !known.contains(name)) {
        let allowed = format!("portraits of this scenario: {}", known.join(", "));
        report.add(&["aggregator", "portraits"], format!("\"{name}\""), allowed);
    }
    if aggregator.down_price_per_kwh > aggregator.up_price_per_kwh {
        let usual = format!("at most up_price_per_kwh = {}", aggregator.up_price_per_kwh);
        let path = ["aggregator", "down_price_per_kwh"];
        report.warn(&path, aggregator.down_price_per_kwh.to_string(), usual);
    }
    let written = aggregator.requests.as_deref().filter(|_| aggregator.signal == Signal::Regulation)?;
    requests(report, files, written, course)
}

fn peak_shaving(report: &mut Report<'_>, aggregator: &Aggregator) {
    let why = "with signal = \"peak_shaving\"";
    match (aggregator.peak_kw, aggregator.valley_kw) {
        (None, _) => report.add(&["aggregator", "peak_kw"], format!("nothing, {why}"), "a power in kW"),
        (Some(peak), Some(valley)) if valley > peak => {
            let allowed = format!("at most peak_kw = {peak}");
            report.add(&["aggregator", "valley_kw"], valley.to_string(), allowed);
        }
        _ => {}
    }
    if let Some(requests) = &aggregator.requests {
        let found = format!("\"{requests}\", {why}");
        report.add(&["aggregator", "requests"], found, "none, or signal = \"regulation\"");
    }
}

fn regulation(report: &mut Report<'_>, aggregator: &Aggregator) {
    let why = "with signal = \"regulation\"";
    for (name, value) in [("peak_kw", aggregator.peak_kw), ("valley_kw", aggregator.valley_kw)] {
        if let Some(value) = value {
            let found = format!("{value}, {why}");
            report.add(&["aggregator", name], found, "none, or signal = \"peak_shaving\"");
        }
    }
    if aggregator.capacity_kw.is_none() && aggregator.requests.is_none() {
        let allowed = "a power in kW, or a file as requests";
        report.add(&["aggregator", "capacity_kw"], format!("nothing, {why}"), allowed);
    }
}

fn requests(
    report: &mut Report<'_>,
    files: &mut DataFiles<'_>,
    written: &str,
    course: Option<&Course>,
) -> Option<Arc<RequestSeries>> {
    let path = ["aggregator", "requests"];
    let file = files.source(&path, written, report)?;
    let course = course?;
    let read = RequestSeries::read(&file.text, &course.zone)
        .and_then(|series| series.covers(course.start..course.end).map(|()| series));
    match read {
        Ok(series) => Some(Arc::new(series)),
        Err(problems) => {
            for problem in problems {
                let place = Place { source: Arc::clone(&file), span: problem.span };
                report.problems.push(Problem::new(&place, path.join("."), problem.found, problem.allowed));
            }
            None
        }
    }
}
