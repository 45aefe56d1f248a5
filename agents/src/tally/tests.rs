use goshawk_output::Label;

use super::*;

fn value(rows: &[KpiRow], scope: &'static str, variable: &'static str) -> Option<f64> {
    let found = |row: &&KpiRow| row.scope == Label(scope) && row.variable == Label(variable);
    rows.iter().find(found).unwrap_or_else(|| panic!("no figure {variable}")).value
}

/// Figures that are undefined as long as nothing has happened; all others are counts and sums.
const UNDEFINED: [&str; 51] = [
    "mean_price_paid",
    "mean_price_without_trade",
    "self_consumption",
    "self_sufficiency",
    "satisfaction",
    "gap_mean",
    "gap_max",
    "latency_mean",
    "latency_p50",
    "latency_p95",
    "line_losses",
    "lowest_voltage",
    "highest_loading",
    "peak_import",
    "peak_import_undispatched",
    "fleet_up",
    "fleet_down",
    "fleet_up_served",
    "fleet_down_served",
    "fleet_shortfall",
    "fleet_members_income",
    "average_cost",
    "p2p_share_bought",
    "p2p_share_sold",
    "savings_share",
    "gini_savings",
    "jain_savings",
    "gini_net_cost",
    "jain_net_cost",
    "full_equivalent_cycles",
    "fill_ratio",
    "market_efficiency",
    "trade_price",
    "trade_price_received",
    "trade_price_cv",
    "trade_price_cv_in_period",
    "p2p_advantage",
    "peak_import_daily",
    "peak_to_average",
    "load_factor",
    "ramping",
    "co2_per_kwh",
    "departure_satisfaction",
    "departure_satisfaction_min",
    "sessions_met_share",
    "sessions_delivered_share",
    "block_fill",
    "rejected_share",
    "approval_p50",
    "approval_p95",
    "cheating_gain_per_cheater",
];
/// The same of those that are per delivered kWh, or need a series.
const UNDEFINED_TOO: [&str; 3] = ["co2", "bytes_per_kwh", "fees_per_kwh"];

#[test]
fn figures_without_a_denominator_are_null_and_all_others_are_not() {
    let terms = TallyTerms { class_names: vec!["A".into()], class_of: vec![0], ..TallyTerms::default() };
    for row in Tally::new(terms).kpis() {
        let is_undefined =
            UNDEFINED.iter().chain(&UNDEFINED_TOO).any(|&variable| row.variable == Label(variable));
        let expected = (!is_undefined).then_some(0.0);
        assert_eq!(row.value, expected, "{:?} of {:?}", row.variable, row.scope);
    }
}

#[test]
fn a_community_without_households_has_no_shares_of_them() {
    let rows = Tally::new(TallyTerms::default()).kpis();
    for variable in ["participation_rate", "class_savings_min", "class_savings_max"] {
        assert_eq!(value(&rows, "run", variable), None, "{variable}");
    }
}
