//! One run: from a loaded scenario to a folder of parts, a ledger and a manifest.

use std::path::Path;
use std::sync::Arc;

use goshawk_agents::community::{Community, CommunityError, RunOutcome};
use goshawk_agents::journal::{BooksError, Journal, Progress};
use goshawk_engine::Streams;
use goshawk_ledger::{Genesis, LedgerError, MemoryStore, RedbStore, Store};

use goshawk_output::{
    Existing, FileDigest, Horizon, InputEntry, Kpi, Manifest, Opening, OutputError, OutputFolder, Recorder,
    ReplicateRange, RunHeader, RunInfo,
};
use jiff::Timestamp;

use crate::assemble;
use crate::scenario::{Loaded, Signatures};

/// Where the ledger's store lies in a run's folder.
pub const LEDGER_FILE: &str = "ledger/validator-0.redb";
/// The same while the run goes on.
const LEDGER_ASIDE: &str = "ledger.redb";
/// Blocks that validators without a file of their own keep in memory.
pub(crate) const BLOCKS_IN_MEMORY: usize = 4;

/// What to run, and where to.
#[derive(Debug)]
pub struct Request<'a> {
    /// The scenario.
    pub loaded: &'a Loaded,
    /// The folder of the run.
    pub out: &'a Path,
    /// What to do with an earlier run there.
    pub existing: Existing,
    /// The command line, for the manifest.
    pub command: Vec<String>,
}

/// What a run left behind.
#[derive(Debug)]
pub struct Report {
    /// The manifest as written.
    pub manifest: Manifest,
    /// The key figures.
    pub kpis: Vec<Kpi>,
    /// Digest and counters of the events.
    pub outcome: RunOutcome,
}

/// Why a run left nothing behind.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum RunError {
    /// The folder or a file in it.
    #[error(transparent)]
    Output(#[from] OutputError),
    /// The community itself.
    #[error(transparent)]
    Community(#[from] CommunityError),
    /// The ledger's store.
    #[error(transparent)]
    Ledger(#[from] LedgerError),
    /// The disk is full, and it was the ledger's store that found out.
    #[error("no room is left: {0}")]
    NoRoom(String),
    /// Asked to stop.
    #[error("stopped by request after {periods} periods; nothing was kept")]
    Interrupted {
        /// Periods whose books were closed.
        periods: u32,
    },
}

/// Runs a scenario.
///
/// # Errors
/// When anything goes wrong; then the folder holds no part of the run.
pub fn run(request: &Request<'_>, progress: &Arc<Progress>) -> Result<Report, RunError> {
    run_replicate(request, 0, assemble::streams(request.loaded, 0), progress)
}

/// Runs one replicate of a scenario, with the random streams that it has in its study.
///
/// # Errors
/// As [`run`].
pub fn run_replicate(
    request: &Request<'_>,
    replicate: u32,
    streams: Streams,
    progress: &Arc<Progress>,
) -> Result<Report, RunError> {
    let started = now();
    let loaded = request.loaded;
    let replicates = ReplicateRange { first: replicate, last: replicate };
    let folder = OutputFolder::create(request.out, request.existing)?;
    let spec = assemble::community_spec(loaded, streams);
    let ledger_path = folder.aside().join(LEDGER_ASIDE);
    let durable_every = u64::from(loaded.scenario.ledger.durable_every_blocks);
    let open_store = |place: usize, genesis: &Arc<Genesis>| -> Result<Box<dyn Store>, LedgerError> {
        Ok(match place {
            0 => Box::new(RedbStore::create(&ledger_path, genesis, durable_every)?),
            _ => Box::new(MemoryStore::new(Arc::clone(genesis), BLOCKS_IN_MEMORY)),
        })
    };
    let mut community =
        Community::build(&spec, assemble::mechanism(&loaded.scenario), open_store).map_err(cause)?;
    let header = header(loaded);
    let recorder = Recorder::start(&folder, replicates, &header, community.names())?;
    let mut journal = Journal::new(
        recorder,
        Arc::clone(&spec.calendar),
        community.run_names(),
        Arc::clone(progress),
        community.tally(),
    );
    let outcome = match community.run(&mut journal) {
        Ok(outcome) => outcome,
        Err(error) => return Err(explain(error, journal)),
    };
    drop(community);
    let (recorder, kpis) = journal.finish();
    let mut sealed = recorder.finish()?;
    sealed.extend(folder.seal(LEDGER_ASIDE, LEDGER_FILE)?);
    let mut manifest = manifest(loaded, header, replicates, outcome.digest.to_string());
    manifest.opening = Opening { storage_micro_kwh: spec.storage.content_min };
    manifest.run = RunInfo {
        started: started.to_string(),
        finished: now().to_string(),
        host: std::env::var("HOSTNAME").unwrap_or_default(),
        jobs: 1,
        command: request.command.clone(),
    };
    let manifest = folder.publish(sealed, manifest, &loaded.effective_toml)?;
    Ok(Report { manifest, kpis: kpis.iter().map(Kpi::from).collect(), outcome })
}

/// The reason behind a failed run: the disk's, when that is what ended it.
fn explain(error: CommunityError, journal: Journal) -> RunError {
    match error.books() {
        Some(BooksError::Unwritable) => match journal.abandon().finish() {
            Err(reason) => RunError::Output(reason),
            Ok(_) => RunError::Community(error),
        },
        Some(&BooksError::Interrupted { periods }) => RunError::Interrupted { periods },
        _ => cause(error),
    }
}

/// The disk, when it is the ledger's store that found it full.
fn cause(error: CommunityError) -> RunError {
    match error.ledger() {
        Some(ledger) if ledger.is_out_of_room() => RunError::NoRoom(ledger.to_string()),
        _ => RunError::Community(error),
    }
}

pub(crate) fn header(loaded: &Loaded) -> RunHeader {
    let scenario = &loaded.scenario;
    RunHeader {
        scenario: scenario.name.clone(),
        currency: scenario.currency.clone(),
        zone: scenario.time.zone.clone(),
        config_hash: config_hash(loaded),
    }
}

/// The digest of everything that a run's rows depend on: the effective scenario and its data files.
pub(crate) fn config_hash(loaded: &Loaded) -> String {
    let mut text = loaded.effective_toml.clone();
    for file in &loaded.files {
        text.push_str(&file.field);
        text.push_str(&file.sha256);
    }
    FileDigest::of_bytes(text.as_bytes()).sha256
}

pub(crate) fn manifest(
    loaded: &Loaded,
    header: RunHeader,
    replicates: ReplicateRange,
    event_digest: String,
) -> Manifest {
    let scenario = &loaded.scenario;
    let horizon = Horizon {
        start_micros: loaded.start.as_microsecond(),
        period_micros: u64::from(scenario.time.period_minutes) * 60_000_000,
        periods: scenario.time.period_count(),
    };
    let mut manifest = Manifest::new(header, scenario.seed, replicates, horizon);
    manifest.event_digest = event_digest;
    manifest.signatures = match scenario.ledger.signatures {
        Signatures::KeyedHash => "keyed_hash",
        Signatures::Ed25519 => "ed25519",
    }
    .to_owned();
    manifest.inputs = loaded
        .files
        .iter()
        .map(|file| InputEntry {
            path: file.path.clone(),
            sha256: file.sha256.clone(),
            source: Some(file.field.clone()),
            licence: None,
            repaired_values: file.repaired_values,
        })
        .collect();
    manifest
}

#[expect(clippy::disallowed_methods, reason = "the manifest alone says when a run took place")]
pub(crate) fn now() -> Timestamp {
    Timestamp::try_from(std::time::SystemTime::now()).unwrap_or(Timestamp::UNIX_EPOCH)
}
