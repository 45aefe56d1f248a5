//! goshawk: scenario files, runs and the command line around the community of electric-vehicle households.
//!
//! ```text
//! scenario file -> scenario::load -> assemble -> run -> part files, ledger, manifest -> summary, verify
//! ```
//!
//! | module | what it is |
//! |---|---|
//! | [`scenario`] | scenario files and every problem of one |
//! | [`assemble`] | from a scenario to the community that it describes |
//! | [`run`], [`save`], [`pace`] | one run, from a scenario to a folder; saved on its way; at a multiple of real time |
//! | [`determinism`] | two runs side by side, event by event |
//! | [`compare`] | the same scenario under several mechanisms |
//! | [`calibrate`] | fields of scenarios fitted to tables of targets |
//! | [`paper`] | the paper's tables and claims beside ours |
//! | [`study`] | designs of studies, and what their results say |
//! | [`statistics`] | summaries over replicates, and how sure they are |
//! | [`summary`] | what a study says |
//! | [`verify`] | the audit of a run's tables and of its ledger, against each other |
//! | [`proof`] | proof of a trade, for somebody who knows the hash of one block |
//! | [`report`] | a run or a study as one page, and its figures |
//! | [`views`] | the tables as views for DuckDB |
//! | [`cli`] | the command line |

pub mod assemble;
pub mod calibrate;
pub mod cli;
pub mod compare;
mod cpu_time;
pub mod determinism;
mod memory;
pub mod pace;
pub mod paper;
pub mod proof;
pub mod report;
pub mod run;
pub mod save;
pub mod scenario;
pub mod statistics;
pub mod study;
pub mod summary;
pub mod verify;
pub mod views;

/// Pages of the book whose programs are compiled and run with the tests.
#[cfg(doctest)]
mod book {
    #[doc = include_str!("../../docs/src/own-agent.md")]
    struct OwnAgent;
}
