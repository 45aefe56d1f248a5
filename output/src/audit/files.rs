//! Files: are they the ones that the manifest lists, byte for byte, and do they hold what it says?

use std::collections::BTreeSet;
use std::fs::{self, File};
use std::io::ErrorKind;
use std::path::Path;

use parquet::arrow::arrow_reader::ParquetRecordBatchReaderBuilder;

use super::report::{Check, Finding, Ledger};
use crate::digest::FileDigest;
use crate::error::{Attempt, OutputError};
use crate::manifest::{MANIFEST_FILE, Manifest, PartEntry, RunHeader};
use crate::part::footer;
use crate::table::Table;

fn finding(file: &str, quantity: &str, expected: impl ToString, found: impl ToString) -> Finding {
    Finding {
        table: None,
        file: Some(file.to_owned()),
        row: None,
        replicate: None,
        period: None,
        household: None,
        quantity: quantity.to_owned(),
        expected: expected.to_string(),
        found: found.to_string(),
    }
}

/// Compares every file with its digests, and looks for files that neither the manifest lists nor `others`.
pub(super) fn check_digests(
    folder: &Path,
    manifest: &Manifest,
    others: &BTreeSet<String>,
    ledger: &mut Ledger,
) -> Result<(), OutputError> {
    let mut listed = BTreeSet::from([MANIFEST_FILE.to_owned()]);
    let parts = manifest.parts.iter().map(|part| (&part.path, &part.digest));
    for (path, digest) in parts.chain(manifest.files.iter().map(|file| (&file.path, &file.digest))) {
        let twice = !listed.insert(path.clone());
        ledger.enter(Check::Files, !twice, || finding(path, "entries in the manifest", 1, 2));
        check_digest(folder, path, digest, ledger)?;
    }
    let last_leg = manifest.parts.iter().map(|part| part.leg).max().unwrap_or_default();
    for table in Table::ALL.into_iter().filter(|&table| manifest.has(table)) {
        let parts = manifest.parts_of(table);
        let first = parts.first().map(|part| part.replicates.first);
        let last = parts.last().map(|part| part.replicates.last);
        // A leg after the one before it, or the first of the next replicates.
        let follows = |one: &PartEntry, next: &PartEntry| match next.leg {
            0 => one.replicates.last.checked_add(1) == Some(next.replicates.first),
            leg => (next.replicates, leg) == (one.replicates, one.leg + 1),
        };
        let gapless = parts.windows(2).all(|pair| follows(pair[0], pair[1]));
        let ends = (first, last) == (Some(manifest.replicates.first), Some(manifest.replicates.last));
        let whole = ends
            && parts.first().is_some_and(|part| part.leg == 0)
            && parts.last().is_some_and(|part| part.leg == last_leg);
        ledger.enter(Check::Files, gapless && whole, || {
            let expected =
                format!("parts of replicates {} to {}", manifest.replicates.first, manifest.replicates.last);
            let found: Vec<&str> = parts.iter().map(|part| part.path.as_str()).collect();
            Finding { table: Some(table), file: None, ..finding("", "parts", expected, found.join(", ")) }
        });
    }
    listed.extend(others.iter().cloned());
    check_extra(folder, Path::new(""), &listed, ledger)
}

fn check_digest(
    folder: &Path,
    name: &str,
    expected: &FileDigest,
    ledger: &mut Ledger,
) -> Result<(), OutputError> {
    let path = folder.join(name);
    let found = match FileDigest::of_file(&path) {
        Ok(found) => found,
        Err(error) if error.kind() == ErrorKind::NotFound => {
            ledger.enter(Check::Files, false, || finding(name, "file", "to be there", "missing"));
            return Ok(());
        }
        Err(error) => return Err(OutputError::io("read", &path, error)),
    };
    ledger.enter(Check::Files, found.bytes == expected.bytes, || {
        finding(name, "length in bytes", expected.bytes, found.bytes)
    });
    let difference = expected.first_difference(&found);
    ledger.enter(Check::Files, difference.is_none(), || {
        let range = difference.clone().unwrap_or_default();
        let quantity = format!("SHA-256 of bytes {} to {}", range.start, range.end.saturating_sub(1));
        let chunk = (range.start / expected.chunk_bytes.max(1)) as usize;
        let digest = |of: &FileDigest| of.chunk_sha256.get(chunk).cloned().unwrap_or("nothing".to_owned());
        finding(name, &quantity, digest(expected), digest(&found))
    });
    Ok(())
}

fn check_extra(
    folder: &Path,
    within: &Path,
    listed: &BTreeSet<String>,
    ledger: &mut Ledger,
) -> Result<(), OutputError> {
    let path = folder.join(within);
    let mut entries = Vec::new();
    for entry in fs::read_dir(&path).attempt("list", &path)? {
        entries.push(entry.attempt("list", &path)?);
    }
    entries.sort_by_key(fs::DirEntry::file_name);
    for entry in entries {
        let name = within.join(entry.file_name());
        if entry.file_type().attempt("look at", &path)?.is_dir() {
            check_extra(folder, &name, listed, ledger)?;
            continue;
        }
        let name: Vec<_> = name.iter().map(|part| part.to_string_lossy()).collect();
        let name = name.join("/");
        ledger.enter(Check::Files, listed.contains(&name), || {
            finding(&name, "file", "none of this name", "one that the manifest does not list")
        });
    }
    Ok(())
}

/// Compares every part's columns, number of rows and footer with what its table and the manifest say.
pub(super) fn check_schemas(
    folder: &Path,
    manifest: &Manifest,
    ledger: &mut Ledger,
) -> Result<(), OutputError> {
    for part in &manifest.parts {
        let Some(table) = Table::from_name(&part.table) else {
            ledger.enter(Check::Schemas, false, || finding(&part.path, "table", "a known one", &part.table));
            continue;
        };
        check_schema(folder, manifest, part, table, ledger)?;
    }
    Ok(())
}

fn check_schema(
    folder: &Path,
    manifest: &Manifest,
    part: &PartEntry,
    table: Table,
    ledger: &mut Ledger,
) -> Result<(), OutputError> {
    let path = folder.join(&part.path);
    let file = File::open(&path).attempt("open", &path)?;
    let reader = match ParquetRecordBatchReaderBuilder::try_new(file) {
        Ok(reader) => reader,
        Err(error) => {
            ledger.enter(Check::Schemas, false, || finding(&part.path, "file", "a Parquet file", error));
            return Ok(());
        }
    };
    let (expected, found) = (table.schema(manifest.header.numbers), reader.schema());
    ledger.enter(Check::Schemas, expected.fields() == found.fields(), || {
        let differs =
            expected.fields().iter().zip(found.fields()).find(|(expected, found)| expected != found);
        match differs {
            Some((expected, found)) => finding(&part.path, "column", expected, found),
            None => finding(&part.path, "columns", expected.fields().len(), found.fields().len()),
        }
    });
    let metadata = reader.metadata().file_metadata();
    ledger.enter(Check::Schemas, metadata.num_rows() as u64 == part.rows, || {
        finding(&part.path, "rows", part.rows, metadata.num_rows())
    });
    let pairs = metadata.key_value_metadata().map(Vec::as_slice).unwrap_or_default();
    let header =
        RunHeader { config_hash: manifest.config_hash_of(part).to_owned(), ..manifest.header.clone() };
    for (key, expected) in footer(table, &header) {
        let found = pairs.iter().find(|pair| pair.key == key).and_then(|pair| pair.value.as_ref());
        ledger.enter(Check::Schemas, found == Some(&expected), || {
            finding(&part.path, key, &expected, found.map_or("nothing", String::as_str))
        });
    }
    Ok(())
}
