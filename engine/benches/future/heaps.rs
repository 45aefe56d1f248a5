//! Candidates that compare.
//!
//! The crate `radix-heap` is not among them: it tells its first key only by taking it out, and then refuses earlier ones, whereas
//! an engine looks ahead and may still be sent something for before.

use std::cmp::Reverse;
use std::collections::{BTreeMap, BinaryHeap};

use crate::FutureList;

/// Phase in the upper 4 bits, sequence number below.
fn order(phase: u8, sequence: &mut u64) -> u64 {
    *sequence += 1;
    u64::from(phase) << 60 | *sequence
}

fn phase(order: u64) -> u8 {
    (order >> 60) as u8
}

/// What the engine began with: the standard library's.
#[derive(Default)]
pub(crate) struct Binary {
    heap: BinaryHeap<Reverse<(u64, u64, u32)>>,
    sequence: u64,
}

impl FutureList for Binary {
    fn push(&mut self, time: u64, phase: u8, slot: u32) {
        let order = order(phase, &mut self.sequence);
        self.heap.push(Reverse((time, order, slot)));
    }

    fn next_time(&mut self) -> Option<u64> {
        self.heap.peek().map(|first| first.0.0)
    }

    fn take(&mut self, time: u64, mut each: impl FnMut(u8, u32)) {
        while self.next_time() == Some(time) {
            let Some(Reverse((_, order, slot))) = self.heap.pop() else { return };
            each(phase(order), slot);
        }
    }
}

/// A heap whose nodes have four children, next to each other.
#[derive(Default)]
pub(crate) struct FourAry {
    heap: Vec<(u64, u64, u32)>,
    sequence: u64,
}

impl FutureList for FourAry {
    fn push(&mut self, time: u64, phase: u8, slot: u32) {
        let entry = (time, order(phase, &mut self.sequence), slot);
        let mut place = self.heap.len();
        self.heap.push(entry);
        while place > 0 {
            let parent = (place - 1) / 4;
            if self.heap[parent] <= entry {
                break;
            }
            self.heap[place] = self.heap[parent];
            place = parent;
        }
        self.heap[place] = entry;
    }

    fn next_time(&mut self) -> Option<u64> {
        self.heap.first().map(|first| first.0)
    }

    fn take(&mut self, time: u64, mut each: impl FnMut(u8, u32)) {
        while let Some(&(first, order, slot)) = self.heap.first()
            && first == time
        {
            let last = self.heap.pop().expect("invariant: it has a first");
            let heap = &mut self.heap[..];
            let mut place = 0;
            loop {
                let children = 4 * place + 1..heap.len().min(4 * place + 5);
                let Some(least) = children.min_by_key(|&child| heap[child]) else { break };
                if heap[least] >= last {
                    break;
                }
                heap[place] = heap[least];
                place = least;
            }
            if let Some(hole) = heap.get_mut(place) {
                *hole = last;
            }
            each(phase(order), slot);
        }
    }
}

/// A sorted map from instants to their entries.
#[derive(Default)]
pub(crate) struct Ticks {
    instants: BTreeMap<u64, Vec<(u8, u32)>>,
}

impl FutureList for Ticks {
    fn push(&mut self, time: u64, phase: u8, slot: u32) {
        self.instants.entry(time).or_default().push((phase, slot));
    }

    fn next_time(&mut self) -> Option<u64> {
        self.instants.first_key_value().map(|(time, _)| *time)
    }

    fn take(&mut self, time: u64, mut each: impl FnMut(u8, u32)) {
        let entries = self.instants.remove(&time).unwrap_or_default();
        entries.into_iter().for_each(|(phase, slot)| each(phase, slot));
    }
}
