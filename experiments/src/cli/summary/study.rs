//! A study's figures for people: a table for each figure with a row for each point, or a row for each figure of a single
//! point.

use crate::cli::study::{exhausted_note, target_word};
use crate::cli::table::Table;
use crate::statistics::Estimate;
use crate::study::factor::Level;
use crate::summary::long_table::level_word;
use crate::summary::{Figure, MAIN_FIGURES, Observation, PointState, Row, Summary};

/// Most points that are told one by one.
const SHOWN: usize = 20;
/// Longest label that is made of levels.
const LABEL_MAX: usize = 26;

pub(super) fn tables(summary: &Summary, chosen: &[String]) -> String {
    let mut parts = Vec::new();
    let figures = shown(summary, chosen);
    if summary.records.points.len() == 1 {
        parts.push(single(summary, &figures));
    } else {
        parts.push(points(summary));
        parts.extend(figures.iter().map(|&figure| of_figure(summary, figure)));
    }
    let told = |row: &&Row| figures.contains(&row.figure);
    let is_of_fewer = summary.rows.iter().filter(told).any(is_of_fewer);
    parts.push(notes(summary, is_of_fewer));
    parts.join("\n")
}

/// The places of the figures that are told: those asked for, else the main ones, else all.
pub(super) fn shown(summary: &Summary, chosen: &[String]) -> Vec<usize> {
    let in_order = |names: &[&str]| -> Vec<usize> {
        let of = |name: &&str| {
            let is = |(_, figure): &(usize, &Figure)| figure.variable == **name;
            summary.figures.iter().enumerate().filter(is).map(|(place, _)| place).collect::<Vec<_>>()
        };
        names.iter().flat_map(of).collect()
    };
    if !chosen.is_empty() {
        return in_order(&chosen.iter().map(String::as_str).collect::<Vec<_>>());
    }
    let main = in_order(&MAIN_FIGURES);
    if main.is_empty() { (0..summary.figures.len()).collect() } else { main }
}

/// Which figure, of what.
pub(super) fn figure_name(figure: &Figure) -> String {
    if figure.id.is_empty() {
        figure.variable.clone()
    } else {
        format!("{} of {}", figure.variable, figure.id)
    }
}

/// As many decimals as show five digits of the largest number.
pub(super) struct Digits(usize);

impl Digits {
    /// So many.
    pub(super) const THREE: Self = Self(3);

    pub(super) fn of(values: impl Iterator<Item = Option<f64>>) -> Self {
        let largest = values.flatten().fold(0.0, |largest: f64, value| largest.max(value.abs()));
        let mut decimals = 5;
        let mut bound = 1.0;
        while decimals > 0 && largest >= bound {
            bound *= 10.0;
            decimals -= 1;
        }
        Self(decimals)
    }

    pub(super) fn cell(&self, value: Option<f64>) -> String {
        let Some(value) = value else { return "-".to_owned() };
        let text = format!("{value:.*}", self.0);
        // What is rounded to nothing has no sign.
        let is_nothing = text.chars().all(|letter| "-0.".contains(letter));
        if is_nothing { text.trim_start_matches('-').to_owned() } else { text }
    }

    /// Half a width.
    pub(super) fn half(&self, value: Option<f64>) -> String {
        value.map_or_else(|| "-".to_owned(), |value| format!("± {value:.*}", self.0))
    }
}

/// The shortest ends of paths that tell them apart.
pub(super) fn short_names(paths: &[String]) -> Vec<String> {
    let end = |path: &str, names: usize| {
        let all: Vec<&str> = path.split('.').collect();
        all[all.len().saturating_sub(names)..].join(".")
    };
    let unique = |path: &String| {
        let length = path.split('.').count();
        let is_alone =
            |names: &usize| paths.iter().filter(|other| end(other, *names) == end(path, *names)).count() == 1;
        end(path, (1..=length).find(is_alone).unwrap_or(length))
    };
    paths.iter().map(unique).collect()
}

/// A level without what adds nothing.
fn level(level: &Level) -> String {
    match level {
        Level::Number(number) => number.to_string(),
        other => level_word(other),
    }
}

/// The points with their levels, and what was run of each.
fn points(summary: &Summary) -> String {
    let names = short_names(&summary.records.design.paths);
    let target = summary.records.file.stopping.is_some().then_some("target");
    let counts = ["replicates", "failed"];
    let columns: Vec<&str> = names.iter().map(String::as_str).chain(counts).chain(target).collect();
    let mut table = Table::new("scenario", &columns);
    for point in summary.records.points.iter().take(SHOWN) {
        let levels = point.row.levels.iter().map(level);
        let counts = [point.replicates().to_string(), point.failed.len().to_string()];
        let target = target.map(|_| target_word(point.target_met).to_owned());
        table.row(&point.row.scenario, levels.chain(counts).chain(target));
    }
    table.render() + &more(summary.records.points.len())
}

fn more(points: usize) -> String {
    if points > SHOWN {
        format!(" and {} more; --format csv has them all\n", points - SHOWN)
    } else {
        String::new()
    }
}

/// A point in a few words: its levels, or its name where they are too long.
fn label(point: &PointState) -> String {
    let levels = point.row.levels.iter().map(level).collect::<Vec<_>>().join(", ");
    if levels.chars().count() <= LABEL_MAX { levels } else { point.row.scenario.clone() }
}

/// Which columns there are: some need room only where there is something in them.
struct Heads {
    is_undefined: bool,
    is_compared: bool,
    /// Whether a difference is of other observations than the row's mean.
    is_of_fewer: bool,
}

impl Heads {
    fn of(rows: &[&Row]) -> Self {
        Self {
            is_undefined: rows.iter().any(|row| row.undefined > 0),
            is_compared: rows.iter().any(|row| row.difference.is_some()),
            is_of_fewer: rows.iter().any(|row| is_of_fewer(row)),
        }
    }

    fn names(&self) -> Vec<&'static str> {
        let mut names = vec!["n", "failed"];
        names.extend(self.is_undefined.then_some("undefined"));
        names.extend(["mean", ""]);
        names.extend((!self.is_compared).then_some("sd"));
        names.extend(["p05", "p50", "p95"]);
        names.extend(self.is_of_fewer.then_some("n of both"));
        names.extend(if self.is_compared { vec!["difference", ""] } else { vec![] });
        names
    }

    fn cells(&self, row: &Row, digits: &Digits) -> Vec<String> {
        let half = |estimate: Option<Estimate>| estimate.and_then(|estimate| estimate.half_width);
        let mean = |estimate: Option<Estimate>| estimate.map(|estimate| estimate.mean);
        let quantile = |place: usize| digits.cell(row.quantiles[place].map(|quantile| quantile.value));
        let mut cells = vec![row.count.to_string(), row.failed.to_string()];
        cells.extend(self.is_undefined.then(|| row.undefined.to_string()));
        cells.extend([digits.cell(mean(row.estimate)), digits.half(half(row.estimate))]);
        cells.extend((!self.is_compared).then(|| digits.cell(row.deviation)));
        cells.extend([quantile(0), quantile(2), quantile(4)]);
        if self.is_of_fewer {
            cells.push(row.difference.map_or_else(|| "-".to_owned(), |it| it.count.to_string()));
        }
        if self.is_compared {
            cells.extend([digits.cell(mean(row.difference)), digits.half(half(row.difference))]);
        }
        cells
    }
}

fn largest(rows: &[&Row]) -> Digits {
    Digits::of(rows.iter().flat_map(|row| row.range.into_iter().flatten()).map(Some))
}

/// A figure at every point.
fn of_figure(summary: &Summary, figure: usize) -> String {
    let rows: Vec<&Row> = summary.rows.iter().filter(|row| row.figure == figure).collect();
    let Some(first) = rows.first() else { return String::new() };
    let heads = Heads::of(&rows);
    let digits = largest(&rows);
    let title = format!("{}, {}", figure_name(&summary.figures[figure]), first.unit);
    let mut table = Table::new(title.trim_end_matches(", 1"), &heads.names());
    for row in rows.iter().take(SHOWN) {
        table.row(&label(&summary.records.points[row.point]), heads.cells(row, &digits));
    }
    table.render() + &more(rows.len())
}

/// The figures of a single point.
fn single(summary: &Summary, figures: &[usize]) -> String {
    let rows: Vec<&Row> = summary.rows.iter().filter(|row| figures.contains(&row.figure)).collect();
    let heads = Heads::of(&rows);
    let mut table = Table::new(&summary.records.points[0].row.scenario, &heads.names());
    for &figure in figures {
        for row in rows.iter().filter(|row| row.figure == figure) {
            let name = format!("{}, {}", figure_name(&summary.figures[figure]), row.unit);
            let digits = largest(&[row]);
            table.row(name.trim_end_matches(", 1"), heads.cells(row, &digits));
        }
    }
    table.render()
}

/// Whether the difference of a row is of other observations than its mean.
fn is_of_fewer(row: &Row) -> bool {
    row.difference.is_some_and(|difference| difference.count != row.count)
}

fn notes(summary: &Summary, is_of_fewer: bool) -> String {
    let n = match summary.records.observation() {
        Observation::Replicate => "n counts replicates",
        Observation::Pair => "n counts antithetic pairs",
    };
    let mut text =
        format!("{n}; ± is half the 95 % interval of the mean. --format csv has all figures and columns.\n");
    text.push_str(&exhausted_note(summary.records.exhausted()));
    if let Some(place) = summary.baseline {
        let name = &summary.records.points[place].row.scenario;
        text.push_str(&format!(
            "Differences are from {name}, replicate by replicate under the same random numbers.\n"
        ));
        if is_of_fewer {
            text.push_str(
                "n of both counts those that have a value at both points: a difference is of these alone.\n",
            );
        }
    }
    text
}
