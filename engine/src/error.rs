//! What can go wrong, by cause.

use crate::actor::{ActorId, Fault};
use crate::snapshot::SnapshotError;
use crate::time::{Phase, SimDuration, SimTime};

/// Why a simulation was not built, or ended.
///
/// **Fatal** is what loses a message or leaves an actor half way, so that what would follow means nothing. The actors
/// can still be looked at, but every further run is [`Poisoned`](Self::Poisoned). **Not fatal** is what changes nothing: a
/// name that is taken, a send from outside that is refused, a run that is out of budget or out of step. The caller
/// may do better and go on. Each error says which it is, and so does [`is_fatal`](Self::is_fatal).
///
/// Where a `sender` is named `outside`, the message came from `Simulation::send_at`.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum Error {
    /// Two actors of one name. Fatal when an actor spawned the second.
    #[error("there is already an actor named `{name}`")]
    DuplicateName {
        /// The name.
        name: Box<str>,
    },

    /// A message to nobody. Fatal when an actor sent it.
    #[error("dead letter at {time}: `{sender}` sent {kind} to actor {receiver}, which does not exist")]
    DeadLetter {
        /// Who sent it.
        sender: Box<str>,
        /// The address that nobody has.
        receiver: ActorId,
        /// The kind of message.
        kind: &'static str,
        /// When it was sent.
        time: SimTime,
    },

    /// A message to an actor that has retired. Fatal when an actor sent it; see
    /// [`Context::is_active`](crate::Context::is_active).
    #[error("`{sender}` sent {kind} at {time} to `{receiver}`, which has retired")]
    Retired {
        /// Who sent it.
        sender: Box<str>,
        /// Who has retired.
        receiver: Box<str>,
        /// The kind of message.
        kind: &'static str,
        /// When it was sent.
        time: SimTime,
    },

    /// A message to the past. Fatal when an actor sent it.
    #[error("`{sender}` sent {kind} at {now} for the past instant {time}")]
    PastTime {
        /// Who sent it.
        sender: Box<str>,
        /// The kind of message.
        kind: &'static str,
        /// When it was sent.
        now: SimTime,
        /// When it should have been delivered.
        time: SimTime,
    },

    /// A message to a phase of the present instant that has passed. Fatal when an actor sent it.
    #[error("`{sender}` sent {kind} at {time} in phase {now} for the past phase {phase}")]
    PastPhase {
        /// Who sent it.
        sender: Box<str>,
        /// The kind of message.
        kind: &'static str,
        /// The present instant.
        time: SimTime,
        /// The present phase.
        now: Phase,
        /// The phase in which it should have been delivered.
        phase: Phase,
    },

    /// A delay that leads beyond [`SimTime::MAX`]. Fatal.
    #[error("`{sender}` sent {kind} at {time} with a delay of {delay}, which leads beyond the end of time")]
    TimeOverflow {
        /// Who sent it.
        sender: Box<str>,
        /// The kind of message.
        kind: &'static str,
        /// When it was sent.
        time: SimTime,
        /// The delay asked for.
        delay: SimDuration,
    },

    /// Periodic wakes without a period, which would never let time go on. Fatal.
    #[error("`{actor}` set periodic wakes at {time} with a period of nothing")]
    ZeroPeriod {
        /// Who set them.
        actor: Box<str>,
        /// When.
        time: SimTime,
    },

    /// More messages pending than [`Limits::pending`](crate::Limits::pending). Fatal when an actor sent the
    /// last one.
    #[error("`{sender}` sent {kind} at {time} while {limit} messages were pending, which is the limit")]
    PendingLimit {
        /// Who sent the message that was too much.
        sender: Box<str>,
        /// The kind of message.
        kind: &'static str,
        /// When it was sent.
        time: SimTime,
        /// The limit.
        limit: usize,
    },

    /// More messages in one instant than [`Limits::events_per_instant`](crate::Limits::events_per_instant), as
    /// when two actors answer each other without end. Fatal.
    #[error("event storm at {time}: over {limit} messages in one instant, the last was {kind} to `{actor}`")]
    EventStorm {
        /// The instant that does not end.
        time: SimTime,
        /// The limit.
        limit: u64,
        /// Who received the last message.
        actor: Box<str>,
        /// The last message's kind.
        kind: &'static str,
    },

    /// A process has more messages waiting than [`Limits::mailbox`](crate::Limits::mailbox). Fatal: one was lost.
    #[error("mailbox of `{actor}` full at {time}: {limit} messages wait, and `{sender}` sent {kind}")]
    MailboxFull {
        /// Who does not receive.
        actor: Box<str>,
        /// Who sent the message that was too much.
        sender: Box<str>,
        /// Its kind.
        kind: &'static str,
        /// When it was to be delivered.
        time: SimTime,
        /// The limit.
        limit: usize,
    },

    /// As many deliveries as [`Limits::steps`](crate::Limits::steps) allows, and more pending. Not fatal: the run goes
    /// on after [`Simulation::set_step_budget`](crate::Simulation::set_step_budget).
    #[error("the budget of {limit} deliveries is spent at {time}, and more are pending")]
    StepBudget {
        /// The present instant.
        time: SimTime,
        /// The budget.
        limit: u64,
    },

    /// A paced run is later than its pacer tolerates. Not fatal: nothing of that instant was delivered.
    #[error("out of step: {time} comes {late} too late")]
    OutOfStep {
        /// The instant that is late.
        time: SimTime,
        /// By how much.
        late: SimDuration,
    },

    /// Nothing is pending, and processes wait for answers and for nothing else. Not fatal: a message from outside may yet bring
    /// one.
    #[error("deadlock at {time}: nothing is pending, and {} for an answer", waiting(.actors))]
    Deadlock {
        /// The last instant.
        time: SimTime,
        /// Who waits.
        actors: Vec<Box<str>>,
    },

    /// A process awaits something that is not the engine's, so that nothing would ever wake it. Fatal.
    #[error("`{actor}` awaits at {time} what is not the engine's: nothing would ever wake it")]
    ForeignWait {
        /// Which process.
        actor: Box<str>,
        /// When.
        time: SimTime,
    },

    /// An actor returned an error. Fatal.
    #[error("`{actor}` failed at {time} on {kind}")]
    ActorFailed {
        /// Who failed.
        actor: Box<str>,
        /// When.
        time: SimTime,
        /// The kind of message it was handling.
        kind: &'static str,
        /// What it returned.
        source: Fault,
    },

    /// An actor panicked. Fatal.
    #[error("`{actor}` panicked at {time} on {kind}: {payload}")]
    ActorPanicked {
        /// Who panicked.
        actor: Box<str>,
        /// When.
        time: SimTime,
        /// The kind of message it was handling.
        kind: &'static str,
        /// The panic's text.
        payload: Box<str>,
    },

    /// Some actors cannot be saved. Not fatal.
    #[error("cannot be saved: {}", .actors.iter().map(|(name, why)| format!("`{name}` ({why})")).collect::<Vec<_>>().join(", "))]
    Unsaveable {
        /// Their names, and why.
        actors: Vec<(Box<str>, Box<str>)>,
    },

    /// A saved simulation that is damaged, or of another version. Not fatal.
    #[error(transparent)]
    Snapshot(#[from] SnapshotError),

    /// A saved simulation of other actors than those that are to take it. Not fatal.
    #[error("the saved simulation has {found} where this one has {expected}")]
    OtherActors {
        /// What the snapshot has.
        found: Box<str>,
        /// What is here.
        expected: Box<str>,
    },

    /// An actor could not take its saved state. Fatal: others have taken theirs.
    #[error("`{actor}` cannot take its saved state")]
    Unrestorable {
        /// Who.
        actor: Box<str>,
        /// Why.
        source: Fault,
    },

    /// An earlier run failed, so this one was refused. Fatal.
    #[error("the simulation failed at {time} and cannot go on")]
    Poisoned {
        /// When it failed.
        time: SimTime,
    },
}

impl Error {
    /// Whether the simulation cannot go on after a *run* has returned this. What [`Simulation::add`](crate::Simulation::add) and
    /// [`Simulation::send_at`](crate::Simulation::send_at) return changes nothing, whatever it is.
    pub fn is_fatal(&self) -> bool {
        !matches!(
            self,
            Self::StepBudget { .. }
                | Self::OutOfStep { .. }
                | Self::Deadlock { .. }
                | Self::Unsaveable { .. }
                | Self::Snapshot(_)
                | Self::OtherActors { .. }
        )
    }
}

/// The first few of those that wait.
fn waiting(actors: &[Box<str>]) -> String {
    const SHOWN: usize = 5;
    let shown: Vec<String> = actors.iter().take(SHOWN).map(|name| format!("`{name}`")).collect();
    match actors.len() {
        1 => format!("{} waits", shown[0]),
        count if count <= SHOWN => format!("{} wait", shown.join(", ")),
        count => format!("{} and {} more wait", shown.join(", "), count - SHOWN),
    }
}
