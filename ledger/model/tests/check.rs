//! What holds under the rules, and what does not without one of them.

use goshawk_ledger_model::rules::{FAULTY, Rules};
use goshawk_ledger_model::{AGREEMENT, Height};
use stateright::{Checker, HasDiscoveries, Model};

/// Whose turn it is in the two rounds: the faulty validator's in the first, in the second, or in none.
const TURNS: [[u8; 2]; 3] = [[FAULTY, 0], [2, FAULTY], [0, 1]];

fn check(rules: Rules) -> impl Checker<Height> {
    // Without a rule, until it shows.
    Height(rules).checker().threads(2).finish_when(HasDiscoveries::AnyFailures).spawn_bfs().join()
}

#[test]
fn agreement_and_validity_hold_in_every_state_and_all_can_decide() {
    for proposers in TURNS {
        for is_second_bad in [false, true] {
            let rules = Rules { is_second_bad, ..Rules::sound(proposers) };
            let checked = check(rules);
            checked.assert_properties();
            println!("proposers {proposers:?}, block 1 bad {is_second_bad}: {} states", checked.unique_state_count());
        }
    }
}

#[test]
fn two_votes_of_four_are_no_quorum() {
    for proposers in TURNS {
        let checked = check(Rules { quorum: 2, ..Rules::sound(proposers) });
        let broken = checked.discovery(AGREEMENT);
        assert!(broken.is_some(), "proposers {proposers:?}");
        println!("quorum 2, proposers {proposers:?}: agreement fails after {} steps", broken.unwrap().into_actions().len());
    }
}

#[test]
fn without_locks_there_is_no_agreement() {
    for proposers in TURNS {
        let checked = check(Rules { has_locks: false, ..Rules::sound(proposers) });
        let broken = checked.discovery(AGREEMENT);
        assert!(broken.is_some(), "proposers {proposers:?}");
        println!("no locks, proposers {proposers:?}: agreement fails after {} steps", broken.unwrap().into_actions().len());
    }
}
