//! What the digest knows of questions and answers.

use goshawk_engine::{
    Actor, ActorId, Context, Digest, DigestValue, Fault, Limits, Message, Model, Phase, ReplyTo, SimTime,
    Simulation,
};

struct Oracle;

impl Model for Oracle {
    type Message = Said;
    type Sink = ();
}

#[derive(Debug)]
enum Said {
    Begin,
    Question(ReplyTo),
    Answer,
}

impl Message for Said {
    fn kind(&self) -> &'static str {
        match self {
            Self::Begin => "begin",
            Self::Question(_) => "question",
            Self::Answer => "answer",
        }
    }
    fn digest(&self, _: &mut Digest) {}
}

struct Asker;

impl Actor<Oracle> for Asker {
    fn handle(&mut self, said: Said, context: &mut Context<'_, Oracle>) -> Result<(), Fault> {
        if let Said::Begin = said {
            context.ask(ActorId::from_index(1), Said::Question);
            context.ask(ActorId::from_index(1), Said::Question);
        }
        Ok(())
    }
}

/// Answers two questions once both are asked, the later one first or not.
struct Sibyl {
    later_first: bool,
    asked: Vec<ReplyTo>,
}

impl Actor<Oracle> for Sibyl {
    fn handle(&mut self, said: Said, context: &mut Context<'_, Oracle>) -> Result<(), Fault> {
        if let Said::Question(question) = said {
            self.asked.push(question);
        }
        if self.asked.len() == 2 {
            if self.later_first {
                self.asked.reverse();
            }
            self.asked.drain(..).for_each(|question| context.reply(question, Said::Answer));
        }
        Ok(())
    }
}

fn digest(later_first: bool) -> DigestValue {
    let mut simulation = Simulation::<Oracle>::new(Limits::default());
    let asker = simulation.add("asker", Asker).expect("unique");
    simulation.add("sibyl", Sibyl { later_first, asked: Vec::new() }).expect("unique");
    simulation.send_at(asker, SimTime::ZERO, Phase::FIRST, Said::Begin).expect("legal");
    simulation.run_to_exhaustion(&mut ()).expect("legal");
    assert_eq!(simulation.counters().delivered, 5);
    simulation.digest()
}

#[test]
fn which_question_is_answered_is_in_the_digest() {
    assert_eq!(digest(false), digest(false));
    assert_ne!(digest(false), digest(true), "the same words to the same actor, and yet another answer");
}
