//! How the community trades and keeps its books: `[market]`, `[ledger]`, `[output]`.

use std::num::NonZeroU16;

use goshawk_output::NumberFormat;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::credit::CreditBands;

/// How a period's offers become trades.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum Mechanism {
    /// Improved Northern Goshawk Optimization.
    #[default]
    Ngo,
    /// Northern Goshawk Optimization as published, drawn to low prices: for comparison.
    NgoOriginal,
    /// Particle swarm optimization with constriction.
    Pso,
    /// Particle swarm optimization with a falling inertia weight and simulated annealing.
    ImprovedPso,
    /// Differential evolution with success history and a shrinking population.
    LShade,
    /// The same problem, solved to a certified bound.
    Exact,
    /// One price, where sellers' asks cross buyers' limits.
    DoubleAuction,
    /// The pairs of the double auction, every trade at its buyer's limit.
    PayAsBid,
    /// One price in the middle of what is allowed.
    MidMarketRate,
    /// No trades between users.
    GridOnly,
}

/// Whom the market counts as one when it clears a period, sellers and buyers apart.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum Groups {
    /// The households of a portrait.
    #[default]
    Portraits,
    /// Sellers with similar reserve prices, buyers with similar expected prices: at most `similar_groups` of each.
    Similar,
    /// Nobody: each household by itself. For small communities.
    Households,
}

/// How mechanisms that search weigh sellers' profit and buyers' cost.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum Weights {
    /// By the entropy weight method, over the front that the search has seen.
    #[default]
    Entropy,
    /// Both alike, in units of their ranges over the front: its knee. The mechanism "exact" always weighs like this.
    Equal,
}

/// How mechanisms that search take one scheme from the front of those that no other beats in both objectives.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum Compromise {
    /// The largest weighted sum, as in the paper.
    #[default]
    WeightedSum,
    /// The closest to the best of both, seen from the worst of both, by the weights: TOPSIS.
    Topsis,
    /// The knee: the farthest beyond the chord between the ends; weights do not count.
    Knee,
}

/// The clearing of a period.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, default)]
pub struct Market {
    /// The clearing mechanism.
    pub mechanism: Mechanism,
    /// Lower bound Phi_min of the sellers' price in currency per kWh, equation (5), 0 to 10000; below `price_max`.
    #[schemars(range(min = 0.0, max = 10_000.0))]
    pub price_min: f64,
    /// Upper bound Phi_max of the sellers' price in currency per kWh, equation (5), 0 to 10000; above `price_min`.
    #[schemars(range(min = 0.0, max = 10_000.0))]
    pub price_max: f64,
    /// Whom the market counts as one.
    pub groups: Groups,
    /// Most groups of a side where `groups` is "similar", 1 to 1000.
    #[schemars(range(min = 1, max = 1000))]
    pub similar_groups: NonZeroU16,
    /// How mechanisms that search weigh the two objectives.
    pub weights: Weights,
    /// How mechanisms that search take one scheme from the front.
    pub compromise: Compromise,
    /// How much dearer a seller without any credit counts when partners are chosen, in currency per kWh, 0 to 10000; one with
    /// full credit counts at its reserve price.
    #[schemars(range(min = 0.0, max = 10_000.0))]
    pub credit_setback_per_kwh: f64,
    /// Whether a period's search also starts from the best of the last period with the same groups.
    pub warm_start: bool,
    /// Parameters of the mechanisms that search with an optimizer.
    pub optimizer: Optimizer,
}

impl Default for Market {
    fn default() -> Self {
        Self {
            mechanism: Mechanism::default(),
            price_min: 0.0,
            price_max: 10.0,
            groups: Groups::default(),
            similar_groups: NonZeroU16::new(10).expect("invariant: ten is not zero"),
            weights: Weights::default(),
            compromise: Compromise::default(),
            credit_setback_per_kwh: 0.0,
            warm_start: false,
            optimizer: Optimizer::default(),
        }
    }
}

/// How long and with how many an optimizer searches.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, default)]
pub struct Optimizer {
    /// Iterations, 1 to 100000.
    #[schemars(range(min = 1, max = 100_000))]
    pub iterations: u32,
    /// Individuals in the population, 4 to 10000.
    #[schemars(range(min = 4, max = 10_000))]
    pub population: u32,
    /// Stops before `iterations` once the best value improved by no more than this over 50 iterations and the worst of the
    /// population is within it of the best, above 0 up to 1; without it, never.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schemars(range(max = 1.0), extend("exclusiveMinimum" = 0.0))]
    pub convergence_tolerance: Option<f64>,
}

impl Default for Optimizer {
    fn default() -> Self {
        Self { iterations: 500, population: 30, convergence_tolerance: None }
    }
}

/// How messages to the ledger are signed.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum Signatures {
    /// A keyed hash: the same messages and checks at a hundredth of the cost, for simulation only.
    #[default]
    KeyedHash,
    /// Ed25519 signatures.
    Ed25519,
}

/// The Byzantine-fault-tolerant ledger and its contracts.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, default)]
pub struct Ledger {
    /// Validators n, 4 to 31; of them (n - 1) / 3, rounded down, may fail.
    #[schemars(range(min = 4, max = 31))]
    pub validators: u32,
    /// How messages are signed.
    pub signatures: Signatures,
    /// Shortest time of a message between validators in milliseconds, 0 to 60000; at most `latency_max_ms`.
    #[schemars(range(min = 0, max = 60_000))]
    pub latency_min_ms: u32,
    /// Longest time of a message between validators in milliseconds, 0 to 60000; at least `latency_min_ms`, and at
    /// most a tenth of a period, so that the ledger keeps up.
    #[schemars(range(min = 0, max = 60_000))]
    pub latency_max_ms: u32,
    /// Most transactions in a block, 1 to 1000000.
    #[schemars(range(min = 1, max = 1_000_000))]
    pub block_transactions_max: u32,
    /// Money in every account of the ledger at the start, in currency, 0 to 1000 million; 1000 for every 30 days begun by default,
    /// since who buys more from users than it sells to them lives on it.
    #[schemars(range(min = 0.0, max = 1_000_000_000.0))]
    pub opening_balance: f64,
    /// Share of the seller's price that a buyer pays for what it agreed to and does not take, 0 to 1.
    #[schemars(range(min = 0.0, max = 1.0))]
    pub take_or_pay_share: f64,
    /// The store is made durable every so many blocks, 1 to 1000000.
    #[schemars(range(min = 1, max = 1_000_000))]
    pub durable_every_blocks: u32,
    /// How many validators are silent: they hear everything and say nothing, 0 by default. Together with `withholding_validators`
    /// at most (`validators` - 1) / 3, rounded down, so that the ledger goes on. The last ones are.
    #[schemars(range(min = 0, max = 10))]
    pub silent_validators: u32,
    /// How many validators send their messages to the first half of the others only, 0 by default. Those before the silent ones
    /// are.
    #[schemars(range(min = 0, max = 10))]
    pub withholding_validators: u32,
    /// How many validators contradict themselves, 0 by default: they propose two blocks and cast two votes, and tell one half
    /// of the others the one first, the other half the other. Those before the withholding ones are. All that are faulty or cut
    /// off count together.
    #[schemars(range(min = 0, max = 10))]
    pub equivocating_validators: u32,
    /// How many validators keep the transactions of some households out of blocks, 0 by default. Those before the equivocating
    /// ones are.
    #[schemars(range(min = 0, max = 10))]
    pub censoring_validators: u32,
    /// Probability that a household is one of those that are censored, 0 to 1; each is drawn.
    #[schemars(range(min = 0.0, max = 1.0))]
    pub censored_share: f64,
    /// When some validators are cut off from the others and from the platform; never by default.
    pub partitions: Vec<Partition>,
    /// What a seller pays its buyer for energy that it has sold and does not deliver, as a multiple of what that costs the buyer
    /// more elsewhere, 0 to 1000; at least 0.000001 per kWh.
    #[schemars(range(min = 0.0, max = 1000.0))]
    pub compensation_factor: f64,
    /// After how many hours a transaction of a household or of the grid that is in no block yet is void, 1 to 8784.
    #[schemars(range(min = 1.0, max = 8784.0))]
    pub expiry_h: f64,
    /// Whether the ledger keeps account of what each vehicle holds, and refuses to sell more; by default it knows the most that a
    /// vehicle can deliver in a period, and refuses what is beyond that. Each household then sends one more transaction a period.
    pub device_accounts: bool,
    /// Bands that follow from credit; none by default, and with this table, even an empty one, by its defaults.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub credit: Option<CreditBands>,
}

/// A time during which some validators are cut off. What is sent to them or by them meanwhile arrives afterwards.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Partition {
    /// When it begins, in hours after the start of the run, 0 to 87840.
    #[schemars(range(min = 0.0, max = 87_840.0))]
    pub start_h: f64,
    /// How long it lasts in hours, above 0 up to 8784.
    #[schemars(range(max = 8784.0), extend("exclusiveMinimum" = 0.0))]
    pub length_h: f64,
    /// How many validators are cut off, 1 to 10: those before the faulty ones.
    #[schemars(range(min = 1, max = 10))]
    pub validators: u32,
}

/// What accounts begin with unless the scenario says so: 1000 for every 30 days begun.
pub(super) fn opening_balance_for(days: u32) -> f64 {
    f64::from(days.div_ceil(30)) * 1000.0
}

impl Default for Ledger {
    fn default() -> Self {
        Self {
            validators: 4,
            signatures: Signatures::default(),
            latency_min_ms: 20,
            latency_max_ms: 80,
            block_transactions_max: 10_000,
            opening_balance: opening_balance_for(1),
            take_or_pay_share: 0.5,
            durable_every_blocks: 96,
            silent_validators: 0,
            withholding_validators: 0,
            equivocating_validators: 0,
            censoring_validators: 0,
            censored_share: 0.2,
            partitions: Vec::new(),
            compensation_factor: 1.0,
            expiry_h: 24.0,
            device_accounts: false,
            credit: None,
        }
    }
}

/// How energies, powers, prices and money are written in tables.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum Numbers {
    /// As `f64`, which everybody computes with.
    #[default]
    Float64,
    /// As `DECIMAL(18, 6)`: sums are exact, and a trade takes two fifths of the room.
    Decimal,
}

impl From<Numbers> for NumberFormat {
    fn from(numbers: Numbers) -> Self {
        match numbers {
            Numbers::Float64 => Self::Float64,
            Numbers::Decimal => Self::Decimal,
        }
    }
}

/// What is written, and how.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, default)]
pub struct Output {
    /// Every so many periods one clearing's convergence is written; 0, the default, means never.
    #[schemars(range(min = 0, max = 1_000_000))]
    pub convergence_every: u32,
    /// How energies, powers, prices and money are written in tables.
    pub numbers: Numbers,
}
