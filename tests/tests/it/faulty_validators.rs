//! Validators that are silent or withhold messages cost rounds, and nothing else.

use goshawk_output::table::Table;

use crate::run::Run;

fn mean(numbers: &[Option<f64>]) -> f64 {
    numbers.iter().flatten().sum::<f64>() / numbers.len() as f64
}

#[test]
fn faulty_validators_delay_blocks_and_change_no_trade() {
    let honest = Run::of("smoke", &["ledger.validators=7"]);
    honest.expect_verified();
    let trades = |run: &Run| run.rows(Table::Trades).lines(&["block_height"]);
    let latency = |run: &Run| mean(&run.rows(Table::Blocks).numbers("latency_ms"));
    assert!(!trades(&honest).is_empty());
    for faults in [
        ["ledger.silent_validators=1", "ledger.withholding_validators=0"],
        ["ledger.silent_validators=0", "ledger.withholding_validators=2"],
        ["ledger.silent_validators=1", "ledger.withholding_validators=1"],
        ["ledger.silent_validators=2", "ledger.withholding_validators=0"],
    ] {
        let run = Run::of("smoke", &[&["ledger.validators=7"], faults.as_slice()].concat());
        run.expect_verified();
        assert_eq!(trades(&run), trades(&honest), "{faults:?}");
        assert!(latency(&run) > latency(&honest), "{faults:?}: {} ms", latency(&run));
        assert_eq!(run.rows(Table::Households).lines(&[]), honest.rows(Table::Households).lines(&[]));
    }
}

#[test]
fn a_silent_proposer_costs_a_round() {
    let run = Run::of("smoke", &["ledger.silent_validators=1"]);
    let proposers = run.rows(Table::Blocks).texts("proposer");
    assert!(!proposers.is_empty() && proposers.iter().all(|proposer| proposer != "validator-3"));
    // Each fourth height is its turn, and the others wait 3 s for it.
    let latencies = run.rows(Table::Blocks).numbers("latency_ms");
    let late = latencies.iter().flatten().filter(|latency| **latency > 3_000.0).count();
    assert!(late >= latencies.len() / 4, "{late} of {} blocks", latencies.len());
}
