//! Proof that a key has a value, or none, under a root.

use super::{BucketTree, Entry, TreeParams, bucket_digest, find, node_digest};
use crate::digest::Digest;

/// A key's bucket and the digests beside its path. It shows what the key's value is, or that it has none.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Proof {
    entries: Vec<Entry>,
    /// The children of each node on the path, from the bucket's parent to the root.
    children: Vec<Vec<Digest>>,
}

impl BucketTree {
    /// Proof of a key's value, or that it has none, under the present [`root`](Self::root).
    pub fn prove(&mut self, key: &[u8]) -> Proof {
        self.root();
        let arity = self.params.arity as usize;
        let mut index = self.params.bucket_of(key) as usize;
        let entries = self.buckets[index].clone();
        let children = self.levels[..self.levels.len() - 1]
            .iter()
            .map(|level| {
                let first = index / arity * arity;
                index /= arity;
                level[first..(first + arity).min(level.len())].to_vec()
            })
            .collect();
        Proof { entries, children }
    }
}

impl Proof {
    /// Whether this proves that under `root` the key has this value, or none.
    pub fn verify(&self, params: TreeParams, root: &Digest, key: &[u8], value: Option<&[u8]>) -> bool {
        let in_order = self.entries.is_sorted_by(|(one, _), (next, _)| one < next);
        let claimed = find(&self.entries, key).ok().map(|place| self.entries[place].1.as_slice());
        if !params.is_valid() || !in_order || claimed != value {
            return false;
        }
        let mut preimage = Vec::new();
        let (mut index, mut width) = (params.bucket_of(key), params.buckets);
        let mut digest = bucket_digest(index, &self.entries, &mut preimage);
        for (level, children) in (1..).zip(&self.children) {
            let first = index / params.arity * params.arity;
            let expected = params.arity.min(width - first) as usize;
            if width <= 1 || children.len() != expected || children[(index - first) as usize] != digest {
                return false;
            }
            (index, width) = (index / params.arity, width.div_ceil(params.arity));
            digest = node_digest(level, index, children, params.arity, &mut preimage);
        }
        width == 1 && digest == *root
    }
}
