//! Designs, sensitivity indices and quantiles against SALib and scipy.

use std::fmt::Write;
use std::path::Path;
use std::process::Command;

use goshawk::statistics::bootstrap::Bootstrap;
use goshawk::statistics::quantile::{Sorted, order_statistics};
use goshawk::statistics::student_t_quantile;
use goshawk::study::design::saltelli::Order;
use goshawk::study::design::sobol_sequence::{DIMENSIONS_MAX, Dimension};
use goshawk::study::design::{Design, Method, Structure};
use goshawk::study::factor::{Factor, FactorTable};
use goshawk::study::sensitivity::{Index, morris, sobol};
use serde_json::{Value, json};

use crate::python::packages;
use crate::sample::Draws;

const BOOTSTRAP: Bootstrap = Bootstrap { seed: 5, resamples: 1000 };

/// Ishigami's function of positions in the unit cube, with a fourth factor that does nothing.
fn ishigami(u: &[f64]) -> f64 {
    let x: Vec<f64> = u.iter().map(|u| std::f64::consts::PI * (2.0 * u - 1.0)).collect();
    libm::sin(x[0])
        + 7.0 * libm::sin(x[1]) * libm::sin(x[1])
        + 0.1 * x[2] * x[2] * x[2] * x[2] * libm::sin(x[0])
}

fn design(method: &Method) -> Design {
    let factor = |number: usize| Factor::between(&format!("x{number}"), 0.0, 1.0).unwrap();
    method.build(&(0..4).map(factor).collect::<Vec<Factor>>(), 3).unwrap()
}

fn positions(design: &Design) -> Vec<&[f64]> {
    design.points.iter().map(|point| point.positions.as_slice()).collect()
}

fn column(indices: &[Index]) -> Value {
    json!({
        "values": indices.iter().map(|index| index.value).collect::<Vec<_>>(),
        "half_widths": indices.iter().map(|index| index.half_width).collect::<Vec<_>>(),
    })
}

fn sobol_case(points: u32, order: Order) -> Value {
    let design = design(&Method::Saltelli { points, order });
    let Structure::Saltelli(blocks) = &design.structure else { panic!("{:?}", design.structure) };
    let values: Vec<Option<f64>> = positions(&design).into_iter().map(|u| Some(ishigami(u))).collect();
    let found = sobol::indices(blocks, &values, &BOOTSTRAP);
    let second: Vec<Index> = found.second.iter().map(|pair| pair.index).collect();
    json!({
        "kind": "sobol",
        "second_order": order == Order::Second,
        "positions": positions(&design),
        "values": values,
        "S1": column(&found.first),
        "ST": column(&found.total),
        "S2": column(&second),
    })
}

fn morris_case(trajectories: u32, levels: u32) -> Value {
    let design = design(&Method::Morris { trajectories, levels });
    let Structure::Morris(walks) = &design.structure else { panic!("{:?}", design.structure) };
    let values: Vec<Option<f64>> = positions(&design).into_iter().map(|u| Some(ishigami(u))).collect();
    let found = morris::effects(walks, &values, &BOOTSTRAP);
    let mu_star: Vec<Index> = found.iter().map(|effects| effects.mu_star).collect();
    json!({
        "kind": "morris",
        "levels": levels,
        "positions": positions(&design),
        "values": values,
        "mu": found.iter().map(|effects| effects.mu).collect::<Vec<_>>(),
        "sigma": found.iter().map(|effects| effects.sigma).collect::<Vec<_>>(),
        "mu_star": column(&mu_star),
    })
}

/// The sequence as it is, in every dimension.
fn sequence(points: u32) -> Value {
    let dimensions: Vec<Dimension> = (0..DIMENSIONS_MAX).map(Dimension::plain).collect();
    let point = |index: u32| dimensions.iter().map(|it| it.position(index)).collect::<Vec<f64>>();
    json!({ "kind": "sequence", "points": (0..points).map(point).collect::<Vec<_>>() })
}

fn student() -> Value {
    let probabilities = [0.5, 0.6, 0.75, 0.9, 0.95, 0.975, 0.99, 0.995, 0.9995, 0.999_995];
    let degrees = (1..=40).chain([49, 99, 100, 499, 999, 5_000, 100_001]);
    let row = |degrees: u32| {
        json!([degrees, probabilities.map(|probability| student_t_quantile(probability, degrees))])
    };
    json!({ "kind": "student", "probabilities": probabilities, "rows": degrees.map(row).collect::<Vec<_>>() })
}

/// Levels at positions, by the tables that describe them.
fn distributions() -> Value {
    let positions: Vec<f64> = [1e-12, 1e-6, 1e-3]
        .into_iter()
        .chain((1..100).map(|step| f64::from(step) / 100.0))
        .chain([0.999, 1.0 - 1e-6])
        .collect();
    let tables = [
        "normal = { mean = 0.0, sd = 1.0 }",
        "normal = { mean = 5.0, sd = 2.0, low = 4.0, high = 9.0 }",
        "normal = { mean = 0.0, sd = 1.0, low = 6.0 }",
        "normal = { mean = 1.0, sd = 3.0, high = -20.0 }",
        "lognormal = { mean = 3.0, sd = 2.0 }",
        "triangular = { low = 1.0, mode = 1.5, high = 4.0 }",
        "triangular = { low = 1.0, mode = 1.0, high = 4.0 }",
        "uniform = { low = -1.0, high = 4.0 }",
        "range = { from = 0.01, to = 100.0, scale = \"log\" }",
    ];
    let case = |levels: &str| {
        let table: FactorTable = toml::from_str(&format!("path = \"x\"\n{levels}")).unwrap();
        let factor = table.check().unwrap();
        let values: Vec<Option<f64>> = positions.iter().map(|&u| factor.at(u).number()).collect();
        json!({ "factor": table, "values": values })
    };
    json!({ "kind": "distributions", "positions": positions, "cases": tables.map(case) })
}

fn quantiles() -> Value {
    let mut draw = Draws::new(3);
    let values: Vec<f64> = (0..77).map(|_| (draw.unit() * 10.0).round()).collect();
    let sorted = Sorted::new(values.clone());
    let probabilities = [0.0, 0.05, 0.25, 0.5, 0.75, 0.95, 1.0];
    let ranks =
        |count: usize| [0.01, 0.05, 0.3, 0.5, 0.95].map(|p| json!([count, p, order_statistics(count, p)]));
    let counts = [1, 2, 10, 30, 100, 999, 20_000];
    json!({
        "kind": "quantiles",
        "values": values,
        "quantiles": probabilities.map(|p| (p, sorted.quantile(p))),
        "ranks": counts.map(ranks),
    })
}

#[test]
fn designs_indices_and_quantiles_are_those_of_salib_and_scipy() {
    let cases = [
        sequence(1024),
        sobol_case(256, Order::Second),
        sobol_case(1024, Order::First),
        morris_case(40, 4),
        morris_case(25, 8),
        student(),
        distributions(),
        quantiles(),
    ];
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("cases.jsonl");
    let mut lines = String::new();
    cases.iter().for_each(|case| writeln!(lines, "{case}").unwrap());
    std::fs::write(&file, lines).unwrap();

    let script = Path::new(env!("CARGO_MANIFEST_DIR")).join("python/sensitivity.py");
    let mut python = Command::new("python3");
    python.env("PYTHONPATH", packages()).env("PYTHONDONTWRITEBYTECODE", "1").env("OMP_NUM_THREADS", "1");
    let done = python.arg(script).arg(file).output().unwrap();
    let said = String::from_utf8_lossy(&done.stdout);
    assert!(done.status.success(), "{said}\n{}", String::from_utf8_lossy(&done.stderr));
    assert!(said.starts_with(&format!("{} cases", cases.len())), "{said}");
    println!("{said}");
}
