//! A calibration for people.

use std::fmt::Write as _;
use std::path::Path;

use super::super::table::Table;
use crate::calibrate::description::Fit;
use crate::calibrate::{Calibration, Compared};

pub(super) fn render(fit: &Fit, calibration: &Calibration, out: &Path) -> String {
    let losses: Vec<String> = calibration.starts.iter().map(|found| format!("{:.4}", found.loss)).collect();
    let mut text = format!(
        "loss {} from {:.4}; over the starts {}\n\n",
        losses[0],
        calibration.loss_before,
        losses.join(", ")
    );
    let rows = fit.parameters.iter().enumerate().map(|(index, parameter)| {
        let known = &calibration.known[index];
        let table = &parameter.table;
        let starts: Vec<f64> = calibration.starts.iter().map(|found| found.values[index]).collect();
        let least = starts.iter().copied().fold(f64::INFINITY, f64::min);
        let most = starts.iter().copied().fold(f64::NEG_INFINITY, f64::max);
        vec![
            table.name.clone(),
            number(calibration.values()[index]),
            table.unit.clone(),
            format!("{} to {}", number(table.low), number(table.high)),
            format!("{} to {}", number(known.interval[0]), number(known.interval[1])),
            format!("{} to {}", number(least), number(most)),
            known.verdict.words().to_owned(),
        ]
    });
    let titles = ["parameter", "value", "unit", "bounds", "as good within", "over the starts", "identified"];
    text += &table(&titles, rows);
    for compared in &calibration.tables {
        text += "\n";
        text += &comparison(compared);
    }
    let _ = writeln!(text, "\nscenarios and calibration.json: {}", out.display());
    text
}

fn comparison(compared: &Compared) -> String {
    let targets = &compared.targets;
    let classes = targets.classes.len();
    let agreement = &compared.agreement;
    let mut text = format!(
        "{} ({}, {}): median error {}, largest zero cell {:.2} % of the total, totals {}\n",
        compared.variant,
        targets.file,
        if compared.is_fitted { "fitted" } else { "held out" },
        agreement.median_error.map_or_else(|| "-".to_owned(), percent),
        100.0 * agreement.largest_zero,
        targets
            .classes
            .iter()
            .zip(&agreement.total_errors)
            .map(|(class, error)| format!("{class} {}", error.map_or_else(|| "-".to_owned(), signed_percent)))
            .collect::<Vec<_>>()
            .join(", "),
    );
    let mut titles = vec!["hour".to_owned()];
    for class in &targets.classes {
        titles.extend([format!("{class} target"), format!("{class} run"), String::new()]);
    }
    let rows =
        targets.rows.iter().zip(compared.outputs.chunks(classes)).filter_map(|((hour, wanted), came_to)| {
            let is_empty = wanted.iter().chain(came_to).all(|value| *value == 0.0);
            let mut row = vec![hour.to_string()];
            for (wanted, came_to) in wanted.iter().zip(came_to) {
                let error =
                    if *wanted > 0.0 { signed_percent(came_to / wanted - 1.0) } else { String::new() };
                row.extend([format!("{wanted:.3}"), format!("{came_to:.3}"), error]);
            }
            (!is_empty).then_some(row)
        });
    let titles: Vec<&str> = titles.iter().map(String::as_str).collect();
    text += &table(&titles, rows);
    text
}

fn percent(share: f64) -> String {
    format!("{:.1} %", 100.0 * share)
}

fn signed_percent(share: f64) -> String {
    format!("{:+.1} %", 100.0 * share)
}

/// Five significant digits.
fn number(value: f64) -> String {
    let rounded: f64 = format!("{value:.4e}").parse().unwrap_or(value);
    rounded.to_string()
}

fn table(titles: &[&str], rows: impl Iterator<Item = Vec<String>>) -> String {
    let mut table = Table::new(titles[0], &titles[1..]);
    for row in rows {
        table.row(&row[0], row[1..].iter().cloned());
    }
    table.render()
}
