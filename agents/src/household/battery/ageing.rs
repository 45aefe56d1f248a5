//! Ageing of LiFePO4 cells by Naumann et al., for stress that varies.
//!
//! ```text
//! q_cal = k_T k_soc sqrt(t)                            share of capacity, t in s
//!         k_T   = k_ref exp(-E_a / R_gas (1/T - 1/T_ref))
//!         k_soc = c (soc - 0.5)^3 + d                                         J. Energy Storage 17 (2018) 153-169
//! q_cyc = k_rate k_depth sqrt(cycles) / 100            share of capacity, full equivalent cycles
//!         k_rate  = a C + b
//!         k_depth = c (depth - 0.6)^3 + d                           J. Power Sources 451 (2020) 227666
//! ```
//!
//! Where stress varies, each step goes on from the time (or the cycles) that would have led to the loss so far under
//! the stress of now. With losses as roots this virtual time makes squares add up, `q² <- q² + k² dt`, so the state is
//! two sums, and the order and the length of steps do not matter.

use serde::{Deserialize, Serialize};

use super::half_cycle::{HalfCycle, HalfCycleDetector};

/// k_ref in 1/sqrt(s), at 25 °C.
const CALENDAR_PER_SQRT_S: f64 = 1.2571e-5;
/// E_a in J/mol.
const ACTIVATION_J_PER_MOL: f64 = 17_126.0;
/// R_gas in J/(mol K), and T_ref in K.
const GAS_J_PER_MOL_K: f64 = 8.314_459_8;
const REFERENCE_K: f64 = 298.15;
/// c and d of k_soc.
const CALENDAR_SOC: (f64, f64) = (2.8575, 0.602_25);
/// a in h and b of k_rate.
const CYCLE_RATE: (f64, f64) = (0.063, 0.0971);
/// c and d of k_depth.
const CYCLE_DEPTH: (f64, f64) = (4.0253, 1.0923);
/// No battery counts as smaller than this share of a new one; the model was measured down to about 0.75.
pub const STATE_OF_HEALTH_MIN: f64 = 0.1;

/// Points and weights of Gauss-Legendre quadrature on [-1, 1]: exact for polynomials up to the seventh degree, and
/// k_soc² along a straight line is one of the sixth.
const GAUSS: [(f64, f64); 4] = [
    (-0.861_136_311_594_052_6, 0.347_854_845_137_453_85),
    (-0.339_981_043_584_856_26, 0.652_145_154_862_546_2),
    (0.339_981_043_584_856_26, 0.652_145_154_862_546_2),
    (0.861_136_311_594_052_6, 0.347_854_845_137_453_85),
];

/// k_T: loss per root of a second at a temperature of the cells in °C, for k_soc = 1.
pub fn calendar_rate(temperature_c: f64) -> f64 {
    let kelvin = temperature_c + 273.15;
    let exponent = -ACTIVATION_J_PER_MOL / GAS_J_PER_MOL_K * (1.0 / kelvin - 1.0 / REFERENCE_K);
    CALENDAR_PER_SQRT_S * libm::exp(exponent)
}

/// k_soc.
pub fn calendar_stress(soc: f64) -> f64 {
    let distance = soc - 0.5;
    CALENDAR_SOC.0 * distance * distance * distance + CALENDAR_SOC.1
}

/// Mean of k_soc² along a straight line from one state of charge to another.
fn mean_square_stress(from: f64, to: f64) -> f64 {
    if from == to {
        let stress = calendar_stress(from);
        return stress * stress;
    }
    let (middle, half) = ((from + to) / 2.0, (to - from) / 2.0);
    let sum: f64 = GAUSS
        .iter()
        .map(|&(point, weight)| {
            let stress = calendar_stress(middle + half * point);
            weight * stress * stress
        })
        .sum();
    sum / 2.0
}

/// k_rate k_depth / 100: loss per root of a full equivalent cycle.
pub fn cycle_stress(c_rate: f64, depth: f64) -> f64 {
    let distance = depth - 0.6;
    let of_depth = CYCLE_DEPTH.0 * distance * distance * distance + CYCLE_DEPTH.1;
    (CYCLE_RATE.0 * c_rate + CYCLE_RATE.1) * of_depth / 100.0
}

/// How far a battery has aged.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub struct Ageing {
    calendar_rate: f64,
    /// q_cal².
    calendar_square: f64,
    /// q_cyc².
    cycle_square: f64,
    /// Full equivalent cycles of the half cycles that are over, and the same times their depth.
    cycles: f64,
    cycles_depth: f64,
    detector: HalfCycleDetector,
}

impl Ageing {
    /// A new battery at a state of charge, whose cells have a temperature in °C.
    pub fn new(soc: f64, temperature_c: f64) -> Self {
        Self {
            calendar_rate: calendar_rate(temperature_c),
            calendar_square: 0.0,
            cycle_square: 0.0,
            cycles: 0.0,
            cycles_depth: 0.0,
            detector: HalfCycleDetector::new(soc),
        }
    }

    /// Time passes while the state of charge goes in a straight line.
    pub fn rest(&mut self, from: f64, to: f64, seconds: f64) {
        let rate = self.calendar_rate;
        self.calendar_square += rate * rate * mean_square_stress(from, to) * seconds;
    }

    /// Charge has moved within some hours.
    pub fn swing(&mut self, soc: f64, hours: f64) {
        if let Some(half) = self.detector.move_to(soc, hours) {
            self.wear_out(&half);
        }
    }

    fn wear_out(&mut self, half: &HalfCycle) {
        let stress = cycle_stress(half.c_rate(), half.depth);
        let cycles = half.full_equivalent_cycles();
        self.cycle_square += stress * stress * cycles;
        self.cycles += cycles;
        self.cycles_depth += cycles * half.depth;
    }

    /// q_cal: capacity lost to time, as a share of the new battery's.
    pub fn calendar_loss(&self) -> f64 {
        self.calendar_square.sqrt()
    }

    /// q_cyc: capacity lost to the half cycles that are over, as a share of the new battery's.
    pub fn cycle_loss(&self) -> f64 {
        self.cycle_square.sqrt()
    }

    /// 1 - q_cal - q_cyc, in (0, 1].
    pub fn state_of_health(&self) -> f64 {
        (1.0 - self.calendar_loss() - self.cycle_loss()).max(STATE_OF_HEALTH_MIN)
    }

    /// Full equivalent cycles of the half cycles that are over.
    pub fn full_equivalent_cycles(&self) -> f64 {
        self.cycles
    }

    /// The same times the mean depth of those half cycles.
    pub(super) fn cycles_times_depth(&self) -> f64 {
        self.cycles_depth
    }

    pub(super) fn squares(&self) -> (f64, f64) {
        (self.calendar_square, self.cycle_square)
    }

    pub(super) fn rate(&self) -> f64 {
        self.calendar_rate
    }
}

#[cfg(test)]
mod tests;
