//! Random radial feeders with loads and feed-in.

use goshawk_engine::{Stream, Streams};

use crate::grid::feeder::{Bus, Line, Tables};
use crate::grid::power_flow::Loads;

/// A feeder and what hangs on it.
#[derive(Debug, Clone)]
pub(crate) struct Sample {
    pub(crate) tables: Tables,
    pub(crate) base_kv: f64,
    pub(crate) source_pu: f64,
    /// By place in the feeder.
    pub(crate) loads: Loads,
}

/// A stream of draws for a seed.
pub(crate) fn draws(seed: u64) -> Stream {
    Streams { seed, crn_group: 0, replicate: 0, is_mirrored: false }.stream("feeder", "sample")
}

fn below(draws: &mut Stream, end: usize) -> usize {
    draws.below(end as u64) as usize
}

/// A random tree of 2 to 60 buses with scattered numbers, its lines written in any direction and order, and loads that
/// it can carry; `feed_in` is how far below nothing loads may lie, as a share of the largest.
pub(crate) fn feeder(seed: u64, feed_in: f64) -> Sample {
    let draws = &mut draws(seed);
    let count = 2 + below(draws, 59);
    // From chains to stars.
    let reach = 1 + below(draws, count);
    let mut numbers: Vec<u32> = (0..count as u32).map(|number| number * 3 + 1).collect();
    for last in (1..count).rev() {
        numbers.swap(last, below(draws, last + 1));
    }
    let mut lines: Vec<Line> = (1..count)
        .map(|bus| {
            let parent = bus - 1 - below(draws, reach.min(bus));
            let (from, to) = (numbers[parent], numbers[bus]);
            let (from, to) = if draws.chance(0.5) { (from, to) } else { (to, from) };
            let (r_ohm, x_ohm) = (draws.uniform_in(0.02, 1.5), draws.uniform_in(0.0, 1.2));
            Line { from, to, r_ohm, x_ohm, limit_kva: Some(draws.uniform_in(100.0, 3000.0)) }
        })
        .collect();
    for last in (1..lines.len()).rev() {
        lines.swap(last, below(draws, last + 1));
    }
    let most = 2000.0 / count as f64;
    let mut load = |share: f64| (0..count).map(|_| draws.uniform_in(-feed_in, 1.0) * share * most).collect();
    let loads = Loads { p_kw: load(1.0), q_kvar: load(0.5) };
    let buses = numbers.iter().map(|&bus| Bus { bus, p_kw: 0.0, q_kvar: 0.0 }).collect();
    let tables = Tables { lines, buses, substation: numbers[0], weights: Vec::new() };
    Sample { tables, base_kv: 12.66, source_pu: draws.uniform_in(0.98, 1.05), loads }
}
