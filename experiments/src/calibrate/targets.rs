//! Target tables: what each class is to come to in each hour.
//!
//! ```text
//! hour,A,B,C
//! 1,2.99,0,1.839
//! ```
//!
//! One column per portrait of the scenario, by its name; portraits without a column are free. Hours are the paper's 1 to 24,
//! each at most once; hours without a row are free. Lines that begin with `#` are left out.

use std::collections::BTreeMap;
use std::ops::Range;
use std::path::Path;
use std::sync::Arc;

use crate::scenario::problem::{Place, Problem, Source};
use crate::scenario::read_text;

/// A table of targets.
#[derive(Debug, Clone, PartialEq)]
pub struct Targets {
    /// The file, as it was given.
    pub file: String,
    /// Names of the classes with a column, in the order of the columns.
    pub classes: Vec<String>,
    /// By hour, the values in the order of the classes.
    pub rows: BTreeMap<u8, Vec<f64>>,
}

impl Targets {
    /// How many values there are.
    pub fn cells(&self) -> usize {
        self.rows.len() * self.classes.len()
    }

    /// The sum of a class's column.
    pub fn total(&self, class: usize) -> f64 {
        self.rows.values().map(|row| row[class]).sum()
    }

    /// Reads a file of targets for a scenario with these portraits.
    ///
    /// # Errors
    /// Everything that is wrong with it.
    pub fn read(path: &Path, portraits: &[String]) -> Result<Self, Vec<Problem>> {
        let name = path.display().to_string();
        let text = read_text(path).map_err(|why| {
            let source = Arc::new(Source { name: name.clone(), text: String::new() });
            let place = Place { source, span: 0..0 };
            vec![Problem::new(
                &place,
                "",
                format!("\"{name}\", {why}"),
                "a table of targets that can be read",
            )]
        })?;
        Self::parse(&name, &text, portraits)
    }

    /// As [`Targets::read`], from a text.
    ///
    /// # Errors
    /// As [`Targets::read`].
    pub fn parse(name: &str, text: &str, portraits: &[String]) -> Result<Self, Vec<Problem>> {
        let source = Arc::new(Source { name: name.to_owned(), text: text.to_owned() });
        let mut problems = Vec::new();
        let mut tell = |span: Range<usize>, field: &str, found: String, allowed: String| {
            let place = Place { source: Arc::clone(&source), span };
            problems.push(Problem::new(&place, field, found, allowed));
        };
        let mut lines = lines(text);
        let known = format!("\"hour\", then portraits of the scenario: {}", portraits.join(", "));
        let Some(header) = lines.next() else {
            tell(0..0, "", "no header".to_owned(), known);
            return Err(problems);
        };
        let header_end = (header.end + 1).min(text.len());
        let mut classes = Vec::new();
        let columns: Vec<(&str, Range<usize>)> = fields(text, header).collect();
        for (place, (column, span)) in columns.iter().enumerate() {
            match *column {
                "hour" if place == 0 => {}
                other if place > 0 && classes.iter().any(|known| known == other) => {
                    tell(
                        span.clone(),
                        other,
                        format!("the column {other:?} again"),
                        "each portrait once".to_owned(),
                    );
                }
                other if place > 0 && portraits.iter().any(|portrait| portrait == other) => {
                    classes.push(other.to_owned());
                }
                other => tell(span.clone(), other, format!("the column {other:?}"), known.clone()),
            }
        }
        if columns.len() < 2 {
            tell(columns[0].1.clone(), "", "no column with values".to_owned(), known);
        }
        let mut rows: BTreeMap<u8, Vec<f64>> = BTreeMap::new();
        let mut count = 0;
        for line in lines {
            count += 1;
            let values: Vec<(&str, Range<usize>)> = fields(text, line.clone()).collect();
            if values.len() != columns.len() {
                tell(
                    line,
                    "",
                    format!("{} values", values.len()),
                    format!("the {} of the header", columns.len()),
                );
                continue;
            }
            let (first, span) = &values[0];
            let hour = first.parse::<u8>().ok().filter(|hour| (1..=24).contains(hour));
            match hour {
                None => {
                    tell(span.clone(), "hour", (*first).to_owned(), "a whole number from 1 to 24".to_owned())
                }
                Some(hour) if rows.contains_key(&hour) => {
                    tell(span.clone(), "hour", format!("{hour} again"), "each hour once".to_owned());
                }
                Some(_) => {}
            }
            let mut row = Vec::new();
            for ((value, span), (column, _)) in values.iter().zip(&columns).skip(1) {
                match value.parse::<f64>() {
                    Ok(number) if number.is_finite() && number >= 0.0 => row.push(number),
                    _ => tell(span.clone(), column, format!("{value:?}"), "a number, 0 or more".to_owned()),
                }
            }
            if let Some(hour) = hour {
                rows.insert(hour, row);
            }
        }
        if count == 0 {
            tell(0..0, "", "no row".to_owned(), "at least one hour".to_owned());
        } else if rows.values().flatten().all(|value| *value == 0.0) && columns.len() > 1 {
            // Nothing to hold a distance against.
            let all = header_end..text.trim_end().len().max(header_end);
            tell(all, "", "nothing but zeros".to_owned(), "at least one value above 0".to_owned());
        }
        if problems.is_empty() { Ok(Self { file: name.to_owned(), classes, rows }) } else { Err(problems) }
    }
}

/// Where the lines with something in them are.
fn lines(text: &str) -> impl Iterator<Item = Range<usize>> {
    let mut start = 0;
    text.split_inclusive('\n').filter_map(move |line| {
        let from = start;
        start += line.len();
        let content = line.trim_end();
        (!content.is_empty() && !content.starts_with('#')).then(|| from..from + content.len())
    })
}

/// What stands between the commas of a line, without blanks, and where.
fn fields(text: &str, line: Range<usize>) -> impl Iterator<Item = (&str, Range<usize>)> {
    let mut start = line.start;
    text[line].split(',').map(move |entry| {
        let value = entry.trim();
        let from = start + entry.len() - entry.trim_start().len();
        start += entry.len() + 1;
        (value, from..from + value.len())
    })
}
