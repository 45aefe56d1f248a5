//! The audit of a run: its files and books, its ledger, and each against the other.
//!
//! The tables alone show that the books balance; the ledger's store alone shows that every block, signature and
//! balance holds. Held against each other they show that the tables tell what the ledger agreed on.

use std::fmt;
use std::path::Path;

use goshawk_agents::journal::{amounts, status};
use goshawk_ledger::{Block, ChainFault, ChainReport, Receipt, RedbStore, replay};
use goshawk_market::quantity::{Energy, Money};
use goshawk_output::{
    AuditReport, BlockRecord, Check, Manifest, OutputError, TransactionRecord, audit, audit_beside,
    read_blocks, read_transactions,
};

use crate::run::LEDGER_FILE;
use crate::study::audit::parts_beside;

/// Most differences between ledger and tables that are listed one by one.
const DIFFERENCES_MAX: usize = 20;

/// What is demanded of the ledger's store.
pub(crate) const CHAIN_HOLDS: &str =
    "every hash, root, signature, nonce, certificate and balance of the ledger holds";
/// What is demanded of store and tables.
pub(crate) const TABLES_AGREE: &str = "tables and ledger tell the same blocks, transactions and settlements";
/// Why neither is asked of a study.
pub(crate) const NO_STORE: &str = "a study keeps no store of the ledger";

/// What the audit found.
#[derive(Debug)]
pub struct Verification {
    /// Files and tables.
    pub tables: AuditReport,
    /// The ledger's store; `None` where it was not opened.
    pub chain: Option<Chain>,
    /// Whether there is no store by design: a study's points have their ledger in the tables alone.
    pub has_no_store: bool,
}

/// What the audit of the ledger found.
#[derive(Debug)]
pub struct Chain {
    /// Every block replayed, or why not.
    pub replayed: Result<ChainReport, Vec<String>>,
    /// Where tables and ledger differ.
    pub differences: Vec<String>,
    /// How many more there are.
    pub more: usize,
    /// Blocks that were compared.
    pub compared: u64,
}

impl Verification {
    /// Whether everything holds.
    pub fn passed(&self) -> bool {
        let chain_holds = |chain: &Chain| chain.replayed.is_ok() && chain.differences.is_empty();
        self.tables.passed() && self.chain.as_ref().map_or(self.has_no_store, chain_holds)
    }
}

/// Audits the run in a folder.
///
/// # Errors
/// When there is no manifest, or a file cannot be read at all.
pub fn verify(folder: &Path) -> Result<Verification, OutputError> {
    let manifest = Manifest::read(folder)?;
    if manifest.study.is_some() {
        let tables = audit_beside(folder, &parts_beside(&folder.join(".."), &manifest))?;
        return Ok(Verification { tables, chain: None, has_no_store: true });
    }
    let tables = audit(folder)?;
    let damaged = |check| tables.check(check).is_some_and(|report| report.failed > 0);
    if damaged(Check::Files) || damaged(Check::Schemas) {
        return Ok(Verification { tables, chain: None, has_no_store: false });
    }
    let chain = verify_chain(folder, &manifest)?;
    Ok(Verification { tables, chain: Some(chain), has_no_store: false })
}

fn verify_chain(folder: &Path, manifest: &Manifest) -> Result<Chain, OutputError> {
    let mut comparison = Comparison::read(folder, manifest)?;
    let replayed = match RedbStore::open_read_only(&folder.join(LEDGER_FILE)) {
        Err(error) => Err(vec![error.to_string()]),
        Ok(store) => replay(&store, &mut |block, receipts, _| comparison.block(block, receipts))
            .map_err(|faults| faults.iter().map(ChainFault::to_string).collect()),
    };
    if replayed.is_ok() {
        comparison.finish();
    }
    let Comparison { differences, more, compared, .. } = comparison;
    Ok(Chain { replayed, differences, more, compared })
}

/// The tables' word, to be held against the ledger's, block by block.
struct Comparison {
    blocks: std::vec::IntoIter<BlockRecord>,
    transactions: std::iter::Peekable<std::vec::IntoIter<TransactionRecord>>,
    differences: Vec<String>,
    more: usize,
    compared: u64,
}

impl Comparison {
    fn read(folder: &Path, manifest: &Manifest) -> Result<Self, OutputError> {
        let (mut blocks, mut transactions) = (Vec::new(), Vec::new());
        read_blocks(folder, manifest, &mut |block| blocks.push(block))?;
        read_transactions(folder, manifest, &mut |transaction| transactions.push(transaction))?;
        Ok(Self {
            blocks: blocks.into_iter(),
            transactions: transactions.into_iter().peekable(),
            differences: Vec::new(),
            more: 0,
            compared: 0,
        })
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

    fn block(&mut self, block: &Block, receipts: &[Receipt]) {
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
        let root = header.transaction_root.to_string();
        self.expect(format_args!("tx_root of block {height}"), &record.transaction_root, &root);
        let root = header.state_root.to_string();
        self.expect(format_args!("state_root of block {height}"), &record.state_root, &root);
        for (index, (transaction, receipt)) in block.transactions().iter().zip(receipts).enumerate() {
            let Some(record) = self.transactions.next_if(|record| record.height == height) else {
                self.differ(format!("transaction {index} of block {height} is not in the table"));
                continue;
            };
            let what = |column| format!("{column} of transaction {index} of block {height}");
            self.expect(what("tx_id"), &record.id, &transaction.id().0.to_string());
            self.expect(what("kind"), &record.kind, &transaction.transaction().operation.name().to_owned());
            let operation = &transaction.transaction().operation;
            let (energy, amount) = amounts(operation, receipt);
            let contract = operation.contract().map(|contract| contract.0);
            self.expect_some(what("contract"), record.contract, contract);
            self.expect_some(what("energy_micro_kwh"), record.energy_micro_kwh, energy.map(Energy::micro));
            self.expect_some(what("amount_micro"), record.amount_micro, amount.map(Money::micro));
            self.expect(what("status"), &record.status, &status(receipt).to_owned());
        }
    }

    fn finish(&mut self) {
        let (blocks, transactions) = (self.blocks.len(), self.transactions.len());
        if blocks + transactions > 0 {
            self.differ(format!("{blocks} blocks and {transactions} transactions are not in the ledger"));
        }
    }
}

impl fmt::Display for Verification {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}", self.tables)?;
        match &self.chain {
            None if self.has_no_store => {
                writeln!(f, "n/a   {CHAIN_HOLDS}: {NO_STORE}")?;
                writeln!(f, "n/a   {TABLES_AGREE}: {NO_STORE}")
            }
            None => writeln!(f, "skip  the ledger: files are damaged"),
            Some(chain) => write!(f, "{chain}"),
        }
    }
}

impl fmt::Display for Chain {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let text = CHAIN_HOLDS;
        match &self.replayed {
            Ok(ChainReport { heights, transactions, .. }) => {
                writeln!(f, "pass  {text} ({heights} blocks, {transactions} transactions executed again)")?;
            }
            Err(faults) => {
                writeln!(f, "FAIL  {text}")?;
                for fault in faults {
                    writeln!(f, "      {LEDGER_FILE}: {fault}")?;
                }
            }
        }
        let text = TABLES_AGREE;
        match (&self.replayed, self.differences.is_empty()) {
            (Err(_), true) => return writeln!(f, "skip  {text}: the ledger does not hold"),
            (Ok(_), true) => return writeln!(f, "pass  {text} ({} blocks)", self.compared),
            (_, false) => writeln!(f, "FAIL  {text}")?,
        }
        for difference in &self.differences {
            writeln!(f, "      {difference}")?;
        }
        if self.more > 0 {
            writeln!(f, "      and {} more", self.more)?;
        }
        Ok(())
    }
}
