//! The events to come, in the order of their delivery: time, then phase, then order of sending.
//!
//! ```text
//!                       time == now                      time > now
//!   push ──────────┬────────────────────┐    ┌─────────────────────────────┐
//!                  ▼                    │    ▼                             │
//!   phase 0   ▐▐▐▐▐▐▐ ──► pop           └────┤  radix ladder: by time, then order of sending
//!   phase 1   ▐▐▐                            │
//!     ...                 ◄── advance_to ────┘
//!   phase 15  ▐▐
//! ```
//!
//! Most messages of a market are sent for the present instant and cannot be cancelled: they lie in first-in-first-out
//! queues themselves, and are written and read once. All others lie in a slab, and the queues and the ladder hold their places.
//! A cancelled event loses its payload at once and its place when the queue comes by, or when such tombstones
//! outnumber the living.

mod ladder;

use std::collections::VecDeque;

use serde::{Deserialize, Serialize};

use self::ladder::{Ladder, Place};
use crate::time::{Phase, SimTime};

/// A message scheduled to oneself, by which it can be cancelled.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
pub struct Timer {
    time: SimTime,
    slot: u32,
    generation: u64,
}

impl Timer {
    /// For a message that was refused: there is nothing to cancel.
    pub(crate) const NEVER: Self = Self { time: SimTime::MAX, slot: u32::MAX, generation: 0 };

    /// When the message is due.
    pub const fn time(&self) -> SimTime {
        self.time
    }
}

/// Why an event was not taken.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Refusal {
    /// Its time has passed.
    PastTime,
    /// Its time is the present instant, and its phase has passed.
    PastPhase,
    /// The queue is full.
    Full,
}

/// What waits in the present instant.
#[derive(Debug, Serialize, Deserialize)]
enum Entry<T> {
    /// Itself.
    Payload(T),
    /// Where it lies in the slab.
    Slot(u32),
}

/// A place for a payload; the generation tells its successive tenants apart.
#[derive(Debug, Serialize, Deserialize)]
struct Slot<T> {
    generation: u64,
    payload: Option<T>,
}

/// Tombstones that are not worth a sweep.
const TOMBSTONES_MIN: usize = 64;

/// The last slot number is reserved for [`Timer::NEVER`].
fn bounded(live_max: usize) -> usize {
    live_max.min(u32::MAX as usize / 2)
}

/// The queue, and with it the clock: its present is the time and phase of the last event popped.
#[derive(Debug, Serialize, Deserialize)]
pub(crate) struct EventQueue<T> {
    now: SimTime,
    phase: Phase,
    /// The present instant's events, by phase.
    present: [VecDeque<Entry<T>>; Phase::COUNT],
    /// A bit for each phase whose queue holds anything.
    occupied: u16,
    /// Events later than `now`.
    future: Ladder,
    slots: Vec<Slot<T>>,
    free: Vec<u32>,
    live: usize,
    /// Not saved: a simulation that is restored keeps its own.
    #[serde(skip)]
    live_max: usize,
    /// Cancelled events in `future`.
    tombstones: usize,
}

impl<T> EventQueue<T> {
    /// At the start of time, for at most `live_max` events at once.
    pub(crate) fn new(live_max: usize) -> Self {
        Self {
            now: SimTime::ZERO,
            phase: Phase::FIRST,
            present: Default::default(),
            occupied: 0,
            future: Ladder::default(),
            slots: Vec::new(),
            free: Vec::new(),
            live: 0,
            live_max: bounded(live_max),
            tombstones: 0,
        }
    }

    /// Sets what is not saved, and says whether the rest can be what was saved.
    pub(crate) fn resume(&mut self, live_max: usize, is_sound: impl Fn(&T) -> bool) -> bool {
        self.live_max = bounded(live_max);
        let has_slot = |&slot: &u32| (slot as usize) < self.slots.len();
        let present = || self.present.iter().flatten();
        let lying = present().filter_map(|entry| match entry {
            Entry::Payload(payload) => Some(payload),
            Entry::Slot(_) => None,
        });
        let slots = present().filter_map(|entry| match entry {
            Entry::Payload(_) => None,
            Entry::Slot(slot) => Some(slot),
        });
        let payloads = lying.chain(self.slots.iter().filter_map(|slot| slot.payload.as_ref()));
        let is_occupied = |(phase, queue): (usize, &VecDeque<Entry<T>>)| {
            queue.is_empty() == (self.occupied >> phase & 1 == 0)
        };
        payloads.clone().count() == self.live
            && payloads.clone().all(is_sound)
            && slots.chain(&self.free).all(has_slot)
            && self.present.iter().enumerate().all(is_occupied)
            && self.future.iter().all(|place| {
                has_slot(&place.slot)
                    && place.time > self.now.micros()
                    && usize::from(place.phase) < Phase::COUNT
            })
    }

    pub(crate) fn now(&self) -> SimTime {
        self.now
    }

    pub(crate) fn phase(&self) -> Phase {
        self.phase
    }

    /// How many events are to come.
    pub(crate) fn len(&self) -> usize {
        self.live
    }

    /// Whether an event may be pushed for this time and phase.
    #[inline]
    pub(crate) fn check(&self, time: SimTime, phase: Phase) -> Result<(), Refusal> {
        if time < self.now {
            Err(Refusal::PastTime)
        } else if time == self.now && phase < self.phase {
            Err(Refusal::PastPhase)
        } else if self.live >= self.live_max {
            Err(Refusal::Full)
        } else {
            Ok(())
        }
    }

    /// Adds an event after all those already there for its time and phase; [`check`](Self::check) comes first.
    #[inline]
    pub(crate) fn put(&mut self, time: SimTime, phase: Phase, payload: T) {
        if time == self.now {
            debug_assert_eq!(self.check(time, phase), Ok(()), "invariant: what is pushed was checked");
            self.live += 1;
            self.enqueue(phase.index(), Entry::Payload(payload));
        } else {
            self.push(time, phase, payload);
        }
    }

    /// As [`put`](Self::put), and it can be cancelled.
    #[inline]
    pub(crate) fn push(&mut self, time: SimTime, phase: Phase, payload: T) -> Timer {
        debug_assert_eq!(self.check(time, phase), Ok(()), "invariant: what is pushed was checked");
        let (slot, generation) = self.occupy(payload);
        if time == self.now {
            self.enqueue(phase.index(), Entry::Slot(slot));
        } else {
            self.future.push(Place { time: time.micros(), slot, phase: phase.index() as u8 });
        }
        Timer { time, slot, generation }
    }

    /// Removes the present instant's first event, if it has any left.
    #[inline]
    pub(crate) fn pop(&mut self) -> Option<T> {
        while self.occupied != 0 {
            let index = self.occupied.trailing_zeros();
            let queue = &mut self.present[index as usize];
            let entry = queue.pop_front().expect("invariant: an occupied phase has an event");
            if queue.is_empty() {
                self.occupied &= !(1 << index);
            }
            let payload = match entry {
                Entry::Payload(payload) => Some(payload),
                Entry::Slot(slot) => self.vacate(slot),
            };
            if payload.is_some() {
                self.phase = Phase::new(index as u8);
                self.live -= 1;
                return payload;
            }
        }
        None
    }

    /// Whether an event was neither delivered nor cancelled.
    pub(crate) fn is_pending(&self, timer: Timer) -> bool {
        let slot = self.slots.get(timer.slot as usize);
        slot.is_some_and(|slot| slot.generation == timer.generation && slot.payload.is_some())
    }

    /// Takes an event back; `false` if it was delivered or cancelled before.
    pub(crate) fn cancel(&mut self, timer: Timer) -> bool {
        let Some(slot) = self.slots.get_mut(timer.slot as usize) else { return false };
        if slot.generation != timer.generation || slot.payload.take().is_none() {
            return false;
        }
        self.live -= 1;
        if timer.time > self.now {
            self.tombstones += 1;
            if self.tombstones > self.live.max(TOMBSTONES_MIN) {
                self.sweep();
            }
        }
        true
    }

    /// The time of the next event, without moving there.
    pub(crate) fn next_time(&self) -> Option<SimTime> {
        self.peek().map(|(time, _, _)| time)
    }

    /// The next event with its time and phase, without moving there.
    pub(crate) fn peek(&self) -> Option<(SimTime, Phase, &T)> {
        let payload = |slot: u32| self.slots[slot as usize].payload.as_ref();
        for (phase, queue) in (0..).zip(&self.present) {
            let lying = |entry| match entry {
                &Entry::Payload(ref payload) => Some(payload),
                &Entry::Slot(slot) => payload(slot),
            };
            if let Some(next) = queue.iter().find_map(lying) {
                return Some((self.now, Phase::new(phase), next));
            }
        }
        let first = self.future.peek(|slot| payload(slot).is_some())?;
        Some((SimTime::from_micros(first.time), Phase::new(first.phase), payload(first.slot)?))
    }

    /// The time of the next event after the present instant; clears tombstones on the way.
    pub(crate) fn next_instant(&mut self) -> Option<SimTime> {
        while let Some(time) = self.future.first_time() {
            let Some(first) = self.future.take_at(time) else { break };
            if self.slots[first.slot as usize].payload.is_some() {
                self.future.put_back();
                return Some(SimTime::from_micros(time));
            }
            self.vacate(first.slot);
            self.tombstones -= 1;
        }
        None
    }

    /// Moves the clock to `time`, once the present instant is drained and if no event lies between.
    pub(crate) fn advance_to(&mut self, time: SimTime) {
        assert!(time > self.now && self.occupied == 0, "invariant: the clock leaves a drained instant");
        let first = self.future.first_time();
        assert!(first.is_none_or(|first| first >= time.micros()), "invariant: no event is skipped");
        self.now = time;
        self.phase = Phase::FIRST;
        while let Some(first) = self.future.take_at(time.micros()) {
            if self.slots[first.slot as usize].payload.is_some() {
                self.enqueue(usize::from(first.phase), Entry::Slot(first.slot));
            } else {
                self.vacate(first.slot);
                self.tombstones -= 1;
            }
        }
    }

    #[inline]
    fn enqueue(&mut self, phase: usize, entry: Entry<T>) {
        self.present[phase].push_back(entry);
        self.occupied |= 1 << phase;
    }

    /// Puts a payload into a free slot.
    #[inline]
    fn occupy(&mut self, payload: T) -> (u32, u64) {
        self.live += 1;
        if let Some(index) = self.free.pop() {
            let slot = &mut self.slots[index as usize];
            slot.payload = Some(payload);
            return (index, slot.generation);
        }
        let index = u32::try_from(self.slots.len()).expect("invariant: slots are limited by live_max");
        self.slots.push(Slot { generation: 0, payload: Some(payload) });
        (index, 0)
    }

    /// Frees a slot that no queue refers to any more.
    #[inline]
    fn vacate(&mut self, index: u32) -> Option<T> {
        let slot = &mut self.slots[index as usize];
        slot.generation += 1;
        self.free.push(index);
        slot.payload.take()
    }

    /// Removes all tombstones from the future, so that endless rescheduling does not fill the memory.
    fn sweep(&mut self) {
        let Self { future, slots, free, .. } = self;
        future.retain(|entry| {
            let slot = &mut slots[entry as usize];
            if slot.payload.is_none() {
                slot.generation += 1;
                free.push(entry);
            }
            slot.payload.is_some()
        });
        self.tombstones = 0;
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[derive(Debug, Clone)]
    enum Step {
        Push {
            delay: u64,
            phase: u8,
            can_be_cancelled: bool,
        },
        Pop,
        /// The timer pushed as number `nth`, modulo how many there are.
        Cancel {
            nth: usize,
        },
        /// Towards the next instant, but not into it.
        Idle,
    }

    fn step() -> impl Strategy<Value = Step> {
        prop_oneof![
            4 => (0..4u64, 0..3u8, any::<bool>()).prop_map(|(delay, phase, can_be_cancelled)| {
                Step::Push { delay: delay * 2, phase, can_be_cancelled }
            }),
            3 => Just(Step::Pop),
            2 => any::<usize>().prop_map(|nth| Step::Cancel { nth }),
            1 => Just(Step::Idle),
        ]
    }

    /// Pops the next event, moving the clock if need be.
    fn pop_next(queue: &mut EventQueue<usize>) -> Option<usize> {
        queue.pop().or_else(|| {
            let time = queue.next_instant()?;
            queue.advance_to(time);
            queue.pop()
        })
    }

    proptest! {
        /// Against a vector that is sorted before every look at it.
        #[test]
        fn agrees_with_a_sorted_vector(steps in prop::collection::vec(step(), 0..200)) {
            let mut queue = EventQueue::new(100);
            let mut model: Vec<(SimTime, Phase, usize)> = Vec::new();
            let mut timers = Vec::new();
            let mut present = Phase::FIRST;
            for step in steps {
                match step {
                    Step::Push { delay, phase, can_be_cancelled } => {
                        let time = queue.now() + crate::SimDuration::from_micros(delay);
                        let phase = Phase::new(phase);
                        let past = delay == 0 && phase < present;
                        prop_assert_eq!(queue.check(time, phase).is_err(), past || model.len() == 100);
                        if queue.check(time, phase).is_ok() {
                            model.push((time, phase, timers.len()));
                            if can_be_cancelled {
                                timers.push(queue.push(time, phase, timers.len()));
                            } else {
                                queue.put(time, phase, timers.len());
                                timers.push(Timer::NEVER);
                            }
                        }
                    }
                    Step::Pop => {
                        let expected = (!model.is_empty()).then(|| model.remove(0));
                        prop_assert_eq!(pop_next(&mut queue), expected.map(|event| event.2));
                        if let Some((time, phase, _)) = expected {
                            prop_assert_eq!((queue.now(), queue.phase()), (time, phase));
                            present = phase;
                        }
                    }
                    Step::Cancel { nth } => {
                        let Some(nth) = nth.checked_rem(timers.len()) else { continue };
                        let mut place = model.iter().position(|event| event.2 == nth);
                        place = place.filter(|_| timers[nth] != Timer::NEVER);
                        prop_assert_eq!(queue.cancel(timers[nth]), place.is_some());
                        place.map(|place| model.remove(place));
                    }
                    Step::Idle => {
                        let near = queue.now() + crate::SimDuration::from_micros(1);
                        if model.first().is_none_or(|event| event.0 >= near) {
                            prop_assert_eq!(queue.pop(), None);
                            queue.next_instant();
                            queue.advance_to(near);
                            present = Phase::FIRST;
                        }
                    }
                }
                model.sort();
                prop_assert_eq!(queue.len(), model.len());
                prop_assert_eq!(queue.next_time(), model.first().map(|event| event.0));
                let peeked = queue.peek().map(|(time, phase, &nth)| (time, phase, nth));
                prop_assert_eq!(peeked, model.first().copied());
            }
        }
    }

    #[test]
    fn endless_rescheduling_does_not_fill_the_memory() {
        let mut queue = EventQueue::new(1_000);
        queue.push(SimTime::from_hours(1), Phase::FIRST, 0);
        for micros in 1..100_000 {
            let timer = queue.push(SimTime::from_micros(micros), Phase::FIRST, micros);
            assert!(queue.cancel(timer));
        }
        assert!(queue.slots.len() < 200, "{} slots for one event", queue.slots.len());
        assert_eq!(queue.next_time(), Some(SimTime::from_hours(1)));
    }

    #[test]
    fn a_slot_is_used_again_and_old_timers_know() {
        let mut queue = EventQueue::new(10);
        let first = queue.push(SimTime::ZERO, Phase::FIRST, 1);
        assert_eq!(queue.pop(), Some(1));
        let second = queue.push(SimTime::ZERO, Phase::FIRST, 2);
        assert_eq!((first.slot, queue.slots.len()), (second.slot, 1));
        assert!(!queue.cancel(first));
        assert!(queue.cancel(second));
        assert!(!queue.cancel(Timer::NEVER));
    }
}
