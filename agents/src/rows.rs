//! Rows of a CSV data file, with the place of each cell for messages about it.

use std::collections::BTreeMap;
use std::fmt;
use std::ops::Range;

/// One thing that is wrong with a data file.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct RowProblem {
    /// Bytes of the file's text that this is about.
    pub span: Range<usize>,
    /// What is there.
    pub found: String,
    /// What may be there.
    pub allowed: String,
}

impl fmt::Display for RowProblem {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "found {}; allowed: {}", self.found, self.allowed)
    }
}

/// Most problems that are told apart in one file; a file of another kind would give thousands.
pub const PROBLEMS_MAX: usize = 20;

/// Problems of one file.
#[derive(Debug, Default)]
pub(crate) struct RowProblems {
    list: Vec<RowProblem>,
    unlisted: usize,
}

impl RowProblems {
    pub(crate) fn add(&mut self, span: Range<usize>, found: impl Into<String>, allowed: impl Into<String>) {
        if self.list.len() == PROBLEMS_MAX {
            self.unlisted += 1;
        } else {
            self.list.push(RowProblem { span, found: found.into(), allowed: allowed.into() });
        }
    }

    pub(crate) fn is_empty(&self) -> bool {
        self.list.is_empty()
    }

    /// All problems; beyond [`PROBLEMS_MAX`] only how many.
    pub(crate) fn finish(mut self, form: &str) -> Vec<RowProblem> {
        if let Some(last) = self.list.last().filter(|_| self.unlisted > 0) {
            let (span, found) = (last.span.clone(), format!("{} more problems below", self.unlisted));
            self.list.push(RowProblem { span, found, allowed: form.to_owned() });
        }
        self.list
    }
}

/// The column names of a file, and its rows.
#[derive(Debug)]
pub(crate) struct Rows {
    pub(crate) names: Vec<String>,
    /// The line of the names.
    pub(crate) names_span: Range<usize>,
    pub(crate) rows: Vec<Row>,
}

/// A row of a file.
#[derive(Debug)]
pub(crate) struct Row {
    pub(crate) line: u32,
    pub(crate) span: Range<usize>,
    cells: Vec<String>,
}

impl Rows {
    /// Reads `text`: a row of names, then rows with as many cells. Empty lines and lines that begin with `#` do not count.
    pub(crate) fn read(text: &str, problems: &mut RowProblems) -> Option<Self> {
        let mut reader = csv::ReaderBuilder::new()
            .has_headers(false)
            .flexible(true)
            .comment(Some(b'#'))
            .trim(csv::Trim::All)
            .from_reader(text.as_bytes());
        let mut rows = Vec::new();
        let mut record = csv::StringRecord::new();
        loop {
            match reader.read_record(&mut record) {
                Ok(true) => {}
                Ok(false) => break,
                Err(error) => {
                    let at = error.position().map_or(0, |position| position.byte() as usize).min(text.len());
                    problems.add(at..at, "a row that cannot be read", "comma-separated values");
                    return None;
                }
            }
            let position = record.position().expect("invariant: a record that was read has a position");
            // The reader counts the blank lines and comments before a record as parts of it.
            let mut start = (position.byte() as usize).min(text.len());
            while let Some(line) = text[start..].split_inclusive('\n').next() {
                if !line.trim().is_empty() && !line.starts_with('#') {
                    break;
                }
                start += line.len();
            }
            let end = text[start..].find('\n').map_or(text.len(), |newline| start + newline);
            let end = start + text[start..end].trim_end().len();
            let line = 1 + text[..start].bytes().filter(|&byte| byte == b'\n').count() as u32;
            rows.push(Row { line, span: start..end, cells: record.iter().map(str::to_owned).collect() });
        }
        if rows.is_empty() {
            problems.add(0..0, "no row", "a row of column names, and rows of values");
            return None;
        }
        let names = rows.remove(0);
        let first = names.cells.first().map(|name| name.trim_start_matches('\u{feff}').to_owned());
        let all = first.into_iter().chain(names.cells.iter().skip(1).cloned()).collect::<Vec<_>>();
        for row in &rows {
            if row.cells.len() != all.len() {
                let found = format!("{} values", row.cells.len());
                problems.add(row.span.clone(), found, format!("{}, one for each column", all.len()));
            }
        }
        if rows.is_empty() {
            problems.add(names.span.clone(), "no row after the column names", "at least one row of values");
        }
        Some(Self { names: all, names_span: names.span, rows })
    }

    /// Where each name is that occurs.
    pub(crate) fn places(&self) -> BTreeMap<&str, usize> {
        self.names.iter().enumerate().map(|(place, name)| (name.as_str(), place)).collect()
    }

    /// Where the column of a name is; that there is none is a problem.
    pub(crate) fn find(&self, name: &str, problems: &mut RowProblems) -> Option<usize> {
        let place = self.places().get(name).copied();
        if place.is_none() {
            let found = format!("no column `{name}`");
            problems.add(self.names_span.clone(), found, format!("a column `{name}`"));
        }
        place
    }
}

impl Row {
    /// The text of a cell, empty where the row has none.
    pub(crate) fn text(&self, place: usize) -> &str {
        self.cells.get(place).map_or("", String::as_str)
    }

    /// The number in a cell; an empty one has none, and what is not a number of the range is a problem.
    pub(crate) fn number(
        &self,
        place: usize,
        name: &str,
        range: std::ops::RangeInclusive<f64>,
        problems: &mut RowProblems,
    ) -> Option<f64> {
        let text = self.text(place);
        if text.is_empty() {
            return None;
        }
        let number = text.parse::<f64>().ok().filter(|number| range.contains(number));
        if number.is_none() {
            let allowed = format!("a number from {} to {} as `{name}`", range.start(), range.end());
            problems.add(self.span.clone(), format!("`{text}`"), allowed);
        }
        number
    }
}
