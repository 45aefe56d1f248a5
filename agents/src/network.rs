//! The validators' network: how long a message takes on each link.

use goshawk_engine::{SimDuration, Stream, Streams};

use crate::saved::saved;

/// Shortest and longest latency of a message.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Latency {
    /// Shortest.
    pub min: SimDuration,
    /// Longest.
    pub max: SimDuration,
}

/// The links of one sender, each with a random stream of its own.
#[derive(Debug)]
pub struct Links {
    latency: Latency,
    streams: Vec<Stream>,
    /// When the last message on a link arrives: links deliver in the order of sending, as TCP does.
    last_arrival: Vec<u64>,
}

impl Links {
    /// Links from `sender` to `receivers` validators.
    pub fn new(streams: &Streams, sender: &str, receivers: usize, latency: Latency) -> Self {
        let streams = (0..receivers)
            .map(|receiver| streams.stream("latency", &format!("{sender}->{receiver}")))
            .collect();
        Self { latency, streams, last_arrival: vec![0; receivers] }
    }

    /// How long the next message on a link takes: uniform between shortest and longest.
    pub fn latency_to(&mut self, receiver: usize) -> SimDuration {
        let (min, max) = (self.latency.min.micros(), self.latency.max.micros());
        SimDuration::from_micros(min + self.streams[receiver].below(max - min + 1))
    }

    /// The same, but never overtaking an earlier message on the link.
    pub fn in_order(&mut self, receiver: usize, now_micros: u64) -> SimDuration {
        let latency = self.latency_to(receiver);
        let arrival = (now_micros + latency.micros()).max(self.last_arrival[receiver]);
        self.last_arrival[receiver] = arrival;
        SimDuration::from_micros(arrival - now_micros)
    }
}

saved!(Links { streams, last_arrival } parts {} built again { latency });
