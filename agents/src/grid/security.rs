//! The security check: how much of the users' trades a feeder can carry.
//!
//! The state in question is base loads, what flows in any case, and the share s of what sellers mean to deliver. A
//! buyer draws its demand whatever becomes of its trades, as it buys elsewhere what it does not get from users, so
//! only the sellers' part grows with s.
//!
//! | | |
//! |---|---|
//! | approved | with all trades every voltage lies within the band and every line within its limit |
//! | approved | what lies outside does so without trades too, and trades do not make it worse |
//! | curtailed | the largest share s of all trades for which that holds, found by bisection |
//! | refused | it holds for no share |

use std::fmt;

use super::feeder::Line;
use super::power_flow::{Loads, PowerFlow};

/// The largest share is found within this much.
const RESOLUTION: f64 = 1e-6;

/// What counts as equal to a limit (per unit, squared), far below what could be measured.
const SLACK: f64 = 1e-9;

/// The voltages that customers may have (per unit).
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Band {
    /// The lowest.
    pub min_pu: f64,
    /// The highest.
    pub max_pu: f64,
}

/// What keeps trades from being carried, as it would be with all of them.
#[derive(Debug, Clone, Copy, PartialEq)]
pub enum Binding {
    /// A voltage outside the band.
    Voltage {
        /// Number of the bus.
        bus: u32,
        /// Its voltage (per unit).
        pu: f64,
        /// The end of the band, or the voltage without trades where that lies outside (per unit).
        limit_pu: f64,
    },
    /// A line beyond its limit.
    Line {
        /// The line.
        line: Line,
        /// Its limit (kVA).
        limit_kva: f64,
        /// Apparent power as a share of the limit.
        share: f64,
    },
    /// A load that cannot be carried at any voltage.
    Collapse {
        /// Number of the bus where it shows.
        bus: Option<u32>,
    },
}

impl fmt::Display for Binding {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Voltage { bus, pu, limit_pu } => {
                let sign = if pu < limit_pu { '<' } else { '>' };
                write!(f, "bus {bus} at {pu:.4} {sign} {limit_pu:.4} p.u.")
            }
            Self::Line { line, limit_kva, share } => {
                write!(f, "line {}-{} at {:.1} % of {limit_kva} kVA", line.from, line.to, share * 100.0)
            }
            Self::Collapse { bus: Some(bus) } => write!(f, "the voltage collapses at bus {bus}"),
            Self::Collapse { bus: None } => write!(f, "no steady state"),
        }
    }
}

/// What becomes of trades that the feeder should not carry.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Security {
    /// They are curtailed or refused.
    Enforced,
    /// Nothing: the books tell how far voltages and lines went.
    Observed,
}

/// What the check comes to.
#[derive(Debug, Clone, Copy, PartialEq)]
pub enum Outcome {
    /// All trades may flow.
    Approved,
    /// A share of all trades may flow, more than nothing and less than all.
    Curtailed {
        /// The share.
        share: f64,
        /// What binds at it.
        binding: Binding,
    },
    /// No trade may flow.
    Refused {
        /// What any trade would make worse.
        binding: Binding,
    },
}

/// An element that may bind.
#[derive(Debug, Clone, Copy)]
enum Element {
    Voltage(usize),
    Line(usize),
    Collapse(Option<u32>),
}

/// Checks one feeder again and again, without allocating.
#[derive(Debug, Clone)]
pub struct SecurityCheck {
    flow: PowerFlow,
    band: Band,
    /// Squares of the lowest and highest voltages that are allowed, by place; wider where the state without trades is.
    lowest: Vec<f64>,
    highest: Vec<f64>,
    /// Squares of what lines may carry (per unit), by the place that they feed.
    most: Vec<f64>,
    loads: Loads,
}

impl SecurityCheck {
    /// Checks what `flow` solves against a band; limits of lines are the feeder's.
    pub fn new(flow: PowerFlow, band: Band) -> Self {
        let buses = flow.feeder().buses();
        let most = flow.feeder().limits_squared().to_vec();
        let empty = vec![0.0; buses];
        Self { band, lowest: empty.clone(), highest: empty, most, loads: Loads::none(buses), flow }
    }

    /// How much of `trades` can be carried beside `anyway`; both are what is drawn, by place.
    pub fn check(&mut self, anyway: &Loads, trades: &Loads) -> Outcome {
        self.limits_of_the_band();
        if self.violation(anyway, trades, 1.0).is_none() {
            return Outcome::Approved;
        }
        if self.solve(anyway, trades, 0.0).is_ok() {
            self.limits_no_stricter_than_this_state();
        }
        let Some(at_all) = self.violation(anyway, trades, 1.0) else { return Outcome::Approved };
        let (mut feasible, mut infeasible, mut binding) = (0.0, 1.0, at_all);
        while infeasible - feasible > RESOLUTION {
            let middle = 0.5 * (feasible + infeasible);
            match self.violation(anyway, trades, middle) {
                None => feasible = middle,
                Some(element) => (infeasible, binding) = (middle, element),
            }
        }
        let binding = self.described(binding, anyway, trades);
        if feasible > 0.0 {
            Outcome::Curtailed { share: feasible, binding }
        } else {
            Outcome::Refused { binding }
        }
    }

    fn limits_of_the_band(&mut self) {
        self.lowest.fill(self.band.min_pu * self.band.min_pu);
        self.highest.fill(self.band.max_pu * self.band.max_pu);
        self.most.copy_from_slice(self.flow.feeder().limits_squared());
    }

    /// Trades are to answer for what they make worse, not for what is so without them.
    fn limits_no_stricter_than_this_state(&mut self) {
        for (place, &squared) in self.flow.squared_voltages().iter().enumerate() {
            self.lowest[place] = self.lowest[place].min(squared);
            self.highest[place] = self.highest[place].max(squared);
            if place > 0 {
                self.most[place] = self.most[place].max(self.flow.squared_power(place));
            }
        }
    }

    fn solve(&mut self, anyway: &Loads, trades: &Loads, share: f64) -> Result<(), Element> {
        let sum = |to: &mut [f64], anyway: &[f64], trades: &[f64]| {
            for (sum, (anyway, trade)) in to.iter_mut().zip(anyway.iter().zip(trades)) {
                *sum = anyway + share * trade;
            }
        };
        sum(&mut self.loads.p_kw, &anyway.p_kw, &trades.p_kw);
        sum(&mut self.loads.q_kvar, &anyway.q_kvar, &trades.q_kvar);
        match self.flow.solve(&self.loads) {
            Ok(_) => Ok(()),
            Err(error) => Err(Element::Collapse(error.bus())),
        }
    }

    /// The element furthest beyond what is allowed with a share of the trades, relative to that; `None` where none is.
    fn violation(&mut self, anyway: &Loads, trades: &Loads, share: f64) -> Option<Element> {
        if let Err(element) = self.solve(anyway, trades, share) {
            return Some(element);
        }
        let mut worst: Option<(f64, Element)> = None;
        let mut note = |excess: f64, limit: f64, element: Element| {
            let relative = excess / limit;
            if excess > SLACK && worst.is_none_or(|(most, _)| relative > most) {
                worst = Some((relative, element));
            }
        };
        for (place, &squared) in self.flow.squared_voltages().iter().enumerate() {
            note(self.lowest[place] - squared, self.lowest[place], Element::Voltage(place));
            note(squared - self.highest[place], self.highest[place], Element::Voltage(place));
            if place > 0 && self.most[place].is_finite() {
                let carried = self.flow.squared_power(place);
                note(carried - self.most[place], self.most[place], Element::Line(place));
            }
        }
        worst.map(|(_, element)| element)
    }

    /// The binding element as it would be with all trades.
    fn described(&mut self, element: Element, anyway: &Loads, trades: &Loads) -> Binding {
        if let Err(Element::Collapse(bus)) = self.solve(anyway, trades, 1.0) {
            return Binding::Collapse { bus };
        }
        let feeder = self.flow.feeder();
        match element {
            Element::Collapse(bus) => Binding::Collapse { bus },
            Element::Voltage(place) => {
                let pu = self.flow.voltage(place);
                let limit = if pu * pu < self.lowest[place] { &self.lowest } else { &self.highest };
                Binding::Voltage { bus: feeder.bus_at(place), pu, limit_pu: limit[place].sqrt() }
            }
            Element::Line(place) => {
                let line = *feeder.line_to(place).expect("invariant: a line feeds every place but the first");
                let limit_kva = line.limit_kva.expect("invariant: only a line with a limit binds");
                let share = self.flow.loading(place).expect("invariant: only a line with a limit binds");
                Binding::Line { line, limit_kva, share }
            }
        }
    }
}

#[cfg(test)]
mod tests;
