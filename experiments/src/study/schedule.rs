//! Which chunk is next, and which ones count.
//!
//! Without a stopping rule the chunks of all points are run in their order. With one, the chunks of a point are *committed*
//! in their order and looked at one after the other; a few more may be under way, so that every worker has something to do.
//! What comes out beyond the stop is thrown away. So what is committed never depends on how many workers there are.
//!
//! Nothing here looks at a chunk more than a few times, so that the cost of a study's plan is in proportion to its chunks.

use std::collections::{BTreeMap, BTreeSet};

use super::chunk::{ChunkId, Done};
use super::file::Study;
use super::folder::{Commit, Shard};
use super::sequential::PointSequence;

/// The chunks of a study, as far as they are known.
#[derive(Debug)]
pub struct Schedule<'a> {
    study: &'a Study,
    shard: Shard,
    points: Vec<PointSchedule>,
    /// Chunks of a point that may be under way or wait beyond the first one that is not committed.
    ahead_max: u32,
    /// The first point that may have a chunk to run.
    first_open: usize,
    /// Points with chunks that were run since they were last asked for one to commit.
    touched: BTreeSet<usize>,
}

#[derive(Debug, Default)]
struct PointSchedule {
    /// The rule over the committed chunks from the first one on, where there is a rule.
    sequence: Option<PointSequence>,
    committed: BTreeSet<u32>,
    /// Every chunk below is committed.
    first_missing: u32,
    /// Every chunk of this shard below is committed, under way or held.
    first_free: u32,
    held: BTreeMap<u32, Done>,
    is_enough: bool,
}

impl<'a> Schedule<'a> {
    /// What is left of a study in whose folder there are `commits` already.
    pub fn new(study: &'a Study, shard: Shard, commits: &BTreeMap<ChunkId, Commit>, jobs: usize) -> Self {
        let rule = study.stopping.as_ref();
        let point = || PointSchedule {
            sequence: rule.map(|(rule, watched)| PointSequence::new(*rule, watched)),
            ..PointSchedule::default()
        };
        let points = (0..study.design.points.len()).map(|_| point()).collect();
        let ahead_max = u32::try_from(jobs).unwrap_or(u32::MAX).max(1);
        let mut schedule = Self { study, shard, points, ahead_max, first_open: 0, touched: BTreeSet::new() };
        schedule.take_note(commits);
        schedule
    }

    /// Chunks of a point, if all its replicates are run.
    pub fn chunks_per_point(&self) -> u32 {
        self.study.file.replicates.div_ceil(self.study.file.chunk)
    }

    /// Chunks of this shard that may still have to be run, at most.
    pub fn left(&self) -> u64 {
        let open = |(place, point): (usize, &PointSchedule)| {
            let all = 0..if point.is_enough { 0 } else { self.chunks_per_point() };
            let wanted = |number: &u32| self.is_ours(place, *number) && !point.committed.contains(number);
            all.filter(wanted).count() as u64
        };
        self.points.iter().enumerate().map(open).sum()
    }

    /// Whether a chunk is of this process's shard.
    pub fn is_ours(&self, point: usize, number: u32) -> bool {
        self.shard.holds(point as u64 * u64::from(self.chunks_per_point()) + u64::from(number))
    }

    /// A chunk to run now, if there is one.
    pub fn next_chunk(&mut self) -> Option<ChunkId> {
        let (per_point, sequential) = (self.chunks_per_point(), self.study.stopping.is_some());
        for place in self.first_open..self.points.len() {
            let point = &self.points[place];
            let end = match sequential {
                _ if point.is_enough => 0,
                true => per_point.min(point.first_missing.saturating_add(self.ahead_max)),
                false => per_point,
            };
            let is_taken = |number: &u32| point.committed.contains(number) || !self.is_ours(place, *number);
            let number = (point.first_free..end).find(|number| !is_taken(number));
            let point = &mut self.points[place];
            if let Some(number) = number {
                point.first_free = number + 1;
                return Some(ChunkId { point: place, number });
            }
            point.first_free = point.first_free.max(end);
            if place == self.first_open && (point.is_enough || !sequential) {
                self.first_open += 1;
            }
        }
        None
    }

    /// A chunk was run. What of it and of those that waited for it is to be committed now, in order.
    ///
    /// After each commit [`committed`](Self::committed) is told, and this asked again with nothing.
    pub fn done(&mut self, id: ChunkId, done: Done) {
        let point = &mut self.points[id.point];
        if !point.is_enough {
            point.held.insert(id.number, done);
            self.touched.insert(id.point);
        }
    }

    /// The next chunk that is to be committed, if one is.
    pub fn to_commit(&mut self) -> Option<(ChunkId, Done)> {
        let sequential = self.study.stopping.is_some();
        while let Some(&place) = self.touched.first() {
            let point = &mut self.points[place];
            let next = point.held.first_entry().filter(|it| !sequential || *it.key() == point.first_missing);
            if let Some(entry) = next {
                let (number, done) = entry.remove_entry();
                return Some((ChunkId { point: place, number }, done));
            }
            self.touched.remove(&place);
        }
        None
    }

    /// A chunk is in the folder. With a rule, the chunks of a point come in their order.
    pub fn committed(&mut self, id: ChunkId, commit: &Commit) {
        let per_point = self.chunks_per_point();
        let point = &mut self.points[id.point];
        point.committed.insert(id.number);
        while point.committed.contains(&point.first_missing) {
            point.first_missing += 1;
        }
        if let Some(sequence) = point.sequence.as_mut().filter(|sequence| sequence.chunks() == id.number) {
            sequence.push(commit);
            if sequence.target_met().is_some() {
                point.is_enough = true;
                point.held.clear();
            }
        }
        if point.first_missing == per_point {
            point.is_enough = true;
        }
    }

    /// Whether all of a point that counts is in the folder.
    pub fn is_whole(&self, point: usize) -> bool {
        self.points[point].is_enough
    }

    /// These chunks are in the folder, some of them put there by other processes.
    ///
    /// With a rule, a chunk behind one that is not there counts for nothing yet: it is run again in its turn, and comes out
    /// the same.
    pub fn take_note(&mut self, commits: &BTreeMap<ChunkId, Commit>) {
        let sequential = self.study.stopping.is_some();
        for (&id, commit) in commits {
            let point = &self.points[id.point];
            let is_in_order = !sequential || id.number == point.first_missing;
            if is_in_order && !point.is_enough && !point.committed.contains(&id.number) {
                self.committed(id, commit);
            }
        }
    }
}

#[cfg(test)]
mod tests;
