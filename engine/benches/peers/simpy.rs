//! SimPy, in a process of its own that measures its own processor time.
//!
//! `GOSHAWK_PYTHON` names a Python that has it; without, `python3` is asked.

use std::path::Path;
use std::process::Command;

use crate::rounds::{Group, Measured};

/// Runs a script so many times and prints what it takes for each operation, best way first; then how many times as
/// much that is as the best of each kind of our arms takes.
pub(crate) fn bench(group: &Group, script: &str, arguments: &[u64], rounds: usize, title: &str, ours: &str) {
    if group.measured.is_empty() {
        return;
    }
    let runs: Result<Vec<String>, String> = (0..rounds).map(|_| run(script, arguments)).collect();
    let runs = match runs {
        Ok(runs) => runs,
        Err(reason) => {
            println!("not measured: SimPy ({reason}); GOSHAWK_PYTHON names a Python that has it");
            return;
        }
    };
    let measured = ["callbacks", "processes"].into_iter().zip(["simpy_callbacks", "simpy_processes"]);
    let measured = measured.filter_map(|(way, name)| {
        let nanoseconds: Vec<f64> = runs.iter().filter_map(|output| nanoseconds(output, way)).collect();
        (!nanoseconds.is_empty()).then(|| Measured::new(name, nanoseconds))
    });
    let best = measured.inspect(Measured::print).map(|measured| measured.median).min_by(f64::total_cmp);
    let Some(best) = best else {
        println!("not measured: SimPy ({script} printed no nanoseconds)");
        return;
    };
    for kind in ["handler", "process"] {
        if let Some(ours) = group.best(&format!("{ours}_{kind}")) {
            println!("ratio {title}_{kind}_vs_simpy {:.1}", best / ours);
        }
    }
}

/// The output of a script beside this file, or why there is none.
fn run(script: &str, arguments: &[u64]) -> Result<String, String> {
    let python = std::env::var("GOSHAWK_PYTHON").unwrap_or_else(|_| "python3".to_owned());
    let script = Path::new(env!("CARGO_MANIFEST_DIR")).join("benches/peers/simpy").join(script);
    let output = Command::new(&python)
        .arg(script)
        .args(arguments.iter().map(u64::to_string))
        .output()
        .map_err(|error| format!("{python} does not start: {error}"))?;
    if output.status.success() {
        return Ok(String::from_utf8_lossy(&output.stdout).into_owned());
    }
    let reason = String::from_utf8_lossy(&output.stderr);
    Err(reason.lines().last().unwrap_or("no reason given").to_owned())
}

/// The third word of the line that begins with this one.
fn nanoseconds(output: &str, way: &str) -> Option<f64> {
    let line = output.lines().find_map(|line| line.strip_prefix(way))?;
    line.split_whitespace().nth(1)?.parse().ok()
}
