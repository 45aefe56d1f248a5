//! Particle swarms.

use super::plan::Plan;
use super::random::unit;
use super::swarm::{Pull, Swarm};
use super::{Optimizer, OptimizerSettings, Population, Problem};

/// chi of Clerc and Kennedy for c1 + c2 = 4.1: 2 / |2 - phi - sqrt(phi^2 - 4 phi)|.
const CONSTRICTION: f64 = 0.729_843_788_1;
/// c1 and c2.
const ACCELERATION: f64 = 2.05;

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

/// Inertia of the improved swarm at the beginning and at the end.
const INERTIA: [f64; 2] = [0.9, 0.5];
/// c1 and c2 of the improved swarm: those of the constriction.
const IMPROVED_ACCELERATION: f64 = CONSTRICTION * ACCELERATION;
/// The temperature at the end, as a share of that at the beginning.
const COOLED: f64 = 1e-10;

/// Particle swarm optimization with time-varying inertia and a simulated-annealing choice of the leader.
///
/// ```text
/// v <- w v + c r1 (p - x) + c r2 (l - x)
/// w = w_end + (w_begin - w_end) (1 - t / T)
/// P(l = p_i) ~ exp(-(F(p_i) - F(g)) / K)             K = K_0 1e-10^(t / T)
/// K_0 = (mean F - min F of the random start) / ln 5
/// ```
#[derive(Debug, Clone)]
pub struct ImprovedPso {
    swarm: Swarm,
    plan: Plan,
    temperature: f64,
    shares: Vec<f64>,
    leaders: Vec<usize>,
    pub tune: [f64; 6],
}

impl ImprovedPso {
    /// With the given settings.
    ///
    /// # Panics
    /// With a population below 4.
    pub fn new(settings: OptimizerSettings) -> Self {
        Self {
            swarm: Swarm::new(settings),
            plan: Plan::default(),
            temperature: 0.0,
            shares: Vec::new(),
            leaders: Vec::new(),
            tune: [INERTIA[0], INERTIA[1], 1.0, COOLED, 1.0, IMPROVED_ACCELERATION],
        }
    }

    /// Plans the way to the end from a population that was just evaluated.
    fn heat(&mut self) {
        let population = &self.swarm.population;
        self.plan = Plan::new(&self.swarm.settings, population);
        let spread = population.trace_point().mean - population.best_value();
        self.temperature = if spread.is_finite() { spread / libm::log(5.0) } else { 0.0 };
    }

    /// Spins the wheel of own bests, once for every particle or once for all.
    fn choose_leaders(&mut self, done: f64) {
        let temperature = self.temperature * libm::pow(self.tune[3], done);
        let population = &self.swarm.population;
        let (n, best) = (population.size(), population.best_value());
        self.shares.clear();
        let mut sum = 0.0;
        for &value in population.values() {
            // The best has weight 1 whatever the temperature.
            let excess = value - best;
            sum += if excess > 0.0 { libm::exp(-excess / temperature) } else { 1.0 };
            self.shares.push(sum);
        }
        self.leaders.clear();
        let spins = if self.tune[4] > 0.5 { n } else { 1 };
        let words = self.swarm.draw(1);
        for word in words.iter().take(spins) {
            let at = unit(*word) * sum;
            self.leaders.push(self.shares.partition_point(|&share| share < at).min(n - 1));
        }
    }
}

impl Optimizer for ImprovedPso {
    fn name(&self) -> &'static str {
        "improved_pso"
    }

    fn settings(&self) -> &OptimizerSettings {
        &self.swarm.settings
    }

    fn start(&mut self, problem: &mut dyn Problem, seed: [u64; 2]) {
        self.swarm.start(problem, seed);
        self.heat();
    }

    fn step(&mut self, problem: &mut dyn Problem) {
        let done = self.plan.done(&self.swarm.population);
        self.choose_leaders(done);
        let inertia = self.tune[1] + (self.tune[0] - self.tune[1]) * libm::pow(1.0 - done, self.tune[2]);
        let pull = Pull { inertia, own: self.tune[5], leader: self.tune[5] };
        self.swarm.fly(problem, pull, 1, &self.leaders);
    }

    fn restart(&mut self, problem: &mut dyn Problem, guests: &[&[f64]]) {
        self.swarm.restart(problem, guests);
        self.heat();
    }

    fn population(&self) -> &Population {
        &self.swarm.population
    }
}
