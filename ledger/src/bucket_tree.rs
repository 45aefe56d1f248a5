//! A Merkle bucket tree: a fixed number of buckets, and a tree of fixed arity over their digests.
//!
//! An entry lies in bucket `SHA-256(key) mod buckets`. A bucket's digest covers its index and its entries in the
//! order of their keys; an inner node's covers its level, its index and its children at their fixed places. Where
//! nothing lies the digest is zero. So a set of entries has one root, however it came about, and no bucket or
//! subtree can be moved elsewhere. (Fabric 0.6, where the structure comes from, hashed neither level nor index, and
//! passed an only child's digest up unchanged.)
//!
//! A change re-hashes its bucket and the path above it, once for all changes since the last root. The tree is quick as
//! long as few entries share a bucket; see [`TreeParams::for_entries`].

mod proof;

pub use proof::Proof;

use crate::codec::canonical_struct;
use crate::digest::{Digest, Domain};

/// The shape of a tree, fixed for a chain's life.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct TreeParams {
    /// How many buckets.
    pub buckets: u32,
    /// How many children a node has.
    pub arity: u32,
}

canonical_struct!(TreeParams { buckets, arity });

impl Default for TreeParams {
    /// 1,024 buckets, 16 children.
    fn default() -> Self {
        Self { buckets: 1_024, arity: 16 }
    }
}

impl TreeParams {
    /// For about so many entries: two to four in each bucket, at which a hash of a bucket costs about as much as
    /// its share of the path above.
    pub fn for_entries(expected: usize) -> Self {
        let buckets = (expected / 2).clamp(16, 1 << 20).next_power_of_two() / 2;
        Self { buckets: buckets as u32, arity: 16 }
    }

    pub(crate) fn is_valid(&self) -> bool {
        (1..=1 << 24).contains(&self.buckets) && (2..=256).contains(&self.arity)
    }

    /// The bucket that a key lies in.
    fn bucket_of(&self, key: &[u8]) -> u32 {
        let digest = Digest::of(Domain::Key, &[key]);
        let head = digest.0.first_chunk::<8>().expect("invariant: a digest has 32 bytes");
        (u64::from_be_bytes(*head) % u64::from(self.buckets)) as u32
    }
}

/// A key and its value.
type Entry = (Vec<u8>, Vec<u8>);

/// The tree. Keys and values are bytes.
#[derive(Debug, Clone)]
pub struct BucketTree {
    params: TreeParams,
    /// Each bucket's entries in the order of their keys.
    buckets: Vec<Vec<Entry>>,
    /// Digests by level: the buckets' first, the root's last.
    levels: Vec<Vec<Digest>>,
    /// Buckets that changed since the last root; may repeat.
    dirty: Vec<u32>,
    /// A buffer for preimages, kept for its allocation.
    preimage: Vec<u8>,
}

impl BucketTree {
    /// An empty tree.
    ///
    /// # Panics
    /// When there are no buckets or fewer than two children; a genesis with such a tree is refused.
    pub fn new(params: TreeParams) -> Self {
        assert!(params.is_valid(), "invariant: a genesis has a tree of valid shape");
        let mut levels = vec![vec![Digest::ZERO; params.buckets as usize]];
        let mut width = params.buckets;
        while width > 1 {
            width = width.div_ceil(params.arity);
            levels.push(vec![Digest::ZERO; width as usize]);
        }
        let buckets = vec![Vec::new(); params.buckets as usize];
        Self { params, buckets, levels, dirty: Vec::new(), preimage: Vec::new() }
    }

    /// The tree's shape.
    pub fn params(&self) -> TreeParams {
        self.params
    }

    /// The value of a key.
    pub fn get(&self, key: &[u8]) -> Option<&[u8]> {
        let bucket = &self.buckets[self.params.bucket_of(key) as usize];
        find(bucket, key).ok().map(|place| bucket[place].1.as_slice())
    }

    /// Sets the value of a key, or takes the key out.
    pub fn set(&mut self, key: &[u8], value: Option<&[u8]>) {
        let index = self.params.bucket_of(key);
        let bucket = &mut self.buckets[index as usize];
        match (find(bucket, key), value) {
            (Ok(place), Some(value)) => {
                let held = &mut bucket[place].1;
                held.clear();
                held.extend_from_slice(value);
            }
            (Err(place), Some(value)) => bucket.insert(place, (key.to_vec(), value.to_vec())),
            (Ok(place), None) => {
                bucket.remove(place);
            }
            (Err(_), None) => return,
        }
        self.dirty.push(index);
    }

    /// The root over everything that is in the tree.
    pub fn root(&mut self) -> Digest {
        let mut dirty = std::mem::take(&mut self.dirty);
        dirty.sort_unstable();
        dirty.dedup();
        for &index in &dirty {
            self.levels[0][index as usize] =
                bucket_digest(index, &self.buckets[index as usize], &mut self.preimage);
        }
        for level in 1..self.levels.len() {
            dirty.iter_mut().for_each(|index| *index /= self.params.arity);
            dirty.dedup();
            for &index in &dirty {
                let (below, here) = self.levels.split_at_mut(level);
                let first = (index * self.params.arity) as usize;
                let last = (first + self.params.arity as usize).min(below[level - 1].len());
                let children = &below[level - 1][first..last];
                here[0][index as usize] =
                    node_digest(level, index, children, self.params.arity, &mut self.preimage);
            }
        }
        dirty.clear();
        self.dirty = dirty;
        self.levels[self.levels.len() - 1][0]
    }
}

/// Where a key is in a bucket, or where it would be.
fn find(bucket: &[Entry], key: &[u8]) -> Result<usize, usize> {
    bucket.binary_search_by(|(held, _)| held.as_slice().cmp(key))
}

fn bucket_digest(index: u32, entries: &[Entry], preimage: &mut Vec<u8>) -> Digest {
    if entries.is_empty() {
        return Digest::ZERO;
    }
    preimage.clear();
    preimage.extend_from_slice(&index.to_be_bytes());
    for part in entries.iter().flat_map(|(key, value)| [key, value]) {
        preimage.extend_from_slice(&(part.len() as u32).to_be_bytes());
        preimage.extend_from_slice(part);
    }
    Digest::of(Domain::Bucket, &[preimage])
}

fn node_digest(level: usize, index: u32, children: &[Digest], arity: u32, preimage: &mut Vec<u8>) -> Digest {
    if children.iter().all(|child| *child == Digest::ZERO) {
        return Digest::ZERO;
    }
    preimage.clear();
    preimage.push(level as u8);
    preimage.extend_from_slice(&index.to_be_bytes());
    children.iter().for_each(|child| preimage.extend_from_slice(&child.0));
    preimage.resize(5 + 32 * arity as usize, 0);
    Digest::of(Domain::TreeNode, &[preimage])
}

#[cfg(test)]
mod tests;
