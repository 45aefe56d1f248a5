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

use std::sync::Arc;

use crate::codec::canonical_struct;
use crate::digest::{Digest, Domain};
use crate::shared_list::SharedList;

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

/// A bucket's entries in the order of their keys, each as the length of the key, the key, the length of the value and
/// the value: what its digest covers, and shared by copies of the tree until it changes.
type Bucket = Arc<[u8]>;

/// The tree. Keys and values are bytes. Copies share what neither has changed.
#[derive(Debug, Clone)]
pub struct BucketTree {
    params: TreeParams,
    buckets: SharedList<Bucket>,
    /// Digests by level: the buckets' first, the root's last.
    levels: Vec<SharedList<Digest>>,
    /// Buckets that changed since the last root; may repeat.
    dirty: Vec<u32>,
    /// A buffer for preimages and buckets, kept for its allocation.
    preimage: Vec<u8>,
}

impl BucketTree {
    /// An empty tree.
    ///
    /// # Panics
    /// When there are no buckets or fewer than two children; a genesis with such a tree is refused.
    pub fn new(params: TreeParams) -> Self {
        assert!(params.is_valid(), "invariant: a genesis has a tree of valid shape");
        let level = |width: u32| SharedList::new(&vec![Digest::ZERO; width as usize]);
        let mut levels = vec![level(params.buckets)];
        let mut width = params.buckets;
        while width > 1 {
            width = width.div_ceil(params.arity);
            levels.push(level(width));
        }
        let buckets = SharedList::new(&vec![Bucket::default(); params.buckets as usize]);
        Self { params, buckets, levels, dirty: Vec::new(), preimage: Vec::new() }
    }

    /// The tree's shape.
    pub fn params(&self) -> TreeParams {
        self.params
    }

    /// The value of a key.
    pub fn get(&self, key: &[u8]) -> Option<&[u8]> {
        let bucket = &self.buckets[self.params.bucket_of(key) as usize];
        entries(bucket).find(|entry| entry.key == key).map(|entry| entry.value)
    }

    /// Sets the value of a key, or takes the key out.
    pub fn set(&mut self, key: &[u8], value: Option<&[u8]>) {
        let index = self.params.bucket_of(key);
        let bucket = self.buckets.get_mut(index as usize);
        let at_or_after = entries(bucket).find(|entry| entry.key >= key);
        let (before, after) = match at_or_after {
            Some(entry) if entry.key == key => (entry.start, entry.end),
            Some(entry) => (entry.start, entry.start),
            None => (bucket.len(), bucket.len()),
        };
        if value.is_none() && before == after {
            return;
        }
        self.preimage.clear();
        self.preimage.extend_from_slice(&bucket[..before]);
        if let Some(value) = value {
            push_part(&mut self.preimage, key);
            push_part(&mut self.preimage, value);
        }
        self.preimage.extend_from_slice(&bucket[after..]);
        *bucket = Bucket::from(self.preimage.as_slice());
        self.dirty.push(index);
    }

    /// The root over everything that is in the tree.
    pub fn root(&mut self) -> Digest {
        let mut dirty = std::mem::take(&mut self.dirty);
        dirty.sort_unstable();
        dirty.dedup();
        for &index in &dirty {
            *self.levels[0].get_mut(index as usize) = bucket_digest(index, &self.buckets[index as usize]);
        }
        for level in 1..self.levels.len() {
            dirty.iter_mut().for_each(|index| *index /= self.params.arity);
            dirty.dedup();
            for &index in &dirty {
                let (below, here) = self.levels.split_at_mut(level);
                let first = (index * self.params.arity) as usize;
                let last = (first + self.params.arity as usize).min(below[level - 1].len());
                let children = (first..last).map(|child| &below[level - 1][child]);
                *here[0].get_mut(index as usize) =
                    node_digest(level, index, children, self.params.arity, &mut self.preimage);
            }
        }
        dirty.clear();
        self.dirty = dirty;
        self.levels[self.levels.len() - 1][0]
    }
}

/// An entry of a bucket, and where it is.
struct Entry<'a> {
    key: &'a [u8],
    value: &'a [u8],
    start: usize,
    end: usize,
}

/// The entries of a bucket in order.
fn entries(bucket: &[u8]) -> impl Iterator<Item = Entry<'_>> {
    let mut start = 0;
    std::iter::from_fn(move || {
        let (key, value_at) = part_at(bucket, start)?;
        let (value, end) = part_at(bucket, value_at)?;
        let entry = Entry { key, value, start, end };
        start = end;
        Some(entry)
    })
}

/// The key or value that starts at a place of a bucket, and where it ends.
fn part_at(bucket: &[u8], start: usize) -> Option<(&[u8], usize)> {
    let (length, rest) = bucket.get(start..)?.split_first_chunk::<4>()?;
    let length = u32::from_be_bytes(*length) as usize;
    Some((rest.get(..length)?, start + 4 + length))
}

/// Appends a key or a value.
fn push_part(bucket: &mut Vec<u8>, part: &[u8]) {
    bucket.extend_from_slice(&(part.len() as u32).to_be_bytes());
    bucket.extend_from_slice(part);
}

fn bucket_digest(index: u32, bucket: &[u8]) -> Digest {
    if bucket.is_empty() {
        return Digest::ZERO;
    }
    Digest::of(Domain::Bucket, &[&index.to_be_bytes(), bucket])
}

fn node_digest<'a>(
    level: usize,
    index: u32,
    children: impl Iterator<Item = &'a Digest> + Clone,
    arity: u32,
    preimage: &mut Vec<u8>,
) -> Digest {
    if children.clone().all(|child| *child == Digest::ZERO) {
        return Digest::ZERO;
    }
    preimage.clear();
    preimage.push(level as u8);
    preimage.extend_from_slice(&index.to_be_bytes());
    children.for_each(|child| preimage.extend_from_slice(&child.0));
    preimage.resize(5 + 32 * arity as usize, 0);
    Digest::of(Domain::TreeNode, &[preimage])
}

#[cfg(test)]
mod tests;
