//! What an event costs when few or many are pending: the *hold* model (J. Vaucher and P. Duval 1975).
//!
//! One actor has P events pending. Each, when it is delivered, sends the next one to the same actor after a delay, so
//! that P stay pending. One actor, because it is the list of future events that is to be measured, and not how many
//! actors fit a cache. Two shapes of delays:
//!
//! - `exponential`: of mean one hour, in microseconds;
//! - `periodic`: 1 to 96 quarters of an hour, all equally likely, so that many events meet in each instant.
//!
//! Delays are drawn beforehand, 65,536 of them, and taken in turn: drawing would be half of the cost at few pending and
//! flatter the ratio. As many events as are pending are delivered before the clock is looked at.

use goshawk_engine::{
    Actor, Context, Digest, Fault, Limits, Message, Model, Outcome, Phase, SimDuration, SimTime, Simulation,
    Streams,
};

use crate::rounds::{self, Arm, Sample};

#[derive(Debug, Clone, Copy)]
enum Shape {
    Exponential,
    Periodic,
}

const QUARTER_US: u64 = 15 * 60 * 1_000_000;

impl Shape {
    fn mean_us(self) -> f64 {
        match self {
            Self::Exponential => 3600e6,
            Self::Periodic => 48.5 * QUARTER_US as f64,
        }
    }

    fn delays(self) -> Vec<SimDuration> {
        let streams = Streams { seed: 3, crn_group: 0, replicate: 0, is_mirrored: false };
        let mut stream = streams.stream("hold", "delays");
        let mut draw = || match self {
            Self::Exponential => stream.exponential(self.mean_us()) as u64 + 1,
            Self::Periodic => (1 + stream.below(96)) * QUARTER_US,
        };
        (0..1 << 16).map(|_| SimDuration::from_micros(draw())).collect()
    }
}

struct Hold;

impl Model for Hold {
    type Message = Event;
    type Sink = ();
}

#[derive(Debug)]
struct Event;

impl Message for Event {
    fn kind(&self) -> &'static str {
        "event"
    }

    fn digest(&self, _: &mut Digest) {}
}

struct Holder {
    delays: Vec<SimDuration>,
    next: usize,
}

impl Actor<Hold> for Holder {
    fn handle(&mut self, _: Event, context: &mut Context<'_, Hold>) -> Result<(), Fault> {
        self.next = (self.next + 1) % (1 << 16);
        context.send_after(context.me(), self.delays[self.next], Phase::FIRST, Event);
        Ok(())
    }
}

fn run(shape: Shape, pending: u64, events: u64) -> Sample {
    let delays = shape.delays();
    let mut simulation = Simulation::<Hold>::new(Limits::default());
    let holder = Holder { delays: delays.clone(), next: 0 };
    let holder = simulation.add("holder", holder).expect("it is the first");
    for nth in 0..pending {
        // Not in the order of the holder's own: else the first round of events would come back in it.
        let delay = delays[(nth.wrapping_mul(0x9e37_79b9_7f4a_7c15) >> 48) as usize];
        let time = SimTime::ZERO + delay;
        simulation.send_at(holder, time, Phase::FIRST, Event).expect("the holder is there");
    }
    // A quarter at least, or there might be no instant within.
    let span = |events: u64| {
        let span_us = (events as f64 / pending as f64 * shape.mean_us()) as u64;
        SimDuration::from_micros(span_us.max(QUARTER_US))
    };
    let warm = SimTime::ZERO + span(pending);
    assert_eq!(simulation.run_until(warm, &mut ()).expect("no actor fails"), Outcome::Reached);
    let before = simulation.counters().delivered;
    let (nanoseconds, outcome) = Sample::of(|| simulation.run_until(warm + span(events), &mut ()));
    assert_eq!(outcome.expect("no actor fails"), Outcome::Reached);
    let digest = simulation.digest().0[0];
    Sample { nanoseconds, operations: simulation.counters().delivered - before, checksum: digest }
}

pub(crate) fn bench(is_quick: bool, filter: &str) {
    let (events, rounds) = if is_quick { (10_000, 1) } else { (1_000_000, 5) };
    let mut worst: Option<f64> = None;
    for (shape, names, title) in [
        (
            Shape::Exponential,
            ["exponential_1k", "exponential_100k", "exponential_1m"],
            "pending_1m_vs_1k_exponential",
        ),
        (Shape::Periodic, ["periodic_1k", "periodic_100k", "periodic_1m"], "pending_1m_vs_1k_periodic"),
    ] {
        let sizes = [1_000, 100_000, 1_000_000];
        let arm = |(name, pending)| Arm::new(name, move || run(shape, pending, events));
        let arms = names.into_iter().zip(sizes).map(arm).collect();
        let group = rounds::measure(title, arms, rounds, filter);
        group.print_ratio(title, names[2], names[0]);
        if let (Some(many), Some(few)) = (group.best(names[2]), group.best(names[0])) {
            worst = Some(worst.unwrap_or(0.0).max(many / few));
        }
    }
    if let Some(worst) = worst {
        println!("ratio pending_1m_vs_1k {worst:.2}");
    }
}
