//! Early messages as bytes.

use std::sync::Arc;

use super::EarlyMessages;
use crate::codec::{Canonical, DecodeError, Reader};
use crate::message::ConsensusMessage;

impl EarlyMessages {
    /// Appends them.
    pub(crate) fn write(&self, out: &mut Vec<u8>) {
        let (height, who) = self.furthest;
        height.write(out);
        (who as u64).write(out);
        self.seen.iter().for_each(|height| height.write(out));
        (self.turn as u64).write(out);
        let kept = || self.by_height.values().flatten();
        (kept().count() as u64).write(out);
        for (from, message) in kept() {
            (*from as u64).write(out);
            message.write(out);
        }
    }

    /// From the front of `input`.
    ///
    /// # Errors
    /// When these are no messages of so many validators.
    pub(crate) fn read(validators: usize, input: &mut Reader<'_>) -> Result<Self, DecodeError> {
        let place = |input: &mut Reader<'_>| {
            let place = u64::read(input)? as usize;
            if place < validators { Ok(place) } else { Err(DecodeError::Invalid("no such validator")) }
        };
        let mut early = Self::new(validators);
        early.furthest = (u64::read(input)?, place(input)?);
        for seen in &mut early.seen {
            *seen = u64::read(input)?;
        }
        early.turn = u64::read(input)? as usize;
        for _ in 0..u64::read(input)? {
            let from = place(input)?;
            let message = ConsensusMessage::read(input)?;
            early.kept[from] += 1;
            early.by_height.entry(message.height()).or_default().push_back((from, Arc::new(message)));
        }
        Ok(early)
    }
}
