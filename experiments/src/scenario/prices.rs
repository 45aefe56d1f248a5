//! Prices from CSV files, and the company's rule over another price.

use std::sync::Arc;

use goshawk_agents::calendar::LOOKAHEAD_DAYS;
use goshawk_agents::pricing::dated::{self, DatedPrices};
use goshawk_agents::pricing::{self, Pricing};
use goshawk_agents::rows::RowProblem;
use goshawk_market::quantity::Price;
use jiff::tz::TimeZone;
use jiff::{SignedDuration, Timestamp};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::data::DataFiles;
use super::meaning::{Course, Report};
use super::problem::{Place, Problem};
use super::{Company, TariffSource};

/// What the company's rule starts from.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum MarginBase {
    /// The grid's price Q_G of the same period.
    Grid,
    /// What the company itself pays in the same period.
    Wholesale,
}

/// A price as a rule over another one: base * (1 + share) + per_kwh, not below `floor` and not above `cap`.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Margin {
    /// The price that the rule starts from.
    pub over: MarginBase,
    /// Share of it that is added, -1 to 10 in steps of 0.000001; below 0 it is a discount; 0 by default.
    #[serde(default)]
    #[schemars(range(min = -1.0, max = 10.0))]
    pub share: f64,
    /// What is added to each kWh, in currency, -1000 to 1000; 0 by default.
    #[serde(default)]
    #[schemars(range(min = -1000.0, max = 1000.0))]
    pub per_kwh: f64,
    /// Lowest price in currency per kWh, 0.000001 to 10000; 0.000001 by default.
    #[serde(default = "least")]
    #[schemars(range(min = 0.000_001, max = 10_000.0))]
    pub floor: f64,
    /// Highest price in currency per kWh, `floor` to 10000; none by default.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schemars(range(min = 0.000_001, max = 10_000.0))]
    pub cap: Option<f64>,
}

fn least() -> f64 {
    0.000_001
}

/// What the company pays upstream.
pub(super) fn wholesale(
    report: &mut Report<'_>,
    files: &mut DataFiles<'_>,
    course: Option<&Course>,
) -> Option<Pricing> {
    let company: Company = report.section(&["company"])?;
    let zone = company.wholesale_prices_zone.as_deref();
    match &company.wholesale_prices {
        None => {
            tell_unused_zone(report, &["company", "wholesale_prices_zone"], zone, "wholesale_prices");
            // Others are told already.
            Price::from_f64(company.wholesale_price_per_kwh).ok().map(Pricing::Constant)
        }
        Some(written) => {
            let path = ["company", "wholesale_prices"];
            read(report, files, &path, written, zone, course, Ok).map(Pricing::Dated)
        }
    }
}

/// A seller's prices from a file, scaled and with its markup; all that play a part are positive.
pub(super) fn of_seller(
    report: &mut Report<'_>,
    files: &mut DataFiles<'_>,
    seller: &str,
    (source, written): (&TariffSource, &str),
    course: Option<&Course>,
) -> Option<Pricing> {
    let (scale, markup) = (source.scale, source.markup_per_kwh);
    let retail = |price: Price| {
        let retail = Price::from_f64(price.to_f64() * scale).ok();
        let retail = retail.zip(Price::from_f64(markup).ok());
        let retail = retail.and_then(|(price, markup)| price.checked_add(markup));
        retail.filter(|retail| retail.is_positive()).ok_or_else(|| {
            let found =
                format!("{price}, which with scale = {scale} and markup_per_kwh = {markup} is no price");
            (found, "a price that scale and markup_per_kwh leave above 0".to_owned())
        })
    };
    // Other factors are told already.
    if scale <= 0.0 {
        return None;
    }
    let (path, zone) = (["tariffs", seller, "prices"], source.prices_zone.as_deref());
    read(report, files, &path, written, zone, course, retail).map(Pricing::Dated)
}

/// Says so where a zone has no file to read.
pub(super) fn tell_unused_zone(report: &mut Report<'_>, path: &[&str], zone: Option<&str>, file: &str) {
    if let Some(zone) = zone {
        report.add(path, format!("\"{zone}\" without {file}"), format!("none, or a file as {file}"));
    }
}

/// Reads the file that `path` names, and holds it against the run.
fn read(
    report: &mut Report<'_>,
    files: &mut DataFiles<'_>,
    path: &[&str],
    written: &str,
    zone: Option<&str>,
    course: Option<&Course>,
    change: impl Fn(Price) -> Result<Price, (String, String)>,
) -> Option<Arc<DatedPrices>> {
    let known = zone.map(|name| (name, TimeZone::get(name).ok()));
    if let Some((name, None)) = &known {
        let field = format!("{}_zone", path.last().copied().unwrap_or_default());
        let path: Vec<&str> = path[..path.len() - 1].iter().copied().chain([field.as_str()]).collect();
        let allowed = "the name of an IANA time zone, such as \"Europe/Berlin\"";
        report.add(&path, format!("\"{name}\", which is no known zone"), allowed);
    }
    let file = files.source(path, written, report)?;
    let course = course?;
    let zone = known.map_or_else(|| Some(course.zone.clone()), |(_, zone)| zone)?;
    let field = path.join(".");
    let mut tell = |problems: Vec<RowProblem>| {
        for problem in problems {
            let place = Place { source: Arc::clone(&file), span: problem.span };
            report.problems.push(Problem::new(&place, field.as_str(), problem.found, problem.allowed));
        }
    };
    let prices = dated::read(&file.text, &zone).map_err(&mut tell).ok()?;
    prices.covers(course.start..course.end).map_err(&mut tell).ok()?;
    let horizon = horizon(course);
    let (end, last) = (prices.end(), prices.last_span());
    let prices = prices.changed(course.start..horizon, change).map_err(&mut tell).ok()?;
    if end < horizon {
        let place = Place { source: Arc::clone(&file), span: last };
        let found = format!("no price from {end} (UTC) on; the last 24 hours of the file repeat there");
        let usual =
            format!("prices until {horizon} (UTC): households look {LOOKAHEAD_DAYS} days beyond the run");
        report.warnings.push(Problem::warning(&place, field.as_str(), found, usual));
    }
    Some(Arc::new(prices))
}

/// Until when households look ahead.
fn horizon(course: &Course) -> Timestamp {
    let ahead = SignedDuration::from_hours(24 * i64::from(LOOKAHEAD_DAYS));
    course.end.checked_add(ahead).unwrap_or(Timestamp::MAX)
}

/// The company's rule; `None` where it or its base has a problem, which is told.
pub(super) fn by_margin(
    report: &mut Report<'_>,
    source: &TariffSource,
    margin: &Margin,
    (grid, wholesale): (Option<&Pricing>, Option<&Pricing>),
) -> Option<Pricing> {
    let path = ["tariffs", "company"];
    for (field, value, usual) in
        [("scale", source.scale, 1.0), ("markup_per_kwh", source.markup_per_kwh, 0.0)]
    {
        if value != usual {
            let allowed = format!("{usual}: a margin has share and per_kwh for it");
            report.add(&[&path[..], &[field]].concat(), format!("{value}, beside margin"), allowed);
        }
    }
    // Values outside their ranges are told already.
    let floor = Price::from_f64(margin.floor).ok()?;
    let cap = margin.cap.map_or(Some(Price::MAX), |cap| Price::from_f64(cap).ok())?;
    if cap < floor {
        let allowed = format!("at least floor = {}", margin.floor);
        report.add(
            &["tariffs", "company", "margin", "cap"],
            margin.cap.unwrap_or_default().to_string(),
            allowed,
        );
        return None;
    }
    let rule = pricing::margin::Margin {
        share_micro: Price::from_f64(margin.share).ok()?.micro(),
        per_kwh: Price::from_f64(margin.per_kwh).ok()?,
        floor,
        cap,
    };
    let base = match margin.over {
        MarginBase::Grid => grid,
        MarginBase::Wholesale => wholesale,
    };
    Some(Pricing::Margin { base: Box::new(base?.clone()), margin: rule })
}
