//! The steady state of a radial feeder: a backward-forward sweep over powers and squared voltages.
//!
//! Balanced three-phase, constant power at every bus, the voltage of the substation given. For the line that feeds
//! bus i, with P, Q what arrives at i, v = V², all in per unit (Baran and Wu 1989; the forward step solves the line
//! exactly, as Cespedes 1990 does):
//!
//! ```text
//! backward   l_i = (P_i² + Q_i²) / v_i
//!            P_i = p_i + sum over lines from i to k of (P_k + R_k l_k)        Q alike with X
//! forward    v_i = b + sqrt(b² - |Z_i|² (P_i² + Q_i²)),   b = v_parent / 2 - (R_i P_i + X_i Q_i)
//! losses     sum of R_i l_i
//! ```
//!
//! The forward step has no solution where a line cannot carry what is asked of it: the voltage collapses.

use std::sync::Arc;

use super::feeder::{BASE_KVA, Feeder};

/// Two sweeps whose squared voltages differ by no more than this everywhere are the same (per unit).
const TOLERANCE: f64 = 1e-11;

/// Sweeps that are tried; ordinary cases take 5 to 10, those at the edge of collapse some dozens.
const ITERATIONS_MAX: u32 = 200;

/// What is drawn at every bus, by place; what is fed in is negative.
#[derive(Debug, Clone, PartialEq)]
pub struct Loads {
    /// Active power (kW).
    pub p_kw: Vec<f64>,
    /// Reactive power (kvar).
    pub q_kvar: Vec<f64>,
}

impl Loads {
    /// No load at any of `buses` buses.
    pub fn none(buses: usize) -> Self {
        Self { p_kw: vec![0.0; buses], q_kvar: vec![0.0; buses] }
    }
}

/// A feeder that cannot carry its load.
#[derive(Debug, Clone, Copy, PartialEq, thiserror::Error)]
pub enum PowerFlowError {
    /// A line cannot carry what is asked of it at any voltage.
    #[error("the voltage collapses at bus {bus}")]
    Collapse {
        /// The bus at the end of that line.
        bus: u32,
    },
    /// The sweeps do not settle, as happens next to a collapse.
    #[error(
        "the power flow does not settle within {iterations} sweeps: voltages still move by {change} p.u."
    )]
    Unsettled {
        /// How many were made.
        iterations: u32,
        /// Largest change of a squared voltage in the last one.
        change: f64,
    },
}

impl PowerFlowError {
    /// The bus where it shows, if it shows at one.
    pub fn bus(&self) -> Option<u32> {
        match *self {
            Self::Collapse { bus } => Some(bus),
            Self::Unsettled { .. } => None,
        }
    }
}

/// What a power flow came to, all buses together.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Solution {
    /// Active power into the feeder at the substation (kW).
    pub supplied_kw: f64,
    /// Reactive power into the feeder at the substation (kvar).
    pub supplied_kvar: f64,
    /// Active power lost in the lines (kW).
    pub losses_kw: f64,
    /// Sweeps that it took.
    pub iterations: u32,
}

/// A bus and its voltage.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct BusVoltage {
    /// Place of the bus.
    pub place: usize,
    /// Voltage in per unit of the nominal one.
    pub pu: f64,
}

/// The line that feeds a place, and how much of its limit is used.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct LineLoading {
    /// Place that the line feeds.
    pub place: usize,
    /// Apparent power at the end where there is more of it, as a share of the limit.
    pub share: f64,
}

/// Solves one feeder again and again, without allocating.
///
/// Every solution starts from the substation's voltage everywhere, so it depends on its loads alone.
#[derive(Debug, Clone)]
pub struct PowerFlow {
    feeder: Arc<Feeder>,
    source: f64,
    /// Squares of impedances, by place.
    z_squared: Vec<f64>,
    /// Squares of voltages, by place.
    v: Vec<f64>,
    /// Power that arrives at each place.
    p: Vec<f64>,
    q: Vec<f64>,
    /// Squares of the currents in the feeding lines.
    l: Vec<f64>,
}

impl PowerFlow {
    /// For a feeder whose substation holds `source_pu` (per unit).
    pub fn new(feeder: Arc<Feeder>, source_pu: f64) -> Self {
        let buses = feeder.buses();
        let z_squared = feeder.r().iter().zip(feeder.x()).map(|(r, x)| r * r + x * x).collect();
        let source = source_pu * source_pu;
        Self {
            feeder,
            source,
            z_squared,
            v: vec![source; buses],
            p: vec![0.0; buses],
            q: vec![0.0; buses],
            l: vec![0.0; buses],
        }
    }

    /// The feeder.
    pub fn feeder(&self) -> &Arc<Feeder> {
        &self.feeder
    }

    /// Finds the steady state under some loads; voltages and loadings are then those of it.
    ///
    /// # Errors
    /// When there is no steady state, or none is found.
    ///
    /// # Panics
    /// When the loads are those of another number of buses.
    pub fn solve(&mut self, loads: &Loads) -> Result<Solution, PowerFlowError> {
        self.v.fill(self.source);
        let mut change = f64::INFINITY;
        for iterations in 1..=ITERATIONS_MAX {
            self.sweep_back(loads);
            change = self.sweep_forward()?;
            if change <= TOLERANCE {
                self.sweep_back(loads);
                let losses: f64 = self.feeder.r().iter().zip(&self.l).map(|(r, l)| r * l).sum();
                return Ok(Solution {
                    supplied_kw: self.p[0] * BASE_KVA,
                    supplied_kvar: self.q[0] * BASE_KVA,
                    losses_kw: losses * BASE_KVA,
                    iterations,
                });
            }
        }
        Err(PowerFlowError::Unsettled { iterations: ITERATIONS_MAX, change })
    }

    /// From the ends to the substation: powers and currents for the voltages as they are.
    fn sweep_back(&mut self, loads: &Loads) {
        let buses = self.v.len();
        for (power, &load) in self.p.iter_mut().zip(&loads.p_kw) {
            *power = load * (1.0 / BASE_KVA);
        }
        for (power, &load) in self.q.iter_mut().zip(&loads.q_kvar) {
            *power = load * (1.0 / BASE_KVA);
        }
        let (r, x, parents) = (self.feeder.r(), self.feeder.x(), self.feeder.parents());
        let (p, q, l, v) =
            (&mut self.p[..buses], &mut self.q[..buses], &mut self.l[..buses], &self.v[..buses]);
        let (r, x, parents) = (&r[..buses], &x[..buses], &parents[..buses]);
        for place in (1..buses).rev() {
            let (active, reactive) = (p[place], q[place]);
            let current = (active * active + reactive * reactive) / v[place];
            l[place] = current;
            let parent = parents[place] as usize;
            p[parent] += active + r[place] * current;
            q[parent] += reactive + x[place] * current;
        }
    }

    /// From the substation to the ends: voltages for the powers as they are; the largest change of a squared voltage.
    fn sweep_forward(&mut self) -> Result<f64, PowerFlowError> {
        let buses = self.v.len();
        let (r, x, parents) = (self.feeder.r(), self.feeder.x(), self.feeder.parents());
        let (r, x, parents) = (&r[..buses], &x[..buses], &parents[..buses]);
        let (p, q, z, v) =
            (&self.p[..buses], &self.q[..buses], &self.z_squared[..buses], &mut self.v[..buses]);
        let mut change = 0.0_f64;
        for place in 1..buses {
            let (active, reactive) = (p[place], q[place]);
            let half = 0.5 * v[parents[place] as usize] - (r[place] * active + x[place] * reactive);
            let under_root = half * half - z[place] * (active * active + reactive * reactive);
            let squared = half + under_root.max(0.0).sqrt();
            if under_root < 0.0 || squared.is_nan() || squared <= 0.0 {
                return Err(PowerFlowError::Collapse { bus: self.feeder.bus_at(place) });
            }
            change = change.max((squared - v[place]).abs());
            v[place] = squared;
        }
        Ok(change)
    }

    /// Squares of the voltages of the last solution in per unit, by place.
    pub fn squared_voltages(&self) -> &[f64] {
        &self.v
    }

    /// Voltage at a place in the last solution (per unit).
    pub fn voltage(&self, place: usize) -> f64 {
        self.v[place].sqrt()
    }

    /// Square of the apparent power at the fuller end of the line that feeds a place (per unit).
    pub fn squared_power(&self, place: usize) -> f64 {
        let (p, q, l) = (self.p[place], self.q[place], self.l[place]);
        let (r, x) = (self.feeder.r()[place], self.feeder.x()[place]);
        let (sent_p, sent_q) = (p + r * l, q + x * l);
        (p * p + q * q).max(sent_p * sent_p + sent_q * sent_q)
    }

    /// Use of the line that feeds a place as a share of its limit; `None` where it has none.
    pub fn loading(&self, place: usize) -> Option<f64> {
        let limit = self.feeder.limits_squared()[place];
        (place > 0 && limit.is_finite()).then(|| (self.squared_power(place) / limit).sqrt())
    }

    /// The bus with the lowest voltage in the last solution; of equal ones the first in breadth-first order.
    pub fn lowest(&self) -> BusVoltage {
        self.extreme(|voltage, best| voltage < best)
    }

    /// The bus with the highest voltage in the last solution; of equal ones the first in breadth-first order.
    pub fn highest(&self) -> BusVoltage {
        self.extreme(|voltage, best| voltage > best)
    }

    fn extreme(&self, is_better: impl Fn(f64, f64) -> bool) -> BusVoltage {
        let mut best = 0;
        for (place, &voltage) in self.v.iter().enumerate() {
            if is_better(voltage, self.v[best]) {
                best = place;
            }
        }
        BusVoltage { place: best, pu: self.voltage(best) }
    }

    /// The fullest line in the last solution; `None` where no line has a limit.
    pub fn fullest(&self) -> Option<LineLoading> {
        let mut fullest: Option<LineLoading> = None;
        for place in 1..self.v.len() {
            let Some(share) = self.loading(place) else { continue };
            if fullest.is_none_or(|line| share > line.share) {
                fullest = Some(LineLoading { place, share });
            }
        }
        fullest
    }
}

#[cfg(test)]
pub(crate) mod sample;
#[cfg(test)]
mod tests;
