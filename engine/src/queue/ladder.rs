//! The future: a radix ladder. Places lie in buckets by the highest digit in which their time differs from a base, and only
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
//! All places of one time share a bucket always, and keep their order when it is spread or sorted: no sequence number
//! is needed. A place is moved at most once a level, by appending, so that its cost hardly grows with how many are pending.
//! What comes for a time within `near` is inserted there, so that looking ahead binds nobody; when that makes it long,
//! its later half goes back into buckets.
//!
//! After the radix heap (R. Ahuja et al. 1990), hierarchical timing wheels (G. Varghese and T. Lauck 1987) and the ladder queue
//! (W. Tang et al. 2005).

use serde::de::Deserializer;
use serde::ser::Serializer;
use serde::{Deserialize, Serialize};

const DIGIT_BITS: u32 = 6;
const BUCKETS: usize = 1 << DIGIT_BITS;
/// A bucket of at most this many is sorted rather than spread.
const SORTED_MAX: usize = 48;
/// More places than this in `near` are too many to insert among.
const NEAR_MAX: usize = 128;
/// Up to this many in all, buckets are not worth their while.
const FEW_MAX: usize = 24;

/// A place in the future.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub(super) struct Place {
    /// In microseconds.
    pub(super) time: u64,
    pub(super) slot: u32,
    pub(super) phase: u8,
}

/// The buckets of one digit, with a bit for each that holds anything.
#[derive(Debug)]
struct Level {
    occupied: u64,
    buckets: [Vec<Place>; BUCKETS],
}

impl Level {
    const EMPTY: Self = Self { occupied: 0, buckets: [const { Vec::new() }; BUCKETS] };
}

#[derive(Debug, Default)]
pub(super) struct Ladder {
    /// Sorted by time from `head` on; all places up to `near_last`.
    near: Vec<Place>,
    head: usize,
    near_last: u64,
    /// No place in a bucket is earlier; levels and digits are relative to it.
    base: u64,
    /// Those that were ever needed.
    levels: Vec<Level>,
    /// A bit for each level that holds anything.
    occupied: u16,
    /// Places in buckets.
    far: usize,
}

impl Ladder {
    /// Adds a place behind all of its time.
    #[inline]
    pub(super) fn push(&mut self, place: Place) {
        if place.time <= self.near_last { self.insert(place) } else { self.put(place) }
    }

    /// The first time.
    #[inline]
    pub(super) fn first_time(&mut self) -> Option<u64> {
        if self.head == self.near.len() {
            self.refill();
        }
        self.near.get(self.head).map(|place| place.time)
    }

    /// Takes the first of the places of this time, which is the first.
    #[inline]
    pub(super) fn take_at(&mut self, time: u64) -> Option<Place> {
        let place = *self.near.get(self.head)?;
        (place.time == time).then(|| {
            self.head += 1;
            place
        })
    }

    /// Puts the place back that was just taken.
    #[inline]
    pub(super) fn put_back(&mut self) {
        self.head -= 1;
    }

    /// The first place in order of time, phase and pushing, of those that live.
    pub(super) fn peek(&self, lives: impl Fn(u32) -> bool) -> Option<Place> {
        let first = |places: &[Place]| {
            let living = places.iter().filter(|place| lives(place.slot));
            living.min_by_key(|place| (place.time, place.phase)).copied()
        };
        first(&self.near[self.head..]).or_else(|| self.buckets().find_map(|bucket| first(bucket)))
    }

    /// All places, those of one time in their order.
    pub(super) fn iter(&self) -> impl Iterator<Item = &Place> {
        self.near[self.head..].iter().chain(self.buckets().flatten())
    }

    /// Keeps only some places.
    pub(super) fn retain(&mut self, mut keep: impl FnMut(u32) -> bool) {
        self.near.drain(..self.head);
        self.head = 0;
        self.near.retain(|place| keep(place.slot));
        let mut all = self.empty_buckets();
        all.retain(|place| keep(place.slot));
        all.into_iter().for_each(|place| self.put(place));
    }

    /// Buckets that hold anything, by time.
    fn buckets(&self) -> impl Iterator<Item = &Vec<Place>> {
        self.levels.iter().flat_map(|level| &level.buckets).filter(|bucket| !bucket.is_empty())
    }

    #[inline]
    fn put(&mut self, place: Place) {
        let index = ((63 - ((place.time ^ self.base) | 1).leading_zeros()) / DIGIT_BITS) as usize;
        if self.levels.len() <= index {
            self.levels.resize_with(index + 1, || Level::EMPTY);
        }
        let digit = (place.time >> (index as u32 * DIGIT_BITS)) as usize % BUCKETS;
        let level = &mut self.levels[index];
        level.buckets[digit].push(place);
        level.occupied |= 1 << digit;
        self.occupied |= 1 << index;
        self.far += 1;
    }

    fn insert(&mut self, place: Place) {
        let behind = self.near[self.head..].partition_point(|other| other.time <= place.time);
        self.near.insert(self.head + behind, place);
        if self.near.len() - self.head > NEAR_MAX {
            self.shorten();
        }
    }

    /// Puts the later half of `near` into buckets, if it is of more than one time.
    #[cold]
    fn shorten(&mut self) {
        self.near.drain(..self.head);
        self.head = 0;
        let first = self.near[0].time;
        let from = self.near[self.near.len() / 2].time.max(first + 1);
        let kept = self.near.partition_point(|place| place.time < from);
        if kept == self.near.len() {
            return;
        }
        if from < self.base || self.far == 0 {
            // Somebody looked ahead, and then much was sent to earlier times.
            let later = self.empty_buckets();
            self.base = first;
            later.into_iter().for_each(|place| self.put(place));
        }
        let later = self.near.split_off(kept);
        self.near_last = from - 1;
        later.into_iter().for_each(|place| self.put(place));
    }

    fn empty_buckets(&mut self) -> Vec<Place> {
        let mut all = Vec::with_capacity(self.far);
        for level in &mut self.levels {
            level.buckets.iter_mut().for_each(|bucket| all.append(bucket));
            level.occupied = 0;
        }
        (self.occupied, self.far) = (0, 0);
        all
    }

    /// Fills `near`, which is empty, from the nearest bucket.
    fn refill(&mut self) {
        self.near.clear();
        self.head = 0;
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
            let bucket = &mut level.buckets[digit as usize];
            self.far -= bucket.len();
            let above = u64::MAX.checked_shl(shift + DIGIT_BITS).unwrap_or(0);
            self.base = self.base & above | u64::from(digit) << shift;
            let is_small = bucket.len() <= SORTED_MAX;
            let first = bucket[0].time;
            if is_small || index == 0 || bucket.iter().all(|place| place.time == first) {
                std::mem::swap(&mut self.near, bucket);
                if is_small && index > 0 {
                    self.near.sort_by_key(|place| place.time);
                }
                self.near_last = self.base | ((1 << shift) - 1);
                return;
            }
            std::mem::take(bucket).into_iter().for_each(|place| self.put(place));
        }
    }

    /// All of the few there are.
    fn gather(&mut self) {
        while self.occupied != 0 {
            let level = &mut self.levels[self.occupied.trailing_zeros() as usize];
            while level.occupied != 0 {
                self.near.append(&mut level.buckets[level.occupied.trailing_zeros() as usize]);
                level.occupied &= level.occupied - 1;
            }
            self.occupied &= self.occupied - 1;
        }
        self.far = 0;
        self.near.sort_by_key(|place| place.time);
        self.near_last = u64::MAX;
    }
}

/// As places one after another, those of one time in their order.
impl Serialize for Ladder {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        // With its length, which some formats want.
        self.iter().collect::<Vec<_>>().serialize(serializer)
    }
}

impl<'de> Deserialize<'de> for Ladder {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let places = Vec::<Place>::deserialize(deserializer)?;
        let mut ladder = Self::default();
        places.into_iter().for_each(|place| ladder.push(place));
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
        /// Looks at the first time only.
        Look,
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
            (1..97_u64).prop_map(|quarters| quarters * 900_000_000),
            (0..62_u32, 1..64_u64).prop_map(|(shift, digit)| digit << shift >> 6 | 1),
        ]
    }

    fn step() -> impl Strategy<Value = Step> {
        prop_oneof![
            4 => prop::collection::vec(delay(), 0..200).prop_map(Step::Push),
            1 => (delay(), 0..300_usize).prop_map(|(delay, count)| Step::Push(vec![delay; count])),
            2 => Just(Step::Look),
            4 => (1..60_usize).prop_map(Step::Take),
            1 => (2..5_u32).prop_map(Step::Retain),
            1 => Just(Step::Save),
        ]
    }

    proptest! {
        /// Against a vector that is sorted by time, and keeps the order of pushing otherwise.
        #[test]
        fn agrees_with_a_sorted_vector(steps in prop::collection::vec(step(), 0..40)) {
            let mut ladder = Ladder::default();
            let mut model: Vec<Place> = Vec::new();
            let (mut now, mut slot) = (0, 0);
            for step in steps {
                match step {
                    Step::Push(delays) => for delay in delays {
                        let place = Place { time: now + delay, slot, phase: (slot % 3) as u8 };
                        slot += 1;
                        ladder.push(place);
                        model.push(place);
                    },
                    Step::Look => prop_assert_eq!(ladder.first_time(), model.first().map(|place| place.time)),
                    Step::Take(instants) => for _ in 0..instants {
                        let Some(time) = ladder.first_time() else { break };
                        now = time;
                        while let Some(place) = ladder.take_at(time) {
                            prop_assert_eq!(place, model.remove(0));
                        }
                        prop_assert!(model.first().is_none_or(|place| place.time > now));
                    },
                    Step::Retain(divisor) => {
                        ladder.retain(|slot| !slot.is_multiple_of(divisor));
                        model.retain(|place| !place.slot.is_multiple_of(divisor));
                    }
                    Step::Save => {
                        let saved: Vec<Place> = ladder.iter().copied().collect();
                        ladder = Ladder::default();
                        saved.into_iter().for_each(|place| ladder.push(place));
                    }
                }
                model.sort_by_key(|place| place.time);
                let lives = |slot: u32| !slot.is_multiple_of(7);
                let first = model.iter().filter(|place| lives(place.slot)).min_by_key(|place| (place.time, place.phase));
                prop_assert_eq!(ladder.peek(lives), first.copied());
                prop_assert_eq!(ladder.near.len() - ladder.head + ladder.far, model.len());
            }
        }
    }
}
