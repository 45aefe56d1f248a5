//! The feeder's books: what goes in at the substation comes out at base loads and households, or is lost and paid for.

use super::micro::Micro;
use super::periods::Period;
use super::read::{Context, Place};
use super::report::{Check, Ledger};
use crate::table::Table;

/// Checks the feeder in one period; a run has one if its households hang on buses.
pub(super) fn check_feeder(period: &Period, has_feeder: bool, context: &Context<'_>, ledger: &mut Ledger) {
    let (rows, expected) = (period.feeder.len(), usize::from(has_feeder));
    ledger.enter(Check::FeederEnergy, rows == expected, || {
        let quantity = "rows of the period, one where households have a bus";
        context.finding(Table::FeederPeriods, None, Some(period.when), quantity, expected, rows)
    });
    let Some(row) = period.feeder.first() else { return };
    let mut same = |quantity: &str, expected: Micro, found: Micro| {
        let place: Option<Place> = Some(row.place);
        ledger.enter(Check::FeederEnergy, expected == found, || {
            context.finding(Table::FeederPeriods, place, Some(period.when), quantity, expected, found)
        });
    };
    let supplied = row.base_load_kwh + row.households_kwh + row.losses_kwh;
    same("supplied_kwh = base_load + households + losses", supplied, row.supplied_kwh);
    let agents = period.agents.iter().map(|agent| {
        agent.bought_p2p_kwh + agent.bought_grid_kwh + agent.bought_company_kwh + agent.withdrawn_kwh
            - agent.sold_kwh
            - agent.stored_kwh
            + agent.aggregated_down_kwh
            - agent.aggregated_up_kwh
    });
    same("households_kwh against the households' meters", agents.sum(), row.households_kwh);
    let grid = period.operators.iter().find(|operator| context.names.text(operator.operator) == "grid");
    // What the grid pays the aggregator is in the aggregator's row.
    let to_fleet = period.fleet.iter().map(|fleet| fleet.up_revenue + fleet.availability_revenue).sum();
    let cost = grid.map_or(Micro::ZERO, |grid| grid.cost - to_fleet);
    same("loss_cost against the grid's cost", cost, row.loss_cost);
    for (quantity, value) in [("losses_kwh", row.losses_kwh), ("base_losses_kwh", row.base_losses_kwh)] {
        ledger.enter(Check::FeederEnergy, !value.is_negative(), || {
            let (place, when) = (Some(row.place), Some(period.when));
            context.finding(Table::FeederPeriods, place, when, quantity, "0 or more", value)
        });
    }
}
