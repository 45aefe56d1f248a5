//! Proof that something is in a list under an RFC 6962 root, with the root alone.

use crate::codec::{Canonical, DecodeError, Reader, canonical_enum};
use crate::digest::{self, Digest, Domain};

/// The node beside one on the way from a leaf to the root.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Sibling {
    /// It stands to the left.
    Left {
        /// Its digest.
        digest: Digest,
    },
    /// It stands to the right.
    Right {
        /// Its digest.
        digest: Digest,
    },
}

canonical_enum!(Sibling { 0 => Left { digest }, 1 => Right { digest } });

/// The nodes beside the way from a leaf to the root (RFC 6962, section 2.1.1), from the leaf upwards, each with its side.
/// A leaf of a list of n has at most log2(n), rounded up.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct AuditPath(pub Vec<Sibling>);

impl Canonical for AuditPath {
    fn write(&self, out: &mut Vec<u8>) {
        self.0.write(out);
    }

    fn read(input: &mut Reader<'_>) -> Result<Self, DecodeError> {
        Canonical::read(input).map(Self)
    }
}

impl AuditPath {
    /// Of the leaf at a place of the list, which must have one there.
    pub(crate) fn of(leaves: &[Digest], place: usize) -> Self {
        let mut path = Vec::new();
        let mut range = 0..leaves.len();
        // From the root down, by the definition: the largest power of two below the length goes to the left.
        while range.len() > 1 {
            let middle = range.start + range.len().next_power_of_two() / 2;
            let root = |leaves: &[Digest]| digest::merkle_root(leaves.to_vec());
            if place < middle {
                path.push(Sibling::Right { digest: root(&leaves[middle..range.end]) });
                range.end = middle;
            } else {
                path.push(Sibling::Left { digest: root(&leaves[range.start..middle]) });
                range.start = middle;
            }
        }
        path.reverse();
        Self(path)
    }

    /// The root of a list in which these bytes are an element at the end of this path.
    pub(crate) fn root(&self, element: &[u8]) -> Digest {
        self.0.iter().fold(digest::leaf(element), |below, sibling| match sibling {
            Sibling::Left { digest } => Digest::of(Domain::Node, &[&digest.0, &below.0]),
            Sibling::Right { digest } => Digest::of(Domain::Node, &[&below.0, &digest.0]),
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_element_of_every_list_has_a_path_to_its_root_and_nothing_else_has() {
        for length in 1..40u8 {
            let leaves: Vec<Digest> = (0..length).map(|byte| digest::leaf(&[byte])).collect();
            let root = digest::merkle_root(leaves.clone());
            for place in 0..length {
                let path = AuditPath::of(&leaves, place as usize);
                assert!(path.0.len() <= (length as usize).next_power_of_two().ilog2() as usize);
                assert_eq!(path.root(&[place]), root, "{place} of {length}");
                assert_ne!(path.root(&[place + 1]), root, "another element");
                for step in 0..path.0.len() {
                    let mut bent = path.clone();
                    bent.0[step] = match bent.0[step] {
                        Sibling::Left { digest } => Sibling::Right { digest },
                        Sibling::Right { digest } => Sibling::Left { digest },
                    };
                    assert_ne!(bent.root(&[place]), root, "the other side");
                    let mut short = path.clone();
                    short.0.remove(step);
                    assert_ne!(short.root(&[place]), root, "a step is missing");
                }
            }
        }
    }
}
