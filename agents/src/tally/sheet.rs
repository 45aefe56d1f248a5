//! Key figures under construction.

use goshawk_market::quantity::{Energy, Money};
use goshawk_output::Label;
use goshawk_output::table::KpiRow;

/// KPI rows of one scope.
pub(super) struct Sheet<'a> {
    pub(super) rows: &'a mut Vec<KpiRow>,
    pub(super) scope: &'static str,
    pub(super) id: String,
}

impl Sheet<'_> {
    pub(super) fn row(&mut self, variable: &'static str, value: Option<f64>, unit: &'static str) {
        self.rows.push(KpiRow {
            scope: Label(self.scope),
            id: self.id.clone(),
            variable: Label(variable),
            value,
            unit: Label(unit),
        });
    }

    /// A share, or another number without a unit.
    pub(super) fn number(&mut self, variable: &'static str, value: Option<f64>) {
        self.row(variable, value, "1");
    }

    pub(super) fn kwh(&mut self, variable: &'static str, energy: Energy) {
        self.row(variable, Some(energy.to_f64()), "kWh");
    }

    pub(super) fn money(&mut self, variable: &'static str, money: Money) {
        self.row(variable, Some(money.to_f64()), "currency");
    }

    pub(super) fn count(&mut self, variable: &'static str, count: u64) {
        self.number(variable, Some(count as f64));
    }
}

/// A quotient; nothing where the denominator is not above 0.
pub(super) fn ratio(numerator: f64, denominator: f64) -> Option<f64> {
    (denominator > 0.0).then(|| numerator / denominator)
}
