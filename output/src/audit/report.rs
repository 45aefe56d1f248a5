//! What the audit found.

use std::collections::BTreeMap;
use std::fmt;

use crate::table::Table;

/// Findings of a check that are kept; the rest is counted.
pub const FINDINGS_MAX: usize = 20;

macro_rules! checks {
    ($($(#[$doc:meta])* $check:ident: $text:literal,)+) => {
        /// A check.
        #[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
        #[non_exhaustive]
        pub enum Check {
            $($(#[$doc])* $check,)+
        }

        impl Check {
            /// All of them, in the order in which they are done.
            pub const ALL: [Self; [$($text),+].len()] = [$(Self::$check),+];

            /// What it demands.
            pub const fn text(self) -> &'static str {
                match self {
                    $(Self::$check => $text,)+
                }
            }
        }
    };
}

checks! {
    /// Bytes of every file.
    Files: "every file is there, unchanged, and no other",
    /// Columns and footers.
    Schemas: "every part has its table's columns, rows and footer",
    /// The 1e-6 grid.
    Grid: "energy, money and prices lie on the 1e-6 grid",
    /// Periods and households.
    Completeness: "every period is there once, with every household once",
    /// Prices of trades.
    TradePrices: "sellers' price < buyers' price < grid and company, the fees between",
    /// Amounts of trades.
    TradeAmounts: "amounts of trades are prices times energy, delivered <= contracted",
    /// Energy of trades against households.
    TradedEnergy: "energy sold = energy bought = energy delivered, for each household",
    /// A household's energy.
    HouseholdEnergy: "each household's energy balances, nothing negative",
    /// The storage's energy.
    StorageEnergy: "the storage's energy balances with its content and the households",
    /// The feeder's energy and what its losses cost.
    FeederEnergy: "the feeder's energy balances with the households, its losses are paid",
    /// The fleet's energy and the aggregator's money.
    FleetEnergy: "the fleet's energy balances with its members, the aggregator's money with its row",
    /// Money.
    Money: "money of households and operators sums to nothing",
    /// Blocks.
    Chain: "blocks follow one another and hold their transactions",
    /// Settlements.
    Settlements: "every trade is settled in its block, with its energy and amount",
}

/// Something that is not as it should be.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Finding {
    /// In which table, if in one.
    pub table: Option<Table>,
    /// In which file within the folder, if in one.
    pub file: Option<String>,
    /// In which row of that file, from 0.
    pub row: Option<u64>,
    /// In which replicate.
    pub replicate: Option<u32>,
    /// On which day and in which period of it.
    pub period: Option<(u16, u16)>,
    /// Of which household.
    pub household: Option<String>,
    /// What it is about: a column, a sum, a stretch of bytes.
    pub quantity: String,
    /// What it should be.
    pub expected: String,
    /// What it is.
    pub found: String,
}

impl fmt::Display for Finding {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match (&self.file, self.table) {
            (Some(file), _) => write!(f, "{file}")?,
            (None, Some(table)) => write!(f, "{table}")?,
            (None, None) => write!(f, "run")?,
        }
        if let Some(row) = self.row {
            write!(f, " row {row}")?;
        }
        if let Some(replicate) = self.replicate {
            write!(f, ", replicate {replicate}")?;
        }
        if let Some((day, period)) = self.period {
            write!(f, ", day {day} period {period}")?;
        }
        if let Some(household) = &self.household {
            write!(f, ", household {household}")?;
        }
        write!(f, ": {}: expected {}, found {}", self.quantity, self.expected, self.found)
    }
}

/// The outcome of one check.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct CheckReport {
    /// Which.
    pub check: Check,
    /// Comparisons made.
    pub examined: u64,
    /// Comparisons that failed.
    pub failed: u64,
    /// The first failures, at most [`FINDINGS_MAX`].
    pub findings: Vec<Finding>,
    /// Why it was not done, if it was not.
    pub skipped: Option<&'static str>,
}

/// The outcome of an audit; prints as a list.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct AuditReport {
    /// Every check in order.
    pub checks: Vec<CheckReport>,
}

impl AuditReport {
    /// Whether every check was done and nothing was found.
    pub fn passed(&self) -> bool {
        self.checks.iter().all(|check| check.failed == 0 && check.skipped.is_none())
    }

    /// The outcome of one check.
    pub fn check(&self, check: Check) -> Option<&CheckReport> {
        self.checks.iter().find(|report| report.check == check)
    }

    /// Everything found.
    pub fn findings(&self) -> impl Iterator<Item = &Finding> {
        self.checks.iter().flat_map(|check| &check.findings)
    }
}

impl fmt::Display for AuditReport {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        for check in &self.checks {
            let text = check.check.text();
            match check.skipped {
                Some(reason) => writeln!(f, "skip  {text}: {reason}")?,
                None if check.examined == 0 => writeln!(f, "n/a   {text}: nothing to check")?,
                None if check.failed == 0 => writeln!(f, "pass  {text} ({} checked)", check.examined)?,
                None => writeln!(f, "FAIL  {text} ({} of {})", check.failed, check.examined)?,
            }
            for finding in &check.findings {
                writeln!(f, "      {finding}")?;
            }
            let more = check.failed - check.findings.len() as u64;
            if more > 0 {
                writeln!(f, "      and {more} more")?;
            }
        }
        Ok(())
    }
}

/// Where checks enter what they compared.
#[derive(Debug, Default)]
pub(super) struct Ledger {
    entries: BTreeMap<Check, CheckReport>,
    skipped: Option<&'static str>,
}

impl Ledger {
    fn entry(&mut self, check: Check) -> &mut CheckReport {
        self.entries.entry(check).or_insert_with(|| CheckReport {
            check,
            examined: 0,
            failed: 0,
            findings: Vec::new(),
            skipped: None,
        })
    }

    /// Enters a comparison, and what is wrong if it does not hold.
    pub(super) fn enter(&mut self, check: Check, holds: bool, finding: impl FnOnce() -> Finding) {
        let entry = self.entry(check);
        entry.examined += 1;
        if !holds {
            entry.failed += 1;
            if entry.findings.len() < FINDINGS_MAX {
                entry.findings.push(finding());
            }
        }
    }

    /// Whether a check has found something.
    pub(super) fn failed(&self, check: Check) -> bool {
        self.entries.get(&check).is_some_and(|entry| entry.failed > 0)
    }

    /// Gives up on all checks that have not begun.
    pub(super) fn skip_unexamined(&mut self, reason: &'static str) {
        self.skipped = Some(reason);
    }

    pub(super) fn report(mut self) -> AuditReport {
        for check in Check::ALL {
            let skipped = self.skipped;
            let entry = self.entry(check);
            if entry.examined == 0 {
                entry.skipped = skipped;
            }
        }
        AuditReport { checks: self.entries.into_values().collect() }
    }
}
