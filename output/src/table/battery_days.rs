//! Battery days: how far the batteries have aged.

use crate::names::Name;
use goshawk_market::quantity::Energy;

table! {
    /// A household's battery at the end of one day.
    ///
    /// `state_of_health = 1 - calendar_loss - cycle_loss`. A day that the run does not finish has no row.
    BatteryDayRow in battery_days, BatteryDays {
        /// Day of the run, from 0.
        day: u16 [""];
        /// The household.
        household: Name [""];
        /// Its class.
        class: Name [""];
        /// Capacity as a share of the new battery's, above 0 up to 1; absent where batteries do not age.
        state_of_health: Option<f64> ["1"];
        /// Capacity lost to time since the battery was new, as a share of the new battery's.
        calendar_loss: Option<f64> ["1"];
        /// Capacity lost to finished half cycles since the battery was new, as a share of the new battery's.
        cycle_loss: Option<f64> ["1"];
        /// Energy into and out of the cells since the run began, over twice the new battery's capacity.
        full_equivalent_cycles: f64 ["1"];
        /// Energy into and out of the cells in the day.
        throughput_kwh: Energy ["kWh"];
        /// State of charge, averaged over the day.
        mean_soc: f64 ["1"];
    }
}
