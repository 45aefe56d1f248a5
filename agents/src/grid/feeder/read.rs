//! Reads the two files of a feeder and collects everything that is wrong with them.

use std::ops::{Range, RangeInclusive};

use super::{BUSES_MAX, Bus, FeederProblem, File, Line, PROBLEMS_MAX, Tables, topology};

const LINE_COLUMNS: [&str; 4] = ["from_bus", "to_bus", "r_ohm", "x_ohm"];
const LIMIT: &str = "limit_kva";
const BUS_COLUMNS: [&str; 3] = ["bus", "p_kw", "q_kvar"];
const OHM_MAX: f64 = 1e6;
const KVA_MAX: f64 = 1e7;

/// A row of the file of lines.
pub(super) struct LineRow {
    pub(super) line: Line,
    /// Line of the file, from 1.
    pub(super) number: usize,
    span: Range<usize>,
}

/// A row of the file of buses.
pub(super) struct BusRow {
    pub(super) bus: Bus,
    /// Line of the file, from 1.
    pub(super) number: usize,
    span: Range<usize>,
}

/// What was read so far, and what was wrong with it.
pub(super) struct Rows<'a> {
    pub(super) lines: Vec<LineRow>,
    pub(super) buses: Vec<BusRow>,
    pub(super) unknown_substation: Option<u32>,
    weights: Vec<(String, Vec<f64>)>,
    texts: [&'a str; 2],
    problems: Vec<FeederProblem>,
    unlisted: [usize; 2],
    /// Whether a row of a file could not be read.
    unreadable: [bool; 2],
}

/// Why a feeder cannot be read.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct FeederProblems {
    /// What is wrong with its files, in no particular order; beyond [`PROBLEMS_MAX`] in a file only a count.
    pub list: Vec<FeederProblem>,
    /// The substation that was asked for and is no bus of any line.
    pub unknown_substation: Option<u32>,
}

/// Reads the files of a feeder, comma-separated with a row of column names.
///
/// Lines: `from_bus`, `to_bus`, `r_ohm`, `x_ohm` and, where lines have limits, `limit_kva`. Buses: `bus`, `p_kw`,
/// `q_kvar`, and those of the columns in `weights` that there are. Other columns are left alone. Without
/// `substation` the feeder begins at the one bus that is at the end of no line.
///
/// # Errors
/// Everything that is wrong with the files.
pub fn read(
    lines: &str,
    buses: &str,
    substation: Option<u32>,
    weights: &[String],
) -> Result<Tables, FeederProblems> {
    let mut rows = Rows {
        lines: Vec::new(),
        buses: Vec::new(),
        unknown_substation: None,
        weights: Vec::new(),
        texts: [lines, buses],
        problems: Vec::new(),
        unlisted: [0, 0],
        unreadable: [false, false],
    };
    rows.read_lines();
    rows.read_buses(weights);
    rows.unreadable = [File::Lines, File::Buses].map(|file| rows.problems.iter().any(|one| one.file == file));
    let found = topology::check(&mut rows, substation);
    match (found, rows.finish()) {
        (Some(substation), (rows, None)) => Ok(Tables {
            lines: rows.lines.into_iter().map(|row| row.line).collect(),
            buses: rows.buses.into_iter().map(|row| row.bus).collect(),
            substation,
            weights: rows.weights,
        }),
        (_, (rows, problems)) => Err(FeederProblems {
            list: problems.unwrap_or_default(),
            unknown_substation: rows.unknown_substation,
        }),
    }
}

impl Rows<'_> {
    fn problem(
        &mut self,
        file: File,
        span: Range<usize>,
        found: impl Into<String>,
        allowed: impl Into<String>,
    ) {
        let listed = self.problems.iter().filter(|problem| problem.file == file).count();
        if listed >= PROBLEMS_MAX {
            self.unlisted[file as usize] += 1;
            return;
        }
        self.problems.push(FeederProblem { file, span, found: found.into(), allowed: allowed.into() });
    }

    /// Whether all rows of a file could be read.
    pub(super) fn is_whole(&self, file: File) -> bool {
        !self.unreadable[file as usize]
    }

    pub(super) fn line_problem(
        &mut self,
        row: &LineRow,
        found: impl Into<String>,
        allowed: impl Into<String>,
    ) {
        self.problem(File::Lines, row.span.clone(), found, allowed);
    }

    pub(super) fn bus_problem(&mut self, row: &BusRow, found: impl Into<String>, allowed: impl Into<String>) {
        self.problem(File::Buses, row.span.clone(), found, allowed);
    }

    /// All problems, or `None` if there are none.
    fn finish(mut self) -> (Self, Option<Vec<FeederProblem>>) {
        let mut problems = std::mem::take(&mut self.problems);
        for (file, unlisted) in [File::Lines, File::Buses].into_iter().zip(self.unlisted) {
            let last = problems.iter().rev().find(|problem| problem.file == file).cloned();
            if let Some(last) = last.filter(|_| unlisted > 0) {
                let found = format!("{unlisted} more problems below");
                problems.push(FeederProblem { found, allowed: "a file of a feeder".to_owned(), ..last });
            }
        }
        let clean = problems.is_empty() && self.unknown_substation.is_none();
        (self, (!clean).then_some(problems))
    }

    fn read_lines(&mut self) {
        let Some(table) = self.open(File::Lines, &LINE_COLUMNS) else { return };
        let limit = table.column(LIMIT);
        for record in &table.records {
            let mut row = Row { rows: self, file: File::Lines, table: &table, record };
            let from = row.bus(LINE_COLUMNS[0]);
            let to = row.bus(LINE_COLUMNS[1]);
            let r_ohm = row.positive(LINE_COLUMNS[2], OHM_MAX);
            let x_ohm = row.number(LINE_COLUMNS[3], 0.0..=OHM_MAX);
            let limited = limit.is_some_and(|column| !record.cell(column).is_empty());
            let limit_kva = if limited { row.positive(LIMIT, KVA_MAX).map(Some) } else { Some(None) };
            let (number, span) = (record.number, record.span.clone());
            if let (Some(from), Some(to), Some(r_ohm), Some(x_ohm), Some(limit_kva)) =
                (from, to, r_ohm, x_ohm, limit_kva)
            {
                let line = Line { from, to, r_ohm, x_ohm, limit_kva };
                self.lines.push(LineRow { line, number, span });
            }
        }
    }

    fn read_buses(&mut self, weights: &[String]) {
        let Some(table) = self.open(File::Buses, &BUS_COLUMNS) else { return };
        let present = weights.iter().filter(|&name| table.column(name).is_some());
        let mut columns: Vec<(String, Vec<f64>)> = present.map(|name| (name.clone(), Vec::new())).collect();
        for record in &table.records {
            let mut row = Row { rows: self, file: File::Buses, table: &table, record };
            let bus = row.bus(BUS_COLUMNS[0]);
            let p_kw = row.number(BUS_COLUMNS[1], -KVA_MAX..=KVA_MAX);
            let q_kvar = row.number(BUS_COLUMNS[2], -KVA_MAX..=KVA_MAX);
            for (name, values) in &mut columns {
                values.push(row.number(name, 0.0..=KVA_MAX).unwrap_or_default());
            }
            if let (Some(bus), Some(p_kw), Some(q_kvar)) = (bus, p_kw, q_kvar) {
                let (number, span) = (record.number, record.span.clone());
                self.buses.push(BusRow { bus: Bus { bus, p_kw, q_kvar }, number, span });
            }
        }
        if table.records.len() > BUSES_MAX {
            let record = &table.records[BUSES_MAX];
            let found = format!("{} buses", table.records.len());
            self.problem(File::Buses, record.span.clone(), found, format!("at most {BUSES_MAX} buses"));
        }
        self.weights = columns;
    }

    /// The records of a file, if it has the columns that it must have.
    fn open(&mut self, file: File, columns: &[&str]) -> Option<Table> {
        let text = self.texts[file as usize];
        let mut reader =
            csv::ReaderBuilder::new().trim(csv::Trim::All).flexible(true).from_reader(text.as_bytes());
        let names: Vec<String> = match reader.headers() {
            Ok(names) => names.iter().map(|name| name.trim_start_matches('\u{feff}').to_owned()).collect(),
            Err(error) => {
                self.problem(file, 0..0, error.to_string(), "comma-separated values");
                return None;
            }
        };
        let first_line = 0..text.lines().next().map_or(0, str::len);
        let mut complete = true;
        for (place, name) in names.iter().enumerate() {
            if names[..place].contains(name) {
                let found = format!("two columns named `{name}`");
                self.problem(file, first_line.clone(), found, "each column once");
                complete = false;
            }
        }
        for &column in columns {
            if !names.iter().any(|name| name == column) {
                let allowed = format!("a column named `{column}`");
                self.problem(file, first_line.clone(), "no such column", allowed);
                complete = false;
            }
        }
        let mut records = Vec::new();
        for record in reader.records() {
            match record {
                Ok(record) => records.push(Record::of(record, text)),
                Err(error) => {
                    self.problem(file, first_line.clone(), error.to_string(), "comma-separated values");
                    return None;
                }
            }
        }
        for record in records.iter().filter(|record| record.cells.len() != names.len()) {
            let found = format!("{} values", record.cells.len());
            let allowed = format!("{}, one for each column", names.len());
            self.problem(file, record.span.clone(), found, allowed);
        }
        if records.is_empty() {
            let found = "no row after the column names";
            self.problem(file, first_line, found, "a row for each line and each bus");
            complete = false;
        }
        records.retain(|record| record.cells.len() == names.len());
        complete.then_some(Table { names, records })
    }
}

/// A file's rows below its column names.
struct Table {
    names: Vec<String>,
    records: Vec<Record>,
}

impl Table {
    fn column(&self, name: &str) -> Option<usize> {
        self.names.iter().position(|one| one == name)
    }
}

/// A row, and where it stands.
struct Record {
    cells: csv::StringRecord,
    number: usize,
    span: Range<usize>,
}

impl Record {
    fn of(cells: csv::StringRecord, text: &str) -> Self {
        let at = cells.position().map_or(0, |position| position.byte() as usize);
        // Empty lines before a row count to it.
        let skipped = text[at..].len() - text[at..].trim_start_matches(['\r', '\n']).len();
        let start = at + skipped;
        let number = text[..start].matches('\n').count() + 1;
        let length = text[start..].lines().next().map_or(0, str::len);
        Self { cells, number, span: start..start + length }
    }

    fn cell(&self, column: usize) -> &str {
        self.cells.get(column).unwrap_or_default()
    }
}

/// A row being read.
struct Row<'r, 'a> {
    rows: &'r mut Rows<'a>,
    file: File,
    table: &'r Table,
    record: &'r Record,
}

impl Row<'_, '_> {
    fn bus(&mut self, name: &str) -> Option<u32> {
        let text = self.text(name);
        let bus = text.parse::<u32>().ok();
        if bus.is_none() {
            self.refuse(name, format!("a whole number from 0 to {}", u32::MAX));
        }
        bus
    }

    fn number(&mut self, name: &str, range: RangeInclusive<f64>) -> Option<f64> {
        let number = self.text(name).parse::<f64>().ok().filter(|number| range.contains(number));
        if number.is_none() {
            self.refuse(name, format!("a number from {} to {}", range.start(), range.end()));
        }
        number
    }

    fn positive(&mut self, name: &str, most: f64) -> Option<f64> {
        let number = self.text(name).parse::<f64>().ok();
        let number = number.filter(|&number| number > 0.0 && number <= most);
        if number.is_none() {
            self.refuse(name, format!("a number above 0 up to {most}"));
        }
        number
    }

    fn text(&self, name: &str) -> &str {
        self.table.column(name).map_or("", |column| self.record.cell(column))
    }

    fn refuse(&mut self, name: &str, allowed: String) {
        let found = format!("`{}` as `{name}`", self.text(name));
        self.rows.problem(self.file, self.record.span.clone(), found, allowed);
    }
}
