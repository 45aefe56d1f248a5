//! What a calibration leaves behind: scenarios with the fitted values in their places, and a JSON file.

use std::fmt::Write as _;
use std::path::Path;

use serde_json::{Value as Json, json};
use toml_edit::{DocumentMut, Item, Value};

use super::description::{Fit, Parameter, Variant};
use super::{Calibration, Compared};

/// The line from which the comments of a calibration begin; another calibration replaces them.
const MARK: &str = "# Calibrated values, by `goshawk calibrate`.";

/// The text of a variant's scenario with the fitted values in their places, and what is known of each at its end.
///
/// It is meant for the folder `out`, which exists: paths of data files lead from there to where they are.
pub fn scenario(fit: &Fit, variant: &Variant, calibration: &Calibration, out: &Path) -> String {
    let text = variant.text.split(MARK).next().unwrap_or_default();
    let mut document: DocumentMut = text.parse().expect("invariant: a checked scenario is TOML");
    for (parameter, value) in fit.parameters.iter().zip(calibration.values()) {
        for field in &parameter.fields {
            put(document.as_item_mut(), &field.path, field.of(*value).into());
        }
    }
    let base = variant.path.parent().unwrap_or_else(|| Path::new(""));
    for (path, written) in &variant.data_files {
        if let Some(from_out) = path_from(out, &base.join(written)) {
            put(document.as_item_mut(), path, from_out.into());
        }
    }
    let mut text = document.to_string();
    let text_end = text.trim_end().len();
    text.truncate(text_end);
    text += "\n\n";
    text += &remarks(fit, calibration);
    text
}

/// The path that leads from a folder to a file, with slashes as in scenario files; the whole path where none leads there.
/// `None` for a file or folder that does not exist.
fn path_from(folder: &Path, file: &Path) -> Option<String> {
    let (folder, file) = (folder.canonicalize().ok()?, file.canonicalize().ok()?);
    let together = folder.components().zip(file.components()).take_while(|(a, b)| a == b).count();
    if together == 0 {
        return Some(file.display().to_string());
    }
    let up = folder.components().skip(together).map(|_| "..".to_owned());
    let down = file.components().skip(together).map(|part| part.as_os_str().to_string_lossy().into_owned());
    Some(up.chain(down).collect::<Vec<_>>().join("/"))
}

/// Puts a value where one stands, and keeps the blanks and comments around it.
fn put(item: &mut Item, path: &[String], new: Value) {
    let mut item = item;
    for (depth, name) in path.iter().enumerate() {
        if let Item::Value(Value::Array(list)) = item {
            let place = name.parse::<usize>().expect("invariant: the path was looked up before");
            let value = list.get_mut(place).expect("invariant: the path was looked up before");
            put_into(value, &path[depth + 1..], new);
            return;
        }
        item = &mut item[name.as_str()];
    }
    if let Item::Value(value) = item {
        replace(value, new);
    }
}

fn put_into(value: &mut Value, path: &[String], new: Value) {
    match (path.split_first(), value) {
        (None, value) => replace(value, new),
        (Some((name, rest)), Value::InlineTable(table)) => {
            let value = table.get_mut(name).expect("invariant: the path was looked up before");
            put_into(value, rest, new);
        }
        (Some((name, rest)), Value::Array(list)) => {
            let place = name.parse::<usize>().expect("invariant: the path was looked up before");
            put_into(list.get_mut(place).expect("invariant: the path was looked up before"), rest, new);
        }
        _ => unreachable!("invariant: the path was looked up before"),
    }
}

fn replace(value: &mut Value, new: Value) {
    let decor = value.decor().clone();
    *value = new;
    *value.decor_mut() = decor;
}

fn remarks(fit: &Fit, calibration: &Calibration) -> String {
    let losses: Vec<String> =
        calibration.starts.iter().map(|start| format!("{:.4}", start.found.loss)).collect();
    let mut text = format!(
        "{MARK}\n# Loss {}, the best of {} starts from the bounds alone: {}.\n",
        losses[0],
        losses.len(),
        losses.join(", ")
    );
    let _ = writeln!(
        text,
        "#\n# parameter = value unit [low to high]: how well the targets pin it (as good within); its fields"
    );
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
                "near_starts": known.spread,
                "starts": calibration.starts.iter().map(|start| start.found.values[index]).collect::<Vec<f64>>(),
            })
        })
        .collect();
    let tables: Vec<Json> = calibration.best().tables.iter().map(with_rows).collect();
    let starts: Vec<Json> = calibration
        .starts
        .iter()
        .map(|start| {
            json!({
                "start": start.number,
                "loss": start.found.loss,
                "near_best": start.is_near,
                "evaluations": start.found.evaluations,
                "tables": start.tables.iter().map(agreement).collect::<Vec<Json>>(),
                "limits": start.limits,
            })
        })
        .collect();
    json!({
        "description": fit.file.description,
        "seed": fit.file.seed,
        "optimizer": fit.file.optimizer,
        "measure": fit.file.measure,
        "loss_function": fit.file.loss,
        "before": {
            "loss": calibration.before.loss,
            "tables": calibration.before.tables.iter().map(agreement).collect::<Vec<Json>>(),
        },
        "loss": calibration.best().found.loss,
        "starts": starts,
        "parameters": parameters,
        "tables": tables,
    })
}

/// How near a table is.
fn agreement(table: &Compared) -> Json {
    json!({
        "variant": table.variant,
        "fitted": table.is_fitted,
        "targets": table.targets.file,
        "classes": table.targets.classes,
        "agreement": table.agreement,
    })
}

/// The same, with its targets and what came out.
fn with_rows(table: &Compared) -> Json {
    let outputs = table.outputs.chunks(table.targets.classes.len());
    let rows = table.targets.rows.iter().zip(outputs);
    let rows: Vec<Json> = rows
        .map(|((hour, targets), outputs)| json!({ "hour": hour, "targets": targets, "outputs": outputs }))
        .collect();
    let mut told = agreement(table);
    told["rows"] = rows.into();
    told
}
