//! Spans of deliveries, in a program of its own: what is traced is decided once for all threads.

use std::fmt::Write as _;
use std::sync::{Arc, Mutex};

use goshawk_engine::{
    Actor, ActorId, Context, Digest, Fault, Limits, Message, Model, Process, SimDuration, SimTime, Simulation,
};
use tracing::field::{Field, Visit};
use tracing::span::{Attributes, Id, Record};
use tracing::{Event, Metadata, Subscriber};

struct Echoes;

impl Model for Echoes {
    type Message = Sound;
    type Sink = ();
}

#[derive(Debug)]
enum Sound {
    Call,
    Echo,
}

impl Message for Sound {
    fn kind(&self) -> &'static str {
        match self {
            Self::Call => "call",
            Self::Echo => "echo",
        }
    }

    fn digest(&self, _: &mut Digest) {}
}

struct Wall;

impl Actor<Echoes> for Wall {
    fn handle(&mut self, sound: Sound, context: &mut Context<'_, Echoes>) -> Result<(), Fault> {
        if let Sound::Call = sound {
            context.send(context.me(), Sound::Echo);
        }
        Ok(())
    }
}

fn valley() -> Simulation<Echoes> {
    let mut simulation = Simulation::new(Limits::default());
    simulation.add("wall", Wall).expect("the first");
    let caller = async |process: Process<Echoes>| {
        process.sleep(SimDuration::from_micros(10)).await;
        process.send(ActorId::from_index(0), Sound::Call);
        Ok(())
    };
    simulation.add_process("caller", caller).expect("unique");
    simulation
}

/// Collects the fields of spans as text.
#[derive(Clone, Default)]
struct Collector(Arc<Mutex<Vec<String>>>);

struct Text(String);

impl Visit for Text {
    fn record_debug(&mut self, field: &Field, value: &dyn std::fmt::Debug) {
        let _ = write!(self.0, " {}={value:?}", field.name());
    }
}

impl Subscriber for Collector {
    fn enabled(&self, _: &Metadata<'_>) -> bool {
        true
    }
    fn new_span(&self, span: &Attributes<'_>) -> Id {
        let mut text = Text(span.metadata().name().to_owned());
        span.record(&mut text);
        let mut spans = self.0.lock().expect("one thread");
        spans.push(text.0);
        Id::from_u64(spans.len() as u64)
    }
    fn record(&self, _: &Id, _: &Record<'_>) {}
    fn record_follows_from(&self, _: &Id, _: &Id) {}
    fn event(&self, _: &Event<'_>) {}
    fn enter(&self, _: &Id) {}
    fn exit(&self, _: &Id) {}
}

#[test]
fn spans_tell_time_actor_and_kind() {
    let collector = Collector::default();
    let spans = Arc::clone(&collector.0);
    tracing::subscriber::with_default(collector, || {
        valley().run_until(SimTime::from_micros(15), &mut ()).expect("legal");
    });
    let spans = spans.lock().expect("one thread");
    let time = "time=0d 00:00:00.000010";
    let expected = [
        format!("delivery {time} actor=\"caller\" kind=\"wake\""),
        format!("delivery {time} actor=\"wall\" kind=\"call\""),
        format!("delivery {time} actor=\"wall\" kind=\"echo\""),
    ];
    assert_eq!(*spans, expected);
}
