//! What the grid pays the aggregator, and what the aggregator pays its members.

use goshawk_market::quantity::{Energy, Money, Power, Price};
use serde::{Deserialize, Serialize};

use super::dispatch::DispatchRule;

/// What the grid contracts of the fleet.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Product {
    /// Power up alone: peaks are shaved.
    Up,
    /// The same power in both directions: regulation.
    Both,
}

/// The contract between grid, aggregator and members. Prices in currency/kWh.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct FleetTerms {
    /// What the grid contracts.
    pub product: Product,
    /// Most power that the grid pays for being held ready, if it is limited.
    pub capacity: Option<Power>,
    /// p_up: what the grid pays for energy that the fleet gives.
    pub up_price: Price,
    /// p_down: what the grid asks for energy that the fleet takes.
    pub down_price: Price,
    /// pi_a: what the grid pays for a kW held ready for an hour.
    pub availability_price: Price,
    /// pi_s: what the aggregator pays for energy that it accepted and did not deliver.
    pub shortfall_penalty: Price,
    /// phi: the members' share of the aggregator's gain and of its pay for being ready, 0 to 1.
    pub member_share: f64,
    /// Who is called first.
    pub rule: DispatchRule,
    /// How long before its planned departure a member's need must be met by its own reckoning, in microseconds.
    pub departure_margin_micros: u64,
}

/// Energy in the two directions, at the meter.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct UpDown {
    /// Given to the grid, or drawn less from it.
    pub up: Energy,
    /// Taken from the grid.
    pub down: Energy,
}

/// What grid and aggregator owe each other for a period.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct FleetSettlement {
    /// For energy given; the grid pays.
    pub up_amount: Money,
    /// For energy taken; the aggregator pays.
    pub down_amount: Money,
    /// For power held ready; the grid pays.
    pub availability: Money,
    /// For what was accepted and not delivered; the aggregator pays.
    pub penalty: Money,
    /// What that is.
    pub shortfall: Energy,
}

impl FleetTerms {
    /// What of the offers counts as held ready over a period of so many microseconds.
    pub fn ready(&self, offered: UpDown, micros: u64) -> Energy {
        let offered = match self.product {
            Product::Up => offered.up,
            Product::Both => offered.up.min(offered.down),
        };
        self.capacity.map_or(offered, |capacity| offered.min(capacity.over_micros(micros)))
    }

    /// The settlement of a period, by what was held ready, accepted and metered.
    pub fn settle(&self, ready: Energy, accepted: UpDown, delivered: UpDown) -> FleetSettlement {
        let short = |accepted: Energy, delivered: Energy| (accepted - delivered).or_zero();
        let shortfall = short(accepted.up, delivered.up) + short(accepted.down, delivered.down);
        FleetSettlement {
            up_amount: self.up_price * delivered.up,
            down_amount: self.down_price * delivered.down,
            availability: self.availability_price * ready,
            penalty: self.shortfall_penalty * shortfall,
            shortfall,
        }
    }

    /// What a member with reserve price `reserve` gets for a kWh up: r + phi (p_up - r).
    pub fn member_up_price(&self, reserve: Price) -> Price {
        reserve + self.share_of(self.up_price - reserve)
    }

    /// What a member to which a kWh is worth `worth` pays for a kWh down: w - phi (w - p_down).
    pub fn member_down_price(&self, worth: Price) -> Price {
        worth - self.share_of(worth - self.down_price)
    }

    fn share_of(&self, gain: Price) -> Price {
        Price::from_micro((gain.micro() as f64 * self.member_share).floor() as i64)
    }

    /// The members' part of what is paid for being ready, dealt out by what each offered, to the last unit.
    pub fn deal_availability(&self, amount: Money, offered: &[i64]) -> Vec<Money> {
        if offered.iter().all(|&energy| energy == 0) {
            return vec![Money::ZERO; offered.len()];
        }
        let part = Money::from_micro((amount.micro() as f64 * self.member_share).floor() as i64).min(amount);
        part.apportion(offered)
    }
}
