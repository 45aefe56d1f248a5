//! Operator periods: the other side of the households' money.

use goshawk_market::quantity::{Energy, Money};

category! {
    /// Who takes money beside the households.
    Operator {
        /// The grid operator.
        Grid = "grid",
        /// The sales company.
        Company = "company",
        /// The operator of the shared storage.
        Storage = "storage",
        /// The trading platform.
        Platform = "platform",
        /// Whoever sells to the grid and the company, so that money sums to nothing.
        Upstream = "upstream",
        /// The aggregator of the fleet, where there is one.
        Aggregator = "aggregator",
    }
}

table! {
    /// What one operator earned and paid in one period.
    OperatorPeriodRow in operator_periods, OperatorPeriods, a row per period {
        /// The operator.
        operator: Operator [""];
        /// Money received.
        revenue: Money ["currency"];
        /// Money paid.
        cost: Money ["currency"];
        /// Energy that it supplied or carried.
        energy_kwh: Energy ["kWh"];
    }
}
