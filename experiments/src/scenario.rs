//! Scenario files: what they may contain, and every problem in one that does not hold.
//!
//! ```text
//! file.toml ──parse──▶ document ──--set──▶ document ──JSON Schema──▶ structure problems ─┐
//!                                             └──sections──▶ meaning, data files ────────┴─▶ Loaded or Problems
//! ```
//!
//! [`Scenario`] is what the file says with every default written out. Every field's documentation is also its
//! description in the JSON Schema, which is the only place where a range is written down.

use std::collections::BTreeMap;

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

mod aggregator;
mod carbon;
mod credit;
mod data;
pub(crate) mod document;
mod driving;
mod driving_rules;
mod faulty;
mod feeder;
mod household;
mod json_place;
mod load;
pub(crate) mod meaning;
mod operator;
mod plausible;
mod prices;
pub(crate) mod problem;
mod roof;
mod rules;
pub(crate) mod schema;
mod sessions;
pub(crate) mod sky;
pub(crate) mod structure;
mod tariff;
mod time;
mod weather;
mod words;

pub use aggregator::{Aggregator, FleetDispatch, Signal};
pub use credit::CreditBands;
pub use data::DataFile;
pub(crate) use data::read_text;
pub(crate) use document::path_names;
pub use driving::{ConsumptionModel, Faults, Vehicles};
pub use feeder::{Feeder, Placement, Security};
pub(crate) use household::CONSUMPTION_KWH_PER_KM;
pub use household::{
    Battery, BatteryAgeing, BatteryModel, BatteryWear, Buyers, DecisionMode, Decisions, MovingSaving,
    Portrait, SalesPlan, Sellers, Trip,
};
pub use load::{Loaded, load, load_text};
pub(crate) use load::{load_document, load_kept};
pub use operator::{Company, Fees, Grid, PriceBand, Scarcity, Storage, TariffSource, Tariffs};
pub use prices::{Margin, MarginBase};
pub use problem::{Color, Problem, Problems, Severity, render};
pub use roof::{CellModel, Photovoltaics, Transposition};
pub use rules::{
    Compromise, Groups, Ledger, Market, Mechanism, Optimizer, Output, Partition, Signatures, Weights,
};
pub use schema::schema_json;
pub use sessions::PlugIns;
pub use time::Time;
pub use weather::{Resample, WeatherSource};

/// A community and the days it lives through: one run's whole input but for the data files it names.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Scenario {
    /// Name in the results' column `scenario`: lower-case letters, digits, `_` and `-`, at most 64.
    #[schemars(
        regex(pattern = r"^[a-z0-9_-]{1,64}$"),
        extend("x-in-words" = "1 to 64 lower-case letters, digits, _ and -")
    )]
    pub name: String,
    /// What the scenario is for, in a sentence.
    #[serde(default)]
    pub description: String,
    /// Seed of all random draws, 0 to 2^53 - 1.
    #[serde(default = "first_seed")]
    #[schemars(range(min = 0, max = 9_007_199_254_740_991_u64))]
    pub seed: u64,
    /// Currency of every price and amount, a code of three capital letters; a label only.
    #[serde(default = "us_dollar")]
    #[schemars(
        regex(pattern = r"^[A-Z]{3}$"),
        extend("x-in-words" = "three capital letters, such as \"EUR\"")
    )]
    pub currency: String,
    /// When the run takes place.
    pub time: Time,
    /// Sun, air temperature and wind.
    pub weather: WeatherSource,
    /// The roof of every household.
    #[serde(default)]
    pub photovoltaics: Photovoltaics,
    /// The vehicle's battery and charger.
    #[serde(default)]
    pub battery: Battery,
    /// Households by portrait; their order in the file does not matter.
    #[schemars(extend("minProperties" = 1, "propertyNames" = {
        "pattern": "^[A-Za-z0-9_-]{1,64}$",
        "x-in-words": "a name of 1 to 64 letters, digits, _ and -",
    }))]
    pub portraits: BTreeMap<String, Portrait>,
    /// How households decide.
    #[serde(default)]
    pub decisions: Decisions,
    /// How buyers judge a price.
    #[serde(default)]
    pub buyers: Buyers,
    /// How sellers value energy that they keep.
    #[serde(default)]
    pub sellers: Sellers,
    /// What a trade between users pays to others.
    #[serde(default)]
    pub fees: Fees,
    /// Prices of the two outside sellers.
    pub tariffs: Tariffs,
    /// The sales company.
    #[serde(default)]
    pub company: Company,
    /// The shared storage.
    #[serde(default)]
    pub storage: Storage,
    /// What the grid can carry.
    #[serde(default)]
    pub grid: Grid,
    /// The aggregator of the fleet; none by default.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub aggregator: Option<Aggregator>,
    /// The clearing of a period.
    #[serde(default)]
    pub market: Market,
    /// The ledger and its contracts.
    #[serde(default)]
    pub ledger: Ledger,
    /// What is written, and how.
    #[serde(default)]
    pub output: Output,
}

impl Scenario {
    /// Households over all portraits.
    pub fn household_count(&self) -> u32 {
        self.portraits.values().map(|portrait| portrait.count).sum()
    }
}

fn first_seed() -> u64 {
    1
}

fn us_dollar() -> String {
    "USD".to_owned()
}
