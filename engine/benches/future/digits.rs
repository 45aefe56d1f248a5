//! A radix ladder: entries lie in buckets by the highest digit in which their time differs from the present, and only the
//! nearest bucket is ever sorted.
//!
//! ```text
//!   level 2   |  bucket  |  bucket  |  bucket  |      digit of 64^2: 4,096 us each
//!                  │ spread, when it is the nearest and holds many times
//!   level 1   | | | | | | | | | | | | | |             digit of 64^1: 64 us each
//!                  │ sorted, when it is the nearest and small, or of one time
//!   near      t0 t1 t1 t2 ...                         everything up to `near_last`
//! ```
//!
//! All entries of one time always share a bucket, and keep their order when it is spread or sorted: no sequence number
//! is needed, and an entry has 16 bytes. Each is moved at most once a level, by appending; a level of 64 buckets has its
//! occupied ones in the bits of a word. What comes for a time within `near` is inserted there, so that looking ahead
//! binds nobody; when that makes it long, its later half goes back into buckets.
//!
//! After the radix heap (R. Ahuja et al. 1990), hierarchical timing wheels (G. Varghese and T. Lauck 1987) and the ladder queue
//! (W. Tang et al. 2005).

use crate::FutureList;

const DIGIT_BITS: u32 = 6;
const BUCKETS: usize = 1 << DIGIT_BITS;
const LEVELS: usize = 64_usize.div_ceil(DIGIT_BITS as usize);
/// A bucket of at most this many is sorted rather than spread.
const SORTED_MAX: usize = 48;
/// More entries than this in `near` are too many to insert among.
const NEAR_MAX: usize = 128;
/// Up to this many in all, buckets are not worth their while.
const FEW: usize = 24;

#[derive(Debug, Clone, Copy)]
struct Entry {
    time: u64,
    slot: u32,
    phase: u8,
}

#[derive(Debug)]
struct Level {
    occupied: u64,
    buckets: [Vec<Entry>; BUCKETS],
}

impl Level {
    fn new() -> Self {
        Self { occupied: 0, buckets: [const { Vec::new() }; BUCKETS] }
    }
}

#[derive(Debug)]
pub(crate) struct Digits {
    /// Sorted by time from `head` on; all entries up to `near_last`.
    near: Vec<Entry>,
    head: usize,
    near_last: u64,
    /// No entry in a bucket is earlier; levels and digits are relative to it.
    base: u64,
    /// Those that were ever needed.
    levels: Vec<Level>,
    /// A bit for each level that holds anything.
    occupied: u16,
    /// Entries in buckets.
    far: usize,
}

impl Default for Digits {
    fn default() -> Self {
        Self { near: Vec::new(), head: 0, near_last: 0, base: 0, levels: Vec::new(), occupied: 0, far: 0 }
    }
}

impl Digits {
    #[inline]
    fn put(&mut self, entry: Entry) {
        let level = ((63 - ((entry.time ^ self.base) | 1).leading_zeros()) / DIGIT_BITS) as usize;
        while self.levels.len() <= level {
            self.levels.push(Level::new());
        }
        let digit = (entry.time >> (level as u32 * DIGIT_BITS)) as usize % BUCKETS;
        let at = &mut self.levels[level];
        at.buckets[digit].push(entry);
        at.occupied |= 1 << digit;
        self.occupied |= 1 << level;
        self.far += 1;
    }

    fn insert(&mut self, entry: Entry) {
        let place = self.near[self.head..].partition_point(|other| other.time <= entry.time);
        self.near.insert(self.head + place, entry);
        if self.near.len() - self.head > NEAR_MAX {
            self.shorten();
        }
    }

    /// Puts the later half of `near` into buckets, if it can be divided.
    #[cold]
    fn shorten(&mut self) {
        self.near.drain(..self.head);
        self.head = 0;
        let half = self.near[self.near.len() / 2].time;
        let first = self.near[0].time;
        let from = if half > first { half } else { first + 1 };
        let place = self.near.partition_point(|entry| entry.time < from);
        if place == self.near.len() {
            return;
        }
        if self.far == 0 {
            self.base = first;
        } else if from < self.base {
            self.rebase(first);
        }
        let later = self.near.split_off(place);
        self.near_last = from - 1;
        later.into_iter().for_each(|entry| self.put(entry));
    }

    /// Makes `base` an earlier one: somebody looked ahead, and then much was sent to earlier times.
    #[cold]
    fn rebase(&mut self, base: u64) {
        let mut all = Vec::with_capacity(self.far);
        for level in &mut self.levels {
            level.buckets.iter_mut().for_each(|bucket| all.append(bucket));
            level.occupied = 0;
        }
        (self.occupied, self.far, self.base) = (0, 0, base);
        all.into_iter().for_each(|entry| self.put(entry));
    }

    /// Fills `near`, which is empty, from the nearest bucket.
    fn refill(&mut self) {
        self.near.clear();
        self.head = 0;
        if self.far <= FEW {
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
            let below = (1_u64 << shift) - 1;
            let above = u64::MAX.checked_shl(shift + DIGIT_BITS).unwrap_or(0);
            self.base = self.base & above | u64::from(digit) << shift;
            let is_small = bucket.len() <= SORTED_MAX;
            let first = bucket[0].time;
            if is_small || index == 0 || bucket.iter().all(|entry| entry.time == first) {
                std::mem::swap(&mut self.near, bucket);
                if is_small && index > 0 {
                    self.near.sort_by_key(|entry| entry.time);
                }
                self.near_last = self.base | below;
                return;
            }
            let mut spread = std::mem::take(bucket);
            spread.drain(..).for_each(|entry| self.put(entry));
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
        self.near.sort_by_key(|entry| entry.time);
        self.near_last = u64::MAX;
    }
}

impl FutureList for Digits {
    #[inline]
    fn push(&mut self, time: u64, phase: u8, slot: u32) {
        let entry = Entry { time, slot, phase };
        if time <= self.near_last { self.insert(entry) } else { self.put(entry) }
    }

    #[inline]
    fn next_time(&mut self) -> Option<u64> {
        if self.head == self.near.len() {
            self.refill();
        }
        self.near.get(self.head).map(|entry| entry.time)
    }

    #[inline]
    fn take(&mut self, time: u64, mut each: impl FnMut(u8, u32)) {
        while let Some(entry) = self.near.get(self.head)
            && entry.time == time
        {
            each(entry.phase, entry.slot);
            self.head += 1;
        }
    }
}
