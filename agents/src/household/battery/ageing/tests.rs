use super::*;
use proptest::prelude::*;

const YEAR_S: f64 = 365.25 * 86_400.0;

/// A new battery that only rests.
fn rested(soc: f64, temperature_c: f64, seconds: f64) -> Ageing {
    let mut ageing = Ageing::new(soc, temperature_c);
    ageing.rest(soc, soc, seconds);
    ageing
}

/// A new battery after full equivalent cycles of one depth and rate, its time of rest left out.
fn cycled(depth: f64, c_rate: f64, cycles: f64) -> Ageing {
    let (high, low) = (0.5 + depth / 2.0, 0.5 - depth / 2.0);
    let mut ageing = Ageing::new(high, 25.0);
    // One half more, for the last one ends with the turn after it.
    for half in 0..=(2.0 * cycles / depth).round() as u32 {
        ageing.swing(if half % 2 == 0 { low } else { high }, depth / c_rate);
    }
    ageing
}

/// The published formulas written out, at the points that the book names.
#[test]
fn losses_at_constant_stress_are_the_published_curves() {
    // (soc, °C, days, loss): k_ref exp(..) (2.8575 (soc - 0.5)^3 + 0.60225) sqrt(t), computed with SimSES 1.3.12.
    for (soc, temperature_c, days, expected) in GOLDEN_CALENDAR {
        let found = rested(soc, temperature_c, days * 86_400.0).calendar_loss();
        assert!(
            (found / expected - 1.0).abs() < 1e-4,
            "{soc} {temperature_c} {days}: {found} not {expected}"
        );
    }
    for (depth, c_rate, cycles, expected) in GOLDEN_CYCLE {
        let found = cycled(depth, c_rate, cycles).cycle_loss();
        assert!((found / expected - 1.0).abs() < 1e-4, "{depth} {c_rate} {cycles}: {found} not {expected}");
    }
}

/// State of charge, °C, days, and the loss by SimSES 1.3.12.
const GOLDEN_CALENDAR: [(f64, f64, f64, f64); 8] = [
    (0.0, 25.0, 885.0, 0.026939),
    (0.5, 0.0, 885.0, 0.035178),
    (0.5, 25.0, 885.0, 0.066203),
    (1.0, 25.0, 885.0, 0.105467),
    (0.5, 40.0, 885.0, 0.092171),
    (1.0, 40.0, 885.0, 0.146836),
    (0.5, 60.0, 885.0, 0.136800),
    (1.0, 60.0, 885.0, 0.217934),
];

/// Depth, rate in 1/h, full equivalent cycles, and the loss by SimSES 1.3.12.
const GOLDEN_CYCLE: [(f64, f64, f64, f64); 7] = [
    (0.1, 1.0, 1000.0, 0.029827),
    (0.2, 0.5, 1000.0, 0.033944),
    (0.4, 1.0, 2000.0, 0.075902),
    (0.8, 0.5, 1000.0, 0.045730),
    (0.8, 1.0, 4000.0, 0.113863),
    (1.0, 0.2, 2000.0, 0.066226),
    (1.0, 1.0, 4000.0, 0.136688),
];

#[test]
fn a_parked_battery_ages_by_the_calendar_alone() {
    let ageing = rested(0.6, 25.0, YEAR_S);
    assert_eq!(ageing.cycle_loss(), 0.0);
    assert_eq!(ageing.full_equivalent_cycles(), 0.0);
    assert!((1.0 - ageing.calendar_loss() - ageing.state_of_health()).abs() < 1e-15);
}

#[test]
fn however_long_some_battery_is_left() {
    let ageing = rested(1.0, 60.0, 5000.0 * YEAR_S);
    assert_eq!(ageing.state_of_health(), STATE_OF_HEALTH_MIN);
}

/// A path of states of charge, each with the hours that it took to get there.
fn any_path() -> impl Strategy<Value = Vec<(f64, f64)>> {
    prop::collection::vec((0.0f64..=1.0, 0.01f64..12.0), 1..200)
}

fn along(path: &[(f64, f64)], parts: u32) -> Ageing {
    let mut soc = 0.5;
    let mut ageing = Ageing::new(soc, 25.0);
    for &(to, hours) in path {
        let from = soc;
        for part in 1..=parts {
            let share = f64::from(part) / f64::from(parts);
            let next = if part == parts { to } else { from + (to - from) * share };
            let hours = hours / f64::from(parts);
            ageing.rest(soc, next, hours * 3600.0);
            ageing.swing(next, hours);
            soc = next;
        }
    }
    ageing
}

proptest! {
    #[test]
    fn losses_never_fall(path in any_path()) {
        let (mut calendar, mut cycle, mut soc) = (0.0, 0.0, 0.5);
        let mut ageing = Ageing::new(soc, 25.0);
        for (to, hours) in path {
            ageing.rest(soc, to, hours * 3600.0);
            ageing.swing(to, hours);
            soc = to;
            prop_assert!(ageing.calendar_loss() >= calendar && ageing.cycle_loss() >= cycle);
            (calendar, cycle) = (ageing.calendar_loss(), ageing.cycle_loss());
            let health = ageing.state_of_health();
            prop_assert!(health > 0.0 && health <= 1.0);
        }
    }

    #[test]
    fn splitting_steps_changes_nothing(path in any_path(), parts in 2u32..6) {
        let (whole, split) = (along(&path, 1), along(&path, parts));
        prop_assert!((whole.calendar_loss() / split.calendar_loss() - 1.0).abs() < 1e-9);
        prop_assert!((whole.cycle_loss() - split.cycle_loss()).abs() < 1e-9);
    }

    #[test]
    fn deeper_and_faster_cycles_of_the_same_energy_cost_more(
        depth in 0.05f64..0.9, deeper in 0.01f64..0.1, c_rate in 0.05f64..1.0,
    ) {
        prop_assert!(cycle_stress(c_rate, depth + deeper) > cycle_stress(c_rate, depth));
        prop_assert!(cycle_stress(c_rate + deeper, depth) > cycle_stress(c_rate, depth));
    }

    #[test]
    fn fuller_and_warmer_batteries_age_faster(
        soc in 0.0f64..0.9, fuller in 0.01f64..0.1, temperature_c in 0.0f64..50.0,
    ) {
        prop_assert!(calendar_stress(soc) > 0.0 && calendar_stress(soc + fuller) > calendar_stress(soc));
        prop_assert!(calendar_rate(temperature_c + 5.0) > calendar_rate(temperature_c));
    }
}
