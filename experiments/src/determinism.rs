//! Two runs of one scenario side by side, event by event.

use std::path::Path;
use std::sync::Arc;

use goshawk_agents::community::{Community, RunOutcome};
use goshawk_agents::journal::{Journal, Progress};
use goshawk_engine::Difference;
use goshawk_ledger::{Genesis, LedgerError, MemoryStore, Store};
use goshawk_output::{Existing, OutputFolder, PartEntry, Recorder, ReplicateRange};

use crate::assemble;
use crate::run::{self, BLOCKS_IN_MEMORY, RunError};
use crate::scenario::Loaded;

/// What two runs have shown.
#[derive(Debug)]
pub enum Verdict {
    /// All events were the same, and so were all files.
    Same {
        /// Digest and counters of the events.
        outcome: RunOutcome,
        /// Rows in the files.
        rows: u64,
    },
    /// An event is another.
    OtherEvent(Difference),
    /// All events were the same, but the bytes of these files are not.
    OtherFiles(Vec<String>),
}

/// One of two runs, with rows in a folder of its own.
struct Twin {
    community: Community,
    journal: Journal,
    /// Holds the files until they are compared.
    _folder: OutputFolder,
}

impl Twin {
    fn begin(loaded: &Loaded, out: &Path, progress: &Arc<Progress>) -> Result<Self, RunError> {
        let folder = OutputFolder::create(out, Existing::Refuse)?;
        let spec = assemble::community_spec(loaded, assemble::streams(loaded, 0));
        let open_store = |_: usize, genesis: &Arc<Genesis>| -> Result<Box<dyn Store>, LedgerError> {
            Ok(Box::new(MemoryStore::new(Arc::clone(genesis), BLOCKS_IN_MEMORY)))
        };
        let mut community = Community::build(&spec, assemble::mechanism(&loaded.scenario), open_store)?;
        let replicates = ReplicateRange { first: 0, last: 0 };
        let recorder = Recorder::start(&folder, replicates, &run::header(loaded), community.names())?;
        let mut journal = Journal::new(
            recorder,
            Arc::clone(&spec.calendar),
            community.run_names(),
            Arc::clone(progress),
            community.tally(),
        );
        community.begin(&mut journal)?;
        Ok(Self { community, journal, _folder: folder })
    }

    /// What it came to, and its files in order.
    fn conclude(mut self) -> Result<(RunOutcome, Vec<PartEntry>), RunError> {
        let outcome = self.community.conclude(&self.journal)?;
        let (recorder, _) = self.journal.finish();
        let mut parts: Vec<PartEntry> = recorder.finish()?.parts().cloned().collect();
        parts.sort_by(|one, two| one.path.cmp(&two.path));
        Ok((outcome, parts))
    }
}

/// Runs two scenarios side by side, with their rows in two folders below `aside`, and says where they part first. For the
/// same scenario twice that is a fault: something depends on more than the scenario and its seed.
///
/// # Errors
/// When a run fails, as [`run::run`] does.
pub fn compare(
    first: &Loaded,
    second: &Loaded,
    aside: &Path,
    progress: &Arc<Progress>,
) -> Result<Verdict, RunError> {
    let mut one = Twin::begin(first, &aside.join("first"), progress)?;
    let mut two = Twin::begin(second, &aside.join("second"), &Arc::default())?;
    match one.community.first_difference(&mut one.journal, &mut two.community, &mut two.journal) {
        Ok(None) => {}
        Ok(Some(difference)) => return Ok(Verdict::OtherEvent(difference)),
        Err(error) => {
            drop(two);
            return Err(run::explain(error, one.journal, Vec::new()));
        }
    }
    let (outcome, parts) = one.conclude()?;
    let (_, others) = two.conclude()?;
    let is_same = |part: &&PartEntry| {
        let other = others.iter().find(|other| other.path == part.path);
        other.is_some_and(|other| other.digest.sha256 == part.digest.sha256)
    };
    let differing: Vec<String> =
        parts.iter().filter(|part| !is_same(part)).map(|part| part.path.clone()).collect();
    if differing.is_empty() && parts.len() == others.len() {
        Ok(Verdict::Same { outcome, rows: parts.iter().map(|part| part.rows).sum() })
    } else {
        Ok(Verdict::OtherFiles(differing))
    }
}
