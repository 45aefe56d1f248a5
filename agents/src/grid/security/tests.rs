use std::sync::Arc;

use proptest::prelude::*;

use super::*;
use crate::grid::feeder::{Bus, Feeder, Tables};
use crate::grid::power_flow::sample;

/// A substation, bus 1, and a line without losses of note to bus 2.
fn one_line(limit_kva: f64, band: Band) -> SecurityCheck {
    let line = Line { from: 1, to: 2, r_ohm: 0.05, x_ohm: 0.0, limit_kva: Some(limit_kva) };
    let buses = [1, 2].map(|bus| Bus { bus, ..Bus::default() }).to_vec();
    let tables = Tables { lines: vec![line], buses, substation: 1, weights: Vec::new() };
    SecurityCheck::new(PowerFlow::new(Arc::new(Feeder::new(&tables, 1.0)), 1.0), band)
}

const WIDE: Band = Band { min_pu: 0.9, max_pu: 1.1 };

fn at_the_end(p_kw: f64) -> Loads {
    Loads { p_kw: vec![0.0, p_kw], q_kvar: vec![0.0; 2] }
}

#[test]
fn what_a_line_can_carry_is_approved_and_more_is_cut_to_what_it_can() {
    let mut check = one_line(100.0, WIDE);
    assert_eq!(check.check(&at_the_end(0.0), &at_the_end(-100.0)), Outcome::Approved);
    let Outcome::Curtailed { share, binding } = check.check(&at_the_end(0.0), &at_the_end(-250.0)) else {
        panic!("more than the line can carry");
    };
    // The fuller end is where energy is fed in.
    assert!((share - 0.4).abs() <= RESOLUTION && share <= 0.4 + 1e-9, "{share}");
    assert_eq!(binding.to_string(), "line 1-2 at 250.0 % of 100 kVA");
    let Outcome::Curtailed { share, .. } = check.check(&at_the_end(30.0), &at_the_end(-250.0)) else {
        panic!("still more");
    };
    assert!((share - 0.52).abs() <= RESOLUTION, "base load makes room: {share}");
}

#[test]
fn a_voltage_above_the_band_is_named() {
    // v = V² = 1 + 2 R p - R² p² / v; at 1.02 p.u. some 0.42 of what raises it to more.
    let mut check = one_line(10_000.0, Band { min_pu: 0.9, max_pu: 1.02 });
    let Outcome::Curtailed { share, binding } = check.check(&at_the_end(0.0), &at_the_end(-1000.0)) else {
        panic!("0.05 p.u. of rise");
    };
    // With V = 1.02 the current is 0.02 / 0.05, and the power V times that.
    assert!((share - 1.02 * 0.4).abs() <= RESOLUTION, "{share}");
    assert_eq!(binding.to_string(), "bus 2 at 1.0477 > 1.0200 p.u.");
}

#[test]
fn trades_answer_for_what_they_make_worse_alone() {
    let mut check = one_line(100.0, WIDE);
    // The base load overloads the line: feeding in helps, drawing more does not.
    assert_eq!(check.check(&at_the_end(150.0), &at_the_end(-40.0)), Outcome::Approved);
    let Outcome::Refused { binding } = check.check(&at_the_end(150.0), &at_the_end(10.0)) else {
        panic!("it makes matters worse");
    };
    assert!(binding.to_string().starts_with("line 1-2 at 161."), "{binding}");
    // So much feed-in that the line is as full the other way round.
    let Outcome::Curtailed { share, .. } = check.check(&at_the_end(150.0), &at_the_end(-400.0)) else {
        panic!("too much of a good thing");
    };
    assert!((0.7..0.8).contains(&share), "{share}");
}

#[test]
fn a_collapse_is_a_reason_too() {
    let mut check = one_line(1e9, Band { min_pu: 0.5, max_pu: 1.5 });
    let outcome = check.check(&at_the_end(0.0), &at_the_end(6000.0));
    let Outcome::Curtailed { share, binding } = outcome else { panic!("{outcome:?}") };
    // P_max = V² / (4 R) is 5000 kW, at half the voltage, the lower end of the band.
    assert!((share - 5.0 / 6.0).abs() < 1e-5, "{share}");
    assert_eq!(binding.to_string(), "the voltage collapses at bus 2");
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(300))]

    #[test]
    fn the_share_is_feasible_and_any_more_is_not(seed in 0u64..1_000_000, narrow in 0.97f64..1.0, size in 0.1f64..3.0) {
        let sample = sample::feeder(seed, 0.5);
        let band = Band { min_pu: narrow * 0.99, max_pu: 1.06 };
        let flow = PowerFlow::new(Arc::new(Feeder::new(&sample.tables, sample.base_kv)), sample.source_pu);
        let mut check = SecurityCheck::new(flow, band);
        let anyway = Loads::none(sample.loads.p_kw.len());
        let scale = |values: &[f64]| values.iter().map(|value| value * size).collect();
        let trades = Loads { p_kw: scale(&sample.loads.p_kw), q_kvar: scale(&sample.loads.q_kvar) };
        let outcome = check.check(&anyway, &trades);
        // The limits of the last check stand.
        match outcome {
            Outcome::Approved => prop_assert!(check.violation(&anyway, &trades, 1.0).is_none()),
            Outcome::Curtailed { share, .. } => {
                prop_assert!(0.0 < share && share < 1.0);
                prop_assert!(check.violation(&anyway, &trades, share).is_none());
                prop_assert!(check.violation(&anyway, &trades, share + 2.0 * RESOLUTION).is_some());
            }
            Outcome::Refused { .. } => {
                prop_assert!(check.violation(&anyway, &trades, 2.0 * RESOLUTION).is_some());
            }
        }
        prop_assert!(check.violation(&anyway, &trades, 0.0).is_none(), "without trades nothing is made worse");
        prop_assert_eq!(check.check(&anyway, &trades), outcome, "nothing is left behind");
    }
}
