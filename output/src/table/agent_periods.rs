//! Agent periods: a household's energy and money in a period, so that its balance can be drawn up.

use crate::names::Name;
use goshawk_market::quantity::{Energy, Money};

category! {
    /// What a household was to the market in a period.
    Role {
        /// It offered energy.
        Seller = "seller",
        /// It asked for energy.
        Buyer = "buyer",
        /// It was there and did neither.
        None = "none",
        /// It was not connected.
        Away = "away",
    }
}

table! {
    /// What one household did in one period.
    ///
    /// `pv + bought (p2p, grid, company) + withdrawn + aggregated_down = change of content + drive + sold + stored +
    /// aggregated_up + losses`, to the last unit.
    AgentPeriodRow in agent_periods, AgentPeriods, a row per period {
        /// The household.
        household: Name [""];
        /// Its class.
        class: Name [""];
        /// What it was to the market.
        role: Role [""];
        /// Energy in the battery at the end of the period.
        content_kwh: Energy ["kWh"] as ByteStreamSplit;
        /// State of charge at the end of the period, 0 to 1.
        soc: f64 ["1"] as ByteStreamSplit;
        /// Solar energy used.
        pv_kwh: Energy ["kWh"];
        /// Solar energy that found no use.
        pv_spilled_kwh: Energy ["kWh"];
        /// Energy into the battery, at the meter.
        charge_kwh: Energy ["kWh"];
        /// Energy out of the battery, at the meter.
        discharge_kwh: Energy ["kWh"];
        /// Energy driven away.
        drive_kwh: Energy ["kWh"];
        /// Energy sold to other households.
        sold_kwh: Energy ["kWh"];
        /// Energy bought from other households.
        bought_p2p_kwh: Energy ["kWh"];
        /// Energy bought from the grid.
        bought_grid_kwh: Energy ["kWh"];
        /// Energy bought from the sales company.
        bought_company_kwh: Energy ["kWh"];
        /// Energy put into the shared storage.
        stored_kwh: Energy ["kWh"];
        /// Energy taken from the shared storage.
        withdrawn_kwh: Energy ["kWh"];
        /// Energy lost in charging and discharging, and to a battery that has shrunk.
        losses_kwh: Energy ["kWh"];
        /// Money received.
        income: Money ["currency"];
        /// Money paid.
        spend: Money ["currency"];
        /// What the battery's wear is worth; not paid to anybody.
        wear_cost: Money ["currency"];
        /// Satisfaction with the period, 0 to 1; absent for those who did not buy.
        satisfaction: Option<f64> ["1"];
        /// Energy given to the grid for the aggregator, at the meter.
        aggregated_up_kwh: Energy ["kWh"];
        /// Energy taken from the grid for the aggregator, at the meter.
        aggregated_down_kwh: Energy ["kWh"];
    }
}
