//! How fast power flows and security checks are, on the 33-bus feeder, and how fast pandapower solves the same.
//!
//! `cargo bench -p goshawk-agents --bench power_flow`. `GOSHAWK_PYTHON` names a Python with pandapower, and with numba
//! where that is to take part; without, `python3` is asked, and what is missing is left out. Times are processor time.
//!
//! Every solution has loads of its own. pandapower is asked as its users ask it, one `runpp` for each set of loads, and
//! with `init="results"`, its fastest start; it also keeps tables of results, which are not wanted here. So the ratio
//! is that of what a user waits for, not of two solvers.

#![allow(clippy::print_stdout, reason = "a report")]

#[path = "../../../market/benches/optimizers/clock.rs"]
mod clock;

use std::hint::black_box;
use std::path::Path;
use std::process::Command;
use std::sync::Arc;

use goshawk_agents::grid::feeder::{Feeder, read};
use goshawk_agents::grid::power_flow::{Loads, PowerFlow};
use goshawk_agents::grid::security::{Band, Outcome, SecurityCheck};

const LINES: &str = include_str!("../../../scenarios/data/ieee33_lines.csv");
const BUSES: &str = include_str!("../../../scenarios/data/ieee33_buses.csv");
const SECONDS: f64 = 1.0;

/// Seconds of processor time that one call takes; `call` is given a number that is another every time.
fn seconds_per_call(mut call: impl FnMut(u64)) -> f64 {
    let (start, mut calls) = (clock::seconds(), 0);
    loop {
        for _ in 0..50 {
            call(calls);
            calls += 1;
        }
        let taken = clock::seconds() - start;
        if taken > SECONDS {
            return taken / calls as f64;
        }
    }
}

/// The base loads times a factor from 0.5 to 1, another for each of a hundred calls in a row.
fn set_loads(loads: &mut Loads, feeder: &Feeder, call: u64) {
    let factor = 0.5 + 0.005 * ((call * 37) % 100) as f64;
    for (load, base) in loads.p_kw.iter_mut().zip(feeder.base_p_kw()) {
        *load = base * factor;
    }
    for (load, base) in loads.q_kvar.iter_mut().zip(feeder.base_q_kvar()) {
        *load = base * factor;
    }
}

fn main() {
    let tables = read(LINES, BUSES, None, &[]).expect("the 33-bus feeder ships without faults");
    let feeder = Arc::new(Feeder::new(&tables, 12.66));
    let mut flow = PowerFlow::new(Arc::clone(&feeder), 1.0);
    let mut loads = Loads::none(feeder.buses());
    let (mut sweeps, mut solved) = (0_u64, 0_u64);
    let one = seconds_per_call(|call| {
        set_loads(&mut loads, &feeder, call);
        let solution = flow.solve(black_box(&loads)).expect("the feeder carries its published load");
        sweeps += u64::from(solution.iterations);
        solved += 1;
        black_box(solution);
    });
    println!("power_flow_microseconds {:.2} at {:.1} sweeps", one * 1e6, sweeps as f64 / solved as f64);

    // Feed-in at the end of the feeder that raises the voltage beyond the band: some twenty power flows a check.
    let mut check = SecurityCheck::new(flow.clone(), Band { min_pu: 0.9, max_pu: 1.02 });
    let mut trades = Loads::none(feeder.buses());
    trades.p_kw[feeder.buses() - 1] = -4000.0;
    let curtailing = seconds_per_call(|call| {
        set_loads(&mut loads, &feeder, call);
        let outcome = check.check(black_box(&loads), &trades);
        assert!(matches!(outcome, Outcome::Curtailed { .. }), "{outcome:?}");
    });
    println!("security_check_microseconds {:.1} when it curtails", curtailing * 1e6);
    if !clock::HAS_CPU_TIME {
        println!("no processor time on this platform: speeds are by the wall clock");
    }
    pandapower(one);
}

/// Asks pandapower for the same.
fn pandapower(ours: f64) {
    let python = std::env::var("GOSHAWK_PYTHON").unwrap_or_else(|_| "python3".to_owned());
    let script = Path::new(env!("CARGO_MANIFEST_DIR")).join("benches/power_flow/pandapower_speed.py");
    let output = Command::new(&python)
        .arg(script)
        .envs([("OMP_NUM_THREADS", "1"), ("OPENBLAS_NUM_THREADS", "1"), ("NUMBA_NUM_THREADS", "1")])
        .output();
    let said = match output {
        Ok(output) if output.status.success() => String::from_utf8_lossy(&output.stdout).into_owned(),
        Ok(output) => {
            let reason = String::from_utf8_lossy(&output.stderr).into_owned();
            let reason = reason.lines().last().unwrap_or("no reason given").to_owned();
            println!("left out: pandapower ({reason}); GOSHAWK_PYTHON names a Python that has it");
            return;
        }
        Err(error) => {
            println!(
                "left out: pandapower ({python} does not start: {error}); GOSHAWK_PYTHON names a Python"
            );
            return;
        }
    };
    for line in said.lines() {
        let mut words = line.split_whitespace();
        match (words.next(), words.next().and_then(|seconds| seconds.parse::<f64>().ok())) {
            (Some(name), Some(theirs)) => {
                println!("pandapower_{name}_microseconds {:.0}", theirs * 1e6);
                println!("ratio power_flow_over_pandapower_{name} {:.0}", theirs / ours);
            }
            _ => println!("{line}"),
        }
    }
}
