//! Saving and restoring: what is refused, and why.

use goshawk_engine::{
    Actor, ActorId, Context, Digest, Error, Fault, Limits, Loading, Message, Model, Periodic, Phase, Process,
    Saving, SimDuration, SimTime, Simulation, Snapshot, SnapshotError,
};
use proptest::prelude::*;
use serde::{Deserialize, Serialize};

struct Clocks;

impl Model for Clocks {
    type Message = Adjust;
    type Sink = Vec<(u64, u32, u64)>;
}

#[derive(Debug, Serialize, Deserialize)]
struct Adjust(u64);

impl Message for Adjust {
    fn kind(&self) -> &'static str {
        "adjust"
    }

    fn digest(&self, digest: &mut Digest) {
        digest.write_u64(self.0);
    }
}

/// Strikes by periodic wakes; `step` is a parameter and not saved.
struct Clock {
    step: u64,
    strikes: u64,
    bells: Option<Periodic>,
}

impl Clock {
    fn new(step: u64) -> Self {
        Self { step, strikes: 0, bells: None }
    }
}

impl Actor<Clocks> for Clock {
    fn start(&mut self, context: &mut Context<'_, Clocks>) -> Result<(), Fault> {
        let period = SimDuration::from_micros(3);
        self.bells = Some(context.wake_every(period, period, Phase::FIRST, 0));
        Ok(())
    }

    fn handle(&mut self, Adjust(strikes): Adjust, context: &mut Context<'_, Clocks>) -> Result<(), Fault> {
        self.strikes = strikes;
        if strikes == 0 {
            context.end(self.bells.take().ok_or("it has stopped")?);
        }
        Ok(())
    }

    fn wake(&mut self, _: u32, context: &mut Context<'_, Clocks>) -> Result<(), Fault> {
        self.strikes += self.step;
        let row = (context.now().micros(), context.me().index(), self.strikes);
        context.sink().push(row);
        Ok(())
    }

    fn save(&self, saving: &mut Saving) -> Result<(), Fault> {
        saving.put(&self.strikes)?;
        saving.put(&self.bells)
    }

    fn load(&mut self, loading: &mut Loading<'_>) -> Result<(), Fault> {
        self.strikes = loading.take()?;
        self.bells = loading.take()?;
        Ok(())
    }
}

fn clocks(step: u64) -> Simulation<Clocks> {
    let mut simulation = Simulation::new(Limits::default());
    for index in 0..3 {
        simulation.add(format!("c{index}"), Clock::new(step)).expect("unique");
    }
    simulation
}

fn at(micros: u64) -> SimTime {
    SimTime::from_micros(micros)
}

fn halfway() -> (Simulation<Clocks>, Snapshot) {
    let mut simulation = clocks(1);
    for (to, time, strikes) in [(0, 4, 100), (1, 8, 0), (2, 11, 0)] {
        simulation.send_at(ActorId::from_index(to), at(time), Phase::FIRST, Adjust(strikes)).expect("legal");
    }
    simulation.run_until(at(10), &mut Vec::new()).expect("legal");
    let snapshot = simulation.save("clocks").expect("all are saved");
    (simulation, snapshot)
}

#[test]
fn a_restored_run_goes_on_as_the_first_one() {
    let (mut simulation, snapshot) = halfway();
    assert_eq!((snapshot.label(), snapshot.time()), ("clocks", at(10)));
    let mut restored = clocks(1);
    restored.run_until(at(5), &mut Vec::new()).expect("this is forgotten");
    restored.restore(&snapshot).expect("the same clocks");
    let (mut rows, mut again) = (Vec::new(), Vec::new());
    simulation.run_until(at(20), &mut rows).expect("legal");
    restored.run_until(at(20), &mut again).expect("legal");
    assert_eq!(again, rows);
    assert_eq!((restored.digest(), restored.counters()), (simulation.digest(), simulation.counters()));
    assert_eq!(rows.first(), Some(&(12, 0, 103)));
}

#[test]
fn branches_go_on_with_other_parameters() {
    let (_, snapshot) = halfway();
    let last = |step| {
        let mut branch = clocks(step);
        branch.restore(&snapshot).expect("the same clocks");
        let mut rows = Vec::new();
        branch.run_until(at(13), &mut rows).expect("legal");
        rows
    };
    assert_eq!((last(1), last(50)), (vec![(12, 0, 103)], vec![(12, 0, 152)]));
}

#[test]
fn what_a_failed_turn_has_left_is_forgotten_by_a_restore() {
    /// Spawns, stops, retires, sends to nobody, and fails.
    struct Tantrum;
    impl Actor<Clocks> for Tantrum {
        fn handle(&mut self, _: Adjust, context: &mut Context<'_, Clocks>) -> Result<(), Fault> {
            context.spawn("child", Clock::new(1));
            context.send(ActorId::from_index(77), Adjust(1));
            context.stop();
            context.retire();
            Err("out of patience".into())
        }
        fn save(&self, _: &mut Saving) -> Result<(), Fault> {
            Ok(())
        }
        fn load(&mut self, _: &mut Loading<'_>) -> Result<(), Fault> {
            Ok(())
        }
    }
    let room = || {
        let mut simulation = clocks(1);
        simulation.add("tantrum", Tantrum).expect("unique");
        simulation
    };
    let mut simulation = room();
    simulation.run_until(at(2), &mut Vec::new()).expect("legal");
    let snapshot = simulation.save("-").expect("all are saved");
    simulation.send_at(ActorId::from_index(3), at(2), Phase::FIRST, Adjust(1)).expect("legal");
    simulation.run_until(at(9), &mut Vec::new()).expect_err("it fails");
    simulation.restore(&snapshot).expect("the same actors");
    let (mut rows, mut expected) = (Vec::new(), Vec::new());
    simulation.run_until(at(9), &mut rows).expect("as if nothing had happened");
    let mut whole = room();
    whole.run_until(at(9), &mut expected).expect("legal");
    assert_eq!(
        (rows, simulation.digest(), simulation.counters()),
        (expected, whole.digest(), whole.counters())
    );
    assert_eq!(simulation.find("child"), None);
}

#[test]
fn limits_are_those_of_the_simulation_that_is_restored() {
    let (_, snapshot) = halfway();
    let mut narrow = Simulation::<Clocks>::new(Limits { pending: 4, ..Limits::default() });
    for index in 0..3 {
        narrow.add(format!("c{index}"), Clock::new(1)).expect("unique");
    }
    narrow.restore(&snapshot).expect("the same clocks");
    let send = |simulation: &mut Simulation<Clocks>| {
        simulation.send_at(ActorId::from_index(0), at(30), Phase::FIRST, Adjust(1))
    };
    assert!(
        send(&mut narrow).is_ok() && matches!(send(&mut narrow), Err(Error::PendingLimit { limit: 4, .. }))
    );
}

#[test]
fn a_failed_simulation_is_not_saved_and_may_be_restored() {
    let (mut simulation, snapshot) = halfway();
    simulation.send_at(ActorId::from_index(1), at(10), Phase::FIRST, Adjust(0)).expect("legal");
    simulation.run_until(at(20), &mut Vec::new()).expect_err("it has stopped");
    assert!(matches!(simulation.save("-"), Err(Error::Poisoned { .. })));
    assert!(!simulation.kinds().is_empty());
    simulation.restore(&snapshot).expect("the same clocks");
    assert!(simulation.kinds().is_empty(), "what was counted before is not of this run");
    simulation.run_until(at(20), &mut Vec::new()).expect("as before");
}

#[test]
fn processes_and_actors_without_a_way_to_save_are_named() {
    struct Forgetful;
    impl Actor<Clocks> for Forgetful {
        fn handle(&mut self, _: Adjust, _: &mut Context<'_, Clocks>) -> Result<(), Fault> {
            Ok(())
        }
    }
    let mut simulation = clocks(1);
    simulation.add("forgetful", Forgetful).expect("unique");
    let course = async |process: Process<Clocks>| {
        process.recv().await;
        Ok(())
    };
    simulation.add_process("course", course).expect("unique");
    let error = simulation.save("-").expect_err("two cannot");
    assert_eq!(
        error.to_string(),
        "cannot be saved: `forgetful` (this kind of actor cannot be saved), \
         `course` (a process, whose state the engine cannot see)"
    );
    simulation.run_until(at(2), &mut Vec::new()).expect("not fatal");
}

#[test]
fn other_actors_do_not_take_it_and_stay_as_they_are() {
    let (_, snapshot) = halfway();
    let mut fewer = Simulation::<Clocks>::new(Limits::default());
    fewer.add("c0", Clock::new(1)).expect("unique");
    let error = fewer.restore(&snapshot).expect_err("two are missing");
    assert_eq!(error.to_string(), "the saved simulation has 3 actors where this one has 1 actors");
    let mut more = clocks(1);
    more.add("c3", Clock::new(1)).expect("unique");
    let error = more.restore(&snapshot).expect_err("one too many");
    assert_eq!(error.to_string(), "the saved simulation has 3 actors where this one has 4 actors");
    let mut others = Simulation::<Clocks>::new(Limits::default());
    for name in ["c0", "watch", "c2"] {
        others.add(name, Clock::new(1)).expect("unique");
    }
    let error = others.restore(&snapshot).expect_err("another name");
    assert_eq!(error.to_string(), "the saved simulation has `c1` where this one has `watch`");
    let mut rows = Vec::new();
    others.run_until(at(4), &mut rows).expect("they were not touched");
    assert_eq!(rows.len(), 3);
}

#[test]
fn an_actor_that_cannot_take_its_state_is_named() {
    struct Sundial;
    impl Actor<Clocks> for Sundial {
        fn handle(&mut self, _: Adjust, _: &mut Context<'_, Clocks>) -> Result<(), Fault> {
            Ok(())
        }
        fn load(&mut self, loading: &mut Loading<'_>) -> Result<(), Fault> {
            loading.take::<u64>().map(drop)
        }
    }
    let (_, snapshot) = halfway();
    let mut simulation = Simulation::<Clocks>::new(Limits::default());
    simulation.add("c0", Clock::new(1)).expect("unique");
    simulation.add("c1", Sundial).expect("unique");
    simulation.add("c2", Clock::new(1)).expect("unique");
    let error = simulation.restore(&snapshot).expect_err("a sundial has no bells");
    assert_eq!(error.to_string(), "`c1` cannot take its saved state");
    let source = std::error::Error::source(&error).map(ToString::to_string);
    assert_eq!(source.as_deref(), Some("1 of 2 bytes were not taken"));
    assert!(matches!(simulation.run_until(at(2), &mut Vec::new()), Err(Error::Poisoned { .. })));
}

#[test]
fn damage_is_found_and_said() {
    let (_, snapshot) = halfway();
    let bytes = snapshot.to_bytes();
    assert_eq!(Snapshot::from_bytes(&bytes).as_ref(), Ok(&snapshot));
    let say = |bytes: &[u8]| Snapshot::from_bytes(bytes).expect_err("damaged").to_string();
    assert_eq!(say(b"PAR1"), "this is no saved simulation: it does not begin with the mark of one");
    assert_eq!(say(&[]), say(b"PAR1"));
    let mut other_version = bytes.clone();
    other_version[8] = 9;
    assert!(
        matches!(
            Snapshot::from_bytes(&other_version),
            Err(SnapshotError::Version { found: 9, supported: 2 })
        ),
        "{}",
        say(&other_version)
    );
    assert_eq!(say(&other_version), "the saved simulation has format 9, and this version reads format 2");
    let length = bytes.len();
    let cut = format!("the saved simulation is {} bytes long where {length} are needed", length - 1);
    assert_eq!(say(&bytes[..length - 1]), cut);
    let mut altered = bytes.clone();
    altered[length / 2] ^= 1;
    assert_eq!(
        say(&altered),
        format!("the saved simulation was altered: its checksum is not that of its {} bytes", length - 32)
    );
}

proptest! {
    #[test]
    fn no_cut_and_no_changed_byte_gets_through(place in any::<prop::sample::Index>(), change in 1..=255u8) {
        let bytes = halfway().1.to_bytes();
        let place = place.index(bytes.len());
        prop_assert!(Snapshot::from_bytes(&bytes[..place]).is_err());
        let mut altered = bytes.clone();
        altered[place] ^= change;
        prop_assert!(Snapshot::from_bytes(&altered).is_err());
    }
}
