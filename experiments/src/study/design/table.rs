//! Points from a table that was made elsewhere: CSV, or Parquet.
//!
//! ```text
//! point,battery.capacity_kwh,market.mechanism
//! 0,60,ngo
//! 1,82.5,mid_market_rate
//! ```
//!
//! Each column is a factor, named by its path; a column `point` numbers the points, which are otherwise numbered from 0. A cell
//! is a number, a truth (`true`, `false`) or a text. Rows keep their order.

use std::collections::BTreeMap;
use std::fmt;
use std::fs::File;

use super::{Design, POINTS_MAX, Point, Structure, check_paths};
use crate::scenario::path_names;
use crate::study::factor::Level;

mod columns;

/// The column that numbers the points.
const POINT: &str = "point";

/// Most problems that are told apart; of more, only how many.
pub const PROBLEMS_MAX: usize = 1000;

/// What is wrong with a cell, a row, a column, or the whole table.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct CellProblem {
    /// Row of values, from 1; `None` if it is about the names of the columns.
    pub row: Option<usize>,
    /// Line of a CSV file, from 1; `None` of a Parquet file.
    pub line: Option<usize>,
    /// Name of the column; `None` if it is about the whole row.
    pub column: Option<String>,
    /// What is there.
    pub found: String,
    /// What may be there.
    pub allowed: String,
}

impl fmt::Display for CellProblem {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let line = self.line.map(|line| format!("line {line}"));
        let row = self.row.map(|row| format!("row {row}"));
        let column = self.column.as_ref().map(|column| format!("column `{column}`"));
        let place: Vec<String> = [line, row, column].into_iter().flatten().collect();
        if !place.is_empty() {
            write!(f, "{}: ", place.join(", "))?;
        }
        write!(f, "found {}; allowed: {}", self.found, self.allowed)
    }
}

impl std::error::Error for CellProblem {}

/// What a cell is, before it is known to be a level.
#[derive(Debug, Clone, PartialEq)]
enum Cell {
    Level(Level),
    /// What is there instead.
    Bad(String),
}

/// The names of a table's columns, and its cells.
#[derive(Debug, Default)]
struct Cells {
    names: Vec<String>,
    /// Line of the names, and of each row; none of a Parquet file.
    name_line: Option<usize>,
    lines: Vec<Option<usize>>,
    rows: Vec<Vec<Cell>>,
    problems: Problems,
}

#[derive(Debug, Default)]
struct Problems {
    list: Vec<CellProblem>,
    unlisted: usize,
}

/// The design in the text of a CSV file.
///
/// # Errors
/// Every problem of it; more than [`PROBLEMS_MAX`] are counted only.
pub fn from_csv(text: &str) -> Result<Design, Vec<CellProblem>> {
    read_csv(text).design()
}

/// The design in a Parquet file.
///
/// # Errors
/// As [`from_csv`].
pub fn from_parquet(file: File) -> Result<Design, Vec<CellProblem>> {
    columns::read(file).design()
}

impl Cell {
    /// A cell of a CSV file.
    fn of_text(text: &str) -> Self {
        let whole = || text.parse::<i64>().ok().map(Level::Whole);
        let number = || text.parse::<f64>().ok().map(Level::Number);
        match text {
            "" => Self::Bad("an empty cell".to_owned()),
            // As pandas writes them.
            "true" | "True" => Self::Level(Level::Truth(true)),
            "false" | "False" => Self::Level(Level::Truth(false)),
            _ => Self::of(whole().or_else(number).unwrap_or_else(|| Level::Text(text.to_owned()))),
        }
    }

    fn of(level: Level) -> Self {
        if level.is_finite() { Self::Level(level) } else { Self::Bad(level.to_string()) }
    }
}

impl Problems {
    fn add(
        &mut self,
        (row, line, column): (Option<usize>, Option<usize>, Option<&str>),
        found: impl Into<String>,
        allowed: impl Into<String>,
    ) {
        if self.list.len() == PROBLEMS_MAX {
            self.unlisted += 1;
            return;
        }
        let (found, allowed) = (found.into(), allowed.into());
        self.list.push(CellProblem { row, line, column: column.map(str::to_owned), found, allowed });
    }

    /// All of them, row by row.
    fn finish(mut self) -> Vec<CellProblem> {
        self.list.sort_by_key(|problem| problem.row);
        if self.unlisted > 0 {
            let found = format!("{} more problems", self.unlisted);
            let allowed = "none".to_owned();
            self.list.push(CellProblem { row: None, line: None, column: None, found, allowed });
        }
        self.list
    }
}

fn read_csv(text: &str) -> Cells {
    let mut cells = Cells::default();
    let text = text.trim_start_matches('\u{feff}');
    let mut builder = csv::ReaderBuilder::new();
    builder.has_headers(false).flexible(true).trim(csv::Trim::All);
    let mut lines = builder.from_reader(text.as_bytes());
    for record in lines.records() {
        let record = match record {
            Ok(record) => record,
            Err(error) => {
                let line = error.position().map(|position| position.line() as usize);
                cells.problems.add((None, line, None), "a row that cannot be read", "comma-separated values");
                break;
            }
        };
        let line = record.position().map(|position| line_at(text, position.byte() as usize));
        if cells.names.is_empty() {
            cells.name_line = line;
            cells.names = record.iter().map(str::to_owned).collect();
            continue;
        }
        let row = cells.rows.len() + 1;
        if record.len() != cells.names.len() {
            let found = format!("{} cells", record.len());
            let allowed = format!("{}, one for each column", cells.names.len());
            cells.problems.add((Some(row), line, None), found, allowed);
        }
        cells.lines.push(line);
        cells.rows.push(record.iter().map(Cell::of_text).collect());
    }
    cells
}

/// The line of the record that begins at a byte; the reader counts blank lines before a record as parts of it.
fn line_at(text: &str, byte: usize) -> usize {
    let (before, after) = text.split_at_checked(byte).unwrap_or((text, ""));
    let blank = after.len() - after.trim_start().len();
    let newlines = |text: &str| text.bytes().filter(|&byte| byte == b'\n').count();
    1 + newlines(before) + newlines(&after[..blank])
}

impl Cells {
    fn design(mut self) -> Result<Design, Vec<CellProblem>> {
        self.check_names();
        let count = self.rows.len();
        if !(1..=POINTS_MAX as usize).contains(&count) && self.problems.list.is_empty() {
            let allowed = format!("1 to {POINTS_MAX} rows of values below the names of the columns");
            self.problems.add((None, None, None), format!("{count} rows"), allowed);
        }
        let point_column = self.names.iter().position(|name| name == POINT);
        let mut seen = BTreeMap::new();
        let mut points = Vec::with_capacity(count);
        for (place, row) in std::mem::take(&mut self.rows).into_iter().enumerate() {
            let line = self.lines.get(place).copied().flatten();
            let mut point = Point { index: place as u32, positions: Vec::new(), levels: Vec::new() };
            for (column, cell) in row.into_iter().enumerate() {
                let Some(name) = self.names.get(column) else { break };
                let at = (Some(place + 1), line, Some(name.as_str()));
                match cell {
                    Cell::Level(level) if Some(column) == point_column => match number_of(&level) {
                        Some(index) => {
                            point.index = index;
                            if let Some(first) = seen.insert(index, place + 1) {
                                let found = format!("{index} again, as in row {first}");
                                self.problems.add(at, found, "a number of its own");
                            }
                        }
                        None => {
                            let found = level.to_string();
                            self.problems.add(at, found, format!("a whole number from 0 to {}", u32::MAX));
                        }
                    },
                    Cell::Level(level) => point.levels.push(level),
                    Cell::Bad(found) => self.problems.add(at, found, "a finite number, a truth or a text"),
                }
            }
            points.push(point);
        }
        let problems = self.problems.finish();
        if !problems.is_empty() {
            return Err(problems);
        }
        let paths = self.names.into_iter().filter(|name| name != POINT).collect();
        Ok(Design { paths, points, structure: Structure::Table })
    }

    fn check_names(&mut self) {
        let line = self.name_line;
        let names: Vec<&str> = self.names.iter().map(String::as_str).collect();
        if names.is_empty() {
            let found = "no names of columns";
            if self.problems.list.is_empty() {
                self.problems.add((None, line, None), found, "a column for each factor, named by its path");
            }
            return;
        }
        let factors: Vec<&str> = names.iter().copied().filter(|&name| name != POINT).collect();
        if names.len() > factors.len() + 1 {
            self.problems.add((None, line, Some(POINT)), "it again", "each column once");
        }
        for name in &factors {
            if path_names(name).is_none() {
                let allowed = "the path of a field of the scenario, such as battery.capacity_kwh";
                self.problems.add((None, line, Some(*name)), "a name that is no path", allowed);
            }
        }
        for problem in check_paths(&factors) {
            self.problems.add((None, line, None), problem.found, problem.allowed);
        }
    }
}

fn number_of(level: &Level) -> Option<u32> {
    match level {
        Level::Whole(number) => u32::try_from(*number).ok(),
        _ => None,
    }
}
