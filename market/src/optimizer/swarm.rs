//! What particle swarms share: positions with velocities, and the population of their own bests.

use super::random::{Counter, Draws, half_unit};
use super::{OptimizerSettings, Population, Problem, assert_settings};

/// The largest step of a coordinate, as a share of the box.
const LARGEST_STEP: f64 = 0.2;

/// How strongly a particle goes on, and is drawn to its own best and to its leader.
#[derive(Debug, Clone, Copy)]
pub(super) struct Pull {
    pub(super) inertia: f64,
    pub(super) own: f64,
    pub(super) leader: f64,
}

/// Particles in [0, 1]^m. The population holds what each found best.
#[derive(Debug, Clone)]
pub(super) struct Swarm {
    pub(super) settings: OptimizerSettings,
    pub(super) random: Counter,
    pub(super) population: Population,
    positions: Vec<f64>,
    velocities: Vec<f64>,
    values: Vec<f64>,
    words: Vec<u32>,
    draws: Draws,
}

impl Swarm {
    pub(super) fn new(settings: OptimizerSettings) -> Self {
        assert_settings(&settings);
        Self {
            settings,
            random: Counter::default(),
            population: Population::default(),
            positions: Vec::new(),
            velocities: Vec::new(),
            values: Vec::new(),
            words: Vec::new(),
            draws: Draws::default(),
        }
    }

    pub(super) fn start(&mut self, problem: &mut dyn Problem, seed: [u64; 2]) {
        self.random = Counter::new(seed);
        self.population = Population::new(self.settings.population, problem.dimensions());
        self.restart(problem, &[]);
    }

    pub(super) fn restart(&mut self, problem: &mut dyn Problem, guests: &[&[f64]]) {
        self.population.invite(&self.random, &mut self.words, guests);
        self.population.assess(problem);
        self.positions.clear();
        self.positions.extend_from_slice(self.population.genes());
        self.velocities.clear();
        self.velocities.resize(self.positions.len(), 0.0);
        self.values.resize(self.population.size(), 0.0);
    }

    /// Draws the numbers of an iteration, which it returns: `extra` words per particle and one per dimension, whose halves
    /// are r1 and r2.
    pub(super) fn draw(&mut self, extra: usize) -> &Draws {
        let (n, sweep) = (self.population.size(), self.population.iterations() + 1);
        self.draws.fill(&self.random, sweep, n, extra + self.population.dimensions());
        &self.draws
    }

    /// Moves every particle and evaluates it where it then is. `leaders` names one for each of them or one for all.
    pub(super) fn fly(&mut self, problem: &mut dyn Problem, pull: Pull, extra: usize, leaders: &[usize]) {
        let dimensions = self.population.dimensions();
        let positions = self.positions.chunks_exact_mut(dimensions);
        for (i, (positions, velocities)) in
            positions.zip(self.velocities.chunks_exact_mut(dimensions)).enumerate()
        {
            let (halves, _) = self.draws.halves(i)[2 * extra..].as_chunks::<2>();
            let own = self.population.candidate(i);
            let leader = self.population.candidate(if leaders.len() == 1 { leaders[0] } else { leaders[i] });
            for j in 0..dimensions {
                let (x, [r1, r2]) = (positions[j], halves[j].map(half_unit));
                let velocity = pull.inertia * velocities[j]
                    + pull.own * r1 * (own[j] - x)
                    + pull.leader * r2 * (leader[j] - x);
                let velocity = velocity.clamp(-LARGEST_STEP, LARGEST_STEP);
                let to = x + velocity;
                let inside = (0.0..=1.0).contains(&to);
                positions[j] = to.clamp(0.0, 1.0);
                velocities[j] = if inside { velocity } else { 0.0 };
            }
        }
        self.population.select(problem, &self.positions, &mut self.values);
        self.population.count_iteration();
    }
}
