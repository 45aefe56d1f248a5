//! The tables of a run or of a study as views, in DuckDB's SQL.

use std::path::Path;

use goshawk_output::table::Table;
use goshawk_output::{MANIFEST_FILE, Manifest, OutputError};

use crate::study::audit::{AuditError, study_file};
use crate::study::folder::{DESIGN_FILE, FolderError, Records};

/// Why there are no views.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum ViewsError {
    /// The run.
    #[error(transparent)]
    Output(#[from] OutputError),
    /// The study.
    #[error(transparent)]
    Study(#[from] AuditError),
    /// A path that SQL cannot have.
    #[error("{0:?} is not UTF-8: no SQL can name it")]
    NotUtf8(std::path::PathBuf),
    /// Nothing is there yet.
    #[error("{0} has no chunk yet: there is nothing to see")]
    Empty(std::path::PathBuf),
}

/// A view a table over all parts of the run or the study in `folder`, and for a study `design` and `kpis_by_point`.
///
/// Paths are those that `folder` leads to: relative if it is.
///
/// # Errors
/// When there is neither.
pub fn views(folder: &Path) -> Result<String, ViewsError> {
    let is_study = !folder.join(MANIFEST_FILE).exists() && Records::are_in(folder);
    let root = folder.to_str().ok_or_else(|| ViewsError::NotUtf8(folder.to_owned()))?;
    let root = escape(root.trim_end_matches('/'));
    let mut text = format!(
        "-- The tables of {root} as views. Paths go from the folder in which goshawk sql was given.\n"
    );
    if is_study {
        let tables = study_tables(folder)?;
        for table in tables {
            push(
                &mut text,
                table.name(),
                &format!("SELECT * FROM read_parquet('{root}/*/{table}/*.parquet')"),
            );
        }
        push(&mut text, "design", &format!("SELECT * FROM read_parquet('{root}/{DESIGN_FILE}')"));
        push(&mut text, "kpis_by_point", "SELECT * FROM kpis JOIN design USING (scenario)");
        return Ok(text);
    }
    let manifest = Manifest::read(folder)?;
    for table in Table::ALL.into_iter().filter(|&table| manifest.has(table)) {
        push(&mut text, table.name(), &format!("SELECT * FROM read_parquet('{root}/{table}/*.parquet')"));
    }
    Ok(text)
}

fn push(text: &mut String, name: &str, query: &str) {
    text.push_str(&format!("CREATE OR REPLACE VIEW {name} AS {query};\n"));
}

/// The tables that a study writes.
fn study_tables(folder: &Path) -> Result<Vec<Table>, ViewsError> {
    let records = Records::read(folder).map_err(AuditError::Folder)?;
    let nothing = || AuditError::Folder(FolderError::Nothing { path: folder.to_owned() });
    if records.ok_or_else(nothing)?.commits.is_empty() {
        return Err(ViewsError::Empty(folder.to_owned()));
    }
    let file = study_file(folder)?;
    let is_asked_for = |table: &Table| match &file.tables {
        None => true,
        Some(names) => *table == Table::Kpis || names.iter().any(|name| name == table.name()),
    };
    Ok(Table::ALL.into_iter().filter(is_asked_for).collect())
}

/// A path within a text of SQL that is read as a pattern.
fn escape(path: &str) -> String {
    let mut escaped = String::with_capacity(path.len());
    for letter in path.chars() {
        match letter {
            '\'' => escaped.push_str("''"),
            '*' | '?' | '[' => escaped.extend(['[', letter, ']']),
            '\n' | '\r' => escaped.push('?'),
            _ => escaped.push(letter),
        }
    }
    escaped
}
