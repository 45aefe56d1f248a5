//! From energy at the meter to energy in the cells and back, for the time that the vehicle is plugged in.
//!
//! Every conversion is continuous, rises strictly, and is the inverse of its counterpart; the integer books of
//! [`super::Battery`] rest on that alone.

use serde::{Deserialize, Serialize};

use super::curves::{CELL_WH, charge_ohm, discharge_ohm, open_circuit_v};

/// Below this open-circuit voltage in V the cell counts as empty, and the model goes on with it.
const EMPTY_V: f64 = 2.5;
/// Shorter spans count as this many hours: a second.
const SHORTEST_HOURS: f64 = 1.0 / 3600.0;

/// What energy loses on its way, at one operating point.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize)]
pub enum Conversion {
    /// The same share, whatever the power.
    Constant {
        /// Share of metered energy that reaches the cells.
        charge: f64,
        /// Share of energy taken from the cells that reaches the meter.
        discharge: f64,
    },
    /// A charger with a constant share, and behind it cells with an internal resistance.
    Resistive {
        /// Into the cells.
        charge: Path,
        /// Out of the cells.
        discharge: Path,
    },
}

/// One way through the charger and the cells' resistance.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize)]
pub struct Path {
    /// The charger's share, in (0, 1].
    charger: f64,
    /// Energy lost in the resistance per square of the energy that the cells gain or give: R / (U² h n), in 1/kWh.
    loss_per_kwh: f64,
    /// What the cells gain or give at full power over the span, in kWh.
    full_kwh: f64,
    /// What the meter shows then, in kWh.
    full_metered_kwh: f64,
}

/// What an operating point depends on.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Point {
    /// State of charge as the span begins.
    pub soc: f64,
    /// Capacity of the new battery in kWh, which says how many cells there are.
    pub fresh_kwh: f64,
    /// Capacity now in kWh.
    pub capacity_kwh: f64,
    /// The span in hours.
    pub hours: f64,
    /// Largest power of the charger at the meter in kW: charging and discharging.
    pub charger_kw: (f64, f64),
    /// The charger's constant shares: charging and discharging.
    pub charger: (f64, f64),
    /// Largest rate of the cells in 1/h.
    pub c_rate_max: f64,
}

impl Conversion {
    /// The conversion of LiFePO4 cells at an operating point.
    ///
    /// Cells of voltage U and resistance R that gain g over the time h take I = g / (U h) and lose I² R h:
    ///
    /// ```text
    /// metered = (g + k g²) / eta_charger          charging
    /// metered = (d - k d²) * eta_charger          discharging d            k = R / (n U² h)
    /// ```
    pub fn lfp(point: &Point) -> Self {
        let hours = point.hours.max(SHORTEST_HOURS);
        let volt = open_circuit_v(point.soc).max(EMPTY_V);
        let cells = point.fresh_kwh * 1000.0 / CELL_WH;
        let loss_per_kwh = |ohm: f64| 1000.0 * ohm / (cells * volt * volt * hours);
        let cells_full = point.c_rate_max * point.capacity_kwh * hours;
        let mut charge = Path {
            charger: point.charger.0,
            loss_per_kwh: loss_per_kwh(charge_ohm(point.soc)),
            ..Path::NONE
        };
        let most = charge.metered_while_charging(cells_full).min(point.charger_kw.0 * hours);
        (charge.full_kwh, charge.full_metered_kwh) = (charge.gain(most), most);
        let mut discharge = Path {
            charger: point.charger.1,
            loss_per_kwh: loss_per_kwh(discharge_ohm(point.soc)),
            ..Path::NONE
        };
        let most = discharge.metered_while_discharging(cells_full).min(point.charger_kw.1 * hours);
        (discharge.full_kwh, discharge.full_metered_kwh) = (discharge.drawn(most), most);
        Self::Resistive { charge, discharge }
    }

    /// What the cells gain from metered energy, in kWh.
    pub fn gained(&self, metered_kwh: f64) -> f64 {
        match self {
            Self::Constant { charge, .. } => metered_kwh * charge,
            Self::Resistive { charge, .. } if metered_kwh <= charge.full_metered_kwh => {
                charge.gain(metered_kwh)
            }
            Self::Resistive { charge, .. } => metered_kwh * charge.full_kwh / charge.full_metered_kwh,
        }
    }

    /// Metered energy from which the cells gain so much, in kWh.
    pub fn metered_to_gain(&self, gain_kwh: f64) -> f64 {
        match self {
            Self::Constant { charge, .. } => gain_kwh * (1.0 / charge),
            Self::Resistive { charge, .. } if gain_kwh <= charge.full_kwh => {
                charge.metered_while_charging(gain_kwh)
            }
            Self::Resistive { charge, .. } => gain_kwh * charge.full_metered_kwh / charge.full_kwh,
        }
    }

    /// What delivering metered energy takes out of the cells, in kWh.
    pub fn drawn(&self, metered_kwh: f64) -> f64 {
        match self {
            Self::Constant { discharge, .. } => metered_kwh * (1.0 / discharge),
            Self::Resistive { discharge, .. } if metered_kwh <= discharge.full_metered_kwh => {
                discharge.drawn(metered_kwh)
            }
            Self::Resistive { discharge, .. } => metered_kwh / discharge.share_beyond(),
        }
    }

    /// Metered energy that so much out of the cells delivers, in kWh.
    pub fn delivered(&self, drawn_kwh: f64) -> f64 {
        match self {
            Self::Constant { discharge, .. } => drawn_kwh * discharge,
            Self::Resistive { discharge, .. } if drawn_kwh <= discharge.full_kwh => {
                discharge.metered_while_discharging(drawn_kwh)
            }
            Self::Resistive { discharge, .. } => drawn_kwh * discharge.share_beyond(),
        }
    }
}

impl Path {
    const NONE: Self = Self { charger: 1.0, loss_per_kwh: 0.0, full_kwh: 0.0, full_metered_kwh: 0.0 };

    fn gain(&self, metered_kwh: f64) -> f64 {
        let arrives = metered_kwh * self.charger;
        2.0 * arrives / (1.0 + (1.0 + 4.0 * self.loss_per_kwh * arrives).sqrt())
    }

    fn metered_while_charging(&self, gain_kwh: f64) -> f64 {
        (gain_kwh + self.loss_per_kwh * gain_kwh * gain_kwh) / self.charger
    }

    fn drawn(&self, metered_kwh: f64) -> f64 {
        let leaves = metered_kwh / self.charger;
        2.0 * leaves / (1.0 + (1.0 - 4.0 * self.loss_per_kwh * leaves).sqrt())
    }

    fn metered_while_discharging(&self, drawn_kwh: f64) -> f64 {
        (drawn_kwh - self.loss_per_kwh * drawn_kwh * drawn_kwh) * self.charger
    }

    /// The share that arrives of more than a span at full power can move: several such spans, each at full power.
    fn share_beyond(&self) -> f64 {
        if self.full_kwh > 0.0 { self.full_metered_kwh / self.full_kwh } else { self.charger }
    }
}
