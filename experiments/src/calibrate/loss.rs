//! How far a run is from the targets.
//!
//! ```text
//! L = mean over cells with y > 0 of ln(1 + |x - y| / (y s_cell))
//!   + w_zero  * mean over cells with y = 0 of x / (Y s_zero)
//!   + w_total * mean over classes of sqrt(1 + ((X_c - Y_c) / (Y_c s_total))^2) - 1        then the mean over the tables
//!   + sum over limits of what lies beyond them, in their own units
//! ```
//!
//! x is what the run came to, y the target, X_c and Y_c a class's totals, Y the total of the table. The logarithm lets a cell
//! that cannot be met go rather than bend all others: tables of a paper carry noise.

use super::description::{Fit, Loss};
use super::limit;
use super::targets::Targets;

/// L over all fitted tables and limits, from what they ask for in their order. Infinite without outputs.
pub(crate) fn loss(fit: &Fit, outputs: Option<&[f64]>) -> f64 {
    let Some(outputs) = outputs else { return f64::INFINITY };
    let (mut rest, mut sum, mut tables) = (outputs, 0.0, 0.0);
    for targets in fit.variants.iter().filter_map(|variant| variant.targets.as_ref()) {
        let (own, others) = rest.split_at(targets.cells());
        rest = others;
        sum += of_table(&fit.file.loss, targets, own);
        tables += 1.0;
    }
    sum / tables + limit::loss(&fit.file.limit, rest)
}

fn of_table(loss: &Loss, targets: &Targets, outputs: &[f64]) -> f64 {
    let classes = targets.classes.len();
    let total: f64 = (0..classes).map(|class| targets.total(class)).sum();
    let wanted = targets.rows.values().flatten();
    let (mut cells, mut zeros) = (Mean::default(), Mean::default());
    for (&target, &output) in wanted.zip(outputs) {
        if target > 0.0 {
            cells.add(libm::log1p((output - target).abs() / (target * loss.cell_scale)));
        } else {
            zeros.add(output / (total.max(f64::MIN_POSITIVE) * loss.zero_scale));
        }
    }
    let mut totals = Mean::default();
    for class in 0..classes {
        let wanted = targets.total(class);
        if wanted > 0.0 {
            let came_to: f64 = outputs.iter().skip(class).step_by(classes).sum();
            let error = (came_to - wanted) / (wanted * loss.total_scale);
            totals.add(libm::sqrt(1.0 + error * error) - 1.0);
        }
    }
    cells.value() + loss.zero_weight * zeros.value() + loss.total_weight * totals.value()
}

/// A mean; 0 of nothing.
#[derive(Debug, Default)]
struct Mean {
    sum: f64,
    count: f64,
}

impl Mean {
    fn add(&mut self, value: f64) {
        self.sum += value;
        self.count += 1.0;
    }

    fn value(&self) -> f64 {
        if self.count > 0.0 { self.sum / self.count } else { 0.0 }
    }
}

/// How well a table is met, in the terms in which fits are judged.
#[derive(Debug, Clone, PartialEq, serde::Serialize)]
pub struct Agreement {
    /// Median over the cells above zero of the absolute relative error.
    pub median_error: Option<f64>,
    /// Largest value in a cell that should be zero, as a share of the table's total.
    pub largest_zero: f64,
    /// By class, the relative error of the total; `None` where the target is nothing.
    pub total_errors: Vec<Option<f64>>,
}

impl Agreement {
    /// Of what a run came to, in the order of the table.
    pub fn of(targets: &Targets, outputs: &[f64]) -> Self {
        let classes = targets.classes.len();
        let total: f64 = (0..classes).map(|class| targets.total(class)).sum();
        let cells = || targets.rows.values().flatten().copied().zip(outputs.iter().copied());
        let errors: Vec<f64> = cells()
            .filter(|(target, _)| *target > 0.0)
            .map(|(target, output)| (output / target - 1.0).abs())
            .collect();
        let zeros = cells().filter(|(target, _)| *target == 0.0).map(|(_, output)| output);
        let total_errors = (0..classes)
            .map(|class| {
                let wanted = targets.total(class);
                let came_to: f64 = outputs.iter().skip(class).step_by(classes).sum();
                (wanted > 0.0).then(|| came_to / wanted - 1.0)
            })
            .collect();
        Self {
            median_error: crate::statistics::median(&errors),
            largest_zero: zeros.fold(0.0, f64::max) / total.max(f64::MIN_POSITIVE),
            total_errors,
        }
    }
}
