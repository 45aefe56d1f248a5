//! The engine beside its peers.

#![allow(clippy::print_stdout, reason = "a report")]

mod clock;
mod market_day;
mod pending;
mod phold;
mod rounds;

fn main() {
    let arguments: Vec<String> = std::env::args().skip(1).collect();
    let is_quick = arguments.iter().any(|argument| argument == "--quick");
    let filter = arguments.iter().find(|argument| !argument.starts_with("--")).map_or("", String::as_str);
    phold::bench(is_quick, filter);
    market_day::bench(is_quick, filter);
    pending::bench(is_quick, filter);
}
