//! Processes: what they can wait for, and what happens to those that wait in vain.

use std::cell::Cell;
use std::rc::Rc;

use goshawk_engine::{
    ActorId, Digest, Either, Error, Fault, Limits, Message, Model, Outcome, Phase, Process, ReplyTo,
    SimDuration, SimTime, Simulation, join, select,
};

/// Letters with a number, and questions.
pub(crate) struct Post;

impl Model for Post {
    type Message = Letter;
    type Sink = Vec<String>;
}

#[derive(Debug)]
pub(crate) enum Letter {
    Number(u64),
    Question(ReplyTo),
}

impl Message for Letter {
    fn kind(&self) -> &'static str {
        match self {
            Self::Number(_) => "number",
            Self::Question(_) => "question",
        }
    }

    fn digest(&self, digest: &mut Digest) {
        if let Self::Number(number) = self {
            digest.write_u64(*number);
        }
    }
}

impl Letter {
    fn number(self) -> u64 {
        match self {
            Self::Number(number) => number,
            Self::Question(_) => panic!("a number was expected"),
        }
    }
}

fn at(micros: u64) -> SimTime {
    SimTime::from_micros(micros)
}

fn span(micros: u64) -> SimDuration {
    SimDuration::from_micros(micros)
}

fn id(index: u32) -> ActorId {
    ActorId::from_index(index)
}

fn note(process: &Process<Post>, what: impl std::fmt::Display) {
    let line = format!("{} {what}", process.now().micros());
    process.observe(move |log: &mut Vec<String>| log.push(line));
}

fn post(simulation: &mut Simulation<Post>, to: u32, time: u64, number: u64) {
    simulation.send_at(id(to), at(time), Phase::FIRST, Letter::Number(number)).expect("legal");
}

/// A simulation of one process, `p`.
fn one<F, C>(course: F) -> Simulation<Post>
where
    F: FnOnce(Process<Post>) -> C,
    C: Future<Output = Result<(), Fault>> + 'static,
{
    let mut simulation = Simulation::new(Limits::default());
    simulation.add_process("p", course).expect("the first");
    simulation
}

fn log_of(simulation: &mut Simulation<Post>) -> Vec<String> {
    let mut log = Vec::new();
    assert_eq!(simulation.run_to_exhaustion(&mut log).expect("no mistakes"), Outcome::Exhausted);
    log
}

fn failure_of(simulation: &mut Simulation<Post>) -> Error {
    simulation.run_to_exhaustion(&mut Vec::new()).expect_err("a mistake")
}

#[test]
fn rule_13_messages_wait_while_a_process_sleeps_and_come_in_order() {
    let mut simulation = one(async |process: Process<Post>| {
        assert_eq!((process.me(), &*process.name()), (id(0), "p"));
        process.sleep(span(10)).await;
        note(&process, "awake");
        for _ in 0..3 {
            let received = process.recv().await;
            note(&process, format!("{} from {:?}", received.message.number(), received.sender));
        }
        assert!(process.try_recv().is_none());
        Ok(())
    });
    post(&mut simulation, 0, 3, 1);
    post(&mut simulation, 0, 5, 2);
    post(&mut simulation, 0, 20, 3);
    assert_eq!(log_of(&mut simulation), ["10 awake", "10 1 from None", "10 2 from None", "20 3 from None"]);
    assert!(!simulation.is_active(id(0)), "it has come to its end");
    assert_eq!(simulation.counters().active, 0);
}

#[test]
fn a_message_in_time_cancels_the_timeout() {
    let mut simulation = one(async |process: Process<Post>| {
        let first = process.recv_timeout(span(10)).await.map(|received| received.message.number());
        note(&process, format!("{first:?}"));
        let second = process.recv_timeout(span(10)).await.map(|received| received.message.number());
        note(&process, format!("{second:?}"));
        Ok(())
    });
    post(&mut simulation, 0, 4, 7);
    assert_eq!(log_of(&mut simulation), ["4 Some(7)", "14 None"]);
    assert_eq!(simulation.counters().delivered, 2, "the first timeout never rang");
}

#[test]
fn a_message_at_the_very_instant_of_the_timeout_counts_by_the_order_of_sending() {
    let course = async |process: Process<Post>| {
        let got = process.recv_timeout(span(10)).await.is_some();
        note(&process, got);
        if !got {
            note(&process, process.recv().await.message.number());
        }
        Ok(())
    };
    let mut early = one(course);
    post(&mut early, 0, 10, 1);
    assert_eq!(log_of(&mut early), ["10 true"]);
    let mut late = one(course);
    late.run_until(at(5), &mut Vec::new()).expect("legal");
    post(&mut late, 0, 10, 1);
    assert_eq!(log_of(&mut late), ["10 false", "10 1"]);
}

#[test]
fn select_takes_the_first_and_undoes_the_second() {
    let mut simulation = one(async |process: Process<Post>| {
        match select(process.sleep(span(5)), process.recv()).await {
            Either::First(()) => note(&process, "slept"),
            Either::Second(received) => note(&process, received.message.number()),
        }
        let both = join(process.sleep(span(5)), process.recv()).await;
        note(&process, both.1.message.number());
        // A message that is there already beats a sleep of no time, which is named later.
        process.send(process.me(), Letter::Number(9));
        match select(process.recv(), process.sleep(SimDuration::ZERO)).await {
            Either::First(received) => note(&process, received.message.number()),
            Either::Second(()) => note(&process, "slept"),
        }
        Ok(())
    });
    post(&mut simulation, 0, 7, 1);
    assert_eq!(log_of(&mut simulation), ["5 slept", "10 1", "10 9"]);
    assert_eq!(simulation.counters().pending, 0);
}

#[test]
fn sleep_until_a_phase_and_to_the_end_of_the_line() {
    let mut simulation = one(async |process: Process<Post>| {
        process.sleep_until_phase(at(5), Phase::new(3)).await;
        note(&process, process.phase());
        process.send(process.me(), Letter::Number(1));
        process.sleep(SimDuration::ZERO).await;
        // The message was sent before the sleep began, so it is here.
        note(&process, process.try_recv().expect("delivered before the wake").message.number());
        process.sleep_until(at(5)).await;
        process.sleep_until(at(6)).await;
        note(&process, process.phase());
        Ok(())
    });
    assert_eq!(log_of(&mut simulation), ["5 3", "5 1", "6 0"]);
}

#[test]
fn questions_are_answered_by_either_kind() {
    let mut simulation = one(async |process: Process<Post>| {
        note(&process, process.ask(id(1), Letter::Question).await.number());
        let none = process.ask_timeout(id(2), span(3), Letter::Question).await;
        note(&process, format!("{:?}", none.map(Letter::number)));
        let late = process.recv().await;
        note(&process, format!("{} answers {:?}", late.message.number(), late.answers.map(ReplyTo::asker)));
        note(
            &process,
            format!("{:?}", process.ask_timeout(id(2), span(9), Letter::Question).await.map(Letter::number)),
        );
        Ok(())
    });
    for (name, delay) in [("prompt", 0), ("slow", 5)] {
        simulation
            .add_process(name, async move |process: Process<Post>| {
                loop {
                    if let Letter::Question(reply_to) = process.recv().await.message {
                        process.sleep(span(delay)).await;
                        process.reply(reply_to, Letter::Number(delay));
                    }
                }
            })
            .expect("unique");
    }
    let expected = ["0 0", "3 None", "5 5 answers Some(ActorId(0))", "10 Some(5)"];
    assert_eq!(log_of(&mut simulation), expected);
}

#[test]
fn what_nobody_answers_is_a_deadlock_that_names_who_waits() {
    let asks = async |process: Process<Post>| {
        process.ask(id(2), Letter::Question).await;
        Ok(())
    };
    let mut simulation = one(asks);
    simulation.add_process("q", asks).expect("unique");
    let deaf = async |process: Process<Post>| {
        loop {
            process.recv().await;
        }
    };
    simulation.add_process("deaf", deaf).expect("unique");
    let error = failure_of(&mut simulation);
    assert!(matches!(error, Error::Deadlock { .. }) && !error.is_fatal());
    assert_eq!(
        error.to_string(),
        "deadlock at 0d 00:00:00: nothing is pending, and `p`, `q` wait for an answer"
    );
    let mut stepped = one(async |process: Process<Post>| {
        process.ask(process.me(), Letter::Question).await;
        Ok(())
    });
    stepped.step(&mut Vec::new()).expect("the question");
    let error = stepped.step(&mut Vec::new()).expect_err("it asks itself");
    assert!(error.to_string().ends_with("`p` waits for an answer"), "{error}");
}

#[test]
fn a_deadlock_is_over_when_somebody_outside_brings_what_was_missing() {
    let mut simulation = one(async |process: Process<Post>| {
        // The question may tell what the process sees at present.
        let answer = process.ask(id(1), |reply_to| {
            assert_eq!(process.now(), at(0));
            Letter::Question(reply_to)
        });
        note(&process, answer.await.number());
        Ok(())
    });
    let shy = async |process: Process<Post>| {
        let Letter::Question(reply_to) = process.recv().await.message else {
            return Err("no question".into());
        };
        let Letter::Number(number) = process.recv().await.message else { return Err("no number".into()) };
        process.reply(reply_to, Letter::Number(number));
        Ok(())
    };
    simulation.add_process("shy", shy).expect("unique");
    let mut log = Vec::new();
    let error = simulation.run_until(at(10), &mut log).expect_err("nothing is pending");
    assert!(matches!(error, Error::Deadlock { .. }), "{error}");
    assert_eq!(simulation.run_until(at(4), &mut log).expect("an end that has passed"), Outcome::Exhausted);
    post(&mut simulation, 1, 12, 42);
    simulation.run_to_exhaustion(&mut log).expect("now it is answered");
    assert_eq!(log, ["12 42"]);
}

#[test]
fn a_sleep_counts_from_where_it_was_begun() {
    let mut simulation = one(async |process: Process<Post>| {
        let alarm = process.sleep(span(5));
        process.sleep(span(8)).await;
        note(&process, "late");
        // It rang long ago.
        alarm.await;
        note(&process, "at once");
        Ok(())
    });
    assert_eq!(log_of(&mut simulation), ["8 late", "8 at once"]);
}

#[test]
fn who_only_listens_is_no_deadlock() {
    let mut simulation = one(async |process: Process<Post>| {
        loop {
            let received = process.recv().await;
            note(&process, received.message.number());
        }
    });
    post(&mut simulation, 0, 1, 1);
    assert_eq!(log_of(&mut simulation), ["1 1"]);
    post(&mut simulation, 0, 9, 2);
    assert_eq!(log_of(&mut simulation), ["9 2"], "it is there for more");
}

#[test]
fn what_is_not_the_engines_cannot_be_awaited() {
    let mut simulation = one(async |process: Process<Post>| {
        process.sleep(span(3)).await;
        std::future::pending::<()>().await;
        Ok(())
    });
    let error = failure_of(&mut simulation);
    assert!(matches!(error, Error::ForeignWait { .. }));
    assert_eq!(
        error.to_string(),
        "`p` awaits at 0d 00:00:00.000003 what is not the engine's: nothing would ever wake it"
    );
}

#[test]
fn a_mailbox_that_nobody_empties_is_full_one_day() {
    let limits = Limits { mailbox: 2, ..Limits::default() };
    let mut simulation = Simulation::<Post>::new(limits);
    let sleeper = async |process: Process<Post>| {
        process.sleep(span(100)).await;
        Ok(())
    };
    simulation.add_process("sleeper", sleeper).expect("the first");
    for number in 1..=3 {
        post(&mut simulation, 0, number, number);
    }
    let error = failure_of(&mut simulation);
    assert!(matches!(error, Error::MailboxFull { limit: 2, .. }) && error.is_fatal());
    assert_eq!(
        error.to_string(),
        "mailbox of `sleeper` full at 0d 00:00:00.000003: 2 messages wait, and `outside` sent number"
    );
}

#[test]
fn a_process_fails_and_panics_by_name() {
    let mut simulation = one(async |process: Process<Post>| {
        process.recv().await;
        note(&process, "seen");
        Err("out of stamps".into())
    });
    post(&mut simulation, 0, 5, 1);
    let mut log = Vec::new();
    let error = simulation.run_to_exhaustion(&mut log).expect_err("it fails");
    assert_eq!(error.to_string(), "`p` failed at 0d 00:00:00.000005 on number");
    assert_eq!(log, ["5 seen"], "what it saw before is kept");
    let mut simulation = one(async |process: Process<Post>| {
        process.sleep(span(5)).await;
        panic!("the stamps are on fire");
    });
    let error = failure_of(&mut simulation);
    assert_eq!(error.to_string(), "`p` panicked at 0d 00:00:00.000005 on wake: the stamps are on fire");
    struct Grudge;
    impl Drop for Grudge {
        fn drop(&mut self) {
            panic!("not without a fight");
        }
    }
    let mut simulation = Simulation::new(Limits::default());
    simulation
        .add_process("p", async |process: Process<Post>| {
            process.sleep(span(5)).await;
            let _grudge = Rc::new(Grudge);
            Ok(())
        })
        .expect("the first");
    let error = failure_of(&mut simulation);
    assert_eq!(error.to_string(), "`p` panicked at 0d 00:00:00.000005 on wake: not without a fight");
    let mut simulation = one(async |_: Process<Post>| panic!("at once"));
    assert_eq!(failure_of(&mut simulation).to_string(), "`p` panicked at 0d 00:00:00 on start: at once");
}

#[test]
fn mistakes_of_a_process_end_the_run_as_those_of_a_handler_do() {
    let mistake = |act: fn(&Process<Post>)| {
        failure_of(&mut one(async move |process: Process<Post>| {
            process.sleep(span(5)).await;
            act(&process);
            process.recv().await;
            Ok(())
        }))
        .to_string()
    };
    let time = "0d 00:00:00.000005";
    assert_eq!(
        mistake(|process| process.send(id(7), Letter::Number(1))),
        format!("dead letter at {time}: `p` sent number to actor #7, which does not exist")
    );
    assert_eq!(
        mistake(|process| process.send_at(id(0), at(4), Phase::FIRST, Letter::Number(1))),
        format!("`p` sent number at {time} for the past instant 0d 00:00:00.000004")
    );
    assert!(
        mistake(|process| process.send_after(id(0), SimDuration::MAX, Phase::FIRST, Letter::Number(1)))
            .contains("beyond the end of time")
    );
    assert_eq!(
        mistake(|process| {
            process.spawn_process("p", async |_: Process<Post>| Ok(()));
        }),
        "there is already an actor named `p`"
    );
    let slept_back = failure_of(&mut one(async |process: Process<Post>| {
        process.sleep(span(5)).await;
        process.sleep_until(at(4)).await;
        Ok(())
    }));
    assert_eq!(
        slept_back.to_string(),
        format!("`p` sent wake at {time} for the past instant 0d 00:00:00.000004")
    );
    let for_ever = failure_of(&mut one(async |process: Process<Post>| {
        process.sleep(span(5)).await;
        process.sleep(SimDuration::MAX).await;
        Ok(())
    }));
    assert!(
        for_ever.to_string().contains("`p` sent wake at") && for_ever.to_string().contains("end of time")
    );
}

#[test]
fn an_end_takes_its_timers_along() {
    let mut simulation = one(async |process: Process<Post>| {
        let child = process.spawn_process("child", async |process: Process<Post>| {
            let long = process.sleep(span(1_000));
            match select(long, process.recv()).await {
                Either::First(()) => Err("it overslept".into()),
                Either::Second(_) => Ok(()),
            }
        });
        process.send_after(child, span(3), Phase::FIRST, Letter::Number(1));
        process.sleep(span(9)).await;
        assert!(!process.is_active(child));
        process.stop();
        Ok(())
    });
    let mut log = Vec::new();
    assert_eq!(simulation.run_until(at(50), &mut log).expect("legal"), Outcome::Stopped);
    assert_eq!((simulation.now(), simulation.counters().pending), (at(9), 0));
}

#[test]
fn a_simulation_that_is_dropped_halfway_lets_its_processes_go() {
    struct Last(Rc<Cell<bool>>);
    impl Drop for Last {
        fn drop(&mut self) {
            self.0.set(true);
        }
    }
    let gone = Rc::new(Cell::new(false));
    let last = Last(Rc::clone(&gone));
    let mut simulation = one(async move |process: Process<Post>| {
        let _last = last;
        process.sleep(span(100)).await;
        Ok(())
    });
    simulation.run_until(at(5), &mut Vec::new()).expect("legal");
    assert!(!gone.get());
    drop(simulation);
    assert!(gone.get());
}
