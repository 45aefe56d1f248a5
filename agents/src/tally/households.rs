//! The tallies of single households: what each saves and pays, and how that is spread.

use goshawk_market::inequality::{gini, jain};
use goshawk_market::quantity::{Energy, Money};
use serde::{Deserialize, Serialize};

use super::sheet::{Sheet, ratio};
use crate::journal::{Cheating, HouseholdBooks};

/// What a household adds up to.
#[derive(Debug, Clone, Copy, Default, Serialize, Deserialize)]
pub(super) struct HouseholdTally {
    /// What all energy that came over its meter is worth at the cheaper outside price.
    benchmark: Money,
    net_cost: Money,
    has_traded: bool,
    /// At the end of the last whole day.
    full_equivalent_cycles: Option<f64>,
    /// What its battery holds at the end of the last period.
    content: Energy,
    /// What its misconduct came to, if there was any.
    cheating: Option<Cheating>,
    /// Whether it was ever kept from trading.
    was_suspended: bool,
}

impl HouseholdTally {
    /// Adds a period. Returns what all that was bought is worth at the cheaper outside price.
    pub(super) fn add(&mut self, household: &HouseholdBooks) -> Money {
        let (books, price) = (&household.books, household.outside_price);
        let bought = books.bought + books.outside;
        let received = bought + books.withdrawn + books.aggregated.down;
        let worth = |energy: Energy| if energy.is_zero() { Money::ZERO } else { price * energy };
        let counterfactual = worth(bought);
        self.benchmark += if received == bought { counterfactual } else { worth(received) };
        self.net_cost += household.spend - household.income;
        self.has_traded |= books.bought.is_positive() || books.sold.is_positive();
        self.content = household.content;
        if let Some(Cheating { earned, cost }) = household.cheating {
            let so_far = self.cheating.get_or_insert_default();
            so_far.earned += earned;
            so_far.cost += cost;
        }
        counterfactual
    }

    pub(super) fn battery_day(&mut self, full_equivalent_cycles: f64) {
        self.full_equivalent_cycles = Some(full_equivalent_cycles);
    }

    pub(super) fn suspended(&mut self) {
        self.was_suspended = true;
    }

    fn savings(&self) -> Money {
        self.benchmark - self.net_cost
    }
}

/// Figures over some households.
pub(super) fn rows(households: &[HouseholdTally], sheet: &mut Sheet<'_>) {
    let count = households.len() as f64;
    let savings: Money = households.iter().map(HouseholdTally::savings).sum();
    let benchmark: Money = households.iter().map(|household| household.benchmark).sum();
    sheet.money("savings", savings);
    sheet.number("savings_share", ratio(savings.to_f64(), benchmark.to_f64()));
    let traders = households.iter().filter(|household| household.has_traded).count();
    sheet.number("participation_rate", ratio(traders as f64, count));
    let each = |money: fn(&HouseholdTally) -> Money| -> Vec<f64> {
        households.iter().map(|household| money(household).to_f64()).collect()
    };
    let (savings, net_costs) = (each(HouseholdTally::savings), each(|household| household.net_cost));
    sheet.number("gini_savings", gini(&savings));
    sheet.number("jain_savings", jain(&savings));
    sheet.number("gini_net_cost", gini(&net_costs));
    sheet.number("jain_net_cost", jain(&net_costs));
    let cycles: Option<f64> = households.iter().map(|household| household.full_equivalent_cycles).sum();
    sheet.number("full_equivalent_cycles", cycles.and_then(|cycles| ratio(cycles, count)));
    sheet.kwh("content_end", households.iter().map(|household| household.content).sum());
    cheating_rows(households, sheet);
    let suspended = households.iter().filter(|household| household.was_suspended).count();
    sheet.count("suspended", suspended as u64);
}

/// What misconduct came to.
fn cheating_rows(households: &[HouseholdTally], sheet: &mut Sheet<'_>) {
    let cheaters: Vec<Cheating> = households.iter().filter_map(|household| household.cheating).collect();
    let earned: Money = cheaters.iter().map(|cheating| cheating.earned).sum();
    let cost: Money = cheaters.iter().map(|cheating| cheating.cost).sum();
    sheet.count("cheaters", cheaters.len() as u64);
    sheet.money("cheating_earned", earned);
    sheet.money("cheating_cost", cost);
    let each = ratio((earned - cost).to_f64(), cheaters.len() as f64);
    sheet.row("cheating_gain_per_cheater", each, "currency");
}

/// What a household of each class saves on average, the least and the most of them.
pub(super) fn extremes<'a>(classes: impl Iterator<Item = &'a [HouseholdTally]>, sheet: &mut Sheet<'_>) {
    let of_class = |class: &[HouseholdTally]| {
        let savings: Money = class.iter().map(HouseholdTally::savings).sum();
        ratio(savings.to_f64(), class.len() as f64)
    };
    let means: Vec<f64> = classes.filter_map(of_class).collect();
    sheet.row("class_savings_min", means.iter().copied().reduce(f64::min), "currency");
    sheet.row("class_savings_max", means.iter().copied().reduce(f64::max), "currency");
}

#[cfg(test)]
mod tests {
    use goshawk_output::Label;
    use goshawk_output::table::KpiRow;

    use super::*;

    fn household(benchmark: i64, net_cost: i64, has_traded: bool, cycles: Option<f64>) -> HouseholdTally {
        let money = |units: i64| Money::from_micro(units * 1_000_000);
        let (benchmark, net_cost) = (money(benchmark), money(net_cost));
        HouseholdTally {
            benchmark,
            net_cost,
            has_traded,
            full_equivalent_cycles: cycles,
            ..HouseholdTally::default()
        }
    }

    #[test]
    fn cheating_is_counted_by_who_does_it() {
        let money = |units: i64| Money::from_micro(units * 1_000_000);
        let cheater = |earned, cost| HouseholdTally {
            cheating: Some(Cheating { earned: money(earned), cost: money(cost) }),
            ..household(1, 1, true, None)
        };
        let rows = figures(&[cheater(5, 1), household(1, 1, true, None), cheater(0, 3)]);
        let found = ["cheaters", "cheating_earned", "cheating_cost", "cheating_gain_per_cheater"]
            .map(|variable| value(&rows, variable));
        assert_eq!(found, [2.0, 5.0, 4.0, 0.5].map(Some));
        assert_eq!(value(&figures(&[household(1, 1, true, None)]), "cheating_gain_per_cheater"), None);
    }

    fn figures(households: &[HouseholdTally]) -> Vec<KpiRow> {
        let mut figures = Vec::new();
        rows(households, &mut Sheet { rows: &mut figures, scope: "run", id: String::new() });
        figures
    }

    fn value(rows: &[KpiRow], variable: &'static str) -> Option<f64> {
        rows.iter().find(|row| row.variable == Label(variable)).unwrap().value
    }

    // Savings of 1, 2, 3 and 6: the sum of all differences of pairs is 2 (1 + 2 + 5 + 1 + 4 + 3) = 32.
    #[test]
    fn savings_are_spread_as_by_hand() {
        let all = [
            household(4, 3, true, Some(1.0)),
            household(5, 3, false, Some(2.0)),
            household(3, 0, true, Some(3.0)),
            household(7, 1, true, Some(6.0)),
        ];
        let rows = figures(&all);
        let expected = [
            ("savings", 12.0),
            ("savings_share", 12.0 / 19.0),
            ("participation_rate", 0.75),
            ("gini_savings", 32.0 / (2.0 * 16.0 * 3.0)),
            ("jain_savings", 144.0 / (4.0 * 50.0)),
            ("gini_net_cost", 22.0 / (2.0 * 16.0 * 1.75)),
            ("jain_net_cost", 49.0 / (4.0 * 19.0)),
            ("full_equivalent_cycles", 3.0),
        ];
        for (variable, expected) in expected {
            let found = value(&rows, variable).unwrap();
            assert!((found - expected).abs() < 1e-12, "{variable}: {found} is not {expected}");
        }
        let mut least_and_most = Vec::new();
        let mut sheet = Sheet { rows: &mut least_and_most, scope: "run", id: String::new() };
        extremes([&all[..1], &all[1..], &[]].into_iter(), &mut sheet);
        assert_eq!(value(&least_and_most, "class_savings_min"), Some(1.0));
        assert_eq!(value(&least_and_most, "class_savings_max"), Some(11.0 / 3.0));
    }

    #[test]
    fn shares_of_debts_and_of_unfinished_days_are_undefined() {
        let rows = figures(&[household(1, 2, true, Some(1.0)), household(0, -1, true, None)]);
        for variable in
            ["gini_savings", "jain_savings", "gini_net_cost", "jain_net_cost", "full_equivalent_cycles"]
        {
            assert_eq!(value(&rows, variable), None, "{variable}");
        }
        assert_eq!((value(&rows, "savings"), value(&rows, "savings_share")), (Some(0.0), Some(0.0)));
    }
}
