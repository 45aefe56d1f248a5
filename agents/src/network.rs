//! The validators' network: how long a message takes on each link, and what a partition cuts off.

use std::ops::Range;

use goshawk_engine::{SimDuration, SimTime, Stream, Streams};

use crate::saved::saved;

/// Shortest and longest latency of a message.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Latency {
    /// Shortest.
    pub min: SimDuration,
    /// Longest.
    pub max: SimDuration,
}

/// A time during which some validators are cut off from the others and from the platform. What is sent meanwhile waits, and
/// goes its way when the network is whole again.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Partition {
    /// Since when, and until when.
    pub during: Range<SimTime>,
    /// The places of the validators on the lesser side; the platform is on the other.
    pub cut_off: Range<usize>,
}

/// One end of a link.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum End {
    /// The platform.
    Platform,
    /// The validator at a place.
    Validator(usize),
}

impl Partition {
    fn is_cut_off(&self, end: End) -> bool {
        matches!(end, End::Validator(place) if self.cut_off.contains(&place))
    }

    fn separates(&self, one: End, other: End) -> bool {
        self.is_cut_off(one) != self.is_cut_off(other)
    }
}

/// The links of one sender, each with a random stream of its own.
#[derive(Debug)]
pub struct Links {
    latency: Latency,
    streams: Vec<Stream>,
    /// When the last message on a link arrives: links deliver in the order of sending, as TCP does.
    last_arrival: Vec<u64>,
    /// When each link is cut, in order; empty where none ever is.
    cuts: Vec<Vec<Range<SimTime>>>,
}

impl Links {
    /// Links from `sender` to `receivers` validators.
    pub fn new(streams: &Streams, sender: &str, receivers: usize, latency: Latency) -> Self {
        let streams = (0..receivers)
            .map(|receiver| streams.stream("latency", &format!("{sender}->{receiver}")))
            .collect();
        Self { latency, streams, last_arrival: vec![0; receivers], cuts: Vec::new() }
    }

    /// The same links from `sender`, of which partitions cut some; `receivers` says where each of them ends.
    #[must_use]
    pub fn cut_by(self, partitions: &[Partition], sender: End, receivers: impl Fn(usize) -> End) -> Self {
        let of_link = |receiver| {
            let cutting = partitions.iter().filter(|it| it.separates(sender, receivers(receiver)));
            let mut cuts: Vec<Range<SimTime>> = cutting.map(|it| it.during.clone()).collect();
            cuts.sort_by_key(|during| during.start);
            cuts
        };
        let cuts =
            if partitions.is_empty() { Vec::new() } else { (0..self.streams.len()).map(of_link).collect() };
        Self { cuts, ..self }
    }

    /// When a message that is sent now gets going.
    fn leaves_at(&self, receiver: usize, now_micros: u64) -> u64 {
        let mut at = SimTime::from_micros(now_micros);
        for cut in self.cuts.get(receiver).into_iter().flatten() {
            if cut.contains(&at) {
                at = cut.end;
            }
        }
        at.micros()
    }

    /// How long the next message on a link takes: uniform between shortest and longest, from when the link is whole.
    pub fn overtaking(&mut self, receiver: usize, now_micros: u64) -> SimDuration {
        let (min, max) = (self.latency.min.micros(), self.latency.max.micros());
        let latency = min + self.streams[receiver].below(max - min + 1);
        SimDuration::from_micros(self.leaves_at(receiver, now_micros) + latency - now_micros)
    }

    /// The same, but never overtaking an earlier message on the link.
    pub fn in_order(&mut self, receiver: usize, now_micros: u64) -> SimDuration {
        let latency = self.overtaking(receiver, now_micros);
        let arrival = (now_micros + latency.micros()).max(self.last_arrival[receiver]);
        self.last_arrival[receiver] = arrival;
        SimDuration::from_micros(arrival - now_micros)
    }
}

saved!(Links { streams, last_arrival } parts {} built again { latency, cuts });
