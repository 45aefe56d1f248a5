//! The power flow against pandapower: the 33-bus feeder and random radial ones, with loads and feed-in.

use std::collections::BTreeMap;
use std::fmt::Write;
use std::path::Path;
use std::process::Command;
use std::sync::Arc;

use goshawk_agents::grid::feeder::{Feeder, Tables, read};
use goshawk_agents::grid::power_flow::{Loads, PowerFlow};
use serde_json::{Value, json};

use crate::feeder_sample;
use crate::python::packages;

const RANDOM_FEEDERS: u64 = 50;

/// A case and what the power flow finds for it.
fn solved(name: &str, tables: &Tables, base_kv: f64, source_pu: f64, loads: &Loads) -> Value {
    let feeder = Arc::new(Feeder::new(tables, base_kv));
    let mut flow = PowerFlow::new(Arc::clone(&feeder), source_pu);
    let solution = flow.solve(loads).unwrap();
    let by_bus = |value: &dyn Fn(usize) -> Value| -> BTreeMap<String, Value> {
        (0..feeder.buses()).map(|place| (feeder.bus_at(place).to_string(), value(place))).collect()
    };
    let lines: Vec<Value> = (1..feeder.buses())
        .map(|place| {
            let line = feeder.line_to(place).unwrap();
            json!({
                "from": line.from, "to": line.to, "r_ohm": line.r_ohm, "x_ohm": line.x_ohm,
                "limit_kva": line.limit_kva, "loading": flow.loading(place),
            })
        })
        .collect();
    json!({
        "name": name,
        "base_kv": base_kv,
        "source_pu": source_pu,
        "substation": tables.substation,
        "lines": lines,
        "loads": by_bus(&|place| json!({ "p_kw": loads.p_kw[place], "q_kvar": loads.q_kvar[place] })),
        "voltages": by_bus(&|place| json!(flow.voltage(place))),
        "losses_kw": solution.losses_kw,
        "supplied_kw": solution.supplied_kw,
        "supplied_kvar": solution.supplied_kvar,
    })
}

fn published() -> Value {
    let data = Path::new(env!("CARGO_MANIFEST_DIR")).join("../scenarios/data");
    let text = |name: &str| std::fs::read_to_string(data.join(name)).unwrap();
    let tables = read(&text("ieee33_lines.csv"), &text("ieee33_buses.csv"), None, &[]).unwrap();
    let feeder = Feeder::new(&tables, 12.66);
    let loads = Loads { p_kw: feeder.base_p_kw().to_vec(), q_kvar: feeder.base_q_kvar().to_vec() };
    solved("case33bw", &tables, 12.66, 1.0, &loads)
}

#[test]
fn pandapower_finds_the_same_voltages_powers_and_losses() {
    let mut cases = format!("{}\n", published());
    for seed in 0..RANDOM_FEEDERS {
        let sample = feeder_sample::feeder(seed, if seed % 5 == 0 { 0.0 } else { 0.8 });
        let name = format!("random feeder {seed}");
        let case = solved(&name, &sample.tables, sample.base_kv, sample.source_pu, &sample.loads);
        writeln!(cases, "{case}").unwrap();
    }
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("cases.jsonl");
    std::fs::write(&file, cases).unwrap();
    let script = Path::new(env!("CARGO_MANIFEST_DIR")).join("python/power_flow.py");
    let mut python = Command::new("python3");
    python.env("PYTHONPATH", packages()).env("PYTHONDONTWRITEBYTECODE", "1").env("OMP_NUM_THREADS", "1");
    let done = python.arg(script).arg(file).output().unwrap();
    let said = String::from_utf8_lossy(&done.stdout);
    assert!(done.status.success(), "{said}\n{}", String::from_utf8_lossy(&done.stderr));
    assert!(said.starts_with(&format!("{} cases, ", RANDOM_FEEDERS + 1)), "{said}");
    println!("{said}");
}
