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
//! | [`limit`] | what must hold beside them |
//! | [`model`] | what values of the parameters come to |
//! | [`loss`] | how far that is from the targets |
//! | [`search`] | the optimizer, from several starts |
//! | [`identify`] | which values the targets pin |
//! | [`mod@write`] | scenarios with the fitted values, and JSON |

use std::num::NonZeroUsize;

pub mod description;
pub mod identify;
pub mod limit;
pub mod loss;
pub mod model;
pub mod search;
pub mod targets;
pub mod write;

use crate::compare::Course;
use crate::scenario::Problems;
use description::{Fit, Parameter, Variant};
use identify::Known;
use limit::Held;
use loss::Agreement;
use search::{Bench, Found};
use targets::Targets;

/// What a calibration came to.
#[derive(Debug)]
pub struct Calibration {
    /// By start, the best first.
    pub starts: Vec<Start>,
    /// The scenarios as they were. They have no part in the search.
    pub before: AsItWas,
    /// What is known of each parameter.
    pub known: Vec<Known>,
}

/// What a start of the search came to.
#[derive(Debug)]
pub struct Start {
    /// Its number, from 1.
    pub number: u32,
    /// What it found.
    pub found: Found,
    /// Whether its loss is so near to the best one that it counts as as good.
    pub is_near: bool,
    /// What its values come to, table by table.
    pub tables: Vec<Compared>,
    /// What they come to, limit by limit.
    pub limits: Vec<Held>,
}

/// The scenarios before the fit.
#[derive(Debug)]
pub struct AsItWas {
    /// Their loss.
    pub loss: f64,
    /// What they come to, table by table.
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
    /// The best start.
    pub fn best(&self) -> &Start {
        &self.starts[0]
    }

    /// The best values.
    pub fn values(&self) -> &[f64] {
        &self.best().found.values
    }
}

/// Fits the parameters: every start draws its first candidates between the bounds alone. The result does not depend on `jobs`. When the course is stopped, it is worth nothing.
///
/// # Errors
/// Parameters that change nothing that the targets ask for.
pub fn calibrate(fit: &Fit, jobs: NonZeroUsize, course: &Course) -> Result<Calibration, Problems> {
    let mut bench = Bench { fit, jobs, course };
    let before: Vec<f64> = fit.parameters.iter().map(|parameter| parameter.before).collect();
    if let Some(problems) = bench.without_effect(&before) {
        return Err(problems);
    }
    let tables = |parameters: &[Parameter], values: &[f64]| -> Vec<Compared> {
        let of_variant = |variant| compared(fit, variant, parameters, values, course);
        fit.variants.iter().flat_map(of_variant).collect()
    };
    let tables_before = tables(&[], &[]);
    let outputs = fit.outputs(&[], &course.progress);
    let before = AsItWas { loss: loss::loss(fit, outputs.as_deref()), tables: tables_before };
    let mut found: Vec<(u32, Found)> =
        (0..fit.file.starts).map(|start| (start + 1, bench.search(start))).collect();
    found.sort_by(|a, b| a.1.loss.total_cmp(&b.1.loss));
    let best = found[0].1.loss;
    let starts: Vec<Start> = found
        .into_iter()
        .map(|(number, found)| {
            let is_near = found.loss <= best + identify::NEAR;
            let tables = tables(&fit.parameters, &found.values);
            let limits = limits(fit, &found.values, course);
            Start { number, found, is_near, tables, limits }
        })
        .collect();
    let known = identify::identify(&bench, &starts);
    Ok(Calibration { starts, before, known })
}

/// The limits beside what values of the parameters come to.
fn limits(fit: &Fit, values: &[f64], course: &Course) -> Vec<Held> {
    let limits = &fit.file.limit;
    let outputs = fit.outputs(values, &course.progress).unwrap_or_default();
    let own = outputs.len().saturating_sub(limits.len());
    limits.iter().zip(&outputs[own..]).map(|(limit, &value)| limit.held(value)).collect()
}

/// The tables of a variant beside what values of the parameters come to, or its scenario as it is, without parameters.
fn compared(
    fit: &Fit,
    variant: &Variant,
    parameters: &[Parameter],
    values: &[f64],
    course: &Course,
) -> Vec<Compared> {
    let Some(sheet) = variant.day_sheet(parameters, values, &course.progress) else { return Vec::new() };
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
