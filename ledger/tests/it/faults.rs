//! A small version of `ledger/examples/faults`: storms of faults, and the checks' own test.

use goshawk_ledger::Weakness;

use crate::trial::counters::{Counters, Group};
use crate::trial::{Control, Setting, run};

#[test]
fn nothing_false_happens_in_any_storm_and_every_kind_of_fault_happens() {
    let mut total = Counters::default();
    for seed in 0..150 {
        let outcome = run(seed, &Setting::default());
        assert_eq!(outcome.violation, None, "seed {seed}");
        total.add(&outcome.counters);
    }
    let never: Vec<&str> = total
        .all()
        .into_iter()
        .filter(|(group, _, count)| *group != Group::Amount && *count == 0)
        .map(|(_, what, _)| what)
        .collect();
    assert!(never.is_empty(), "never happened: {never:?}");
    println!("{} messages, {} blocks, {} transactions", total.messages, total.heights, total.transactions);
}

#[test]
fn a_seed_is_always_the_same_trial() {
    for seed in [3, 8, 12] {
        let [one, other] = [0; 2].map(|_| run(seed, &Setting::default()));
        assert_eq!(one.last, other.last);
        assert_eq!(one.counters, other.counters);
    }
}

/// The first violation that is noticed when something is missing.
fn noticed(setting: Setting) -> String {
    let found = (0..200).find_map(|seed| run(seed, &setting).violation);
    found.unwrap_or_else(|| panic!("{setting:?} was not noticed"))
}

#[test]
fn what_the_ledger_cannot_bear_is_noticed() {
    let under = |control| noticed(Setting { control: Some(control), weakness: None });
    let fork = under(Control::TooManyFaulty);
    assert!(fork.starts_with("agreement") || fork.starts_with("panic"), "{fork}");
    assert!(under(Control::NoLog).starts_with("honesty"));
}

#[test]
fn a_missing_rule_is_noticed() {
    let without = |weakness| noticed(Setting { control: None, weakness: Some(weakness) });
    for (weakness, kind) in [
        (Weakness::UncheckedCertificates, "certificate"),
        (Weakness::SmallQuorum, "certificate"),
        (Weakness::NoLock, "locks"),
        (Weakness::NoNonce, "transactions"),
        (Weakness::ContractedSettlement, "energy"),
    ] {
        let violation = without(weakness);
        assert!(violation.starts_with(kind), "{weakness:?}: {violation}");
    }
}
