//! NeXosim 1.0 on one thread, in three ways; the best one counts.
//!
//! A model of NeXosim may schedule events for itself alone, and its ports are wired beforehand. An event for
//! another model at a later time has therefore to take one of these ways:
//!
//! - `Ports`, as its documentation would have it: the model schedules for itself, and then forwards through the
//!   one of its 256 output ports that leads to the receiver.
//! - `Scheduler`: models hold the handle of the global scheduler, which its documentation allows to be cloned and
//!   shared, and schedule straight onto an event source of the receiver.
//! - `Mixed`: for itself by its context, for others by the global scheduler.
//!
//! Handlers are plain functions where nothing is awaited, which is cheaper than `async`. Random streams live in the
//! models' environment, which need not be serializable. Mailboxes are small: at most a few events meet in an instant.

use std::sync::{Arc, OnceLock};
use std::time::Duration;

use nexosim::model::{BuildContext, Context, Model, ProtoModel, schedulable};
use nexosim::ports::{EventSource, Output, QuerySource};
use nexosim::simulation::{EventId, Mailbox, Scheduler, SimInit};
use nexosim::time::MonotonicTime;
use serde::{Deserialize, Serialize};

use super::{ACTORS, EVENTS_EACH, Process, Tally};
use crate::rounds::Sample;

/// How an event for another model is sent.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Way {
    Ports,
    Scheduler,
    Mixed,
}

/// What is known once all models are there.
struct Routes {
    scheduler: Scheduler,
    events: Vec<EventId<()>>,
}

struct Surroundings {
    process: Process,
    way: Way,
    routes: Arc<OnceLock<Routes>>,
}

#[derive(Serialize, Deserialize)]
struct Node {
    /// By receiver; empty unless they are used.
    outputs: Vec<Output<()>>,
}

#[Model(type Env = Surroundings)]
impl Node {
    fn event(&mut self, _: (), context: &Context<Self>, surroundings: &mut Surroundings) {
        let now_us = micros(context.time());
        let (to, delay_us) = surroundings.process.execute(now_us);
        let delay = Duration::from_micros(delay_us);
        let is_own = to == surroundings.process.me;
        let scheduled = match surroundings.way {
            Way::Ports | Way::Mixed if is_own => {
                context.schedule_event(delay, schedulable!(Self::own_event), ())
            }
            Way::Ports => context.schedule_event(delay, schedulable!(Self::forward), to),
            Way::Scheduler | Way::Mixed => {
                let routes = surroundings.routes.get().expect("it was set before the run");
                routes.scheduler.schedule_event(delay, &routes.events[to as usize], ())
            }
        };
        scheduled.expect("delays are positive");
    }

    #[nexosim(schedulable)]
    fn own_event(&mut self, _: (), context: &Context<Self>, surroundings: &mut Surroundings) {
        self.event((), context, surroundings);
    }

    #[nexosim(schedulable)]
    async fn forward(&mut self, to: u32) {
        self.outputs[to as usize].send(()).await;
    }

    async fn tally(&mut self, _: (), _: &Context<Self>, surroundings: &mut Surroundings) -> (u64, u64) {
        let Tally { events, checksum } = surroundings.process.tally;
        (events, checksum)
    }
}

struct Prototype {
    node: Node,
    surroundings: Surroundings,
}

impl ProtoModel for Prototype {
    type Model = Node;

    fn build(self, _: &mut BuildContext<Self>) -> (Node, Surroundings) {
        (self.node, self.surroundings)
    }
}

fn micros(time: MonotonicTime) -> u64 {
    time.as_secs() as u64 * 1_000_000 + u64::from(time.subsec_nanos()) / 1_000
}

pub(super) fn run(end_s: u64, way: Way) -> Sample {
    let mut assembly = SimInit::with_num_threads(1);
    let mailboxes: Vec<Mailbox<Node>> = (0..ACTORS).map(|_| Mailbox::new()).collect();
    let routes = Arc::new(OnceLock::new());
    let mut tallies = Vec::new();
    let mut events = Vec::new();
    let mut first = Vec::new();
    for mailbox in &mailboxes {
        tallies.push(QuerySource::new().connect(Node::tally, mailbox).register(&mut assembly));
        events.push(EventSource::new().connect(Node::event, mailbox).register(&mut assembly));
    }
    let addresses: Vec<_> = mailboxes.iter().map(Mailbox::address).collect();
    for (mut process, mailbox) in Process::all().zip(mailboxes) {
        let me = process.me;
        first.extend((0..EVENTS_EACH).map(|_| (me, process.delay_us())));
        let mut outputs = Vec::new();
        if way == Way::Ports {
            outputs.resize_with(ACTORS as usize, Output::default);
            for (output, address) in outputs.iter_mut().zip(&addresses) {
                output.connect(Node::event, address);
            }
        }
        let surroundings = Surroundings { process, way, routes: Arc::clone(&routes) };
        let prototype = Prototype { node: Node { outputs }, surroundings };
        assembly = assembly.add_model(prototype, mailbox, &format!("actor {me}"));
    }
    let mut simulation = assembly.init(MonotonicTime::EPOCH).expect("the models are sound");
    let scheduler = simulation.scheduler();
    for (to, delay_us) in first {
        let delay = Duration::from_micros(delay_us);
        scheduler.schedule_event(delay, &events[to as usize], ()).expect("delays are positive");
    }
    assert!(routes.set(Routes { scheduler, events }).is_ok());

    // Including its deadline, whereas the end is excluded elsewhere.
    let last = Duration::from_micros(end_s * 1_000_000 - 1);
    let (nanoseconds, outcome) = Sample::of(|| simulation.step_until(last));
    outcome.expect("no model fails");
    let tallies = tallies.iter().map(|query| {
        let (events, checksum) = simulation.process_query(query, ()).expect("models answer");
        Tally { events, checksum }
    });
    Tally::of(tallies).sample(nanoseconds)
}
