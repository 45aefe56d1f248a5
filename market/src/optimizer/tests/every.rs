//! What is true of every optimizer.

use super::suite::{Function, Shifted};
use super::*;

fn settings(iterations: u32) -> OptimizerSettings {
    OptimizerSettings { iterations, ..OptimizerSettings::default() }
}

fn every(settings: OptimizerSettings) -> impl Iterator<Item = Box<dyn Optimizer>> {
    OPTIMIZER_NAMES.iter().map(move |name| optimizer_by_name(name, &settings).unwrap())
}

/// Counts what it evaluates, and how much of that is not finite.
struct Counted<P> {
    problem: P,
    evaluations: u64,
    non_finite: u64,
}

impl<P: Problem> Counted<P> {
    fn new(problem: P) -> Self {
        Self { problem, evaluations: 0, non_finite: 0 }
    }
}

impl<P: Problem> Problem for Counted<P> {
    fn dimensions(&self) -> usize {
        self.problem.dimensions()
    }

    fn evaluate(&mut self, genes: &[f64], n: usize, values: &mut [f64]) {
        assert_eq!((genes.len(), values.len()), (n * self.dimensions(), n));
        assert!(genes.iter().all(|gene| (0.0..=1.0).contains(gene)), "a gene left the box");
        self.problem.evaluate(genes, n, values);
        self.evaluations += n as u64;
        self.non_finite += values.iter().filter(|value| !value.is_finite()).count() as u64;
    }
}

fn ellipsoid() -> Ellipsoid {
    Ellipsoid { centre: vec![0.3, 0.6, 0.9, 0.2] }
}

#[test]
fn names_are_known_and_their_own() {
    for name in OPTIMIZER_NAMES {
        assert_eq!(optimizer_by_name(name, &settings(1)).unwrap().name(), name);
    }
    assert!(optimizer_by_name("simplex", &settings(1)).is_none());
}

#[test]
fn evaluations_are_as_many_as_promised_and_all_counted() {
    for (mut optimizer, per_iteration) in every(settings(40)).zip([60, 60, 30, 30, 0]) {
        let mut problem = Counted::new(ellipsoid());
        let solution = optimizer.minimize(&mut problem, [4, 4]);
        let name = optimizer.name();
        assert_eq!(solution.evaluations, problem.evaluations, "{name}");
        assert_eq!((solution.iterations, solution.trace.len()), (40, 41), "{name}");
        assert!(solution.trace.is_sorted_by(|before, after| before.best >= after.best), "{name}");
        if name != "l_shade" {
            assert_eq!(solution.evaluations, 30 + per_iteration * 40, "{name}");
        }
        assert!(solution.value < 0.05, "{name} found {}", solution.value);
    }
}

#[test]
fn the_population_of_l_shade_shrinks_to_four_by_the_end_of_either_budget() {
    let sizes = |settings, initial| {
        let mut optimizer = LShade::with_initial_population(settings, initial);
        optimizer.start(&mut ellipsoid(), [1, 1]);
        let first = optimizer.population().size();
        let mut trace = Vec::new();
        optimizer.advance(&mut ellipsoid(), settings.iterations, &mut trace);
        (first, optimizer.population().size(), optimizer.population().evaluations())
    };
    let (first, last, _) = sizes(settings(80), InitialPopulation::PerDimension);
    assert_eq!((first, last), (72, 4));
    let (first, last, _) = sizes(settings(80), InitialPopulation::OfSettings);
    assert_eq!((first, last), (30, 4));
    let budget = OptimizerSettings { max_evaluations: Some(3_000), ..settings(10_000) };
    let (_, last, evaluations) = sizes(budget, InitialPopulation::PerDimension);
    assert_eq!(last, 4);
    assert!((2_996..=3_000).contains(&evaluations), "{evaluations} evaluations");
}

#[test]
fn the_same_seed_gives_the_same_bits_whatever_was_solved_before() {
    for mut optimizer in every(settings(30)) {
        let first = optimizer.minimize(&mut ellipsoid(), [1, 2]);
        let other = optimizer.minimize(&mut ellipsoid(), [1, 3]);
        optimizer.minimize(&mut Ellipsoid { centre: vec![0.5; 7] }, [1, 2]);
        assert_eq!(optimizer.minimize(&mut ellipsoid(), [1, 2]), first, "{}", optimizer.name());
        assert_ne!(other.genes, first.genes, "{}", optimizer.name());
    }
}

#[test]
fn what_is_not_finite_is_counted_and_never_the_best() {
    for mut optimizer in every(settings(60)) {
        let mut problem = Counted::new(HalfBroken);
        let solution = optimizer.minimize(&mut problem, [2, 0]);
        let name = optimizer.name();
        assert!(solution.value.is_finite() && solution.genes[0] >= 0.5, "{name}: {}", solution.value);
        assert_eq!(solution.non_finite, problem.non_finite, "{name}");
        assert!(solution.non_finite > 0, "{name} never went there");
    }
}

/// Nothing finite anywhere.
struct Broken;

impl Problem for Broken {
    fn dimensions(&self) -> usize {
        3
    }

    fn evaluate(&mut self, _genes: &[f64], _n: usize, values: &mut [f64]) {
        let nothing = [f64::NAN, f64::INFINITY, f64::NEG_INFINITY];
        values.iter_mut().enumerate().for_each(|(i, value)| *value = nothing[i % 3]);
    }
}

#[test]
fn a_problem_without_a_finite_value_is_survived() {
    for mut optimizer in every(settings(20)) {
        let solution = optimizer.minimize(&mut Broken, [2, 0]);
        assert_eq!(solution.non_finite, solution.evaluations, "{}", optimizer.name());
        assert!(
            solution.value == f64::INFINITY && solution.genes.iter().all(|gene| (0.0..=1.0).contains(gene))
        );
    }
}

#[test]
fn the_target_ends_the_search() {
    for mut optimizer in every(OptimizerSettings { target: Some(1e-3), ..settings(500) }) {
        let solution = optimizer.minimize(&mut ellipsoid(), [6, 6]);
        let before = solution.trace[solution.trace.len().saturating_sub(2)].best;
        let name = optimizer.name();
        assert!(solution.value <= 1e-3 && solution.iterations < 500, "{name}: {}", solution.value);
        assert!(before > 1e-3, "{name} went on from {before}");
    }
}

#[test]
fn the_evaluations_end_the_search() {
    for most in [10, 1_000, 1_039] {
        for mut optimizer in every(OptimizerSettings { max_evaluations: Some(most), ..settings(100_000) }) {
            let solution = optimizer.minimize(&mut ellipsoid(), [6, 6]);
            let first = solution.trace[0].evaluations;
            let name = optimizer.name();
            assert!(solution.evaluations <= most.max(first), "{name}: {} of {most}", solution.evaluations);
            assert!(solution.evaluations + 60 > most, "{name}: {} of {most}", solution.evaluations);
        }
    }
}

#[test]
fn a_restart_takes_guests_and_counts_on() {
    let guests: [&[f64]; 2] = [&[0.3, 0.6, 0.9, 0.2], &[0.5; 4]];
    for mut optimizer in every(settings(40)) {
        let name = optimizer.name();
        let mut problem = Counted::new(ellipsoid());
        optimizer.start(&mut problem, [3, 3]);
        let size = optimizer.population().size();
        let drawn = optimizer.population().genes().to_vec();
        optimizer.advance(&mut problem, 10, &mut Vec::new());
        let before = problem.evaluations;
        optimizer.restart(&mut problem, &guests);
        let population = optimizer.population();
        assert_eq!((population.size(), population.iterations()), (size, 10), "{name}");
        assert_eq!(population.evaluations(), before + size as u64, "{name}");
        assert!(population.best_value().abs() < 1e-15, "{name} lost its guest");
        assert_eq!(population.candidate(1), guests[1], "{name}");
        assert_ne!(population.candidate(2), &drawn[8..12], "{name} draws the same again");
        optimizer.advance(&mut problem, 30, &mut Vec::new());
        assert_eq!(optimizer.population().iterations(), 40, "{name}");
        assert_eq!(optimizer.population().evaluations(), problem.evaluations, "{name}");
        assert!(optimizer.population().best_value().abs() < 1e-15, "{name} forgot its best");
    }
}

/// What is returned on pure noise, in ascending order: 200 runs of five coordinates.
fn returned_on_noise(optimizer: &mut dyn Optimizer) -> Vec<f64> {
    let mut coordinates: Vec<f64> = (0..200)
        .flat_map(|seed| optimizer.minimize(&mut Noise { calls: seed * 20_000 }, [u64::from(seed), 5]).genes)
        .collect();
    coordinates.sort_by(f64::total_cmp);
    coordinates
}

/// Kolmogorov and Smirnov's statistic: the largest distance of the empirical distribution from the uniform one, times the
/// root of the number.
fn distance_from_uniform(sorted: &[f64]) -> f64 {
    let count = sorted.len() as f64;
    let distance = |(place, at): (usize, &f64)| {
        (at - place as f64 / count).abs().max((at - (place + 1) as f64 / count).abs())
    };
    sorted.iter().enumerate().map(distance).fold(0.0, f64::max) * count.sqrt()
}

/// The largest distance of the empirical distribution from its own mirror image: of a preference for one end.
fn distance_from_mirror(sorted: &[f64]) -> f64 {
    let count = sorted.len() as f64;
    let below = |at: f64| sorted.partition_point(|&x| x < at) as f64;
    let above = |at: f64| (sorted.len() - sorted.partition_point(|&x| x <= 1.0 - at)) as f64;
    sorted.iter().map(|&at| (below(at) - above(at)).abs()).fold(0.0, f64::max) / count.sqrt()
}

/// What the statistic exceeds by chance once in a thousand times.
const UNLIKELY: f64 = 1.95;

#[test]
fn on_pure_noise_no_end_is_preferred_but_by_the_published() {
    for mut optimizer in every(settings(60)) {
        let distance = distance_from_mirror(&returned_on_noise(&mut *optimizer));
        let published = optimizer.name() == "ngo_original";
        assert_eq!(distance > UNLIKELY, published, "{}: {distance}", optimizer.name());
    }
}

#[test]
fn on_pure_noise_what_differential_moves_return_is_uniform() {
    for name in ["ngo", "l_shade"] {
        let mut optimizer = optimizer_by_name(name, &settings(60)).unwrap();
        let distance = distance_from_uniform(&returned_on_noise(&mut *optimizer));
        assert!(distance < UNLIKELY, "{name}: {distance}");
    }
}

#[test]
fn without_the_invariant_prey_ngo_prefers_an_end() {
    let ingredients = NgoIngredients { translation_invariant_prey: false, ..NgoIngredients::default() };
    let distance =
        distance_from_mirror(&returned_on_noise(&mut Ngo::with_ingredients(settings(60), ingredients)));
    assert!(distance > UNLIKELY, "{distance}");
}

/// A particle's step averages where it was best and where its leader was: known of particle swarms, and not repaired here.
#[test]
fn on_pure_noise_swarms_gather_around_the_middle() {
    for name in ["pso", "improved_pso"] {
        let mut optimizer = optimizer_by_name(name, &settings(60)).unwrap();
        let coordinates = returned_on_noise(&mut *optimizer);
        let middle = coordinates.iter().filter(|&x| (0.25..0.75).contains(x)).count();
        assert!((600..900).contains(&middle), "{name}: {middle} of 1000 in the middle half");
    }
}

#[test]
fn the_published_operators_return_low_prices_on_pure_noise() {
    let mut optimizer = NgoOriginal::with_box(settings(60), 1.0, 2.0);
    let coordinates = returned_on_noise(&mut optimizer);
    let lowest = coordinates.iter().filter(|&&x| x == 0.0).count();
    assert!(distance_from_uniform(&coordinates) > 3.0 * UNLIKELY);
    assert!(lowest > 200, "{lowest} of 1000 on the lower bound");
}

/// The sphere with its optimum at `centre`, over the box of 100 around it.
struct MovedSphere {
    centre: f64,
}

impl Problem for MovedSphere {
    fn dimensions(&self) -> usize {
        10
    }

    fn evaluate(&mut self, genes: &[f64], n: usize, values: &mut [f64]) {
        for (i, value) in values.iter_mut().enumerate() {
            let x = |j: usize| (self.centre - 100.0) + 200.0 * genes[j * n + i];
            *value = (0..10).map(|j| (x(j) - self.centre) * (x(j) - self.centre)).sum();
        }
    }
}

#[test]
fn moving_box_and_optimum_together_keeps_the_error_of_all_but_the_published() {
    for mut optimizer in every(settings(60)) {
        let mut error = |centre| optimizer.minimize(&mut MovedSphere { centre }, [8, 8]).value;
        let ratio = error(200.0) / error(0.0);
        assert!((1.0 / 1.1..1.1).contains(&ratio), "{}: {ratio}", optimizer.name());
    }
    let error = |centre: f64| {
        let mut optimizer = NgoOriginal::with_box(settings(60), centre - 100.0, centre + 100.0);
        optimizer.minimize(&mut MovedSphere { centre }, [8, 8]).value
    };
    assert!(error(200.0) > 1e3 * error(0.0), "{} against {}", error(200.0), error(0.0));
}

#[test]
#[should_panic(expected = "a population of at least 4")]
fn three_are_too_few() {
    optimizer_by_name("pso", &OptimizerSettings { population: 3, ..settings(1) });
}

#[test]
fn the_suite_is_zero_at_its_shifts_and_positive_elsewhere() {
    for function in Function::ALL {
        let mut problem = Shifted::new(function, 12, 5);
        let optimum: Vec<f64> =
            problem.shift().iter().map(|shift| (shift / function.bound() + 1.0) / 2.0).collect();
        let mut values = [f64::NAN];
        problem.evaluate(&optimum, 1, &mut values);
        assert!(values[0].abs() < 1e-3, "{} is {} at its optimum", function.name(), values[0]);
        let somewhere: Vec<f64> = optimum.iter().map(|gene| 0.9 * gene + 0.03).collect();
        problem.evaluate(&somewhere, 1, &mut values);
        assert!(values[0] > 1e-3, "{} is {} elsewhere", function.name(), values[0]);
        for (k, row) in problem.rotation().chunks(12).enumerate() {
            for (l, other) in problem.rotation().chunks(12).enumerate() {
                let product: f64 = row.iter().zip(other).map(|(a, b)| a * b).sum();
                assert!((product - f64::from(u8::from(k == l))).abs() < 1e-12);
            }
        }
    }
}

#[test]
fn on_a_shifted_and_rotated_sphere_every_improvement_improves() {
    let budget = OptimizerSettings { max_evaluations: Some(10_000), ..settings(1_000) };
    let error = |optimizer: &mut dyn Optimizer| {
        optimizer.minimize(&mut Shifted::new(Function::Sphere, 10, 3), [1, 1]).value
    };
    let published = error(&mut NgoOriginal::with_box(budget, -100.0, 100.0));
    for mut optimizer in every(budget).filter(|optimizer| optimizer.name() != "ngo_original") {
        let found = error(&mut *optimizer);
        assert!(found < published / 10.0, "{}: {found} against {published}", optimizer.name());
    }
}
