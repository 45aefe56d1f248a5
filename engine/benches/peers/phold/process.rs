//! Process actors of this engine: each receives, draws and sends, for ever.

use std::cell::RefCell;
use std::rc::Rc;

use goshawk_engine::{ActorId, Limits, Outcome, Phase, SimDuration, SimTime, Simulation};

use super::handler::{Event, Phold};
use super::{EVENTS_EACH, Process, Tally};
use crate::rounds::Sample;

async fn course(
    process: goshawk_engine::Process<Phold>,
    state: Rc<RefCell<Process>>,
) -> Result<(), goshawk_engine::Fault> {
    loop {
        process.recv().await;
        let (to, delay_us) = state.borrow_mut().execute(process.now().micros());
        process.send_after(ActorId::from_index(to), SimDuration::from_micros(delay_us), Phase::FIRST, Event);
    }
}

pub(super) fn run(end_s: u64) -> Sample {
    let mut simulation = Simulation::<Phold>::new(Limits::default());
    let mut states = Vec::new();
    for mut state in Process::all() {
        let (me, name) = (ActorId::from_index(state.me), format!("actor {}", state.me));
        let delays: Vec<u64> = (0..EVENTS_EACH).map(|_| state.delay_us()).collect();
        // Shared, so that the tally can be looked at afterwards.
        let state = Rc::new(RefCell::new(state));
        states.push(Rc::clone(&state));
        simulation.add_process(name, move |process| course(process, state)).expect("names differ");
        for delay_us in delays {
            let time = SimTime::from_micros(delay_us);
            simulation.send_at(me, time, Phase::FIRST, Event).expect("the actor is there");
        }
    }
    let (nanoseconds, outcome) = Sample::of(|| simulation.run_until(SimTime::from_secs(end_s), &mut ()));
    assert_eq!(outcome.expect("no actor fails"), Outcome::Reached);
    Tally::of(states.iter().map(|state| state.borrow().tally)).sample(nanoseconds)
}
