//! What the paper prints: its tables and claims, and the scenarios that stand for its own.

use std::path::Path;

use crate::calibrate::targets::Targets;
use crate::scenario::{Loaded, Problems, load_text};

/// What `goshawk paper --out` writes beside its runs; a folder with it has the paper's figures.
pub const PAPER_FILE: &str = "paper.json";
/// The paper's figures and those of a report that show the same, by their ids there.
pub const FIGURES: [(u8, &str, &str); 9] = [
    (4, "photovoltaics", "photovoltaic output"),
    (5, "purchases-A", "purchases of Class A"),
    (6, "prices", "tariffs, and the price between users"),
    (7, "purchases-B", "purchases of Class B"),
    (8, "purchases-C", "purchases of Class C"),
    (9, "cost", "what energy costs, by channel"),
    (10, "operators", "revenue of the operators"),
    (11, "convergence", "convergence of the optimizers"),
    (12, "storage", "content of the shared storage"),
];
/// Names of the classes.
pub const CLASSES: [&str; 3] = ["A", "B", "C"];
/// Names of the scenarios.
pub const SCENARIOS: [&str; 3] = ["I", "II", "III"];

const FILES: [(&str, &str); 3] = [
    ("paper_1.toml", include_str!("../../../scenarios/paper_1.toml")),
    ("paper_2.toml", include_str!("../../../scenarios/paper_2.toml")),
    ("paper_3.toml", include_str!("../../../scenarios/paper_3.toml")),
];
const TABLES: [(&str, &str); 4] = [
    ("table_1.csv", include_str!("../../../scenarios/paper/table_1.csv")),
    ("table_2.csv", include_str!("../../../scenarios/paper/table_2.csv")),
    ("table_3.csv", include_str!("../../../scenarios/paper/table_3.csv")),
    ("table_4.csv", include_str!("../../../scenarios/paper/table_4.csv")),
];
const TABLE_5: &str = include_str!("../../../scenarios/paper/table_5.csv");
const TABLE_6: &str = include_str!("../../../scenarios/paper/table_6.csv");
const CLAIMS: &str = include_str!("../../../scenarios/paper/claims.csv");

/// A statement of the paper's Section 7.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Claim {
    /// Such as `A1`.
    pub id: String,
    /// The scenarios that it is about, from 0.
    pub scenarios: Vec<usize>,
    /// In words.
    pub statement: String,
}

/// A row of Table 6.
#[derive(Debug, Clone, PartialEq)]
pub struct OptimizerRow {
    /// The name here, which is the paper's too.
    pub optimizer: String,
    /// Revenue in yuan.
    pub revenue: f64,
}

/// Scenario `index` from 0, with `sets` carried out.
///
/// # Errors
/// When a `set` does not fit.
pub fn scenario(index: usize, sets: &[String]) -> Result<Loaded, Problems> {
    let (name, text) = FILES[index];
    load_text(name, text, Path::new(""), sets)
}

/// Table 1 to 4, by its number in the paper.
///
/// # Panics
/// For another number.
pub fn table(number: usize) -> Targets {
    let (name, text) = TABLES[number - 1];
    Targets::parse(name, text, &CLASSES.map(str::to_owned))
        .expect("invariant: a table of this crate is sound")
}

/// Table 5: mean cost of electricity without and with the ledger, in yuan/kWh.
pub fn mean_costs() -> [f64; 2] {
    let row = TABLE_5.lines().nth(1).expect("invariant: the table has a row");
    let mut values = row.split(',').skip(1).map(|value| value.parse().expect("invariant: a number"));
    [0, 1].map(|_| values.next().expect("invariant: two numbers"))
}

/// Table 6.
pub fn optimizers() -> Vec<OptimizerRow> {
    let row = |line: &str| {
        let mut fields = line.split(',');
        let optimizer = fields.next()?.to_owned();
        let revenue = fields.nth(2)?.parse().ok()?;
        Some(OptimizerRow { optimizer, revenue })
    };
    TABLE_6.lines().skip(1).map(|line| row(line).expect("invariant: the table is sound")).collect()
}

/// The claims, in their order.
pub fn claims() -> Vec<Claim> {
    let row = |line: &str| {
        let mut fields = line.splitn(3, ',');
        let id = fields.next()?.to_owned();
        let scenarios = match fields.next()? {
            "all" => vec![0, 1, 2],
            list => list
                .split(';')
                .filter_map(|number| number.parse::<usize>().ok())
                .map(|number| number - 1)
                .collect(),
        };
        Some(Claim { id, scenarios, statement: fields.next()?.to_owned() })
    };
    CLAIMS.lines().skip(1).map(|line| row(line).expect("invariant: the list is sound")).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_papers_facts_are_read() {
        assert_eq!(claims().len(), 28);
        assert_eq!(mean_costs(), [1.3, 0.74]);
        assert_eq!(optimizers()[2], OptimizerRow { optimizer: "pso".to_owned(), revenue: 2621.941 });
        assert!((table(2).total(0) - 423.558).abs() < 1e-9);
    }
}
