//! What households own and how they live: `[battery]`, `[portraits.NAME]`, `[buyers]`, `[sellers]`.

use std::collections::BTreeMap;

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::driving::{ConsumptionModel, Faults, Vehicles};

/// How a battery's efficiency and power depend on its charge.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum BatteryModel {
    /// Not at all: the two efficiencies and the two powers hold always.
    #[default]
    Constant,
    /// As with LiFePO4 cells: the cells' resistance loses more at high power, charging tapers near full, and discharging
    /// near empty.
    Lfp,
}

/// Whether batteries age.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum BatteryAgeing {
    /// They stay as they are.
    #[default]
    None,
    /// As the LiFePO4 cells of Naumann et al., J. Energy Storage 17 (2018) and J. Power Sources 451 (2020).
    Lfp,
}

/// Where the loss cost C_e of equation (9) comes from.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum BatteryWear {
    /// It is `wear_cost_per_kwh`.
    #[default]
    Constant,
    /// What one more kWh takes off the battery's life, by the ageing model; needs `ageing`.
    Marginal,
}

/// The vehicle's battery and charger; the same for every household but for the spreads and a portrait's own values.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, default)]
pub struct Battery {
    /// Usable capacity in kWh, 0.1 to 10000.
    #[schemars(range(min = 0.1, max = 10_000.0))]
    pub capacity_kwh: f64,
    /// Spread of the capacity: each household draws uniformly within plus or minus this share, 0 to 0.9.
    #[schemars(range(min = 0.0, max = 0.9))]
    pub capacity_spread: f64,
    /// Largest charging power at the charger in kW, above 0 up to 1000.
    #[schemars(range(max = 1000.0), extend("exclusiveMinimum" = 0.0))]
    pub charge_kw: f64,
    /// Largest discharging power at the charger in kW, 0 to 1000; 0 means that the household cannot sell.
    #[schemars(range(min = 0.0, max = 1000.0))]
    pub discharge_kw: f64,
    /// Share of the charged energy that arrives in the battery, 0.1 to 1.
    #[schemars(range(min = 0.1, max = 1.0))]
    pub charge_efficiency: f64,
    /// Share of the energy taken from the battery that leaves the charger, 0.1 to 1.
    #[schemars(range(min = 0.1, max = 1.0))]
    pub discharge_efficiency: f64,
    /// Lowest state of charge that trading may reach, 0 to 1; below `soc_max`.
    #[schemars(range(min = 0.0, max = 1.0))]
    pub soc_min: f64,
    /// Highest state of charge, 0 to 1; above `soc_min`.
    #[schemars(range(min = 0.0, max = 1.0))]
    pub soc_max: f64,
    /// State of charge at the start, between `soc_min` and `soc_max`.
    #[schemars(range(min = 0.0, max = 1.0))]
    pub initial_soc: f64,
    /// Spread of the initial state of charge: each household draws uniformly within plus or minus this, 0 to 1,
    /// and is kept between `soc_min` and `soc_max`.
    #[schemars(range(min = 0.0, max = 1.0))]
    pub initial_soc_spread: f64,
    /// Loss cost C_e of discharging the vehicle, equation (9), in currency per kWh discharged, 0 to 1000.
    #[schemars(range(min = 0.0, max = 1000.0))]
    pub wear_cost_per_kwh: f64,
    /// Loss cost C_g of the photovoltaics, equation (9), in currency per kWh of sun used, 0 to 1000.
    #[schemars(range(min = 0.0, max = 1000.0))]
    pub pv_wear_cost_per_kwh: f64,
    /// How efficiency and power depend on the charge. With "lfp" the two efficiencies are the charger's alone, and the
    /// loss in the cells comes on top.
    pub model: BatteryModel,
    /// Largest rate of the cells in 1/h, as a share of the capacity per hour, with the model "lfp", 0.05 to 2; 1 is the data
    /// sheet's largest charge of the Sony US26650FTC1.
    #[schemars(range(min = 0.05, max = 2.0))]
    pub c_rate_max: f64,
    /// State of charge above which charging tapers with the model "lfp", 0.5 to 0.99; discharging tapers below one less
    /// this. The default is that of ACN-Sim.
    #[schemars(range(min = 0.5, max = 0.99))]
    pub taper_soc: f64,
    /// Whether batteries age.
    pub ageing: BatteryAgeing,
    /// Temperature of the cells in degrees Celsius, on which ageing by the calendar depends, 0 to 60, where it was measured.
    #[schemars(range(min = 0.0, max = 60.0))]
    pub temperature_c: f64,
    /// Where the loss cost C_e of equation (9) comes from.
    pub wear: BatteryWear,
    /// What a new battery costs in currency per kWh of its capacity, with the wear "marginal", 0 to 1000000; the default is
    /// near the mean price of packs in 2023, in US dollars.
    #[schemars(range(min = 0.0, max = 1_000_000.0))]
    pub replacement_cost_per_kwh: f64,
    /// State of health at which a battery is replaced, with the wear "marginal", 0.5 to 0.95.
    #[schemars(range(min = 0.5, max = 0.95))]
    pub end_of_life_soh: f64,
}

impl Default for Battery {
    fn default() -> Self {
        Self {
            capacity_kwh: 60.0,
            capacity_spread: 0.0,
            charge_kw: 7.0,
            discharge_kw: 7.0,
            charge_efficiency: 0.95,
            discharge_efficiency: 0.95,
            soc_min: 0.1,
            soc_max: 1.0,
            initial_soc: 0.5,
            initial_soc_spread: 0.0,
            wear_cost_per_kwh: 0.02,
            pv_wear_cost_per_kwh: 0.01,
            model: BatteryModel::default(),
            c_rate_max: 1.0,
            taper_soc: 0.8,
            ageing: BatteryAgeing::default(),
            temperature_c: 25.0,
            wear: BatteryWear::default(),
            replacement_cost_per_kwh: 140.0,
            end_of_life_soh: 0.8,
        }
    }
}

/// Households that live alike. One of `need_kwh` (habit: the need is an input), trips on weekdays, at weekends
/// or both (the need follows from driving), recorded `sessions`, or a `mixture` fitted to sessions.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Portrait {
    /// Number of households, 0 to 50000; 0 leaves the portrait out. All portraits together have 1 to 50000.
    #[schemars(range(min = 0, max = 50_000))]
    pub count: u32,
    /// Local hours (1 to 24, hour h starts at h:00) in which a household may charge; all of them by default.
    /// A portrait with `need_kwh` must state them.
    #[serde(default = "all_hours")]
    #[schemars(length(min = 1), inner(range(min = 1, max = 24)), extend("uniqueItems" = true))]
    pub charging_hours: Vec<u8>,
    /// Local hours (1 to 24) in which a household is willing to sell; all of them by default.
    #[serde(default = "all_hours")]
    #[schemars(inner(range(min = 1, max = 24)), extend("uniqueItems" = true))]
    pub discharging_hours: Vec<u8>,
    /// Local hours (1 to 24) in which a household by habit is willing to buy from users; in the rest it buys outside. All of
    /// them by default.
    #[serde(default = "all_hours")]
    #[schemars(inner(range(min = 1, max = 24)), extend("uniqueItems" = true))]
    pub buying_hours: Vec<u8>,
    /// Charging hours (1 to 24) in which users may be unable to serve everybody: with `sellers.plan = "dearest_first"` a household
    /// keeps own energy for the part of its need there that sellers' plans will leave unserved.
    #[serde(default)]
    #[schemars(inner(range(min = 1, max = 24)), extend("uniqueItems" = true))]
    pub shortfall_hours: Vec<u8>,
    /// Share of that part for which it keeps own energy, 0 to 1; it buys the rest outside.
    #[serde(default = "all_of_it")]
    #[schemars(range(min = 0.0, max = 1.0))]
    pub shortfall_share: f64,
    /// Charging hours (1 to 24) for whose need a household keeps its own energy instead of selling it earlier.
    #[serde(default)]
    #[schemars(inner(range(min = 1, max = 24)), extend("uniqueItems" = true))]
    pub reserve_hours: Vec<u8>,
    /// Energy in kWh that the vehicle needs in each charging hour, above 0 up to 1000; excludes trips.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schemars(range(max = 1000.0), extend("exclusiveMinimum" = 0.0))]
    pub need_kwh: Option<f64>,
    /// The trip from Monday to Friday; without it the vehicle stays at home on those days.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub weekday: Option<Trip>,
    /// The trip on Saturday and Sunday; without it the vehicle stays at home on those days.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub weekend: Option<Trip>,
    /// Recorded sessions of these households: a CSV file, relative to the scenario's folder.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schemars(length(min = 1))]
    pub sessions: Option<String>,
    /// What the columns of `sessions` are called where they have other names, such as `arrival = "arrival_local"`.
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    pub session_columns: BTreeMap<String, String>,
    /// A mixture fitted to sessions, from which households draw theirs: a CSV file, relative to the scenario's folder.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schemars(length(min = 1))]
    pub mixture: Option<String>,
    /// Probability that a household with a `mixture` plugs in on a day, 0 to 1.
    #[serde(default = "certain")]
    #[schemars(range(min = 0.0, max = 1.0))]
    pub plug_in_probability: f64,
    /// Vehicle categories by share: each household draws one, which gives battery, charger and consumption
    /// where the portrait does not state them itself.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub vehicles: Option<Vehicles>,
    /// What a km takes: always the same, or by forces and temperature.
    #[serde(default)]
    pub consumption: ConsumptionModel,
    /// Share of the distance that is driven in town, 0 to 1; only with `consumption = "physical"`.
    #[serde(default = "urban_share")]
    #[schemars(range(min = 0.0, max = 1.0))]
    pub urban_share: f64,
    /// Energy for driving in kWh per km, above 0 up to 5; by default that of the vehicle category, or else 0.18.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schemars(range(max = 5.0), extend("exclusiveMinimum" = 0.0))]
    pub consumption_kwh_per_km: Option<f64>,
    /// Probability that a trip starts earlier than planned, 0 to 1.
    #[serde(default)]
    #[schemars(range(min = 0.0, max = 1.0))]
    pub early_departure_probability: f64,
    /// Mean of the exponentially distributed time by which an early departure is early, in minutes, 1 to 180.
    #[serde(default = "early_departure")]
    #[schemars(range(min = 1.0, max = 180.0))]
    pub early_departure_mean_minutes: f64,
    /// Energy kept for departure on top of what the next trip takes, as a share of it, 0 to 10.
    #[serde(default = "departure_reserve")]
    #[schemars(range(min = 0.0, max = 10.0))]
    pub departure_reserve: f64,
    /// Panel area of these households in m2, 0 to 10000, instead of `photovoltaics.area_m2`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schemars(range(min = 0.0, max = 10_000.0))]
    pub area_m2: Option<f64>,
    /// Tilt of these households' panels in degrees, 0 to 90, instead of `photovoltaics.tilt_deg`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schemars(range(min = 0.0, max = 90.0))]
    pub tilt_deg: Option<f64>,
    /// Where these households' panels face, in degrees clockwise from north, instead of `photovoltaics.azimuth_deg`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schemars(range(min = 0.0, max = 360.0))]
    pub azimuth_deg: Option<f64>,
    /// Battery capacity of these households in kWh, 0.1 to 10000, instead of `battery.capacity_kwh`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schemars(range(min = 0.1, max = 10_000.0))]
    pub capacity_kwh: Option<f64>,
    /// Charging power of these households in kW, above 0 up to 1000, instead of `battery.charge_kw`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schemars(range(max = 1000.0), extend("exclusiveMinimum" = 0.0))]
    pub charge_kw: Option<f64>,
    /// State of charge at the start of these households, 0 to 1, instead of `battery.initial_soc`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schemars(range(min = 0.0, max = 1.0))]
    pub initial_soc: Option<f64>,
    /// What goes wrong on purpose.
    #[serde(default)]
    pub faults: Faults,
}

/// A round trip of one day, drawn for each household and day: times normal, distance log-normal.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Trip {
    /// Mean departure on the local clock in hours after midnight, 0 up to below 24.
    #[schemars(range(min = 0.0), extend("exclusiveMaximum" = 24.0))]
    pub departure_hour: f64,
    /// Standard deviation of the departure in hours, 0 to 12.
    #[serde(default = "half_hour")]
    #[schemars(range(min = 0.0, max = 12.0))]
    pub departure_sd_h: f64,
    /// Mean time away from home in hours, above 0 up to 16; every draw is cut to 0.25 to 16.
    #[schemars(range(max = 16.0), extend("exclusiveMinimum" = 0.0))]
    pub away_h: f64,
    /// Standard deviation of the time away in hours, 0 to 12.
    #[serde(default = "half_hour")]
    #[schemars(range(min = 0.0, max = 12.0))]
    pub away_sd_h: f64,
    /// Mean distance there and back in km, 0.1 to 2000.
    #[schemars(range(min = 0.1, max = 2000.0))]
    pub distance_km: f64,
    /// Standard deviation of the distance in km, 0 to 1000.
    #[serde(default)]
    #[schemars(range(min = 0.0, max = 1000.0))]
    pub distance_sd_km: f64,
    /// Probability that the trip takes place on a day, 0 to 1.
    #[serde(default = "certain")]
    #[schemars(range(min = 0.0, max = 1.0))]
    pub probability: f64,
}

/// How households decide when to charge and when to sell.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, default)]
pub struct Decisions {
    /// By the hours of their portrait, "habit", or by the value of a kWh kept, "rational".
    pub mode: DecisionMode,
    /// Weight of what is new in prices and chances expected at a time of day, above 0 up to 1.
    #[schemars(range(max = 1.0), extend("exclusiveMinimum" = 0.0))]
    pub learning_rate: f64,
}

impl Default for Decisions {
    fn default() -> Self {
        Self { mode: DecisionMode::Habit, learning_rate: 0.3 }
    }
}

/// By what households decide.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum DecisionMode {
    /// By the charging and discharging hours of their portrait, as in the paper.
    Habit,
    /// By the value of a kWh kept, at any hour; the portraits' hours say only when a need per hour falls due.
    Rational,
}

/// How buyers judge a price, and when to charge; equations (19) to (23).
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, default)]
pub struct Buyers {
    /// Price that a buyer expects, as a share of the outside price (the cheaper of grid and company), 0 to 1.
    #[schemars(range(min = 0.0, max = 1.0))]
    pub expected_price_share: f64,
    /// Largest distance C_max from the expected price that a buyer just tolerates, as a share of the outside price,
    /// above 0 up to 10.
    #[schemars(range(max = 10.0), extend("exclusiveMinimum" = 0.0))]
    pub tolerance_share: f64,
    /// d of (22), which says whether moving saves anything: "mean" of d1 and d2, or "printed", half of their difference.
    pub moving_saving: MovingSaving,
    /// How surely a buyer counts on buying from users in a later period: 0 not at all, 1 fully.
    #[schemars(range(min = 0.0, max = 1.0))]
    pub later_confidence: f64,
}

impl Default for Buyers {
    fn default() -> Self {
        Self {
            expected_price_share: 0.7,
            tolerance_share: 0.5,
            moving_saving: MovingSaving::Mean,
            later_confidence: 0.5,
        }
    }
}

/// How d of (22) follows from d1 and d2.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum MovingSaving {
    /// (d1 + d2)/2.
    Mean,
    /// (d1 - d2)/2, as printed: nobody moves while the grid is cheaper than the company.
    Printed,
}

/// How sellers value energy that they keep.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, default)]
pub struct Sellers {
    /// How surely a seller counts on selling in a later, dearer hour, 0 (sells at once) to 1 (waits for the dearest).
    #[schemars(range(min = 0.0, max = 1.0))]
    pub keep_confidence: f64,
    /// How sellers by habit choose the hours of their sales: "keep_value" offers all surplus and asks for what keeping it is
    /// worth; "dearest_first" plans the day with its demand known, as the paper solves it.
    pub plan: SalesPlan,
    /// With "dearest_first": surplus up to this many kWh is sold at once rather than planned with.
    #[schemars(range(min = 0.0, max = 1000.0))]
    pub trifle_kwh: f64,
    /// Share of the sun to come that a household by habit counts on for its own need and for later sales, 0 to 1.
    #[schemars(range(min = 0.0, max = 1.0))]
    pub sun_confidence: f64,
}

impl Default for Sellers {
    fn default() -> Self {
        Self { keep_confidence: 0.8, plan: SalesPlan::KeepValue, trifle_kwh: 0.0, sun_confidence: 1.0 }
    }
}

/// How sellers by habit choose the hours of their sales.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum SalesPlan {
    /// All surplus is offered at once; the reserve price says what keeping it is worth.
    KeepValue,
    /// The dearest discharging hour first, as far as buyers are expected to take the surplus, then the next.
    DearestFirst,
}

fn all_of_it() -> f64 {
    1.0
}

fn all_hours() -> Vec<u8> {
    (1..=24).collect()
}

/// Consumption in kWh per km where nobody states one.
pub(crate) const CONSUMPTION_KWH_PER_KM: f64 = 0.18;

fn urban_share() -> f64 {
    0.4
}

fn early_departure() -> f64 {
    30.0
}

fn departure_reserve() -> f64 {
    0.2
}

fn half_hour() -> f64 {
    0.5
}

fn certain() -> f64 {
    1.0
}
