//! The audit: reads a run's folder back and checks it to the last unit.
//!
//! Files first: each must have the bytes that the manifest's digests say. Then the books, streamed period by
//! period, so that memory does not grow with the run. A value counts as an integer of 1e-6 steps; nothing is
//! compared with a tolerance.
//!
//! What is not checked here: signatures, and block hashes against the blocks' content. That is the ledger's.

mod chain;
mod feeder;
mod files;
mod fleet;
mod households;
mod micro;
mod periods;
mod read;
mod records;
mod report;
mod trades;

use std::collections::BTreeSet;
use std::path::Path;

pub use report::{AuditReport, Check, CheckReport, FINDINGS_MAX, Finding};

use crate::error::OutputError;
use crate::manifest::Manifest;
use report::Ledger;

/// Audits the run in a folder.
///
/// What is wrong with the run is in the report; see [`AuditReport::passed`].
///
/// # Errors
/// When there is no manifest of this version, or the system refuses to read.
pub fn audit(folder: &Path) -> Result<AuditReport, OutputError> {
    audit_beside(folder, &BTreeSet::new())
}

/// As [`audit()`], where files that the manifest does not list may be there: `others`, by their paths within the folder,
/// which somebody else answers for. So it is with a point of a study that has grown since its manifest was written.
///
/// # Errors
/// As [`audit()`].
pub fn audit_beside(folder: &Path, others: &BTreeSet<String>) -> Result<AuditReport, OutputError> {
    let manifest = Manifest::read(folder)?;
    let mut ledger = Ledger::default();
    files::check_digests(folder, &manifest, others, &mut ledger)?;
    if ledger.failed(Check::Files) {
        ledger.skip_unexamined("files are damaged");
        return Ok(ledger.report());
    }
    files::check_schemas(folder, &manifest, &mut ledger)?;
    if ledger.failed(Check::Schemas) {
        ledger.skip_unexamined("tables cannot be read as what they should be");
        return Ok(ledger.report());
    }
    // What needs a table that was not asked for has nothing to examine.
    if periods::TABLES.iter().all(|&table| manifest.has(table)) {
        periods::check(folder, &manifest, &mut ledger)?;
    }
    if chain::TABLES.iter().all(|&table| manifest.has(table)) {
        chain::check(folder, &manifest, &mut ledger)?;
    }
    Ok(ledger.report())
}
