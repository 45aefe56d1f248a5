//! The best price, globally: branch and bound over integer prices, with the allocation exact at each.
//!
//! With gains a per unit of profit and b per unit of cost saved, a kWh sold by group g gains
//! a (p - reserve_g) + b (Q_out - Q_b): it changes with the price by (a - b), the same for all groups. What can be sold
//! and moved only grows with the price. So:
//!
//! * a >= b: both grow, and the highest price is best.
//! * a < b: on prices l..h, [`Program`]s at both ends have dual prices y_l and y_h. Between the ends the gains are linear
//!   in p, so that interpolated dual prices stay feasible; what is movable is convex between breakpoints, so its chord is
//!   above it. At the share t of the way, the bound is the quadratic
//!   (1-t)^2 y_l u_l + t (1-t) (y_l u_h + y_h u_l) + t^2 y_h u_h, with u the limits at the ends: exact at the ends, and
//!   wrong by the square of the interval's width between them. Where breakpoints lie inside, the limits of the upper end
//!   stand for both.

use std::cmp::Ordering;
use std::collections::BinaryHeap;

use crate::order::PriceBand;
use crate::problem::allocation::{Dual, Flow, Program};
use crate::problem::{PeriodProblem, Scheme};
use crate::quantity::Price;

/// The search ends when the bound is this close to the best value found, as a share of it.
const RELATIVE_TOLERANCE: f64 = 1e-10;

/// Values this close tie.
const TIE: f64 = 1e-9;

/// The search ends after so many intervals, with the bound that it has by then.
const NODE_LIMIT: u32 = 20_000;

/// The best scheme found and its certificate.
#[derive(Debug, Clone)]
pub(super) struct Found {
    pub(super) scheme: Scheme,
    pub(super) value: f64,
    pub(super) bound: f64,
    pub(super) nodes: u32,
}

/// The largest welfare of any scheme (currency).
///
/// The price only moves money between users, and what can be sold and moved grows with it: at the highest price the
/// allocation alone decides. This is a maximum over schemes, not only a bound.
pub(super) fn largest_welfare(problem: &PeriodProblem) -> f64 {
    let search = PriceSearch::new(problem);
    let mut program = Program::default();
    search.program([1.0, 1.0], search.ends().1, search.ends().1, &mut program);
    program.sell_gain.iter_mut().for_each(|gain| *gain += problem.fees());
    program.solve(&mut Flow::default())
}

/// A problem's prices, ready to be searched.
#[derive(Debug)]
pub(super) struct PriceSearch<'a> {
    problem: &'a PeriodProblem,
    /// The band, or `None` where users cannot trade.
    band: Option<PriceBand>,
    breakpoints: Vec<i64>,
}

/// Prices from `low` to `high` (micro) and a bound on every value among them.
#[derive(Debug, PartialEq)]
struct Interval {
    bound: f64,
    low: i64,
    high: i64,
}

impl Eq for Interval {}

impl Ord for Interval {
    fn cmp(&self, other: &Self) -> Ordering {
        self.bound.total_cmp(&other.bound).then_with(|| other.low.cmp(&self.low))
    }
}

impl PartialOrd for Interval {
    fn partial_cmp(&self, other: &Self) -> Option<Ordering> {
        Some(self.cmp(other))
    }
}

/// Room for the programs of one interval, kept between intervals.
#[derive(Default)]
struct Workspace {
    low: Program,
    high: Program,
    flow: Flow,
    low_dual: Dual,
    high_dual: Dual,
}

/// The best price so far.
struct Incumbent<'f> {
    /// The largest value of any price.
    best: f64,
    /// The price that ties with it and is the fairest.
    price: i64,
    fairness: Option<f64>,
    fairness_of: &'f dyn Fn(i64) -> f64,
}

impl Incumbent<'_> {
    /// Takes `price` if it is better, or ties and is fairer, or is as fair and lower.
    fn offer(&mut self, price: i64, value: f64) {
        let tie = TIE * self.best.abs();
        if price == self.price || value < self.best - tie {
            return;
        }
        let clearly_better = value > self.best + tie;
        self.best = self.best.max(value);
        if clearly_better {
            (self.price, self.fairness) = (price, None);
            return;
        }
        let own = *self.fairness.get_or_insert_with(|| (self.fairness_of)(self.price));
        let fairness = (self.fairness_of)(price);
        let order = fairness.total_cmp(&own).then_with(|| self.price.cmp(&price));
        if order == Ordering::Greater {
            (self.price, self.fairness) = (price, Some(fairness));
        }
    }
}

impl<'a> PriceSearch<'a> {
    pub(super) fn new(problem: &'a PeriodProblem) -> Self {
        let band = problem.band().filter(|_| problem.is_tradeable());
        let breakpoints = band.map_or_else(Vec::new, |band| problem.breakpoints(band));
        Self { problem, band, breakpoints }
    }

    fn ends(&self) -> (Option<i64>, Option<i64>) {
        (self.band.map(|band| band.lowest.micro()), self.band.map(|band| band.highest.micro()))
    }

    /// The best scheme for gains per unit of profit and of cost saved.
    pub(super) fn best(&self, gains: [f64; 2]) -> Found {
        self.search(gains, &|_| 0.0)
    }

    /// The best scheme, and among those that tie the one with the largest `fairness`.
    pub(super) fn fairest_best(&self, gains: [f64; 2], fairness: impl Fn(&Scheme) -> f64) -> Found {
        self.search(gains, &|price| fairness(&self.scheme_at(gains, Some(price)).0))
    }

    fn search(&self, gains: [f64; 2], fairness: &dyn Fn(i64) -> f64) -> Found {
        let (Some(low), Some(high)) = self.ends() else {
            let (scheme, value) = self.scheme_at(gains, None);
            return Found { scheme, value, bound: value, nodes: 1 };
        };
        let at_highest = self.value_at(gains, high);
        // How much the changing price can change the value at most.
        let transfer = (gains[1] - gains[0]) * (self.problem.wanted()) * (high - low) as f64 * 1e-6;
        let (price, bound, nodes) = if transfer.abs() <= RELATIVE_TOLERANCE * at_highest {
            (self.fairest_of_ties(gains, at_highest, fairness), at_highest + transfer.max(0.0), 1)
        } else if transfer < 0.0 {
            (high, at_highest, 1)
        } else {
            self.branch_and_bound(gains, at_highest, fairness)
        };
        let (scheme, value) = self.scheme_at(gains, Some(price));
        Found { scheme, value, bound: bound.max(value), nodes }
    }

    /// Where the price is a pure transfer the value never falls with it: the fairest of the prices, all at the upper end,
    /// that reach the best value.
    fn fairest_of_ties(&self, gains: [f64; 2], best: f64, fairness: &dyn Fn(i64) -> f64) -> i64 {
        let (Some(low), Some(high)) = self.ends() else {
            unreachable!("invariant: only tradeable problems have ties");
        };
        let reaches = |price: i64| self.value_at(gains, price) >= best - TIE * best.abs();
        let lowest = first(low, high, reaches);
        // The higher the price, the better for sellers and the worse for buyers: fairness rises, then falls.
        let falls = |price: i64| price == high || fairness(price + 1) <= fairness(price);
        first(lowest, high, falls)
    }

    fn branch_and_bound(
        &self,
        gains: [f64; 2],
        at_highest: f64,
        fairness: &dyn Fn(i64) -> f64,
    ) -> (i64, f64, u32) {
        let (Some(low), Some(high)) = self.ends() else {
            unreachable!("invariant: only tradeable problems are searched");
        };
        let mut incumbent =
            Incumbent { best: at_highest, price: high, fairness: None, fairness_of: fairness };
        let mut workspace = Workspace::default();
        let mut open = BinaryHeap::new();
        let mut nodes = 1;
        open.push(self.bounded(gains, low, high, &mut workspace, &mut incumbent));
        while let Some(interval) = open.pop() {
            let enough = incumbent.best + RELATIVE_TOLERANCE * incumbent.best.abs();
            if interval.bound <= enough || nodes >= NODE_LIMIT {
                return (incumbent.price, interval.bound.max(incumbent.best), nodes);
            }
            if interval.low == interval.high {
                continue;
            }
            let cut = self.cut(interval.low, interval.high);
            for (low, high) in [(interval.low, cut - 1), (cut, interval.high)] {
                open.push(self.bounded(gains, low, high, &mut workspace, &mut incumbent));
                nodes += 1;
            }
        }
        (incumbent.price, incumbent.best, nodes)
    }

    /// The first price of the upper half: the breakpoint closest to the middle, or the middle where there is none.
    fn cut(&self, low: i64, high: i64) -> i64 {
        let middle = low + (high - low + 1) / 2;
        let after = self.breakpoints.partition_point(|&price| price < middle);
        let inside = |price: &&i64| low < **price && **price <= high;
        let above = self.breakpoints.get(after).filter(inside);
        let below = after.checked_sub(1).and_then(|index| self.breakpoints.get(index)).filter(inside);
        let nearest = above.into_iter().chain(below).min_by_key(|&&price| (price - middle).abs());
        nearest.copied().unwrap_or(middle)
    }

    /// Bounds the values on an interval, and offers the values at its ends.
    fn bounded(
        &self,
        gains: [f64; 2],
        low: i64,
        high: i64,
        workspace: &mut Workspace,
        incumbent: &mut Incumbent<'_>,
    ) -> Interval {
        let Workspace { low: at_low, high: at_high, flow, low_dual, high_dual } = workspace;
        self.program(gains, Some(high), Some(high), at_high);
        incumbent.offer(high, at_high.solve(flow));
        at_high.dual(flow, high_dual);

        self.program(gains, Some(low), Some(low), at_low);
        incumbent.offer(low, at_low.solve(flow));
        let next = self.breakpoints.partition_point(|&price| price <= low);
        if self.breakpoints.get(next).is_some_and(|&price| price <= high) {
            self.program(gains, Some(low), Some(high), at_low);
            at_low.solve(flow);
        }
        at_low.dual(flow, low_dual);

        let (ends, across) = (
            [low_dual.bound(at_low), high_dual.bound(at_high)],
            low_dual.bound(at_high) + high_dual.bound(at_low),
        );
        Interval { bound: largest_between(ends, across), low, high }
    }

    /// The program of the price `gains_at`, with what can be sold and moved at the price `limits_at`; without a price
    /// nothing is sold or moved.
    fn program(&self, gains: [f64; 2], gains_at: Option<i64>, limits_at: Option<i64>, program: &mut Program) {
        self.problem.program(
            gains,
            gains_at.map(Price::from_micro),
            limits_at.map(Price::from_micro),
            program,
        );
    }

    pub(super) fn value_at(&self, gains: [f64; 2], price: i64) -> f64 {
        let mut program = Program::default();
        self.program(gains, Some(price), Some(price), &mut program);
        program.solve(&mut Flow::default())
    }

    fn scheme_at(&self, gains: [f64; 2], price: Option<i64>) -> (Scheme, f64) {
        let (mut program, mut flow) = (Program::default(), Flow::default());
        self.program(gains, price, price, &mut program);
        let value = program.solve(&mut flow);
        let price = price.map(Price::from_micro);
        (Scheme { price, sold: flow.sold, stored: flow.stored, moved: flow.moved }, value)
    }
}

/// The largest value on 0 <= t <= 1 of (1-t)^2 ends[0] + t (1-t) across + t^2 ends[1].
fn largest_between(ends: [f64; 2], across: f64) -> f64 {
    let (slope, curve) = (across - 2.0 * ends[0], ends[0] - across + ends[1]);
    let highest_end = ends[0].max(ends[1]);
    if curve >= 0.0 {
        return highest_end;
    }
    let at = (-slope / (2.0 * curve)).clamp(0.0, 1.0);
    highest_end.max(ends[0] + at * (slope + at * curve))
}

/// The first of `low..=high` that holds, of a condition that keeps holding once it does; `high` if none before.
fn first(mut low: i64, mut high: i64, holds: impl Fn(i64) -> bool) -> i64 {
    while low < high {
        let middle = low + (high - low) / 2;
        if holds(middle) {
            high = middle;
        } else {
            low = middle + 1;
        }
    }
    low
}
