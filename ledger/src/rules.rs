//! Rules of the chain that a test may take away, to see that its checks notice.
//!
//! A chain has all of its rules: [`Genesis::new`](crate::Genesis::new) and reading a stored genesis give no other. Only
//! [`Genesis::weakened`](crate::Genesis::weakened) takes one away. It is there for the fault program
//! (`ledger/examples/faults`), whose checks must find each of these out; nothing else calls it, and no file or message
//! can say it.

/// A rule that is missing.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Weakness {
    /// Two thirds of the validators decide, one fewer than must.
    SmallQuorum,
    /// A validator prevotes for any block that holds, whatever it is locked on.
    NoLock,
    /// A transaction counts whatever its nonce.
    NoNonce,
    /// A transaction counts however late it comes.
    NoExpiry,
    /// A device may sell one lot twice, and more than it has.
    NoLots,
    /// What the grid approves is carried, whatever the lines bear.
    UncheckedFlows,
    /// What was contracted is paid for, whatever the meters say.
    ContractedSettlement,
    /// A final block is adopted without its certificate being checked.
    UncheckedCertificates,
}
