//! The key figures: as `goshawk summary` tells them.

use goshawk_output::table::Table;
use goshawk_output::{Manifest, read_kpi_part};
use serde::Serialize;

use super::ReportError;
use super::source::{Kind, ScenarioSource, Source};
use crate::statistics::Estimate;
use crate::summary::{Figure, MAIN_FIGURES, Request, Scope, Summary, SummaryError, summarise};

/// Rows of key figures that a report may have; a study with more tells the main figures alone.
const ROWS_MAX: usize = 8_000;

/// A key figure of a scenario.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct KeyFigure {
    /// The scenario, by its place.
    pub scenario: usize,
    /// What it is about: `run`, `class` or `operator`.
    pub scope: String,
    /// Which of them; empty for the run.
    pub id: String,
    /// Which figure.
    pub variable: String,
    /// Its unit, with the currency's own name.
    pub unit: String,
    /// Replicates, or pairs of them, that have a value.
    pub n: usize,
    /// The value, or the mean over replicates.
    pub value: Option<f64>,
    /// Lower end of the mean's 95 % interval.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub low: Option<f64>,
    /// Its upper end.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub high: Option<f64>,
}

/// The key figures of all scenarios, and what is left out of them.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct KeyFigures {
    /// By scenario, in the order of the table.
    pub rows: Vec<KeyFigure>,
    /// What is not told, in words.
    pub notes: Vec<String>,
}

impl KeyFigures {
    /// Reads them.
    ///
    /// # Errors
    /// When a part is damaged.
    pub fn read(source: &Source) -> Result<Self, ReportError> {
        match &source.kind {
            Kind::Study(_) => of_study(source),
            Kind::Run | Kind::Runs => of_runs(source),
        }
    }
}

fn of_runs(source: &Source) -> Result<KeyFigures, ReportError> {
    let mut found = KeyFigures::default();
    for (place, scenario) in source.scenarios.iter().enumerate() {
        let Some(manifest) = &scenario.manifest else { continue };
        let values = values_of_run(scenario, manifest)?;
        if values.is_empty() {
            found.notes.push(format!("{} has no key figures: there is no table kpis.", scenario.label));
        }
        if let Some(study) = &manifest.study {
            found.notes.push(format!(
                "{} is a point of the study {}: its intervals and differences are in the report of the study's own folder.",
                scenario.label, study.name
            ));
        }
        for (figure, unit, values) in values {
            let told: Vec<f64> = values.iter().copied().flatten().collect();
            let estimate = Estimate::of(&told);
            // Replicates of a study may be pairs, which only the study knows.
            let is_alone = manifest.study.is_none() && told.len() > 1;
            let interval = estimate.filter(|_| is_alone).and_then(|estimate| estimate.interval());
            found.rows.push(KeyFigure {
                scenario: place,
                scope: figure.scope,
                id: figure.id,
                variable: figure.variable,
                unit,
                n: told.len(),
                value: if told.len() == 1 { told.first().copied() } else { estimate.map(|it| it.mean) },
                low: interval.map(|[low, _]| low),
                high: interval.map(|[_, high]| high),
            });
        }
    }
    Ok(found)
}

/// Figure, unit, and value in each replicate.
type Values = Vec<(Figure, String, Vec<Option<f64>>)>;

fn values_of_run(scenario: &ScenarioSource, manifest: &Manifest) -> Result<Values, ReportError> {
    let mut found: Values = Vec::new();
    for part in manifest.parts_of(Table::Kpis) {
        if !scenario.folder.join(&part.path).exists() {
            continue;
        }
        let mut next = 0;
        read_kpi_part(&scenario.folder, part, &mut |kpi| {
            let is = |figure: &Figure| {
                figure.variable == kpi.variable && figure.scope == kpi.scope && figure.id == kpi.id
            };
            let value = kpi.value.filter(|value| value.is_finite());
            let known = if found.get(next).is_some_and(|(figure, ..)| is(figure)) {
                Some(next)
            } else {
                found.iter().position(|(figure, ..)| is(figure))
            };
            let place = known.unwrap_or(found.len());
            if known.is_none() {
                let figure = Figure {
                    scope: kpi.scope.to_owned(),
                    id: kpi.id.to_owned(),
                    variable: kpi.variable.to_owned(),
                };
                let unit = kpi.unit.replace("currency", &manifest.header.currency);
                found.push((figure, unit, Vec::new()));
            }
            found[place].2.push(value);
            next = place + 1;
        })?;
    }
    Ok(found)
}

fn of_study(source: &Source) -> Result<KeyFigures, ReportError> {
    let mut request = Request { scope: Scope::All, ..Request::default() };
    let mut notes = Vec::new();
    let summary = match summarise(&source.folder, &request) {
        Ok(summary) if summary.rows.len() <= ROWS_MAX => summary,
        Ok(_) => {
            request.scope = Scope::Run;
            request.figures = MAIN_FIGURES.map(str::to_owned).to_vec();
            notes.push("So many points: only the main key figures are told.".to_owned());
            summarise(&source.folder, &request)?
        }
        Err(SummaryError::Nothing { .. }) => {
            notes.push("No replicate has come to its end yet: there are no key figures.".to_owned());
            return Ok(KeyFigures { rows: Vec::new(), notes });
        }
        Err(error) => return Err(error.into()),
    };
    Ok(KeyFigures { rows: rows(&summary), notes })
}

fn rows(summary: &Summary) -> Vec<KeyFigure> {
    let row = |row: &crate::summary::Row| {
        let figure = &summary.figures[row.figure];
        let interval = row.estimate.and_then(|estimate| estimate.interval());
        KeyFigure {
            scenario: row.point,
            scope: figure.scope.clone(),
            id: figure.id.clone(),
            variable: figure.variable.clone(),
            unit: row.unit.clone(),
            n: row.count,
            value: row.estimate.map(|estimate| estimate.mean),
            low: interval.map(|[low, _]| low),
            high: interval.map(|[_, high]| high),
        }
    };
    summary.rows.iter().map(row).collect()
}
