//! Households: how many of each class there are, and what they did by class and time.

use std::collections::BTreeMap;
use std::path::Path;

use goshawk_market::quantity::{Energy, Price};
use goshawk_output::table::Table;
use serde::Serialize;

use super::axes::Axes;
use super::read::{Absence, micro, parts_of, scan, scan_part};
use super::source::ScenarioSource;
use super::sums::Sums;

/// What is summed, in micro-kWh and micro-currency. `content` is what batteries hold as a slot ends; `grid_cost` and
/// `company_cost` are what the outside energy cost.
const MEASURES: [&str; 11] = [
    "pv",
    "spilled",
    "drive",
    "sold",
    "p2p",
    "grid",
    "company",
    "withdrawn",
    "content",
    "grid_cost",
    "company_cost",
];
const CONTENT: usize = 8;
const GRID_COST: usize = 9;
const COMPANY_COST: usize = 10;
/// The columns of the measures before `content`.
const COLUMNS: [&str; CONTENT] = [
    "pv_kwh",
    "pv_spilled_kwh",
    "drive_kwh",
    "sold_kwh",
    "bought_p2p_kwh",
    "bought_grid_kwh",
    "bought_company_kwh",
    "withdrawn_kwh",
];

/// Classes in the order in which households are listed, with the number of households in all replicates.
///
/// # Errors
/// When there is no such table: why, in words.
pub(super) fn classes(scenario: &ScenarioSource) -> Result<Vec<(String, u64)>, Absence> {
    let mut classes: Vec<(String, u64)> = Vec::new();
    scan(scenario, Table::Households, &["class"], &mut |rows| {
        let class = rows.texts("class")?;
        for row in 0..rows.count() {
            let name = class.values()[class.key(row)];
            match classes.iter_mut().find(|(known, _)| known == name) {
                Some((_, count)) => *count += 1,
                None => classes.push((name.to_owned(), 1)),
            }
        }
        Ok(())
    })?;
    Ok(classes)
}

/// What households did.
#[derive(Debug, Clone, Serialize)]
pub struct Households {
    /// By class, sums over households, replicates and days.
    pub classes: BTreeMap<String, Sums>,
    /// Why there are no costs of outside energy.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub no_costs: Option<Absence>,
}

impl Households {
    /// Sums a scenario's table `agent_periods`.
    ///
    /// # Errors
    /// When there is no such table: why, in words.
    pub(super) fn read(scenario: &ScenarioSource, axes: &Axes) -> Result<Self, Absence> {
        let mut found = Self { classes: BTreeMap::new(), no_costs: None };
        let prices = parts_of(scenario, Table::MarketPeriods);
        for (place, path) in parts_of(scenario, Table::AgentPeriods)?.iter().enumerate() {
            // Parts of all tables hold the same replicates.
            let prices = match &prices {
                Ok(parts) => parts.get(place).map_or_else(
                    || Err("the table market_periods has fewer parts than agent_periods".to_owned()),
                    |path| Prices::read(path),
                ),
                Err(why) => Err(why.clone()),
            };
            let prices = match prices {
                Ok(prices) => prices,
                Err(why) => {
                    found.no_costs.get_or_insert(why);
                    Prices::default()
                }
            };
            found.add(path, axes, &prices)?;
        }
        Ok(found)
    }

    fn add(&mut self, path: &Path, axes: &Axes, prices: &Prices) -> Result<(), Absence> {
        let mut columns = vec!["replicate", "day", "period", "class", "content_kwh"];
        columns.extend(COLUMNS);
        let mut sums: Vec<(String, Sums)> = Vec::new();
        scan_part(path, Table::AgentPeriods, &columns, &mut |rows| {
            let (replicate, day) = (rows.counts("replicate")?, rows.shorts("day")?);
            let (period, class) = (rows.shorts("period")?, rows.texts("class")?);
            let content = rows.reals("content_kwh")?;
            let mut measures: Vec<&[f64]> = Vec::with_capacity(COLUMNS.len());
            for column in COLUMNS {
                measures.push(rows.reals(column)?);
            }
            let places: Vec<usize> = class.values().iter().map(|name| place(&mut sums, name, axes)).collect();
            let mut price = (None, (Price::ZERO, Price::ZERO));
            for row in 0..rows.count() {
                let Some(cell) = axes.cell(day[row], period[row]) else { continue };
                let (_, sums) = &mut sums[places[class.key(row)]];
                for (measure, values) in measures.iter().enumerate() {
                    if values[row] != 0.0 {
                        sums.add(measure, cell, micro(values[row]));
                    }
                }
                if axes.ends_slot(day[row], period[row]) {
                    sums.add(CONTENT, cell, micro(content[row]));
                }
                let when = (replicate[row], day[row], period[row]);
                if price.0 != Some(when) {
                    price = (Some(when), prices.at(when));
                }
                for (measure, column, price) in [(GRID_COST, 5, price.1.0), (COMPANY_COST, 6, price.1.1)] {
                    let energy = Energy::from_micro(micro(measures[column][row]));
                    if !energy.is_zero() {
                        sums.add(measure, cell, (price * energy).micro());
                    }
                }
            }
            Ok(())
        })?;
        for (name, part) in sums {
            match self.classes.get_mut(&name) {
                Some(sums) => sums.merge(&part),
                None => drop(self.classes.insert(name, part)),
            }
        }
        Ok(())
    }
}

fn place(sums: &mut Vec<(String, Sums)>, name: &str, axes: &Axes) -> usize {
    if let Some(place) = sums.iter().position(|(known, _)| known == name) {
        return place;
    }
    sums.push((name.to_owned(), Sums::new(&MEASURES, axes.cells())));
    sums.len() - 1
}

/// Prices of grid and company, by replicate, day and period, of one part.
#[derive(Debug, Default)]
struct Prices(BTreeMap<(u32, u16, u16), (Price, Price)>);

impl Prices {
    fn read(path: &Path) -> Result<Self, Absence> {
        let mut prices = BTreeMap::new();
        let columns = ["replicate", "day", "period", "grid_price_per_kwh", "company_price_per_kwh"];
        scan_part(path, Table::MarketPeriods, &columns, &mut |rows| {
            let (replicate, day) = (rows.counts("replicate")?, rows.shorts("day")?);
            let period = rows.shorts("period")?;
            let (grid, company) = (rows.reals("grid_price_per_kwh")?, rows.reals("company_price_per_kwh")?);
            for row in 0..rows.count() {
                let price = |value: f64| Price::from_micro(micro(value));
                prices
                    .insert((replicate[row], day[row], period[row]), (price(grid[row]), price(company[row])));
            }
            Ok(())
        })?;
        Ok(Self(prices))
    }

    fn at(&self, when: (u32, u16, u16)) -> (Price, Price) {
        self.0.get(&when).copied().unwrap_or((Price::ZERO, Price::ZERO))
    }
}
