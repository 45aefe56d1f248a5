//! What can go wrong, by cause.

use crate::actor::{ActorId, Fault};
use crate::snapshot::SnapshotError;
use crate::time::{Phase, SimDuration, SimTime};

/// Why a simulation was not built, or ended.
///
/// **Fatal** is every error that a run returns: a message was lost or a handler did not finish, so what would
/// follow means nothing. The actors can still be looked at, but every further run is
/// [`Poisoned`](Self::Poisoned). **Not fatal** are errors of [`Simulation::add`](crate::Simulation::add) and
/// [`Simulation::send_at`](crate::Simulation::send_at): nothing has changed and the caller may do better.
///
/// Where a `sender` is named `outside`, the message came from `Simulation::send_at`.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum Error {
    /// Two actors of one name. Not fatal.
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
