//! A community: what a run is made of, put together and run.

use std::collections::BTreeMap;
use std::sync::Arc;

use goshawk_engine::{Actor, ActorId, Counters, DigestValue, Limits, Simulation, Streams};
use goshawk_ledger::{AccountId, Genesis, LedgerError, Store, Validator};
use goshawk_market::mechanism::Mechanism;
use goshawk_market::order::{Credit, HouseholdId};
use goshawk_market::quantity::{Energy, Power};
use goshawk_output::Names;
use goshawk_output::table::HouseholdRow;

use crate::aggregator::Aggregator;
use crate::aggregator::terms::FleetTerms;
use crate::calendar::Calendar;
use crate::carbon::IntensitySeries;
use crate::commons::{Commons, Directory, Lease, Rules, Signatory};
use crate::company::Company;
use crate::grid::Grid;
use crate::grid::fleet_desk::{FleetDesk, SignalSpec};
use crate::grid::operation::{FeederOperation, FeederSpec};
use crate::grid::placement::Placement;
use crate::household::air::Air;
use crate::household::battery::{BatterySpec, Cells};
use crate::household::photovoltaics::{Array, Sun};
use crate::household::portrait::{Outlook, Portrait};
use crate::household::vehicle::Fleet;
use crate::household::{Household, HouseholdSpec, Kind};
use crate::journal::{BooksError, RunNames};
use crate::market_operator::MarketOperator;
use crate::message::CommunityModel;
use crate::network::{End, Links};
use crate::platform::Platform;
use crate::pricing::{Pricing, SupplierPrices};
use crate::storage::{Storage, StorageSpec};
use crate::tally::{Tally, TallyTerms};
use crate::upstream::Upstream;
use crate::validator::ValidatorActor;
use crate::weather::Weather;

mod chain;
mod course;
mod draw;
mod foresight;
mod ledger_spec;
mod saving;

use chain::{CHAIN, genesis, validator_name};
pub use ledger_spec::{LedgerSpec, PartitionSpec};
pub use saving::SavingError;

/// The households of one portrait.
#[derive(Debug, Clone)]
pub struct Group {
    /// Their portrait.
    pub portrait: Portrait,
    /// How many.
    pub count: u32,
    /// Area of panels in m², and its spread: uniform within this share of it.
    pub area_m2: (f64, f64),
    /// What is on each m² of it.
    pub array: Array,
    /// Their batteries, and the spread of the capacity: uniform within this share of it.
    pub battery: (BatterySpec, f64),
    /// State of charge as the run begins, and its spread: uniform within this much of it.
    pub initial_soc: (f64, f64),
    /// Which vehicles they have, where that is drawn.
    pub fleet: Option<Fleet>,
}

/// An aggregator: its contract, the grid's signal, and who takes part.
#[derive(Debug, Clone)]
pub struct FleetSpec {
    /// The contract.
    pub terms: FleetTerms,
    /// What the grid follows.
    pub signal: SignalSpec,
    /// For each group, the probability that a household takes part.
    pub participation: Vec<f64>,
}

/// All that a run depends on, apart from the mechanism.
#[derive(Debug, Clone)]
pub struct CommunitySpec {
    /// Where random numbers come from.
    pub streams: Streams,
    /// The periods.
    pub calendar: Arc<Calendar>,
    /// The weather.
    pub weather: Weather,
    /// The households, in the order of their names.
    pub groups: Vec<Group>,
    /// What the batteries' cells are.
    pub cells: Cells,
    /// Fees, limits and behaviour.
    pub rules: Rules,
    /// The storage operator's terms.
    pub lease: Lease,
    /// The store.
    pub storage: StorageSpec,
    /// The grid's tariff.
    pub grid_tariff: Pricing,
    /// The company's tariff.
    pub company_tariff: Pricing,
    /// What the company pays upstream.
    pub wholesale: Pricing,
    /// The limit on users' trades all together.
    pub grid_limit: Power,
    /// The feeder that households hang on, if one is modelled.
    pub feeder: Option<FeederSpec>,
    /// The aggregator, if there is one.
    pub fleet: Option<FleetSpec>,
    /// Carbon dioxide behind energy from outside, if it is known.
    pub co2_intensity: Option<Arc<IntensitySeries>>,
    /// The ledger.
    pub ledger: LedgerSpec,
    /// Every how many periods the convergence of a clearing is written down; 0 is never.
    pub convergence_every: u32,
}

/// A community that cannot be put together or run.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum CommunityError {
    /// The engine stopped.
    #[error(transparent)]
    Engine(#[from] goshawk_engine::Error),
    /// The ledger cannot be set up or closed.
    #[error(transparent)]
    Ledger(#[from] LedgerError),
    /// The run ended with contracts that the ledger has not closed.
    #[error("{0} contracts were settled but never committed: the validators have stopped")]
    Uncommitted(usize),
    /// The run ended before its last period.
    #[error("the run ended after {done} of {periods} periods")]
    Unfinished {
        /// Periods whose books are closed.
        done: u32,
        /// Periods of the run.
        periods: u32,
    },
    /// An actor was to take a place at which nobody is, or somebody who keeps the ledger, or whose actor has begun.
    #[error("nobody waits at {0} whom another may replace")]
    NotReplaceable(ActorId),
}

impl CommunityError {
    /// The journal's objection, when that is what ended the run.
    pub fn books(&self) -> Option<&BooksError> {
        match self {
            Self::Engine(goshawk_engine::Error::ActorFailed { source, .. }) => source.downcast_ref(),
            _ => None,
        }
    }

    /// The ledger's error, when that is what ended the run.
    pub fn ledger(&self) -> Option<&LedgerError> {
        match self {
            Self::Ledger(error) => Some(error),
            Self::Engine(goshawk_engine::Error::ActorFailed { source, .. }) => source.downcast_ref(),
            _ => None,
        }
    }
}

/// What a finished run came to.
#[derive(Debug, Clone)]
pub struct RunOutcome {
    /// The digest of every delivered event.
    pub digest: DigestValue,
    /// How many there were.
    pub counters: Counters,
    /// The same by kind, in the order of their names; those before a save that the run went on from are not among them.
    pub kinds: BTreeMap<&'static str, u64>,
}

/// A community ready to run.
#[derive(Debug)]
pub struct Community {
    simulation: Simulation<CommunityModel>,
    commons: Arc<Commons>,
    names: Names,
    run_names: RunNames,
    class_names: Vec<String>,
    class_of: Vec<usize>,
    block_transactions_max: usize,
    co2_intensity: Option<Arc<IntensitySeries>>,
    rows: Vec<HouseholdRow>,
}

/// A household's name: its portrait and its number within it, so that another household changes nobody's name.
fn household_name(portrait: &str, number: u32) -> String {
    format!("{portrait}-{number:04}")
}

/// The place of every household on a feeder. Each portrait deals its own out, so that one more household moves nobody;
/// the rounds of the portraits begin at different places.
fn places(feeder: &FeederSpec, groups: &[Group]) -> Arc<[u32]> {
    let rounds = groups.iter().zip(&feeder.weights).enumerate();
    rounds
        .flat_map(|(number, (group, weights))| {
            let placement = Placement::new(weights.clone());
            let offset = number * placement.choices().div_ceil(groups.len());
            placement.skipped(offset).take(group.count as usize).map(|place| place as u32)
        })
        .collect()
}

fn directory(households: usize, validators: usize, has_fleet: bool) -> Directory {
    let mut next = 0..;
    let mut id = || ActorId::from_index(next.next().expect("invariant: an endless range"));
    Directory {
        market: id(),
        platform: id(),
        grid: id(),
        company: id(),
        storage: id(),
        upstream: id(),
        households: (0..households).map(|_| id()).collect(),
        validators: (0..validators).map(|_| id()).collect(),
        // Last, so that it moves nobody.
        aggregator: has_fleet.then(id),
    }
}

impl Community {
    /// Puts a community together. `open_store` gives each validator its store.
    ///
    /// # Errors
    /// When the ledger or a store cannot be set up.
    pub fn build(
        spec: &CommunitySpec,
        mechanism: Box<dyn Mechanism>,
        mut open_store: impl FnMut(usize, &Arc<Genesis>) -> Result<Box<dyn Store>, LedgerError>,
    ) -> Result<Self, CommunityError> {
        let household_names: Vec<String> = spec
            .groups
            .iter()
            .flat_map(|group| (1..=group.count).map(|number| household_name(&group.portrait.name, number)))
            .collect();
        let places = spec.feeder.as_ref().map(|feeder| places(feeder, &spec.groups));
        let drawn = draw::households(spec, &household_names);
        let genesis = genesis(spec, &household_names, chain::devices(spec, &drawn, places.as_deref()))?;
        let commons = Arc::new(Commons {
            calendar: Arc::clone(&spec.calendar),
            directory: directory(household_names.len(), spec.ledger.validators, spec.fleet.is_some()),
            rules: spec.rules,
            lease: spec.lease,
            fleet: spec.fleet.as_ref().map(|fleet| fleet.terms),
            feeder_places: places,
        });
        let prices = SupplierPrices::of(spec);
        let operation = spec.feeder.clone().zip(commons.feeder_places.clone());
        let operation = operation
            .map(|(feeder, places)| FeederOperation::new(feeder, places, spec.calendar.period_hours()));
        let mut simulation = Simulation::new(Limits::default());
        let signatory = |account: AccountId| {
            let signer = genesis.signer(account).expect("invariant: every account has a signer");
            Signatory::new(CHAIN, account, signer)
        };
        let expiring = |account: AccountId| signatory(account).expiring(spec.ledger.lifetime);
        let households = household_names.len();
        let (latency, validators) = (spec.ledger.latency, spec.ledger.validators);
        let newcomer = Credit::from_micro(goshawk_ledger::Credit::default().score())
            .expect("invariant: scores are at most one");
        let market = MarketOperator::new(
            Arc::clone(&commons),
            mechanism,
            spec.streams,
            spec.convergence_every,
            newcomer,
        );
        simulation.add("market", market)?;
        let partitions = spec.ledger.partitions();
        let links = Links::new(&spec.streams, "platform", validators, latency).cut_by(
            &partitions,
            End::Platform,
            End::Validator,
        );
        let (signer, pace) = (signatory(genesis.platform()), spec.ledger.pace());
        let platform = Platform::new(Arc::clone(&commons), signer, links, households, pace)
            .with_bands(spec.ledger.credit);
        simulation.add("platform", platform)?;
        let desk = spec.fleet.as_ref().map(|fleet| {
            let stream = spec.streams.stream("regulation", "grid");
            FleetDesk::new(fleet.terms, fleet.signal.clone(), stream)
        });
        let grid = Grid::new(
            Arc::clone(&commons),
            prices.grid.clone(),
            spec.grid_limit,
            operation,
            desk,
            expiring(genesis.grid()),
        );
        simulation.add("grid", grid)?;
        let company = Company::new(Arc::clone(&commons), prices.company.clone(), prices.wholesale.clone());
        simulation.add("company", company)?;
        simulation.add("storage", Storage::new(Arc::clone(&commons), spec.storage, households))?;
        simulation.add("upstream", Upstream::default())?;
        let mut community = Self {
            simulation,
            commons: Arc::clone(&commons),
            names: Names::default(),
            run_names: RunNames {
                households: Vec::new(),
                classes: Vec::new(),
                accounts: Vec::new(),
                validators: Vec::new(),
            },
            class_names: spec.groups.iter().map(|group| group.portrait.name.clone()).collect(),
            class_of: Vec::new(),
            block_transactions_max: spec.ledger.block_transactions as usize,
            co2_intensity: spec.co2_intensity.clone(),
            rows: Vec::new(),
        };
        community.add_households(spec, &commons, &prices, drawn, |id| {
            let content = genesis.config().devices[id.0 as usize].content;
            (expiring(AccountId(id.0)), content)
        })?;
        for name in ["market", "platform", "grid", "company", "storage", "upstream"] {
            community.names.intern(name);
        }
        community.run_names.accounts = community.run_names.households.clone();
        for name in ["grid", "platform"] {
            let name = community.names.intern(name);
            community.run_names.accounts.push(name);
        }
        let victims = spec.ledger.victims(&spec.streams, &household_names);
        for place in 0..validators {
            let name = validator_name(place);
            let validator = Validator::new(Arc::clone(&genesis), place, open_store(place, &genesis)?)?;
            let own = End::Validator(place);
            let links = Links::new(&spec.streams, &name, validators, latency).cut_by(
                &partitions,
                own,
                End::Validator,
            );
            let to_platform = Links::new(&spec.streams, &format!("{name}->platform"), 1, latency).cut_by(
                &partitions,
                own,
                |_| End::Platform,
            );
            let conduct = spec.ledger.conduct(place);
            let account = genesis.account(&name).expect("invariant: every validator has an account");
            let actor = ValidatorActor::new(Arc::clone(&commons), place, validator, links, to_platform)
                .signing(signatory(account))
                .behaving(conduct, &victims);
            community.simulation.add(name.as_str(), actor)?;
            let name = community.names.intern(&name);
            community.run_names.validators.push(name);
            community.run_names.accounts.push(name);
        }
        if let Some(fleet) = &spec.fleet {
            community.simulation.add("aggregator", Aggregator::new(commons, fleet.terms))?;
            community.names.intern("aggregator");
        }
        Ok(community)
    }

    fn add_households(
        &mut self,
        spec: &CommunitySpec,
        commons: &Arc<Commons>,
        prices: &SupplierPrices,
        drawn: Vec<HouseholdSpec>,
        on_chain: impl Fn(HouseholdId) -> (Signatory, Option<Energy>),
    ) -> Result<(), CommunityError> {
        let mut drawn = drawn.into_iter();
        let mut suns: Vec<(Array, Arc<Sun>)> = Vec::new();
        let air = Arc::new(Air::over(&spec.calendar, &spec.weather));
        let outside = prices.grid.lower(&prices.company);
        let bus_of = |household: HouseholdId| {
            let (feeder, places) = (spec.feeder.as_ref()?, commons.feeder_places.as_ref()?);
            Some(feeder.feeder.bus_at(places[household.0 as usize] as usize))
        };
        let mut plans = foresight::plans(spec, &mut suns, &outside);
        for (class, group) in spec.groups.iter().enumerate() {
            let outlook = Outlook::over(&group.portrait, &spec.calendar, &outside, spec.rules.fees());
            let (sun, air) = (sun_on(&mut suns, spec, &group.array), Arc::clone(&air));
            let sales_plan = plans.as_mut().map(|plans| plans.remove(0));
            let kind = Arc::new(Kind { portrait: group.portrait.clone(), outlook, sales_plan, sun, air });
            let class_name = self.names.intern(&group.portrait.name);
            for number in 1..=group.count {
                let name = household_name(&group.portrait.name, number);
                let id = HouseholdId(self.rows.len() as u32);
                let household = drawn.next().expect("invariant: all households are drawn");
                let interned = self.names.intern(&name);
                self.rows.push(HouseholdRow {
                    household: interned,
                    class: class_name,
                    battery_kwh: household.battery.spec().capacity,
                    charger_kw: household.battery.spec().charge_power,
                    pv_kw: Power::from_f64(household.area_m2 * group.array.panel.efficiency)
                        .expect("invariant: areas are checked input"),
                    initial_kwh: household.battery.content(),
                    bus: bus_of(id),
                });
                self.run_names.households.push(interned);
                self.run_names.classes.push(class_name);
                self.class_of.push(class);
                let (signatory, content) = on_chain(id);
                let actor = Household::new(Arc::clone(commons), Arc::clone(&kind), household, signatory);
                self.simulation.add(name.as_str(), actor.metered(content))?;
            }
        }
        Ok(())
    }

    /// The names that rows of this run use.
    pub fn names(&self) -> Names {
        self.names.clone()
    }

    /// The same, by number.
    pub fn run_names(&self) -> RunNames {
        self.run_names.clone()
    }

    /// An empty tally for this community.
    pub fn tally(&self) -> Tally {
        let intensity = self.co2_intensity.as_ref();
        Tally::new(TallyTerms {
            class_names: self.class_names.clone(),
            class_of: self.class_of.clone(),
            block_transactions_max: self.block_transactions_max,
            co2_intensity: intensity.map(|series| series.over(&self.commons.calendar)),
        })
    }

    /// The calendar of the run.
    pub fn calendar(&self) -> &Arc<Calendar> {
        &self.commons.calendar
    }

    /// What everybody in it may know.
    pub fn commons(&self) -> &Arc<Commons> {
        &self.commons
    }

    /// Puts an actor in the place of another, whose name and address it takes over. This is done before anything runs.
    /// The platform and the validators keep their places: their actors are asked for the ledger as a run ends.
    ///
    /// # Errors
    /// [`CommunityError::NotReplaceable`] for those, if nobody is there, or if everything is running already.
    pub fn replace(
        &mut self,
        place: ActorId,
        actor: impl Actor<CommunityModel>,
    ) -> Result<(), CommunityError> {
        let directory = &self.commons.directory;
        let keeps_the_ledger = place == directory.platform || directory.validators.contains(&place);
        if !keeps_the_ledger && self.simulation.replace(place, actor) {
            Ok(())
        } else {
            Err(CommunityError::NotReplaceable(place))
        }
    }
}

/// The sun on an array, computed once for all portraits that have the same.
fn sun_on(suns: &mut Vec<(Array, Arc<Sun>)>, spec: &CommunitySpec, array: &Array) -> Arc<Sun> {
    if let Some((_, sun)) = suns.iter().find(|(known, _)| known == array) {
        return Arc::clone(sun);
    }
    let sun = Arc::new(Sun::over(&spec.calendar, &spec.weather, array));
    suns.push((*array, Arc::clone(&sun)));
    sun
}
