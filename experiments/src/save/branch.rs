//! What may be changed when a run goes on from a save: what only the days to come depend on.

use std::collections::BTreeMap;

use toml::Value;

use crate::scenario::Loaded;

/// Fields, and tables of fields, that may be changed; `*` stands for any name. Everything else the households, the ledger
/// or the rows so far depend on.
const MAY_CHANGE: [&str; 31] = [
    "description",
    "aggregator.availability_per_kw_h",
    "aggregator.capacity_kw",
    "aggregator.departure_margin_minutes",
    "aggregator.dispatch",
    "aggregator.down_price_per_kwh",
    "aggregator.member_share",
    "aggregator.peak_kw",
    "aggregator.shortfall_penalty_per_kwh",
    "aggregator.up_price_per_kwh",
    "aggregator.valley_kw",
    "battery.pv_wear_cost_per_kwh",
    "battery.replacement_cost_per_kwh",
    "battery.wear_cost_per_kwh",
    "buyers",
    "company",
    "decisions",
    "fees",
    "grid.feeder.loss_price_per_kwh",
    "grid.feeder.security",
    "grid.limit_kw",
    "ledger.durable_every_blocks",
    "ledger.take_or_pay_share",
    "market",
    "output.convergence_every",
    "portraits.*.buying_hours",
    "portraits.*.charging_hours",
    "portraits.*.discharging_hours",
    "sellers",
    "storage.service_fee_per_kwh",
    "tariffs",
];

/// The changes between the scenario of a saved run and that of a run which is to go on from it.
///
/// # Errors
/// Each change of a field that may not be changed.
pub fn changes(before: &Loaded, after: &Loaded) -> Result<Vec<String>, Vec<String>> {
    let (mut changes, mut problems) = (Vec::new(), Vec::new());
    let mut note = |field: &str, before: &str, after: &str| {
        if may_change(field) {
            changes.push(format!("{field}: {before} -> {after}"));
        } else {
            problems.push(format!("`{field}`: found {after}, allowed {before}, as when it was saved"));
        }
    };
    let (saved, wanted) = (fields(&before.effective_toml), fields(&after.effective_toml));
    let nothing = || "nothing".to_owned();
    for field in saved.keys().chain(wanted.keys().filter(|field| !saved.contains_key(*field))) {
        let [before, after] =
            [&saved, &wanted].map(|fields| fields.get(field).cloned().unwrap_or_else(nothing));
        if before != after {
            note(field, &before, &after);
        }
    }
    for file in &after.files {
        let known = before.files.iter().find(|known| known.field == file.field);
        if let Some(known) = known.filter(|known| known.path == file.path && known.sha256 != file.sha256) {
            let content = |sha256: &str| format!("a file of SHA-256 {sha256}");
            note(&file.field, &content(&known.sha256), &content(&file.sha256));
        }
    }
    if problems.is_empty() { Ok(changes) } else { Err(problems) }
}

fn may_change(field: &str) -> bool {
    MAY_CHANGE.iter().any(|pattern| {
        let mut names = field.split('.');
        pattern.split('.').all(|wanted| names.next().is_some_and(|name| wanted == "*" || wanted == name))
    })
}

/// Every value of a scenario by its path; lists are values.
fn fields(text: &str) -> BTreeMap<String, String> {
    fn walk(path: &str, value: &Value, into: &mut BTreeMap<String, String>) {
        if let Value::Table(table) = value {
            for (name, value) in table {
                let path = if path.is_empty() { name.clone() } else { format!("{path}.{name}") };
                walk(&path, value, into);
            }
        } else {
            into.insert(path.to_owned(), value.to_string());
        }
    }
    let document: Value = toml::from_str(text).expect("invariant: an effective scenario is TOML");
    let mut found = BTreeMap::new();
    walk("", &document, &mut found);
    found
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_field_is_known_by_all_names_of_its_path() {
        assert!(may_change("fees.grid_per_kwh") && may_change("portraits.A.charging_hours"));
        assert!(!may_change("portraits.A.count") && !may_change("feesome") && !may_change("grid"));
        assert!(!may_change("seed") && !may_change("time.days"));
    }
}
