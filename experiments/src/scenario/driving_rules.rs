//! What must agree in how a portrait drives and plugs in.

use goshawk_agents::household::vehicle::{Category, Vehicle};
use goshawk_agents::session_file::COLUMNS;

use super::meaning::Report;
use super::{Battery, ConsumptionModel, Portrait, Trip};

const HOURS_PER_DAY: f64 = 24.0;

/// Checks one portrait.
pub(super) fn check(report: &mut Report<'_>, name: &str, portrait: &Portrait, battery: Option<&Battery>) {
    source(report, name, portrait);
    vehicles(report, name, portrait);
    columns(report, name, portrait);
    let Some(battery) = battery else { return };
    let charger_kw = charger_kw(portrait, battery);
    if let Some(need) = portrait.need_kwh.filter(|&need| need > charger_kw) {
        let field = if portrait.charge_kw.is_some() { "charge_kw" } else { "battery.charge_kw" };
        let allowed = format!("at most what {field} = {charger_kw} charges in an hour");
        report.add(&["portraits", name, "need_kwh"], need.to_string(), allowed);
    }
    for (day, trip) in [("weekday", &portrait.weekday), ("weekend", &portrait.weekend)] {
        if let Some(trip) = trip {
            distance(report, name, day, (portrait, trip), battery);
        }
    }
}

/// The one source of a portrait's need.
fn source(report: &mut Report<'_>, name: &str, portrait: &Portrait) {
    let has_trips = portrait.weekday.is_some() || portrait.weekend.is_some();
    let sources = [
        ("need_kwh", portrait.need_kwh.is_some()),
        ("trips", has_trips),
        ("sessions", portrait.sessions.is_some()),
        ("mixture", portrait.mixture.is_some()),
    ];
    let given: Vec<&str> =
        sources.iter().filter(|(_, is_given)| *is_given).map(|(field, _)| *field).collect();
    match given.as_slice() {
        [] => {
            let allowed = "need_kwh, or a weekday or weekend trip, or sessions, or a mixture";
            report.add(&["portraits", name], "neither need_kwh nor a trip", allowed);
        }
        [_] => {}
        [first, others @ ..] => {
            let field = if *first == "trips" { others[0] } else { first };
            let other = others.iter().find(|&&other| other != field).unwrap_or(first);
            let found = format!("{field} beside {other}, which give another need");
            let allowed = "one of need_kwh, weekday and weekend trips, sessions, and mixture";
            report.add(&["portraits", name, field], found, allowed);
        }
    }
}

fn vehicles(report: &mut Report<'_>, name: &str, portrait: &Portrait) {
    let path = ["portraits", name, "vehicles"];
    if let Some(vehicles) = &portrait.vehicles {
        let sum: f64 = vehicles.shares().iter().sum();
        if (sum - 1.0).abs() > 1e-6 {
            report.add(&path, format!("shares that sum to {sum}"), "shares that sum to 1");
        }
        if portrait.sessions.is_some() {
            let allowed = "no vehicles: the file says what its sessions need";
            report.add(&path, "vehicles beside sessions", allowed);
        }
    }
    if portrait.consumption != ConsumptionModel::Physical {
        return;
    }
    let path = ["portraits", name, "consumption"];
    if portrait.vehicles.is_none() {
        report.add(&path, "physical, without vehicles", "per_km, or vehicles beside it");
    } else if portrait.consumption_kwh_per_km.is_some() {
        report.add(&path, "physical beside consumption_kwh_per_km", "one of the two");
    }
}

fn columns(report: &mut Report<'_>, name: &str, portrait: &Portrait) {
    let path = ["portraits", name, "session_columns"];
    if portrait.sessions.is_none() && !portrait.session_columns.is_empty() {
        report.add(&path, "session_columns without sessions", "names of columns of the file in sessions");
    }
    for ours in portrait.session_columns.keys().filter(|ours| !COLUMNS.contains(&ours.as_str())) {
        report.add(&path, format!("a name for `{ours}`"), format!("names for {}", COLUMNS.join(", ")));
    }
}

fn charger_kw(portrait: &Portrait, battery: &Battery) -> f64 {
    let of_category = portrait.vehicles.as_ref().map(|_| Category::Compact.vehicle().charger_kw);
    portrait.charge_kw.or(of_category).unwrap_or(battery.charge_kw)
}

/// The vehicles that a portrait may have.
fn possible(portrait: &Portrait) -> Vec<Vehicle> {
    let shares = portrait.vehicles.as_ref().map(super::Vehicles::shares).unwrap_or_default();
    let drawn = Category::ALL.into_iter().zip(shares).filter(|(_, share)| *share > 0.0);
    drawn.map(|(category, _)| category.vehicle()).collect()
}

/// A full battery lasts for the mean trip, and the time at home is enough to charge it again.
fn distance(
    report: &mut Report<'_>,
    name: &str,
    day: &str,
    (portrait, trip): (&Portrait, &Trip),
    battery: &Battery,
) {
    let vehicles = possible(portrait);
    let of_category = vehicles.iter().map(|vehicle| vehicle.consumption_kwh_per_km).reduce(f64::max);
    let per_km = portrait.consumption_kwh_per_km.or(of_category).unwrap_or(super::CONSUMPTION_KWH_PER_KM);
    let of_category = vehicles.iter().map(|vehicle| vehicle.battery_kwh).reduce(f64::min);
    let capacity = portrait.capacity_kwh.or(of_category).unwrap_or(battery.capacity_kwh) * battery.soc_max;
    let energy = trip.distance_km * per_km;
    if energy > capacity && capacity > 0.0 {
        let found = format!("{} km, which take {energy:.1} kWh", trip.distance_km);
        let allowed = format!("a distance that the full battery's {capacity:.1} kWh last for");
        report.add(&["portraits", name, day, "distance_km"], found, allowed);
        return;
    }
    let at_home = (HOURS_PER_DAY - trip.away_h).max(0.0);
    let charger_kw = charger_kw(portrait, battery);
    let charged = at_home * charger_kw * battery.charge_efficiency;
    let daily = energy * trip.probability;
    // Values out of range are told already.
    let is_in_range = (0.0..=16.0).contains(&trip.away_h) && (0.1..=1.0).contains(&battery.charge_efficiency);
    if is_in_range && daily > charged && charger_kw > 0.0 {
        let found = format!(
            "{} h away, which leave {at_home} h at {charger_kw} kW for the {daily:.1} kWh of the mean day",
            trip.away_h
        );
        let allowed = format!("a time away that leaves time to charge; here it gives {charged:.1} kWh");
        report.add(&["portraits", name, day, "away_h"], found, allowed);
    }
}
