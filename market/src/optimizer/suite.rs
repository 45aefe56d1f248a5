//! Twelve test functions, shifted and rotated, of the kind that competitions of optimizers use.
//!
//! A candidate x of [-bound, bound]^m is moved and turned, z = M (x - o), with a shift o uniform within 80 % of the bounds
//! and a random rotation M (orthonormalised Gaussian vectors). Every function is 0 at x = o and larger elsewhere, so its
//! value is the error. With y = z but for the shift of a function's own optimum to z = 0, as given:
//!
//! | name | bound | value |
//! |---|---|---|
//! | sphere | 100 | sum z^2 |
//! | cigar | 100 | z_1^2 + 10^6 sum of the other z^2 |
//! | elliptic | 100 | sum 10^(6 (j-1)/(m-1)) z_j^2 |
//! | zakharov | 10 | sum z^2 + s^2 + s^4, s = sum j z_j / 2 |
//! | rosenbrock | 30 | sum 100 (y_(j+1) - y_j^2)^2 + (1 - y_j)^2, y = z + 1 |
//! | rastrigin | 5.12 | sum z^2 - 10 cos(2 pi z) + 10 |
//! | ackley | 32 | 20 + e - 20 exp(-0.2 sqrt(mean z^2)) - exp(mean cos(2 pi z)) |
//! | griewank | 600 | sum z^2 / 4000 - product cos(z_j / sqrt(j)) + 1 |
//! | schaffer | 100 | sum over neighbours, round: 0.5 + (sin^2(sqrt q) - 0.5) / (1 + 0.001 q)^2, q = z_j^2 + z_(j+1)^2 |
//! | levy | 10 | sin^2(pi y_1) + sum (y-1)^2 (1 + 10 sin^2(pi y + 1)) + (y_m - 1)^2 (1 + sin^2(2 pi y_m)), y = 1 + z / 4 |
//! | schwefel | 100 | 418.9829 m - sum g(10 z + 420.9687), g as in CEC 2014 |
//! | happycat | 5 | abs(sum y^2 - m)^(1/4) + (sum y^2 / 2 + sum y) / m + 1/2, y = z - 1 |
//!
//! Rotations need m <= 1000 or so in time; tests and benches use 30.

use std::f64::consts::{PI, TAU};

use super::Problem;
use super::random::{Counter, unit};

/// A function of the suite, before it is moved and turned.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[allow(missing_docs, reason = "the module's table says what they are")]
pub enum Function {
    Sphere,
    Cigar,
    Elliptic,
    Zakharov,
    Rosenbrock,
    Rastrigin,
    Ackley,
    Griewank,
    Schaffer,
    Levy,
    Schwefel,
    HappyCat,
}

impl Function {
    /// All twelve, in the order of the tables.
    pub const ALL: [Self; 12] = [
        Self::Sphere,
        Self::Cigar,
        Self::Elliptic,
        Self::Zakharov,
        Self::Rosenbrock,
        Self::Rastrigin,
        Self::Ackley,
        Self::Griewank,
        Self::Schaffer,
        Self::Levy,
        Self::Schwefel,
        Self::HappyCat,
    ];

    /// Its name in tables.
    pub fn name(self) -> &'static str {
        match self {
            Self::Sphere => "sphere",
            Self::Cigar => "cigar",
            Self::Elliptic => "elliptic",
            Self::Zakharov => "zakharov",
            Self::Rosenbrock => "rosenbrock",
            Self::Rastrigin => "rastrigin",
            Self::Ackley => "ackley",
            Self::Griewank => "griewank",
            Self::Schaffer => "schaffer",
            Self::Levy => "levy",
            Self::Schwefel => "schwefel",
            Self::HappyCat => "happycat",
        }
    }

    /// Candidates lie in [-bound, bound]^m.
    pub fn bound(self) -> f64 {
        match self {
            Self::Zakharov | Self::Levy => 10.0,
            Self::Rosenbrock => 30.0,
            Self::Rastrigin => 5.12,
            Self::Ackley => 32.0,
            Self::Griewank => 600.0,
            Self::HappyCat => 5.0,
            Self::Sphere | Self::Cigar | Self::Elliptic | Self::Schaffer | Self::Schwefel => 100.0,
        }
    }

    /// The value at the moved and turned candidate `z`; 0 at z = 0.
    pub fn value(self, z: &[f64]) -> f64 {
        let m = z.len() as f64;
        let squares = || z.iter().map(|z| z * z).sum::<f64>();
        match self {
            Self::Sphere => squares(),
            Self::Cigar => z[0] * z[0] + 1e6 * z[1..].iter().map(|z| z * z).sum::<f64>(),
            Self::Elliptic => {
                let scale = |j: usize| libm::pow(10.0, 6.0 * j as f64 / (m - 1.0).max(1.0));
                z.iter().enumerate().map(|(j, z)| scale(j) * z * z).sum()
            }
            Self::Zakharov => {
                let s: f64 = z.iter().enumerate().map(|(j, z)| 0.5 * (j + 1) as f64 * z).sum();
                squares() + s * s + s * s * s * s
            }
            Self::Rosenbrock => z
                .windows(2)
                .map(|z| {
                    let (y, next) = (z[0] + 1.0, z[1] + 1.0);
                    100.0 * (next - y * y) * (next - y * y) + (1.0 - y) * (1.0 - y)
                })
                .sum(),
            Self::Rastrigin => z.iter().map(|z| z * z - 10.0 * libm::cos(TAU * z) + 10.0).sum(),
            Self::Ackley => {
                let waves = z.iter().map(|z| libm::cos(TAU * z)).sum::<f64>() / m;
                // In this order both pairs are exactly 0 at the optimum.
                20.0 - 20.0 * libm::exp(-0.2 * (squares() / m).sqrt()) + (libm::exp(1.0) - libm::exp(waves))
            }
            Self::Griewank => {
                let waves: f64 =
                    z.iter().enumerate().map(|(j, z)| libm::cos(z / ((j + 1) as f64).sqrt())).product();
                squares() / 4000.0 - waves + 1.0
            }
            Self::Schaffer => (0..z.len())
                .map(|j| {
                    let next = z[(j + 1) % z.len()];
                    let q = z[j] * z[j] + next * next;
                    let (sine, damping) = (libm::sin(q.sqrt()), 1.0 + 0.001 * q);
                    0.5 + (sine * sine - 0.5) / (damping * damping)
                })
                .sum(),
            Self::Levy => levy(z),
            Self::Schwefel => SCHWEFEL_HEIGHT * m - z.iter().map(|z| schwefel(*z, m)).sum::<f64>(),
            Self::HappyCat => {
                let squares: f64 = z.iter().map(|z| (z - 1.0) * (z - 1.0)).sum();
                let sum: f64 = z.iter().map(|z| z - 1.0).sum();
                (squares - m).abs().sqrt().sqrt() + (0.5 * squares + sum) / m + 0.5
            }
        }
    }
}

fn levy(z: &[f64]) -> f64 {
    let y = |z: f64| 1.0 + z / 4.0;
    let sine_squared = |at: f64| libm::sin(at) * libm::sin(at);
    let (first, last) = (y(z[0]), y(z[z.len() - 1]));
    let middle: f64 = z[..z.len() - 1]
        .iter()
        .map(|&z| (y(z) - 1.0) * (y(z) - 1.0) * (1.0 + 10.0 * sine_squared(PI * y(z) + 1.0)))
        .sum();
    sine_squared(PI * first) + middle + (last - 1.0) * (last - 1.0) * (1.0 + sine_squared(TAU * last))
}

/// Where g of the modified Schwefel function is largest, and how large that is.
const SCHWEFEL_OPTIMUM: f64 = 420.968_746_227_503_6;
const SCHWEFEL_HEIGHT: f64 = 418.982_887_272_433_8;

/// A term of the modified Schwefel function of CEC 2014.
fn schwefel(z: f64, m: f64) -> f64 {
    let y = 10.0 * z + SCHWEFEL_OPTIMUM;
    let wave = |at: f64| at * libm::sin(at.abs().sqrt());
    if y > 500.0 {
        let (folded, beyond) = (500.0 - y % 500.0, y - 500.0);
        wave(folded) - beyond * beyond / (10_000.0 * m)
    } else if y < -500.0 {
        let (folded, beyond) = (y.abs() % 500.0 - 500.0, y + 500.0);
        wave(folded) - beyond * beyond / (10_000.0 * m)
    } else {
        wave(y)
    }
}

/// A function of the suite in its place: genes in [0, 1] stand for [-bound, bound].
#[derive(Debug, Clone)]
pub struct Shifted {
    function: Function,
    shift: Vec<f64>,
    /// Row k at `k * m`; empty for none.
    rotation: Vec<f64>,
    moved: Vec<f64>,
    turned: Vec<f64>,
    column: Vec<f64>,
}

impl Shifted {
    /// `function` in `dimensions` dimensions with the shift and rotation of a seed.
    pub fn new(function: Function, dimensions: usize, seed: u64) -> Self {
        let place = Function::ALL.iter().position(|&other| other == function).unwrap_or(0);
        let mut draws = Draws::new([seed, place as u64]);
        let shift = (0..dimensions).map(|_| (draws.unit() * 2.0 - 1.0) * 0.8 * function.bound()).collect();
        let rotation = orthonormal(dimensions, &mut draws);
        Self::with(function, shift, rotation)
    }

    /// `function` with the optimum in the middle of the box, not turned.
    pub fn centred(function: Function, dimensions: usize) -> Self {
        Self::with(function, vec![0.0; dimensions], Vec::new())
    }

    fn with(function: Function, shift: Vec<f64>, rotation: Vec<f64>) -> Self {
        Self { function, shift, rotation, moved: Vec::new(), turned: Vec::new(), column: Vec::new() }
    }

    /// The function.
    pub fn function(&self) -> Function {
        self.function
    }

    /// o, the candidate of value 0.
    pub fn shift(&self) -> &[f64] {
        &self.shift
    }

    /// M, row by row; empty where nothing is turned.
    pub fn rotation(&self) -> &[f64] {
        &self.rotation
    }
}

impl Problem for Shifted {
    fn dimensions(&self) -> usize {
        self.shift.len()
    }

    fn evaluate(&mut self, genes: &[f64], n: usize, values: &mut [f64]) {
        let (m, bound) = (self.shift.len(), self.function.bound());
        self.moved.resize(n * m, 0.0);
        self.turned.resize(n * m, 0.0);
        for j in 0..m {
            let (row, shift) = (&genes[j * n..][..n], self.shift[j]);
            for (moved, gene) in self.moved[j * n..][..n].iter_mut().zip(row) {
                *moved = (gene * 2.0 - 1.0) * bound - shift;
            }
        }
        let turned = if self.rotation.is_empty() {
            &self.moved
        } else {
            for (k, turned) in self.turned.chunks_exact_mut(n).enumerate() {
                turned.fill(0.0);
                for (j, moved) in self.moved.chunks_exact(n).enumerate() {
                    let share = self.rotation[k * m + j];
                    turned.iter_mut().zip(moved).for_each(|(turned, moved)| *turned += share * moved);
                }
            }
            &self.turned
        };
        if self.function == Function::Sphere {
            values.fill(0.0);
            for row in turned.chunks_exact(n) {
                values.iter_mut().zip(row).for_each(|(value, z)| *value += z * z);
            }
            return;
        }
        for (i, value) in values.iter_mut().enumerate() {
            self.column.clear();
            self.column.extend((0..m).map(|j| turned[j * n + i]));
            *value = self.function.value(&self.column);
        }
    }
}

/// Draws one after the other.
struct Draws {
    random: Counter,
    block: u32,
    words: Vec<u32>,
}

impl Draws {
    fn new(seed: [u64; 2]) -> Self {
        Self { random: Counter::new(seed), block: 0, words: Vec::new() }
    }

    fn unit(&mut self) -> f64 {
        if self.words.is_empty() {
            self.words.resize(4, 0);
            self.random.fill(self.block, &mut self.words);
            self.block += 1;
        }
        self.words.pop().map_or(0.5, unit)
    }

    fn normal(&mut self) -> f64 {
        (-2.0 * libm::log(self.unit())).sqrt() * libm::cos(TAU * self.unit())
    }
}

/// Orthonormal rows from Gaussian ones, by Gram and Schmidt, each twice for the sake of rounding: a uniformly random
/// rotation, with or without a mirror.
fn orthonormal(dimensions: usize, draws: &mut Draws) -> Vec<f64> {
    let mut rows: Vec<Vec<f64>> = Vec::new();
    while rows.len() < dimensions {
        let mut row: Vec<f64> = (0..dimensions).map(|_| draws.normal()).collect();
        for other in rows.iter().chain(&rows) {
            let along: f64 = row.iter().zip(other).map(|(a, b)| a * b).sum();
            row.iter_mut().zip(other).for_each(|(a, b)| *a -= along * b);
        }
        let length = row.iter().map(|a| a * a).sum::<f64>().sqrt();
        // Two Gaussian rows are never parallel; drawn again all the same.
        if length > 1e-9 {
            rows.push(row.iter().map(|a| a / length).collect());
        }
    }
    rows.concat()
}
