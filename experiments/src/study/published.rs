//! What a study leaves behind beside its points: the design as a table, the manifest of the whole, and views for DuckDB.

use std::collections::BTreeMap;
use std::fs;
use std::path::Path;
use std::sync::Arc;

use arrow_array::{ArrayRef, BooleanArray, Float64Array, RecordBatch, StringArray, UInt32Array};
use arrow_schema::{DataType, Field, Schema};
use goshawk_output::{FileDigest, FileEntry, OutputFolder, RunInfo};
use parquet::arrow::ArrowWriter;
use parquet::file::properties::WriterProperties;
use serde::{Deserialize, Serialize};

use super::chunk::ChunkId;
use super::design::Structure;
use super::factor::Level;
use super::file::Study;
use super::folder::{Commit, DESIGN_FILE, FolderError, STUDY_FILE, STUDY_MANIFEST, StudyFolder};
use super::run::{StudyError, point_manifest};
use super::sequential::PointSequence;

mod design_file;

pub use design_file::{DesignFile, DesignRow};

/// What a study is, once all of it is in its folder.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct StudyManifest {
    /// "goshawk-study".
    pub format: String,
    /// Version of the program.
    pub program_version: String,
    /// Name of the study.
    pub name: String,
    /// Paths of its factors.
    pub factors: Vec<String>,
    /// How its points belong together.
    pub structure: Structure,
    /// Its points.
    pub points: Vec<PointEntry>,
    /// Replicates of each point that the study asked for; with a stopping rule the most. A study whose `study.toml` asks for
    /// more has grown since this was written.
    #[serde(default)]
    pub replicates_planned: u32,
    /// The files of the study's own, but for this one and the logs.
    #[serde(default)]
    pub files: Vec<FileEntry>,
    /// What may differ between two runs.
    pub run: RunInfo,
}

/// A point of a study.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct PointEntry {
    /// Its number in the design.
    pub point: u32,
    /// What it is called in the column `scenario`, and its folder.
    pub scenario: String,
    /// The value of each factor.
    pub levels: Vec<Level>,
    /// Replicates that were run.
    pub replicates: u32,
    /// Replicates that failed.
    pub failed: u32,
    /// Whether the interval of every watched figure is as narrow as the stopping rule asks; `false` of a point that used up its
    /// replicates before. Absent without a rule.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub target_met: Option<bool>,
    /// Digest of the point's effective scenario.
    pub config_hash: String,
}

impl StudyManifest {
    /// The points that used up their replicates before their stopping target was met.
    pub fn exhausted(&self) -> impl Iterator<Item = &str> {
        let is_exhausted = |point: &&PointEntry| point.target_met == Some(false);
        self.points.iter().filter(is_exhausted).map(|point| point.scenario.as_str())
    }

    /// The manifest in a folder; `None` where there is none.
    ///
    /// # Errors
    /// When it cannot be read or understood.
    pub fn read(out: &Path) -> Result<Option<Self>, FolderError> {
        let path = out.join(STUDY_MANIFEST);
        if !path.exists() {
            return Ok(None);
        }
        let text = fs::read_to_string(&path).map_err(|source| FolderError::Io {
            action: "read",
            path: path.clone(),
            source,
        })?;
        let manifest = serde_json::from_str(&text);
        manifest.map(Some).map_err(|why| FolderError::Log { path, line: why.line(), why: why.to_string() })
    }
}

/// Publishes every point's manifest and then the study's.
///
/// # Errors
/// When a file cannot be written, or a scenario has problems now.
pub fn publish(
    folder: &StudyFolder,
    study: &Study,
    commits: &BTreeMap<ChunkId, Commit>,
    run: &RunInfo,
) -> Result<StudyManifest, StudyError> {
    let mut points = Vec::new();
    let commits_of_all = commits;
    for (place, point) in study.design.points.iter().enumerate() {
        let first = ChunkId { point: place, number: 0 };
        let last = ChunkId { point: place, number: u32::MAX };
        let commits: Vec<&Commit> = commits.range(first..=last).map(|(_, commit)| commit).collect();
        let loaded = study.point(place).map_err(|problems| StudyError::Changed { point: place, problems })?;
        if !study.is_unchanged(place, &loaded) {
            return Err(StudyError::Edited { point: place });
        }
        let manifest = point_manifest(study, place, &loaded, &commits, run);
        points.push(PointEntry {
            point: point.index,
            scenario: study.scenario_name(place),
            levels: point.levels.clone(),
            replicates: manifest.replicates.last + 1,
            target_met: PointSequence::over(&study.file, commits_of_all, place)
                .and_then(|it| it.target_met()),
            failed: u32::try_from(manifest.failed_replicates.len()).unwrap_or(u32::MAX),
            config_hash: manifest.header.config_hash.clone(),
        });
        let path = folder.path().join(study.scenario_name(place));
        let output = OutputFolder::within_study(&path, &folder.aside_of_point(place))?;
        output.publish(goshawk_output::Sealed::default(), manifest, &loaded.effective_toml)?;
    }
    let manifest = StudyManifest {
        format: "goshawk-study".to_owned(),
        program_version: env!("CARGO_PKG_VERSION").to_owned(),
        name: study.file.name.clone(),
        factors: study.design.paths.clone(),
        structure: study.design.structure.clone(),
        points,
        replicates_planned: study.file.replicates,
        files: vec![
            FileEntry {
                path: STUDY_FILE.to_owned(),
                digest: FileDigest::of_bytes(study.effective_toml().as_bytes()),
            },
            FileEntry { path: DESIGN_FILE.to_owned(), digest: FileDigest::of_bytes(&design_parquet(study)) },
        ],
        run: run.clone(),
    };
    let mut text = serde_json::to_string_pretty(&manifest).expect("invariant: a manifest has text keys");
    text.push('\n');
    folder.write(STUDY_MANIFEST, text.as_bytes())?;
    Ok(manifest)
}

/// Writes the design as a table: the number of each point, its scenario and the value of each factor. How the points belong
/// together, and the seed that they were drawn with, is in the footer.
///
/// # Errors
/// When it cannot be written.
pub fn write_design(folder: &StudyFolder, study: &Study) -> Result<(), StudyError> {
    folder.write(DESIGN_FILE, &design_parquet(study))?;
    Ok(())
}

fn design_parquet(study: &Study) -> Vec<u8> {
    let points = &study.design.points;
    let numbers: ArrayRef = Arc::new(UInt32Array::from_iter_values(points.iter().map(|point| point.index)));
    let names = (0..points.len()).map(|place| study.scenario_name(place));
    let names: ArrayRef = Arc::new(StringArray::from_iter_values(names));
    let mut fields =
        vec![Field::new("point", DataType::UInt32, false), Field::new("scenario", DataType::Utf8, false)];
    let mut columns = vec![numbers, names];
    for (place, path) in study.design.paths.iter().enumerate() {
        let levels: Vec<&Level> = points.iter().map(|point| &point.levels[place]).collect();
        let column = column(&levels);
        fields.push(Field::new(path, column.data_type().clone(), false));
        columns.push(column);
    }
    let schema = Arc::new(Schema::new(fields));
    let batch =
        RecordBatch::try_new(Arc::clone(&schema), columns).expect("invariant: all columns are as long");
    let write = || -> Result<Vec<u8>, parquet::errors::ParquetError> {
        let footer = design_file::footer(&study.design.structure, study.first.scenario.seed);
        let properties = WriterProperties::builder().set_key_value_metadata(Some(footer)).build();
        let mut writer = ArrowWriter::try_new(Vec::new(), schema, Some(properties))?;
        writer.write(&batch)?;
        writer.into_inner()
    };
    write().expect("invariant: a table in memory can be written")
}

/// Numbers as numbers, truths as truths, and as text what is mixed.
fn column(levels: &[&Level]) -> ArrayRef {
    if levels.iter().all(|level| level.number().is_some()) {
        return Arc::new(Float64Array::from_iter_values(levels.iter().filter_map(|level| level.number())));
    }
    let truth = |level: &&Level| match level {
        Level::Truth(truth) => Some(*truth),
        _ => None,
    };
    if levels.iter().all(|level| truth(level).is_some()) {
        return Arc::new(levels.iter().map(truth).collect::<BooleanArray>());
    }
    let text = |level: &&Level| match level {
        Level::Text(text) => text.clone(),
        other => other.to_string(),
    };
    Arc::new(StringArray::from_iter_values(levels.iter().map(text)))
}
