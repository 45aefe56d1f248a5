//! The tallies of the community's import from outside: its peaks, its ramps, and the carbon dioxide behind it.

use goshawk_market::quantity::Energy;
use serde::{Deserialize, Serialize};

use super::sheet::{Sheet, ratio};

/// A day's import.
#[derive(Debug, Clone, Copy, Serialize, Deserialize)]
struct Day {
    day: u16,
    periods: u32,
    sum: Energy,
    peak: Energy,
}

/// Sums over days; the last one may be cut short.
#[derive(Debug, Default, Clone, Copy, Serialize, Deserialize)]
struct Days {
    count: f64,
    peaks: Energy,
    /// Days with a mean above 0, whose peak is then above 0 too.
    importing: f64,
    peak_to_average: f64,
    load_factor: f64,
}

impl Days {
    fn add(&mut self, day: &Day) {
        self.count += 1.0;
        self.peaks += day.peak;
        let (peak, average) = (day.peak.to_f64(), day.sum.to_f64() / f64::from(day.periods));
        if average > 0.0 {
            self.importing += 1.0;
            self.peak_to_average += peak / average;
            self.load_factor += average / peak;
        }
    }
}

/// What a run adds up of its import.
#[derive(Debug, Default, Serialize, Deserialize)]
pub(super) struct ImportTally {
    hours: f64,
    today: Option<Day>,
    days: Days,
    previous: Option<Energy>,
    ramps: Option<Energy>,
    /// In each period, in 1e-6 g/kWh.
    #[serde(skip)]
    intensity: Option<Vec<i64>>,
    /// In 1e-12 g.
    co2: i128,
    periods: usize,
}

impl ImportTally {
    pub(super) fn new(intensity: Option<Vec<i64>>) -> Self {
        Self { intensity, ..Self::default() }
    }

    /// Goes on from what was added up before; the intensity is that of this run.
    pub(super) fn go_on_from(&mut self, before: Self) {
        *self = Self { intensity: self.intensity.take(), ..before };
    }

    pub(super) fn add(&mut self, day: u16, import: Energy, hours: f64) {
        self.hours = hours;
        match &mut self.today {
            Some(today) if today.day == day => {
                today.periods += 1;
                today.sum += import;
                today.peak = today.peak.max(import);
            }
            today => {
                if let Some(over) = today.replace(Day { day, periods: 1, sum: import, peak: import }) {
                    self.days.add(&over);
                }
            }
        }
        if let Some(previous) = self.previous.replace(import) {
            let ramp = (import - previous).max(previous - import);
            self.ramps = Some(self.ramps.unwrap_or_default() + ramp);
        }
        if let Some(intensity) = &self.intensity {
            self.co2 += i128::from(intensity[self.periods]) * i128::from(import.or_zero().micro());
        }
        self.periods += 1;
    }

    /// Figures of the run, whose households have taken in `demand`.
    pub(super) fn rows(&self, run: &mut Sheet<'_>, demand: Energy) {
        let mut days = self.days;
        if let Some(today) = &self.today {
            days.add(today);
        }
        let kw = |energy: Energy| energy.to_f64() / self.hours;
        run.row("peak_import_daily", ratio(kw(days.peaks), days.count), "kW");
        run.number("peak_to_average", ratio(days.peak_to_average, days.importing));
        run.number("load_factor", ratio(days.load_factor, days.importing));
        run.row("ramping", self.ramps.map(kw), "kW");
        let co2 = self.intensity.as_ref().map(|_| self.co2 as f64 / 1e15);
        run.row("co2", co2, "kg");
        run.row("co2_per_kwh", co2.and_then(|kg| ratio(kg, demand.to_f64())), "kg/kWh");
    }
}

#[cfg(test)]
mod tests {
    use goshawk_output::table::KpiRow;

    use super::*;

    const HALF_AN_HOUR: f64 = 0.5;

    fn figures(tally: &ImportTally, demand: i64) -> Vec<Option<f64>> {
        let mut rows: Vec<KpiRow> = Vec::new();
        let mut sheet = Sheet { rows: &mut rows, scope: "run", id: String::new() };
        tally.rows(&mut sheet, Energy::from_micro(demand * 1_000_000));
        rows.iter().map(|row| row.value).collect()
    }

    fn tally(intensity: Option<Vec<i64>>, imports: &[(u16, i64)]) -> ImportTally {
        let mut tally = ImportTally::new(intensity);
        for &(day, kwh) in imports {
            tally.add(day, Energy::from_micro(kwh * 1_000_000), HALF_AN_HOUR);
        }
        tally
    }

    // The first day has a mean of 3 kWh and a peak of 8, the second a mean of -1 and a peak of 2, the third 5 once.
    const IMPORTS: [(u16, i64); 7] = [(0, 0), (0, 8), (0, 1), (0, 3), (1, 2), (1, -4), (2, 5)];

    #[test]
    fn days_without_an_import_on_the_whole_have_a_peak_and_no_average() {
        let found = figures(&tally(None, &IMPORTS), 10);
        let daily = (8.0 + 2.0 + 5.0) / 0.5 / 3.0;
        let peak_to_average = (8.0 / 3.0 + 1.0) / 2.0;
        let load_factor = (3.0 / 8.0 + 1.0) / 2.0;
        let ramping = (8.0 + 7.0 + 2.0 + 1.0 + 6.0 + 9.0) / 0.5;
        let expected = [Some(daily), Some(peak_to_average), Some(load_factor), Some(ramping), None, None];
        for (found, expected) in found.into_iter().zip(expected) {
            let differ =
                found.zip(expected).is_some_and(|(found, expected)| (found - expected).abs() > 1e-12);
            assert!(found.is_some() == expected.is_some() && !differ, "{found:?} is not {expected:?}");
        }
    }

    #[test]
    fn exports_take_no_carbon_dioxide_back() {
        let grams = [100, 200, 300, 400, 500, 600, 700].map(|grams| grams * 1_000_000);
        let found = figures(&tally(Some(grams.to_vec()), &IMPORTS), 10);
        let kg = (8.0 * 0.2 + 0.3 + 3.0 * 0.4 + 2.0 * 0.5) + 5.0 * 0.7;
        assert!((found[4].unwrap() - kg).abs() < 1e-12 && (found[5].unwrap() - kg / 10.0).abs() < 1e-12);
        let found = figures(&tally(Some(grams.to_vec()), &IMPORTS), -1);
        assert_eq!((found[4].is_some(), found[5]), (true, None), "per kWh of less than nothing");
    }

    #[test]
    fn nothing_follows_from_nothing() {
        assert_eq!(figures(&tally(None, &[]), 0), [None; 6]);
        let found = figures(&tally(None, &[(0, 0)]), 0);
        assert_eq!(found, [Some(0.0), None, None, None, None, None], "no import, and nothing before it");
    }
}
