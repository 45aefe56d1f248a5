//! Whole runs, from a scenario file to tables that others read.
//!
//! | module | what it shows |
//! |---|---|
//! | [`invariants`] | books, prices and money of the scenarios that ship |
//! | [`determinism`] | what repeats, and what changes nobody else's draws |
//! | [`saves`] | a run that was saved and gone on with ends as one that ran through |
//! | [`random_scenarios`] | the same books, and what batteries, departures, reserves and the store promise, in 1,000 random scenarios |
//! | [`tampering`] | the audit finds what was changed afterwards |
//! | [`driving`] | needs, sessions and faults: random scenarios against closed forms, real data where it is at hand |
//! | [`attacks`] | attacks that scenarios can order: what they cost, and that they change nothing else |
//! | [`bands`] | credit bands: who pays, who is kept from trading, and who comes back |
//! | [`world`] | what somebody who knows the field expects |
//! | [`aggregator`] | what an aggregator shaves, regulates and pays, and that no need suffers |
//! | [`feeder`] | what a feeder curtails, loses and pays |
//! | [`read_back`] | the tables in DuckDB, pandas and polars |
//! | [`key_figures`] | key figures against pandas, from the tables alone |
//! | [`highs`] | the exact clearing against HiGHS |
//! | [`pandapower`] | the power flow against pandapower |
//! | [`simses`] | the ageing of batteries against SimSES |
//! | [`queries`] | the ten questions of the book, in three readers |
//! | [`salib`] | designs, sensitivity indices and quantiles against SALib and scipy |
//! | [`summary`] | summaries of studies against pandas, scipy and SALib |
//! | [`report`] | reports in a browser, their numbers against summaries and DuckDB |
//! | [`pvlib`] | sun, panels and cells over a year against pvlib |

#![expect(clippy::unwrap_used, reason = "a test that cannot go on should stop")]

mod aggregator;
mod attacks;
mod bands;
mod browser;
mod determinism;
mod driving;
mod faulty_validators;
mod feeder;
#[path = "../../../agents/src/grid/power_flow/sample.rs"]
mod feeder_sample;
mod highs;
mod invariants;
mod key_figures;
mod pandapower;
mod prices;
mod proofs;
mod pvlib;
mod python;
mod queries;
mod random_scenarios;
mod read_back;
mod report;
mod run;
mod salib;
#[allow(dead_code, reason = "the market's own tests use all of it")]
#[path = "../../../market/src/problem/sample.rs"]
mod sample;
mod saves;
mod simses;
mod study_folder;
mod summary;
mod table;
mod tampering;
mod world;

// What the generators of order books and of feeders import.
use goshawk_agents::grid;
use goshawk_market::{order, problem, quantity};
