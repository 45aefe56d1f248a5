//! Actors that are written as a course of action: an `async fn` that waits for messages, instants and answers.
//!
//! ```text
//!            queue ──► deliver ──► seat: mailbox, answers ◄── recv, ask
//!              ▲                     │
//!              │                   poll (once a delivery, if the process waits for such)
//!              │                     ▼
//!              └── stage: world ◄── async fn ── send, sleep, ask, spawn
//! ```
//!
//! The engine is the executor: a process is polled when something it waits for is delivered, and at no other time. While it
//! runs, the world stands on the stage; at all other times the simulation holds it, so that handlers reach it
//! without a detour. Wakers have nothing to do here.

use std::cell::RefCell;
use std::collections::VecDeque;
use std::fmt;
use std::future::Future;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::pin::Pin;
use std::rc::Rc;
use std::task::{Poll, Waker};

use crate::actor::{Actor, ActorId, Fault, Model};
use crate::body::Body;
use crate::envelope::ReplyTo;
use crate::queue::Timer;
use crate::time::{Phase, SimDuration, SimTime};
use crate::world::World;

mod select;
mod waiting;

pub use select::{Either, join, select};
pub use waiting::{Ask, Recv, Sleep};

/// A message that a process has received.
#[derive(Debug)]
pub struct Received<T> {
    /// Who sent it; `None` is from outside.
    pub sender: Option<ActorId>,
    /// The question that it answers, if it is an answer that came too late for who asked.
    pub answers: Option<ReplyTo>,
    /// The message.
    pub message: T,
}

/// Where the world stands while a process runs.
pub(crate) struct Stage<M: Model> {
    world: RefCell<Option<Box<World<M>>>>,
}

impl<M: Model> Default for Stage<M> {
    fn default() -> Self {
        Self { world: RefCell::new(None) }
    }
}

impl<M: Model> fmt::Debug for Stage<M> {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str("Stage")
    }
}

impl<M: Model> Stage<M> {
    /// Does something with the world on the stage, whence it comes back even from a panic.
    fn present<R>(
        &self,
        world: &mut Option<Box<World<M>>>,
        act: impl FnOnce() -> R,
    ) -> std::thread::Result<R> {
        self.world.replace(world.take());
        let result = catch_unwind(AssertUnwindSafe(act));
        *world = self.world.take();
        result
    }
}

/// What a process waits for; by it the engine knows which deliveries concern it.
pub(crate) mod interest {
    pub(crate) const MESSAGE: u8 = 1;
    pub(crate) const ANSWER: u8 = 2;
    pub(crate) const INSTANT: u8 = 4;
}

/// Questions without an answer yet, and answers that nobody has taken.
#[derive(Debug)]
struct Questions<T> {
    open: Vec<u32>,
    answers: Vec<(u32, T)>,
}

#[derive(Debug)]
struct Desk<T> {
    mailbox: VecDeque<Received<T>>,
    /// Most processes never ask.
    questions: Option<Box<Questions<T>>>,
    interest: u8,
}

/// What a process and the engine share.
#[derive(Debug)]
pub(crate) struct Seat<M: Model> {
    me: ActorId,
    stage: Rc<Stage<M>>,
    desk: RefCell<Desk<M::Message>>,
}

/// A process as the engine holds it.
pub(crate) struct ProcessBody<M: Model> {
    course: Pin<Box<dyn Future<Output = Result<(), Fault>>>>,
    seat: Rc<Seat<M>>,
}

/// What became of a message for a process.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Posted {
    /// The process waits for such: it is to be polled.
    Awaited,
    /// It will find the message when it looks.
    Kept,
    /// There is no room for it.
    Full,
}

impl<M: Model> ProcessBody<M> {
    pub(crate) fn new<F, C>(stage: &Rc<Stage<M>>, me: ActorId, course: F) -> Self
    where
        F: FnOnce(Process<M>) -> C,
        C: Future<Output = Result<(), Fault>> + 'static,
    {
        let desk = Desk { mailbox: VecDeque::new(), questions: None, interest: 0 };
        let seat = Rc::new(Seat { me, stage: Rc::clone(stage), desk: RefCell::new(desk) });
        let course = Box::pin(course(Process { seat: Rc::clone(&seat) }));
        Self { course, seat }
    }

    /// Puts a message where the process will find it.
    #[inline]
    pub(crate) fn post(
        &self,
        sender: Option<ActorId>,
        answers: u32,
        message: M::Message,
        mailbox_max: usize,
    ) -> Posted {
        let desk = &mut *self.seat.desk.borrow_mut();
        let mut late = None;
        if answers != 0 {
            if let Some(questions) = &mut desk.questions
                && let Some(place) = questions.open.iter().position(|&open| open == answers)
            {
                questions.open.swap_remove(place);
                questions.answers.push((answers, message));
                return if desk.interest & interest::ANSWER == 0 { Posted::Kept } else { Posted::Awaited };
            }
            late = Some(ReplyTo { asker: self.seat.me, number: answers });
        }
        if desk.mailbox.len() >= mailbox_max {
            return Posted::Full;
        }
        desk.mailbox.push_back(Received { sender, answers: late, message });
        if desk.interest & interest::MESSAGE == 0 { Posted::Kept } else { Posted::Awaited }
    }

    /// Lets the process go on until it waits again; `None` then. An outer error is a panic.
    pub(crate) fn poll(
        &mut self,
        world: &mut Option<Box<World<M>>>,
    ) -> std::thread::Result<Option<Result<(), Fault>>> {
        self.seat.desk.borrow_mut().interest = 0;
        let Self { course, seat } = self;
        let mut context = std::task::Context::from_waker(Waker::noop());
        Ok(match seat.stage.present(world, || course.as_mut().poll(&mut context))? {
            Poll::Ready(result) => Some(result),
            Poll::Pending => None,
        })
    }

    /// What it waits for.
    pub(crate) fn interest(&self) -> u8 {
        self.seat.desk.borrow().interest
    }

    /// Ends it where it waits, and with it its timers. An error is a panic of what it held.
    pub(crate) fn end(self, world: &mut Option<Box<World<M>>>) -> std::thread::Result<()> {
        let Self { course, seat } = self;
        seat.stage.present(world, || drop(course))
    }
}

/// A process's view of the simulation: its present, its way to send, and all that it can wait for.
///
/// It belongs to the `async fn` that it was given to, and works only while that runs. Sends return nothing, as those of
/// a [`Context`](crate::Context): one that is not allowed ends the run.
///
/// A process may wait for what this type offers, alone or together by [`select`] and [`join`], or by any combinator that
/// polls all that it waits for. It may not wait for anything else: nothing would ever wake it, and the run
/// ends in [`Error::ForeignWait`](crate::Error::ForeignWait).
pub struct Process<M: Model> {
    seat: Rc<Seat<M>>,
}

impl<M: Model> Process<M> {
    #[inline]
    fn with<R>(&self, act: impl FnOnce(&mut World<M>, ActorId) -> R) -> R {
        let mut world = self.seat.stage.world.borrow_mut();
        act(world.as_mut().expect("invariant: a process acts only while it runs"), self.seat.me)
    }

    /// The present instant.
    pub fn now(&self) -> SimTime {
        self.with(|world, _| world.queue.now())
    }

    /// The present phase of the instant.
    pub fn phase(&self) -> Phase {
        self.with(|world, _| world.queue.phase())
    }

    /// The process's own address.
    pub fn me(&self) -> ActorId {
        self.seat.me
    }

    /// The process's own name.
    pub fn name(&self) -> Box<str> {
        self.with(|world, me| world.name_of(Some(me)))
    }

    /// Whether there is an actor at this address, and it has not retired.
    pub fn is_active(&self, id: ActorId) -> bool {
        self.with(|world, _| world.directory.is_active(id))
    }

    /// Leaves something in the run's sink. The sink is not at hand while a process runs, so this happens when it waits
    /// again, in the order of the calls and before anything else is delivered.
    pub fn observe(&self, observation: impl FnOnce(&mut M::Sink) + 'static) {
        self.with(|world, _| world.observe(Box::new(observation)));
    }

    /// Sends within the present instant and phase; delivered after all that was already sent for them.
    #[inline]
    pub fn send(&self, to: ActorId, message: M::Message) {
        self.with(|world, me| world.send(me, to, world.queue.now(), world.queue.phase(), message));
    }

    /// Sends within the present instant to its `phase`, the present or a later one.
    #[inline]
    pub fn send_in(&self, to: ActorId, phase: Phase, message: M::Message) {
        self.with(|world, me| world.send(me, to, world.queue.now(), phase, message));
    }

    /// Sends to an instant from now on.
    #[inline]
    pub fn send_at(&self, to: ActorId, time: SimTime, phase: Phase, message: M::Message) {
        self.with(|world, me| world.send(me, to, time, phase, message));
    }

    /// Sends to the instant `delay` from now.
    #[inline]
    pub fn send_after(&self, to: ActorId, delay: SimDuration, phase: Phase, message: M::Message) {
        self.with(|world, me| world.send_after(me, to, delay, phase, message));
    }

    /// Sends to itself, `delay` from now; the message can be [cancelled](Self::cancel) until it is delivered.
    pub fn schedule(&self, delay: SimDuration, phase: Phase, message: M::Message) -> Timer {
        self.with(|world, me| world.schedule(me, delay, phase, message))
    }

    /// Takes a scheduled message back; `false` if it was delivered or cancelled before.
    pub fn cancel(&self, timer: Timer) -> bool {
        self.with(|world, _| world.queue.cancel(timer))
    }

    /// Answers a question; the answer is delivered within the present instant and phase.
    pub fn reply(&self, to: ReplyTo, message: M::Message) {
        self.with(|world, me| world.reply(me, to, message));
    }

    /// Adds a handler actor, which is started once this process waits again.
    pub fn spawn(&self, name: &str, actor: impl Actor<M>) -> ActorId {
        self.with(|world, me| world.spawn(me, name, |_, _| Body::Handler(Box::new(actor))))
    }

    /// Adds a process, which is started once this one waits again.
    pub fn spawn_process<F, C>(&self, name: &str, course: F) -> ActorId
    where
        F: FnOnce(Self) -> C,
        C: Future<Output = Result<(), Fault>> + 'static,
    {
        self.with(|world, me| {
            world.spawn(me, name, |stage, id| Body::Process(ProcessBody::new(stage, id, course)))
        })
    }

    /// Ends the run once this process waits again. What is pending stays so; a further run goes on from there.
    pub fn stop(&self) {
        self.with(|world, _| world.stop());
    }

    /// Waits for the next message.
    pub fn recv(&self) -> Recv<'_, M> {
        Recv::new(self)
    }

    /// The next message, if one is there already.
    pub fn try_recv(&self) -> Option<Received<M::Message>> {
        self.seat.desk.borrow_mut().mailbox.pop_front()
    }

    /// Waits for the next message, at most for `timeout`; `None` then.
    pub async fn recv_timeout(&self, timeout: SimDuration) -> Option<Received<M::Message>> {
        let alarm = self.sleep(timeout);
        match select(self.recv(), alarm).await {
            Either::First(received) => Some(received),
            Either::Second(()) => None,
        }
    }

    /// Waits for an instant: its first phase, or, if it is the present one, the end of the present phase's line.
    pub fn sleep_until(&self, time: SimTime) -> Sleep<'_, M> {
        let (now, phase) = self.with(|world, _| (world.queue.now(), world.queue.phase()));
        self.sleep_until_phase(time, if time == now { phase } else { Phase::FIRST })
    }

    /// Waits for a phase of an instant.
    pub fn sleep_until_phase(&self, time: SimTime, phase: Phase) -> Sleep<'_, M> {
        Sleep::new(self, self.with(|world, me| world.wake_at(me, time, phase, 0)))
    }

    /// Waits for `span`; nothing at all is the end of the present phase's line.
    pub fn sleep(&self, span: SimDuration) -> Sleep<'_, M> {
        let phase = if span == SimDuration::ZERO { self.phase() } else { Phase::FIRST };
        Sleep::new(self, self.with(|world, me| world.wake_after(me, span, phase, 0)))
    }

    /// Asks: sends the message that `question` makes, and waits for the answer. Other messages wait meanwhile.
    ///
    /// If nothing is left that could bring the answer, the run ends in [`Error::Deadlock`](crate::Error::Deadlock).
    pub fn ask(&self, to: ActorId, question: impl FnOnce(ReplyTo) -> M::Message) -> Ask<'_, M> {
        let reply_to = self.with(World::ask);
        // Outside of `with`: who makes the question may look at the present.
        self.send(to, question(reply_to));
        let desk = &mut *self.seat.desk.borrow_mut();
        let questions = desk
            .questions
            .get_or_insert_with(|| Box::new(Questions { open: Vec::new(), answers: Vec::new() }));
        questions.open.push(reply_to.number);
        Ask::new(self, reply_to.number)
    }

    /// Asks, and waits for the answer at most for `timeout`; `None` then. An answer that comes later is a message like any
    /// other, with [`Received::answers`] set.
    pub async fn ask_timeout(
        &self,
        to: ActorId,
        timeout: SimDuration,
        question: impl FnOnce(ReplyTo) -> M::Message,
    ) -> Option<M::Message> {
        let answer = self.ask(to, question);
        let alarm = self.sleep(timeout);
        match select(answer, alarm).await {
            Either::First(answer) => Some(answer),
            Either::Second(()) => None,
        }
    }
}

impl<M: Model> fmt::Debug for Process<M> {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.debug_struct("Process").field("me", &self.seat.me).finish_non_exhaustive()
    }
}
