//! What the main key figures owe to a study's factors, of a design that tells.

use serde::Serialize;

use super::ReportError;
use super::source::{Kind, Source};
use crate::study::design::Structure;
use crate::study::sensitivity::Index;
use crate::summary::influence::Found;
use crate::summary::{MAIN_FIGURES, Request, Scope, SummaryError, summarise};

/// What a key figure of the run owes to each factor.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct Influence {
    /// Which figure.
    pub variable: String,
    /// Its unit.
    pub unit: String,
    /// `morris` or `sobol`.
    pub method: &'static str,
    /// By factor.
    pub factors: Vec<Factor>,
}

/// A factor's influence: of Morris, mu star and sigma; of Sobol, the first-order and the total index.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct Factor {
    /// The path of its field.
    pub path: String,
    /// Mu star, or the total index, with half of its 95 % interval.
    pub main: [Option<f64>; 2],
    /// Sigma with nothing, or the first-order index with half of its interval.
    pub other: [Option<f64>; 2],
}

fn pair(index: Index) -> [Option<f64>; 2] {
    [index.value, index.half_width]
}

/// Those of a study; none of others, or before a replicate has come to its end.
///
/// # Errors
/// When a part is damaged.
pub(super) fn influences(source: &Source) -> Result<Vec<Influence>, ReportError> {
    let Kind::Study(study) = &source.kind else { return Ok(Vec::new()) };
    if !matches!(study.design.structure, Structure::Morris(_) | Structure::Saltelli(_)) {
        return Ok(Vec::new());
    }
    let main = MAIN_FIGURES.map(str::to_owned).to_vec();
    let request = Request { scope: Scope::Run, figures: main.clone(), influence_on: main, baseline: None };
    let summary = match summarise(&source.folder, &request) {
        Ok(summary) => summary,
        Err(SummaryError::Nothing { .. }) => return Ok(Vec::new()),
        Err(error) => return Err(error.into()),
    };
    let paths = &study.design.paths;
    let told = |influence: &crate::summary::Influence| {
        let of = |path: &String, main, other| Factor { path: path.clone(), main, other };
        let (method, factors) = match &influence.found {
            Found::Morris(effects) => {
                let factors = paths.iter().zip(effects);
                ("morris", factors.map(|(path, it)| of(path, pair(it.mu_star), [it.sigma, None])).collect())
            }
            Found::Sobol(indices) => {
                let factors = paths.iter().zip(indices.total.iter().zip(&indices.first));
                (
                    "sobol",
                    factors.map(|(path, (total, first))| of(path, pair(*total), pair(*first))).collect(),
                )
            }
            Found::Blocks(_) => return None,
        };
        let variable = summary.figures[influence.figure].variable.clone();
        Some(Influence { variable, unit: influence.unit.clone(), method, factors })
    };
    Ok(summary.influences.iter().filter_map(told).collect())
}
