//! From a loaded scenario to the community that it describes.

mod fleet;
pub(crate) mod roof;

use std::sync::Arc;

use goshawk_agents::calendar::Calendar;
use goshawk_agents::commons::{Decisions, Lease, Rules};
use goshawk_agents::community::{CommunitySpec, Group, LedgerSpec, PartitionSpec};
use goshawk_agents::household::battery::power_limit::PowerLimit;
use goshawk_agents::household::battery::wear::WearCost;
use goshawk_agents::household::battery::{BatterySpec, Cells};
use goshawk_agents::household::driving::{DrivingHabit, TripDistribution};
use goshawk_agents::household::faults::FaultRates;
use goshawk_agents::household::portrait::{Hours, Need, Portrait, Shortfall};
use goshawk_agents::household::sales_plan::SalesRule;
use goshawk_agents::household::vehicle::{Consumption, Fleet, FleetConsumption};
use goshawk_agents::network::Latency;
use goshawk_agents::storage::{Scarcity, StorageSpec};
use goshawk_engine::{SimDuration, SimTime, Streams};
use goshawk_ledger::SignatureScheme;
use goshawk_market::grouping::Grouping;
use goshawk_market::mechanism::{Compromise, Mechanism, MechanismSettings, Weighting, mechanism_by_name};
use goshawk_market::optimizer::OptimizerSettings;
use goshawk_market::order::GroupId;
use goshawk_market::quantity::{Energy, Money, Power, Price};
use goshawk_market::satisfaction::MovingSaving;

use crate::scenario::{self, BatteryAgeing, BatteryModel, BatteryWear, Loaded, Scenario, Signatures, Trip};

fn energy(kwh: f64) -> Energy {
    Energy::from_f64(kwh).expect("invariant: the scenario's ranges fit the grid")
}

fn power(kw: f64) -> Power {
    Power::from_f64(kw).expect("invariant: the scenario's ranges fit the grid")
}

fn price(per_kwh: f64) -> Price {
    Price::from_f64(per_kwh).expect("invariant: the scenario's ranges fit the grid")
}

/// The random streams of a replicate of a scenario that is run by itself.
pub fn streams(loaded: &Loaded, replicate: u32) -> Streams {
    Streams { seed: loaded.scenario.seed, crn_group: 0, replicate, is_mirrored: false }
}

/// The community that a scenario describes, with its random streams.
pub fn community_spec(loaded: &Loaded, streams: Streams) -> CommunitySpec {
    let scenario = &loaded.scenario;
    let start = loaded.start.to_zoned(loaded.zone.clone());
    let calendar = Calendar::new(start, scenario.time.period_minutes, scenario.time.period_count())
        .expect("invariant: a loaded scenario has a sound calendar");
    let portraits = scenario.portraits.iter().filter(|(_, portrait)| portrait.count > 0);
    CommunitySpec {
        streams,
        weather: roof::weather(loaded, &calendar, &streams),
        calendar: Arc::new(calendar),
        groups: portraits.zip(0..).map(|((name, portrait), id)| group(loaded, name, portrait, id)).collect(),
        cells: cells(&scenario.battery),
        rules: rules(scenario),
        lease: lease(&scenario.storage),
        storage: storage(&scenario.storage),
        grid_tariff: loaded.grid_tariff.clone(),
        company_tariff: loaded.company_tariff.clone(),
        wholesale: loaded.wholesale.clone(),
        grid_limit: power(scenario.grid.limit_kw),
        feeder: loaded.feeder.clone(),
        fleet: fleet::fleet(loaded),
        co2_intensity: loaded.co2_intensity.clone(),
        ledger: ledger(&scenario.ledger),
        convergence_every: scenario.output.convergence_every,
    }
}

/// The name of the mechanism that a scenario names.
pub fn mechanism_name(scenario: &Scenario) -> &'static str {
    match scenario.market.mechanism {
        scenario::Mechanism::Ngo => "ngo",
        scenario::Mechanism::NgoOriginal => "ngo_original",
        scenario::Mechanism::Pso => "pso",
        scenario::Mechanism::ImprovedPso => "improved_pso",
        scenario::Mechanism::LShade => "l_shade",
        scenario::Mechanism::Exact => "exact",
        scenario::Mechanism::DoubleAuction => "double_auction",
        scenario::Mechanism::PayAsBid => "pay_as_bid",
        scenario::Mechanism::MidMarketRate => "mid_market_rate",
        scenario::Mechanism::GridOnly => "grid_only",
    }
}

/// The mechanism that a scenario names.
pub fn mechanism(scenario: &Scenario) -> Box<dyn Mechanism> {
    let name = mechanism_name(scenario);
    mechanism_named(name, scenario, Budget::Iterations)
        .expect("invariant: the scenario's mechanisms are the market's")
}

/// The mechanism of a name with a scenario's settings, or `None` if the market knows none of that name.
pub fn mechanism_named(name: &str, scenario: &Scenario, budget: Budget) -> Option<Box<dyn Mechanism>> {
    mechanism_by_name(name, &mechanism_settings(name, scenario, budget))
}

/// What every optimizer of a comparison may spend on a clearing.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Budget {
    /// The same evaluations: those that improved NGO makes in the scenario's iterations.
    Evaluations,
    /// The same iterations: the scenario's, as in a run of one mechanism.
    Iterations,
}

/// The settings of a mechanism within a budget; mechanisms that do not search make no use of them.
///
/// With N individuals and T iterations in the scenario, [`Budget::Evaluations`] is N + 2 N T for all of them, and N for the
/// population that goes on once the weights are known. Both phases of NGO evaluate everybody, so a swarm runs 2 T
/// iterations. L-SHADE runs until its evaluations
/// are used up, to less than a population.
pub fn mechanism_settings(name: &str, scenario: &Scenario, budget: Budget) -> MechanismSettings {
    let market = &scenario.market;
    let (n, t) = (market.optimizer.population, market.optimizer.iterations);
    let (iterations, max_evaluations) = match (budget, name) {
        (Budget::Iterations, _) => (t, None),
        (Budget::Evaluations, "ngo" | "ngo_original") => (t, None),
        (Budget::Evaluations, "l_shade") => {
            // A tenth more than it takes: the population of the second stage begins with N again, and evaluations end it.
            let iterations = 44 * u64::from(n) * u64::from(t) / u64::from(10 * (n + 4));
            (iterations as u32, Some(2 * u64::from(n) * (1 + u64::from(t))))
        }
        (Budget::Evaluations, _) => (2 * t, None),
    };
    let optimizer = OptimizerSettings {
        iterations,
        population: n as usize,
        convergence_tolerance: market.optimizer.convergence_tolerance,
        max_evaluations,
        target: None,
    };
    let weighting = match market.weights {
        scenario::Weights::Entropy => Weighting::Entropy,
        scenario::Weights::Equal => Weighting::Equal,
    };
    let compromise = match market.compromise {
        scenario::Compromise::WeightedSum => Compromise::WeightedSum,
        scenario::Compromise::Topsis => Compromise::Topsis,
        scenario::Compromise::Knee => Compromise::Knee,
    };
    MechanismSettings { optimizer, weighting, compromise, is_warm_started: market.warm_start }
}

fn group(loaded: &Loaded, name: &str, portrait: &scenario::Portrait, id: u16) -> Group {
    let scenario = &loaded.scenario;
    let battery = &scenario.battery;
    let spec = BatterySpec {
        capacity: energy(portrait.capacity_kwh.unwrap_or(battery.capacity_kwh)),
        charge_power: power(portrait.charge_kw.unwrap_or(battery.charge_kw)),
        discharge_power: power(battery.discharge_kw),
        charge_efficiency: battery.charge_efficiency,
        discharge_efficiency: battery.discharge_efficiency,
        soc_min: battery.soc_min,
        soc_max: battery.soc_max,
    };
    let photovoltaics = &scenario.photovoltaics;
    let area_m2 = portrait.area_m2.unwrap_or(photovoltaics.area_m2);
    let initial_soc = portrait.initial_soc.unwrap_or(battery.initial_soc);
    Group {
        portrait: Portrait {
            name: name.to_owned(),
            group: GroupId(id),
            charging: Hours::new(&portrait.charging_hours),
            discharging: Hours::new(&portrait.discharging_hours),
            buying: Hours::new(&portrait.buying_hours),
            shortfall: shortfall(portrait),
            need: need(loaded, name, portrait),
            faults: faults(&portrait.faults),
        },
        count: portrait.count,
        area_m2: (area_m2, photovoltaics.area_spread),
        array: roof::array(photovoltaics, portrait),
        battery: (spec, battery.capacity_spread),
        initial_soc: (initial_soc, battery.initial_soc_spread),
        fleet: fleet(portrait),
    }
}

fn shortfall(portrait: &scenario::Portrait) -> Shortfall {
    let share = if portrait.shortfall_hours.is_empty() { 0.0 } else { portrait.shortfall_share };
    Shortfall { hours: Hours::new(&portrait.shortfall_hours), share }
}

fn cells(battery: &scenario::Battery) -> Cells {
    let limit = PowerLimit { c_rate_max: battery.c_rate_max, taper_soc: battery.taper_soc };
    let cost = WearCost {
        replacement_per_kwh: price(battery.replacement_cost_per_kwh),
        end_of_life: battery.end_of_life_soh,
    };
    Cells {
        lfp: (battery.model == BatteryModel::Lfp).then_some(limit),
        ageing_at_c: (battery.ageing == BatteryAgeing::Lfp).then_some(battery.temperature_c),
        wear: (battery.wear == BatteryWear::Marginal).then_some(cost),
    }
}

fn fleet(portrait: &scenario::Portrait) -> Option<Fleet> {
    let vehicles = portrait.vehicles.as_ref()?;
    let consumption = match (portrait.consumption, portrait.consumption_kwh_per_km) {
        (scenario::ConsumptionModel::Physical, _) => FleetConsumption::Physical(portrait.urban_share),
        (scenario::ConsumptionModel::PerKm, None) => FleetConsumption::PerKm,
        (scenario::ConsumptionModel::PerKm, Some(_)) => FleetConsumption::AsStated,
    };
    Some(Fleet {
        shares: vehicles.shares(),
        gives_capacity: portrait.capacity_kwh.is_none(),
        gives_charger: portrait.charge_kw.is_none(),
        consumption,
    })
}

fn faults(faults: &scenario::Faults) -> FaultRates {
    FaultRates {
        non_delivery: faults.non_delivery,
        late_arrival: faults.late_arrival,
        late_mean_hours: faults.late_mean_minutes / 60.0,
        false_metering: faults.false_metering,
        false_share: faults.false_share,
        detection: faults.detection,
        double_sale: faults.double_sale,
        replay: faults.replay,
    }
}

fn need(loaded: &Loaded, name: &str, portrait: &scenario::Portrait) -> Need {
    if let Some(recordings) = loaded.plug_ins.recordings.get(name) {
        return Need::Sessions(recordings.clone());
    }
    if let Some(mixture) = loaded.plug_ins.mixtures.get(name) {
        return Need::Mixture { mixture: Arc::clone(mixture), probability: portrait.plug_in_probability };
    }
    if let Some(per_hour_kwh) = portrait.need_kwh {
        return Need::ChargingHours { per_hour_kwh, reserve: Hours::new(&portrait.reserve_hours) };
    }
    // A portrait that makes no trips on some days is one whose trips there have no probability.
    let somewhere = portrait.weekday.as_ref().or(portrait.weekend.as_ref());
    let somewhere = somewhere.expect("invariant: a portrait without a need per hour makes trips");
    let distribution = |trip: Option<&Trip>| {
        let probability = trip.map_or(0.0, |trip| trip.probability);
        let trip = trip.unwrap_or(somewhere);
        TripDistribution {
            departure_hour: (trip.departure_hour, trip.departure_sd_h),
            away_hours: (trip.away_h, trip.away_sd_h),
            distance_km: (trip.distance_km, trip.distance_sd_km),
            probability,
        }
    };
    Need::Trips {
        habit: DrivingHabit {
            weekday: distribution(portrait.weekday.as_ref()),
            weekend: distribution(portrait.weekend.as_ref()),
            consumption: Consumption::PerKm(
                portrait.consumption_kwh_per_km.unwrap_or(scenario::CONSUMPTION_KWH_PER_KM),
            ),
            early_probability: portrait.early_departure_probability,
            early_mean_hours: portrait.early_departure_mean_minutes / 60.0,
        },
        departure_reserve: portrait.departure_reserve,
    }
}

fn rules(scenario: &Scenario) -> Rules {
    Rules {
        grid_fee: price(scenario.fees.grid_per_kwh),
        platform_fee: price(scenario.fees.platform_per_kwh),
        price_min: price(scenario.market.price_min),
        price_max: price(scenario.market.price_max),
        grouping: grouping(&scenario.market),
        take_or_pay_share: scenario.ledger.take_or_pay_share,
        compensation_factor: scenario.ledger.compensation_factor,
        expected_price_share: scenario.buyers.expected_price_share,
        tolerance_share: scenario.buyers.tolerance_share,
        moving_saving: match scenario.buyers.moving_saving {
            scenario::MovingSaving::Mean => MovingSaving::Mean,
            scenario::MovingSaving::Printed => MovingSaving::Printed,
        },
        later_confidence: scenario.buyers.later_confidence,
        learning_rate: scenario.decisions.learning_rate,
        credit_setback: price(scenario.market.credit_setback_per_kwh),
        decisions: match scenario.decisions.mode {
            scenario::DecisionMode::Habit => Decisions::Habit,
            scenario::DecisionMode::Rational => Decisions::Rational,
        },
        keep_confidence: scenario.sellers.keep_confidence,
        sales: match scenario.sellers.plan {
            scenario::SalesPlan::KeepValue => SalesRule::KeepValue,
            scenario::SalesPlan::DearestFirst => {
                SalesRule::DearestFirst { trifle: energy(scenario.sellers.trifle_kwh) }
            }
        },
        sun_confidence: scenario.sellers.sun_confidence,
        panel_wear: price(scenario.battery.pv_wear_cost_per_kwh),
        battery_wear: price(scenario.battery.wear_cost_per_kwh),
    }
}

fn grouping(market: &scenario::Market) -> Grouping {
    match market.groups {
        scenario::Groups::Portraits => Grouping::Portraits,
        scenario::Groups::Similar => Grouping::Similar(market.similar_groups),
        scenario::Groups::Households => Grouping::Households,
    }
}

fn lease(storage: &scenario::Storage) -> Lease {
    Lease {
        offered: storage.capacity_kwh > 0.0,
        charge_efficiency: storage.charge_efficiency,
        discharge_efficiency: storage.discharge_efficiency,
        fee: price(storage.service_fee_per_kwh),
    }
}

/// What the shared storage holds as a run begins.
pub fn storage_opening(loaded: &Loaded) -> Energy {
    opening_content(&loaded.scenario.storage)
}

fn opening_content(storage: &scenario::Storage) -> Energy {
    energy(storage.content_min_kwh.min(storage.capacity_kwh))
}

fn storage(storage: &scenario::Storage) -> StorageSpec {
    StorageSpec {
        content_max: energy(storage.capacity_kwh),
        content_min: opening_content(storage),
        charge_power: power(storage.charge_kw),
        discharge_power: power(storage.discharge_kw),
        charge_cost: price(storage.charge_cost_per_kwh),
        discharge_cost: price(storage.discharge_cost_per_kwh),
        self_discharge_per_day: storage.self_discharge_per_day,
        scarcity: match storage.scarcity {
            scenario::Scarcity::ProRata => Scarcity::ProRata,
            scenario::Scarcity::FirstCome => Scarcity::FirstCome,
        },
    }
}

fn partition(partition: &scenario::Partition) -> PartitionSpec {
    let after = |hours: f64| SimTime::from_micros((hours * 3.6e9).round() as u64);
    PartitionSpec {
        during: after(partition.start_h)..after(partition.start_h + partition.length_h),
        validators: partition.validators as usize,
    }
}

fn ledger(ledger: &scenario::Ledger) -> LedgerSpec {
    LedgerSpec {
        validators: ledger.validators as usize,
        scheme: match ledger.signatures {
            Signatures::KeyedHash => SignatureScheme::KeyedHash,
            Signatures::Ed25519 => SignatureScheme::Ed25519,
        },
        latency: Latency {
            min: SimDuration::from_millis(u64::from(ledger.latency_min_ms)),
            max: SimDuration::from_millis(u64::from(ledger.latency_max_ms)),
        },
        block_transactions: ledger.block_transactions_max,
        silent: ledger.silent_validators as usize,
        withholding: ledger.withholding_validators as usize,
        equivocating: ledger.equivocating_validators as usize,
        censoring: ledger.censoring_validators as usize,
        censored_share: ledger.censored_share,
        partitions: ledger.partitions.iter().map(partition).collect(),
        opening_balance: Money::from_f64(ledger.opening_balance)
            .expect("invariant: the scenario's ranges fit the grid"),
        lifetime: SimDuration::from_micros((ledger.expiry_h * 3.6e9).round() as u64),
        device_accounts: ledger.device_accounts,
        credit: ledger.credit.as_ref().and_then(scenario::CreditBands::rules),
    }
}
