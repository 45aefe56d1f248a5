//! Whole runs, from a scenario file to tables that others read.
//!
//! | module | what it shows |
//! |---|---|
//! | [`invariants`] | books, prices and money of the scenarios that ship |
//! | [`determinism`] | what repeats, and what changes nobody else's draws |
//! | [`tampering`] | the audit finds what was changed afterwards |
//! | [`world`] | what somebody who knows the field expects |
//! | [`read_back`] | the tables in DuckDB, pandas and polars |
//! | [`highs`] | the exact clearing against HiGHS |

#![expect(clippy::unwrap_used, reason = "a test that cannot go on should stop")]

mod determinism;
mod highs;
mod invariants;
mod python;
mod read_back;
mod run;
#[allow(dead_code, reason = "the market's own tests use all of it")]
#[path = "../../../market/src/problem/sample.rs"]
mod sample;
mod table;
mod tampering;
mod world;

// What the market's generator of order books imports.
use goshawk_market::{order, problem, quantity};
