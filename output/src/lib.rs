//! What a run leaves behind: tables in Parquet, a manifest, and the audit that checks both.
//!
//! # The way of a row
//!
//! ```text
//! Recorder::push(row) -> columns of 2,048 rows -> writer's thread -> .partial/<table>-<replicates>.parquet
//!   Recorder::end_leg() -> whole files of the rows so far, aside: for a run that is saved there
//!   Recorder::finish() -> whole files, safe on the disk, aside
//!     OutputFolder::publish() -> <table>/part-<first>-<last>.parquet, scenario.toml, manifest.json
//! ```
//!
//! ```
//! use goshawk_output::table::EventRow;
//! use goshawk_output::{
//!     Existing, Horizon, Label, Manifest, Names, OutputFolder, Recorder, ReplicateRange, RunHeader, Timestamp,
//! };
//! # let place = tempfile::tempdir()?;
//! # let path = place.path().join("out");
//!
//! let header = RunHeader {
//!     scenario: "smoke".into(),
//!     currency: "EUR".into(),
//!     zone: "Europe/Berlin".into(),
//!     config_hash: "c0ffee".into(),
//!     ..RunHeader::default()
//! };
//! let replicates = ReplicateRange { first: 0, last: 0 };
//! let mut names = Names::default();
//! let actor = names.intern("h0000");
//!
//! let folder = OutputFolder::create(&path, Existing::Refuse)?;
//! let mut recorder = Recorder::start(&folder, replicates, &header, names)?;
//! let (at, kind) = (Timestamp(0), Label("default"));
//! recorder.push(EventRow { at, actor, kind, detail: "delivered 1 of 2 kWh".into() });
//! let sealed = recorder.finish()?;
//!
//! let horizon = Horizon { start_micros: 0, period_micros: 3_600_000_000, periods: 24 };
//! folder.publish(sealed, Manifest::new(header, 42, replicates, horizon), "name = \"smoke\"")?;
//! assert!(path.join("events/part-00000-00000.parquet").exists());
//! # Ok::<(), Box<dyn std::error::Error>>(())
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
mod number_format;
mod part;
mod read_back;
mod recorder;
pub mod table;
mod writer;

pub use audit::{AuditReport, Check, CheckReport, FINDINGS_MAX, Finding, audit, audit_beside};
pub use cell::{Digest, PeriodStamp, Timestamp};
pub use digest::{CHUNK_BYTES, FileDigest};
pub use error::OutputError;
pub use folder::{Existing, FolderLock, OutputFolder, make_lasting_folder};
pub use manifest::{
    FORMAT, FORMAT_VERSION, FileEntry, Horizon, InputEntry, MANIFEST_FILE, Manifest, Opening, PartEntry,
    ReplicateRange, RunHeader, RunInfo, SCENARIO_FILE, SaveEntry, StudyEntry, is_inside,
};
pub use names::{Label, Name, Names};
pub use number_format::{NumberFormat, with_floats};
pub use part::{Sealed, part_path};
pub use read_back::{
    BlockRecord, Kpi, ReplicateKpi, TRADE_QUANTITIES, TradeRecord, TransactionRecord, read_blocks,
    read_kpi_part, read_kpis, read_trades, read_transactions,
};
pub use recorder::Recorder;
