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
//! # Ordering contract
//!
//! Each rule has a test of its number in `tests/contract/ordering.rs`.
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
//! 9. **A failure is final.** After a run has returned an error, none is continued.
//!
//! # Map of the code
//!
//! | file | what it is | public |
//! |---|---|---|
//! | `time` | integer instants, spans, phases | [`SimTime`], [`SimDuration`], [`Phase`] |
//! | `actor` | who takes part, and in which types | [`Model`], [`Message`], [`Actor`], [`ActorId`], [`Fault`] |
//! | `context` | what a handler sees, and how it sends | [`Context`] |
//! | `envelope` | a message on its way, and what must hold for it to be sent | |
//! | `queue` | the events to come, in the order of the contract | [`Timer`] |
//! | `simulation` | actors, queue, and the loop that brings them together | [`Simulation`], [`Limits`], [`Outcome`], [`Counters`], [`Delivery`] |
//! | `digest` | by which two runs are told apart | [`Digest`], [`DigestValue`] |
//! | `random` | streams that nobody else's draws can shift | [`Streams`], [`Stream`] |
//! | `normal` | the normal distribution and its inverse | [`normal`] |
//! | `snapshot` | a simulation between two events, as bytes | [`Snapshot`], [`Saving`], [`Loading`], [`SnapshotError`] |
//! | `error` | what can go wrong, by cause | [`Error`] |
//!
//! # What it leaves to others
//!
//! Threads (run one simulation per worker), wall clocks, files, and the meaning of messages. A panic in an actor is
//! reported as an error, which needs the default `panic = "unwind"`.

mod actor;
mod body;
mod comparison;
mod context;
mod digest;
mod directory;
mod envelope;
mod error;
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

pub use pace::Pacer;
pub use simulation::{Counters, Delivery, Limits, Outcome, Simulation};

pub use comparison::{Difference, Upcoming, first_difference};
pub use digest::{Digest, DigestValue};
pub use random::{Stream, Streams};

pub use snapshot::{Loading, Saving, Snapshot, SnapshotError};

pub use error::Error;
