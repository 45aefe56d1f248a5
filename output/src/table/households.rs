//! Households as they began.

use crate::names::Name;
use goshawk_market::quantity::{Energy, Power};

table! {
    /// One household.
    HouseholdRow in households, Households {
        /// The household.
        household: Name [""];
        /// Its class.
        class: Name [""];
        /// Capacity of the battery.
        battery_kwh: Energy ["kWh"];
        /// Largest power of the charger.
        charger_kw: Power ["kW"];
        /// Peak power of the photovoltaics.
        pv_kw: Power ["kW"];
        /// Energy in the battery when the run begins.
        initial_kwh: Energy ["kWh"];
        /// The feeder's bus that it hangs on, if there is a feeder.
        bus: Option<u32> [""];
    }
}
