//! Whether lines form one tree below one substation, and the order of its buses.

use std::collections::{BTreeMap, BTreeSet};

use super::read::{BusRow, LineRow, Rows};
use super::{File, Tables};

/// The buses of a tree in breadth-first order.
pub(super) struct Tree {
    /// Row of the bus at each place.
    pub(super) rows: Vec<usize>,
    /// Place of the feeding bus.
    pub(super) parents: Vec<u32>,
    /// Row of the feeding line.
    pub(super) feeding: Vec<usize>,
}

/// Neighbours of every bus with the lines that lead there, in the order of the lines.
fn neighbours(ends: impl Iterator<Item = (u32, u32)>) -> BTreeMap<u32, Vec<(u32, usize)>> {
    let mut neighbours: BTreeMap<u32, Vec<(u32, usize)>> = BTreeMap::new();
    for (row, (from, to)) in ends.enumerate() {
        neighbours.entry(from).or_default().push((to, row));
        neighbours.entry(to).or_default().push((from, row));
    }
    neighbours
}

/// The tree of checked tables.
pub(super) fn breadth_first(tables: &Tables) -> Tree {
    let row_of: BTreeMap<u32, usize> =
        tables.buses.iter().enumerate().map(|(row, bus)| (bus.bus, row)).collect();
    let neighbours = neighbours(tables.lines.iter().map(|line| (line.from, line.to)));
    let mut reached = BTreeSet::from([tables.substation]);
    let mut order = vec![(tables.substation, 0, 0)];
    let mut next = 0;
    while let Some(&(bus, ..)) = order.get(next) {
        for &(neighbour, line) in neighbours.get(&bus).into_iter().flatten() {
            if reached.insert(neighbour) {
                order.push((neighbour, next as u32, line));
            }
        }
        next += 1;
    }
    assert_eq!(order.len(), tables.buses.len(), "invariant: the tables of a feeder are a tree");
    assert_eq!(order.len(), tables.lines.len() + 1, "invariant: the tables of a feeder are a tree");
    Tree {
        rows: order.iter().map(|(bus, ..)| row_of[bus]).collect(),
        parents: order.iter().map(|&(_, parent, _)| parent).collect(),
        feeding: order.iter().map(|&(.., line)| line).collect(),
    }
}

/// Everything that keeps rows from being one tree; the substation, where it can be told.
///
/// Where a row could not be read, what it could have said is left open. `named` is the substation that the scenario names.
pub(super) fn check(rows: &mut Rows<'_>, named: Option<u32>) -> Option<u32> {
    let (lines, buses) = (std::mem::take(&mut rows.lines), std::mem::take(&mut rows.buses));
    check_buses(&lines, &buses, rows);
    check_loops(&lines, rows);
    let whole = rows.is_whole(File::Lines);
    let substation = if whole { substation(&lines, named, rows) } else { None };
    if let Some(substation) = substation {
        check_islands(&lines, substation, rows);
    }
    (rows.lines, rows.buses) = (lines, buses);
    substation
}

fn check_buses(lines: &[LineRow], buses: &[BusRow], rows: &mut Rows<'_>) {
    let mut first: BTreeMap<u32, usize> = BTreeMap::new();
    for row in buses {
        if let Some(line) = first.get(&row.bus.bus) {
            let found = format!("bus {}, which is in line {line} already", row.bus.bus);
            rows.bus_problem(row, found, "every bus once");
        } else {
            first.insert(row.bus.bus, row.number);
        }
    }
    let (lines_are_whole, buses_are_whole) = (rows.is_whole(File::Lines), rows.is_whole(File::Buses));
    let mut on_a_line = BTreeSet::new();
    let mut told = BTreeSet::new();
    for row in lines {
        for bus in [row.line.from, row.line.to] {
            on_a_line.insert(bus);
            if buses_are_whole && !first.contains_key(&bus) && told.insert(bus) {
                rows.line_problem(row, format!("bus {bus}"), "a bus that the file of buses has");
            }
        }
    }
    // A line that cannot be read may lead to any bus.
    for row in buses.iter().filter(|row| lines_are_whole && !on_a_line.contains(&row.bus.bus)) {
        rows.bus_problem(row, format!("bus {}, to which no line leads", row.bus.bus), "a bus on a line");
    }
}

fn check_loops(lines: &[LineRow], rows: &mut Rows<'_>) {
    let mut pairs: BTreeMap<(u32, u32), usize> = BTreeMap::new();
    let mut islands = Islands::default();
    for row in lines {
        let (from, to) = (row.line.from, row.line.to);
        if from == to {
            rows.line_problem(row, format!("a line from bus {from} to itself"), "a line between two buses");
        } else if let Some(line) = pairs.get(&(from.min(to), from.max(to))) {
            let found = format!("a line between buses {from} and {to}, which line {line} has already");
            rows.line_problem(row, found, "every line once");
        } else {
            pairs.insert((from.min(to), from.max(to)), row.number);
            if !islands.join(from, to) {
                let found = format!("line {from}-{to}, which closes a loop");
                let allowed =
                    "a radial feeder: one way from the substation to each bus; leave open switches out";
                rows.line_problem(row, found, allowed);
            }
        }
    }
}

/// Which buses are connected so far.
#[derive(Default)]
struct Islands {
    leader: BTreeMap<u32, u32>,
}

impl Islands {
    fn leader_of(&mut self, bus: u32) -> u32 {
        let mut leader = bus;
        while let Some(&next) = self.leader.get(&leader) {
            leader = next;
        }
        if leader != bus {
            self.leader.insert(bus, leader);
        }
        leader
    }

    /// Joins the islands of two buses; `false` when they were one already.
    fn join(&mut self, one: u32, other: u32) -> bool {
        let (one, other) = (self.leader_of(one), self.leader_of(other));
        one != other && self.leader.insert(other, one).is_none()
    }
}

fn substation(lines: &[LineRow], named: Option<u32>, rows: &mut Rows<'_>) -> Option<u32> {
    if let Some(named) = named {
        let known = lines.iter().any(|row| row.line.from == named || row.line.to == named);
        if !known {
            rows.unknown_substation = Some(named);
        }
        return known.then_some(named);
    }
    let ends: BTreeSet<u32> = lines.iter().map(|row| row.line.to).collect();
    let mut candidates: Vec<u32> = Vec::new();
    for row in lines {
        if !ends.contains(&row.line.from) && !candidates.contains(&row.line.from) {
            candidates.push(row.line.from);
        }
    }
    let allowed = "one bus that is the `to_bus` of no line, or its number in grid.feeder.substation";
    match (&candidates[..], lines.first()) {
        (&[only], _) => Some(only),
        (_, None) => None,
        ([], Some(row)) => {
            rows.line_problem(row, "every bus at the end of a line", allowed);
            None
        }
        _ => {
            let row = lines.iter().find(|row| row.line.from == candidates[1]);
            let row = row.expect("invariant: candidates come from the lines");
            let names: Vec<String> = candidates.iter().map(u32::to_string).collect();
            let found = format!("buses {}, each of which could be the substation", names.join(" and "));
            rows.line_problem(row, found, allowed);
            None
        }
    }
}

fn check_islands(lines: &[LineRow], substation: u32, rows: &mut Rows<'_>) {
    let neighbours = neighbours(lines.iter().map(|row| (row.line.from, row.line.to)));
    let mut reached = reach(&neighbours, substation);
    for row in lines {
        // A line from a bus to itself is told already.
        if reached.contains(&row.line.from) || row.line.from == row.line.to {
            continue;
        }
        let island = reach(&neighbours, row.line.from);
        let count = island.len();
        let found = format!("line {}-{}, in an island of {count} buses", row.line.from, row.line.to);
        rows.line_problem(row, found, format!("lines that lead to the substation, bus {substation}"));
        reached.extend(island);
    }
}

fn reach(neighbours: &BTreeMap<u32, Vec<(u32, usize)>>, from: u32) -> BTreeSet<u32> {
    let mut reached = BTreeSet::from([from]);
    let mut open = vec![from];
    while let Some(bus) = open.pop() {
        for &(neighbour, _) in neighbours.get(&bus).into_iter().flatten() {
            if reached.insert(neighbour) {
                open.push(neighbour);
            }
        }
    }
    reached
}
