//! The engine beside its peers, NeXosim 1.0 on one thread and SimPy 4.1, through its whole public interface: order,
//! streams, digest and error checks on.
//!
//! ```sh
//! cargo bench -p goshawk-engine --bench peers                  # under three minutes
//! cargo bench -p goshawk-engine --bench peers -- market_day    # arms and groups whose name contains this
//! cargo bench -p goshawk-engine --bench peers -- --quick       # does it run at all? Seconds, and no measurement
//! ```
//!
//! What is compared is processor time of this process, as the machine may be shared. Arms take turns in one process,
//! and their order is turned around from round to round; a table gives medians and least. `ratio NAME VALUE` lines divide
//! medians: theirs, of the best way to use them, by ours. Each group's file defines its model, so that it can be done
//! again elsewhere, and arms of a group are checked to have done the same. Why it is done in this way, and how NeXosim
//! is used at its best, is in `docs/decisions/0032-measured-beside-peers.md`.
//!
//! What it does not measure: several threads (NeXosim has them within a run, at the price of an order that differs from
//! run to run; here threads run replicates), wall time, building a model, saving and restoring.
//!
//! `--quick` is also what runs where no measurement is asked for, as by `cargo test --benches`.

#![allow(clippy::print_stdout, reason = "a report")]

mod clock;
mod market_day;
mod memory;
mod pending;
mod phold;
mod rounds;
mod simpy;

fn main() {
    let arguments: Vec<String> = std::env::args().skip(1).collect();
    let has = |flag: &str| arguments.iter().any(|argument| argument == flag);
    // Only `cargo bench` passes this.
    let is_quick = has("--quick") || !has("--bench");
    let filter = arguments.iter().find(|argument| !argument.starts_with("--")).map_or("", String::as_str);
    phold::bench(is_quick, filter);
    market_day::bench(is_quick, filter);
    pending::bench(is_quick, filter);
    memory::bench(filter);
}
