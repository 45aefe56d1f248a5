//! The air's temperature in each period of a run: what driving depends on.

use jiff::SignedDuration;

use crate::calendar::{Calendar, PeriodIndex};
use crate::weather::Weather;

/// Outside temperature in °C in each period of a run and of the days after it.
#[derive(Debug, Clone)]
pub struct Air {
    temperature_c: Vec<f64>,
}

impl Air {
    /// The air of `weather` over the periods of `calendar`. Where the weather ends with the run, the days after it are
    /// like its last one.
    pub fn over(calendar: &Calendar, weather: &Weather) -> Self {
        let a_day = calendar.periods_per_day() as usize;
        let mut temperature_c: Vec<f64> = Vec::with_capacity(calendar.moments().len());
        for (index, moment) in calendar.moments().iter().enumerate() {
            let instant = moment.instant();
            let an_instant = instant..instant + SignedDuration::from_micros(1);
            let is_known = (index as u32) < calendar.periods() || weather.covers(an_instant).is_ok();
            temperature_c.push(if is_known {
                weather.sample(instant).temperature_c
            } else {
                temperature_c[index.saturating_sub(a_day).min(index - 1)]
            });
        }
        Self { temperature_c }
    }

    /// The temperature in a period; beyond the calendar that of its last one.
    pub fn temperature_c(&self, period: PeriodIndex) -> f64 {
        let last = self.temperature_c.len() - 1;
        self.temperature_c[(period.0 as usize).min(last)]
    }
}
