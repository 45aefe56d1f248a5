//! A comparison for programs.

use serde_json::{Value, json};

use crate::assemble::Budget;
use crate::compare::measure::{CPU_TIME, Measure, REPRODUCIBLE};
use crate::compare::{Arm, Comparison, Request};
use crate::statistics::{CONFIDENCE, Estimate};

pub(super) fn render(comparison: &Comparison, request: &Request<'_>) -> String {
    let scenario = &request.loaded.scenario;
    let currency = scenario.currency.as_str();
    let mechanisms: Vec<Value> = comparison
        .arms
        .iter()
        .map(|arm| {
            let measures = REPRODUCIBLE.iter().chain([&CPU_TIME]);
            let figures: Vec<Value> = measures.map(|measure| figure(arm, measure, currency)).collect();
            json!({ "mechanism": arm.name, "figures": figures })
        })
        .collect();
    let differences: Vec<Value> = comparison
        .others()
        .iter()
        .map(|arm| {
            let figures: Vec<Value> =
                REPRODUCIBLE.iter().map(|measure| difference(comparison, arm, measure, currency)).collect();
            json!({ "mechanism": arm.name, "figures": figures })
        })
        .collect();
    let document = json!({
        "scenario": scenario.name,
        "seed": scenario.seed,
        "currency": currency,
        "replicates": request.replicates,
        "budget": match request.budget {
            Budget::Evaluations => "evaluations",
            Budget::Iterations => "iterations",
        },
        "confidence": CONFIDENCE,
        "baseline": comparison.baseline().name,
        "mechanisms": mechanisms,
        "differences": differences,
        "optimizers": comparison.arms.iter().filter(|arm| arm.is_iterative()).map(optimizer).collect::<Vec<_>>(),
        "convergence": convergence(comparison),
    });
    serde_json::to_string_pretty(&document).expect("invariant: figures have text keys") + "\n"
}

/// An estimate's fields; of nothing, nulls.
fn estimate(estimate: Option<Estimate>) -> Value {
    let interval = estimate.and_then(|estimate| estimate.interval());
    json!({
        "count": estimate.map_or(0, |estimate| estimate.count),
        "mean": estimate.map(|estimate| estimate.mean),
        "half_width": estimate.and_then(|estimate| estimate.half_width),
        "low": interval.map(|[low, _]| low),
        "high": interval.map(|[_, high]| high),
    })
}

/// The fields of both objects.
fn with(mut fields: Value, more: Value) -> Value {
    if let (Some(fields), Value::Object(more)) = (fields.as_object_mut(), more) {
        fields.extend(more);
    }
    fields
}

fn figure(arm: &Arm, measure: &Measure, currency: &str) -> Value {
    let fields = json!({
        "variable": measure.variable,
        "unit": measure.unit.replace("currency", currency),
        "reproducible": *measure != CPU_TIME,
        "values": arm.values(measure),
    });
    with(fields, estimate(arm.estimate(measure)))
}

fn difference(comparison: &Comparison, arm: &Arm, measure: &Measure, currency: &str) -> Value {
    let difference = comparison.difference(arm, measure);
    let fields = json!({
        "variable": measure.variable,
        "unit": measure.unit.replace("currency", currency),
        "better": difference.map(|difference| difference.better),
        "worse": difference.map(|difference| difference.worse),
        "equal": difference.map(|difference| difference.equal),
    });
    with(fields, estimate(difference.map(|difference| difference.estimate)))
}

fn optimizer(arm: &Arm) -> Value {
    json!({
        "mechanism": arm.name,
        "iterations_to_convergence": estimate(arm.over_searches(|path| path.iterations_to_convergence)),
        "cpu_seconds": estimate(arm.cpu_seconds()),
    })
}

fn convergence(comparison: &Comparison) -> Vec<Value> {
    let checkpoints = &comparison.checkpoints;
    let mut rows = Vec::new();
    for arm in comparison.arms.iter().filter(|arm| arm.is_iterative()) {
        for (place, &iterations) in checkpoints.iterations.iter().enumerate() {
            let value = estimate(arm.over_searches(|path| path.at_iterations[place]));
            let fields = json!({ "mechanism": arm.name, "at": "iterations", "checkpoint": iterations });
            rows.push(with(fields, value));
        }
        for (place, &evaluations) in checkpoints.evaluations.iter().enumerate() {
            let value = estimate(arm.over_searches(|path| path.at_evaluations[place]));
            let fields = json!({ "mechanism": arm.name, "at": "evaluations", "checkpoint": evaluations });
            rows.push(with(fields, value));
        }
    }
    rows
}
