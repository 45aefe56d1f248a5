//! Half cycles by reversal: from one turn of the state of charge to the next, without a history.

use serde::{Deserialize, Serialize};

/// A turn counts once the state of charge has gone back by more than this: a meter's ripple is no cycle.
pub const RIPPLE_SOC: f64 = 0.001;

/// The way from one turn to the next.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct HalfCycle {
    /// Depth as a share of the capacity.
    pub depth: f64,
    /// Hours in which charge was moving.
    pub hours: f64,
}

impl HalfCycle {
    /// Full equivalent cycles: two halves of full depth are one.
    pub fn full_equivalent_cycles(&self) -> f64 {
        self.depth / 2.0
    }

    /// Mean rate in 1/h.
    pub fn c_rate(&self) -> f64 {
        if self.hours > 0.0 { self.depth / self.hours } else { 0.0 }
    }
}

/// Which way the state of charge goes.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
enum Direction {
    Up,
    Down,
}

/// Follows the state of charge and says when a half cycle is over.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub struct HalfCycleDetector {
    /// Where the half cycle under way began.
    start: f64,
    /// The farthest point of it.
    extreme: f64,
    last: f64,
    direction: Option<Direction>,
    /// Hours of movement up to the farthest point, and since.
    hours_to_extreme: f64,
    hours_since: f64,
}

impl HalfCycleDetector {
    /// Begins at a state of charge.
    pub fn new(soc: f64) -> Self {
        Self { start: soc, extreme: soc, last: soc, direction: None, hours_to_extreme: 0.0, hours_since: 0.0 }
    }

    /// The state of charge has moved within some hours. Returns the half cycle that this ends, if any.
    pub fn move_to(&mut self, soc: f64, hours: f64) -> Option<HalfCycle> {
        if soc == self.last {
            return None;
        }
        self.last = soc;
        self.hours_since += hours;
        let beyond = match self.direction {
            None => {
                let moved = soc - self.start;
                if moved.abs() > RIPPLE_SOC {
                    self.direction = Some(if moved > 0.0 { Direction::Up } else { Direction::Down });
                    self.extend(soc);
                }
                return None;
            }
            Some(Direction::Up) => soc - self.extreme,
            Some(Direction::Down) => self.extreme - soc,
        };
        if beyond >= 0.0 {
            self.extend(soc);
            return None;
        }
        (-beyond > RIPPLE_SOC).then(|| self.turn(soc))
    }

    fn extend(&mut self, soc: f64) {
        self.extreme = soc;
        self.hours_to_extreme += std::mem::take(&mut self.hours_since);
    }

    fn turn(&mut self, soc: f64) -> HalfCycle {
        let ended = HalfCycle { depth: (self.extreme - self.start).abs(), hours: self.hours_to_extreme };
        self.direction = Some(if soc > self.extreme { Direction::Up } else { Direction::Down });
        self.start = self.extreme;
        self.extreme = soc;
        self.hours_to_extreme = std::mem::take(&mut self.hours_since);
        ended
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn followed(path: &[f64]) -> (HalfCycleDetector, Vec<HalfCycle>) {
        let mut detector = HalfCycleDetector::new(path[0]);
        let found = path[1..].iter().filter_map(|&soc| detector.move_to(soc, 1.0)).collect();
        (detector, found)
    }

    #[test]
    fn turns_end_half_cycles_and_ripple_does_not() {
        let (_, found) = followed(&[0.5, 0.6, 0.6995, 0.699, 0.7, 0.4, 0.4, 0.5]);
        assert_eq!(found.len(), 2);
        assert!((found[0].depth - 0.2).abs() < 1e-12 && found[0].hours == 4.0, "{found:?}");
        assert!(
            (found[1].depth - 0.3).abs() < 1e-12 && found[1].hours == 1.0,
            "rests do not count: {found:?}"
        );
        assert!((found[1].c_rate() - 0.3).abs() < 1e-12);
    }

    proptest! {
        #[test]
        fn every_move_between_turns_is_counted_once(path in prop::collection::vec(0.0f64..=1.0, 2..60)) {
            let (detector, found) = followed(&path);
            let counted: f64 = found.iter().map(|half| half.depth).sum();
            let travelled: f64 = path.windows(2).map(|pair| (pair[1] - pair[0]).abs()).sum();
            let open = (detector.extreme - detector.start).abs();
            let lost = 2.0 * RIPPLE_SOC * path.len() as f64;
            prop_assert!(counted + open <= travelled + 1e-9);
            prop_assert!(counted + open >= travelled - lost - 1e-9);
        }
    }
}
