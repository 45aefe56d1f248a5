//! The ledger from outside: networks of validators, and chains that somebody has tampered with.

#![allow(clippy::unwrap_used, reason = "a test may fail so")]

mod agreement;
mod arena;
mod attacks;
mod attacks_on_agreement;
mod bad_input;
mod bands;
mod community;
mod conduct;
mod convictions;
mod decoding;
mod false_metering;
mod faults;
mod floods;
mod front_running;
mod kill;
mod network;
mod stores;
mod tampering;
mod trade_proofs;
#[path = "../../examples/faults/trial.rs"]
mod trial;
