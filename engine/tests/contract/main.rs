//! What the engine promises, each promise shown to hold.

mod courses;
mod digests;
mod failures;
mod lifecycle;
mod observing;
mod ordering;
mod questions;
mod queueing;
mod script;
mod snapshots;
mod streams;
mod timers;
mod two_ways;
