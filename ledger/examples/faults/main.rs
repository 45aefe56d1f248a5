//! Proof by faults: validators under storms of faults, one storm a seed, and everything checked after every event.
//!
//! ```text
//! cargo run --release -p goshawk-ledger --example faults -- --seeds 0..2000
//! cargo run --release -p goshawk-ledger --example faults -- --control too-many-faulty
//! cargo run --release -p goshawk-ledger --example faults -- --mutant no-lock
//! ```
//!
//! Without `--control` or `--mutant` it fails when anything false happens, or when a kind of fault never happened. With
//! one of them a rule or a circumstance is missing, and it fails unless the checks notice within the seeds, 200 by
//! default. The same seed is always the same trial.

#[path = "../../tests/it/community.rs"]
mod community;
#[path = "trial.rs"]
mod trial;

use std::ops::Range;
use std::process::ExitCode;
use std::time::Instant;

use goshawk_ledger::Weakness;

use trial::counters::{Counters, Group};
use trial::{Control, Setting, run};

const CASES: [(&str, &str, Setting); 7] = [
    ("--control", "too-many-faulty", Setting { weakness: None, control: Some(Control::TooManyFaulty) }),
    ("--control", "no-log", Setting { weakness: None, control: Some(Control::NoLog) }),
    ("--control", "no-certificates", weak(Weakness::UncheckedCertificates)),
    ("--mutant", "small-quorum", weak(Weakness::SmallQuorum)),
    ("--mutant", "no-lock", weak(Weakness::NoLock)),
    ("--mutant", "no-nonce", weak(Weakness::NoNonce)),
    ("--mutant", "settle-contracted", weak(Weakness::ContractedSettlement)),
];

const fn weak(weakness: Weakness) -> Setting {
    Setting { weakness: Some(weakness), control: None }
}

const USAGE: &str = "usage: faults [--seeds A..B] [--control NAME | --mutant NAME | --all]";

/// What was asked for.
struct Request {
    seeds: Option<Range<u64>>,
    cases: Vec<(&'static str, Setting)>,
    is_all: bool,
}

fn read(words: &[String]) -> Result<Request, String> {
    let mut request = Request { seeds: None, cases: Vec::new(), is_all: false };
    let mut words = words.iter();
    while let Some(word) = words.next() {
        let value = words.as_slice().first().map_or("", String::as_str);
        match word.as_str() {
            "--all" => {
                request.is_all = true;
                continue;
            }
            "--seeds" => request.seeds = Some(read_seeds(value)?),
            option => {
                let case = CASES.iter().find(|(kind, name, _)| (*kind, *name) == (option, value));
                let Some((_, name, setting)) = case else {
                    let known: Vec<String> = CASES.iter().map(|it| format!("{} {}", it.0, it.1)).collect();
                    return Err(format!("{option} {value} is unknown; there are: {}", known.join(", ")));
                };
                request.cases.push((name, *setting));
            }
        }
        words.next();
    }
    Ok(request)
}

fn read_seeds(text: &str) -> Result<Range<u64>, String> {
    let bad = || format!("--seeds {text:?} is not of the form A..B with A below B");
    let (first, end) = text.split_once("..").ok_or_else(bad)?;
    let (first, end) = (first.parse().map_err(|_| bad())?, end.parse().map_err(|_| bad())?);
    if first < end { Ok(first..end) } else { Err(bad()) }
}

#[expect(clippy::print_stdout, clippy::print_stderr, reason = "a program's result")]
fn main() -> ExitCode {
    let words: Vec<String> = std::env::args().skip(1).collect();
    let request = match read(&words) {
        Ok(request) => request,
        Err(problem) => {
            eprintln!("{problem}\n{USAGE}");
            return ExitCode::from(2);
        }
    };
    // A panic of the ledger is a result here.
    std::panic::set_hook(Box::new(|_| ()));
    let mut is_good = true;
    if request.is_all || request.cases.is_empty() {
        is_good &= storm(request.seeds.clone().unwrap_or(0..200));
    }
    let all = CASES.map(|(_, name, setting)| (name, setting));
    let cases = if request.is_all { &all[..] } else { &request.cases[..] };
    let seeds = request.seeds.filter(|_| !request.is_all).unwrap_or(0..200);
    for (name, setting) in cases {
        let found = seeds.clone().find_map(|seed| run(seed, setting).violation.map(|it| (seed, it)));
        match &found {
            Some((seed, violation)) => {
                let tried = seed - seeds.start + 1;
                println!("{name}: noticed by seed {seed}, after {tried} trials: {violation}");
            }
            None => println!("{name}: NOT noticed by any of seeds {}..{}", seeds.start, seeds.end),
        }
        is_good &= found.is_some();
    }
    if is_good { ExitCode::SUCCESS } else { ExitCode::FAILURE }
}

/// Runs the trials of these seeds with all rules.
#[expect(clippy::print_stdout, clippy::disallowed_methods, reason = "a program's result, and its time")]
fn storm(seeds: Range<u64>) -> bool {
    let start = Instant::now();
    let mut total = Counters::default();
    let mut bad = 0;
    for seed in seeds.clone() {
        let outcome = run(seed, &Setting::default());
        total.add(&outcome.counters);
        if let Some(violation) = outcome.violation {
            bad += 1;
            println!("seed {seed}: {violation}");
        }
    }
    let seconds = start.elapsed().as_secs_f64();
    let mut never = Vec::new();
    for (group, what, count) in total.all() {
        println!("{count:>14}  {what}");
        if count == 0 && group != Group::Amount {
            never.push(what);
        }
    }
    println!(
        "{bad} of {} trials bad, {:.1} s, {:.0} messages a second with all checks",
        seeds.end - seeds.start,
        seconds,
        total.messages as f64 / seconds
    );
    never.iter().for_each(|what| println!("NEVER: {what}"));
    bad == 0 && never.is_empty()
}
