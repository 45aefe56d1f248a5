//! goshawk-ledger
