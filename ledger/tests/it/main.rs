//! The ledger from outside: networks of validators, and chains that somebody has tampered with.

mod agreement;
mod community;
mod network;
mod tampering;
