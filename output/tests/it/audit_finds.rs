//! The audit passes what balances, and names what does not.

use std::fs;

use goshawk_market::quantity::{Energy, Money};
use goshawk_output::table::Operator;
use goshawk_output::{AuditReport, CHUNK_BYTES, Check, Digest, FINDINGS_MAX, Label, Manifest, audit};

use crate::run::{Replicate, Run, kwh, money, price};

const ONE: Energy = Energy::from_micro(1);

/// What the audit says after a change to the second replicate.
fn broken(change: impl FnOnce(&mut Replicate)) -> AuditReport {
    let mut run = Run::new();
    change(&mut run.replicates[1]);
    run.audited()
}

/// Whether a check has failed with a finding that has all these words in it.
#[track_caller]
fn assert_found(report: &AuditReport, check: Check, words: &[&str]) {
    let findings = &report.check(check).unwrap().findings;
    let found =
        findings.iter().map(ToString::to_string).any(|text| words.iter().all(|word| text.contains(word)));
    assert!(found, "{check:?} does not say {words:?}:\n{report}");
    assert!(!report.passed());
}

#[test]
fn a_run_that_balances_passes_every_check() {
    let report = Run::new().audited();
    assert!(report.passed(), "{report}");
    for check in &report.checks {
        assert!(check.examined > 0, "{:?} has examined nothing", check.check);
    }
    assert_eq!(report.to_string().lines().count(), Check::ALL.len());
}

#[test]
fn prices_outside_their_band_are_named() {
    let report = broken(|run| {
        run.trades[2].seller_price_per_kwh = run.trades[2].buyer_price_per_kwh;
    });
    let words = ["trades/part-00000-00001.parquet row 8", "replicate 1, day 0 period 2", "seller_price"];
    assert_found(&report, Check::TradePrices, &words);
    let report = broken(|run| run.market[1].company_price_per_kwh = run.trades[1].buyer_price_per_kwh);
    assert_found(&report, Check::TradePrices, &["buyer_price_per_kwh", "less than the 0.220003", "period 1"]);
    let report = broken(|run| run.trades[0].grid_fee_per_kwh = price(0.010_001));
    assert_found(&report, Check::TradePrices, &["grid_fee_per_kwh +", "expected 0.020000", "found 0.020001"]);
}

#[test]
fn amounts_that_are_not_price_times_energy_are_named() {
    let unit = Money::from_micro(1);
    let report = broken(|run| run.trades[0].seller_amount += unit);
    assert_found(&report, Check::TradeAmounts, &["seller_amount", "found 0.480008"]);
    let report = broken(|run| run.trades[0].grid_amount += unit);
    assert_found(&report, Check::TradeAmounts, &["grid_amount"]);
    let report = broken(|run| run.trades[0].platform_amount += unit);
    assert_found(&report, Check::TradeAmounts, &["platform_amount"]);
    let report = broken(|run| run.trades[0].amount += unit);
    assert_found(&report, Check::TradeAmounts, &[": amount"]);
    let report = broken(|run| run.trades[0].contracted_kwh = run.trades[0].delivered_kwh - ONE);
    assert_found(&report, Check::TradeAmounts, &["delivered_kwh: expected at most the 2.399999"]);
    let report = broken(|run| run.trades[0].penalty_to_buyer = money(-0.5));
    assert_found(&report, Check::TradeAmounts, &["penalty_to_buyer", "found -0.500000"]);
    let report = broken(|run| run.trades[0].buyer_surcharge = money(-0.5));
    assert_found(&report, Check::TradeAmounts, &["buyer_surcharge", "found -0.500000"]);
    let report = broken(|run| run.trades[0].seller_surcharge = run.trades[0].seller_amount + unit);
    assert_found(&report, Check::TradeAmounts, &["seller_surcharge: expected at most the 0.480007"]);
}

#[test]
fn a_household_that_disagrees_with_its_trades_is_named() {
    let report = broken(|run| {
        run.agents[3].sold_kwh += ONE;
        run.agents[3].losses_kwh -= ONE;
    });
    let words = ["day 0 period 1, household h0000", "sold_kwh", "expected 2.400007", "found 2.400008"];
    assert_found(&report, Check::TradedEnergy, &words);
    assert_found(&report, Check::TradedEnergy, &["sum of sold_kwh"]);
    let report = broken(|run| run.trades[4].buyer = run.trades[4].seller);
    assert_found(&report, Check::TradedEnergy, &["household h0001", "bought_p2p_kwh"]);
}

#[test]
fn a_household_whose_energy_does_not_balance_is_named() {
    let report = broken(|run| run.agents[4].pv_kwh += ONE);
    assert_found(&report, Check::HouseholdEnergy, &["day 0 period 1, household h0001", "pv + bought"]);
    let report = broken(|run| run.households[2].initial_kwh += ONE);
    assert_found(&report, Check::HouseholdEnergy, &["replicate 1, day 0 period 0, household h0002"]);
    let report = broken(|run| {
        let row = &mut run.agents[5];
        (row.losses_kwh, row.bought_company_kwh) = (-ONE, row.bought_company_kwh - ONE);
    });
    assert_found(&report, Check::HouseholdEnergy, &["losses_kwh", "0 or more", "-0.000001"]);
    let report = broken(|run| run.agents[5].soc = 1.01);
    assert_found(&report, Check::HouseholdEnergy, &["soc", "1.01"]);
}

#[test]
fn a_storage_that_does_not_balance_is_named() {
    let report = broken(|run| run.storage[3].content_kwh += ONE);
    assert_found(&report, Check::StorageEnergy, &["day 1 period 0", "content_kwh ="]);
    let report = broken(|run| run.storage[0].losses_kwh += ONE);
    assert_found(&report, Check::StorageEnergy, &["day 0 period 0", "content_kwh ="]);
    let report = broken(|run| run.storage[3].charge_kwh += ONE);
    assert_found(&report, Check::StorageEnergy, &["stored_kwh", "found 0.500001"]);
    let report = broken(|run| run.storage[3].discharge_kwh += ONE);
    assert_found(&report, Check::StorageEnergy, &["withdrawn_kwh", "found 0.200001"]);
}

#[test]
fn a_feeder_that_does_not_balance_is_named() {
    let report = broken(|run| run.feeder[3].losses_kwh += ONE);
    assert_found(&report, Check::FeederEnergy, &["day 1 period 0", "supplied_kwh =", "expected 6.123457"]);
    let report = broken(|run| {
        run.feeder[3].households_kwh += ONE;
        run.feeder[3].supplied_kwh += ONE;
    });
    assert_found(&report, Check::FeederEnergy, &["households' meters", "expected 1.000000, found 1.000001"]);
    let report = broken(|run| run.feeder[3].loss_cost += Money::from_micro(1));
    assert_found(&report, Check::FeederEnergy, &["loss_cost", "found 0.250001"]);
    let report = broken(|run| run.feeder[0].base_losses_kwh = -ONE);
    assert_found(&report, Check::FeederEnergy, &["base_losses_kwh", "0 or more"]);
    let report = broken(|run| {
        run.feeder.remove(2);
    });
    assert_found(&report, Check::FeederEnergy, &["day 0 period 2", "expected 1, found 0"]);
    let report = broken(|run| run.households.iter_mut().for_each(|household| household.bus = None));
    assert_found(&report, Check::FeederEnergy, &["day 0 period 0", "expected 0, found 1"]);
}

#[test]
fn a_fleet_that_does_not_balance_is_named() {
    let report = broken(|run| run.fleet[3].delivered_up_kwh += ONE);
    let words = ["day 1 period 0", "delivered_up_kwh against", "expected 0.200000, found 0.200001"];
    assert_found(&report, Check::FleetEnergy, &words);
    let report = broken(|run| run.fleet[3].delivered_down_kwh -= ONE);
    assert_found(&report, Check::FleetEnergy, &["delivered_down_kwh against", "found 0.199999"]);
    let report = broken(|run| run.fleet[0].import_before_kwh += ONE);
    assert_found(&report, Check::FleetEnergy, &["purchases", "found 1.300001"]);
    let report = broken(|run| run.fleet[0].import_after_kwh += ONE);
    assert_found(&report, Check::FleetEnergy, &["import_after =", "found 1.300001"]);
    let report = broken(|run| run.fleet[0].shortfall_kwh += ONE);
    assert_found(&report, Check::FleetEnergy, &["shortfall =", "found 0.100001"]);
    let report = broken(|run| run.fleet[0].accepted_up_kwh = kwh(0.1));
    assert_found(&report, Check::FleetEnergy, &["delivered_up_kwh, at most accepted", "0 to 0.100000"]);
    let report = broken(|run| run.fleet[0].offered_down_kwh = kwh(0.1));
    assert_found(&report, Check::FleetEnergy, &["accepted_down_kwh, at most offered"]);
    let report = broken(|run| run.fleet[0].request_up_kwh = kwh(0.2));
    assert_found(&report, Check::FleetEnergy, &["accepted_up_kwh, at most requested"]);
    let unit = Money::from_micro(1);
    let report = broken(|run| run.fleet[0].paid_by_members += unit);
    assert_found(&report, Check::FleetEnergy, &["revenue", "expected 0.110001"]);
    let report = broken(|run| run.fleet[0].penalty += unit);
    assert_found(&report, Check::FleetEnergy, &["cost", "expected 0.080001"]);
    let report = broken(|run| {
        run.fleet.remove(2);
    });
    assert_found(&report, Check::FleetEnergy, &["day 0 period 2", "expected 1, found 0"]);
    let report = broken(|run| run.operators.retain(|row| row.operator != Operator::Aggregator));
    assert_found(&report, Check::FleetEnergy, &["day 0 period 0", "expected 0, found 1"]);
}

#[test]
fn money_that_appears_or_vanishes_is_named() {
    let report = broken(|run| run.agents[0].income += Money::from_micro(1));
    assert_found(&report, Check::Money, &["replicate 1, day 0 period 0", "found 0.000001"]);
    let report = broken(|run| run.operators[7].cost += Money::from_micro(1));
    assert_found(&report, Check::Money, &["day 0 period 1", "found -0.000001"]);
}

#[test]
fn what_is_missing_double_or_out_of_order_is_named() {
    let report = broken(|run| {
        run.agents.remove(4);
    });
    assert_found(&report, Check::Completeness, &["day 0 period 1, household h0001", "expected 1, found 0"]);
    let report = broken(|run| run.agents.insert(4, run.agents[4].clone()));
    assert_found(&report, Check::Completeness, &["day 0 period 1, household h0001", "expected 1, found 2"]);
    let report = broken(|run| {
        run.market.remove(5);
    });
    assert_found(&report, Check::Completeness, &["market_periods", "day 1 period 2", "found 0"]);
    let report = broken(|run| run.market.swap(1, 2));
    assert_found(&report, Check::Completeness, &["day 0 period 1", "found 0"]);
    let report = broken(|run| {
        run.agents.iter_mut().for_each(|row| row.when.day += 1);
    });
    assert_found(&report, Check::Completeness, &["agent_periods", "day 2 period 0", "out of place"]);
    let report = broken(|run| run.storage[2].when.ts_start.0 += 1);
    assert_found(&report, Check::Completeness, &["storage_periods", "ts_start"]);
    let report = broken(|run| run.households.push(run.households[0].clone()));
    assert_found(&report, Check::Completeness, &["households", "household h0000"]);
    let report = broken(|run| {
        run.households.remove(1);
    });
    assert_found(&report, Check::Completeness, &["household h0001", "an unknown one"]);
}

#[test]
fn a_broken_chain_is_named() {
    let report = broken(|run| run.blocks[3].prev_hash = Digest::of(b"another"));
    assert_found(&report, Check::Chain, &["row 9", "replicate 1", "prev_hash of block 4"]);
    let report = broken(|run| {
        run.blocks.remove(2);
    });
    assert_found(&report, Check::Chain, &["height: expected 3, found 4"]);
    let report = broken(|run| {
        run.blocks.pop();
    });
    assert_found(&report, Check::Chain, &["transactions", "found height 6"]);
    let report = broken(|run| run.blocks[0].txs = 3);
    assert_found(&report, Check::Chain, &["txs of block 1: expected 3, found 2 transactions"]);
    let report = broken(|run| {
        run.transactions.remove(2);
    });
    assert_found(&report, Check::Chain, &["index: expected 0 in block 2, found 1 in block 2"]);
}

#[test]
fn a_trade_that_its_block_did_not_settle_is_named() {
    let report = broken(|run| run.transactions[1].amount_micro = Some(1));
    assert_found(&report, Check::Settlements, &["amount of contract 100", "expected 0.000001"]);
    let report = broken(|run| run.transactions[1].energy_micro_kwh = Some(1));
    assert_found(&report, Check::Settlements, &["delivered_kwh of contract 100"]);
    let report = broken(|run| run.trades[2].block_height += 1);
    assert_found(&report, Check::Settlements, &["block_height of contract 102", "expected 3, found 4"]);
    let report = broken(|run| run.transactions[1].status = Label("rejected"));
    assert_found(&report, Check::Settlements, &["trades", "contract 100 in block 1", "found none"]);
    let report = broken(|run| run.transactions[1].contract = None);
    assert_found(&report, Check::Settlements, &["not all of them"]);
    let report = broken(|run| {
        run.trades.remove(1);
    });
    assert_found(&report, Check::Settlements, &["transactions", "contract 101", "found none"]);
    let report = broken(|run| run.trades[1].trade_id = 100);
    assert_found(&report, Check::Settlements, &["contract 100 in block 2"]);
}

#[test]
fn findings_beyond_the_limit_are_counted() {
    let mut run = Run::new();
    for replicate in &mut run.replicates {
        replicate.agents.iter_mut().for_each(|row| row.soc = -1.0);
    }
    let report = run.audited();
    let check = report.check(Check::HouseholdEnergy).unwrap();
    assert_eq!((check.failed, check.findings.len()), (36, FINDINGS_MAX));
    assert!(report.to_string().contains("and 16 more"), "{report}");
}

#[test]
fn a_flipped_byte_anywhere_is_located() {
    let folder = tempfile::tempdir().unwrap();
    // Enough events that a part has several chunks, with texts that do not compress.
    let mut run = Run::new();
    for number in 0..6_000_u32 {
        let mut event = run.replicates[1].events[0].clone();
        event.detail = Digest::of(&number.to_le_bytes()).to_string();
        run.replicates[1].events.push(event);
    }
    let manifest = run.write(folder.path()).unwrap();
    assert!(audit(folder.path()).unwrap().passed());
    for (path, bytes) in files_of(&manifest) {
        let file = folder.path().join(&path);
        let whole = fs::read(&file).unwrap();
        assert_eq!(whole.len() as u64, bytes);
        for position in (0..whole.len()).step_by((whole.len() / 5).max(1)).chain([whole.len() - 1]) {
            let mut changed = whole.clone();
            changed[position] ^= 1;
            fs::write(&file, &changed).unwrap();
            let report = audit(folder.path()).unwrap();
            let start = position as u64 / CHUNK_BYTES * CHUNK_BYTES;
            let range = format!("bytes {start} to {}", (start + CHUNK_BYTES).min(bytes) - 1);
            assert_found(&report, Check::Files, &[&path, &range]);
        }
        fs::write(&file, &whole).unwrap();
    }
    assert!(manifest.parts.iter().any(|part| part.digest.bytes > 3 * CHUNK_BYTES));
    assert!(audit(folder.path()).unwrap().passed());
}

fn files_of(manifest: &Manifest) -> Vec<(String, u64)> {
    let parts = manifest.parts.iter().map(|part| (part.path.clone(), part.digest.bytes));
    parts.chain(manifest.files.iter().map(|file| (file.path.clone(), file.digest.bytes))).collect()
}

#[test]
fn a_missing_truncated_or_extra_file_is_named() {
    let folder = tempfile::tempdir().unwrap();
    Run::new().write(folder.path()).unwrap();
    let part = folder.path().join("trades/part-00000-00001.parquet");
    let whole = fs::read(&part).unwrap();
    fs::write(&part, &whole[..whole.len() - 1]).unwrap();
    let report = audit(folder.path()).unwrap();
    assert_found(&report, Check::Files, &["trades/part-00000-00001.parquet", "length in bytes"]);
    fs::remove_file(&part).unwrap();
    assert_found(&audit(folder.path()).unwrap(), Check::Files, &["trades/part-00000-00001", "missing"]);
    fs::write(&part, &whole).unwrap();
    fs::write(folder.path().join("trades/part-9.parquet"), b"").unwrap();
    let report = audit(folder.path()).unwrap();
    assert_found(&report, Check::Files, &["trades/part-9.parquet", "does not list"]);
    assert!(report.check(Check::Money).unwrap().skipped.is_some());
}

#[test]
fn a_part_of_other_columns_is_named() {
    let folder = tempfile::tempdir().unwrap();
    let mut manifest = Run::new().write(folder.path()).unwrap();
    // The storage's part in place of the blocks', with digests to match.
    let storage = manifest.parts.iter().position(|part| part.table == "storage_periods").unwrap();
    let blocks = manifest.parts.iter().position(|part| part.table == "blocks").unwrap();
    let content = fs::read(folder.path().join(&manifest.parts[storage].path)).unwrap();
    fs::write(folder.path().join(&manifest.parts[blocks].path), content).unwrap();
    manifest.parts[blocks].digest = manifest.parts[storage].digest.clone();
    manifest.header.currency = "USD".to_owned();
    manifest.write(folder.path()).unwrap();
    let report = audit(folder.path()).unwrap();
    assert_found(&report, Check::Schemas, &["blocks/part-00000-00001.parquet", "column"]);
    assert_found(&report, Check::Schemas, &["goshawk.currency", "expected USD, found EUR"]);
}
