//! Starting, waking, spawning and retiring of handler actors, and what is delivered meanwhile.

use goshawk_engine::{
    Actor, ActorId, Context, Digest, Error, Fault, Limits, Message, Model, Outcome, Periodic, Phase,
    SimDuration, SimTime, Simulation, Timer,
};

struct Garden;

impl Model for Garden {
    type Message = Word;
    type Sink = Vec<String>;
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Word {
    Grow,
    Spawn,
    SpawnAgain,
    Retire,
    Prune,
    Tell(ActorId),
}

impl Message for Word {
    fn kind(&self) -> &'static str {
        "word"
    }

    fn digest(&self, digest: &mut Digest) {
        digest.write_u64(match self {
            Self::Tell(_) => 1,
            _ => 0,
        });
    }
}

#[derive(Default)]
struct Plant {
    /// Whether it spawns another when it is started, without end.
    is_weed: bool,
    timer: Option<Timer>,
    bells: Option<Periodic>,
}

fn span(micros: u64) -> SimDuration {
    SimDuration::from_micros(micros)
}

fn log(context: &mut Context<'_, Garden>, what: &str) {
    let line = format!("{} {} {what}", context.now().micros(), context.name());
    context.sink().push(line);
}

impl Actor<Garden> for Plant {
    fn start(&mut self, context: &mut Context<'_, Garden>) -> Result<(), Fault> {
        log(context, "starts");
        if self.is_weed {
            let name = format!("{}.", context.name());
            context.spawn(&name, Self { is_weed: true, ..Self::default() });
        }
        Ok(())
    }

    fn handle(&mut self, word: Word, context: &mut Context<'_, Garden>) -> Result<(), Fault> {
        log(context, &format!("{word:?}"));
        match word {
            Word::Grow => {
                self.timer = Some(context.wake_after(span(10), Phase::FIRST, 7));
                self.bells = Some(context.wake_every(span(2), span(3), Phase::new(2), 8));
            }
            Word::Prune => {
                let ended = context.end(self.bells.expect("set"));
                let again = context.end(self.bells.expect("set"));
                let cancelled = context.cancel(self.timer.expect("set"));
                log(context, &format!("{ended} {again} {cancelled}"));
            }
            Word::Spawn => {
                let child = context.spawn("child", Self::default());
                context.send(child, Word::Grow);
                log(context, &format!("spawned {child}"));
            }
            Word::SpawnAgain => {
                context.spawn("child", Self::default());
            }
            Word::Retire => context.retire(),
            Word::Tell(other) => context.send(other, Word::Prune),
        }
        Ok(())
    }

    fn wake(&mut self, tag: u32, context: &mut Context<'_, Garden>) -> Result<(), Fault> {
        assert_eq!(context.sender(), Some(context.me()));
        log(context, &format!("rings {tag} in phase {}", context.phase()));
        Ok(())
    }
}

fn garden(plants: u32) -> Simulation<Garden> {
    let mut simulation = Simulation::new(Limits::default());
    for index in 0..plants {
        simulation.add(format!("p{index}"), Plant::default()).expect("unique");
    }
    simulation
}

fn say(simulation: &mut Simulation<Garden>, to: u32, time: u64, word: Word) {
    let to = ActorId::from_index(to);
    simulation.send_at(to, SimTime::from_micros(time), Phase::FIRST, word).expect("legal");
}

fn run(simulation: &mut Simulation<Garden>, end: u64) -> Vec<String> {
    let mut log = Vec::new();
    simulation.run_until(SimTime::from_micros(end), &mut log).expect("no mistakes");
    log
}

#[test]
fn rule_10_actors_start_in_order_before_anything_is_delivered() {
    let mut simulation = garden(2);
    say(&mut simulation, 1, 0, Word::Spawn);
    let log = run(&mut simulation, 1);
    let expected =
        ["0 p0 starts", "0 p1 starts", "0 p1 Spawn", "0 p1 spawned #2", "0 child starts", "0 child Grow"];
    assert_eq!(log, expected);
    assert_eq!(simulation.counters().delivered, 2, "a start is no delivery");
    assert!(run(&mut simulation, 2).is_empty(), "nobody starts twice");
    simulation.add("late", Plant::default()).expect("unique");
    assert_eq!(run(&mut simulation, 2), Vec::<String>::new(), "an end that has passed starts nobody");
    assert_eq!(run(&mut simulation, 3)[0], "2 late starts");
}

#[test]
fn rule_11_wakes_have_a_place_like_messages() {
    let mut simulation = garden(1);
    say(&mut simulation, 0, 1, Word::Grow);
    say(&mut simulation, 0, 11, Word::Retire);
    let log = run(&mut simulation, 30);
    let rings = |time| format!("{time} p0 rings 8 in phase 2");
    let expected = [
        "0 p0 starts".to_owned(),
        "1 p0 Grow".to_owned(),
        rings(3),
        rings(6),
        rings(9),
        "11 p0 Retire".to_owned(),
    ];
    assert_eq!(log, expected, "the message of 11 was sent first, and the wakes of 11 and 12 find nobody");
    let counters = simulation.counters();
    assert_eq!((counters.delivered, counters.undelivered, counters.pending, counters.active), (5, 0, 0, 0));
}

#[test]
fn periodic_wakes_end_when_they_are_told() {
    let mut simulation = garden(1);
    say(&mut simulation, 0, 0, Word::Grow);
    say(&mut simulation, 0, 6, Word::Prune);
    let log = run(&mut simulation, 100);
    assert_eq!(
        log[2..],
        ["2 p0 rings 8 in phase 2", "5 p0 rings 8 in phase 2", "6 p0 Prune", "6 p0 true false true"]
    );
    assert_eq!(simulation.counters().pending, 0);
}

#[test]
fn periodic_wakes_end_with_time_itself() {
    let mut simulation = garden(1);
    let near = SimTime::from_micros(u64::MAX - 6);
    simulation.send_at(ActorId::from_index(0), near, Phase::FIRST, Word::Grow).expect("legal");
    let mut log = Vec::new();
    let error = simulation.run_to_exhaustion(&mut log).expect_err("ten more do not fit");
    assert!(matches!(error, Error::TimeOverflow { kind: "wake", .. }), "{error}");
}

#[test]
fn rule_12_what_is_sent_before_a_retirement_is_undelivered_and_after_it_a_mistake() {
    let mut simulation = garden(2);
    say(&mut simulation, 0, 5, Word::Retire);
    say(&mut simulation, 0, 6, Word::Grow);
    say(&mut simulation, 1, 7, Word::Tell(ActorId::from_index(0)));
    let mut log = Vec::new();
    let error = simulation.run_to_exhaustion(&mut log).expect_err("it has retired");
    assert_eq!(error.to_string(), "`p1` sent word at 0d 00:00:00.000007 to `p0`, which has retired");
    assert!(matches!(error, Error::Retired { .. }) && error.is_fatal());
    assert_eq!(simulation.counters().undelivered, 1);
    assert!(simulation.actor::<Plant>(ActorId::from_index(0)).is_none());

    let mut simulation = garden(1);
    say(&mut simulation, 0, 0, Word::Retire);
    run(&mut simulation, 1);
    let to = ActorId::from_index(0);
    let refused = simulation.send_at(to, SimTime::from_micros(2), Phase::FIRST, Word::Grow);
    assert!(matches!(refused, Err(Error::Retired { .. })));
    let error = simulation.add("p0", Plant::default()).expect_err("a name is not given twice");
    assert!(matches!(error, Error::DuplicateName { .. }));
    assert!(run(&mut simulation, 3).is_empty(), "and all that changed nothing");
}

#[test]
fn a_name_is_given_once_while_running_too() {
    let mut simulation = garden(1);
    say(&mut simulation, 0, 0, Word::Spawn);
    say(&mut simulation, 0, 1, Word::SpawnAgain);
    let error = simulation.run_to_exhaustion(&mut Vec::new()).expect_err("there is a child");
    assert_eq!(error.to_string(), "there is already an actor named `child`");
}

#[test]
fn spawning_without_end_is_an_event_storm() {
    let mut simulation = Simulation::new(Limits { events_per_instant: 50, ..Limits::default() });
    simulation.add("weed", Plant { is_weed: true, ..Plant::default() }).expect("the first");
    let error = simulation.run_to_exhaustion(&mut Vec::new()).expect_err("it never ends");
    assert!(matches!(error, Error::EventStorm { kind: "start", limit: 50, .. }), "{error}");
}

#[test]
fn a_wake_that_nothing_is_written_for_fails() {
    struct Sleeper;
    impl Actor<Garden> for Sleeper {
        fn handle(&mut self, _: Word, context: &mut Context<'_, Garden>) -> Result<(), Fault> {
            context.wake_after(span(1), Phase::FIRST, 3);
            Ok(())
        }
    }
    let mut simulation = Simulation::new(Limits::default());
    simulation.add("sleeper", Sleeper).expect("the first");
    say(&mut simulation, 0, 0, Word::Grow);
    let error = simulation.run_to_exhaustion(&mut Vec::new()).expect_err("no wake");
    let source = std::error::Error::source(&error).map(ToString::to_string);
    assert_eq!(source.as_deref(), Some("nothing is written for wake 3"));
}

#[test]
fn wakes_without_a_period_are_refused() {
    struct Bell;
    impl Actor<Garden> for Bell {
        fn handle(&mut self, _: Word, context: &mut Context<'_, Garden>) -> Result<(), Fault> {
            context.wake_every(span(1), SimDuration::ZERO, Phase::FIRST, 0);
            Ok(())
        }
    }
    let mut simulation = Simulation::new(Limits::default());
    simulation.add("bell", Bell).expect("the first");
    say(&mut simulation, 0, 4, Word::Grow);
    let error = simulation.run_to_exhaustion(&mut Vec::new()).expect_err("no period");
    assert_eq!(error.to_string(), "`bell` set periodic wakes at 0d 00:00:00.000004 with a period of nothing");
}

#[test]
fn a_spent_budget_is_not_the_end() {
    let mut simulation = Simulation::new(Limits { steps: 4, ..Limits::default() });
    simulation.add("p0", Plant::default()).expect("the first");
    say(&mut simulation, 0, 0, Word::Grow);
    let end = SimTime::from_micros(20);
    let mut log = Vec::new();
    let error = simulation.run_until(end, &mut log).expect_err("five are due");
    assert_eq!(
        error.to_string(),
        "the budget of 4 deliveries is spent at 0d 00:00:00.000010, and more are pending"
    );
    assert!(matches!(error, Error::StepBudget { limit: 4, .. }) && !error.is_fatal());
    let mut enough = Simulation::new(Limits { steps: 4, ..Limits::default() });
    enough.add("p0", Plant::default()).expect("the first");
    say(&mut enough, 0, 0, Word::Grow);
    let before = SimTime::from_micros(10);
    assert_eq!(enough.run_until(before, &mut Vec::new()).expect("four are due"), Outcome::Reached);
    assert_eq!(enough.now(), before, "what is due later takes nothing from the budget");
    simulation.set_step_budget(100);
    assert_eq!(simulation.run_until(end, &mut log).expect("enough"), Outcome::Reached);
    let mut whole = garden(1);
    say(&mut whole, 0, 0, Word::Grow);
    assert_eq!(run(&mut whole, 20), log, "nothing was lost");
    assert_eq!(whole.digest(), simulation.digest());
}
