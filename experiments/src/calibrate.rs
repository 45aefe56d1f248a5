//! Calibration: values of a scenario's fields for which its runs come near tables of targets.
//!
//! ```text
//! fit.toml + target tables + scenarios -> description -> search (several starts) -> identifiability -> scenarios, JSON
//! ```
//!
//! | module | what it is |
//! |---|---|
//! | [`description`] | what is fitted to what, and every problem of it |
//! | [`targets`] | tables of targets |
//! | [`model`] | what values of the parameters come to |
//! | [`loss`] | how far that is from the targets |
//! | [`search`] | the optimizer, from several starts |
//! | [`identify`] | which values the targets pin |
//! | [`mod@write`] | scenarios with the fitted values, and JSON |

use std::num::NonZeroUsize;

pub mod description;
pub mod identify;
pub mod loss;
pub mod model;
pub mod search;
pub mod targets;
pub mod write;

use crate::compare::Course;
use crate::scenario::Problems;
use description::Fit;
use identify::Known;
use loss::Agreement;
use search::{Bench, Found};
use targets::Targets;

/// What a calibration came to.
#[derive(Debug)]
pub struct Calibration {
    /// By start, the best first.
    pub starts: Vec<Found>,
    /// The loss of the scenarios as they were.
    pub loss_before: f64,
    /// What is known of each parameter.
    pub known: Vec<Known>,
    /// What the best values come to, table by table.
    pub tables: Vec<Compared>,
}

/// A table of targets beside what the best values come to.
#[derive(Debug)]
pub struct Compared {
    /// The variant.
    pub variant: String,
    /// Whether the fit saw the table.
    pub is_fitted: bool,
    /// The targets.
    pub targets: Targets,
    /// What the run came to, in the order of the table.
    pub outputs: Vec<f64>,
    /// How near that is.
    pub agreement: Agreement,
}

impl Calibration {
    /// The best values.
    pub fn values(&self) -> &[f64] {
        &self.starts[0].values
    }
}

/// Fits the parameters. The result does not depend on `jobs`. When the course is stopped, it is worth nothing.
///
/// # Errors
/// Parameters that change nothing that the targets ask for.
pub fn calibrate(fit: &Fit, jobs: NonZeroUsize, course: &Course) -> Result<Calibration, Problems> {
    let mut bench = Bench { fit, jobs, course };
    let before: Vec<f64> = fit.parameters.iter().map(|parameter| parameter.before).collect();
    if let Some(problems) = bench.without_effect(&before) {
        return Err(problems);
    }
    let loss_before = bench.losses(std::slice::from_ref(&before))[0];
    let mut starts: Vec<Found> =
        (0..fit.file.starts).map(|start| bench.search(start)).collect();
    starts.sort_by(|a, b| a.loss.total_cmp(&b.loss));
    let best = &starts[0];
    let known = identify::identify(&bench, &best.values, best.loss);
    let tables =
        fit.variants.iter().flat_map(|variant| compared(fit, variant, &best.values, course)).collect();
    Ok(Calibration { starts, loss_before, known, tables })
}

/// The tables of a variant beside what values of the parameters come to.
fn compared(fit: &Fit, variant: &description::Variant, values: &[f64], course: &Course) -> Vec<Compared> {
    let Some(sheet) = variant.day_sheet(&fit.parameters, values, &course.progress) else { return Vec::new() };
    let fitted = variant.targets.iter().map(|targets| (targets, true));
    let held_out = variant.held_out.iter().map(|targets| (targets, false));
    fitted
        .chain(held_out)
        .map(|(targets, is_fitted)| {
            let outputs = model::held_against(&sheet, fit.file.measure, targets, variant.scale);
            let agreement = Agreement::of(targets, &outputs);
            Compared {
                variant: variant.name.clone(),
                is_fitted,
                targets: targets.clone(),
                outputs,
                agreement,
            }
        })
        .collect()
}
