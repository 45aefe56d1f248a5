//! A comparison for people.

use super::super::table::Table;
use crate::assemble::Budget;
use crate::compare::convergence::Path;
use crate::compare::measure::{
    BUYERS_COST, CPU_TIME, EVALUATIONS, GAP, ITERATIONS, Measure, NET_COST, REPRODUCIBLE, SELLERS_PROFIT,
    SELLERS_REVENUE, TRADED, WELFARE,
};
use crate::compare::{Arm, Comparison, Request};
use crate::statistics::Estimate;

pub(super) fn render(comparison: &Comparison, request: &Request<'_>) -> String {
    let currency = request.loaded.scenario.currency.as_str();
    let mut parts = vec![opening(comparison, request), market(comparison, currency), search(comparison)];
    parts.extend(comparison.others().iter().map(|arm| differences(comparison, arm, currency)));
    let optimizers: Vec<&Arm> = comparison.arms.iter().filter(|arm| arm.is_iterative()).collect();
    if !optimizers.is_empty() {
        let checkpoints = &comparison.checkpoints;
        let at_iterations = |path: &Path, place: usize| path.at_iterations[place];
        let at_evaluations = |path: &Path, place: usize| path.at_evaluations[place];
        parts.push(effort(&optimizers, currency));
        parts.push(
            "Figure 11: best U as a share of the exact optimum, mean over searches and replicates\n".into(),
        );
        parts.push(convergence("iterations", &checkpoints.iterations, &optimizers, at_iterations));
        parts.push(convergence("evaluations", &checkpoints.evaluations, &optimizers, at_evaluations));
    }
    parts.push(
        "CPU times differ from run to run and from machine to machine; all else is the same again.\n".into(),
    );
    parts.join("\n")
}

fn opening(comparison: &Comparison, request: &Request<'_>) -> String {
    let scenario = &request.loaded.scenario;
    let intervals = match request.replicates {
        1 => "one replicate, so no intervals".to_owned(),
        replicates => format!("{replicates} replicates: mean ± half of the 95 % interval"),
    };
    let budget = match request.budget {
        Budget::Evaluations => "evaluations",
        Budget::Iterations => "iterations",
    };
    format!(
        "{}, seed {}, {intervals}; optimizers have equal {budget}; baseline {}\n",
        scenario.name,
        scenario.seed,
        comparison.baseline().name
    )
}

/// How a measure is shown: what it is multiplied by, its unit then, and decimals.
fn shown(measure: &Measure) -> (f64, &'static str, usize) {
    match measure.unit {
        "kWh" => (1.0, ", kWh", 1),
        "currency" => (1.0, "", 2),
        "ms" => (1.0, ", ms", 3),
        _ if *measure == GAP => (100.0, ", %", 4),
        _ => (1.0, "", 1),
    }
}

/// A mean and half of its interval; a dash where either is undefined.
fn estimate(estimate: Option<Estimate>, times: f64, decimals: usize) -> String {
    let Some(Estimate { mean, half_width, .. }) = estimate else { return "-".to_owned() };
    let half = half_width.map_or_else(|| "-".to_owned(), |half| format!("{:.decimals$}", times * half));
    format!("{:.decimals$} ± {half}", times * mean)
}

fn of_measure(arm: &Arm, measure: &Measure) -> String {
    let (times, _, decimals) = shown(measure);
    estimate(arm.estimate(measure), times, decimals)
}

fn market(comparison: &Comparison, currency: &str) -> String {
    let head = ["traded, kWh", "sellers' revenue", "sellers' profit", "buyers' cost", "welfare", "net cost"];
    let mut table = Table::new(&format!("market, {currency}"), &head);
    for arm in &comparison.arms {
        let measures = [TRADED, SELLERS_REVENUE, SELLERS_PROFIT, BUYERS_COST, WELFARE, NET_COST];
        table.row(&arm.name, measures.map(|measure| of_measure(arm, &measure)));
    }
    table.render()
}

fn search(comparison: &Comparison) -> String {
    let head = ["median gap, %", "iterations", "evaluations", "CPU ms"];
    let mut table = Table::new("a clearing", &head);
    for arm in &comparison.arms {
        let measures = [GAP, ITERATIONS, EVALUATIONS, CPU_TIME];
        table.row(&arm.name, measures.map(|measure| of_measure(arm, &measure)));
    }
    table.render()
}

fn differences(comparison: &Comparison, arm: &Arm, currency: &str) -> String {
    let title = format!("{} less {}", arm.name, comparison.baseline().name);
    let mut table = Table::new(&title, &["difference", "from", "to", "better in", "worse in", "equal in"]);
    for measure in &REPRODUCIBLE {
        let (times, unit, decimals) = shown(measure);
        let signed = |value: Option<f64>| {
            // Without a minus before zero.
            let decimals = decimals + 2;
            let text = value.map_or_else(|| "-".to_owned(), |value| format!("{:+.decimals$}", times * value));
            let is_zero = text.bytes().all(|letter| b"+-0.".contains(&letter)) && text != "-";
            if is_zero { text[1..].to_owned() } else { text }
        };
        let label = match measure.unit {
            "currency" => format!("{}, {currency}", spoken(measure)),
            _ => format!("{}{unit}", spoken(measure)),
        };
        let difference = comparison.difference(arm, measure);
        let interval = difference.and_then(|difference| difference.estimate.interval());
        let count = |count: Option<usize>| count.map_or_else(|| "-".to_owned(), |count| count.to_string());
        table.row(
            &label,
            [
                signed(difference.map(|difference| difference.estimate.mean)),
                signed(interval.map(|[low, _]| low)),
                signed(interval.map(|[_, high]| high)),
                count(difference.map(|difference| difference.better)),
                count(difference.map(|difference| difference.worse)),
                count(difference.map(|difference| difference.equal)),
            ],
        );
    }
    table.render()
}

/// A measure's name in words.
fn spoken(measure: &Measure) -> String {
    match measure.variable {
        "gap_median" => "median gap".to_owned(),
        "net_cost" => "net cost".to_owned(),
        variable => variable.replace("sellers_", "sellers' ").replace("buyers_", "buyers' "),
    }
}

fn effort(optimizers: &[&Arm], currency: &str) -> String {
    let revenue = format!("revenue, {currency}");
    let head = ["iterations", "to convergence", &revenue, "CPU s a run"];
    let mut table = Table::new("optimizers (Table 6)", &head);
    for arm in optimizers {
        let to_convergence = arm.over_searches(|path| path.iterations_to_convergence);
        table.row(
            &arm.name,
            [
                of_measure(arm, &ITERATIONS),
                estimate(to_convergence, 1.0, 1),
                of_measure(arm, &SELLERS_REVENUE),
                estimate(arm.cpu_seconds(), 1.0, 3),
            ],
        );
    }
    table.render()
}

fn convergence<T: std::fmt::Display>(
    unit: &str,
    checkpoints: &[T],
    optimizers: &[&Arm],
    value: impl Fn(&Path, usize) -> f64,
) -> String {
    let head: Vec<&str> = optimizers.iter().map(|arm| arm.name.as_str()).collect();
    let mut table = Table::new(&format!("after {unit}"), &head);
    for (place, checkpoint) in checkpoints.iter().enumerate() {
        let cells = optimizers.iter().map(|arm| {
            let estimate = arm.over_searches(|path| value(path, place));
            estimate.map_or_else(|| "-".to_owned(), |estimate| format!("{:.6}", estimate.mean))
        });
        table.row(&checkpoint.to_string(), cells);
    }
    table.render()
}
