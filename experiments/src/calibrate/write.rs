//! What a calibration leaves behind: scenarios with the fitted values in their places, and a JSON file.

use std::fmt::Write as _;

use serde_json::{Value as Json, json};
use toml_edit::{DocumentMut, Item, Value};

use super::Calibration;
use super::description::{Fit, Parameter, Variant};

/// The line from which the comments of a calibration begin; another calibration replaces them.
const MARK: &str = "# Calibrated values, by `goshawk calibrate`.";

/// The text of a variant's scenario with the fitted values in their places, and what is known of each at its end.
pub fn scenario(fit: &Fit, variant: &Variant, calibration: &Calibration) -> String {
    let text = variant.text.split(MARK).next().unwrap_or_default();
    let mut document: DocumentMut = text.parse().expect("invariant: a checked scenario is TOML");
    for (parameter, value) in fit.parameters.iter().zip(calibration.values()) {
        for field in &parameter.fields {
            put(document.as_item_mut(), &field.path, field.of(*value));
        }
    }
    let mut text = document.to_string();
    let text_end = text.trim_end().len();
    text.truncate(text_end);
    text += "\n\n";
    text += &remarks(fit, calibration);
    text
}

/// Puts a number where one stands, and keeps the blanks and comments around it.
fn put(item: &mut Item, path: &[String], number: f64) {
    let mut item = item;
    for (depth, name) in path.iter().enumerate() {
        if let Item::Value(Value::Array(list)) = item {
            let place = name.parse::<usize>().expect("invariant: the path was looked up before");
            let value = list.get_mut(place).expect("invariant: the path was looked up before");
            put_into(value, &path[depth + 1..], number);
            return;
        }
        item = &mut item[name.as_str()];
    }
    if let Item::Value(value) = item {
        replace(value, number);
    }
}

fn put_into(value: &mut Value, path: &[String], number: f64) {
    match (path.split_first(), value) {
        (None, value) => replace(value, number),
        (Some((name, rest)), Value::InlineTable(table)) => {
            let value = table.get_mut(name).expect("invariant: the path was looked up before");
            put_into(value, rest, number);
        }
        (Some((name, rest)), Value::Array(list)) => {
            let place = name.parse::<usize>().expect("invariant: the path was looked up before");
            put_into(list.get_mut(place).expect("invariant: the path was looked up before"), rest, number);
        }
        _ => unreachable!("invariant: the path was looked up before"),
    }
}

fn replace(value: &mut Value, number: f64) {
    let decor = value.decor().clone();
    *value = Value::from(number);
    *value.decor_mut() = decor;
}

fn remarks(fit: &Fit, calibration: &Calibration) -> String {
    let mut text =
        format!("{MARK}\n# Loss {:.4}, from {:.4}.\n", calibration.starts[0].loss, calibration.loss_before);
    let _ =
        writeln!(text, "#\n# parameter = value unit [low to high]: how well the targets pin it; its fields");
    for (index, parameter) in fit.parameters.iter().enumerate() {
        let known = &calibration.known[index];
        let table = &parameter.table;
        let _ = writeln!(
            text,
            "# {} = {} {} [{} to {}]: {} ({} to {}); {}",
            table.name,
            round(calibration.values()[index]),
            table.unit,
            table.low,
            table.high,
            known.verdict.words(),
            round(known.interval[0]),
            round(known.interval[1]),
            fields(parameter),
        );
    }
    text
}

fn fields(parameter: &Parameter) -> String {
    parameter.table.field.iter().map(|field| field.path.as_str()).collect::<Vec<_>>().join(", ")
}

/// Six significant digits.
fn round(value: f64) -> f64 {
    format!("{value:.5e}").parse().unwrap_or(value)
}

/// Everything that a calibration found, for programs.
pub fn json(fit: &Fit, calibration: &Calibration) -> Json {
    let parameters: Vec<Json> = fit
        .parameters
        .iter()
        .zip(&calibration.known)
        .enumerate()
        .map(|(index, (parameter, known))| {
            let table = &parameter.table;
            json!({
                "name": table.name,
                "unit": table.unit,
                "value": calibration.values()[index],
                "low": table.low,
                "high": table.high,
                "why": table.why,
                "fields": table.field,
                "before": parameter.before,
                "verdict": known.verdict,
                "interval": known.interval,
                "free_share": known.free_share,
                "starts": calibration.starts.iter().map(|found| found.values[index]).collect::<Vec<f64>>(),
            })
        })
        .collect();
    let variants: Vec<Json> = calibration
        .tables
        .iter()
        .map(|table| {
            let rows: Vec<Json> = table
                .targets
                .rows
                .iter()
                .zip(table.outputs.chunks(table.targets.classes.len()))
                .map(|((hour, targets), outputs)| json!({ "hour": hour, "targets": targets, "outputs": outputs }))
                .collect();
            json!({
                "variant": table.variant,
                "fitted": table.is_fitted,
                "targets": table.targets.file,
                "classes": table.targets.classes,
                "agreement": table.agreement,
                "rows": rows,
            })
        })
        .collect();
    json!({
        "description": fit.file.description,
        "seed": fit.file.seed,
        "optimizer": fit.file.optimizer,
        "measure": fit.file.measure,
        "loss_function": fit.file.loss,
        "loss_before": calibration.loss_before,
        "loss": calibration.starts[0].loss,
        "starts": calibration.starts.iter().map(|found| json!({
            "loss": found.loss, "evaluations": found.evaluations,
        })).collect::<Vec<Json>>(),
        "parameters": parameters,
        "tables": variants,
    })
}
