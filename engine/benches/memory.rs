//! What an idle actor takes of memory beyond the model's own state, beside NeXosim 1.0.
//!
//! `cargo bench -p goshawk-engine --bench memory`; the bench `peers` starts it too. It is a program of its own, as it
//! counts what every allocation requests (without the allocator's own headers), which would weigh on measured times.
//!
//! 10,000 actors with a state of 64 bytes are added; that state is subtracted. Names are `a00000` to `a09999`. Vectors of
//! the engines that have grown beyond what they hold are counted as they are. Lines end in `memory_NAME_bytes VALUE`:
//!
//! - `handler`: of this engine;
//! - `handler_after`: the same after each of them was sent a message, at a time of its own, and has handled it;
//! - `process` and `process_after`: the same as processes that wait for a message;
//! - `nexosim`: a model with one input port and no output, whose mailbox has room for one message, the least there is;
//! - `nexosim_default`: the same with the mailbox that one gets without asking, for 16 messages.

#![allow(clippy::print_stdout, reason = "a report")]

use goshawk_engine::{
    Actor, Context, Digest, Fault, Limits, Message, Model, Phase, Process, SimTime, Simulation,
};
use nexosim::model::Model as NexosimModel;
use nexosim::simulation::{Mailbox, SimInit};
use nexosim::time::MonotonicTime;
use serde::{Deserialize, Serialize};

const ACTORS: u32 = 10_000;

/// The model's own.
#[derive(Default, Serialize, Deserialize)]
struct State([u64; 8]);

struct Idle;

impl Model for Idle {
    type Message = Wake;
    type Sink = ();
}

#[derive(Debug)]
struct Wake;

impl Message for Wake {
    fn kind(&self) -> &'static str {
        "wake"
    }

    fn digest(&self, _: &mut Digest) {}
}

impl Actor<Idle> for State {
    fn handle(&mut self, _: Wake, _: &mut Context<'_, Idle>) -> Result<(), Fault> {
        self.0[0] += 1;
        Ok(())
    }
}

#[derive(Default, Serialize, Deserialize)]
struct IdleModel(State);

#[NexosimModel]
impl IdleModel {
    #[expect(dead_code, reason = "nobody wakes it")]
    fn wake(&mut self, _: ()) {
        self.0.0[0] += 1;
    }
}

fn name(actor: u32) -> String {
    format!("a{actor:05}")
}

/// Prints what is still held of what `build` requested, for each actor and beyond its state.
fn report<T>(label: &str, build: impl FnOnce() -> T) {
    let mut built = None;
    let counted = allocation_counter::measure(|| built = Some(build()));
    drop(built);
    let held = counted.bytes_current as f64 / f64::from(ACTORS);
    println!("memory_{label}_bytes {:.0}", held - size_of::<State>() as f64);
}

fn handlers() -> Simulation<Idle> {
    let mut simulation = Simulation::new(Limits::default());
    for actor in 0..ACTORS {
        simulation.add(name(actor), State::default()).expect("names differ");
    }
    simulation
}

async fn idle(process: Process<Idle>, mut state: State) -> Result<(), Fault> {
    loop {
        process.recv().await;
        state.0[0] += 1;
    }
}

fn processes() -> Simulation<Idle> {
    let mut simulation = Simulation::new(Limits::default());
    for actor in 0..ACTORS {
        simulation.add_process(name(actor), |process| idle(process, State::default())).expect("names differ");
    }
    // All come to where they wait.
    simulation.run_until(SimTime::from_micros(1), &mut ()).expect("no actor fails");
    simulation
}

fn nexosim(mailbox: impl Fn() -> Mailbox<IdleModel>) -> nexosim::simulation::Simulation {
    let assembly = (0..ACTORS).fold(SimInit::with_num_threads(1), |assembly, actor| {
        assembly.add_model(IdleModel::default(), mailbox(), &name(actor))
    });
    assembly.init(MonotonicTime::EPOCH).expect("the models are sound")
}

/// Once each has handled one, at a time of its own.
fn after_a_message(mut simulation: Simulation<Idle>) -> Simulation<Idle> {
    for actor in 0..ACTORS {
        let to = simulation.find(&name(actor)).expect("it was added");
        let time = simulation.now();
        simulation.send_at(to, time, Phase::FIRST, Wake).expect("it is there");
        let end = SimTime::from_micros(time.micros() + 1);
        simulation.run_until(end, &mut ()).expect("no actor fails");
    }
    simulation
}

fn main() {
    report("handler", handlers);
    report("handler_after", || after_a_message(handlers()));
    report("process", processes);
    report("process_after", || after_a_message(processes()));
    report("nexosim", || nexosim(|| Mailbox::with_capacity(1)));
    report("nexosim_default", || nexosim(Mailbox::new));
}
