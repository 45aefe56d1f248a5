//! Watching a run: kinds, probes, paces, and where two runs part.

use std::collections::BTreeMap;

use goshawk_engine::{
    Actor, ActorId, Context, Digest, Error, Fault, Limits, Message, Model, Pacer, Phase, Probe, Process,
    SimDuration, SimTime, Simulation, first_difference,
};

struct Echoes;

impl Model for Echoes {
    type Message = Sound;
    type Sink = ();
}

#[derive(Debug, Clone, Copy)]
enum Sound {
    Call(u64),
    Echo(u64),
}

impl Message for Sound {
    fn kind(&self) -> &'static str {
        match self {
            Self::Call(_) => "call",
            Self::Echo(_) => "echo",
        }
    }

    fn digest(&self, digest: &mut Digest) {
        let (Self::Call(loudness) | Self::Echo(loudness)) = self;
        digest.write_u64(*loudness);
    }
}

/// Answers a call with an echo; keeps a secret from its messages that changes the fifth.
struct Wall {
    secret: u64,
    heard: u64,
    loudness: Probe<u64>,
}

impl Actor<Echoes> for Wall {
    fn handle(&mut self, sound: Sound, context: &mut Context<'_, Echoes>) -> Result<(), Fault> {
        self.heard += 1;
        if let Sound::Call(loudness) = sound {
            self.loudness.record(|| loudness);
            let echo = if self.heard == 5 { loudness + self.secret } else { loudness };
            context.send(context.me(), Sound::Echo(echo));
        }
        Ok(())
    }
}

fn valley(secret: u64, probe: &Probe<u64>) -> Simulation<Echoes> {
    let mut simulation = Simulation::new(Limits::default());
    simulation.add("wall", Wall { secret, heard: 0, loudness: probe.clone() }).expect("the first");
    let caller = async |process: Process<Echoes>| {
        for loudness in 0..4 {
            process.sleep(SimDuration::from_micros(10)).await;
            process.send(ActorId::from_index(0), Sound::Call(loudness));
        }
        Ok(())
    };
    simulation.add_process("caller", caller).expect("unique");
    simulation
}

#[test]
fn deliveries_are_counted_by_kind() {
    let mut simulation = valley(0, &Probe::new());
    assert_eq!(simulation.kinds(), BTreeMap::new());
    simulation.run_until(SimTime::from_micros(15), &mut ()).expect("legal");
    assert_eq!(simulation.kinds(), BTreeMap::from([("call", 1), ("echo", 1), ("wake", 1)]));
    simulation.run_to_exhaustion(&mut ()).expect("legal");
    assert_eq!(simulation.kinds(), BTreeMap::from([("call", 4), ("echo", 4), ("wake", 4)]));
    assert_eq!(simulation.counters().delivered, 12);
}

#[test]
fn an_actor_gives_its_place_to_another_until_it_is_started() {
    /// Hears everything and says nothing.
    struct Sponge;
    impl Actor<Echoes> for Sponge {
        fn handle(&mut self, _: Sound, _: &mut Context<'_, Echoes>) -> Result<(), Fault> {
            Ok(())
        }
    }
    let wall = ActorId::from_index(0);
    let mut simulation = valley(0, &Probe::new());
    assert!(simulation.replace(wall, Sponge));
    assert!(!simulation.replace(ActorId::from_index(9), Sponge), "nobody is there");
    simulation.run_to_exhaustion(&mut ()).expect("legal");
    assert_eq!(simulation.kinds(), BTreeMap::from([("call", 4), ("wake", 4)]), "nothing echoes");
    assert_eq!(simulation.name_of(wall), Some("wall"));
    assert!(!simulation.replace(wall, Sponge), "it has been started");
}

#[test]
fn probes_collect_while_they_are_on() {
    let probe = Probe::new();
    let mut simulation = valley(0, &probe);
    for (end, is_on) in [(15, false), (35, true), (100, false)] {
        probe.switch(is_on);
        simulation.run_until(SimTime::from_micros(end), &mut ()).expect("legal");
    }
    assert_eq!((probe.take(), probe.take()), (vec![1, 2], vec![]));
}

#[test]
fn two_runs_of_one_model_do_not_part() {
    let (mut one, mut two) = (valley(0, &Probe::new()), valley(0, &Probe::new()));
    assert_eq!(first_difference((&mut one, &mut ()), (&mut two, &mut ())).expect("legal"), None);
    assert_eq!(one.counters().delivered, 12, "they have come to their end");
}

#[test]
fn the_first_delivery_at_which_two_runs_part_is_named() {
    let (mut one, mut two) = (valley(0, &Probe::new()), valley(5, &Probe::new()));
    let difference = first_difference((&mut one, &mut ()), (&mut two, &mut ())).expect("legal");
    assert_eq!(
        difference.expect("the secret shows").to_string(),
        "after 8 deliveries that are the same\n  \
           the first run delivers  0d 00:00:00.000030, phase 0: `wall` to `wall`: Echo(2)\n  \
           the second run delivers 0d 00:00:00.000030, phase 0: `wall` to `wall`: Echo(7)"
    );
    let (mut one, mut two) = (valley(0, &Probe::new()), valley(0, &Probe::new()));
    let late = (ActorId::from_index(0), SimTime::from_hours(1), Phase::LAST, Sound::Echo(0));
    two.send_at(late.0, late.1, late.2, late.3).expect("legal");
    let difference = first_difference((&mut one, &mut ()), (&mut two, &mut ())).expect("legal");
    assert_eq!(
        difference.expect("one is longer").to_string(),
        "after 12 deliveries that are the same\n  \
           the first run delivers  nothing\n  \
           the second run delivers 0d 01:00:00, phase 15: `outside` to `wall`: Echo(0)"
    );
}

#[test]
fn what_nobody_takes_hides_no_difference() {
    /// Gone after its first message.
    struct Guest;
    impl Actor<Echoes> for Guest {
        fn handle(&mut self, _: Sound, context: &mut Context<'_, Echoes>) -> Result<(), Fault> {
            context.retire();
            Ok(())
        }
    }
    let house = |last| {
        let mut simulation = valley(0, &Probe::new());
        simulation.add("guest", Guest).expect("unique");
        let (wall, guest) = (ActorId::from_index(0), ActorId::from_index(2));
        for (to, seconds, sound) in [(guest, 1, 0), (guest, 2, 0), (wall, 3, last)] {
            simulation
                .send_at(to, SimTime::from_secs(seconds), Phase::FIRST, Sound::Echo(sound))
                .expect("legal");
        }
        simulation
    };
    let (mut one, mut two) = (house(1), house(2));
    let difference = first_difference((&mut one, &mut ()), (&mut two, &mut ())).expect("legal");
    assert_eq!(
        difference.expect("the last differs").to_string(),
        "after 13 deliveries that are the same\n  \
           the first run delivers  0d 00:00:03, phase 0: `outside` to `wall`: Echo(1)\n  \
           the second run delivers 0d 00:00:03, phase 0: `outside` to `wall`: Echo(2)"
    );
}

/// Notes when it is asked, and is late for one instant.
struct Metronome {
    asked: Vec<u64>,
    late_at: u64,
}

impl Pacer for Metronome {
    fn wait_until(&mut self, time: SimTime) -> Result<(), SimDuration> {
        self.asked.push(time.micros());
        if std::mem::take(&mut self.late_at) == time.micros() {
            Err(SimDuration::from_secs(2))
        } else {
            Ok(())
        }
    }
}

#[test]
fn a_paced_run_asks_before_each_instant_and_goes_on_after_being_late() {
    let mut simulation = valley(0, &Probe::new());
    let mut pacer = Metronome { asked: Vec::new(), late_at: 20 };
    let end = SimTime::from_micros(50);
    simulation.run_paced(end, &mut (), &mut pacer).expect("ten is in time");
    assert_eq!(pacer.asked, [10, 20, 30, 40, 50]);
    let mut simulation = valley(0, &Probe::new());
    let mut pacer = Metronome { asked: vec![1], late_at: 10 };
    let error = simulation.run_paced(end, &mut (), &mut pacer).expect_err("late for ten");
    assert_eq!(error.to_string(), "out of step: 0d 00:00:00.000010 comes 0d 00:00:02 too late");
    assert!(matches!(error, Error::OutOfStep { .. }) && !error.is_fatal());
    simulation.run_paced_to_exhaustion(&mut (), &mut pacer).expect("it may go on");
    assert_eq!(simulation.counters().delivered, 12);
    assert_eq!(pacer.asked, [1, 10, 10, 20, 30, 40], "and asks for no end");
}
