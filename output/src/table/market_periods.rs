//! Market periods: how the market cleared, and how far from the best it stayed.

use crate::names::Label;
use goshawk_market::quantity::{Energy, Price};

table! {
    /// How the market cleared one period.
    MarketPeriodRow in market_periods, MarketPeriods, a row per period {
        /// The clearing mechanism.
        mechanism: Label [""];
        /// Energy that sellers offered.
        offered_kwh: Energy ["kWh"];
        /// Energy that buyers wanted.
        wanted_kwh: Energy ["kWh"];
        /// Energy contracted between households, after the grid's security check.
        traded_kwh: Energy ["kWh"];
        /// What sellers receive, where trades have prices of their own their mean weighted by energy; absent when nothing was
        /// traded.
        seller_price_per_kwh: Option<Price> ["currency/kWh"];
        /// What buyers pay, fees included; absent when nothing was traded.
        buyer_price_per_kwh: Option<Price> ["currency/kWh"];
        /// What the grid asks.
        grid_price_per_kwh: Price ["currency/kWh"];
        /// What the sales company asks.
        company_price_per_kwh: Price ["currency/kWh"];
        /// Sellers' profit, with the opportunity value of what they keep; after a curtailment.
        sellers_profit: f64 ["currency"];
        /// Buyers' cost, with what moved energy is expected to cost later; after a curtailment.
        buyers_cost: f64 ["currency"];
        /// What users and fee takers gain over no trade at all; after a curtailment.
        welfare: f64 ["currency"];
        /// The largest welfare that any clearing of the same orders could reach; it knows no limit of the
        /// grid.
        welfare_exact: f64 ["currency"];
        /// How far the scheme's weighted value, after a curtailment, is below the exact optimum, as a share
        /// of it; absent where users cannot trade.
        gap: Option<f64> ["1"];
        /// Iterations of the optimizer.
        iterations: u32 [""];
        /// Candidates that the optimizer evaluated.
        evaluations: u64 [""] as Dictionary;
        /// Satisfaction of buyers with the price, weighted by demand, 0 to 1; absent where users do not
        /// trade.
        satisfaction: Option<f64> ["1"];
        /// Energy that the grid's security check took away.
        curtailed_kwh: Energy ["kWh"];
    }
}
