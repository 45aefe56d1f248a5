//! A `[design]` as it is written, and what it comes to.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::{
    Design, POINTS_MAX, check_paths, full_factorial, latin_hypercube, morris, saltelli, sobol, sobol_sequence,
};
use crate::study::FieldProblem;
use crate::study::factor::Factor;

/// A `[design]` as it is written.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct DesignTable {
    /// The kind of design.
    pub method: MethodName,
    /// Points of a block of `latin_hypercube` or `sobol`, base points of `saltelli`; of the latter two a power of two.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub points: Option<u32>,
    /// Independent blocks of `latin_hypercube` or `sobol`, 1 to 10,000; 1 by default, which has no interval over blocks.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub blocks: Option<u32>,
    /// Walks of `morris`, at least 2.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub trajectories: Option<u32>,
    /// Levels of each factor in `morris`, an even number from 2 to 100; 4 by default.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub levels: Option<u32>,
    /// Whether `saltelli` has indices of pairs of factors; `false` by default.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub second_order: Option<bool>,
    /// The CSV or Parquet file of `table`, relative to the study's folder.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub file: Option<String>,
}

/// The kinds of designs.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum MethodName {
    /// Every combination of the levels.
    FullFactorial,
    /// Latin hypercubes.
    LatinHypercube,
    /// Scrambled Sobol points.
    Sobol,
    /// Morris's elementary effects.
    Morris,
    /// Saltelli's design for Sobol indices.
    Saltelli,
    /// Points from a file.
    Table,
}

/// A design that can be made.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Method {
    /// Every combination of the levels.
    FullFactorial,
    /// Latin hypercubes.
    LatinHypercube {
        /// Points of each.
        points: u32,
        /// How many.
        blocks: u32,
    },
    /// Scrambled Sobol points.
    Sobol {
        /// Points of each scrambling, a power of two.
        points: u32,
        /// How many scramblings.
        blocks: u32,
    },
    /// Morris's elementary effects.
    Morris {
        /// Walks.
        trajectories: u32,
        /// Levels of each factor.
        levels: u32,
    },
    /// Saltelli's design.
    Saltelli {
        /// Base points, a power of two.
        points: u32,
        /// With indices of pairs or without.
        order: saltelli::Order,
    },
    /// Points from a file.
    Table {
        /// Its path as written.
        file: String,
    },
}

/// Most points a block, and most blocks.
const BLOCKS_MAX: u32 = 10_000;
/// Most levels of Morris's design.
const LEVELS_MAX: u32 = 100;

impl DesignTable {
    /// A design without any number.
    pub fn of(method: MethodName) -> Self {
        Self {
            method,
            points: None,
            blocks: None,
            trajectories: None,
            levels: None,
            second_order: None,
            file: None,
        }
    }

    /// The design that it describes.
    ///
    /// # Errors
    /// Everything that is wrong with it.
    pub fn check(&self) -> Result<Method, Vec<FieldProblem>> {
        use MethodName::{FullFactorial, LatinHypercube, Morris, Saltelli, Sobol, Table};
        let mut problems = self.unused();
        let points_max = POINTS_MAX as u32;
        let method = match self.method {
            FullFactorial => Some(Method::FullFactorial),
            LatinHypercube => within("points", self.points, 2..=points_max, &mut problems)
                .zip(within("blocks", Some(self.blocks.unwrap_or(1)), 1..=BLOCKS_MAX, &mut problems))
                .map(|(points, blocks)| Method::LatinHypercube { points, blocks }),
            Sobol => self
                .power_of_two(&mut problems)
                .zip(within("blocks", Some(self.blocks.unwrap_or(1)), 1..=BLOCKS_MAX, &mut problems))
                .map(|(points, blocks)| Method::Sobol { points, blocks }),
            Morris => within("trajectories", self.trajectories, 2..=points_max, &mut problems)
                .zip(self.even_levels(&mut problems))
                .map(|(trajectories, levels)| Method::Morris { trajectories, levels }),
            Saltelli => self.power_of_two(&mut problems).map(|points| {
                let second = self.second_order.unwrap_or(false);
                let order = if second { saltelli::Order::Second } else { saltelli::Order::First };
                Method::Saltelli { points, order }
            }),
            Table => {
                let file = self.file.clone().filter(|file| !file.is_empty());
                if file.is_none() {
                    problems.push(FieldProblem::new("file", "nothing", "the path of a CSV or Parquet file"));
                }
                file.map(|file| Method::Table { file })
            }
        };
        method.filter(|_| problems.is_empty()).ok_or(problems)
    }

    /// Fields that this kind of design does not have.
    fn unused(&self) -> Vec<FieldProblem> {
        use MethodName::{LatinHypercube, Morris, Saltelli, Sobol, Table};
        let fields: [(&str, Option<String>, &[MethodName]); 6] = [
            ("points", self.points.map(|it| it.to_string()), &[LatinHypercube, Sobol, Saltelli]),
            ("blocks", self.blocks.map(|it| it.to_string()), &[LatinHypercube, Sobol]),
            ("trajectories", self.trajectories.map(|it| it.to_string()), &[Morris]),
            ("levels", self.levels.map(|it| it.to_string()), &[Morris]),
            ("second_order", self.second_order.map(|it| it.to_string()), &[Saltelli]),
            ("file", self.file.as_ref().map(|it| format!("{it:?}")), &[Table]),
        ];
        let unused = fields.into_iter().filter(|(_, _, methods)| !methods.contains(&self.method));
        unused
            .filter_map(|(field, given, methods)| {
                let names: Vec<&str> = methods.iter().map(|method| method.text()).collect();
                let allowed = format!("nothing here; {field} belongs to {}", names.join(", "));
                Some(FieldProblem::new(field, given?, allowed))
            })
            .collect()
    }

    fn power_of_two(&self, problems: &mut Vec<FieldProblem>) -> Option<u32> {
        let points = within("points", self.points, 2..=POINTS_MAX as u32, problems)?;
        if points.is_power_of_two() {
            return Some(points);
        }
        let (below, above) = (points.next_power_of_two() / 2, points.next_power_of_two());
        let allowed = format!(
            "a power of two, such as {below} or {above}: only then does every part of the space get its share of a Sobol \
             sequence"
        );
        problems.push(FieldProblem::new("points", points.to_string(), allowed));
        None
    }

    fn even_levels(&self, problems: &mut Vec<FieldProblem>) -> Option<u32> {
        let levels = self.levels.unwrap_or(4);
        let is_sound = levels.is_multiple_of(2) && (2..=LEVELS_MAX).contains(&levels);
        if !is_sound {
            let allowed = format!(
                "an even number from 2 to {LEVELS_MAX}: a step leads from the lower half of the levels to the upper"
            );
            problems.push(FieldProblem::new("levels", levels.to_string(), allowed));
        }
        is_sound.then_some(levels)
    }
}

/// The number if it is there and in the range.
fn within(
    field: &str,
    number: Option<u32>,
    range: std::ops::RangeInclusive<u32>,
    problems: &mut Vec<FieldProblem>,
) -> Option<u32> {
    let found = number.filter(|number| range.contains(number));
    if found.is_none() {
        let text = number.map_or_else(|| "nothing".to_owned(), |number| number.to_string());
        let allowed = format!("a whole number from {} to {}", range.start(), range.end());
        problems.push(FieldProblem::new(field, text, allowed));
    }
    found
}

impl MethodName {
    /// As it is written in a study.
    pub fn text(self) -> &'static str {
        match self {
            Self::FullFactorial => "full_factorial",
            Self::LatinHypercube => "latin_hypercube",
            Self::Sobol => "sobol",
            Self::Morris => "morris",
            Self::Saltelli => "saltelli",
            Self::Table => "table",
        }
    }
}

impl Method {
    /// How many points it has with these factors, which may be more than are allowed; `None` of a table, and of a factorial
    /// design with a factor that has no list of levels.
    pub fn point_count(&self, factors: &[Factor]) -> Option<u64> {
        let count = factors.len() as u64;
        match *self {
            Self::FullFactorial => factors.iter().try_fold(1, |product: u64, factor| {
                Some(product.saturating_mul(factor.listed()?.len() as u64))
            }),
            Self::LatinHypercube { points, blocks } | Self::Sobol { points, blocks } => {
                Some(u64::from(points) * u64::from(blocks))
            }
            Self::Morris { trajectories, .. } => Some(u64::from(trajectories) * (count + 1)),
            Self::Saltelli { points, order } => {
                Some(u64::from(points) * order.points_per_base(factors.len()) as u64)
            }
            Self::Table { .. } => None,
        }
    }

    /// The design with these factors, under a study's seed.
    ///
    /// # Errors
    /// Everything that keeps these factors from it.
    ///
    /// # Panics
    /// Of a table, which is read by [`table`](super::table).
    pub fn build(&self, factors: &[Factor], seed: u64) -> Result<Design, Vec<FieldProblem>> {
        let paths: Vec<&str> = factors.iter().map(Factor::path).collect();
        let mut problems = check_paths(&paths);
        problems.extend(self.unfit(factors));
        if let Some(count) = self.point_count(factors).filter(|&count| count > POINTS_MAX) {
            let allowed = format!("at most {POINTS_MAX} points");
            problems.push(FieldProblem::new("design", format!("{count} points"), allowed));
        }
        if !problems.is_empty() {
            return Err(problems);
        }
        Ok(match *self {
            Self::FullFactorial => full_factorial::build(factors),
            Self::LatinHypercube { points, blocks } => latin_hypercube::build(factors, points, blocks, seed),
            Self::Sobol { points, blocks } => sobol::build(factors, points, blocks, seed),
            Self::Morris { trajectories, levels } => morris::build(factors, trajectories, levels, seed),
            Self::Saltelli { points, order } => saltelli::build(factors, points, order, seed),
            Self::Table { .. } => panic!("invariant: a table is read, not built"),
        })
    }

    /// Factors whose levels do not go with the design.
    fn unfit(&self, factors: &[Factor]) -> Vec<FieldProblem> {
        let problem = |place: usize, found: &str, allowed: &str| {
            FieldProblem::new(
                format!("factor.{place}"),
                format!("{:?} with {found}", factors[place].path()),
                allowed,
            )
        };
        let unfit = |place: usize| match self {
            Self::FullFactorial if factors[place].listed().is_none() => Some(problem(
                place,
                "levels that cannot be listed",
                "values, or a range with steps, in a full factorial design",
            )),
            Self::Morris { .. } if !factors[place].is_bounded() => Some(problem(
                place,
                "a distribution without ends",
                "a bounded one, such as normal with low and high: Morris's levels include the ends",
            )),
            Self::Morris { .. } | Self::Saltelli { .. }
                if factors[place].listed().is_some_and(|levels| levels.len() == 1) =>
            {
                Some(problem(place, "a single value", "two values or more, as effects are those of changes"))
            }
            _ => None,
        };
        let mut problems: Vec<FieldProblem> = (0..factors.len()).filter_map(unfit).collect();
        let dimensions = match self {
            Self::Sobol { .. } => factors.len(),
            Self::Saltelli { .. } => 2 * factors.len(),
            _ => 0,
        };
        if dimensions > sobol_sequence::DIMENSIONS_MAX {
            let allowed =
                format!("at most {} dimensions of a Sobol sequence", sobol_sequence::DIMENSIONS_MAX);
            problems.push(FieldProblem::new("factor", format!("{dimensions} dimensions"), allowed));
        }
        problems
    }
}
