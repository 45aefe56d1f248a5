//! The same elsewhere: mealpy's Northern Goshawk Optimization, minionpy's particle swarm and L-SHADE.

use std::fmt::Write as _;
use std::path::Path;
use std::process::Command;

use goshawk_market::optimizer::suite::Shifted;

/// The output of a script beside the benches, or why there is none.
fn ask(script: &str, arguments: &[&str]) -> Result<String, String> {
    let python = std::env::var("GOSHAWK_PYTHON").unwrap_or_else(|_| "python3".to_owned());
    let script = Path::new(env!("CARGO_MANIFEST_DIR")).join("benches").join(script);
    let output = Command::new(&python)
        .arg(script)
        .args(arguments)
        .envs([("OMP_NUM_THREADS", "1"), ("OPENBLAS_NUM_THREADS", "1")])
        .output()
        .map_err(|error| format!("{python} does not start: {error}"))?;
    if output.status.success() {
        return Ok(String::from_utf8_lossy(&output.stdout).into_owned());
    }
    let reason = String::from_utf8_lossy(&output.stderr);
    Err(reason.lines().last().unwrap_or("no reason given").to_owned())
}

/// The number after a name at the beginning of a line.
fn find(output: &str, name: &str) -> Option<f64> {
    output.lines().find_map(|line| line.strip_prefix(name)?.trim().parse().ok())
}

/// Speed on the sphere in 30 dimensions; and the error of the published algorithm on the sphere moved by 200, which
/// must be the same but for the seeds.
pub(crate) fn mealpy(speed: f64, moved_error: f64) {
    let output = match ask("mealpy_speed.py", &[]) {
        Ok(output) => output,
        Err(reason) => {
            println!("left out: mealpy ({reason}); GOSHAWK_PYTHON names a Python that has it");
            return;
        }
    };
    if let Some(theirs) = find(&output, "evaluations_per_cpu_second") {
        println!("evaluations_per_cpu_second mealpy {theirs:.0}");
        println!("ratio evaluations_per_cpu_second_over_mealpy {:.1}", speed / theirs);
    }
    if let Some(theirs) = find(&output, "moved_sphere_error") {
        println!("moved_sphere_error ngo_original {moved_error:.2e} mealpy {theirs:.2e}");
        println!("ratio ngo_original_error_over_mealpy {:.3}", moved_error / theirs);
    }
}

/// Median errors on the same functions.
pub(crate) fn minionpy(suite: &[Shifted], seeds: u64, ours: &[(&str, &[f64])]) {
    let file = Path::new(env!("CARGO_TARGET_TMPDIR")).join("suite.txt");
    let mut text = String::new();
    for problem in suite {
        let function = problem.function();
        let numbers = |numbers: &[f64]| numbers.iter().map(f64::to_string).collect::<Vec<_>>().join(" ");
        // Writing to a string does not fail.
        let _ = writeln!(text, "{} {}", function.name(), function.bound());
        let _ = writeln!(text, "{}\n{}", numbers(problem.shift()), numbers(problem.rotation()));
    }
    let written = std::fs::write(&file, text).map_err(|error| format!("{}: {error}", file.display()));
    let output =
        written.and_then(|()| ask("minion_suite.py", &[&file.to_string_lossy(), &seeds.to_string()]));
    let output = match output {
        Ok(output) => output,
        Err(reason) => {
            println!("left out: minionpy ({reason}); GOSHAWK_PYTHON names a Python that has it");
            return;
        }
    };
    for (name, medians) in ours {
        let theirs: Vec<f64> = suite
            .iter()
            .filter_map(|problem| find(&output, &format!("{name} {} ", problem.function().name())))
            .collect();
        if theirs.len() == medians.len() {
            print!("{:32}", format!("minionpy {name}"));
            theirs.iter().for_each(|error| print!(" {error:>10.1e}"));
            println!("\nratio {name}_over_minionpy {:.4}", super::over(medians, &theirs));
        }
    }
}
