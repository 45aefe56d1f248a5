//! Who takes part in a simulation, and in which types.

use std::any::Any;
use std::error::Error as StdError;
use std::fmt;

use serde::{Deserialize, Serialize};

use crate::context::Context;
use crate::digest::Digest;
use crate::snapshot::{Loading, Saving, Unsaveable};

/// The types one simulation is made of; usually an empty struct that names them.
pub trait Model: 'static {
    /// What actors say to one another: as a rule one enum, a variant for each kind of message.
    type Message: Message;
    /// Where actors leave what they observe: rows, a log, counters. It belongs to the caller, who lends it to
    /// each run; the engine never looks inside.
    type Sink;
}

/// Something that can be sent.
pub trait Message: fmt::Debug + 'static {
    /// What kind of message this is, for errors and digests; a constant for each variant.
    fn kind(&self) -> &'static str;

    /// Writes all that the receiver can read from this message into the run's digest.
    ///
    /// What is left out here may differ between two runs without their digests telling.
    fn digest(&self, digest: &mut Digest);
}

/// Why an actor could not go on; ends the run as [`Error::ActorFailed`](crate::Error::ActorFailed).
pub type Fault = Box<dyn StdError + Send + Sync>;

/// A participant: state of its own, changed only by messages.
pub trait Actor<M: Model>: Any {
    /// Takes one message to its end, without interruption, and sends others through `context`.
    ///
    /// # Errors
    /// When the simulation cannot meaningfully go on. What the actor is meant to cope with is not an error.
    fn handle(&mut self, message: M::Message, context: &mut Context<'_, M>) -> Result<(), Fault>;

    /// Called once, before anything is delivered to this actor: at the beginning of the first run, or, for an actor that is
    /// spawned, as soon as the one that spawned it is done. Does nothing unless written.
    ///
    /// # Errors
    /// As [`handle`](Self::handle).
    fn start(&mut self, _: &mut Context<'_, M>) -> Result<(), Fault> {
        Ok(())
    }

    /// Takes a wake that this actor has set by [`Context::wake_at`] and its like, with the tag it was given.
    ///
    /// # Errors
    /// As [`handle`](Self::handle); without an own implementation always, as nobody else can set it.
    fn wake(&mut self, tag: u32, _: &mut Context<'_, M>) -> Result<(), Fault> {
        Err(format!("nothing is written for wake {tag}").into())
    }

    /// Puts all that changes while the simulation runs into a [`Snapshot`](crate::Snapshot), piece by piece.
    ///
    /// What is the same from the beginning to the end (parameters, tables that are shared) is better left out: the
    /// actor that [`load`](Self::load)s has it already, and a branch may have other parameters.
    ///
    /// # Errors
    /// Without an own implementation: this actor cannot be saved.
    fn save(&self, _: &mut Saving) -> Result<(), Fault> {
        Err(Unsaveable.into())
    }

    /// Takes what [`save`](Self::save) has put, in the same order.
    ///
    /// # Errors
    /// When what is there is not what was expected; without an own implementation always.
    fn load(&mut self, _: &mut Loading<'_>) -> Result<(), Fault> {
        Err(Unsaveable.into())
    }
}

/// An actor's address within its simulation: 0, 1, 2, ... in the order of adding.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(transparent)]
pub struct ActorId(u32);

impl ActorId {
    /// The address of the actor that was, or will be, added at this place, counting from 0.
    ///
    /// By it a model that plans its layout beforehand lets actors know each other before they are added.
    /// A message to a place that stays empty ends the run as a dead letter.
    pub const fn from_index(index: u32) -> Self {
        Self(index)
    }

    /// Its place in the order of adding, from 0.
    pub const fn index(self) -> u32 {
        self.0
    }
}

impl fmt::Display for ActorId {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(formatter, "#{}", self.0)
    }
}
