//! A study's figures for programs, as one JSON object.

use serde_json::{Map, Value, json};

use crate::study::sensitivity::Index;
use crate::summary::influence::Found;
use crate::summary::{Influence, PointState, Summary, long_table};

pub(super) fn of(summary: &Summary) -> Value {
    let records = &summary.records;
    let paths = &records.design.paths;
    let point = |point: &PointState| {
        let levels: Map<String, Value> =
            paths.iter().cloned().zip(point.row.levels.iter().map(|level| json!(level))).collect();
        json!({
            "point": point.row.point, "scenario": point.row.scenario, "levels": levels,
            "replicates": point.replicates(), "failed": point.failed.len(), "target_met": point.target_met,
        })
    };
    json!({
        "study": records.file.name,
        "observation": records.observation().name(),
        "missing_replicates": records.missing,
        "baseline": summary.baseline.map(|place| &records.points[place].row.scenario),
        "points": records.points.iter().map(point).collect::<Vec<_>>(),
        "figures": long_table::json_rows(summary),
        "sensitivity": summary.influences.iter().map(|it| influence(summary, it)).collect::<Vec<_>>(),
    })
}

fn influence(summary: &Summary, influence: &Influence) -> Value {
    let figure = &summary.figures[influence.figure];
    let paths = &summary.records.design.paths;
    let mut value = json!({
        "scope": figure.scope, "id": figure.id, "variable": figure.variable, "unit": influence.unit,
        "estimand": "mean over replicates", "points_missing": influence.missing,
    });
    let found = match &influence.found {
        Found::Morris(effects) => {
            let factor = |(path, it): (&String, &crate::study::sensitivity::morris::Effects)| {
                json!({
                    "factor": path, "n": it.count, "left_out": it.missing, "mu": it.mu, "mu_star": it.mu_star.value,
                    "mu_star_half_width": it.mu_star.half_width, "sigma": it.sigma,
                })
            };
            json!({ "method": "morris", "factors": paths.iter().zip(effects).map(factor).collect::<Vec<_>>() })
        }
        Found::Sobol(indices) => {
            let factor = |(place, path): (usize, &String)| {
                let (first, total): (Index, Index) = (indices.first[place], indices.total[place]);
                json!({
                    "factor": path, "S1": first.value, "S1_half_width": first.half_width,
                    "ST": total.value, "ST_half_width": total.half_width,
                })
            };
            let pair = |it: &crate::study::sensitivity::sobol::Pair| {
                let [a, b] = it.factors;
                json!({
                    "factors": [paths[a], paths[b]], "S2": it.index.value, "S2_half_width": it.index.half_width,
                })
            };
            json!({
                "method": "saltelli", "n": indices.count, "left_out": indices.missing,
                "factors": paths.iter().enumerate().map(factor).collect::<Vec<_>>(),
                "pairs": indices.second.iter().map(pair).collect::<Vec<_>>(),
            })
        }
        Found::Blocks(found) => {
            let estimate = found.map(|found| found.estimate);
            json!({
                "method": "blocks", "n": estimate.map_or(0, |it| it.count), "left_out": found.map(|it| it.incomplete),
                "mean": estimate.map(|it| it.mean), "ci_low": estimate.and_then(|it| it.interval()).map(|it| it[0]),
                "ci_high": estimate.and_then(|it| it.interval()).map(|it| it[1]),
            })
        }
    };
    let (Value::Object(all), Value::Object(found)) = (&mut value, found) else {
        unreachable!("invariant: both are objects")
    };
    all.extend(found);
    value
}
