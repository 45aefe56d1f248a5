//! Whole folders: written, read back, audited, broken, and refused.

#![expect(clippy::unwrap_used, reason = "a test that cannot go on should stop")]

mod audit_finds;
mod failures;
mod folder;
mod read_back;
mod run;
