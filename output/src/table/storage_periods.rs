//! Storage periods: the shared storage's energy and money.

use goshawk_market::quantity::{Energy, Money};

table! {
    /// What the shared storage did in one period.
    ///
    /// `change of content = charge - discharge - losses`, to the last unit.
    StoragePeriodRow in storage_periods, StoragePeriods, a row per period {
        /// Energy in the storage at the end of the period.
        content_kwh: Energy ["kWh"];
        /// Energy that households put in.
        charge_kwh: Energy ["kWh"];
        /// Energy that households took out.
        discharge_kwh: Energy ["kWh"];
        /// Energy lost on the way in and out, and to time.
        losses_kwh: Energy ["kWh"];
        /// Money received.
        income: Money ["currency"];
        /// Money paid.
        cost: Money ["currency"];
    }
}
