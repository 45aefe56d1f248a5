//! The sun of a whole run, per square metre of panel at the meter.

use std::ops::Range;

use jiff::Timestamp;

use super::Array;
use crate::calendar::{Calendar, PeriodIndex};
use crate::solar::interval_from;
use crate::weather::{Reading, Weather};

/// Electric energy per square metre of panel in each period of a run, at the meter after the inverter.
///
/// It is the same for all households whose panels lie alike, and computed once for them.
#[derive(Debug, Clone)]
pub struct Sun {
    /// `summed[k]` is the energy of all periods before period `k`, in kWh/m².
    summed: Vec<f64>,
}

impl Array {
    /// Mean power at the meter in kW/m² over the interval of a reading.
    pub fn power_kw_per_m2(&self, weather: &Weather, reading: &Reading) -> f64 {
        let irradiance = self.plane.irradiance_w_per_m2(reading, weather.site());
        let sample = &reading.sample;
        let direct = self.panel.power_kw_per_m2(irradiance, sample.temperature_c, sample.wind_speed_m_per_s);
        self.inverter.power_at_meter(direct)
    }
}

/// Power over an interval of the weather: the same until the next one begins.
struct Power<'a> {
    weather: &'a Weather,
    array: &'a Array,
    interval: Range<Timestamp>,
    kw_per_m2: f64,
}

impl Power<'_> {
    /// Energy of a period in kWh/m², or `None` where there is no weather for all of it.
    fn over(&mut self, period: Range<Timestamp>) -> Option<f64> {
        let (mut at, mut energy) = (period.start, 0.0);
        while at < period.end {
            if !self.interval.contains(&at) {
                let reading = self.weather.reading(at)?;
                self.kw_per_m2 = self.array.power_kw_per_m2(self.weather, &reading);
                self.interval = reading.interval;
            }
            let until = self.interval.end.min(period.end);
            let micros = until.as_microsecond() - at.as_microsecond();
            energy += self.kw_per_m2 * (micros as f64 / 3.6e9);
            at = until;
        }
        Some(energy)
    }
}

impl Sun {
    /// The sun of `weather` on `array` over the periods of `calendar`. Where the weather ends with the run, the days after
    /// it are like its last one.
    pub fn over(calendar: &Calendar, weather: &Weather, array: &Array) -> Self {
        let seconds = (calendar.period().micros() / 1_000_000) as i64;
        let mut power = Power { weather, array, interval: Timestamp::MIN..Timestamp::MIN, kw_per_m2: 0.0 };
        let mut summed = Vec::with_capacity(calendar.horizon() as usize + 1);
        summed.push(0.0);
        let mut total = 0.0;
        let a_day = calendar.periods_per_day() as usize;
        for (index, moment) in calendar.moments().iter().enumerate() {
            total += match power.over(interval_from(moment.instant(), seconds)) {
                Some(energy) => energy,
                None if index >= a_day => summed[index + 1 - a_day] - summed[index - a_day],
                None => 0.0,
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
