//! Photovoltaics: equations (1) and (2), and the sun of a whole run per square metre of panel.

use jiff::SignedDuration;

use crate::calendar::{Calendar, PeriodIndex};
use crate::weather::{Sample, Weather};

/// T_r, the temperature at which the efficiency is stated: 298 K, in °C.
const REFERENCE_TEMPERATURE_C: f64 = 298.0 - 273.15;
/// Air temperature and irradiance at which the nominal cell temperature is stated.
const NOMINAL_AIR_C: f64 = 20.0;
const NOMINAL_IRRADIANCE_W_PER_M2: f64 = 800.0;

/// What a kind of panel does with light.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Panel {
    /// delta_0 of (1): efficiency at T_r, 0 to 1.
    pub efficiency: f64,
    /// r of (1): loss of efficiency per kelvin above T_r.
    pub temperature_coefficient_per_k: f64,
    /// Cell temperature in °C at 800 W/m² and 20 °C of air (NOCT).
    pub nominal_cell_temperature_c: f64,
}

impl Panel {
    /// T_P: the cell's temperature in °C, linear in irradiance through the nominal point.
    pub fn cell_temperature_c(&self, sample: &Sample) -> f64 {
        let rise_per_w = (self.nominal_cell_temperature_c - NOMINAL_AIR_C) / NOMINAL_IRRADIANCE_W_PER_M2;
        sample.temperature_c + rise_per_w * sample.irradiance_w_per_m2
    }

    /// (1): the efficiency at a cell temperature, never below zero.
    pub fn efficiency_at(&self, cell_temperature_c: f64) -> f64 {
        let heating = cell_temperature_c - REFERENCE_TEMPERATURE_C;
        (self.efficiency * (1.0 - self.temperature_coefficient_per_k * heating)).max(0.0)
    }

    /// (2) per square metre: electric power in kW/m².
    pub fn power_kw_per_m2(&self, sample: &Sample) -> f64 {
        let efficiency = self.efficiency_at(self.cell_temperature_c(sample));
        sample.irradiance_w_per_m2.max(0.0) * efficiency / 1000.0
    }
}

/// Electric energy per square metre of panel in each period of a run.
#[derive(Debug, Clone)]
pub struct Sun {
    /// `summed[k]` is the energy of all periods before period `k`, in kWh/m².
    summed: Vec<f64>,
}

impl Sun {
    /// The sun of `weather` on `panel` over the periods of `calendar`. Where the weather ends with the run, the days after
    /// it are like its last one.
    pub fn over(calendar: &Calendar, weather: &Weather, panel: &Panel) -> Self {
        let hours = calendar.period_hours();
        let mut summed = Vec::with_capacity(calendar.periods() as usize + 1);
        summed.push(0.0);
        let mut total = 0.0;
        let a_day = calendar.periods_per_day() as usize;
        for (index, moment) in calendar.moments().iter().enumerate() {
            let instant = moment.instant();
            let an_instant = instant..instant + SignedDuration::from_micros(1);
            let is_known = (index as u32) < calendar.periods() || weather.covers(an_instant).is_ok();
            total += if is_known {
                panel.power_kw_per_m2(&weather.sample(instant)) * hours
            } else if index >= a_day {
                summed[index + 1 - a_day] - summed[index - a_day]
            } else {
                0.0
            };
            summed.push(total);
        }
        Self { summed }
    }

    /// Energy of one period in kWh/m²; nothing beyond the calendar.
    pub fn in_period(&self, period: PeriodIndex) -> f64 {
        self.between(period, PeriodIndex(period.0 + 1))
    }

    /// Energy of the periods `from..to` in kWh/m²; nothing beyond the calendar.
    pub fn between(&self, from: PeriodIndex, to: PeriodIndex) -> f64 {
        let last = self.summed.len() - 1;
        let at = |period: PeriodIndex| self.summed[(period.0 as usize).min(last)];
        (at(to) - at(from)).max(0.0)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const PANEL: Panel =
        Panel { efficiency: 0.18, temperature_coefficient_per_k: 0.004, nominal_cell_temperature_c: 45.0 };

    #[test]
    fn a_cell_at_the_reference_temperature_has_the_stated_efficiency() {
        assert!((PANEL.efficiency_at(24.85) - 0.18).abs() < 1e-12);
    }

    #[test]
    fn a_hand_computed_hour() {
        // T_P = 10 + 25/800*400 = 22.5 °C; delta = 0.18*(1 - 0.004*(22.5 - 24.85)) = 0.181692.
        let sample = Sample { irradiance_w_per_m2: 400.0, temperature_c: 10.0 };
        assert!((PANEL.power_kw_per_m2(&sample) - 0.4 * 0.181_692).abs() < 1e-12);
    }

    #[test]
    fn an_overheated_cell_gives_nothing_rather_than_less_than_nothing() {
        assert_eq!(PANEL.efficiency_at(500.0), 0.0);
    }
}
