//! Key figures of coming, going and misbehaving.

use goshawk_market::quantity::Energy;

use super::Sheet;

/// What a run adds up to.
#[derive(Debug, Default)]
pub(crate) struct DrivingTally {
    departures: u64,
    departures_short: u64,
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
    pub(crate) fn departure(&mut self, is_short: bool) {
        self.departures += 1;
        self.departures_short += u64::from(is_short);
    }

    pub(crate) fn session(&mut self, recorded: Energy, delivered: Energy, missing: Energy) {
        self.sessions += 1;
        self.sessions_met += u64::from(missing.is_zero());
        self.recorded += recorded;
        self.delivered += delivered;
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
}
