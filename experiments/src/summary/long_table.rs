//! The rows of a summary as a table: a row for each point and figure, ready for CSV, JSON and Parquet.

use std::sync::Arc;

use arrow_array::{ArrayRef, BooleanArray, Float64Array, RecordBatch, StringArray, UInt64Array};
use arrow_schema::{DataType, Field, Schema};
use parquet::arrow::ArrowWriter;
use parquet::basic::{Compression, ZstdLevel};
use parquet::file::metadata::KeyValue;
use parquet::file::properties::WriterProperties;
use serde_json::{Map, Value, json};

use super::Summary;
use super::row::{PROBABILITIES, Row};
use crate::study::factor::Level;

/// A column.
#[derive(Debug, Clone, PartialEq)]
pub struct Column {
    /// Its name.
    pub name: String,
    /// Its cells.
    pub cells: Cells,
}

/// The cells of a column.
#[derive(Debug, Clone, PartialEq)]
pub enum Cells {
    /// Texts.
    Texts(Vec<String>),
    /// Truths.
    Truths(Vec<bool>),
    /// Truths, absent where they are not defined.
    SomeTruths(Vec<Option<bool>>),
    /// Whole numbers.
    Counts(Vec<u64>),
    /// Numbers, absent where they are not defined.
    Numbers(Vec<Option<f64>>),
}

impl Cells {
    fn text(&self, row: usize) -> String {
        match self {
            Self::Texts(cells) => cells[row].clone(),
            Self::Truths(cells) => cells[row].to_string(),
            Self::SomeTruths(cells) => cells[row].map_or_else(String::new, |cell| cell.to_string()),
            Self::Counts(cells) => cells[row].to_string(),
            Self::Numbers(cells) => cells[row].map_or_else(String::new, |cell| cell.to_string()),
        }
    }

    fn value(&self, row: usize) -> Value {
        match self {
            Self::Texts(cells) => json!(cells[row]),
            Self::Truths(cells) => json!(cells[row]),
            Self::SomeTruths(cells) => json!(cells[row]),
            Self::Counts(cells) => json!(cells[row]),
            Self::Numbers(cells) => json!(cells[row]),
        }
    }

    fn array(&self) -> (DataType, bool, ArrayRef) {
        match self {
            Self::Texts(cells) => {
                (DataType::Utf8, false, Arc::new(StringArray::from_iter_values(cells.iter())))
            }
            Self::Truths(cells) => (DataType::Boolean, false, Arc::new(BooleanArray::from(cells.clone()))),
            Self::SomeTruths(cells) => {
                (DataType::Boolean, true, Arc::new(cells.iter().copied().collect::<BooleanArray>()))
            }
            Self::Counts(cells) => {
                (DataType::UInt64, false, Arc::new(UInt64Array::from_iter_values(cells.iter().copied())))
            }
            Self::Numbers(cells) => {
                (DataType::Float64, true, Arc::new(cells.iter().copied().collect::<Float64Array>()))
            }
        }
    }
}

/// The columns of a summary.
pub fn columns(summary: &Summary) -> Vec<Column> {
    let mut columns = Vec::new();
    let rows = &summary.rows;
    let points = &summary.records.points;
    let mut add = |name: &str, cells: Cells| columns.push(Column { name: name.to_owned(), cells });
    let text = |of: &dyn Fn(&Row) -> String| Cells::Texts(rows.iter().map(of).collect());
    add("scenario", text(&|row| points[row.point].row.scenario.clone()));
    add("point", Cells::Counts(rows.iter().map(|row| points[row.point].row.point.into()).collect()));
    for (place, path) in summary.records.design.paths.iter().enumerate() {
        add(path, levels(rows.iter().map(|row| &points[row.point].row.levels[place])));
    }
    add("scope", text(&|row| summary.figures[row.figure].scope.clone()));
    add("id", text(&|row| summary.figures[row.figure].id.clone()));
    add("variable", text(&|row| summary.figures[row.figure].variable.clone()));
    add("unit", text(&|row| row.unit.clone()));
    let count = |of: &dyn Fn(&Row) -> usize| Cells::Counts(rows.iter().map(|row| of(row) as u64).collect());
    add("n", count(&|row| row.count));
    add("failed", count(&|row| row.failed));
    add("undefined", count(&|row| row.undefined));
    let number = |of: &dyn Fn(&Row) -> Option<f64>| Cells::Numbers(rows.iter().map(of).collect());
    let end = |place: usize| move |row: &Row| Some(row.estimate?.interval()?[place]);
    add("mean", number(&|row| Some(row.estimate?.mean)));
    add("sd", number(&|row| row.deviation));
    add("ci_low", number(&end(0)));
    add("ci_high", number(&end(1)));
    add("min", number(&|row| Some(row.range?[0])));
    for (place, probability) in PROBABILITIES.iter().enumerate() {
        let name = format!("p{:02.0}", 100.0 * probability);
        add(&name, number(&|row| Some(row.quantiles[place]?.value)));
        add(&format!("{name}_low"), number(&|row| row.quantiles[place]?.low));
        add(&format!("{name}_high"), number(&|row| row.quantiles[place]?.high));
    }
    add("max", number(&|row| Some(row.range?[1])));
    let end = |place: usize| move |row: &Row| Some(row.difference?.interval()?[place]);
    add("difference_n", count(&|row| row.difference.map_or(0, |difference| difference.count)));
    add("difference", number(&|row| Some(row.difference?.mean)));
    add("difference_low", number(&end(0)));
    add("difference_high", number(&end(1)));
    add("target_met", Cells::SomeTruths(rows.iter().map(|row| points[row.point].target_met).collect()));
    columns
}

/// Numbers as numbers, truths as truths, and as text what is mixed: the types of `design.parquet`.
fn levels<'a>(levels: impl Iterator<Item = &'a Level> + Clone) -> Cells {
    if levels.clone().all(|level| level.number().is_some()) {
        return Cells::Numbers(levels.map(Level::number).collect());
    }
    let truth = |level: &Level| match level {
        Level::Truth(truth) => Some(*truth),
        _ => None,
    };
    if let Some(truths) = levels.clone().map(truth).collect() {
        return Cells::Truths(truths);
    }
    Cells::Texts(levels.map(level_word).collect())
}

/// A level without quotes.
pub fn level_word(level: &Level) -> String {
    match level {
        Level::Text(text) => text.clone(),
        other => other.to_string(),
    }
}

/// As CSV with a line of names; what is not defined is empty.
pub fn csv(summary: &Summary) -> String {
    let columns = columns(summary);
    let mut writer = csv::Writer::from_writer(Vec::new());
    let write = |writer: &mut csv::Writer<Vec<u8>>| -> Result<(), csv::Error> {
        writer.write_record(columns.iter().map(|column| &column.name))?;
        (0..summary.rows.len())
            .try_for_each(|row| writer.write_record(columns.iter().map(|column| column.cells.text(row))))
    };
    write(&mut writer).expect("invariant: a table in memory can be written");
    let bytes = writer.into_inner().expect("invariant: a table in memory can be written");
    String::from_utf8(bytes).expect("invariant: texts are UTF-8")
}

/// As JSON objects, one a row.
pub fn json_rows(summary: &Summary) -> Vec<Value> {
    let columns = columns(summary);
    let object = |row: usize| -> Map<String, Value> {
        columns.iter().map(|column| (column.name.clone(), column.cells.value(row))).collect()
    };
    (0..summary.rows.len()).map(|row| Value::Object(object(row))).collect()
}

/// As the bytes of a Parquet file. Its footer names the study, the baseline, and what one observation is.
pub fn parquet(summary: &Summary) -> Vec<u8> {
    let (fields, arrays): (Vec<Field>, Vec<ArrayRef>) = columns(summary)
        .iter()
        .map(|column| {
            let (kind, is_nullable, array) = column.cells.array();
            (Field::new(&column.name, kind, is_nullable), array)
        })
        .unzip();
    let schema = Arc::new(Schema::new(fields));
    let batch =
        RecordBatch::try_new(Arc::clone(&schema), arrays).expect("invariant: all columns are as long");
    let records = &summary.records;
    let mut footer = vec![
        KeyValue::new("goshawk.study".to_owned(), records.file.name.clone()),
        KeyValue::new("goshawk.observation".to_owned(), records.observation().name().to_owned()),
    ];
    if let Some(place) = summary.baseline {
        let name = records.points[place].row.scenario.clone();
        footer.push(KeyValue::new("goshawk.baseline".to_owned(), name));
    }
    let properties = WriterProperties::builder()
        .set_compression(Compression::ZSTD(ZstdLevel::default()))
        .set_key_value_metadata(Some(footer))
        .build();
    let write = || -> Result<Vec<u8>, parquet::errors::ParquetError> {
        let mut writer = ArrowWriter::try_new(Vec::new(), schema, Some(properties))?;
        writer.write(&batch)?;
        writer.into_inner()
    };
    write().expect("invariant: a table in memory can be written")
}
