use std::sync::Arc;

use proptest::prelude::*;

use super::sample::{Sample, draws, feeder};
use super::*;
use crate::grid::feeder::{Bus, Line, Tables, read};

const LINES: &str = include_str!("../../../../scenarios/data/ieee33_lines.csv");
const BUSES: &str = include_str!("../../../../scenarios/data/ieee33_buses.csv");

fn flow_of(sample: &Sample) -> PowerFlow {
    PowerFlow::new(Arc::new(Feeder::new(&sample.tables, sample.base_kv)), sample.source_pu)
}

fn base_loads(feeder: &Feeder) -> Loads {
    Loads { p_kw: feeder.base_p_kw().to_vec(), q_kvar: feeder.base_q_kvar().to_vec() }
}

#[test]
fn the_33_bus_feeder_is_as_published() {
    let tables = read(LINES, BUSES, None, &[]).unwrap();
    let feeder = Arc::new(Feeder::new(&tables, 12.66));
    let mut flow = PowerFlow::new(Arc::clone(&feeder), 1.0);
    let loads = base_loads(&feeder);
    let solution = flow.solve(&loads).unwrap();
    let total = |values: &[f64]| values.iter().sum::<f64>();
    assert_eq!((total(&loads.p_kw), total(&loads.q_kvar)), (3715.0, 2300.0));
    assert!((solution.losses_kw - 202.677).abs() < 1e-3, "{solution:?}");
    let lowest = flow.lowest();
    assert_eq!(feeder.bus_at(lowest.place), 17);
    assert!((lowest.pu - 0.913_090_479_4).abs() < 1e-9, "{lowest:?}");
    assert_eq!(flow.highest().place, 0);
    assert_eq!(flow.fullest(), None, "no line of it has a limit");
}

/// Two buses and a line of `r_ohm` and `x_ohm`, with a base of 1 kV and so of 1 ohm.
fn one_line(r_ohm: f64, x_ohm: f64) -> PowerFlow {
    let line = Line { from: 1, to: 2, r_ohm, x_ohm, limit_kva: Some(100.0) };
    let buses = [1, 2].map(|bus| Bus { bus, ..Bus::default() }).to_vec();
    let tables = Tables { lines: vec![line], buses, substation: 1, weights: Vec::new() };
    PowerFlow::new(Arc::new(Feeder::new(&tables, 1.0)), 1.0)
}

#[test]
fn a_line_carries_its_most_and_collapses_beyond() {
    // At unity power factor P_max = V² / (2 (|Z| + R)), and the voltage there is |Z| / sqrt of the same bracket.
    let (r, x) = (0.03, 0.04);
    let most_kw = 1000.0 / (2.0 * (0.05 + r));
    let mut flow = one_line(r, x);
    let at = |share: f64| Loads { p_kw: vec![0.0, share * most_kw], q_kvar: vec![0.0; 2] };
    flow.solve(&at(0.999_999)).unwrap();
    let at_the_edge = (0.05_f64 / (2.0 * (0.05 + r))).sqrt();
    assert!((flow.voltage(1) - at_the_edge).abs() < 1e-2, "{} {at_the_edge}", flow.voltage(1));
    assert_eq!(flow.solve(&at(1.000_001)), Err(PowerFlowError::Collapse { bus: 2 }));
    let half = flow.solve(&at(0.5)).unwrap();
    assert!(half.losses_kw > 0.0, "a collapse leaves nothing behind: {half:?}");
}

#[test]
fn a_loading_is_that_of_the_fuller_end() {
    let mut flow = one_line(0.1, 0.0);
    let solution = flow.solve(&Loads { p_kw: vec![0.0, 50.0], q_kvar: vec![0.0; 2] }).unwrap();
    let sent = solution.supplied_kw;
    assert!(sent > 50.0 && (flow.loading(1).unwrap() - sent / 100.0).abs() < 1e-9);
    let solution = flow.solve(&Loads { p_kw: vec![0.0, -50.0], q_kvar: vec![0.0; 2] }).unwrap();
    assert!(-solution.supplied_kw < 50.0 && (flow.loading(1).unwrap() - 0.5).abs() < 1e-9);
    assert!(flow.voltage(1) > 1.0, "what is fed in raises the voltage");
}

/// Voltages and loads that belong together: currents are drawn, and the loads are what they come to.
fn manufactured(sample: &Sample, seed: u64) -> (Vec<f64>, Loads, f64) {
    type Complex = (f64, f64);
    let times = |a: Complex, b: Complex| (a.0 * b.0 - a.1 * b.1, a.0 * b.1 + a.1 * b.0);
    let feeder = Feeder::new(&sample.tables, sample.base_kv);
    let buses = feeder.buses();
    let mut draws = draws(seed ^ 0x5eed);
    let most = 2.0 / buses as f64;
    let own: Vec<Complex> =
        (0..buses).map(|_| (draws.uniform_in(-most, most), draws.uniform_in(-most, most) * 0.5)).collect();
    let mut carried = own.clone();
    for place in (1..buses).rev() {
        let parent = feeder.parent(place);
        carried[parent] = (carried[parent].0 + carried[place].0, carried[parent].1 + carried[place].1);
    }
    let mut voltages = vec![(sample.source_pu, 0.0)];
    let mut losses = 0.0;
    for place in 1..buses {
        let drop = times((feeder.r()[place], feeder.x()[place]), carried[place]);
        let above = voltages[feeder.parent(place)];
        voltages.push((above.0 - drop.0, above.1 - drop.1));
        let (re, im) = carried[place];
        losses += feeder.r()[place] * (re * re + im * im);
    }
    let powers = voltages.iter().zip(&own).map(|(&voltage, &(re, im))| times(voltage, (re, -im)));
    let (p_kw, q_kvar) = powers.map(|(p, q)| (p * BASE_KVA, q * BASE_KVA)).unzip();
    let magnitudes = voltages.iter().map(|(re, im)| (re * re + im * im).sqrt()).collect();
    (magnitudes, Loads { p_kw, q_kvar }, losses * BASE_KVA)
}

fn scaled(loads: &Loads, factor: f64) -> Loads {
    let times = |values: &[f64]| values.iter().map(|value| value * factor).collect();
    Loads { p_kw: times(&loads.p_kw), q_kvar: times(&loads.q_kvar) }
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(500))]

    #[test]
    fn voltages_are_those_of_ohm_and_kirchhoff(seed in 0u64..1_000_000) {
        let sample = feeder(seed, 0.5);
        let (voltages, loads, losses_kw) = manufactured(&sample, seed);
        let mut flow = flow_of(&sample);
        let solution = flow.solve(&loads).unwrap();
        for (place, &expected) in voltages.iter().enumerate() {
            prop_assert!((flow.voltage(place) - expected).abs() < 1e-9, "{} {expected}", flow.voltage(place));
        }
        prop_assert!((solution.losses_kw - losses_kw).abs() < 1e-6);
    }

    #[test]
    fn what_is_supplied_is_what_is_drawn_and_lost(seed in 0u64..1_000_000) {
        let sample = feeder(seed, 0.5);
        let solution = flow_of(&sample).solve(&sample.loads).unwrap();
        let drawn: f64 = sample.loads.p_kw.iter().sum();
        prop_assert!((solution.supplied_kw - drawn - solution.losses_kw).abs() < 1e-6);
        prop_assert!(solution.losses_kw >= 0.0);
    }

    #[test]
    fn a_feeder_of_half_the_impedance_carries_twice_the_load(seed in 0u64..1_000_000) {
        let sample = feeder(seed, 0.5);
        let mut stronger = sample.clone();
        for line in &mut stronger.tables.lines {
            (line.r_ohm, line.x_ohm) = (line.r_ohm / 2.0, line.x_ohm / 2.0);
        }
        let (mut weak, mut strong) = (flow_of(&sample), flow_of(&stronger));
        let one = weak.solve(&sample.loads).unwrap();
        let two = strong.solve(&scaled(&sample.loads, 2.0)).unwrap();
        prop_assert!((two.losses_kw - 2.0 * one.losses_kw).abs() < 1e-6);
        for place in 0..sample.loads.p_kw.len() {
            prop_assert!((weak.voltage(place) - strong.voltage(place)).abs() < 1e-10);
        }
    }

    #[test]
    fn pure_loads_lower_the_voltage_from_bus_to_bus_and_more_load_lowers_it_more(seed in 0u64..1_000_000) {
        let sample = feeder(seed, 0.0);
        let (mut flow, mut fuller) = (flow_of(&sample), flow_of(&sample));
        flow.solve(&sample.loads).unwrap();
        fuller.solve(&scaled(&sample.loads, 1.1)).unwrap();
        for place in 1..sample.loads.p_kw.len() {
            let parent = flow.feeder().parent(place);
            prop_assert!(flow.voltage(place) <= flow.voltage(parent) && fuller.voltage(place) <= flow.voltage(place));
        }
    }

    #[test]
    fn the_order_and_direction_of_lines_change_nothing(seed in 0u64..1_000_000) {
        let sample = feeder(seed, 0.5);
        let mut turned = sample.clone();
        turned.tables.lines.reverse();
        for line in &mut turned.tables.lines {
            (line.from, line.to) = (line.to, line.from);
        }
        let (mut one, mut other) = (flow_of(&sample), flow_of(&turned));
        // Loads go by place, which is another now.
        let place_of = |bus| (0..).find(|&place| other.feeder().bus_at(place) == bus).unwrap();
        let places: Vec<usize> =
            (0..sample.loads.p_kw.len()).map(|place| place_of(one.feeder().bus_at(place))).collect();
        let mut loads = Loads::none(places.len());
        for (place, &elsewhere) in places.iter().enumerate() {
            loads.p_kw[elsewhere] = sample.loads.p_kw[place];
            loads.q_kvar[elsewhere] = sample.loads.q_kvar[place];
        }
        one.solve(&sample.loads).unwrap();
        other.solve(&loads).unwrap();
        for (place, &elsewhere) in places.iter().enumerate() {
            prop_assert!((one.voltage(place) - other.voltage(elsewhere)).abs() < 1e-12);
        }
    }
}
