//! Which chunk is next, and which ones count.
//!
//! Without a stopping rule the chunks of all points are run in their order. With one, the chunks of a point are *committed*
//! in their order and looked at one after the other; a few more may be under way, so that every worker has something to do.
//! What comes out beyond the stop is thrown away. So what is committed never depends on how many workers there are.

use std::collections::{BTreeMap, BTreeSet};

use super::chunk::{ChunkId, Done};
use super::file::Study;
use super::folder::{Commit, Shard};
use crate::statistics::stopping::{Decision, Watched};

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
}

#[derive(Debug, Default)]
struct PointSchedule {
    /// The watched figures by replicate, of the committed chunks from the first one on; one list a figure.
    figures: Vec<Vec<Option<f64>>>,
    committed: BTreeSet<u32>,
    under_way: BTreeSet<u32>,
    held: BTreeMap<u32, Done>,
    is_enough: bool,
}

impl<'a> Schedule<'a> {
    /// What is left of a study in whose folder there are `commits` already.
    pub fn new(study: &'a Study, shard: Shard, commits: &BTreeMap<ChunkId, Commit>, jobs: usize) -> Self {
        let points = (0..study.design.points.len()).map(|_| PointSchedule::default()).collect();
        let ahead_max = u32::try_from(jobs).unwrap_or(u32::MAX).max(1);
        let mut schedule = Self { study, shard, points, ahead_max, first_open: 0 };
        for (&id, commit) in commits {
            // Committed beyond a stop by nobody: logs are written in order.
            schedule.committed(id, commit);
        }
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
            if point.is_enough {
                continue;
            }
            let first_missing =
                (0..per_point).find(|number| !point.committed.contains(number)).unwrap_or(per_point);
            let end = if sequential { per_point.min(first_missing + self.ahead_max) } else { per_point };
            let is_free = |number: &u32| {
                self.is_ours(place, *number)
                    && !point.committed.contains(number)
                    && !point.under_way.contains(number)
                    && !point.held.contains_key(number)
            };
            let found = (first_missing..end).find(is_free);
            if let Some(number) = found {
                self.points[place].under_way.insert(number);
                return Some(ChunkId { point: place, number });
            }
            if place == self.first_open && !sequential {
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
        point.under_way.remove(&id.number);
        if !point.is_enough {
            point.held.insert(id.number, done);
        }
    }

    /// The next chunk that is to be committed, if one is.
    pub fn to_commit(&mut self) -> Option<(ChunkId, Done)> {
        let sequential = self.study.stopping.is_some();
        for (place, point) in self.points.iter_mut().enumerate() {
            let Some(&number) = point.held.keys().next() else { continue };
            let is_next = !sequential || (0..number).all(|earlier| point.committed.contains(&earlier));
            if is_next && let Some(done) = point.held.remove(&number) {
                return Some((ChunkId { point: place, number }, done));
            }
        }
        None
    }

    /// A chunk is in the folder.
    pub fn committed(&mut self, id: ChunkId, commit: &Commit) {
        let per_point = self.chunks_per_point();
        let point = &mut self.points[id.point];
        point.committed.insert(id.number);
        if let Some((rule, watched)) = &self.study.stopping {
            point.figures.resize(watched.len(), Vec::new());
            for replicate in commit.replicates.first..=commit.replicates.last {
                let finished = commit.finished.iter().find(|one| one.replicate == replicate);
                for ((name, _), values) in watched.iter().zip(&mut point.figures) {
                    values.push(finished.and_then(|one| one.figures.get(name).copied().flatten()));
                }
            }
            let looked_at: Vec<Watched<'_>> = watched
                .iter()
                .zip(&point.figures)
                .map(|((_, target), values)| Watched { values, target: *target })
                .collect();
            if !matches!(rule.decide(&looked_at), Decision::GoOn { .. }) {
                point.is_enough = true;
                point.held.clear();
            }
        }
        if point.committed.len() as u32 == per_point {
            point.is_enough = true;
        }
    }

    /// Whether all of a point that counts is in the folder.
    pub fn is_whole(&self, point: usize) -> bool {
        self.points[point].is_enough
    }

    /// Another process has committed what is in its log.
    pub fn take_note(&mut self, commits: &BTreeMap<ChunkId, Commit>) {
        for (&id, commit) in commits {
            if !self.points[id.point].committed.contains(&id.number) {
                self.committed(id, commit);
            }
        }
    }
}
