use super::*;

mod every;

/// A shifted ellipsoid plus cross terms, on a grid of 2^-20 so that shifts are exact.
struct Ellipsoid {
    centre: Vec<f64>,
}

impl Problem for Ellipsoid {
    fn dimensions(&self) -> usize {
        self.centre.len()
    }

    fn evaluate(&mut self, genes: &[f64], n: usize, values: &mut [f64]) {
        for (i, value) in values.iter_mut().enumerate() {
            let along = |j: usize| genes[j * n + i] - self.centre[j];
            let squares = (0..self.centre.len()).map(|j| (1 + j) as f64 * along(j) * along(j)).sum::<f64>();
            let crosses = (1..self.centre.len()).map(|j| along(j) * along(j - 1)).sum::<f64>();
            *value = squares + crosses;
        }
    }
}

/// Values that say nothing about the genes.
struct Noise {
    calls: u32,
}

impl Problem for Noise {
    fn dimensions(&self) -> usize {
        5
    }

    fn evaluate(&mut self, _genes: &[f64], _n: usize, values: &mut [f64]) {
        self.calls += 1;
        for (i, value) in values.iter_mut().enumerate() {
            *value = random::unit(random::philox([self.calls, i as u32, 0, 0], [1, 2])[0]);
        }
    }
}

fn ngo(iterations: u32) -> Ngo {
    Ngo::new(OptimizerSettings { iterations, ..OptimizerSettings::default() })
}

#[test]
fn the_same_seed_gives_the_same_bits_and_another_seed_does_not() {
    let run = |seed| ngo(60).minimize(&mut Ellipsoid { centre: vec![0.3, 0.6, 0.9] }, seed);
    assert_eq!(run([1, 2]), run([1, 2]));
    assert_ne!(run([1, 2]).genes, run([1, 3]).genes);
    assert_ne!(run([1, 2]).genes, run([2, 2]).genes);
    let mut used = ngo(60);
    used.minimize(&mut Noise { calls: 0 }, [9, 9]);
    let again = used.minimize(&mut Ellipsoid { centre: vec![0.3, 0.6, 0.9] }, [1, 2]);
    assert_eq!(again, run([1, 2]), "what was solved before leaves nothing behind");
}

#[test]
fn evaluations_are_n_and_two_n_per_iteration() {
    let solution = ngo(70).minimize(&mut Ellipsoid { centre: vec![0.5; 4] }, [5, 5]);
    assert_eq!((solution.evaluations, solution.iterations), (30 + 2 * 30 * 70, 70));
    assert_eq!(solution.trace.len(), 71);
    assert!(solution.trace.is_sorted_by(|before, after| before.best >= after.best));
}

#[test]
fn ten_dimensions_are_solved_wherever_the_optimum_lies() {
    for centre in [0.03, 0.31, 0.5, 0.97] {
        let solution = ngo(500).minimize(&mut Ellipsoid { centre: vec![centre; 10] }, [11, 0]);
        assert!(solution.value < 1e-8, "{} at {centre}", solution.value);
    }
}

#[test]
fn optima_on_the_bounds_are_reached() {
    for seed in 0..10 {
        let solution = ngo(500).minimize(&mut Ellipsoid { centre: vec![-2.0, 3.0, 0.4] }, [seed, 0]);
        assert!(solution.genes[0] < 1e-9 && solution.genes[1] > 1.0 - 1e-9, "{:?}", solution.genes);
    }
}

/// Mirrors the candidates of a problem: g becomes 1 - g.
struct Mirrored(Ellipsoid);

impl Problem for Mirrored {
    fn dimensions(&self) -> usize {
        self.0.dimensions()
    }

    fn evaluate(&mut self, genes: &[f64], n: usize, values: &mut [f64]) {
        let mirrored: Vec<f64> = genes.iter().map(|gene| 1.0 - gene).collect();
        self.0.evaluate(&mirrored, n, values);
    }
}

#[test]
fn neither_end_of_the_box_is_preferred() {
    // Translation within [0, 1] would meet the bounds; the mirror moves the origin to the far corner instead.
    let median = |values: &mut Vec<f64>| {
        values.sort_by(f64::total_cmp);
        values[values.len() / 2]
    };
    let ellipsoid = || Ellipsoid { centre: vec![0.0; 8] };
    let mut near: Vec<f64> = (0..301).map(|s| ngo(40).minimize(&mut ellipsoid(), [s, 0]).value).collect();
    let mut far: Vec<f64> =
        (0..301).map(|s| ngo(40).minimize(&mut Mirrored(ellipsoid()), [s, 1]).value).collect();
    let (near, far) = (median(&mut near), median(&mut far));
    assert!(near <= 10.0 * far + 1e-12 && far <= 10.0 * near + 1e-12, "{near} at the origin, {far} opposite");
}

#[test]
fn on_pure_noise_the_population_stays_unbiased() {
    let (mut sum, mut low, mut high, mut count) = (0.0, 0, 0, 0);
    for seed in 0..40 {
        let mut optimizer = ngo(60);
        optimizer.minimize(&mut Noise { calls: seed as u32 * 1000 }, [seed, 0]);
        for &gene in optimizer.population().genes() {
            sum += gene;
            low += u32::from(gene == 0.0);
            high += u32::from(gene == 1.0);
            count += 1;
        }
    }
    let mean = sum / f64::from(count);
    assert!((mean - 0.5).abs() < 0.03, "the mean gene is {mean}");
    let difference = (f64::from(low) - f64::from(high)).abs() / f64::from(count);
    assert!(difference < 0.02, "{low} genes at 0, {high} at 1 of {count}");
}

/// A sphere whose genes stand for [offset, offset + 1], so that box and optimum move together.
struct Shifted {
    offset: f64,
}

impl Problem for Shifted {
    fn dimensions(&self) -> usize {
        4
    }

    fn evaluate(&mut self, genes: &[f64], n: usize, values: &mut [f64]) {
        for (i, value) in values.iter_mut().enumerate() {
            let square = |j: usize| (genes[j * n + i] + self.offset - (self.offset + 0.25)).powi(2);
            // Rounded to a coarse grid: the last bits of a shifted sum are not the optimizer's.
            *value = ((0..4).map(square).sum::<f64>() * 1e6).round();
        }
    }
}

#[test]
fn moving_box_and_optimum_together_changes_nothing() {
    let run = |offset| ngo(100).minimize(&mut Shifted { offset }, [8, 8]);
    assert_eq!(run(0.0), run(1024.0));
}

/// Nothing finite in half of the box.
struct HalfBroken;

impl Problem for HalfBroken {
    fn dimensions(&self) -> usize {
        2
    }

    fn evaluate(&mut self, genes: &[f64], n: usize, values: &mut [f64]) {
        for (i, value) in values.iter_mut().enumerate() {
            *value = if genes[i] < 0.5 { f64::NAN } else { genes[i] + genes[n + i] };
        }
    }
}

#[test]
fn what_is_not_finite_is_infinitely_bad_and_counted() {
    let solution = ngo(200).minimize(&mut HalfBroken, [2, 0]);
    assert!(solution.value < 0.5 + 1e-6 && solution.non_finite > 0);
}

#[test]
fn a_converged_search_may_stop_early() {
    let settings = OptimizerSettings { convergence_tolerance: Some(1e-9), ..OptimizerSettings::default() };
    let solution = Ngo::new(settings).minimize(&mut Ellipsoid { centre: vec![0.4; 3] }, [1, 1]);
    assert!(
        solution.iterations < 500 && solution.value < 1e-8,
        "{} after {}",
        solution.value,
        solution.iterations
    );
}
