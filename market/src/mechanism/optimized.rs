//! Clearing by an optimizer: explore, weigh the two objectives by the front found, then optimise the compromise.

use serde::{Deserialize, Serialize};

use super::archive::Archive;
use super::{Clearing, EQUAL_WEIGHTS, Mechanism, Yardstick};
use crate::compromise::{knee_point, topsis};
use crate::entropy_weight::{Criterion, entropy_weights, is_straight, resample_front};
use crate::optimizer::{Optimizer, Problem, TracePoint};
use crate::order::GroupId;
use crate::problem::{PeriodProblem, Scheme};

/// The most candidates of the front that are kept.
const ARCHIVE_CAPACITY: usize = 128;
/// One iteration in so many explores, before the weights are known.
pub const EXPLORING_PART: u32 = 5;
/// Points along the front that are weighed.
const FRONT_POINTS: usize = 101;
/// A front within this share of its range of a straight line has no compromise of its own.
const STRAIGHT: f64 = 0.01;
/// What the smaller of the two normalised objectives counts beside U: it breaks ties, and costs no more than this in U.
const TIE_BREAK: f64 = 1e-7;

/// Clears with an optimizer.
///
/// 1. *Explore.* In the first fifth of the iterations every individual maximises U for weights of its own, from all cost
///    to all profit, so that the whole front is seen; all candidates are offered to an archive of non-dominated ones. An
///    optimizer whose individuals do not [keep their places](Optimizer::keeps_places) explores with equal weights.
/// 2. *Weigh.* The archive's front, resampled evenly along its arc, gives the weights by the entropy method. A
///    straight front, such as that of a pure price transfer, makes all of its schemes tie and the weights noise: they
///    stay equal then. With [`Weighting::Equal`] they always do.
/// 3. *Compromise.* The remaining iterations maximise U for the weights, now frozen, from a new population: half of it from
///    along the front, half drawn again, since the explorers have gathered at other optima. Between schemes that tie, the
///    larger of min(u_profit, u_cost) wins, by a term of 1e-7 of it.
///
/// With [`Compromise::Topsis`] or [`Compromise::Knee`] the whole search explores, and the scheme is one of the archive. Its gap
/// is still that of U, and holds what the choice itself gives up of U.
///
/// Evaluations are those of the optimizer's iterations, and N for the new population.
///
/// [Warm-started](Self::warm_started), the new population also has the best of the last period with the same groups: genes
/// are shares of what there is, so what was good at noon is a good guess for a quarter past.
#[derive(Debug)]
pub struct Optimized<O> {
    optimizer: O,
    weighting: Weighting,
    compromise: Compromise,
    is_warm: bool,
    last: Option<Memory>,
}

/// How sellers' profit and buyers' cost are weighed against each other.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize)]
pub enum Weighting {
    /// By the entropy weight method, over the front that the search has seen: as in the paper. The weights are data of
    /// that front, and differ between searches that have seen it differently.
    #[default]
    Entropy,
    /// Both alike, in units of their ranges over the front. The chord of the front then has the slope -1, so the best scheme
    /// is also the front's [knee](crate::compromise::knee_point). `exact` weighs like this.
    Equal,
}

/// How one scheme is taken from the front.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize)]
pub enum Compromise {
    /// The largest weighted sum U, which most of the search is spent on.
    #[default]
    WeightedSum,
    /// The [closest to the best of everything](crate::compromise::topsis) of the front that the whole search has seen.
    Topsis,
    /// Its [knee](crate::compromise::knee_point), for which weights do not count.
    Knee,
}

/// The best of a period, for the next one.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Memory {
    groups: [Vec<GroupId>; 2],
    genes: Vec<f64>,
}

impl<O: Optimizer> Optimized<O> {
    /// With the given optimizer.
    pub fn new(optimizer: O) -> Self {
        let (weighting, compromise) = (Weighting::default(), Compromise::default());
        Self { optimizer, weighting, compromise, is_warm: false, last: None }
    }

    /// Weighs the two objectives in this way.
    #[must_use]
    pub fn weighted_by(self, weighting: Weighting) -> Self {
        Self { weighting, ..self }
    }

    /// Takes the scheme from the front in this way.
    #[must_use]
    pub fn compromising_by(self, compromise: Compromise) -> Self {
        Self { compromise, ..self }
    }

    /// Starts each period with the best of the last one. A clearing then depends on those before it.
    #[must_use]
    pub fn warm_started(self) -> Self {
        Self { is_warm: true, ..self }
    }

    /// The best of the last period, if it had the same groups.
    fn last_best(&self, groups: &[Vec<GroupId>; 2]) -> Option<&[f64]> {
        self.last.as_ref().filter(|last| last.groups == *groups).map(|last| last.genes.as_slice())
    }

    fn search(&mut self, problem: &PeriodProblem, yardstick: &Yardstick, seed: [u64; 2]) -> Searched {
        let iterations = self.optimizer.settings().iterations;
        let exploring = match self.compromise {
            Compromise::WeightedSum => iterations / EXPLORING_PART,
            Compromise::Topsis | Compromise::Knee => iterations,
        };
        let size = self.optimizer.settings().population;
        let mut trace = Vec::with_capacity(iterations as usize + 2);
        let archive = Archive::new(ARCHIVE_CAPACITY, problem.dimensions());
        let mut weighted = Weighted::new(problem, yardstick, size, archive);
        weighted.is_alike = !self.optimizer.keeps_places();

        self.optimizer.start(&mut weighted, seed);
        trace.push(self.optimizer.population().trace_point());
        self.optimizer.advance(&mut weighted, exploring, &mut trace);

        let archive = weighted.archive.take().expect("invariant: exploring fills the archive");
        let weights = match self.weighting {
            Weighting::Entropy => weigh(archive.front()),
            Weighting::Equal => EQUAL_WEIGHTS,
        };
        weighted.weights = weights;
        let picked = pick(archive.front(), weights, self.compromise);
        let groups = if self.is_warm { problem.groups() } else { Default::default() };
        if let Some(picked) = picked {
            negate(&mut trace);
            let genes = archive.genes(picked).to_vec();
            let (scheme, explored) = (problem.decode(&genes), self.optimizer.population().iterations());
            self.last = self.is_warm.then_some(Memory { groups, genes });
            return Searched { scheme, weights, explored, trace };
        }
        let mut guests = guests(&archive, weights, size / 2);
        // In the second place: the first is the archive's best.
        let last_best = self.last_best(&groups).map(<[f64]>::to_vec);
        guests.splice(1.min(guests.len())..1.min(guests.len()), last_best.as_deref());
        self.optimizer.restart(&mut weighted, &guests);
        let explored = self.optimizer.population().iterations();
        self.optimizer.advance(&mut weighted, iterations - explored, &mut trace);

        negate(&mut trace);
        let genes = self.optimizer.population().best_genes();
        let scheme = problem.decode(&genes);
        self.last = self.is_warm.then_some(Memory { groups, genes });
        Searched { scheme, weights, explored, trace }
    }
}

/// Weights of profit and cost from a front of normalised objectives.
fn weigh(front: &[[f64; 2]]) -> [f64; 2] {
    if is_straight(front, STRAIGHT) {
        return EQUAL_WEIGHTS;
    }
    let front = resample_front(front, FRONT_POINTS);
    let column = |axis: usize| front.iter().map(|point| point[axis]).collect::<Vec<f64>>();
    let (profit, cost) = (column(0), column(1));
    // u_cost is what is saved, so both are the more the better.
    entropy_weights(&[Criterion::benefit(&profit), Criterion::benefit(&cost)])
        .map_or(EQUAL_WEIGHTS, |found| [found.weights[0], found.weights[1]])
}

/// The optimizer minimises; tables show U.
fn negate(trace: &mut [TracePoint]) {
    for point in trace {
        (point.best, point.mean) = (-point.best, -point.mean);
    }
}

/// The point of a front that is taken as it is, or `None` where the search goes on for the weighted sum. On a straight
/// front nothing else tells its points apart: the fairest is taken.
fn pick(front: &[[f64; 2]], weights: [f64; 2], compromise: Compromise) -> Option<usize> {
    let largest = |value: fn(&[f64; 2]) -> f64| {
        // Of equals the first.
        (0..front.len()).rev().max_by(|&a, &b| value(&front[a]).total_cmp(&value(&front[b])))
    };
    let fairest = || largest(|&[profit, cost]| profit.min(cost));
    match compromise {
        Compromise::WeightedSum => None,
        _ if is_straight(front, STRAIGHT) => fairest(),
        Compromise::Knee => knee_point(front).or_else(fairest),
        Compromise::Topsis => {
            let column = |axis: usize| front.iter().map(|point| point[axis]).collect::<Vec<f64>>();
            let (profit, cost) = (column(0), column(1));
            topsis(&[Criterion::benefit(&profit), Criterion::benefit(&cost)], &weights)
                .map_or_else(|_| fairest(), |found| found.ranking.first().copied())
        }
    }
}

/// Candidates of the front with which to go on: the best for the weights, and others evenly along the front.
fn guests(archive: &Archive, weights: [f64; 2], most: usize) -> Vec<&[f64]> {
    let front = archive.front();
    let value = |point: &[f64; 2]| weights[0] * point[0] + weights[1] * point[1];
    let best = (0..front.len()).max_by(|&a, &b| value(&front[a]).total_cmp(&value(&front[b])));
    let others = most.saturating_sub(1).min(front.len());
    let spread = (0..others).map(|index| index * (front.len() - 1) / others.saturating_sub(1).max(1));
    best.into_iter().chain(spread).map(|point| archive.genes(point)).collect()
}

/// What a search came to.
struct Searched {
    scheme: Scheme,
    weights: [f64; 2],
    explored: u32,
    trace: Vec<TracePoint>,
}

impl<O: Optimizer> Mechanism for Optimized<O> {
    fn name(&self) -> &'static str {
        self.optimizer.name()
    }

    fn memory(&self) -> Option<&Memory> {
        self.last.as_ref()
    }

    fn recall(&mut self, memory: Memory) {
        self.last = self.is_warm.then_some(memory);
    }

    fn clear(&mut self, problem: &PeriodProblem, seed: [u64; 2]) -> Clearing {
        let yardstick = Yardstick::of(problem);
        if !problem.is_tradeable() {
            // Only storage is left to decide, which needs no search.
            let scheme = super::exact::exact_on(problem, &yardstick, EQUAL_WEIGHTS).scheme;
            return Clearing::of(problem, &yardstick, scheme);
        }
        let Searched { scheme, weights, explored, trace } = self.search(problem, &yardstick, seed);
        let mut clearing = Clearing::of(problem, &yardstick, scheme);
        let population = self.optimizer.population();
        clearing.gap = yardstick.gap(problem, &clearing.objectives, weights);
        clearing.weights = Some(weights);
        clearing.iterations = population.iterations();
        clearing.evaluations = population.evaluations();
        clearing.explored = explored;
        clearing.explored_weights = (!self.optimizer.keeps_places()).then_some(EQUAL_WEIGHTS);
        clearing.trace = trace;
        clearing
    }
}

/// The period's problem as a minimiser sees it: -U of a batch of candidates.
struct Weighted<'a> {
    problem: &'a PeriodProblem,
    yardstick: &'a Yardstick,
    weights: [f64; 2],
    /// Whether all individuals have the same weights, also while exploring.
    is_alike: bool,
    /// Where candidates are offered, while exploring.
    archive: Option<Archive>,
    profits: Vec<f64>,
    costs: Vec<f64>,
}

impl<'a> Weighted<'a> {
    fn new(problem: &'a PeriodProblem, yardstick: &'a Yardstick, size: usize, archive: Archive) -> Self {
        let (profits, costs) = (vec![0.0; size], vec![0.0; size]);
        Self {
            problem,
            yardstick,
            weights: EQUAL_WEIGHTS,
            is_alike: false,
            archive: Some(archive),
            profits,
            costs,
        }
    }
}

impl Weighted<'_> {
    /// The weights of candidate `i` of `n`: its own while exploring, from all cost to all profit.
    fn weights_of(&self, i: usize, n: usize) -> [f64; 2] {
        if self.is_alike || self.archive.is_none() {
            return self.weights;
        }
        let profit = i as f64 / (n - 1).max(1) as f64;
        [profit, 1.0 - profit]
    }
}

impl Problem for Weighted<'_> {
    fn dimensions(&self) -> usize {
        self.problem.dimensions()
    }

    fn evaluate(&mut self, genes: &[f64], n: usize, values: &mut [f64]) {
        // Optimizers that shrink their population evaluate fewer than at first.
        self.profits.resize(n, 0.0);
        self.costs.resize(n, 0.0);
        self.problem.evaluate_batch(genes, n, &mut self.profits, &mut self.costs);
        let normalise = self.yardstick.normaliser();
        for (i, value) in values.iter_mut().enumerate() {
            let [profit, cost] = normalise(self.profits[i], self.costs[i]);
            let fairness = profit.min(cost);
            let weights = self.weights_of(i, n);
            *value = -(weights[0] * profit + weights[1] * cost + TIE_BREAK * fairness);
            if let Some(archive) = &mut self.archive {
                archive.offer([profit, cost], |j| genes[j * n + i]);
            }
        }
    }
}
