//! Carrying a study out: chunks to workers, parts to their places, lines to the log.
//!
//! ```text
//!            ChunkId                      Done, parts aside                 commit
//! schedule ──────────▶ worker threads ─────────────────────▶ orchestrator ──────────▶ parts in place, line in the log
//!              bounded: one engine and one writer a worker     tokio: results, signals
//! ```
//!
//! Each worker is a thread with an engine and the writers of its own parts; nothing that it computes depends on the others. The
//! orchestrator alone touches the log. It is asynchronous because it waits for several things at once, which is
//! what tokio is for; runs are not, as they only compute.

use std::collections::BTreeMap;
use std::path::PathBuf;
use std::sync::Arc;
use std::sync::atomic::Ordering;
use std::time::Duration;

use crossbeam_channel::{Receiver, Sender};
use goshawk_output::{
    FileDigest, Manifest, Opening, OutputError, OutputFolder, ReplicateRange, RunInfo, StudyEntry,
};
use tokio::sync::mpsc::{UnboundedReceiver, UnboundedSender, unbounded_channel};

use super::chunk::{ChunkError, ChunkId, Done, Failed, Task, replicates};
use super::course::Course;
use super::file::Study;
use super::folder::{Commit, Earlier, FolderError, Records, Shard, StudyFolder, Unfinished};
use super::published::{self, StudyManifest};
use super::schedule::Schedule;
use crate::assemble;
use crate::scenario::{Loaded, Problems};

/// How often a request to stop is looked for while no result comes.
const GLANCE: Duration = Duration::from_millis(100);

/// What to carry out, and how.
#[derive(Debug)]
pub struct Request<'a> {
    /// The study.
    pub study: &'a Study,
    /// Its folder.
    pub out: PathBuf,
    /// Which chunks.
    pub shard: Shard,
    /// Workers.
    pub jobs: usize,
    /// Whether to go on with what is there.
    pub resume: bool,
    /// The command line, for the manifests.
    pub command: Vec<String>,
}

/// What a study came to.
#[derive(Debug)]
pub struct Outcome {
    /// Chunks that this process has put into the folder.
    pub chunks: u64,
    /// Replicates in them that came to their end.
    pub replicates: u64,
    /// Replicates in them that failed.
    pub failed: u64,
    /// What all of it is, if all of it is there.
    pub manifest: Option<StudyManifest>,
}

/// Why a study ended early. What is in its folder stays, and can be resumed.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum StudyError {
    /// The folder.
    #[error(transparent)]
    Folder(#[from] FolderError),
    /// A file of the tables.
    #[error(transparent)]
    Output(#[from] OutputError),
    /// A scenario has problems that it did not have a moment ago.
    #[error("the scenario of point {point} has changed: {problems}")]
    Changed {
        /// The point, by its place.
        point: usize,
        /// Its problems.
        problems: Problems,
    },
    /// A scenario or a data file of it was changed while the study ran.
    #[error(
        "the scenario of point {point} was changed while the study ran; what is in the folder is of the earlier one"
    )]
    Edited {
        /// The point, by its place.
        point: usize,
    },
    /// More replicates failed than may.
    #[error(
        "{failed} replicates failed, and failures_max is {allowed}; the first: replicate {replicate}: {reason}"
    )]
    TooManyFailures {
        /// How many.
        failed: u64,
        /// How many may.
        allowed: u32,
        /// The first.
        replicate: u32,
        /// Why it failed.
        reason: String,
    },
    /// Asked to stop.
    #[error("stopped by request; {chunks} chunks of this run are safe in the folder, and --resume goes on")]
    Interrupted {
        /// Chunks that this process has put into the folder.
        chunks: u64,
    },
    /// Stopping looks at replicates in their order, which no shard sees.
    #[error(
        "a study with [stopping] cannot be divided into shards: whether a point goes on depends on all of its chunks"
    )]
    SequentialShards,
    /// Threads or signals of the system.
    #[error("cannot start: {0}")]
    System(#[source] std::io::Error),
}

type Answer = (ChunkId, Result<Done, WorkerError>);

#[derive(Debug)]
enum WorkerError {
    Chunk(ChunkError),
    Changed(Problems),
    Edited,
}

/// Carries a study out, or goes on with it.
///
/// # Errors
/// When it ends early; see [`StudyError`].
pub fn run(request: &Request<'_>, course: &Arc<Course>) -> Result<Outcome, StudyError> {
    let study = request.study;
    if study.stopping.is_some() && request.shard != Shard::WHOLE {
        return Err(StudyError::SequentialShards);
    }
    let (mut folder, Earlier { commits, mut unfinished }) =
        StudyFolder::take(&request.out, study, request.shard, request.resume)?;
    // Chunks of a study that was to grow and is not to any more.
    unfinished.retain(|id, _| replicates(&study.file, id.number).is_some());
    published::write_design(&folder, study)?;
    let started = crate::run::now().to_string();
    let schedule = Schedule::new(study, request.shard, &commits, request.jobs);
    // Those of other shards are not on this one's way.
    let own = commits.keys().filter(|id| schedule.is_ours(id.point, id.number)).count();
    let known = unfinished.iter().filter(|(id, _)| !commits.contains_key(id)).flat_map(|(_, failed)| failed);
    let failed = commits.values().flat_map(|commit| &commit.failed).chain(known);
    let first_failure = failed.clone().next().map(|failed| (failed.replicate, failed.reason.clone()));
    course.start(own as u64, failed.count() as u64);
    drop(commits);
    let watched = watched(study);
    let runtime =
        tokio::runtime::Builder::new_current_thread().enable_all().build().map_err(StudyError::System)?;
    let mut orchestrator = Orchestrator {
        study,
        course,
        schedule,
        folder: &mut folder,
        committed: (0, 0, 0),
        first_failure,
        unfinished: &unfinished,
        jobs: request.jobs,
        under_way: 0,
        end: None,
    };
    let (tasks, incoming) = crossbeam_channel::bounded::<ChunkId>(request.jobs + 1);
    let (answers, outgoing) = unbounded_channel::<Answer>();
    std::thread::scope(|scope| -> Result<(), StudyError> {
        for worker in 0..request.jobs {
            let (incoming, answers, out, watched) =
                (incoming.clone(), answers.clone(), &request.out, &watched);
            let aside = orchestrator.folder.aside(ChunkId { point: 0, number: 0 });
            let aside = aside.parent().expect("invariant: chunks wait within a folder").to_owned();
            let known = &unfinished;
            let work = move || work(study, course, &incoming, &answers, (out, &aside), (watched, known));
            let builder = std::thread::Builder::new().name(format!("goshawk-worker-{worker}"));
            builder.spawn_scoped(scope, work).map_err(StudyError::System)?;
        }
        drop((incoming, answers));
        runtime.block_on(orchestrator.orchestrate(tasks, outgoing))
    })?;
    let (chunks, replicates, failed) = orchestrator.committed;
    if let Some(end) = orchestrator.end.take() {
        return Err(end);
    }
    // Other shards may have put the rest there.
    let mut records = Records::read(&request.out)?.map(|records| records.commits).unwrap_or_default();
    records.retain(|_, commit| orchestrator.folder.holds(study, commit));
    orchestrator.schedule.take_note(&records);
    let whole = (0..study.design.points.len()).all(|point| orchestrator.schedule.is_whole(point));
    let mut manifest = None;
    if whole {
        let run = RunInfo {
            started,
            finished: crate::run::now().to_string(),
            host: std::env::var("HOSTNAME").unwrap_or_default(),
            jobs: u32::try_from(request.jobs).unwrap_or(u32::MAX),
            command: request.command.clone(),
        };
        manifest = Some(published::publish(&folder, study, &records, &run)?);
    }
    Ok(Outcome { chunks, replicates, failed, manifest })
}

/// The figures that a study keeps of each replicate in its log.
pub fn watched(study: &Study) -> Vec<String> {
    match &study.stopping {
        Some((_, figures)) => figures.iter().map(|(name, _)| name.clone()).collect(),
        None => Vec::new(),
    }
}

/// A worker's life: chunk after chunk, until there is none.
fn work(
    study: &Study,
    course: &Arc<Course>,
    incoming: &Receiver<ChunkId>,
    answers: &UnboundedSender<Answer>,
    (out, aside): (&PathBuf, &PathBuf),
    (watched, known): (&[String], &BTreeMap<ChunkId, Vec<Failed>>),
) {
    // Chunks of a point follow each other: its scenario is read once.
    let mut at: Option<(usize, Loaded)> = None;
    for id in incoming {
        if at.as_ref().is_none_or(|(point, _)| *point != id.point) {
            match study.point(id.point) {
                Ok(loaded) if !study.is_unchanged(id.point, &loaded) => {
                    let _ = answers.send((id, Err(WorkerError::Edited)));
                    continue;
                }
                Ok(loaded) => at = Some((id.point, loaded)),
                Err(problems) => {
                    let _ = answers.send((id, Err(WorkerError::Changed(problems))));
                    continue;
                }
            }
        }
        let (_, loaded) = at.as_ref().expect("invariant: read just above");
        let folder = out.join(study.scenario_name(id.point));
        let aside = aside.join(format!("{}-{}", id.point, id.number));
        let known_failures = known.get(&id).map(Vec::as_slice).unwrap_or_default();
        let failures_max = u64::from(study.file.failures_max);
        let (folder, aside) = (folder.as_path(), aside.as_path());
        let task = Task { study, id, loaded, folder, aside, course, watched, known_failures, failures_max };
        // Whoever asked is gone only when the process ends.
        let _ = answers.send((id, task.run().map_err(WorkerError::Chunk)));
    }
}

struct Orchestrator<'a> {
    study: &'a Study,
    course: &'a Arc<Course>,
    schedule: Schedule<'a>,
    folder: &'a mut StudyFolder,
    /// Chunks, replicates and failures that this process has put into the folder.
    committed: (u64, u64, u64),
    /// The first replicate that failed, and why.
    first_failure: Option<(u32, String)>,
    /// Failures of chunks that an earlier process did not finish.
    unfinished: &'a BTreeMap<ChunkId, Vec<Failed>>,
    jobs: usize,
    under_way: usize,
    /// Why it is to end early.
    end: Option<StudyError>,
}

impl Orchestrator<'_> {
    async fn orchestrate(
        &mut self,
        tasks: Sender<ChunkId>,
        mut answers: UnboundedReceiver<Answer>,
    ) -> Result<(), StudyError> {
        self.check_failures();
        let mut signals = Signals::listen().map_err(StudyError::System)?;
        let mut glance = tokio::time::interval(GLANCE);
        loop {
            // One chunk more than there are workers, so that nobody waits for this thread.
            while self.end.is_none() && self.under_way <= self.jobs {
                let Some(id) = self.schedule.next_chunk() else { break };
                // The queue holds as many as are ever under way.
                if tasks.send(id).is_err() {
                    break;
                }
                self.under_way += 1;
            }
            if self.under_way == 0 {
                return Ok(());
            }
            tokio::select! {
                answer = answers.recv() => {
                    let Some((id, result)) = answer else { return Ok(()) };
                    self.under_way -= 1;
                    self.take(id, result);
                }
                () = signals.next() => self.stop(),
                _ = glance.tick() => {
                    if self.course.progress.stop.load(Ordering::Relaxed) {
                        self.stop();
                    }
                }
            }
        }
    }

    /// Ends at the next period of the chunks under way.
    fn stop(&mut self) {
        self.course.progress.stop.store(true, Ordering::Relaxed);
        let chunks = self.committed.0;
        self.end.get_or_insert(StudyError::Interrupted { chunks });
    }

    fn take(&mut self, id: ChunkId, result: Result<Done, WorkerError>) {
        match result {
            Ok(done) => {
                self.schedule.done(id, done);
                while let Some((id, done)) = self.schedule.to_commit() {
                    if let Err(error) = self.commit(id, done) {
                        self.give_up(error);
                        return;
                    }
                }
            }
            Err(WorkerError::Chunk(ChunkError::Interrupted { failed })) => {
                // What another worker's failures have ended may have had failures of its own.
                if matches!(self.end, Some(StudyError::TooManyFailures { .. })) {
                    self.give_up_chunk(id, failed);
                }
                self.stop();
            }
            Err(WorkerError::Chunk(ChunkError::TooManyFailures { failed })) => self.give_up_chunk(id, failed),
            Err(WorkerError::Chunk(ChunkError::Output(error))) => self.give_up(error.into()),
            Err(WorkerError::Edited) => self.give_up(StudyError::Edited { point: id.point }),
            Err(WorkerError::Changed(problems)) => {
                self.give_up(StudyError::Changed { point: id.point, problems });
            }
        }
        if let Some(StudyError::Interrupted { chunks }) = &mut self.end {
            *chunks = self.committed.0;
        }
    }

    /// Ends for a reason; chunks under way are dropped.
    fn give_up(&mut self, reason: StudyError) {
        self.course.progress.stop.store(true, Ordering::Relaxed);
        self.end = Some(reason);
    }

    fn commit(&mut self, id: ChunkId, done: Done) -> Result<(), StudyError> {
        let folder = self.folder.path().join(self.study.scenario_name(id.point));
        let parts = done.sealed.parts().cloned().collect();
        OutputFolder::within_study(&folder, &self.folder.aside(id))?.place(done.sealed)?;
        let commit = Commit {
            point: id.point,
            chunk: id.number,
            replicates: replicates(&self.study.file, id.number).expect("invariant: chunks are of the study"),
            finished: done.finished,
            failed: done.failed,
            cpu_seconds: done.cpu_seconds,
            parts,
        };
        self.folder.commit(&commit)?;
        self.schedule.committed(id, &commit);
        self.committed.0 += 1;
        self.committed.1 += commit.finished.len() as u64;
        self.committed.2 += commit.failed.len() as u64;
        if self.study.stopping.is_some() {
            self.course.count_failures(commit.failed.len() as u64);
        }
        self.course.chunks.fetch_add(1, Ordering::Relaxed);
        self.warn(id, &commit.failed);
        self.check_failures();
        Ok(())
    }

    /// Tells of replicates that failed.
    fn warn(&mut self, id: ChunkId, failed: &[Failed]) {
        for failed in failed {
            tracing::warn!(
                "replicate {} of {} failed: {}; see it alone: goshawk replay {} --scenario {} --replicate {}",
                failed.replicate,
                self.study.scenario_name(id.point),
                failed.reason,
                self.folder.path().display(),
                self.study.scenario_name(id.point),
                failed.replicate,
            );
            self.first_failure.get_or_insert_with(|| (failed.replicate, failed.reason.clone()));
        }
    }

    /// Leaves a chunk because more replicates failed than may, and keeps which of its own did.
    fn give_up_chunk(&mut self, id: ChunkId, failed: Vec<Failed>) {
        let known = self.unfinished.get(&id).map_or(0, Vec::len);
        if failed.len() > known {
            self.warn(id, &failed);
            let unfinished = Unfinished { point: id.point, chunk: id.number, failed };
            if let Err(error) = self.folder.give_up(unfinished) {
                self.give_up(error.into());
                return;
            }
        }
        self.check_failures();
    }

    fn check_failures(&mut self) {
        let (failed, allowed) = (self.course.failures(), self.study.file.failures_max);
        if let Some((replicate, reason)) = &self.first_failure
            && failed > u64::from(allowed)
            && self.end.is_none()
        {
            let (replicate, reason) = (*replicate, reason.clone());
            self.give_up(StudyError::TooManyFailures { failed, allowed, replicate, reason });
        }
    }
}

/// Ctrl-C and, where there is one, SIGTERM.
struct Signals {
    #[cfg(unix)]
    terminate: tokio::signal::unix::Signal,
    #[cfg(unix)]
    interrupt: tokio::signal::unix::Signal,
}

impl Signals {
    #[cfg(unix)]
    fn listen() -> std::io::Result<Self> {
        use tokio::signal::unix::{SignalKind, signal};
        Ok(Self { terminate: signal(SignalKind::terminate())?, interrupt: signal(SignalKind::interrupt())? })
    }

    #[cfg(not(unix))]
    fn listen() -> std::io::Result<Self> {
        Ok(Self {})
    }

    #[cfg(unix)]
    async fn next(&mut self) {
        tokio::select! {
            _ = self.terminate.recv() => {}
            _ = self.interrupt.recv() => {}
        }
    }

    #[cfg(not(unix))]
    async fn next(&mut self) {
        // Without a way to listen nothing ever comes.
        if tokio::signal::ctrl_c().await.is_err() {
            std::future::pending::<()>().await;
        }
    }
}

/// The digest of a point's events: of those of its replicates, in their order.
pub(super) fn event_digest(commits: &[&Commit]) -> String {
    let mut digests = String::new();
    for one in commits.iter().flat_map(|commit| &commit.finished) {
        digests.push_str(&format!("{} {}\n", one.replicate, one.event_digest));
    }
    FileDigest::of_bytes(digests.as_bytes()).sha256
}

/// The manifest of a point, of all that is committed of it.
pub(super) fn point_manifest(
    study: &Study,
    point: usize,
    loaded: &Loaded,
    commits: &[&Commit],
    run: &RunInfo,
) -> Manifest {
    let last = commits.iter().map(|commit| commit.replicates.last).max().unwrap_or_default();
    let digest = event_digest(commits);
    let replicates = ReplicateRange { first: 0, last };
    let mut manifest = crate::run::manifest(loaded, crate::run::header(loaded), replicates, digest);
    manifest.opening = Opening { storage_micro_kwh: assemble::storage_opening(loaded) };
    manifest.failed_replicates =
        commits.iter().flat_map(|commit| &commit.failed).map(|failed| failed.replicate).collect();
    manifest.tables_left_out = study.tables.others().map(|table| table.name().to_owned()).collect();
    manifest.parts = commits.iter().flat_map(|commit| commit.parts.iter().cloned()).collect();
    manifest.study =
        Some(StudyEntry { name: study.file.name.clone(), point: u32::try_from(point).unwrap_or(u32::MAX) });
    manifest.run = run.clone();
    manifest
}
