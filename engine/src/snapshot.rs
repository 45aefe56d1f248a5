//! A simulation between two events, as bytes: to go on from there later, elsewhere, or in several branches.
//!
//! ```text
//! magic "goshawk\0"  format u32  length u64  content (postcard)  SHA-256 of all before
//! ```
//!
//! Numbers are little-endian. The content is a label of the caller's, the clock with all that is pending, the digest so far, and
//! each actor's own bytes under its name.

use std::fmt;

use serde::de::DeserializeOwned;
use serde::{Deserialize, Serialize};
use sha2::{Digest as _, Sha256};

use crate::actor::Fault;
use crate::time::SimTime;

const MAGIC: &[u8; 8] = b"goshawk\0";
/// The number of the format, which a change of what any part writes moves on.
const FORMAT: u32 = 2;
const LENGTH_AT: usize = MAGIC.len() + 4;
const CONTENT_AT: usize = LENGTH_AT + 8;
const CHECKSUM_LENGTH: usize = 32;

/// Takes the state of an actor that is saved.
#[derive(Debug, Default)]
pub struct Saving {
    bytes: Vec<u8>,
}

impl Saving {
    /// Puts a value behind what was put before.
    ///
    /// # Errors
    /// When the value cannot be written, such as a sequence of unknown length.
    pub fn put<T: Serialize + ?Sized>(&mut self, value: &T) -> Result<(), Fault> {
        self.bytes = postcard::to_extend(value, std::mem::take(&mut self.bytes))?;
        Ok(())
    }

    pub(crate) fn into_bytes(self) -> Vec<u8> {
        self.bytes
    }
}

/// Gives the state of an actor that is restored, in the order in which it was put.
#[derive(Debug)]
pub struct Loading<'a> {
    rest: &'a [u8],
}

impl<'a> Loading<'a> {
    pub(crate) fn new(bytes: &'a [u8]) -> Self {
        Self { rest: bytes }
    }

    /// Takes the next value.
    ///
    /// # Errors
    /// When the bytes are no `T`, or there are none left.
    pub fn take<T: DeserializeOwned>(&mut self) -> Result<T, Fault> {
        let (value, rest) = postcard::take_from_bytes(self.rest)?;
        self.rest = rest;
        Ok(value)
    }

    /// How many bytes nobody has taken.
    pub(crate) fn left(&self) -> usize {
        self.rest.len()
    }
}

/// An actor has no [`Actor::save`](crate::Actor::save).
#[derive(Debug)]
pub(crate) struct Unsaveable;

impl fmt::Display for Unsaveable {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str("this kind of actor cannot be saved")
    }
}

impl std::error::Error for Unsaveable {}

/// What is wrong with the bytes of a snapshot.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum SnapshotError {
    /// Something else.
    #[error("this is no saved simulation: it does not begin with the mark of one")]
    NoSnapshot,
    /// Written by another version of the engine.
    #[error("the saved simulation has format {found}, and this version reads format {supported}")]
    Version {
        /// The format it has.
        found: u32,
        /// The format that can be read.
        supported: u32,
    },
    /// Cut short, or with something behind it.
    #[error("the saved simulation is {found} bytes long where {expected} are needed")]
    Length {
        /// How many bytes there are.
        found: u64,
        /// How many it should have.
        expected: u64,
    },
    /// Altered.
    #[error("the saved simulation was altered: its checksum is not that of its {length} bytes")]
    Checksum {
        /// How many bytes were looked at.
        length: u64,
    },
    /// The checksum is right, and the content is not what this version writes.
    #[error("the saved simulation cannot be read: {reason}")]
    Content {
        /// What the decoder says.
        reason: Box<str>,
    },
}

/// A simulation between two events; see [`Simulation::save`](crate::Simulation::save).
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Snapshot {
    pub(crate) label: Box<str>,
    pub(crate) time: SimTime,
    /// The engine's own state.
    pub(crate) engine: Vec<u8>,
    /// Names and states of the actors, in the order of adding; no state once retired.
    pub(crate) actors: Vec<(Box<str>, Option<Vec<u8>>)>,
}

impl Snapshot {
    /// What the caller wrote on it: as a rule which model it is of.
    pub fn label(&self) -> &str {
        &self.label
    }

    /// The instant at which it was taken.
    pub fn time(&self) -> SimTime {
        self.time
    }

    /// Its bytes, with version and checksum.
    pub fn to_bytes(&self) -> Vec<u8> {
        let content = postcard::to_stdvec(self).expect("invariant: owned bytes and texts can be written");
        let mut bytes = Vec::with_capacity(CONTENT_AT + content.len() + CHECKSUM_LENGTH);
        bytes.extend_from_slice(MAGIC);
        bytes.extend_from_slice(&FORMAT.to_le_bytes());
        bytes.extend_from_slice(&(content.len() as u64).to_le_bytes());
        bytes.extend_from_slice(&content);
        let checksum = Sha256::digest(&bytes);
        bytes.extend_from_slice(&checksum);
        bytes
    }

    /// From such bytes.
    ///
    /// # Errors
    /// When they are those of something else or of another version, cut, or altered.
    pub fn from_bytes(bytes: &[u8]) -> Result<Self, SnapshotError> {
        let rest = bytes.strip_prefix(MAGIC).ok_or(SnapshotError::NoSnapshot)?;
        let found = bytes.len() as u64;
        let short = SnapshotError::Length { found, expected: (CONTENT_AT + CHECKSUM_LENGTH) as u64 };
        let (format, rest) = rest.split_first_chunk::<4>().ok_or_else(|| short.clone())?;
        let format = u32::from_le_bytes(*format);
        if format != FORMAT {
            return Err(SnapshotError::Version { found: format, supported: FORMAT });
        }
        let (length, _) = rest.split_first_chunk::<8>().ok_or(short)?;
        let length = u64::from_le_bytes(*length);
        let expected = length.saturating_add((CONTENT_AT + CHECKSUM_LENGTH) as u64);
        if found != expected {
            return Err(SnapshotError::Length { found, expected });
        }
        let (signed, checksum) = bytes.split_at(bytes.len() - CHECKSUM_LENGTH);
        if Sha256::digest(signed)[..] != *checksum {
            return Err(SnapshotError::Checksum { length: signed.len() as u64 });
        }
        postcard::from_bytes(&signed[CONTENT_AT..])
            .map_err(|error| SnapshotError::Content { reason: error.to_string().into() })
    }
}
