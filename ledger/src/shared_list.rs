//! A list whose copies share what neither of them has changed.
//!
//! Copying costs a pointer for every [`CHUNK`] elements. The first change in a chunk that somebody else holds too copies
//! that chunk; after that, changes in it happen in place.

use std::ops::Index;
use std::sync::Arc;

/// How many elements are shared or copied together.
const CHUNK: usize = 32;

/// A list that never gets shorter.
#[derive(Debug, Clone, PartialEq)]
pub(crate) struct SharedList<T> {
    chunks: Vec<Arc<[T]>>,
    len: usize,
}

impl<T: Clone> SharedList<T> {
    /// A list of the elements.
    pub(crate) fn new(elements: &[T]) -> Self {
        Self { chunks: elements.chunks(CHUNK).map(Arc::from).collect(), len: elements.len() }
    }

    /// How many elements there are.
    pub(crate) fn len(&self) -> usize {
        self.len
    }

    /// An element, or `None` beyond the end.
    pub(crate) fn get(&self, index: usize) -> Option<&T> {
        self.chunks.get(index / CHUNK)?.get(index % CHUNK)
    }

    /// An element to change, in this copy of the list alone.
    ///
    /// # Panics
    /// Beyond the end.
    pub(crate) fn get_mut(&mut self, index: usize) -> &mut T {
        &mut Arc::make_mut(&mut self.chunks[index / CHUNK])[index % CHUNK]
    }

    /// Appends an element.
    pub(crate) fn push(&mut self, element: T) {
        if self.len.is_multiple_of(CHUNK) {
            self.chunks.push(Arc::from([element]));
        } else {
            let last = self.chunks.last_mut().expect("invariant: the last chunk is not full");
            *last = last.iter().cloned().chain([element]).collect();
        }
        self.len += 1;
    }

    /// All elements in order.
    pub(crate) fn iter(&self) -> impl Iterator<Item = &T> {
        self.chunks.iter().flat_map(|chunk| chunk.iter())
    }
}

impl<T> Index<usize> for SharedList<T> {
    type Output = T;

    fn index(&self, index: usize) -> &T {
        &self.chunks[index / CHUNK][index % CHUNK]
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    proptest! {
        #[test]
        fn copies_are_the_lists_that_plain_copies_would_be(
            elements in prop::collection::vec(any::<u8>(), 1..200),
            changes in prop::collection::vec((any::<bool>(), any::<prop::sample::Index>(), any::<u8>()), 0..50),
        ) {
            let mut plain = [elements.clone(), elements.clone()];
            let first = SharedList::new(&elements);
            let mut shared = [first.clone(), first];
            for (which, place, value) in changes {
                let place = place.index(elements.len());
                plain[usize::from(which)][place] = value;
                *shared[usize::from(which)].get_mut(place) = value;
            }
            for element in elements {
                plain[1].push(element);
                shared[1].push(element);
            }
            for (plain, shared) in plain.iter().zip(&shared) {
                prop_assert_eq!(shared.len(), plain.len());
                prop_assert!(shared.iter().eq(plain));
                prop_assert!((0..=plain.len()).all(|place| shared.get(place) == plain.get(place)));
            }
        }
    }
}
