//! Whose session is whose, and what of them falls into the run.

use std::collections::BTreeMap;
use std::ops::Range;
use std::sync::Arc;

use goshawk_engine::SimTime;
use goshawk_market::quantity::Energy;
use jiff::Timestamp;

use super::{Raw, Setting};
use crate::household::session::{Recording, Session};
use crate::rows::RowProblems;

/// The sessions of each household, in the order of their begin.
///
/// With a column of households each of them has its own, in the order of their names; else sessions go, in the order
/// of their begin, to the first household whose vehicle has left.
pub(super) fn deal(
    mut raw: Vec<Raw>,
    has_column: bool,
    setting: &Setting,
    names: &Range<usize>,
    problems: &mut RowProblems,
) -> Vec<Vec<Raw>> {
    raw.sort_by_key(|row| (row.arrives, row.line));
    if has_column { by_name(raw, setting, names, problems) } else { first_free(raw, setting, problems) }
}

fn by_name(
    raw: Vec<Raw>,
    setting: &Setting,
    names: &Range<usize>,
    problems: &mut RowProblems,
) -> Vec<Vec<Raw>> {
    let mut households: BTreeMap<String, Vec<Raw>> = BTreeMap::new();
    for row in raw {
        let own = households.entry(row.household.clone()).or_default();
        if let Some(before) = own.iter().rev().find(|before| before.departs > row.arrives) {
            let found = format!(
                "a session of `{}` from {}, while that of line {} lasts until {}",
                row.household,
                on_the_clock(row.arrives, setting),
                before.line,
                on_the_clock(before.departs, setting)
            );
            problems.add(row.span.clone(), found, "sessions of a household that do not overlap");
        }
        own.push(row);
    }
    if households.len() != setting.households as usize && problems.is_empty() {
        let found = format!("sessions of {} households", households.len());
        let allowed = format!("those of the portrait's count = {}, one each", setting.households);
        problems.add(names.clone(), found, allowed);
    }
    households.into_values().collect()
}

fn first_free(raw: Vec<Raw>, setting: &Setting, problems: &mut RowProblems) -> Vec<Vec<Raw>> {
    let mut households: Vec<Vec<Raw>> = vec![Vec::new(); setting.households as usize];
    for row in raw {
        let is_free = |own: &Vec<Raw>| own.last().is_none_or(|last| last.departs <= row.arrives);
        match households.iter_mut().find(|own| is_free(own)) {
            Some(own) => own.push(row),
            None => {
                let found = format!(
                    "a session from {}, while every household of the portrait has one",
                    on_the_clock(row.arrives, setting)
                );
                let allowed = format!("at most count = {} sessions at the same time", setting.households);
                problems.add(row.span.clone(), found, allowed);
            }
        }
    }
    households
}

fn on_the_clock(at: Timestamp, setting: &Setting) -> String {
    at.to_zoned(setting.zone.clone()).strftime("%Y-%m-%d %H:%M:%S").to_string()
}

/// What falls into the run, on its clock.
pub(super) fn recordings(
    dealt: Vec<Vec<Raw>>,
    setting: &Setting,
    notes: &mut Vec<String>,
    repairs: &mut Vec<String>,
) -> Vec<Recording> {
    let (mut before, mut after, mut repaired, mut cut) = (0, 0, 0, (0, Energy::ZERO));
    let recordings = dealt
        .into_iter()
        .map(|rows| {
            let capacity = rows.iter().filter_map(|row| row.capacity).max();
            let inside: Vec<Session> = rows
                .iter()
                .filter(|row| {
                    before += u32::from(row.arrives < setting.start);
                    after += u32::from(row.arrives >= setting.end);
                    (setting.start..setting.end).contains(&row.arrives)
                })
                .map(|row| session(row, setting))
                .collect();
            repaired += inside.iter().filter(|session| session.is_repaired).count();
            for session in inside.iter().filter(|session| session.cut.is_positive()) {
                cut = (cut.0 + 1, cut.1 + session.cut);
            }
            Recording { sessions: Arc::from(inside), capacity: capacity.unwrap_or(setting.capacity) }
        })
        .collect();
    if before > 0 {
        notes.push(format!("sessions left out because they begin before the run: {before}"));
    }
    if after > 0 {
        notes.push(format!("sessions left out because they begin after the run: {after}"));
    }
    if repaired > 0 {
        repairs.push(format!(
            "sessions with a time that the clock skips (taken as much later) or shows twice (the first counts): {repaired}"
        ));
    }
    if cut.0 > 0 {
        repairs.push(format!(
            "sessions recorded with more than power and time allow: {}; they want {} kWh less",
            cut.0, cut.1
        ));
    }
    recordings
}

fn session(row: &Raw, setting: &Setting) -> Session {
    let at = |time: Timestamp| {
        let micros = time.as_microsecond() - setting.start.as_microsecond();
        SimTime::from_micros(u64::try_from(micros).expect("invariant: sessions begin after the run does"))
    };
    let (arrives, departs) = (at(row.arrives), at(row.departs));
    let power = row.power.map_or(setting.charge_power, |power| power.min(setting.charge_power));
    let possible = power.over_micros(departs.micros() - arrives.micros());
    Session {
        number: row.line,
        arrives,
        departs,
        energy: row.energy.min(possible),
        cut: (row.energy - possible).or_zero(),
        power: row.power,
        arrival_content: row.arrival_content,
        is_repaired: row.is_repaired,
    }
}
