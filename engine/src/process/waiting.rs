//! What a process can wait for: a message, an instant, an answer.

use std::fmt;
use std::future::Future;
use std::pin::Pin;
use std::task::{Context, Poll};

use crate::actor::Model;
use crate::process::{Process, Received, interest};
use crate::queue::Timer;

macro_rules! debug_as_name {
    ($($name:ident),*) => {$(
        impl<M: Model> fmt::Debug for $name<'_, M> {
            fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
                formatter.write_str(stringify!($name))
            }
        }
    )*};
}

debug_as_name!(Recv, Sleep, Ask);

/// Waits for a message; see [`Process::recv`].
#[must_use = "nothing is received before this is awaited"]
pub struct Recv<'a, M: Model> {
    process: &'a Process<M>,
}

impl<'a, M: Model> Recv<'a, M> {
    pub(super) fn new(process: &'a Process<M>) -> Self {
        Self { process }
    }
}

impl<M: Model> Future for Recv<'_, M> {
    type Output = Received<M::Message>;

    #[inline]
    fn poll(self: Pin<&mut Self>, _: &mut Context<'_>) -> Poll<Self::Output> {
        let desk = &mut *self.process.seat.desk.borrow_mut();
        match desk.mailbox.pop_front() {
            Some(received) => Poll::Ready(received),
            None => {
                desk.interest |= interest::MESSAGE;
                Poll::Pending
            }
        }
    }
}

/// Waits for an instant; see [`Process::sleep_until`]. Its timer is set from the beginning, and cancelled when it is dropped.
#[must_use = "nobody sleeps before this is awaited"]
pub struct Sleep<'a, M: Model> {
    process: &'a Process<M>,
    /// [`Timer::NEVER`] for what was refused.
    timer: Timer,
}

impl<'a, M: Model> Sleep<'a, M> {
    pub(super) fn new(process: &'a Process<M>, timer: Timer) -> Self {
        Self { process, timer }
    }
}

impl<M: Model> Future for Sleep<'_, M> {
    type Output = ();

    fn poll(self: Pin<&mut Self>, _: &mut Context<'_>) -> Poll<()> {
        let Self { process, timer } = *self;
        let has_rung = process.with(|world, _| !world.queue.is_pending(timer));
        if has_rung && timer != Timer::NEVER {
            return Poll::Ready(());
        }
        process.seat.desk.borrow_mut().interest |= interest::INSTANT;
        Poll::Pending
    }
}

impl<M: Model> Drop for Sleep<'_, M> {
    fn drop(&mut self) {
        // Without a world the whole simulation is going, and the timer with it.
        if let Ok(mut world) = self.process.seat.stage.world.try_borrow_mut()
            && let Some(world) = &mut *world
        {
            world.queue.cancel(self.timer);
        }
    }
}

/// Waits for an answer; see [`Process::ask`]. If it is dropped, an answer that comes later is a message like any other.
#[must_use = "the answer is received when this is awaited"]
pub struct Ask<'a, M: Model> {
    process: &'a Process<M>,
    number: u32,
}

impl<'a, M: Model> Ask<'a, M> {
    pub(super) fn new(process: &'a Process<M>, number: u32) -> Self {
        Self { process, number }
    }
}

impl<M: Model> Future for Ask<'_, M> {
    type Output = M::Message;

    fn poll(self: Pin<&mut Self>, _: &mut Context<'_>) -> Poll<Self::Output> {
        let desk = &mut *self.process.seat.desk.borrow_mut();
        if let Some(questions) = &mut desk.questions
            && let Some(place) = questions.answers.iter().position(|(number, _)| *number == self.number)
        {
            return Poll::Ready(questions.answers.swap_remove(place).1);
        }
        desk.interest |= interest::ANSWER;
        Poll::Pending
    }
}

impl<M: Model> Drop for Ask<'_, M> {
    fn drop(&mut self) {
        if let Some(questions) = &mut self.process.seat.desk.borrow_mut().questions {
            questions.open.retain(|&number| number != self.number);
            questions.answers.retain(|(number, _)| *number != self.number);
        }
    }
}
