//! The chain of a community: its genesis, with what the grid certifies of the vehicles and of the feeder.

use std::sync::Arc;

use goshawk_ledger::{
    AccountId, Device, ENERGY_MAX, Genesis, GenesisAccount, GenesisConfig, LedgerError, Limits, Line, Role,
    Timeouts, TreeParams,
};
use goshawk_market::quantity::{Energy, Money};

use super::{CommunitySpec, Group};
use crate::grid::operation::FeederSpec;
use crate::household::HouseholdSpec;
use crate::network::Latency;

/// Its number.
pub(super) const CHAIN: u32 = 1;

/// The most that a panel gives, as a multiple of its rated power: 1.5 kW/m² under broken clouds, and cells at -30 °C.
const PANEL_PEAK: f64 = 1.8;

/// How far a line may be beyond its limit when flows are added up without losses and reactive power, which the grid's own
/// check counts.
const LOSSLESS_MARGIN: f64 = 1.1;

/// Of accounts for `households`, the grid, the platform and the validators.
pub(super) fn genesis(
    spec: &CommunitySpec,
    households: &[String],
    devices: Vec<Device>,
) -> Result<Arc<Genesis>, LedgerError> {
    let account = |name: &str, role| GenesisAccount {
        name: name.to_owned(),
        role,
        opening_balance: spec.ledger.opening_balance,
    };
    let mut accounts: Vec<GenesisAccount> =
        households.iter().map(|name| account(name, Role::Household)).collect();
    accounts.push(account("grid", Role::Grid));
    accounts.push(account("platform", Role::Platform));
    // Validators move no money; their accounts are there to name whoever contradicts itself.
    accounts.extend((0..spec.ledger.validators).map(|place| GenesisAccount {
        opening_balance: Money::ZERO,
        ..account(&validator_name(place), Role::Validator)
    }));
    let mut seed = [0; 32];
    let mut stream = spec.streams.stream("chain", "seed");
    for bytes in seed.chunks_exact_mut(8) {
        bytes.copy_from_slice(&stream.next_u64().to_le_bytes());
    }
    let limits = Limits { block_transactions: spec.ledger.block_transactions, ..Limits::default() };
    let hours = spec.calendar.period_hours();
    Ok(Arc::new(Genesis::new(GenesisConfig {
        chain: CHAIN,
        seed,
        scheme: spec.ledger.scheme,
        accounts,
        validators: (0..spec.ledger.validators).map(validator_name).collect(),
        tree: TreeParams::default(),
        limits,
        timeouts: timeouts(spec.ledger.latency),
        credit: spec.ledger.credit,
        devices,
        carried_max: Some(spec.grid_limit.over_micros(spec.calendar.period().micros())),
        lines: spec.feeder.as_ref().map_or_else(Vec::new, |feeder| lines(feeder, hours)),
    })?))
}

/// How long validators wait: at least for what must arrive by then, and a second more.
fn timeouts(latency: Latency) -> Timeouts {
    let default = Timeouts::default();
    let longest = latency.max.micros();
    let at_least = |usual: u64, messages: u64| usual.max(messages * longest + 1_000_000);
    Timeouts {
        propose_micros: at_least(default.propose_micros, 2),
        prevote_micros: at_least(default.prevote_micros, 1),
        precommit_micros: at_least(default.precommit_micros, 1),
        ..default
    }
}

/// The name of the validator at a place.
pub(super) fn validator_name(place: usize) -> String {
    format!("validator-{place}")
}

/// The households' vehicles; `places` on the feeder, if there is one.
pub(super) fn devices(
    spec: &CommunitySpec,
    households: &[HouseholdSpec],
    places: Option<&[u32]>,
) -> Vec<Device> {
    let mut households = households.iter();
    let of_group = |group: &Group| {
        let efficiency = group.array.panel.efficiency;
        let these: Vec<Device> = households
            .by_ref()
            .take(group.count as usize)
            .map(|household| device(spec, household, efficiency, place_of(household, places)))
            .collect();
        these
    };
    spec.groups.iter().flat_map(of_group).collect()
}

fn place_of(household: &HouseholdSpec, places: Option<&[u32]>) -> u32 {
    places.map_or(0, |places| places[household.id.0 as usize])
}

/// A household's vehicle: it sells what it can discharge, and no more than it holds, makes and withdraws.
fn device(spec: &CommunitySpec, household: &HouseholdSpec, panel_efficiency: f64, place: u32) -> Device {
    let has_lines = spec.feeder.as_ref().is_some_and(FeederSpec::is_enforced);
    let battery = &household.battery;
    let rating = battery.spec().discharge_power.over_micros(spec.calendar.period().micros());
    let generation = household.area_m2 * panel_efficiency * PANEL_PEAK * spec.calendar.period_hours();
    Device {
        owner: AccountId(household.id.0),
        // Of a feeder without limits the chain has no lines.
        place: if has_lines { place } else { 0 },
        rating: rating.min(ENERGY_MAX),
        generation: energy(generation),
        content: spec.ledger.device_accounts.then(|| battery.giveable().min(ENERGY_MAX)),
    }
}

/// The lines of a feeder on which limits are enforced.
fn lines(feeder: &FeederSpec, hours: f64) -> Vec<Line> {
    if !feeder.is_enforced() {
        return Vec::new();
    }
    let feeder = &feeder.feeder;
    let line = |place: usize| Line {
        from: feeder.parent(place) as u32,
        limit: feeder
            .line_to(place)
            .and_then(|line| line.limit_kva)
            .map(|limit_kva| energy(limit_kva * hours * LOSSLESS_MARGIN)),
    };
    (1..feeder.buses()).map(line).collect()
}

fn energy(kwh: f64) -> Energy {
    Energy::from_f64(kwh).map_or(ENERGY_MAX, |energy| energy.min(ENERGY_MAX))
}
