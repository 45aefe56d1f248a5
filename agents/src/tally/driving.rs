//! Key figures of coming, going and misbehaving.

use goshawk_market::quantity::Energy;
use serde::{Deserialize, Serialize};

use super::sheet::{Sheet, ratio};

/// What a run adds up to.
#[derive(Debug, Default, Serialize, Deserialize)]
pub(crate) struct DrivingTally {
    departures: u64,
    departures_short: u64,
    departure_satisfaction: f64,
    departure_satisfaction_min: f64,
    not_served: Energy,
    pub(crate) range_shortfall: Energy,
    sessions: u64,
    sessions_met: u64,
    sessions_cut: u64,
    recorded: Energy,
    delivered: Energy,
    late_arrivals: u64,
    non_deliveries: u64,
    false_readings: u64,
    false_readings_found: u64,
    pub(crate) unpaid: Energy,
}

impl DrivingTally {
    /// A departure on a trip, with what it was short of at the meter (nothing below what is noted), and with what the
    /// battery held and was to hold.
    pub(crate) fn departure(&mut self, missing: Energy, [held, wanted]: [Energy; 2]) {
        let is_short = missing.is_positive();
        let satisfaction = if is_short { held.or_zero().to_f64() / wanted.to_f64() } else { 1.0 };
        let least = if self.departures == 0 { 1.0 } else { self.departure_satisfaction_min };
        self.departures += 1;
        self.departures_short += u64::from(is_short);
        self.departure_satisfaction += satisfaction;
        self.departure_satisfaction_min = least.min(satisfaction);
        self.not_served += missing;
    }

    pub(crate) fn session(&mut self, recorded: Energy, delivered: Energy, missing: Energy) {
        self.sessions += 1;
        self.sessions_met += u64::from(missing.is_zero());
        self.recorded += recorded;
        self.delivered += delivered;
        self.not_served += missing;
    }

    pub(crate) fn event(&mut self, kind: &str) {
        match kind {
            "session_cut" => self.sessions_cut += 1,
            "late_arrival" => self.late_arrivals += 1,
            "non_delivery" => self.non_deliveries += 1,
            "false_reading" => self.false_readings += 1,
            "false_reading_found" => {
                self.false_readings += 1;
                self.false_readings_found += 1;
            }
            _ => {}
        }
    }

    pub(super) fn rows(&self, sheet: &mut Sheet<'_>) {
        sheet.kwh("range_shortfall", self.range_shortfall);
        sheet.count("departures", self.departures);
        sheet.count("departures_short", self.departures_short);
        sheet.count("sessions", self.sessions);
        sheet.count("sessions_met", self.sessions_met);
        sheet.count("sessions_cut", self.sessions_cut);
        sheet.kwh("sessions_recorded", self.recorded);
        sheet.kwh("sessions_delivered", self.delivered);
        sheet.count("late_arrivals", self.late_arrivals);
        sheet.count("non_deliveries", self.non_deliveries);
        sheet.count("false_readings", self.false_readings);
        sheet.count("false_readings_found", self.false_readings_found);
        sheet.kwh("unpaid", self.unpaid);
    }

    pub(super) fn share_rows(&self, sheet: &mut Sheet<'_>) {
        let (departures, sessions) = (self.departures as f64, self.sessions as f64);
        sheet.number("departure_satisfaction", ratio(self.departure_satisfaction, departures));
        let least = (self.departures > 0).then_some(self.departure_satisfaction_min);
        sheet.number("departure_satisfaction_min", least);
        sheet.kwh("energy_not_served", self.not_served);
        sheet.number("sessions_met_share", ratio(self.sessions_met as f64, sessions));
        let (delivered, recorded) = (self.delivered.to_f64(), self.recorded.to_f64());
        sheet.number("sessions_delivered_share", ratio(delivered, recorded));
    }
}

#[cfg(test)]
mod tests {
    use goshawk_output::table::KpiRow;

    use super::*;

    fn shares(tally: &DrivingTally) -> Vec<Option<f64>> {
        let mut rows: Vec<KpiRow> = Vec::new();
        tally.share_rows(&mut Sheet { rows: &mut rows, scope: "run", id: String::new() });
        rows.iter().map(|row| row.value).collect()
    }

    #[test]
    fn short_departures_count_by_what_the_battery_held() {
        let kwh = |kwh: i64| Energy::from_micro(kwh * 1_000_000);
        let mut tally = DrivingTally::default();
        assert_eq!(shares(&tally), [None, None, Some(0.0), None, None]);
        tally.departure(Energy::ZERO, [kwh(30), kwh(20)]);
        tally.departure(kwh(16), [kwh(5), kwh(20)]);
        tally.departure(Energy::ZERO, [kwh(0), kwh(0)]);
        tally.departure(kwh(11), [kwh(10), kwh(20)]);
        tally.session(kwh(12), kwh(9), kwh(2));
        tally.session(kwh(8), kwh(8), kwh(0));
        let expected = [2.75 / 4.0, 0.25, 29.0, 0.5, 17.0 / 20.0];
        assert_eq!(shares(&tally), expected.map(Some));
    }
}
