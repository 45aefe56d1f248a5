//! Sessions: stays at the pile that want so much energy until they end, recorded or drawn.

use std::sync::Arc;

use goshawk_engine::{Fault, Loading, Saving, SimTime};
use goshawk_market::quantity::{Energy, Power};
use serde::{Deserialize, Serialize};

use crate::calendar::{Calendar, CalendarError};
use crate::household::mixture::MixtureDraws;
use crate::saved::Saved;

/// One stay at the pile.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub struct Session {
    /// Line of the file that it comes from, or the day that it was drawn for.
    pub number: u32,
    /// When it begins.
    pub arrives: SimTime,
    /// When it ends; after it begins.
    pub departs: SimTime,
    /// Wanted until it ends, at the meter.
    pub energy: Energy,
    /// Recorded beyond what the power gives in the time, and so not wanted.
    pub cut: Energy,
    /// Its own limit of the charging power.
    pub power: Option<Power>,
    /// What the battery holds as it begins; without it, the least that trading leaves, or less if the energy would
    /// not fit otherwise.
    pub arrival_content: Option<Energy>,
    /// Whether its times on the clock had to be repaired.
    pub is_repaired: bool,
}

/// The recorded sessions of a household.
#[derive(Debug, Clone, PartialEq)]
pub struct Recording {
    /// In the order of their begin, none overlapping another.
    pub sessions: Arc<[Session]>,
    /// Capacity of the household's battery, which every session fits.
    pub capacity: Energy,
}

/// Where a household's sessions come from.
#[derive(Debug)]
pub enum Sessions {
    /// Recorded: in the order of their begin, none overlapping another.
    Recorded {
        /// All of them.
        list: Arc<[Session]>,
        /// The next one.
        next: usize,
    },
    /// Drawn from a fitted mixture.
    Mixture(Box<MixtureDraws>),
}

impl Sessions {
    /// The next session that begins at or after `earliest`, if there is one.
    ///
    /// # Errors
    /// When dates leave the calendar's range.
    pub fn next(&mut self, calendar: &Calendar, earliest: SimTime) -> Result<Option<Session>, CalendarError> {
        match self {
            Self::Recorded { list, next } => {
                let session = list.get(*next).copied();
                *next += 1;
                Ok(session)
            }
            Self::Mixture(draws) => draws.next(calendar, earliest),
        }
    }
}

impl Saved for Sessions {
    fn put(&self, saving: &mut Saving) -> Result<(), Fault> {
        match self {
            Self::Recorded { list: _, next } => saving.put(next),
            Self::Mixture(draws) => draws.put(saving),
        }
    }

    fn take(&mut self, loading: &mut Loading<'_>) -> Result<(), Fault> {
        match self {
            Self::Recorded { list: _, next } => *next = loading.take()?,
            Self::Mixture(draws) => draws.take(loading)?,
        }
        Ok(())
    }
}
