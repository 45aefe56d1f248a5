//! What figures owe to the factors, for people: a table for each figure with a row for each factor.

use super::study::{Digits, figure_name, short_names, shown};
use crate::cli::study::exhausted_note;
use crate::cli::table::Table;
use crate::study::sensitivity::Index;
use crate::study::sensitivity::morris::Effects;
use crate::study::sensitivity::sobol::Indices;
use crate::summary::influence::Found;
use crate::summary::{Influence, Summary};

pub(super) fn tables(summary: &Summary, chosen: &[String], folder: &str) -> String {
    let names = short_names(&summary.records.design.paths);
    let places = shown(summary, chosen);
    let influences: Vec<&Influence> = places
        .iter()
        .filter_map(|&place| summary.influences.iter().find(|influence| influence.figure == place))
        .collect();
    let mut parts: Vec<String> = Vec::new();
    for influence in &influences {
        let name = figure_name(&summary.figures[influence.figure]);
        let title = format!("{name}, {}", influence.unit);
        let title = title.trim_end_matches(", 1");
        match &influence.found {
            Found::Morris(effects) => parts.push(morris(title, &names, effects)),
            Found::Sobol(indices) => parts.push(sobol(&name, &names, indices)),
            Found::Blocks(_) => {}
        }
    }
    if influences.iter().any(|influence| matches!(influence.found, Found::Blocks(_))) {
        parts.push(blocks(summary, &influences));
    }
    parts.push(notes(summary, &influences, folder));
    parts.join("\n")
}

/// Factors from the one that matters most.
fn morris(title: &str, names: &[String], effects: &[Effects]) -> String {
    let mut table = Table::new(title, &["effects", "left out", "mu", "mu star", "", "sigma"]);
    let mut ranked: Vec<usize> = (0..effects.len()).collect();
    let mu_star = |factor: usize| effects[factor].mu_star.value.unwrap_or(f64::NEG_INFINITY);
    ranked.sort_by(|&a, &b| mu_star(b).total_cmp(&mu_star(a)));
    let digits = Digits::of(effects.iter().flat_map(|it| [it.mu, it.mu_star.value, it.sigma]));
    for factor in ranked {
        let it = &effects[factor];
        let cells = [
            it.count.to_string(),
            it.missing.to_string(),
            digits.cell(it.mu),
            digits.cell(it.mu_star.value),
            digits.half(it.mu_star.half_width),
            digits.cell(it.sigma),
        ];
        table.row(&names[factor], cells);
    }
    table.render()
}

/// Factors from the one that matters most, then the pairs.
fn sobol(title: &str, names: &[String], indices: &Indices) -> String {
    let index = |it: Index| [Digits::THREE.cell(it.value), Digits::THREE.half(it.half_width)];
    let mut table = Table::new(title, &["S1", "", "ST", ""]);
    let mut ranked: Vec<usize> = (0..names.len()).collect();
    let total = |factor: usize| indices.total[factor].value.unwrap_or(f64::NEG_INFINITY);
    ranked.sort_by(|&a, &b| total(b).total_cmp(&total(a)));
    for factor in ranked {
        table.row(
            &names[factor],
            index(indices.first[factor]).into_iter().chain(index(indices.total[factor])),
        );
    }
    let mut text = table.render();
    if !indices.second.is_empty() {
        let mut table = Table::new(&format!("{title}, pairs"), &["S2", ""]);
        for pair in &indices.second {
            let [a, b] = pair.factors;
            table.row(&format!("{} and {}", names[a], names[b]), index(pair.index));
        }
        text.push('\n');
        text.push_str(&table.render());
    }
    let Indices { count, missing, .. } = indices;
    text.push_str(&format!(" {count} base points, {missing} left out\n"));
    text
}

fn blocks(summary: &Summary, influences: &[&Influence]) -> String {
    let mut table = Table::new("mean over the factors", &["blocks", "left out", "mean", ""]);
    for influence in influences {
        let Found::Blocks(found) = &influence.found else { continue };
        let name = format!("{}, {}", figure_name(&summary.figures[influence.figure]), influence.unit);
        let estimate = found.map(|found| found.estimate);
        let digits = Digits::of(std::iter::once(estimate.map(|estimate| estimate.mean)));
        let cells = [
            estimate.map_or(0, |estimate| estimate.count).to_string(),
            found.map_or_else(|| "all".to_owned(), |found| found.incomplete.to_string()),
            digits.cell(estimate.map(|estimate| estimate.mean)),
            digits.half(estimate.and_then(|estimate| estimate.half_width)),
        ];
        table.row(name.trim_end_matches(", 1"), cells);
    }
    table.render()
}

fn notes(summary: &Summary, influences: &[&Influence], folder: &str) -> String {
    let points = &summary.records.points;
    let replicates: usize = points.iter().map(|point| point.replicates()).sum();
    let failed: usize = points.iter().map(|point| point.failed.len()).sum();
    let what = match influences.first().map(|influence| &influence.found) {
        Some(Found::Morris(_)) => {
            "Effects are changes per range of the factor, of a point's mean over its replicates."
        }
        Some(Found::Sobol(_)) => "Indices are shares of the variance of a point's mean over its replicates.",
        _ => "An observation is a block's mean over its points' means over their replicates.",
    };
    let missing = influences.iter().map(|influence| influence.missing).max().unwrap_or(0);
    let exhausted = exhausted_note(summary.records.exhausted());
    format!(
        "{exhausted}{what}\n± is half the 95 % interval. {replicates} replicates at {} points, {failed} failed; points without a \
         value of some figure: {missing}.\nThe points one by one: goshawk summary {folder} --format csv\n",
        points.len()
    )
}
