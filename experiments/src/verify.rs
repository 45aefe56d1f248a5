//! The audit of a run: its files and books, its ledger, and each against the other.
//!
//! The tables alone show that the books balance; the ledger's store alone shows that every block, signature and
//! balance holds. Held against each other they show that the tables tell what the ledger agreed on.

use std::fmt;
use std::path::Path;

use goshawk_ledger::{ChainFault, ChainReport, RedbStore, Store as _, replay};
use goshawk_output::{AuditReport, Check, Manifest, OutputError, audit, audit_beside};

use crate::run::LEDGER_FILE;
use crate::study::audit::parts_beside;

mod comparison;

use comparison::Comparison;

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
        Ok(store) => replay(&store, &mut |block, receipts, _| {
            comparison.block(store.genesis(), block, receipts);
        })
        .map_err(|faults| faults.iter().map(ChainFault::to_string).collect()),
    };
    if replayed.is_ok() {
        comparison.finish();
    }
    let Comparison { differences, more, compared, .. } = comparison;
    Ok(Chain { replayed, differences, more, compared })
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
