//! How delays are distributed.

use goshawk_engine::Streams;

#[derive(Debug, Clone, Copy)]
pub(crate) enum Shape {
    /// Of mean one hour, in microseconds.
    Exponential,
    /// 1 to 96 quarters of an hour.
    Periodic,
    /// Nine in ten within a second, one up to a day: short work and long timers.
    Mixed,
}

const QUARTER_US: u64 = 15 * 60 * 1_000_000;

impl Shape {
    pub(crate) const ALL: [Self; 3] = [Self::Exponential, Self::Periodic, Self::Mixed];

    pub(crate) const fn name(self) -> &'static str {
        match self {
            Self::Exponential => "exponential",
            Self::Periodic => "periodic",
            Self::Mixed => "mixed",
        }
    }

    /// 65,536 delays in microseconds, at least 1.
    pub(crate) fn delays(self) -> Vec<u64> {
        let streams = Streams { seed: 3, crn_group: 0, replicate: 0, is_mirrored: false };
        let mut stream = streams.stream("future", self.name());
        let mut draw = || match self {
            Self::Exponential => stream.exponential(3600e6) as u64 + 1,
            Self::Periodic => (1 + stream.below(96)) * QUARTER_US,
            Self::Mixed if stream.chance(0.1) => 1 + stream.below(96 * QUARTER_US),
            Self::Mixed => 1 + stream.below(1_000_000),
        };
        (0..1 << 16).map(|_| draw()).collect()
    }
}
