//! A radial feeder: buses, the lines between them, and the base load that hangs on them.
//!
//! Balanced three-phase, in per unit of the nominal voltage and of [`BASE_KVA`]. Buses are numbered once, breadth
//! first from the substation, so that every bus has a higher place than the one that feeds it: a sweep down the
//! feeder is a loop up the places, a sweep back a loop down.

mod read;
mod topology;

use std::ops::Range;

pub use read::read;

/// The power that per-unit values are based on (kVA).
pub const BASE_KVA: f64 = 1000.0;

/// Most buses of a feeder.
pub const BUSES_MAX: usize = 10_000;

/// Most problems that are told apart in one file.
pub const PROBLEMS_MAX: usize = 20;

/// A line between two buses.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Line {
    /// Its bus on one side.
    pub from: u32,
    /// Its bus on the other side.
    pub to: u32,
    /// Resistance R of a phase (ohm), more than 0.
    pub r_ohm: f64,
    /// Reactance X of a phase (ohm), 0 or more.
    pub x_ohm: f64,
    /// Most apparent power at either end, all phases together (kVA); `None` where nothing limits it.
    pub limit_kva: Option<f64>,
}

/// A bus and what hangs on it beside households.
#[derive(Debug, Clone, Copy, Default, PartialEq)]
pub struct Bus {
    /// Its number.
    pub bus: u32,
    /// Active base load (kW), all phases together.
    pub p_kw: f64,
    /// Reactive base load (kvar), all phases together.
    pub q_kvar: f64,
}

/// Which of a feeder's two files.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum File {
    /// The lines.
    Lines,
    /// The buses.
    Buses,
}

/// One thing that is wrong with a feeder.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct FeederProblem {
    /// Where.
    pub file: File,
    /// Bytes of the file's text that this is about.
    pub span: Range<usize>,
    /// What is there.
    pub found: String,
    /// What may be there.
    pub allowed: String,
}

/// The tables of a feeder as its files have them, checked.
#[derive(Debug, Clone, PartialEq)]
pub struct Tables {
    /// The lines.
    pub lines: Vec<Line>,
    /// The buses.
    pub buses: Vec<Bus>,
    /// The bus that feeds all others.
    pub substation: u32,
    /// Further columns of numbers in the file of buses, by name: how many households hang where.
    pub weights: Vec<(String, Vec<f64>)>,
}

/// A feeder, its buses in breadth-first order; place 0 is the substation.
#[derive(Debug, Clone, PartialEq)]
pub struct Feeder {
    /// Number of the bus at each place.
    numbers: Vec<u32>,
    /// Row of the bus in the file of buses.
    rows: Vec<usize>,
    /// Place of the bus that feeds each bus; of the substation, its own.
    parents: Vec<u32>,
    /// Line that feeds each bus, as an index into `lines`; nothing of the substation's is used.
    feeding: Vec<usize>,
    r: Vec<f64>,
    x: Vec<f64>,
    /// Square of the limit of the feeding line, in per unit; infinite where there is none.
    limit_squared: Vec<f64>,
    base_p_kw: Vec<f64>,
    base_q_kvar: Vec<f64>,
    lines: Vec<Line>,
}

impl Feeder {
    /// A feeder of checked tables at the nominal voltage `base_kv` between phases (kV).
    ///
    /// # Panics
    /// When the tables are not a tree; [`read`] gives none that are not.
    pub fn new(tables: &Tables, base_kv: f64) -> Self {
        let tree = topology::breadth_first(tables);
        let base_ohm = base_kv * base_kv * 1000.0 / BASE_KVA;
        let line = |place: usize| &tables.lines[tree.feeding[place]];
        let places = 0..tree.rows.len();
        let of_line = |value: &dyn Fn(&Line) -> f64| -> Vec<f64> {
            places.clone().map(|place| if place == 0 { 0.0 } else { value(line(place)) }).collect()
        };
        let r = of_line(&|line| line.r_ohm / base_ohm);
        let x = of_line(&|line| line.x_ohm / base_ohm);
        let limit_squared = of_line(&|line| {
            line.limit_kva.map_or(f64::INFINITY, |limit| (limit / BASE_KVA) * (limit / BASE_KVA))
        });
        let of_bus = |value: &dyn Fn(&Bus) -> f64| -> Vec<f64> {
            tree.rows.iter().map(|&row| value(&tables.buses[row])).collect()
        };
        Self {
            numbers: tree.rows.iter().map(|&row| tables.buses[row].bus).collect(),
            base_p_kw: of_bus(&|bus| bus.p_kw),
            base_q_kvar: of_bus(&|bus| bus.q_kvar),
            rows: tree.rows,
            parents: tree.parents,
            feeding: tree.feeding,
            r,
            x,
            limit_squared,
            lines: tables.lines.clone(),
        }
    }

    /// How many buses it has, the substation among them; at least two.
    pub fn buses(&self) -> usize {
        self.numbers.len()
    }

    /// Number of the bus at a place.
    pub fn bus_at(&self, place: usize) -> u32 {
        self.numbers[place]
    }

    /// Row of the bus at a place in the tables.
    pub fn row_at(&self, place: usize) -> usize {
        self.rows[place]
    }

    /// Place of the bus that feeds the one at `place`; of the substation, 0.
    pub fn parent(&self, place: usize) -> usize {
        self.parents[place] as usize
    }

    /// The line that feeds the bus at a place, if it is not the substation.
    pub fn line_to(&self, place: usize) -> Option<&Line> {
        (place > 0).then(|| &self.lines[self.feeding[place]])
    }

    /// Resistances of the feeding lines in per unit, by place.
    pub fn r(&self) -> &[f64] {
        &self.r
    }

    /// Reactances of the feeding lines in per unit, by place.
    pub fn x(&self) -> &[f64] {
        &self.x
    }

    /// Places of the feeding buses, by place.
    pub fn parents(&self) -> &[u32] {
        &self.parents
    }

    /// Squares of the feeding lines' limits in per unit, by place.
    pub fn limits_squared(&self) -> &[f64] {
        &self.limit_squared
    }

    /// Active base load (kW), by place.
    pub fn base_p_kw(&self) -> &[f64] {
        &self.base_p_kw
    }

    /// Reactive base load (kvar), by place.
    pub fn base_q_kvar(&self) -> &[f64] {
        &self.base_q_kvar
    }
}
