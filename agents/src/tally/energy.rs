//! Sums of energy and money over the households of a class, or over all.

use goshawk_market::quantity::{Energy, Money};
use serde::{Deserialize, Serialize};

use super::sheet::{Sheet, ratio};
use crate::aggregator::terms::UpDown;
use crate::journal::HouseholdBooks;
use crate::message::Supplier;

/// Whom figures are about.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Scope {
    Community,
    Class,
}

/// Sums over the households of a class, or over all.
#[derive(Debug, Clone, Copy, Default, Serialize, Deserialize)]
pub(super) struct EnergySums {
    sun: Energy,
    spilled: Energy,
    p2p: Energy,
    grid: Energy,
    company: Energy,
    withdrawn: Energy,
    driven: Energy,
    sold: Energy,
    stored: Energy,
    losses: Energy,
    aggregated: UpDown,
    income: Money,
    spend: Money,
    bought_cost: Money,
    counterfactual: Money,
    satisfaction: f64,
    satisfied: u64,
}

impl EnergySums {
    /// Adds a household's period. `counterfactual` is what all that it bought is worth at the cheaper outside price.
    pub(super) fn add(&mut self, household: &HouseholdBooks, counterfactual: Money) {
        let books = &household.books;
        self.sun += books.sun;
        self.spilled += household.spilled;
        self.p2p += books.bought;
        match household.supplier {
            Supplier::Grid => self.grid += books.outside,
            Supplier::Company => self.company += books.outside,
        }
        self.withdrawn += books.withdrawn;
        self.driven += books.driven;
        self.sold += books.sold;
        self.stored += books.stored;
        self.losses += books.losses;
        self.aggregated.up += books.aggregated.up;
        self.aggregated.down += books.aggregated.down;
        self.income += household.income;
        self.spend += household.spend;
        if (books.bought + books.outside).is_positive() {
            // A household that sells may still owe penalties; only buyers' payments are a price of energy.
            let to_users = if books.bought.is_positive() { household.p2p_spend } else { Money::ZERO };
            self.bought_cost += to_users + household.outside_cost;
            self.counterfactual += counterfactual;
        }
        if let Some(satisfaction) = household.satisfaction {
            self.satisfaction += satisfaction;
            self.satisfied += 1;
        }
    }

    fn bought(&self) -> Energy {
        self.p2p + self.grid + self.company
    }

    /// What came over the meter or from the roof, less what went out again over the meter.
    pub(super) fn demand(&self) -> Energy {
        let into = self.sun + self.bought() + self.withdrawn + self.aggregated.down;
        into - self.sold - self.stored - self.aggregated.up
    }

    pub(super) fn rows(&self, sheet: &mut Sheet<'_>, scope: Scope) {
        sheet.kwh("pv", self.sun);
        sheet.kwh("pv_spilled", self.spilled);
        sheet.kwh("p2p", self.p2p);
        sheet.kwh("grid", self.grid);
        sheet.kwh("company", self.company);
        sheet.kwh("withdrawn", self.withdrawn);
        sheet.kwh("driven", self.driven);
        sheet.kwh("sold", self.sold);
        sheet.kwh("stored", self.stored);
        sheet.kwh("losses", self.losses);
        sheet.money("income", self.income);
        sheet.money("spend", self.spend);
        sheet.money("net_cost", self.spend - self.income);
        let bought = self.bought().to_f64();
        sheet.row("mean_price_paid", ratio(self.bought_cost.to_f64(), bought), "currency/kWh");
        sheet.row("mean_price_without_trade", ratio(self.counterfactual.to_f64(), bought), "currency/kWh");
        // What users trade among themselves leaves a class, but not the community.
        let (sold, p2p) = match scope {
            Scope::Community => (Energy::ZERO, Energy::ZERO),
            Scope::Class => (self.sold, self.p2p),
        };
        let sun = self.sun.to_f64();
        let own = (self.sun - sold).or_zero().to_f64();
        sheet.number("self_consumption", ratio(own, sun + self.spilled.to_f64()));
        let fleet = self.aggregated.down - self.aggregated.up;
        let from_others = (self.grid + self.company + fleet + p2p).or_zero().to_f64();
        sheet.number("self_sufficiency", ratio(sun, sun + from_others));
        sheet.number("satisfaction", ratio(self.satisfaction, self.satisfied as f64));
    }

    /// Figures of who traded how much, and at what cost.
    pub(super) fn trade_rows(&self, sheet: &mut Sheet<'_>) {
        let demand = self.demand();
        sheet.kwh("demand", demand);
        let net_cost = (self.spend - self.income).to_f64();
        sheet.row("average_cost", ratio(net_cost, demand.to_f64()), "currency/kWh");
        sheet.number("p2p_share_bought", ratio(self.p2p.to_f64(), self.bought().to_f64()));
        let surplus = self.sold + self.stored + self.spilled;
        sheet.number("p2p_share_sold", ratio(self.sold.to_f64(), surplus.to_f64()));
    }
}
