//! What a battery's step costs: `cargo bench -p goshawk-agents --bench battery`.
//!
//! A commuter's year in quarters of an hour: two drives a working day, charging in the evening, a rest on Sunday. Steps
//! per second of the thread's CPU time, the median of five measurements; with constant efficiencies, with LiFePO4 cells,
//! and with cells that age. Then ten years of one battery, and the ageing alone beside SimSES 1.3.12's on the same path.
//! Not measured: what a household decides, and messages.
//!
//! `GOSHAWK_PYTHON` names a Python with SimSES; without one that part is left out.

#![expect(clippy::unwrap_used, reason = "a measurement that cannot go on should stop")]
#![expect(clippy::print_stdout, reason = "a measurement is printed")]

#[path = "../../../market/benches/optimizers/clock.rs"]
mod clock;

use std::hint::black_box;
use std::path::Path;
use std::process::Command;

use goshawk_agents::household::battery::ageing::Ageing;
use goshawk_agents::household::battery::power_limit::PowerLimit;
use goshawk_agents::household::battery::wear::WearCost;
use goshawk_agents::household::battery::{Battery, BatterySpec, Cells};
use goshawk_market::quantity::{Energy, Power, Price};

const QUARTER: u64 = 900_000_000;
const QUARTER_S: f64 = 900.0;
const PER_DAY: u32 = 96;
const YEAR: u32 = 365;

fn battery(cells: Cells) -> Battery {
    let spec = BatterySpec {
        capacity: Energy::from_micro(60_000_000),
        charge_power: Power::from_micro(11_000_000),
        discharge_power: Power::from_micro(11_000_000),
        charge_efficiency: 0.95,
        discharge_efficiency: 0.95,
        soc_min: 0.15,
        soc_max: 1.0,
    };
    Battery::with_cells(spec, Energy::from_micro(48_000_000), cells)
}

/// Days of a commuter; every quarter of an hour is a step, whether or not energy flows.
fn commute(battery: &mut Battery, days: u32) {
    for day in 0..days {
        for quarter in 0..PER_DAY {
            battery.operate(QUARTER);
            if day % 7 != 6 && (quarter == 30 || quarter == 70) {
                battery.drive(Energy::from_micro(7_000_000));
            } else if quarter > 72 {
                let room = (Energy::from_micro(48_000_000) - battery.content()).or_zero();
                let room = battery.metered_that_fits(room);
                battery.charge(room.min(battery.chargeable(QUARTER)));
            }
            battery.pass(QUARTER);
        }
        black_box(battery.end_day());
    }
}

fn median(mut values: Vec<f64>) -> f64 {
    values.sort_by(f64::total_cmp);
    values[values.len() / 2]
}

/// Steps per second of CPU time.
fn speed(steps: f64, mut work: impl FnMut()) -> f64 {
    let mut measure = || {
        let (start, mut rounds) = (clock::seconds(), 0.0);
        while clock::seconds() - start < 0.2 {
            work();
            rounds += 1.0;
        }
        rounds * steps / (clock::seconds() - start)
    };
    median((0..5).map(|_| measure()).collect())
}

/// States of charge of a commuter's year, one a step.
fn path() -> Vec<f64> {
    let mut soc: f64 = 0.8;
    let mut socs = Vec::new();
    for day in 0..YEAR {
        for quarter in 0..PER_DAY {
            if day % 7 != 6 && (quarter == 30 || quarter == 70) {
                soc -= 0.12;
            } else if quarter > 72 {
                soc = (soc + 0.04).min(0.8);
            }
            socs.push(soc);
        }
    }
    socs
}

fn aged(path: &[f64]) -> Ageing {
    let (mut soc, mut ageing) = (0.8, Ageing::new(0.8, 25.0));
    for &next in path {
        ageing.rest(soc, next, QUARTER_S);
        ageing.swing(next, QUARTER_S / 3600.0);
        soc = next;
    }
    ageing
}

fn main() {
    if !clock::HAS_CPU_TIME {
        println!("no CPU time here: times are the wall clock's");
    }
    let limit = PowerLimit { c_rate_max: 1.0, taper_soc: 0.8 };
    let wear = WearCost { replacement_per_kwh: Price::from_micro(140_000_000), end_of_life: 0.8 };
    let lfp = Cells { lfp: Some(limit), ..Cells::default() };
    let ageing = Cells { ageing_at_c: Some(25.0), wear: Some(wear), ..lfp };
    let steps = f64::from(YEAR * PER_DAY);
    for (name, cells) in [("constant", Cells::default()), ("lfp", lfp), ("lfp_ageing", ageing)] {
        let speed = speed(steps, || commute(black_box(&mut battery(cells)), YEAR));
        println!("steps_per_cpu_second {name} {speed:.0}");
    }
    let start = clock::seconds();
    let mut old = battery(ageing);
    commute(&mut old, 10 * YEAR);
    let taken = clock::seconds() - start;
    let health = old.spec().capacity.to_f64() / 60.0;
    println!("ten_years_of_a_commuter seconds {taken:.2} state_of_health {health:.4}");

    let path = path();
    let ours = speed(steps, || {
        black_box(aged(black_box(&path)));
    });
    println!("ageing_steps_per_cpu_second goshawk {ours:.0}");
    let found = aged(&path);
    simses(&path, ours, found.calendar_loss() + found.cycle_loss());
}

/// The same path in SimSES.
fn simses(path: &[f64], speed: f64, loss: f64) {
    let python = std::env::var("GOSHAWK_PYTHON").unwrap_or_else(|_| "python3".to_owned());
    let file = Path::new(env!("CARGO_TARGET_TMPDIR")).join("path.txt");
    let socs: Vec<String> = path.iter().map(f64::to_string).collect();
    std::fs::write(&file, socs.join("\n")).unwrap();
    let script = Path::new(env!("CARGO_MANIFEST_DIR")).join("benches/simses_ageing.py");
    let done = Command::new(&python)
        .arg(script)
        .arg(&file)
        .current_dir(env!("CARGO_TARGET_TMPDIR"))
        .envs([("OMP_NUM_THREADS", "1"), ("OPENBLAS_NUM_THREADS", "1"), ("PYTHONDONTWRITEBYTECODE", "1")])
        .output();
    let output = match done {
        Ok(output) if output.status.success() => String::from_utf8_lossy(&output.stdout).into_owned(),
        Ok(output) => {
            let said = String::from_utf8_lossy(&output.stderr);
            let reason = said.lines().last().unwrap_or("no reason given");
            println!("left out: SimSES ({reason}); GOSHAWK_PYTHON names a Python that has it");
            return;
        }
        Err(error) => {
            println!(
                "left out: SimSES ({python} does not start: {error}); GOSHAWK_PYTHON names a Python that has it"
            );
            return;
        }
    };
    let find = |name: &str| -> Option<f64> {
        output.lines().find_map(|line| line.strip_prefix(name)?.trim().parse().ok())
    };
    if let Some(theirs) = find("steps_per_cpu_second") {
        println!("ageing_steps_per_cpu_second simses {theirs:.0}");
        println!("ratio ageing_steps_over_simses {:.0}", speed / theirs);
    }
    if let Some(theirs) = find("loss") {
        println!("ratio loss_over_simses {:.5}", loss / theirs);
    }
}
