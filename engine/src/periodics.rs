//! Alarms that ring again and again.

use serde::{Deserialize, Serialize};

use crate::queue::Timer;
use crate::time::{Phase, SimDuration};

/// An alarm that rings again and again, by which it can be ended.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
pub struct Periodic {
    place: u32,
    generation: u32,
}

impl Periodic {
    /// For one that was refused: there is nothing to end.
    pub(crate) const NEVER: Self = Self { place: u32::MAX, generation: 0 };

    /// The number that its wakes carry.
    pub(crate) const fn number(self) -> u32 {
        self.place + 1
    }
}

/// What is needed to set it again.
#[derive(Debug, Clone, Copy, Serialize, Deserialize)]
pub(crate) struct Repetition {
    pub(crate) period: SimDuration,
    pub(crate) phase: Phase,
    /// Of its next ringing.
    pub(crate) timer: Timer,
}

#[derive(Debug, Default, Serialize, Deserialize)]
struct Place {
    generation: u32,
    repetition: Option<Repetition>,
}

/// All that are going on.
#[derive(Debug, Default, Serialize, Deserialize)]
pub(crate) struct Periodics {
    places: Vec<Place>,
    free: Vec<u32>,
}

impl Periodics {
    /// A place for one that is begun; [`set`](Self::set) follows.
    pub(crate) fn begin(&mut self) -> Periodic {
        let place = self.free.pop().unwrap_or_else(|| {
            self.places.push(Place::default());
            self.places.len() as u32 - 1
        });
        Periodic { place, generation: self.places[place as usize].generation }
    }

    pub(crate) fn set(&mut self, periodic: Periodic, repetition: Repetition) {
        self.places[periodic.place as usize].repetition = Some(repetition);
    }

    /// Whether a wake may carry this number.
    pub(crate) fn has(&self, number: u32) -> bool {
        number as usize <= self.places.len()
    }

    /// What rang, by the number that its wake carries.
    pub(crate) fn ringing(&mut self, number: u32) -> Option<&mut Repetition> {
        self.places.get_mut(number as usize - 1)?.repetition.as_mut()
    }

    /// Ends one, and says which timer is to be cancelled; `None` if it was ended before.
    pub(crate) fn end(&mut self, periodic: Periodic) -> Option<Timer> {
        let place = self.places.get_mut(periodic.place as usize)?;
        if place.generation != periodic.generation {
            return None;
        }
        let repetition = place.repetition.take()?;
        self.forget(periodic.number());
        Some(repetition.timer)
    }

    /// Frees the place of one that rings no more.
    pub(crate) fn forget(&mut self, number: u32) {
        let place = &mut self.places[number as usize - 1];
        place.repetition = None;
        place.generation = place.generation.wrapping_add(1);
        self.free.push(number - 1);
    }
}
