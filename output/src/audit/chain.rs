//! The chain: blocks in order with their transactions, and trades against their settlements.

use std::collections::BTreeMap;
use std::path::Path;

use super::micro::Micro;
use super::read::{Context, Place, Record, Rows, When};
use super::records::{Block, Trade, Transaction};
use super::report::{Check, Finding, Ledger};
use crate::error::OutputError;
use crate::manifest::Manifest;
use crate::table::Table;

/// The tables that the check needs.
pub(super) const TABLES: [Table; 3] = [Table::Blocks, Table::Transactions, Table::Trades];

/// Kind of the transaction that moves the money of a contract.
const SETTLE: &str = "settle";
/// What may become of one that counts.
const STATUSES: [&str; 2] = ["settled", "defaulted"];

/// Checks blocks, transactions and settlements of every replicate.
pub(super) fn check(folder: &Path, manifest: &Manifest, ledger: &mut Ledger) -> Result<(), OutputError> {
    let context = &mut Context::new(folder, manifest);
    // Values off the grid are already entered by the walk through the periods.
    let elsewhere = &mut Ledger::default();
    let mut blocks = Rows::<Block>::open(context, ledger)?;
    let mut transactions = Rows::<Transaction>::open(context, ledger)?;
    let mut trades = Rows::<Trade>::open(context, elsewhere)?;
    for replicate in manifest.replicates_with_rows() {
        let replicate = When { replicate, ..When::default() };
        let mut settlements = Settlements::default();
        let mut before = None;
        while let Some(block) = next_of(&mut blocks, replicate, context, ledger)? {
            check_link(before.as_ref(), &block, context, ledger);
            let mut count = 0;
            while transactions.head().is_some_and(|row| row.when == replicate && row.height <= block.height) {
                let Some(transaction) = transactions.next(context, ledger)? else { break };
                check_place(&transaction, block.height, count, context, ledger);
                count += u32::from(transaction.height == block.height);
                settlements.settle(&transaction, context, ledger);
            }
            ledger.enter(Check::Chain, count == block.txs, || {
                let quantity = format!("txs of block {}", block.height);
                at_block(&block, quantity, block.txs, format!("{count} transactions"), context)
            });
            let is_due = |trade: &Trade| {
                trade.when().replicate == replicate.replicate && trade.block_height <= block.height
            };
            while trades.head().is_some_and(is_due) {
                let Some(trade) = trades.next(context, elsewhere)? else { break };
                settlements.trade(trade, context, ledger);
            }
            before = Some(block);
        }
        while transactions.head().is_some_and(|row| row.when <= replicate) {
            let Some(transaction) = transactions.next(context, ledger)? else { break };
            ledger.enter(Check::Chain, false, || {
                let found = format!("height {}", transaction.height);
                at_transaction(&transaction, "block", "one in the table of blocks", found, context)
            });
        }
        while trades.head().is_some_and(|trade| trade.when().replicate <= replicate.replicate) {
            let Some(trade) = trades.next(context, elsewhere)? else { break };
            settlements.trade(trade, context, ledger);
        }
        settlements.close(context, ledger);
    }
    blocks.finish(context, ledger)?;
    transactions.finish(context, ledger)
}

fn next_of<'run>(
    blocks: &mut Rows<'run, Block>,
    replicate: When,
    context: &mut Context<'run>,
    ledger: &mut Ledger,
) -> Result<Option<Block>, OutputError> {
    match blocks.head() {
        Some(block) if block.when <= replicate => blocks.next(context, ledger),
        _ => Ok(None),
    }
}

fn at_block(
    block: &Block,
    quantity: String,
    expected: impl ToString,
    found: impl ToString,
    context: &Context<'_>,
) -> Finding {
    let finding = context.finding(Table::Blocks, Some(block.place), None, quantity, expected, found);
    Finding { replicate: Some(block.when.replicate), ..finding }
}

fn at_transaction(
    transaction: &Transaction,
    quantity: &str,
    expected: impl ToString,
    found: impl ToString,
    context: &Context<'_>,
) -> Finding {
    let place = Some(transaction.place);
    let finding = context.finding(Table::Transactions, place, None, quantity, expected, found);
    Finding { replicate: Some(transaction.when.replicate), ..finding }
}

/// A block is one above the block before, and names its hash.
fn check_link(before: Option<&Block>, block: &Block, context: &Context<'_>, ledger: &mut Ledger) {
    let Some(before) = before.filter(|before| before.when == block.when) else {
        // Whether the chain begins with its genesis block, height 0, or above it, is the ledger's affair.
        ledger.enter(Check::Chain, block.height <= 1, || {
            at_block(block, "height of the first block".to_owned(), "0 or 1", block.height, context)
        });
        return;
    };
    let expected = before.height.saturating_add(1);
    ledger.enter(Check::Chain, block.height == expected, || {
        at_block(block, "height".to_owned(), expected, block.height, context)
    });
    ledger.enter(Check::Chain, block.prev_hash == before.hash, || {
        let quantity = format!("prev_hash of block {}", block.height);
        at_block(block, quantity, &before.hash, &block.prev_hash, context)
    });
}

/// A transaction is in the block, next in its order.
fn check_place(
    transaction: &Transaction,
    height: u64,
    index: u32,
    context: &Context<'_>,
    ledger: &mut Ledger,
) {
    let holds = (transaction.height, transaction.index) == (height, index);
    ledger.enter(Check::Chain, holds, || {
        let expected = format!("{index} in block {height}");
        let found = format!("{} in block {}", transaction.index, transaction.height);
        at_transaction(transaction, "index", expected, found, context)
    });
}

/// What a trade and its settlement must agree on.
#[derive(Debug, Clone, Copy)]
struct Settlement {
    place: Place,
    when: When,
    height: u64,
    energy: Micro,
    amount: Micro,
}

/// Trades and settlements that still wait for one another, by contract.
#[derive(Debug, Default)]
struct Settlements {
    trades: BTreeMap<u64, Settlement>,
    settled: BTreeMap<u64, Settlement>,
}

impl Settlements {
    fn settle(&mut self, transaction: &Transaction, context: &Context<'_>, ledger: &mut Ledger) {
        let (kind, status) = (context.names.text(transaction.kind), context.names.text(transaction.status));
        if kind != SETTLE || !STATUSES.contains(&status) {
            return;
        }
        let parts = (transaction.contract, transaction.energy_micro_kwh, transaction.amount_micro);
        let (Some(contract), Some(energy), Some(amount)) = parts else {
            ledger.enter(Check::Settlements, false, || {
                let expected = "contract, energy and amount";
                at_transaction(transaction, "settlement", expected, "not all of them", context)
            });
            return;
        };
        let settlement = Settlement {
            place: transaction.place,
            when: transaction.when,
            height: transaction.height,
            energy: Micro::from_steps(energy),
            amount: Micro::from_steps(amount),
        };
        match self.trades.remove(&contract) {
            Some(trade) => compare(contract, trade, settlement, context, ledger),
            None => {
                let again = self.settled.insert(contract, settlement).is_some();
                ledger.enter(Check::Settlements, !again, || {
                    let quantity = "settlements of the contract";
                    at_transaction(transaction, quantity, 1, format!("another of {contract}"), context)
                });
            }
        }
    }

    fn trade(&mut self, trade: Trade, context: &Context<'_>, ledger: &mut Ledger) {
        let settlement = Settlement {
            place: trade.place,
            when: trade.when(),
            height: trade.block_height,
            energy: trade.delivered_kwh,
            amount: trade.amount,
        };
        match self.settled.remove(&trade.trade_id) {
            Some(settled) => compare(trade.trade_id, settlement, settled, context, ledger),
            None => {
                let again = self.trades.insert(trade.trade_id, settlement).is_some();
                ledger.enter(Check::Settlements, !again, || {
                    let when = Some(settlement.when);
                    let found = format!("another of {}", trade.trade_id);
                    context.finding(Table::Trades, Some(trade.place), when, "trade_id", "a new one", found)
                });
            }
        }
    }

    /// What still waits at the end has no counterpart.
    fn close(self, context: &Context<'_>, ledger: &mut Ledger) {
        for (contract, trade) in self.trades {
            ledger.enter(Check::Settlements, false, || {
                let expected = format!("contract {contract} in block {}", trade.height);
                let (place, when) = (Some(trade.place), Some(trade.when));
                context.finding(Table::Trades, place, when, "settlement", expected, "none")
            });
        }
        for (contract, settled) in self.settled {
            // A default that delivered nothing need not be a trade.
            let holds = settled.energy == Micro::ZERO && settled.amount == Micro::ZERO;
            ledger.enter(Check::Settlements, holds, || {
                let expected = format!("one of contract {contract}");
                let table = Table::Transactions;
                let finding = context.finding(
                    table,
                    Some(settled.place),
                    None,
                    "trade of the settlement",
                    expected,
                    "none",
                );
                Finding { replicate: Some(settled.when.replicate), ..finding }
            });
        }
    }
}

fn compare(
    contract: u64,
    trade: Settlement,
    settled: Settlement,
    context: &Context<'_>,
    ledger: &mut Ledger,
) {
    let mut enter = |holds: bool, quantity: &str, expected: String, found: String| {
        ledger.enter(Check::Settlements, holds, || {
            let quantity = format!("{quantity} of contract {contract} against its settlement");
            let (place, when) = (Some(trade.place), Some(trade.when));
            context.finding(Table::Trades, place, when, quantity, expected, found)
        });
    };
    let heights = (settled.height, trade.height);
    enter(heights.0 == heights.1, "block_height", heights.0.to_string(), heights.1.to_string());
    let energies = (settled.energy, trade.energy);
    enter(energies.0 == energies.1, "delivered_kwh", energies.0.to_string(), energies.1.to_string());
    let amounts = (settled.amount, trade.amount);
    enter(amounts.0 == amounts.1, "amount", amounts.0.to_string(), amounts.1.to_string());
}
