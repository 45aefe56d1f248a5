//! A message on its way, and what must hold for it to be sent.

use serde::{Deserialize, Serialize};

use crate::actor::{ActorId, Message};
use crate::digest::{self, Digest};
use crate::error::Error;
use crate::queue::{EventQueue, Refusal, Timer};
use crate::time::{Phase, SimTime};

/// The name under which errors report who sent from outside of the simulation.
const OUTSIDE: &str = "outside";

/// A message with its addresses.
#[derive(Debug, Serialize, Deserialize)]
pub(crate) struct Envelope<T> {
    /// `None` if it came from outside of the simulation.
    pub(crate) sender: Option<ActorId>,
    pub(crate) receiver: ActorId,
    pub(crate) message: T,
}

impl<T: Message> Envelope<T> {
    /// Puts the envelope into the queue, or says what is wrong with it; `names` are those of all actors.
    #[inline]
    pub(crate) fn post(
        self,
        time: SimTime,
        phase: Phase,
        queue: &mut EventQueue<Self>,
        names: &[Box<str>],
    ) -> Result<Timer, Error> {
        if self.receiver.index() as usize >= names.len() {
            return Err(Error::DeadLetter {
                sender: self.sender_name(names),
                receiver: self.receiver,
                kind: self.message.kind(),
                time: queue.now(),
            });
        }
        match queue.check(time, phase) {
            Ok(()) => Ok(queue.push(time, phase, self)),
            Err(refusal) => Err(self.refused(refusal, time, phase, queue, names)),
        }
    }

    #[cold]
    fn refused(
        self,
        refusal: Refusal,
        time: SimTime,
        phase: Phase,
        queue: &EventQueue<Self>,
        names: &[Box<str>],
    ) -> Error {
        let sender = self.sender_name(names);
        let kind = self.message.kind();
        let now = queue.now();
        match refusal {
            Refusal::PastTime => Error::PastTime { sender, kind, now, time },
            Refusal::PastPhase => Error::PastPhase { sender, kind, time: now, now: queue.phase(), phase },
            Refusal::Full => Error::PendingLimit { sender, kind, time: now, limit: queue.len() },
        }
    }

    fn sender_name(&self, names: &[Box<str>]) -> Box<str> {
        match self.sender {
            Some(sender) => names[sender.index() as usize].clone(),
            None => OUTSIDE.into(),
        }
    }

    /// Writes the delivery of this envelope into the run's digest.
    #[inline]
    pub(crate) fn digest(&self, kind: &str, time: SimTime, phase: Phase, digest: &mut Digest) {
        // No actor has the address 2^32 - 1: that many do not fit into memory.
        let sender = self.sender.map_or(u32::MAX, ActorId::index);
        digest.write_u64(time.micros());
        digest.write_u64(u64::from(self.receiver.index()) << 32 | u64::from(sender));
        digest.write_u64(digest::word_of(kind).wrapping_add(phase.index() as u64));
        self.message.digest(digest);
    }
}
