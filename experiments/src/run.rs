//! One run: from a loaded scenario to a folder of parts, a ledger and a manifest.

use std::path::{Path, PathBuf};
use std::sync::Arc;

use goshawk_agents::community::{Community, CommunityError, RunOutcome, SavingError};
use goshawk_agents::journal::{BooksError, Journal, Progress};
use goshawk_engine::Streams;
use goshawk_ledger::{Genesis, LedgerError, MemoryStore, RedbStore, Store};

use goshawk_output::{
    Existing, FileDigest, Horizon, InputEntry, Kpi, Manifest, Opening, OutputError, OutputFolder, Recorder,
    ReplicateRange, RunHeader, RunInfo, Sealed,
};
use jiff::Timestamp;

use crate::assemble;
use crate::pace::{Pace, WallPacer};
use crate::save::{self, SaveError, SavedRun, Spool, save_path};
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

/// Where a run is saved on its way, and from where it goes on.
#[derive(Debug, Clone, Copy, Default)]
pub struct Saves<'a> {
    /// The days, from 1, at whose ends it is saved.
    pub at: &'a [u32],
    /// The save that it goes on from; without one it begins at the beginning.
    pub from: Option<&'a SavedRun>,
}

impl Saves<'_> {
    /// The days in order, each once, if the run goes on after each and no save is in the way.
    fn days(&self, request: &Request<'_>) -> Result<Vec<u32>, SaveError> {
        let time = &request.loaded.scenario.time;
        let first = self.from.map_or(0, |save| save.header.periods) / time.periods_per_day() + 1;
        let last = (time.period_count() - 1) / time.periods_per_day();
        let last = if last < first { 0 } else { last };
        let mut days = self.at.to_vec();
        days.sort_unstable();
        days.dedup();
        if let Some(&day) = days.iter().find(|day| !(first..=last).contains(day)) {
            return Err(SaveError::NoSuchDay { day, first, last });
        }
        for &day in &days {
            let path = save_path(request.out, day);
            if request.existing == Existing::Refuse && path.exists() {
                return Err(SaveError::Exists { path });
            }
        }
        Ok(days)
    }
}

/// What a run left behind.
#[derive(Debug)]
pub struct Report {
    /// The manifest as written.
    pub manifest: Manifest,
    /// The key figures.
    pub kpis: Vec<Kpi>,
    /// The saves that were written.
    pub saves: Vec<PathBuf>,
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
    /// A save.
    #[error(transparent)]
    Save(#[from] SaveError),
    /// Asked to stop.
    #[error("stopped by request after {periods} periods; {}", kept(.saves))]
    Interrupted {
        /// Periods whose books were closed.
        periods: u32,
        /// The saves that were written by then.
        saves: Vec<PathBuf>,
    },
}

/// Runs a scenario.
///
/// # Errors
/// When anything goes wrong; then the folder holds no part of the run.
pub fn run(request: &Request<'_>, progress: &Arc<Progress>) -> Result<Report, RunError> {
    run_saved(request, &Saves::default(), None, progress)
}

/// Runs a scenario, and saves it on the way or goes on from where it was saved; after the last save at a pace.
///
/// # Errors
/// As [`run`]; saves that are written by then stay.
pub fn run_saved(
    request: &Request<'_>,
    saves: &Saves<'_>,
    pace: Option<Pace>,
    progress: &Arc<Progress>,
) -> Result<Report, RunError> {
    let as_described = |_: &mut Community| Ok(());
    run_with(request, saves, pace, (0, assemble::streams(request.loaded, 0)), as_described, progress)
}

/// Runs a scenario whose community is `change`d before it begins, as by [`Community::replace`]. What it is changed to is not in
/// the manifest, but for the command line.
///
/// # Errors
/// As [`run`], and those of `change`.
pub fn run_changed(
    request: &Request<'_>,
    change: impl FnOnce(&mut Community) -> Result<(), CommunityError>,
    progress: &Arc<Progress>,
) -> Result<Report, RunError> {
    let identity = (0, assemble::streams(request.loaded, 0));
    run_with(request, &Saves::default(), None, identity, change, progress)
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
    let as_described = |_: &mut Community| Ok(());
    run_with(request, &Saves::default(), None, (replicate, streams), as_described, progress)
}

fn run_with(
    request: &Request<'_>,
    saves: &Saves<'_>,
    pace: Option<Pace>,
    (replicate, streams): (u32, Streams),
    change: impl FnOnce(&mut Community) -> Result<(), CommunityError>,
    progress: &Arc<Progress>,
) -> Result<Report, RunError> {
    let started = now();
    let loaded = request.loaded;
    let days = saves.days(request)?;
    let mut went_on_from = saves.from.map_or_else(Vec::new, |save| save.header.went_on_from.clone());
    went_on_from.extend(saves.from.map(|save| save.entry(loaded)).transpose()?);
    let first_leg = saves.from.map_or(0, |save| save.header.legs);
    let replicates = ReplicateRange { first: replicate, last: replicate };
    let folder = OutputFolder::create(request.out, request.existing)?;
    let spec = assemble::community_spec(loaded, streams);
    let ledger_path = folder.aside().join(LEDGER_ASIDE);
    let durable_every = u64::from(loaded.scenario.ledger.durable_every_blocks);
    let keep = |source| SaveError::io("create a file in", &folder.aside(), source);
    let spool = (!days.is_empty()).then(|| Spool::begin(&folder.aside()).map_err(keep)).transpose()?;
    let open_store = |place: usize, genesis: &Arc<Genesis>| -> Result<Box<dyn Store>, LedgerError> {
        Ok(match place {
            0 => {
                let store = RedbStore::create(&ledger_path, genesis, durable_every)?;
                match &spool {
                    None => Box::new(store),
                    Some(spool) => Box::new(spool.beside(store)),
                }
            }
            _ => Box::new(MemoryStore::new(Arc::clone(genesis), BLOCKS_IN_MEMORY)),
        })
    };
    let mut community =
        Community::build(&spec, assemble::mechanism(&loaded.scenario), open_store).map_err(cause)?;
    change(&mut community)?;
    let header = header(loaded);
    let recorder = Recorder::start_from_leg(&folder, replicates, &header, community.names(), first_leg)?;
    let mut journal = Journal::new(
        recorder,
        Arc::clone(&spec.calendar),
        community.run_names(),
        Arc::clone(progress),
        community.tally(),
    );
    let mut sealed = Sealed::default();
    match saves.from {
        None => community.begin(&mut journal).map_err(cause)?,
        Some(save) => {
            sealed = save.parts(&folder)?;
            journal.go_on_from(save.journal()?);
            save.restore(&mut community, &mut journal)?;
        }
    }
    let mut saved = Vec::new();
    for (legs, day) in (first_leg + 1..).zip(days) {
        let periods = day * loaded.scenario.time.periods_per_day();
        match community.run_to_save(periods, &mut journal) {
            Ok(_) => {}
            Err(SavingError::Community(error)) => return Err(explain(error, journal, saved)),
            Err(error) => return Err(SaveError::from(error).into()),
        }
        sealed.extend(journal.end_leg()?);
        let path = save_path(request.out, day);
        let (community, journal) = (&community, &journal);
        let spool = spool.as_ref().expect("invariant: a run that is saved keeps its blocks");
        let went_on_from = &went_on_from;
        let moment =
            save::Moment { loaded, community, journal, spool, sealed: &sealed, legs, went_on_from, day };
        save::write(&path, &moment)?;
        saved.push(path);
    }
    let mut pacer = WallPacer::new(pace, community.now(), progress);
    let outcome = match community.go_on_paced(&mut journal, &mut pacer) {
        Ok(outcome) => outcome,
        Err(error) => return Err(explain(error, journal, saved)),
    };
    drop(community);
    let (recorder, kpis) = journal.finish();
    sealed.extend(recorder.finish()?);
    sealed.extend(folder.seal(LEDGER_ASIDE, LEDGER_FILE)?);
    let mut manifest = manifest(loaded, header, replicates, outcome.digest.to_string());
    manifest.went_on_from = went_on_from;
    manifest.opening = Opening { storage_micro_kwh: spec.storage.content_min };
    manifest.run = RunInfo {
        started: started.to_string(),
        finished: now().to_string(),
        host: std::env::var("HOSTNAME").unwrap_or_default(),
        jobs: 1,
        command: request.command.clone(),
    };
    let manifest = folder.publish(sealed, manifest, &loaded.effective_toml)?;
    Ok(Report { manifest, kpis: kpis.iter().map(Kpi::from).collect(), saves: saved, outcome })
}

/// What is left of a run that was stopped.
fn kept(saves: &[PathBuf]) -> String {
    match saves {
        [] => "nothing was kept".to_owned(),
        [save] => format!("nothing was kept but {}", save.display()),
        [.., last] => format!("nothing was kept but {} saves, the last in {}", saves.len(), last.display()),
    }
}

/// The reason behind a failed run: the disk's, when that is what ended it.
pub(crate) fn explain(error: CommunityError, journal: Journal, saves: Vec<PathBuf>) -> RunError {
    match error.books() {
        Some(BooksError::Unwritable) => match journal.abandon().finish() {
            Err(reason) => RunError::Output(reason),
            Ok(_) => RunError::Community(error),
        },
        Some(&BooksError::Interrupted { periods }) => RunError::Interrupted { periods, saves },
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
        numbers: scenario.output.numbers.into(),
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
