//! Handler actors of this engine, through its public interface and with all of its checks.

use goshawk_engine::{
    Actor, ActorId, Context, Digest, Fault, Limits, Message, Model, Outcome, Phase, SimDuration, SimTime,
    Simulation,
};

use super::{ACTORS, EVENTS_EACH, Process, Tally};
use crate::rounds::Sample;

pub(super) struct Phold;

impl Model for Phold {
    type Message = Event;
    type Sink = ();
}

#[derive(Debug)]
pub(super) struct Event;

impl Message for Event {
    fn kind(&self) -> &'static str {
        "event"
    }

    fn digest(&self, _: &mut Digest) {}
}

impl Actor<Phold> for Process {
    fn handle(&mut self, _: Event, context: &mut Context<'_, Phold>) -> Result<(), Fault> {
        let (to, delay_us) = self.execute(context.now().micros());
        context.send_after(ActorId::from_index(to), SimDuration::from_micros(delay_us), Phase::FIRST, Event);
        Ok(())
    }
}

pub(super) fn run(end_s: u64) -> Sample {
    let mut simulation = Simulation::<Phold>::new(Limits::default());
    for mut process in Process::all() {
        let to = ActorId::from_index(process.me);
        let delays: Vec<u64> = (0..EVENTS_EACH).map(|_| process.delay_us()).collect();
        simulation.add(format!("actor {}", process.me), process).expect("names differ");
        for delay_us in delays {
            let time = SimTime::from_micros(delay_us);
            simulation.send_at(to, time, Phase::FIRST, Event).expect("the actor is there");
        }
    }
    let (nanoseconds, outcome) = Sample::of(|| simulation.run_until(SimTime::from_secs(end_s), &mut ()));
    assert_eq!(outcome.expect("no actor fails"), Outcome::Reached);
    let process = |index| simulation.actor::<Process>(ActorId::from_index(index)).expect("it was added");
    Tally::of((0..ACTORS).map(|index| process(index).tally)).sample(nanoseconds)
}
