//! Proof that a key has a value, or none, under a root.

use super::{BucketTree, TreeParams, bucket_digest, entries, node_digest, push_part};
use crate::digest::Digest;

/// A key's bucket and the digests beside its path. It shows what the key's value is, or that it has none.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Proof {
    /// Keys with their values, in the order of the keys.
    entries: Vec<(Vec<u8>, Vec<u8>)>,
    /// The children of each node on the path, from the bucket's parent to the root.
    children: Vec<Vec<Digest>>,
}

impl BucketTree {
    /// Proof of a key's value, or that it has none, under the present [`root`](Self::root).
    pub fn prove(&mut self, key: &[u8]) -> Proof {
        self.root();
        let arity = self.params.arity as usize;
        let mut index = self.params.bucket_of(key) as usize;
        let entries =
            entries(&self.buckets[index]).map(|entry| (entry.key.to_vec(), entry.value.to_vec())).collect();
        let children = self.levels[..self.levels.len() - 1]
            .iter()
            .map(|level| {
                let first = index / arity * arity;
                index /= arity;
                (first..(first + arity).min(level.len())).map(|child| level[child]).collect()
            })
            .collect();
        Proof { entries, children }
    }
}

impl Proof {
    /// Whether this proves that under `root` the key has this value, or none.
    pub fn verify(&self, params: TreeParams, root: &Digest, key: &[u8], value: Option<&[u8]>) -> bool {
        let in_order = self.entries.is_sorted_by(|(one, _), (next, _)| one < next);
        let claimed = self.entries.iter().find(|(held, _)| held == key).map(|(_, value)| value.as_slice());
        if !params.is_valid() || !in_order || claimed != value {
            return false;
        }
        let mut preimage = Vec::new();
        let (mut index, mut width) = (params.bucket_of(key), params.buckets);
        for part in self.entries.iter().flat_map(|(key, value)| [key, value]) {
            push_part(&mut preimage, part);
        }
        let mut digest = bucket_digest(index, &preimage);
        for (level, children) in (1..).zip(&self.children) {
            let first = index / params.arity * params.arity;
            let expected = params.arity.min(width - first) as usize;
            if width <= 1 || children.len() != expected || children[(index - first) as usize] != digest {
                return false;
            }
            (index, width) = (index / params.arity, width.div_ceil(params.arity));
            digest = node_digest(level, index, children.iter(), params.arity, &mut preimage);
        }
        width == 1 && digest == *root
    }
}
