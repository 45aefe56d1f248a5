//! Feeder periods: what went over the lines, and what was lost in them.

use goshawk_market::quantity::{Energy, Money};

table! {
    /// What went over the feeder in one period; no rows where there is no feeder.
    ///
    /// `supplied = base_load + households + losses`, to the last unit.
    FeederPeriodRow in feeder_periods, FeederPeriods, a row per period {
        /// Energy into the feeder at the substation; negative where more came back.
        supplied_kwh: Energy ["kWh"];
        /// Energy that base loads drew.
        base_load_kwh: Energy ["kWh"];
        /// Energy that households drew from the feeder, less what they fed in.
        households_kwh: Energy ["kWh"];
        /// Energy lost in the lines.
        losses_kwh: Energy ["kWh"];
        /// Energy that base loads alone would have lost.
        base_losses_kwh: Energy ["kWh"];
        /// Losses less those without the trades between users; absent where the feeder could not have done without them.
        trade_losses_kwh: Option<Energy> ["kWh"];
        /// What the grid paid upstream for the losses.
        loss_cost: Money ["currency"];
        /// The lowest voltage of a bus.
        lowest_voltage_pu: f64 ["p.u."];
        /// That bus.
        lowest_voltage_bus: u32 [""];
        /// The highest voltage of a bus.
        highest_voltage_pu: f64 ["p.u."];
        /// That bus.
        highest_voltage_bus: u32 [""];
        /// Apparent power over limit of the fullest line; absent where no line has a limit.
        highest_loading: Option<f64> ["1"];
        /// The bus on one side of that line.
        highest_loading_from_bus: Option<u32> [""];
        /// The bus on its other side.
        highest_loading_to_bus: Option<u32> [""];
        /// Sweeps of the power flow.
        iterations: u32 [""];
    }
}
