//! How many messages of each kind were delivered.

use std::collections::BTreeMap;

use crate::digest::word_of;

/// Kinds that are at hand. Most models have fewer; beyond, those that share a place take turns, which is slower.
const PLACES: usize = 64;

/// Counts by kind, and the word of each kind for the digest. A kind is the same constant every time, so where its text
/// lies tells which it is.
#[derive(Debug)]
pub(crate) struct Kinds {
    at_hand: [Kind; PLACES],
    put_by: BTreeMap<&'static str, u64>,
}

#[derive(Debug, Clone, Copy)]
struct Kind {
    text: &'static str,
    word: u64,
    count: u64,
}

impl Default for Kinds {
    fn default() -> Self {
        let none = Kind { text: "", word: word_of(""), count: 0 };
        Self { at_hand: [none; PLACES], put_by: BTreeMap::new() }
    }
}

impl Kinds {
    /// Counts one more of a kind, and returns its [word](word_of).
    #[inline]
    pub(crate) fn count(&mut self, kind: &'static str) -> u64 {
        let address = kind.as_ptr().addr();
        let place = &mut self.at_hand[(address ^ address >> 6) % PLACES];
        if !std::ptr::eq(place.text, kind) {
            put_by(&mut self.put_by, place);
            *place = Kind { text: kind, word: word_of(kind), count: 0 };
        }
        place.count += 1;
        place.word
    }

    /// The counts of all kinds that were, in the order of their names.
    pub(crate) fn all(&self) -> BTreeMap<&'static str, u64> {
        let mut all = self.put_by.clone();
        self.at_hand.iter().for_each(|kind| put_by(&mut all, kind));
        all
    }
}

#[cold]
fn put_by(counts: &mut BTreeMap<&'static str, u64>, kind: &Kind) {
    if kind.count > 0 {
        *counts.entry(kind.text).or_default() += kind.count;
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn far_more_kinds_than_places_are_counted_and_never_mistaken() {
        const TEXT: &str = "withdrawal_request_and_more";
        let mut kinds = Kinds::default();
        let mut counted = BTreeMap::new();
        for round in 0..3 {
            for from in 0..TEXT.len() {
                for to in from..TEXT.len() - round {
                    let kind = &TEXT[from..to.max(from)];
                    assert_eq!(kinds.count(kind), word_of(kind), "{kind}");
                    *counted.entry(kind).or_default() += 1;
                }
            }
        }
        assert!(counted.len() > 5 * PLACES);
        assert_eq!(kinds.all(), counted);
    }
}
