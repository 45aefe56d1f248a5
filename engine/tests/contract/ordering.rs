//! The ordering contract of the crate's documentation, rule by rule.

use goshawk_engine::{ActorId, Error, Outcome, Phase};
use proptest::prelude::*;

use crate::script::{Act, Heard, Line, at, cue, play, say, say_then, stage};

const PLAYERS: u32 = 3;

/// An event in the reference model: a sorted list and nothing else.
struct Entry {
    key: (u64, u8, u64),
    receiver: u32,
    line: Line,
}

/// Delivers as the contract says, in the plainest way: take the least of (time, phase, order of sending).
fn reference(cues: &[(u64, u8, u32, Line)]) -> Vec<Heard> {
    let mut sent = 0;
    let mut pending = Vec::new();
    let mut add = |pending: &mut Vec<Entry>, time, phase, receiver, line: &Line| {
        pending.push(Entry { key: (time, phase, sent), receiver, line: line.clone() });
        sent += 1;
    };
    for (time, phase, receiver, line) in cues {
        add(&mut pending, *time, *phase, *receiver, line);
    }
    let mut heard = Vec::new();
    while !pending.is_empty() {
        pending.sort_by_key(|entry| std::cmp::Reverse(entry.key));
        let Entry { key: (time, phase, _), receiver, line } = pending.pop().expect("not empty");
        heard.push(Heard { time, phase: usize::from(phase), receiver, label: line.label });
        for act in &line.then {
            match act {
                Act::Send { to, line } => add(&mut pending, time, phase, *to, line),
                Act::SendIn { to, phase, line } => add(&mut pending, time, *phase, *to, line),
                Act::SendAt { to, at, phase, line } => add(&mut pending, *at, *phase, *to, line),
                Act::SendAfter { to, delay, phase, line } => {
                    add(&mut pending, time + delay, *phase, *to, line);
                }
                Act::Schedule { delay, phase, line } => {
                    add(&mut pending, time + delay, *phase, receiver, line);
                }
                Act::Cancel { .. } | Act::Stop | Act::Fail | Act::Panic => unreachable!("not in these plays"),
            }
        }
    }
    heard
}

/// What a send shall be, before it is known when it happens.
#[derive(Debug, Clone)]
struct Sketch {
    way: u8,
    delay: u64,
    phase: u8,
    to: u32,
    then: Vec<Sketch>,
}

fn sketch() -> impl Strategy<Value = Sketch> {
    let head = || (0..4u8, 0..3u64, 0..4u8, 0..PLAYERS);
    let make = |((way, delay, phase, to), then)| Sketch { way, delay, phase, to, then };
    (head(), Just(Vec::new()))
        .prop_map(make)
        .prop_recursive(5, 64, 4, move |inner| (head(), prop::collection::vec(inner, 0..4)).prop_map(make))
}

/// Makes sketches legal and labels them, given when their parent is delivered.
fn acts(sketches: &[Sketch], time: u64, phase: u8, label: &mut u64) -> Vec<Act> {
    sketches.iter().map(|sketch| act(sketch, time, phase, label)).collect()
}

fn act(sketch: &Sketch, now: u64, present: u8, label: &mut u64) -> Act {
    let Sketch { way, delay, to, .. } = *sketch;
    *label += 1;
    let name = *label;
    let mut line = |time, phase| say_then(name, acts(&sketch.then, time, phase, label));
    let later = now + delay;
    let phase = if delay == 0 { sketch.phase.max(present) } else { sketch.phase };
    match way {
        0 if delay == 0 => Act::Send { to, line: line(now, present) },
        0 => Act::Schedule { delay, phase, line: line(later, phase) },
        1 if delay == 0 => Act::SendIn { to, phase, line: line(now, phase) },
        1 | 2 => Act::SendAt { to, at: later, phase, line: line(later, phase) },
        _ => Act::SendAfter { to, delay, phase, line: line(later, phase) },
    }
}

/// Random plays: what is sent from outside, each with all that follows from it.
fn cues() -> impl Strategy<Value = Vec<(u64, u8, u32, Line)>> {
    prop::collection::vec(sketch(), 1..12).prop_map(|sketches| {
        let mut label = 0;
        let cue = |sketch: &Sketch| {
            label += 1;
            let name = label;
            let then = acts(&sketch.then, sketch.delay, sketch.phase, &mut label);
            (sketch.delay, sketch.phase, sketch.to, say_then(name, then))
        };
        sketches.iter().map(cue).collect()
    })
}

fn run(cues: &[(u64, u8, u32, Line)], ends: &[u64]) -> (Vec<Heard>, String) {
    let mut simulation = stage(PLAYERS);
    for (time, phase, to, line) in cues {
        cue(&mut simulation, *to, *time, *phase, line.clone());
    }
    let mut heard = Vec::new();
    for end in ends {
        simulation.run_until(at(*end), &mut heard).expect("legal");
        assert_eq!(simulation.now(), at(*end));
    }
    if ends.is_empty() {
        simulation.run_to_exhaustion(&mut heard).expect("legal");
    }
    (heard, simulation.digest().to_string())
}

proptest! {
    #[test]
    fn rule_1_total_order(cues in cues()) {
        prop_assert_eq!(run(&cues, &[]).0, reference(&cues));
    }

    #[test]
    fn rule_7_a_longer_horizon_keeps_the_prefix(cues in cues(), end in 0..8u64) {
        let (all, digest) = run(&cues, &[1_000]);
        let due = all.iter().take_while(|heard| heard.time < end).count();
        prop_assert_eq!(&run(&cues, &[end]).0, &all[..due]);
        prop_assert_eq!(run(&cues, &[end, end + 1, 1_000]), (all, digest));
    }

    #[test]
    fn rule_8_repeatable(cues in cues()) {
        prop_assert_eq!(run(&cues, &[]), run(&cues, &[]));
    }
}

#[test]
fn rule_2_exact_time() {
    let mut simulation = stage(2);
    let reply = Act::SendAfter { to: 1, delay: 7, phase: 1, line: say(2) };
    cue(&mut simulation, 0, 5, 3, say_then(1, [reply]));
    let mut heard = Vec::new();
    simulation.run_to_exhaustion(&mut heard).expect("legal");
    let first = Heard { time: 5, phase: 3, receiver: 0, label: 1 };
    assert_eq!(heard, [first, Heard { time: 12, phase: 1, receiver: 1, label: 2 }]);
    assert_eq!(simulation.now(), at(12));
}

#[test]
fn rule_3_no_past() {
    let mut simulation = stage(1);
    let backwards = say_then(1, [Act::SendIn { to: 0, phase: 1, line: say(2) }]);
    cue(&mut simulation, 0, 5, 2, backwards);
    cue(&mut simulation, 0, 5, 3, say(3));
    let mut heard = Vec::new();
    let error = simulation.run_to_exhaustion(&mut heard).expect_err("phase 1 has passed");
    assert!(matches!(error, Error::PastPhase { .. }), "{error}");
    assert_eq!(heard.len(), 1, "nothing is delivered after the mistake");
}

#[test]
fn rule_4_last_in_line() {
    let mut simulation = stage(2);
    let sends = [
        Act::Send { to: 1, line: say(3) },
        Act::SendIn { to: 0, phase: 1, line: say(5) },
        Act::Send { to: 0, line: say(4) },
    ];
    cue(&mut simulation, 0, 5, 0, say_then(1, sends));
    cue(&mut simulation, 1, 5, 0, say(2));
    assert_eq!(play(&mut simulation), [1, 2, 3, 4, 5]);
}

#[test]
fn rule_5_one_at_a_time() {
    let mut simulation = stage(2);
    let echo = say_then(2, [Act::Send { to: 0, line: say(4) }]);
    let sends = [Act::Send { to: 1, line: echo }, Act::Send { to: 1, line: say(3) }];
    cue(&mut simulation, 0, 0, 0, say_then(1, sends));
    assert_eq!(play(&mut simulation), [1, 2, 3, 4]);
}

#[test]
fn rule_6_cancelling_changes_no_other_place() {
    let schedule = |label| Act::Schedule { delay: 3, phase: 0, line: say(label) };
    let set = (2..8).map(schedule).collect::<Vec<_>>();
    let mut simulation = stage(1);
    cue(&mut simulation, 0, 0, 0, say_then(1, set));
    cue(&mut simulation, 0, 1, 0, say_then(10, [Act::Cancel { nth: 3 }, Act::Cancel { nth: 0 }]));
    assert_eq!(play(&mut simulation), [1, 10, 3, 4, 6, 7]);
}

#[test]
fn rule_7_half_open_runs() {
    let mut simulation = stage(1);
    cue(&mut simulation, 0, 9, 0, say(1));
    cue(&mut simulation, 0, 10, 0, say(2));
    let mut heard = Vec::new();
    assert_eq!(simulation.run_until(at(10), &mut heard).expect("legal"), Outcome::Reached);
    assert_eq!((heard.len(), simulation.now(), simulation.next_time()), (1, at(10), Some(at(10))));

    // What is sent now for now comes after what was sent before.
    cue(&mut simulation, 0, 10, 0, say(3));
    assert_eq!(simulation.run_until(at(10), &mut heard).expect("legal"), Outcome::Reached);
    assert_eq!(simulation.run_until(at(4), &mut heard).expect("legal"), Outcome::Reached);
    assert_eq!((heard.len(), simulation.now()), (1, at(10)), "an end that has passed does nothing");

    assert_eq!(simulation.run_until(at(11), &mut heard).expect("legal"), Outcome::Exhausted);
    assert_eq!(heard.iter().map(|heard| heard.label).collect::<Vec<_>>(), [1, 2, 3]);
    assert_eq!((simulation.now(), simulation.next_time()), (at(11), None));
}

#[test]
fn rule_9_a_failure_is_final() {
    let mut simulation = stage(1);
    cue(&mut simulation, 0, 5, 0, say_then(1, [Act::Fail]));
    cue(&mut simulation, 0, 6, 0, say(2));
    let mut heard = Vec::new();
    simulation.run_to_exhaustion(&mut heard).expect_err("it fails");
    for error in [
        simulation.run_to_exhaustion(&mut heard).expect_err("poisoned"),
        simulation.run_until(at(100), &mut heard).expect_err("poisoned"),
        simulation.step(&mut heard).expect_err("poisoned"),
    ] {
        assert!(matches!(error, Error::Poisoned { time } if time == at(5)), "{error}");
    }
    assert_eq!(heard.len(), 1);
}

#[test]
fn a_stopped_run_goes_on_where_it_stopped() {
    let mut simulation = stage(1);
    cue(&mut simulation, 0, 5, 2, say_then(1, [Act::Stop, Act::Send { to: 0, line: say(3) }]));
    cue(&mut simulation, 0, 5, 2, say(2));
    let mut heard = Vec::new();
    assert_eq!(simulation.run_until(at(50), &mut heard).expect("legal"), Outcome::Stopped);
    assert_eq!((heard.len(), simulation.now(), simulation.counters().pending), (1, at(5), 2));
    let early = simulation.send_at(ActorId::from_index(0), at(5), Phase::new(1), say(9));
    assert!(matches!(early, Err(Error::PastPhase { .. })), "the phase stays, too");
    assert_eq!(play(&mut simulation), [2, 3]);
}

#[test]
fn steps_deliver_what_a_run_delivers() {
    let set_up = || {
        let mut simulation = stage(2);
        let later = Act::SendAfter { to: 1, delay: 3, phase: 1, line: say(3) };
        cue(&mut simulation, 0, 5, 0, say_then(1, [Act::Stop, later, Act::Send { to: 1, line: say(2) }]));
        simulation
    };
    let (mut stepped, mut whole) = (set_up(), set_up());
    let mut deliveries = Vec::new();
    while let Some(delivery) = stepped.step(&mut Vec::new()).expect("legal") {
        deliveries.push((delivery.time, delivery.receiver.index(), delivery.stop));
    }
    assert_eq!(deliveries, [(at(5), 0, true), (at(5), 1, false), (at(8), 1, false)]);
    whole.run_to_exhaustion(&mut Vec::new()).expect("legal");
    play(&mut whole);
    assert_eq!((stepped.digest(), stepped.counters()), (whole.digest(), whole.counters()));
    assert_eq!((whole.counters().delivered, whole.counters().instants), (3, 2));
}
