//! What the engine promises, each promise shown to hold.

mod digests;
mod failures;
mod ordering;
mod queueing;
mod script;
mod streams;
mod timers;
