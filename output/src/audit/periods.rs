//! The walk through all periods of all replicates, every table of periods at the same pace.

use std::path::Path;

use super::feeder::check_feeder;
use super::fleet::check_fleet;
use super::households::Homes;
use super::micro::Micro;
use super::read::{Context, Record, Rows, When};
use super::records::{Agent, Feeder, Fleet, Household, Market, OperatorMoney, Storage, Trade};
use super::report::{Check, Ledger};
use super::trades::check_trade;
use crate::error::OutputError;
use crate::manifest::Manifest;
use crate::table::Table;

/// The tables that the walk needs.
pub(super) const TABLES: [Table; 8] = [
    Table::Households,
    Table::AgentPeriods,
    Table::Trades,
    Table::MarketPeriods,
    Table::OperatorPeriods,
    Table::StoragePeriods,
    Table::FeederPeriods,
    Table::AggregatorPeriods,
];

/// All rows of one period.
#[derive(Debug)]
pub(super) struct Period {
    pub(super) when: When,
    pub(super) agents: Vec<Agent>,
    pub(super) trades: Vec<Trade>,
    market: Vec<Market>,
    pub(super) operators: Vec<OperatorMoney>,
    storage: Vec<Storage>,
    pub(super) feeder: Vec<Feeder>,
    pub(super) fleet: Vec<Fleet>,
}

/// Checks the books of every period.
pub(super) fn check(folder: &Path, manifest: &Manifest, ledger: &mut Ledger) -> Result<(), OutputError> {
    let context = &mut Context::new(folder, manifest);
    let mut households = Rows::<Household>::open(context, ledger)?;
    let mut agents = Rows::<Agent>::open(context, ledger)?;
    let mut trades = Rows::<Trade>::open(context, ledger)?;
    let mut market = Rows::<Market>::open(context, ledger)?;
    let mut operators = Rows::<OperatorMoney>::open(context, ledger)?;
    let mut storage = Rows::<Storage>::open(context, ledger)?;
    let mut feeder = Rows::<Feeder>::open(context, ledger)?;
    let mut fleet = Rows::<Fleet>::open(context, ledger)?;
    for replicate in manifest.replicates_with_rows() {
        let first = When { replicate, day: 0, period: 0 };
        let rows = households.take(first, context, ledger)?;
        let has_feeder = rows.iter().any(|household| household.bus.is_some());
        let mut homes = Homes::open(rows, context, ledger);
        let mut stored = Micro::from_steps(manifest.opening.storage_micro_kwh.micro());
        for (number, when) in periods_of(manifest, replicate).enumerate() {
            let period = Period {
                when,
                agents: agents.take(when, context, ledger)?,
                trades: trades.take(when, context, ledger)?,
                market: market.take(when, context, ledger)?,
                operators: operators.take(when, context, ledger)?,
                storage: storage.take(when, context, ledger)?,
                feeder: feeder.take(when, context, ledger)?,
                fleet: fleet.take(when, context, ledger)?,
            };
            let start = start_of(manifest, number);
            check_starts(&period.agents, |row| row.stamp.1, start, context, ledger);
            check_starts(&period.trades, |row| row.stamp.1, start, context, ledger);
            check_starts(&period.market, |row| row.stamp.1, start, context, ledger);
            check_starts(&period.operators, |row| row.stamp.1, start, context, ledger);
            check_starts(&period.storage, |row| row.stamp.1, start, context, ledger);
            check_starts(&period.feeder, |row| row.stamp.1, start, context, ledger);
            check_starts(&period.fleet, |row| row.stamp.1, start, context, ledger);
            homes.check(&period, context, ledger);
            check_market(&period, context, ledger);
            stored = check_storage(&period, stored, context, ledger);
            check_feeder(&period, has_feeder, context, ledger);
            check_fleet(&period, context, ledger);
            check_money(&period, context, ledger);
        }
    }
    households.finish(context, ledger)?;
    agents.finish(context, ledger)?;
    trades.finish(context, ledger)?;
    market.finish(context, ledger)?;
    operators.finish(context, ledger)?;
    storage.finish(context, ledger)?;
    feeder.finish(context, ledger)?;
    fleet.finish(context, ledger)
}

/// The periods that the manifest promises, in order.
fn periods_of(manifest: &Manifest, replicate: u32) -> impl Iterator<Item = When> {
    let per_day = u16::try_from(manifest.horizon.periods_per_day()).unwrap_or(u16::MAX);
    let days = (0..u16::MAX).flat_map(move |day| (0..per_day).map(move |period| (day, period)));
    let all = days.take(manifest.horizon.periods as usize);
    all.map(move |(day, period)| When { replicate, day, period })
}

fn start_of(manifest: &Manifest, number: usize) -> i64 {
    let since = (manifest.horizon.period_micros as i64).wrapping_mul(number as i64);
    manifest.horizon.start_micros.wrapping_add(since)
}

fn check_starts<R: Record>(
    rows: &[R],
    start_of: impl Fn(&R) -> i64,
    expected: i64,
    context: &Context<'_>,
    ledger: &mut Ledger,
) {
    for row in rows {
        let found = start_of(row);
        ledger.enter(Check::Completeness, found == expected, || {
            let (place, when) = (Some(row.place()), Some(row.when()));
            context.finding(R::TABLE, place, when, "ts_start in microseconds", expected, found)
        });
    }
}

/// The market is there once, and its trades are as they should be.
fn check_market(period: &Period, context: &Context<'_>, ledger: &mut Ledger) {
    let rows = period.market.len();
    ledger.enter(Check::Completeness, rows == 1, || {
        context.finding(Table::MarketPeriods, None, Some(period.when), "rows of the period", 1, rows)
    });
    let outside = period.market.first().map(|row| row.grid_price_per_kwh.min(row.company_price_per_kwh));
    for trade in &period.trades {
        check_trade(trade, outside, context, ledger);
    }
}

/// The storage's content changes by what households put in and took out; its content afterwards.
fn check_storage(period: &Period, before: Micro, context: &Context<'_>, ledger: &mut Ledger) -> Micro {
    let rows = period.storage.len();
    ledger.enter(Check::Completeness, rows <= 1, || {
        context.finding(Table::StoragePeriods, None, Some(period.when), "rows of the period", 1, rows)
    });
    let row = period.storage.first();
    let place = row.map(|row| row.place);
    let mut same = |quantity: &str, expected: Micro, found: Micro| {
        ledger.enter(Check::StorageEnergy, expected == found, || {
            context.finding(Table::StoragePeriods, place, Some(period.when), quantity, expected, found)
        });
    };
    let stored: Micro = period.agents.iter().map(|agent| agent.stored_kwh).sum();
    let withdrawn: Micro = period.agents.iter().map(|agent| agent.withdrawn_kwh).sum();
    let charge = row.map_or(Micro::ZERO, |row| row.charge_kwh);
    let discharge = row.map_or(Micro::ZERO, |row| row.discharge_kwh);
    same("charge_kwh against the households' stored_kwh", stored, charge);
    same("discharge_kwh against the households' withdrawn_kwh", withdrawn, discharge);
    let Some(row) = row else { return before };
    let expected = before + row.charge_kwh - row.discharge_kwh - row.losses_kwh;
    same("content_kwh = content before + charge - discharge - losses", expected, row.content_kwh);
    for (quantity, value) in [
        ("content_kwh", row.content_kwh),
        ("charge_kwh", row.charge_kwh),
        ("discharge_kwh", row.discharge_kwh),
        ("losses_kwh", row.losses_kwh),
    ] {
        ledger.enter(Check::StorageEnergy, !value.is_negative(), || {
            context.finding(Table::StoragePeriods, place, Some(period.when), quantity, "0 or more", value)
        });
    }
    row.content_kwh
}

/// What one receives another pays.
fn check_money(period: &Period, context: &Context<'_>, ledger: &mut Ledger) {
    let households: Micro = period.agents.iter().map(|agent| agent.income - agent.spend).sum();
    let operators: Micro = period.operators.iter().map(|operator| operator.revenue - operator.cost).sum();
    let sum = households + operators;
    ledger.enter(Check::Money, sum == Micro::ZERO, || {
        let quantity = format!("households' {households} + operators' {operators}");
        context.finding(Table::OperatorPeriods, None, Some(period.when), quantity, Micro::ZERO, sum)
    });
    for (index, row) in period.operators.iter().enumerate() {
        let again = period.operators[..index].iter().any(|earlier| earlier.operator == row.operator);
        ledger.enter(Check::Completeness, !again, || {
            let operator = context.names.text(row.operator);
            let quantity = format!("rows of {operator}");
            let table = Table::OperatorPeriods;
            context.finding(table, Some(row.place), Some(period.when), quantity, 1, 2)
        });
    }
}
