//! The claims of the paper's Section 7, held against our runs.
//!
//! *Nothing* is less than 1 % of what the class buys (sells) in the day, *only* more than 99 %, *mainly* more than half. Sales
//! *fall in* an hour when there are any, as small as the paper's own at 8.

use serde::Serialize;

use super::day::Day;
use super::facts::{CLASSES, Claim, SCENARIOS};
use super::reasons;

/// Less than this share of a day's amount counts as nothing.
const NOTHING: f64 = 0.01;
/// More than this share of a purchase is all of it, or most of it.
const ALL: f64 = 1.0 - NOTHING;
const MAINLY: f64 = 0.5;
/// Below this share of a cost is well below it.
pub(super) const WELL_BELOW: f64 = 0.8;
const A: usize = 0;
const B: usize = 1;
const C: usize = 2;

/// What becomes of a claim.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
pub enum Verdict {
    /// It holds.
    #[serde(rename = "holds")]
    Holds,
    /// It does not.
    #[serde(rename = "does not hold")]
    DoesNotHold,
    /// It holds whatever happens in the market: it was put in.
    #[serde(rename = "holds because it is an input")]
    Input,
}

impl Verdict {
    /// In words.
    pub fn words(self) -> &'static str {
        match self {
            Self::Holds => "holds",
            Self::DoesNotHold => "does not hold",
            Self::Input => "holds because it is an input",
        }
    }
}

/// How households decide.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum Mode {
    /// By the hours of their portrait.
    Habit,
    /// By the value of a kWh.
    Rational,
}

impl Mode {
    /// Both.
    pub const ALL: [Self; 2] = [Self::Habit, Self::Rational];

    /// As scenarios call it.
    pub fn name(self) -> &'static str {
        match self {
            Self::Habit => "habit",
            Self::Rational => "rational",
        }
    }
}

/// A claim and what became of it.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct Judged {
    /// Such as `A1`.
    pub id: String,
    /// The mode of the runs.
    pub mode: Mode,
    /// The statement.
    pub statement: String,
    /// What became of it.
    pub verdict: Verdict,
    /// The numbers that decide it, and where it does not hold what in the runs stands against it.
    pub evidence: String,
}

/// Mean cost of electricity over the scenarios, in yuan/kWh of what is driven.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Costs {
    /// What households pay less what they receive.
    pub with: f64,
    /// The same households without trade between users.
    pub without: f64,
    /// All that is driven from the conventional channels: at the cheaper outside price of its hour.
    pub conventional: f64,
}

/// What claims are judged by, beside the days.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Further {
    /// Mean cost of electricity.
    pub costs: Costs,
    /// Seeds in which improved NGO >= improved PSO >= PSO at equal iterations and at equal evaluations, of how many.
    pub ordered: [(usize, usize); 2],
    /// Those of the seeds in which all three are at the exact optimum.
    pub tied: [usize; 2],
    /// Seeds in which the order is that of the sellers' revenue, and of welfare.
    pub ordered_by: [[usize; 2]; 2],
}

/// What follows from portraits and tariffs alone.
fn is_input(id: &str, mode: Mode) -> bool {
    match mode {
        // A5 and B1: counts, charging hours and the hours in which anybody sells decide them. C5 and C7: limits of the fit.
        Mode::Habit => {
            matches!(id, "A2" | "A5" | "B1" | "B5" | "C1" | "C2" | "C5" | "C7" | "C11" | "P1" | "P2")
        }
        // C1: who has no need in an hour does not buy in it.
        Mode::Rational => matches!(id, "C1" | "P1" | "P2"),
    }
}

/// What of a claim was put in, where that decides a part of it.
fn put_in(id: &str, mode: Mode) -> Option<&'static str> {
    match (mode, id) {
        (Mode::Habit, "A3" | "B2" | "B6") => Some("the hours were put in, that the energy suffices was not"),
        (Mode::Habit, "B4") => Some("that B keeps energy for 21 itself was put in, how much was fitted"),
        (Mode::Habit, "C5") => Some("that A sells something at 11 is a limit of the fit"),
        (Mode::Habit, "C7") => Some(
            "that C buys nothing from 12 to 18 is a limit of the fit; that its purchases fall before is not",
        ),
        _ => None,
    }
}

/// Judges a claim.
pub fn judge(claim: &Claim, mode: Mode, days: &[Day; 3], further: &Further) -> Judged {
    let mut holds = true;
    let mut evidence: Vec<String> = Vec::new();
    match claim.id.as_str() {
        "A5" => {
            let outside = days.each_ref().map(|day| outside_all_day(day, A));
            holds = outside[0] > outside[1] && outside[0] > outside[2];
            evidence.push(format!(
                "A bought {:.0}, {:.0} and {:.0} kWh outside",
                outside[0], outside[1], outside[2]
            ));
        }
        "E1" => {
            let Costs { with, without, conventional } = further.costs;
            holds = with < WELL_BELOW * without;
            evidence.push(format!(
                "{with:.3} with trade, {without:.3} CNY/kWh of the same households without it: {:.2}; all that is driven bought in the \
                 conventional channels, from which Section 7.2 has its 1.3, costs {conventional:.3}: {:.2}",
                with / without,
                with / conventional
            ));
            if !holds {
                evidence.push(format!("so trade alone does not do it, {}", reasons::of_costs(days)));
            }
        }
        "O1" => {
            holds = further.ordered.iter().all(|(ordered, seeds)| ordered * 31 >= 27 * seeds);
            for (place, budget) in ["iterations", "evaluations"].into_iter().enumerate() {
                let (ordered, seeds) = further.ordered[place];
                let [by_revenue, by_welfare] = further.ordered_by[place];
                evidence.push(format!(
                    "equal {budget}: in {ordered} of {seeds} seeds by the gap to the exact optimum, {} of them a tie at the \
                     optimum; by the sellers' revenue in {by_revenue}, by welfare in {by_welfare}",
                    further.tied[place]
                ));
            }
        }
        id => {
            // What is the same in several scenarios is told once.
            let mut told: Vec<(String, Vec<&str>)> = Vec::new();
            for &scenario in &claim.scenarios {
                let (own, text) = of_day(id, scenario, &days[scenario]);
                holds &= own;
                let why = if own { None } else { reasons::reason(id, &days[scenario], mode) };
                let why = why.map_or_else(String::new, |why| format!(", {why}"));
                let text = format!("{text}{why}");
                match told.iter_mut().find(|(known, _)| *known == text) {
                    Some((_, scenarios)) => scenarios.push(SCENARIOS[scenario]),
                    None => told.push((text, vec![SCENARIOS[scenario]])),
                }
            }
            evidence.extend(told.iter().map(|(text, scenarios)| format!("{}: {text}", scenarios.join(", "))));
        }
    }
    let verdict = match (holds, is_input(&claim.id, mode)) {
        (false, _) => Verdict::DoesNotHold,
        (true, true) => Verdict::Input,
        (true, false) => Verdict::Holds,
    };
    evidence.extend(put_in(&claim.id, mode).map(str::to_owned));
    let (id, statement) = (claim.id.clone(), claim.statement.clone());
    Judged { id, mode, statement, verdict, evidence: evidence.join("; ") }
}

fn outside_all_day(day: &Day, class: usize) -> f64 {
    (1..=24).map(|hour| day.outside(class, hour)).sum()
}

/// A claim about one scenario: whether it holds there, and the numbers.
fn of_day(id: &str, scenario: usize, day: &Day) -> (bool, String) {
    match id {
        "A1" => only_in(day, A, &[5, 6, 7, 8, 22, 23, 24]),
        "A2" => {
            let (company, text) = from(day, A, &[5], Channel::Company, ALL);
            let (grid, more) = from(day, A, &[6, 7, 8, 22, 23, 24], Channel::Grid, ALL);
            (company && grid, format!("{text}, {more}"))
        }
        "A3" => nothing_in(day, A, &[14, 17, 18, 19, 20, 21]),
        "A4" => {
            let (at_21, all) = (day.revenue[20][A], day.sold_all_day(A));
            (at_21 > 0.5 * all, format!("{at_21:.1} of {all:.1} CNY at 21"))
        }
        "B1" => from(day, B, &[1, 2, 3, 4, 5], Channel::Company, MAINLY),
        "B2" => nothing_in(day, B, &[12, 13, 15, 18]),
        "B3" => {
            let (bought, from_a) = (day.bought(B, 21), day.between[20][A][B]);
            (
                from_a > (1.0 - NOTHING) * bought && bought > 0.0,
                format!("{from_a:.1} of {bought:.1} kWh from A"),
            )
        }
        "B4" => {
            let (from_a, company, grid) = (day.between[20][A][B], day.company[20][B], day.grid[20][B]);
            let floor = NOTHING * day.bought(B, 21);
            let holds = from_a > floor && company > floor && grid <= floor;
            (holds, format!("{from_a:.1} kWh from A, {company:.1} from the company, {grid:.1} from the grid"))
        }
        "B5" => from(day, B, &[22, 23, 24], Channel::Grid, ALL),
        "B6" => sales_of_b(day, scenario == 0),
        "C1" => nothing_in(day, C, &[1, 2, 3, 4, 5, 6]),
        "C2" => from(day, C, &[7, 8], Channel::Grid, ALL),
        "C3" => {
            let (from_b, company, all) = (day.between[8][B][C], day.company[8][C], day.bought(C, 9));
            let holds =
                from_b > NOTHING * all && company > NOTHING * all && from_b + company > (1.0 - NOTHING) * all;
            (holds, format!("at 9 {from_b:.1} kWh from B and {company:.1} from the company, of {all:.1}"))
        }
        "C4" => from_b_only(day, 10),
        "C5" => {
            let (from_a, from_b) = (day.between[10][A][C], day.between[10][B][C]);
            let floor = NOTHING * day.bought(C, 11);
            (from_a > floor && from_b > floor, format!("at 11 {from_a:.1} kWh from A, {from_b:.1} from B"))
        }
        "C6" => {
            let (from_a, all) = (day.between[10][A][C], day.bought(C, 11));
            (from_a <= NOTHING * all, format!("at 11 {from_a:.1} of {all:.1} kWh from A"))
        }
        "C7" => {
            let falling = [9, 10, 11].map(|hour| day.bought(C, hour));
            let later: f64 = (12..=18).map(|hour| day.bought(C, hour)).sum();
            let holds = falling[0] > falling[1]
                && falling[1] > falling[2]
                && later <= NOTHING * day.bought_all_day(C);
            let [at_9, at_10, at_11] = falling;
            (holds, format!("{at_9:.1}, {at_10:.1}, {at_11:.1} kWh, then {later:.1}"))
        }
        "C8" => {
            let (from_b, grid, all) = (day.between[18][B][C], day.grid[18][C], day.bought(C, 19));
            let holds =
                from_b > NOTHING * all && grid > NOTHING * all && from_b + grid > (1.0 - NOTHING) * all;
            (holds, format!("at 19 {from_b:.1} kWh from B, {grid:.1} from the grid, of {all:.1}"))
        }
        "C9" => from(day, C, &[19], Channel::Grid, ALL),
        "C10" => from_b_only(day, 20),
        "C11" => cheaper_outside(day),
        "P1" => order_of_tariffs(day),
        "P2" => {
            let dearer = (0..24).filter_map(|hour| {
                let price = day.buyer_price[hour]?;
                let outside = day.grid_price[hour].min(day.company_price[hour]);
                Some((price - outside, hour + 1))
            });
            let nearest = dearer.max_by(|a, b| a.0.total_cmp(&b.0));
            nearest.map_or((false, "no trade".to_owned()), |(distance, hour)| {
                (distance < 0.0, format!("at least {:.3} CNY/kWh cheaper, at {hour}", -distance))
            })
        }
        "S1" => filling(day),
        "S2" => {
            let most = day.storage_profit.iter().copied().fold(0.0, f64::max);
            let earning: Vec<usize> =
                (1..=24).filter(|hour| day.storage_profit[hour - 1] > NOTHING * most).collect();
            let all = (13..=21).all(|hour| earning.contains(&hour));
            (all && most > 0.0, format!("earns in {}", hours_of(&earning)))
        }
        _ => (false, "this claim is not known here".to_owned()),
    }
}

#[derive(Debug, Clone, Copy)]
enum Channel {
    Grid,
    Company,
}

/// Whether a class buys more than a share of what it buys from a channel, in each of the hours.
fn from(day: &Day, class: usize, hours: &[usize], channel: Channel, share: f64) -> (bool, String) {
    let name = CLASSES[class];
    let idle: Vec<usize> = hours.iter().copied().filter(|&hour| day.bought(class, hour) <= 0.0).collect();
    if !idle.is_empty() {
        return (false, format!("{name} buys nothing in {}", hours_of(&idle)));
    }
    let buyer = name;
    let (table, name) = match channel {
        Channel::Grid => (&day.grid, "the grid"),
        Channel::Company => (&day.company, "the company"),
    };
    let shares: Vec<f64> =
        hours.iter().map(|&hour| table[hour - 1][class] / day.bought(class, hour)).collect();
    let least = shares.iter().copied().fold(f64::INFINITY, f64::min);
    (
        least > share,
        format!("{buyer} buys at least {:.0} % from {name} in {}", 100.0 * least, hours_of(hours)),
    )
}

fn only_in(day: &Day, class: usize, hours: &[usize]) -> (bool, String) {
    let (all, others): (f64, f64) = (
        outside_all_day(day, class),
        (1..=24).filter(|hour| !hours.contains(hour)).map(|hour| day.outside(class, hour)).sum(),
    );
    (others <= NOTHING * all, format!("{others:.1} of {all:.1} kWh in other hours"))
}

fn nothing_in(day: &Day, class: usize, hours: &[usize]) -> (bool, String) {
    let bought: f64 = hours.iter().map(|&hour| day.bought(class, hour)).sum();
    let all = day.bought_all_day(class);
    (bought <= NOTHING * all, format!("{bought:.1} of {all:.1} kWh"))
}

fn from_b_only(day: &Day, hour: usize) -> (bool, String) {
    let (from_b, all) = (day.between[hour - 1][B][C], day.bought(C, hour));
    (all > 0.0 && from_b > (1.0 - NOTHING) * all, format!("at {hour} {from_b:.1} of {all:.1} kWh from B"))
}

fn sales_of_b(day: &Day, with_19: bool) -> (bool, String) {
    let all = day.sold_all_day(B);
    let mut hours = vec![8, 9, 10, 11, 20];
    if with_19 {
        hours.push(19);
    }
    let sold = |hour: usize| day.revenue[hour - 1][B];
    let others: f64 = (1..=24).filter(|hour| !hours.contains(hour)).map(sold).sum();
    let in_each = hours.iter().all(|&hour| sold(hour) > 0.0);
    let amounts: Vec<String> = hours.iter().map(|&hour| format!("{:.1} at {hour}", sold(hour))).collect();
    let at_19 = if with_19 { String::new() } else { format!(", {:.1} of it at 19", sold(19)) };
    (
        in_each && others <= NOTHING * all,
        format!("{}, {others:.1} of {all:.1} CNY in other hours{at_19}", amounts.join(", ")),
    )
}

fn cheaper_outside(day: &Day) -> (bool, String) {
    let mut right = true;
    let mut from_users = 0.0;
    for hour in [21, 22, 23] {
        let is_grid = day.grid_price[hour - 1] <= day.company_price[hour - 1];
        let dearer = if is_grid { day.company[hour - 1][C] } else { day.grid[hour - 1][C] };
        right &= dearer <= NOTHING * day.bought(C, hour) && day.bought(C, hour) > 0.0;
        from_users += day.from_users(C, hour);
    }
    let holds = right && from_users <= NOTHING * day.bought_all_day(C);
    (holds, format!("{from_users:.1} kWh from users, the rest from the cheaper one"))
}

fn order_of_tariffs(day: &Day) -> (bool, String) {
    let grid = [6, 7, 8, 19, 22, 23, 24];
    let company = [1, 2, 3, 4, 5, 9, 10, 21];
    let cheaper = |hour: &usize| day.grid_price[hour - 1] < day.company_price[hour - 1];
    let dearer = |hour: &usize| day.grid_price[hour - 1] > day.company_price[hour - 1];
    let wrong = grid.iter().filter(|hour| !cheaper(hour)).count()
        + company.iter().filter(|hour| !dearer(hour)).count();
    (wrong == 0, format!("{wrong} of 15 hours the other way"))
}

fn filling(day: &Day) -> (bool, String) {
    let most = day.content.iter().copied().fold(0.0, f64::max);
    if most <= 0.0 {
        return (false, "nothing is stored".to_owned());
    }
    let first = (1..=24).find(|hour| day.content[hour - 1] > NOTHING * most).unwrap_or(24);
    let peak = (1..=24).find(|hour| day.content[hour - 1] >= (1.0 - 1e-9) * most).unwrap_or(24);
    let end = day.content[23];
    let holds = first == 10 && (15..=17).contains(&peak) && end < 0.5 * most;
    (holds, format!("fills from {first}, peaks at {peak} with {most:.0} kWh, {end:.0} kWh at the end"))
}

fn hours_of(hours: &[usize]) -> String {
    if hours.is_empty() {
        return "no hour".to_owned();
    }
    let list = hours.iter().map(ToString::to_string).collect::<Vec<_>>().join(", ");
    format!("hour{} {list}", if hours.len() == 1 { "" } else { "s" })
}
