//! The air's temperature in each period of a run: what driving depends on.

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
            let like_yesterday = temperature_c.get(index.saturating_sub(a_day)).copied();
            let reading = weather.reading(moment.instant()).map(|reading| reading.sample.temperature_c);
            temperature_c.push(reading.or(like_yesterday).expect("invariant: the weather covers the run"));
        }
        Self { temperature_c }
    }

    /// The temperature in a period; beyond the calendar that of its last one.
    pub fn temperature_c(&self, period: PeriodIndex) -> f64 {
        let last = self.temperature_c.len() - 1;
        self.temperature_c[(period.0 as usize).min(last)]
    }
}
