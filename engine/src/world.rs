//! What actors reach while they act: the queue, the directory, and what the engine does once they are done.

use std::rc::Rc;

use crate::actor::{ActorId, Message, Model};
use crate::body::Body;
use crate::directory::Directory;
use crate::envelope::{Envelope, ReplyTo, WAKE};
use crate::error::Error;
use crate::periodics::{Periodic, Periodics, Repetition};
use crate::process::Stage;
use crate::queue::{EventQueue, Refusal, Timer};
use crate::time::{Phase, SimDuration, SimTime};

/// The name under which errors report who sent from outside of the simulation.
const OUTSIDE: &str = "outside";

/// What a process leaves for the sink, which is not at hand while it runs.
pub(crate) type Observation<M> = Box<dyn FnOnce(&mut <M as Model>::Sink)>;

/// What the actor that is acting wants the engine to do next; nothing, as a rule.
#[derive(Debug)]
pub(crate) struct Aftermath<M: Model> {
    /// Whether there is anything below, so that one look is enough.
    pub(crate) is_due: bool,
    pub(crate) stop: bool,
    pub(crate) retire: bool,
    /// The first send that was not allowed.
    pub(crate) illegal: Option<Box<Error>>,
    pub(crate) newcomers: Vec<Body<M>>,
    pub(crate) observations: Observations<M>,
}

impl<M: Model> Default for Aftermath<M> {
    fn default() -> Self {
        Self {
            is_due: false,
            stop: false,
            retire: false,
            illegal: None,
            newcomers: Vec::new(),
            observations: Observations(Vec::new()),
        }
    }
}

/// Closures, which have nothing to show.
pub(crate) struct Observations<M: Model>(pub(crate) Vec<Observation<M>>);

impl<M: Model> std::fmt::Debug for Observations<M> {
    fn fmt(&self, formatter: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(formatter, "{} observations", self.0.len())
    }
}

/// Everything but the actors themselves.
#[derive(Debug)]
pub(crate) struct World<M: Model> {
    pub(crate) queue: EventQueue<Envelope<M::Message>>,
    pub(crate) directory: Directory,
    pub(crate) periodics: Periodics,
    /// Questions asked so far.
    pub(crate) asked: u32,
    pub(crate) aftermath: Aftermath<M>,
    pub(crate) stage: Rc<Stage<M>>,
}

impl<M: Model> World<M> {
    pub(crate) fn new(pending: usize) -> Self {
        Self {
            queue: EventQueue::new(pending),
            directory: Directory::default(),
            periodics: Periodics::default(),
            asked: 0,
            aftermath: Aftermath::default(),
            stage: Rc::default(),
        }
    }

    /// Says what is wrong with an envelope, if anything is.
    #[inline]
    fn check(&self, time: SimTime, phase: Phase, envelope: &Envelope<M::Message>) -> Result<(), Box<Error>> {
        if !self.directory.is_active(envelope.receiver) {
            return Err(self.lost(envelope));
        }
        self.queue.check(time, phase).map_err(|refusal| self.refused(refusal, envelope, time, phase))
    }

    /// Puts an envelope into the queue, or says what is wrong with it.
    #[inline]
    pub(crate) fn post(
        &mut self,
        time: SimTime,
        phase: Phase,
        envelope: Envelope<M::Message>,
    ) -> Result<(), Box<Error>> {
        self.check(time, phase, &envelope)?;
        self.queue.put(time, phase, envelope);
        Ok(())
    }

    /// As [`post`](Self::post), for what can be cancelled.
    #[inline]
    fn set(
        &mut self,
        time: SimTime,
        phase: Phase,
        envelope: Envelope<M::Message>,
    ) -> Result<Timer, Box<Error>> {
        self.check(time, phase, &envelope)?;
        Ok(self.queue.push(time, phase, envelope))
    }

    /// Sends for an actor; what is not allowed is noted.
    #[inline]
    pub(crate) fn send(
        &mut self,
        me: ActorId,
        to: ActorId,
        time: SimTime,
        phase: Phase,
        message: M::Message,
    ) {
        if let Err(error) = self.post(time, phase, Envelope::message(Some(me), to, 0, message)) {
            self.refuse(error);
        }
    }

    #[inline]
    pub(crate) fn send_after(
        &mut self,
        me: ActorId,
        to: ActorId,
        delay: SimDuration,
        phase: Phase,
        message: M::Message,
    ) {
        match self.queue.now().checked_add(delay) {
            Some(time) => self.send(me, to, time, phase, message),
            None => {
                self.beyond(me, message.kind(), delay);
            }
        }
    }

    /// Sends to the actor itself, so that it can be cancelled.
    #[inline]
    pub(crate) fn schedule(
        &mut self,
        me: ActorId,
        delay: SimDuration,
        phase: Phase,
        message: M::Message,
    ) -> Timer {
        let Some(time) = self.queue.now().checked_add(delay) else {
            return self.beyond(me, message.kind(), delay);
        };
        self.set(time, phase, Envelope::message(Some(me), me, 0, message))
            .unwrap_or_else(|error| self.refuse(error))
    }

    pub(crate) fn ask(&mut self, me: ActorId) -> ReplyTo {
        self.asked = self.asked.checked_add(1).expect("invariant: fewer than 2^32 questions in a run");
        ReplyTo { asker: me, number: self.asked }
    }

    pub(crate) fn reply(&mut self, me: ActorId, to: ReplyTo, message: M::Message) {
        let (now, phase) = (self.queue.now(), self.queue.phase());
        let answer = Envelope::message(Some(me), to.asker, to.number, message);
        if let Err(error) = self.post(now, phase, answer) {
            self.refuse(error);
        }
    }

    pub(crate) fn wake_at(&mut self, me: ActorId, time: SimTime, phase: Phase, tag: u32) -> Timer {
        self.set(time, phase, Envelope::wake(me, tag, 0)).unwrap_or_else(|error| self.refuse(error))
    }

    pub(crate) fn wake_after(&mut self, me: ActorId, delay: SimDuration, phase: Phase, tag: u32) -> Timer {
        match self.queue.now().checked_add(delay) {
            Some(time) => self.wake_at(me, time, phase, tag),
            None => self.beyond(me, WAKE, delay),
        }
    }

    pub(crate) fn wake_every(
        &mut self,
        me: ActorId,
        first: SimDuration,
        period: SimDuration,
        phase: Phase,
        tag: u32,
    ) -> Periodic {
        if period == SimDuration::ZERO {
            let actor = self.name_of(Some(me));
            let time = self.queue.now();
            self.refuse(Box::new(Error::ZeroPeriod { actor, time }));
            return Periodic::NEVER;
        }
        let Some(time) = self.queue.now().checked_add(first) else {
            self.beyond(me, WAKE, first);
            return Periodic::NEVER;
        };
        let periodic = self.periodics.begin();
        match self.set(time, phase, Envelope::wake(me, tag, periodic.number())) {
            Ok(timer) => {
                self.periodics.set(periodic, Repetition { period, phase, timer });
                periodic
            }
            Err(error) => {
                self.periodics.forget(periodic.number());
                self.refuse(error);
                Periodic::NEVER
            }
        }
    }

    pub(crate) fn end_periodic(&mut self, periodic: Periodic) -> bool {
        self.periodics.end(periodic).is_some_and(|timer| self.queue.cancel(timer))
    }

    /// Sets what has just rung for its next time, before its actor sees it.
    pub(crate) fn ring_again(&mut self, receiver: ActorId, tag: u32, number: u32) {
        let Some(&mut Repetition { period, phase, .. }) = self.periodics.ringing(number) else { return };
        // At the end of time there is no next.
        let Some(next) = self.queue.now().checked_add(period) else { return self.periodics.forget(number) };
        match self.set(next, phase, Envelope::wake(receiver, tag, number)) {
            Ok(timer) => {
                if let Some(repetition) = self.periodics.ringing(number) {
                    repetition.timer = timer;
                }
            }
            Err(error) => {
                self.refuse(error);
            }
        }
    }

    /// Enters a newcomer, which is started once the present actor is done.
    pub(crate) fn spawn(
        &mut self,
        me: ActorId,
        name: &str,
        body: impl FnOnce(&Rc<Stage<M>>, ActorId) -> Body<M>,
    ) -> ActorId {
        match self.directory.enter(name) {
            Some(id) => {
                let body = body(&self.stage, id);
                self.aftermath.newcomers.push(body);
                self.aftermath.is_due = true;
                id
            }
            None => {
                self.refuse(Box::new(Error::DuplicateName { name: name.into() }));
                me
            }
        }
    }

    pub(crate) fn stop(&mut self) {
        self.aftermath.stop = true;
        self.aftermath.is_due = true;
    }

    pub(crate) fn retire(&mut self) {
        self.aftermath.retire = true;
        self.aftermath.is_due = true;
    }

    pub(crate) fn observe(&mut self, observation: Observation<M>) {
        self.aftermath.observations.0.push(observation);
        self.aftermath.is_due = true;
    }

    /// What is traced of a delivery while it goes on.
    #[cold]
    pub(crate) fn span(&self, actor: ActorId, kind: &'static str) -> tracing::span::EnteredSpan {
        let (time, actor) = (self.queue.now(), self.directory.name(actor));
        tracing::trace_span!("delivery", time = %time, actor, kind).entered()
    }

    /// The name of a sender.
    pub(crate) fn name_of(&self, sender: Option<ActorId>) -> Box<str> {
        sender.and_then(|sender| self.directory.name(sender)).unwrap_or(OUTSIDE).into()
    }

    #[cold]
    pub(crate) fn refuse(&mut self, error: Box<Error>) -> Timer {
        self.aftermath.illegal.get_or_insert(error);
        self.aftermath.is_due = true;
        Timer::NEVER
    }

    #[cold]
    fn beyond(&mut self, me: ActorId, kind: &'static str, delay: SimDuration) -> Timer {
        let sender = self.name_of(Some(me));
        let time = self.queue.now();
        self.refuse(Box::new(Error::TimeOverflow { sender, kind, time, delay }))
    }

    #[cold]
    fn lost(&self, envelope: &Envelope<M::Message>) -> Box<Error> {
        let sender = self.name_of(envelope.sender());
        let (kind, time) = (envelope.kind(), self.queue.now());
        Box::new(match self.directory.name(envelope.receiver) {
            Some(receiver) => Error::Retired { sender, receiver: receiver.into(), kind, time },
            None => Error::DeadLetter { sender, receiver: envelope.receiver, kind, time },
        })
    }

    #[cold]
    fn refused(
        &self,
        refusal: Refusal,
        envelope: &Envelope<M::Message>,
        time: SimTime,
        phase: Phase,
    ) -> Box<Error> {
        let sender = self.name_of(envelope.sender());
        let kind = envelope.kind();
        let now = self.queue.now();
        Box::new(match refusal {
            Refusal::PastTime => Error::PastTime { sender, kind, now, time },
            Refusal::PastPhase => {
                Error::PastPhase { sender, kind, time: now, now: self.queue.phase(), phase }
            }
            Refusal::Full => Error::PendingLimit { sender, kind, time: now, limit: self.queue.len() },
        })
    }
}
