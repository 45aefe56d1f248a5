//! `[ledger.credit]`: bands that follow from credit, and what each asks.

use goshawk_ledger::CreditRules;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::meaning::Report;

/// What follows from credit. Without this table scores order partners and nothing else.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, default)]
pub struct CreditBands {
    /// Whether there are bands; a study can vary it.
    pub enabled: bool,
    /// Score from which an account is good, above `fair_from`; with `hysteresis` at most 0.9, which contracts of 5 kWh reach.
    #[schemars(range(min = 0.0, max = 0.9))]
    pub good_from: f64,
    /// Score from which an account is fair, above `poor_from`.
    #[schemars(range(min = 0.0, max = 0.9))]
    pub fair_from: f64,
    /// Score below which an account is suspended, 0.000001 to 0.5, where newcomers stand.
    #[schemars(range(min = 0.000_001, max = 0.5))]
    pub poor_from: f64,
    /// How far above the beginning of a band an account must be to rise to it, 0 to 0.9.
    #[schemars(range(min = 0.0, max = 0.9))]
    pub hysteresis: f64,
    /// What a party in the fair band pays the platform, as a share of what the seller is paid, 0 to 1; at most `poor_surcharge`.
    #[schemars(range(min = 0.0, max = 1.0))]
    pub fair_surcharge: f64,
    /// The same in the poor band and after a suspension, 0 to 1.
    #[schemars(range(min = 0.0, max = 1.0))]
    pub poor_surcharge: f64,
    /// What is held of a party in the poor band until its contract is over, as a share of the contract's value at the seller's
    /// price, 0 to 10; at most `return_deposit`.
    #[schemars(range(min = 0.0, max = 10.0))]
    pub poor_deposit: f64,
    /// The same after a suspension, 0 to 10.
    #[schemars(range(min = 0.0, max = 10.0))]
    pub return_deposit: f64,
    /// How many periods an account is suspended, after that of the contract, 1 to 1000000.
    #[schemars(range(min = 1, max = 1_000_000))]
    pub suspension_periods: u32,
    /// Score with which a suspended account comes back, from `poor_from` to below `fair_from`.
    #[schemars(range(min = 0.0, max = 0.9))]
    pub return_score: f64,
    /// Share of a contract that may be missing of one that counts as kept, 0 to 0.999999.
    #[schemars(range(min = 0.0, max = 0.999_999))]
    pub tolerance: f64,
    /// How much heavier than what was kept weighs what a seller did not deliver, 1 to 100.
    #[schemars(range(min = 1, max = 100))]
    pub severity_not_delivered: u32,
    /// How much heavier than what was kept weighs what a buyer did not take, 1 to 100.
    #[schemars(range(min = 1, max = 100))]
    pub severity_not_taken: u32,
}

impl Default for CreditBands {
    fn default() -> Self {
        let rules = CreditRules::default();
        let number = |micro: u32| f64::from(micro) / 1e6;
        Self {
            enabled: true,
            good_from: number(rules.good_from),
            fair_from: number(rules.fair_from),
            poor_from: number(rules.poor_from),
            hysteresis: number(rules.hysteresis),
            fair_surcharge: number(rules.fair_surcharge),
            poor_surcharge: number(rules.poor_surcharge),
            poor_deposit: number(rules.poor_deposit),
            return_deposit: number(rules.return_deposit),
            suspension_periods: rules.suspension_periods,
            return_score: number(rules.return_score),
            tolerance: number(rules.tolerance),
            severity_not_delivered: rules.severity_not_delivered,
            severity_not_taken: rules.severity_not_taken,
        }
    }
}

impl CreditBands {
    /// The rules of the ledger, if there are bands.
    pub fn rules(&self) -> Option<CreditRules> {
        let micro = |number: f64| (number * 1e6).round() as u32;
        self.enabled.then(|| CreditRules {
            good_from: micro(self.good_from),
            fair_from: micro(self.fair_from),
            poor_from: micro(self.poor_from),
            hysteresis: micro(self.hysteresis),
            fair_surcharge: micro(self.fair_surcharge),
            poor_surcharge: micro(self.poor_surcharge),
            poor_deposit: micro(self.poor_deposit),
            return_deposit: micro(self.return_deposit),
            suspension_periods: self.suspension_periods,
            return_score: micro(self.return_score),
            tolerance: micro(self.tolerance),
            severity_not_delivered: self.severity_not_delivered,
            severity_not_taken: self.severity_not_taken,
        })
    }
}

/// Checks what the fields of `[ledger.credit]` must be to each other.
pub(super) fn check(report: &mut Report<'_>) {
    if report.document.get(&["ledger", "credit"]).is_none() {
        return;
    }
    let Some(bands) = report.section::<CreditBands>(&["ledger", "credit"]) else { return };
    let mut add = |field: &str, found: String, allowed: String| {
        report.add(&["ledger", "credit", field], found, allowed);
    };
    // What differs by less than a step of the ledger is the same to it.
    let step = |number: f64| (number * 1e6).round();
    let ordered = [
        ("poor_from", bands.poor_from, "fair_from", bands.fair_from),
        ("fair_from", bands.fair_from, "good_from", bands.good_from),
    ];
    for (field, lower, other, upper) in ordered {
        if step(lower) >= step(upper) {
            add(field, format!("{lower}, with {other} = {upper}"), format!("less than {other}"));
        }
    }
    let at_most = [
        ("fair_surcharge", bands.fair_surcharge, "poor_surcharge", bands.poor_surcharge),
        ("poor_deposit", bands.poor_deposit, "return_deposit", bands.return_deposit),
    ];
    for (field, lower, other, upper) in at_most {
        if step(lower) > step(upper) {
            add(field, lower.to_string(), format!("at most {other} = {upper}"));
        }
    }
    if step(bands.good_from) + step(bands.hysteresis) > 900_000.0 {
        let found = format!("{}, with good_from = {}", bands.hysteresis, bands.good_from);
        add("hysteresis", found, "at most 0.9 together, or nobody becomes good".to_owned());
    }
    if step(bands.return_score) < step(bands.poor_from) || step(bands.return_score) >= step(bands.fair_from) {
        let allowed =
            format!("from poor_from = {} to less than fair_from = {}", bands.poor_from, bands.fair_from);
        add("return_score", bands.return_score.to_string(), allowed);
    }
}
