//! What is on its way to an actor.

use serde::{Deserialize, Serialize};

use crate::actor::{ActorId, Message};
use crate::digest::Digest;
use crate::time::{Phase, SimTime};

/// The kind under which wakes appear in digests, errors and deliveries.
pub(crate) const WAKE: &str = "wake";
/// No actor has the address 2^32 - 1: that many do not fit into memory.
const OUTSIDE: u32 = u32::MAX;

/// Where an answer is awaited: made by [`Context::ask`](crate::Context::ask) and
/// [`Process::ask`](crate::Process::ask), carried in the question, and used once in
/// [`Context::reply`](crate::Context::reply).
///
/// It need not enter a message's digest: who asked is the sender, and answers are deliveries of their own.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
pub struct ReplyTo {
    pub(crate) asker: ActorId,
    /// From 1.
    pub(crate) number: u32,
}

impl ReplyTo {
    /// Who asked.
    pub const fn asker(self) -> ActorId {
        self.asker
    }
}

/// What is delivered.
#[derive(Debug, Serialize, Deserialize)]
pub(crate) enum Payload<T> {
    Message(T),
    /// An actor's own alarm; with the number of what repeats it, if anything does, from 1.
    Wake {
        tag: u32,
        periodic: u32,
    },
}

/// A payload with its addresses.
#[derive(Debug, Serialize, Deserialize)]
pub(crate) struct Envelope<T> {
    sender: u32,
    pub(crate) receiver: ActorId,
    /// The number of the question that this answers, or 0.
    pub(crate) answers: u32,
    pub(crate) payload: Payload<T>,
}

impl<T> Envelope<T> {
    #[inline]
    pub(crate) fn message(sender: Option<ActorId>, receiver: ActorId, answers: u32, message: T) -> Self {
        let sender = sender.map_or(OUTSIDE, ActorId::index);
        Self { sender, receiver, answers, payload: Payload::Message(message) }
    }

    pub(crate) fn wake(receiver: ActorId, tag: u32, periodic: u32) -> Self {
        Self { sender: receiver.index(), receiver, answers: 0, payload: Payload::Wake { tag, periodic } }
    }

    /// Who sent it; `None` if it came from outside of the simulation.
    #[inline]
    pub(crate) fn sender(&self) -> Option<ActorId> {
        (self.sender != OUTSIDE).then(|| ActorId::from_index(self.sender))
    }
}

impl<T: Message> Envelope<T> {
    #[inline]
    pub(crate) fn kind(&self) -> &'static str {
        match &self.payload {
            Payload::Message(message) => message.kind(),
            Payload::Wake { .. } => WAKE,
        }
    }

    /// Writes the delivery of this envelope into a digest, with the [word](crate::digest::word_of) of its kind.
    #[inline]
    pub(crate) fn digest(&self, kind: u64, time: SimTime, phase: Phase, digest: &mut Digest) {
        digest.write_u64(time.micros());
        digest.write_u64(u64::from(self.receiver.index()) << 32 | u64::from(self.sender));
        digest.write_u64(kind.wrapping_add(phase.index() as u64));
        match &self.payload {
            Payload::Message(message) => message.digest(digest),
            Payload::Wake { tag, .. } => digest.write_u64(u64::from(*tag)),
        }
        if self.answers != 0 {
            digest.write_u64(u64::from(self.answers));
        }
    }
}
