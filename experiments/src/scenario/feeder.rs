//! The feeder that households hang on: `[grid.feeder]`.

use std::collections::BTreeMap;
use std::sync::Arc;

use goshawk_agents::grid::feeder::{self as network, FeederProblem, File, Tables, read};
use goshawk_agents::grid::operation::FeederSpec;
use goshawk_agents::grid::power_flow::{Loads, PowerFlow};
use goshawk_agents::grid::security::{self, Band};
use goshawk_market::quantity::Price;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::Portrait;
use super::data::DataFiles;
use super::meaning::Report;
use super::problem::{Place, Problem, Source};

/// The column of the file of buses that weighs them for portraits without a column of their own.
const HOUSEHOLDS: &str = "households";

/// How households spread over the buses of a feeder.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum Placement {
    /// Evenly over all buses with a base load; over all but the substation where there is none.
    #[default]
    Spread,
    /// In proportion to the base load.
    Load,
    /// In proportion to a column of the file of buses: the one with the portrait's name, or else `households`.
    Column,
}

/// What becomes of trades that break a limit of the feeder.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum Security {
    /// The grid curtails or refuses them.
    #[default]
    Enforced,
    /// They flow; `feeder_periods` tells how far voltages and lines went. A load that no voltage can carry ends the run.
    Observed,
}

/// A radial feeder, balanced three-phase: its lines, its base loads, and what its voltages may be.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Feeder {
    /// File of lines, relative to the scenario's folder: CSV with the columns `from_bus`, `to_bus`, `r_ohm`, `x_ohm`
    /// and, where lines have limits, `limit_kva`.
    #[schemars(length(min = 1))]
    pub lines: String,
    /// File of buses, relative to the scenario's folder: CSV with the columns `bus`, `p_kw`, `q_kvar`.
    #[schemars(length(min = 1))]
    pub buses: String,
    /// Nominal voltage between phases in kV, 0.1 to 1000; that of Baran and Wu's feeder is 12.66.
    #[schemars(range(min = 0.1, max = 1000.0))]
    pub base_kv: f64,
    /// Bus of the substation; by default the only one that is the `to_bus` of no line.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub substation: Option<u32>,
    /// Voltage that the substation holds, in per unit of `base_kv`, 0.8 to 1.2.
    #[serde(default = "nominal")]
    #[schemars(range(min = 0.8, max = 1.2))]
    pub source_voltage_pu: f64,
    /// Factor on every base load, 0 to 1000.
    #[serde(default = "unscaled")]
    #[schemars(range(min = 0.0, max = 1000.0))]
    pub base_load_scale: f64,
    /// Further factors on every base load in the local hours 1 to 24, each 0 to 10; without them base loads are constant.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schemars(length(min = 24, max = 24), inner(range(min = 0.0, max = 10.0)))]
    pub base_load_profile: Option<Vec<f64>>,
    /// Lowest voltage that customers may have, in per unit, 0.5 to 1; EN 50160 asks for 0.9.
    #[serde(default = "lowest")]
    #[schemars(range(min = 0.5, max = 1.0))]
    pub voltage_min_pu: f64,
    /// Highest voltage that customers may have, in per unit, 1 to 1.5; EN 50160 asks for 1.1.
    #[serde(default = "highest")]
    #[schemars(range(min = 1.0, max = 1.5))]
    pub voltage_max_pu: f64,
    /// What becomes of trades that leave the voltage band or overload a line.
    #[serde(default)]
    pub security: Security,
    /// Power factor of households, 0.5 to 1, lagging: what draws active power draws reactive power with it.
    #[serde(default = "unscaled")]
    #[schemars(range(min = 0.5, max = 1.0))]
    pub power_factor: f64,
    /// What the grid pays upstream for each kWh that is lost in the lines, in currency, 0 to 10000.
    #[serde(default = "wholesale")]
    #[schemars(range(min = 0.0, max = 10_000.0))]
    pub loss_price_per_kwh: f64,
    /// How households spread over the buses.
    #[serde(default)]
    pub placement: Placement,
}

fn nominal() -> f64 {
    1.0
}

fn unscaled() -> f64 {
    1.0
}

fn lowest() -> f64 {
    0.9
}

fn highest() -> f64 {
    1.1
}

fn wholesale() -> f64 {
    0.05
}

const PATH: [&str; 2] = ["grid", "feeder"];

/// The scenario's feeder with a remark on its base load, if it has one and nothing is wrong with it.
pub(super) fn feeder(
    report: &mut Report<'_>,
    files: &mut DataFiles<'_>,
) -> Option<(FeederSpec, Option<String>)> {
    report.document.get(&PATH)?;
    let source: Feeder = report.section(&PATH)?;
    let portraits: BTreeMap<String, Portrait> = report.section(&["portraits"]).unwrap_or_default();
    let portraits: Vec<String> =
        portraits.into_iter().filter(|(_, portrait)| portrait.count > 0).map(|(name, _)| name).collect();
    band(report, &source);
    let lines = files.source(&["grid", "feeder", "lines"], &source.lines, report);
    let buses = files.source(&["grid", "feeder", "buses"], &source.buses, report);
    let (lines, buses) = (lines?, buses?);
    let mut columns = portraits.clone();
    columns.push(HOUSEHOLDS.to_owned());
    let columns = if source.placement == Placement::Column { &columns[..] } else { &[] };
    let tables = match read(&lines.text, &buses.text, source.substation, columns) {
        Ok(tables) => tables,
        Err(problems) => {
            if let Some(bus) = problems.unknown_substation {
                report.add(&["grid", "feeder", "substation"], bus.to_string(), "a bus that a line leads to");
            }
            let told = problems.list.into_iter().map(|problem| told(problem, &lines, &buses));
            report.problems.extend(told);
            return None;
        }
    };
    let feeder = Arc::new(network::Feeder::new(&tables, source.base_kv));
    let weights: Option<Vec<Vec<f64>>> =
        portraits.iter().map(|portrait| weights(report, &source, &tables, &feeder, portrait)).collect();
    let mut factors = [source.base_load_scale; 24];
    for (factor, profile) in factors.iter_mut().zip(source.base_load_profile.iter().flatten()) {
        *factor *= profile;
    }
    let spec = FeederSpec {
        feeder,
        source_pu: source.source_voltage_pu,
        band: Band { min_pu: source.voltage_min_pu, max_pu: source.voltage_max_pu },
        security: match source.security {
            Security::Enforced => security::Security::Enforced,
            Security::Observed => security::Security::Observed,
        },
        power_factor: source.power_factor,
        base_load_factors: factors,
        loss_price: Price::from_f64(source.loss_price_per_kwh).ok()?,
        weights: weights?,
    };
    // Values outside their ranges are told already.
    if report.problems.iter().any(|problem| problem.field.starts_with("grid.feeder")) {
        return None;
    }
    let remark = base_case(report, &spec)?;
    Some((spec, remark))
}

fn told(problem: FeederProblem, lines: &Arc<Source>, buses: &Arc<Source>) -> Problem {
    let (source, field) = match problem.file {
        File::Lines => (lines, "grid.feeder.lines"),
        File::Buses => (buses, "grid.feeder.buses"),
    };
    let place = Place { source: Arc::clone(source), span: problem.span };
    Problem::new(&place, field, problem.found, problem.allowed)
}

fn band(report: &mut Report<'_>, source: &Feeder) {
    let (min, max) = (source.voltage_min_pu, source.voltage_max_pu);
    let told = report.problems.iter().any(|problem| problem.field == "grid.feeder.source_voltage_pu");
    if !(min..=max).contains(&source.source_voltage_pu) && min <= max && !told {
        let allowed = format!("from voltage_min_pu = {min} to voltage_max_pu = {max}");
        let path = ["grid", "feeder", "source_voltage_pu"];
        report.add(&path, source.source_voltage_pu.to_string(), allowed);
    }
}

/// How the households of a portrait spread over the places of the feeder.
fn weights(
    report: &mut Report<'_>,
    source: &Feeder,
    tables: &Tables,
    feeder: &network::Feeder,
    portrait: &str,
) -> Option<Vec<f64>> {
    let places = 0..feeder.buses();
    let load = |place: usize| feeder.base_p_kw()[place].max(0.0);
    let any_load = places.clone().skip(1).any(|place| load(place) > 0.0);
    let column = |name: &str| tables.weights.iter().find(|(column, _)| column == name);
    let weights: Vec<f64> = match source.placement {
        Placement::Load if any_load => places.map(load).collect(),
        Placement::Spread | Placement::Load => {
            let counts = |place: usize| if any_load { load(place) > 0.0 } else { place > 0 };
            places.map(|place| f64::from(u8::from(counts(place)))).collect()
        }
        Placement::Column => {
            let Some((_, values)) = column(portrait).or_else(|| column(HOUSEHOLDS)) else {
                let found = format!(
                    "\"column\", without a column `{portrait}` or `{HOUSEHOLDS}` in {}",
                    source.buses
                );
                report.add(&["grid", "feeder", "placement"], found, "a column of numbers for every portrait");
                return None;
            };
            places.map(|place| values[feeder.row_at(place)]).collect()
        }
    };
    if weights.iter().all(|&weight| weight <= 0.0) {
        let found = format!("a column for `{portrait}` without a number above 0 in {}", source.buses);
        report.add(&["grid", "feeder", "placement"], found, "at least one bus for every portrait");
        return None;
    }
    Some(weights)
}

/// Base loads must be carried in every hour; a remark says where they leave the band.
fn base_case(report: &mut Report<'_>, spec: &FeederSpec) -> Option<Option<String>> {
    let feeder = &spec.feeder;
    let mut flow = PowerFlow::new(Arc::clone(feeder), spec.source_pu);
    let mut outside: Option<(f64, String)> = None;
    for (index, factor) in spec.base_load_factors.iter().enumerate() {
        let times = |loads: &[f64]| loads.iter().map(|load| load * factor).collect();
        let loads = Loads { p_kw: times(feeder.base_p_kw()), q_kvar: times(feeder.base_q_kvar()) };
        let hour = index + 1;
        if let Err(error) = flow.solve(&loads) {
            let found = format!("a base load in hour {hour} that the lines cannot carry: {error}");
            report.add(&PATH, found, "base loads that the lines can carry at the source voltage");
            return None;
        }
        let (lowest, highest) = (flow.lowest(), flow.highest());
        for (at, limit, beyond) in [
            (lowest, spec.band.min_pu, spec.band.min_pu - lowest.pu),
            (highest, spec.band.max_pu, highest.pu - spec.band.max_pu),
        ] {
            if beyond > outside.as_ref().map_or(1e-9, |(most, _)| *most) {
                let bus = feeder.bus_at(at.place);
                let remark = format!(
                    "base loads alone bring bus {bus} to {:.4} p.u. in hour {hour}, beyond {limit}; the security check \
                     then holds users' trades to what makes it no worse",
                    at.pu
                );
                outside = Some((beyond, remark));
            }
        }
    }
    Some(outside.map(|(_, remark)| remark))
}
