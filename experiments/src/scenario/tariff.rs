//! The two tariffs, from bands, from a schedule file, from dated prices, or by a rule.

use std::ops::Range;
use std::sync::Arc;

use goshawk_agents::pricing::Pricing;
use goshawk_market::quantity::Price;
use goshawk_market::tariff::{Band, Tariff, TariffProblem, TariffProblems};

use super::data::DataFiles;
use super::json_place::span_of;
use super::meaning::{Course, Report};
use super::problem::{Place, Problem, Source};
use super::{PriceBand, TariffSource, prices};

/// The prices of `tariffs.<seller>`, and remarks on what of them was ignored; `bases` are the grid's and the wholesale
/// price, over which the company's rule may stand.
pub(super) fn pricing(
    report: &mut Report<'_>,
    files: &mut DataFiles<'_>,
    seller: &str,
    course: Option<&Course>,
    bases: (Option<&Pricing>, Option<&Pricing>),
) -> Option<(Pricing, Vec<String>)> {
    let path = ["tariffs", seller];
    let source: TariffSource = report.section(&path)?;
    // A missing tariff is told already.
    let written = report.document.get(&path).is_some();
    check_choice(report, seller, &source, written);
    let (tariff, remarks) = match (&source.bands, &source.schedule, &source.prices, &source.margin) {
        (Some(bands), None, None, None) => (from_bands(report, &path, bands)?, Vec::new()),
        (None, Some(name), None, None) => {
            let file = files.source(&["tariffs", seller, "schedule"], name, report)?;
            from_schedule(report, &path, &file)?
        }
        (None, None, Some(name), None) => {
            let prices = prices::of_seller(report, files, seller, (&source, name), course)?;
            return Some((prices, Vec::new()));
        }
        (None, None, None, Some(margin)) if seller == "company" => {
            let rule = prices::by_margin(report, &source, margin, bases)?;
            return Some((rule, Vec::new()));
        }
        _ => return None,
    };
    let scale_path = ["tariffs", seller, "scale"];
    match tariff.scaled(source.scale) {
        Ok(tariff) => Some((Pricing::Tariff(tariff), remarks)),
        Err(_) if source.scale <= 0.0 => None,
        Err(TariffProblems(problems)) => {
            let found = format!("{}, which gives: {}", source.scale, problems.first()?);
            report.add(&scale_path, found, "a factor that leaves every price above 0.000001");
            None
        }
    }
}

/// Tells where a seller has no source of prices or several, and what belongs to another source.
fn check_choice(report: &mut Report<'_>, seller: &str, source: &TariffSource, written: bool) {
    let path = ["tariffs", seller];
    let is_company = seller == "company";
    let sources = [
        ("bands", source.bands.is_some()),
        ("schedule", source.schedule.is_some()),
        ("prices", source.prices.is_some()),
        ("margin", source.margin.is_some()),
    ];
    let named: Vec<&str> = sources.iter().filter(|(_, is_there)| *is_there).map(|(name, _)| *name).collect();
    if written && named.len() != 1 {
        let found = if named.is_empty() { "none of them".to_owned() } else { named.join(" and ") };
        let allowed = match is_company {
            true => "one of bands, schedule, prices and margin",
            false => "one of bands, schedule and prices",
        };
        report.add(&path, found, allowed);
    }
    if source.margin.is_some() && !is_company {
        let allowed = "bands, schedule or prices: only the company has a rule";
        report.add(&["tariffs", seller, "margin"], "a rule over another price", allowed);
    }
    if source.prices.is_some() {
        return;
    }
    prices::tell_unused_zone(
        report,
        &["tariffs", seller, "prices_zone"],
        source.prices_zone.as_deref(),
        "prices",
    );
    if source.markup_per_kwh != 0.0 && source.margin.is_none() {
        let found = format!("{} without prices", source.markup_per_kwh);
        report.add(&["tariffs", seller, "markup_per_kwh"], found, "0, or a file as prices");
    }
}

fn from_bands(report: &mut Report<'_>, path: &[&str], bands: &[PriceBand]) -> Option<Tariff> {
    let list = [path, &["bands"]].concat();
    // An empty list is told already.
    if bands.is_empty() {
        return None;
    }
    let mut priced = Vec::new();
    for (index, band) in bands.iter().enumerate() {
        // Other prices are told already; they must not hide holes and overlaps.
        let price = Price::from_f64(band.price).ok().filter(|price| price.is_positive());
        if price.is_none() && band.price > 0.0 {
            let number = index.to_string();
            report.add(
                &[&list[..], &[&number, "price"]].concat(),
                band.price.to_string(),
                "at least 0.000001",
            );
        }
        priced.push(Band { from: band.from, to: band.to, price: price.unwrap_or(Price::from_micro(1)) });
    }
    let problems = match Tariff::from_bands(&priced) {
        Ok(tariff) => return Some(tariff),
        Err(TariffProblems(problems)) => problems,
    };
    for (band, from, to) in problems.iter().filter_map(backwards) {
        let number = band.to_string();
        let found = format!("{to}, before from = {from}");
        report.add(&[&list[..], &[&number, "to"]].concat(), found, "an hour that is not before `from`");
    }
    let holes = problems.iter().filter_map(|problem| match problem {
        TariffProblem::Hole { hour } => Some((*hour, ())),
        _ => None,
    });
    for (hours, ()) in runs(holes) {
        report.add(&list, format!("no price for {hours}"), "bands that hold each hour 1 to 24 once");
    }
    let overlaps = problems.iter().filter_map(|problem| match problem {
        TariffProblem::Overlap { hour, bands } => Some((*hour, bands.clone())),
        _ => None,
    });
    for (hours, overlapping) in runs(overlaps) {
        let numbers: Vec<String> = overlapping.iter().map(|band| (band + 1).to_string()).collect();
        let last = overlapping.last().map(usize::to_string).unwrap_or_default();
        let found = format!("{hours} in bands {}", numbers.join(" and "));
        report.add(&[&list[..], &[&last]].concat(), found, "bands that hold each hour 1 to 24 once");
    }
    None
}

/// A band whose hours exist but stand the wrong way round.
fn backwards(problem: &TariffProblem) -> Option<(usize, u8, u8)> {
    match *problem {
        TariffProblem::Hours { band, from, to } if to < from && to >= 1 && from <= 24 => {
            Some((band, from, to))
        }
        _ => None,
    }
}

/// Consecutive hours about which the same is to be said, put into words.
fn runs<T: PartialEq>(hours: impl Iterator<Item = (u8, T)>) -> Vec<(String, T)> {
    let mut runs: Vec<(Range<u8>, T)> = Vec::new();
    for (hour, what) in hours {
        match runs.last_mut() {
            Some((run, same)) if run.end == hour && *same == what => run.end += 1,
            _ => runs.push((hour..hour + 1, what)),
        }
    }
    let in_words = |run: Range<u8>| match run.end - run.start {
        1 => format!("hour {}", run.start),
        _ => format!("hours {} to {}", run.start, run.end - 1),
    };
    runs.into_iter().map(|(run, what)| (in_words(run), what)).collect()
}

fn from_schedule(
    report: &mut Report<'_>,
    path: &[&str],
    file: &Arc<Source>,
) -> Option<(Tariff, Vec<String>)> {
    let problems = match Tariff::from_schedule_json(&file.text) {
        Ok(read) => return Some(read),
        Err(TariffProblems(problems)) => problems,
    };
    let field = [path, &["schedule"]].concat().join(".");
    for problem in problems {
        let (span, found, allowed) = match &problem {
            TariffProblem::Syntax { line, column, reason } => {
                let line_start: usize = file.text.split_inclusive('\n').take(line - 1).map(str::len).sum();
                let at = line_start + column.saturating_sub(1);
                (at..at, format!("text that is not JSON ({reason})"), "a schedule in acnportal's format")
            }
            TariffProblem::Value { path, reason } => (
                span_of(&file.text, path),
                format!("a fault at {path}: {reason}"),
                "a schedule in acnportal's format",
            ),
            TariffProblem::NotPositive { place, price } => {
                (span_of(&file.text, place), format!("{price} at {place}"), "a price above 0")
            }
            other => (
                span_of(&file.text, "/schedule"),
                other.to_string(),
                "entries that hold each day of the year once",
            ),
        };
        let place = Place { source: Arc::clone(file), span };
        report.problems.push(Problem::new(&place, field.as_str(), found, allowed));
    }
    None
}
