//! Convergence: the optimizer's course in those clearings that were sampled.

use crate::names::Label;

table! {
    /// One iteration of a sampled clearing.
    ConvergenceRow in convergence, Convergence, a row per period {
        /// The optimizer.
        optimizer: Label [""];
        /// Iteration, from 0.
        iteration: u32 [""];
        /// Candidates evaluated so far.
        evaluations: u64 [""] as Dictionary;
        /// Best objective so far.
        best: f64 ["1"] as ByteStreamSplit;
        /// Mean objective of the population.
        mean: f64 ["1"] as ByteStreamSplit;
    }
}
