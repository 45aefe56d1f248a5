//! What another kWh out of the battery costs: C_e of (9) from the ageing model.
//!
//! Both losses grow with a root, so a battery loses most in its first days, and what a kWh takes away at that moment
//! says nothing about its worth. What grows evenly under the same use is the life that is used up, the square of the
//! loss over the loss at which the battery is replaced:
//!
//! ```text
//! u   = ((q_cal + q_cyc) / (1 - end of life))²           1 when the battery is replaced
//! C_e = replacement cost * capacity * (u(after one more kWh out and in again) - u(now))
//! ```
//!
//! Paid over a whole life of even use, this is the share of cycling in the replacement cost, no more and no less; the
//! rest is time's. A new battery has no use to go by yet, so a month of usual use stands before the first day.

use goshawk_market::quantity::Price;

use super::ageing::{Ageing, calendar_stress, cycle_stress};

/// The usual use before the first day: days, full equivalent cycles a day, their depth, and the mean state of charge.
const USUAL_DAYS: f64 = 30.0;
const USUAL_CYCLES_PER_DAY: f64 = 0.3;
const USUAL_DEPTH: f64 = 0.4;
const USUAL_SOC: f64 = 0.5;
const SECONDS_PER_DAY: f64 = 86_400.0;

/// What wear costs.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct WearCost {
    /// What a new battery costs per kWh of its capacity.
    pub replacement_per_kwh: Price,
    /// State of health at which it is replaced, in (0, 1).
    pub end_of_life: f64,
}

impl WearCost {
    /// C_e: what the next kWh out of a battery costs, at a rate in 1/h and the depth of its usual half cycles.
    pub fn of_next_kwh(&self, ageing: &Ageing, fresh_kwh: f64, c_rate: f64) -> Price {
        let cycles_before = USUAL_DAYS * USUAL_CYCLES_PER_DAY;
        let cycles = cycles_before + ageing.full_equivalent_cycles();
        let depth = (cycles_before * USUAL_DEPTH + ageing.cycles_times_depth()) / cycles;
        let (calendar_square, cycle_square) = ageing.squares();
        let usual = cycle_stress(c_rate, USUAL_DEPTH);
        let resting = ageing.rate() * calendar_stress(USUAL_SOC);
        let calendar = (calendar_square + resting * resting * USUAL_DAYS * SECONDS_PER_DAY).sqrt();
        let cycle_square = cycle_square + usual * usual * cycles_before;
        let stress = cycle_stress(c_rate, depth);
        let after = calendar + (cycle_square + stress * stress / fresh_kwh).sqrt();
        let now = calendar + cycle_square.sqrt();
        let lasts = 1.0 - self.end_of_life;
        let used = (after - now) * (after + now) / (lasts * lasts);
        Price::from_f64(self.replacement_per_kwh.to_f64() * fresh_kwh * used)
            .expect("invariant: costs of checked input are in range")
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const COST: WearCost = WearCost { replacement_per_kwh: Price::from_micro(150_000_000), end_of_life: 0.8 };

    /// Every day down by a depth and up again, until the battery is replaced: years, what its wear came to, and the
    /// share of cycling in its loss.
    fn a_life(capacity_kwh: f64, depth: f64) -> (f64, f64, f64) {
        let mut ageing = Ageing::new(0.7, 25.0);
        let (mut days, mut wear) = (0.0, 0.0);
        while ageing.state_of_health() > COST.end_of_life {
            let price = COST.of_next_kwh(&ageing, capacity_kwh, depth / 4.0);
            wear += price.to_f64() * depth * capacity_kwh;
            ageing.rest(0.7, 0.7 - depth, 4.0 * 3600.0);
            ageing.swing(0.7 - depth, 4.0);
            ageing.rest(0.7 - depth, 0.7, 4.0 * 3600.0);
            ageing.swing(0.7, 4.0);
            ageing.rest(0.7, 0.7, 16.0 * 3600.0);
            days += 1.0;
        }
        (days / 365.25, wear, ageing.cycle_loss() / (ageing.cycle_loss() + ageing.calendar_loss()))
    }

    #[test]
    fn the_wear_of_a_life_is_cyclings_share_of_a_new_battery() {
        for (capacity_kwh, depth) in [(60.0, 0.3), (60.0, 0.6), (30.0, 0.5)] {
            let (years, wear, share) = a_life(capacity_kwh, depth);
            let cost = COST.replacement_per_kwh.to_f64() * capacity_kwh;
            assert!((10.0..25.0).contains(&years), "{years} years");
            assert!((wear / (cost * share) - 1.0).abs() < 0.05, "{wear} of {cost}, share {share}");
        }
    }

    #[test]
    fn a_new_battery_has_a_price_of_the_usual_size_and_faster_is_dearer() {
        let new = Ageing::new(0.5, 25.0);
        let slow = COST.of_next_kwh(&new, 60.0, 0.1).to_f64();
        let fast = COST.of_next_kwh(&new, 60.0, 1.0).to_f64();
        assert!((0.005..0.1).contains(&slow) && fast > slow, "{slow} and {fast}");
    }
}
