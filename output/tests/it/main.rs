//! Whole folders: written, read back, audited, broken, and refused.

mod audit_finds;
mod failures;
mod folder;
mod read_back;
mod run;
