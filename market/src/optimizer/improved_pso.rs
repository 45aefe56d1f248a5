//! Particle swarm optimization with time-varying inertia and an annealed leader.

use super::plan::Plan;
use super::pso::{ACCELERATION, CONSTRICTION};
use super::random::unit;
use super::swarm::{Pull, Swarm};
use super::{Optimizer, OptimizerSettings, Population, Problem};

/// Inertia at the beginning and at the end.
const INERTIA: [f64; 2] = [0.9, 0.4];
/// c: that of the constriction.
const PULL: f64 = CONSTRICTION * ACCELERATION;
/// The temperature at the end, as a share of that at the beginning.
const COOLED: f64 = 1e-10;

/// Particle swarm optimization with time-varying inertia and simulated annealing.
///
/// ```text
/// v <- w v + c r1 (p - x) + c r2 (l - x)             c = 1.49618, |v_j| <= 0.2
/// w  = 0.4 + 0.5 (1 - t / T)^3
/// P(l = p_i) ~ exp(-(F(p_i) - F(g)) / K)             K = K_0 1e-10^(t / T)
/// K_0 = (mean F - min F of the random start) / ln 5
/// ```
///
/// Every particle is drawn to what it found best, p, and to a leader l, which it spins a wheel for among what all
/// particles found best. The shares are those of simulated annealing: at first nearly all may lead, at the end the best
/// alone. K_0 is the usual F(g) / ln 5 made independent of where the objective's zero is. Time-varying inertia is that
/// of Shi and Eberhart (IEEE CEC 1998), with a third power so that it falls early; the rest is as in [`Pso`](super::Pso).
///
/// The other way to anneal, replacing p by what is worse with probability exp(-(F - F(p)) / K), ruins the search where K
/// begins at the spread of the values: the particles' memory does not settle. So does stopping the wheel's cooling
/// early, at 1e-4 K_0: see [`with_cooling`](Self::with_cooling). Neither may ever lose the best, and this does not: own
/// bests only improve. N + N T evaluations.
#[derive(Debug, Clone)]
pub struct ImprovedPso {
    swarm: Swarm,
    plan: Plan,
    cooled: f64,
    temperature: f64,
    /// Running sums of the wheel's shares.
    wheel: Vec<f64>,
    leaders: Vec<usize>,
}

impl ImprovedPso {
    /// With the given settings.
    ///
    /// # Panics
    /// With a population below 4.
    pub fn new(settings: OptimizerSettings) -> Self {
        Self::with_cooling(settings, COOLED)
    }

    /// With a temperature at the end of `cooled` times that at the beginning; more than 0, at most 1.
    ///
    /// # Panics
    /// With a population below 4, or `cooled` out of its range.
    pub fn with_cooling(settings: OptimizerSettings, cooled: f64) -> Self {
        assert!(cooled > 0.0 && cooled <= 1.0, "invariant: cooling is to a positive share");
        Self {
            swarm: Swarm::new(settings),
            plan: Plan::default(),
            cooled,
            temperature: 0.0,
            wheel: Vec::new(),
            leaders: Vec::new(),
        }
    }

    /// Plans the way to the end from a population that was just evaluated.
    fn heat(&mut self) {
        let population = &self.swarm.population;
        self.plan = Plan::new(&self.swarm.settings, population);
        let spread = population.trace_point().mean - population.best_value();
        self.temperature = if spread.is_finite() { spread / libm::log(5.0) } else { 0.0 };
    }

    /// Spins the wheel of own bests once for every particle.
    fn choose_leaders(&mut self, done: f64) {
        let temperature = self.temperature * libm::pow(self.cooled, done);
        let population = &self.swarm.population;
        let (n, best) = (population.size(), population.best_value());
        self.wheel.clear();
        let mut sum = 0.0;
        for &value in population.values() {
            let excess = value - best;
            // The best counts 1 at any temperature, and where nothing is finite all are the best.
            sum += if excess > 0.0 { libm::exp(-excess / temperature) } else { 1.0 };
            self.wheel.push(sum);
        }
        self.leaders.clear();
        let draws = self.swarm.draw(1);
        for i in 0..n {
            let at = unit(draws.word(i, 0)) * sum;
            self.leaders.push(self.wheel.partition_point(|&share| share < at).min(n - 1));
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
        let left = 1.0 - done;
        let inertia = INERTIA[1] + (INERTIA[0] - INERTIA[1]) * left * left * left;
        self.swarm.fly(problem, Pull { inertia, own: PULL, leader: PULL }, 1, &self.leaders);
    }

    fn restart(&mut self, problem: &mut dyn Problem, guests: &[&[f64]]) {
        self.swarm.restart(problem, guests);
        self.heat();
    }

    fn population(&self) -> &Population {
        &self.swarm.population
    }
}
