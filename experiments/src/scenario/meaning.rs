//! What a schema cannot say: fields that must agree with each other.
//!
//! Each check wants only the sections that it reads, so that a fault in one section hides nothing in another.

use jiff::civil::DateTime;
use jiff::tz::{AmbiguousOffset, TimeZone};
use jiff::{SignedDuration, Timestamp};
use serde::de::DeserializeOwned;
use serde_json::Value as Json;

use super::credit;
use super::document::Document;
use super::driving_rules;
use super::faulty;
use super::problem::Problem;
use super::sky;
use super::{Battery, BatteryAgeing, BatteryWear, Ledger, Market, Portrait, Storage, Time, WeatherSource};

const MINUTES_PER_HOUR: u32 = 60;
const MS_PER_MINUTE: u32 = 60_000;
const HOUSEHOLDS_MAX: u64 = 50_000;
/// The ledger keeps up with the market if this many messages, one after another, fit into a period.
const LATENCIES_PER_PERIOD: u32 = 10;

/// Collects problems at paths of the document.
pub(crate) struct Report<'a> {
    pub(crate) document: &'a Document,
    json: Json,
    pub(crate) problems: Vec<Problem>,
    pub(crate) warnings: Vec<Problem>,
}

impl<'a> Report<'a> {
    pub(crate) fn new(document: &'a Document, problems: Vec<Problem>) -> Self {
        Self { document, json: document.root().json(), problems, warnings: Vec::new() }
    }

    pub(crate) fn add<S: AsRef<str>>(
        &mut self,
        path: &[S],
        found: impl Into<String>,
        allowed: impl Into<String>,
    ) {
        let names: Vec<&str> = path.iter().map(AsRef::as_ref).collect();
        self.problems.push(Problem::new(self.document.place(path), names.join("."), found, allowed));
    }

    /// Warns of a value that can be used but is hardly meant; `plausible` says what is usual.
    pub(crate) fn warn<S: AsRef<str>>(
        &mut self,
        path: &[S],
        found: impl Into<String>,
        plausible: impl Into<String>,
    ) {
        let names: Vec<&str> = path.iter().map(AsRef::as_ref).collect();
        let place = self.document.place(path);
        self.warnings.push(Problem::warning(place, names.join("."), found, plausible));
    }

    /// The section at a path with its defaults, unless its form is wrong, which is told already.
    pub(crate) fn section<T: DeserializeOwned>(&self, path: &[&str]) -> Option<T> {
        let written = path.iter().try_fold(&self.json, |part, name| part.get(name));
        let empty = Json::Object(serde_json::Map::new());
        serde_json::from_value(written.unwrap_or(&empty).clone()).ok()
    }

    pub(crate) fn portrait_names(&self) -> Vec<String> {
        let portraits = self.json.get("portraits").and_then(Json::as_object);
        portraits.map(|table| table.keys().cloned().collect()).unwrap_or_default()
    }
}

/// The run on the clock.
#[derive(Debug, Clone)]
pub(crate) struct Course {
    pub(crate) zone: TimeZone,
    pub(crate) start: Timestamp,
    pub(crate) end: Timestamp,
}

/// All checks that need no data file.
pub(crate) fn check(report: &mut Report<'_>) {
    weather(report);
    battery(report);
    portraits(report);
    prices(report);
    storage(report);
    ledger(report);
}

/// Checks `[time]`; the run on the clock, if it can be told.
pub(crate) fn course(report: &mut Report<'_>) -> Option<Course> {
    let time: Time = report.section(&["time"])?;
    // Other periods are told already.
    let divides = divides_the_hour(time.period_minutes);
    let in_days = if divides { time.days.saturating_mul(time.periods_per_day()) } else { u32::MAX };
    if let Some(periods) = time.periods.filter(|&periods| periods > in_days) {
        let allowed = format!("at most the {in_days} periods of time.days = {}", time.days);
        report.add(&["time", "periods"], periods.to_string(), allowed);
    }

    let zone = TimeZone::get(&time.zone).ok();
    if zone.is_none() {
        let allowed = "the name of an IANA time zone, such as \"Europe/Berlin\"";
        report.add(&["time", "zone"], format!("\"{}\", which is no known zone", time.zone), allowed);
    }
    let local: Option<DateTime> = time.start.parse().ok();
    if local.is_none() && !report.problems.iter().any(|problem| problem.field == "time.start") {
        let allowed = "a date and time that exist, such as \"2019-01-07T00:00:00\"";
        report.add(&["time", "start"], format!("\"{}\"", time.start), allowed);
    }
    let (zone, local) = (zone?, local?);
    let instant = zone.to_ambiguous_timestamp(local);
    if matches!(instant.offset(), AmbiguousOffset::Gap { .. }) {
        let found = format!("\"{}\", which clocks in {} skip", time.start, time.zone);
        report.add(&["time", "start"], found, "a time that exists on that day");
        return None;
    }
    let periods = if divides { time.period_count() } else { 0 };
    let minutes = i64::from(periods) * i64::from(time.period_minutes);
    let start = instant.compatible();
    let end =
        start.as_ref().ok().and_then(|start| start.checked_add(SignedDuration::from_mins(minutes)).ok());
    let (Ok(start), Some(end)) = (start, end) else {
        report.add(&["time", "start"], format!("\"{}\"", time.start), "a run that ends before the year 9999");
        return None;
    };
    divides.then_some(Course { zone, start, end })
}

fn divides_the_hour(minutes: u32) -> bool {
    minutes > 0 && MINUTES_PER_HOUR.is_multiple_of(minutes)
}

fn weather(report: &mut Report<'_>) {
    // A missing table is told already.
    if report.document.get(&["weather"]).is_none() {
        return;
    }
    let Some(weather) = report.section::<WeatherSource>(&["weather"]) else { return };
    sky::check(report, &weather);
    let (irradiance, temperature) = (weather.irradiance_w_per_m2.is_some(), weather.temperature_c.is_some());
    let files = weather.files();
    let names: Vec<&str> = files.iter().map(|(field, _)| *field).collect();
    let found = match (names.as_slice(), irradiance, temperature) {
        ([_], false, false) | ([], true, true) => return,
        ([_], _, _) => format!("{} beside hourly values", names[0]),
        ([], false, false) => "neither".to_owned(),
        ([], true, false) => "irradiance_w_per_m2 without temperature_c".to_owned(),
        ([], false, true) => "temperature_c without irradiance_w_per_m2".to_owned(),
        _ => format!("{} together", names.join(" and ")),
    };
    let allowed = "either one file (tmy3, epw or csv), or both irradiance_w_per_m2 and temperature_c";
    report.add(&["weather"], found, allowed);
}

fn battery(report: &mut Report<'_>) {
    let Some(battery) = report.section::<Battery>(&["battery"]) else { return };
    if battery.wear == BatteryWear::Marginal && battery.ageing == BatteryAgeing::None {
        let found = "\"marginal\", with ageing = \"none\"";
        report.add(&["battery", "wear"], found, "\"constant\", or an ageing from which wear follows");
    }
    if battery.soc_min >= battery.soc_max {
        let found = format!("{}, with soc_max = {}", battery.soc_min, battery.soc_max);
        report.add(&["battery", "soc_min"], found, "less than soc_max");
        return;
    }
    initial_soc(report, &battery, &["battery", "initial_soc"], Some(battery.initial_soc));
    for name in report.portrait_names() {
        let path = ["portraits", &name, "initial_soc"];
        let portrait: Option<Portrait> = report.section(&path[..2]);
        initial_soc(report, &battery, &path, portrait.and_then(|portrait| portrait.initial_soc));
    }
}

fn initial_soc(report: &mut Report<'_>, battery: &Battery, path: &[&str], soc: Option<f64>) {
    let Some(soc) = soc.filter(|soc| !(battery.soc_min..=battery.soc_max).contains(soc)) else { return };
    // Shares outside 0 to 1 are told already.
    if (0.0..=1.0).contains(&soc) {
        let allowed = format!("from soc_min = {} to soc_max = {}", battery.soc_min, battery.soc_max);
        report.add(path, soc.to_string(), allowed);
    }
}

fn portraits(report: &mut Report<'_>) {
    let names = report.portrait_names();
    let battery: Option<Battery> = report.section(&["battery"]);
    let mut count = Some(0_u64);
    for name in &names {
        let portrait: Option<Portrait> = report.section(&["portraits", name]);
        count = count.zip(portrait.as_ref()).map(|(count, portrait)| count + u64::from(portrait.count));
        if let Some(portrait) = portrait {
            driving_rules::check(report, name, &portrait, battery.as_ref());
            hours(report, name, &portrait);
        }
    }
    if !names.is_empty() && count == Some(0) {
        report.add(&["portraits"], "no household in any portrait", "at least one household in total");
    }
    if let Some(count) = count.filter(|&count| count > HOUSEHOLDS_MAX) {
        let allowed = format!("at most {HOUSEHOLDS_MAX} households in total");
        report.add(&["portraits"], format!("{count} households"), allowed);
    }
}

fn hours(report: &mut Report<'_>, name: &str, portrait: &Portrait) {
    if portrait.need_kwh.is_some() && report.document.get(&["portraits", name, "charging_hours"]).is_none() {
        let allowed = "the hours in which the need of need_kwh arises, a list of whole numbers from 1 to 24";
        report.add(&["portraits", name, "charging_hours"], "nothing, beside need_kwh", allowed);
    }
    for (field, listed) in
        [("reserve_hours", &portrait.reserve_hours), ("shortfall_hours", &portrait.shortfall_hours)]
    {
        let outside = listed.iter().filter(|hour| !portrait.charging_hours.contains(hour));
        let outside: Vec<String> =
            outside.filter(|hour| (1..=24).contains(*hour)).map(u8::to_string).collect();
        if !outside.is_empty() {
            let found = format!("{}, not among charging_hours", outside.join(", "));
            report.add(&["portraits", name, field], found, "hours that are charging_hours too");
        }
    }
    let twice = portrait.shortfall_hours.iter().filter(|hour| portrait.reserve_hours.contains(hour));
    let twice: Vec<String> = twice.map(u8::to_string).collect();
    if !twice.is_empty() {
        let found = format!("{}, which reserve_hours keep all energy for", twice.join(", "));
        report.add(&["portraits", name, "shortfall_hours"], found, "hours that are no reserve_hours");
    }
}

fn prices(report: &mut Report<'_>) {
    let Some(market) = report.section::<Market>(&["market"]) else { return };
    if market.price_min >= market.price_max {
        let found = format!("{}, with price_max = {}", market.price_min, market.price_max);
        report.add(&["market", "price_min"], found, "less than price_max");
    }
}

fn storage(report: &mut Report<'_>) {
    let Some(storage) = report.section::<Storage>(&["storage"]) else { return };
    if storage.content_min_kwh > storage.capacity_kwh && storage.capacity_kwh >= 0.0 {
        let allowed = format!("at most capacity_kwh = {}", storage.capacity_kwh);
        report.add(&["storage", "content_min_kwh"], storage.content_min_kwh.to_string(), allowed);
    }
}

fn ledger(report: &mut Report<'_>) {
    let Some(ledger) = report.section::<Ledger>(&["ledger"]) else { return };
    if ledger.latency_min_ms > ledger.latency_max_ms {
        let allowed = format!("at most latency_max_ms = {}", ledger.latency_max_ms);
        report.add(&["ledger", "latency_min_ms"], ledger.latency_min_ms.to_string(), allowed);
    }
    faulty::check(report, &ledger);
    credit::check(report);
    let time: Option<Time> = report.section(&["time"]);
    let Some(time) = time.filter(|time| divides_the_hour(time.period_minutes)) else { return };
    let most = time.period_minutes * MS_PER_MINUTE / LATENCIES_PER_PERIOD;
    let told = report.problems.iter().any(|problem| problem.field == "ledger.latency_max_ms");
    if ledger.latency_max_ms > most && !told {
        let allowed = format!("at most {most}, a tenth of time.period_minutes = {}", time.period_minutes);
        report.add(&["ledger", "latency_max_ms"], ledger.latency_max_ms.to_string(), allowed);
    }
}
