//! How many validators may be faulty or cut off at a time: fewer than a third, so that the ledger goes on.

use super::Ledger;
use super::meaning::Report;

/// Checks `ledger.*_validators` and `ledger.partitions` against `ledger.validators`.
pub(super) fn check(report: &mut Report<'_>, ledger: &Ledger) {
    let bearable = ledger.validators.saturating_sub(1) / 3;
    let kinds = [
        ("silent", ledger.silent_validators),
        ("withholding", ledger.withholding_validators),
        ("equivocating", ledger.equivocating_validators),
        ("censoring", ledger.censoring_validators),
    ];
    let present: Vec<(&str, u32)> = kinds.into_iter().filter(|(_, count)| *count > 0).collect();
    let faulty = present.iter().fold(0_u32, |sum, (_, count)| sum.saturating_add(*count));
    if faulty > bearable {
        let together = match present.as_slice() {
            [_] => String::new(),
            _ => {
                let names: Vec<&str> = present.iter().map(|(name, _)| *name).collect();
                format!(", {} together,", listed(&names))
            }
        };
        for (name, count) in &present {
            let allowed = format!("at most {bearable}{together} of validators = {}", ledger.validators);
            report.add(&["ledger", &format!("{name}_validators")], count.to_string(), allowed);
        }
    }
    let left = bearable.saturating_sub(faulty);
    for (place, partition) in ledger.partitions.iter().enumerate() {
        // Those of two partitions at a time are the same ones.
        if partition.validators > left {
            let beside = if faulty > 0 { format!(" beside {faulty} faulty ones") } else { String::new() };
            let allowed = format!("at most {left} of validators = {}{beside}", ledger.validators);
            let path = ["ledger", "partitions", &place.to_string(), "validators"];
            report.add(&path, partition.validators.to_string(), allowed);
        }
    }
}

/// Names in a sentence.
fn listed(names: &[&str]) -> String {
    match names {
        [first @ .., last] if !first.is_empty() => format!("{} and {last}", first.join(", ")),
        names => names.concat(),
    }
}
