//! What an idle actor takes of memory: a program of its own, as it counts every allocation, which would weigh on the
//! times that are measured here.

use std::process::Command;

pub(crate) fn bench(filter: &str) {
    if !"memory".contains(filter) {
        return;
    }
    println!();
    // Set by `cargo bench`, which has let go of its lock by now.
    let cargo = std::env::var_os("CARGO").unwrap_or_else(|| "cargo".into());
    let arguments = ["bench", "--quiet", "-p", "goshawk-engine", "--bench", "memory"];
    match Command::new(cargo).args(arguments).status() {
        Ok(status) if status.success() => {}
        Ok(status) => println!("not measured: memory ({status})"),
        Err(error) => println!("not measured: memory (cargo does not start: {error})"),
    }
}
