//! The ageing of batteries against SimSES, profile by profile.

use std::fmt::Write;
use std::path::Path;
use std::process::Command;

use goshawk_agents::household::battery::ageing::Ageing;
use goshawk_agents::household::battery::curves;
use serde_json::{Value, json};

use crate::python::packages;
use crate::sample::Draws;

const QUARTER_S: f64 = 900.0;
const PER_DAY: usize = 96;

/// What goshawk makes of a path of states of charge.
fn aged(start: f64, temperature_c: f64, socs: &[f64]) -> Value {
    let mut ageing = Ageing::new(start, temperature_c);
    let mut soc = start;
    for &next in socs {
        ageing.rest(soc, next, QUARTER_S);
        ageing.swing(next, QUARTER_S / 3600.0);
        soc = next;
    }
    json!({
        "start": start,
        "temperature_c": temperature_c,
        "seconds": QUARTER_S,
        "socs": socs,
        "calendar": ageing.calendar_loss(),
        "cycle": ageing.cycle_loss(),
    })
}

/// Down by a depth in some quarters of an hour, then up again, day after day.
fn daily(high: f64, depth: f64, quarters: usize, days: usize) -> Vec<f64> {
    let day = |quarter: usize| {
        let falls = quarter.saturating_sub(30).min(quarters) as f64;
        let rises = quarter.saturating_sub(30 + quarters + 4).min(quarters) as f64;
        high - depth * (falls - rises) / quarters as f64
    };
    (0..days * PER_DAY).map(|step| thousandths(day(step % PER_DAY))).collect()
}

/// SimSES counts in steps of a ten-thousandth; on this grid it and goshawk see the same turns.
fn thousandths(soc: f64) -> f64 {
    (soc * 1000.0).round() / 1000.0
}

/// Goes up and down at random for a while each, with rests.
fn random(draw: &mut Draws, start: f64, days: usize) -> Vec<f64> {
    let (mut soc, mut rate, mut left) = (start, 0.0, 0);
    let mut socs = Vec::new();
    for _ in 0..days * PER_DAY {
        if left == 0 {
            left = 1 + (draw.unit() * 24.0) as usize;
            let kind = draw.unit();
            rate = if kind < 0.4 { 0.0 } else { (draw.unit() - 0.5) * 0.08 };
            rate = if rate == 0.0 { 0.0 } else { thousandths(rate.abs().max(0.003)) * rate.signum() };
        }
        left -= 1;
        let next = thousandths(soc + rate);
        if (0.0..=1.0).contains(&next) {
            soc = next;
        }
        socs.push(soc);
    }
    socs
}

#[test]
fn losses_are_those_of_simses() {
    let points = |curve: fn(f64) -> f64| -> Vec<(f64, f64)> {
        (0..=100).map(|percent| f64::from(percent) / 100.0).map(|soc| (soc, curve(soc))).collect()
    };
    let curves = json!({
        "voltage": points(curves::open_circuit_v),
        "charge_ohm": points(curves::charge_ohm),
        "discharge_ohm": points(curves::discharge_ohm),
    });
    let mut profiles = vec![
        aged(0.9, 25.0, &vec![0.9; PER_DAY * 400]),
        aged(0.3, 40.0, &vec![0.3; PER_DAY * 400]),
        aged(0.8, 25.0, &daily(0.8, 0.24, 8, 200)),
        aged(0.95, 10.0, &daily(0.95, 0.8, 16, 200)),
        aged(1.0, 35.0, &daily(1.0, 0.96, 4, 100)),
    ];
    let mut draw = Draws::new(7);
    for temperature_c in [5.0, 15.0, 25.0, 45.0] {
        profiles.push(aged(0.5, temperature_c, &random(&mut draw, 0.5, 150)));
    }
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("profiles.jsonl");
    let mut lines = String::new();
    writeln!(lines, "{curves}").unwrap();
    profiles.iter().for_each(|profile| writeln!(lines, "{profile}").unwrap());
    std::fs::write(&file, lines).unwrap();

    let script = Path::new(env!("CARGO_MANIFEST_DIR")).join("python/ageing.py");
    let mut python = Command::new("python3");
    // SimSES writes its log where it is started.
    python.current_dir(&folder).env("PYTHONPATH", packages()).env("PYTHONDONTWRITEBYTECODE", "1");
    let done = python.arg(script).arg(file).output().unwrap();
    let said = String::from_utf8_lossy(&done.stdout);
    assert!(done.status.success(), "{said}\n{}", String::from_utf8_lossy(&done.stderr));
    assert!(said.starts_with(&format!("{} profiles, ", profiles.len())), "{said}");
    println!("{said}");
}
