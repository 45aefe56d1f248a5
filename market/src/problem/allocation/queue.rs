//! Groups in the order in which they are served.

use std::cmp::Ordering;

/// Groups by descending gain, ties by index, and from where on one may be open.
#[derive(Debug, Clone, Default)]
pub(super) struct Queue {
    order: Vec<usize>,
    /// Where each group is in `order`.
    places: Vec<usize>,
    /// All before this are closed.
    head: usize,
}

impl Queue {
    /// Puts `groups` groups in order; fast where it is the order of last time.
    pub(super) fn sort(&mut self, groups: usize, gain: impl Fn(usize) -> f64) {
        if self.order.len() != groups {
            self.order.clear();
            self.order.extend(0..groups);
            self.places.resize(groups, 0);
        }
        let descending =
            |&a: &usize, &b: &usize| gain(b).partial_cmp(&gain(a)).unwrap_or(Ordering::Equal).then(a.cmp(&b));
        self.order.sort_unstable_by(descending);
        self.order.iter().enumerate().for_each(|(place, &group)| self.places[group] = place);
        self.head = 0;
    }

    /// The first that is open.
    pub(super) fn first(&self, is_open: impl Fn(usize) -> bool) -> Option<usize> {
        self.order[self.head..].iter().copied().find(|&group| is_open(group))
    }

    /// Goes on to the first that is open, or to the end where none is.
    pub(super) fn advance(&mut self, first: Option<usize>) {
        self.head = first.map_or(self.order.len(), |group| self.places[group]);
    }

    /// Goes back to a group that may have opened again.
    pub(super) fn reopen(&mut self, group: usize) {
        self.head = self.head.min(self.places[group]);
    }
}
