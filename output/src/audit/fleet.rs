//! The fleet's books: what members gave and took is what the aggregator accounts for, and its money is its own row.

use super::micro::Micro;
use super::periods::Period;
use super::read::{Context, Place};
use super::report::{Check, Ledger};
use crate::table::Table;

/// Checks the aggregator in one period; there is one if it has a row among the operators.
pub(super) fn check_fleet(period: &Period, context: &Context<'_>, ledger: &mut Ledger) {
    let operator =
        period.operators.iter().find(|operator| context.names.text(operator.operator) == "aggregator");
    let (rows, expected) = (period.fleet.len(), usize::from(operator.is_some()));
    let table = Table::AggregatorPeriods;
    ledger.enter(Check::FleetEnergy, rows == expected, || {
        let quantity = "rows of the period, one where an aggregator is among the operators";
        context.finding(table, None, Some(period.when), quantity, expected, rows)
    });
    let row = period.fleet.first();
    let place: Option<Place> = row.map(|row| row.place);
    let mut enter = |holds: bool, quantity: &str, expected: String, found: Micro| {
        ledger.enter(Check::FleetEnergy, holds, || {
            context.finding(table, place, Some(period.when), quantity, expected, found)
        });
    };
    let mut same = |quantity: &str, expected: Micro, found: Micro| {
        enter(expected == found, quantity, expected.to_string(), found);
    };
    let up: Micro = period.agents.iter().map(|agent| agent.aggregated_up_kwh).sum();
    let down: Micro = period.agents.iter().map(|agent| agent.aggregated_down_kwh).sum();
    let of = |value: Option<Micro>| value.unwrap_or(Micro::ZERO);
    same("delivered_up_kwh against the members' meters", up, of(row.map(|row| row.delivered_up_kwh)));
    same("delivered_down_kwh against the members' meters", down, of(row.map(|row| row.delivered_down_kwh)));
    let (Some(row), Some(operator)) = (row, operator) else { return };
    let outside = period.agents.iter().map(|agent| agent.bought_grid_kwh + agent.bought_company_kwh).sum();
    same("import_before_kwh against the households' purchases", outside, row.import_before_kwh);
    let after = row.import_before_kwh - row.delivered_up_kwh + row.delivered_down_kwh;
    same("import_after = import_before - delivered_up + delivered_down", after, row.import_after_kwh);
    let accepted = row.accepted_up_kwh + row.accepted_down_kwh;
    let delivered = row.delivered_up_kwh + row.delivered_down_kwh;
    same("shortfall = accepted - delivered", accepted - delivered, row.shortfall_kwh);
    let revenue = row.up_revenue + row.availability_revenue + row.paid_by_members;
    same("the aggregator's revenue", revenue, operator.revenue);
    same("the aggregator's cost", row.down_cost + row.penalty + row.paid_to_members, operator.cost);
    for (quantity, least, most) in [
        ("delivered_up_kwh, at most accepted", row.delivered_up_kwh, row.accepted_up_kwh),
        ("delivered_down_kwh, at most accepted", row.delivered_down_kwh, row.accepted_down_kwh),
        ("accepted_up_kwh, at most offered", row.accepted_up_kwh, row.offered_up_kwh),
        ("accepted_down_kwh, at most offered", row.accepted_down_kwh, row.offered_down_kwh),
        ("accepted_up_kwh, at most requested", row.accepted_up_kwh, row.request_up_kwh),
        ("accepted_down_kwh, at most requested", row.accepted_down_kwh, row.request_down_kwh),
    ] {
        let holds = !least.is_negative() && !(most - least).is_negative();
        enter(holds, quantity, format!("0 to {most}"), least);
    }
}
