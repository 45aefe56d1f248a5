//! Storage periods: the shared storage's energy and money.

use goshawk_market::quantity::{Energy, Money};

table! {
    /// What the shared storage did in one period.
    ///
    /// `change of content = charge - discharge - losses`, to the last unit.
    StoragePeriodRow in storage_periods, StoragePeriods, a row per period {
        /// Energy in the storage at the end of the period.
        content_kwh: Energy ["kWh"] as ByteStreamSplit;
        /// Energy that households put in.
        charge_kwh: Energy ["kWh"] as ByteStreamSplit;
        /// Energy that households took out.
        discharge_kwh: Energy ["kWh"] as ByteStreamSplit;
        /// Energy lost.
        losses_kwh: Energy ["kWh"] as ByteStreamSplit;
        /// Money received.
        income: Money ["currency"] as ByteStreamSplit;
        /// Money paid.
        cost: Money ["currency"] as ByteStreamSplit;
    }
}
