//! A simulation as a snapshot, and back.

use std::collections::BTreeSet;

use serde::de::DeserializeOwned;
use serde::{Deserialize, Serialize};

use crate::actor::{Actor, Model};
use crate::body::Body;
use crate::digest::Digest;
use crate::envelope::{Envelope, Payload};
use crate::error::Error;
use crate::kinds::Kinds;
use crate::periodics::Periodics;
use crate::queue::EventQueue;
use crate::simulation::Simulation;
use crate::snapshot::{Loading, Saving, Snapshot, SnapshotError};
use crate::world::Aftermath;

/// Why a process cannot be saved.
const PROCESS: &str = "a process, whose state the engine cannot see";

/// The engine's own state within a [`Snapshot`].
#[derive(Serialize, Deserialize)]
struct EngineState<Q, P> {
    queue: Q,
    periodics: P,
    asked: u32,
    digest: Digest,
    delivered: u64,
    delivered_this_instant: u64,
    undelivered: u64,
    instants: u64,
    started: usize,
    started_this_instant: u64,
}

impl<M: Model> Simulation<M>
where
    M::Message: Serialize + DeserializeOwned,
{
    /// The simulation as it stands between two events. `label` says what it is of; the engine does not look at it.
    ///
    /// A run that goes on from here, and one that goes on from a [`restore`](Self::restore)d copy, deliver the same
    /// messages and end with the same digest.
    ///
    /// # Errors
    /// [`Error::Unsaveable`], with all actors that cannot be saved, as all processes; [`Error::Poisoned`].
    pub fn save(&self, label: &str) -> Result<Snapshot, Error> {
        if let Some(time) = self.failed_at {
            return Err(Error::Poisoned { time });
        }
        let world = self.world();
        let mut unsaveable: Vec<(Box<str>, Box<str>)> = Vec::new();
        let mut actors = Vec::with_capacity(self.bodies.len());
        for (body, name) in self.bodies.iter().zip(world.directory.names()) {
            let saved = match body {
                Body::Handler(actor) => {
                    let mut saving = Saving::default();
                    actor.save(&mut saving).map(|()| Some(saving.into_bytes()))
                }
                Body::Process(_) => Err(PROCESS.into()),
                Body::Retired => Ok(None),
            };
            match saved {
                Ok(bytes) => actors.push((name.clone(), bytes)),
                Err(why) => unsaveable.push((name.clone(), why.to_string().into())),
            }
        }
        let state = EngineState {
            queue: &world.queue,
            periodics: &world.periodics,
            asked: world.asked,
            digest: self.digest.clone(),
            delivered: self.delivered,
            delivered_this_instant: self.delivered_this_instant,
            undelivered: self.undelivered,
            instants: self.instants,
            started: self.started,
            started_this_instant: self.started_this_instant,
        };
        let engine = postcard::to_stdvec(&state).unwrap_or_else(|why| {
            unsaveable.push(("messages on their way".into(), why.to_string().into()));
            Vec::new()
        });
        if unsaveable.is_empty() {
            Ok(Snapshot { label: label.into(), time: self.now(), engine, actors })
        } else {
            Err(Error::Unsaveable { actors: unsaveable })
        }
    }

    /// Takes the state of a snapshot. This simulation must have the same actors, added in the same order; their parameters may
    /// be others, so that one snapshot can go on in several branches. What was pending here is forgotten.
    ///
    /// # Errors
    /// [`Error::OtherActors`] and [`Error::Snapshot`], after which nothing has changed; [`Error::Unrestorable`], which is fatal.
    pub fn restore(&mut self, snapshot: &Snapshot) -> Result<(), Error> {
        self.restore_with(snapshot, |_| None)
    }

    /// As [`restore`](Self::restore), for a model whose actors are also spawned while it runs: `revive` makes those that the
    /// snapshot has beyond this simulation's, each by its name, before they take their state.
    ///
    /// # Errors
    /// As [`restore`](Self::restore).
    pub fn restore_with(
        &mut self,
        snapshot: &Snapshot,
        mut revive: impl FnMut(&str) -> Option<Box<dyn Actor<M>>>,
    ) -> Result<(), Error> {
        let state: EngineState<EventQueue<Envelope<M::Message>>, Periodics> = whole(&snapshot.engine)?;
        let EngineState { mut queue, periodics, asked, .. } = state;
        let is_sound = |envelope: &Envelope<M::Message>| {
            (envelope.receiver.index() as usize) < snapshot.actors.len()
                && match envelope.payload {
                    Payload::Wake { periodic, .. } => periodics.has(periodic),
                    Payload::Message(_) => true,
                }
        };
        if !queue.resume(self.limits.pending, is_sound) || state.started > snapshot.actors.len() {
            let reason = "what is pending contradicts itself".into();
            return Err(SnapshotError::Content { reason }.into());
        }
        let revived = self.fitting(snapshot, &mut revive)?;

        let count = self.bodies.len();
        let world = self.world_mut();
        world.directory.recall(count);
        world.aftermath = Aftermath::default();
        self.retired = 0;
        for (name, actor) in revived {
            self.world_mut().directory.enter(&name).ok_or(Error::DuplicateName { name })?;
            self.bodies.push(actor.map_or(Body::Retired, Body::Handler));
        }
        for (index, (name, bytes)) in snapshot.actors.iter().enumerate() {
            let Some(bytes) = bytes else {
                self.bodies[index] = Body::Retired;
                self.world_mut().directory.retire(crate::ActorId::from_index(index as u32));
                self.retired += 1;
                continue;
            };
            if let Err(source) = load(&mut self.bodies[index], bytes) {
                self.failed_at = Some(snapshot.time);
                return Err(Error::Unrestorable { actor: name.clone(), source });
            }
        }
        let world = self.world_mut();
        (world.queue, world.periodics, world.asked) = (queue, periodics, asked);
        (self.digest, self.delivered, self.undelivered) = (state.digest, state.delivered, state.undelivered);
        (self.delivered_this_instant, self.instants) = (state.delivered_this_instant, state.instants);
        (self.started, self.started_this_instant) = (state.started, state.started_this_instant);
        (self.failed_at, self.kinds) = (None, Kinds::default());
        Ok(())
    }

    /// The actors that the snapshot has beyond this simulation's, if all others are the same.
    #[expect(clippy::type_complexity, reason = "names with their actors, used once")]
    fn fitting(
        &self,
        snapshot: &Snapshot,
        revive: &mut impl FnMut(&str) -> Option<Box<dyn Actor<M>>>,
    ) -> Result<Vec<(Box<str>, Option<Box<dyn Actor<M>>>)>, Error> {
        let names = &self.world().directory.names()[..self.bodies.len()];
        let saved = snapshot.actors.iter().map(|(name, _)| name);
        if let Some((found, expected)) = saved.zip(names).find(|(found, expected)| found != expected) {
            let [found, expected] = [found, expected].map(|name| format!("`{name}`").into());
            return Err(Error::OtherActors { found, expected });
        }
        let counts = |found: usize| Error::OtherActors {
            found: format!("{found} actors").into(),
            expected: format!("{} actors", names.len()).into(),
        };
        if snapshot.actors.len() < names.len() {
            return Err(counts(snapshot.actors.len()));
        }
        for ((name, bytes), body) in snapshot.actors.iter().zip(&self.bodies) {
            if bytes.is_some() && matches!(body, Body::Retired) {
                let expected = format!("`{name}`, which has retired").into();
                return Err(Error::OtherActors { found: format!("`{name}`").into(), expected });
            }
        }
        let mut seen = BTreeSet::new();
        if let Some((name, _)) = snapshot.actors.iter().find(|(name, _)| !seen.insert(name)) {
            return Err(
                SnapshotError::Content { reason: format!("two actors are named `{name}`").into() }.into()
            );
        }
        let spawned = &snapshot.actors[names.len()..];
        let revived = spawned.iter().map(|(name, bytes)| match bytes {
            None => Ok((name.clone(), None)),
            Some(_) => match revive(name) {
                Some(actor) => Ok((name.clone(), Some(actor))),
                None => Err(counts(snapshot.actors.len())),
            },
        });
        revived.collect()
    }
}

/// All of `bytes` as one value.
fn whole<T: DeserializeOwned>(bytes: &[u8]) -> Result<T, SnapshotError> {
    match postcard::take_from_bytes(bytes) {
        Ok((value, [])) => Ok(value),
        Ok((_, rest)) => Err(format!("{} bytes too many", rest.len())),
        Err(error) => Err(error.to_string()),
    }
    .map_err(|reason| SnapshotError::Content { reason: reason.into() })
}

/// Gives an actor its state.
fn load<M: Model>(body: &mut Body<M>, bytes: &[u8]) -> Result<(), crate::Fault> {
    let Body::Handler(actor) = body else { return Err("there is no handler actor here".into()) };
    let mut loading = Loading::new(bytes);
    actor.load(&mut loading)?;
    match loading.left() {
        0 => Ok(()),
        left => Err(format!("{left} of {} bytes were not taken", bytes.len()).into()),
    }
}
