//! The simulation: actors, the queue of what is to come, and the loop that brings them together.

use std::any::Any;
use std::collections::BTreeMap;
use std::fmt;
use std::future::Future;
use std::rc::Rc;

use crate::actor::{Actor, ActorId, Fault, Model};
use crate::body::Body;
use crate::digest::{Digest, DigestValue};
use crate::envelope::Envelope;
use crate::error::Error;
use crate::kinds::Kinds;
use crate::pace::{Pacer, Unpaced};
use crate::process::{Process, ProcessBody};
use crate::time::{Phase, SimTime};
use crate::world::World;

mod delivery;
mod saving;

use delivery::Delivered;

/// How much is too much, so that a mistake in a model ends in an error and not in a full memory.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Limits {
    /// Deliveries in one instant; beyond, the run ends in [`Error::EventStorm`].
    pub events_per_instant: u64,
    /// Messages pending at once; beyond, a send is an [`Error::PendingLimit`].
    pub pending: usize,
    /// Messages in one process's mailbox that it has not received; beyond, the run ends in [`Error::MailboxFull`].
    /// (Handler actors have no mailbox.)
    pub mailbox: usize,
    /// Deliveries in all; then the run ends in [`Error::StepBudget`], which is not fatal.
    pub steps: u64,
}

impl Default for Limits {
    /// 100 million in an instant (about ten seconds of work), 50 million pending (a few gigabytes), a million in a
    /// mailbox, and no end to the steps.
    fn default() -> Self {
        Self { events_per_instant: 100_000_000, pending: 50_000_000, mailbox: 1_000_000, steps: u64::MAX }
    }
}

/// Why a run ended in good order.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Outcome {
    /// The end was reached, and later messages are pending.
    Reached,
    /// Nothing is pending.
    Exhausted,
    /// An actor called [`Context::stop`](crate::Context::stop).
    Stopped,
}

/// What a simulation has done so far.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Counters {
    /// Messages and wakes delivered.
    pub delivered: u64,
    /// Messages that were on their way when their receiver retired.
    pub undelivered: u64,
    /// Instants at which anything was delivered.
    pub instants: u64,
    /// Messages and wakes still to come.
    pub pending: usize,
    /// Actors that have not retired.
    pub active: usize,
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
    /// The kind of message; `wake` for a wake.
    pub kind: &'static str,
    /// Whether the receiver called [`Context::stop`](crate::Context::stop).
    pub stop: bool,
}

/// Actors on one clock. See the [crate](crate) for how to build and run one, and for the order of delivery.
pub struct Simulation<M: Model> {
    limits: Limits,
    bodies: Vec<Body<M>>,
    /// `None` only while a process runs.
    world: Option<Box<World<M>>>,
    digest: Digest,
    kinds: Kinds,
    /// The handler that is at work, and on what.
    acting: Option<(ActorId, &'static str)>,
    delivered: u64,
    delivered_this_instant: u64,
    undelivered: u64,
    instants: u64,
    retired: usize,
    /// How many actors were started, in the order of adding.
    started: usize,
    started_this_instant: u64,
    failed_at: Option<SimTime>,
}

impl<M: Model> Simulation<M> {
    /// Without actors, at [`SimTime::ZERO`].
    pub fn new(limits: Limits) -> Self {
        Self {
            limits,
            bodies: Vec::new(),
            world: Some(Box::new(World::new(limits.pending))),
            digest: Digest::new(),
            kinds: Kinds::default(),
            acting: None,
            delivered: 0,
            delivered_this_instant: 0,
            undelivered: 0,
            instants: 0,
            retired: 0,
            started: 0,
            started_this_instant: 0,
            failed_at: None,
        }
    }

    /// Adds a handler actor; addresses are given in the order of adding.
    ///
    /// # Errors
    /// [`Error::DuplicateName`] if another actor has, or had, this name.
    pub fn add(&mut self, name: impl Into<Box<str>>, actor: impl Actor<M>) -> Result<ActorId, Error> {
        let id = self.enter(name.into())?;
        self.bodies.push(Body::Handler(Box::new(actor)));
        Ok(id)
    }

    /// Adds a process: `course` is given its [`Process`] and returns what the engine polls. Addresses are given in the
    /// order of adding.
    ///
    /// # Errors
    /// As [`add`](Self::add).
    pub fn add_process<F, C>(&mut self, name: impl Into<Box<str>>, course: F) -> Result<ActorId, Error>
    where
        F: FnOnce(Process<M>) -> C,
        C: Future<Output = Result<(), Fault>> + 'static,
    {
        let id = self.enter(name.into())?;
        let stage = Rc::clone(&self.world().stage);
        self.bodies.push(Body::Process(ProcessBody::new(&stage, id, course)));
        Ok(id)
    }

    /// Puts a handler actor in the place of another that has not been started; name and address stay. `false` if nobody
    /// is there, or it has been started.
    #[must_use]
    pub fn replace(&mut self, id: ActorId, actor: impl Actor<M>) -> bool {
        let index = id.index() as usize;
        let is_waiting = (self.started..self.bodies.len()).contains(&index);
        if is_waiting {
            self.bodies[index] = Body::Handler(Box::new(actor));
        }
        is_waiting
    }

    fn enter(&mut self, name: Box<str>) -> Result<ActorId, Error> {
        self.world_mut().directory.enter(&name).ok_or(Error::DuplicateName { name })
    }

    /// Sends from outside, usually what sets the model going.
    ///
    /// # Errors
    /// [`Error::DeadLetter`], [`Error::Retired`], [`Error::PastTime`], [`Error::PastPhase`] or [`Error::PendingLimit`]; then
    /// nothing was sent, and nothing else has changed.
    pub fn send_at(
        &mut self,
        to: ActorId,
        time: SimTime,
        phase: Phase,
        message: M::Message,
    ) -> Result<(), Error> {
        let posted = self.world_mut().post(time, phase, Envelope::message(None, to, 0, message));
        posted.map_err(|error| *error)
    }

    /// Delivers all messages before `end`, and moves the clock there. Messages at `end` itself stay pending, so
    /// that consecutive runs share no instant and a run over several spans equals one over their sum.
    ///
    /// When an actor stops the run, the clock stays at its instant. An `end` that has passed does nothing.
    ///
    /// # Errors
    /// Any that an actor can cause; see [`Error`] for which are fatal to the simulation.
    pub fn run_until(&mut self, end: SimTime, sink: &mut M::Sink) -> Result<Outcome, Error> {
        self.guarded(|simulation| simulation.run(Some(end), sink, &mut Unpaced))
    }

    /// As [`run_until`](Self::run_until), no faster than `pacer` allows.
    ///
    /// # Errors
    /// As [`run_until`](Self::run_until), and [`Error::OutOfStep`], after which the run can go on.
    pub fn run_paced(
        &mut self,
        end: SimTime,
        sink: &mut M::Sink,
        pacer: &mut impl Pacer,
    ) -> Result<Outcome, Error> {
        self.guarded(|simulation| simulation.run(Some(end), sink, pacer))
    }

    /// As [`run_to_exhaustion`](Self::run_to_exhaustion), no faster than `pacer` allows.
    ///
    /// # Errors
    /// As [`run_paced`](Self::run_paced).
    pub fn run_paced_to_exhaustion(
        &mut self,
        sink: &mut M::Sink,
        pacer: &mut impl Pacer,
    ) -> Result<Outcome, Error> {
        self.guarded(|simulation| simulation.run(None, sink, pacer))
    }

    /// Delivers all messages until none is pending. The clock stays at the last instant.
    ///
    /// # Errors
    /// As [`run_until`](Self::run_until).
    pub fn run_to_exhaustion(&mut self, sink: &mut M::Sink) -> Result<Outcome, Error> {
        self.guarded(|simulation| simulation.run(None, sink, &mut Unpaced))
    }

    /// Delivers the next message or wake, if any is pending.
    ///
    /// # Errors
    /// As [`run_until`](Self::run_until).
    pub fn step(&mut self, sink: &mut M::Sink) -> Result<Option<Delivery>, Error> {
        self.guarded(|simulation| {
            let stop = simulation.start_all(sink)?;
            while let Some(envelope) = simulation.next_envelope()? {
                let world = simulation.world();
                let (time, phase) = (world.queue.now(), world.queue.phase());
                let (sender, receiver, kind) = (envelope.sender(), envelope.receiver, envelope.kind());
                match simulation.deliver(envelope, sink)? {
                    Delivered::Gone => {}
                    delivered => {
                        let stop = stop || delivered == Delivered::Stop;
                        return Ok(Some(Delivery { time, phase, sender, receiver, kind, stop }));
                    }
                }
            }
            simulation.check_deadlock()?;
            Ok(None)
        })
    }

    /// Starts who waits for it and clears what nobody will take, so that what is next is what will be delivered.
    pub(crate) fn prepare(&mut self, sink: &mut M::Sink) -> Result<(), Error> {
        self.guarded(|simulation| {
            simulation.start_all(sink)?;
            while let Some((_, _, envelope)) = simulation.peek()
                && simulation.world().directory.has_retired(envelope.receiver)
            {
                if let Some(envelope) = simulation.next_envelope()? {
                    simulation.leave(&envelope);
                }
            }
            Ok(())
        })
    }

    /// What is next, with its time and phase.
    pub(crate) fn peek(&self) -> Option<(SimTime, Phase, &Envelope<M::Message>)> {
        self.world().queue.peek()
    }

    /// The present instant.
    pub fn now(&self) -> SimTime {
        self.world().queue.now()
    }

    /// When the next message is due, if any is pending.
    pub fn next_time(&self) -> Option<SimTime> {
        self.world().queue.next_time()
    }

    /// The digest of all deliveries so far: equal if and, but for odds of 2^-128, only if time, phase, addresses, kinds and what
    /// [`Message::digest`](crate::Message::digest) tells of them were.
    pub fn digest(&self) -> DigestValue {
        self.digest.finish()
    }

    /// What was done so far.
    pub fn counters(&self) -> Counters {
        Counters {
            delivered: self.delivered,
            undelivered: self.undelivered,
            instants: self.instants,
            pending: self.world().queue.len(),
            active: self.bodies.len() - self.retired,
        }
    }

    /// Deliveries by kind, in the order of their names. Those before a [`restore`](Self::restore) are not among them.
    pub fn kinds(&self) -> BTreeMap<&'static str, u64> {
        self.kinds.all()
    }

    /// Allows for so many deliveries in all, counting those that were.
    pub fn set_step_budget(&mut self, steps: u64) {
        self.limits.steps = steps;
    }

    /// The name of the actor at this address, if there is or was one.
    pub fn name_of(&self, id: ActorId) -> Option<&str> {
        self.world().directory.name(id)
    }

    /// The address of the actor of this name, if there is or was one.
    pub fn find(&self, name: &str) -> Option<ActorId> {
        self.world().directory.find(name)
    }

    /// Whether there is an actor at this address, and it has not retired.
    pub fn is_active(&self, id: ActorId) -> bool {
        self.world().directory.is_active(id)
    }

    /// The handler actor at this address, if there is one and it is a `T`.
    pub fn actor<T: Actor<M>>(&self, id: ActorId) -> Option<&T> {
        let Body::Handler(actor) = self.bodies.get(id.index() as usize)? else { return None };
        let actor: &dyn Any = &**actor;
        actor.downcast_ref()
    }

    /// The handler actor at this address, to be changed between runs, if there is one and it is a `T`.
    pub fn actor_mut<T: Actor<M>>(&mut self, id: ActorId) -> Option<&mut T> {
        let Body::Handler(actor) = self.bodies.get_mut(id.index() as usize)? else { return None };
        let actor: &mut dyn Any = &mut **actor;
        actor.downcast_mut()
    }

    #[inline]
    fn world(&self) -> &World<M> {
        self.world.as_deref().expect("invariant: between polls the world is here")
    }

    #[inline]
    fn world_mut(&mut self) -> &mut World<M> {
        self.world.as_deref_mut().expect("invariant: between polls the world is here")
    }

    /// Refuses to go on after a fatal failure, and remembers a new one.
    fn guarded<T>(&mut self, run: impl FnOnce(&mut Self) -> Result<T, Box<Error>>) -> Result<T, Error> {
        if let Some(time) = self.failed_at {
            return Err(Error::Poisoned { time });
        }
        let result = self.caught(run).map_err(|error| *error);
        if result.as_ref().is_err_and(Error::is_fatal) {
            self.failed_at = Some(self.now());
        }
        result
    }

    fn run(
        &mut self,
        end: Option<SimTime>,
        sink: &mut M::Sink,
        pacer: &mut impl Pacer,
    ) -> Result<Outcome, Box<Error>> {
        let before_end = |time| end.is_none_or(|end| time < end);
        let has_begun = before_end(self.now());
        if has_begun && self.start_all(sink)? {
            return Ok(Outcome::Stopped);
        }
        while before_end(self.now()) {
            loop {
                self.check_budget()?;
                let Some(envelope) = self.world_mut().queue.pop() else { break };
                if self.deliver(envelope, sink)? == Delivered::Stop {
                    return Ok(Outcome::Stopped);
                }
            }
            let next = self.world_mut().queue.next_instant().filter(|&time| before_end(time));
            match next.or(end) {
                Some(time) => {
                    pacer.wait_until(time).map_err(|late| Box::new(Error::OutOfStep { time, late }))?;
                    self.advance_to(time);
                }
                None => break,
            }
        }
        if self.world().queue.len() > 0 {
            return Ok(Outcome::Reached);
        }
        if has_begun {
            self.check_deadlock()?;
        }
        Ok(Outcome::Exhausted)
    }

    /// What is next, moving the clock if need be.
    fn next_envelope(&mut self) -> Result<Option<Envelope<M::Message>>, Box<Error>> {
        self.check_budget()?;
        let next = self.world_mut().queue.pop();
        if next.is_some() {
            return Ok(next);
        }
        match self.world_mut().queue.next_instant() {
            Some(time) => {
                self.advance_to(time);
                self.check_budget()?;
                Ok(self.world_mut().queue.pop())
            }
            None => Ok(None),
        }
    }

    fn advance_to(&mut self, time: SimTime) {
        self.world_mut().queue.advance_to(time);
        self.delivered_this_instant = 0;
        self.started_this_instant = 0;
    }
}

impl<M: Model> fmt::Debug for Simulation<M> {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter
            .debug_struct("Simulation")
            .field("now", &self.now())
            .field("actors", &self.bodies.len())
            .field("counters", &self.counters())
            .field("digest", &self.digest())
            .finish_non_exhaustive()
    }
}
