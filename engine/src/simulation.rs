//! The simulation: actors, the queue of what is to come, and the loop that brings them together.

use std::any::Any;
use std::collections::BTreeMap;
use std::fmt;
use std::panic::{AssertUnwindSafe, catch_unwind};

use serde::de::DeserializeOwned;
use serde::{Deserialize, Serialize};

use crate::actor::{Actor, ActorId, Message, Model};
use crate::context::Context;
use crate::digest::{Digest, DigestValue};
use crate::envelope::Envelope;
use crate::error::Error;
use crate::queue::EventQueue;
use crate::snapshot::{Loading, Saving, Snapshot, SnapshotError};
use crate::time::{Phase, SimTime};

/// How much is too much, so that a mistake in a model ends in an error and not in a full memory.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Limits {
    /// Messages delivered in one instant; beyond, the run ends in [`Error::EventStorm`].
    pub events_per_instant: u64,
    /// Messages pending at once; beyond, a send is an [`Error::PendingLimit`].
    pub pending: usize,
}

impl Default for Limits {
    /// 100 million in an instant (about ten seconds of work), 50 million pending (a few gigabytes).
    fn default() -> Self {
        Self { events_per_instant: 100_000_000, pending: 50_000_000 }
    }
}

/// Why a run ended in good order.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Outcome {
    /// The end was reached, and later messages are pending.
    Reached,
    /// Nothing is pending.
    Exhausted,
    /// An actor called [`Context::stop`].
    Stopped,
}

/// What a simulation has done so far.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Counters {
    /// Messages delivered.
    pub delivered: u64,
    /// Instants at which any message was delivered.
    pub instants: u64,
    /// Messages still to come.
    pub pending: usize,
}

/// One delivery, as [`Simulation::step`] reports it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Delivery {
    /// When.
    pub time: SimTime,
    /// In which phase of the instant.
    pub phase: Phase,
    /// From whom; `None` is from outside.
    pub sender: Option<ActorId>,
    /// To whom.
    pub receiver: ActorId,
    /// The kind of message.
    pub kind: &'static str,
    /// Whether the receiver called [`Context::stop`].
    pub stop: bool,
}

/// Actors on one clock. See the [crate](crate) for how to build and run one, and for the order of delivery.
pub struct Simulation<M: Model> {
    limits: Limits,
    actors: Vec<Box<dyn Actor<M>>>,
    names: Vec<Box<str>>,
    ids: BTreeMap<Box<str>, ActorId>,
    queue: EventQueue<Envelope<M::Message>>,
    digest: Digest,
    delivered: u64,
    delivered_this_instant: u64,
    instants: u64,
    failed_at: Option<SimTime>,
}

impl<M: Model> Simulation<M> {
    /// Without actors, at [`SimTime::ZERO`].
    pub fn new(limits: Limits) -> Self {
        Self {
            limits,
            actors: Vec::new(),
            names: Vec::new(),
            ids: BTreeMap::new(),
            queue: EventQueue::new(limits.pending),
            digest: Digest::new(),
            delivered: 0,
            delivered_this_instant: 0,
            instants: 0,
            failed_at: None,
        }
    }

    /// Adds an actor; addresses are given in the order of adding.
    ///
    /// # Errors
    /// [`Error::DuplicateName`] if another actor has this name.
    pub fn add(&mut self, name: impl Into<Box<str>>, actor: impl Actor<M>) -> Result<ActorId, Error> {
        let name = name.into();
        if self.ids.contains_key(&name) {
            return Err(Error::DuplicateName { name });
        }
        let index = u32::try_from(self.actors.len()).expect("invariant: fewer than 2^32 actors fit memory");
        let id = ActorId::from_index(index);
        self.actors.push(Box::new(actor));
        self.names.push(name.clone());
        self.ids.insert(name, id);
        Ok(id)
    }

    /// Sends from outside, usually what sets the model going.
    ///
    /// # Errors
    /// [`Error::DeadLetter`], [`Error::PastTime`], [`Error::PastPhase`] or [`Error::PendingLimit`]; then nothing
    /// was sent, and nothing else has changed.
    pub fn send_at(
        &mut self,
        to: ActorId,
        time: SimTime,
        phase: Phase,
        message: M::Message,
    ) -> Result<(), Error> {
        let envelope = Envelope { sender: None, receiver: to, message };
        envelope.post(time, phase, &mut self.queue, &self.names).map(drop)
    }

    /// Delivers all messages before `end`, and moves the clock there. Messages at `end` itself stay pending, so
    /// that consecutive runs share no instant and a run over several spans equals one over their sum.
    ///
    /// When an actor stops the run, the clock stays at its instant. An `end` that has passed does nothing.
    ///
    /// # Errors
    /// Any that a handler can cause; see [`Error`]. All are fatal to the simulation.
    pub fn run_until(&mut self, end: SimTime, sink: &mut M::Sink) -> Result<Outcome, Error> {
        self.guarded(|simulation| simulation.run(Some(end), sink))
    }

    /// Delivers all messages until none is pending. The clock stays at the last instant.
    ///
    /// # Errors
    /// As [`run_until`](Self::run_until).
    pub fn run_to_exhaustion(&mut self, sink: &mut M::Sink) -> Result<Outcome, Error> {
        self.guarded(|simulation| simulation.run(None, sink))
    }

    /// Delivers the next message, if any is pending.
    ///
    /// Two simulations that should agree can be stepped side by side, to find the first delivery at which their
    /// [digests](Self::digest) part.
    ///
    /// # Errors
    /// As [`run_until`](Self::run_until).
    pub fn step(&mut self, sink: &mut M::Sink) -> Result<Option<Delivery>, Error> {
        self.guarded(|simulation| {
            let mut next = simulation.queue.pop();
            if next.is_none()
                && let Some(time) = simulation.queue.next_instant()
            {
                simulation.advance_to(time);
                next = simulation.queue.pop();
            }
            next.map(|envelope| simulation.deliver(envelope, sink)).transpose()
        })
    }

    /// The present instant.
    pub fn now(&self) -> SimTime {
        self.queue.now()
    }

    /// When the next message is due, if any is pending.
    pub fn next_time(&self) -> Option<SimTime> {
        self.queue.next_time()
    }

    /// The digest of all deliveries so far: equal if and, but for odds of 2^-128, only if they were.
    pub fn digest(&self) -> DigestValue {
        self.digest.finish()
    }

    /// What was done so far.
    pub fn counters(&self) -> Counters {
        Counters { delivered: self.delivered, instants: self.instants, pending: self.queue.len() }
    }

    /// The name of the actor at this address, if there is one.
    pub fn name_of(&self, id: ActorId) -> Option<&str> {
        self.names.get(id.index() as usize).map(|name| &**name)
    }

    /// The address of the actor of this name, if there is one.
    pub fn find(&self, name: &str) -> Option<ActorId> {
        self.ids.get(name).copied()
    }

    /// The actor at this address, if there is one and it is a `T`.
    pub fn actor<T: Actor<M>>(&self, id: ActorId) -> Option<&T> {
        let actor: &dyn Any = &**self.actors.get(id.index() as usize)?;
        actor.downcast_ref()
    }

    /// The actor at this address, to be changed between runs, if there is one and it is a `T`.
    pub fn actor_mut<T: Actor<M>>(&mut self, id: ActorId) -> Option<&mut T> {
        let actor: &mut dyn Any = &mut **self.actors.get_mut(id.index() as usize)?;
        actor.downcast_mut()
    }

    /// Refuses to go on after a failure, and remembers a new one.
    fn guarded<T>(&mut self, run: impl FnOnce(&mut Self) -> Result<T, Error>) -> Result<T, Error> {
        if let Some(time) = self.failed_at {
            return Err(Error::Poisoned { time });
        }
        let result = run(self);
        if result.is_err() {
            self.failed_at = Some(self.now());
        }
        result
    }

    fn run(&mut self, end: Option<SimTime>, sink: &mut M::Sink) -> Result<Outcome, Error> {
        let before_end = |time| end.is_none_or(|end| time < end);
        while before_end(self.now()) {
            while let Some(envelope) = self.queue.pop() {
                if self.deliver(envelope, sink)?.stop {
                    return Ok(Outcome::Stopped);
                }
            }
            match (self.queue.next_instant(), end) {
                (Some(time), _) if before_end(time) => self.advance_to(time),
                (_, Some(end)) => self.advance_to(end),
                (_, None) => break,
            }
        }
        Ok(if self.queue.len() == 0 { Outcome::Exhausted } else { Outcome::Reached })
    }

    fn advance_to(&mut self, time: SimTime) {
        self.queue.advance_to(time);
        self.delivered_this_instant = 0;
    }

    #[inline]
    fn deliver(&mut self, envelope: Envelope<M::Message>, sink: &mut M::Sink) -> Result<Delivery, Error> {
        let time = self.queue.now();
        let phase = self.queue.phase();
        let kind = envelope.message.kind();
        envelope.digest(kind, time, phase, &mut self.digest);
        self.count();

        let Envelope { sender, receiver, message } = envelope;
        let actor = &mut self.actors[receiver.index() as usize];
        let mut context = Context {
            me: receiver,
            sender,
            names: &self.names,
            queue: &mut self.queue,
            sink,
            stop: false,
            illegal: None,
        };
        // After a panic nobody but the caller sees the actor or the sink again: further runs are refused.
        let handled = catch_unwind(AssertUnwindSafe(|| actor.handle(message, &mut context)));
        let Context { stop, illegal, .. } = context;

        let name = || self.names[receiver.index() as usize].clone();
        match handled {
            Ok(Ok(())) => {}
            Ok(Err(source)) => return Err(Error::ActorFailed { actor: name(), time, kind, source }),
            Err(panic) => {
                let payload = panic_text(&*panic);
                return Err(Error::ActorPanicked { actor: name(), time, kind, payload });
            }
        }
        if let Some(error) = illegal {
            return Err(*error);
        }
        let limit = self.limits.events_per_instant;
        if self.delivered_this_instant > limit {
            return Err(Error::EventStorm { time, limit, actor: name(), kind });
        }
        Ok(Delivery { time, phase, sender, receiver, kind, stop })
    }

    #[inline]
    fn count(&mut self) {
        self.delivered += 1;
        self.instants += u64::from(self.delivered_this_instant == 0);
        self.delivered_this_instant += 1;
    }
}

/// The engine's own state within a [`Snapshot`].
#[derive(Serialize, Deserialize)]
struct EngineState<Q> {
    queue: Q,
    digest: Digest,
    delivered: u64,
    delivered_this_instant: u64,
    instants: u64,
}

impl<M: Model> Simulation<M>
where
    M::Message: Serialize + DeserializeOwned,
{
    /// The simulation as it stands between two events. `label` says what it is of; the engine does not look at it.
    ///
    /// A run that goes on from here, and one that goes on from a [`restore`](Self::restore)d copy, deliver the same
    /// messages and end with the same digest.
    ///
    /// # Errors
    /// [`Error::Unsaveable`], with all actors that cannot be saved; [`Error::Poisoned`].
    pub fn save(&self, label: &str) -> Result<Snapshot, Error> {
        if let Some(time) = self.failed_at {
            return Err(Error::Poisoned { time });
        }
        let mut unsaveable = Vec::new();
        let mut actors = Vec::with_capacity(self.actors.len());
        for (actor, name) in self.actors.iter().zip(&self.names) {
            let mut saving = Saving::default();
            match actor.save(&mut saving) {
                Ok(()) => actors.push((name.clone(), Some(saving.into_bytes()))),
                Err(why) => unsaveable.push((name.clone(), why.to_string().into())),
            }
        }
        let engine = EngineState {
            queue: &self.queue,
            digest: self.digest.clone(),
            delivered: self.delivered,
            delivered_this_instant: self.delivered_this_instant,
            instants: self.instants,
        };
        let engine = postcard::to_stdvec(&engine).map_err(|error| error.to_string());
        match engine {
            Ok(engine) if unsaveable.is_empty() => {
                Ok(Snapshot { label: label.into(), time: self.now(), engine, actors })
            }
            Ok(_) => Err(Error::Unsaveable { actors: unsaveable }),
            Err(why) => {
                unsaveable.push(("messages on their way".into(), why.into()));
                Err(Error::Unsaveable { actors: unsaveable })
            }
        }
    }

    /// Takes the state of a snapshot. This simulation must have the same actors, added in the same order; their parameters may
    /// be others, so that one snapshot can go on in several branches. What was pending here is forgotten.
    ///
    /// # Errors
    /// [`Error::OtherActors`] and [`Error::Snapshot`], after which nothing has changed; [`Error::Unrestorable`], which is fatal.
    pub fn restore(&mut self, snapshot: &Snapshot) -> Result<(), Error> {
        self.fits(snapshot)?;
        let state: EngineState<EventQueue<Envelope<M::Message>>> = postcard::from_bytes(&snapshot.engine)
            .map_err(|error| SnapshotError::Content { reason: error.to_string().into() })?;
        for (actor, (name, bytes)) in self.actors.iter_mut().zip(&snapshot.actors) {
            let mut loading = Loading::new(bytes.as_deref().unwrap_or_default());
            let loaded = actor.load(&mut loading).and_then(|()| match loading.left() {
                0 => Ok(()),
                left => Err(format!("{left} bytes were not taken").into()),
            });
            if let Err(source) = loaded {
                self.failed_at = Some(snapshot.time);
                return Err(Error::Unrestorable { actor: name.clone(), source });
            }
        }
        self.queue = state.queue;
        self.digest = state.digest;
        self.delivered = state.delivered;
        self.delivered_this_instant = state.delivered_this_instant;
        self.instants = state.instants;
        self.failed_at = None;
        Ok(())
    }

    /// Whether a snapshot is of the same actors.
    fn fits(&self, snapshot: &Snapshot) -> Result<(), Error> {
        let names = snapshot.actors.iter().map(|(name, _)| name);
        if let Some((found, expected)) = names.zip(&self.names).find(|(found, expected)| found != expected) {
            let [found, expected] = [found, expected].map(|name| format!("`{name}`").into());
            return Err(Error::OtherActors { found, expected });
        }
        if snapshot.actors.len() != self.names.len() {
            let [found, expected] =
                [snapshot.actors.len(), self.names.len()].map(|count| format!("{count} actors").into());
            return Err(Error::OtherActors { found, expected });
        }
        Ok(())
    }
}

impl<M: Model> fmt::Debug for Simulation<M> {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter
            .debug_struct("Simulation")
            .field("now", &self.now())
            .field("actors", &self.actors.len())
            .field("counters", &self.counters())
            .field("digest", &self.digest())
            .finish_non_exhaustive()
    }
}

/// The text of a panic, which is a string unless somebody used `panic_any`.
fn panic_text(payload: &(dyn Any + Send)) -> Box<str> {
    if let Some(text) = payload.downcast_ref::<&'static str>() {
        (*text).into()
    } else if let Some(text) = payload.downcast_ref::<String>() {
        text.as_str().into()
    } else {
        "a payload that is not text".into()
    }
}
