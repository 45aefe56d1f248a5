//! Every error, provoked.

use std::error::Error as _;

use goshawk_engine::{ActorId, Error, Limits, Phase};

use crate::script::{Act, Line, Player, at, cue, mishap, say, say_then, stage, stage_within};

fn after(act: Act) -> Line {
    say_then(1, [act])
}

#[test]
fn errors_can_cross_threads() {
    fn crosses<T: Send + Sync + 'static>() {}
    crosses::<Error>();
}

#[test]
fn duplicate_name() {
    let mut simulation = stage(2);
    let error = simulation.add("p1", Player::default()).expect_err("taken");
    assert_eq!(error.to_string(), "there is already an actor named `p1`");
    let next = simulation.add("p2", Player::default()).expect("the failure took no address");
    assert_eq!(next.index(), 2);
}

#[test]
fn dead_letter() {
    let error = mishap(after(Act::Send { to: 7, line: say(2) }));
    assert!(matches!(error, Error::DeadLetter { .. }));
    assert_eq!(
        error.to_string(),
        "dead letter at 0d 00:00:00.000010: `p0` sent line to actor #7, which does not exist"
    );
}

#[test]
fn past_time() {
    let error = mishap(after(Act::SendAt { to: 1, at: 9, phase: 5, line: say(2) }));
    assert!(matches!(error, Error::PastTime { .. }));
    assert_eq!(
        error.to_string(),
        "`p0` sent line at 0d 00:00:00.000010 for the past instant 0d 00:00:00.000009"
    );
}

#[test]
fn past_phase() {
    for act in [
        Act::SendIn { to: 1, phase: 1, line: say(2) },
        Act::SendAt { to: 1, at: 10, phase: 1, line: say(2) },
        Act::Schedule { delay: 0, phase: 1, line: say(2) },
    ] {
        let error = mishap(after(act));
        assert!(matches!(error, Error::PastPhase { .. }));
        assert_eq!(error.to_string(), "`p0` sent line at 0d 00:00:00.000010 in phase 2 for the past phase 1");
    }
}

#[test]
fn time_overflow() {
    for act in [
        Act::Schedule { delay: u64::MAX - 9, phase: 0, line: say(2) },
        Act::SendAfter { to: 1, delay: u64::MAX, phase: 0, line: say(2) },
    ] {
        let error = mishap(after(act));
        assert!(matches!(error, Error::TimeOverflow { .. }));
        assert!(
            error.to_string().starts_with("`p0` sent line at 0d 00:00:00.000010 with a delay of"),
            "{error}"
        );
    }
}

#[test]
fn the_end_of_time_itself_can_be_reached() {
    let mut simulation = stage(1);
    cue(&mut simulation, 0, 10, 0, after(Act::Schedule { delay: u64::MAX - 10, phase: 0, line: say(2) }));
    assert_eq!(crate::script::play(&mut simulation), [1, 2]);
}

#[test]
fn the_first_of_several_mistakes_is_reported() {
    let acts = [Act::Send { to: 7, line: say(2) }, Act::SendAt { to: 1, at: 0, phase: 0, line: say(3) }];
    assert!(matches!(mishap(say_then(1, acts)), Error::DeadLetter { .. }));
}

#[test]
fn event_storm() {
    let limits = Limits { events_per_instant: 4, ..Limits::default() };
    let chain = |length| (0..length).fold(say(0), |line, _| after(Act::Send { to: 1, line }));
    let mut simulation = stage_within(2, limits);
    cue(&mut simulation, 0, 10, 0, chain(3));
    cue(&mut simulation, 0, 11, 0, chain(3));
    crate::script::play(&mut simulation);
    cue(&mut simulation, 0, 12, 0, chain(4));
    let error = simulation.run_to_exhaustion(&mut Vec::new()).expect_err("five in one instant");
    assert!(matches!(error, Error::EventStorm { limit: 4, .. }));
    assert_eq!(
        error.to_string(),
        "event storm at 0d 00:00:00.000012: over 4 messages in one instant, the last was line to `p1`"
    );
}

#[test]
fn pending_limit() {
    let limits = Limits { pending: 2, ..Limits::default() };
    let mut simulation = stage_within(1, limits);
    let send = |label| Act::SendAfter { to: 0, delay: 5, phase: 0, line: say(label) };
    cue(&mut simulation, 0, 10, 0, say_then(1, [send(2), send(3), send(4)]));
    let error = simulation.run_to_exhaustion(&mut Vec::new()).expect_err("three pending");
    assert_eq!(
        error.to_string(),
        "`p0` sent line at 0d 00:00:00.000010 while 2 messages were pending, which is the limit"
    );
    assert!(matches!(error, Error::PendingLimit { limit: 2, .. }));
}

#[test]
fn actor_failed() {
    let error = mishap(after(Act::Fail));
    assert!(matches!(error, Error::ActorFailed { .. }));
    assert_eq!(error.to_string(), "`p0` failed at 0d 00:00:00.000010 on line");
    assert_eq!(error.source().map(ToString::to_string).as_deref(), Some("out of bread"));
}

#[test]
fn actor_panicked() {
    let error = mishap(after(Act::Panic));
    assert!(matches!(error, Error::ActorPanicked { .. }));
    assert_eq!(error.to_string(), "`p0` panicked at 0d 00:00:00.000010 on line: the roof is on fire");
}

#[test]
fn who_panicked_is_named_among_several() {
    let mut simulation = stage(3);
    for player in 0..3 {
        cue(&mut simulation, player, 5, 0, say(1));
    }
    cue(&mut simulation, 2, 10, 0, after(Act::Panic));
    let error = simulation.run_to_exhaustion(&mut Vec::new()).expect_err("it panics");
    assert_eq!(error.to_string(), "`p2` panicked at 0d 00:00:00.000010 on line: the roof is on fire");
}

#[test]
fn poisoned() {
    let mut simulation = stage(1);
    cue(&mut simulation, 0, 10, 0, after(Act::Panic));
    simulation.run_to_exhaustion(&mut Vec::new()).expect_err("it panics");
    let error = simulation.run_to_exhaustion(&mut Vec::new()).expect_err("poisoned");
    assert_eq!(error.to_string(), "the simulation failed at 0d 00:00:00.000010 and cannot go on");
    assert!(simulation.actor::<Player>(ActorId::from_index(0)).is_some(), "but it can be looked at");
}

#[test]
fn mistakes_from_outside_change_nothing() {
    let mut simulation = stage(1);
    let nobody = simulation.send_at(ActorId::from_index(1), at(5), Phase::FIRST, say(1));
    assert_eq!(
        nobody.expect_err("there is only one").to_string(),
        "dead letter at 0d 00:00:00: `outside` sent line to actor #1, which does not exist"
    );
    simulation.run_until(at(20), &mut Vec::new()).expect("nothing to do");
    let late = simulation.send_at(ActorId::from_index(0), at(19), Phase::FIRST, say(1));
    assert!(matches!(late, Err(Error::PastTime { .. })));
    cue(&mut simulation, 0, 20, 0, say(2));
    assert_eq!(crate::script::play(&mut simulation), [2]);
}

#[test]
fn actors_are_found_by_name_and_type() {
    let mut simulation = stage(2);
    let id = simulation.find("p1").expect("it exists");
    assert_eq!((id.index(), simulation.name_of(id)), (1, Some("p1")));
    assert_eq!((simulation.find("p2"), simulation.name_of(ActorId::from_index(2))), (None, None));
    simulation.actor_mut::<Player>(id).expect("it is a player").answers.push(true);
    assert_eq!(simulation.actor::<Player>(id).expect("it is a player").answers, [true]);
    assert!(simulation.actor::<Player>(ActorId::from_index(2)).is_none());
}
