//! A small run whose books balance, to be written as it is or with something broken.

use std::path::Path;

use goshawk_market::quantity::Power;
use goshawk_market::quantity::{Energy, Money, Price};
use goshawk_output::table::{
    AgentPeriodRow, AggregatorPeriodRow, BatteryDayRow, BlockRow, ConvergenceRow, EventRow, FeederPeriodRow,
    HouseholdRow, KpiRow, MarketPeriodRow, Operator, OperatorPeriodRow, Role, StoragePeriodRow, TradeRow,
    TransactionRow,
};
use goshawk_output::{
    AuditReport, Digest, Existing, Horizon, Label, Manifest, Name, Names, NumberFormat, OutputError,
    OutputFolder, PeriodStamp, Recorder, ReplicateRange, RunHeader, Sealed, Timestamp, audit,
};

const PERIOD_MICROS: u64 = 28_800_000_000;
const START: i64 = 1_750_000_000_000_000;
const PERIODS: u16 = 6;
pub(crate) const REPLICATES: ReplicateRange = ReplicateRange { first: 0, last: 1 };

pub(crate) fn kwh(value: f64) -> Energy {
    Energy::from_f64(value).unwrap()
}

pub(crate) fn money(value: f64) -> Money {
    Money::from_f64(value).unwrap()
}

pub(crate) fn price(value: f64) -> Price {
    Price::from_f64(value).unwrap()
}

pub(crate) fn header() -> RunHeader {
    RunHeader {
        scenario: "small".to_owned(),
        currency: "EUR".to_owned(),
        zone: "Europe/Berlin".to_owned(),
        config_hash: "c0ffee".to_owned(),
        ..RunHeader::default()
    }
}

pub(crate) fn manifest() -> Manifest {
    let horizon = Horizon { start_micros: START, period_micros: PERIOD_MICROS, periods: u32::from(PERIODS) };
    let mut manifest = Manifest::new(header(), 42, REPLICATES, horizon);
    manifest.opening.storage_micro_kwh = kwh(5.0);
    manifest
}

/// The rows of one replicate.
#[derive(Debug, Clone, Default)]
pub(crate) struct Replicate {
    pub(crate) trades: Vec<TradeRow>,
    pub(crate) market: Vec<MarketPeriodRow>,
    pub(crate) agents: Vec<AgentPeriodRow>,
    pub(crate) operators: Vec<OperatorPeriodRow>,
    pub(crate) storage: Vec<StoragePeriodRow>,
    pub(crate) feeder: Vec<FeederPeriodRow>,
    pub(crate) fleet: Vec<AggregatorPeriodRow>,
    pub(crate) blocks: Vec<BlockRow>,
    pub(crate) transactions: Vec<TransactionRow>,
    pub(crate) convergence: Vec<ConvergenceRow>,
    pub(crate) events: Vec<EventRow>,
    pub(crate) households: Vec<HouseholdRow>,
    pub(crate) kpis: Vec<KpiRow>,
    pub(crate) battery_days: Vec<BatteryDayRow>,
}

/// A run of two replicates.
#[derive(Debug, Clone)]
pub(crate) struct Run {
    pub(crate) names: Names,
    pub(crate) replicates: Vec<Replicate>,
}

impl Run {
    pub(crate) fn new() -> Self {
        let mut names = Names::default();
        let people = ["h0000", "h0001", "h0002"].map(|name| names.intern(name));
        let class = names.intern("commuter");
        let platform = names.intern("platform");
        let replicates = REPLICATES.first..=REPLICATES.last;
        let replicates = replicates.map(|_| Replicate::new(people, class, platform)).collect();
        Self { names, replicates }
    }

    /// Writes all rows, and leaves them aside.
    pub(crate) fn record(&self, folder: &OutputFolder) -> Result<Sealed, OutputError> {
        self.record_as(folder, &header())
    }

    fn record_as(&self, folder: &OutputFolder, header: &RunHeader) -> Result<Sealed, OutputError> {
        let mut recorder = Recorder::start(folder, REPLICATES, header, self.names.clone())?;
        for (number, replicate) in (REPLICATES.first..).zip(&self.replicates) {
            recorder.set_replicate(number);
            replicate.clone().push_to(&mut recorder);
        }
        recorder.finish()
    }

    /// Writes the whole run.
    pub(crate) fn write(&self, path: &Path) -> Result<Manifest, OutputError> {
        let folder = OutputFolder::create(path, Existing::Refuse)?;
        let sealed = self.record(&folder)?;
        folder.publish(sealed, manifest(), "name = \"small\"\n")
    }

    /// Writes the whole run with its quantities as decimals.
    pub(crate) fn write_decimals(&self, path: &Path) -> Result<Manifest, OutputError> {
        let folder = OutputFolder::create(path, Existing::Refuse)?;
        let mut manifest = manifest();
        manifest.header.numbers = NumberFormat::Decimal;
        let sealed = self.record_as(&folder, &manifest.header)?;
        folder.publish(sealed, manifest, "name = \"small\"\n")
    }

    /// What the audit says of this run, once written: the same, however its numbers are.
    pub(crate) fn audited(&self) -> AuditReport {
        let (floats, decimals) = (tempfile::tempdir().unwrap(), tempfile::tempdir().unwrap());
        self.write(floats.path()).unwrap();
        self.write_decimals(decimals.path()).unwrap();
        let report = audit(floats.path()).unwrap();
        assert_eq!(format!("{report:?}"), format!("{:?}", audit(decimals.path()).unwrap()));
        report
    }
}

impl Replicate {
    fn new(people: [Name; 3], class: Name, platform: Name) -> Self {
        let mut replicate = Self::default();
        for (name, initial) in people.into_iter().zip([30.0, 10.0, 20.0]) {
            replicate.households.push(HouseholdRow {
                household: name,
                class,
                battery_kwh: kwh(60.0),
                charger_kw: Power::from_micro(7_000_000),
                pv_kw: Power::ZERO,
                initial_kwh: kwh(initial),
                bus: Some(3),
            });
        }
        let mut before = [30.0, 10.0, 20.0].map(kwh);
        let mut stored = kwh(5.0);
        let mut hash = Digest([0; 32]);
        for number in 0..PERIODS {
            let when = PeriodStamp {
                day: number / 3,
                period: number % 3,
                ts_start: Timestamp(START + i64::from(number) * PERIOD_MICROS as i64),
            };
            let trade = replicate.push_trade(when, people, class, number);
            replicate.push_agents(when, people, class, &trade, &mut before);
            replicate.push_operators(when, &trade);
            stored = stored + kwh(0.5) - kwh(0.2) - kwh(0.01);
            replicate.storage.push(StoragePeriodRow {
                when,
                content_kwh: stored,
                charge_kwh: kwh(0.5),
                discharge_kwh: kwh(0.2),
                losses_kwh: kwh(0.01),
                income: Money::ZERO,
                cost: Money::ZERO,
            });
            replicate.push_feeder(when);
            replicate.push_fleet(when);
            if when.period == 2 {
                replicate.push_battery_days(when.day, people, class);
            }
            hash = replicate.push_block(when, platform, &trade, hash);
            replicate.push_notes(when, platform);
        }
        replicate
    }

    fn push_trade(&mut self, when: PeriodStamp, people: [Name; 3], class: Name, number: u16) -> TradeRow {
        let energy = kwh(2.4) + Energy::from_micro(i64::from(number) * 7);
        let (seller_price, fee) = (price(0.200_003), price(0.01));
        let trade = TradeRow {
            when,
            trade_id: u64::from(number) + 100,
            seller: people[0],
            seller_class: class,
            buyer: people[1],
            buyer_class: class,
            energy_kwh: energy,
            seller_price_per_kwh: seller_price,
            buyer_price_per_kwh: seller_price + fee + fee,
            grid_fee_per_kwh: fee,
            platform_fee_per_kwh: fee,
            amount: seller_price * energy + fee * energy + fee * energy,
            seller_amount: seller_price * energy,
            grid_amount: fee * energy,
            platform_amount: fee * energy,
            penalty_to_buyer: Money::ZERO,
            penalty_to_seller: Money::ZERO,
            seller_surcharge: Money::ZERO,
            buyer_surcharge: Money::ZERO,
            contracted_kwh: kwh(2.5),
            delivered_kwh: energy,
            block_height: u64::from(number) + 1,
        };
        self.trades.push(trade.clone());
        self.market.push(MarketPeriodRow {
            when,
            mechanism: Label("ngo"),
            offered_kwh: kwh(3.0),
            wanted_kwh: kwh(4.0),
            traded_kwh: kwh(2.5),
            seller_price_per_kwh: Some(seller_price),
            buyer_price_per_kwh: Some(trade.buyer_price_per_kwh),
            grid_price_per_kwh: price(0.30),
            company_price_per_kwh: price(0.28),
            sellers_profit: 0.123_456_789,
            buyers_cost: 1.0 / 3.0,
            welfare: 0.5,
            welfare_exact: 0.6,
            gap: number.is_multiple_of(2).then_some(0.01),
            iterations: 500,
            evaluations: 15_000,
            satisfaction: Some(0.9),
            curtailed_kwh: Energy::ZERO,
        });
        trade
    }

    fn push_agents(
        &mut self,
        when: PeriodStamp,
        people: [Name; 3],
        class: Name,
        trade: &TradeRow,
        before: &mut [Energy; 3],
    ) {
        let energy = trade.delivered_kwh;
        let none = AgentPeriodRow {
            when,
            household: people[2],
            class,
            role: Role::None,
            content_kwh: Energy::ZERO,
            soc: 0.5,
            pv_kwh: Energy::ZERO,
            pv_spilled_kwh: Energy::ZERO,
            charge_kwh: Energy::ZERO,
            discharge_kwh: Energy::ZERO,
            drive_kwh: Energy::ZERO,
            sold_kwh: Energy::ZERO,
            bought_p2p_kwh: Energy::ZERO,
            bought_grid_kwh: Energy::ZERO,
            bought_company_kwh: Energy::ZERO,
            stored_kwh: Energy::ZERO,
            withdrawn_kwh: Energy::ZERO,
            losses_kwh: Energy::ZERO,
            income: Money::ZERO,
            spend: Money::ZERO,
            wear_cost: Money::ZERO,
            satisfaction: None,
            aggregated_up_kwh: Energy::ZERO,
            aggregated_down_kwh: Energy::ZERO,
        };
        let seller = AgentPeriodRow {
            household: people[0],
            role: Role::Seller,
            pv_kwh: kwh(1.0),
            discharge_kwh: energy,
            sold_kwh: energy,
            stored_kwh: kwh(0.5),
            losses_kwh: kwh(0.1),
            income: trade.seller_amount,
            ..none.clone()
        };
        let buyer = AgentPeriodRow {
            household: people[1],
            role: Role::Buyer,
            charge_kwh: energy,
            drive_kwh: kwh(2.0),
            bought_p2p_kwh: energy,
            bought_grid_kwh: kwh(1.0),
            withdrawn_kwh: kwh(0.2),
            losses_kwh: kwh(0.05),
            spend: trade.amount + money(0.30),
            satisfaction: Some(0.75),
            ..none.clone()
        };
        let idle = AgentPeriodRow {
            bought_company_kwh: kwh(0.3),
            aggregated_up_kwh: kwh(0.2),
            aggregated_down_kwh: kwh(0.2),
            income: money(0.06),
            spend: money(0.084) + money(0.03),
            ..none
        };
        for (mut row, content) in [seller, buyer, idle].into_iter().zip(before) {
            *content = *content
                + row.pv_kwh
                + row.bought_p2p_kwh
                + row.bought_grid_kwh
                + row.bought_company_kwh
                + row.withdrawn_kwh
                + row.aggregated_down_kwh
                - row.aggregated_up_kwh
                - row.drive_kwh
                - row.sold_kwh
                - row.stored_kwh
                - row.losses_kwh;
            row.content_kwh = *content;
            self.agents.push(row);
        }
    }

    fn push_operators(&mut self, when: PeriodStamp, trade: &TradeRow) {
        for (operator, revenue, cost) in [
            (Operator::Grid, trade.grid_amount + money(0.30) + money(0.02), money(0.25) + money(0.08)),
            (Operator::Company, money(0.084), money(0.06)),
            (Operator::Storage, Money::ZERO, Money::ZERO),
            (Operator::Platform, trade.platform_amount, Money::ZERO),
            (Operator::Upstream, money(0.31), Money::ZERO),
            (Operator::Aggregator, money(0.08) + money(0.03), money(0.02) + money(0.06)),
        ] {
            self.operators.push(OperatorPeriodRow { when, operator, revenue, cost, energy_kwh: kwh(1.0) });
        }
    }

    fn push_feeder(&mut self, when: PeriodStamp) {
        // From outside 1.3 kWh, from the store 0.2 kWh, into it 0.5 kWh.
        let (base_load, households, losses) = (kwh(5.0), kwh(1.0), kwh(0.123_456));
        self.feeder.push(FeederPeriodRow {
            when,
            supplied_kwh: base_load + households + losses,
            base_load_kwh: base_load,
            households_kwh: households,
            losses_kwh: losses,
            base_losses_kwh: kwh(0.1),
            trade_losses_kwh: when.period.is_multiple_of(2).then_some(kwh(-0.01)),
            loss_cost: money(0.25),
            lowest_voltage_pu: 0.95,
            lowest_voltage_bus: 17,
            highest_voltage_pu: 1.0,
            highest_voltage_bus: 0,
            highest_loading: Some(0.5),
            highest_loading_from_bus: Some(0),
            highest_loading_to_bus: Some(1),
            iterations: 5,
        });
    }

    fn push_fleet(&mut self, when: PeriodStamp) {
        // From outside 1.3 kWh, and of the fleet's 0.2 kWh as much comes as goes.
        self.fleet.push(AggregatorPeriodRow {
            when,
            members: 1,
            request_up_kwh: kwh(0.5),
            request_down_kwh: kwh(0.2),
            offered_up_kwh: kwh(0.3),
            offered_down_kwh: kwh(0.6),
            ready_kwh: Energy::ZERO,
            accepted_up_kwh: kwh(0.3),
            accepted_down_kwh: kwh(0.2),
            delivered_up_kwh: kwh(0.2),
            delivered_down_kwh: kwh(0.2),
            shortfall_kwh: kwh(0.1),
            import_before_kwh: kwh(1.3),
            import_after_kwh: kwh(1.3),
            up_revenue: money(0.08),
            down_cost: money(0.02),
            availability_revenue: Money::ZERO,
            penalty: Money::ZERO,
            paid_to_members: money(0.06),
            paid_by_members: money(0.03),
        });
    }

    fn push_battery_days(&mut self, day: u16, people: [Name; 3], class: Name) {
        for household in people {
            self.battery_days.push(BatteryDayRow {
                day,
                household,
                class,
                state_of_health: Some(0.9),
                calendar_loss: Some(0.075),
                cycle_loss: Some(0.025),
                full_equivalent_cycles: f64::from(day) * 0.25,
                throughput_kwh: kwh(7.3),
                mean_soc: 0.5,
            });
        }
    }

    fn push_block(&mut self, when: PeriodStamp, sender: Name, trade: &TradeRow, prev_hash: Digest) -> Digest {
        let height = trade.block_height;
        for (index, kind) in (0..).zip(["publish", "settle"]) {
            let settles = kind == "settle";
            self.transactions.push(TransactionRow {
                height,
                index,
                tx_id: Digest::of(&[height as u8, index as u8]),
                kind: Label(kind),
                sender,
                contract: Some(trade.trade_id),
                energy_micro_kwh: settles.then_some(trade.delivered_kwh.micro()),
                amount_micro: settles.then_some(trade.amount.micro()),
                status: Label(if settles { "settled" } else { "accepted" }),
            });
        }
        let hash = Digest::of(&[height as u8]);
        self.blocks.push(BlockRow {
            height,
            round: 0,
            proposer: sender,
            ts_commit: Timestamp(when.ts_start.0 + PERIOD_MICROS as i64),
            latency_ms: 12.5,
            txs: 2,
            bytes: 512,
            prev_hash,
            tx_root: Digest::of(b"transactions"),
            state_root: Digest::of(b"state"),
            hash,
        });
        hash
    }

    fn push_notes(&mut self, when: PeriodStamp, actor: Name) {
        for iteration in 0..3 {
            self.convergence.push(ConvergenceRow {
                when,
                optimizer: Label("ngo"),
                iteration,
                evaluations: u64::from(iteration + 1) * 30,
                best: 1.0 / f64::from(iteration + 1),
                mean: 2.0,
            });
        }
        if when.period == 0 {
            let at = when.ts_start;
            self.events.push(EventRow { at, actor, kind: Label("fault"), detail: "a \"fault\"".to_owned() });
            self.kpis.push(KpiRow {
                scope: Label("day"),
                id: when.day.to_string(),
                variable: Label("traded_kwh"),
                value: (when.day == 0).then_some(7.2),
                unit: Label("kWh"),
            });
        }
    }

    fn push_to(self, recorder: &mut Recorder) {
        self.trades.into_iter().for_each(|row| recorder.push(row));
        self.market.into_iter().for_each(|row| recorder.push(row));
        self.agents.into_iter().for_each(|row| recorder.push(row));
        self.operators.into_iter().for_each(|row| recorder.push(row));
        self.storage.into_iter().for_each(|row| recorder.push(row));
        self.feeder.into_iter().for_each(|row| recorder.push(row));
        self.fleet.into_iter().for_each(|row| recorder.push(row));
        self.blocks.into_iter().for_each(|row| recorder.push(row));
        self.transactions.into_iter().for_each(|row| recorder.push(row));
        self.convergence.into_iter().for_each(|row| recorder.push(row));
        self.events.into_iter().for_each(|row| recorder.push(row));
        self.households.into_iter().for_each(|row| recorder.push(row));
        self.kpis.into_iter().for_each(|row| recorder.push(row));
        self.battery_days.into_iter().for_each(|row| recorder.push(row));
    }
}
