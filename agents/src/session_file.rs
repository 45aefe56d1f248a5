//! Recorded charging sessions from a CSV file, dealt out to the households that replay them.
//!
//! | column | unit | meaning |
//! |---|---|---|
//! | `arrival`, `departure` | local time, or with an offset | when the vehicle is plugged in |
//! | `energy_kwh` | kWh at the meter | what the session charged |
//! | `session_id` |  | optional; none may occur twice |
//! | `power_kw` | kW | optional: the session's own limit |
//! | `capacity_kwh` | kWh | optional: the vehicle's battery |
//! | `arrival_soc` | 1 | optional: what the battery holds at arrival, as a share of its capacity |
//! | `household` or `vehicle` |  | optional: whose session it is, one household each |
//!
//! Other columns are ignored, with a note. A file with other names for these is read with a map of names.

mod place;

use std::collections::{BTreeMap, BTreeSet};

use goshawk_market::quantity::{Energy, Power};
use jiff::Timestamp;
use jiff::tz::TimeZone;

use crate::household::session::Recording;
use crate::rows::{Row, RowProblem, RowProblems, Rows};

/// What the file's columns are called, by the name that they have here.
pub type ColumnNames = BTreeMap<String, String>;

/// Columns that are known here.
pub const COLUMNS: [&str; 9] = [
    "session_id",
    "arrival",
    "departure",
    "energy_kwh",
    "power_kw",
    "capacity_kwh",
    "arrival_soc",
    "household",
    "vehicle",
];

/// What sessions are held against.
#[derive(Debug, Clone)]
pub struct Setting {
    /// The zone of times without an offset.
    pub zone: TimeZone,
    /// When the run begins.
    pub start: Timestamp,
    /// When it ends.
    pub end: Timestamp,
    /// How many households there are.
    pub households: u32,
    /// The charger's power, at the meter.
    pub charge_power: Power,
    /// Share of metered energy that reaches the battery.
    pub charge_efficiency: f64,
    /// Highest state of charge.
    pub soc_max: f64,
    /// Battery of sessions that do not state one.
    pub capacity: Energy,
}

/// Sessions that can be replayed.
#[derive(Debug, Clone, PartialEq)]
pub struct Replay {
    /// What each household replays.
    pub recordings: Vec<Recording>,
    /// What was ignored or left out, in words.
    pub notes: Vec<String>,
    /// What was repaired, in words.
    pub repairs: Vec<String>,
}

/// A row that holds by itself.
#[derive(Debug, Clone)]
struct Raw {
    line: u32,
    span: std::ops::Range<usize>,
    id: String,
    household: String,
    arrives: Timestamp,
    departs: Timestamp,
    is_repaired: bool,
    energy: Energy,
    power: Option<Power>,
    capacity: Option<Energy>,
    arrival_content: Option<Energy>,
}

const FORM: &str = "a file of sessions";

/// Reads a file of sessions.
///
/// # Errors
/// Everything that is wrong with it.
pub fn read(text: &str, names: &ColumnNames, setting: &Setting) -> Result<Replay, Vec<RowProblem>> {
    let mut problems = RowProblems::default();
    let mut notes = Vec::new();
    let Some(rows) = Rows::read(text, &mut problems) else { return Err(problems.finish(FORM)) };
    let Some(columns) = Columns::find(&rows, names, &mut problems, &mut notes) else {
        return Err(problems.finish(FORM));
    };
    let raw: Vec<Raw> =
        rows.rows.iter().filter_map(|row| columns.read(row, setting, &mut problems)).collect();
    check_ids(&raw, &mut problems);
    let dealt = place::deal(raw, columns.household.is_some(), setting, &rows.names_span, &mut problems);
    if !problems.is_empty() {
        return Err(problems.finish(FORM));
    }
    let mut repairs = Vec::new();
    let recordings = place::recordings(dealt, setting, &mut notes, &mut repairs);
    Ok(Replay { recordings, notes, repairs })
}

fn check_ids(raw: &[Raw], problems: &mut RowProblems) {
    let mut seen = BTreeSet::new();
    for row in raw.iter().filter(|row| !row.id.is_empty()) {
        if !seen.insert(&row.id) {
            problems.add(row.span.clone(), format!("session `{}` again", row.id), "every session once");
        }
    }
}

/// Where the columns are.
struct Columns {
    id: Option<usize>,
    arrival: usize,
    departure: usize,
    energy: usize,
    power: Option<usize>,
    capacity: Option<usize>,
    arrival_soc: Option<usize>,
    household: Option<usize>,
}

impl Columns {
    fn find(
        rows: &Rows,
        names: &ColumnNames,
        problems: &mut RowProblems,
        notes: &mut Vec<String>,
    ) -> Option<Self> {
        let places = rows.places();
        let mut used = BTreeSet::new();
        let mut find = |ours: &str, is_required: bool| {
            let theirs = names.get(ours).map_or(ours, String::as_str);
            let place = places.get(theirs).copied();
            if place.is_none() && (is_required || names.contains_key(ours)) {
                let found = format!("no column `{theirs}`");
                problems.add(rows.names_span.clone(), found, format!("a column for `{ours}`"));
            }
            used.extend(place);
            place
        };
        let (arrival, departure, energy) =
            (find("arrival", true), find("departure", true), find("energy_kwh", true));
        let (id, power, capacity) =
            (find("session_id", false), find("power_kw", false), find("capacity_kwh", false));
        let (arrival_soc, household, vehicle) =
            (find("arrival_soc", false), find("household", false), find("vehicle", false));
        let others = rows.names.iter().enumerate().filter(|(place, _)| !used.contains(place));
        let others: Vec<&str> = others.map(|(_, name)| name.as_str()).collect();
        if !others.is_empty() {
            notes.push(format!("columns that mean nothing here: {}", others.join(", ")));
        }
        Some(Self {
            id,
            arrival: arrival?,
            departure: departure?,
            energy: energy?,
            power,
            capacity,
            arrival_soc,
            household: household.or(vehicle),
        })
    }

    fn read(&self, row: &Row, setting: &Setting, problems: &mut RowProblems) -> Option<Raw> {
        let mut time = |place: usize, name: &str| {
            let found = Clock::read(row.text(place), &setting.zone);
            if found.is_none() {
                let allowed = format!("a time such as 2019-03-01T06:20:00 as `{name}`");
                problems.add(row.span.clone(), format!("`{}`", row.text(place)), allowed);
            }
            found
        };
        let (arrival, departure) = (time(self.arrival, "arrival"), time(self.departure, "departure"));
        let energy = row.number(self.energy, "energy_kwh", 0.0..=10_000.0, problems);
        if row.text(self.energy).is_empty() {
            problems.add(row.span.clone(), "no energy_kwh", "the energy that the session charged, in kWh");
        }
        let mut optional = |place: Option<usize>, name: &str, range| {
            place.and_then(|place| row.number(place, name, range, problems))
        };
        let power = optional(self.power, "power_kw", 0.001..=1000.0);
        let capacity = optional(self.capacity, "capacity_kwh", 0.1..=10_000.0);
        let arrival_soc = optional(self.arrival_soc, "arrival_soc", 0.0..=1.0);
        let (arrival, departure) = (arrival?, departure?);
        // Of a time that the clock shows twice the first counts, unless the session would end before it begins.
        let arrives = arrival.first;
        let departs = if departure.first > arrives { departure.first } else { departure.second };
        if departs <= arrives {
            let found = format!("{} to {}", row.text(self.arrival), row.text(self.departure));
            problems.add(row.span.clone(), found, "a session that ends after it begins");
            return None;
        }
        let energy = in_range(energy?);
        let capacity = capacity.map(in_range);
        let battery = capacity.unwrap_or(setting.capacity).to_f64();
        let held = arrival_soc.map(|soc| soc * battery);
        let after = held.unwrap_or(0.0) + energy.to_f64() * setting.charge_efficiency;
        let ceiling = battery * setting.soc_max;
        if after > ceiling + 1e-6 {
            let arriving = held.map_or(String::new(), |held| format!(" on top of {held:.3} kWh at arrival"));
            let found = format!("{energy} kWh{arriving}, which make {after:.3} kWh in the battery");
            problems.add(row.span.clone(), found, format!("no more than the battery's {ceiling:.3} kWh"));
            return None;
        }
        Some(Raw {
            line: row.line,
            span: row.span.clone(),
            id: self.id.map_or(String::new(), |place| row.text(place).to_owned()),
            household: self.household.map_or(String::new(), |place| row.text(place).to_owned()),
            arrives,
            departs,
            is_repaired: arrival.is_repaired || departure.is_repaired,
            energy,
            power: power.map(|kw| Power::from_f64(kw).expect("invariant: checked just above")),
            capacity,
            arrival_content: held.map(in_range),
        })
    }
}

fn in_range(kwh: f64) -> Energy {
    Energy::from_f64(kwh).expect("invariant: energies of a file are checked to be in range")
}

/// What a time on the clock may mean.
#[derive(Debug, Clone, Copy)]
struct Clock {
    first: Timestamp,
    /// The second time that the clock shows it, or the same.
    second: Timestamp,
    is_repaired: bool,
}

impl Clock {
    /// A time with an offset, or on the clock of `zone`. One that the clock skips comes as much later.
    fn read(text: &str, zone: &TimeZone) -> Option<Self> {
        if let Ok(instant) = text.parse::<Timestamp>() {
            return Some(Self { first: instant, second: instant, is_repaired: false });
        }
        let local: jiff::civil::DateTime = text.parse().ok()?;
        let ambiguous = zone.to_ambiguous_timestamp(local);
        let is_repaired = ambiguous.is_ambiguous();
        let first = ambiguous.compatible().ok()?;
        let is_fold = matches!(ambiguous.offset(), jiff::tz::AmbiguousOffset::Fold { .. });
        let second = if is_fold { ambiguous.later().ok()? } else { first };
        Some(Self { first, second, is_repaired })
    }
}

#[cfg(test)]
mod tests;
