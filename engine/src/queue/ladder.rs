//! The future: a radix ladder. Events lie in buckets by the highest digit in which their time differs from a base, and only
//! the nearest bucket is ever sorted.
//!
//! ```text
//!   level 2   |  bucket  |  bucket  |  bucket  |      by the digit of 64^2: 4,096 us each
//!                  │ spread, when it is the nearest and large
//!   level 1   | | | | | | | | | | | | | |             by the digit of 64^1: 64 us each
//!                  │ sorted, when it is the nearest and small; as it is, when of one time
//!   near      t0 t1 t1 t2 ...                         everything up to `near_last`
//! ```
//!
//! All events of one time share a bucket always, and keep their order when it is spread or sorted: no sequence number
//! is needed. An event is moved at most once a level, by appending, so that its cost hardly grows with how many are pending.
//! What comes for a time within `near` is inserted there, so that looking ahead binds nobody; when that makes it long,
//! its later half goes back into buckets.
//!
//! After the radix heap (R. Ahuja et al. 1990), hierarchical timing wheels (G. Varghese and T. Lauck 1987) and the ladder queue
//! (W. Tang et al. 2005).

use std::collections::VecDeque;

use serde::de::Deserializer;
use serde::ser::Serializer;
use serde::{Deserialize, Serialize};

const DIGIT_BITS: u32 = 6;
const BUCKETS: usize = 1 << DIGIT_BITS;
/// A bucket of at most this many is sorted rather than spread.
const SORTED_MAX: usize = 48;
/// More events than this in `near` are too many to insert among.
const NEAR_MAX: usize = 128;
/// Up to this many in all, buckets are not worth their while.
const FEW_MAX: usize = 24;
/// An empty bucket keeps room for so many; more is given back, lest each of them keeps the room of the largest burst.
const KEPT_MAX: usize = 4 * SORTED_MAX;

/// What waits in the future.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub(super) struct Later<T> {
    /// In microseconds.
    pub(super) time: u64,
    pub(super) phase: u8,
    pub(super) entry: T,
}

/// The buckets of one digit, with a bit for each that holds anything.
#[derive(Debug)]
struct Level<T> {
    occupied: u64,
    buckets: [Vec<Later<T>>; BUCKETS],
}

impl<T> Level<T> {
    const EMPTY: Self = Self { occupied: 0, buckets: [const { Vec::new() }; BUCKETS] };
}

#[derive(Debug)]
pub(super) struct Ladder<T> {
    /// Sorted by time; all up to `near_last`.
    near: VecDeque<Later<T>>,
    near_last: u64,
    /// No event in a bucket is earlier; levels and digits are relative to it.
    base: u64,
    /// Those that were ever needed.
    levels: Vec<Level<T>>,
    /// A bit for each level that holds anything.
    occupied: u16,
    /// Events in buckets.
    far: usize,
}

impl<T> Default for Ladder<T> {
    fn default() -> Self {
        Self { near: VecDeque::new(), near_last: 0, base: 0, levels: Vec::new(), occupied: 0, far: 0 }
    }
}

impl<T> Ladder<T> {
    /// Adds an event behind all of its time.
    #[inline]
    pub(super) fn push(&mut self, later: Later<T>) {
        if later.time <= self.near_last { self.insert(later) } else { self.put(later) }
    }

    /// The first event, if it is not later than `end`. What is later is not touched, so that looking ahead costs nothing.
    #[inline]
    pub(super) fn first_until(&mut self, end: u64) -> Option<&Later<T>> {
        if self.near.is_empty() {
            if self.begin_of_buckets() > end {
                return None;
            }
            self.refill();
        }
        self.near.front().filter(|first| first.time <= end)
    }

    /// No event in a bucket is before this.
    fn begin_of_buckets(&self) -> u64 {
        if self.occupied == 0 {
            return u64::MAX;
        }
        let index = self.occupied.trailing_zeros();
        self.begin_of(index, self.levels[index as usize].occupied.trailing_zeros())
    }

    fn begin_of(&self, index: u32, digit: u32) -> u64 {
        let shift = index * DIGIT_BITS;
        let above = u64::MAX.checked_shl(shift + DIGIT_BITS).unwrap_or(0);
        self.base & above | u64::from(digit) << shift
    }

    /// Takes the first event, after a look at it.
    #[inline]
    pub(super) fn take(&mut self) -> Option<Later<T>> {
        self.near.pop_front()
    }

    /// Takes the first of the events of this time, which is the first of all.
    #[inline]
    pub(super) fn take_at(&mut self, time: u64) -> Option<Later<T>> {
        if self.near.front()?.time == time { self.near.pop_front() } else { None }
    }

    /// The first event in order of time, phase and pushing, of those that live.
    pub(super) fn peek(&self, lives: impl Fn(&T) -> bool) -> Option<&Later<T>> {
        fn first<'a, T: 'a>(
            events: impl Iterator<Item = &'a Later<T>>,
            lives: impl Fn(&T) -> bool,
        ) -> Option<&'a Later<T>> {
            events.filter(|later| lives(&later.entry)).min_by_key(|later| (later.time, later.phase))
        }
        first(self.near.iter(), &lives)
            .or_else(|| self.buckets().find_map(|bucket| first(bucket.iter(), &lives)))
    }

    /// All events, those of one time in their order.
    pub(super) fn iter(&self) -> impl Iterator<Item = &Later<T>> {
        self.near.iter().chain(self.buckets().flatten())
    }

    /// Keeps only some events.
    pub(super) fn retain(&mut self, mut keep: impl FnMut(&T) -> bool) {
        self.near.retain(|later| keep(&later.entry));
        let mut all = self.empty_buckets();
        all.retain(|later| keep(&later.entry));
        all.into_iter().for_each(|later| self.put(later));
    }

    /// Buckets that hold anything, by time.
    fn buckets(&self) -> impl Iterator<Item = &Vec<Later<T>>> {
        self.levels.iter().flat_map(|level| &level.buckets).filter(|bucket| !bucket.is_empty())
    }

    #[inline]
    fn put(&mut self, later: Later<T>) {
        let index = ((63 - ((later.time ^ self.base) | 1).leading_zeros()) / DIGIT_BITS) as usize;
        if self.levels.len() <= index {
            self.levels.resize_with(index + 1, || Level::EMPTY);
        }
        let digit = (later.time >> (index as u32 * DIGIT_BITS)) as usize % BUCKETS;
        let level = &mut self.levels[index];
        level.buckets[digit].push(later);
        level.occupied |= 1 << digit;
        self.occupied |= 1 << index;
        self.far += 1;
    }

    fn insert(&mut self, later: Later<T>) {
        let behind = self.near.partition_point(|other| other.time <= later.time);
        self.near.insert(behind, later);
        if self.near.len() > NEAR_MAX {
            self.shorten();
        }
    }

    /// Puts the later half of `near` into buckets, if it is of more than one time.
    #[cold]
    fn shorten(&mut self) {
        let first = self.near[0].time;
        // Where there is no later time, all are of one.
        let Some(second) = first.checked_add(1) else { return };
        let from = self.near[self.near.len() / 2].time.max(second);
        let kept = self.near.partition_point(|later| later.time < from);
        if kept == self.near.len() {
            return;
        }
        if from < self.base || self.far == 0 {
            // Somebody looked ahead, and then much was sent to earlier times.
            let all = self.empty_buckets();
            self.base = first;
            all.into_iter().for_each(|later| self.put(later));
        }
        let half = self.near.split_off(kept);
        self.near_last = from - 1;
        half.into_iter().for_each(|later| self.put(later));
    }

    fn empty_buckets(&mut self) -> Vec<Later<T>> {
        let mut all = Vec::with_capacity(self.far);
        for level in &mut self.levels {
            for bucket in &mut level.buckets {
                all.append(bucket);
                give_back(bucket);
            }
            level.occupied = 0;
        }
        (self.occupied, self.far) = (0, 0);
        all
    }

    /// Fills `near`, which is empty, from the nearest bucket.
    fn refill(&mut self) {
        if self.far <= FEW_MAX {
            return self.gather();
        }
        loop {
            let index = self.occupied.trailing_zeros();
            let shift = index * DIGIT_BITS;
            let level = &mut self.levels[index as usize];
            let digit = level.occupied.trailing_zeros();
            level.occupied &= level.occupied - 1;
            if level.occupied == 0 {
                self.occupied &= self.occupied - 1;
            }
            self.base = self.begin_of(index, digit);
            let bucket = &mut self.levels[index as usize].buckets[digit as usize];
            self.far -= bucket.len();
            let is_small = bucket.len() <= SORTED_MAX;
            let first = bucket[0].time;
            if is_small || index == 0 || bucket.iter().all(|later| later.time == first) {
                if is_small && index > 0 {
                    bucket.sort_by_key(|later| later.time);
                }
                // Both keep their allocations: neither is copied.
                let emptied = Vec::from(std::mem::take(&mut self.near));
                self.near = VecDeque::from(std::mem::replace(bucket, emptied));
                give_back(bucket);
                self.near_last = self.base | ((1 << shift) - 1);
                return;
            }
            std::mem::take(bucket).into_iter().for_each(|later| self.put(later));
        }
    }

    /// All of the few there are.
    fn gather(&mut self) {
        let mut all = Vec::from(std::mem::take(&mut self.near));
        while self.occupied != 0 {
            let level = &mut self.levels[self.occupied.trailing_zeros() as usize];
            while level.occupied != 0 {
                let bucket = &mut level.buckets[level.occupied.trailing_zeros() as usize];
                all.append(bucket);
                give_back(bucket);
                level.occupied &= level.occupied - 1;
            }
            self.occupied &= self.occupied - 1;
        }
        self.far = 0;
        all.sort_by_key(|later| later.time);
        self.near = VecDeque::from(all);
        self.near_last = u64::MAX;
    }
}

/// Gives the room of an empty bucket back, if it is much.
fn give_back<T>(bucket: &mut Vec<T>) {
    if bucket.capacity() > KEPT_MAX {
        *bucket = Vec::new();
    }
}

/// As events in order of time, those of one time in theirs, whatever buckets they lie in.
impl<T: Serialize> Serialize for Ladder<T> {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let mut all: Vec<&Later<T>> = self.iter().collect();
        all.sort_by_key(|later| later.time);
        all.serialize(serializer)
    }
}

impl<'de, T: Deserialize<'de>> Deserialize<'de> for Ladder<T> {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let all = Vec::<Later<T>>::deserialize(deserializer)?;
        let mut ladder = Self::default();
        all.into_iter().for_each(|later| ladder.push(later));
        Ok(ladder)
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[derive(Debug, Clone)]
    enum Step {
        /// So many places, each this much later than the present, in microseconds.
        Push(Vec<u64>),
        /// Looks so far ahead, in microseconds.
        Look(u64),
        /// All of so many instants.
        Take(usize),
        /// Keeps those whose slot is not a multiple.
        Retain(u32),
        Save,
    }

    fn delay() -> impl Strategy<Value = u64> {
        prop_oneof![
            1..4_u64,
            1..5_000_u64,
            Just(u64::MAX),
            (1..97_u64).prop_map(|quarters| quarters * 900_000_000),
            (0..62_u32, 1..64_u64).prop_map(|(shift, digit)| digit << shift >> 6 | 1),
        ]
    }

    fn step() -> impl Strategy<Value = Step> {
        prop_oneof![
            4 => prop::collection::vec(delay(), 0..200).prop_map(Step::Push),
            1 => (delay(), 0..300_usize).prop_map(|(delay, count)| Step::Push(vec![delay; count])),
            2 => prop_oneof![delay(), Just(u64::MAX)].prop_map(Step::Look),
            4 => (1..60_usize).prop_map(Step::Take),
            1 => (2..5_u32).prop_map(Step::Retain),
            1 => Just(Step::Save),
        ]
    }

    #[test]
    fn the_end_of_time_is_a_time_like_any_other() {
        let mut ladder = Ladder::default();
        for entry in 0..3 * NEAR_MAX {
            ladder.push(Later { time: u64::MAX, phase: 0, entry });
            assert_eq!(ladder.first_until(u64::MAX - 1), None);
        }
        for entry in 0..3 * NEAR_MAX {
            assert_eq!(ladder.take_at(u64::MAX).map(|later| later.entry), Some(entry));
            assert!(ladder.first_until(u64::MAX).is_some() == (entry + 1 < 3 * NEAR_MAX));
        }
    }

    #[test]
    fn bursts_leave_no_room_behind() {
        const BURST: usize = 10_000;
        let mut ladder = Ladder::default();
        let mut time = 0;
        for _ in 0..500 {
            time += 900_000_000;
            (0..BURST).for_each(|entry| ladder.push(Later { time, phase: 0, entry }));
            assert_eq!(ladder.first_until(time).map(|later| later.entry), Some(0));
            while ladder.take_at(time).is_some() {}
        }
        let buckets = ladder.levels.iter().flat_map(|level| &level.buckets);
        let room = ladder.near.capacity() + buckets.map(Vec::capacity).sum::<usize>();
        assert!(room < 2 * BURST + 11 * BUCKETS * KEPT_MAX, "room for {room}, of which {BURST} were needed");
    }

    #[test]
    fn looking_ahead_moves_nothing() {
        let mut ladder = Ladder::default();
        (0..1_000).for_each(|entry| ladder.push(Later { time: 3_600_000_000 + entry, phase: 0, entry }));
        for time in 1..1_000 {
            assert_eq!(ladder.first_until(time * 1_000), None);
            assert_eq!((ladder.near.len(), ladder.far, ladder.base), (0, 1_000, 0));
        }
    }

    #[test]
    fn what_is_saved_does_not_tell_the_buckets() {
        let times = || (0..500_u64).map(|number| number.wrapping_mul(0x9e37_79b9_7f4a_7c15) >> 30 | 1 << 20);
        let saved = |ladder: &Ladder<u64>| postcard::to_stdvec(ladder).expect("numbers");
        let mut one = Ladder::default();
        times().for_each(|time| one.push(Later { time, phase: 0, entry: time }));
        let mut two: Ladder<u64> = postcard::from_bytes(&saved(&one)).expect("as saved");
        // The one looks far ahead, and so spreads its buckets.
        let first = one.first_until(u64::MAX).map(|later| later.time);
        assert_eq!(saved(&one), saved(&two));
        assert_eq!(two.first_until(u64::MAX).map(|later| later.time), first);
    }

    proptest! {
        /// Against a vector that is sorted by time, and keeps the order of pushing otherwise.
        #[test]
        fn agrees_with_a_sorted_vector(steps in prop::collection::vec(step(), 0..40)) {
            let mut ladder = Ladder::<u32>::default();
            let mut model: Vec<Later<u32>> = Vec::new();
            let (mut now, mut slot) = (0_u64, 0);
            for step in steps {
                match step {
                    Step::Push(delays) => for delay in delays {
                        let place = Later { time: now.saturating_add(delay), entry: slot, phase: (slot % 3) as u8 };
                        slot += 1;
                        ladder.push(place);
                        model.push(place);
                    },
                    Step::Look(ahead) => {
                        let end = now.saturating_add(ahead);
                        let first = model.first().filter(|first| first.time <= end);
                        prop_assert_eq!(ladder.first_until(end), first);
                    }
                    Step::Take(instants) => for _ in 0..instants {
                        let Some(first) = ladder.first_until(u64::MAX) else { break };
                        now = first.time;
                        while ladder.first_until(now).is_some() {
                            prop_assert_eq!(ladder.take(), Some(model.remove(0)));
                        }
                        prop_assert!(model.first().is_none_or(|place| place.time > now));
                    },
                    Step::Retain(divisor) => {
                        ladder.retain(|slot| !slot.is_multiple_of(divisor));
                        model.retain(|place| !place.entry.is_multiple_of(divisor));
                    }
                    Step::Save => {
                        let saved: Vec<Later<u32>> = ladder.iter().copied().collect();
                        ladder = Ladder::default();
                        saved.into_iter().for_each(|place| ladder.push(place));
                    }
                }
                model.sort_by_key(|place| place.time);
                let lives = |slot: &u32| !slot.is_multiple_of(7);
                let first = model.iter().filter(|place| lives(&place.entry)).min_by_key(|place| (place.time, place.phase));
                prop_assert_eq!(ladder.peek(lives), first);
                prop_assert_eq!(ladder.near.len() + ladder.far, model.len());
            }
        }
    }
}
