//! The paper's Tables 1 to 6 beside ours, cell by cell.

use goshawk_agents::journal::day_sheet::DaySheet;
use serde::Serialize;

use super::claims::{Costs, Mode};
use super::facts::{self, CLASSES, SCENARIOS};
use super::{OPTIMIZERS, day};
use crate::assemble::Budget;
use crate::calibrate::description::Measure;
use crate::calibrate::loss::Agreement;
use crate::calibrate::model::held_against;
use crate::compare::Comparison;
use crate::compare::measure::{EVALUATIONS, GAP, SELLERS_REVENUE, WELFARE};
use crate::scenario::Loaded;
use crate::statistics::Estimate;

/// A number of the paper beside ours.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct Cell {
    /// The table's number.
    pub table: u8,
    /// How households decide, where it matters.
    pub mode: Option<Mode>,
    /// The row.
    pub row: String,
    /// The column.
    pub column: String,
    /// The unit.
    pub unit: &'static str,
    /// What the paper prints.
    pub paper: Option<f64>,
    /// Ours: the mean over the replicates.
    pub ours: f64,
    /// The low end of its 95 % interval.
    pub low: f64,
    /// The high end.
    pub high: f64,
}

impl Cell {
    /// The mean of values and its interval, beside the paper's number.
    fn of(
        table: u8,
        mode: Option<Mode>,
        place: (&str, &str),
        unit: &'static str,
        paper: Option<f64>,
        values: &[f64],
    ) -> Self {
        let estimate = Estimate::of(values).expect("invariant: at least one replicate");
        let [low, high] = estimate.interval().unwrap_or([estimate.mean; 2]);
        let (row, column) = (place.0.to_owned(), place.1.to_owned());
        Self { table, mode, row, column, unit, paper, ours: estimate.mean, low, high }
    }
}

/// Table 1: the portraits' charging hours, which are an input.
pub fn inputs(loaded: &Loaded) -> Vec<Cell> {
    let wanted = facts::table(1);
    let mut cells = Vec::new();
    for (hour, row) in &wanted.rows {
        for (class, paper) in CLASSES.iter().zip(row) {
            let charges = loaded.scenario.portraits[*class].charging_hours.contains(hour);
            let ours = [f64::from(u8::from(charges))];
            cells.push(Cell::of(1, None, (&hour.to_string(), class), "1", Some(*paper), &ours));
        }
    }
    cells
}

/// Tables 2 to 4: sales of each class in each hour of Scenario `index`, and their totals.
pub fn sales(mode: Mode, index: usize, sheets: &[DaySheet]) -> Vec<Cell> {
    let targets = facts::table(2 + index);
    let number = 2 + index as u8;
    let runs: Vec<Vec<f64>> =
        sheets.iter().map(|sheet| held_against(sheet, Measure::SalesRevenue, &targets, 1.0)).collect();
    let mut cells = Vec::new();
    for (place, (hour, row)) in targets.rows.iter().enumerate() {
        for (class, paper) in row.iter().enumerate() {
            let values: Vec<f64> = runs.iter().map(|run| run[place * CLASSES.len() + class]).collect();
            let at = (&*hour.to_string(), CLASSES[class]);
            cells.push(Cell::of(number, Some(mode), at, "CNY", Some(*paper), &values));
        }
    }
    for (class, name) in CLASSES.iter().enumerate() {
        let totals: Vec<f64> =
            runs.iter().map(|run| run.iter().skip(class).step_by(CLASSES.len()).sum()).collect();
        let paper = Some(targets.total(class));
        cells.push(Cell::of(number, Some(mode), ("total", name), "CNY", paper, &totals));
    }
    cells
}

/// How near a scenario's sales are to the paper's.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct Agreed {
    /// The table's number.
    pub table: u8,
    /// How households decide.
    pub mode: Mode,
    /// Whether the fit saw the table.
    pub is_fitted: bool,
    /// Absolute relative errors of the cells above zero.
    pub errors: Vec<f64>,
    /// The rest.
    pub agreement: Agreement,
}

/// How near the means of a scenario's replicates are to the paper's table.
pub fn agreed(mode: Mode, index: usize, sheets: &[DaySheet]) -> Agreed {
    let targets = facts::table(2 + index);
    let mut means = vec![0.0; targets.cells()];
    for sheet in sheets {
        for (mean, value) in means.iter_mut().zip(held_against(sheet, Measure::SalesRevenue, &targets, 1.0)) {
            *mean += value / sheets.len() as f64;
        }
    }
    let cells = targets.rows.values().flatten().zip(&means);
    let errors =
        cells.filter(|(paper, _)| **paper > 0.0).map(|(paper, ours)| (ours / paper - 1.0).abs()).collect();
    let is_fitted = index < 2;
    Agreed { table: 2 + index as u8, mode, is_fitted, errors, agreement: Agreement::of(&targets, &means) }
}

/// Table 5: mean cost of electricity without and with the market, of each scenario and over all three; and the means for E1.
///
/// `with` and `without` are the same households with the market and without it: what they paid less what they received, over
/// what they drove. Beside them, the conventional channels of Section 7.2: all that is driven, at the cheaper outside price of
/// its hour.
pub fn mean_costs(mode: Mode, with: &[Vec<DaySheet>], without: &[Vec<DaySheet>]) -> (Vec<Cell>, Costs) {
    let [paper_without, paper_with] = facts::mean_costs();
    type Value = fn(&DaySheet, &DaySheet) -> f64;
    let of_without: Value = |_, without| day::net_cost(without) / day::driven(without);
    let of_with: Value = |with, _| day::net_cost(with) / day::driven(with);
    let ratio: Value = |with, without| {
        day::net_cost(with) / day::driven(with) / (day::net_cost(without) / day::driven(without))
    };
    let conventional: Value = |with, _| day::conventional_cost(with) / day::driven(with);
    let of_conventional: Value = |with, _| day::net_cost(with) / day::conventional_cost(with);
    let columns: [(&str, &'static str, Option<f64>, Value); 5] = [
        ("without", "CNY/kWh", Some(paper_without), of_without),
        ("with", "CNY/kWh", Some(paper_with), of_with),
        ("with / without", "1", Some(paper_with / paper_without), ratio),
        ("conventional", "CNY/kWh", Some(paper_without), conventional),
        ("with / conventional", "1", Some(paper_with / paper_without), of_conventional),
    ];
    let mut cells = Vec::new();
    let pairs = |place: usize, value: Value| -> Vec<f64> {
        with[place].iter().zip(&without[place]).map(|(with, without)| value(with, without)).collect()
    };
    for (place, name) in SCENARIOS.iter().enumerate() {
        for (column, unit, _, value) in columns {
            cells.push(Cell::of(5, Some(mode), (name, column), unit, None, &pairs(place, value)));
        }
    }
    // Replicate r of the three scenarios together is one value.
    for (column, unit, paper, value) in columns {
        let each: Vec<Vec<f64>> = (0..SCENARIOS.len()).map(|place| pairs(place, value)).collect();
        let replicates = each.iter().map(Vec::len).min().unwrap_or(0);
        let over_all: Vec<f64> = (0..replicates)
            .map(|replicate| each.iter().map(|values| values[replicate]).sum::<f64>() / each.len() as f64)
            .collect();
        cells.push(Cell::of(5, Some(mode), ("all", column), unit, paper, &over_all));
    }
    let mean = |sheets: &[Vec<DaySheet>], cost: fn(&DaySheet) -> f64| {
        let all: Vec<f64> = sheets.iter().flatten().map(|sheet| cost(sheet) / day::driven(sheet)).collect();
        all.iter().sum::<f64>() / all.len() as f64
    };
    let costs = Costs {
        with: mean(with, day::net_cost),
        without: mean(without, day::net_cost),
        conventional: mean(with, day::conventional_cost),
    };
    (cells, costs)
}

/// Table 6 within a budget.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct Optimizers {
    /// What is equal.
    pub budget: &'static str,
    /// Seeds in which improved NGO >= improved PSO >= PSO, by their gap to the exact optimum of the same problem.
    pub ordered: usize,
    /// Those of them in which all three are at the optimum: the order holds as a tie.
    pub tied: usize,
    /// Seeds in which the order is that of the sellers' revenue, and of welfare.
    pub ordered_by: [usize; 2],
    /// Seeds.
    pub seeds: usize,
    /// The median gap of a clearing to the exact optimum for the same weights, in each seed, by optimizer.
    pub gap: Vec<Vec<f64>>,
    /// The day's welfare in each seed, by optimizer: what users and fee takers gain over no trade, the sum that the clearing
    /// divides between both sides, in yuan.
    pub welfare: Vec<Vec<f64>>,
    /// The sellers' revenue of the day, in yuan.
    pub revenue: Vec<Vec<f64>>,
    /// Evaluations of a clearing.
    pub evaluations: Vec<f64>,
}

/// Gaps within this count as equal, and one below it as none: a millionth of the objective.
const EQUAL: f64 = 1e-6;

impl Optimizers {
    /// Of a comparison of [`OPTIMIZERS`], in their order.
    pub fn of(comparison: &Comparison, budget: Budget) -> Self {
        let values_or = |measure, unknown: f64| -> Vec<Vec<f64>> {
            let arms = comparison.arms.iter();
            arms.map(|arm| arm.values(measure).into_iter().map(|value| value.unwrap_or(unknown)).collect())
                .collect()
        };
        let values = |measure| values_or(measure, 0.0);
        // A gap that is not known is no order.
        let gap = values_or(&GAP, f64::INFINITY);
        let seeds = gap.first().map_or(0, Vec::len);
        let at_least = |a: f64, b: f64| a <= b + EQUAL;
        let gaps = |seed: usize| [0, 1, 2].map(|arm| gap[arm][seed]);
        let is_ordered = |[ngo, improved, pso]: [f64; 3]| at_least(ngo, improved) && at_least(improved, pso);
        let ordered = (0..seeds).filter(|&seed| is_ordered(gaps(seed))).count();
        let tied = (0..seeds).filter(|&seed| gaps(seed).iter().all(|gap| *gap <= EQUAL)).count();
        let evaluations =
            values(&EVALUATIONS).iter().map(|arm| arm.first().copied().unwrap_or(0.0)).collect();
        let budget = match budget {
            Budget::Iterations => "equal iterations",
            Budget::Evaluations => "equal evaluations",
        };
        let (welfare, revenue) = (values(&WELFARE), values(&SELLERS_REVENUE));
        let falls = |values: &[Vec<f64>]| {
            let least = |seed: usize, arm: usize| values[arm][seed] >= values[arm + 1][seed] * (1.0 - EQUAL);
            (0..seeds).filter(|&seed| least(seed, 0) && least(seed, 1)).count()
        };
        let ordered_by = [falls(&revenue), falls(&welfare)];
        Self { budget, ordered, tied, ordered_by, seeds, gap, welfare, revenue, evaluations }
    }

    /// Its cells: revenue beside the paper's, and welfare, which the paper does not print.
    pub fn cells(&self) -> Vec<Cell> {
        let paper = facts::optimizers();
        let mut cells = Vec::new();
        for (place, name) in OPTIMIZERS.iter().enumerate() {
            let at = format!("{name}, {}", self.budget);
            let revenue = Some(paper[place].revenue);
            cells.push(Cell::of(
                6,
                Some(Mode::Habit),
                (&at, "revenue"),
                "CNY",
                revenue,
                &self.revenue[place],
            ));
            cells.push(Cell::of(6, Some(Mode::Habit), (&at, "welfare"), "CNY", None, &self.welfare[place]));
            cells.push(Cell::of(6, Some(Mode::Habit), (&at, "gap"), "1", None, &self.gap[place]));
        }
        cells
    }
}
