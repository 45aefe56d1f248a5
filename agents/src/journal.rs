//! The journal: what actors write down. It hands rows to the recorder in a fixed order, keeps the tallies behind
//! the KPIs, and checks at the end of each period that no energy and no money is left over.

use std::sync::Arc;
use std::sync::atomic::{AtomicU32, AtomicU64, Ordering};

use goshawk_engine::{Counters, SimTime};
use goshawk_ledger::{Change, Committed, ContractTerms, Operation, Receipt, Rejection, Settlement};
use goshawk_market::order::HouseholdId;
use goshawk_market::quantity::{Energy, Money};
use goshawk_output::table::{
    AgentPeriodRow, BatteryDayRow, BlockRow, ConvergenceRow, EventRow, FeederPeriodRow, HouseholdRow, KpiRow,
    MarketPeriodRow, OperatorPeriodRow, StoragePeriodRow, TradeRow, TransactionRow,
};
pub use goshawk_output::table::{Operator, Role};
use goshawk_output::{Digest, Label, Name, PeriodStamp, Recorder, Timestamp};

use crate::aggregator::terms::UpDown;
use crate::calendar::{Calendar, PeriodIndex};
use crate::household::battery::BatteryDay;
use crate::household::books::Books;
use crate::message::Supplier;
use crate::tally::Tally;

mod bands;
pub mod day_sheet;
mod fleet;
mod records;
mod saved;

use day_sheet::DaySheet;

pub use saved::{JournalState, JournalStateRef};

pub use records::{
    BooksError, Cheating, Clearance, FeederBooks, FleetBooks, HouseholdBooks, LineUse, StorageBooks, Trade,
    WithoutTrade,
};

/// How far a run is, for whoever watches it from another thread.
#[derive(Debug, Default)]
pub struct Progress {
    /// Periods whose books are closed.
    pub periods: AtomicU32,
    /// Set from outside to end the run at the next period.
    pub stop: std::sync::atomic::AtomicBool,
    /// Blocks committed.
    pub blocks: AtomicU64,
    /// Messages delivered up to the last period's begin.
    pub events: AtomicU64,
    /// Messages that were on their way then.
    pub pending: AtomicU64,
}

/// The names that rows of a run use.
#[derive(Debug, Clone)]
pub struct RunNames {
    /// Households by number.
    pub households: Vec<Name>,
    /// The class of each household.
    pub classes: Vec<Name>,
    /// Senders by account number.
    pub accounts: Vec<Name>,
    /// Validators by place.
    pub validators: Vec<Name>,
}

/// The aggregator, last, is not in every community.
const OPERATORS: [Operator; 6] = [
    Operator::Grid,
    Operator::Company,
    Operator::Storage,
    Operator::Platform,
    Operator::Upstream,
    Operator::Aggregator,
];

/// The sink of all actors.
#[derive(Debug)]
pub struct Journal {
    recorder: Recorder,
    calendar: Arc<Calendar>,
    names: RunNames,
    progress: Arc<Progress>,
    period: PeriodIndex,
    households: Vec<Option<HouseholdBooks>>,
    /// Of the period that ends.
    penalties: Vec<(HouseholdId, Money)>,
    operators: [Option<(Money, Money, Energy)>; OPERATORS.len()],
    storage: Option<StorageBooks>,
    feeder: Option<FeederBooks>,
    has_fleet: bool,
    fleet: Option<FleetBooks>,
    /// Of the day that ends with the period under way.
    battery_days: Vec<Option<BatteryDay>>,
    tally: Tally,
    sheet: Option<DaySheet>,
}

impl Journal {
    /// An empty journal.
    pub fn new(
        recorder: Recorder,
        calendar: Arc<Calendar>,
        names: RunNames,
        progress: Arc<Progress>,
        tally: Tally,
    ) -> Self {
        let households = vec![None; names.households.len()];
        let battery_days = households.iter().map(|_| None).collect();
        Self {
            recorder,
            calendar,
            names,
            progress,
            period: PeriodIndex(0),
            households,
            penalties: Vec::new(),
            operators: Default::default(),
            storage: None,
            feeder: None,
            has_fleet: false,
            fleet: None,
            battery_days,
            tally,
            sheet: None,
        }
    }

    /// Also keeps what each class does in each hour of the day.
    pub fn keep_day_sheet(&mut self) {
        self.sheet = Some(DaySheet::new(self.tally.class_names()));
    }

    /// What each class did in each hour of the day, if that was kept.
    pub fn day_sheet(&self) -> Option<&DaySheet> {
        self.sheet.as_ref()
    }

    fn hour(&self, period: PeriodIndex) -> u8 {
        self.calendar.moment(period).local.hour()
    }

    fn stamp(&self, period: PeriodIndex) -> PeriodStamp {
        let moment = self.calendar.moment(period);
        PeriodStamp { day: moment.day, period: moment.period_of_day, ts_start: Timestamp(moment.unix_micros) }
    }

    /// A household as it is before the run.
    pub fn register(&mut self, row: HouseholdRow) {
        self.recorder.push(row);
    }

    /// What the parties of a contract owe each other for breaking it.
    pub(crate) fn penalties(&mut self, terms: &ContractTerms, settlement: &Settlement) {
        let due = [(terms.seller, settlement.penalty_to_buyer), (terms.buyer, settlement.penalty_to_seller)];
        for (party, penalty) in due {
            if penalty.is_positive() {
                self.penalties.push((HouseholdId(party.0), penalty));
            }
        }
    }

    /// A household has closed its books of the period.
    pub fn household(&mut self, books: HouseholdBooks) {
        let place = books.household.0 as usize;
        let cheating = books.cheating.map(|cheating| {
            let own = self.penalties.iter().filter(|(household, _)| *household == books.household);
            Cheating { cost: own.map(|&(_, penalty)| penalty).sum(), ..cheating }
        });
        self.households[place] = Some(HouseholdBooks { cheating, ..books });
    }

    /// A household's battery has closed its day.
    pub fn battery_day(&mut self, household: HouseholdId, day: BatteryDay) {
        self.battery_days[household.0 as usize] = Some(day);
    }

    /// An operator has closed its books of the period.
    pub fn operator(&mut self, operator: Operator, revenue: Money, cost: Money, energy: Energy) {
        let place = OPERATORS.iter().position(|&one| one == operator).expect("invariant: all are listed");
        self.operators[place] = Some((revenue, cost, energy));
    }

    /// The store has closed its books of the period.
    pub fn storage(&mut self, books: &StorageBooks) {
        self.storage = Some(*books);
    }

    /// The grid has accounted for its feeder in the period.
    pub fn feeder(&mut self, books: &FeederBooks) {
        self.feeder = Some(*books);
    }

    /// The market has cleared the period.
    pub fn clearance(&mut self, clearance: &Clearance<'_>) {
        let stamp = self.stamp(self.period);
        let clearing = clearance.clearing;
        self.tally.clearance(clearance);
        let hour = self.hour(self.period);
        if let Some(sheet) = &mut self.sheet {
            sheet.clearance(hour, clearance);
        }
        self.recorder.push(MarketPeriodRow {
            when: stamp,
            mechanism: Label(clearance.mechanism),
            offered_kwh: clearance.offered,
            wanted_kwh: clearance.wanted,
            traded_kwh: clearance.traded,
            seller_price_per_kwh: clearance.seller_price,
            buyer_price_per_kwh: clearance.buyer_price,
            grid_price_per_kwh: clearance.grid_price,
            company_price_per_kwh: clearance.company_price,
            sellers_profit: clearing.objectives.sellers_profit,
            buyers_cost: clearing.objectives.buyers_cost,
            welfare: clearing.objectives.welfare,
            welfare_exact: clearing.welfare_exact,
            gap: clearing.gap,
            iterations: clearing.iterations,
            evaluations: clearing.evaluations,
            satisfaction: clearing.satisfaction,
            curtailed_kwh: clearance.curtailed,
        });
        if clearance.is_sampled {
            for point in &clearing.trace {
                self.recorder.push(ConvergenceRow {
                    when: stamp,
                    optimizer: Label(clearance.mechanism),
                    iteration: point.iteration,
                    evaluations: point.evaluations,
                    best: point.best,
                    mean: point.mean,
                });
            }
        }
    }

    /// A contract is closed on the ledger.
    pub fn trade(&mut self, trade: &Trade) {
        let Trade { terms, settlement, .. } = trade;
        let (seller, buyer) = (terms.seller.0 as usize, terms.buyer.0 as usize);
        let stamp = self.stamp(trade.period);
        self.tally.trade(trade);
        let hour = self.hour(trade.period);
        if let Some(sheet) = &mut self.sheet {
            sheet.trade(hour, self.tally.class_of(seller), self.tally.class_of(buyer), trade);
        }
        self.recorder.push(TradeRow {
            when: stamp,
            trade_id: terms.id.0,
            seller: self.names.households[seller],
            seller_class: self.names.classes[seller],
            buyer: self.names.households[buyer],
            buyer_class: self.names.classes[buyer],
            energy_kwh: settlement.delivered,
            seller_price_per_kwh: terms.seller_price,
            buyer_price_per_kwh: terms.buyer_price,
            grid_fee_per_kwh: terms.grid_fee,
            platform_fee_per_kwh: terms.platform_fee,
            amount: settlement.amount(),
            seller_amount: settlement.seller_amount,
            grid_amount: settlement.grid_amount,
            platform_amount: settlement.platform_amount,
            penalty_to_buyer: settlement.penalty_to_buyer,
            penalty_to_seller: settlement.penalty_to_seller,
            seller_surcharge: settlement.seller_surcharge,
            buyer_surcharge: settlement.buyer_surcharge,
            contracted_kwh: terms.energy,
            delivered_kwh: settlement.delivered,
            block_height: trade.height,
        });
    }

    /// A block is final; the oldest of its transactions was submitted then.
    pub fn block(&mut self, now: SimTime, submitted: SimTime, committed: &Committed) {
        let header = committed.block.header();
        let ts_commit = Timestamp(self.calendar.unix_micros(now));
        let latency_ms = now.micros().saturating_sub(submitted.micros()) as f64 / 1000.0;
        let bytes = committed.block.encoded_len() as u64;
        self.tally.block(latency_ms, header.round, committed.block.transactions().len(), bytes);
        self.progress.blocks.fetch_add(1, Ordering::Relaxed);
        self.recorder.push(BlockRow {
            height: header.height,
            round: header.round,
            proposer: self.names.validators[header.proposer as usize],
            ts_commit,
            latency_ms,
            txs: committed.block.transactions().len() as u32,
            bytes,
            prev_hash: Digest(header.previous.0),
            tx_root: Digest(header.transaction_root.0),
            state_root: Digest(header.state_root.0),
            hash: Digest(committed.block.hash().0),
        });
        for (index, (transaction, receipt)) in
            committed.block.transactions().iter().zip(committed.receipts.iter()).enumerate()
        {
            let body = transaction.transaction();
            let (energy, amount) = amounts(&body.operation, receipt);
            self.recorder.push(TransactionRow {
                height: header.height,
                index: index as u32,
                tx_id: Digest(transaction.id().0.0),
                kind: Label(body.operation.name()),
                sender: self.names.accounts[body.sender.0 as usize],
                contract: body.operation.contract().map(|contract| contract.0),
                energy_micro_kwh: energy.map(Energy::micro),
                amount_micro: amount.map(Money::micro),
                status: Label(status(receipt)),
            });
        }
    }

    /// The grid's word on so many contracts of a period is final.
    pub fn approval(&mut self, now: SimTime, period: PeriodIndex, contracts: u32) {
        let traded = self.calendar.start_of(period);
        let latency_ms = now.micros().saturating_sub(traded.micros()) as f64 / 1000.0;
        self.tally.approval(latency_ms, contracts);
    }

    /// The ledger has rejected a transaction.
    pub fn rejection(&mut self, reason: &Rejection) {
        self.tally.rejection(reason);
    }

    /// A censoring validator has passed over so many transactions.
    pub fn censored(&mut self, transactions: u64) {
        self.tally.censored(transactions);
    }

    /// Something noteworthy.
    pub fn event(&mut self, at: SimTime, actor: &str, kind: &'static str, detail: String) {
        let actor = self.recorder.names().find(actor).expect("invariant: every actor's name is registered");
        self.tally.event(kind);
        self.recorder.push(EventRow {
            at: Timestamp(self.calendar.unix_micros(at)),
            actor,
            kind: Label(kind),
            detail,
        });
    }

    /// A household's name.
    pub(crate) fn household_name(&self, household: HouseholdId) -> &str {
        self.recorder.names().text(self.names.households[household.0 as usize])
    }

    /// A vehicle has left for a trip: what it is short of at the meter, and what its battery holds and was to hold.
    pub fn departure(&mut self, missing: Energy, held_and_wanted: [Energy; 2]) {
        self.tally.driving.departure(missing, held_and_wanted);
    }

    /// A drive could not be made as far as it wanted.
    pub fn range_shortfall(&mut self, missing: Energy) {
        self.tally.driving.range_shortfall += missing;
    }

    /// A session has ended: what was recorded, what was delivered, and what is missing though power and time allow it.
    pub fn session(&mut self, recorded: Energy, delivered: Energy, missing: Energy) {
        self.tally.driving.session(recorded, delivered, missing);
    }

    /// Energy drawn without pay, behind a false reading.
    pub fn unpaid(&mut self, energy: Energy) {
        self.tally.driving.unpaid += energy;
    }

    /// Writes the period's rows in order, and checks that its books balance.
    ///
    /// # Errors
    /// When anything is missing or left over, or when the run is to stop.
    pub fn close_period(&mut self) -> Result<(), BooksError> {
        let stamp = self.stamp(self.period);
        let missing =
            |who: &str| BooksError::Missing { day: stamp.day, period: stamp.period, who: who.to_owned() };
        let hour = self.hour(self.period);
        let mut money = Money::ZERO;
        let (mut sold, mut bought, mut stored) = (Energy::ZERO, Energy::ZERO, Energy::ZERO);
        let (mut outside, mut aggregated) = (Energy::ZERO, UpDown::default());
        let mut households = std::mem::take(&mut self.households);
        for (place, closed) in households.iter_mut().enumerate() {
            let Some(books) = closed else {
                let name = self.names.households[place];
                return Err(missing(self.recorder.names().text(name)));
            };
            money += books.income - books.spend;
            sold += books.books.sold;
            bought += books.books.bought;
            stored += books.books.stored - books.books.withdrawn;
            outside += books.books.outside;
            aggregated.up += books.books.aggregated.up;
            aggregated.down += books.books.aggregated.down;
            self.tally.household(place, books);
            if let Some(sheet) = &mut self.sheet {
                sheet.household(hour, self.tally.class_of(place), books);
            }
            self.write_household(stamp, place, books);
            self.write_battery_day(stamp, place);
            *closed = None;
        }
        self.households = households;
        self.penalties.clear();
        for (place, operator) in OPERATORS.into_iter().enumerate() {
            if operator == Operator::Aggregator && !self.has_fleet {
                continue;
            }
            let Some((revenue, cost, energy_kwh)) = self.operators[place].take() else {
                return Err(missing(&format!("{operator:?}")));
            };
            money += revenue - cost;
            self.tally.operator(operator, revenue, cost, energy_kwh);
            self.recorder.push(OperatorPeriodRow { when: stamp, operator, revenue, cost, energy_kwh });
        }
        let storage = self.storage.take().ok_or_else(|| missing("the store"))?;
        if let Some(sheet) = &mut self.sheet {
            sheet.storage(hour, &storage);
        }
        self.recorder.push(StoragePeriodRow {
            when: stamp,
            content_kwh: storage.content,
            charge_kwh: storage.charge,
            discharge_kwh: storage.discharge,
            losses_kwh: storage.losses,
            income: storage.income,
            cost: storage.cost,
        });
        let feeder = self.feeder.take();
        if let Some(books) = &feeder {
            self.tally.feeder(books);
            self.write_feeder(stamp, books);
        }
        let fleet = self.fleet.take();
        if fleet.is_none() && self.has_fleet {
            return Err(missing("the fleet"));
        }
        let import = outside - aggregated.up + aggregated.down;
        self.tally.import(stamp.day, outside, import, self.calendar.period_hours());
        if let Some(books) = &fleet {
            self.tally.fleet(books);
            self.write_fleet(stamp, books, outside);
        }
        let (day, period) = (stamp.day, stamp.period);
        let counted = fleet.map_or(UpDown::default(), |books| books.delivered);
        if counted != aggregated {
            let (up, down) = (counted.up - aggregated.up, counted.down - aggregated.down);
            return Err(BooksError::Fleet { day, period, up, down });
        }
        if !money.is_zero() {
            return Err(BooksError::Money { day, period, residual: money });
        }
        if sold != bought {
            return Err(BooksError::Trade { day, period, sold, bought });
        }
        let residual = stored - (storage.charge - storage.discharge);
        if !residual.is_zero() {
            return Err(BooksError::Storage { day, period, residual });
        }
        let over_connections = import + bought - sold - stored;
        let residual = feeder.map_or(Energy::ZERO, |books| books.households - over_connections);
        if !residual.is_zero() {
            return Err(BooksError::Feeder { day, period, residual });
        }
        self.next_period()
    }

    fn next_period(&mut self) -> Result<(), BooksError> {
        self.period = PeriodIndex(self.period.0 + 1);
        self.progress.periods.store(self.period.0, Ordering::Relaxed);
        if self.recorder.failed() {
            return Err(BooksError::Unwritable);
        }
        if self.progress.stop.load(Ordering::Relaxed) {
            return Err(BooksError::Interrupted { periods: self.period.0 });
        }
        Ok(())
    }

    fn write_feeder(&mut self, stamp: PeriodStamp, books: &FeederBooks) {
        let ((lowest_bus, lowest), (highest_bus, highest)) = (books.lowest, books.highest);
        self.recorder.push(FeederPeriodRow {
            when: stamp,
            supplied_kwh: books.supplied(),
            base_load_kwh: books.base_load,
            households_kwh: books.households,
            losses_kwh: books.losses,
            base_losses_kwh: books.base_losses,
            trade_losses_kwh: books.trade_losses,
            loss_cost: books.loss_cost(),
            lowest_voltage_pu: lowest,
            lowest_voltage_bus: lowest_bus,
            highest_voltage_pu: highest,
            highest_voltage_bus: highest_bus,
            highest_loading: books.fullest.map(|line| line.share),
            highest_loading_from_bus: books.fullest.map(|line| line.from),
            highest_loading_to_bus: books.fullest.map(|line| line.to),
            iterations: books.iterations,
        });
    }

    fn write_household(&mut self, stamp: PeriodStamp, place: usize, household: &HouseholdBooks) {
        let Books {
            sun, sold, bought, stored, withdrawn, outside, charged, discharged, driven, losses, ..
        } = household.books;
        let UpDown { up, down } = household.books.aggregated;
        let from = |supplier| if household.supplier == supplier { outside } else { Energy::ZERO };
        self.recorder.push(AgentPeriodRow {
            when: stamp,
            household: self.names.households[place],
            class: self.names.classes[place],
            role: household.role,
            content_kwh: household.content,
            soc: household.soc,
            pv_kwh: sun,
            pv_spilled_kwh: household.spilled,
            charge_kwh: charged,
            discharge_kwh: discharged,
            drive_kwh: driven,
            sold_kwh: sold,
            bought_p2p_kwh: bought,
            bought_grid_kwh: from(Supplier::Grid),
            bought_company_kwh: from(Supplier::Company),
            stored_kwh: stored,
            withdrawn_kwh: withdrawn,
            losses_kwh: losses,
            income: household.income,
            spend: household.spend,
            wear_cost: household.wear_cost,
            satisfaction: household.satisfaction,
            aggregated_up_kwh: up,
            aggregated_down_kwh: down,
        });
    }

    fn write_battery_day(&mut self, stamp: PeriodStamp, place: usize) {
        let Some(day) = self.battery_days[place].take() else { return };
        self.tally.battery_day(place, day.full_equivalent_cycles);
        self.recorder.push(BatteryDayRow {
            day: stamp.day,
            household: self.names.households[place],
            class: self.names.classes[place],
            state_of_health: day.state_of_health,
            calendar_loss: day.calendar_loss,
            cycle_loss: day.cycle_loss,
            full_equivalent_cycles: day.full_equivalent_cycles,
            throughput_kwh: day.throughput,
            mean_soc: day.mean_soc,
        });
    }

    /// Periods whose books are closed.
    pub fn periods_done(&self) -> u32 {
        self.period.0
    }

    /// Tells whoever watches the run how much has happened in it.
    pub(crate) fn report(&self, counters: Counters) {
        self.progress.events.store(counters.delivered, Ordering::Relaxed);
        self.progress.pending.store(counters.pending as u64, Ordering::Relaxed);
    }

    /// What the run adds up to so far.
    pub fn tally(&self) -> &Tally {
        &self.tally
    }

    /// Writes the KPIs and hands back the recorder, with the KPI rows for whoever prints them.
    pub fn finish(mut self) -> (Recorder, Vec<KpiRow>) {
        let rows = self.tally.kpis();
        for row in &rows {
            self.recorder.push(row.clone());
        }
        (self.recorder, rows)
    }

    /// Hands back the recorder of a run that failed.
    pub fn abandon(self) -> Recorder {
        self.recorder
    }
}

/// The energy and money of a transaction, where it moves or promises any.
///
/// A publication promises its energy and the buyer's price for it, a signature puts its escrow aside, a meter says what was
/// ready, a resolution what the grid measured, and a settlement moves what was delivered and what the buyer pays for it.
pub fn amounts(operation: &Operation, receipt: &Receipt) -> (Option<Energy>, Option<Money>) {
    match (operation, receipt.change()) {
        (_, Some(Change::Closed { settlement, .. })) => {
            (Some(settlement.delivered), Some(settlement.amount()))
        }
        (_, Some(Change::Signed { escrow, .. })) => (None, Some(*escrow)),
        (Operation::Publish { terms }, _) => (Some(terms.energy), Some(terms.buyer_price * terms.energy)),
        (Operation::Meter { ready, .. }, _) => (Some(*ready), None),
        (Operation::Resolve { measured, .. }, _) => (Some(*measured), None),
        _ => (None, None),
    }
}

/// What became of a transaction: `applied`, `rejected`, or the state in which a contract ended.
pub fn status(receipt: &Receipt) -> &'static str {
    match receipt.change() {
        None => "rejected",
        Some(Change::Closed { state, .. }) => state.name(),
        Some(_) => "applied",
    }
}
