//! A running digest of a run, by which two runs are told apart.
//!
//! Two 64-bit lanes each take every word: `a = rotl((a ^ word) * K1, 29)`, `b = rotl((b + word) * K2, 37)`,
//! with odd `K1`, `K2`. Each step is a bijection of the lane for a given word and of the word for a given
//! lane, so runs that differ in a single word cannot meet again in the same step; that they meet later has odds
//! of about 2^-128. The lanes are stirred into one another at the end. Only integer operations of fixed width
//! are used, so the value is the same on every platform.
//!
//! It is **not** cryptographic: it detects accidents, not opponents.

use std::fmt;

use serde::{Deserialize, Serialize};

/// Odd, from the binary expansion of the golden ratio.
const K1: u64 = 0x9e37_79b9_7f4a_7c15;
/// Odd, from the binary expansion of pi.
const K2: u64 = 0x243f_6a88_85a3_08d3;

/// Takes words and strings one after another; order and number matter.
///
/// ```
/// use goshawk_engine::Digest;
/// let mut forth = Digest::new();
/// forth.write_u64(1);
/// forth.write_u64(2);
/// let mut back = Digest::new();
/// back.write_u64(2);
/// back.write_u64(1);
/// assert_ne!(forth.finish(), back.finish());
/// ```
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Digest {
    a: u64,
    b: u64,
    words: u64,
}

impl Digest {
    /// Of nothing yet.
    pub const fn new() -> Self {
        Self { a: K2, b: K1, words: 0 }
    }

    /// Takes one word.
    #[inline]
    pub fn write_u64(&mut self, word: u64) {
        self.a = (self.a ^ word).wrapping_mul(K1).rotate_left(29);
        self.b = self.b.wrapping_add(word).wrapping_mul(K2).rotate_left(37);
        self.words = self.words.wrapping_add(1);
    }

    /// Takes one signed word, as its two's complement.
    #[inline]
    pub fn write_i64(&mut self, word: i64) {
        self.write_u64(word as u64);
    }

    /// Takes the bits of a float; `0.0` and `-0.0` differ.
    #[inline]
    pub fn write_f64(&mut self, number: f64) {
        self.write_u64(number.to_bits());
    }

    /// Takes the length, then the bytes as little-endian words, the last filled up with zeros.
    #[inline]
    pub fn write_bytes(&mut self, bytes: &[u8]) {
        self.write_u64(bytes.len() as u64);
        let (words, rest) = bytes.as_chunks::<8>();
        for word in words {
            self.write_u64(u64::from_le_bytes(*word));
        }
        if !rest.is_empty() {
            self.write_u64(little_endian(rest));
        }
    }

    /// Takes a string's bytes, as [`write_bytes`](Self::write_bytes) does.
    #[inline]
    pub fn write_str(&mut self, text: &str) {
        self.write_bytes(text.as_bytes());
    }

    /// The digest of what was taken so far; more may be taken afterwards.
    pub fn finish(&self) -> DigestValue {
        let a = avalanche(self.a ^ self.words);
        let b = avalanche(self.b.wrapping_add(a));
        DigestValue([avalanche(a ^ b.rotate_left(32)), b])
    }
}

impl Default for Digest {
    fn default() -> Self {
        Self::new()
    }
}

/// Fewer than eight bytes as one word.
#[inline]
fn little_endian(bytes: &[u8]) -> u64 {
    if let (Some(first), Some(last)) = (bytes.first_chunk::<4>(), bytes.last_chunk::<4>()) {
        // Four to seven: the first four, and the last four, which overlap them.
        let (first, last) = (u32::from_le_bytes(*first), u32::from_le_bytes(*last));
        return u64::from(first) | u64::from(last) << (8 * (bytes.len() - 4));
    }
    bytes.iter().rev().fold(0, |word, &byte| word << 8 | u64::from(byte))
}

/// A bijection after which every bit depends on every other (the finalizer of MurmurHash3).
#[inline]
fn avalanche(mut word: u64) -> u64 {
    word = (word ^ word >> 33).wrapping_mul(0xff51_afd7_ed55_8ccd);
    word = (word ^ word >> 33).wrapping_mul(0xc4ce_b9fe_1a85_ec53);
    word ^ word >> 33
}

/// One word for a short text, computed beside the running digest so that it does not lengthen its chain.
#[inline]
pub(crate) fn word_of(text: &str) -> u64 {
    let (words, rest) = text.as_bytes().as_chunks::<8>();
    let mut sum = (text.len() as u64).wrapping_mul(K2);
    for word in words {
        sum = (sum ^ u64::from_le_bytes(*word)).wrapping_mul(K1).rotate_left(29);
    }
    let last = match (text.as_bytes().last_chunk::<8>(), rest.len()) {
        (_, 0) => 0,
        // The rest is the upper end of the last eight bytes.
        (Some(last), length) => u64::from_le_bytes(*last) >> (64 - 8 * length),
        (None, _) => little_endian(rest),
    };
    (sum ^ last).wrapping_mul(K1).rotate_left(29)
}

/// What a [`Digest`] amounts to: 128 bits, shown as 32 hexadecimal digits.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
pub struct DigestValue(pub [u64; 2]);

impl fmt::Display for DigestValue {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(formatter, "{:016x}{:016x}", self.0[0], self.0[1])
    }
}

impl fmt::Debug for DigestValue {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(formatter, "DigestValue({self})")
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Byte by byte, from the least significant on.
    fn defined(bytes: &[u8]) -> u64 {
        bytes.iter().rev().fold(0, |word, &byte| word << 8 | u64::from(byte))
    }

    #[test]
    fn texts_of_every_length_become_the_word_of_their_bytes() {
        let text = "withdrawal_request_and_more";
        for length in 0..text.len() {
            let text = &text[..length];
            let (words, rest) = text.as_bytes().as_chunks::<8>();
            assert_eq!(little_endian(rest), defined(rest), "{text}");
            let mut sum = (length as u64).wrapping_mul(K2);
            for word in words {
                sum = (sum ^ defined(word)).wrapping_mul(K1).rotate_left(29);
            }
            assert_eq!(word_of(text), (sum ^ defined(rest)).wrapping_mul(K1).rotate_left(29), "{text}");
        }
    }
}
