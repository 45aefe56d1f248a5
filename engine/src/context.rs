//! What an actor sees of the simulation while it handles a message.

use std::fmt;

use crate::actor::{ActorId, Message, Model};
use crate::envelope::Envelope;
use crate::error::Error;
use crate::queue::{EventQueue, Timer};
use crate::time::{Phase, SimDuration, SimTime};

/// An actor's view of the present, and its way to send.
///
/// Sends return nothing: one that is not allowed (to the past, to nobody, beyond the end of time or the limit of
/// pending messages) is a mistake in the model that no handler can mend. It is noted, and ends the run with an
/// [`Error`] that names the sender, the message and the time, as soon as the handler returns.
pub struct Context<'a, M: Model> {
    pub(crate) me: ActorId,
    pub(crate) sender: Option<ActorId>,
    pub(crate) names: &'a [Box<str>],
    pub(crate) queue: &'a mut EventQueue<Envelope<M::Message>>,
    pub(crate) sink: &'a mut M::Sink,
    pub(crate) stop: bool,
    /// The first send that was not allowed.
    pub(crate) illegal: Option<Box<Error>>,
}

impl<M: Model> Context<'_, M> {
    /// The present instant.
    pub fn now(&self) -> SimTime {
        self.queue.now()
    }

    /// The present phase of the instant.
    pub fn phase(&self) -> Phase {
        self.queue.phase()
    }

    /// The address of the actor that is handling the message.
    pub fn me(&self) -> ActorId {
        self.me
    }

    /// The name of the actor that is handling the message.
    pub fn name(&self) -> &str {
        &self.names[self.me.index() as usize]
    }

    /// Who sent the message; `None` if it came from [`Simulation::send_at`](crate::Simulation::send_at).
    pub fn sender(&self) -> Option<ActorId> {
        self.sender
    }

    /// Where to leave what was observed.
    pub fn sink(&mut self) -> &mut M::Sink {
        self.sink
    }

    /// Sends within the present instant and phase; delivered after all that was already sent for them.
    #[inline]
    pub fn send(&mut self, to: ActorId, message: M::Message) {
        self.post(to, self.now(), self.phase(), message);
    }

    /// Sends within the present instant to its `phase`, the present or a later one.
    #[inline]
    pub fn send_in(&mut self, to: ActorId, phase: Phase, message: M::Message) {
        self.post(to, self.now(), phase, message);
    }

    /// Sends to an instant from now on.
    #[inline]
    pub fn send_at(&mut self, to: ActorId, time: SimTime, phase: Phase, message: M::Message) {
        self.post(to, time, phase, message);
    }

    /// Sends to the instant `delay` from now.
    #[inline]
    pub fn send_after(&mut self, to: ActorId, delay: SimDuration, phase: Phase, message: M::Message) {
        self.post_after(to, delay, phase, message);
    }

    /// Sends to oneself, `delay` from now; the message can be [cancelled](Self::cancel) until it is delivered.
    #[inline]
    pub fn schedule(&mut self, delay: SimDuration, phase: Phase, message: M::Message) -> Timer {
        self.post_after(self.me, delay, phase, message)
    }

    /// Takes a scheduled message back; `false` if it was delivered or cancelled before.
    pub fn cancel(&mut self, timer: Timer) -> bool {
        self.queue.cancel(timer)
    }

    /// Ends the run once this message is handled. What is pending stays so; a further run goes on from there.
    pub fn stop(&mut self) {
        self.stop = true;
    }

    #[inline]
    fn post_after(&mut self, to: ActorId, delay: SimDuration, phase: Phase, message: M::Message) -> Timer {
        match self.now().checked_add(delay) {
            Some(time) => self.post(to, time, phase, message),
            None => self.refuse(Error::TimeOverflow {
                sender: self.name().into(),
                kind: message.kind(),
                time: self.now(),
                delay,
            }),
        }
    }

    #[inline]
    fn post(&mut self, to: ActorId, time: SimTime, phase: Phase, message: M::Message) -> Timer {
        let envelope = Envelope { sender: Some(self.me), receiver: to, message };
        match envelope.post(time, phase, self.queue, self.names) {
            Ok(timer) => timer,
            Err(error) => self.refuse(error),
        }
    }

    #[cold]
    fn refuse(&mut self, error: Error) -> Timer {
        self.illegal.get_or_insert_with(|| Box::new(error));
        Timer::NEVER
    }
}

impl<M: Model> fmt::Debug for Context<'_, M> {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter
            .debug_struct("Context")
            .field("name", &self.name())
            .field("now", &self.now())
            .field("phase", &self.phase())
            .finish_non_exhaustive()
    }
}
