//! What is compared, and which way is better.

/// Which way a measure is better.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Better {
    /// The more the better.
    Higher,
    /// The less the better.
    Lower,
}

/// A figure of a run.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Measure {
    /// Its name.
    pub variable: &'static str,
    /// Its unit; `currency` stands for the scenario's.
    pub unit: &'static str,
    /// Which way is better.
    pub better: Better,
    /// Its place in the figures of a run.
    pub(super) place: usize,
}

/// How many there are.
pub(super) const COUNT: usize = 10;

const fn measure(place: usize, variable: &'static str, unit: &'static str, better: Better) -> Measure {
    Measure { variable, unit, better, place }
}

/// Energy delivered between users.
pub const TRADED: Measure = measure(0, "traded", "kWh", Better::Higher);
/// What users received for energy, penalties included.
pub const SELLERS_REVENUE: Measure = measure(1, "sellers_revenue", "currency", Better::Higher);
/// Sellers' profit with the value to them of what they store and keep, summed over the periods.
pub const SELLERS_PROFIT: Measure = measure(2, "sellers_profit", "currency", Better::Higher);
/// Buyers' cost with what moved energy is expected to cost later, summed over the periods.
pub const BUYERS_COST: Measure = measure(3, "buyers_cost", "currency", Better::Lower);
/// What users and fee takers gain over no trade at all, summed over the periods.
pub const WELFARE: Measure = measure(4, "welfare", "currency", Better::Higher);
/// What households paid less what they received, to and from everybody.
pub const NET_COST: Measure = measure(5, "net_cost", "currency", Better::Lower);
/// The median, over the periods in which users can trade, of the clearing's gap to the exact optimum.
pub const GAP: Measure = measure(6, "gap_median", "1", Better::Lower);
/// Iterations of a clearing, the mean over the periods in which users can trade.
pub const ITERATIONS: Measure = measure(7, "iterations", "1", Better::Lower);
/// Evaluations of a clearing, the same mean.
pub const EVALUATIONS: Measure = measure(8, "evaluations", "1", Better::Lower);
/// CPU time of a clearing in milliseconds, the same mean. Of all measures, this one alone differs from run to run.
pub const CPU_TIME: Measure = measure(9, "cpu_time", "ms", Better::Lower);

/// All but [`CPU_TIME`]: those that the same input gives again.
pub const REPRODUCIBLE: [Measure; COUNT - 1] =
    [TRADED, SELLERS_REVENUE, SELLERS_PROFIT, BUYERS_COST, WELFARE, NET_COST, GAP, ITERATIONS, EVALUATIONS];
