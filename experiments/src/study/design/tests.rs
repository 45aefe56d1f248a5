use std::collections::BTreeSet;

use proptest::prelude::*;

use super::saltelli::Order;
use super::sobol_sequence::{DIMENSIONS_MAX, Dimension};
use super::*;
use crate::study::factor::FactorTable;
use goshawk_engine::Streams;

mod tables;

fn factors(count: usize) -> Vec<Factor> {
    (0..count).map(|number| Factor::between(&format!("factor.x{number}"), 0.0, 1.0).unwrap()).collect()
}

fn build(method: &Method, count: usize, seed: u64) -> Design {
    method.build(&factors(count), seed).unwrap()
}

/// The positions of one factor.
fn column(points: &[Point], factor: usize) -> Vec<f64> {
    points.iter().map(|point| point.positions[factor]).collect()
}

fn each_stratum_has_one(positions: &[f64]) -> bool {
    let strata: BTreeSet<u64> = positions.iter().map(|u| (u * positions.len() as f64) as u64).collect();
    strata.len() == positions.len() && positions.iter().all(|u| (0.0..1.0).contains(u))
}

/// Whether each box of 2^-a by 2^-b, a + b = m, has one of 2^m points.
fn each_elementary_interval_has_one(points: &[Point], [first, second]: [usize; 2]) -> bool {
    let digits = points.len().trailing_zeros();
    (0..=digits).all(|a| {
        let box_of = |point: &Point| {
            let place = |u: f64, digits: u32| (u * f64::from(1u32 << digits)) as u64;
            (place(point.positions[first], a), place(point.positions[second], digits - a))
        };
        points.iter().map(box_of).collect::<BTreeSet<_>>().len() == points.len()
    })
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(64))]

    #[test]
    fn a_latin_hypercube_has_one_point_in_each_stratum(
        points in 2u32..300, blocks in 1u32..4, count in 1usize..6, seed: u64,
    ) {
        let design = build(&Method::LatinHypercube { points, blocks }, count, seed);
        prop_assert_eq!(design.points.len(), (points * blocks) as usize);
        for block in design.points.chunks_exact(points as usize) {
            for factor in 0..count {
                prop_assert!(each_stratum_has_one(&column(block, factor)));
            }
        }
    }

    #[test]
    fn a_full_factorial_has_every_combination_once(counts in proptest::collection::vec(1usize..6, 1..5)) {
        let factor = |(number, &count): (usize, &usize)| {
            let values = (0..count as i64).map(Level::from).collect();
            Factor::list(&format!("x{number}"), values).unwrap()
        };
        let factors: Vec<Factor> = counts.iter().enumerate().map(factor).collect();
        let design = Method::FullFactorial.build(&factors, 1).unwrap();
        let all: BTreeSet<Vec<String>> =
            design.points.iter().map(|point| point.sets(&design.paths)).collect();
        prop_assert_eq!(all.len(), counts.iter().product::<usize>());
        prop_assert_eq!(design.points.len(), all.len());
    }

    #[test]
    fn scrambled_sobol_points_fill_every_elementary_interval(log in 1u32..9, count in 1usize..12, seed: u64) {
        let design = build(&Method::Sobol { points: 1 << log, blocks: 2 }, count, seed);
        for block in design.points.chunks_exact(1 << log) {
            for factor in 0..count {
                prop_assert!(each_stratum_has_one(&column(block, factor)));
            }
            if count > 1 {
                prop_assert!(each_elementary_interval_has_one(block, [0, 1]));
            }
        }
    }

    #[test]
    fn a_step_of_a_morris_walk_changes_one_factor_by_delta(
        trajectories in 2u32..20, half in 1u32..6, count in 1usize..8, seed: u64,
    ) {
        let levels = 2 * half;
        let design = build(&Method::Morris { trajectories, levels }, count, seed);
        let Structure::Morris(walks) = &design.structure else { panic!("{:?}", design.structure) };
        for (walk, steps) in design.points.chunks_exact(count + 1).zip(&walks.steps) {
            let changed: BTreeSet<usize> = steps.iter().map(|step| step.factor).collect();
            prop_assert_eq!(changed.len(), count);
            for (pair, step) in walk.windows(2).zip(steps) {
                for factor in 0..count {
                    let change = pair[1].positions[factor] - pair[0].positions[factor];
                    let sign = if step.way == morris::Way::Up { 1.0 } else { -1.0 };
                    let expected = if factor == step.factor { sign * walks.delta } else { 0.0 };
                    prop_assert!((change - expected).abs() < 1e-12);
                }
            }
        }
        for u in design.points.iter().flat_map(|point| &point.positions) {
            let level = u * f64::from(levels - 1);
            prop_assert!((level - level.round()).abs() < 1e-9 && (0.0..=1.0).contains(u));
        }
    }

    #[test]
    fn saltelli_exchanges_one_factor(log in 1u32..6, count in 1usize..6, seed: u64, is_second: bool) {
        let order = if is_second { Order::Second } else { Order::First };
        let design = build(&Method::Saltelli { points: 1 << log, order }, count, seed);
        let per_base = order.points_per_base(count);
        prop_assert_eq!(design.points.len(), per_base << log);
        for block in design.points.chunks_exact(per_base) {
            let (a, b) = (&block[0].positions, &block[per_base - 1].positions);
            for (place, point) in block[1..per_base - 1].iter().enumerate() {
                let (from, other) = if place < count { (a, b) } else { (b, a) };
                for factor in 0..count {
                    let expected = if factor == place % count { other } else { from };
                    prop_assert_eq!(point.positions[factor], expected[factor]);
                }
            }
        }
    }

    #[test]
    fn the_same_seed_makes_the_same_design_and_another_another(seed: u64, which in 0usize..4) {
        let method = &methods()[which];
        prop_assert_eq!(build(method, 3, seed), build(method, 3, seed));
        prop_assert_ne!(build(method, 3, seed).points, build(method, 3, seed ^ 1).points);
    }

    #[test]
    fn more_blocks_walks_or_points_keep_the_first(seed: u64) {
        let keeps = |few: Method, many: Method| {
            let (few, many) = (build(&few, 3, seed), build(&many, 3, seed));
            many.points.starts_with(&few.points)
        };
        let hypercubes = |blocks| Method::LatinHypercube { points: 7, blocks };
        prop_assert!(keeps(hypercubes(2), hypercubes(5)));
        let sobol = |points, blocks| Method::Sobol { points, blocks };
        prop_assert!(keeps(sobol(8, 2), sobol(8, 3)));
        prop_assert!(keeps(sobol(8, 1), sobol(64, 1)));
        let walks = |trajectories| Method::Morris { trajectories, levels: 4 };
        prop_assert!(keeps(walks(3), walks(9)));
        let bases = |points| Method::Saltelli { points, order: Order::Second };
        prop_assert!(keeps(bases(4), bases(32)));
    }

    #[test]
    fn one_more_factor_leaves_the_others_where_they_are(seed: u64, at in 0usize..4) {
        let old = factors(3);
        let mut new = old.clone();
        new.insert(at, Factor::between("another", 0.0, 1.0).unwrap());
        let columns = |design: &Design, paths: &[Factor]| -> Vec<Vec<f64>> {
            let place = |factor: &Factor| design.paths.iter().position(|path| path == factor.path()).unwrap();
            paths.iter().map(|factor| column(&design.points, place(factor))).collect()
        };
        let same = |method: &Method, new: &[Factor]| {
            let designs = [&old[..], new].map(|factors| method.build(factors, seed).unwrap());
            columns(&designs[0], &old) == columns(&designs[1], &old)
        };
        let [hypercubes, sobol, ..] = &methods();
        prop_assert!(same(hypercubes, &new));
        if at == 3 {
            prop_assert!(same(sobol, &new));
        }
        // A walk has a step more; where each starts stays, and so does the order of the others.
        let walks = |factors: &[Factor]| {
            let design = Method::Morris { trajectories: 5, levels: 4 }.build(factors, seed).unwrap();
            let Structure::Morris(walks) = &design.structure else { panic!("{:?}", design.structure) };
            let first = design.points.chunks_exact(factors.len() + 1).map(|walk| walk[0].positions.clone());
            let order = walks.steps.iter().map(|steps| {
                let others = steps.iter().filter(|step| factors[step.factor].path() != "another");
                others.map(|step| (factors[step.factor].path().to_owned(), step.way)).collect::<Vec<_>>()
            });
            (first.collect::<Vec<_>>(), order.collect::<Vec<_>>())
        };
        let ((old_first, old_order), (mut new_first, new_order)) = (walks(&old), walks(&new));
        for start in &mut new_first {
            start.remove(at);
        }
        prop_assert_eq!((old_first, old_order), (new_first, new_order));
    }
}

/// One of each kind that draws.
fn methods() -> [Method; 4] {
    [
        Method::LatinHypercube { points: 20, blocks: 2 },
        Method::Sobol { points: 16, blocks: 2 },
        Method::Morris { trajectories: 20, levels: 4 },
        Method::Saltelli { points: 16, order: Order::First },
    ]
}

#[test]
fn the_plain_sequence_begins_as_printed() {
    // Joe and Kuo, notes on generating Sobol sequences: the first points in dimensions 1 to 3.
    let dimensions = [0, 1, 2].map(Dimension::plain);
    let expected = [
        [0.0, 0.0, 0.0],
        [0.5, 0.5, 0.5],
        [0.75, 0.25, 0.25],
        [0.25, 0.75, 0.75],
        [0.375, 0.375, 0.625],
        [0.875, 0.875, 0.125],
        [0.625, 0.125, 0.875],
        [0.125, 0.625, 0.375],
    ];
    for (index, point) in (0u32..).zip(expected) {
        assert_eq!(dimensions.each_ref().map(|it| it.position(index)), point, "point {index}");
    }
}

#[test]
fn every_dimension_of_the_file_is_a_sequence_of_its_own() {
    let mut all = BTreeSet::new();
    for dimension in 0..DIMENSIONS_MAX {
        let plain = Dimension::plain(dimension);
        let positions: Vec<f64> = (0..256).map(|index| plain.position(index)).collect();
        assert!(each_stratum_has_one(&positions), "dimension {dimension}");
        all.insert((0..4096).map(|index| plain.position(index).to_bits()).collect::<Vec<u64>>());
    }
    assert_eq!(all.len(), DIMENSIONS_MAX);
}

/// The mean of a smooth function: an error of 1 / sqrt(n) for chance, nearly 1 / n for scrambled Sobol points.
#[test]
fn sobol_points_integrate_better_than_hypercubes_and_these_than_chance() {
    let error = |points: &dyn Fn(u64) -> Vec<Vec<f64>>| {
        let mean = |positions: Vec<Vec<f64>>| {
            let count = positions.len() as f64;
            let value = |x: &Vec<f64>| (1.0 + 0.5 * (x[0] - 0.5)) * (1.0 + (x[1] - 0.5)) * libm::exp(x[2]);
            positions.iter().map(value).sum::<f64>() / count
        };
        let truth = libm::exp(1.0) - 1.0;
        let squares = (0..50).map(|seed| (mean(points(seed)) - truth).powi(2));
        (squares.sum::<f64>() / 50.0).sqrt()
    };
    let of = |method: Method| {
        error(&|seed| build(&method, 3, seed).points.into_iter().map(|point| point.positions).collect())
    };
    let chance = error(&|seed| {
        let mut stream =
            Streams { seed, crn_group: 0, replicate: 0, is_mirrored: false }.stream("test", "chance");
        (0..256).map(|_| (0..3).map(|_| stream.uniform()).collect()).collect()
    });
    let hypercube = of(Method::LatinHypercube { points: 256, blocks: 1 });
    let sobol = of(Method::Sobol { points: 256, blocks: 1 });
    assert!(hypercube < chance / 3.0, "hypercube {hypercube}, chance {chance}");
    assert!(sobol < hypercube / 3.0, "Sobol {sobol}, hypercube {hypercube}");
}

/// Points of a hypercube are not independent: an interval over points is far too wide, one over blocks is right.
#[test]
fn intervals_over_blocks_cover_and_those_over_points_do_not() {
    let (mut covered, mut ratio) = (0, 0.0);
    for seed in 0..1000 {
        let design = build(&Method::LatinHypercube { points: 10, blocks: 10 }, 2, seed);
        let value = |point: &Point| point.positions[0] + point.positions[1] * point.positions[1];
        let values: Vec<Option<f64>> = design.points.iter().map(|point| Some(value(point))).collect();
        let over_blocks = design.mean_over_blocks(&values).unwrap().estimate;
        let [low, high] = over_blocks.interval().unwrap();
        covered += u32::from((low..=high).contains(&(0.5 + 1.0 / 3.0)));
        let flat: Vec<f64> = values.into_iter().flatten().collect();
        let over_points = crate::statistics::Estimate::of(&flat).unwrap();
        ratio += over_points.half_width.unwrap() / over_blocks.half_width.unwrap() / 1000.0;
    }
    assert!((930..=970).contains(&covered), "{covered} of 1000");
    assert!(ratio > 5.0, "{ratio}");
}

#[test]
fn costs_are_those_of_the_page_on_designs() {
    let count = |method: Method| method.point_count(&factors(5));
    assert_eq!(count(Method::Morris { trajectories: 10, levels: 4 }), Some(10 * 6));
    assert_eq!(count(Method::Saltelli { points: 64, order: Order::First }), Some(64 * 7));
    assert_eq!(count(Method::Saltelli { points: 64, order: Order::Second }), Some(64 * 12));
    assert_eq!(count(Method::Sobol { points: 64, blocks: 8 }), Some(512));
    for method in methods() {
        assert_eq!(Some(build(&method, 5, 1).points.len() as u64), method.point_count(&factors(5)));
    }
}

#[test]
fn faults_of_a_design_are_told_at_once() {
    let mut text = String::new();
    for toml in [
        "method = \"sobol\"\npoints = 100",
        "method = \"saltelli\"\nblocks = 3",
        "method = \"morris\"\ntrajectories = 1\nlevels = 5\npoints = 8",
        "method = \"latin_hypercube\"\npoints = 1\nblocks = 0\nsecond_order = true",
        "method = \"full_factorial\"\npoints = 4\nfile = \"design.csv\"",
        "method = \"table\"",
    ] {
        let table: DesignTable = toml::from_str(toml).unwrap();
        let told: Vec<String> = table.check().unwrap_err().iter().map(ToString::to_string).collect();
        text.push_str(&format!("{toml}\n  {}\n\n", told.join("\n  ")));
    }
    insta::assert_snapshot!(text);
}

#[test]
fn factors_that_do_not_go_with_a_design_are_told_at_once() {
    let factor = |toml: &str| toml::from_str::<FactorTable>(toml).unwrap().check().unwrap();
    let normal = factor("path = \"a.b\"\nnormal = { mean = 1.0, sd = 1.0 }");
    let single = factor("path = \"a\"\nvalues = [1]");
    let long = factor("path = \"long\"\nrange = { from = 1, to = 5000, integer = true }");
    let longer = factor("path = \"longer\"\nrange = { from = 1, to = 5000, integer = true }");
    let many: Vec<Factor> = factors(FACTORS_MAX + 1);
    let mut text = String::new();
    let mut tell = |method: &Method, factors: &[Factor]| {
        let told: Vec<String> =
            method.build(factors, 1).unwrap_err().iter().map(ToString::to_string).collect();
        let paths: Vec<&str> = factors.iter().take(4).map(Factor::path).collect();
        text.push_str(&format!("{method:?} of {}\n  {}\n\n", paths.join(", "), told.join("\n  ")));
    };
    let pair = [normal.clone(), single.clone(), normal.clone()];
    for method in methods().iter().chain([&Method::FullFactorial]) {
        tell(method, &pair);
        tell(method, &[]);
    }
    tell(&Method::FullFactorial, &[long, longer]);
    tell(&methods()[3], &many);
    tell(&Method::Saltelli { points: 1 << 19, order: Order::First }, &factors(3));
    insta::assert_snapshot!(text);
}
