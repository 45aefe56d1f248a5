//! The tables held against the ledger, block by block.

use std::collections::BTreeMap;
use std::fmt;
use std::path::Path;

use goshawk_agents::journal::{amounts, status};
use goshawk_ledger::{
    AccountId, Block, Change, ContractState, ContractTerms, Genesis, Operation, Receipt, Settlement,
};
use goshawk_market::quantity::{Energy, Money};
use goshawk_output::{
    BlockRecord, Manifest, OutputError, TRADE_QUANTITIES, TradeRecord, TransactionRecord, read_blocks,
    read_trades, read_transactions,
};

/// Most differences that are listed one by one.
const DIFFERENCES_MAX: usize = 20;

/// The tables' word, to be held against the ledger's, block by block.
pub(super) struct Comparison {
    blocks: std::vec::IntoIter<BlockRecord>,
    transactions: std::iter::Peekable<std::vec::IntoIter<TransactionRecord>>,
    trades: BTreeMap<u64, TradeRecord>,
    /// The contracts of the ledger that are not closed yet.
    open: BTreeMap<u64, ContractTerms>,
    pub(super) differences: Vec<String>,
    pub(super) more: usize,
    pub(super) compared: u64,
}

impl Comparison {
    pub(super) fn read(folder: &Path, manifest: &Manifest) -> Result<Self, OutputError> {
        let (mut blocks, mut transactions, mut trades) = (Vec::new(), Vec::new(), BTreeMap::new());
        let mut doubled = Vec::new();
        read_blocks(folder, manifest, &mut |block| blocks.push(block))?;
        read_transactions(folder, manifest, &mut |transaction| transactions.push(transaction))?;
        read_trades(folder, manifest, &mut |trade| {
            doubled.extend(trades.insert(trade.id, trade).map(|trade| trade.id));
        })?;
        let mut comparison = Self {
            blocks: blocks.into_iter(),
            transactions: transactions.into_iter().peekable(),
            trades,
            open: BTreeMap::new(),
            differences: Vec::new(),
            more: 0,
            compared: 0,
        };
        doubled.iter().for_each(|id| comparison.differ(format!("trade {id} is in the table twice")));
        Ok(comparison)
    }

    fn differ(&mut self, text: String) {
        if self.differences.len() < DIFFERENCES_MAX {
            self.differences.push(text);
        } else {
            self.more += 1;
        }
    }

    fn expect<T: fmt::Display + PartialEq>(&mut self, what: impl fmt::Display, table: &T, ledger: &T) {
        if table != ledger {
            self.differ(format!("{what}: the table says {table}, the ledger {ledger}"));
        }
    }

    /// The same of values that may be absent.
    fn expect_some<T: fmt::Display + PartialEq>(
        &mut self,
        what: String,
        table: Option<T>,
        ledger: Option<T>,
    ) {
        let text = |value: Option<T>| value.map_or_else(|| "nothing".to_owned(), |value| value.to_string());
        self.expect(what, &text(table), &text(ledger));
    }

    /// A block of the ledger.
    pub(super) fn block(&mut self, genesis: &Genesis, block: &Block, receipts: &[Receipt]) {
        let header = block.header();
        let height = header.height;
        self.compared += 1;
        let Some(record) = self.blocks.next() else {
            self.differ(format!("block {height} is in the ledger and not in the table"));
            return;
        };
        self.expect(format_args!("height of block {height}"), &record.height, &height);
        self.expect(format_args!("round of block {height}"), &record.round, &header.round);
        self.expect(format_args!("hash of block {height}"), &record.hash, &block.hash().to_string());
        let proposer = genesis.config().validators.get(header.proposer as usize);
        self.expect(
            format_args!("proposer of block {height}"),
            &record.proposer,
            proposer.unwrap_or(&String::new()),
        );
        let count = block.transactions().len() as u32;
        self.expect(format_args!("txs of block {height}"), &record.transactions, &count);
        self.expect(format_args!("bytes of block {height}"), &record.bytes, &(block.encoded_len() as u64));
        let previous = header.previous.to_string();
        self.expect(format_args!("prev_hash of block {height}"), &record.previous_hash, &previous);
        let root = header.transaction_root.to_string();
        self.expect(format_args!("tx_root of block {height}"), &record.transaction_root, &root);
        let root = header.state_root.to_string();
        self.expect(format_args!("state_root of block {height}"), &record.state_root, &root);
        for (index, (transaction, receipt)) in block.transactions().iter().zip(receipts).enumerate() {
            self.contract(genesis, height, &transaction.transaction().operation, receipt);
            let Some(record) = self.transactions.next_if(|record| record.height == height) else {
                self.differ(format!("transaction {index} of block {height} is not in the table"));
                continue;
            };
            let what = |column| format!("{column} of transaction {index} of block {height}");
            self.expect(what("tx_id"), &record.id, &transaction.id().0.to_string());
            self.expect(what("kind"), &record.kind, &transaction.transaction().operation.name().to_owned());
            let sender = account(genesis, transaction.transaction().sender);
            self.expect(what("index"), &record.index, &(index as u32));
            self.expect(what("sender"), &record.sender.as_str(), &sender);
            let operation = &transaction.transaction().operation;
            let (energy, amount) = amounts(operation, receipt);
            let contract = operation.contract().map(|contract| contract.0);
            self.expect_some(what("contract"), record.contract, contract);
            self.expect_some(what("energy_micro_kwh"), record.energy_micro_kwh, energy.map(Energy::micro));
            self.expect_some(what("amount_micro"), record.amount_micro, amount.map(Money::micro));
            self.expect(what("status"), &record.status, &status(receipt).to_owned());
        }
    }

    /// The ledger has no more blocks.
    pub(super) fn finish(&mut self) {
        let (blocks, transactions) = (self.blocks.len(), self.transactions.len());
        if blocks + transactions > 0 {
            self.differ(format!("{blocks} blocks and {transactions} transactions are not in the ledger"));
        }
        for id in std::mem::take(&mut self.trades).into_keys() {
            self.differ(format!("trade {id} is not in the ledger"));
        }
    }

    /// A contract of the ledger is published or closed.
    fn contract(&mut self, genesis: &Genesis, height: u64, operation: &Operation, receipt: &Receipt) {
        match (operation, receipt.change()) {
            (Operation::Publish { terms }, Some(Change::Published { .. })) => {
                self.open.insert(terms.id.0, *terms);
            }
            (Operation::Settle { contract }, Some(Change::Closed { state, settlement, .. })) => {
                let terms = self.open.remove(&contract.0);
                if let Some(terms) = terms.filter(|_| *state != ContractState::Cancelled) {
                    self.trade(genesis, height, &terms, settlement);
                }
            }
            _ => (),
        }
    }

    fn trade(&mut self, genesis: &Genesis, height: u64, terms: &ContractTerms, settlement: &Settlement) {
        let id = terms.id.0;
        let Some(record) = self.trades.remove(&id) else {
            self.differ(format!("trade {id} is not in the table"));
            return;
        };
        let what = |column| format!("{column} of trade {id}");
        self.expect(what("seller"), &record.seller.as_str(), &account(genesis, terms.seller));
        self.expect(what("buyer"), &record.buyer.as_str(), &account(genesis, terms.buyer));
        self.expect(what("block_height"), &record.height, &height);
        let quantities = quantities(terms, settlement);
        for ((column, table), micro) in TRADE_QUANTITIES.iter().zip(record.quantities).zip(quantities) {
            // What is written is a whole number of steps of 1e-6, to the last bit.
            self.expect_some(what(column), table, Some(micro as f64 / 1e6));
        }
    }
}

fn account(genesis: &Genesis, id: AccountId) -> &str {
    genesis.config().accounts.get(id.0 as usize).map_or("", |account| &account.name)
}

/// What the ledger says of a trade, in the order of [`TRADE_QUANTITIES`], in steps of 1e-6.
fn quantities(terms: &ContractTerms, settlement: &Settlement) -> [i64; TRADE_QUANTITIES.len()] {
    [
        terms.energy.micro(),
        settlement.delivered.micro(),
        settlement.delivered.micro(),
        terms.seller_price.micro(),
        terms.buyer_price.micro(),
        terms.grid_fee.micro(),
        terms.platform_fee.micro(),
        settlement.amount().micro(),
        settlement.seller_amount.micro(),
        settlement.grid_amount.micro(),
        settlement.platform_amount.micro(),
        settlement.penalty_to_buyer.micro(),
        settlement.penalty_to_seller.micro(),
        settlement.seller_surcharge.micro(),
        settlement.buyer_surcharge.micro(),
    ]
}
