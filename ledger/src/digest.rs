//! SHA-256 digests with a domain byte, and RFC 6962 Merkle roots over lists.
//!
//! Every preimage starts with a [`Domain`], so that no digest of one kind can be passed off as one of another kind
//! (a leaf as an inner node, a vote as a transaction).

use std::fmt;

use sha2::block_api::compress256;
use sha2::{Digest as _, Sha256};

/// What a preimage is; its first byte. `Leaf` and `Node` are RFC 6962's.
#[derive(Debug, Clone, Copy)]
pub(crate) enum Domain {
    Leaf = 0,
    Node = 1,
    Bucket = 2,
    TreeNode = 3,
    Key = 4,
    Transaction = 5,
    Header = 6,
    Genesis = 7,
    Vote = 8,
    Proposal = 9,
    Secret = 10,
    KeyedSignature = 11,
    LogEntry = 12,
}

/// Bytes of a block of SHA-256.
const BLOCK: usize = 64;
/// Blocks of a short preimage, and the most bytes that they hold beside the padding.
const SHORT_BLOCKS: usize = 4;
const SHORT: usize = SHORT_BLOCKS * BLOCK - 9;
/// The initial hash value (FIPS 180-4, section 5.3.3).
const FIRST_STATE: [u32; 8] =
    [0x6a09_e667, 0xbb67_ae85, 0x3c6e_f372, 0xa54f_f53a, 0x510e_527f, 0x9b05_688c, 0x1f83_d9ab, 0x5be0_cd19];

/// A SHA-256 digest.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Default)]
pub struct Digest(pub [u8; 32]);

impl Digest {
    /// All zeros: the digest of nothing.
    pub const ZERO: Self = Self([0; 32]);

    /// The digest of the parts, one after the other. Callers see to it that the parts cannot be cut differently.
    pub(crate) fn of(domain: Domain, parts: &[&[u8]]) -> Self {
        let length = 1 + parts.iter().map(|part| part.len()).sum::<usize>();
        if length <= SHORT {
            return Self::of_short(domain, parts, length);
        }
        let mut hasher = Sha256::new();
        hasher.update([domain as u8]);
        for part in parts {
            hasher.update(part);
        }
        Self(hasher.finalize().into())
    }

    /// The same for a preimage that fits a few blocks with its padding (FIPS 180-4, section 5.1.1), as almost all do: laid
    /// out once, and compressed without a buffer between.
    fn of_short(domain: Domain, parts: &[&[u8]], length: usize) -> Self {
        let mut blocks = [[0u8; BLOCK]; SHORT_BLOCKS];
        let bytes = blocks.as_flattened_mut();
        bytes[0] = domain as u8;
        let mut end = 1;
        for part in parts {
            bytes[end..end + part.len()].copy_from_slice(part);
            end += part.len();
        }
        bytes[end] = 0x80;
        let used = (length + 9).div_ceil(BLOCK);
        let bits = (length as u64 * 8).to_be_bytes();
        bytes[used * BLOCK - 8..used * BLOCK].copy_from_slice(&bits);
        let mut state = FIRST_STATE;
        compress256(&mut state, &blocks[..used]);
        let mut digest = [0; 32];
        for (bytes, word) in digest.chunks_exact_mut(4).zip(state) {
            bytes.copy_from_slice(&word.to_be_bytes());
        }
        Self(digest)
    }

    /// The bytes.
    pub const fn as_bytes(&self) -> &[u8; 32] {
        &self.0
    }
}

impl fmt::Display for Digest {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.iter().try_for_each(|byte| write!(f, "{byte:02x}"))
    }
}

impl fmt::Debug for Digest {
    /// The first eight digits tell digests apart in a log.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0[..4].iter().try_for_each(|byte| write!(f, "{byte:02x}"))
    }
}

/// The digest of a list's element.
pub(crate) fn leaf(bytes: &[u8]) -> Digest {
    Digest::of(Domain::Leaf, &[bytes])
}

/// The RFC 6962 root over leaves that [`leaf`] made; the empty list has [`Digest::ZERO`].
///
/// A last node without a partner moves up unchanged. Pairing it with itself, as Bitcoin does, would give two
/// lists one root (CVE-2012-2459).
pub(crate) fn merkle_root(mut level: Vec<Digest>) -> Digest {
    while level.len() > 1 {
        let mut filled = 0;
        for read in (0..level.len()).step_by(2) {
            level[filled] = match level.get(read + 1) {
                Some(right) => Digest::of(Domain::Node, &[&level[read].0, &right.0]),
                None => level[read],
            };
            filled += 1;
        }
        level.truncate(filled);
    }
    level.first().copied().unwrap_or_default()
}

#[cfg(test)]
mod tests {
    use super::*;

    /// The recursive definition of RFC 6962, section 2.1.
    fn defined(leaves: &[Digest]) -> Digest {
        match leaves {
            [] => Digest::ZERO,
            [only] => *only,
            _ => {
                let split = leaves.len().next_power_of_two() / 2;
                let (left, right) = (defined(&leaves[..split]), defined(&leaves[split..]));
                Digest::of(Domain::Node, &[&left.0, &right.0])
            }
        }
    }

    #[test]
    fn the_root_is_the_one_of_rfc_6962_for_every_length() {
        let leaves: Vec<Digest> = (0u8..40).map(|byte| leaf(&[byte])).collect();
        for length in 0..leaves.len() {
            assert_eq!(merkle_root(leaves[..length].to_vec()), defined(&leaves[..length]), "{length} leaves");
        }
    }

    #[test]
    fn every_length_is_digested_as_by_the_library() {
        let bytes: Vec<u8> = (0..=255).cycle().take(3 * SHORT).collect();
        for length in 0..bytes.len() {
            let mut hasher = Sha256::new();
            hasher.update([Domain::Bucket as u8]);
            hasher.update(&bytes[..length]);
            let expected = Digest(hasher.finalize().into());
            let (head, tail) = bytes[..length].split_at(length / 3);
            assert_eq!(Digest::of(Domain::Bucket, &[head, tail]), expected, "{length} bytes");
        }
    }

    #[test]
    fn a_repeated_last_leaf_changes_the_root() {
        let leaves = [leaf(b"a"), leaf(b"b"), leaf(b"c")];
        let mut repeated = leaves.to_vec();
        repeated.push(leaves[2]);
        assert_ne!(merkle_root(leaves.to_vec()), merkle_root(repeated));
    }
}
