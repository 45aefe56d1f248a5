//! Where two runs part that should be the same.

use std::fmt;

use crate::actor::{ActorId, Model};
use crate::digest::{Digest, word_of};
use crate::envelope::{Payload, WAKE};
use crate::error::Error;
use crate::simulation::Simulation;
use crate::time::{Phase, SimTime};

/// A delivery that is about to happen, as text.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Upcoming {
    /// When.
    pub time: SimTime,
    /// In which phase of the instant.
    pub phase: Phase,
    /// The receiver's name.
    pub actor: Box<str>,
    /// The sender's name; `outside` if it is none of the actors.
    pub sender: Box<str>,
    /// The message, as its `Debug` shows it.
    pub message: String,
}

impl fmt::Display for Upcoming {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { time, phase, actor, sender, message } = self;
        write!(formatter, "{time}, phase {phase}: `{sender}` to `{actor}`: {message}")
    }
}

/// The first delivery at which two runs part.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Difference {
    /// How many deliveries were the same.
    pub same: u64,
    /// What the first run delivers next; `None` if it has come to its end.
    pub first: Option<Upcoming>,
    /// The same of the second.
    pub second: Option<Upcoming>,
}

impl fmt::Display for Difference {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        let told = |upcoming: &Option<Upcoming>| match upcoming {
            Some(upcoming) => upcoming.to_string(),
            None => "nothing".to_owned(),
        };
        writeln!(formatter, "after {} deliveries that are the same", self.same)?;
        writeln!(formatter, "  the first run delivers  {}", told(&self.first))?;
        write!(formatter, "  the second run delivers {}", told(&self.second))
    }
}

/// Runs two simulations side by side until they part, or both have come to their end: then `None`.
///
/// Two runs of one model and one seed must not part. If they do, an actor has looked at something that is neither its state
/// nor its message (a clock, an address in memory, the order of a hash map), and the delivery found here is the first that
/// shows it.
///
/// # Errors
/// Those of a run, from either.
pub fn first_difference<M: Model>(
    first: (&mut Simulation<M>, &mut M::Sink),
    second: (&mut Simulation<M>, &mut M::Sink),
) -> Result<Option<Difference>, Error> {
    let (one, one_sink) = first;
    let (two, two_sink) = second;
    let mut same = 0;
    loop {
        one.prepare(one_sink)?;
        two.prepare(two_sink)?;
        if one.upcoming_digest() != two.upcoming_digest() {
            return Ok(Some(Difference { same, first: one.upcoming(), second: two.upcoming() }));
        }
        if one.step(one_sink)?.is_none() & two.step(two_sink)?.is_none() {
            return Ok(None);
        }
        same += 1;
    }
}

impl<M: Model> Simulation<M> {
    /// What is next, without delivering it; `None` at the end, and before actors that wait to be started have been.
    pub fn upcoming(&self) -> Option<Upcoming> {
        let (time, phase, envelope) = self.peek()?;
        let name = |id: ActorId| self.name_of(id).unwrap_or_default().into();
        Some(Upcoming {
            time,
            phase,
            actor: name(envelope.receiver),
            sender: envelope.sender().map_or_else(|| "outside".into(), name),
            message: match &envelope.payload {
                Payload::Message(message) => format!("{message:?}"),
                Payload::Wake { tag, .. } => format!("{WAKE} {tag}"),
            },
        })
    }

    fn upcoming_digest(&self) -> Digest {
        let mut digest = Digest::new();
        if let Some((time, phase, envelope)) = self.peek() {
            envelope.digest(word_of(envelope.kind()), time, phase, &mut digest);
        }
        digest
    }
}
