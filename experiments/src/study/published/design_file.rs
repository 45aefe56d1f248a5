//! `design.parquet` read back: there from the first moment of a study on, whether or not it has been finished.

use std::fs::File;
use std::path::Path;

use arrow_array::cast::AsArray;
use arrow_array::types::{Float64Type, UInt32Type};
use arrow_array::{Array, ArrayRef, RecordBatch};
use parquet::arrow::arrow_reader::ParquetRecordBatchReaderBuilder;
use parquet::errors::ParquetError;
use parquet::file::metadata::KeyValue;

use crate::study::design::Structure;
use crate::study::factor::Level;
use crate::study::folder::{DESIGN_FILE, FolderError};

const STRUCTURE: &str = "goshawk.structure";
const SEED: &str = "goshawk.seed";

/// What the footer says.
pub(super) fn footer(structure: &Structure, seed: u64) -> Vec<KeyValue> {
    let structure = serde_json::to_string(structure).expect("invariant: a structure has text keys");
    vec![KeyValue::new(STRUCTURE.to_owned(), structure), KeyValue::new(SEED.to_owned(), seed.to_string())]
}

/// The design of a study in a folder.
#[derive(Debug, Clone, PartialEq)]
pub struct DesignFile {
    /// Paths of the factors.
    pub paths: Vec<String>,
    /// The points in their order.
    pub points: Vec<DesignRow>,
    /// How they belong together.
    pub structure: Structure,
    /// Seed of the study's draws.
    pub seed: u64,
}

/// A point of it.
#[derive(Debug, Clone, PartialEq)]
pub struct DesignRow {
    /// Its number.
    pub point: u32,
    /// What it is called, and its folder.
    pub scenario: String,
    /// The value of each factor.
    pub levels: Vec<Level>,
}

impl DesignFile {
    /// Reads the design in a study's folder.
    ///
    /// # Errors
    /// When it is not there, or not the design of a study.
    pub fn read(out: &Path) -> Result<Self, FolderError> {
        let path = out.join(DESIGN_FILE);
        let file = File::open(&path).map_err(|source| FolderError::Io {
            action: "open",
            path: path.clone(),
            source,
        })?;
        Self::of(file).map_err(|why| FolderError::Log { path, line: 1, why: why.to_string() })
    }

    fn of(file: File) -> Result<Self, ParquetError> {
        let reader = ParquetRecordBatchReaderBuilder::try_new(file)?;
        let footer = reader.metadata().file_metadata().key_value_metadata().cloned().unwrap_or_default();
        let entry = |key: &str| {
            let found = footer.iter().find(|entry| entry.key == key).and_then(|entry| entry.value.as_deref());
            found.ok_or_else(|| ParquetError::General(format!("its footer has no {key}")))
        };
        let other = |key: &str| ParquetError::General(format!("its footer has another {key}"));
        let structure = serde_json::from_str(entry(STRUCTURE)?).map_err(|_| other(STRUCTURE))?;
        let seed = entry(SEED)?.parse().map_err(|_| other(SEED))?;
        let names = reader.schema().fields().iter().map(|field| field.name().clone());
        let paths = names.skip(2).collect();
        let mut points = Vec::new();
        for batch in reader.build()? {
            add(&batch?, &mut points)?;
        }
        if !fits(&structure, points.len()) {
            return Err(other(STRUCTURE));
        }
        Ok(Self { paths, points, structure, seed })
    }
}

/// Whether a design of this structure has so many points.
fn fits(structure: &Structure, points: usize) -> bool {
    match structure {
        Structure::FullFactorial { counts } => counts.iter().product::<usize>() == points,
        Structure::Blocks { per_block } => *per_block > 0 && points.is_multiple_of(*per_block),
        Structure::Morris(walks) => walks.steps.iter().map(|steps| steps.len() + 1).sum::<usize>() == points,
        Structure::Saltelli(blocks) => blocks.count * blocks.order.points_per_base(blocks.factors) == points,
        Structure::Table => true,
    }
}

fn add(batch: &RecordBatch, points: &mut Vec<DesignRow>) -> Result<(), ParquetError> {
    let other = || ParquetError::General("its columns are not those of a design".to_owned());
    let [number, name, factors @ ..] = batch.columns() else { return Err(other()) };
    let number = number.as_primitive_opt::<UInt32Type>().ok_or_else(other)?;
    let name = name.as_string_opt::<i32>().ok_or_else(other)?;
    for row in 0..batch.num_rows() {
        let levels: Option<Vec<Level>> = factors.iter().map(|column| level(column, row)).collect();
        points.push(DesignRow {
            point: number.value(row),
            scenario: name.value(row).to_owned(),
            levels: levels.ok_or_else(other)?,
        });
    }
    Ok(())
}

fn level(column: &ArrayRef, row: usize) -> Option<Level> {
    if column.is_null(row) {
        return None;
    }
    let number = || column.as_primitive_opt::<Float64Type>().map(|it| Level::Number(it.value(row)));
    let truth = || column.as_boolean_opt().map(|it| Level::Truth(it.value(row)));
    let text = || column.as_string_opt::<i32>().map(|it| Level::Text(it.value(row).to_owned()));
    number().or_else(truth).or_else(text)
}
