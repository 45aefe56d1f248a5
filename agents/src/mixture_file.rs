//! A fitted mixture of sessions from a CSV file.
//!
//! | column | unit | meaning |
//! |---|---|---|
//! | `kind` |  | `plug_in`: a component of the hour of plugging in; `stay`: one of time and energy |
//! | `hour` | 0 to 23 | of a `stay`: the hour of plugging in that it holds for |
//! | `weight` | 1 | relative to the others of the same kind and hour |
//! | `mean_h`, `sd_h` | h | of the hour on the clock, or of the time until departure |
//! | `mean_kwh`, `sd_kwh` | kWh | of a `stay`: of the energy at the meter |
//! | `correlation` | 1 | of a `stay`: of time and energy; 0 if empty |

use crate::household::mixture::{Mixture, PlugIn, Stay};
use crate::rows::{Row, RowProblem, RowProblems, Rows};

const FORM: &str = "a file of a mixture";

/// Reads a mixture.
///
/// # Errors
/// Everything that is wrong with the file.
pub fn read(text: &str) -> Result<Mixture, Vec<RowProblem>> {
    let mut problems = RowProblems::default();
    let Some(rows) = Rows::read(text, &mut problems) else { return Err(problems.finish(FORM)) };
    let mut find = |name: &str| rows.find(name, &mut problems).unwrap_or(usize::MAX);
    let columns =
        ["kind", "hour", "weight", "mean_h", "sd_h", "mean_kwh", "sd_kwh", "correlation"].map(&mut find);
    if !problems.is_empty() {
        return Err(problems.finish(FORM));
    }
    let mut mixture = Mixture { plug_in: Vec::new(), stays: std::array::from_fn(|_| Vec::new()) };
    for row in &rows.rows {
        component(row, columns, &mut mixture, &mut problems);
    }
    let missing: Vec<String> =
        (0..24).filter(|&hour| mixture.stays[hour].is_empty()).map(|hour| hour.to_string()).collect();
    if problems.is_empty() && mixture.plug_in.is_empty() {
        problems.add(rows.names_span.clone(), "no row of kind plug_in", "at least one");
    }
    if problems.is_empty() && !missing.is_empty() {
        let found = format!("no row of kind stay for hour {}", missing.join(", "));
        problems.add(rows.names_span.clone(), found, "at least one for each hour from 0 to 23");
    }
    if problems.is_empty() { Ok(mixture) } else { Err(problems.finish(FORM)) }
}

fn component(row: &Row, columns: [usize; 8], mixture: &mut Mixture, problems: &mut RowProblems) {
    let [kind, hour, weight, mean_h, sd_h, mean_kwh, sd_kwh, correlation] = columns;
    let mut required = |place: usize, name: &str, range: std::ops::RangeInclusive<f64>| {
        if row.text(place).is_empty() {
            problems.add(row.span.clone(), format!("no {name}"), format!("a number as `{name}`"));
        }
        row.number(place, name, range, problems)
    };
    let weight = required(weight, "weight", 1e-300..=1e9);
    let (mean_h, sd_h) = (required(mean_h, "mean_h", -100.0..=1000.0), required(sd_h, "sd_h", 0.0..=1000.0));
    match row.text(kind) {
        "plug_in" => {
            if let (Some(weight), Some(mean_h), Some(sd_h)) = (weight, mean_h, sd_h) {
                mixture.plug_in.push(PlugIn { weight, mean_h, sd_h });
            }
        }
        "stay" => {
            let mean_kwh = required(mean_kwh, "mean_kwh", -1000.0..=1000.0);
            let sd_kwh = required(sd_kwh, "sd_kwh", 0.0..=1000.0);
            let hour = required(hour, "hour", 0.0..=23.0);
            let whole = hour.filter(|hour| hour.fract() == 0.0);
            if hour.is_some() && whole.is_none() {
                problems.add(row.span.clone(), format!("hour {}", row.text(columns[1])), "a whole hour");
            }
            let correlation = row.number(correlation, "correlation", -1.0..=1.0, problems).unwrap_or(0.0);
            if let (Some(weight), Some(mean_h), Some(sd_h), Some(mean_kwh), Some(sd_kwh), Some(hour)) =
                (weight, mean_h, sd_h, mean_kwh, sd_kwh, whole)
            {
                mixture.stays[hour as usize].push(Stay {
                    weight,
                    mean_h,
                    sd_h,
                    mean_kwh,
                    sd_kwh,
                    correlation,
                });
            }
        }
        other => problems.add(row.span.clone(), format!("kind `{other}`"), "`plug_in` or `stay`"),
    }
}
