//! Whom the aggregator calls, and for how much: exact to the last unit, and never beyond what was offered.

use goshawk_market::order::HouseholdId;
use goshawk_market::quantity::{Energy, Money, Price};
use serde::{Deserialize, Serialize};

use super::terms::{FleetTerms, UpDown};
use crate::storage::Scarcity;

/// Who is called first.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub enum DispatchRule {
    /// By price, then by the household's number: the cheapest first up, those to whom it is worth most first down.
    #[default]
    MeritOrder,
    /// Everybody the same share of what was offered.
    ProRata,
}

/// The two directions.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Direction {
    /// Into the grid, or less out of it.
    Up,
    /// Out of the grid.
    Down,
}

/// Energy at a price: up the least that its owner wants for a kWh, down the most that it would pay.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Block {
    /// At the meter, within the period.
    pub energy: Energy,
    /// Currency/kWh.
    pub price: Price,
}

/// What a member can do in a period.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub struct Flexibility {
    /// Who.
    pub household: HouseholdId,
    /// What it can give: first by charging less, then out of its battery.
    pub up: [Block; 2],
    /// What it can take: first what it needs anyway, then beyond.
    pub down: [Block; 2],
}

/// What a member is called for, with the prices that it is paid up and pays down.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Dispatch {
    /// To be given, in this order.
    pub up: [Block; 2],
    /// To be taken, in this order.
    pub down: [Block; 2],
    /// Its part of the pay for being ready.
    pub availability: Money,
}

fn total(blocks: &[Block; 2]) -> Energy {
    blocks[0].energy + blocks[1].energy
}

/// The amount for so much of two blocks, the first one first.
fn amount(blocks: &[Block; 2], energy: Energy) -> Money {
    let first = energy.min(blocks[0].energy);
    blocks[0].price * first + blocks[1].price * (energy - first)
}

impl Flexibility {
    /// All that it can do.
    pub fn total(&self) -> UpDown {
        UpDown { up: total(&self.up), down: total(&self.down) }
    }

    /// Without what costs the aggregator more than the grid pays.
    #[must_use]
    pub fn worth_calling(mut self, terms: &FleetTerms) -> Self {
        for block in self.up.iter_mut().filter(|block| block.price > terms.up_price) {
            block.energy = Energy::ZERO;
        }
        for block in self.down.iter_mut().filter(|block| block.price < terms.down_price) {
            block.energy = Energy::ZERO;
        }
        self
    }

    fn blocks(&self, direction: Direction) -> &[Block; 2] {
        match direction {
            Direction::Up => &self.up,
            Direction::Down => &self.down,
        }
    }
}

impl Dispatch {
    /// All that it is called for.
    pub fn total(&self) -> UpDown {
        UpDown { up: total(&self.up), down: total(&self.down) }
    }

    /// What the member receives and pays for what it delivered.
    pub fn settle(&self, delivered: UpDown) -> (Money, Money) {
        (self.availability + amount(&self.up, delivered.up), amount(&self.down, delivered.down))
    }
}

impl DispatchRule {
    /// What of each member's two blocks is called: together the smaller of the request and of all offers.
    pub fn call(self, offers: &[Flexibility], direction: Direction, request: Energy) -> Vec<[Energy; 2]> {
        let mut called = vec![[Energy::ZERO; 2]; offers.len()];
        let mut order: Vec<(usize, usize)> =
            (0..offers.len()).flat_map(|member| [(member, 0), (member, 1)]).collect();
        let block = |&(member, place): &(usize, usize)| offers[member].blocks(direction)[place];
        let rule = match self {
            Self::ProRata => Scarcity::ProRata,
            Self::MeritOrder => {
                let key = |place: &(usize, usize)| {
                    let price = block(place).price;
                    let merit = if direction == Direction::Up { price } else { -price };
                    (merit, offers[place.0].household, place.1)
                };
                order.sort_by_key(key);
                Scarcity::FirstCome
            }
        };
        let offered: Vec<Energy> = order.iter().map(|place| block(place).energy).collect();
        for (&(member, place), energy) in order.iter().zip(rule.grant(&offered, request)) {
            called[member][place] = energy;
        }
        called
    }
}

#[cfg(test)]
mod tests;
