//! How households drive and plug in: vehicles, recorded sessions, fitted mixtures, and faults on purpose.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

/// Shares of the vehicle categories among a portrait's households; together 1. Each household draws its own.
///
/// Figures of the categories: docs/src/driving.md.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, default)]
pub struct Vehicles {
    /// Share of compact cars (58 kWh, 11 kW, 0.137 kWh/km), 0 to 1.
    #[schemars(range(min = 0.0, max = 1.0))]
    pub compact: f64,
    /// Share of saloons (75 kWh, 11 kW, 0.125 kWh/km), 0 to 1.
    #[schemars(range(min = 0.0, max = 1.0))]
    pub saloon: f64,
    /// Share of sports utility vehicles (77 kWh, 11 kW, 0.150 kWh/km), 0 to 1.
    #[schemars(range(min = 0.0, max = 1.0))]
    pub suv: f64,
    /// Share of vans (77 kWh, 11 kW, 0.185 kWh/km), 0 to 1.
    #[schemars(range(min = 0.0, max = 1.0))]
    pub van: f64,
}

impl Vehicles {
    /// The shares in the order of the categories.
    pub fn shares(&self) -> [f64; 4] {
        [self.compact, self.saloon, self.suv, self.van]
    }
}

/// What a km takes out of the battery.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum ConsumptionModel {
    /// Always the same: `consumption_kwh_per_km`, or the vehicle category's figure.
    #[default]
    PerKm,
    /// By forces on the vehicle, stops, recovery and the temperature outside; needs `vehicles`.
    Physical,
}

/// Behaviour that goes wrong on purpose. All rates are 0 by default.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, default)]
pub struct Faults {
    /// Probability that a seller delivers nothing of what it has sold in a period, 0 to 1.
    #[schemars(range(min = 0.0, max = 1.0))]
    pub non_delivery: f64,
    /// Probability that a vehicle comes back later than planned, 0 to 1; of each trip or session.
    #[schemars(range(min = 0.0, max = 1.0))]
    pub late_arrival: f64,
    /// Mean of the exponentially distributed time by which a late vehicle is late, in minutes, 1 to 180.
    #[schemars(range(min = 1.0, max = 180.0))]
    pub late_mean_minutes: f64,
    /// Probability that the reading of a household with contracts in a period is false, 0 to 1.
    #[schemars(range(min = 0.0, max = 1.0))]
    pub false_metering: f64,
    /// Share of the ready energy that a false reading is wrong by, 0 to 1.
    #[schemars(range(min = 0.0, max = 1.0))]
    pub false_share: f64,
    /// Probability that a false reading is found when meters are compared, 0 to 1; then it is void.
    #[schemars(range(min = 0.0, max = 1.0))]
    pub detection: f64,
    /// Probability that a seller offers its surplus of a period twice, 0 to 1; it delivers it once.
    #[schemars(range(min = 0.0, max = 1.0))]
    pub double_sale: f64,
    /// Probability that a household with contracts in a period sends a transaction of an earlier period again, 0 to 1.
    #[schemars(range(min = 0.0, max = 1.0))]
    pub replay: f64,
}

impl Default for Faults {
    fn default() -> Self {
        Self {
            non_delivery: 0.0,
            late_arrival: 0.0,
            late_mean_minutes: 30.0,
            false_metering: 0.0,
            false_share: 0.2,
            detection: 0.5,
            double_sale: 0.0,
            replay: 0.0,
        }
    }
}
