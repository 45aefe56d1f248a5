//! A calibration for people.

use std::fmt::Write as _;
use std::path::Path;

use super::super::table::Table;
use crate::calibrate::description::Fit;
use crate::calibrate::limit::Held;
use crate::calibrate::{Calibration, Compared};

pub(super) fn render(fit: &Fit, calibration: &Calibration, out: &Path) -> String {
    let best = calibration.best();
    let mut text = format!(
        "loss {:.4}, from start {} of {}; the scenarios had {:.4} and took no part in the search\n\n",
        best.found.loss,
        best.number,
        calibration.starts.len(),
        calibration.before.loss
    );
    text += &starts(calibration);
    text += "\n";
    let near = calibration.starts.iter().filter(|start| start.is_near).count();
    let rows = fit.parameters.iter().enumerate().map(|(index, parameter)| {
        let known = &calibration.known[index];
        let table = &parameter.table;
        let spread = format!("{} to {}", number(known.spread[0]), number(known.spread[1]));
        vec![
            table.name.clone(),
            number(calibration.values()[index]),
            table.unit.clone(),
            format!("{} to {}", number(table.low), number(table.high)),
            format!("{} to {}", number(known.interval[0]), number(known.interval[1])),
            if near > 1 { spread } else { "-".to_owned() },
            known.verdict.words().to_owned(),
        ]
    });
    let of_starts = format!("{near} starts as good");
    let titles = ["parameter", "value", "unit", "bounds", "as good within", &of_starts, "identified"];
    text += &table(&titles, rows);
    if !best.limits.is_empty() {
        text += "\n";
        text += &limits(&best.limits);
    }
    for compared in &best.tables {
        text += "\n";
        text += &comparison(compared);
    }
    let _ = writeln!(text, "\nscenarios and calibration.json: {}", out.display());
    text
}

/// Each start with its loss and how near it comes to the tables, those held out above all; the scenarios as they were last.
fn starts(calibration: &Calibration) -> String {
    let mut titles = vec!["start".to_owned(), "loss".to_owned(), "as good as the best".to_owned()];
    for table in &calibration.best().tables {
        let kind = if table.is_fitted { "fitted" } else { "held out" };
        titles.push(format!("{}, {kind}: median error", table.variant));
        titles.push(format!("totals of {}", table.targets.classes.join(", ")));
    }
    let agreements = |tables: &[Compared]| -> Vec<String> {
        let of_table = |table: &Compared| {
            let median = table.agreement.median_error.map_or_else(|| "-".to_owned(), percent);
            [median, totals(table, false)]
        };
        tables.iter().flat_map(of_table).collect()
    };
    let mut rows: Vec<Vec<String>> = calibration
        .starts
        .iter()
        .map(|start| {
            let near = if start.is_near { "yes" } else { "no" };
            let mut row = vec![start.number.to_string(), format!("{:.4}", start.found.loss), near.to_owned()];
            row.extend(agreements(&start.tables));
            row.resize(titles.len(), "-".to_owned());
            row
        })
        .collect();
    let before = &calibration.before;
    let mut row = vec!["as it was".to_owned(), format!("{:.4}", before.loss), "-".to_owned()];
    row.extend(agreements(&before.tables));
    row.resize(titles.len(), "-".to_owned());
    rows.push(row);
    let titles: Vec<&str> = titles.iter().map(String::as_str).collect();
    table(&titles, rows.into_iter())
}

/// Each limit beside what the best values come to.
fn limits(held: &[Held]) -> String {
    let kwh = |bound: Option<f64>| bound.map_or_else(|| "-".to_owned(), number);
    let rows = held.iter().map(|held| {
        let limit = &held.limit;
        let hours: Vec<String> = limit.hours.iter().map(ToString::to_string).collect();
        let kept = if held.is_kept { "yes" } else { "no" };
        vec![
            limit.name.clone(),
            limit.variant.clone(),
            limit.class.clone(),
            hours.join(" "),
            kwh(limit.at_least),
            kwh(limit.at_most),
            number(held.value),
            kept.to_owned(),
        ]
    });
    let titles = ["limit", "variant", "class", "hours", "at least, kWh", "at most, kWh", "run, kWh", "kept"];
    table(&titles, rows)
}

fn totals(compared: &Compared, named: bool) -> String {
    let classes = compared.targets.classes.iter().zip(&compared.agreement.total_errors);
    let each = classes.map(|(class, error)| {
        let error = error.map_or_else(|| "-".to_owned(), signed_percent);
        if named { format!("{class} {error}") } else { error }
    });
    each.collect::<Vec<_>>().join(", ")
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
        totals(compared, true),
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
