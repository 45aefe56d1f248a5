//! What a run leaves behind: tables in Parquet, a manifest, and the audit that checks both.
//!
//! # The way of a row
//!
//! ```text
//! Recorder::push(row) -> columns of 8,192 rows -> writer's thread -> .partial/<table>-<replicates>.parquet
//!   Recorder::finish() -> whole files, safe on the disk, aside
//!     OutputFolder::publish() -> <table>/part-<first>-<last>.parquet, scenario.toml, manifest.json
//! ```
//!
//! # Map of the code
//!
//! | item | what it is |
//! |---|---|
//! | [`table`] | a row type and documented columns for every table |
//! | [`Names`], [`Label`] | the texts of category columns |
//! | [`OutputFolder`] | the folder of a run: refuses to mix runs, leaves nothing half-written |
//! | [`Recorder`] | takes rows, writes parts |
//! | [`Manifest`] | what a run was and what it wrote, with digests |
//! | [`audit()`] | reads all of it back and checks the books to the last unit |
//!
//! # What is promised
//!
//! 1. A part appears only when it is whole, and the manifest only when every part is in its place.
//! 2. The same rows give the same bytes, on every machine; only the manifest's `run` may differ.
//! 3. Memory does not grow with rows.

mod audit;
mod cell;
mod digest;
mod error;
mod folder;
mod manifest;
mod names;
mod part;
mod recorder;
pub mod table;
mod writer;

pub use audit::{AuditReport, Check, CheckReport, FINDINGS_MAX, Finding, audit};
pub use cell::{Digest, PeriodStamp, Timestamp};
pub use digest::{CHUNK_BYTES, FileDigest};
pub use error::OutputError;
pub use folder::{Existing, OutputFolder};
pub use manifest::{
    FORMAT, FORMAT_VERSION, FileEntry, Horizon, InputEntry, MANIFEST_FILE, Manifest, Opening, PartEntry,
    ReplicateRange, RunHeader, RunInfo, SCENARIO_FILE,
};
pub use names::{Label, Name, Names};
pub use part::Sealed;
pub use recorder::Recorder;
