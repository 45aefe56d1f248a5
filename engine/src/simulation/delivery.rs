//! One delivery: the digest, the actor, and what follows from what it did.

use std::any::Any;
use std::panic::{AssertUnwindSafe, catch_unwind, resume_unwind};

use crate::actor::{ActorId, Fault, Model};
use crate::body::Body;
use crate::context::Context;
use crate::envelope::{Envelope, Payload};
use crate::error::Error;
use crate::process::{Posted, interest};
use crate::simulation::Simulation;
use crate::world::Aftermath;

/// What an actor is doing when it is started, in errors and traces.
const START: &str = "start";
/// ... and when it is let go.
const RETIRE: &str = "retirement";

/// What became of an envelope.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Delivered {
    /// Its receiver has retired.
    Gone,
    /// It was taken.
    Taken,
    /// It was taken, and the run is to stop.
    Stop,
}

/// What became of an actor's turn; `Err` is the payload of a panic.
type Turn = Result<Result<(), Fault>, Box<dyn Any + Send>>;

impl<M: Model> Simulation<M> {
    /// Whether the budget allows for what is left of the present instant.
    #[inline]
    pub(super) fn check_budget(&self) -> Result<(), Box<Error>> {
        if self.delivered < self.limits.steps { Ok(()) } else { self.check_spent_budget() }
    }

    #[cold]
    fn check_spent_budget(&self) -> Result<(), Box<Error>> {
        let (now, limit) = (self.now(), self.limits.steps);
        match self.peek() {
            Some((time, ..)) if time == now => Err(Box::new(Error::StepBudget { time, limit })),
            _ => Ok(()),
        }
    }

    /// Delivers an envelope.
    #[inline]
    pub(super) fn deliver(
        &mut self,
        envelope: Envelope<M::Message>,
        sink: &mut M::Sink,
    ) -> Result<Delivered, Box<Error>> {
        let world = self.world.as_deref_mut().expect("invariant: between polls the world is here");
        let (time, phase) = (world.queue.now(), world.queue.phase());
        let (sender, receiver, kind) = (envelope.sender(), envelope.receiver, envelope.kind());
        let body = &mut self.bodies[receiver.index() as usize];
        if matches!(body, Body::Retired) {
            self.leave(&envelope);
            return Ok(Delivered::Gone);
        }
        envelope.digest(self.kinds.count(kind), time, phase, &mut self.digest);
        self.delivered += 1;
        self.instants += u64::from(self.delivered_this_instant == 0);
        self.delivered_this_instant += 1;
        let _span = tracing::level_enabled!(tracing::Level::TRACE).then(|| world.span(receiver, kind));

        let turn = match body {
            Body::Handler(actor) => {
                let Envelope { answers, payload, .. } = envelope;
                let mut context = Context { me: receiver, sender, answers, world, sink };
                self.acting = Some((receiver, kind));
                let result = match payload {
                    Payload::Message(message) => actor.handle(message, &mut context),
                    Payload::Wake { tag, periodic } => {
                        if periodic != 0 {
                            context.world.ring_again(receiver, tag, periodic);
                        }
                        actor.wake(tag, &mut context)
                    }
                };
                self.acting = None;
                Ok(result)
            }
            Body::Process(process) => {
                let posted = match envelope.payload {
                    Payload::Message(message) => {
                        process.post(sender, envelope.answers, message, self.limits.mailbox)
                    }
                    Payload::Wake { .. } => Posted::Awaited,
                };
                match posted {
                    Posted::Awaited => self.poll(receiver),
                    Posted::Kept => Ok(Ok(())),
                    Posted::Full => {
                        let limit = self.limits.mailbox;
                        let (actor, sender) = (world.name_of(Some(receiver)), world.name_of(sender));
                        return Err(Box::new(Error::MailboxFull { actor, sender, kind, time, limit }));
                    }
                }
            }
            Body::Retired => Ok(Ok(())),
        };
        let mut stop = self.conclude(turn, receiver, kind, sink)?;
        if self.started < self.bodies.len() {
            stop |= self.start_all(sink)?;
        }
        self.check_storm(self.delivered_this_instant, receiver, kind)?;
        Ok(if stop { Delivered::Stop } else { Delivered::Taken })
    }

    /// Lets a process go on; when it has come to its end, it retires.
    fn poll(&mut self, id: ActorId) -> Turn {
        let Self { bodies, world, .. } = self;
        let Body::Process(process) = &mut bodies[id.index() as usize] else { return Ok(Ok(())) };
        let polled = process.poll(world)?;
        let interest = process.interest();
        let world = self.world_mut();
        Ok(match polled {
            Some(result) => {
                world.retire();
                result
            }
            None => {
                if interest == 0 {
                    let (actor, time) = (world.name_of(Some(id)), world.queue.now());
                    world.refuse(Box::new(Error::ForeignWait { actor, time }));
                }
                Ok(())
            }
        })
    }

    /// Starts all actors that were not, in the order of adding; whether one of them wants to stop.
    #[cold]
    pub(super) fn start_all(&mut self, sink: &mut M::Sink) -> Result<bool, Box<Error>> {
        let mut stop = false;
        while self.started < self.bodies.len() {
            stop |= self.start(sink)?;
        }
        Ok(stop)
    }

    fn start(&mut self, sink: &mut M::Sink) -> Result<bool, Box<Error>> {
        let index = self.started;
        self.started += 1;
        self.started_this_instant += 1;
        let me = ActorId::from_index(index as u32);
        let world = self.world.as_deref_mut().expect("invariant: between polls the world is here");
        let turn = match &mut self.bodies[index] {
            Body::Handler(actor) => {
                let mut context = Context { me, sender: None, answers: 0, world, sink };
                self.acting = Some((me, START));
                let result = actor.start(&mut context);
                self.acting = None;
                Ok(result)
            }
            Body::Process(_) => self.poll(me),
            Body::Retired => Ok(Ok(())),
        };
        let stop = self.conclude(turn, me, START, sink)?;
        self.check_storm(self.started_this_instant, me, START)?;
        Ok(stop)
    }

    #[inline]
    fn check_storm(&self, events: u64, actor: ActorId, kind: &'static str) -> Result<(), Box<Error>> {
        let limit = self.limits.events_per_instant;
        if events <= limit {
            return Ok(());
        }
        Err(self.storm(actor, kind))
    }

    #[cold]
    fn storm(&self, actor: ActorId, kind: &'static str) -> Box<Error> {
        let (time, limit) = (self.now(), self.limits.events_per_instant);
        Box::new(Error::EventStorm { time, limit, actor: self.world().name_of(Some(actor)), kind })
    }

    /// What follows from an actor's turn; whether the run is to stop.
    #[inline]
    fn conclude(
        &mut self,
        turn: Turn,
        actor: ActorId,
        kind: &'static str,
        sink: &mut M::Sink,
    ) -> Result<bool, Box<Error>> {
        if !matches!(turn, Ok(Ok(()))) {
            return Err(self.failed(turn, actor, kind, sink));
        }
        if !self.world_mut().aftermath.is_due {
            return Ok(false);
        }
        self.settle(actor, sink)
    }

    #[cold]
    fn failed(&mut self, turn: Turn, actor: ActorId, kind: &'static str, sink: &mut M::Sink) -> Box<Error> {
        // What was observed before is worth keeping.
        self.observe(sink);
        match turn {
            Ok(Err(source)) => {
                let (actor, time) = (self.world().name_of(Some(actor)), self.now());
                Box::new(Error::ActorFailed { actor, time, kind, source })
            }
            Err(panic) => self.panicked(&*panic, actor, kind),
            Ok(Ok(())) => unreachable!("invariant: a good turn has not failed"),
        }
    }

    /// Catches a handler's panic, and says whose it was. Once for a whole run: a handler that panics ends it.
    ///
    /// Nobody but the caller sees the actor or the sink again: further runs are refused.
    pub(super) fn caught<T>(
        &mut self,
        run: impl FnOnce(&mut Self) -> Result<T, Box<Error>>,
    ) -> Result<T, Box<Error>> {
        match catch_unwind(AssertUnwindSafe(|| run(self))) {
            Ok(result) => result,
            Err(panic) => match self.acting.take() {
                Some((actor, kind)) => Err(self.panicked(&*panic, actor, kind)),
                None => resume_unwind(panic),
            },
        }
    }

    fn panicked(&self, panic: &(dyn Any + Send), actor: ActorId, kind: &'static str) -> Box<Error> {
        let actor = self.world().name_of(Some(actor));
        Box::new(Error::ActorPanicked { actor, time: self.now(), kind, payload: panic_text(panic) })
    }

    fn observe(&mut self, sink: &mut M::Sink) {
        let observations = std::mem::take(&mut self.world_mut().aftermath.observations.0);
        for observation in observations {
            observation(sink);
        }
    }

    #[cold]
    fn settle(&mut self, actor: ActorId, sink: &mut M::Sink) -> Result<bool, Box<Error>> {
        self.observe(sink);
        let Self { world, bodies, .. } = self;
        let Aftermath { is_due, stop, retire, illegal, newcomers, .. } =
            &mut world.as_deref_mut().expect("invariant: between polls the world is here").aftermath;
        *is_due = false;
        let (stop, retire) = (std::mem::take(stop), std::mem::take(retire));
        if let Some(error) = illegal.take() {
            return Err(error);
        }
        bodies.append(newcomers);
        if retire && let Err(panic) = self.retire(actor) {
            return Err(self.failed(Err(panic), actor, RETIRE, sink));
        }
        Ok(stop)
    }

    /// Takes an actor away, and a process's timers with it.
    fn retire(&mut self, actor: ActorId) -> std::thread::Result<()> {
        self.world_mut().directory.retire(actor);
        self.retired += 1;
        let body = std::mem::replace(&mut self.bodies[actor.index() as usize], Body::Retired);
        match body {
            Body::Process(process) => process.end(&mut self.world),
            Body::Handler(actor) => catch_unwind(AssertUnwindSafe(|| drop(actor))),
            Body::Retired => Ok(()),
        }
    }

    /// What was on its way to an actor that has retired.
    #[cold]
    pub(super) fn leave(&mut self, envelope: &Envelope<M::Message>) {
        match envelope.payload {
            Payload::Message(_) => self.undelivered += 1,
            Payload::Wake { periodic: 0, .. } => {}
            Payload::Wake { periodic, .. } => self.world_mut().periodics.forget(periodic),
        }
    }

    /// Once nothing is pending, a process that waits for an answer waits for ever.
    pub(super) fn check_deadlock(&self) -> Result<(), Box<Error>> {
        let waiting =
            |body: &Body<M>| matches!(body, Body::Process(process) if process.interest() == interest::ANSWER);
        let names = self.world().directory.names().iter();
        let actors: Vec<Box<str>> = self
            .bodies
            .iter()
            .zip(names)
            .filter(|(body, _)| waiting(body))
            .map(|(_, name)| name.clone())
            .collect();
        if actors.is_empty() { Ok(()) } else { Err(Box::new(Error::Deadlock { time: self.now(), actors })) }
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
