//! A model whose messages carry what the receiver shall do: tests read as scripts.

use goshawk_engine::{
    Actor, ActorId, Context, Digest, Error, Fault, Limits, Message, Model, Outcome, Phase, SimDuration,
    SimTime, Simulation, Timer,
};

pub(crate) struct Script;

impl Model for Script {
    type Message = Line;
    type Sink = Vec<Heard>;
}

/// A message: a label by which it is recognized, and what to do on hearing it.
#[derive(Debug, Clone)]
pub(crate) struct Line {
    pub(crate) label: u64,
    pub(crate) then: Vec<Act>,
}

#[derive(Debug, Clone)]
pub(crate) enum Act {
    Send {
        to: u32,
        line: Line,
    },
    SendIn {
        to: u32,
        phase: u8,
        line: Line,
    },
    SendAt {
        to: u32,
        at: u64,
        phase: u8,
        line: Line,
    },
    SendAfter {
        to: u32,
        delay: u64,
        phase: u8,
        line: Line,
    },
    Schedule {
        delay: u64,
        phase: u8,
        line: Line,
    },
    /// The timer that this actor has set as its `nth`; adds what came of it to the answers.
    Cancel {
        nth: usize,
    },
    Stop,
    Fail,
    Panic,
}

/// What the sink records of a delivery.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Heard {
    pub(crate) time: u64,
    pub(crate) phase: usize,
    pub(crate) receiver: u32,
    pub(crate) label: u64,
}

impl Message for Line {
    fn kind(&self) -> &'static str {
        "line"
    }

    fn digest(&self, digest: &mut Digest) {
        digest.write_u64(self.label);
    }
}

#[derive(Debug, Default)]
pub(crate) struct Player {
    timers: Vec<Timer>,
    /// What each cancelling returned.
    pub(crate) answers: Vec<bool>,
}

impl Actor<Script> for Player {
    fn handle(&mut self, line: Line, context: &mut Context<'_, Script>) -> Result<(), Fault> {
        let heard = Heard {
            time: context.now().micros(),
            phase: context.phase().index(),
            receiver: context.me().index(),
            label: line.label,
        };
        context.sink().push(heard);
        line.then.into_iter().try_for_each(|act| self.perform(act, context))
    }
}

impl Player {
    fn perform(&mut self, act: Act, context: &mut Context<'_, Script>) -> Result<(), Fault> {
        match act {
            Act::Send { to, line } => context.send(ActorId::from_index(to), line),
            Act::SendIn { to, phase, line } => {
                context.send_in(ActorId::from_index(to), Phase::new(phase), line)
            }
            Act::SendAt { to, at, phase, line } => {
                context.send_at(ActorId::from_index(to), SimTime::from_micros(at), Phase::new(phase), line);
            }
            Act::SendAfter { to, delay, phase, line } => {
                let delay = SimDuration::from_micros(delay);
                context.send_after(ActorId::from_index(to), delay, Phase::new(phase), line);
            }
            Act::Schedule { delay, phase, line } => {
                let delay = SimDuration::from_micros(delay);
                self.timers.push(context.schedule(delay, Phase::new(phase), line));
            }
            Act::Cancel { nth } => self.answers.push(context.cancel(self.timers[nth])),
            Act::Stop => context.stop(),
            Act::Fail => return Err("out of bread".into()),
            Act::Panic => panic!("the roof is on fire"),
        }
        Ok(())
    }
}

pub(crate) fn say(label: u64) -> Line {
    Line { label, then: Vec::new() }
}

pub(crate) fn say_then(label: u64, then: impl Into<Vec<Act>>) -> Line {
    Line { label, then: then.into() }
}

pub(crate) fn at(micros: u64) -> SimTime {
    SimTime::from_micros(micros)
}

/// A simulation of the players `p0`, `p1`, ...
pub(crate) fn stage(players: u32) -> Simulation<Script> {
    stage_within(players, Limits::default())
}

pub(crate) fn stage_within(players: u32, limits: Limits) -> Simulation<Script> {
    let mut simulation = Simulation::new(limits);
    for index in 0..players {
        simulation.add(format!("p{index}"), Player::default()).expect("names are unique");
    }
    simulation
}

/// Sends from outside what is known to be legal.
pub(crate) fn cue(simulation: &mut Simulation<Script>, to: u32, time: u64, phase: u8, line: Line) {
    simulation.send_at(ActorId::from_index(to), at(time), Phase::new(phase), line).expect("a cue is legal");
}

/// Plays to the end, for the labels in the order they were heard.
pub(crate) fn play(simulation: &mut Simulation<Script>) -> Vec<u64> {
    let mut heard = Vec::new();
    let outcome = simulation.run_to_exhaustion(&mut heard).expect("the play has no mistakes");
    assert_eq!(outcome, Outcome::Exhausted);
    heard.iter().map(|heard| heard.label).collect()
}

/// What ends a play in which player 0 of two hears only `line`, at time 10 in phase 2.
pub(crate) fn mishap(line: Line) -> Error {
    let mut simulation = stage(2);
    cue(&mut simulation, 0, 10, 2, line);
    simulation.run_to_exhaustion(&mut Vec::new()).expect_err("the play has a mistake")
}
