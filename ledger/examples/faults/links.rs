//! The network: latency, loss as delay, doubling, overtaking, and partitions.

use std::sync::Arc;

use goshawk_ledger::ConsensusMessage;

use crate::trial::counters::Counters;
use crate::trial::plan::Weather;
use crate::trial::random::Random;

/// How long a lost message waits before it is sent again, in microseconds; twice as long each time.
const RESEND_MICROS: u64 = 200_000;

/// What a partition does to messages from one validator to another.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Cut {
    None,
    /// They wait, as in a connection that outlives the partition.
    Hold,
    /// They are lost, as with a connection that breaks.
    Drop,
}

/// A message that a partition holds back.
pub(crate) struct Held {
    pub(crate) sender: usize,
    pub(crate) receiver: usize,
    pub(crate) message: Arc<ConsensusMessage>,
}

/// The connections between all processes.
pub(crate) struct Links {
    pub(crate) weather: Weather,
    random: Random,
    nodes: usize,
    cuts: Vec<Cut>,
    last_arrival: Vec<u64>,
    pub(crate) held: Vec<Held>,
}

impl Links {
    pub(crate) fn new(weather: Weather, nodes: usize, random: Random) -> Self {
        Self {
            weather,
            random,
            nodes,
            cuts: vec![Cut::None; nodes * nodes],
            last_arrival: vec![0; nodes * nodes],
            held: Vec::new(),
        }
    }

    pub(crate) fn cut(&self, from: usize, to: usize) -> Cut {
        self.cuts[from * self.nodes + to]
    }

    /// How long a message takes, without loss.
    pub(crate) fn latency(&mut self) -> u64 {
        let (shortest, longest) = self.weather.latency_micros;
        self.random.between(shortest, longest)
    }

    /// When a message that is sent now arrives.
    pub(crate) fn arrival(&mut self, from: usize, to: usize, now: u64, counters: &mut Counters) -> u64 {
        let mut after = self.latency();
        let mut again = RESEND_MICROS;
        while self.random.happens(self.weather.loss) && again < 20_000_000 {
            counters.delayed += 1;
            after += again;
            again *= 2;
        }
        let last = &mut self.last_arrival[from * self.nodes + to];
        let arrival = if self.weather.in_order { (now + after).max(*last) } else { now + after };
        counters.overtaken += u64::from(arrival < *last);
        *last = arrival.max(*last);
        arrival
    }

    pub(crate) fn doubles(&mut self) -> bool {
        self.random.happens(self.weather.doubling)
    }

    /// Cuts some connections.
    pub(crate) fn part(&mut self, counters: &mut Counters) {
        counters.partitions += 1;
        let cut = self.random.pick(&[Cut::Hold, Cut::Drop]);
        let alone = self.random.happens(4_000);
        let is_one_way = self.random.happens(2_500);
        let away = self.random.below(self.nodes as u64) as usize;
        let sides: Vec<bool> = (0..self.nodes)
            .map(|node| if alone { node == away } else { self.random.happens(5_000) })
            .collect();
        counters.isolations += u64::from(alone);
        counters.one_way += u64::from(is_one_way);
        for from in 0..self.nodes {
            for to in 0..self.nodes {
                let crosses = sides[from] != sides[to] && (!is_one_way || sides[from]);
                if crosses {
                    self.cuts[from * self.nodes + to] = cut;
                }
            }
        }
    }

    /// Mends all connections. Says which pairs were cut, and what was held back.
    pub(crate) fn heal(&mut self) -> (Vec<(usize, usize)>, Vec<Held>) {
        let nodes = self.nodes;
        let is_cut = |&(from, to): &(usize, usize)| {
            self.cuts[from * nodes + to] != Cut::None || self.cuts[to * nodes + from] != Cut::None
        };
        let all = (0..nodes).flat_map(|from| (0..nodes).map(move |to| (from, to)));
        let mended = all.filter(|(from, to)| from != to).filter(is_cut).collect();
        self.cuts.fill(Cut::None);
        (mended, std::mem::take(&mut self.held))
    }
}
