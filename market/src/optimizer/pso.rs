//! Particle swarm optimization with constriction.

use super::swarm::{Pull, Swarm};
use super::{Optimizer, OptimizerSettings, Population, Problem};

/// chi of Clerc and Kennedy for c1 + c2 = 4.1: 2 / |2 - phi - sqrt(phi^2 - 4 phi)|.
pub(super) const CONSTRICTION: f64 = 0.729_843_788_1;
/// c1 and c2.
pub(super) const ACCELERATION: f64 = 2.05;

/// Particle swarm optimization with constriction.
///
/// Kennedy and Eberhart, *Particle Swarm Optimization*, ICNN 1995; the constriction coefficient of Clerc and
/// Kennedy, *The Particle Swarm: Explosion, Stability, and Convergence*, IEEE Trans. Evol. Comput. 6(1), 2002:
///
/// ```text
/// v <- chi (v + c1 r1 (p - x) + c2 r2 (g - x))      chi = 0.7298437881, c1 = c2 = 2.05
/// x <- x + v                                         |v_j| <= 0.2
/// ```
///
/// p is what the particle found best, g what all did, r1 and r2 are uniform per dimension. At a bound a
/// coordinate stops and its velocity becomes 0. Particles begin at rest. N + N T evaluations; the population it shows is that
/// of the particles' own bests.
#[derive(Debug, Clone)]
pub struct Pso {
    swarm: Swarm,
}

impl Pso {
    /// With the given settings.
    ///
    /// # Panics
    /// With a population below 4.
    pub fn new(settings: OptimizerSettings) -> Self {
        Self { swarm: Swarm::new(settings) }
    }
}

impl Optimizer for Pso {
    fn name(&self) -> &'static str {
        "pso"
    }

    fn settings(&self) -> &OptimizerSettings {
        &self.swarm.settings
    }

    fn start(&mut self, problem: &mut dyn Problem, seed: [u64; 2]) {
        self.swarm.start(problem, seed);
    }

    fn step(&mut self, problem: &mut dyn Problem) {
        let accelerated = CONSTRICTION * ACCELERATION;
        let pull = Pull { inertia: CONSTRICTION, own: accelerated, leader: accelerated };
        self.swarm.draw(0);
        let leader = self.swarm.population.best();
        self.swarm.fly(problem, pull, 0, &[leader]);
    }

    fn restart(&mut self, problem: &mut dyn Problem, guests: &[&[f64]]) {
        self.swarm.restart(problem, guests);
    }

    fn population(&self) -> &Population {
        &self.swarm.population
    }
}
