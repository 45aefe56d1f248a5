//! Morris's design: walks through a grid of levels that change one factor a step, each factor once.
//!
//! Levels are 0, 1/(p - 1), ..., 1 of each factor's range, and a step is delta = p / (2 (p - 1)) of it, up or down with
//! equal probability. With an even number p of levels, each level is as likely as any other.
//!
//! M. D. Morris (1991), "Factorial sampling plans for preliminary computational experiments", Technometrics 33(2), 161-174.

use goshawk_engine::Streams;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::{Design, Structure};
use crate::study::factor::Factor;

/// How the points of Morris's design belong together: walk after walk, each with a point more than it has steps.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
pub struct Walks {
    /// Size of a step, as a share of a factor's range.
    pub delta: f64,
    /// The steps of each walk; one for each factor.
    pub steps: Vec<Vec<Step>>,
}

/// A step from a point to the next.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct Step {
    /// The factor that changes.
    pub factor: usize,
    /// Which way.
    pub way: Way,
}

/// Which way a step goes.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum Way {
    /// To a higher level.
    Up,
    /// To a lower level.
    Down,
}

pub(super) fn build(factors: &[Factor], trajectories: u32, levels: u32, seed: u64) -> Design {
    let walks: Vec<Walk> =
        (0..trajectories).map(|number| Walk::draw(factors, number, levels, seed)).collect();
    let positions: Vec<Vec<f64>> = walks.iter().flat_map(|walk| walk.positions(levels)).collect();
    let delta = f64::from(levels) / (2.0 * f64::from(levels - 1));
    let steps = walks.into_iter().map(|walk| walk.steps).collect();
    Design::at(factors, positions.into_iter(), Structure::Morris(Walks { delta, steps }))
}

struct Walk {
    /// The lower of the two levels that each factor takes.
    lower: Vec<u32>,
    steps: Vec<Step>,
}

impl Walk {
    /// Three draws for each factor, from a stream of its own.
    fn draw(factors: &[Factor], number: u32, levels: u32, seed: u64) -> Self {
        let streams = Streams { seed, crn_group: 0, replicate: number, is_mirrored: false };
        let mut lower = Vec::new();
        let mut order = Vec::new();
        for (factor, it) in factors.iter().enumerate() {
            let mut stream = streams.stream("design: morris", it.path());
            lower.push(stream.below(u64::from(levels / 2)) as u32);
            let way = if stream.chance(0.5) { Way::Up } else { Way::Down };
            // Sorting by random keys keeps the order of the others when a factor comes in.
            order.push((stream.next_u64(), Step { factor, way }));
        }
        order.sort_by_key(|(key, step)| (*key, step.factor));
        Self { lower, steps: order.into_iter().map(|(_, step)| step).collect() }
    }

    fn positions(&self, levels: u32) -> Vec<Vec<f64>> {
        let mut place = self.lower.clone();
        let starts_high = self.steps.iter().filter(|step| step.way == Way::Down);
        starts_high.for_each(|step| place[step.factor] += levels / 2);
        let share = |place: &[u32]| place.iter().map(|&it| f64::from(it) / f64::from(levels - 1)).collect();
        let mut positions = vec![share(&place)];
        for step in &self.steps {
            match step.way {
                Way::Up => place[step.factor] += levels / 2,
                Way::Down => place[step.factor] -= levels / 2,
            }
            positions.push(share(&place));
        }
        positions
    }
}
