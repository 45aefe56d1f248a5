//! Photovoltaics: equations (1) and (2), from light on the panels to energy at the meter.

mod sun;

pub use sun::Sun;

use crate::solar::transposition::Plane;

/// T_r, the temperature at which the efficiency is stated: 298 K, in °C.
const REFERENCE_TEMPERATURE_C: f64 = 298.0 - 273.15;
/// Air temperature and irradiance at which the nominal cell temperature is stated.
const NOMINAL_AIR_C: f64 = 20.0;
const NOMINAL_IRRADIANCE_W_PER_M2: f64 = 800.0;

/// How warm cells become.
#[derive(Debug, Clone, Copy, PartialEq)]
pub enum CellTemperature {
    /// Linear in irradiance through the nominal point, whatever the wind: Ross 1976.
    Ross {
        /// Cell temperature in °C at 800 W/m² and 20 °C of air (NOCT).
        nominal_c: f64,
    },
    /// T_air + I / (u_0 + u_1 v) with wind v: Faiman 2008.
    Faiman {
        /// u_0: loss of heat in still air, W/(m² K).
        still_w_per_m2_k: f64,
        /// u_1: further loss with wind, W/(m² K) per m/s.
        wind_w_per_m2_k_per_m_per_s: f64,
    },
}

impl CellTemperature {
    /// T_P: the cell's temperature in °C.
    pub fn at(&self, irradiance_w_per_m2: f64, air_c: f64, wind_m_per_s: f64) -> f64 {
        match *self {
            Self::Ross { nominal_c } => {
                let rise_per_w = (nominal_c - NOMINAL_AIR_C) / NOMINAL_IRRADIANCE_W_PER_M2;
                air_c + rise_per_w * irradiance_w_per_m2
            }
            Self::Faiman { still_w_per_m2_k, wind_w_per_m2_k_per_m_per_s } => {
                air_c + irradiance_w_per_m2 / (still_w_per_m2_k + wind_w_per_m2_k_per_m_per_s * wind_m_per_s)
            }
        }
    }
}

/// What a kind of panel does with light.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Panel {
    /// delta_0 of (1): efficiency at T_r, 0 to 1.
    pub efficiency: f64,
    /// r of (1): loss of efficiency per kelvin above T_r.
    pub temperature_coefficient_per_k: f64,
    /// How warm its cells become.
    pub cell_temperature: CellTemperature,
}

impl Panel {
    /// (1): the efficiency at a cell temperature, never below zero.
    pub fn efficiency_at(&self, cell_temperature_c: f64) -> f64 {
        let heating = cell_temperature_c - REFERENCE_TEMPERATURE_C;
        (self.efficiency * (1.0 - self.temperature_coefficient_per_k * heating)).max(0.0)
    }

    /// (2) per square metre: direct-current power in kW/m² under so much light on the panel.
    pub fn power_kw_per_m2(&self, irradiance_w_per_m2: f64, air_c: f64, wind_m_per_s: f64) -> f64 {
        let cell_c = self.cell_temperature.at(irradiance_w_per_m2, air_c, wind_m_per_s);
        irradiance_w_per_m2.max(0.0) * self.efficiency_at(cell_c) / 1000.0
    }
}

/// What is between panels and meter.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Inverter {
    /// Share of direct current that arrives at the meter, above 0 to 1.
    pub efficiency: f64,
    /// Largest power at the meter in kW for each m² of panels; infinite without a limit.
    pub limit_kw_per_m2: f64,
}

impl Inverter {
    /// No loss and no limit.
    pub const NONE: Self = Self { efficiency: 1.0, limit_kw_per_m2: f64::INFINITY };

    /// Power at the meter: what exceeds the limit is lost.
    pub fn power_at_meter(&self, direct_kw_per_m2: f64) -> f64 {
        (direct_kw_per_m2 * self.efficiency).min(self.limit_kw_per_m2)
    }
}

/// Panels, how they lie, and their inverter: what households of a portrait have on a square metre of roof.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Array {
    /// The panels.
    pub panel: Panel,
    /// How they lie.
    pub plane: Plane,
    /// The inverter.
    pub inverter: Inverter,
}

#[cfg(test)]
mod tests {
    use super::*;

    const PANEL: Panel = Panel {
        efficiency: 0.18,
        temperature_coefficient_per_k: 0.004,
        cell_temperature: CellTemperature::Ross { nominal_c: 45.0 },
    };

    #[test]
    fn a_cell_at_the_reference_temperature_has_the_stated_efficiency() {
        assert!((PANEL.efficiency_at(24.85) - 0.18).abs() < 1e-12);
    }

    #[test]
    fn a_hand_computed_hour() {
        // T_P = 10 + 25/800*400 = 22.5 °C; delta = 0.18*(1 - 0.004*(22.5 - 24.85)) = 0.181692.
        assert!((PANEL.power_kw_per_m2(400.0, 10.0, 3.0) - 0.4 * 0.181_692).abs() < 1e-12);
    }

    #[test]
    fn wind_cools_cells() {
        // 800 / (25 + 6.84 * 5) = 13.514 K above the air.
        let faiman = CellTemperature::Faiman { still_w_per_m2_k: 25.0, wind_w_per_m2_k_per_m_per_s: 6.84 };
        assert!((faiman.at(800.0, 20.0, 5.0) - 33.513_513_5).abs() < 1e-6);
        assert_eq!(faiman.at(800.0, 20.0, 0.0), 52.0);
    }

    #[test]
    fn an_overheated_cell_gives_nothing_rather_than_less_than_nothing() {
        assert_eq!(PANEL.efficiency_at(500.0), 0.0);
    }

    #[test]
    fn an_inverter_loses_its_share_and_cuts_what_exceeds_its_rating() {
        let inverter = Inverter { efficiency: 0.96, limit_kw_per_m2: 0.15 };
        assert!((inverter.power_at_meter(0.1) - 0.096).abs() < 1e-15);
        assert_eq!(inverter.power_at_meter(0.18), 0.15);
    }
}
