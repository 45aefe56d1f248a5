//! From values of the parameters to what the classes do in each hour, by running the scenarios.

use std::path::Path;
use std::sync::Arc;

use goshawk_agents::community::{Community, CommunityError};
use goshawk_agents::journal::day_sheet::DaySheet;
use goshawk_agents::journal::{Journal, Progress};
use goshawk_ledger::{Genesis, LedgerError, MemoryStore, Store};
use goshawk_market::mechanism::Mechanism;
use goshawk_output::{Kpi, Recorder};

use super::description::{Fit, Measure, Parameter, Variant};
use super::targets::Targets;
use crate::assemble;
use crate::run::BLOCKS_IN_MEMORY;
use crate::scenario::{Loaded, load_document};

/// Runs a replicate of a scenario without writing a row.
///
/// # Errors
/// When the community cannot be put together or run, or is stopped.
pub fn rehearse(
    loaded: &Loaded,
    mechanism: Box<dyn Mechanism>,
    replicate: u32,
    progress: &Arc<Progress>,
) -> Result<(DaySheet, Vec<Kpi>), CommunityError> {
    let spec = assemble::community_spec(loaded, assemble::streams(loaded, replicate));
    let open_store = |_: usize, genesis: &Arc<Genesis>| -> Result<Box<dyn Store>, LedgerError> {
        Ok(Box::new(MemoryStore::new(Arc::clone(genesis), BLOCKS_IN_MEMORY)))
    };
    let mut community = Community::build(&spec, mechanism, open_store)?;
    let mut journal = Journal::new(
        Recorder::discard(community.names()),
        Arc::clone(&spec.calendar),
        community.run_names(),
        Arc::clone(progress),
        community.tally(),
    );
    journal.keep_day_sheet();
    community.run(&mut journal)?;
    let sheet = journal.day_sheet().expect("invariant: it was asked for").clone();
    let (_, rows) = journal.finish();
    Ok((sheet, rows.iter().map(Kpi::from).collect()))
}

/// The value of a measure for a class in an hour from 1 to 24.
pub fn measured(sheet: &DaySheet, measure: Measure, hour: u8, class: usize) -> f64 {
    let cell = &sheet.hours[usize::from(hour) - 1].classes[class];
    match measure {
        Measure::SalesRevenue => cell.sold.amount.to_f64(),
        Measure::SoldKwh => cell.sold.energy.to_f64(),
        Measure::BoughtKwh => cell.bought.energy.to_f64(),
        Measure::GridKwh => cell.grid.energy.to_f64(),
        Measure::CompanyKwh => cell.company.energy.to_f64(),
        Measure::OutsideKwh => (cell.grid.energy + cell.company.energy).to_f64(),
    }
}

/// What a table of targets asks for, in its order: hour by hour, class by class. A portrait of nobody comes to nothing.
pub(crate) fn held_against(sheet: &DaySheet, measure: Measure, targets: &Targets, scale: f64) -> Vec<f64> {
    let classes: Vec<Option<usize>> =
        targets.classes.iter().map(|name| sheet.classes.iter().position(|class| class == name)).collect();
    targets
        .rows
        .keys()
        .flat_map(|&hour| {
            classes
                .iter()
                .map(move |class| class.map_or(0.0, |class| scale * measured(sheet, measure, hour, class)))
        })
        .collect()
}

impl Variant {
    /// Its scenario with values of the parameters; `None` where the scenario's rules refuse them.
    pub(crate) fn with(&self, parameters: &[Parameter], values: &[f64]) -> Option<Loaded> {
        let mut document = self.document.clone();
        for (parameter, &value) in parameters.iter().zip(values) {
            parameter.put(&mut document, value);
        }
        let base = self.path.parent().unwrap_or_else(|| Path::new(""));
        load_document(&self.path.display().to_string(), &document, base, Vec::new()).ok()
    }

    /// What each class does in each hour with values of the parameters; `None` where they cannot be run.
    pub(crate) fn day_sheet(
        &self,
        parameters: &[Parameter],
        values: &[f64],
        progress: &Arc<Progress>,
    ) -> Option<DaySheet> {
        let loaded = self.with(parameters, values)?;
        let mechanism = assemble::mechanism(&loaded.scenario);
        rehearse(&loaded, mechanism, 0, progress).ok().map(|(sheet, _)| sheet)
    }
}

impl Fit {
    /// What all fitted tables ask for, one after the other, then what the limits come to; `None` where the values cannot be run.
    pub(crate) fn outputs(&self, values: &[f64], progress: &Arc<Progress>) -> Option<Vec<f64>> {
        let mut outputs = Vec::new();
        let mut limited = vec![0.0; self.file.limit.len()];
        for variant in &self.variants {
            let Some(targets) = &variant.targets else { continue };
            let sheet = variant.day_sheet(&self.parameters, values, progress)?;
            outputs.extend(held_against(&sheet, self.file.measure, targets, variant.scale));
            for (limit, value) in self.file.limit.iter().zip(&mut limited) {
                if limit.variant == variant.name {
                    *value = limit.value(&sheet, variant.scale);
                }
            }
        }
        outputs.extend(limited);
        Some(outputs)
    }
}
