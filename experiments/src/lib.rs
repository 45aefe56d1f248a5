//! Scenario files, runs and studies of the goshawk simulator, and its command line.

pub mod scenario;
