//! Key figures against a Python program that computes them anew, with pandas and from the tables alone.

use std::path::{Path, PathBuf};
use std::process::Command;

use crate::python::packages;
use crate::run::{Run, shipped};

/// The default of `ledger.block_transactions_max`.
const BLOCK_TRANSACTIONS_MAX: &str = "10000";

fn intensity() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("../experiments/tests/data/carbon_intensity.csv")
}

/// What the program says of a run whose figures all agree.
fn compared(run: &Run, intensity: Option<&Path>) -> String {
    let script = Path::new(env!("CARGO_MANIFEST_DIR")).join("python/key_figures.py");
    let mut python = Command::new("python3");
    python.env("PYTHONPATH", packages()).env("PYTHONDONTWRITEBYTECODE", "1").env("OMP_NUM_THREADS", "1");
    let done =
        python.arg(script).arg(run.out()).arg(BLOCK_TRANSACTIONS_MAX).args(intensity).output().unwrap();
    let said = String::from_utf8_lossy(&done.stdout).into_owned();
    assert!(done.status.success(), "{said}\n{}", String::from_utf8_lossy(&done.stderr));
    said
}

/// Two days of the community with carbon intensities beside the scenario.
#[test]
fn a_community_has_the_figures_that_its_tables_give() {
    let path = intensity().canonicalize().unwrap();
    let set = format!("grid.co2_intensity=\"{}\"", path.display());
    let run = Run::of("community", &["time.days=2", "market.mechanism=pay_as_bid", &set]);
    let said = compared(&run, Some(&path));
    println!("{said}");
    assert!(said.starts_with("consumer surplus is that of the contracts"), "nobody moves demand here");
    // No session ends in it, and some household earns more than it pays.
    assert!(
        said.ends_with("null: gini_net_cost jain_net_cost sessions_delivered_share sessions_met_share\n")
    );
    assert!(run.figure("co2").is_some_and(|kg| kg > 0.0));
    assert!(run.figure("trade_price_cv").is_some_and(|cv| cv > 0.0), "prices differ between periods");
    assert_eq!(run.figure("trade_price_cv_in_period"), Some(0.0), "and not within one, to the last bit");
}

#[test]
fn fleets_sessions_habits_and_refusals_have_the_figures_that_their_tables_give() {
    for (scenario, sets) in [
        ("aggregator", &[][..]),
        ("workplace", &["time.days=3"]),
        ("paper_1", &["ledger.opening_balance=1"]),
        ("smoke", &["market.mechanism=pay_as_bid"]),
        (
            "smoke",
            &[
                "portraits.at_home.faults={ false_metering = 0.4, non_delivery = 0.2, double_sale = 0.4, replay = 0.3 }",
                "portraits.night_shift.faults={ false_metering = 0.3 }",
                "ledger.validators=7",
                "ledger.silent_validators=1",
                "ledger.equivocating_validators=1",
            ],
        ),
        ("smoke", &["portraits.at_home.faults.non_delivery=0.5", "ledger.credit={ suspension_periods = 4 }"]),
    ] {
        assert!(shipped(scenario).exists());
        println!("{scenario}: {}", compared(&Run::of(scenario, sets), None));
    }
}

#[test]
fn figures_of_trade_are_null_without_any() {
    let run = Run::of("smoke", &["market.mechanism=grid_only"]);
    let said = compared(&run, None);
    println!("{said}");
    for variable in [
        "trade_price",
        "trade_price_received",
        "trade_price_cv",
        "trade_price_cv_in_period",
        "p2p_advantage",
        "latency_p50",
        "block_fill",
        "rejected_share",
        "bytes_per_kwh",
        "fees_per_kwh",
        "co2",
        "co2_per_kwh",
        "full_equivalent_cycles",
        "sessions_met_share",
        "sessions_delivered_share",
    ] {
        assert!(said.contains(&format!(" {variable}")), "{variable} is defined: {said}");
        assert_eq!(run.figure(variable), None, "{variable}");
    }
}
