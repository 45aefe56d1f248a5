//! The market, the operators and the shared storage by time.

use std::collections::BTreeMap;

use goshawk_output::table::Table;

use super::axes::Axes;
use super::read::{Absence, micro, scan};
use super::source::ScenarioSource;
use super::sums::Sums;

/// What is summed over periods: energies, the outside prices, and the gap with the number of periods that have one.
/// `gap_max` is the largest, not a sum.
const MARKET: [&str; 9] = [
    "periods",
    "offered",
    "wanted",
    "traded",
    "grid_price",
    "company_price",
    "gap",
    "gap_periods",
    "gap_max",
];
const OPERATOR: [&str; 3] = ["revenue", "cost", "energy"];
const STORAGE: [&str; 4] = ["content", "charge", "discharge", "losses"];

/// Sums of a scenario's table `market_periods`.
///
/// # Errors
/// When there is no such table: why, in words.
pub(super) fn market(scenario: &ScenarioSource, axes: &Axes) -> Result<Sums, Absence> {
    let mut sums = Sums::new(&MARKET, axes.cells());
    const ENERGIES: [&str; 5] =
        ["offered_kwh", "wanted_kwh", "traded_kwh", "grid_price_per_kwh", "company_price_per_kwh"];
    let mut columns = vec!["day", "period", "gap"];
    columns.extend(ENERGIES);
    scan(scenario, Table::MarketPeriods, &columns, &mut |rows| {
        let (day, period) = (rows.shorts("day")?, rows.shorts("period")?);
        let gap = rows.optional("gap")?;
        for row in 0..rows.count() {
            let Some(cell) = axes.cell(day[row], period[row]) else { continue };
            sums.add(0, cell, 1);
            if let Some(gap) = gap[row] {
                sums.add(6, cell, micro(gap));
                sums.add(7, cell, 1);
                sums.raise(8, cell, micro(gap));
            }
        }
        for (place, column) in ENERGIES.into_iter().enumerate() {
            let values = rows.reals(column)?;
            for row in 0..rows.count() {
                let Some(cell) = axes.cell(day[row], period[row]) else { continue };
                sums.add(1 + place, cell, micro(values[row]));
            }
        }
        Ok(())
    })?;
    Ok(sums)
}

/// Sums of a scenario's table `operator_periods`, by operator.
///
/// # Errors
/// When there is no such table: why, in words.
pub(super) fn operators(scenario: &ScenarioSource, axes: &Axes) -> Result<BTreeMap<String, Sums>, Absence> {
    let mut operators: BTreeMap<String, Sums> = BTreeMap::new();
    let columns = ["day", "period", "operator", "revenue", "cost", "energy_kwh"];
    scan(scenario, Table::OperatorPeriods, &columns, &mut |rows| {
        let (day, period) = (rows.shorts("day")?, rows.shorts("period")?);
        let operator = rows.texts("operator")?;
        let values = [rows.reals("revenue")?, rows.reals("cost")?, rows.reals("energy_kwh")?];
        for (key, name) in operator.values().iter().enumerate() {
            let sums =
                operators.entry((*name).to_owned()).or_insert_with(|| Sums::new(&OPERATOR, axes.cells()));
            for row in (0..rows.count()).filter(|&row| operator.key(row) == key) {
                let Some(cell) = axes.cell(day[row], period[row]) else { continue };
                for (measure, values) in values.iter().enumerate() {
                    sums.add(measure, cell, micro(values[row]));
                }
            }
        }
        Ok(())
    })?;
    Ok(operators)
}

/// Sums of a scenario's table `storage_periods`; `content` as slots end.
///
/// # Errors
/// When there is no such table: why, in words.
pub(super) fn storage(scenario: &ScenarioSource, axes: &Axes) -> Result<Sums, Absence> {
    let mut sums = Sums::new(&STORAGE, axes.cells());
    let columns = ["day", "period", "content_kwh", "charge_kwh", "discharge_kwh", "losses_kwh"];
    scan(scenario, Table::StoragePeriods, &columns, &mut |rows| {
        let (day, period) = (rows.shorts("day")?, rows.shorts("period")?);
        let content = rows.reals("content_kwh")?;
        let flows = [rows.reals("charge_kwh")?, rows.reals("discharge_kwh")?, rows.reals("losses_kwh")?];
        for row in 0..rows.count() {
            let Some(cell) = axes.cell(day[row], period[row]) else { continue };
            if axes.ends_slot(day[row], period[row]) {
                sums.add(0, cell, micro(content[row]));
            }
            for (measure, values) in flows.iter().enumerate() {
                sums.add(1 + measure, cell, micro(values[row]));
            }
        }
        Ok(())
    })?;
    Ok(sums)
}
