//! One agent written twice, as a handler and as a process: the same digest, in random models, also saved and restored.

use std::collections::VecDeque;

use goshawk_engine::{
    Actor, ActorId, Context, Digest, Fault, Limits, Loading, Message, Model, Phase, Process, ReplyTo, Saving,
    SimDuration, SimTime, Simulation, Snapshot, Stream, Streams, Timer,
};
use proptest::prelude::*;
use serde::{Deserialize, Serialize};

struct Gossip;

impl Model for Gossip {
    type Message = Rumour;
    type Sink = Vec<Heard>;
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
struct Rumour {
    label: u64,
    /// How often it is still told on.
    hops: u8,
    question: Option<ReplyTo>,
}

impl Message for Rumour {
    fn kind(&self) -> &'static str {
        if self.question.is_some() { "question" } else { "rumour" }
    }

    fn digest(&self, digest: &mut Digest) {
        digest.write_u64(self.label);
        digest.write_u64(u64::from(self.hops));
    }
}

/// Time, actor, label, and whether it answered a question too late.
type Heard = (u64, u32, u64, bool);

/// What either kind can do.
trait Hands {
    fn now(&self) -> SimTime;
    fn phase(&self) -> Phase;
    fn send(&mut self, to: ActorId, delay: SimDuration, phase: Phase, rumour: Rumour);
    fn schedule(&mut self, delay: SimDuration, phase: Phase, rumour: Rumour) -> Timer;
    fn cancel(&mut self, timer: Timer) -> bool;
    fn reply(&mut self, to: ReplyTo, rumour: Rumour);
    fn spawn_child(&mut self, name: &str, stream: Stream, others: u32) -> ActorId;
    fn hear(&mut self, heard: Heard);
}

macro_rules! hands {
    ($hands:ty, $spawn:expr, $hear:expr) => {
        impl Hands for $hands {
            fn now(&self) -> SimTime {
                <$hands>::now(self)
            }
            fn phase(&self) -> Phase {
                <$hands>::phase(self)
            }
            fn send(&mut self, to: ActorId, delay: SimDuration, phase: Phase, rumour: Rumour) {
                self.send_after(to, delay, phase, rumour);
            }
            fn schedule(&mut self, delay: SimDuration, phase: Phase, rumour: Rumour) -> Timer {
                <$hands>::schedule(self, delay, phase, rumour)
            }
            fn cancel(&mut self, timer: Timer) -> bool {
                <$hands>::cancel(self, timer)
            }
            fn reply(&mut self, to: ReplyTo, rumour: Rumour) {
                <$hands>::reply(self, to, rumour);
            }
            fn spawn_child(&mut self, name: &str, stream: Stream, others: u32) -> ActorId {
                $spawn(self, name, stream, others)
            }
            fn hear(&mut self, heard: Heard) {
                $hear(self, heard);
            }
        }
    };
}

hands!(
    Context<'_, Gossip>,
    |context: &mut Self, name: &str, stream, others| context.spawn(name, Teller::new(stream, others, true)),
    |context: &mut Self, heard| context.sink().push(heard)
);
hands!(
    Process<Gossip>,
    |process: &mut Self, name: &str, stream, others| {
        let brain = Brain::new(stream, others, true);
        process.spawn_process(name, |process| tell(process, brain))
    },
    |process: &mut Self, heard| process.observe(move |sink: &mut Vec<Heard>| sink.push(heard))
);

/// What follows once a rumour was told on.
#[derive(Debug, Clone, Copy)]
enum Next {
    Listen,
    Rest(SimDuration),
    Ask { whom: ActorId, rumour: Rumour, timeout: SimDuration },
    Leave,
}

/// What both kinds have in common: what an agent does with a rumour.
#[derive(Debug, Clone, Serialize, Deserialize)]
struct Brain {
    stream: Stream,
    others: u32,
    is_child: bool,
    children: u64,
    timers: Vec<Timer>,
}

impl Brain {
    fn new(stream: Stream, others: u32, is_child: bool) -> Self {
        Self { stream, others, is_child, children: 0, timers: Vec::new() }
    }

    fn delay(&mut self, hands: &impl Hands) -> (SimDuration, Phase) {
        let delay = SimDuration::from_micros(self.stream.below(4));
        let phase = Phase::new(self.stream.below(3) as u8);
        (delay, if delay == SimDuration::ZERO { phase.max(hands.phase()) } else { phase })
    }

    fn other(&mut self) -> ActorId {
        ActorId::from_index(self.stream.below(u64::from(self.others)) as u32)
    }

    fn take(&mut self, me: ActorId, rumour: Rumour, is_late: bool, hands: &mut impl Hands) -> Next {
        hands.hear((hands.now().micros(), me.index(), rumour.label, is_late));
        let next = |brain: &mut Self| Rumour {
            label: brain.stream.next_u64() >> 16,
            hops: rumour.hops.saturating_sub(1),
            question: None,
        };
        if let Some(question) = rumour.question {
            let answer = next(self);
            hands.reply(question, answer);
        }
        if self.is_child {
            return Next::Leave;
        }
        if rumour.hops == 0 {
            return Next::Listen;
        }
        for _ in 0..self.stream.below(3) {
            let (to, (delay, phase), rumour) = (self.other(), self.delay(hands), next(self));
            hands.send(to, delay, phase, rumour);
        }
        match self.stream.below(8) {
            0 => {
                let ((delay, phase), rumour) = (self.delay(hands), next(self));
                self.timers.push(hands.schedule(delay, phase, rumour));
            }
            1 if !self.timers.is_empty() => {
                let nth = self.stream.below(self.timers.len() as u64) as usize;
                let cancelled = hands.cancel(self.timers[nth]);
                hands.hear((hands.now().micros(), me.index(), u64::from(cancelled), is_late));
            }
            2 => {
                self.children += 1;
                let name = format!("{}-{}", me.index(), self.children);
                let (seed, others) = (self.stream.next_u64(), self.others);
                let child = hands.spawn_child(&name, streams(seed).stream("child", "-"), others);
                let first = next(self);
                hands.send(child, SimDuration::ZERO, hands.phase(), first);
                // This one may find the child gone.
                hands.send(child, SimDuration::from_micros(2), Phase::FIRST, first);
            }
            3 | 4 => return Next::Rest(SimDuration::from_micros(self.stream.below(5))),
            5 | 6 => {
                let timeout = SimDuration::from_micros(self.stream.below(4));
                return Next::Ask { whom: self.other(), rumour: next(self), timeout };
            }
            _ => {}
        }
        Next::Listen
    }
}

/// The agent as a process.
async fn tell(mut process: Process<Gossip>, mut brain: Brain) -> Result<(), Fault> {
    let me = process.me();
    let mut at_hand = None;
    loop {
        let (rumour, is_late) = match at_hand.take() {
            Some(answer) => (answer, false),
            None => {
                let received = process.recv().await;
                (received.message, received.answers.is_some())
            }
        };
        match brain.take(me, rumour, is_late, &mut process) {
            Next::Listen => {}
            Next::Rest(span) => process.sleep(span).await,
            Next::Ask { whom, rumour, timeout } => {
                let question = |reply_to| Rumour { question: Some(reply_to), ..rumour };
                at_hand = process.ask_timeout(whom, timeout, question).await;
            }
            Next::Leave => return Ok(()),
        }
    }
}

#[derive(Debug, Clone, Serialize, Deserialize)]
enum Mood {
    Listening,
    Resting,
    Waiting { answer: ReplyTo, alarm: Timer },
}

/// The same agent as a handler: what a process keeps in its course and mailbox is state here.
#[derive(Debug, Clone, Serialize, Deserialize)]
struct Teller {
    brain: Brain,
    mood: Mood,
    backlog: VecDeque<(Rumour, bool)>,
}

impl Teller {
    fn new(stream: Stream, others: u32, is_child: bool) -> Self {
        let brain = Brain::new(stream, others, is_child);
        Self { brain, mood: Mood::Listening, backlog: VecDeque::new() }
    }

    fn wake_after(span: SimDuration, context: &mut Context<'_, Gossip>) -> Timer {
        let phase = if span == SimDuration::ZERO { context.phase() } else { Phase::FIRST };
        context.wake_after(span, phase, 0)
    }

    fn take(&mut self, rumour: Rumour, is_late: bool, context: &mut Context<'_, Gossip>) {
        self.mood = match self.brain.take(context.me(), rumour, is_late, context) {
            Next::Listen => Mood::Listening,
            Next::Rest(span) => {
                Self::wake_after(span, context);
                Mood::Resting
            }
            Next::Ask { whom, rumour, timeout } => {
                let question = |reply_to| Rumour { question: Some(reply_to), ..rumour };
                let answer = context.ask(whom, question);
                Mood::Waiting { answer, alarm: Self::wake_after(timeout, context) }
            }
            Next::Leave => {
                context.retire();
                // Deaf to its backlog, as a process that has ended.
                Mood::Resting
            }
        };
    }

    fn catch_up(&mut self, context: &mut Context<'_, Gossip>) {
        while let Mood::Listening = self.mood
            && let Some((rumour, is_late)) = self.backlog.pop_front()
        {
            self.take(rumour, is_late, context);
        }
    }
}

impl Actor<Gossip> for Teller {
    fn handle(&mut self, rumour: Rumour, context: &mut Context<'_, Gossip>) -> Result<(), Fault> {
        let answers = context.answers();
        match self.mood {
            Mood::Waiting { answer, alarm } if answers == Some(answer) => {
                context.cancel(alarm);
                self.take(rumour, false, context);
            }
            _ => self.backlog.push_back((rumour, answers.is_some())),
        }
        self.catch_up(context);
        Ok(())
    }

    fn wake(&mut self, _: u32, context: &mut Context<'_, Gossip>) -> Result<(), Fault> {
        self.mood = Mood::Listening;
        self.catch_up(context);
        Ok(())
    }

    fn save(&self, saving: &mut Saving) -> Result<(), Fault> {
        saving.put(self)
    }

    fn load(&mut self, loading: &mut Loading<'_>) -> Result<(), Fault> {
        *self = loading.take()?;
        Ok(())
    }
}

fn streams(seed: u64) -> Streams {
    Streams { seed, crn_group: 0, replicate: 0, is_mirrored: false }
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Kind {
    Handlers,
    Processes,
    Both,
}

fn town(seed: u64, agents: u32, hops: u8, kind: Kind) -> Simulation<Gossip> {
    let mut simulation = Simulation::new(Limits::default());
    for index in 0..agents {
        let name = format!("a{index}");
        let stream = streams(seed).stream("gossip", &name);
        let is_process = kind == Kind::Processes || kind == Kind::Both && index % 2 == 0;
        let added = if is_process {
            let brain = Brain::new(stream, agents, false);
            simulation.add_process(name, |process| tell(process, brain))
        } else {
            simulation.add(name, Teller::new(stream, agents, false))
        };
        added.expect("names are unique");
    }
    for label in 0..3 {
        let to = ActorId::from_index(label % agents);
        let rumour = Rumour { label: u64::from(label), hops, question: None };
        simulation.send_at(to, SimTime::ZERO, Phase::FIRST, rumour).expect("legal");
    }
    simulation
}

/// What is heard, the digest, and what was counted.
type Whole = (Vec<Heard>, String, u64, u64, usize);

fn finish(mut simulation: Simulation<Gossip>, mut heard: Vec<Heard>) -> Whole {
    simulation.run_to_exhaustion(&mut heard).expect("legal");
    let counters = simulation.counters();
    let digest = simulation.digest().to_string();
    (heard, digest, counters.delivered, counters.undelivered, counters.active)
}

/// Interrupts after so many deliveries, and goes on from the bytes of a snapshot.
fn interrupted(seed: u64, agents: u32, hops: u8, after: u64) -> Whole {
    let mut simulation = town(seed, agents, hops, Kind::Handlers);
    let mut heard = Vec::new();
    for _ in 0..after {
        simulation.step(&mut heard).expect("legal");
    }
    let bytes = simulation.save("a town").expect("handlers are saved").to_bytes();
    drop(simulation);
    let snapshot = Snapshot::from_bytes(&bytes).expect("as written");
    assert_eq!(snapshot.label(), "a town");
    // Other draws, until the state is restored.
    let mut restored = town(seed + 1, agents, hops, Kind::Handlers);
    let revive = |_: &str| {
        Some(Box::new(Teller::new(streams(0).stream("-", "-"), agents, true)) as Box<dyn Actor<Gossip>>)
    };
    restored.restore_with(&snapshot, revive).expect("the same town");
    finish(restored, heard)
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(if cfg!(miri) { 2 } else { 1_000 }))]

    #[test]
    fn random_models_are_the_same_written_either_way_and_saved_and_restored(
        seed in any::<u32>(), agents in 1..6u32, hops in 1..12u8, part in 0.0..1.0f64,
    ) {
        let seed = u64::from(seed);
        let whole = finish(town(seed, agents, hops, Kind::Handlers), Vec::new());
        prop_assert_eq!(&finish(town(seed, agents, hops, Kind::Handlers), Vec::new()), &whole, "twice");
        prop_assert_eq!(&finish(town(seed, agents, hops, Kind::Processes), Vec::new()), &whole, "as processes");
        prop_assert_eq!(&finish(town(seed, agents, hops, Kind::Both), Vec::new()), &whole, "half of them");
        let after = (part * whole.2 as f64) as u64;
        prop_assert_eq!(&interrupted(seed, agents, hops, after), &whole, "saved after {}", after);
    }
}

/// The random models do all that they could: else what they show would be little.
#[test]
fn the_random_models_are_lively() {
    let (mut deliveries, mut undelivered, mut late, mut spawned) = (0, 0, 0, 0);
    for seed in 0..50 {
        let (heard, _, delivered, lost, active) = finish(town(seed, 4, 11, Kind::Processes), Vec::new());
        deliveries += delivered;
        undelivered += lost;
        late += heard.iter().filter(|heard| heard.3).count();
        spawned += heard.iter().filter(|heard| heard.1 >= 4).count();
        assert_eq!(active, 4, "children have left");
    }
    assert!(
        deliveries > 2_000 && undelivered > 20 && late > 20 && spawned > 20,
        "{deliveries} {undelivered} {late} {spawned}"
    );
}
