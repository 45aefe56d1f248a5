//! An event clock for actors that exchange messages: single-threaded, deterministic, and ignorant of what it
//! simulates.
//!
//! ```text
//!              send, send_in, send_at, schedule
//!        ┌──────────────────────────────────────────┐
//!        │                                          ▼
//!   ┌────┴─────┐   handle(message, context)   ┌───────────┐
//!   │  actors  │ ◄─────────────────────────── │   queue   │ ◄── Simulation::send_at
//!   └────┬─────┘   one at a time, in order    └─────┬─────┘
//!        │                                          │
//!        ▼                                          ▼
//!      sink   rows, logs: the caller's           digest   of every delivery
//! ```
//!
//! # A first simulation
//!
//! A baker puts a loaf on the counter every hour, and a shop sells what is there at noon. It takes three steps:
//!
//! 1. *Say what can be said.* A [`Model`] names the types that belong together: the [`Message`]s, and the sink
//!    into which actors write what they observe.
//! 2. *Write the actors.* An [`Actor`] keeps its state to itself and handles one message at a time. The loaf of
//!    twelve o'clock is still sold at noon, because it is put down in an earlier [`Phase`] of that instant.
//! 3. *Assemble and run* a [`Simulation`]. The sink is lent to the run; the actors can be looked at afterwards.
//!
//! ```
//! use goshawk_engine::{
//!     Actor, ActorId, Context, Digest, Error, Fault, Limits, Message, Model, Outcome, Phase, SimDuration,
//!     SimTime, Simulation, Stream, Streams,
//! };
//!
//! // 1. What can be said.
//! struct Bakery;
//!
//! impl Model for Bakery {
//!     type Message = Said;
//!     type Sink = Vec<String>;
//! }
//!
//! #[derive(Debug)]
//! enum Said {
//!     Bake,
//!     Loaf { grams: u64 },
//!     Noon,
//! }
//!
//! impl Message for Said {
//!     fn kind(&self) -> &'static str {
//!         match self {
//!             Said::Bake => "bake",
//!             Said::Loaf { .. } => "loaf",
//!             Said::Noon => "noon",
//!         }
//!     }
//!
//!     fn digest(&self, digest: &mut Digest) {
//!         match self {
//!             Said::Loaf { grams } => digest.write_u64(*grams),
//!             Said::Bake | Said::Noon => {}
//!         }
//!     }
//! }
//!
//! // 2. The actors.
//! const WORK: Phase = Phase::new(0);
//! const TRADE: Phase = Phase::new(1);
//!
//! struct Baker {
//!     shop: ActorId,
//!     hand: Stream,
//! }
//!
//! impl Actor<Bakery> for Baker {
//!     fn handle(&mut self, _: Said, context: &mut Context<'_, Bakery>) -> Result<(), Fault> {
//!         let grams = self.hand.normal_within(1000.0, 20.0, 950.0, 1050.0) as u64;
//!         context.send(self.shop, Said::Loaf { grams });
//!         context.schedule(SimDuration::from_hours(1), WORK, Said::Bake);
//!         Ok(())
//!     }
//! }
//!
//! #[derive(Default)]
//! struct Shop {
//!     loaves: Vec<u64>,
//! }
//!
//! impl Actor<Bakery> for Shop {
//!     fn handle(&mut self, said: Said, context: &mut Context<'_, Bakery>) -> Result<(), Fault> {
//!         match said {
//!             Said::Loaf { grams } => self.loaves.push(grams),
//!             Said::Noon => {
//!                 let line = format!("{}: sold {} loaves", context.now(), self.loaves.len());
//!                 context.sink().push(line);
//!                 self.loaves.clear();
//!             }
//!             Said::Bake => return Err("a shop does not bake".into()),
//!         }
//!         Ok(())
//!     }
//! }
//!
//! // 3. Assemble and run.
//! # fn main() -> Result<(), Error> {
//! let streams = Streams { seed: 1, crn_group: 0, replicate: 0, is_mirrored: false };
//! let mut simulation = Simulation::<Bakery>::new(Limits::default());
//! let shop = simulation.add("shop", Shop::default())?;
//! let baker = simulation.add("baker", Baker { shop, hand: streams.stream("hand", "baker") })?;
//! simulation.send_at(baker, SimTime::from_hours(6), WORK, Said::Bake)?;
//! simulation.send_at(shop, SimTime::from_hours(12), TRADE, Said::Noon)?;
//!
//! let mut log = Vec::new();
//! let outcome = simulation.run_until(SimTime::from_hours(24), &mut log)?;
//! assert_eq!(outcome, Outcome::Reached);
//! assert_eq!(log, ["0d 12:00:00: sold 7 loaves"]);
//! assert_eq!(simulation.actor::<Shop>(shop).map(|shop| shop.loaves.len()), Some(11));
//! # Ok(())
//! # }
//! ```
//!
//! # Two ways to write an actor
//!
//! A **handler** has state and a function from message to sends. It is the faster of the two, it can be
//! [saved](Simulation::save) and restored, and what it does next is a matter of its state. A **process** is an `async fn` with a course
//! of its own: it receives, sleeps, asks and waits for the answer, one after the other, and its state is where it stands. What takes
//! several messages is easier to write so, and to read.
//!
//! | | handler: [`Context`] | process: [`Process`] |
//! |---|---|---|
//! | the next message | [`Actor::handle`] is called | [`recv`](Process::recv), [`try_recv`](Process::try_recv), [`recv_timeout`](Process::recv_timeout) |
//! | time passes | [`wake_after`](Context::wake_after), [`wake_every`](Context::wake_every), then [`Actor::wake`] | [`sleep`](Process::sleep), [`sleep_until`](Process::sleep_until) |
//! | a question | [`ask`](Context::ask), then a message with [`answers`](Context::answers) | [`ask`](Process::ask), [`ask_timeout`](Process::ask_timeout) |
//! | several at once | state | [`select`], [`join`] |
//! | what was seen | [`sink`](Context::sink), [`Probe`] | [`observe`](Process::observe), [`Probe`] |
//! | another actor | [`spawn`](Context::spawn) | [`spawn`](Process::spawn) |
//! | the end | [`retire`](Context::retire) | returning |
//!
//! Both stand on one clock and in one order. An agent that is rewritten from one into the other, with the same sends in the
//! same order, leaves the [digest](Simulation::digest) of the run as it was. A waiter as a process:
//!
//! ```
//! # use goshawk_engine::*;
//! # struct Cafe;
//! # impl Model for Cafe { type Message = Said; type Sink = Vec<String>; }
//! # #[derive(Debug)]
//! # enum Said { Order(ReplyTo), Coffee }
//! # impl Message for Said {
//! #     fn kind(&self) -> &'static str { "said" }
//! #     fn digest(&self, _: &mut Digest) {}
//! # }
//! async fn wait_on_tables(process: Process<Cafe>, kitchen: ActorId) -> Result<(), Fault> {
//!     for table in 1..=2 {
//!         process.sleep(SimDuration::from_minutes(10)).await;
//!         let patience = SimDuration::from_minutes(5);
//!         let coffee = process.ask_timeout(kitchen, patience, Said::Order).await;
//!         let (now, served) = (process.now(), coffee.is_some());
//!         process.observe(move |log| log.push(format!("{now}: table {table} served: {served}")));
//!     }
//!     Ok(())
//! }
//!
//! async fn cook(process: Process<Cafe>) -> Result<(), Fault> {
//!     for minutes in [3, 7] {
//!         if let Said::Order(reply_to) = process.recv().await.message {
//!             process.sleep(SimDuration::from_minutes(minutes)).await;
//!             process.reply(reply_to, Said::Coffee);
//!         }
//!     }
//!     Ok(())
//! }
//!
//! # fn main() -> Result<(), Error> {
//! let mut simulation = Simulation::<Cafe>::new(Limits::default());
//! let kitchen = simulation.add_process("kitchen", cook)?;
//! simulation.add_process("waiter", move |process| wait_on_tables(process, kitchen))?;
//! let mut log = Vec::new();
//! simulation.run_until(SimTime::from_minutes(29), &mut log)?;
//! assert_eq!(log, ["0d 00:13:00: table 1 served: true", "0d 00:28:00: table 2 served: false"]);
//! # Ok(())
//! # }
//! ```
//!
//! # Ordering contract
//!
//! Each rule has a test of its number in `tests/contract`: `ordering.rs`, `lifecycle.rs` and `courses.rs`.
//!
//! 1. **Total order.** Messages are delivered by time, then by phase, then in the order of sending. Who sends and
//!    who receives does not matter.
//! 2. **Exact time.** A message is handled at the time and in the phase it was sent for; handling takes no
//!    simulated time.
//! 3. **No past.** Time never goes back, nor do phases within an instant: a send to an earlier one is refused,
//!    and the run ends.
//! 4. **Last in line.** A message sent for the present instant and phase is delivered after all that were
//!    already sent for them, and before the next phase begins.
//! 5. **One at a time.** A handler runs to its end before the next message is delivered, and what it sent counts as
//!    sent in the order of its calls.
//! 6. **Cancelling** takes one message away and changes no other's place.
//! 7. **Half-open runs.** A run until `end` delivers what is due before `end`. Runs over consecutive spans deliver
//!    what one run over all of them would; a longer horizon only appends.
//! 8. **Repeatable.** The same actors, messages from outside and seeds give the same deliveries and the same
//!    [digest](Simulation::digest), on every run and every platform.
//! 9. **A failure is final.** After a run has returned a [fatal](Error::is_fatal) error, none is continued.
//! 10. **Start.** An actor is started before anything is delivered to it: those of the beginning in the order of adding, one that
//!     is spawned as soon as the actor that spawned it is done, in the order of spawning. A start is no delivery.
//! 11. **Wakes** and the ends of sleeps have a place in the order like messages to oneself, as they were set; a periodic wake is
//!     set again before its actor sees the one that rings.
//! 12. **Retirement.** What was sent before an actor retired is undelivered, and counted; what is sent to it
//!     afterwards is a mistake. Addresses and names are not given again.
//! 13. **Processes** take their turn when what they wait for is delivered, within that delivery. Messages for which one does not wait
//!     stay in its mailbox, in order. Of several things waited for, the one named first goes first.
//!
//! Not guaranteed: that two *models* agree (a second actor of the same kind changes the order of sending), and that a digest
//! stays the same from one version of the engine to another; CHANGELOG says when it does not.
//!
//! # Save and restore
//!
//! Between any two deliveries [`Simulation::save`] makes a [`Snapshot`], and [`Simulation::restore`] goes on from it, bit for bit: see
//! [`Actor::save`]. Parameters are not part of it, so that several branches with other parameters can go on from one
//! snapshot. A simulation with processes is not saved: the course of an `async fn` cannot be written down.
//!
//! # Map of the code
//!
//! | file | what it is | public |
//! |---|---|---|
//! | `time` | integer instants, spans, phases | [`SimTime`], [`SimDuration`], [`Phase`] |
//! | `actor` | who takes part, and in which types | [`Model`], [`Message`], [`Actor`], [`ActorId`], [`Fault`] |
//! | `context` | what a handler sees, and how it sends | [`Context`] |
//! | `process`, `process/waiting`, `process/select` | actors with a course of action, and what they can wait for | [`Process`], [`Received`], [`Recv`], [`Sleep`], [`Ask`], [`select`], [`join`] |
//! | `body` | an actor as the engine holds it | |
//! | `world`, `directory`, `periodics` | what actors reach while they act | [`Periodic`] |
//! | `envelope` | what is on its way | [`ReplyTo`] |
//! | `queue` | the events to come, in the order of the contract | [`Timer`] |
//! | `simulation`, `simulation/delivery` | actors, world, and the loop that brings them together | [`Simulation`], [`Limits`], [`Outcome`], [`Counters`], [`Delivery`] |
//! | `comparison` | where two runs part that should be the same | [`first_difference`], [`Difference`], [`Upcoming`] |
//! | `probe` | sinks that can be switched on and off | [`Probe`] |
//! | `pace` | how fast simulated time may pass | [`Pacer`] |
//! | `digest` | by which two runs are told apart | [`Digest`], [`DigestValue`] |
//! | `random` | streams that nobody else's draws can shift | [`Streams`], [`Stream`] |
//! | `normal` | the normal distribution and its inverse | [`normal`] |
//! | `snapshot`, `simulation/saving` | a simulation between two events, as bytes | [`Snapshot`], [`Saving`], [`Loading`], [`SnapshotError`] |
//! | `error` | what can go wrong, by cause | [`Error`] |
//!
//! # What it leaves to others
//!
//! Threads (run one simulation per worker), wall clocks, files, and the meaning of messages. A panic in an actor is
//! reported as an error, which needs the default `panic = "unwind"`.
//!
//! There is no unsafe code in this crate, and the workspace forbids it. So Miri, which comes with nightly toolchains only, would look
//! at libraries alone; it is not part of the project's check.

mod actor;
mod body;
mod comparison;
mod context;
mod digest;
mod directory;
mod envelope;
mod error;
mod kinds;
pub mod normal;
mod pace;
mod periodics;
mod probe;
mod process;
mod queue;
mod random;
mod simulation;
mod snapshot;
mod time;
mod world;

pub use time::{Phase, SimDuration, SimTime};

pub use actor::{Actor, ActorId, Fault, Message, Model};
pub use context::Context;
pub use envelope::ReplyTo;
pub use periodics::Periodic;
pub use probe::Probe;
pub use process::{Ask, Either, Process, Received, Recv, Sleep, join, select};
pub use queue::Timer;

pub use pace::{Pacer, Unpaced};
pub use simulation::{Counters, Delivery, Limits, Outcome, Simulation};

pub use comparison::{Difference, Upcoming, first_difference};
pub use digest::{Digest, DigestValue};
pub use random::{Stream, Streams};

pub use snapshot::{Loading, Saving, Snapshot, SnapshotError};

pub use error::Error;

/// The pages of the book that a modeller starts from: their code is compiled and run.
#[cfg(doctest)]
mod book {
    #[doc = include_str!("../../docs/src/engine-queue.md")]
    struct Queue;
    #[doc = include_str!("../../docs/src/engine-protocol.md")]
    struct Protocol;
}
