//! Digests of files: one of the whole, and one of every 64 KiB, so that a changed byte can be located.

use std::fmt::Write as _;
use std::fs::File;
use std::io::{self, Read};
use std::ops::Range;
use std::path::Path;

use serde::{Deserialize, Serialize};
use sha2::{Digest as _, Sha256};

use crate::cell::Digest;

/// Bytes that one of a file's inner digests covers.
pub const CHUNK_BYTES: u64 = 65_536;
/// Bytes that one digest takes before the other has its turn: two blocks of SHA-256.
const STEP_BYTES: usize = 128;

/// The digests of a file's content.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct FileDigest {
    /// Its length.
    pub bytes: u64,
    /// SHA-256 of the whole, as `sha256sum` prints it.
    pub sha256: String,
    /// Bytes that each of the following covers.
    pub chunk_bytes: u64,
    /// SHA-256 of each chunk in order; the last one may be shorter.
    pub chunk_sha256: Vec<String>,
}

impl FileDigest {
    /// Of a file on disk.
    ///
    /// # Errors
    /// When it cannot be read.
    pub fn of_file(path: &Path) -> io::Result<Self> {
        let mut file = File::open(path)?;
        let mut digester = Digester::default();
        let mut buffer = vec![0; CHUNK_BYTES as usize];
        loop {
            match file.read(&mut buffer)? {
                0 => return Ok(digester.finish()),
                length => digester.update(&buffer[..length]),
            }
        }
    }

    /// Of bytes in memory.
    pub fn of_bytes(bytes: &[u8]) -> Self {
        let mut digester = Digester::default();
        digester.update(bytes);
        digester.finish()
    }

    /// The first stretch of bytes in which `found` differs from this.
    pub fn first_difference(&self, found: &Self) -> Option<Range<u64>> {
        let longest = self.bytes.max(found.bytes);
        let chunks = self.chunk_sha256.len().max(found.chunk_sha256.len());
        let differs = |&chunk: &usize| self.chunk_sha256.get(chunk) != found.chunk_sha256.get(chunk);
        match (0..chunks).find(differs) {
            Some(chunk) => {
                let start = chunk as u64 * CHUNK_BYTES;
                Some(start..(start + CHUNK_BYTES).min(longest))
            }
            // Equal chunks with an unequal whole: the list itself was tampered with.
            None => (self != found).then_some(0..longest),
        }
    }
}

/// Digests bytes as they come.
#[derive(Debug, Default)]
pub(crate) struct Digester {
    whole: Sha256,
    chunk: Sha256,
    in_chunk: u64,
    bytes: u64,
    chunks: Vec<String>,
}

impl Digester {
    pub(crate) fn update(&mut self, mut bytes: &[u8]) {
        self.bytes += bytes.len() as u64;
        while !bytes.is_empty() {
            let room = (CHUNK_BYTES - self.in_chunk) as usize;
            let (now, later) = bytes.split_at(room.min(bytes.len()));
            // Both digests in small steps, by turns: each waits for its own last step, and the other one's fill the wait.
            for step in now.chunks(STEP_BYTES) {
                self.whole.update(step);
                self.chunk.update(step);
            }
            self.in_chunk += now.len() as u64;
            if self.in_chunk == CHUNK_BYTES {
                self.end_chunk();
            }
            bytes = later;
        }
    }

    fn end_chunk(&mut self) {
        self.chunks.push(hex(self.chunk.finalize_reset().as_slice()));
        self.in_chunk = 0;
    }

    pub(crate) fn finish(mut self) -> FileDigest {
        if self.in_chunk > 0 {
            self.end_chunk();
        }
        FileDigest {
            bytes: self.bytes,
            sha256: hex(self.whole.finalize().as_slice()),
            chunk_bytes: CHUNK_BYTES,
            chunk_sha256: self.chunks,
        }
    }
}

/// Lower-case hexadecimal digits.
pub(crate) fn hex(bytes: &[u8]) -> String {
    bytes.iter().fold(String::with_capacity(bytes.len() * 2), |mut text, byte| {
        write!(text, "{byte:02x}").expect("invariant: a String takes any text");
        text
    })
}

impl Digest {
    /// SHA-256 of bytes.
    pub fn of(bytes: &[u8]) -> Self {
        Self(Sha256::digest(bytes).into())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_digest_of_a_file_is_what_sha256sum_prints() {
        let digest = FileDigest::of_bytes(b"abc");
        assert_eq!(digest.sha256, "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad");
        assert_eq!(digest.chunk_sha256, std::slice::from_ref(&digest.sha256));
        assert_eq!(Digest::of(b"abc").to_string(), digest.sha256);
    }

    #[test]
    fn a_changed_byte_is_located_to_its_chunk_however_the_bytes_came() {
        let mut bytes = vec![7; 3 * CHUNK_BYTES as usize + 10];
        let before = FileDigest::of_bytes(&bytes);
        let mut piecewise = Digester::default();
        bytes.chunks(1_000).for_each(|piece| piecewise.update(piece));
        assert_eq!(piecewise.finish(), before);
        bytes[CHUNK_BYTES as usize] ^= 1;
        assert_eq!(before.first_difference(&FileDigest::of_bytes(&bytes)), Some(65_536..131_072));
        bytes[CHUNK_BYTES as usize] ^= 1;
        bytes.truncate(3 * CHUNK_BYTES as usize + 9);
        assert_eq!(before.first_difference(&FileDigest::of_bytes(&bytes)), Some(196_608..196_618));
        assert_eq!(before.first_difference(&before), None);
    }
}
