//! Aggregator periods: what the grid wanted of the fleet, what the fleet offered, and what came of it.

use goshawk_market::quantity::{Energy, Money};

table! {
    /// What the aggregator's fleet did in one period; no rows where there is no aggregator.
    ///
    /// `import_after = import_before - delivered_up + delivered_down`, to the last unit; delivered <= accepted <= offered
    /// and requested.
    AggregatorPeriodRow in aggregator_periods, AggregatorPeriods, a row per period {
        /// Members that offered something.
        members: u32 ["1"];
        /// Energy that the grid wanted the fleet to give.
        request_up_kwh: Energy ["kWh"];
        /// Energy that the grid wanted the fleet to take.
        request_down_kwh: Energy ["kWh"];
        /// Energy that members offered to give at no more than the grid pays.
        offered_up_kwh: Energy ["kWh"];
        /// Energy that members offered to take at no less than the grid asks.
        offered_down_kwh: Energy ["kWh"];
        /// Energy that counts as held ready, over the period.
        ready_kwh: Energy ["kWh"];
        /// Energy of the request that the aggregator accepted and called members for, to give.
        accepted_up_kwh: Energy ["kWh"];
        /// The same, to take.
        accepted_down_kwh: Energy ["kWh"];
        /// Energy given, by the members' meters.
        delivered_up_kwh: Energy ["kWh"];
        /// Energy taken, by the members' meters.
        delivered_down_kwh: Energy ["kWh"];
        /// Energy accepted and not delivered, both ways together.
        shortfall_kwh: Energy ["kWh"];
        /// Energy that households bought from grid and company.
        import_before_kwh: Energy ["kWh"];
        /// The same with what the fleet gave and took; negative where more was given than drawn.
        import_after_kwh: Energy ["kWh"];
        /// Received from the grid for energy given.
        up_revenue: Money ["currency"];
        /// Paid to the grid for energy taken.
        down_cost: Money ["currency"];
        /// Received from the grid for power held ready.
        availability_revenue: Money ["currency"];
        /// Paid to the grid for the shortfall.
        penalty: Money ["currency"];
        /// Paid to members, for energy given and for being ready.
        paid_to_members: Money ["currency"];
        /// Received from members for energy taken.
        paid_by_members: Money ["currency"];
    }
}
