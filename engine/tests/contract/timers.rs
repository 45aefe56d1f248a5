//! A scheduled message can be taken back until it is delivered, and not after.

use crate::script::{Act, Player, cue, play, say, say_then, stage};
use goshawk_engine::ActorId;

/// What cancelling returned, and what was heard, when label 1 sets a timer for time 5, phase 3 and `cancel`
/// is then heard.
fn cancelled_at(time: u64, phase: u8) -> (Vec<bool>, Vec<u64>) {
    let mut simulation = stage(1);
    let set = Act::Schedule { delay: 5, phase: 3, line: say(2) };
    cue(&mut simulation, 0, 0, 0, say_then(1, [set]));
    cue(&mut simulation, 0, time, phase, say_then(3, [Act::Cancel { nth: 0 }, Act::Cancel { nth: 0 }]));
    let heard = play(&mut simulation);
    let player = simulation.actor::<Player>(ActorId::from_index(0)).expect("it is a player");
    (player.answers.clone(), heard)
}

#[test]
fn in_advance() {
    assert_eq!(cancelled_at(4, 0), (vec![true, false], vec![1, 3]));
}

#[test]
fn within_its_own_instant() {
    assert_eq!(cancelled_at(5, 2), (vec![true, false], vec![1, 3]));
}

#[test]
fn too_late() {
    assert_eq!(cancelled_at(5, 4), (vec![false, false], vec![1, 2, 3]));
    assert_eq!(cancelled_at(6, 0), (vec![false, false], vec![1, 2, 3]));
}

#[test]
fn an_old_timer_does_not_cancel_the_next_one_in_its_place() {
    let mut simulation = stage(1);
    let set = |label| Act::Schedule { delay: 1, phase: 0, line: say(label) };
    cue(&mut simulation, 0, 0, 0, say_then(1, [set(2)]));
    // Two messages were delivered, so two places are free: one of them is that of the first timer.
    cue(&mut simulation, 0, 5, 0, say_then(3, [set(4), set(5), Act::Cancel { nth: 0 }]));
    assert_eq!(play(&mut simulation), [1, 2, 3, 4, 5]);
}

#[test]
fn cancelled_messages_are_not_pending() {
    let mut simulation = stage(1);
    let set = |delay| Act::Schedule { delay, phase: 0, line: say(delay) };
    let acts = [set(10), set(20), Act::Cancel { nth: 0 }, Act::Stop];
    cue(&mut simulation, 0, 0, 0, say_then(1, acts));
    simulation.run_to_exhaustion(&mut Vec::new()).expect("legal");
    assert_eq!(simulation.counters().pending, 1);
    assert_eq!(simulation.next_time(), Some(crate::script::at(20)));
}
