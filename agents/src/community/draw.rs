//! What a household is, drawn from streams of its own.

use std::sync::Arc;

use goshawk_market::order::HouseholdId;
use goshawk_market::quantity::Energy;

use super::{CommunitySpec, Group};
use crate::household::HouseholdSpec;
use crate::household::battery::{Battery, BatterySpec};
use crate::household::driving::{Driving, DrivingHabit};
use crate::household::mixture::MixtureDraws;
use crate::household::portrait::Need;
use crate::household::presence::{Presence, Source, arrival_content};
use crate::household::session::Sessions;

/// Draws all households, in the order of their names.
pub(super) fn households(spec: &CommunitySpec, names: &[String]) -> Vec<HouseholdSpec> {
    let numbered = spec
        .groups
        .iter()
        .enumerate()
        .flat_map(|(class, group)| (1..=group.count).map(move |number| (class, group, number)));
    numbered
        .zip((0..).map(HouseholdId).zip(names))
        .map(|((class, group, number), (id, name))| household(spec, group, class, id, number, name))
        .collect()
}

/// Draws what one household is: three numbers of its own stream, whatever its portrait makes of them, and its
/// vehicle from another.
fn household(
    spec: &CommunitySpec,
    group: &Group,
    class: usize,
    id: HouseholdId,
    number: u32,
    name: &str,
) -> HouseholdSpec {
    let mut stream = spec.streams.stream("household", name);
    let mut within = |(middle, spread): (f64, f64)| middle + stream.uniform_in(-spread, spread);
    let (area, area_spread) = group.area_m2;
    let area_m2 = within((area, area * area_spread));
    let (mut battery, capacity_spread) = group.battery;
    let vehicle =
        group.fleet.as_ref().map(|fleet| fleet.draw(&mut spec.streams.stream("vehicle", name), &mut battery));
    let capacity = battery.capacity.to_f64();
    battery.capacity = Energy::from_f64(within((capacity, capacity * capacity_spread)))
        .expect("invariant: capacities are checked input");
    let soc = within(group.initial_soc);
    let content = Energy::from_f64(battery.capacity.to_f64() * soc)
        .expect("invariant: a share of a capacity is in range");
    let first_date = spec.calendar.first_date();
    let mut battery = Battery::with_cells(battery, content, spec.cells);
    let source = match &group.portrait.need {
        Need::Trips { habit, departure_reserve } => {
            let habit =
                DrivingHabit { consumption: vehicle.flatten().unwrap_or(habit.consumption), ..*habit };
            let driving = Driving::new(habit, spec.streams.stream("driving", name), first_date);
            Source::Trips(Box::new(driving), *departure_reserve)
        }
        Need::Sessions(recordings) => {
            let recording = &recordings[number as usize - 1];
            let list = Arc::clone(&recording.sessions);
            battery = Battery::with_cells(
                BatterySpec { capacity: recording.capacity, ..*battery.spec() },
                content,
                spec.cells,
            );
            let content = list.first().map_or(battery.floor(), |first| arrival_content(first, &battery));
            battery = Battery::with_cells(*battery.spec(), content, spec.cells);
            Source::Sessions(Sessions::Recorded { list, next: 0 })
        }
        Need::Mixture { mixture, probability } => {
            let most = battery.metered_that_fits(battery.ceiling() - battery.floor());
            let limits = (battery.spec().charge_power, most);
            let stream = spec.streams.stream("sessions", name);
            let mixture = Arc::clone(mixture);
            battery = Battery::with_cells(*battery.spec(), battery.floor(), spec.cells);
            let draws = MixtureDraws::new(mixture, *probability, stream, first_date, limits);
            Source::Sessions(Sessions::Mixture(Box::new(draws)))
        }
        Need::ChargingHours { .. } => Source::AtHome,
    };
    let faults = &group.portrait.faults;
    let presence = Presence::new(source, faults.late_arrivals(&spec.streams, name));
    let contracting = faults.contracting(&spec.streams, name);
    let is_member = spec
        .fleet
        .as_ref()
        .is_some_and(|fleet| spec.streams.stream("aggregator", name).chance(fleet.participation[class]));
    HouseholdSpec { id, area_m2, battery, presence, is_member, contracting }
}
