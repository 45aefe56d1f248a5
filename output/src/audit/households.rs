//! The households of a replicate: complete in every period, in balance, and in step with their trades.

use std::collections::BTreeMap;

use super::micro::Micro;
use super::periods::Period;
use super::read::{Context, When};
use super::records::{Agent, Household};
use super::report::{Check, Finding, Ledger};
use crate::names::Name;
use crate::table::Table;

/// What the audit keeps of a household from one period to the next.
#[derive(Debug, Default)]
struct Home {
    content: Micro,
    rows: u32,
    traded: Traded,
}

/// What the trades of a period say that a household sold and bought.
#[derive(Debug, Default, Clone, Copy)]
struct Traded {
    sold: Micro,
    bought: Micro,
}

/// The households of a replicate.
#[derive(Debug)]
pub(super) struct Homes {
    homes: BTreeMap<Name, Home>,
}

impl Homes {
    /// Households as they began.
    pub(super) fn open(rows: Vec<Household>, context: &Context<'_>, ledger: &mut Ledger) -> Self {
        let mut homes = BTreeMap::new();
        for row in rows {
            let home = Home { content: row.initial_kwh, ..Home::default() };
            let again = homes.insert(row.household, home).is_some();
            ledger.enter(Check::Completeness, !again, || {
                let place = Some(row.place);
                let finding = context.finding(Table::Households, place, None, "rows", 1, 2);
                Finding { replicate: Some(row.when.replicate), ..context.of(row.household, finding) }
            });
        }
        Self { homes }
    }

    /// Checks all households in one period.
    pub(super) fn check(&mut self, period: &Period, context: &Context<'_>, ledger: &mut Ledger) {
        for home in self.homes.values_mut() {
            home.rows = 0;
            home.traded = Traded::default();
        }
        self.gather_trades(period, context, ledger);
        for agent in &period.agents {
            let Some(home) = self.homes.get_mut(&agent.household) else {
                let finding = about(agent, "household", "one of the households", "an unknown one", context);
                ledger.enter(Check::Completeness, false, || finding);
                continue;
            };
            home.rows += 1;
            check_trades(agent, home.traded, context, ledger);
            check_energy(agent, home.content, context, ledger);
            home.content = agent.content_kwh;
        }
        self.check_rows(period.when, context, ledger);
        check_totals(period, context, ledger);
    }

    fn gather_trades(&mut self, period: &Period, context: &Context<'_>, ledger: &mut Ledger) {
        for trade in &period.trades {
            for (who, quantity) in [(trade.seller, "seller"), (trade.buyer, "buyer")] {
                let known = self.homes.contains_key(&who);
                ledger.enter(Check::TradedEnergy, known, || {
                    let (place, when) = (Some(trade.place), Some(period.when));
                    let expected = "one of the households";
                    context.finding(Table::Trades, place, when, quantity, expected, context.names.text(who))
                });
            }
            if let Some(home) = self.homes.get_mut(&trade.seller) {
                home.traded.sold += trade.delivered_kwh;
            }
            if let Some(home) = self.homes.get_mut(&trade.buyer) {
                home.traded.bought += trade.delivered_kwh;
            }
        }
    }

    fn check_rows(&self, when: When, context: &Context<'_>, ledger: &mut Ledger) {
        for (&household, home) in &self.homes {
            ledger.enter(Check::Completeness, home.rows == 1, || {
                let table = Table::AgentPeriods;
                let finding = context.finding(table, None, Some(when), "rows of the period", 1, home.rows);
                context.of(household, finding)
            });
        }
    }
}

fn about(
    agent: &Agent,
    quantity: &str,
    expected: impl ToString,
    found: impl ToString,
    context: &Context<'_>,
) -> Finding {
    let (place, when) = (Some(agent.place), Some(agent.stamp.0));
    let finding = context.finding(Table::AgentPeriods, place, when, quantity, expected, found);
    context.of(agent.household, finding)
}

/// What the household says that it sold and bought is what its trades say.
fn check_trades(agent: &Agent, traded: Traded, context: &Context<'_>, ledger: &mut Ledger) {
    for (quantity, expected, found) in [
        ("sold_kwh against its trades", traded.sold, agent.sold_kwh),
        ("bought_p2p_kwh against its trades", traded.bought, agent.bought_p2p_kwh),
    ] {
        ledger.enter(Check::TradedEnergy, expected == found, || {
            about(agent, quantity, expected, found, context)
        });
    }
}

/// What comes in goes somewhere.
fn check_energy(agent: &Agent, content_before: Micro, context: &Context<'_>, ledger: &mut Ledger) {
    let comes = agent.pv_kwh
        + agent.bought_p2p_kwh
        + agent.bought_grid_kwh
        + agent.bought_company_kwh
        + agent.withdrawn_kwh
        + agent.aggregated_down_kwh;
    let goes = agent.content_kwh - content_before
        + agent.drive_kwh
        + agent.sold_kwh
        + agent.stored_kwh
        + agent.aggregated_up_kwh
        + agent.losses_kwh;
    ledger.enter(Check::HouseholdEnergy, comes == goes, || {
        let quantity = "pv + bought + withdrawn + aggregated_down = change of content + drive + sold + stored + \
                        aggregated_up + losses";
        about(agent, quantity, comes, goes, context)
    });
    for (quantity, value) in [
        ("content_kwh", agent.content_kwh),
        ("pv_kwh", agent.pv_kwh),
        ("pv_spilled_kwh", agent.pv_spilled_kwh),
        ("charge_kwh", agent.charge_kwh),
        ("discharge_kwh", agent.discharge_kwh),
        ("drive_kwh", agent.drive_kwh),
        ("sold_kwh", agent.sold_kwh),
        ("bought_p2p_kwh", agent.bought_p2p_kwh),
        ("bought_grid_kwh", agent.bought_grid_kwh),
        ("bought_company_kwh", agent.bought_company_kwh),
        ("stored_kwh", agent.stored_kwh),
        ("withdrawn_kwh", agent.withdrawn_kwh),
        ("losses_kwh", agent.losses_kwh),
        ("aggregated_up_kwh", agent.aggregated_up_kwh),
        ("aggregated_down_kwh", agent.aggregated_down_kwh),
    ] {
        ledger.enter(Check::HouseholdEnergy, !value.is_negative(), || {
            about(agent, quantity, "0 or more", value, context)
        });
    }
    ledger.enter(Check::HouseholdEnergy, (0.0..=1.0).contains(&agent.soc), || {
        about(agent, "soc", "0 to 1", agent.soc, context)
    });
}

/// All that is sold is bought, and both are what was delivered.
fn check_totals(period: &Period, context: &Context<'_>, ledger: &mut Ledger) {
    let delivered: Micro = period.trades.iter().map(|trade| trade.delivered_kwh).sum();
    let sold: Micro = period.agents.iter().map(|agent| agent.sold_kwh).sum();
    let bought: Micro = period.agents.iter().map(|agent| agent.bought_p2p_kwh).sum();
    for (quantity, found) in
        [("sum of sold_kwh against trades", sold), ("sum of bought_p2p_kwh against trades", bought)]
    {
        ledger.enter(Check::TradedEnergy, delivered == found, || {
            context.finding(Table::AgentPeriods, None, Some(period.when), quantity, delivered, found)
        });
    }
}
