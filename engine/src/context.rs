//! What a handler actor sees of the simulation while it handles a message.

use std::fmt;
use std::future::Future;

use crate::actor::{Actor, ActorId, Fault, Model};
use crate::body::Body;
use crate::envelope::ReplyTo;
use crate::periodics::Periodic;
use crate::process::{Process, ProcessBody};
use crate::queue::Timer;
use crate::time::{Phase, SimDuration, SimTime};
use crate::world::World;

/// An actor's view of the present, and its way to send.
///
/// Sends return nothing: one that is not allowed (to the past, to nobody, beyond the end of time or the limit of
/// pending messages) is a mistake in the model that no handler can mend. It is noted, and ends the run with an
/// [`Error`](crate::Error) that names the sender, the message and the time, as soon as the handler returns.
pub struct Context<'a, M: Model> {
    pub(crate) me: ActorId,
    pub(crate) sender: Option<ActorId>,
    /// The number of the question that is answered, or 0.
    pub(crate) answers: u32,
    pub(crate) world: &'a mut World<M>,
    pub(crate) sink: &'a mut M::Sink,
}

impl<M: Model> Context<'_, M> {
    /// The present instant.
    #[inline]
    pub fn now(&self) -> SimTime {
        self.world.queue.now()
    }

    /// The present phase of the instant.
    #[inline]
    pub fn phase(&self) -> Phase {
        self.world.queue.phase()
    }

    /// The address of the actor that is handling the message.
    pub fn me(&self) -> ActorId {
        self.me
    }

    /// The name of the actor that is handling the message.
    pub fn name(&self) -> &str {
        self.world.directory.name(self.me).expect("invariant: who acts has a name")
    }

    /// Who sent the message: `None` if it came from [`Simulation::send_at`](crate::Simulation::send_at). A wake is from
    /// oneself.
    pub fn sender(&self) -> Option<ActorId> {
        self.sender
    }

    /// The question of this actor's that the message answers, if it does.
    pub fn answers(&self) -> Option<ReplyTo> {
        (self.answers != 0).then_some(ReplyTo { asker: self.me, number: self.answers })
    }

    /// Whether there is an actor at this address, and it has not retired.
    pub fn is_active(&self, id: ActorId) -> bool {
        self.world.directory.is_active(id)
    }

    /// Where to leave what was observed.
    #[inline]
    pub fn sink(&mut self) -> &mut M::Sink {
        self.sink
    }

    /// Sends within the present instant and phase; delivered after all that was already sent for them.
    #[inline]
    pub fn send(&mut self, to: ActorId, message: M::Message) {
        self.world.send(self.me, to, self.now(), self.phase(), message);
    }

    /// Sends within the present instant to its `phase`, the present or a later one.
    #[inline]
    pub fn send_in(&mut self, to: ActorId, phase: Phase, message: M::Message) {
        self.world.send(self.me, to, self.now(), phase, message);
    }

    /// Sends to an instant from now on.
    #[inline]
    pub fn send_at(&mut self, to: ActorId, time: SimTime, phase: Phase, message: M::Message) {
        self.world.send(self.me, to, time, phase, message);
    }

    /// Sends to the instant `delay` from now.
    #[inline]
    pub fn send_after(&mut self, to: ActorId, delay: SimDuration, phase: Phase, message: M::Message) {
        self.world.send_after(self.me, to, delay, phase, message);
    }

    /// Sends to oneself, `delay` from now; the message can be [cancelled](Self::cancel) until it is delivered.
    #[inline]
    pub fn schedule(&mut self, delay: SimDuration, phase: Phase, message: M::Message) -> Timer {
        self.world.schedule(self.me, delay, phase, message)
    }

    /// Sends the message that `question` makes, within the present instant and phase. The answer comes as a message with
    /// [`answers`](Self::answers) set to what is returned here.
    pub fn ask(&mut self, to: ActorId, question: impl FnOnce(ReplyTo) -> M::Message) -> ReplyTo {
        let reply_to = self.world.ask(self.me);
        self.send(to, question(reply_to));
        reply_to
    }

    /// Answers a question; the answer is delivered within the present instant and phase.
    pub fn reply(&mut self, to: ReplyTo, message: M::Message) {
        self.world.reply(self.me, to, message);
    }

    /// Has [`Actor::wake`] called at an instant from now on, with `tag`. Can be [cancelled](Self::cancel).
    pub fn wake_at(&mut self, time: SimTime, phase: Phase, tag: u32) -> Timer {
        self.world.wake_at(self.me, time, phase, tag)
    }

    /// Has [`Actor::wake`] called `delay` from now, with `tag`. Can be [cancelled](Self::cancel).
    pub fn wake_after(&mut self, delay: SimDuration, phase: Phase, tag: u32) -> Timer {
        self.world.wake_after(self.me, delay, phase, tag)
    }

    /// Has [`Actor::wake`] called `first` from now and every `period` after that, with `tag`, until it is
    /// [ended](Self::end). Each time the next wake is set before the actor sees this one.
    pub fn wake_every(
        &mut self,
        first: SimDuration,
        period: SimDuration,
        phase: Phase,
        tag: u32,
    ) -> Periodic {
        self.world.wake_every(self.me, first, period, phase, tag)
    }

    /// Takes a scheduled message or wake back; `false` if it was delivered or cancelled before.
    pub fn cancel(&mut self, timer: Timer) -> bool {
        self.world.queue.cancel(timer)
    }

    /// Ends periodic wakes; `false` if they were ended before.
    pub fn end(&mut self, periodic: Periodic) -> bool {
        self.world.end_periodic(periodic)
    }

    /// Adds a handler actor, which is started once this message is handled. Messages can be sent to it at once.
    pub fn spawn(&mut self, name: &str, actor: impl Actor<M>) -> ActorId {
        self.world.spawn(self.me, name, |_, _| Body::Handler(Box::new(actor)))
    }

    /// Adds a process, which is started once this message is handled. Messages can be sent to it at once.
    pub fn spawn_process<F, C>(&mut self, name: &str, course: F) -> ActorId
    where
        F: FnOnce(Process<M>) -> C,
        C: Future<Output = Result<(), Fault>> + 'static,
    {
        self.world.spawn(self.me, name, |stage, id| Body::Process(ProcessBody::new(stage, id, course)))
    }

    /// This was the actor's last message. Its own wakes come to nothing, messages on their way to it are counted as
    /// undelivered, and to send it more is a mistake.
    pub fn retire(&mut self) {
        self.world.retire();
    }

    /// Ends the run once this message is handled. What is pending stays so; a further run goes on from there.
    pub fn stop(&mut self) {
        self.world.stop();
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
