//! Those who sell, carry and store: `[fees]`, `[tariffs]`, `[company]`, `[storage]`, `[grid]`.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

/// What a trade between users pays to others; equation (6): the buyer's price is the seller's plus both fees.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, default)]
pub struct Fees {
    /// The grid's wheeling fee lambda in currency per kWh, 0.000001 to 1000.
    #[schemars(range(min = 0.000_001, max = 1000.0))]
    pub grid_per_kwh: f64,
    /// The platform's fee mu in currency per kWh, 0.000001 to 1000.
    #[schemars(range(min = 0.000_001, max = 1000.0))]
    pub platform_per_kwh: f64,
}

impl Default for Fees {
    fn default() -> Self {
        Self { grid_per_kwh: 0.01, platform_per_kwh: 0.005 }
    }
}

/// Prices of the two outside sellers.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Tariffs {
    /// The state grid's price Q_G.
    pub grid: TariffSource,
    /// The sales company's price Q_C.
    pub company: TariffSource,
}

/// A tariff: one of bands that fill the day, a published schedule, dated prices and, of the company, a rule.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct TariffSource {
    /// Bands of hours with one price each, the same every day; together they hold each hour 1 to 24 exactly once.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schemars(length(min = 1, max = 24))]
    pub bands: Option<Vec<PriceBand>>,
    /// Schedule in the format of acnportal (JSON, with seasons and days of the week), relative to the scenario's
    /// folder.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schemars(length(min = 1))]
    pub schedule: Option<String>,
    /// CSV file of dated prices, such as a day-ahead market's, relative to the scenario's folder; columns `time` (when a
    /// price begins to hold, RFC 3339 or local) and `price_per_kwh` (currency/kWh).
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schemars(length(min = 1))]
    pub prices: Option<String>,
    /// IANA zone of local times in the file of `prices`; `time.zone` by default.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schemars(length(min = 1))]
    pub prices_zone: Option<String>,
    /// What is added to each price of the file of `prices` after `scale`, in currency per kWh, -1000 to 1000; 0 by
    /// default.
    #[serde(default)]
    #[schemars(range(min = -1000.0, max = 1000.0))]
    pub markup_per_kwh: f64,
    /// The company's rule over another price.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub margin: Option<super::Margin>,
    /// Factor on every price, above 0 up to 1000; 1 by default.
    #[serde(default = "unscaled")]
    #[schemars(range(max = 1000.0), extend("exclusiveMinimum" = 0.0))]
    pub scale: f64,
}

/// Consecutive hours of the local day with one price.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct PriceBand {
    /// First hour, 1 to 24; hour h starts at h:00.
    #[schemars(range(min = 1, max = 24))]
    pub from: u8,
    /// Last hour, 1 to 24, included.
    #[schemars(range(min = 1, max = 24))]
    pub to: u8,
    /// Price in currency per kWh, above 0 up to 10000.
    #[schemars(range(max = 10_000.0), extend("exclusiveMinimum" = 0.0))]
    pub price: f64,
}

/// The sales company beside the grid.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, default)]
pub struct Company {
    /// What the company itself pays for a kWh, in currency, 0 to 10000.
    #[schemars(range(min = 0.0, max = 10_000.0))]
    pub wholesale_price_per_kwh: f64,
    /// CSV file of what it pays instead, of the same form as `tariffs.grid.prices`, relative to the scenario's folder;
    /// prices may be negative.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schemars(length(min = 1))]
    pub wholesale_prices: Option<String>,
    /// IANA zone of local times in that file; `time.zone` by default.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schemars(length(min = 1))]
    pub wholesale_prices_zone: Option<String>,
}

impl Default for Company {
    fn default() -> Self {
        Self { wholesale_price_per_kwh: 0.05, wholesale_prices: None, wholesale_prices_zone: None }
    }
}

/// Who gets energy back when together they ask for more than the storage's discharging power.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum Scarcity {
    /// Everybody the same share of what they ask for.
    #[default]
    ProRata,
    /// Households in their order, until the power is used up.
    FirstCome,
}

/// The shared storage, equations (27) to (31): the operator leases room, users keep title to what they store.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, default)]
pub struct Storage {
    /// Largest content E_max in kWh, 0 to 10 million; 0 means no storage.
    #[schemars(range(min = 0.0, max = 10_000_000.0))]
    pub capacity_kwh: f64,
    /// Smallest content E_min in kWh, at which the storage starts; 0 up to `capacity_kwh`.
    #[schemars(range(min = 0.0, max = 10_000_000.0))]
    pub content_min_kwh: f64,
    /// Largest charging power P_c in kW, 0 to 10 million.
    #[schemars(range(min = 0.0, max = 10_000_000.0))]
    pub charge_kw: f64,
    /// Largest discharging power P_d in kW, 0 to 10 million.
    #[schemars(range(min = 0.0, max = 10_000_000.0))]
    pub discharge_kw: f64,
    /// Share of the charged energy that is stored, 0.1 to 1.
    #[schemars(range(min = 0.1, max = 1.0))]
    pub charge_efficiency: f64,
    /// Share of the energy taken from the storage that leaves it, 0.1 to 1.
    #[schemars(range(min = 0.1, max = 1.0))]
    pub discharge_efficiency: f64,
    /// The operator's fee lambda_ES in currency per kWh charged or discharged, 0 to 1000.
    #[schemars(range(min = 0.0, max = 1000.0))]
    pub service_fee_per_kwh: f64,
    /// The operator's cost lambda_c in currency per kWh charged, 0 to 1000.
    #[schemars(range(min = 0.0, max = 1000.0))]
    pub charge_cost_per_kwh: f64,
    /// The operator's cost lambda_d in currency per kWh discharged, 0 to 1000.
    #[schemars(range(min = 0.0, max = 1000.0))]
    pub discharge_cost_per_kwh: f64,
    /// Share of what users have stored that is lost in a day, 0 to 0.5; a thousandth or less with lithium-ion cells.
    #[schemars(range(min = 0.0, max = 0.5))]
    pub self_discharge_per_day: f64,
    /// Who gets energy back when the power is too small for all.
    pub scarcity: Scarcity,
}

impl Default for Storage {
    fn default() -> Self {
        Self {
            capacity_kwh: 0.0,
            content_min_kwh: 0.0,
            charge_kw: 100.0,
            discharge_kw: 100.0,
            charge_efficiency: 0.95,
            discharge_efficiency: 0.95,
            service_fee_per_kwh: 0.02,
            charge_cost_per_kwh: 0.005,
            discharge_cost_per_kwh: 0.005,
            self_discharge_per_day: 0.0,
            scarcity: Scarcity::default(),
        }
    }
}

/// What the grid can carry.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, default)]
pub struct Grid {
    /// Security limit on the sum of all trades between users in kW, above 0 up to 10 million.
    #[schemars(range(max = 10_000_000.0), extend("exclusiveMinimum" = 0.0))]
    pub limit_kw: f64,
    /// The feeder that households hang on; without it there are no lines, no voltages and no line losses.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub feeder: Option<super::Feeder>,
    /// CSV file of the carbon dioxide behind energy from outside, relative to the scenario's folder; columns `time` (when an
    /// intensity begins to hold, RFC 3339 or local) and `g_per_kwh` (g/kWh, 0 to 10000). Without it the figures `co2` and
    /// `co2_per_kwh` are null.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schemars(length(min = 1))]
    pub co2_intensity: Option<String>,
}

impl Default for Grid {
    fn default() -> Self {
        Self { limit_kw: 1_000_000.0, feeder: None, co2_intensity: None }
    }
}

fn unscaled() -> f64 {
    1.0
}
