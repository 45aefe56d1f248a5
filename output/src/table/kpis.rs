//! Key figures of a run.

use crate::names::Label;

table! {
    /// One measure of one run over one scope.
    KpiRow in kpis, Kpis {
        /// What it is about: `run`, `class` or `operator`.
        scope: Label [""];
        /// Which class or operator; empty for the run.
        id: String [""] as Dictionary;
        /// What is measured.
        variable: Label [""];
        /// Its value; absent where it is not defined.
        value: Option<f64> [""];
        /// Its unit.
        unit: Label [""];
    }
}
