//! The candidates of a search that no other beats in both objectives.

/// A bounded set of non-dominated candidates with two objectives, both the more the better, in order of the first.
///
/// Which candidates are kept depends on the order of offers alone. When it is full, the candidate whose neighbours are
/// closest to each other goes; the two ends stay.
#[derive(Debug)]
pub(super) struct Archive {
    capacity: usize,
    dimensions: usize,
    points: Vec<[f64; 2]>,
    /// How far apart each point's neighbours are, for the range at hand; infinite at the ends.
    rooms: Vec<f64>,
    /// The range of each objective when the rooms were measured.
    range: [f64; 2],
    /// Where the genes of each point are.
    slots: Vec<usize>,
    free: Vec<usize>,
    genes: Vec<f64>,
}

impl Archive {
    /// An empty archive for candidates of so many genes.
    pub(super) fn new(capacity: usize, dimensions: usize) -> Self {
        let room = capacity + 1;
        Self {
            capacity,
            dimensions,
            points: Vec::with_capacity(room),
            rooms: Vec::with_capacity(room),
            range: [0.0; 2],
            slots: Vec::with_capacity(room),
            free: (0..room).collect(),
            genes: vec![0.0; room * dimensions],
        }
    }

    /// The front: the first objective ascends, the second descends.
    pub(super) fn front(&self) -> &[[f64; 2]] {
        &self.points
    }

    /// The genes of a point of the front.
    pub(super) fn genes(&self, point: usize) -> &[f64] {
        &self.genes[self.slots[point] * self.dimensions..][..self.dimensions]
    }

    /// Takes a candidate in unless one that is there is at least as good in both.
    pub(super) fn offer(&mut self, point: [f64; 2], gene: impl Fn(usize) -> f64) {
        if !point.iter().all(|objective| objective.is_finite()) {
            return;
        }
        // The first that has as much of the first objective has the most of the second among those.
        let at = self.points.partition_point(|kept| kept[0] < point[0]);
        if self.points.get(at).is_some_and(|kept| kept[1] >= point[1]) {
            return;
        }
        // It may equal the kept one in the first objective; that one is beaten then, with those before it.
        let end = at + usize::from(self.points.get(at).is_some_and(|kept| kept[0] == point[0]));
        let start = self.points[..at].partition_point(|kept| kept[1] > point[1]);
        self.free.extend(self.slots.drain(start..end));
        self.points.splice(start..end, [point]);
        self.rooms.splice(start..end, [f64::INFINITY]);
        let slot = self.free.pop().expect("invariant: there is a slot more than points are kept");
        self.slots.insert(start, slot);
        for (j, own) in self.genes[slot * self.dimensions..][..self.dimensions].iter_mut().enumerate() {
            *own = gene(j);
        }
        self.measure_around(start);
        if self.points.len() > self.capacity {
            self.drop_most_crowded();
        }
    }

    /// Measures the rooms that a change at `index` touches: its own and its neighbours', or all where the range is another.
    fn measure_around(&mut self, index: usize) {
        let (first, last) = (self.points[0], self.points[self.points.len() - 1]);
        let range =
            [(last[0] - first[0]).max(f64::MIN_POSITIVE), (first[1] - last[1]).max(f64::MIN_POSITIVE)];
        let all = 0..self.points.len();
        let near = index.saturating_sub(1)..(index + 2).min(self.points.len());
        let touched = if range == self.range { near } else { all };
        self.range = range;
        for index in touched {
            self.rooms[index] = self.room(index);
        }
    }

    fn room(&self, index: usize) -> f64 {
        if index == 0 || index + 1 == self.points.len() {
            return f64::INFINITY;
        }
        let (before, after) = (self.points[index - 1], self.points[index + 1]);
        (after[0] - before[0]) / self.range[0] + (before[1] - after[1]) / self.range[1]
    }

    fn drop_most_crowded(&mut self) {
        // An archive of one or two has only ends, of which the first goes.
        let least = least(&self.rooms);
        let crowded = self.rooms.iter().position(|&room| room == least).unwrap_or(0);
        self.points.remove(crowded);
        self.rooms.remove(crowded);
        self.free.push(self.slots.remove(crowded));
        self.measure_around(crowded);
    }
}

/// The least of `rooms`, found side by side.
fn least(rooms: &[f64]) -> f64 {
    let less = |a: f64, b: f64| if b < a { b } else { a };
    let (chunks, rest) = rooms.as_chunks::<8>();
    let mut least = [f64::INFINITY; 8];
    for chunk in chunks {
        least = std::array::from_fn(|lane| less(least[lane], chunk[lane]));
    }
    least.iter().chain(rest).copied().fold(f64::INFINITY, less)
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    proptest! {
        #[test]
        fn the_front_is_what_nothing_dominates(points in prop::collection::vec((0u8..12, 0u8..12), 0..60)) {
            let mut archive = Archive::new(128, 2);
            let points: Vec<[f64; 2]> = points.iter().map(|&(a, b)| [f64::from(a), f64::from(b)]).collect();
            points.iter().for_each(|&point| archive.offer(point, |j| point[j]));
            let beaten = |p: &[f64; 2]| points.iter().any(|q| q[0] >= p[0] && q[1] >= p[1] && q != p);
            let mut expected: Vec<[f64; 2]> = points.iter().copied().filter(|p| !beaten(p)).collect();
            expected.sort_by(|p, q| p[0].total_cmp(&q[0]));
            expected.dedup();
            prop_assert_eq!(archive.front(), &expected[..]);
            for (index, point) in archive.front().iter().enumerate() {
                prop_assert_eq!(archive.genes(index), point, "genes stay with their point");
            }
        }

        #[test]
        fn a_full_archive_keeps_its_bounds_and_its_ends(points in prop::collection::vec(0.0f64..1.0, 20..80)) {
            let mut archive = Archive::new(8, 1);
            points.iter().for_each(|&u| archive.offer([u, 1.0 - u * u], |_| u));
            prop_assert!(archive.front().len() <= 8);
            for (index, point) in archive.front().iter().enumerate() {
                prop_assert_eq!(archive.genes(index)[0], point[0]);
            }
            let least = points.iter().copied().fold(f64::INFINITY, f64::min);
            let most = points.iter().copied().fold(f64::NEG_INFINITY, f64::max);
            prop_assert_eq!(archive.front()[0][0], least);
            prop_assert_eq!(archive.front()[archive.front().len() - 1][0], most);
        }
    }

    #[test]
    fn what_is_not_a_number_is_not_kept() {
        let mut archive = Archive::new(4, 1);
        archive.offer([f64::NAN, 1.0], |_| 0.0);
        assert!(archive.front().is_empty());
    }
}
