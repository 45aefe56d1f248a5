use super::*;
use crate::statistics::bootstrap::Bootstrap;
use crate::study::design::saltelli::{BaseBlocks, Order};
use crate::study::design::{Design, Method, Structure};
use crate::study::factor::Factor;

const BOOTSTRAP: Bootstrap = Bootstrap { seed: 4, resamples: 200 };

fn design(method: &Method, count: usize) -> Design {
    let factor = |number: usize| Factor::between(&format!("x{number}"), 0.0, 1.0).unwrap();
    method.build(&(0..count).map(factor).collect::<Vec<Factor>>(), 8).unwrap()
}

fn values(design: &Design, model: impl Fn(&[f64]) -> f64) -> Vec<Option<f64>> {
    design.points.iter().map(|point| Some(model(&point.positions))).collect()
}

fn walks(design: &Design) -> &crate::study::design::morris::Walks {
    let Structure::Morris(walks) = &design.structure else { panic!("{:?}", design.structure) };
    walks
}

fn blocks(design: &Design) -> &BaseBlocks {
    let Structure::Saltelli(blocks) = &design.structure else { panic!("{:?}", design.structure) };
    blocks
}

fn close(found: Option<f64>, expected: f64, tolerance: f64) -> bool {
    found.is_some_and(|found| (found - expected).abs() <= tolerance)
}

#[test]
fn effects_of_a_straight_line_are_its_slopes() {
    let design = design(&Method::Morris { trajectories: 12, levels: 6 }, 3);
    let found =
        morris::effects(walks(&design), &values(&design, |x| 7.0 + 2.0 * x[0] - 3.0 * x[1]), &BOOTSTRAP);
    for (effects, slope) in found.iter().zip([2.0, -3.0, 0.0]) {
        assert_eq!((effects.count, effects.missing), (12, 0));
        assert!(close(effects.mu, slope, 1e-12) && close(effects.mu_star.value, slope.abs(), 1e-12));
        assert!(close(effects.sigma, 0.0, 1e-12) && close(effects.mu_star.half_width, 0.0, 1e-12));
    }
}

#[test]
fn what_interacts_has_a_spread() {
    let design = design(&Method::Morris { trajectories: 50, levels: 4 }, 3);
    let found = morris::effects(walks(&design), &values(&design, |x| x[0] * x[1] + x[2]), &BOOTSTRAP);
    assert!(
        found[0].sigma.unwrap() > 0.2 && found[1].sigma.unwrap() > 0.2 && found[2].sigma.unwrap() < 1e-12
    );
}

#[test]
fn a_walk_with_a_point_missing_loses_the_two_effects_at_it() {
    let design = design(&Method::Morris { trajectories: 5, levels: 4 }, 3);
    let mut values = values(&design, |x| x[0]);
    values[1] = None;
    values[4] = Some(f64::NAN);
    let found = morris::effects(walks(&design), &values, &BOOTSTRAP);
    assert_eq!(found.iter().map(|it| it.missing).sum::<usize>(), 3);
    assert!(found.iter().all(|it| it.count + it.missing == 5 && it.mu.is_some_and(f64::is_finite)));
    let nothing = morris::effects(walks(&design), &vec![None; values.len()], &BOOTSTRAP);
    assert!(
        nothing.iter().all(|it| it.mu.is_none() && it.mu_star == Index { value: None, half_width: None })
    );
}

/// Ishigami and Homma (1990) with a = 7, b = 0.1: V1 = (1 + b pi^4 / 5)^2 / 2, V2 = a^2 / 8, V13 = 8 b^2 pi^8 / 225.
fn ishigami(u: &[f64]) -> f64 {
    let x: Vec<f64> = u.iter().map(|u| std::f64::consts::PI * (2.0 * u - 1.0)).collect();
    libm::sin(x[0]) + 7.0 * libm::pow(libm::sin(x[1]), 2.0) + 0.1 * libm::pow(x[2], 4.0) * libm::sin(x[0])
}

#[test]
fn indices_of_ishigami_are_those_of_its_closed_form() {
    let design = design(&Method::Saltelli { points: 4096, order: Order::Second }, 3);
    let found = sobol::indices(blocks(&design), &values(&design, ishigami), &BOOTSTRAP);
    let pi4 = std::f64::consts::PI.powi(4);
    let (v1, v2, v13) = (0.5 * (1.0 + 0.1 * pi4 / 5.0).powi(2), 49.0 / 8.0, 8.0 * 0.01 * pi4 * pi4 / 225.0);
    let variance = v1 + v2 + v13;
    let first = [v1 / variance, v2 / variance, 0.0];
    let total = [(v1 + v13) / variance, v2 / variance, v13 / variance];
    let second = [0.0, v13 / variance, 0.0];
    for (index, truth) in found.first.iter().chain(&found.total).zip(first.iter().chain(&total)) {
        assert!(close(index.value, *truth, 0.01), "{index:?}, truth {truth}");
        assert!(close(index.value, *truth, index.half_width.unwrap()), "{index:?}, truth {truth}");
    }
    for (pair, truth) in found.second.iter().zip(second) {
        assert!(close(pair.index.value, truth, 0.03), "{pair:?}, truth {truth}");
    }
    let factors: Vec<[usize; 2]> = found.second.iter().map(|pair| pair.factors).collect();
    assert_eq!(factors, [[0, 1], [0, 2], [1, 2]]);
    assert_eq!((found.count, found.missing), (4096, 0));
}

#[test]
fn a_base_point_with_a_value_missing_is_left_out_whole() {
    let design = design(&Method::Saltelli { points: 64, order: Order::First }, 3);
    let mut some = values(&design, |u| u[0]);
    some[2] = None;
    some[5 * 10] = Some(f64::INFINITY);
    let found = sobol::indices(blocks(&design), &some, &BOOTSTRAP);
    assert_eq!((found.count, found.missing), (62, 2));
    // As if those base points had never been.
    let kept: Vec<Option<f64>> = some
        .chunks_exact(5)
        .filter(|block| block.iter().all(|it| usable(*it).is_some()))
        .flatten()
        .copied()
        .collect();
    let fewer = BaseBlocks { count: 62, ..*blocks(&design) };
    assert_eq!(sobol::indices(&fewer, &kept, &BOOTSTRAP).first, found.first);
}

#[test]
fn what_never_varies_has_no_indices() {
    let design = design(&Method::Saltelli { points: 16, order: Order::Second }, 2);
    let none = Index { value: None, half_width: None };
    for constant in [Some(0.1), None] {
        let found = sobol::indices(blocks(&design), &vec![constant; design.points.len()], &BOOTSTRAP);
        assert!(found.first.iter().chain(&found.total).all(|index| *index == none), "{found:?}");
        assert!(found.second.iter().all(|pair| pair.index == none));
    }
}
