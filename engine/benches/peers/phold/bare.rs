//! No engine: a loop around the standard library's heap, as whoever needs nothing else would write it. Without messages,
//! dynamic dispatch, digest, names or checks, it is what an engine could cost at least on the same heap.

use std::cmp::Reverse;
use std::collections::BinaryHeap;

use super::{EVENTS_EACH, Process, Tally};
use crate::rounds::Sample;

pub(super) fn run(end_s: u64) -> Sample {
    let end_us = end_s * 1_000_000;
    let mut processes: Vec<Process> = Process::all().collect();
    let mut heap = BinaryHeap::new();
    let mut sequence = 0_u64;
    for process in &mut processes {
        for _ in 0..EVENTS_EACH {
            heap.push(Reverse((process.delay_us(), sequence, process.me)));
            sequence += 1;
        }
    }
    let (nanoseconds, ()) = Sample::of(|| {
        while let Some(&Reverse((now_us, _, me))) = heap.peek()
            && now_us < end_us
        {
            heap.pop();
            let (to, delay_us) = processes[me as usize].execute(now_us);
            heap.push(Reverse((now_us + delay_us, sequence, to)));
            sequence += 1;
        }
    });
    Tally::of(processes.iter().map(|process| process.tally)).sample(nanoseconds)
}
